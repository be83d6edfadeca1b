//! What triggers, policies, rules, statistics and publications lock.

use super::query::{Run, query};
use super::{LockMode, Locks, Seen};
use crate::ddl::{Command, CreateRule, CreateTrigger, Name};

pub(super) fn trigger(seen: &Seen<'_>, create: &CreateTrigger, locks: &mut Locks) {
    if let Some(table) = seen.names.relation(&create.table) {
        let tables = if create.for_each_row { seen.partitions(table) } else { vec![table] };
        locks.lock_all(tables, LockMode::ShareRowExclusive);
    }
    let from = create.from.as_ref().and_then(|from| seen.names.relation(from));
    locks.lock_all(from, LockMode::AccessShare);
}

/// What it is to do is read, not run.
pub(super) fn rule(seen: &Seen<'_>, create: &CreateRule, locks: &mut Locks) {
    exclusive(seen, &create.table, locks);
    let action = create.action.as_deref();
    if let Some(Command::Insert(dml) | Command::Update(dml) | Command::Delete(dml)) = action {
        locks.lock_all(seen.names.relation(&dml.table), LockMode::RowExclusive);
        query(seen, &dml.query, Run::No, locks);
    } else if let Some(Command::Select(select)) = action {
        query(seen, select, Run::No, locks);
    }
}

/// `CREATE POLICY`, `ALTER POLICY`.
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
