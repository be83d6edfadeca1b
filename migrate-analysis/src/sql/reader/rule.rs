//! `CREATE RULE`.

use super::cursor::Reader;
use crate::ddl::{Command, CreateRule};

/// Behind `CREATE [OR REPLACE] RULE`.
pub(super) fn create(reader: &mut Reader<'_>, or_replace: bool) -> Option<Command> {
    let name = reader.ident()?;
    reader.expect("AS")?;
    let mut ahead = *reader;
    ahead.expect("ON")?;
    ahead.accept_any(&["SELECT", "INSERT", "UPDATE", "DELETE"])?;
    ahead.expect("TO")?;
    let table = ahead.name()?;
    let definition = reader.rest();
    Some(Command::CreateRule(CreateRule { name, or_replace, table, definition }))
}
