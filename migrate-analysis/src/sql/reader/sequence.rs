//! sequence
use super::cursor::Reader;
use crate::ddl::Command;

/// Behind `CREATE`: `[TEMPORARY|UNLOGGED] SEQUENCE …`.
pub(super) fn create_sequence(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}

/// Behind `ALTER`: `SEQUENCE …`.
pub(super) fn alter_sequence(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
