//! What stands in the brackets of `CREATE TYPE`, `CREATE AGGREGATE` and their kin.

use super::cursor::Reader;
use crate::sql::lex::Kind;
use std::ops::Range;

impl Reader<'_> {
    /// `(name [= value], …)`: names folded, values as they are written, blanks folded.
    pub(super) fn definition(&mut self) -> Option<Vec<(String, String)>> {
        self.bracketed(|reader| {
            let name = reader.identifier()?;
            if !reader.accept_operator("=") {
                return Some((name, String::new()));
            }
            let from = reader.at;
            reader.skip_value();
            Some((name, reader.folded(from, reader.at)))
        })
    }

    /// Up to a comma or closing bracket that is not its own.
    pub(super) fn skip_value(&mut self) {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Comma | Kind::Close => return,
                Kind::Open => self.at = self.words.behind_parens(self.at),
                _ => self.at += 1,
            }
        }
    }

    /// Where the inside of the literal stands that is next, without its quotes.
    pub(super) fn literal_range(&self) -> Option<Range<usize>> {
        let token = self.words.token(self.at)?;
        let written = self.text();
        let (open, close) = match token.kind {
            Kind::DollarText => {
                let tag = written.get(1..)?.find('$')? + 2;
                (tag, tag)
            }
            _ => (written.find('\'')? + 1, 1),
        };
        let start = token.start + open;
        Some(start..token.end.saturating_sub(close).max(start))
    }
}
