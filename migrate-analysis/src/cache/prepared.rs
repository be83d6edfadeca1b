//! What the macro needs of a set without errors, made ready by the build script.

use super::FORMAT;
use super::codec::{Decode, Encode, Input, encode_slice};
use crate::embed::Embedding;
use crate::source::{Directory, Glance};

/// A set that is ready to be embedded, for as long as the directory looks as it did: reading a
/// thousand files to compare them would take as long as all the rest of the macro.
///
/// Cargo asks for less: to it a file is the same as long as it is not newer than the build script's
/// last run. Here its size, its time of modification and, on Unix, its time of change are the same to
/// the nanosecond; and what was written too recently for that to tell is read and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    looks: Looks,
    /// The stamp of the file with all scripts in a row.
    scripts: Vec<u8>,
    /// What is embedded.
    pub embedding: Embedding,
}

/// What a directory looks like, and holds where looks may deceive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    stamps: Vec<u8>,
    young: Vec<(String, Vec<u8>)>,
}

impl Looks {
    /// `glance` is from before `directory` was read. There is none when a young file was gone by then.
    pub fn new(glance: Glance, directory: &Directory) -> Option<Looks> {
        let young = glance.young.into_iter().map(|path| {
            let at = directory.files.binary_search_by(|file| file.path.cmp(&path)).ok()?;
            let contents = directory.files.get(at)?.contents.as_ref().ok()?;
            Some((path, contents.clone()))
        });
        let young = young.collect::<Option<_>>()?;
        Some(Looks { stamps: glance.stamps, young })
    }
}

impl Prepared {
    /// `scripts` is the stamp of the file with all scripts in a row.
    pub fn new(looks: Looks, scripts: Vec<u8>, embedding: Embedding) -> Prepared {
        Prepared { looks, scripts, embedding }
    }

    /// Whether it still counts. `read` answers with what a file of the directory holds.
    pub fn is_true(
        &self,
        glance: &Glance,
        scripts: &[u8],
        read: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> bool {
        self.looks.stamps == glance.stamps
            && self.scripts == scripts
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
        encode_slice(&self.scripts, &mut bytes);
        self.embedding.encode(&mut bytes);
        bytes
    }

    /// Reads what [`encode`](Prepared::encode) wrote; `None` when it is of another version, cut off
    /// or damaged.
    pub fn decode(bytes: &[u8]) -> Option<Prepared> {
        let mut input = Input::new(bytes.strip_prefix(FORMAT.as_bytes())?);
        let stamps = input.slice()?.to_vec();
        let young = (0..usize::decode(&mut input)?)
            .map(|_| Some((String::decode(&mut input)?, input.slice()?.to_vec())))
            .collect::<Option<_>>()?;
        let scripts = input.slice()?.to_vec();
        let embedding = Embedding::decode(&mut input)?;
        input.is_empty().then_some(Prepared { looks: Looks { stamps, young }, scripts, embedding })
    }
}
