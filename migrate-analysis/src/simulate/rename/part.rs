//! What belongs to a table, view, domain or composite type, and is no column.

use crate::catalog::{Id, Key, Kind, Object, Space, named, named_mut};
use crate::ddl::{Ident, ObjectKind};
use crate::simulate::remove::index_of;
use crate::simulate::{Failure, Result, Simulator, Target};

impl Simulator<'_> {
    pub(super) fn rename_part(&mut self, target: &Target, to: &Ident) -> Result {
        match target {
            Target::Constraint(id, from) => self.rename_constraint(*id, from, to),
            Target::Trigger(id, from) => {
                self.check_part_free(*id, ObjectKind::Trigger, to)?;
                self.rename_trigger(*id, from, to);
                Ok(())
            }
            Target::Policy(id, _) => self.rename_own(*id, ObjectKind::Policy, target, to),
            Target::Rule(id, _) => self.rename_own(*id, ObjectKind::Rule, target, to),
            Target::DomainCheck(id, _) => {
                self.rename_own(*id, ObjectKind::DomainConstraint, target, to)
            }
            Target::Attribute(id, _) => self.rename_own(*id, ObjectKind::Column, target, to),
            Target::Object(_) | Target::Column(..) | Target::Default(..) => Ok(()),
        }
    }

    /// What no other object has from this one.
    fn rename_own(&mut self, id: Id, kind: ObjectKind, part: &Target, to: &Ident) -> Result {
        self.check_part_free(id, kind, to)?;
        self.catalog.edit(id, |object| {
            if let Some(name) = name_of(object, part) {
                name.clone_from(&to.name);
            }
        });
        Ok(())
    }

    fn rename_constraint(&mut self, id: Id, from: &str, to: &Ident) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let Some(constraint) = object.table().and_then(|table| table.constraint(from)) else {
            return Ok(());
        };
        if constraint.inherited > 0 && !object.partial {
            let message = format!("cannot rename inherited constraint \"{from}\"");
            return Err(Failure::wrong(to.at.clone(), "42P16", message));
        }
        let index = index_of(constraint);
        if let Some(index) = index
            && let Some(object) = self.catalog.get(index)
        {
            // It is the name of the index that is found to be taken, as in PostgreSQL.
            let key = Key::new(Space::Relation, object.schema, &to.name);
            if self.catalog.find(&key).is_some() && !self.is_shrouded(&to.name) {
                let is_it = |it: &Object| it.keys().contains(&key);
                let at = to.at.clone();
                return Err(self.duplicate(ObjectKind::Table, &to.name, None, at, &is_it));
            }
            self.catalog.edit(index, |object| object.name.clone_from(&to.name));
        }
        self.rename_constraint_down(id, from, to)
    }

    /// In the table and whatever inherits it.
    fn rename_constraint_down(&mut self, id: Id, from: &str, to: &Ident) -> Result {
        self.check_part_free(id, ObjectKind::Constraint, to)?;
        self.catalog.edit(id, |object| {
            let Some(table) = object.table_mut() else { return };
            if let Some(constraint) = named_mut(&mut table.constraints, from) {
                constraint.name.clone_from(&to.name);
            }
        });
        for child in self.child_tables(id) {
            let table = self.catalog.get(child).and_then(Object::table);
            let constraint = table.and_then(|table| table.constraint(from));
            // A key of a partition has a name of its own.
            let follows = constraint.is_some_and(|it| it.inherited > 0 && index_of(it).is_none());
            if follows {
                self.rename_constraint_down(child, from, to)?;
            }
        }
        Ok(())
    }

    fn rename_trigger(&mut self, id: Id, from: &str, to: &Ident) {
        self.catalog.edit(id, |object| {
            let Some(triggers) = object.triggers_mut() else { return };
            if let Some(trigger) = named_mut(triggers, from) {
                trigger.name.clone_from(&to.name);
            }
        });
        for child in self.child_tables(id) {
            let trigger = self.catalog.get(child).and_then(|it| named(it.triggers(), from));
            if trigger.is_some_and(|it| it.inherited) {
                self.rename_trigger(child, from, to);
            }
        }
    }

    fn check_part_free(&self, id: Id, kind: ObjectKind, to: &Ident) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        if !has_part(object, kind, &to.name) || self.is_shrouded(&to.name) {
            return Ok(());
        }
        let owner = object.name.clone();
        let is_it = |it: &Object| it.name == owner && has_part(it, kind, &to.name);
        Err(self.duplicate(kind, &to.name, Some(owner.clone()), to.at.clone(), &is_it))
    }
}

/// Where an object keeps the name of a part that no other object has from it.
fn name_of<'a>(object: &'a mut Object, part: &Target) -> Option<&'a mut String> {
    match part {
        Target::Policy(_, from) => {
            Some(&mut named_mut(&mut object.table_mut()?.policies, from)?.name)
        }
        Target::Rule(_, from) => Some(&mut named_mut(object.rules_mut()?, from)?.name),
        Target::DomainCheck(_, from) => match &mut object.kind {
            Kind::Domain(domain) => Some(&mut named_mut(&mut domain.checks, from)?.name),
            _ => None,
        },
        Target::Attribute(_, from) => match &mut object.kind {
            Kind::Composite(attributes) => Some(&mut named_mut(attributes, from)?.name),
            _ => None,
        },
        _ => None,
    }
}

fn has_part(object: &Object, kind: ObjectKind, name: &str) -> bool {
    match (kind, &object.kind) {
        (ObjectKind::Constraint, Kind::Table(table)) => table.constraint(name).is_some(),
        (ObjectKind::Policy, Kind::Table(table)) => named(&table.policies, name).is_some(),
        (ObjectKind::Trigger, _) => named(object.triggers(), name).is_some(),
        (ObjectKind::Rule, _) => named(object.rules(), name).is_some(),
        (_, Kind::Domain(domain)) => named(&domain.checks, name).is_some(),
        (_, Kind::Composite(attributes)) => named(attributes, name).is_some(),
        _ => false,
    }
}
