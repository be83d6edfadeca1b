//! CREATE TABLE.

use super::column::constraints;
use super::inherit::check_same_type;
use super::{Failure, Found, Result, Simulator};
use crate::catalog::{Column, Id, Key, Kind, Object, Space, Table, named_mut};
use crate::ddl::{
    self, ColumnDef, Like, Name, ObjectKind, TableConstraint, TableConstraintKind, TableElement,
};
use crate::list::CollectVec;

/// A table that is being made: its columns, and what has to wait until it is there.
#[derive(Default)]
struct Draft<'a> {
    columns: Vec<Column>,
    /// By the numbers of their columns.
    defs: Vec<(u32, &'a ColumnDef)>,
    likes: Vec<(Id, &'a Like)>,
    constraints: Vec<TableConstraint>,
    partial: bool,
}

impl Simulator<'_> {
    pub(super) fn create_table(&mut self, create: &ddl::CreateTable) -> Result {
        let schema = self.new_relation_schema(&create.name, create.persistence)?;
        // It may be there, and be made otherwise.
        let may_be = create.if_not_exists
            && self.find_relation(&create.name) == Found::Perhaps
            && !self.is_far_fetched(&create.name.name);
        if !self.claim_relation(schema, &create.name, create.if_not_exists)? {
            return Ok(());
        }
        self.claim_type(schema, &create.name)?;
        let parents = self.parents(create)?;
        let of_type = create.of_type.as_ref().map(|name| self.row_type(name)).transpose()?;
        let draft = self.draft(create, &parents, of_type)?;
        let table = Table {
            persistence: create.persistence,
            server: create.server.clone(),
            of_type,
            last_number: u32::try_from(draft.columns.len()).unwrap_or(u32::MAX),
            columns: draft.columns.clone(),
            parents: parents.clone(),
            bound: create.partition_of.as_ref().map(|(_, bound)| bound.0.clone()),
            options: super::index::sorted(&create.options),
            access_method: create.access_method.clone(),
            tablespace: create.tablespace.clone(),
            ..Table::default()
        };
        let mut object = self.made(Some(schema), &create.name.name, Kind::Table(table));
        object.partial = may_be || draft.partial;
        let id = self.catalog.add(object);
        self.finish(id, create, &draft, &parents)
    }

    /// What needs the table to be there, in PostgreSQL's order, which names depend on.
    fn finish(
        &mut self,
        id: Id,
        create: &ddl::CreateTable,
        draft: &Draft<'_>,
        parents: &[Id],
    ) -> Result {
        for (number, def) in &draft.defs {
            self.finish_column(id, *number, def)?;
        }
        if let Some(by) = &create.partition_by {
            let key = self.partition_key(id, by)?;
            self.edit_table(id, |table| table.partition_by = Some(key));
        }
        self.inherit_checks(id, parents);
        let of_kind = |wanted: fn(&TableConstraintKind) -> bool| {
            draft.constraints.iter().filter(move |constraint| wanted(&constraint.kind))
        };
        for check in of_kind(|it| rank(it) == 0) {
            if !self.merge_with_inherited(id, check) {
                self.add_constraint(id, check, false)?;
            }
        }
        if let (Some(_), Some(parent)) = (&create.partition_of, parents.first()) {
            self.inherit_partitioned(*parent, id)?;
        }
        let mut keys: Vec<TableConstraint> =
            of_kind(|it| rank(it) == 1).chain(of_kind(|it| rank(it) == 2)).cloned().collect_vec();
        drop_redundant(&mut keys);
        for key in &keys {
            self.add_constraint(id, key, false)?;
        }
        for (source, like) in &draft.likes {
            self.finish_like(id, *source, like)?;
        }
        for key in of_kind(|it| rank(it) == 3) {
            self.add_constraint(id, key, false)?;
        }
        Ok(())
    }

    /// Whether a parent has brought a check of that name, which is the table's own then.
    fn merge_with_inherited(&mut self, table: Id, check: &TableConstraint) -> bool {
        let Some(name) = &check.name else { return false };
        let found = self.table_of(table).and_then(|table| table.constraint(&name.name));
        let is_inherited = found.is_some_and(|it| it.inherited > 0);
        if is_inherited {
            self.edit_table(table, |table| {
                let own = table.constraints.iter_mut().filter(|it| it.name == name.name);
                own.for_each(|it| it.local = true);
            });
        }
        is_inherited
    }

    /// A table has a type of its name.
    fn claim_type(&mut self, schema: Id, name: &Name) -> Result {
        let key = Key::new(Space::Type, Some(schema), &name.name);
        let Some(id) = self.catalog.find(&key) else { return Ok(()) };
        let partial = self.catalog.get(id).is_none_or(|object| object.partial);
        if partial || self.may_exist(&name.name) {
            return Ok(());
        }
        let is_it = |object: &Object| {
            object.schema == Some(schema)
                && object.name == name.name
                && object.keys().iter().any(|key| key.space == Space::Type)
        };
        let spelt = super::lookup::spelt(name);
        Err(self.duplicate(ObjectKind::Type, &spelt, None, name.at.clone(), &is_it))
    }

    fn parents(&mut self, create: &ddl::CreateTable) -> Result<Vec<Id>> {
        let mut parents = Vec::new();
        for name in &create.inherits {
            let parent = self.table(name)?;
            if parents.contains(&parent) {
                let message =
                    format!("relation \"{}\" would be inherited from more than once", name.name);
                return Err(Failure::wrong(name.at.clone(), "42P07", message));
            }
            parents.push(parent);
        }
        if let Some((name, _)) = &create.partition_of {
            let parent = self.table(name)?;
            self.check_partitioned(parent, name)?;
            parents.push(parent);
        }
        Ok(parents)
    }

    fn row_type(&mut self, name: &Name) -> Result<Id> {
        match self.find(Space::Type, name) {
            Found::Known(id) => Ok(id),
            Found::Perhaps => self.assume(name, Kind::Type),
            Found::Missing => {
                let is_it = |object: &Object| {
                    object.name == name.name
                        && object.keys().iter().any(|key| key.space == Space::Type)
                };
                let spelt = super::lookup::spelt(name);
                Err(self.unknown(ObjectKind::Type, &spelt, None, name.at.clone(), &is_it))
            }
        }
    }

    fn draft<'a>(
        &mut self,
        create: &'a ddl::CreateTable,
        parents: &[Id],
        of_type: Option<Id>,
    ) -> Result<Draft<'a>> {
        let mut draft = Draft {
            columns: self.inherited_columns(parents, &create.name.at)?,
            partial: parents.iter().any(|parent| self.columns_for_certain(*parent).is_none()),
            ..Draft::default()
        };
        if let Some(of_type) = of_type {
            match self.catalog.kind(of_type) {
                Some(Kind::Composite(attributes)) => {
                    for attribute in attributes {
                        let number = next_number(&draft.columns);
                        let column_type = attribute.column_type.clone();
                        let mut column = Column::new(number, &attribute.name, column_type);
                        column.collation.clone_from(&attribute.collation);
                        draft.columns.push(column);
                    }
                }
                _ => draft.partial = true,
            }
        }
        let mut own: Vec<String> = Vec::new();
        for element in &create.elements {
            match element {
                TableElement::Column(def) => {
                    self.draft_column(&mut draft, &mut own, create, def)?
                }
                TableElement::Like(like) => {
                    let (source, columns, certain) = self.like_columns(like)?;
                    draft.partial |= !certain;
                    draft.likes.push((source, like));
                    for column in columns {
                        let twice = own.contains(&column.name);
                        own.push(column.name.clone());
                        if twice {
                            return Err(twice_named(&column.name, like.table.at.clone()));
                        }
                        merge_own(&mut draft.columns, column, create)?;
                    }
                }
                TableElement::Constraint(constraint) => {
                    draft.constraints.push(constraint.clone());
                }
            }
        }
        // A new table has no rows to validate.
        for constraint in &mut draft.constraints {
            constraint.attributes.not_valid = false;
        }
        Ok(draft)
    }

    fn draft_column<'a>(
        &mut self,
        draft: &mut Draft<'a>,
        own: &mut Vec<String>,
        create: &ddl::CreateTable,
        def: &'a ColumnDef,
    ) -> Result {
        let name = &def.name.name;
        if own.contains(name) {
            return Err(twice_named(name, def.name.at.clone()));
        }
        own.push(name.clone());
        let column = self.new_column(&create.name.name, 0, def)?;
        draft.constraints.extend(constraints(def));
        if def.type_name.is_some() {
            let number = merge_own(&mut draft.columns, column, create)?;
            draft.defs.push((number, def));
            return Ok(());
        }
        // `OF type` and `PARTITION OF` have the column already.
        match named_mut(&mut draft.columns, name) {
            Some(existing) => {
                existing.not_null |= column.not_null;
                draft.defs.push((existing.number, def));
            }
            None if draft.partial => {
                let number = merge_own(&mut draft.columns, column, create)?;
                draft.defs.push((number, def));
            }
            None => {
                let message = format!("column \"{name}\" does not exist");
                return Err(Failure::wrong(def.name.at.clone(), "42703", message));
            }
        }
        Ok(())
    }
}

/// A column of the table's own, which may be a parent's too. Its number.
fn merge_own(columns: &mut Vec<Column>, column: Column, create: &ddl::CreateTable) -> Result<u32> {
    if let Some(inherited) = named_mut(columns, &column.name) {
        check_same_type(inherited, &column, &create.name.at, "column")?;
        inherited.local = true;
        inherited.not_null |= column.not_null;
        if column.default.is_some() {
            inherited.default = column.default;
        }
        return Ok(inherited.number);
    }
    let number = next_number(columns);
    columns.push(Column { number, ..column });
    Ok(number)
}

fn next_number(columns: &[Column]) -> u32 {
    columns.iter().map(|column| column.number).max().unwrap_or(0) + 1
}

fn twice_named(name: &str, at: std::ops::Range<usize>) -> Failure {
    let message = format!("column \"{name}\" specified more than once");
    Failure::wrong(at, "42701", message)
}

/// When a constraint is made: checks, the primary key, other keys, foreign keys.
pub(super) fn rank(kind: &TableConstraintKind) -> u8 {
    match kind {
        TableConstraintKind::Check(_) | TableConstraintKind::NotNull(_) => 0,
        TableConstraintKind::PrimaryKey { .. } => 1,
        TableConstraintKind::Unique { .. }
        | TableConstraintKind::Exclude { .. }
        | TableConstraintKind::UsingIndex { .. } => 2,
        TableConstraintKind::ForeignKey { .. } => 3,
    }
}

/// Of keys over the same columns, which PostgreSQL makes once: `UNIQUE PRIMARY KEY`.
fn drop_redundant(keys: &mut Vec<TableConstraint>) {
    let mut kept: Vec<TableConstraint> = Vec::new();
    for key in keys.drain(..) {
        match kept.iter_mut().find(|prior| is_same(prior, &key)) {
            Some(prior) => {
                if prior.name.is_none() {
                    prior.name = key.name;
                }
            }
            None => kept.push(key),
        }
    }
    *keys = kept;
}

/// The second may be a primary key as little as PostgreSQL keeps two of them.
fn is_same(prior: &TableConstraint, key: &TableConstraint) -> bool {
    let parts = |constraint: &TableConstraint| match &constraint.kind {
        TableConstraintKind::PrimaryKey { columns, index } => {
            Some((names(columns), names(&index.include), false))
        }
        TableConstraintKind::Unique { columns, nulls_not_distinct, index } => {
            Some((names(columns), names(&index.include), *nulls_not_distinct))
        }
        _ => None,
    };
    let is_second_primary = matches!(key.kind, TableConstraintKind::PrimaryKey { .. });
    parts(prior).is_some() && parts(prior) == parts(key) && !is_second_primary && {
        let (one, two) = (&prior.attributes, &key.attributes);
        (one.deferrable, one.initially_deferred) == (two.deferrable, two.initially_deferred)
    }
}

fn names(columns: &[ddl::Ident]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect_vec()
}
