//! `LIKE` in CREATE TABLE.

use super::index::{NewIndex, renumbered};
use super::names::IndexPurpose;
use super::{Result, Simulator};
use crate::catalog::{
    Column, Constraint, ConstraintKind, Id, Index, Kind, Object, Ownership, named,
};
use crate::ddl::{ConstraintAttributes, Including, Like, SequenceOptions};
use crate::list::CollectVec;
use crate::ordered::SortedMap;
use std::ops::Range;

impl Simulator<'_> {
    /// The columns that `LIKE` copies, and whether that is all of them for certain.
    pub(super) fn like_columns(&mut self, like: &Like) -> Result<(Id, Vec<Column>, bool)> {
        let source = self.relation(&like.table)?;
        let certain = self.columns_for_certain(source).is_some();
        let including = like.including;
        let columns = match self.catalog.kind(source) {
            Some(Kind::Composite(attributes)) => attributes
                .iter()
                .map(|it| Column::new(0, &it.name, it.column_type.clone()))
                .collect_vec(),
            _ => self.columns(source).iter().map(|it| copied(it, including)).collect_vec(),
        };
        let is_composite =
            matches!(self.catalog.get(source), Some(Object { kind: Kind::Composite(_), .. }));
        Ok((source, columns, certain || is_composite))
    }

    /// What `LIKE` copies once the table is there.
    pub(super) fn finish_like(&mut self, table: Id, source: Id, like: &Like) -> Result {
        let numbers = self.column_map(source, table);
        let including = like.including;
        if including.generated {
            self.copy_generated(table, source, &numbers);
        }
        if including.identity {
            self.copy_identity(table, source, like)?;
        }
        if including.constraints {
            self.copy_checks(table, source, including, &numbers);
        }
        if including.indexes {
            self.copy_indexes(table, source, (including, &like.table.at), &numbers)?;
        }
        Ok(())
    }

    fn copy_generated(&mut self, table: Id, source: Id, numbers: &SortedMap<u32, u32>) {
        for column in self.columns(source).to_vec() {
            let Some((expression, stored)) = &column.generated else { continue };
            let Some(number) = numbers.get(&column.number) else { continue };
            let own = |number: u32| numbers.get(&number).copied().unwrap_or(number);
            let expression = expression.renumbered(own);
            self.edit_column(table, *number, |it| it.generated = Some((expression, *stored)));
        }
    }

    fn copy_identity(&mut self, table: Id, source: Id, like: &Like) -> Result {
        for column in self.columns(source).to_vec() {
            let Some(always) = column.identity else { continue };
            let own = named(self.columns(table), &column.name);
            let Some(number) = own.map(|it| it.number) else { continue };
            let of = self.column_sequences(source, column.number);
            let of = of.first().and_then(|(id, _)| self.catalog.get(*id)?.sequence().cloned());
            let options = SequenceOptions::default();
            self.add_identity(table, number, always, &options, &like.table.at)?;
            let made = self.column_sequences(table, number);
            if let (Some(mut sequence), Some((id, owner))) = (of, made.first().copied()) {
                sequence.owned_by = Some(Ownership { identity: true, ..owner });
                // PostgreSQL copies the options, of which the type is none.
                "bigint".clone_into(&mut sequence.data_type);
                self.catalog.edit(id, |object| object.kind = Kind::Sequence(sequence));
            }
        }
        Ok(())
    }

    fn copy_checks(
        &mut self,
        table: Id,
        source: Id,
        including: Including,
        numbers: &SortedMap<u32, u32>,
    ) {
        let constraints = self.table_of(source).map(|it| it.constraints.clone());
        for mut constraint in constraints.unwrap_or_default() {
            let ConstraintKind::Check(expression) = &constraint.kind else { continue };
            let number = |number: u32| numbers.get(&number).copied().unwrap_or(number);
            constraint.kind = ConstraintKind::Check(expression.renumbered(number));
            (constraint.local, constraint.inherited, constraint.validated) = (true, 0, true);
            if !including.comments {
                constraint.comment = None;
            }
            self.edit_table(table, |table| table.constraints.push(constraint));
        }
    }

    fn copy_indexes(
        &mut self,
        table: Id,
        source: Id,
        (including, at): (Including, &Range<usize>),
        numbers: &SortedMap<u32, u32>,
    ) -> Result {
        for id in self.indexes(source) {
            let Some(object) = self.catalog.get(id) else { continue };
            let Some(index) = object.index() else { continue };
            let comment = object.comment.clone().filter(|_| including.comments);
            let mut copy = renumbered(index, |number| numbers.get(&number).copied());
            (copy.table, copy.parent, copy.valid) = (table, None, true);
            let new = self.copied_index(source, id, copy);
            if new.purpose == IndexPurpose::Primary {
                self.check_no_primary_key(table, at)?;
                for number in new.index.columns().unwrap_or_default() {
                    self.edit_column(table, number, |column| column.not_null = true);
                }
            }
            let made = self.add_index(&new, None, false)?;
            self.catalog.edit(made, |object| object.comment = comment);
        }
        Ok(())
    }

    /// An index to be made after another one of a table.
    pub(super) fn copied_index(&self, source: Id, original: Id, index: Index) -> NewIndex {
        let constraints = self.table_of(source).map(|it| it.constraints.as_slice());
        let of_index = |it: &&Constraint| it.kind.index() == Some(original);
        let constraint = constraints.unwrap_or_default().iter().find(of_index);
        let purpose = match constraint.map(|it| &it.kind) {
            Some(ConstraintKind::PrimaryKey { .. }) => IndexPurpose::Primary,
            Some(ConstraintKind::Unique { .. }) => IndexPurpose::Unique,
            Some(ConstraintKind::Exclude { .. }) => IndexPurpose::Exclude,
            _ => IndexPurpose::Plain,
        };
        let attributes = ConstraintAttributes {
            deferrable: constraint.is_some_and(|it| it.deferrable),
            initially_deferred: constraint.is_some_and(|it| it.initially_deferred),
            ..ConstraintAttributes::default()
        };
        let names = index.column_names.clone();
        NewIndex { index, names, purpose, attributes, at: 0..0 }
    }
}

fn copied(column: &Column, including: Including) -> Column {
    let mut copy = Column::new(0, &column.name, column.column_type.clone());
    copy.not_null = column.not_null;
    copy.collation.clone_from(&column.collation);
    copy.partial = column.partial;
    if including.defaults && column.generated.is_none() {
        copy.default.clone_from(&column.default);
    }
    if including.storage {
        copy.storage.clone_from(&column.storage);
    }
    if including.compression {
        copy.compression.clone_from(&column.compression);
    }
    if including.comments {
        copy.comment.clone_from(&column.comment);
    }
    copy
}
