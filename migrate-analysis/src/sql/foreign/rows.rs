//! Foreign forms of `INSERT`, `UPDATE`, `DELETE` and `SELECT`.

use super::super::lex::Kind;
use super::super::words::Words;
use super::{Finder, Form, one_line, places};

pub(super) const FINDERS: [Finder; 8] = [
    limited_update,
    limited_delete,
    update_join,
    insert_ignore,
    replace_into,
    on_duplicate_key,
    insert_value,
    select_top,
];

/// `UPDATE t SET … WHERE … LIMIT n`.
fn limited_update(words: Words<'_>, _: usize) -> Option<Form> {
    if !words.is(0, "UPDATE") {
        return None;
    }
    let (table, behind) = words.name(words.skip(1, &["ONLY"]))?;
    let set = words.find(behind, &["SET"])?;
    let limit = words.find(set, &["LIMIT", "ORDER"])?;
    let condition = words.find(set, &["WHERE"]);
    let simple = set == behind && words.find(set, &["FROM", "RETURNING"]).is_none();
    let changes = words.between(set, condition.unwrap_or(limit));
    let rows = words.between(condition.unwrap_or(limit), words.len());
    let what = "PostgreSQL has no `UPDATE … LIMIT`: name the rows in a sub-select";
    Form::new(limit, limited(what, &format!("UPDATE {table} {changes}"), table, rows, simple))
}

fn limited_delete(words: Words<'_>, _: usize) -> Option<Form> {
    if !words.are(0, &["DELETE", "FROM"]) {
        return None;
    }
    let (table, behind) = words.name(words.skip(2, &["ONLY"]))?;
    let limit = words.find(behind, &["LIMIT", "ORDER"])?;
    let condition = words.find(behind, &["WHERE"]);
    let from = condition.unwrap_or(limit);
    let simple = from == behind && words.find(behind, &["USING", "RETURNING"]).is_none();
    let rows = words.between(from, words.len());
    let what = "PostgreSQL has no `DELETE … LIMIT`: name the rows in a sub-select";
    Form::new(limit, limited(what, &format!("DELETE FROM {table}"), table, rows, simple))
}

fn limited(what: &str, verb: &str, table: &str, rows: &str, simple: bool) -> String {
    let paste = if simple {
        one_line(&format!("{verb} WHERE ctid IN (SELECT ctid FROM {table} {rows})"))
    } else {
        format!("… WHERE {table}.ctid IN (SELECT ctid FROM {table} WHERE … LIMIT …)")
    };
    format!("{what}: `{paste}`")
}

/// `UPDATE a JOIN b ON … SET …`.
fn update_join(words: Words<'_>, _: usize) -> Option<Form> {
    if !words.is(0, "UPDATE") {
        return None;
    }
    let set = words.find(1, &["SET"]).unwrap_or(words.len());
    let join = words.find(1, &["JOIN", "INNER", "LEFT"]).filter(|&join| join < set)?;
    let (table, _) = words.name(1)?;
    Form::new(
        join,
        format!("the joined table stands behind `SET`: `UPDATE {table} SET … FROM … WHERE …`"),
    )
}

/// `INSERT IGNORE INTO`, and SQLite's `INSERT OR IGNORE INTO`.
fn insert_ignore(words: Words<'_>, _: usize) -> Option<Form> {
    if !words.is(0, "INSERT") {
        return None;
    }
    let at = words.skip(1, &["OR"]);
    let into = words.find(1, &["INTO"])?;
    let (table, _) = words.name(into + 1)?;
    if words.is(at, "IGNORE") {
        return Form::new(1, format!("it is `INSERT INTO {table} … ON CONFLICT DO NOTHING`"));
    }
    if words.is(at, "REPLACE") {
        return Form::new(1, upsert(table, ""));
    }
    None
}

fn replace_into(words: Words<'_>, _: usize) -> Option<Form> {
    if !words.is(0, "REPLACE") {
        return None;
    }
    let (table, _) = words.name(words.skip(1, &["INTO"]))?;
    Form::new(0, upsert(table, ""))
}

fn on_duplicate_key(words: Words<'_>, _: usize) -> Option<Form> {
    let at = places(words, "ON").find(|&at| words.are(at, &["ON", "DUPLICATE", "KEY"]))?;
    let (table, _) = words.name(words.find(0, &["INTO"])? + 1)?;
    let column = words.text(words.skip(at + 3, &["UPDATE"]));
    Form::new(at + 1, upsert(table, column))
}

fn upsert(table: &str, column: &str) -> String {
    let column = if column.is_empty() { "…" } else { column };
    format!(
        "it is `INSERT INTO {table} … ON CONFLICT (key) DO UPDATE SET {column} = EXCLUDED.{column}`, with \
         the columns of a unique index for the key"
    )
}

fn insert_value(words: Words<'_>, refused_at: usize) -> Option<Form> {
    if !words.is(0, "INSERT") || !words.is(refused_at, "VALUE") {
        return None;
    }
    Form::new(refused_at, "did you mean `VALUES`?")
}

/// `SELECT TOP 10 …`.
fn select_top(words: Words<'_>, _: usize) -> Option<Form> {
    let top = places(words, "TOP").find(|&at| at > 0 && words.is(at - 1, "SELECT"))?;
    let count = match words.kind(top + 1)? {
        Kind::Number => words.text(top + 1),
        Kind::Open => words.text(top + 2),
        _ => return None,
    };
    Form::new(top, format!("the number of rows stands at the end: `… LIMIT {count}`"))
}
