//! ALTER COLUMN.

use super::column::{collation_name, not_default, storage};
use super::names::is_built_in;
use super::{Failure, Result, Simulator};
use crate::catalog::{
    BaseType, Column, ColumnType, Constraint, ConstraintKind, Expr, Id, Index, Kind, Object, named,
    numbered,
};
use crate::ddl::{ColumnAction, Expression, Ident, Name, SequenceOptions, TypeName};
use crate::deparse;
use crate::ordered::sort;

impl Simulator<'_> {
    pub(super) fn alter_column(
        &mut self,
        table: Id,
        column: &Ident,
        action: &ColumnAction,
        only: bool,
    ) -> Result {
        if matches!(self.catalog.get(table), Some(Object { kind: Kind::Index(_), .. })) {
            return Ok(());
        }
        let number = self.column_number(table, column)?;
        match action {
            ColumnAction::Type { type_name, collation, using } => {
                let written = (type_name, collation.as_ref(), using.as_ref());
                self.alter_type_of_column(table, number, written, column)
            }
            ColumnAction::SetDefault(expression) => {
                self.check_plain(table, number, column)?;
                let column_type = self.type_of_column(table, number);
                let default = self.default_value(expression, &column_type)?;
                self.edit_recursively(table, column, only, |it| it.default.clone_from(&default));
                Ok(())
            }
            ColumnAction::DropDefault => {
                self.check_plain(table, number, column)?;
                self.edit_recursively(table, column, only, |it| it.default = None);
                Ok(())
            }
            ColumnAction::SetNotNull => {
                self.edit_recursively(table, column, only, |it| it.not_null = true);
                Ok(())
            }
            ColumnAction::DropNotNull => self.drop_not_null(table, number, column, only),
            ColumnAction::SetExpression(expression) => {
                self.check_columns(expression, table)?;
                let expression = self.bind_of(expression, table);
                self.edit_column(table, number, |it| {
                    let stored = it.generated.as_ref().is_none_or(|(_, stored)| *stored);
                    it.generated = Some((expression, stored));
                });
                Ok(())
            }
            ColumnAction::DropExpression { if_exists } => {
                let found = numbered(self.columns(table), number);
                let is_plain = found.is_some_and(|it| it.generated.is_none() && !it.partial);
                if is_plain && !if_exists {
                    let message = format!(
                        "{} is not a stored generated column",
                        self.described(table, column)
                    );
                    return Err(Failure::wrong(column.at.clone(), "55000", message));
                }
                self.edit_recursively(table, column, only, |it| it.generated = None);
                Ok(())
            }
            ColumnAction::AddIdentity { .. }
            | ColumnAction::SetIdentity { .. }
            | ColumnAction::DropIdentity { .. } => {
                self.alter_identity(table, number, column, action)
            }
            _ => {
                self.edit_column(table, number, |it| set(it, action));
                Ok(())
            }
        }
    }

    pub(super) fn type_of_column(&self, table: Id, number: u32) -> ColumnType {
        let column = numbered(self.columns(table), number);
        column.map_or(ColumnType::UNKNOWN, |column| column.column_type.clone())
    }

    /// Changes a column, and the same of the children.
    fn edit_recursively(
        &mut self,
        table: Id,
        column: &Ident,
        only: bool,
        change: impl Fn(&mut Column) + Copy,
    ) {
        let number = named(self.columns(table), &column.name);
        let Some(number) = number.map(|it| it.number) else { return };
        self.edit_column(table, number, change);
        if !only {
            for child in self.child_tables(table) {
                self.edit_recursively(child, column, false, change);
            }
        }
    }

    fn described(&self, table: Id, column: &Ident) -> String {
        format!("column \"{}\" of relation \"{}\"", column.name, self.relation_name_of(table))
    }

    /// A generated or identity column has no default.
    fn check_plain(&self, table: Id, number: u32, column: &Ident) -> Result {
        let found = numbered(self.columns(table), number);
        let what = match found {
            Some(it) if it.identity.is_some() => "an identity column",
            Some(it) if it.generated.is_some() => "a generated column",
            _ => return Ok(()),
        };
        let message = format!("{} is {what}", self.described(table, column));
        Err(Failure::wrong(column.at.clone(), "42601", message))
    }

    fn drop_not_null(&mut self, table: Id, number: u32, column: &Ident, only: bool) -> Result {
        let found = numbered(self.columns(table), number);
        if found.is_some_and(|it| it.identity.is_some()) {
            let message = format!("{} is an identity column", self.described(table, column));
            return Err(Failure::wrong(column.at.clone(), "42601", message));
        }
        if self.is_in_primary_key(table, number) {
            let message = format!("column \"{}\" is in a primary key", column.name);
            return Err(Failure::wrong(column.at.clone(), "42P16", message));
        }
        self.edit_recursively(table, column, only, |it| it.not_null = false);
        Ok(())
    }

    /// Of the table itself: a key of a table that inherits from it stands in the way until PostgreSQL 17 only.
    fn is_in_primary_key(&self, table: Id, number: u32) -> bool {
        let in_key = |constraint: &Constraint| match constraint.kind {
            ConstraintKind::PrimaryKey { index } => {
                let index = self.catalog.get(index).and_then(Object::index);
                index.and_then(Index::columns).is_some_and(|it| it.contains(&number))
            }
            _ => false,
        };
        self.table_of(table).is_some_and(|it| it.constraints.iter().any(in_key))
    }

    fn alter_identity(
        &mut self,
        table: Id,
        number: u32,
        column: &Ident,
        action: &ColumnAction,
    ) -> Result {
        let Some(found) = numbered(self.columns(table), number).cloned() else {
            return Ok(());
        };
        let wrong = |what: &str| {
            let message = format!("{} {what}", self.described(table, column));
            Err(Failure::wrong(column.at.clone(), "55000", message))
        };
        let known = !found.partial;
        match action {
            ColumnAction::AddIdentity { always, options } => {
                if found.identity.is_some() {
                    return wrong("is already an identity column");
                }
                if found.default.is_some() {
                    return wrong("already has a default value");
                }
                if !found.not_null && known {
                    return wrong("must be declared NOT NULL before identity can be added");
                }
                self.add_identity(table, number, *always, options, &column.at)
            }
            ColumnAction::SetIdentity { always, options, .. } => {
                if found.identity.is_none() && known {
                    return wrong("is not an identity column");
                }
                if let Some(always) = always {
                    self.edit_column(table, number, |it| it.identity = Some(*always));
                }
                for (id, owner) in self.column_sequences(table, number) {
                    if owner.identity {
                        self.edit_sequence(id, options, &column.at)?;
                    }
                }
                Ok(())
            }
            ColumnAction::DropIdentity { if_exists } => {
                if found.identity.is_none() && known {
                    return if *if_exists { Ok(()) } else { wrong("is not an identity column") };
                }
                self.edit_column(table, number, |it| it.identity = None);
                for (id, owner) in self.column_sequences(table, number) {
                    if owner.identity {
                        self.catalog.remove(id);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn alter_type_of_column(
        &mut self,
        table: Id,
        number: u32,
        (type_name, collation, using): (&TypeName, Option<&Name>, Option<&Expression>),
        column: &Ident,
    ) -> Result {
        let column_type = self.column_type(type_name)?;
        let Some(found) = numbered(self.columns(table), number).cloned() else {
            return Ok(());
        };
        if let Some(using) = using {
            self.check_columns(using, table)?;
        }
        if found.inherited > 0 && !self.is_partial(table) {
            let message = format!("cannot alter inherited column \"{}\"", column.name);
            return Err(Failure::wrong(column.at.clone(), "42P16", message));
        }
        self.check_retypable(table, number, column)?;
        self.check_castable(&found, &column_type, using.is_some(), column)?;
        self.retype(table, column, &column_type, collation)
    }

    /// The type of a column and of the same one in the children.
    fn retype(
        &mut self,
        table: Id,
        column: &Ident,
        column_type: &ColumnType,
        collation: Option<&Name>,
    ) -> Result {
        let found = named(self.columns(table), &column.name);
        let Some(found) = found else { return Ok(()) };
        self.check_default(found, column_type, column)?;
        let number = found.number;
        self.edit_column(table, number, |it| {
            if it.column_type.base != column_type.base {
                it.storage = None;
            }
            it.column_type = column_type.clone();
            it.collation = collation.and_then(collation_name);
            it.partial = false;
        });
        if is_built_in(column_type, &["smallint", "integer", "bigint"]) {
            let BaseType::BuiltIn(name) = &column_type.base else { return Ok(()) };
            let name = Name { schema: None, name: name.clone(), at: column.at.clone() };
            let type_name =
                TypeName { name, modifiers: None, array: false, set_of: false, built_in: true };
            let options =
                SequenceOptions { type_name: Some(type_name), ..SequenceOptions::default() };
            for (id, owner) in self.column_sequences(table, number) {
                if owner.identity {
                    self.edit_sequence(id, &options, &column.at)?;
                }
            }
        }
        for child in self.child_tables(table) {
            self.retype(child, column, column_type, collation)?;
        }
        Ok(())
    }

    /// Fails where something rests on the column that PostgreSQL does not make again.
    fn check_retypable(&self, table: Id, number: u32, column: &Ident) -> Result {
        let wrong = |sqlstate, what: &str| {
            let message = format!("cannot alter type of a column used {what}");
            Err(Failure::wrong(column.at.clone(), sqlstate, message))
        };
        for id in self.catalog.dependents(table) {
            let Some(object) = self.catalog.get(id) else { continue };
            if object.view().is_some_and(|view| view.reads.contains(&(table, Some(number)))) {
                // The name is in what PostgreSQL tells as a detail.
                return wrong("0A000", &format!("by a view or rule: view \"{}\"", object.name));
            }
        }
        let Some(of) = self.table_of(table) else { return Ok(()) };
        let used = |expression: &Option<Expr>| expression.iter().any(|it| it.mentions(number));
        if of.policies.iter().any(|policy| used(&policy.using) || used(&policy.check)) {
            return wrong("0A000", "in a policy definition");
        }
        let in_events = |events: &[(String, Vec<u32>)]| {
            events.iter().any(|(_, columns)| columns.contains(&number))
        };
        if of.triggers.iter().any(|it| used(&it.when) || in_events(&it.events)) {
            return wrong("0A000", "in a trigger definition");
        }
        let others = of.columns.iter().filter(|it| it.number != number);
        if others.flat_map(|it| &it.generated).any(|(it, _)| it.mentions(number)) {
            return wrong("42601", "by a generated column");
        }
        if super::alter_table::partitions_by(of, number) {
            let message = format!(
                "cannot alter column \"{}\" because it is part of the partition key of relation \"{}\"",
                column.name,
                self.relation_name_of(table)
            );
            return Err(Failure::wrong(column.at.clone(), "42P16", message));
        }
        Ok(())
    }

    /// Fails where there certainly is no cast that PostgreSQL would use by itself.
    fn check_castable(
        &self,
        found: &Column,
        wanted: &ColumnType,
        using: bool,
        column: &Ident,
    ) -> Result {
        if found.partial {
            return Ok(());
        }
        let to = deparse::column_type(&self.catalog.now(), wanted);
        let name = &column.name;
        let is_numbered = is_built_in(wanted, &["smallint", "integer", "bigint"]);
        if found.identity.is_some() && !is_numbered && !wanted.is_unknown() {
            let message = "identity column type must be smallint, integer, or bigint".to_owned();
            return Err(Failure::wrong(column.at.clone(), "22023", message));
        }
        let own = self.family(&found.column_type);
        if !using && found.generated.is_none() && self.is_uncastable(own, wanted) {
            let message = format!("column \"{name}\" cannot be cast automatically to type {to}");
            return Err(Failure::wrong(column.at.clone(), "42804", message));
        }
        Ok(())
    }

    /// The same for the default of the column.
    fn check_default(&self, found: &Column, wanted: &ColumnType, column: &Ident) -> Result {
        let of_default = found.default.as_ref().and_then(|it| self.default_family(it));
        if found.partial || !self.is_uncastable(of_default, wanted) {
            return Ok(());
        }
        let to = deparse::column_type(&self.catalog.now(), wanted);
        let name = &column.name;
        let message =
            format!("default for column \"{name}\" cannot be cast automatically to type {to}");
        Err(Failure::wrong(column.at.clone(), "42804", message))
    }
}

/// Settings of a column.
fn set(column: &mut Column, action: &ColumnAction) {
    match action {
        ColumnAction::SetStatistics(target) => {
            column.statistics = (*target >= 0).then_some(*target);
        }
        ColumnAction::SetOptions(options) => {
            column.options.retain(|(name, _)| !options.iter().any(|(other, _)| other == name));
            column.options.extend(options.iter().cloned());
            sort(&mut column.options);
        }
        ColumnAction::ResetOptions(names) => {
            column.options.retain(|(name, _)| !names.contains(name));
        }
        ColumnAction::SetStorage(written) => {
            column.storage = storage(&column.column_type, written);
        }
        ColumnAction::SetCompression(written) => column.compression = not_default(written),
        _ => {}
    }
}
