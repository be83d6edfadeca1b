//! rename
use super::cursor::Reader;
use crate::ddl::Command;

/// Behind `ALTER`: `kind name RENAME …`, `SET SCHEMA …`, `OWNER TO …`; none for any other form.
pub(super) fn any_object(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}

/// Behind `ALTER`: a form that nobody else reads, of an object of a known kind.
pub(super) fn other(_reader: &mut Reader<'_>) -> Option<Command> {
    None
}
