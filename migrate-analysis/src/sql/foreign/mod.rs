//! What the author of a refused statement may have meant: the forms of other databases and the slips of
//! PostgreSQL's own, each with the SQL to write instead, in the author's own names.
//!
//! Nothing here decides what is refused, but for [`refused`]: what `squawk-syntax` lets pass and no
//! server accepts.

mod reserved;
mod rows;
mod script;
mod slips;
mod tables;

use super::lex::Kind;
use super::words::Words;
use crate::list::CollectVec;

/// A form that PostgreSQL does not have.
pub(crate) struct Form {
    /// Its first token: the one that the server would name.
    pub(crate) at: usize,
    /// What to write instead.
    pub(crate) help: String,
}

impl Form {
    fn new(at: usize, help: impl Into<String>) -> Option<Form> {
        Some(Form { at, help: help.into() })
    }
}

/// A form is looked for in a refused statement; `refused_at` is the token that was refused.
type Finder = fn(Words<'_>, usize) -> Option<Form>;

/// The order decides between forms at the same place.
const FINDERS: [&[Finder]; 4] =
    [&script::FINDERS, &rows::FINDERS, &tables::FINDERS, &slips::FINDERS];

/// Every foreign form in a refused statement.
pub(crate) fn forms(words: Words<'_>, refused_at: usize) -> Vec<Form> {
    FINDERS
        .iter()
        .flat_map(|room| room.iter())
        .filter_map(|find| find(words, refused_at))
        .collect_vec()
}

/// What the gate lets pass and no server accepts.
pub(crate) fn refused(words: Words<'_>) -> Option<Form> {
    let never = words.len();
    tables::length_of_integer(words, never)
        .or_else(|| tables::rename_among_others(words, never))
        .or_else(|| script::show(words, never))
        .or_else(|| tables::nothing_to_drop(words, never))
        .or_else(|| reserved::name_in_alter(words))
}

/// The table of an `ALTER TABLE`, and the token behind its name.
fn altered_table(words: Words<'_>) -> Option<(&str, usize)> {
    if !words.are(0, &["ALTER", "TABLE"]) {
        return None;
    }
    words.name(words.skip(words.skip_if_exists(2), &["ONLY"]))
}

/// The table of a `CREATE TABLE`, and the token behind its name.
fn created_table(words: Words<'_>) -> Option<(&str, usize)> {
    if !words.is(0, "CREATE") {
        return None;
    }
    let table = words.find(1, &["TABLE"]).filter(|&at| at <= 4)?;
    words.name(words.skip_if_exists(table + 1))
}

/// The column that the token at `at` is said of: the first name of its list element or of its
/// `ADD COLUMN`, and the type behind it.
fn column_of(words: Words<'_>, at: usize) -> Option<(&str, &str)> {
    let mut first = at;
    let mut depth = 0usize;
    while first > 0 {
        match words.kind(first - 1) {
            Some(Kind::Close) => depth += 1,
            Some(Kind::Open | Kind::Comma) if depth == 0 => break,
            Some(Kind::Open) => depth -= 1,
            _ if depth == 0 && words.is_any(first - 1, &["COLUMN", "ADD", "MODIFY"]) => break,
            _ => {}
        }
        first -= 1;
    }
    if first == 0 {
        return None;
    }
    let first = words.skip(words.skip(first, &["ADD"]), &["COLUMN"]);
    let first = words.skip_if_exists(first);
    let (name, behind) = words.name(first)?;
    if behind > at {
        return None;
    }
    let kind = if behind == at { "" } else { words.text(behind) };
    Some((name, kind))
}

/// On one line, for a help.
fn one_line(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect_vec();
    words.join(" ")
}

/// All the places where `word` stands.
fn places<'a>(words: Words<'a>, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    (0..words.len()).filter(move |&at| words.is(at, word))
}
