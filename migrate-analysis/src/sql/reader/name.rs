//! Names, as PostgreSQL keeps them: folded to lower case unless quoted, cut to 63 bytes.

use super::cursor::Reader;
use crate::ddl::{Ident, Name};
use crate::sql::lex::Kind;
use crate::sql::literal;

/// `NAMEDATALEN - 1`.
const LONGEST: usize = 63;

/// The name that a word or a quoted name stands for.
pub(super) fn identifier(written: &str) -> Option<String> {
    let mut name = match written.as_bytes().first()? {
        b'"' => unquoted(written, 1)?,
        b'u' | b'U' if written.ends_with('"') => {
            let body = unquoted(written, 3)?.replace('\'', "''");
            literal::decode(&format!("U&'{body}'"))?
        }
        _ => written.to_ascii_lowercase(),
    };
    if name.len() > LONGEST {
        name.truncate(name.floor_char_boundary(LONGEST));
    }
    Some(name)
}

fn unquoted(written: &str, prefix: usize) -> Option<String> {
    let body = written.get(prefix..written.len().checked_sub(1)?)?;
    Some(if body.contains('"') { body.replace("\"\"", "\"") } else { body.to_owned() })
}

impl Reader<'_> {
    /// Whether a name (or a keyword) is next.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind(), Some(Kind::Word | Kind::QuotedName))
    }

    /// Whether the token `ahead` is a name (or a keyword).
    pub(super) fn is_name_at(&self, ahead: usize) -> bool {
        matches!(self.kind_at(ahead), Some(Kind::Word | Kind::QuotedName))
    }

    pub(super) fn ident(&mut self) -> Option<Ident> {
        let name = self.identifier()?;
        Some(Ident { name, at: self.range(self.at - 1, self.at) })
    }

    /// An identifier without its place.
    pub(super) fn identifier(&mut self) -> Option<String> {
        // Its escape character is not looked at.
        if !self.is_name() || self.is_kind(Kind::QuotedName) && self.is_at(1, "UESCAPE") {
            return None;
        }
        let name = identifier(self.text())?;
        self.at += 1;
        Some(name)
    }

    /// `name (, name)*`, each in one part.
    pub(super) fn idents(&mut self) -> Option<Vec<Ident>> {
        self.list(Self::ident)
    }

    /// `(name, …)`.
    pub(super) fn ident_list(&mut self) -> Option<Vec<Ident>> {
        self.bracketed(Self::ident)
    }

    /// A name in up to three parts.
    pub(super) fn name(&mut self) -> Option<Name> {
        let from = self.at;
        let mut schema = None;
        let mut name = self.identifier()?;
        while self.is_kind(Kind::Dot) && self.is_name_at(1) {
            self.at += 1;
            schema = Some(std::mem::replace(&mut name, self.identifier()?));
        }
        Some(Name { schema, name, at: self.range_from(from) })
    }

    /// `[ONLY] name [*]`.
    pub(super) fn relation(&mut self) -> Option<Name> {
        self.accept("ONLY");
        if self.is_kind(Kind::Open) {
            return self.in_parens(Self::name);
        }
        let name = self.name()?;
        self.accept_operator("*");
        Some(name)
    }

    /// The parts of a name: `schema.table.column`.
    pub(super) fn path(&mut self) -> Option<Vec<String>> {
        let mut path = vec![self.identifier()?];
        while self.is_kind(Kind::Dot) && self.is_name_at(1) {
            self.at += 1;
            path.push(self.identifier()?);
        }
        Some(path)
    }

    /// `table.column`, both perhaps with more before them.
    pub(super) fn column_of_table(&mut self) -> Option<(Name, Ident)> {
        let from = self.at;
        let mut path = self.path()?;
        let at = self.range(self.at - 1, self.at);
        let column = Ident { name: path.pop()?, at };
        let name = path.pop()?;
        let table = Name { schema: path.pop(), name, at: self.range(from, self.at - 2) };
        Some((table, column))
    }

    /// A role: `CURRENT_USER` and its kin folded, as is any other name.
    pub(super) fn role(&mut self) -> Option<String> {
        self.identifier()
    }
}
