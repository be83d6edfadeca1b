//! What belongs to a tool or to a program, not to SQL: separators, comments, templates, commands.

use super::super::lex::Kind;
use super::super::words::Words;
use super::{Finder, Form, altered_table};

pub(super) const FINDERS: [Finder; 6] =
    [leading_word, go, hash_comment, template, procedural, session_words];

/// Commands of other databases, and what PostgreSQL has for them.
const COMMANDS: [(&str, &str); 12] = [
    ("PRAGMA", "`PRAGMA` is SQLite's: leave it out"),
    (
        "USE",
        "a migration runs in the database it is connected to; for a schema: `SET search_path TO …`",
    ),
    (
        "DELIMITER",
        "`DELIMITER` is a command of MySQL's client: bodies stand between `$$`, leave it out",
    ),
    (
        "EXEC",
        "PostgreSQL runs a procedure with `CALL name(…)`; a rename is `ALTER TABLE a RENAME TO b`",
    ),
    ("DESCRIBE", "a migration has nothing to show: leave it out"),
    ("DESC", "a migration has nothing to show: leave it out"),
    ("PRINT", "inside `DO $$ … $$` it is `RAISE NOTICE '…'`"),
    ("RENAME", "it is `ALTER TABLE a RENAME TO b`"),
    ("UNLOCK", "locks end with their transaction: leave it out"),
    ("OPTIMIZE", "it is `VACUUM FULL t`, outside of a transaction"),
    ("MINUS", "it is `EXCEPT`"),
    ("BATCH", "leave it out"),
];

fn leading_word(words: Words<'_>, _: usize) -> Option<Form> {
    let (_, help) = COMMANDS.iter().find(|(command, _)| words.is(0, command))?;
    Form::new(0, *help)
}

/// `GO` ends a batch in SQL Server's tools.
fn go(words: Words<'_>, refused_at: usize) -> Option<Form> {
    if !words.is(refused_at, "GO") {
        return None;
    }
    Form::new(refused_at, "`GO` belongs to SQL Server's tools: end each statement with `;`")
}

fn hash_comment(words: Words<'_>, refused_at: usize) -> Option<Form> {
    let written = words.text(refused_at);
    if !written.starts_with('#') && !written.starts_with("//") {
        return None;
    }
    Form::new(refused_at, "a comment begins with `--` in PostgreSQL")
}

/// `{{ name }}`, `${name}`, `:name`, `%s`.
fn template(words: Words<'_>, refused_at: usize) -> Option<Form> {
    match words.text(refused_at) {
        "{" | "}" | "$" => Form::new(
            refused_at,
            "a migration is not a template: write the SQL that runs on every database",
        ),
        ":" => Form::new(refused_at, "a migration has no variables: write the value itself"),
        _ => None,
    }
}

/// PL/pgSQL outside of a body.
fn procedural(words: Words<'_>, refused_at: usize) -> Option<Form> {
    let begins =
        words.is_any(0, &["IF", "LOOP", "WHILE", "FOR", "RAISE", "PERFORM", "ELSE", "ELSIF"]);
    let declares = words.is(0, "DECLARE") && refused_at > 0;
    let ends = words.is(0, "END") && words.is_any(1, &["IF", "LOOP", "CASE"]);
    if !(begins || declares || ends) {
        return None;
    }
    let at = if begins { 0 } else { refused_at };
    Form::new(at, "this is PL/pgSQL, which stands in a body: `DO $$ BEGIN … END $$;`")
}

/// `SET NAMES`, `SET @x`, `LOCK TABLES`.
fn session_words(words: Words<'_>, refused_at: usize) -> Option<Form> {
    if words.is(0, "LOCK") && words.is(1, "TABLES") {
        return Form::new(1, "it is `LOCK TABLE t IN … MODE`");
    }
    if words.is(0, "SET") && words.text(1).starts_with('@') {
        return Form::new(refused_at, "a migration has no variables: write the value itself");
    }
    None
}

/// `SHOW TABLES` passes for the setting `tables`, which no server has.
pub(super) fn show(words: Words<'_>, _: usize) -> Option<Form> {
    if !words.is(0, "SHOW") || words.len() != 2 || altered_table(words).is_some() {
        return None;
    }
    if words.kind(1) != Some(Kind::Word) || !words.is_any(1, &["TABLES", "DATABASES", "SCHEMAS"]) {
        return None;
    }
    Form::new(
        1,
        "a migration has nothing to show; the tables are `SELECT * FROM pg_catalog.pg_tables`",
    )
}
