//! A statement's text with a change in it, to be pasted.

use super::Statement;
use crate::ddl::Name;
use crate::sql;
use std::ops::Range;

impl Statement<'_> {
    /// Its text without the semicolon; none where the command stands inside another statement.
    pub(super) fn own(&self) -> Option<&str> {
        self.is_whole().then(|| self.sql().trim().trim_end_matches(';').trim_end())
    }

    /// Whether the command is all of the statement: it is not where it stands in a `DO` block.
    pub(super) fn is_whole(&self) -> bool {
        let own = self.script.statements.get(self.script.place);
        own.is_some_and(|own| std::ptr::eq(&raw const own.command, self.seen.command))
    }

    /// The statement with its semicolon.
    pub(super) fn again(&self) -> Option<String> {
        self.own().map(|own| format!("{own};"))
    }

    /// The statement with more words behind the first that is `word` (in lower case).
    pub(super) fn with(&self, word: &str, more: &str) -> Option<String> {
        let at = self.find(word)?;
        self.replaced(&(at.end..at.end), &format!(" {more}"))
    }

    /// The statement without the words from `first` to `last` (in lower case), where it has them.
    pub(super) fn without(&self, first: &str, last: &str) -> Option<String> {
        let (Some(first), Some(last)) = (self.find(first), self.find(last)) else {
            return self.again();
        };
        self.replaced(&(first.start..last.end + 1), "")
    }

    /// The statement with other text in a place.
    pub(super) fn replaced(&self, at: &Range<usize>, text: &str) -> Option<String> {
        let own = self.own()?;
        let (start, end) = (at.start.checked_sub(self.range.start)?, at.end - self.range.start);
        let (before, after) = (own.get(..start)?, own.get(end..).unwrap_or_default());
        Some(format!("{before}{text}{after};"))
    }

    /// Where a word (in lower case) stands first.
    pub(super) fn find(&self, word: &str) -> Option<Range<usize>> {
        sql::find_name(self.text, self.range.clone(), word)
    }

    /// A name as it is written.
    pub(super) fn written(&self, name: &Name) -> &str {
        self.part(&name.at)
    }
}

/// The statement under an `allow`, where nothing else would do what it does.
pub(super) fn allowed(code: crate::diagnostic::Code, why: &str, statement: &str) -> String {
    format!("-- migrate: allow({code}) <{why}>\n{statement}")
}
