//! alter_table
use super::cursor::Reader;
use crate::ddl::Command;

/// Whether it is `TABLE`, `INDEX`, `VIEW`, `MATERIALIZED VIEW` or `FOREIGN TABLE`.
pub(super) fn is_one(_reader: &Reader<'_>) -> bool {
    true
}

/// Behind `ALTER`.
pub(super) fn alter_table(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
