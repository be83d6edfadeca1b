//! The words of a statement to a [`Command`].
//!
//! The gate has said before that the statement is PostgreSQL, so nothing is checked here: what cannot be
//! read is [`Command::Opaque`]. Every function here goes on where the reader stands and leaves it behind
//! what it has read; a statement that is not read to its end is not understood.

mod aggregate;
mod alter_table;
mod block;
mod calls;
#[cfg(test)]
mod cases;
mod column;
mod comment;
mod constraint;
mod cursor;
mod definition;
mod domain;
mod drop;
mod expression;
mod index;
pub(super) mod keyword;
mod maintenance;
mod misc;
mod name;
mod nothing;
mod object;
mod policy;
mod privileges;
mod query;
mod rename;
mod routine;
mod rule;
mod sequence;
mod setting;
mod table;
mod trigger;
pub(super) mod type_name;
mod types;
mod view;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_corpus;

use super::lex::Kind;
use super::words::Words;
use crate::ddl::{Command, ObjectKind};
use cursor::Reader;

/// Reads one statement.
pub(super) fn command(words: Words<'_>) -> Command {
    statement(&mut Reader::new(words)).unwrap_or(Command::Opaque)
}

/// Reads from the first word to the end.
fn statement(reader: &mut Reader<'_>) -> Option<Command> {
    let command = read(reader)?;
    reader.done(command)
}

/// The reader stands behind the words that are named here.
fn read(reader: &mut Reader<'_>) -> Option<Command> {
    let first = reader.text().to_ascii_uppercase();
    if !nothing::changes_schema(reader, &first) {
        let maintenance = maintenance::read(reader, &first);
        reader.at = reader.words.len();
        return Some(maintenance.unwrap_or(Command::Nothing));
    }
    reader.at += 1;
    match first.as_str() {
        "CREATE" => create(reader),
        "ALTER" => alter(reader),
        "DROP" => drop::drop(reader),
        "COMMENT" => comment::comment(reader),
        "TRUNCATE" => drop::truncate(reader),
        "GRANT" => privileges::grant(reader),
        "REVOKE" => privileges::revoke(reader),
        "SET" => setting::set(reader),
        "RESET" => setting::reset(reader),
        "DISCARD" => setting::discard(reader),
        "DO" => misc::run_block(reader),
        "CALL" => misc::call(reader),
        "REFRESH" => view::refresh(reader),
        "EXPLAIN" => explain(reader),
        _ => {
            reader.at = 0;
            query(reader)
        }
    }
}

fn query(reader: &mut Reader<'_>) -> Option<Command> {
    let first = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "VALUES", "TABLE"];
    match reader.is_any(&first) || reader.is_kind(Kind::Open) {
        true => query::statement(reader),
        false => None,
    }
}

/// Behind `EXPLAIN`, where options or `ANALYZE` follow: with the latter the query is run.
fn explain(reader: &mut Reader<'_>) -> Option<Command> {
    let analyze = ["ANALYZE", "ANALYSE"];
    let options = reader.at;
    let runs = match reader.skip_parens() {
        Some(()) => (options..reader.at).any(|at| reader.words.is_any(at, &analyze)),
        None => {
            reader.accept_any(&analyze);
            reader.accept("VERBOSE");
            true
        }
    };
    let end = reader.words.len();
    let rest = reader.words.part(reader.at..end);
    reader.at = end;
    if runs { query(&mut Reader::new(rest)) } else { Some(Command::Nothing) }
}

/// Behind `CREATE`. `OR REPLACE` and what else stands before the kind of object is left to its reader.
fn create(reader: &mut Reader<'_>) -> Option<Command> {
    let mut at = reader.words.skip(reader.at, &["OR", "REPLACE"]);
    let modifiers =
        ["GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE", "RECURSIVE", "CONSTRAINT"];
    while reader.words.is_any(at, &modifiers) {
        at += 1;
    }
    // Inside CREATE SCHEMA an element follows without a comma.
    let query = reader.words.find(at + 1, &["AS", "CREATE", "GRANT"]);
    let with_query = query.is_some_and(|query| reader.words.is(query, "AS"));
    match reader.words.text(at).to_ascii_uppercase().as_str() {
        "TABLE" if !with_query => table::create_table(reader),
        "FOREIGN" if reader.words.is(at + 1, "TABLE") => table::create_foreign_table(reader),
        "INDEX" => index::create_index(reader),
        "SEQUENCE" => sequence::create_sequence(reader),
        _ => create_other(reader),
    }
}

/// Behind `CREATE`: what is no table, index or sequence.
fn create_other(reader: &mut Reader<'_>) -> Option<Command> {
    let or_replace = reader.accept_all(&["OR", "REPLACE"]);
    let constraint = reader.are(&["CONSTRAINT", "TRIGGER"]) && reader.accept("CONSTRAINT");
    let persistence = query::persistence(reader);
    let recursive = reader.accept("RECURSIVE");
    let kind = reader.at;
    reader.at += 1;
    match reader.words.text(kind).to_ascii_uppercase().as_str() {
        "TABLE" => query::create_table_as(reader, persistence),
        "VIEW" => view::create(reader, or_replace, persistence, recursive),
        "MATERIALIZED" => {
            reader.expect("VIEW")?;
            view::create_materialized(reader, persistence)
        }
        "FUNCTION" => routine::create(reader, or_replace, false),
        "PROCEDURE" => routine::create(reader, or_replace, true),
        "TRIGGER" => trigger::create(reader, or_replace, constraint),
        "TYPE" => types::create(reader),
        "DOMAIN" => domain::create(reader),
        "EXTENSION" => misc::create_extension(reader),
        "SCHEMA" => misc::create_schema(reader),
        "AGGREGATE" => aggregate::create(reader, or_replace),
        "POLICY" => policy::create(reader),
        "RULE" => rule::create(reader, or_replace),
        "STATISTICS" => misc::create_statistics(reader),
        _ => {
            reader.at = kind;
            misc::create_other(reader, or_replace)
        }
    }
}

/// Behind `ALTER`.
fn alter(reader: &mut Reader<'_>) -> Option<Command> {
    let from = reader.at;
    // What every kind of object has: `RENAME`, `SET SCHEMA`, `OWNER TO`.
    if let Some(command) = rename::any_object(reader) {
        return Some(command);
    }
    reader.at = from;
    match reader.text().to_ascii_uppercase().as_str() {
        "TABLE" | "INDEX" | "VIEW" | "MATERIALIZED" => alter_table::alter_table(reader),
        "FOREIGN" if reader.is_at(1, "TABLE") => alter_table::alter_table(reader),
        "SEQUENCE" => sequence::alter_sequence(reader),
        _ => alter_other(reader),
    }
}

/// Behind `ALTER`: what is no relation and not one of the forms that every kind of object has.
fn alter_other(reader: &mut Reader<'_>) -> Option<Command> {
    let kind = reader.at;
    reader.at += 1;
    match reader.words.text(kind).to_ascii_uppercase().as_str() {
        "TYPE" => types::alter(reader),
        "DOMAIN" => domain::alter(reader),
        "FUNCTION" => routine::alter(reader, ObjectKind::Function),
        "PROCEDURE" => routine::alter(reader, ObjectKind::Procedure),
        "ROUTINE" => routine::alter(reader, ObjectKind::Routine),
        "POLICY" => policy::alter(reader),
        "DEFAULT" => privileges::default_privileges(reader),
        _ => {
            reader.at = kind;
            rename::other(reader)
        }
    }
}
