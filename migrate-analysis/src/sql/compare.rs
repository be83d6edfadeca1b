//! Whether two texts mean the same to PostgreSQL.
//!
//! Both are brought to a normal form ([`node::Node`]) in which what PostgreSQL adds, drops and spells
//! otherwise when it prints an expression makes no difference.

mod call;
mod clauses;
mod form;
mod moment;
mod node;
mod operators;
mod resolve;
mod values;
mod written;

#[cfg(test)]
mod tests;

use super::ast;
use super::lex::{Kind, Token};
use super::words::Words;
use node::Node;
pub(crate) use resolve::Relation;
use resolve::{Known, forget_names, resolve};
pub(crate) use written::{bodies, bounds, options, settings};

/// How two expressions or queries compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sameness {
    Same,
    /// They differ in casts at most, which PostgreSQL may or may not add by itself.
    Perhaps,
    Different,
}

/// Longer ones are compared word by word: the normal form is made recursively.
const LONGEST: usize = 20_000;

/// Compares two expressions.
pub(crate) fn expressions(one: &str, other: &str) -> Sameness {
    compare((one, &[]), (other, &[]), |sql, _| {
        let mut node = form::node(&ast::expression(sql)?)?;
        resolve(&mut node, &Known::new(&[]), false);
        Some(node)
    })
}

/// Compares two queries.
pub(crate) fn queries(one: &str, other: &str) -> Sameness {
    compare((one, &[]), (other, &[]), query)
}

/// Compares two queries whose columns come out by the same names, with what they read.
pub(crate) fn views(one: (&str, &[Relation]), other: (&str, &[Relation])) -> Sameness {
    compare(one, other, |sql, relations| {
        let mut node = query(sql, relations)?;
        forget_names(&mut node);
        Some(node)
    })
}

fn query(sql: &str, relations: &[Relation]) -> Option<Node> {
    let mut node = clauses::statement(&ast::tree(sql)?)?;
    resolve(&mut node, &Known::new(relations), true);
    Some(node)
}

type Read = fn(&str, &[Relation]) -> Option<Node>;

fn compare(
    (one, of_one): (&str, &[Relation]),
    (other, of_other): (&str, &[Relation]),
    read: Read,
) -> Sameness {
    let (tokens, other_tokens) = (ast::tokens(one), ast::tokens(other));
    if bare(one, &tokens) == bare(other, &other_tokens) {
        return Sameness::Same;
    }
    if tokens.len().max(other_tokens.len()) > LONGEST {
        return Sameness::Perhaps;
    }
    let (one, other) = (readable(one, &tokens), readable(other, &other_tokens));
    let longer = if one.len() > other.len() { &one } else { &other };
    // What could not be read and does not have the same words may still mean the same.
    let compared = ast::with_room(longer, || {
        ast::with_room(&one, || {
            ast::with_room(&other, || Some(read(&one, of_one)?.compare(&read(&other, of_other)?)))
        })
    });
    compared.unwrap_or(Sameness::Perhaps)
}

/// The words without what makes no difference: the case of names, brackets around it all, a semicolon.
fn bare(sql: &str, tokens: &[Token]) -> Vec<String> {
    let words = Words::new(sql, tokens);
    let (mut from, mut to) = (0, words.len());
    if to > 0 && words.text(to - 1) == ";" {
        to -= 1;
    }
    while from < to && words.kind(from) == Some(Kind::Open) && words.behind_parens(from) == to {
        from += 1;
        to -= 1;
    }
    (from..to)
        .map(|at| match words.kind(at) {
            Some(Kind::Word) => words.text(at).to_ascii_lowercase(),
            _ => words.text(at).to_owned(),
        })
        .collect()
}

/// The text as `sqlparser` can read it: `TRIM(BOTH FROM x)` is written out.
fn readable(sql: &str, tokens: &[Token]) -> String {
    let words = Words::new(sql, tokens);
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    for (at, token) in tokens.iter().enumerate() {
        if words.is_any(at, &["BOTH", "LEADING", "TRAILING"]) && words.is(at + 1, "FROM") {
            text.push_str(sql.get(copied..token.end).unwrap_or(""));
            text.push_str(" ' '");
            copied = token.end;
        }
    }
    text.push_str(sql.get(copied..).unwrap_or(""));
    text
}
