//! Where the reader of a statement stands.
//!
//! What is not there is `None`, which makes the whole statement [`Command::Opaque`].
//!
//! [`Command::Opaque`]: crate::ddl::Command::Opaque

use crate::ddl::{Behavior, Persistence};
use crate::list::CollectVec;
use crate::sql::lex::Kind;
use crate::sql::literal;
use crate::sql::words::Words;
use std::ops::Range;

/// A place among the words of a statement. A copy of it is a place to come back to.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) words: Words<'a>,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(words: Words<'a>) -> Self {
        Reader { words, at: 0 }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.words.kind(self.at)
    }

    /// The kind of the token `ahead` of this one.
    pub(super) fn kind_at(&self, ahead: usize) -> Option<Kind> {
        self.words.kind(self.at + ahead)
    }

    /// The token as it is written; empty at the end.
    pub(super) fn text(&self) -> &'a str {
        self.words.text(self.at)
    }

    pub(super) fn text_at(&self, ahead: usize) -> &'a str {
        self.words.text(self.at + ahead)
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.words.len()
    }

    /// `value` if nothing follows.
    pub(super) fn done<T>(&self, value: T) -> Option<T> {
        self.at_end().then_some(value)
    }

    /// Whether the unquoted `word` (in upper case) is next.
    pub(super) fn is(&self, word: &str) -> bool {
        self.words.is(self.at, word)
    }

    pub(super) fn is_at(&self, ahead: usize, word: &str) -> bool {
        self.words.is(self.at + ahead, word)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        self.words.is_any(self.at, words)
    }

    pub(super) fn are(&self, words: &[&str]) -> bool {
        self.words.are(self.at, words)
    }

    /// Takes `word` if it is next.
    pub(super) fn accept(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    /// Takes `words` if all of them are next.
    pub(super) fn accept_all(&mut self, words: &[&str]) -> bool {
        let found = self.are(words);
        if found {
            self.at += words.len();
        }
        found
    }

    /// Takes the one of `words` that is next.
    pub(super) fn accept_any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let found = words.iter().copied().find(|word| self.is(word))?;
        self.at += 1;
        Some(found)
    }

    pub(super) fn expect(&mut self, word: &str) -> Option<()> {
        self.accept(word).then_some(())
    }

    pub(super) fn expect_all(&mut self, words: &[&str]) -> Option<()> {
        self.accept_all(words).then_some(())
    }

    pub(super) fn is_kind(&self, kind: Kind) -> bool {
        self.kind() == Some(kind)
    }

    pub(super) fn accept_kind(&mut self, kind: Kind) -> bool {
        let found = self.is_kind(kind);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_kind(&mut self, kind: Kind) -> Option<()> {
        self.accept_kind(kind).then_some(())
    }

    /// Takes the operator `text` (`=`, `::`) if it is next.
    pub(super) fn accept_operator(&mut self, text: &str) -> bool {
        let found = self.is_kind(Kind::Operator) && self.text() == text;
        self.at += usize::from(found);
        found
    }

    /// `read (, read)*`.
    pub(super) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut list = Vec::new();
        loop {
            list.push(read(self)?);
            if !self.accept_kind(Kind::Comma) {
                return Some(list);
            }
        }
    }

    /// `( read )`.
    pub(super) fn in_parens<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.expect_kind(Kind::Open)?;
        let value = read(self)?;
        self.expect_kind(Kind::Close)?;
        Some(value)
    }

    /// `( read (, read)* )`, or `()`.
    pub(super) fn bracketed<T>(
        &mut self,
        read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        if self.is_kind(Kind::Open) && self.kind_at(1) == Some(Kind::Close) {
            self.at += 2;
            return Some(Vec::new());
        }
        self.in_parens(|reader| reader.list(read))
    }

    /// Goes behind the bracket that closes the one that is next.
    pub(super) fn skip_parens(&mut self) -> Option<()> {
        if !self.is_kind(Kind::Open) {
            return None;
        }
        self.at = self.words.behind_parens(self.at);
        Some(())
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.accept_all(&["IF", "EXISTS"])
    }

    pub(super) fn if_not_exists(&mut self) -> bool {
        self.accept_all(&["IF", "NOT", "EXISTS"])
    }

    /// `[GLOBAL|LOCAL] TEMPORARY`, `UNLOGGED` or nothing.
    pub(super) fn persistence(&mut self) -> Persistence {
        if self.accept("UNLOGGED") {
            return Persistence::Unlogged;
        }
        let temporary = ["GLOBAL", "LOCAL", "TEMP", "TEMPORARY"];
        let mut persistence = Persistence::Permanent;
        while self.accept_any(&temporary).is_some() {
            persistence = Persistence::Temporary;
        }
        persistence
    }

    /// `CASCADE`, `RESTRICT` or nothing.
    pub(super) fn behavior(&mut self) -> Behavior {
        if self.accept("CASCADE") {
            return Behavior::Cascade;
        }
        self.accept("RESTRICT");
        Behavior::Restrict
    }

    /// The value of a string literal, those that continue it on the next lines included; what stands
    /// between dollars as it is.
    pub(super) fn string(&mut self) -> Option<String> {
        if self.is_kind(Kind::DollarText) {
            let written = self.text();
            let tag = written.get(1..)?.find('$')? + 2;
            let body = written.get(tag..written.len().checked_sub(tag)?)?;
            self.at += 1;
            return Some(body.to_owned());
        }
        if !self.is_kind(Kind::Text) {
            return None;
        }
        let written = self.text();
        let mut value = literal::decode(written)?;
        self.at += 1;
        let escapes = written.starts_with(['e', 'E']);
        while self.is_kind(Kind::Text) && self.text().starts_with('\'') {
            let part = if escapes { format!("E{}", self.text()) } else { self.text().to_owned() };
            value.push_str(&literal::decode(&part)?);
            self.at += 1;
        }
        // Its escape character is not looked at.
        if self.is("UESCAPE") { None } else { Some(value) }
    }

    /// A whole number, perhaps with its sign.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let negative = self.accept_operator("-");
        if !negative {
            self.accept_operator("+");
        }
        if !self.is_kind(Kind::Number) {
            return None;
        }
        let digits = self.text().replace('_', "");
        let value = whole_number(&digits, negative)?;
        self.at += 1;
        Some(value)
    }

    /// Bytes of the text from token `from` up to this one.
    pub(super) fn range_from(&self, from: usize) -> Range<usize> {
        self.range(from, self.at)
    }

    /// Bytes of the text from token `from` up to token `to`.
    pub(super) fn range(&self, from: usize, to: usize) -> Range<usize> {
        let first = self.words.token(from);
        let last = to.checked_sub(1).and_then(|last| self.words.token(last));
        match (first, last) {
            (Some(first), Some(last)) if from < to => first.start..last.end,
            (Some(first), _) => first.start..first.start,
            (None, Some(last)) => last.end..last.end,
            (None, None) => 0..0,
        }
    }

    /// What stands from token `from` up to token `to`, comments gone, blanks folded. (Two literals are one
    /// where a line ends between them, and stay one.)
    pub(super) fn folded(&self, from: usize, to: usize) -> String {
        let to = to.min(self.words.len());
        let mut out = String::new();
        let mut end = None;
        for at in from..to {
            let Some(token) = self.words.token(at) else { break };
            if end.is_some_and(|end| end < token.start) {
                let text = |at| self.words.kind(at) == Some(Kind::Text);
                let continued = text(at) && at > from && text(at - 1);
                out.push(if continued { '\n' } else { ' ' });
            }
            out.push_str(self.words.text(at));
            end = Some(token.end);
        }
        out
    }

    /// What stands from here to the end, blanks folded.
    pub(super) fn rest(&mut self) -> String {
        let rest = self.folded(self.at, self.words.len());
        self.at = self.words.len();
        rest
    }

    /// `(name [= value], …)`: names folded (`toast.autovacuum_enabled`), values as they are written
    /// without quotes; empty for a name without a value.
    pub(super) fn options(&mut self) -> Option<Vec<(String, String)>> {
        self.bracketed(|reader| {
            let name = reader.option_name()?;
            if !reader.accept_operator("=") {
                return Some((name, String::new()));
            }
            Some((name, reader.option_value()?))
        })
    }

    /// `(name, …)`, as in `RESET`. A value behind a name is dropped.
    pub(super) fn option_names(&mut self) -> Option<Vec<String>> {
        Some(self.options()?.into_iter().map(|(name, _)| name).collect_vec())
    }

    fn option_name(&mut self) -> Option<String> {
        let mut name = self.ident()?.name;
        while self.accept_kind(Kind::Dot) {
            name.push('.');
            name.push_str(&self.ident()?.name);
        }
        Some(name)
    }

    /// A string's value, or everything up to the next comma or closing bracket.
    fn option_value(&mut self) -> Option<String> {
        if matches!(self.kind(), Some(Kind::Text | Kind::DollarText)) {
            return self.string();
        }
        let from = self.at;
        while !matches!(self.kind(), None | Some(Kind::Comma | Kind::Close)) {
            match self.kind() {
                Some(Kind::Open) => self.skip_parens()?,
                _ => self.at += 1,
            }
        }
        (from < self.at).then(|| self.folded(from, self.at))
    }
}

fn whole_number(digits: &str, negative: bool) -> Option<i64> {
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => 10,
    };
    let digits = if radix == 10 { digits } else { digits.get(2..)? };
    let value = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}
