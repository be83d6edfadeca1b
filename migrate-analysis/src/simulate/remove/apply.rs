//! Taking out what was found to go.

use super::{Doomed, Target};
use crate::catalog::{Id, Kind, Object};
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use crate::simulate::Simulator;

impl Simulator<'_> {
    pub(super) fn apply(&mut self, doomed: &Doomed) {
        for target in &doomed.order {
            if !doomed.has(&Target::Object(target.object())) {
                self.take_out_part(target, doomed);
            }
        }
        let objects = doomed.order.iter().filter_map(|target| match target {
            Target::Object(id) => Some(*id),
            _ => None,
        });
        let gone: SortedSet<Id> = objects.collect();
        for id in &gone {
            self.forget(*id, &gone);
        }
        for id in gone {
            self.catalog.remove(id);
        }
    }

    fn take_out_part(&mut self, target: &Target, doomed: &Doomed) {
        match target {
            Target::Column(id, number) => self.keep_in_children(*id, *number, doomed),
            Target::Constraint(id, name) => self.keep_constraint_in_children(*id, name, doomed),
            _ => {}
        }
        self.catalog.edit(target.object(), |object| take_out(object, target));
    }

    /// A child that has the column from elsewhere too keeps it.
    fn keep_in_children(&mut self, id: Id, number: u32, doomed: &Doomed) {
        let Some(table) = self.catalog.get(id).and_then(Object::table) else { return };
        let Some(name) = table.numbered(number).map(|column| column.name.clone()) else { return };
        for child in self.child_tables(id) {
            let Some(table) = self.catalog.get(child).and_then(Object::table) else { continue };
            let Some(column) = table.column(&name) else { continue };
            if column.inherited == 0 || doomed.has(&Target::Column(child, column.number)) {
                continue;
            }
            self.catalog.edit(child, |object| {
                if let Some(column) = object.table_mut().and_then(|it| it.column_mut(&name)) {
                    column.inherited -= 1;
                }
            });
        }
    }

    fn keep_constraint_in_children(&mut self, id: Id, name: &str, doomed: &Doomed) {
        for child in self.child_tables(id) {
            let Some(table) = self.catalog.get(child).and_then(Object::table) else { continue };
            let inherited = table.constraint(name).is_some_and(|it| it.inherited > 0);
            if !inherited || doomed.has(&Target::Constraint(child, name.to_owned())) {
                continue;
            }
            self.catalog.edit(child, |object| {
                let constraints = object.table_mut().map(|table| &mut table.constraints);
                for constraint in constraints.into_iter().flatten() {
                    if constraint.name == name {
                        constraint.inherited -= 1;
                    }
                }
            });
        }
    }

    pub(in crate::simulate) fn child_tables(&self, id: Id) -> Vec<Id> {
        let is_child = |child: &Id| {
            let table = self.catalog.get(*child).and_then(Object::table);
            table.is_some_and(|table| table.parents.contains(&id))
        };
        self.catalog.dependents(id).filter(is_child).collect_vec()
    }

    /// What stays forgets what goes: the index that a table was clustered on, what a view that could
    /// not be followed may have read.
    fn forget(&mut self, id: Id, gone: &SortedSet<Id>) {
        let staying: Vec<Id> =
            self.catalog.dependents(id).filter(|other| !gone.contains(other)).collect_vec();
        for other in staying {
            self.catalog.edit(other, |object| match &mut object.kind {
                Kind::Table(table) if table.clustered_on == Some(id) => table.clustered_on = None,
                Kind::View(view) => {
                    view.reads.retain(|(relation, _)| *relation != id);
                    view.uses.remove(&id);
                }
                _ => {}
            });
        }
    }
}

fn take_out(object: &mut Object, target: &Target) {
    match target {
        Target::Column(_, number) => {
            if let Some(columns) = object.columns_mut() {
                columns.retain(|column| column.number != *number);
            }
        }
        Target::Default(_, number) => {
            let columns = object.columns_mut().into_iter().flatten();
            columns.filter(|it| it.number == *number).for_each(|column| column.default = None);
        }
        Target::Constraint(_, name) => {
            if let Some(table) = object.table_mut() {
                table.constraints.retain(|constraint| constraint.name != *name);
            }
        }
        Target::Policy(_, name) => {
            if let Some(table) = object.table_mut() {
                table.policies.retain(|policy| policy.name != *name);
            }
        }
        Target::Trigger(_, name) => {
            if let Some(triggers) = object.triggers_mut() {
                triggers.retain(|trigger| trigger.name != *name);
            }
        }
        Target::Rule(_, name) => {
            if let Some(rules) = object.rules_mut() {
                rules.retain(|rule| rule.name != *name);
            }
        }
        Target::DomainCheck(_, name) => {
            if let Kind::Domain(domain) = &mut object.kind {
                domain.checks.retain(|check| check.name != *name);
            }
        }
        Target::Attribute(_, name) => {
            if let Kind::Composite(attributes) = &mut object.kind {
                attributes.retain(|attribute| attribute.name != *name);
            }
        }
        Target::Object(_) => {}
    }
}
