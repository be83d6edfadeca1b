//! index
use super::cursor::Reader;
use crate::ddl::Command;

/// Behind `CREATE`: `[UNIQUE] INDEX …`.
pub(super) fn create_index(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
