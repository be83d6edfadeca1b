//! ALTER … RENAME TO and SET SCHEMA.

mod column;
mod part;
mod schema;

use super::object::Strictness;
use super::{Failure, FailureKind, Result, Simulator, Target};
use crate::catalog::{Id, Key, Kind, Object, Space};
use crate::ddl::{self, Ident, ObjectKind, ObjectName, ReplicaIdentity};
use crate::list::CollectVec;
use std::ops::Range;

impl Simulator<'_> {
    pub(super) fn rename(&mut self, rename: &ddl::Rename) -> Result {
        let target = match self.named(&rename.object, Strictness::Lenient) {
            Err(Failure { kind: FailureKind::Unknown { .. }, .. }) if rename.if_exists => {
                return Ok(());
            }
            Err(failure) => return Err(failure),
            Ok(target) => target,
        };
        let to = &rename.to;
        match target {
            Some(Target::Object(id)) => self.rename_object(id, &rename.object, to),
            Some(Target::Column(id, number)) => self.rename_column(id, number, &rename.object, to),
            Some(target) => self.rename_part(&target, to),
            // It may have been there, so it may be there under its new name.
            None => {
                self.shroud(&to.name);
                Ok(())
            }
        }
    }

    /// From here on something of that name may exist.
    fn rename_object(&mut self, id: Id, written: &ObjectName, to: &Ident) -> Result {
        self.check_own_type(id, written)?;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let mut renamed = object.clone();
        renamed.name.clone_from(&to.name);
        let before = object.name.clone();
        let index = object.index().cloned();
        self.check_names_free(id, &renamed, &to.at)?;
        self.catalog.edit(id, |object| object.name.clone_from(&to.name));
        self.outdate_views(id, None);
        let Some(index) = index else { return Ok(()) };
        self.catalog.edit(index.table, |object| {
            let Some(table) = object.table_mut() else { return };
            if table.replica_identity == ReplicaIdentity::Index(before.clone()) {
                table.replica_identity = ReplicaIdentity::Index(to.name.clone());
            }
            let of_index = table.constraints.iter_mut().filter(|_| index.constraint);
            for constraint in of_index.filter(|constraint| constraint.name == before) {
                constraint.name.clone_from(&to.name);
            }
        });
        Ok(())
    }

    /// What the views that read a relation, or one of its columns, were written with is not their text any more.
    fn outdate_views(&mut self, id: Id, column: Option<u32>) {
        let dependents: Vec<Id> = self.catalog.dependents(id).collect_vec();
        for dependent in dependents {
            let reads = |object: &Object| {
                let reads = object.view().map(|view| &view.reads);
                reads.is_some_and(|reads| match column {
                    Some(number) => reads.contains(&(id, Some(number))),
                    None => reads.iter().any(|(relation, _)| *relation == id),
                })
            };
            if self.catalog.get(dependent).is_some_and(reads) {
                self.catalog.edit(dependent, |object| {
                    if let Kind::View(view) = &mut object.kind {
                        view.outdated = true;
                    }
                });
            }
        }
    }

    /// `ALTER TYPE` does not take the row type of a table.
    pub(super) fn check_own_type(&self, id: Id, written: &ObjectName) -> Result {
        let is_type = matches!(written.kind, ObjectKind::Type | ObjectKind::Domain);
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let is_row = matches!(object.kind, Kind::Table(_) | Kind::View(_));
        if !is_type || !is_row || object.partial || self.may_exist(&written.name.name) {
            return Ok(());
        }
        let message = format!("{} is a table's row type", written.name.name);
        Err(Failure::wrong(written.name.at.clone(), "42809", message))
    }

    /// Fails where another object has a name that this one would take.
    pub(super) fn check_names_free(&self, id: Id, object: &Object, at: &Range<usize>) -> Result {
        for key in object.keys() {
            let taken = self.catalog.find(&key).filter(|other| *other != id);
            // A range keeps the type of its multiranges.
            let is_itself = key.name == object.name
                && self.catalog.get(id).is_some_and(|before| before.keys().contains(&key));
            if (taken.is_none() && !is_itself) || self.may_exist(&object.name) {
                continue;
            }
            return Err(self.duplicate_key(object, &key, at));
        }
        Ok(())
    }

    fn duplicate_key(&self, object: &Object, key: &Key, at: &Range<usize>) -> Failure {
        let kind = match key.space {
            Space::Schema => ObjectKind::Schema,
            Space::Relation => ObjectKind::Table,
            Space::Type => ObjectKind::Type,
            Space::Routine => ObjectKind::Function,
            Space::Extension => ObjectKind::Extension,
            Space::Statistics => ObjectKind::Statistics,
            Space::Other(kind) => kind,
        };
        let is_it = |it: &Object| it.keys().contains(key);
        self.duplicate(kind, &object.name, None, at.clone(), &is_it)
    }
}
