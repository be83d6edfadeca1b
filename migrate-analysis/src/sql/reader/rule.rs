//! `CREATE RULE`.

use super::cursor::Reader;
use crate::ddl::{Command, CreateRule};
use crate::sql::lex::Kind;

/// Behind `CREATE [OR REPLACE] RULE`.
pub(super) fn create(reader: &mut Reader<'_>, or_replace: bool) -> Option<Command> {
    let name = reader.ident()?;
    reader.expect("AS")?;
    let mut ahead = *reader;
    ahead.expect("ON")?;
    ahead.accept_any(&["SELECT", "INSERT", "UPDATE", "DELETE"])?;
    ahead.expect("TO")?;
    let table = ahead.name()?;
    let action = action(&ahead).map(Box::new);
    let definition = reader.rest();
    Some(Command::CreateRule(CreateRule { name, or_replace, table, definition, action }))
}

/// `DO [ALSO | INSTEAD] statement`.
fn action(reader: &Reader<'_>) -> Option<Command> {
    let mut at = reader.words.find(reader.at, &["DO"])? + 1;
    at += usize::from(reader.words.is_any(at, &["ALSO", "INSTEAD"]));
    if reader.words.kind(at) == Some(Kind::Open) {
        return None;
    }
    match super::command(reader.words.part(at..reader.words.len())) {
        Command::Opaque => None,
        command => Some(command),
    }
}
