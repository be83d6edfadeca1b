//! nothing
use super::cursor::Reader;

/// Whether the statement that begins with `first` (in upper case) may change a schema.
pub(super) fn changes_schema(_reader: &Reader<'_>, _first: &str) -> bool {
    true
}
