//! `CREATE AGGREGATE`.

use super::cursor::Reader;
use super::routine;
use super::type_name::bare;
use crate::ddl::{Argument, ArgumentMode, Command, CreateAggregate};
use crate::sql::lex::Kind;

/// Behind `CREATE [OR REPLACE] AGGREGATE`.
pub(super) fn create(reader: &mut Reader<'_>, or_replace: bool) -> Option<Command> {
    let name = reader.name()?;
    let old = reader.words.behind_parens(reader.at) >= reader.words.len();
    let arguments = if old { base_type(reader) } else { arguments(reader)? };
    let start = *reader;
    let mut options = reader.definition()?;
    for (name, value) in &mut options {
        if let Some(type_name) = state_type(start, name) {
            *value = type_name;
        }
    }
    reader.done(Command::CreateAggregate(CreateAggregate { or_replace, name, arguments, options }))
}

/// A type among the options, by one of its names.
fn state_type(reader: Reader<'_>, name: &str) -> Option<String> {
    ["stype", "stype1", "mstype"].contains(&name).then_some(())?;
    let places = reader.at..reader.words.len();
    let at = places.into_iter().find(|&at| reader.words.is(at, name))?;
    let mut ahead = Reader { words: reader.words, at: at + 1 };
    ahead.accept_operator("=").then_some(())?;
    ahead.type_name().map(|it| bare(&it))
}

/// `(*)`, `(type, …)`, `(type, … ORDER BY type, …)`.
fn arguments(reader: &mut Reader<'_>) -> Option<Vec<Argument>> {
    reader.expect_kind(Kind::Open)?;
    if reader.accept_operator("*") {
        reader.expect_kind(Kind::Close)?;
        return Some(Vec::new());
    }
    let mut arguments = Vec::new();
    if !reader.is("ORDER") {
        arguments = reader.list(routine::argument)?;
    }
    if reader.accept_all(&["ORDER", "BY"]) {
        let ordered = reader.list(routine::argument)?;
        // PostgreSQL keeps a variadic one that both lists end with once.
        let variadic = |it: Option<&Argument>| {
            it.is_some_and(|argument| argument.mode == ArgumentMode::Variadic)
        };
        if !(variadic(arguments.last()) && variadic(ordered.last())) {
            arguments.extend(ordered);
        }
    }
    reader.expect_kind(Kind::Close)?;
    Some(arguments)
}

/// The one argument of the old syntax: `BASETYPE = type`; none for `'ANY'`.
fn base_type(reader: &Reader<'_>) -> Vec<Argument> {
    let found = (reader.at..reader.words.len()).find(|&at| reader.words.is(at, "BASETYPE"));
    let Some(at) = found else { return Vec::new() };
    let mut ahead = Reader { words: reader.words, at: at + 1 };
    if !ahead.accept_operator("=") || ahead.is("ANY") {
        return Vec::new();
    }
    let type_name = match ahead.type_name() {
        Some(type_name) if type_name.name.name != "\"any\"" => type_name,
        _ => return Vec::new(),
    };
    vec![Argument { mode: ArgumentMode::In, name: None, type_name, default: None }]
}
