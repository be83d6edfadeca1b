//! CREATE INDEX, and the elements of indexes and partition keys.

use super::cursor::Reader;
use crate::ddl::{Command, CreateIndex, IndexElement, IndexKey};
use crate::sql::lex::Kind;

/// Behind `CREATE`: `[UNIQUE] INDEX …`.
pub(super) fn create_index(reader: &mut Reader<'_>) -> Option<Command> {
    let unique = reader.accept("UNIQUE");
    reader.expect("INDEX")?;
    let concurrently = reader.accept("CONCURRENTLY");
    let if_not_exists = reader.if_not_exists();
    let name = if reader.is("ON") { None } else { Some(reader.ident()?) };
    reader.expect("ON")?;
    let only = reader.accept("ONLY");
    let table = reader.name()?;
    let method = if reader.accept("USING") { Some(reader.identifier()?) } else { None };
    let elements = reader.bracketed(Reader::index_element)?;
    let mut index = CreateIndex {
        name,
        table,
        only,
        unique,
        concurrently,
        if_not_exists,
        method,
        elements,
        include: Vec::new(),
        nulls_not_distinct: false,
        options: Vec::new(),
        tablespace: None,
        predicate: None,
    };
    if reader.accept("INCLUDE") {
        index.include = reader.ident_list()?;
    }
    index.nulls_not_distinct = reader.nulls_not_distinct();
    if reader.accept("WITH") {
        index.options = reader.options()?;
    }
    if reader.accept("TABLESPACE") {
        index.tablespace = Some(reader.identifier()?);
    }
    if reader.accept("WHERE") {
        index.predicate = Some(reader.expression(&["CREATE", "GRANT"])?);
    }
    Some(Command::CreateIndex(index))
}

impl Reader<'_> {
    /// A column or an expression, with its collation, operator class and order.
    pub(super) fn index_element(&mut self) -> Option<IndexElement> {
        let key = self.index_key()?;
        let collation = if self.accept("COLLATE") { Some(self.name()?) } else { None };
        let operator_class = match self.is_name() && !self.is_any(&["ASC", "DESC", "WITH"]) {
            true if !self.are(&["NULLS", "FIRST"]) && !self.are(&["NULLS", "LAST"]) => {
                let name = self.name()?;
                let from = self.at;
                let parameters = match self.is_kind(Kind::Open) {
                    true => {
                        self.skip_parens()?;
                        Some(self.folded(from, self.at))
                    }
                    false => None,
                };
                Some((name, parameters))
            }
            _ => None,
        };
        let descending = self.accept_any(&["ASC", "DESC"]) == Some("DESC");
        let nulls_first = match self.accept("NULLS") {
            true => Some(self.accept_any(&["FIRST", "LAST"])? == "FIRST"),
            false => None,
        };
        Some(IndexElement { key, collation, operator_class, descending, nulls_first })
    }

    fn index_key(&mut self) -> Option<IndexKey> {
        if self.is_kind(Kind::Open) {
            return Some(IndexKey::Expression(self.expression_in_parens()?));
        }
        let mut behind = *self;
        let column = behind.ident()?;
        if !matches!(behind.kind(), Some(Kind::Open | Kind::Dot)) {
            *self = behind;
            return Some(IndexKey::Column(column));
        }
        // The call of a function.
        behind.at = self.at;
        behind.path()?;
        behind.skip_parens()?;
        Some(IndexKey::Expression(self.expression_to(behind.at)?))
    }
}
