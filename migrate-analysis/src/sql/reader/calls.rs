//! The functions that a stretch of a statement calls: a name directly before an opening bracket.

use super::cursor::Reader;
use super::keyword::{self, Class};
use crate::ddl::Name;
use crate::sql::lex::Kind;
use crate::sql::words::Words;
use std::ops::Range;

/// Every function that is called between two tokens, once each, in order of place.
pub(super) fn functions(words: Words<'_>, range: Range<usize>) -> Vec<Name> {
    let mut functions: Vec<Name> = Vec::new();
    for open in range.start + 1..range.end {
        if words.kind(open) != Some(Kind::Open) {
            continue;
        }
        let Some(first) = called(words, range.start, open) else { continue };
        let Some(name) = (Reader { words, at: first }).name() else { continue };
        if !functions.iter().any(|it| it.schema == name.schema && it.name == name.name) {
            functions.push(name);
        }
    }
    functions
}

/// Where the name of the function begins whose arguments stand in the bracket at `open`.
fn called(words: Words<'_>, start: usize, open: usize) -> Option<usize> {
    let mut first = open.checked_sub(1).filter(|&at| at >= start && is_name(words, at))?;
    while first >= start + 2 && words.kind(first - 1) == Some(Kind::Dot) {
        if !is_name(words, first - 2) {
            return None;
        }
        first -= 2;
    }
    let keyword = first + 1 == open && is_no_function(words, first);
    let called = !keyword
        && may_begin_expression(words, start, first)
        && !is_common_table(words, first, open);
    called.then_some(first)
}

fn is_name(words: Words<'_>, at: usize) -> bool {
    matches!(words.kind(at), Some(Kind::Word | Kind::QuotedName))
}

/// A keyword that is no function before a bracket, or not where it can stand.
fn is_no_function(words: Words<'_>, at: usize) -> bool {
    let meant_otherwise = [
        "CONFLICT",
        "CUBE",
        "FILTER",
        "ILIKE",
        "INSERT",
        "JOIN",
        "LIKE",
        "MATERIALIZED",
        "OPERATOR",
        "OVER",
        "ROLLUP",
        "SETS",
        "SIMILAR",
    ];
    // `INTERVAL '…' DAY TO SECOND(3)`.
    let field = words.is(at, "SECOND") && at > 0 && words.is(at - 1, "TO");
    words.kind(at) == Some(Kind::Word)
        && (field
            || words.is_any(at, &meant_otherwise)
            || matches!(keyword::class(words.text(at)), Some(Class::Reserved | Class::Column)))
}

/// Whether an expression may begin at `at`. Behind `AS`, `INTO`, a name or a closing bracket stands a
/// table or an alias with its columns, behind `::` a type.
fn may_begin_expression(words: Words<'_>, start: usize, at: usize) -> bool {
    let Some(before) = at.checked_sub(1).filter(|&before| before >= start) else { return true };
    match words.kind(before) {
        Some(Kind::Word) => words.is_any(before, &BEFORE_EXPRESSIONS),
        Some(Kind::Operator) => words.text(before) != "::",
        Some(Kind::Comma | Kind::Open | Kind::OpenBracket | Kind::Colon | Kind::Semicolon) => true,
        Some(Kind::Close) => is_distinct_on(words, start, before),
        _ => false,
    }
}

/// Whether the bracket that is closed at `close` is that of `DISTINCT ON (…)`.
fn is_distinct_on(words: Words<'_>, start: usize, close: usize) -> bool {
    let mut depth = 0usize;
    for at in (start..=close).rev() {
        match words.kind(at) {
            Some(Kind::Close) => depth += 1,
            Some(Kind::Open) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at >= start + 2 && words.are(at - 2, &["DISTINCT", "ON"]);
        }
    }
    false
}

/// The words that an expression may follow.
#[rustfmt::skip]
static BEFORE_EXPRESSIONS: [&str; 44] = [
    "SELECT", "FROM", "AND", "WHERE", "ON", "OR", "BY", "THEN", "ELSE", "WHEN", "JOIN", "NOT",
    "LATERAL", "IN", "DISTINCT", "CASE", "USING", "RETURNING", "BETWEEN", "LIKE", "ILIKE", "HAVING",
    "LIMIT", "OFFSET", "TO", "ALL", "ASYMMETRIC", "SYMMETRIC", "DEFAULT", "DOCUMENT", "ESCAPE",
    "FIRST", "FOR", "GROUPS", "NEXT", "PASSING", "PLACING", "RANGE", "RETURN", "ROWS", "VARIADIC",
    "ZONE", "CALL", "IS",
];

/// `, name (columns) AS (SELECT …`; behind `, function (…) AS (` stand columns.
fn is_common_table(words: Words<'_>, first: usize, open: usize) -> bool {
    if first.checked_sub(1).and_then(|at| words.kind(at)) != Some(Kind::Comma) {
        return false;
    }
    let at = words.behind_parens(open);
    if !words.is(at, "AS") {
        return false;
    }
    let at = words.skip(words.skip(at + 1, &["NOT"]), &["MATERIALIZED"]);
    let queries = ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE"];
    words.kind(at) == Some(Kind::Open)
        && (words.is_any(at + 1, &queries) || words.kind(at + 1) == Some(Kind::Open))
}
