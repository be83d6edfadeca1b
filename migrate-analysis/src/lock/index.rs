//! What indexes lock.

use super::{Cause, LockMode, Locks, Seen, WorkKind};
use crate::catalog::{Id, Object};
use crate::ddl::{CreateIndex, Drop, Name};

/// `CREATE INDEX`.
pub(super) fn create(seen: &Seen<'_>, create: &CreateIndex, locks: &mut Locks) {
    let Some(table) = seen.names.relation(&create.table) else { return };
    let mode = match create.concurrently {
        true => LockMode::ShareUpdateExclusive,
        false => LockMode::Share,
    };
    // Even where an index of that name is there already.
    let tables = if create.only { vec![table] } else { seen.partitions(table) };
    locks.lock_all(tables, mode);
    builds(seen, (WorkKind::IndexBuild, Cause::CreateIndex), &create.table.at, locks);
    // Indexes of partitions that become part of it.
    for (id, before) in seen.before.touched() {
        if before.and_then(Object::index).is_some() {
            locks.lock(id, LockMode::Share);
        }
    }
}

/// The indexes that are new, on tables with rows.
pub(super) fn builds(
    seen: &Seen<'_>,
    work: (WorkKind, Cause),
    at: &std::ops::Range<usize>,
    locks: &mut Locks,
) {
    for (_, object) in seen.made() {
        let Some(index) = object.index() else { continue };
        if !seen.holds_rows(index.table) {
            continue;
        }
        locks.work(index.table, work, at);
        if index.unique {
            locks.depends_on_rows.push((index.table, "23505"));
        }
    }
}

/// `ALTER INDEX … ATTACH PARTITION`.
pub(super) fn attach(seen: &Seen<'_>, index: &Name, partition: &Name, locks: &mut Locks) {
    let of = |id: Option<Id>| id.and_then(|id| seen.index(id)).map(|index| index.table);
    let (index, partition) = (seen.names.relation(index), seen.names.relation(partition));
    locks.lock_all(of(index).into_iter().chain(of(partition)), LockMode::AccessShare);
    locks.lock_all(index, LockMode::ShareUpdateExclusive);
    locks.lock_all(partition, LockMode::AccessExclusive);
}

/// `DROP INDEX CONCURRENTLY`. At its end, when nobody uses the index any more, it is locked more strongly.
pub(super) fn drop_concurrently(seen: &Seen<'_>, drop: &Drop, locks: &mut Locks) {
    for id in drop.objects.iter().filter_map(|object| seen.names.relation(&object.name)) {
        locks.lock_all(seen.index(id).map(|index| index.table), LockMode::ShareUpdateExclusive);
        locks.lock(id, LockMode::ShareUpdateExclusive);
    }
}
