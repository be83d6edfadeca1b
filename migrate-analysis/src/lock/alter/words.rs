//! The words of a bound expression, as far as locks depend on them.

use crate::catalog::{Expr, Id, Piece};

/// A word of an expression.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Word {
    Column(u32),
    /// A function of the set.
    Routine(Id),
    /// A sequence, mostly: `nextval('…')`.
    Relation(Id),
    /// A keyword, a name or a number, as it is written.
    Name(String),
    Open,
    Close,
    /// A literal, a type, a sign.
    Other,
}

/// The words of an expression.
pub(super) fn words(expr: &Expr) -> Vec<Word> {
    let mut all = Vec::new();
    for piece in &expr.pieces {
        match piece {
            Piece::Column(number) => all.push(Word::Column(*number)),
            Piece::Routine(id, _) => all.push(Word::Routine(*id)),
            Piece::Relation(id) => all.push(Word::Relation(*id)),
            Piece::Type(_) => all.push(Word::Other),
            Piece::Text(text) => of_text(text, &mut all),
        }
    }
    all
}

/// The words of a text in SQL.
pub(super) fn of_text(text: &str, all: &mut Vec<Word>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => quoted(rest, '\''),
            '"' => quoted(rest, '"'),
            c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind;
        match first {
            '(' => all.push(Word::Open),
            ')' => all.push(Word::Close),
            '"' => all.push(Word::Name(word.trim_matches('"').replace("\"\"", "\""))),
            c if is_name(c) => all.push(Word::Name(word.to_owned())),
            c if c.is_whitespace() => {}
            _ => all.push(Word::Other),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// How long it is with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let inside = text.char_indices().skip(1);
    inside.into_iter().find(|(_, c)| *c == quote).map_or(text.len(), |(at, _)| at + 1)
}
