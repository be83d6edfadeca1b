//! Row security policies and rules.

use super::lookup::spelt;
use super::{Failure, Result, Simulator};
use crate::catalog::{Expr, Id, Kind, Object, Policy, Rule, named, named_mut};
use crate::ddl::{self, Enabled, Expression, Ident, Name, ObjectKind};
use crate::ordered::sort;

impl Simulator<'_> {
    pub(super) fn create_policy(&mut self, create: &ddl::CreatePolicy) -> Result {
        let id = self.table_with_policies(&create.table)?;
        let name = &create.name;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        if has_policy(object, &create.table, name) && self.is_certain(object) {
            let is_it = |object: &Object| has_policy(object, &create.table, name);
            let (kind, of) = (ObjectKind::Policy, Some(spelt(&create.table)));
            return Err(self.duplicate(kind, &name.name, of, name.at.clone(), &is_it));
        }
        let policy = Policy {
            name: name.name.clone(),
            permissive: create.permissive,
            command: create.command.clone(),
            roles: roles(&create.roles),
            using: self.policy_condition(id, create.using.as_ref())?,
            check: self.policy_condition(id, create.check.as_ref())?,
            comment: None,
        };
        self.edit_policies(id, |policies| {
            policies.retain(|it| it.name != policy.name);
            policies.push(policy);
        });
        Ok(())
    }

    pub(super) fn alter_policy(&mut self, alter: &ddl::AlterPolicy) -> Result {
        let id = self.table_with_policies(&alter.table)?;
        let name = &alter.name;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        if !has_policy(object, &alter.table, name) && self.is_certain(object) {
            let is_it = |object: &Object| has_policy(object, &alter.table, name);
            let (kind, of) = (ObjectKind::Policy, Some(spelt(&alter.table)));
            return Err(self.unknown(kind, &name.name, of, name.at.clone(), &is_it));
        }
        let using = self.policy_condition(id, alter.using.as_ref())?;
        let check = self.policy_condition(id, alter.check.as_ref())?;
        self.edit_policies(id, |policies| {
            for policy in policies.iter_mut().filter(|policy| policy.name == name.name) {
                policy.using = using.clone().or(policy.using.take());
                policy.check = check.clone().or(policy.check.take());
                if let Some(written) = &alter.roles {
                    policy.roles = roles(written);
                }
            }
        });
        Ok(())
    }

    fn table_with_policies(&mut self, name: &Name) -> Result<Id> {
        let id = self.table(name)?;
        let Some(object) = self.catalog.get(id) else { return Ok(id) };
        if object.table().is_none() && self.is_certain(object) {
            let message = format!("\"{}\" is not a table", spelt(name));
            return Err(Failure::wrong(name.at.clone(), "42809", message));
        }
        Ok(id)
    }

    fn policy_condition(&mut self, id: Id, condition: Option<&Expression>) -> Result<Option<Expr>> {
        let Some(condition) = condition else { return Ok(None) };
        self.check_columns(condition, id)?;
        let object = self.catalog.get(id);
        let columns = object.map(|it| it.columns().to_vec()).unwrap_or_default();
        let table = object.map(|it| it.name.clone()).unwrap_or_default();
        Ok(Some(self.bind_in(condition, &columns, &[&table])))
    }

    fn edit_policies(&mut self, id: Id, change: impl FnOnce(&mut Vec<Policy>)) {
        self.catalog.edit(id, |object| {
            if let Some(table) = object.table_mut() {
                change(&mut table.policies);
            }
        });
    }

    pub(super) fn create_rule(&mut self, create: &ddl::CreateRule) -> Result {
        let id = match self.relation(&create.table)? {
            id if self.catalog.get(id).is_some_and(|it| it.kind == Kind::Relation) => {
                self.table(&create.table)?
            }
            id => id,
        };
        let name = &create.name;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let has = |object: &Object| named(object.rules(), &name.name).is_some();
        if has(object) && !create.or_replace && self.is_certain(object) {
            let table = object.name.clone();
            let is_it = |object: &Object| object.name == table && has(object);
            let (kind, of) = (ObjectKind::Rule, Some(table.clone()));
            return Err(self.duplicate(kind, &name.name, of, name.at.clone(), &is_it));
        }
        let definition = create.definition.clone();
        self.catalog.edit(id, |object| {
            let Some(rules) = object.rules_mut() else { return };
            match named_mut(rules, &name.name) {
                Some(rule) => rule.definition = definition,
                None => rules.push(Rule {
                    name: name.name.clone(),
                    definition,
                    enabled: Enabled::default(),
                    comment: None,
                }),
            }
        });
        Ok(())
    }
}

fn has_policy(object: &Object, table: &Name, policy: &Ident) -> bool {
    let policies = object.table().map(|table| table.policies.as_slice()).unwrap_or_default();
    object.name == table.name && named(policies, &policy.name).is_some()
}

/// Sorted; with `public` among them nobody else matters.
fn roles(written: &[String]) -> Vec<String> {
    if written.is_empty() || written.iter().any(|role| role == "public") {
        return vec!["public".to_owned()];
    }
    let mut roles = written.to_vec();
    sort(&mut roles);
    roles.dedup();
    roles
}
