//! What triggers, policies, rules, statistics and publications lock.

use super::{LockMode, Locks, Seen};
use crate::ddl::{CreateTrigger, Name};

pub(super) fn trigger(seen: &Seen<'_>, create: &CreateTrigger, locks: &mut Locks) {
    if let Some(table) = seen.names.relation(&create.table) {
        let tables = if create.for_each_row { seen.partitions(table) } else { vec![table] };
        locks.lock_all(tables, LockMode::ShareRowExclusive);
    }
    let from = create.from.as_ref().and_then(|from| seen.names.relation(from));
    locks.lock_all(from, LockMode::AccessShare);
}

/// `CREATE POLICY`, `ALTER POLICY`, `CREATE RULE`.
pub(super) fn exclusive(seen: &Seen<'_>, table: &Name, locks: &mut Locks) {
    locks.lock_all(seen.names.relation(table), LockMode::AccessExclusive);
}

pub(super) fn statistics(seen: &Seen<'_>, table: &Name, locks: &mut Locks) {
    locks.lock_all(seen.names.relation(table), LockMode::ShareUpdateExclusive);
}

/// `CREATE PUBLICATION`, `ALTER PUBLICATION`: the tables, with what only inherits from them.
pub(super) fn published(seen: &Seen<'_>, tables: &[Name], locks: &mut Locks) {
    for table in tables.iter().filter_map(|name| seen.names.relation(name)) {
        let family = if seen.is_partitioned(table) { vec![table] } else { seen.family(table) };
        locks.lock_all(family, LockMode::ShareUpdateExclusive);
    }
}
