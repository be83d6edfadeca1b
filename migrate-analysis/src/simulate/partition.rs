//! Partitions.

use super::index::NewIndex;
use super::{Failure, Result, Simulator};
use crate::catalog::{ConstraintKind, Id, Object, PartitionKey, Table};
use crate::ddl::{self, Bound, Name};

impl Simulator<'_> {
    pub(super) fn partition_key(
        &mut self,
        table: Id,
        by: &ddl::PartitionBy,
    ) -> Result<PartitionKey> {
        let (keys, _) = self.index_elements(table, &by.elements)?;
        Ok(PartitionKey { strategy: by.strategy.clone(), keys })
    }

    /// What a partition has from its parent beside columns and checks.
    pub(super) fn inherit_partitioned(&mut self, parent: Id, partition: Id) -> Result {
        for id in self.indexes(parent) {
            let Some(index) = self.catalog.get(id).and_then(Object::index).cloned() else {
                continue;
            };
            let new: NewIndex = self.copied_index(parent, id, index);
            self.index_partition(id, &new, partition)?;
        }
        let Some(table) = self.table_of(parent) else { return Ok(()) };
        let (constraints, triggers) = (table.constraints.clone(), table.triggers.clone());
        for constraint in &constraints {
            if matches!(constraint.kind, ConstraintKind::ForeignKey(_)) {
                self.inherit_foreign_key(parent, partition, constraint);
            }
        }
        let numbers = self.column_map(parent, partition);
        let number = |number: u32| numbers.get(&number).copied().unwrap_or(number);
        for mut trigger in triggers.into_iter().filter(|trigger| trigger.for_each_row) {
            trigger.inherited = true;
            trigger.comment = None;
            trigger.when = trigger.when.map(|when| when.renumbered(number));
            for (_, columns) in &mut trigger.events {
                columns.iter_mut().for_each(|column| *column = number(*column));
            }
            self.edit_table(partition, |table| {
                table.triggers.retain(|own| own.name != trigger.name);
                table.triggers.push(trigger);
            });
        }
        Ok(())
    }

    /// The table has to be partitioned to have partitions.
    pub(super) fn check_partitioned(&self, parent: Id, name: &Name) -> Result {
        let is_partitioned = self.table_of(parent).is_none_or(|it| it.partition_by.is_some());
        if is_partitioned || self.is_partial(parent) {
            return Ok(());
        }
        let message = format!("\"{}\" is not partitioned", name.name);
        Err(Failure::wrong(name.at.clone(), "42P17", message))
    }

    pub(super) fn attach_partition(
        &mut self,
        parent: Id,
        table: &Name,
        partition: &Name,
        bound: &Bound,
    ) -> Result {
        if let Some(Object { kind: crate::catalog::Kind::Index(_), .. }) = self.catalog.get(parent)
        {
            return self.attach_index(table, partition);
        }
        self.check_partitioned(parent, table)?;
        let child = self.table(partition)?;
        if self.table_of(child).is_some_and(Table::is_partition) && !self.is_partial(child) {
            let message = format!("\"{}\" is already a partition", partition.name);
            return Err(Failure::wrong(partition.at.clone(), "42809", message));
        }
        self.inherit(child, parent, partition)?;
        self.edit_table(child, |it| {
            it.bound = Some(bound.0.clone());
            it.columns.iter_mut().filter(|it| it.inherited > 0).for_each(|it| it.local = false);
            let checks = |it: &&mut crate::catalog::Constraint| {
                it.inherited > 0 && matches!(it.kind, ConstraintKind::Check(_))
            };
            it.constraints.iter_mut().filter(checks).for_each(|it| it.local = false);
        });
        self.inherit_partitioned(parent, child)
    }

    pub(super) fn detach_partition(&mut self, parent: Id, partition: &Name) -> Result {
        let child = self.table(partition)?;
        let is_part = self.table_of(child).is_some_and(|it| it.parents.contains(&parent));
        if !is_part {
            if self.is_partial(child) || self.is_partial(parent) {
                return Ok(());
            }
            let (child, parent) = (&partition.name, self.relation_name_of(parent));
            let message =
                format!("relation \"{child}\" is not a partition of relation \"{parent}\"");
            return Err(Failure::wrong(partition.at.clone(), "42P01", message));
        }
        self.disinherit(child, parent);
        self.edit_table(child, |table| {
            table.bound = None;
            table.triggers.retain(|trigger| !trigger.inherited);
            for constraint in &mut table.constraints {
                (constraint.local, constraint.inherited) = (true, 0);
            }
        });
        for id in self.indexes(child) {
            self.edit_index(id, |index| index.parent = None);
        }
        Ok(())
    }
}
