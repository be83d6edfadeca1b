//! What follows from each file alone, kept between builds: an edit of one file parses one file.
//!
//! A build script writes it, the macro reads it. An entry counts only while the file's whole text
//! is the same, so nothing here can be stale; bytes that cannot be read are as good as none.

mod codec;

use crate::layout::Part;
use crate::script::{self, ScriptFile};
use crate::source::SourceId;
use codec::{Decode, Encode, Input};
use std::collections::HashMap;

/// Raise it when the meaning of the bytes changes.
const FORMAT: &str = concat!("migrate-analysis ", env!("CARGO_PKG_VERSION"), " cache 1\n");

/// The file in a crate's `OUT_DIR` that keeps the results for the set in `directory`, which is
/// written as in the macro call.
pub fn file_name(directory: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("migrate-{}.cache", directory.chars().map(letter).collect::<String>())
}

/// Results of earlier analyses, by path and text.
#[derive(Debug, Default)]
pub struct Cache {
    entries: HashMap<String, Entry>,
    used: HashMap<String, Entry>,
    missed: bool,
}

#[derive(Debug)]
struct Entry {
    text: String,
    part: Part,
    run_in_transaction: Option<bool>,
    file: ScriptFile,
}

impl Cache {
    /// Reads what [`encode`](Cache::encode) wrote; empty when it is of another version, cut off or
    /// damaged.
    pub fn decode(bytes: &[u8]) -> Cache {
        let entries = bytes.strip_prefix(FORMAT.as_bytes()).and_then(|bytes| {
            let mut input = Input::new(bytes);
            let entries = HashMap::decode(&mut input)?;
            input.is_empty().then_some(entries)
        });
        Cache { entries: entries.unwrap_or_default(), ..Cache::default() }
    }

    /// The entries that the last analysis used or made, as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = FORMAT.as_bytes().to_vec();
        self.used.encode(&mut bytes);
        bytes
    }

    /// Whether the last analysis needed something that was not there, or left something out.
    pub fn is_changed(&self) -> bool {
        self.missed || !self.entries.is_empty()
    }

    pub(crate) fn read(
        &mut self,
        source: SourceId,
        path: &str,
        text: &str,
        part: Part,
        run_in_transaction: Option<bool>,
    ) -> ScriptFile {
        let kept = self.entries.remove(path).filter(|entry| {
            entry.text == text
                && entry.part == part
                && entry.run_in_transaction == run_in_transaction
        });
        let entry = kept.unwrap_or_else(|| {
            self.missed = true;
            let file = script::read(source, text, part, run_in_transaction);
            Entry { text: text.to_owned(), part, run_in_transaction, file }
        });
        let mut file = entry.file.clone();
        file.belongs_to(source);
        self.used.insert(path.to_owned(), entry);
        file
    }
}
