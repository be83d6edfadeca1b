//! What ALTER TABLE locks.
//!
//! The statement takes one mode, the strongest that one of its actions asks for, on the table and on the partitions
//! and children that an action is about, too. Locks on other tables come from foreign keys.

mod column;
mod constraint;
mod proof;
mod retype;
mod retype_table;
mod setting;
mod volatile;
mod words;

pub(crate) use volatile::volatile_call;

use super::{Cause, LockMode, Locks, Seen, Work, WorkKind, partition, removed};
use crate::catalog::{Column, Id, Kind, Object, State, Table, named};
use crate::ddl::{
    AlterAction, AlterActionKind, AlterTable, ColumnAction, TableConstraint, TableConstraintKind,
};
use crate::ordered::sort;
use std::ops::Range;

pub(super) fn table(seen: &Seen<'_>, alter: &AlterTable, locks: &mut Locks) {
    let Some(table) = seen.names.relation(&alter.table) else { return };
    let mode = alter.actions.iter().map(|action| mode(&action.kind)).max().unwrap_or_default();
    let altering = Altering { seen, alter, table };
    locks.lock(table, mode);
    for action in &alter.actions {
        if !alter.only && recurses(&altering, &action.kind) {
            altering.descendants().into_iter().for_each(|it| locks.lock(it, mode));
        }
        match &action.kind {
            AlterActionKind::AddColumn { column, if_not_exists } => {
                column::add(&altering, action, column, *if_not_exists, locks);
            }
            AlterActionKind::AlterColumn { column, action: change } => {
                column::alter(&altering, action, column, change, locks);
            }
            AlterActionKind::AddConstraint(constraint) => {
                constraint::add(&altering, constraint, locks);
            }
            AlterActionKind::ValidateConstraint(name) => {
                constraint::validate(&altering, action, name, locks);
            }
            AlterActionKind::AlterConstraint { constraint, .. } => {
                constraint::alter(&altering, action, constraint, locks);
            }
            AlterActionKind::AttachPartition { partition, .. } => {
                if let Some(partition) = seen.names.relation(partition) {
                    partition::attach(seen, (table, partition), &action.at, locks);
                }
            }
            AlterActionKind::DetachPartition { partition, concurrently, finalize } => {
                if let Some(partition) = seen.names.relation(partition) {
                    let weak = *concurrently || *finalize;
                    partition::detach(seen, (table, partition), weak, locks);
                }
            }
            AlterActionKind::DropColumn { .. } | AlterActionKind::DropConstraint { .. } => {}
            _ => setting::set(&altering, action, locks),
        }
    }
    if has_action(alter, drops) {
        removed::locks(seen, locks);
    }
}

/// An ALTER TABLE, and what it met.
struct Altering<'a> {
    seen: &'a Seen<'a>,
    alter: &'a AlterTable,
    table: Id,
}

impl<'a> Altering<'a> {
    fn before(&self) -> &State<'a> {
        &self.seen.before
    }

    /// The table, and what inherits from it, as far as the statement reaches.
    fn family(&self) -> Vec<Id> {
        let mut family = vec![self.table];
        if !self.alter.only {
            family.extend(self.descendants());
        }
        family
    }

    /// Those of the family that hold rows.
    fn stores(&self) -> Vec<Id> {
        let mut family = self.family();
        family.retain(|id| self.before().get(*id).is_some_and(holds_rows));
        family
    }

    /// The table, or its partitions where it is partitioned, but no children that inherit.
    fn parts(&self) -> Vec<Id> {
        let is_partitioned =
            table_of(self.before(), self.table).is_some_and(|table| table.partition_by.is_some());
        match is_partitioned {
            true => self.stores(),
            false => vec![self.table],
        }
    }

    fn descendants(&self) -> Vec<Id> {
        descendants(self.before(), self.table)
    }

    /// A column as it was.
    fn column_before(&self, table: Id, name: &str) -> Option<&Column> {
        column_of(self.before().get(table)?, name)
    }

    /// A column as it is now.
    fn column_after(&self, table: Id, name: &str) -> Option<&'a Column> {
        column_of(self.seen.after.get(table)?, name)
    }

    fn work(&self, locks: &mut Locks, relation: Id, work: (WorkKind, Cause), clause: Clause<'_>) {
        let (kind, cause) = work;
        let (at, column) = (clause.at.clone(), clause.column.map(str::to_owned));
        locks.work.push(Work { relation, kind, cause, at, column });
    }
}

/// Where a clause stands, and the column that it is about.
#[derive(Clone, Copy)]
struct Clause<'a> {
    at: &'a Range<usize>,
    column: Option<&'a str>,
}

fn table_of<'s>(state: &'s State<'_>, id: Id) -> Option<&'s Table> {
    state.get(id).and_then(Object::table)
}

fn column_of<'o>(object: &'o Object, name: &str) -> Option<&'o Column> {
    named(object.columns(), name)
}

fn holds_rows(object: &Object) -> bool {
    match &object.kind {
        Kind::Table(table) => table.partition_by.is_none() && table.server.is_none(),
        Kind::View(view) => view.materialized,
        Kind::Relation => true,
        _ => false,
    }
}

/// Partitions and children, theirs, ….
pub(super) fn descendants(state: &State<'_>, table: Id) -> Vec<Id> {
    let mut found: Vec<Id> = Vec::new();
    let mut next = vec![table];
    while let Some(parent) = next.pop() {
        for id in state.dependents(parent) {
            let is_child = table_of(state, id).is_some_and(|it| it.parents.contains(&parent));
            if is_child && !found.contains(&id) && id != table {
                found.push(id);
                next.push(id);
            }
        }
    }
    sort(&mut found);
    found
}

/// The indexes of a table.
fn indexes(state: &State<'_>, table: Id) -> Vec<Id> {
    let mut ids = state.dependents(table);
    ids.retain(|id| state.get(*id).and_then(Object::index).is_some_and(|it| it.table == table));
    ids
}

/// `AlterTableGetLockLevel`.
fn mode(action: &AlterActionKind) -> LockMode {
    match action {
        AlterActionKind::AlterColumn {
            action:
                ColumnAction::SetStatistics(_)
                | ColumnAction::SetOptions(_)
                | ColumnAction::ResetOptions(_),
            ..
        } => LockMode::ShareUpdateExclusive,
        AlterActionKind::AddConstraint(constraint) => match constraint.kind {
            TableConstraintKind::ForeignKey { .. } => LockMode::ShareRowExclusive,
            _ => LockMode::AccessExclusive,
        },
        AlterActionKind::EnableTrigger { .. } => LockMode::ShareRowExclusive,
        AlterActionKind::ValidateConstraint(_)
        | AlterActionKind::AttachPartition { .. }
        | AlterActionKind::ClusterOn(_)
        | AlterActionKind::SetWithoutCluster => LockMode::ShareUpdateExclusive,
        AlterActionKind::DetachPartition { concurrently, finalize, .. } => {
            match concurrently | finalize {
                true => LockMode::ShareUpdateExclusive,
                false => LockMode::AccessExclusive,
            }
        }
        AlterActionKind::SetOptions(options) => {
            setting::options_mode(options.iter().map(|(name, _)| name))
        }
        AlterActionKind::ResetOptions(names) => setting::options_mode(names.iter()),
        _ => LockMode::AccessExclusive,
    }
}

/// Whether the action is one for partitions and children, too.
fn recurses(altering: &Altering<'_>, action: &AlterActionKind) -> bool {
    let is_partitioned =
        || table_of(altering.before(), altering.table).is_some_and(|it| it.partition_by.is_some());
    match action {
        AlterActionKind::AddColumn { .. } | AlterActionKind::DropColumn { .. } => true,
        AlterActionKind::AlterColumn { action, .. } => matches!(
            action,
            ColumnAction::Type { .. }
                | ColumnAction::SetDefault(_)
                | ColumnAction::DropDefault
                | ColumnAction::SetNotNull
                | ColumnAction::DropNotNull
                | ColumnAction::SetExpression(_)
                | ColumnAction::DropExpression { .. }
                | ColumnAction::SetStatistics(_)
                | ColumnAction::SetStorage(_)
        ),
        AlterActionKind::AddConstraint(constraint) => reaches_children(altering, constraint),
        AlterActionKind::DropConstraint { constraint, .. }
        | AlterActionKind::ValidateConstraint(constraint) => {
            let own = table_of(altering.before(), altering.table);
            let own = own.and_then(|it| it.constraint(&constraint.name));
            let is_key =
                own.is_some_and(|it| !matches!(it.kind, crate::catalog::ConstraintKind::Check(_)));
            !own.is_some_and(|it| it.no_inherit) && (!is_key || is_partitioned())
        }
        AlterActionKind::AlterConstraint { .. } | AlterActionKind::EnableTrigger { .. } => {
            is_partitioned()
        }
        _ => false,
    }
}

fn reaches_children(altering: &Altering<'_>, constraint: &TableConstraint) -> bool {
    let is_partitioned =
        table_of(altering.before(), altering.table).is_some_and(|it| it.partition_by.is_some());
    match constraint.kind {
        // From PostgreSQL 18 on they are locked, too.
        TableConstraintKind::Check(_) => {
            !constraint.attributes.no_inherit || altering.seen.servers.any_from(18)
        }
        TableConstraintKind::NotNull(_) => !constraint.attributes.no_inherit,
        TableConstraintKind::ForeignKey { .. } => is_partitioned,
        // Only the index of a partition is built with a lock of its own.
        TableConstraintKind::Unique { .. } | TableConstraintKind::Exclude { .. } => {
            is_partitioned && altering.seen.servers.any_from(18)
        }
        TableConstraintKind::PrimaryKey { .. } | TableConstraintKind::UsingIndex { .. } => true,
    }
}

/// Whether what hangs on something goes with it.
fn drops(action: &AlterActionKind) -> bool {
    matches!(
        action,
        AlterActionKind::DropColumn { .. }
            | AlterActionKind::DropConstraint { .. }
            | AlterActionKind::AlterColumn { action: ColumnAction::DropIdentity { .. }, .. }
    )
}

/// Whether the statement has an action of a kind.
fn has_action(alter: &AlterTable, is_it: impl Fn(&AlterActionKind) -> bool) -> bool {
    alter.actions.iter().any(|AlterAction { kind, .. }| is_it(kind))
}
