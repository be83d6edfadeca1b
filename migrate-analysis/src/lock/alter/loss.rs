//! What goes with a column or a constraint: it is locked before it goes.

use super::{Altering, has_action};
use crate::catalog::{Constraint, ConstraintKind, Id, Kind, Object};
use crate::ddl::{AlterActionKind, ColumnAction};
use crate::lock::{LockMode, Locks};
use std::collections::BTreeSet;

pub(super) fn lost(altering: &Altering<'_>, locks: &mut Locks) {
    let drops = |kind: &AlterActionKind| {
        matches!(
            kind,
            AlterActionKind::DropColumn { .. }
                | AlterActionKind::DropConstraint { .. }
                | AlterActionKind::AlterColumn { action: ColumnAction::DropIdentity { .. }, .. }
        )
    };
    if !has_action(altering.alter, drops) {
        return;
    }
    let (before, after) = (altering.before(), altering.seen.after);
    let mut seen: BTreeSet<Id> = altering.family().into_iter().collect();
    let mut next: Vec<Id> = seen.iter().copied().collect();
    while let Some(id) = next.pop() {
        foreign_keys(altering, id, locks);
        for dependent in before.dependents(id) {
            if !seen.insert(dependent) {
                continue;
            }
            let is_relation = before.get(dependent).is_some_and(is_relation);
            if is_relation && after.get(dependent).is_none() {
                locks.lock(dependent, LockMode::AccessExclusive);
                next.push(dependent);
            } else if is_relation {
                foreign_keys(altering, dependent, locks);
            }
        }
    }
}

fn is_relation(object: &Object) -> bool {
    matches!(object.kind, Kind::Table(_) | Kind::View(_) | Kind::Index(_) | Kind::Sequence(_))
}

/// Both tables of a foreign key that goes.
fn foreign_keys(altering: &Altering<'_>, table: Id, locks: &mut Locks) {
    let Some(own) = altering.before().get(table).and_then(Object::table) else { return };
    // Another one may have its name by now.
    let is_dropped = |name: &str| {
        has_action(altering.alter, |kind| match kind {
            AlterActionKind::DropConstraint { constraint, .. } => constraint.name == name,
            _ => false,
        })
    };
    let stays = |constraint: &Constraint| {
        let now = altering.seen.after.get(table).and_then(Object::table);
        now.is_some_and(|it| it.constraint(&constraint.name).is_some())
            && !is_dropped(&constraint.name)
    };
    for constraint in own.constraints.iter().filter(|it| !stays(it)) {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            locks.lock(table, LockMode::AccessExclusive);
            locks.lock(key.table, LockMode::AccessExclusive);
        }
    }
}
