//! What the macro needs of a set without errors, made ready by the build script.

use super::FORMAT;
use super::codec::{Decode, Encode, Input, encode_slice};
use crate::embed::{Embedded, Embedding};
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
    /// The stamps of the files with what is embedded.
    embedded: Vec<u8>,
    /// What an item is made of, migration by migration.
    pub migrations: Vec<Embedded>,
    /// How many bytes of the one file are scripts.
    pub scripts: usize,
    /// Over versions and up checksums.
    pub digest: i128,
    /// The oldest server, where it is declared.
    pub postgres: Option<i64>,
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
    /// `embedded` are the stamps of the files with what is embedded, of which `scripts` bytes are
    /// scripts.
    pub fn new(looks: Looks, embedded: Vec<u8>, scripts: usize, embedding: Embedding) -> Prepared {
        let Embedding { migrations, digest, postgres, .. } = embedding;
        Prepared { looks, embedded, migrations, scripts, digest, postgres }
    }

    /// Whether it still counts. `read` answers with what a file of the directory holds.
    pub fn is_true(
        &self,
        glance: &Glance,
        embedded: &[u8],
        read: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> bool {
        self.looks.stamps == glance.stamps
            && self.embedded == embedded
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
        encode_slice(&self.embedded, &mut bytes);
        self.migrations.encode(&mut bytes);
        self.scripts.encode(&mut bytes);
        self.digest.encode(&mut bytes);
        self.postgres.encode(&mut bytes);
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
        let prepared = Prepared {
            looks: Looks { stamps, young },
            embedded: input.slice()?.to_vec(),
            migrations: Decode::decode(&mut input)?,
            scripts: Decode::decode(&mut input)?,
            digest: Decode::decode(&mut input)?,
            postgres: Decode::decode(&mut input)?,
        };
        input.is_empty().then_some(prepared)
    }
}
