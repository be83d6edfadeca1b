//! What goes, and what loses something: it is locked before it goes.
//!
//! It is found by comparing the catalog before with the one after, so that what `CASCADE` takes along is
//! among it.

use super::relations::foreign_key;
use super::{LockMode, Locks, Seen};
use crate::catalog::{Constraint, Id, Kind, Object, Table};
use crate::ddl::{AlterActionKind, Command, ObjectName};
use crate::list::CollectVec;

/// What was there before and is gone.
pub(super) fn locks(seen: &Seen<'_>, locks: &mut Locks) {
    if let Command::Drop(drop) = seen.command {
        let tables = drop.objects.iter().filter_map(|object| doubtful(seen, object));
        locks.lock_all(tables, LockMode::AccessExclusive);
    }
    for (id, before) in seen.before.touched() {
        let Some(before) = before else { continue };
        match seen.after.get(id) {
            None => gone(seen, id, before, locks),
            Some(after) if lost_a_part(before, after) || replaces_key(seen, before, after) => {
                locks.lock(id, LockMode::AccessExclusive);
                keys(seen, before, after.table(), locks);
            }
            Some(_) => {}
        }
    }
}

/// The table of a trigger, policy or rule that may be there, and go.
fn doubtful(seen: &Seen<'_>, object: &ObjectName) -> Option<Id> {
    let part = &object.part.as_ref()?.name;
    let id = seen.names.relation(&object.name)?;
    let fog = &seen.after.session().fog;
    let may_be = seen.before.get(id)?.partial || fog.everywhere || fog.names.contains(part);
    may_be.then_some(id)
}

fn gone(seen: &Seen<'_>, id: Id, object: &Object, locks: &mut Locks) {
    let exclusive = LockMode::AccessExclusive;
    match &object.kind {
        Kind::Table(table) => {
            if table.is_partition() {
                locks.lock_all(table.parents.iter().copied(), exclusive);
                let default = table.parents.first().and_then(|it| seen.default_partition(*it));
                locks.lock_all(default, exclusive);
            }
            locks.lock(id, exclusive);
            keys(seen, object, None, locks);
        }
        Kind::Index(index) => {
            locks.lock(index.table, exclusive);
            locks.lock(id, exclusive);
        }
        Kind::View(_) | Kind::Sequence(_) | Kind::Relation => locks.lock(id, exclusive),
        Kind::Statistics(statistics) => {
            locks.lock(statistics.table, LockMode::ShareUpdateExclusive);
        }
        _ => {}
    }
}

/// The other tables of foreign keys that are gone. That of a partition goes with that of its parent.
fn keys(seen: &Seen<'_>, before: &Object, after: Option<&Table>, locks: &mut Locks) {
    let replaced = replaced(seen);
    let is_gone = |constraint: &&Constraint| {
        constraint.inherited == 0
            && (replaced.contains(&constraint.name.as_str())
                || after.is_none_or(|it| it.constraint(&constraint.name).is_none()))
    };
    let constraints = before.table().map(|it| it.constraints.as_slice()).unwrap_or_default();
    for key in constraints.iter().filter(is_gone).filter_map(foreign_key) {
        let others = seen.partitions(key.table).into_iter();
        // Before PostgreSQL 15 only the partitions of a table that has any.
        let is_locked = |id: &Id| !seen.is_partitioned(*id) || seen.servers.any_from(15);
        locks.lock_all(others.filter(is_locked), LockMode::AccessExclusive);
    }
}

/// Constraints that an ALTER TABLE drops, though it may add others of the same names.
fn replaced<'a>(seen: &Seen<'a>) -> Vec<&'a str> {
    let Command::AlterTable(alter) = seen.command else { return Vec::new() };
    let names = alter.actions.iter().filter_map(|action| match &action.kind {
        AlterActionKind::DropConstraint { constraint, .. } => Some(constraint.name.as_str()),
        _ => None,
    });
    names.collect_vec()
}

/// Whether a foreign key of the table gave way to one of the same name.
fn replaces_key(seen: &Seen<'_>, before: &Object, after: &Object) -> bool {
    let (Some(before), Some(_)) = (before.table(), after.table()) else { return false };
    let names = replaced(seen);
    let keys = before.constraints.iter().filter(|it| foreign_key(it).is_some());
    keys.into_iter().any(|key| names.contains(&key.name.as_str()))
}

/// A column, a default, a constraint, a trigger, a policy or a rule, or perhaps one of them.
fn lost_a_part(before: &Object, after: &Object) -> bool {
    fn lost<T>(before: &[T], after: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
        before.iter().any(|old| !after.iter().any(|new| same(old, new)))
    }
    let columns = lost(before.columns(), after.columns(), |old, new| {
        old.number == new.number && (old.default.is_none() || new.default.is_some())
    });
    let triggers = lost(before.triggers(), after.triggers(), |old, new| old.name == new.name);
    let rules = lost(before.rules(), after.rules(), |old, new| old.name == new.name);
    let of_table = match (before.table(), after.table()) {
        (Some(before), Some(after)) => {
            lost(&before.constraints, &after.constraints, |old, new| old.name == new.name)
                || lost(&before.policies, &after.policies, |old, new| old.name == new.name)
        }
        _ => false,
    };
    // An extension took along what is not known.
    let is_doubtful = after.partial && !before.partial;
    columns || triggers || rules || of_table || is_doubtful
}
