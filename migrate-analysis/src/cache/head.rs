//! The beginning of a set, as far as nothing in it was edited: all that is embedded of it, and the schema
//! that it makes.

use super::codec::{Decode, Encode, Input, encode_slice};
use super::{Cache, Entries, FORMAT, Replay};
use crate::Analysis;
use crate::embed::Embedding;
use crate::layout;
use crate::source::{Directory, File, Glance};

/// A set with which nothing is wrong, up to the migration that was edited last: an edit of that one or
/// a later one leaves it as it is, and only the rest is analysed, on the schema that is kept.
///
/// Every file has to be there that was, and no other: names decide about order, gaps and pairs. Those
/// of the head and the settings have to be what they were.
#[derive(Debug, Default)]
pub struct Head {
    /// How the directory was written in the macro call.
    folder: String,
    /// Of each file of the directory in order: its path, how it looked, and what it held where that is
    /// analysed again.
    files: Vec<u8>,
    /// What followed from each file behind the head.
    entries: Vec<u8>,
    catalog: Vec<u8>,
    /// The head's scripts in a row.
    scripts: String,
    embedding: Embedding,
}

/// What a build script leaves for the macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// All scripts in a row.
    pub scripts: String,
    /// What is embedded of them.
    pub embedding: Embedding,
}

/// More migrations than this behind the head are no less work than all.
const LONGEST: usize = 32;

impl Head {
    /// The head of the set that was just analysed; none where something is wrong with it, or where the
    /// rest is long.
    pub fn new(cache: &Cache, analysis: &Analysis, folder: &str) -> Option<Head> {
        let migrations = &analysis.plan.migrations;
        let (at, catalog) = cache.replay.catalog.as_ref()?;
        let (head, rest) = migrations.split_at_checked(*at)?;
        if !cache.replay.settled || !analysis.diagnostics.is_empty() || rest.len() > LONGEST {
            return None;
        }
        let first = rest.first()?.up.source.index();
        let sources = analysis.sources.get(..first)?;
        let mut paths: Vec<&str> = Vec::new();
        for source in sources.iter().filter(|source| source.is_script()) {
            paths.push(source.path());
        }
        // A file of the head is found at once, for they come in this order.
        paths.sort_unstable();
        let mut paths = paths.into_iter().peekable();
        let mut files = Vec::new();
        for known in cache.known() {
            let in_head = paths.next_if_eq(&known.path).is_some();
            encode_slice(known.path.as_bytes(), &mut files);
            encode_slice(known.stamp, &mut files);
            in_head.encode(&mut files);
            encode_slice(if in_head { &[] } else { known.contents }, &mut files);
        }
        if paths.next().is_some() {
            return None;
        }
        let mut entries = Vec::new();
        let skip = sources.iter().filter(|source| source.is_script()).count();
        let rest = cache.used.iter().skip(skip);
        rest.len().encode(&mut entries);
        rest.for_each(|entry| entry.encode(&mut entries));
        let mut embedding = Embedding::default();
        embedding.add(analysis, head, Some(folder), 0);
        Some(Head {
            folder: folder.to_owned(),
            files,
            entries,
            catalog: catalog.clone(),
            scripts: super::scripts(sources).text,
            embedding,
        })
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
            entries: Entries::decode(&mut Input::new(&self.entries))?,
            replay: Replay { start: Some(std::mem::take(&mut self.catalog)), ..Replay::default() },
            ..Cache::default()
        };
        let analysis = crate::analyze_files(directory.clone(), &mut cache);
        if !cache.replay.settled || !analysis.diagnostics.is_empty() {
            return None;
        }
        let migrations = &analysis.plan.migrations;
        let Head { folder, mut scripts, mut embedding, .. } = self;
        embedding.add(&analysis, migrations, Some(&folder), scripts.len());
        scripts.push_str(&super::scripts(&analysis.sources).text);
        Some((Ready { scripts, embedding }, directory))
    }

    /// The files behind the head, and the settings; none where anything else has changed.
    fn rest(&self, glance: &Glance, read: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Directory> {
        let mut input = Input::new(&self.files);
        let mut files = Vec::new();
        for look in &glance.files {
            let (path, stamp) = (input.slice()?, input.slice()?);
            let (in_head, contents) = (bool::decode(&mut input)?, input.slice()?);
            if path != look.path.as_bytes() {
                return None;
            }
            let same = look.is_as(stamp);
            if in_head {
                if same { continue } else { return None }
            }
            let contents = match same {
                true => contents.to_vec(),
                false => {
                    let now = read(&look.path)?;
                    if now != contents && !is_script(&look.path) {
                        return None;
                    }
                    now
                }
            };
            files.push(File { path: look.path.clone(), contents: Ok(contents) });
        }
        input.is_empty().then(|| Directory { files, folders: Vec::new() })
    }
}

fn is_script(path: &str) -> bool {
    matches!(layout::entry(path), layout::Entry::Script(_))
}

impl Head {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = FORMAT.as_bytes().to_vec();
        for part in [
            self.folder.as_bytes(),
            &self.files,
            &self.entries,
            &self.catalog,
            self.scripts.as_bytes(),
        ] {
            encode_slice(part, &mut bytes);
        }
        self.embedding.encode(&mut bytes);
        bytes
    }

    /// Reads what [`encode`](Head::encode) wrote; `None` when it is of another version, cut off or
    /// damaged.
    pub fn decode(bytes: &[u8]) -> Option<Head> {
        let mut input = Input::new(bytes.strip_prefix(FORMAT.as_bytes())?);
        let head = Head {
            folder: Decode::decode(&mut input)?,
            files: input.slice()?.to_vec(),
            entries: input.slice()?.to_vec(),
            catalog: input.slice()?.to_vec(),
            scripts: Decode::decode(&mut input)?,
            embedding: Decode::decode(&mut input)?,
        };
        input.is_empty().then_some(head)
    }
}

#[cfg(test)]
mod tests;
