//! Reading a statement by its tokens: words, names, brackets.

use super::lex::{Kind, Token};
use std::ops::Range;

/// The tokens of one statement, without comments.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Words { text, tokens }
    }

    /// Some of the tokens.
    pub(crate) fn part(&self, tokens: Range<usize>) -> Words<'a> {
        Words { text: self.text, tokens: self.tokens.get(tokens).unwrap_or(&[]) }
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).copied()
    }

    pub(crate) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The token as it is written; empty behind the end.
    pub(crate) fn text(&self, at: usize) -> &'a str {
        match self.tokens.get(at) {
            Some(token) => self.slice(token.start..token.end),
            None => "",
        }
    }

    /// The whole text that the statement is a part of.
    pub(crate) fn source(&self) -> &'a str {
        self.text
    }

    /// A stretch of the text itself.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or("")
    }

    /// What stands from token `from` up to token `to`, as it is written.
    pub(crate) fn between(&self, from: usize, to: usize) -> &'a str {
        match (self.tokens.get(from), to.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if from < to => self.slice(first.start..last.end),
            _ => "",
        }
    }

    /// Whether an unquoted `word` (in upper case) stands at `at`.
    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        match self.tokens.get(at) {
            Some(token) if token.kind == Kind::Word && token.end - token.start == word.len() => {
                self.slice(token.start..token.end).eq_ignore_ascii_case(word)
            }
            _ => false,
        }
    }

    /// Whether one of `words` stands at `at`.
    pub(crate) fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    /// Whether all of `words` stand there, one after the other.
    pub(crate) fn are(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.is(at + offset, word))
    }

    /// Behind `words` if they stand at `at`, otherwise `at`.
    pub(crate) fn skip(&self, at: usize, words: &[&str]) -> usize {
        if self.are(at, words) { at + words.len() } else { at }
    }

    /// Behind `IF EXISTS` or `IF NOT EXISTS`.
    pub(crate) fn skip_if_exists(&self, at: usize) -> usize {
        let at = self.skip(at, &["IF", "NOT", "EXISTS"]);
        self.skip(at, &["IF", "EXISTS"])
    }

    /// A name, perhaps qualified: how it is written, and where the token behind it stands.
    pub(crate) fn name(&self, at: usize) -> Option<(&'a str, usize)> {
        if !self.is_name(at) {
            return None;
        }
        let mut last = at;
        while self.kind(last + 1) == Some(Kind::Dot) && self.is_name(last + 2) {
            last += 2;
        }
        Some((self.between(at, last + 1), last + 1))
    }

    fn is_name(&self, at: usize) -> bool {
        matches!(self.kind(at), Some(Kind::Word | Kind::QuotedName))
    }

    /// Behind the bracket that closes the one at `at`; the end of the statement if none does.
    pub(crate) fn behind_parens(&self, at: usize) -> usize {
        let mut depth = 0usize;
        for index in at..self.tokens.len() {
            match self.kind(index) {
                Some(Kind::Open) => depth += 1,
                Some(Kind::Close) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return index + 1;
            }
        }
        self.tokens.len()
    }

    /// The first token from `at` on, outside round brackets, that is one of `words`.
    pub(crate) fn find(&self, at: usize, words: &[&str]) -> Option<usize> {
        let mut index = at;
        while index < self.tokens.len() {
            if self.kind(index) == Some(Kind::Open) {
                index = self.behind_parens(index);
                continue;
            }
            if self.is_any(index, words) {
                return Some(index);
            }
            index += 1;
        }
        None
    }
}
