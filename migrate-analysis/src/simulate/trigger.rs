//! Triggers.

use super::lookup::spelt;
use super::{Failure, Result, Simulator};
use crate::catalog::{Id, Kind, Object, Trigger, named};
use crate::ddl::{self, Enabled, Ident, ObjectKind};
use crate::ordered::sort;

impl Simulator<'_> {
    pub(super) fn create_trigger(&mut self, create: &ddl::CreateTrigger) -> Result {
        let id = match self.relation(&create.table)? {
            id if self.catalog.get(id).is_some_and(|it| it.kind == Kind::Relation) => {
                self.table(&create.table)?
            }
            id => id,
        };
        self.check_bearer(id, create)?;
        let from = create.from.as_ref().map(|from| self.relation(from)).transpose()?;
        let trigger = Trigger {
            name: create.name.name.clone(),
            constraint: create.constraint,
            timing: create.timing.clone(),
            events: self.events(id, create)?,
            from,
            deferrable: create.deferrable,
            initially_deferred: create.initially_deferred,
            referencing: create.referencing.clone(),
            for_each_row: create.for_each_row,
            when: self.trigger_condition(id, create)?,
            function: (self.trigger_function(&create.function)?, spelt(&create.function)),
            arguments: create.arguments.clone(),
            enabled: Enabled::default(),
            comment: None,
            inherited: false,
        };
        self.put_trigger(id, trigger, create)
    }

    /// Only tables and views have triggers.
    fn check_bearer(&self, id: Id, create: &ddl::CreateTrigger) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        if matches!(object.kind, Kind::Table(_) | Kind::View(_)) || !self.is_certain(object) {
            return Ok(());
        }
        let message = format!("\"{}\" is not a table or view", spelt(&create.table));
        Err(Failure::wrong(create.table.at.clone(), "42809", message))
    }

    fn events(&self, id: Id, create: &ddl::CreateTrigger) -> Result<Vec<(String, Vec<u32>)>> {
        let Some(object) = self.catalog.get(id) else { return Ok(Vec::new()) };
        let certain = self.is_certain(object) && object.view().is_none_or(|it| it.followed);
        let mut events = Vec::with_capacity(create.events.len());
        for (event, names) in &create.events {
            let mut numbers = Vec::with_capacity(names.len());
            for name in names {
                match named(object.columns(), &name.name) {
                    Some(column) => numbers.push(column.number),
                    None if certain => {
                        return Err(self.unknown_column(id, &name.name, name.at.clone()));
                    }
                    None => {}
                }
            }
            events.push((event.clone(), numbers));
        }
        sort(&mut events);
        Ok(events)
    }

    fn trigger_condition(
        &mut self,
        id: Id,
        create: &ddl::CreateTrigger,
    ) -> Result<Option<crate::catalog::Expr>> {
        let Some(when) = &create.when else { return Ok(None) };
        let columns = self.catalog.get(id).map(|it| it.columns().to_vec()).unwrap_or_default();
        Ok(Some(self.bind_in(when, &columns, &["old", "new"])))
    }

    /// Adds it to the relation and, one that fires for rows, to its partitions.
    fn put_trigger(&mut self, id: Id, trigger: Trigger, create: &ddl::CreateTrigger) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let there = named(object.triggers(), &trigger.name);
        if let Some(old) = there {
            let of = Some(object.name.clone());
            let replaces =
                create.or_replace && !old.constraint && old.inherited == trigger.inherited;
            if !replaces && self.is_certain(object) {
                return Err(self.duplicate_trigger(&create.name, of));
            }
        }
        let comment = there.and_then(|old| old.comment.clone());
        let parts = match trigger.for_each_row {
            true => self.partitions(id),
            false => Vec::new(),
        };
        for part in parts {
            let trigger = self.translated(&trigger, id, part);
            self.put_trigger(part, trigger, create)?;
        }
        self.catalog.edit(id, |object| {
            if let Some(triggers) = object.triggers_mut() {
                triggers.retain(|it| it.name != trigger.name);
                triggers.push(Trigger { comment, ..trigger });
            }
        });
        Ok(())
    }

    fn duplicate_trigger(&self, name: &Ident, of: Option<String>) -> Failure {
        let table = of.clone();
        let is_it = |object: &Object| {
            Some(&object.name) == table.as_ref() && named(object.triggers(), &name.name).is_some()
        };
        self.duplicate(ObjectKind::Trigger, &name.name, of, name.at.clone(), &is_it)
    }

    /// A trigger of a partitioned table as one of its partitions has it, whose columns may have other
    /// numbers.
    pub(super) fn translated(&self, trigger: &Trigger, from: Id, to: Id) -> Trigger {
        let map = self.column_map(from, to);
        let number = |number: u32| map.get(&number).copied().unwrap_or(number);
        let mut trigger = Trigger { inherited: true, comment: None, ..trigger.clone() };
        for (_, columns) in &mut trigger.events {
            columns.iter_mut().for_each(|column| *column = number(*column));
        }
        trigger.when = trigger.when.map(|when| when.renumbered(number));
        trigger
    }
}
