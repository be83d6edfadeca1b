//! The columns of tables and views.

use crate::catalog::{Id, Object, named, named_mut, numbered};
use crate::ddl::{Ident, ObjectKind, ObjectName};
use crate::simulate::{Failure, Result, Simulator};

impl Simulator<'_> {
    pub(super) fn rename_column(
        &mut self,
        id: Id,
        number: u32,
        written: &ObjectName,
        to: &Ident,
    ) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let Some(column) = numbered(object.columns(), number) else { return Ok(()) };
        let from = column.name.clone();
        if column.inherited > 0 && !object.partial {
            let at = written.part.as_ref().map_or(&written.name.at, |part| &part.at);
            let message = format!("cannot rename inherited column \"{from}\"");
            return Err(Failure::wrong(at.clone(), "42P16", message));
        }
        if is_system_column(&to.name) && object.table().is_some() {
            let name = &to.name;
            let message = format!("column name \"{name}\" conflicts with a system column name");
            return Err(Failure::wrong(to.at.clone(), "42701", message));
        }
        self.rename_column_down(id, &from, to)
    }

    /// In the table and whatever inherits it.
    fn rename_column_down(&mut self, id: Id, from: &str, to: &Ident) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let has = |object: &Object, name: &str| named(object.columns(), name).is_some();
        if !has(object, from) {
            return Ok(());
        }
        if has(object, &to.name) && !self.is_shrouded(&to.name) {
            let is_it = |it: &Object| has(it, &to.name);
            let at = to.at.clone();
            return Err(self.duplicate_part(ObjectKind::Column, &to.name, id, at, &is_it));
        }
        self.catalog.edit(id, |object| {
            let Some(columns) = object.columns_mut() else { return };
            if let Some(column) = named_mut(columns, from) {
                column.name.clone_from(&to.name);
            }
        });
        let columns = self.catalog.get(id).map(Object::columns).unwrap_or_default();
        let number = named(columns, &to.name).map(|it| it.number);
        if number.is_some() {
            self.outdate_views(id, number);
        }
        for child in self.child_tables(id) {
            self.rename_column_down(child, from, to)?;
        }
        Ok(())
    }
}

fn is_system_column(name: &str) -> bool {
    matches!(name, "ctid" | "xmin" | "cmin" | "xmax" | "cmax" | "tableoid")
}
