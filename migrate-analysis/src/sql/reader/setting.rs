//! Settings that change what names mean, or who acts: `search_path` and the role.

use super::cursor::Reader;
use super::name::identifier;
use super::routine::word_or_string;
use crate::ddl::{Command, Maintenance, SearchPath};
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

/// `SELECT [pg_catalog.]set_config('…', …, …)`, if the statement is nothing else.
pub(super) fn set_config(reader: &mut Reader<'_>) -> Option<Command> {
    let mut ahead = *reader;
    ahead.expect("SELECT")?;
    let name = ahead.name()?;
    if name.name != "set_config" || name.schema.is_some_and(|schema| schema != "pg_catalog") {
        return None;
    }
    ahead.expect_kind(Kind::Open)?;
    let setting = ahead.string()?.to_ascii_lowercase();
    ahead.expect_kind(Kind::Comma)?;
    let value = if ahead.accept("NULL") { None } else { Some(ahead.string()?) };
    ahead.expect_kind(Kind::Comma)?;
    let local = ahead.accept_any(&["TRUE", "FALSE"])? == "TRUE";
    ahead.expect_kind(Kind::Close)?;
    if ahead.accept("AS") {
        ahead.identifier()?;
    }
    let command = match (setting.as_str(), value) {
        ("search_path", None) => Command::SearchPath(SearchPath::Reset),
        ("search_path", Some(value)) => {
            Command::SearchPath(SearchPath::Set { schemas: names(&value)?, local })
        }
        ("role" | "session_authorization", _) => return None,
        (_, value) => Command::Maintenance(Maintenance::Set { name: setting, value, local }),
    };
    *reader = ahead;
    reader.done(command)
}

/// Whether `set_config` is called of the search path anywhere among the words.
pub(super) fn may_set_path(reader: &Reader<'_>) -> bool {
    (0..reader.words.len()).any(|at| {
        reader.words.is(at, "SET_CONFIG") && sets_path(&Reader { words: reader.words, at: at + 2 })
    })
}

fn sets_path(reader: &Reader<'_>) -> bool {
    reader.is_kind(Kind::Text) && reader.text().eq_ignore_ascii_case("'search_path'")
}

/// The names in a value of `search_path`, separated by commas, folded unless quoted; none if it is not
/// one. Without quotes every character but a blank and a comma is part of a name.
fn names(value: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = value.trim_start();
    while !rest.is_empty() {
        let len = if rest.starts_with('"') {
            quoted_len(rest)?
        } else {
            rest.find(|letter: char| letter == ',' || letter.is_ascii_whitespace())
                .unwrap_or(rest.len())
        };
        names.push(identifier(rest.get(..len)?)?);
        rest = rest.get(len..)?.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    names.retain(|name| !name.is_empty());
    Some(names)
}

/// How long the `"…"` is.
fn quoted_len(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find('"')? + 1;
        if !text.get(at..)?.starts_with('"') {
            return Some(at);
        }
        at += 1;
    }
}
