//! Whether a CHECK says that rows are within the bound of a partition, or outside of it.
//!
//! PostgreSQL proves more than this; what is not proven here is said to be read.

use crate::catalog::{Expr, Piece};
use crate::list::CollectVec;
use std::cmp::Ordering;

/// The bound of a partition with one key.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Bound {
    In(Vec<String>),
    /// From the first, up to the second without it; none where there is no limit.
    Range(Option<String>, Option<String>),
}

impl Bound {
    /// `FOR VALUES IN (1, 2)`, `FOR VALUES FROM ('a') TO ('b')`.
    pub(super) fn read(text: &str) -> Option<Bound> {
        let mut tokens = Vec::new();
        tokens_of(text, &mut tokens);
        let is = |token: &Token, word: &str| matches!(token, Token::Word(it) if it == word);
        let rest = match tokens.as_slice() {
            [first, second, rest @ ..] if is(first, "FOR") && is(second, "VALUES") => rest,
            _ => return None,
        };
        match rest {
            [word, list @ ..] if is(word, "IN") => Some(Bound::In(literals(list)?)),
            [from, Token::Open, low, Token::Close, to, Token::Open, high, Token::Close]
                if is(from, "FROM") && is(to, "TO") =>
            {
                Some(Bound::Range(limit(low, "MINVALUE")?, limit(high, "MAXVALUE")?))
            }
            _ => None,
        }
    }
}

fn limit(token: &Token, none: &str) -> Option<Option<String>> {
    match token {
        Token::Literal(value) => Some(Some(value.clone())),
        Token::Word(word) if word == none => Some(None),
        _ => None,
    }
}

/// What a condition says of a column.
pub(super) enum Facts {
    All(Vec<Facts>),
    Any(Vec<Facts>),
    Compared(Comparison, String),
    In(Vec<String>),
    NotNull,
    /// Something else.
    Unknown,
}

#[derive(Clone, Copy)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Facts {
    pub(super) fn of(expression: &Expr, column: u32) -> Facts {
        let mut tokens = Vec::new();
        for piece in &expression.pieces {
            match piece {
                Piece::Column(number) if *number == column => tokens.push(Token::Column),
                Piece::Text(text) => tokens_of(text, &mut tokens),
                // Literals are compared as they are written.
                Piece::Type(_) => {}
                _ => tokens.push(Token::Other),
            }
        }
        tokens.retain(|token| *token != Token::Sign("::".to_owned()));
        facts(&tokens)
    }

    pub(super) fn and(self, other: Facts) -> Facts {
        Facts::All(vec![self, other])
    }

    /// Whether no row is in the bound. (A row that is NULL is in none.)
    pub(super) fn exclude(&self, bound: &Bound) -> bool {
        match self {
            Facts::All(parts) => parts.iter().any(|it| it.exclude(bound)),
            Facts::Any(parts) => parts.iter().all(|it| it.exclude(bound)),
            Facts::NotNull | Facts::Unknown => false,
            fact => match bound {
                Bound::In(values) => values.iter().all(|value| fact.differs(value)),
                Bound::Range(low, high) => fact.is_outside(low.as_deref(), high.as_deref()),
            },
        }
    }

    /// Whether a row with this value does not satisfy it.
    fn differs(&self, value: &str) -> bool {
        match self {
            Facts::In(values) => values
                .iter()
                .all(|it| matches!(compare(it, value), Some(Ordering::Less | Ordering::Greater))),
            Facts::Compared(comparison, with) => {
                compare(value, with).is_some_and(|ordering| !comparison.holds(ordering))
            }
            _ => false,
        }
    }

    fn is_outside(&self, low: Option<&str>, high: Option<&str>) -> bool {
        let below = |value: &str, or_equal: bool| {
            let ordering = low.and_then(|low| compare(value, low));
            ordering == Some(Ordering::Less) || or_equal && ordering == Some(Ordering::Equal)
        };
        let above = |value: &str| {
            let ordering = high.and_then(|high| compare(value, high));
            matches!(ordering, Some(Ordering::Greater | Ordering::Equal))
        };
        match self {
            Facts::Compared(Comparison::Less, value) => below(value, true),
            Facts::Compared(Comparison::LessOrEqual, value) => below(value, false),
            Facts::Compared(Comparison::GreaterOrEqual | Comparison::Greater, value) => {
                above(value)
            }
            Facts::Compared(Comparison::Equal, value) => below(value, false) || above(value),
            Facts::In(values) => values.iter().all(|it| below(it, false) || above(it)),
            _ => false,
        }
    }

    /// Whether every row is in the bound.
    pub(super) fn imply(&self, bound: &Bound, is_not_null: bool) -> bool {
        if let Facts::Any(parts) = self {
            return parts.iter().all(|it| it.imply(bound, is_not_null));
        }
        let mut parts = Vec::new();
        self.flatten(&mut parts);
        let not_null = is_not_null || parts.iter().any(|it| matches!(it, Facts::NotNull));
        let within = match bound {
            Bound::In(values) => parts.iter().any(|it| it.is_among(values)),
            Bound::Range(low, high) => {
                let above = |low: &String| parts.iter().any(|it| it.is_above(low));
                let below = |high: &String| parts.iter().any(|it| it.is_below(high));
                low.as_ref().is_none_or(above) && high.as_ref().is_none_or(below)
            }
        };
        not_null && within
            || parts.iter().any(|it| matches!(it, Facts::Any(_)) && it.imply(bound, not_null))
    }

    fn flatten<'a>(&'a self, out: &mut Vec<&'a Facts>) {
        match self {
            Facts::All(parts) => parts.iter().for_each(|it| it.flatten(out)),
            fact => out.push(fact),
        }
    }

    fn is_among(&self, values: &[String]) -> bool {
        let has =
            |value: &String| values.iter().any(|it| compare(it, value) == Some(Ordering::Equal));
        match self {
            Facts::Compared(Comparison::Equal, value) => has(value),
            Facts::In(list) => list.iter().all(has),
            _ => false,
        }
    }

    fn is_above(&self, low: &str) -> bool {
        let reaches = |value: &String| {
            matches!(compare(value, low), Some(Ordering::Greater | Ordering::Equal))
        };
        match self {
            Facts::Compared(
                Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal,
                value,
            ) => reaches(value),
            Facts::In(values) => values.iter().all(reaches),
            _ => false,
        }
    }

    fn is_below(&self, high: &str) -> bool {
        let is_less = |value: &String| compare(value, high) == Some(Ordering::Less);
        match self {
            Facts::Compared(Comparison::Less, value) => {
                is_less(value) || compare(value, high) == Some(Ordering::Equal)
            }
            Facts::Compared(Comparison::LessOrEqual | Comparison::Equal, value) => is_less(value),
            Facts::In(values) => values.iter().all(is_less),
            _ => false,
        }
    }
}

impl Comparison {
    fn read(sign: &str) -> Option<Comparison> {
        Some(match sign {
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            "=" => Comparison::Equal,
            "<>" | "!=" => Comparison::NotEqual,
            ">=" => Comparison::GreaterOrEqual,
            ">" => Comparison::Greater,
            _ => return None,
        })
    }

    /// With its sides exchanged.
    fn turned(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            Comparison::Greater => Comparison::Less,
            same => same,
        }
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Less => ordering == Ordering::Less,
            Comparison::LessOrEqual => ordering != Ordering::Greater,
            Comparison::Equal => ordering == Ordering::Equal,
            Comparison::NotEqual => ordering != Ordering::Equal,
            Comparison::GreaterOrEqual => ordering != Ordering::Less,
            Comparison::Greater => ordering == Ordering::Greater,
        }
    }
}

/// Two literals of one type, where their text tells.
fn compare(one: &str, other: &str) -> Option<Ordering> {
    if one == other {
        return Some(Ordering::Equal);
    }
    if let (Ok(one), Ok(other)) = (one.parse::<i128>(), other.parse::<i128>()) {
        return Some(one.cmp(&other));
    }
    // Days, and times of the same form, are in the order of their letters.
    let (day, time) = one.split_at_checked(10)?;
    let (other_day, other_time) = other.split_at_checked(10)?;
    let is_zoned = |time: &str| time.contains(['+', '-', 'Z', 'z']);
    let is_plain = time.len() == other_time.len() && !is_zoned(time) && !is_zoned(other_time);
    let is_comparable = time == other_time || is_plain;
    (is_day(day) && is_day(other_day) && is_comparable).then(|| one.cmp(other))
}

/// `2026-01-31`.
fn is_day(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

#[derive(Clone, PartialEq, Eq)]
enum Token {
    Column,
    /// Its value, without quotes.
    Literal(String),
    /// In upper case.
    Word(String),
    Sign(String),
    Open,
    Close,
    Comma,
    Other,
}

fn facts(tokens: &[Token]) -> Facts {
    let tokens = without_brackets(tokens);
    let alternatives = split(tokens, "OR");
    if alternatives.len() > 1 {
        return Facts::Any(alternatives.into_iter().map(facts).collect_vec());
    }
    let parts = split(tokens, "AND");
    if parts.len() > 1 {
        return Facts::All(parts.into_iter().map(facts).collect_vec());
    }
    let word = |token: &Token, word: &str| matches!(token, Token::Word(it) if it == word);
    match tokens {
        [Token::Column, Token::Sign(sign), Token::Literal(value)] => {
            Comparison::read(sign).map_or(Facts::Unknown, |it| Facts::Compared(it, value.clone()))
        }
        [Token::Literal(value), Token::Sign(sign), Token::Column] => Comparison::read(sign)
            .map_or(Facts::Unknown, |it| Facts::Compared(it.turned(), value.clone())),
        [Token::Column, is, not, null]
            if word(is, "IS") && word(not, "NOT") && word(null, "NULL") =>
        {
            Facts::NotNull
        }
        [Token::Column, between, Token::Literal(low), and, Token::Literal(high)]
            if word(between, "BETWEEN") && word(and, "AND") =>
        {
            Facts::All(vec![
                Facts::Compared(Comparison::GreaterOrEqual, low.clone()),
                Facts::Compared(Comparison::LessOrEqual, high.clone()),
            ])
        }
        [Token::Column, is_in, list @ ..] if word(is_in, "IN") => {
            literals(list).map_or(Facts::Unknown, Facts::In)
        }
        _ => Facts::Unknown,
    }
}

/// `(a, b)`.
fn literals(tokens: &[Token]) -> Option<Vec<String>> {
    let [Token::Open, inside @ .., Token::Close] = tokens else { return None };
    let values = inside.split(|token| *token == Token::Comma).map(|value| match value {
        [Token::Literal(value)] => Some(value.clone()),
        _ => None,
    });
    values.collect_all()
}

/// What is inside the brackets around all of it.
fn without_brackets(tokens: &[Token]) -> &[Token] {
    let [Token::Open, inside @ .., Token::Close] = tokens else { return tokens };
    let mut depth = 0usize;
    for token in inside {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return tokens,
            Token::Close => depth -= 1,
            _ => {}
        }
    }
    without_brackets(inside)
}

/// At a word outside of brackets; not at the `AND` of `BETWEEN`.
fn split<'a>(tokens: &'a [Token], at: &str) -> Vec<&'a [Token]> {
    let (mut depth, mut between) = (0usize, false);
    tokens
        .split(|token| match token {
            Token::Open => {
                depth += 1;
                false
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                false
            }
            Token::Word(word) if depth == 0 && word == "BETWEEN" => {
                between = true;
                false
            }
            Token::Word(word) if depth == 0 && word == "AND" && between => {
                between = false;
                false
            }
            Token::Word(word) => depth == 0 && word == at,
            _ => false,
        })
        .collect_vec()
}

fn tokens_of(text: &str, tokens: &mut Vec<Token>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_sign = |c: char| "<>=!:-+*/|".contains(c);
        let length = match first {
            '\'' => quoted(rest),
            c if c.is_ascii_digit() => {
                rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len())
            }
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c if is_sign(c) => rest.find(|c| !is_sign(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind;
        let token = match first {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '\'' => Token::Literal(token.trim_matches('\'').replace("''", "'")),
            c if c.is_ascii_digit() => match tokens.pop_if(|it| *it == Token::Sign("-".to_owned()))
            {
                Some(_) => Token::Literal(format!("-{token}")),
                None => Token::Literal(token.to_owned()),
            },
            c if is_word(c) => Token::Word(token.to_ascii_uppercase()),
            c if is_sign(c) => Token::Sign(token.to_owned()),
            _ => Token::Other,
        };
        tokens.push(token);
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long the literal is at the beginning.
fn quoted(text: &str) -> usize {
    let mut at = 1;
    while let Some(end) = text.get(at..).and_then(|rest| rest.find('\'')) {
        at += end + 1;
        if !text.get(at..).is_some_and(|rest| rest.starts_with('\'')) {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Facts {
        let column = Piece::Column(1);
        let mut pieces = vec![];
        for (at, part) in text.split("#").enumerate() {
            pieces.extend((at > 0).then(|| column.clone()));
            pieces.push(Piece::Text(part.to_owned()));
        }
        Facts::of(&Expr { pieces }, 1)
    }

    #[test]
    fn rows_in_a_bound() {
        let cases = [
            ("FOR VALUES IN (1, 2)", "# = 1", true),
            ("FOR VALUES IN (1, 2)", "# IN (2, 1)", true),
            ("FOR VALUES IN (1, 2)", "# IN (2, 3)", false),
            ("FOR VALUES IN ('a')", "(# = 'a')", true),
            ("FOR VALUES IN ('a')", "# = 'a' OR # = 'b'", false),
            ("FOR VALUES IN ('a', 'b')", "# = 'a' OR # = 'b'", true),
            ("FOR VALUES FROM (1) TO (10)", "# >= 1 AND # < 10", true),
            ("FOR VALUES FROM (1) TO (10)", "# >= 2 AND 9 >= #", true),
            ("FOR VALUES FROM (1) TO (10)", "# BETWEEN 2 AND 9 AND true", true),
            ("FOR VALUES FROM (1) TO (10)", "# BETWEEN 2 AND 10", false),
            ("FOR VALUES FROM (-5) TO (10)", "# > -5 AND # <= 10", false),
            ("FOR VALUES FROM (MINVALUE) TO (10)", "# < 10", true),
            (
                "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
                "# >= '2026-02-01' AND # < '2026-11-01'",
                true,
            ),
            (
                "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
                "# >= '2025-12-31' AND # < '2026-11-01'",
                false,
            ),
            (
                "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
                "# >= '2026-1-1' AND # < '2026-11-01'",
                false,
            ),
            ("FOR VALUES WITH (MODULUS 4, REMAINDER 0)", "# = 1", false),
        ];
        for (bound, text, expected) in cases {
            let proven = Bound::read(bound).is_some_and(|it| check(text).imply(&it, true));
            assert_eq!(proven, expected, "{bound} {text}");
            let unknown = Bound::read(bound).is_some_and(|it| check(text).imply(&it, false));
            assert!(!unknown, "{bound} {text}: NULL is in none");
        }
    }

    #[test]
    fn rows_outside_of_a_bound() {
        let cases = [
            ("FOR VALUES IN (2)", "# IS NOT NULL AND # <> 2", true),
            ("FOR VALUES IN (2, 3)", "# <> 2", false),
            ("FOR VALUES IN (2, 3)", "# > 3", true),
            ("FOR VALUES IN ('a')", "# = 'b'", false),
            ("FOR VALUES FROM (1) TO (10)", "# < 1 OR # >= 10", true),
            ("FOR VALUES FROM (1) TO (10)", "# <= 1 OR # >= 10", false),
            ("FOR VALUES FROM (1) TO (10)", "# = 10", true),
            ("FOR VALUES FROM (1) TO (MAXVALUE)", "# >= 10", false),
        ];
        for (bound, text, expected) in cases {
            let excluded = Bound::read(bound).is_some_and(|it| check(text).exclude(&it));
            assert_eq!(excluded, expected, "{bound} {text}");
        }
    }
}
