//! What partitions lock that come and go.

use super::bound::{Bound, Facts};
use super::relations::foreign_key;
use super::{Cause, LockMode, Locks, Seen, WorkKind, index};
use crate::catalog::{Constraint, ConstraintKind, Id, IndexKey, Object, Table};
use std::ops::Range;

/// `ATTACH PARTITION`, of a table.
pub(super) fn attach(
    seen: &Seen<'_>,
    (parent, child): (Id, Id),
    at: &Range<usize>,
    locks: &mut Locks,
) {
    locks.lock(parent, LockMode::ShareUpdateExclusive);
    locks.lock_all(seen.family(child), LockMode::AccessExclusive);
    let Some(new) = seen.after.get(child).and_then(Object::table) else { return };
    if !is_proven(seen, parent, child, new) {
        scan(seen, child, (WorkKind::Scan, Cause::AttachPartition), "23514", at, locks);
    }
    join(seen, parent, new, at, locks);
    index::builds(seen, (WorkKind::IndexBuild, Cause::AttachPartition), at, locks);
    let old = seen.table(child).map(|it| it.constraints.as_slice()).unwrap_or_default();
    for key in new.constraints.iter().filter_map(foreign_key) {
        let had = old.iter().filter_map(foreign_key).any(|it| {
            (&it.columns, it.table, &it.referenced) == (&key.columns, key.table, &key.referenced)
        });
        if !had {
            locks.lock_all(seen.partitions(key.table), LockMode::ShareRowExclusive);
            scan(seen, child, (WorkKind::Scan, Cause::AddForeignKey), "23503", at, locks);
        }
    }
}

/// What a new partition means for the others: rows of the default partition may belong to it.
pub(super) fn join(seen: &Seen<'_>, parent: Id, new: &Table, at: &Range<usize>, locks: &mut Locks) {
    if let Some(default) = seen.default_partition(parent) {
        locks.lock_all(seen.family(default), LockMode::AccessExclusive);
        let bound = new.bound.as_deref().and_then(Bound::read);
        let excludes = |bound: &Bound| {
            let column = key_column(seen, parent, default)?;
            let facts = checks(seen.table(default)?, column).any(|facts| facts.exclude(bound));
            Some(facts)
        };
        if !bound.as_ref().and_then(excludes).unwrap_or(false) {
            scan(seen, default, (WorkKind::Scan, Cause::DefaultPartition), "23514", at, locks);
        }
    }
    locks.lock_all(seen.indexes(parent), LockMode::ShareUpdateExclusive);
    let mode = match seen.servers.any_from(15) {
        true => LockMode::ShareRowExclusive,
        false => LockMode::AccessShare,
    };
    for (other, _) in seen.referencing(parent) {
        locks.lock_all(seen.partitions(other), mode);
    }
}

/// `DETACH PARTITION`, of a table. `concurrently`, or finished with `FINALIZE`.
pub(super) fn detach(
    seen: &Seen<'_>,
    (parent, child): (Id, Id),
    concurrently: bool,
    locks: &mut Locks,
) {
    if concurrently {
        locks.lock(parent, LockMode::ShareUpdateExclusive);
        return locks.lock(child, LockMode::AccessExclusive);
    }
    locks.lock(parent, LockMode::AccessExclusive);
    let is_newer = seen.servers.any_from(14);
    let weak = LockMode::ShareUpdateExclusive;
    let is_strong = is_newer || !seen.referencing(parent).is_empty();
    locks.lock(child, if is_strong { LockMode::AccessExclusive } else { weak });
    locks.lock_all(seen.default_partition(parent), LockMode::AccessExclusive);
    locks.lock_all(seen.indexes(child), LockMode::AccessExclusive);
    let own = seen.table(child).map(|it| it.constraints.as_slice()).unwrap_or_default();
    for key in own.iter().filter(|it| it.inherited > 0).filter_map(foreign_key) {
        locks.lock_all(seen.partitions(key.table), LockMode::ShareRowExclusive);
    }
    for (other, _) in seen.referencing(parent) {
        locks.lock_all(seen.partitions(other), LockMode::AccessExclusive);
        locks.depends_on_rows.push((child, "23503"));
    }
}

fn scan(
    seen: &Seen<'_>,
    table: Id,
    work: (WorkKind, Cause),
    sqlstate: &'static str,
    at: &Range<usize>,
    locks: &mut Locks,
) {
    for id in seen.partitions(table).into_iter().filter(|id| seen.holds_rows(*id)) {
        locks.work(id, work, at);
        locks.depends_on_rows.push((id, sqlstate));
    }
}

/// The only column of the parent's partition key, by its number in a partition.
fn key_column(seen: &Seen<'_>, parent: Id, partition: Id) -> Option<u32> {
    let (parent, partition) = (seen.table(parent)?, seen.table(partition)?);
    let [element] = parent.partition_by.as_ref()?.keys.as_slice() else { return None };
    let IndexKey::Column(number) = element.key else { return None };
    let name = &parent.numbered(number)?.name;
    Some(partition.column(name)?.number)
}

/// What each CHECK that all rows satisfy says of a column.
fn checks(table: &Table, column: u32) -> impl Iterator<Item = Facts> {
    let holds = |it: &&Constraint| it.validated && !it.not_enforced;
    table.constraints.iter().filter(holds).filter_map(move |constraint| match &constraint.kind {
        ConstraintKind::Check(expression) => Some(Facts::of(expression, column)),
        _ => None,
    })
}

/// Whether constraints of the table say that all its rows are in the bound.
fn is_proven(seen: &Seen<'_>, parent: Id, child: Id, new: &Table) -> bool {
    let proof = || {
        let bound = Bound::read(new.bound.as_deref()?)?;
        let column = key_column(seen, parent, child)?;
        let old = seen.table(child)?;
        let is_not_null = old.numbered(column)?.not_null;
        let all = checks(old, column).reduce(Facts::and)?;
        Some(all.imply(&bound, is_not_null))
    };
    // The first partition may be any, where it is the default one.
    let is_alone = seen.children(parent).is_empty() && new.bound.as_deref() == Some("DEFAULT");
    is_alone || proof().unwrap_or(false)
}
