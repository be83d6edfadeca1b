//! table
use super::cursor::Reader;
use crate::ddl::Command;

/// Behind `CREATE`: `[TEMPORARY|UNLOGGED] TABLE …`.
pub(super) fn create_table(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}

/// Behind `CREATE`: `FOREIGN TABLE …`.
pub(super) fn create_foreign_table(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
