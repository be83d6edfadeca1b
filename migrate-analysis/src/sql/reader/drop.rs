//! drop
use super::cursor::Reader;
use crate::ddl::Command;

/// Behind `DROP`.
pub(super) fn drop(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}

/// Behind `TRUNCATE`.
pub(super) fn truncate(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
