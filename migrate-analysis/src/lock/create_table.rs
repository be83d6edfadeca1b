//! What `CREATE TABLE` locks: those that the new table refers to, or belongs to.

use super::partition;
use super::relations::foreign_key;
use super::{LockMode, Locks, Seen};
use crate::catalog::Object;
use crate::ddl::{CreateTable, TableElement};

pub(super) fn create(seen: &Seen<'_>, create: &CreateTable, locks: &mut Locks) {
    let table = seen.made().find_map(|(id, object)| {
        let table = object.table().filter(|_| object.name == create.name.name)?;
        Some((id, table))
    });
    // It was there before.
    let Some((_, table)) = table else { return };
    for element in &create.elements {
        if let TableElement::Like(like) = element {
            locks.lock_all(seen.names.relation(&like.table), LockMode::AccessShare);
        }
    }
    match (&create.partition_of, table.parents.first()) {
        (Some((name, _)), Some(parent)) => {
            locks.lock(*parent, LockMode::AccessExclusive);
            partition::join(seen, *parent, table, &name.at, locks);
        }
        _ => {
            locks.lock_all(table.parents.iter().copied(), LockMode::ShareUpdateExclusive);
        }
    }
    for key in table.constraints.iter().filter_map(foreign_key) {
        if seen.before.get(key.table).is_some_and(|it: &Object| it.table().is_some()) {
            locks.lock_all(seen.partitions(key.table), LockMode::ShareRowExclusive);
        }
    }
}
