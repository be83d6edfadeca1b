//! What is no expression: settings, bounds of partitions, options, bodies in SQL.

use super::super::literal;
use super::{Sameness, ast, expressions, queries};
use crate::sql::lex::Kind;
use crate::sql::words::Words;

/// Compares the values of a setting, or a library and a name in it, which are lists: `public, pg_temp` and
/// `'public', 'pg_temp'`.
pub(crate) fn settings(one: &str, other: &str) -> Sameness {
    if one != other && (one == "FROM CURRENT" || other == "FROM CURRENT") {
        return Sameness::Perhaps;
    }
    same_if(words_of(one) == words_of(other))
}

/// Compares an option of an aggregate: a type, the name of a function or operator, a value.
pub(crate) fn options(one: &str, other: &str) -> Sameness {
    let (one, other) = (words_of(one), words_of(other));
    let is_nearly = |one: &[String], other: &[String]| {
        one.ends_with(other) && one.get(one.len() - other.len() - 1).is_some_and(|it| it == ".")
    };
    match one == other {
        true => Sameness::Same,
        false if is_nearly(&one, &other) || is_nearly(&other, &one) => Sameness::Perhaps,
        false => Sameness::Different,
    }
}

/// Compares the bounds of a partition whose key has columns of these types.
pub(crate) fn bounds(one: &str, other: &str, types: &[String]) -> Sameness {
    let ((head, one), (other_head, other)) = (bound(one), bound(other));
    if head != other_head || one.len() != other.len() {
        return Sameness::Different;
    }
    // The numbers of a hash stand behind words.
    if head.contains(&"with".to_owned()) {
        let lower = |values: &[(usize, String)]| -> Vec<String> {
            values.iter().map(|(_, value)| value.to_ascii_lowercase()).collect()
        };
        return same_if(lower(&one) == lower(&other));
    }
    let by_place = head.contains(&"from".to_owned());
    let compared = one.iter().zip(&other).map(|((at, one), (_, other))| {
        let of = types.get(if by_place { *at } else { 0 });
        match of {
            Some(of) if one != other => {
                expressions(&format!("({one})::{of}"), &format!("({other})::{of}"))
            }
            _ => expressions(one, other),
        }
    });
    compared.max().unwrap_or(Sameness::Same)
}

/// Compares the bodies of two functions in SQL that is no text.
pub(crate) fn bodies(one: &str, other: &str) -> Sameness {
    match (result(one), result(other)) {
        (Some(one), Some(other)) => expressions(one, other),
        (None, None) => {
            let (one, other) = (statements(one), statements(other));
            if one.len() != other.len() {
                return Sameness::Different;
            }
            let compared = one.iter().zip(&other).map(|(one, other)| queries(one, other));
            compared.max().unwrap_or(Sameness::Same)
        }
        // `RETURN a` is `BEGIN ATOMIC SELECT a; END` as well.
        _ => Sameness::Perhaps,
    }
}

/// What stands behind `RETURN`.
fn result(body: &str) -> Option<&str> {
    let tokens = ast::tokens(body);
    let words = Words::new(body, &tokens);
    let is_result = words.is(0, "RETURN");
    let behind = tokens.first().and_then(|token| body.get(token.end..));
    if is_result { behind } else { None }
}

/// Those between `BEGIN ATOMIC` and `END`.
fn statements(body: &str) -> Vec<String> {
    let tokens = ast::tokens(body);
    let words = Words::new(body, &tokens);
    let from = words.skip(0, &["BEGIN", "ATOMIC"]);
    let to = words.len() - usize::from(words.is(words.len().saturating_sub(1), "END"));
    let (mut statements, mut start) = (Vec::new(), from);
    for at in from..to {
        if words.text(at) == ";" {
            statements.push(words.between(start, at).to_owned());
            start = at + 1;
        }
    }
    statements
}

/// The words as PostgreSQL keeps them, without the schemas in which they would be looked for.
fn words_of(text: &str) -> Vec<String> {
    let tokens = ast::tokens(text);
    let words = Words::new(text, &tokens);
    let mut all = Vec::new();
    for at in 0..words.len() {
        let written = words.text(at);
        let word = match words.kind(at) {
            Some(Kind::Word) => written.to_ascii_lowercase(),
            Some(Kind::DollarText) => undollared(written).to_owned(),
            Some(Kind::QuotedName) => written.trim_matches('"').replace("\"\"", "\""),
            _ => literal::decode(written).unwrap_or_else(|| written.to_owned()),
        };
        all.push(word);
    }
    let searched = |schema: &str| schema == "public" || schema == "pg_catalog";
    if matches!(all.as_slice(), [schema, dot, _, ..] if dot == "." && searched(schema)) {
        all.drain(..2);
    }
    all
}

/// `a` of `$tag$a$tag$`.
fn undollared(written: &str) -> &str {
    let end = written.get(1..).and_then(|it| it.find('$')).map_or(0, |at| at + 2);
    let tag = written.get(..end).unwrap_or("");
    let behind = written.get(end..).unwrap_or("");
    behind.strip_suffix(tag).unwrap_or(behind)
}

/// The words of a bound outside of brackets; inside, its values, each with its place.
fn bound(text: &str) -> (Vec<String>, Vec<(usize, String)>) {
    let tokens = ast::tokens(text);
    let words = Words::new(text, &tokens);
    let (mut head, mut values) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < words.len() {
        if words.kind(at) != Some(Kind::Open) {
            head.push(words.text(at).to_ascii_lowercase());
            at += 1;
            continue;
        }
        let end = words.behind_parens(at);
        let (mut start, mut place) = (at + 1, 0);
        let mut inside = at + 1;
        while inside < end {
            let is_end = inside + 1 == end;
            if is_end || words.kind(inside) == Some(Kind::Comma) {
                values.push((place, words.between(start, inside).to_owned()));
                (start, place) = (inside + 1, place + 1);
            }
            inside = if words.kind(inside) == Some(Kind::Open) && !is_end {
                words.behind_parens(inside)
            } else {
                inside + 1
            };
        }
        at = end.max(at + 1);
    }
    (head, values)
}

fn same_if(same: bool) -> Sameness {
    if same { Sameness::Same } else { Sameness::Different }
}
