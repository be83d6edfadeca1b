//! What the macro needs of a set without errors, made ready by the build script.

use super::codec::{Decode, Encode, Input, encode_slice};
use super::{FORMAT, read_whole};
use crate::embed::{Embedded, Segment};
use crate::list::CollectVec;
use crate::source::{Directory, Glance, stamp};
use std::path::PathBuf;

/// A set that is ready to be embedded, for as long as the directory looks as it did: reading a
/// thousand files to compare them would take as long as all the rest of the macro.
///
/// Cargo asks for less: to it a file is the same as long as it is not newer than the build script's
/// last run. Here its size, its time of modification and, on Unix, its time of change are the same to
/// the nanosecond; and what was written too recently for that to tell is read and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What the directory looked like.
    pub looks: Looks,
    /// What was left of the head, where there is one.
    pub head: Option<Written>,
    /// What was left of the rest, or of all.
    pub rest: Written,
    /// Over versions and up checksums.
    pub digest: i128,
    /// The oldest server, where it is declared.
    pub postgres: Option<i64>,
}

/// The files that a [`Segment`] is left in.
#[derive(Clone, Debug)]
pub struct SegmentFiles {
    /// Its scripts, and behind them its texts.
    pub text: PathBuf,
    /// Its records.
    pub records: PathBuf,
    /// What an item is made of, migration by migration: see [`items`] and [`migrations`].
    pub items: PathBuf,
}

impl SegmentFiles {
    /// What they look like; `None` where one is missing.
    pub fn stamps(&self) -> Option<Vec<u8>> {
        let stamps = [&self.text, &self.records, &self.items].map(|path| stamp(path).ok());
        let [text, records, items] = stamps;
        Some([text?, records?, items?].concat())
    }
}

/// A [`Segment`] that was left in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many bytes of its text are scripts.
    pub scripts: usize,
    /// What its files looked like then.
    pub stamps: Vec<u8>,
}

/// What the macro makes items of.
pub fn items(segment: &Segment) -> Vec<u8> {
    let mut bytes = FORMAT.as_bytes().to_vec();
    segment.migrations.encode(&mut bytes);
    bytes
}

/// Reads what [`items`] wrote; `None` when it is of another version, cut off or damaged.
pub fn migrations(items: &[u8]) -> Option<Vec<Embedded>> {
    read_whole(items, Decode::decode)
}

/// What a directory looks like, and holds where looks may deceive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    stamps: Vec<u8>,
    young: Vec<(String, Vec<u8>)>,
}

impl Looks {
    /// `glance` is from before `directory` was read. There is none when a young file was gone by then.
    pub fn new(glance: &Glance, directory: &Directory) -> Option<Looks> {
        let young = glance.young.iter().map(|path| {
            let at = directory.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
            let contents = directory.files.get(at)?.contents.as_ref().ok()?;
            Some((path.clone(), contents.clone()))
        });
        let young = young.collect_all()?;
        Some(Looks { stamps: glance.stamps.clone(), young })
    }
}

impl Prepared {
    /// Whether the directory looks as it did. `read` answers with what a file of it holds. What was left
    /// has to look as it did, too: see [`SegmentFiles::stamps`].
    pub fn is_true(&self, glance: &Glance, read: impl Fn(&str) -> Option<Vec<u8>>) -> bool {
        self.looks.stamps == glance.stamps
            && self.looks.young.iter().all(|(path, contents)| read(path).as_ref() == Some(contents))
    }

    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = FORMAT.as_bytes().to_vec();
        encode_slice(&self.looks.stamps, &mut bytes);
        self.looks.young.len().encode(&mut bytes);
        for (path, contents) in &self.looks.young {
            path.encode(&mut bytes);
            encode_slice(contents, &mut bytes);
        }
        self.head.encode(&mut bytes);
        self.rest.encode(&mut bytes);
        self.digest.encode(&mut bytes);
        self.postgres.encode(&mut bytes);
        bytes
    }

    /// Reads what [`encode`](Prepared::encode) wrote; `None` when it is of another version, cut off
    /// or damaged.
    pub fn decode(bytes: &[u8]) -> Option<Prepared> {
        read_whole(bytes, |input| {
            let stamps = input.slice().to_vec();
            let mut young = Vec::new();
            for _ in 0..input.length() {
                young.push((String::decode(input), input.slice().to_vec()));
            }
            Prepared {
                looks: Looks { stamps, young },
                head: Decode::decode(input),
                rest: Decode::decode(input),
                digest: Decode::decode(input),
                postgres: Decode::decode(input),
            }
        })
    }
}

impl Encode for Written {
    fn encode(&self, out: &mut Vec<u8>) {
        self.scripts.encode(out);
        encode_slice(&self.stamps, out);
    }
}

impl Decode for Written {
    fn decode(input: &mut Input<'_>) -> Written {
        Written { scripts: Decode::decode(input), stamps: input.slice().to_vec() }
    }
}
