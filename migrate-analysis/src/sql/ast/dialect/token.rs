//! Tokens, spelt so that `sqlparser` reads them as PostgreSQL does.

use super::super::is_alias;
use super::operator;
use crate::list::CollectVec;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithLocation};
use std::ops::Range;

/// What stands for `RETURNING`, which `sqlparser` takes for an alias: a keyword that it knows to be none.
pub(super) const RETURNING: Keyword = Keyword::EXPLAIN;

/// What is a name like any other in PostgreSQL's queries, and begins a clause in those of other databases.
const NAMES: [Keyword; 16] = [
    Keyword::CLUSTER,
    Keyword::CONNECT,
    Keyword::DISTRIBUTE,
    Keyword::EXPLAIN,
    Keyword::FORMAT,
    Keyword::GLOBAL,
    Keyword::MATCH_RECOGNIZE,
    Keyword::PIVOT,
    Keyword::PREWHERE,
    Keyword::QUALIFY,
    Keyword::SETTINGS,
    Keyword::SORT,
    Keyword::START,
    Keyword::TOP,
    Keyword::UNPIVOT,
    Keyword::VIEW,
];

/// The name of a field that stands for all of them: `(t).*`.
pub(in super::super) const EVERY_FIELD: &str = "*";

/// The tokens of a statement or expression, as they are to be parsed.
pub(in super::super) fn readable(tokens: Vec<TokenWithLocation>) -> Vec<TokenWithLocation> {
    let is_blank = |it: &TokenWithLocation| matches!(it.token, Token::Whitespace(_));
    let tokens = operator::split(tokens).into_iter().filter(|it| !is_blank(it)).collect_vec();
    let mut readable = Readable { written: &tokens, read: Vec::with_capacity(tokens.len()) };
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let behind = match &token.token {
            Token::LParen => {
                open.push(at);
                None
            }
            Token::RParen => open.pop().and_then(|open| readable.typed_columns(open, at)),
            Token::Word(word) if word.keyword == Keyword::TABLESAMPLE => readable.sample(at),
            // A function behind it always sees what stands before; `sqlparser` knows fewer forms of it there.
            Token::Word(word) if word.keyword == Keyword::LATERAL => {
                (readable.begins_source(at) && readable.is_name(at + 1)).then_some(at + 1)
            }
            Token::Mul if readable.is_behind_operand(at) => {
                readable.write(&[word(EVERY_FIELD)]);
                Some(at + 1)
            }
            _ => None,
        };
        at = behind.unwrap_or_else(|| {
            readable.read.push(token.clone());
            at + 1
        });
    }
    let mut read = readable.read;
    read.iter_mut().for_each(rename);
    read
}

fn rename(token: &mut TokenWithLocation) {
    if let Token::Word(word) = &mut token.token {
        word.keyword = match word.keyword {
            Keyword::RETURNING => RETURNING,
            other if NAMES.contains(&other) => Keyword::NoKeyword,
            other => other,
        };
    }
}

/// A statement, and what has been read of it.
struct Readable<'a> {
    written: &'a [TokenWithLocation],
    read: Vec<TokenWithLocation>,
}

impl<'a> Readable<'a> {
    fn token(&self, at: usize) -> Option<&'a Token> {
        self.written.get(at).map(|it| &it.token)
    }

    fn keyword(&self, at: usize) -> Option<Keyword> {
        match self.token(at) {
            Some(Token::Word(word)) => Some(word.keyword),
            _ => None,
        }
    }

    /// Whether what stands there can be the name of a function, type or column.
    fn is_name(&self, at: usize) -> bool {
        self.written.get(at).is_some_and(is_name)
    }

    /// Whether something in `FROM` begins there.
    fn begins_source(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        matches!(self.token(before), Some(Token::Comma | Token::LParen))
            || matches!(self.keyword(before), Some(Keyword::FROM | Keyword::JOIN | Keyword::USING))
    }

    /// Whether `).` or `].` stands before.
    fn is_behind_operand(&self, at: usize) -> bool {
        let before = |count| self.token(at.checked_sub(count)?);
        before(1) == Some(&Token::Period)
            && matches!(before(2), Some(Token::RParen | Token::RBracket))
    }

    /// Where the bracket is closed that is opened there.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0usize;
        for (at, token) in self.written.iter().enumerate().skip(open) {
            match token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return (at > open).then_some(at);
            }
        }
        None
    }

    /// `t TABLESAMPLE f (1) REPEATABLE (2)` is `t WITH (f (1), REPEATABLE (2))`, which `sqlparser` takes for
    /// hints. Gives the place behind it.
    fn sample(&mut self, at: usize) -> Option<usize> {
        let first = at + 1;
        let is_column = at.checked_sub(1).and_then(|at| self.token(at)) == Some(&Token::Period);
        if is_column || !self.is_name(first) {
            return None;
        }
        let mut name = first;
        while self.token(name + 1) == Some(&Token::Period) {
            name += 2;
        }
        let mut close = self.closing(name + 1)?;
        self.write(&[word("WITH"), Token::LParen]);
        self.copy(first..close + 1);
        if self.keyword(close + 1) == Some(Keyword::REPEATABLE) {
            self.write(&[Token::Comma]);
            let repeatable = close + 1;
            close = self.closing(repeatable + 1)?;
            self.copy(repeatable..close + 1);
        }
        self.write(&[Token::RParen]);
        Some(close + 1)
    }

    /// `f (…) AS t (a int, b text)` is `f (…) AS t (a, b) WITH (0::int, 0::text)`, where `sqlparser` looks for
    /// hints. The brackets are those of the function; gives the place behind the list.
    fn typed_columns(&mut self, open: usize, close: usize) -> Option<usize> {
        let function = open.checked_sub(1).filter(|&at| self.is_name(at))?;
        let renamed = self.keyword(close + 1) == Some(Keyword::AS);
        let alias = close + 1 + usize::from(renamed);
        let (alias, list) = match self.is_name(alias) {
            _ if self.keyword(alias) == Some(Keyword::OVER) => return None,
            true => (alias, alias + 1),
            // It is called as the function is.
            false if renamed => (function, alias),
            false => return None,
        };
        let behind = self.closing(list)?;
        let mut depth = 0usize;
        let definitions = self.written.get(list + 1..behind)?.split(|token| {
            match token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.token == Token::Comma
        });
        let definitions = definitions.map(definition).collect_all()?;
        self.copy(close..close + 1);
        self.write(&[word("AS")]);
        self.copy(alias..alias + 1);
        for (place, (name, _)) in definitions.iter().enumerate() {
            self.write(&[separator(place)]);
            self.read.push((*name).clone());
        }
        self.write(&[Token::RParen, word("WITH")]);
        for (place, (_, of)) in definitions.iter().enumerate() {
            self.write(&[
                separator(place),
                Token::Number("0".to_owned(), false),
                Token::DoubleColon,
            ]);
            self.read.extend_from_slice(of);
        }
        self.write(&[Token::RParen]);
        Some(behind + 1)
    }

    fn copy(&mut self, range: Range<usize>) {
        self.read.extend_from_slice(self.written.get(range).unwrap_or_default());
    }

    fn write(&mut self, tokens: &[Token]) {
        for token in tokens {
            self.read.push(TokenWithLocation::wrap(token.clone()));
        }
    }
}

fn word(keyword: &str) -> Token {
    Token::make_word(keyword, None)
}

/// What stands before an element of a list.
fn separator(place: usize) -> Token {
    if place == 0 { Token::LParen } else { Token::Comma }
}

fn is_name(token: &TokenWithLocation) -> bool {
    matches!(&token.token, Token::Word(word) if is_alias(&word.to_ident()))
}

/// A column and its type; none for anything else, such as `PARTITION BY a` and `UPDATE t SET a = 1`.
fn definition(tokens: &[TokenWithLocation]) -> Option<(&TokenWithLocation, &[TokenWithLocation])> {
    let (name, of) = tokens.split_first()?;
    let (first, rest) = of.split_first()?;
    let is_part = |(token, before): (&TokenWithLocation, &TokenWithLocation)| match &token.token {
        Token::Word(word) => before.token == Token::Period || PARTS.contains(&word.keyword),
        Token::Number(..) | Token::Comma | Token::Period => true,
        Token::LParen | Token::RParen | Token::LBracket | Token::RBracket => true,
        _ => false,
    };
    (is_name(name) && is_name(first) && rest.iter().zip(of).all(is_part)).then_some((name, of))
}

/// The words in the names of types, behind the first.
const PARTS: [Keyword; 6] = [
    Keyword::PRECISION,
    Keyword::VARYING,
    Keyword::WITH,
    Keyword::WITHOUT,
    Keyword::TIME,
    Keyword::ZONE,
];
