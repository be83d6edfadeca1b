//! DROP and TRUNCATE.

use super::cursor::Reader;
use crate::ddl::{Behavior, Command, Drop};

/// Behind `DROP`.
pub(super) fn drop(reader: &mut Reader<'_>) -> Option<Command> {
    if reader.accept_all(&["OWNED", "BY"]) {
        reader.idents()?;
        reader.behavior();
        return Some(Command::DropOwned);
    }
    let kind = reader.object_kind()?;
    let concurrently = reader.accept("CONCURRENTLY");
    let if_exists = reader.if_exists();
    let objects = reader.list(|reader| reader.object_name(kind))?;
    let behavior = reader.behavior();
    Some(Command::Drop(Drop { objects, if_exists, behavior, concurrently }))
}

/// Behind `TRUNCATE`.
pub(super) fn truncate(reader: &mut Reader<'_>) -> Option<Command> {
    reader.accept("TABLE");
    let tables = reader.list(Reader::relation)?;
    let identity = reader.accept_any(&["RESTART", "CONTINUE"]);
    if identity.is_some() {
        reader.expect("IDENTITY")?;
    }
    let restart_identity = identity == Some("RESTART");
    let cascade = reader.behavior() == Behavior::Cascade;
    Some(Command::Truncate { tables, restart_identity, cascade })
}
