//! Columns of tables.

use super::cursor::Reader;
use crate::ddl::ColumnDef;
use crate::sql::lex::Kind;

impl Reader<'_> {
    /// A column; without its type where the table has got that from elsewhere.
    pub(super) fn column_def(&mut self) -> Option<ColumnDef> {
        let name = self.ident()?;
        let typed = self.accept_all(&["WITH", "OPTIONS"])
            || self.is_column_constraint()
            || matches!(self.kind(), None | Some(Kind::Comma | Kind::Close));
        let type_name = if typed { None } else { Some(self.type_name()?) };
        let mut column = ColumnDef {
            name,
            type_name,
            collation: None,
            storage: None,
            compression: None,
            constraints: Vec::new(),
        };
        self.column_options(&mut column)?;
        Some(column)
    }

    /// What stands behind the type, in any order.
    fn column_options(&mut self, column: &mut ColumnDef) -> Option<()> {
        loop {
            if self.is_column_constraint() {
                column.constraints.push(self.column_constraint()?);
            } else if self.accept("COLLATE") {
                column.collation = Some(self.name()?);
            } else if self.accept("STORAGE") {
                column.storage = Some(self.identifier()?);
            } else if self.accept("COMPRESSION") {
                column.compression = Some(self.identifier()?);
            } else if self.accept("OPTIONS") {
                self.skip_parens()?;
            } else {
                return Some(());
            }
        }
    }
}
