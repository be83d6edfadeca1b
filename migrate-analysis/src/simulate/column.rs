//! Columns of tables: looking them up, and making them from what is written.

use super::names::is_built_in;
use super::sequence::next_value;
use super::{Failure, Result, Simulator};
use crate::catalog::{
    BaseType, Column, ColumnType, Expr, Id, Kind, Object, Ownership, Table, named, numbered,
    numbered_mut,
};
use crate::ddl::{
    ColumnConstraintKind, ColumnDef, ConstraintAttributes, Ident, Name, ObjectKind,
    SequenceOptions, TableConstraint, TableConstraintKind, TypeName,
};
use crate::sql::quoted;
use std::ops::Range;

impl Simulator<'_> {
    /// The columns of a table or view, as far as they are known.
    pub(super) fn columns(&self, id: Id) -> &[Column] {
        match self.catalog.kind(id) {
            Some(Kind::Table(table)) => &table.columns,
            Some(Kind::View(view)) => &view.columns,
            _ => &[],
        }
    }

    /// The columns of a table or view of which all are known.
    pub(super) fn columns_for_certain(&self, id: Id) -> Option<&[Column]> {
        let object = self.catalog.get(id)?;
        let certain = match &object.kind {
            Kind::Table(_) => true,
            Kind::View(view) => view.followed,
            _ => false,
        };
        (certain && !object.partial && !self.catalog.session().fog.everywhere)
            .then(|| self.columns(id))
    }

    /// Whether the object may have more than what is known of it.
    pub(super) fn is_partial(&self, id: Id) -> bool {
        self.catalog.get(id).is_none_or(|object| object.partial)
            || self.catalog.session().fog.everywhere
    }

    pub(super) fn table_of(&self, id: Id) -> Option<&Table> {
        self.catalog.get(id).and_then(Object::table)
    }

    pub(super) fn edit_table(&mut self, id: Id, change: impl FnOnce(&mut Table)) {
        self.catalog.edit(id, |object| {
            if let Some(table) = object.table_mut() {
                change(table);
            }
        });
    }

    /// Changes a column of a table or view.
    pub(super) fn edit_column(&mut self, id: Id, number: u32, change: impl FnOnce(&mut Column)) {
        self.catalog.edit(id, |object| {
            let columns = match &mut object.kind {
                Kind::Table(table) => &mut table.columns,
                Kind::View(view) => &mut view.columns,
                _ => return,
            };
            if let Some(column) = numbered_mut(columns, number) {
                change(column);
            }
        });
    }

    /// A column that has to exist, made up where its table is not known well enough.
    pub(super) fn column_number(&mut self, table: Id, column: &Ident) -> Result<u32> {
        let known = named(self.columns(table), &column.name);
        if let Some(known) = known {
            return Ok(known.number);
        }
        if self.columns_for_certain(table).is_some() && !self.is_shrouded(&column.name) {
            return Err(self.unknown_column(table, &column.name, column.at.clone()));
        }
        let number = self.next_number(table);
        self.catalog.reveal_in(table, |object| {
            let columns = match &mut object.kind {
                Kind::Table(table) => {
                    table.last_number = table.last_number.max(number);
                    &mut table.columns
                }
                Kind::View(view) => &mut view.columns,
                _ => return,
            };
            if columns.iter().all(|it| it.name != column.name) {
                let mut made_up = Column::new(number, &column.name, ColumnType::UNKNOWN);
                made_up.partial = true;
                columns.push(made_up);
            }
        });
        Ok(number)
    }

    /// A number that no column of it ever had.
    fn next_number(&self, table: Id) -> u32 {
        let used = self.columns(table).iter().map(|it| it.number).max().unwrap_or(0);
        let last = self.table_of(table).map_or(0, |table| table.last_number);
        used.max(last) + 1
    }

    pub(super) fn column_numbers(&mut self, table: Id, columns: &[Ident]) -> Result<Vec<u32>> {
        columns.iter().map(|column| self.column_number(table, column)).collect()
    }

    pub(super) fn name_of_column(&self, table: Id, number: u32) -> String {
        let column = numbered(self.columns(table), number);
        column.map(|column| column.name.clone()).unwrap_or_default()
    }

    /// A new column without what has expressions in it.
    pub(super) fn new_column(
        &mut self,
        table: &str,
        number: u32,
        def: &ColumnDef,
    ) -> Result<Column> {
        let column_type = match &def.type_name {
            None => ColumnType::UNKNOWN,
            Some(written) => match serial_type(written) {
                Some(_) if written.array => {
                    let message = "array of serial is not implemented".to_owned();
                    return Err(Failure::wrong(written.name.at.clone(), "0A000", message));
                }
                Some(name) => ColumnType::built_in(name),
                None => self.column_type(written)?,
            },
        };
        let mut column = Column::new(number, &def.name.name, column_type);
        column.not_null = self.is_not_null(table, def)?;
        let mut named =
            def.constraints.iter().filter(|it| it.kind == ColumnConstraintKind::NotNull);
        column.not_null_name = named.find_map(|it| Some(it.name.as_ref()?.name.clone()));
        column.collation = def.collation.as_ref().and_then(collation_name);
        column.compression = def.compression.as_deref().and_then(not_default);
        column.storage = def.storage.as_deref().and_then(|it| storage(&column.column_type, it));
        check_defaults(table, def)?;
        Ok(column)
    }

    fn is_not_null(&self, table: &str, def: &ColumnDef) -> Result<bool> {
        let kinds = || def.constraints.iter().map(|constraint| &constraint.kind);
        let is_serial = def.type_name.as_ref().is_some_and(|it| serial_type(it).is_some());
        let is_identity = kinds().any(|it| matches!(it, ColumnConstraintKind::Identity { .. }));
        let not_null = kinds().any(|it| matches!(it, ColumnConstraintKind::NotNull));
        let null = kinds().any(|it| matches!(it, ColumnConstraintKind::Null));
        if null && (not_null || is_serial || is_identity) {
            let name = &def.name.name;
            let message = format!(
                "conflicting NULL/NOT NULL declarations for column \"{name}\" of table \"{table}\""
            );
            return Err(Failure::wrong(def.name.at.clone(), "42601", message));
        }
        Ok(not_null || is_serial || is_identity)
    }

    /// What of a new column needs its table to be there: default, expression, sequence.
    pub(super) fn finish_column(&mut self, table: Id, number: u32, def: &ColumnDef) -> Result {
        if let Some(name) = def.type_name.as_ref().and_then(serial_type) {
            let owner = Ownership { table, column: number, identity: false };
            let options = SequenceOptions::default();
            let sequence = self.add_column_sequence(owner, name, &options, &def.name.at)?;
            self.edit_column(table, number, |column| column.default = Some(next_value(sequence)));
        }
        for constraint in &def.constraints {
            match &constraint.kind {
                ColumnConstraintKind::Default(expression) => {
                    let column_type = self.type_of_column(table, number);
                    let default = self.default_value(expression, &column_type)?;
                    self.edit_column(table, number, |column| column.default = default);
                }
                ColumnConstraintKind::Generated { expression, stored } => {
                    self.check_columns(expression, table)?;
                    let at = expression.at.clone();
                    let expression = self.bind_of(expression, table);
                    self.check_generation(table, number, &expression, at)?;
                    self.edit_column(table, number, |column| {
                        column.generated = Some((expression, *stored));
                    });
                }
                ColumnConstraintKind::Identity { always, options } => {
                    self.add_identity(table, number, *always, options, &def.name.at)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A generated column is not computed from another, nor from itself.
    fn check_generation(
        &self,
        table: Id,
        number: u32,
        expression: &Expr,
        at: Range<usize>,
    ) -> Result {
        let is_generated = |it: &&Column| it.number == number || it.generated.is_some();
        let mut generated = self.columns(table).iter().filter(is_generated);
        match generated.find(|it| expression.mentions(it.number)) {
            Some(column) => {
                let message = format!(
                    "cannot use generated column \"{}\" in column generation expression",
                    column.name
                );
                Err(Failure::wrong(at, "42P17", message))
            }
            None => Ok(()),
        }
    }

    /// Makes it an identity column.
    pub(super) fn add_identity(
        &mut self,
        table: Id,
        number: u32,
        always: bool,
        options: &SequenceOptions,
        at: &Range<usize>,
    ) -> Result {
        let column = numbered(self.columns(table), number);
        let Some(column) = column else { return Ok(()) };
        let is_integer = is_built_in(&column.column_type, &["smallint", "integer", "bigint"]);
        let data_type = match &column.column_type.base {
            BaseType::BuiltIn(name) if is_integer => name.clone(),
            BaseType::BuiltIn(_) | BaseType::Foreign { .. } | BaseType::User(_) => {
                let message =
                    "identity column type must be smallint, integer, or bigint".to_owned();
                return Err(Failure::wrong(at.clone(), "22023", message));
            }
            BaseType::Unknown => "bigint".to_owned(),
        };
        self.edit_column(table, number, |column| {
            column.identity = Some(always);
            column.not_null = true;
        });
        let owner = Ownership { table, column: number, identity: true };
        self.add_column_sequence(owner, &data_type, options, at)?;
        Ok(())
    }

    /// An expression over the columns of a table.
    pub(super) fn bind_of(
        &mut self,
        expression: &crate::ddl::Expression,
        table: Id,
    ) -> crate::catalog::Expr {
        let columns = self.columns(table).to_vec();
        let name = self.catalog.get(table).map(|object| object.name.clone()).unwrap_or_default();
        self.bind_in(expression, &columns, &[&name])
    }

    /// The failure for a column that is there already.
    pub(super) fn duplicate_column(&self, table: Id, column: &Ident) -> Failure {
        let is_it = |object: &Object| {
            object.table().is_some_and(|table| table.column(&column.name).is_some())
        };
        let at = column.at.clone();
        self.duplicate_part(ObjectKind::Column, &column.name, table, at, &is_it)
    }
}

/// The constraints that are written with a column, as constraints of the table.
pub(super) fn constraints(def: &ColumnDef) -> Vec<TableConstraint> {
    let columns = || vec![def.name.clone()];
    let mut constraints = Vec::new();
    for constraint in &def.constraints {
        let mut attributes: ConstraintAttributes = constraint.attributes.clone();
        let kind = match &constraint.kind {
            ColumnConstraintKind::Check { expression, no_inherit } => {
                attributes.no_inherit |= *no_inherit;
                TableConstraintKind::Check(expression.clone())
            }
            ColumnConstraintKind::Unique { nulls_not_distinct, index } => {
                TableConstraintKind::Unique {
                    columns: columns(),
                    nulls_not_distinct: *nulls_not_distinct,
                    index: index.clone(),
                }
            }
            ColumnConstraintKind::PrimaryKey { index } => {
                TableConstraintKind::PrimaryKey { columns: columns(), index: index.clone() }
            }
            ColumnConstraintKind::References(references) => TableConstraintKind::ForeignKey {
                columns: columns(),
                references: references.clone(),
            },
            _ => continue,
        };
        let (name, at) = (constraint.name.clone(), constraint.at.clone());
        constraints.push(TableConstraint { name, kind, attributes, at });
    }
    constraints
}

/// A column has one default, one expression, or is an identity column.
fn check_defaults(table: &str, def: &ColumnDef) -> Result {
    let count = |is_it: fn(&ColumnConstraintKind) -> bool| {
        def.constraints.iter().filter(|constraint| is_it(&constraint.kind)).count()
    };
    let is_serial = def.type_name.as_ref().is_some_and(|it| serial_type(it).is_some());
    let defaults =
        count(|it| matches!(it, ColumnConstraintKind::Default(_))) + usize::from(is_serial);
    let identities = count(|it| matches!(it, ColumnConstraintKind::Identity { .. }));
    let generated = count(|it| matches!(it, ColumnConstraintKind::Generated { .. }));
    let what = match (defaults, identities, generated) {
        (2.., _, _) => "multiple default values",
        (_, 2.., _) => "multiple identity specifications",
        (_, _, 2..) => "multiple generation clauses",
        (1, 1, _) => "both default and identity",
        (1, _, 1) => "both default and generation expression",
        (_, 1, 1) => "both identity and generation expression",
        _ => return Ok(()),
    };
    let name = &def.name.name;
    let message = format!("{what} specified for column \"{name}\" of table \"{table}\"");
    Err(Failure::wrong(def.name.at.clone(), "42601", message))
}

/// What a serial column is made of.
pub(crate) fn serial_type(written: &TypeName) -> Option<&'static str> {
    if written.name.schema.is_some() {
        return None;
    }
    match written.name.name.as_str() {
        "serial" | "serial4" => Some("integer"),
        "bigserial" | "serial8" => Some("bigint"),
        "smallserial" | "serial2" => Some("smallint"),
        _ => None,
    }
}

/// A collation as the catalog keeps it, which is as SQL spells it; none for the default one.
pub(super) fn collation_name(written: &Name) -> Option<String> {
    let name = quoted(&written.name);
    match &written.schema {
        Some(schema) if schema != "pg_catalog" => Some(format!("{}.{name}", quoted(schema))),
        _ => (written.name != "default").then_some(name),
    }
}

/// A setting that is not `DEFAULT`.
pub(super) fn not_default(setting: &str) -> Option<String> {
    let setting = setting.to_ascii_lowercase();
    (setting != "default").then_some(setting)
}

/// How values are stored, where it is not the type's own way.
pub(super) fn storage(column_type: &ColumnType, written: &str) -> Option<String> {
    not_default(written).filter(|written| column_type.storage() != Some(written))
}
