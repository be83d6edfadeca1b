//! Constraints of tables and columns.

use super::cursor::Reader;
use super::expression::COLUMN_CONSTRAINTS;
use crate::ddl::{
    Action, ColumnConstraint, ColumnConstraintKind, ConstraintAttributes, Ident, IndexParameters,
    References, TableConstraint, TableConstraintKind,
};
use crate::sql::lex::Kind;

impl Reader<'_> {
    /// Whether a constraint of a table is next, and no column.
    pub(super) fn is_table_constraint(&self) -> bool {
        self.is_any(&["CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "NOT"])
            || self.is("EXCLUDE") && (self.is_at(1, "USING") || self.kind_at(1) == Some(Kind::Open))
    }

    pub(super) fn table_constraint(&mut self) -> Option<TableConstraint> {
        let from = self.at;
        let name = if self.accept("CONSTRAINT") { Some(self.ident()?) } else { None };
        let kind = self.table_constraint_kind()?;
        let attributes = self.constraint_attributes();
        Some(TableConstraint { name, kind, attributes, at: self.range_from(from) })
    }

    fn table_constraint_kind(&mut self) -> Option<TableConstraintKind> {
        if self.accept_all(&["FOREIGN", "KEY"]) {
            let columns = self.key_columns()?;
            let references = self.references()?;
            return Some(TableConstraintKind::ForeignKey { columns, references });
        }
        if self.accept("CHECK") {
            return Some(TableConstraintKind::Check(self.expression_in_parens()?));
        }
        if self.accept_all(&["NOT", "NULL"]) {
            return Some(TableConstraintKind::NotNull(self.ident()?));
        }
        if self.accept("EXCLUDE") {
            return self.exclusion();
        }
        let primary = self.accept_all(&["PRIMARY", "KEY"]);
        if !primary {
            self.expect("UNIQUE")?;
        }
        if self.accept_all(&["USING", "INDEX"]) {
            return Some(TableConstraintKind::UsingIndex { primary, index: self.ident()? });
        }
        let nulls_not_distinct = self.nulls_not_distinct();
        let columns = self.key_columns()?;
        let index = self.index_parameters()?;
        Some(match primary {
            true => TableConstraintKind::PrimaryKey { columns, index },
            false => TableConstraintKind::Unique { columns, nulls_not_distinct, index },
        })
    }

    /// Behind `EXCLUDE`.
    fn exclusion(&mut self) -> Option<TableConstraintKind> {
        let method = if self.accept("USING") { Some(self.identifier()?) } else { None };
        let elements = self.bracketed(|reader| {
            let element = reader.index_element()?;
            reader.expect("WITH")?;
            let from = reader.at;
            if reader.accept("OPERATOR") {
                reader.skip_parens()?;
            } else {
                reader.operator_name()?;
            }
            Some((element, reader.folded(from, reader.at)))
        })?;
        let index = self.index_parameters()?;
        let predicate =
            if self.accept("WHERE") { Some(self.expression_in_parens()?) } else { None };
        Some(TableConstraintKind::Exclude { method, elements, index, predicate })
    }

    /// The columns of a key; `WITHOUT OVERLAPS` and `PERIOD` are not kept.
    fn key_columns(&mut self) -> Option<Vec<Ident>> {
        self.bracketed(|reader| {
            if reader.is("PERIOD") && reader.is_name_at(1) {
                reader.at += 1;
            }
            let column = reader.ident()?;
            reader.accept_all(&["WITHOUT", "OVERLAPS"]);
            Some(column)
        })
    }

    pub(super) fn nulls_not_distinct(&mut self) -> bool {
        let not = self.accept_all(&["NULLS", "NOT", "DISTINCT"]);
        if !not {
            self.accept_all(&["NULLS", "DISTINCT"]);
        }
        not
    }

    /// `INCLUDE (…) WITH (…) USING INDEX TABLESPACE …`.
    fn index_parameters(&mut self) -> Option<IndexParameters> {
        let mut parameters = IndexParameters::default();
        if self.accept("INCLUDE") {
            parameters.include = self.ident_list()?;
        }
        if self.accept("WITH") {
            parameters.options = self.options()?;
        }
        if self.accept_all(&["USING", "INDEX", "TABLESPACE"]) {
            parameters.tablespace = Some(self.identifier()?);
        }
        Some(parameters)
    }

    /// `REFERENCES …`.
    fn references(&mut self) -> Option<References> {
        self.expect("REFERENCES")?;
        let table = self.name()?;
        let columns = if self.is_kind(Kind::Open) { self.key_columns()? } else { Vec::new() };
        let mut references = References {
            table,
            columns,
            full_match: false,
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        };
        loop {
            if self.accept("MATCH") {
                references.full_match = self.accept_any(&["FULL", "PARTIAL", "SIMPLE"])? == "FULL";
            } else if self.accept_all(&["ON", "DELETE"]) {
                references.on_delete = self.action()?;
            } else if self.accept_all(&["ON", "UPDATE"]) {
                references.on_update = self.action()?;
            } else {
                return Some(references);
            }
        }
    }

    fn action(&mut self) -> Option<Action> {
        if self.accept_all(&["NO", "ACTION"]) {
            return Some(Action::NoAction);
        }
        if self.accept("RESTRICT") {
            return Some(Action::Restrict);
        }
        if self.accept("CASCADE") {
            return Some(Action::Cascade);
        }
        self.expect("SET")?;
        let null = self.accept_any(&["NULL", "DEFAULT"])? == "NULL";
        let columns = if self.is_kind(Kind::Open) { self.ident_list()? } else { Vec::new() };
        Some(if null { Action::SetNull(columns) } else { Action::SetDefault(columns) })
    }

    /// `DEFERRABLE`, `NOT VALID`, …, in any order.
    pub(super) fn constraint_attributes(&mut self) -> ConstraintAttributes {
        let mut attributes = ConstraintAttributes::default();
        loop {
            if self.accept("DEFERRABLE") {
                attributes.deferrable = true;
            } else if self.accept_all(&["NOT", "DEFERRABLE"]) {
                attributes.deferrable = false;
            } else if self.accept_all(&["INITIALLY", "DEFERRED"]) {
                attributes.deferrable = true;
                attributes.initially_deferred = true;
            } else if self.accept_all(&["INITIALLY", "IMMEDIATE"]) {
                attributes.initially_deferred = false;
            } else if self.accept_all(&["NOT", "VALID"]) {
                attributes.not_valid = true;
            } else if self.accept_all(&["NOT", "ENFORCED"]) {
                attributes.not_enforced = true;
            } else if self.accept("ENFORCED") {
                attributes.not_enforced = false;
            } else if self.accept_all(&["NO", "INHERIT"]) {
                attributes.no_inherit = true;
            } else {
                return attributes;
            }
        }
    }

    /// Whether a constraint of a column is next.
    pub(super) fn is_column_constraint(&self) -> bool {
        const FIRST: [&str; 9] = [
            "NOT",
            "NULL",
            "DEFAULT",
            "PRIMARY",
            "REFERENCES",
            "UNIQUE",
            "CHECK",
            "CONSTRAINT",
            "GENERATED",
        ];
        self.is_any(&FIRST)
    }

    pub(super) fn column_constraint(&mut self) -> Option<ColumnConstraint> {
        let from = self.at;
        let name = if self.accept("CONSTRAINT") { Some(self.ident()?) } else { None };
        let mut kind = self.column_constraint_kind()?;
        let attributes = self.constraint_attributes();
        if let ColumnConstraintKind::Check { no_inherit, .. } = &mut kind {
            *no_inherit = attributes.no_inherit;
        }
        Some(ColumnConstraint { name, kind, attributes, at: self.range_from(from) })
    }

    fn column_constraint_kind(&mut self) -> Option<ColumnConstraintKind> {
        if self.accept_all(&["NOT", "NULL"]) {
            return Some(ColumnConstraintKind::NotNull);
        }
        if self.accept("NULL") {
            return Some(ColumnConstraintKind::Null);
        }
        if self.accept("DEFAULT") {
            let default = self.expression(&COLUMN_CONSTRAINTS)?;
            return Some(ColumnConstraintKind::Default(default));
        }
        if self.accept_all(&["PRIMARY", "KEY"]) {
            return Some(ColumnConstraintKind::PrimaryKey { index: self.index_parameters()? });
        }
        if self.is("REFERENCES") {
            return Some(ColumnConstraintKind::References(self.references()?));
        }
        if self.accept("UNIQUE") {
            let nulls_not_distinct = self.nulls_not_distinct();
            let index = self.index_parameters()?;
            return Some(ColumnConstraintKind::Unique { nulls_not_distinct, index });
        }
        if self.accept("CHECK") {
            let expression = self.expression_in_parens()?;
            return Some(ColumnConstraintKind::Check { expression, no_inherit: false });
        }
        self.expect("GENERATED")?;
        self.generated()
    }

    /// Behind `GENERATED`.
    fn generated(&mut self) -> Option<ColumnConstraintKind> {
        let always = self.always_or_by_default()?;
        self.expect("AS")?;
        if self.accept("IDENTITY") {
            let options = if self.is_kind(Kind::Open) {
                self.identity_options()?
            } else {
                Default::default()
            };
            return Some(ColumnConstraintKind::Identity { always, options });
        }
        let expression = self.expression_in_parens()?;
        // Without a word it is virtual, from PostgreSQL 18 on.
        let stored = self.accept_any(&["STORED", "VIRTUAL"]) == Some("STORED");
        Some(ColumnConstraintKind::Generated { expression, stored })
    }

    /// `ALWAYS` or `BY DEFAULT`.
    pub(super) fn always_or_by_default(&mut self) -> Option<bool> {
        if self.accept("ALWAYS") {
            return Some(true);
        }
        self.expect_all(&["BY", "DEFAULT"])?;
        Some(false)
    }
}
