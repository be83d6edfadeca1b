//! Foreign keys.

use super::names;
use super::{Failure, Result, Simulator};
use crate::catalog::{
    BaseType, Column, ColumnType, ConstraintKind, ForeignAction, ForeignKey, Id, Index, Kind,
    Object, Space, numbered,
};
use crate::ddl::{Action, Ident, ObjectKind, References, TableConstraint};
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use std::ops::Range;

impl Simulator<'_> {
    pub(super) fn add_foreign_key(
        &mut self,
        table: Id,
        constraint: &TableConstraint,
        columns: &[Ident],
        references: &References,
    ) -> Result {
        let target = self.table(&references.table)?;
        self.check_referenceable(target, references)?;
        let numbers = self.column_numbers(table, columns)?;
        let (referenced, index) = self.referenced_key(target, numbers.len(), references)?;
        let name = match &constraint.name {
            Some(name) => {
                self.check_constraint_name(table, name)?;
                name.name.clone()
            }
            None => self.foreign_key_name(table, &numbers),
        };
        self.check_types(table, &numbers, target, &referenced, (&name, &constraint.at))?;
        let key = ForeignKey {
            columns: numbers,
            table: target,
            referenced,
            index,
            full_match: references.full_match,
            on_delete: self.foreign_action(table, &references.on_delete)?,
            on_update: self.foreign_action(table, &references.on_update)?,
        };
        let kind = ConstraintKind::ForeignKey(key);
        let added = super::constraint::new(&name, kind, &constraint.attributes);
        self.edit_table(table, |table| table.constraints.push(added.clone()));
        for partition in self.partitions(table) {
            self.inherit_foreign_key(table, partition, &added);
        }
        Ok(())
    }

    fn foreign_key_name(&self, table: Id, columns: &[u32]) -> String {
        let columns: Vec<String> =
            columns.iter().map(|number| self.name_of_column(table, *number)).collect_vec();
        let columns = names::addition(&columns);
        let name = self.relation_name_of(table);
        let parts = (name.as_str(), Some(columns.as_str()), "fkey");
        self.choose_constraint_name(self.schema_of(table), parts)
    }

    fn foreign_action(&mut self, table: Id, action: &Action) -> Result<ForeignAction> {
        Ok(match action {
            Action::NoAction => ForeignAction::NoAction,
            Action::Restrict => ForeignAction::Restrict,
            Action::Cascade => ForeignAction::Cascade,
            Action::SetNull(columns) => {
                ForeignAction::SetNull(self.column_numbers(table, columns)?)
            }
            Action::SetDefault(columns) => {
                ForeignAction::SetDefault(self.column_numbers(table, columns)?)
            }
        })
    }

    fn check_referenceable(&self, target: Id, references: &References) -> Result {
        let is_table = |object: &Object| matches!(object.kind, Kind::Table(_) | Kind::Relation);
        if self.is_partial(target) || self.catalog.get(target).is_none_or(is_table) {
            return Ok(());
        }
        let message = format!("referenced relation \"{}\" is not a table", references.table.name);
        Err(Failure::wrong(references.table.at.clone(), "42809", message))
    }

    /// The columns that it points at, and the unique index over them.
    fn referenced_key(
        &mut self,
        target: Id,
        count: usize,
        references: &References,
    ) -> Result<(Vec<u32>, Option<Id>)> {
        let at = &references.table.at;
        if references.columns.is_empty() {
            return self.referenced_primary_key(target, count, references);
        }
        let numbers = self.column_numbers(target, &references.columns)?;
        if numbers.len() != count {
            return Err(disagree(at));
        }
        let wanted: SortedSet<u32> = numbers.iter().copied().collect();
        let candidates = self.indexes(target);
        let indexes = || {
            candidates.iter().filter_map(|id| {
                let index = self.catalog.get(*id)?.index()?;
                let columns: SortedSet<u32> = index.columns()?.into_iter().collect();
                let fits = index.unique && index.predicate.is_none() && columns == wanted;
                fits.then_some((*id, index))
            })
        };
        let immediate = indexes().find(|(_, index)| !self.is_deferrable(index, target));
        if let Some((id, _)) = immediate.or_else(|| indexes().next()) {
            let deferrable = immediate.is_none();
            return match deferrable && !self.is_partial(target) {
                true => Err(deferred(references)),
                false => Ok((numbers, Some(id))),
            };
        }
        let known = |number: &u32| {
            self.columns(target).iter().any(|column| column.number == *number && !column.partial)
        };
        if self.is_partial(target) || !numbers.iter().all(known) {
            return Ok((numbers, None));
        }
        let name = &references.table.name;
        let message = format!(
            "there is no unique constraint matching given keys for referenced table \"{name}\""
        );
        Err(Failure::wrong(at.clone(), "42830", message))
    }

    fn referenced_primary_key(
        &self,
        target: Id,
        count: usize,
        references: &References,
    ) -> Result<(Vec<u32>, Option<Id>)> {
        let at = &references.table.at;
        let key = self.table_of(target).and_then(|table| {
            table.constraints.iter().find_map(|constraint| match constraint.kind {
                ConstraintKind::PrimaryKey { index } => Some((index, constraint.deferrable)),
                _ => None,
            })
        });
        let index = key.and_then(|(id, _)| self.catalog.get(id)?.index());
        let columns = index.and_then(Index::columns);
        match (key, columns) {
            (Some((_, true)), _) if !self.is_partial(target) => Err(deferred(references)),
            (Some((id, _)), Some(columns)) if columns.len() == count => Ok((columns, Some(id))),
            (Some(_), Some(_)) if !self.is_partial(target) => Err(disagree(at)),
            (None, _) if !self.is_partial(target) => {
                let name = &references.table.name;
                let message = format!("there is no primary key for referenced table \"{name}\"");
                Err(Failure::wrong(at.clone(), "42704", message))
            }
            _ => Ok((Vec::new(), None)),
        }
    }

    /// Whether the constraint that the index belongs to may be deferred.
    fn is_deferrable(&self, index: &Index, table: Id) -> bool {
        let of_index = |id: Id| {
            self.catalog.get(id).and_then(Object::index).is_some_and(|it| std::ptr::eq(it, index))
        };
        let mut constraints = self.table_of(table).into_iter().flat_map(|it| &it.constraints);
        constraints.any(|it| it.deferrable && it.kind.index().is_some_and(of_index))
    }

    /// Fails where the types of the columns certainly cannot be compared.
    fn check_types(
        &self,
        table: Id,
        columns: &[u32],
        target: Id,
        referenced: &[u32],
        (name, at): (&str, &Range<usize>),
    ) -> Result {
        let find =
            |table, number: &u32| -> Option<&Column> { numbered(self.columns(table), *number) };
        for (own, other) in columns.iter().zip(referenced) {
            let (Some(own), Some(other)) = (find(table, own), find(target, other)) else {
                continue;
            };
            // Of a domain, what counts is the type below it.
            let state = self.catalog.now();
            let base = |column: &Column| state.literal_type(&column.column_type);
            if self.are_apart(&base(own), &base(other)) {
                let message = format!("foreign key constraint \"{name}\" cannot be implemented");
                return Err(Failure::wrong(at.clone(), "42804", message));
            }
        }
        Ok(())
    }

    /// The same for the keys of a column that has another type now, and those that refer to it.
    pub(super) fn check_keys_of(&self, table: Id, number: u32, at: &Range<usize>) -> Result {
        for other in self.catalog.dependents(table).chain([table]) {
            let Some(of) = self.table_of(other) else { continue };
            for constraint in &of.constraints {
                let ConstraintKind::ForeignKey(key) = &constraint.kind else { continue };
                let is_of = other == table && key.columns.contains(&number);
                let is_to = key.table == table && key.referenced.contains(&number);
                if is_of || is_to {
                    let name = (constraint.name.as_str(), at);
                    self.check_types(other, &key.columns, key.table, &key.referenced, name)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a column of the one type can certainly not refer to a column of the other.
    fn are_apart(&self, one: &ColumnType, other: &ColumnType) -> bool {
        let find = |name: &str| COMPARED.iter().find(|(it, _)| *it == name);
        let as_enum = |it: &ColumnType| {
            let id = it.user_type()?;
            matches!(self.catalog.get(id)?.kind, Kind::Enum(_)).then_some(id)
        };
        // With casts of its own, anything may be equal to anything.
        let casts = Space::Other(ObjectKind::Cast);
        if self.catalog.in_schema(casts, None).next().is_some() {
            return false;
        }
        match (&one.base, &other.base) {
            (BaseType::BuiltIn(name), BaseType::BuiltIn(referenced)) => {
                let (Some((_, compared)), Some(_)) = (find(name), find(referenced)) else {
                    return false;
                };
                match (one.array, other.array) {
                    (false, false) => !compared.contains(&referenced.as_str()),
                    (true, true) => name != referenced,
                    _ => true,
                }
            }
            (BaseType::User(_), BaseType::User(_)) => match (as_enum(one), as_enum(other)) {
                (Some(id), Some(referenced)) => id != referenced || one.array != other.array,
                _ => false,
            },
            (BaseType::BuiltIn(name), _) => find(name).is_some() && as_enum(other).is_some(),
            (_, BaseType::BuiltIn(name)) => find(name).is_some() && as_enum(one).is_some(),
            _ => false,
        }
    }

    /// A foreign key of a partitioned table in one of its partitions.
    pub(super) fn inherit_foreign_key(
        &mut self,
        parent: Id,
        partition: Id,
        constraint: &crate::catalog::Constraint,
    ) {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else { return };
        let numbers = self.column_map(parent, partition);
        let renumber = |columns: &[u32]| -> Vec<u32> {
            columns.iter().map(|it| numbers.get(it).copied().unwrap_or(*it)).collect_vec()
        };
        let action = |action: &ForeignAction| match action {
            ForeignAction::SetNull(columns) => ForeignAction::SetNull(renumber(columns)),
            ForeignAction::SetDefault(columns) => ForeignAction::SetDefault(renumber(columns)),
            other => other.clone(),
        };
        let mut key = key.clone();
        key.columns = renumber(&key.columns);
        key.on_delete = action(&key.on_delete);
        key.on_update = action(&key.on_update);
        let own = self.table_of(partition).into_iter().flat_map(|it| &it.constraints);
        let same = own
            .filter(|it| it.inherited == 0)
            .find(|it| matches!(&it.kind, ConstraintKind::ForeignKey(own) if *own == key));
        let (name, merged) = match same {
            Some(own) => (own.name.clone(), true),
            None if self.constraint_name_taken(partition, &constraint.name) => {
                (self.foreign_key_name(partition, &key.columns), false)
            }
            None => (constraint.name.clone(), false),
        };
        let mut inherited = constraint.clone();
        inherited.kind = ConstraintKind::ForeignKey(key);
        inherited.name.clone_from(&name);
        (inherited.local, inherited.inherited, inherited.comment) = (false, 1, None);
        let passed_on = inherited.clone();
        self.edit_table(partition, |table| {
            if merged {
                table.constraints.retain(|own| own.name != name);
            }
            table.constraints.push(inherited);
        });
        for part in self.partitions(partition) {
            self.inherit_foreign_key(partition, part, &passed_on);
        }
    }

    fn constraint_name_taken(&self, table: Id, name: &str) -> bool {
        self.table_of(table).is_some_and(|table| table.constraint(name).is_some())
    }
}

fn disagree(at: &std::ops::Range<usize>) -> Failure {
    let message = "number of referencing and referenced columns for foreign key disagree";
    Failure::wrong(at.clone(), "42830", message.to_owned())
}

fn deferred(references: &References) -> Failure {
    let name = &references.table.name;
    let message =
        format!("cannot use a deferrable unique constraint for referenced table \"{name}\"");
    Failure::wrong(references.table.at.clone(), "55000", message)
}

/// What is equal to what, by PostgreSQL's own operators: a type, and those that a column of it may refer to.
const COMPARED: &[(&str, &[&str])] = &[
    ("smallint", INTEGERS),
    ("integer", INTEGERS),
    ("bigint", INTEGERS),
    ("numeric", &["numeric", "real", "double precision"]),
    ("real", &["real", "double precision"]),
    ("double precision", &["real", "double precision"]),
    ("text", &["text", "character varying", "character", "name"]),
    ("character varying", &["text", "character varying", "character", "name"]),
    ("character", &["text", "character varying", "character", "name"]),
    ("date", DATES),
    ("timestamp without time zone", DATES),
    ("timestamp with time zone", DATES),
    ("time without time zone", &["time without time zone", "time with time zone", "interval"]),
    ("interval", &["interval"]),
    ("inet", &["inet", "cidr"]),
    ("cidr", &["inet", "cidr"]),
    ("uuid", &["uuid"]),
    ("boolean", &["boolean"]),
    ("jsonb", &["jsonb"]),
    ("bytea", &["bytea"]),
    ("macaddr", &["macaddr"]),
];

const INTEGERS: &[&str] =
    &["smallint", "integer", "bigint", "numeric", "real", "double precision", "oid", "regclass"];

const DATES: &[&str] = &["date", "timestamp without time zone", "timestamp with time zone"];
