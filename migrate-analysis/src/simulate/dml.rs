//! Statements that read and write rows.

use super::lookup::spelt;
use super::{Failure, Result, Simulator};
use crate::catalog::{ConstraintKind, Id, Kind, named};
use crate::ddl::{self, Name};
use crate::ordered::SortedSet;

impl Simulator<'_> {
    pub(super) fn insert(&mut self, dml: &ddl::Dml) -> Result {
        self.write(dml)
    }

    pub(super) fn update(&mut self, dml: &ddl::Dml) -> Result {
        self.write(dml)
    }

    pub(super) fn delete(&mut self, dml: &ddl::Dml) -> Result {
        self.write(dml)
    }

    fn write(&mut self, dml: &ddl::Dml) -> Result {
        let id = self.relation(&dml.table)?;
        self.check_writable(id, &dml.table)?;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let certain = self.is_certain(object) && object.view().is_none_or(|it| it.followed);
        for name in dml.columns.iter().filter(|_| certain) {
            if named(object.columns(), &name.name).is_none() {
                return Err(self.unknown_column(id, &name.name, name.at.clone()));
            }
        }
        self.read_rows(&dml.query, Some(&dml.table))?;
        self.calls(&dml.query)
    }

    /// Rows go into tables and views only.
    fn check_writable(&self, id: Id, name: &Name) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let message = match &object.kind {
            _ if !self.is_certain(object) => return Ok(()),
            Kind::View(view) if view.materialized => "cannot change materialized view",
            Kind::Sequence(_) => "cannot change sequence",
            Kind::Index(_) => {
                let message = format!("\"{}\" is an index", spelt(name));
                return Err(Failure::wrong(name.at.clone(), "42809", message));
            }
            _ => return Ok(()),
        };
        let message = format!("{message} \"{}\"", spelt(name));
        Err(Failure::wrong(name.at.clone(), "42809", message))
    }

    /// Looks up what a query names. Nothing of it is kept.
    fn read_rows(&mut self, query: &ddl::Query, target: Option<&Name>) -> Result {
        let tables = query.tree.iter().flat_map(|tree| &tree.with);
        let mut names = tables.filter_map(|table| table.name.as_ref());
        // A statement writes to the table, though a common table may have its name.
        if target.is_some_and(|target| names.any(|name| *name == target.name)) {
            return Ok(());
        }
        self.rows(query).map(|_| ())
    }

    pub(super) fn select(&mut self, query: &ddl::Query) -> Result {
        self.read_rows(query, None)?;
        self.calls(query)
    }

    pub(super) fn truncate(&mut self, tables: &[Name], cascade: bool) -> Result {
        let mut named = Vec::with_capacity(tables.len());
        for name in tables {
            let id = self.relation(name)?;
            if let Some(object) = self.catalog.get(id)
                && !matches!(object.kind, Kind::Table(_))
                && self.is_certain(object)
            {
                let message = format!("\"{}\" is not a table", spelt(name));
                return Err(Failure::wrong(name.at.clone(), "42809", message));
            }
            named.push((id, name));
        }
        if cascade {
            return Ok(());
        }
        let mut all: SortedSet<Id> = SortedSet::new();
        for (id, _) in &named {
            self.add_with_children(*id, &mut all);
        }
        for (id, name) in named {
            let mut family = SortedSet::new();
            self.add_with_children(id, &mut family);
            let refers = |table: &Id| {
                !all.contains(table) && family.iter().any(|it| self.refers_to(*table, *it))
            };
            let mut others = family.iter().flat_map(|it| self.catalog.dependents(*it));
            if others.any(|table| refers(&table)) {
                let message = "cannot truncate a table referenced in a foreign key constraint";
                return Err(Failure::wrong(name.at.clone(), "0A000", message.to_owned()));
            }
        }
        Ok(())
    }

    fn add_with_children(&self, id: Id, all: &mut SortedSet<Id>) {
        if !all.insert(id) {
            return;
        }
        for child in self.child_tables(id) {
            self.add_with_children(child, all);
        }
    }

    /// Whether a table has a foreign key to another, for certain.
    fn refers_to(&self, table: Id, other: Id) -> bool {
        let Some(object) = self.catalog.get(table) else { return false };
        let constraints = object.table().map(|it| it.constraints.as_slice()).unwrap_or_default();
        self.is_certain(object)
            && constraints.iter().any(|constraint| {
                let is_it = |key: &crate::catalog::ForeignKey| key.table == other;
                !constraint.not_enforced
                    && !self.is_shrouded(&constraint.name)
                    && matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if is_it(key))
            })
    }
}
