//! comment
use super::cursor::Reader;
use crate::ddl::Command;

/// Behind `COMMENT`.
pub(super) fn comment(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
