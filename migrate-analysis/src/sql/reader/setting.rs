//! Settings that change what names mean, or who acts: `search_path` and the role.

use super::cursor::Reader;
use super::name::identifier;
use super::routine::word_or_string;
use crate::ddl::{Command, SearchPath};
use crate::sql::lex::Kind;

/// Behind `SET`.
pub(super) fn set(reader: &mut Reader<'_>) -> Option<Command> {
    let local = reader.is("LOCAL") && !assigned_at(reader, 1);
    if local || reader.is("SESSION") && !assigned_at(reader, 1) && !reader.is_at(1, "AUTHORIZATION")
    {
        reader.at += 1;
    }
    if reader.accept("SCHEMA") {
        return Some(set_path(vec![reader.string()?], local));
    }
    if reader.accept_all(&["SESSION", "AUTHORIZATION"])
        || reader.is("ROLE") && !assigned_at(reader, 1) && reader.accept("ROLE")
    {
        return set_role(reader);
    }
    if reader.is("SEARCH_PATH") && assigned_at(reader, 1) {
        reader.at += 2;
        return search_path(reader, local);
    }
    if (reader.is("ROLE") || reader.is("SESSION_AUTHORIZATION")) && assigned_at(reader, 1) {
        reader.at += 2;
        return set_role(reader);
    }
    nothing(reader)
}

/// Whether `TO` or `=` is `ahead`.
fn assigned_at(reader: &Reader<'_>, ahead: usize) -> bool {
    reader.is_at(ahead, "TO")
        || reader.kind_at(ahead) == Some(Kind::Operator) && reader.text_at(ahead) == "="
}

fn set_role(reader: &mut Reader<'_>) -> Option<Command> {
    if reader.is_any(&["NONE", "DEFAULT"]) {
        reader.at += 1;
        return Some(Command::SetRole(None));
    }
    let role = word_or_string(reader)?;
    Some(Command::SetRole(Some(role).filter(|role| role != "none")))
}

fn set_path(mut schemas: Vec<String>, local: bool) -> Command {
    schemas.retain(|schema| !schema.is_empty());
    Command::SearchPath(SearchPath::Set { schemas, local })
}

/// Each element is one schema, a string too, whatever stands in it.
fn search_path(reader: &mut Reader<'_>, local: bool) -> Option<Command> {
    if reader.accept("DEFAULT") {
        return Some(Command::SearchPath(SearchPath::Reset));
    }
    let schemas = reader.list(word_or_string)?;
    Some(set_path(schemas, local))
}

/// Behind `RESET`.
pub(super) fn reset(reader: &mut Reader<'_>) -> Option<Command> {
    if reader.accept("SEARCH_PATH") || reader.accept("ALL") {
        return Some(Command::SearchPath(SearchPath::Reset));
    }
    if reader.accept("ROLE")
        || reader.accept("SESSION_AUTHORIZATION")
        || reader.accept_all(&["SESSION", "AUTHORIZATION"])
    {
        return Some(Command::SetRole(None));
    }
    nothing(reader)
}

/// Behind `DISCARD`.
pub(super) fn discard(reader: &mut Reader<'_>) -> Option<Command> {
    if reader.accept("ALL") {
        return Some(Command::SearchPath(SearchPath::Reset));
    }
    nothing(reader)
}

/// The rest of a statement that changes no schema.
pub(super) fn nothing(reader: &mut Reader<'_>) -> Option<Command> {
    reader.at = reader.words.len();
    Some(Command::Nothing)
}

/// `SELECT [pg_catalog.]set_config('search_path', …, …)`, if the statement is nothing else.
pub(super) fn set_config(reader: &mut Reader<'_>) -> Option<Command> {
    let mut ahead = *reader;
    ahead.expect("SELECT")?;
    let name = ahead.name()?;
    if name.name != "set_config" || name.schema.is_some_and(|schema| schema != "pg_catalog") {
        return None;
    }
    ahead.expect_kind(Kind::Open)?;
    let setting = ahead.string()?;
    let path = match setting.to_ascii_lowercase().as_str() {
        "search_path" => configured(&ahead)?,
        _ => return None,
    };
    reader.at = reader.words.len();
    Some(Command::SearchPath(path))
}

/// Behind `set_config('search_path'`.
fn configured(reader: &Reader<'_>) -> Option<SearchPath> {
    let mut ahead = *reader;
    ahead.expect_kind(Kind::Comma)?;
    let value = if ahead.accept("NULL") { None } else { ahead.string().map(|value| names(&value)) };
    let null = ahead.words.is(ahead.at.saturating_sub(1), "NULL");
    let local = ahead.accept_kind(Kind::Comma).then(|| ahead.accept_any(&["TRUE", "FALSE"]));
    Some(match (value, local) {
        (None, Some(Some(_))) if null => SearchPath::Reset,
        (Some(Some(schemas)), Some(Some(local))) => {
            SearchPath::Set { schemas, local: local == "TRUE" }
        }
        _ => SearchPath::Unknown,
    })
}

/// The names in a value of `search_path`, separated by commas, folded unless quoted.
fn names(value: &str) -> Option<Vec<String>> {
    let mut lexer = crate::sql::lex::Lexer::new(value, 0, value.len());
    let mut names = Vec::new();
    while let Some(token) = lexer.next() {
        match token.kind {
            Kind::Comma => {}
            Kind::Word | Kind::QuotedName => {
                names.push(identifier(value.get(token.start..token.end)?)?)
            }
            // `$user` without quotes, dashes, ….
            _ => return None,
        }
    }
    names.retain(|name| !name.is_empty());
    Some(names)
}
