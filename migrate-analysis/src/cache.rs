//! What was found earlier, kept between builds. A build script writes it, the macro reads it.
//!
//! For the build script and for a macro that finds something changed three things are kept. The whole
//! analysis, where there are errors, which counts while every byte of the directory is the same: then
//! nothing is asked again, and the macro has the errors at once.
//! What follows from each file alone, which counts while that file's text is the same: an edit of one
//! file parses one file. And the replay on the simulated schema, which counts for a migration while it
//! and all before it are the same. Since texts are compared and not hashes or times, nothing of that can be
//! stale; bytes that cannot be read are as good as none. Texts are not even read where a file looks as it
//! did, by a rule that is stricter than cargo's: see [`Prepared`], for a macro that finds nothing changed,
//! and [`Head`], for a build script that finds little changed.

mod codec;
mod head;
mod prepared;
mod replay;

pub use head::{Head, Ready};
pub use prepared::{Looks, Prepared, SegmentFiles, Written, items, migrations};
pub(crate) use replay::{Basis, Replay, catalog};

use crate::Analysis;
use crate::layout::Part;
use crate::script::{self, ScriptFile};
use crate::source::{Directory, Glance, Known, SourceId};
use codec::{Encode, Input, decoded};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Raise it when the meaning of the bytes changes.
const FORMAT: &str = concat!("migrate-analysis ", env!("CARGO_PKG_VERSION"), " cache 11\n");

/// The files in a crate's `OUT_DIR` that are kept of the set in a directory.
#[derive(Clone, Debug)]
pub struct Names {
    /// Begins all of them.
    stem: PathBuf,
}

impl Names {
    /// `directory` is written as in the macro call.
    pub fn new(out: &Path, directory: &str) -> Names {
        Names { stem: out.join(format!("migrate-{}", letters(directory))) }
    }

    /// A [`Cache`].
    pub fn cache(&self) -> PathBuf {
        self.name("cache")
    }

    /// Which build of the build script it is of.
    pub fn stamp(&self) -> PathBuf {
        self.name("stamp")
    }

    /// A [`Head`].
    pub fn head(&self) -> PathBuf {
        self.name("head")
    }

    /// A [`Prepared`].
    pub fn prepared(&self) -> PathBuf {
        self.name("embed")
    }

    /// What is embedded of the head, where there is one, and of the rest.
    pub fn segments(&self) -> [SegmentFiles; 2] {
        ["head", "rest"].map(|segment| SegmentFiles {
            text: self.name(&format!("{segment}.sql")),
            records: self.name(&format!("{segment}.records")),
            items: self.name(&format!("{segment}.items")),
        })
    }

    fn name(&self, end: &str) -> PathBuf {
        let mut name = self.stem.clone().into_os_string();
        name.push(".");
        name.push(end);
        name.into()
    }
}

fn letters(directory: &str) -> String {
    let mut letters = String::new();
    for c in directory.chars() {
        match c.is_ascii_alphanumeric() {
            true => letters.push(c),
            // `a/b` and `a-b` are two directories.
            false => letters.push_str(&format!("-{:x}-", u32::from(c))),
        }
    }
    letters
}

/// Reads all of what was written in this format; `None` when it is of another version, cut off or
/// damaged.
fn read_whole<T>(bytes: &[u8], read: impl FnOnce(&mut Input<'_>) -> T) -> Option<T> {
    let mut input = Input::new(bytes.strip_prefix(FORMAT.as_bytes())?);
    let found = read(&mut input);
    (input.is_empty() && !input.is_damaged()).then_some(found)
}

/// Results of earlier analyses.
#[derive(Debug, Default)]
pub struct Cache {
    /// The directory that the whole analysis is of, as bytes.
    key: Vec<u8>,
    /// How its files looked, one after the other.
    stamps: Vec<u8>,
    whole: Vec<u8>,
    /// Not read before the whole analysis turns out to be of another directory.
    files: Vec<u8>,
    entries: Entries,
    used: Entries,
    /// As bytes, as it was found.
    replayed: Vec<u8>,
    replay: Replay,
    changed: bool,
}

/// By path, in the order that files are read in: what is looked for is nearly always the first, and
/// hashing it, unoptimised, would take longer.
type Entries = VecDeque<(String, Entry)>;

#[derive(Debug)]
struct Entry {
    text: String,
    part: Part,
    run_in_transaction: Option<bool>,
    /// The [`ScriptFile`] as bytes: what is used again is copied, not written again.
    file: Vec<u8>,
}

impl Cache {
    /// Reads what [`encode`](Cache::encode) wrote; empty when it is of another version, cut off or
    /// damaged.
    pub fn decode(bytes: &[u8]) -> Cache {
        let parts = read_whole(bytes, |input| {
            let mut part = || input.slice().to_vec();
            (part(), part(), part(), part(), part())
        });
        let (key, stamps, whole, files, replayed) = parts.unwrap_or_default();
        Cache { key, stamps, whole, files, replayed, ..Cache::default() }
    }

    /// What the last analysis found, as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let (mut files, mut replayed) = (Vec::new(), Vec::new());
        if self.changed {
            self.used.encode(&mut files);
            self.replay.encode(&mut replayed);
        }
        let (files, replayed) = match self.changed {
            true => (&files, &replayed),
            false => (&self.files, &self.replayed),
        };
        let mut bytes = FORMAT.as_bytes().to_vec();
        for part in [&self.key, &self.stamps, &self.whole, files, replayed] {
            codec::encode_slice(part, &mut bytes);
        }
        bytes
    }

    /// What files held when they looked as they did then.
    pub fn known(&self) -> Vec<Known<'_>> {
        let (mut files, mut stamps) = (Input::new(&self.key), Input::new(&self.stamps));
        let mut known = Vec::new();
        while let Some((path, contents)) = codec::file(&mut files) {
            let stamp = stamps.slice();
            if stamps.is_damaged() {
                break;
            }
            known.push(Known { path, stamp, contents });
        }
        known
    }

    /// Keeps how the files of the directory looked before the last analysis.
    pub fn looked(&mut self, glance: &Glance) {
        self.stamps.clear();
        for look in glance.sorted() {
            codec::encode_slice(&look.stamp, &mut self.stamps);
        }
    }

    /// Whether the last analysis found something that was not there.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// The analysis of this very directory, if it was kept.
    pub(crate) fn whole(&mut self, directory: &Directory) -> Option<Analysis> {
        let same = codec::is_same(directory, &self.key);
        if same && let Some(analysis) = decoded(&self.whole) {
            return Some(analysis);
        }
        let entries: Option<Entries> = decoded(&self.files);
        let replay: Option<Replay> = decoded(&self.replayed);
        self.changed = !same || entries.is_none() || replay.is_none();
        self.entries = entries.unwrap_or_default();
        self.replay = replay.unwrap_or_default();
        if !same {
            self.key.clear();
            directory.encode(&mut self.key);
        }
        None
    }

    /// The last replay; to be replaced by the next.
    pub(crate) fn replay(&mut self) -> &mut Replay {
        &mut self.replay
    }

    pub(crate) fn keep(&mut self, analysis: &Analysis) {
        self.whole.clear();
        // Without errors the macro needs no more than what is made ready for it.
        if analysis.errors().next().is_some() {
            analysis.encode(&mut self.whole);
        }
    }

    pub(crate) fn read(
        &mut self,
        source: SourceId,
        path: &str,
        text: &str,
        part: Part,
        run_in_transaction: Option<bool>,
    ) -> ScriptFile {
        let at = self.entries.iter().position(|(kept, _)| kept == path);
        let kept = at.and_then(|at| self.entries.remove(at)).filter(|(_, entry)| {
            entry.text == text
                && entry.part == part
                && entry.run_in_transaction == run_in_transaction
        });
        let found = kept.and_then(|(_, entry)| {
            let file: ScriptFile = decoded(&entry.file)?;
            Some((entry, file))
        });
        let (entry, mut file) = found.unwrap_or_else(|| {
            let read = script::read(source, text, part, run_in_transaction);
            let mut file = Vec::new();
            read.encode(&mut file);
            (Entry { text: text.to_owned(), part, run_in_transaction, file }, read)
        });
        file.belongs_to(source);
        self.used.push_back((path.to_owned(), entry));
        file
    }
}
