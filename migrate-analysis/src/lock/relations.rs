//! What hangs on a relation, as it was before the statement.

use super::{Cause, LockMode, Locks, Seen, Work, WorkKind};
use crate::catalog::{Constraint, ConstraintKind, ForeignKey, Id, Index, Kind, Object, Table};
use std::ops::Range;

impl Seen<'_> {
    pub(super) fn table(&self, id: Id) -> Option<&Table> {
        self.before.get(id).and_then(Object::table)
    }

    /// Of an index.
    pub(super) fn index(&self, id: Id) -> Option<&Index> {
        self.before.get(id).and_then(Object::index)
    }

    pub(super) fn is_partitioned(&self, id: Id) -> bool {
        self.table(id).is_some_and(|table| table.partition_by.is_some())
    }

    /// Whether rows are kept in it.
    pub(super) fn holds_rows(&self, id: Id) -> bool {
        match self.before.kind(id) {
            Some(Kind::Table(table)) => table.partition_by.is_none() && table.server.is_none(),
            Some(Kind::View(view)) => view.materialized,
            Some(Kind::Relation) => true,
            _ => false,
        }
    }

    /// The tables that inherit from it, its partitions among them.
    pub(super) fn children(&self, id: Id) -> Vec<Id> {
        let mut children = self.before.dependents(id);
        children.retain(|child| self.table(*child).is_some_and(|it| it.parents.contains(&id)));
        children
    }

    /// Itself, its children and theirs.
    pub(super) fn family(&self, id: Id) -> Vec<Id> {
        let mut family = vec![id];
        let mut at = 0;
        while let Some(member) = family.get(at).copied() {
            for child in self.children(member) {
                if !family.contains(&child) {
                    family.push(child);
                }
            }
            at += 1;
        }
        family
    }

    /// Itself with its partitions, but no children that only inherit.
    pub(super) fn partitions(&self, id: Id) -> Vec<Id> {
        if self.is_partitioned(id) { self.family(id) } else { vec![id] }
    }

    pub(super) fn default_partition(&self, parent: Id) -> Option<Id> {
        let is_default =
            |id: &Id| self.table(*id).and_then(|it| it.bound.as_deref()) == Some("DEFAULT");
        self.children(parent).into_iter().find(is_default)
    }

    pub(super) fn indexes(&self, table: Id) -> Vec<Id> {
        let mut indexes = self.before.dependents(table);
        indexes.retain(|index| self.index(*index).is_some_and(|it| it.table == table));
        indexes
    }

    /// The sequences that go with its columns.
    pub(super) fn sequences(&self, table: Id) -> Vec<Id> {
        let mut sequences = self.before.dependents(table);
        sequences.retain(|id| {
            let owner = self.before.get(*id).and_then(Object::sequence).and_then(|it| it.owned_by);
            owner.is_some_and(|owner| owner.table == table)
        });
        sequences
    }

    /// The foreign keys that refer to it, each with its table.
    pub(super) fn referencing(&self, table: Id) -> Vec<(Id, &ForeignKey)> {
        let mut keys = Vec::new();
        for id in self.before.dependents(table) {
            let constraints = self.table(id).map(|it| it.constraints.as_slice());
            let own = constraints.unwrap_or_default().iter().filter_map(foreign_key);
            keys.extend(own.filter(|key| key.table == table).map(|key| (id, key)));
        }
        keys
    }

    /// What the statement has made.
    pub(super) fn made(&self) -> impl Iterator<Item = (Id, &Object)> {
        let new = self.before.touched().filter(|(_, before)| before.is_none());
        new.filter_map(|(id, _)| Some((id, self.after.get(id)?)))
    }
}

pub(super) fn foreign_key(constraint: &Constraint) -> Option<&ForeignKey> {
    match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some(key),
        _ => None,
    }
}

impl Locks {
    pub(super) fn lock_all(&mut self, relations: impl IntoIterator<Item = Id>, mode: LockMode) {
        relations.into_iter().for_each(|relation| self.lock(relation, mode));
    }

    pub(super) fn work(&mut self, relation: Id, work: (WorkKind, Cause), at: &Range<usize>) {
        let (kind, cause) = work;
        self.work.push(Work { relation, kind, cause, at: at.clone(), column: None });
    }
}
