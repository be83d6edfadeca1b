//! The beginning of a set, as far as nothing in it was edited: where what is embedded of it was left, and
//! the schema that it makes.

use super::codec::{Decode, Encode, Input, decoded, encode_slice};
use super::{Cache, FORMAT, Replay, Written, read_whole};
use crate::embed::Segment;
use crate::list::CollectVec;
use crate::ordered::{SortedMap, SortedSet, sort_by};
use crate::source::{Directory, File, Glance, Known, Look};
use crate::{Analysis, checksum, layout};

/// A set with which nothing is wrong, up to the migration that was edited last: an edit of that one or
/// a later one leaves it as it is, and only the rest is analysed, on the schema that is kept.
///
/// Every file has to be there that was, and no other: names decide about order, gaps and pairs. Those
/// of the head and the settings have to be what they were.
#[derive(Debug)]
pub struct Head {
    /// How the directory was written in the macro call.
    folder: String,
    /// Of each file of the directory, in the order of a glance: its path, how it looked, and what it held
    /// where that is analysed again.
    files: Vec<u8>,
    /// What followed from each file behind the head.
    entries: Vec<u8>,
    catalog: Vec<u8>,
    /// Over its versions and up checksums.
    digest: i128,
    /// Where its segment was left.
    pub written: Written,
}

/// What a set has become behind its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The rest.
    pub rest: Segment,
    /// Over versions and up checksums of all.
    pub digest: i128,
    /// The oldest server, where it is declared.
    pub postgres: Option<i64>,
}

/// More migrations than this behind the head are no less work than all.
const LONGEST: usize = 32;

impl Head {
    /// The head of the set that was just analysed, with its segment and that of the rest; none where
    /// something is wrong with it, or where the rest is long. `glance` is from before it was read.
    pub fn new(
        cache: &Cache,
        analysis: &Analysis,
        glance: &Glance,
        folder: &str,
    ) -> Option<(Head, [Segment; 2])> {
        let migrations = &analysis.plan.migrations;
        let (at, catalog) = cache.replay.catalog.as_ref()?;
        let (head, rest) = migrations.split_at_checked(*at)?;
        if !cache.replay.settled || !analysis.diagnostics.is_empty() || rest.len() > LONGEST {
            return None;
        }
        let first = rest.first()?.up.source.index();
        let sources = analysis.sources.get(..first)?.iter().filter(|source| source.is_script());
        let paths: SortedSet<&str> = sources.map(|source| source.path()).collect();
        let mut entries = Vec::new();
        let behind = cache.used.iter().skip(paths.len());
        behind.len().encode(&mut entries);
        behind.for_each(|entry| entry.encode(&mut entries));
        let segment =
            |migrations, sources| Segment::of(analysis, migrations, sources, Some(folder));
        let segments = [segment(head, 0..first), segment(rest, first..analysis.sources.len())];
        let head = Head {
            folder: folder.to_owned(),
            files: files(cache, glance, &paths)?,
            entries,
            catalog: catalog.clone(),
            digest: checksum::set(head),
            written: Written::default(),
        };
        Some((head, segments))
    }

    /// What the set has become, if only scripts behind the head have changed, and nothing is wrong with
    /// them; with what was read of the directory. `read` answers with what a file of it holds.
    pub fn ready(
        mut self,
        glance: &Glance,
        read: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Option<(Ready, Directory)> {
        let directory = self.rest(glance, read)?;
        let mut cache = Cache {
            entries: decoded(&self.entries)?,
            replay: Replay { start: Some(std::mem::take(&mut self.catalog)), ..Replay::default() },
            ..Cache::default()
        };
        let analysis = crate::analyze_files(directory.clone(), &mut cache);
        if !cache.replay.settled || !analysis.diagnostics.is_empty() {
            return None;
        }
        let ready = Ready {
            rest: Segment::new(&analysis, Some(&self.folder)),
            digest: self.digest + analysis.plan.digest,
            postgres: analysis.plan.postgres,
        };
        Some((ready, directory))
    }

    /// The files behind the head, and the settings; none where anything else has changed.
    fn rest(&self, glance: &Glance, read: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Directory> {
        let mut kept = kept(&self.files)?;
        let mut looks: Vec<&Look> = glance.files.iter().collect_vec();
        let pairs = || looks.iter().zip(&kept);
        if !pairs().all(|(look, kept)| look.path.as_bytes() == kept.path) {
            // Some file systems put a file last that is written anew.
            looks = glance.sorted();
            sort_by(&mut kept, |a, b| a.path.cmp(b.path));
        }
        let mut files = Vec::new();
        for (look, kept) in looks.iter().zip(&kept) {
            if look.path.as_bytes() != kept.path {
                return None;
            }
            let same = look.is_as(kept.stamp);
            if kept.in_head {
                if same { continue } else { return None }
            }
            let contents = match same {
                true => kept.contents.to_vec(),
                false => {
                    let now = read(&look.path)?;
                    if now != kept.contents && !is_script(&look.path) {
                        return None;
                    }
                    now
                }
            };
            files.push(File { path: look.path.clone(), contents: Ok(contents) });
        }
        sort_by(&mut files, |a, b| a.path.cmp(&b.path));
        (looks.len() == kept.len()).then(|| Directory { files, folders: Vec::new() })
    }
}

/// A file of the directory, as a [`Head`] keeps it.
struct KeptFile<'a> {
    path: &'a [u8],
    stamp: &'a [u8],
    in_head: bool,
    /// Of one that is analysed again.
    contents: &'a [u8],
}

/// Reads what [`files`] wrote.
fn kept(files: &[u8]) -> Option<Vec<KeptFile<'_>>> {
    let (mut input, mut kept) = (Input::new(files), Vec::new());
    while !input.is_empty() {
        let (path, stamp) = (input.slice(), input.slice());
        let (in_head, contents) = (bool::decode(&mut input), input.slice());
        kept.push(KeptFile { path, stamp, in_head, contents });
    }
    (!input.is_damaged()).then_some(kept)
}

/// What a [`Head`] keeps of each file; none where the glance is of another directory.
fn files(cache: &Cache, glance: &Glance, head: &SortedSet<&str>) -> Option<Vec<u8>> {
    let known: SortedMap<&str, Known<'_>> =
        cache.known().into_iter().map(|it| (it.path, it)).collect();
    let (mut files, mut count) = (Vec::new(), 0);
    for look in &glance.files {
        let known = known.get(look.path.as_str())?;
        let in_head = head.contains(known.path);
        count += usize::from(in_head);
        encode_slice(known.path.as_bytes(), &mut files);
        encode_slice(known.stamp, &mut files);
        in_head.encode(&mut files);
        encode_slice(if in_head { &[] } else { known.contents }, &mut files);
    }
    (glance.files.len() == known.len() && count == head.len()).then_some(files)
}

fn is_script(path: &str) -> bool {
    matches!(layout::entry(path), layout::Entry::Script(_))
}

impl Head {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = FORMAT.as_bytes().to_vec();
        for part in [self.folder.as_bytes(), &self.files, &self.entries, &self.catalog] {
            encode_slice(part, &mut bytes);
        }
        self.digest.encode(&mut bytes);
        self.written.encode(&mut bytes);
        bytes
    }

    /// Reads what [`encode`](Head::encode) wrote; `None` when it is of another version, cut off or
    /// damaged.
    pub fn decode(bytes: &[u8]) -> Option<Head> {
        read_whole(bytes, |input| Head {
            folder: Decode::decode(input),
            files: input.slice().to_vec(),
            entries: input.slice().to_vec(),
            catalog: input.slice().to_vec(),
            digest: Decode::decode(input),
            written: Decode::decode(input),
        })
    }
}

#[cfg(test)]
mod tests;
