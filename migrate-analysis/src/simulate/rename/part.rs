//! What belongs to a table, view, domain or composite type, and is no column.

use crate::catalog::{Id, Key, Kind, Object, Space};
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
            Target::Policy(id, from) => {
                self.check_part_free(*id, ObjectKind::Policy, to)?;
                self.catalog.edit(*id, |object| {
                    let policies = object.table_mut().map(|table| &mut table.policies);
                    let mut policies = policies.into_iter().flatten();
                    if let Some(policy) = policies.find(|policy| policy.name == *from) {
                        policy.name.clone_from(&to.name);
                    }
                });
                Ok(())
            }
            Target::Rule(id, from) => {
                self.check_part_free(*id, ObjectKind::Rule, to)?;
                self.catalog.edit(*id, |object| {
                    let mut rules = object.rules_mut().into_iter().flatten();
                    if let Some(rule) = rules.find(|rule| rule.name == *from) {
                        rule.name.clone_from(&to.name);
                    }
                });
                Ok(())
            }
            Target::DomainCheck(id, from) => {
                self.check_part_free(*id, ObjectKind::DomainConstraint, to)?;
                self.catalog.edit(*id, |object| {
                    let Kind::Domain(domain) = &mut object.kind else { return };
                    if let Some(check) = domain.checks.iter_mut().find(|it| it.name == *from) {
                        check.name.clone_from(&to.name);
                    }
                });
                Ok(())
            }
            Target::Attribute(id, from) => {
                self.check_part_free(*id, ObjectKind::Column, to)?;
                self.catalog.edit(*id, |object| {
                    let Kind::Composite(attributes) = &mut object.kind else { return };
                    if let Some(it) = attributes.iter_mut().find(|it| it.name == *from) {
                        it.name.clone_from(&to.name);
                    }
                });
                Ok(())
            }
            Target::Object(_) | Target::Column(..) | Target::Default(..) => Ok(()),
        }
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
                return Err(self.duplicate(ObjectKind::Table, &to.name, None, at, is_it));
            }
            self.catalog.edit(index, |object| object.name.clone_from(&to.name));
        }
        self.rename_constraint_down(id, from, to)
    }

    /// In the table and whatever inherits it.
    fn rename_constraint_down(&mut self, id: Id, from: &str, to: &Ident) -> Result {
        self.check_part_free(id, ObjectKind::Constraint, to)?;
        self.catalog.edit(id, |object| {
            let constraints = object.table_mut().map(|table| &mut table.constraints);
            let mut constraints = constraints.into_iter().flatten();
            if let Some(constraint) = constraints.find(|it| it.name == from) {
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
            let mut triggers = object.triggers_mut().into_iter().flatten();
            if let Some(trigger) = triggers.find(|trigger| trigger.name == from) {
                trigger.name.clone_from(&to.name);
            }
        });
        for child in self.child_tables(id) {
            let mut triggers = self.catalog.get(child).map(Object::triggers).into_iter().flatten();
            if triggers.any(|trigger| trigger.name == from && trigger.inherited) {
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
        Err(self.duplicate(kind, &to.name, Some(owner.clone()), to.at.clone(), is_it))
    }
}

fn has_part(object: &Object, kind: ObjectKind, name: &str) -> bool {
    match (kind, &object.kind) {
        (ObjectKind::Constraint, Kind::Table(table)) => table.constraint(name).is_some(),
        (ObjectKind::Policy, Kind::Table(table)) => table.policies.iter().any(|it| it.name == name),
        (ObjectKind::Trigger, _) => object.triggers().iter().any(|it| it.name == name),
        (ObjectKind::Rule, _) => object.rules().iter().any(|it| it.name == name),
        (_, Kind::Domain(domain)) => domain.checks.iter().any(|it| it.name == name),
        (_, Kind::Composite(attributes)) => attributes.iter().any(|it| it.name == name),
        _ => false,
    }
}
