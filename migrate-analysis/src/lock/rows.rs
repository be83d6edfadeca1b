//! What statements lock that write rows, or take them away.
//!
//! What triggers do to other tables is not followed: they write rows, which blocks nobody who reads or writes.

use super::query::{self, Run, behind};
use super::relations::foreign_key;
use super::{Cause, LockMode, Locks, Seen, WorkKind};
use crate::catalog::{ForeignAction, Id, Object, Piece};
use crate::ddl::{Command, Dml, Name};
use crate::list::CollectVec;

/// `INSERT`, `UPDATE`, `DELETE`, `MERGE`.
pub(super) fn write(seen: &Seen<'_>, command: &Command, dml: &Dml, locks: &mut Locks) {
    let Some(target) = seen.names.relation(&dml.table) else {
        return query::query(seen, &dml.query, Run::Yes, locks);
    };
    let inserts = matches!(command, Command::Insert(_));
    let mut reads = Locks::default();
    query::query(seen, &dml.query, Run::Yes, &mut reads);
    if inserts {
        sequences(seen, target, dml, locks);
    }
    let written = behind(seen, target);
    if inserts {
        // The table that rows go into is the first that it names, and is not read for that.
        reads.work.retain(|work| !written.contains(&work.relation));
    }
    if seen.table(target).is_some_and(|table| table.is_partition()) {
        let parents = seen.table(target).map(|it| it.parents.clone()).unwrap_or_default();
        locks.lock_all(parents, LockMode::AccessShare);
    }
    let family = match inserts && !seen.is_partitioned(target) && seen.table(target).is_some() {
        // Children get none of it.
        true => vec![target],
        false => written,
    };
    if inserts {
        reads.relations.retain(|lock| {
            lock.relation == target || !seen.children(target).contains(&lock.relation)
        });
    }
    locks.lock_all(family.iter().copied(), LockMode::RowExclusive);
    locks.add(reads);
    family.into_iter().for_each(|table| keys(seen, command, dml, table, locks));
}

/// Those that number a column which is not given.
fn sequences(seen: &Seen<'_>, table: Id, dml: &Dml, locks: &mut Locks) {
    let Some(own) = seen.table(table).filter(|_| !dml.columns.is_empty()) else { return };
    for column in &own.columns {
        if dml.columns.iter().any(|given| given.name == column.name) {
            continue;
        }
        let pieces = column.default.iter().flat_map(|default| &default.pieces);
        locks.lock_all(
            pieces.filter_map(|piece| match piece {
                Piece::Relation(id) => Some(*id),
                _ => None,
            }),
            LockMode::RowExclusive,
        );
        let own = seen.sequences(table).into_iter().filter(|id| {
            let owner = seen.before.get(*id).and_then(Object::sequence).and_then(|it| it.owned_by);
            owner.is_some_and(|it| it.identity && it.column == column.number)
        });
        locks.lock_all(own, LockMode::RowExclusive);
    }
}

/// The other tables of foreign keys, whose rows are looked up or changed along.
fn keys(seen: &Seen<'_>, command: &Command, dml: &Dml, table: Id, locks: &mut Locks) {
    let Some(own) = seen.table(table) else { return };
    let writes = |number: &u32| {
        let name = own.numbered(*number).map(|column| column.name.as_str());
        !matches!(command, Command::Update(_))
            || dml.columns.iter().any(|written| Some(written.name.as_str()) == name)
    };
    if !matches!(command, Command::Delete(_)) {
        for key in own.constraints.iter().filter_map(foreign_key) {
            if key.columns.iter().any(writes) {
                locks.lock_all(seen.partitions(key.table), LockMode::RowShare);
            }
        }
    }
    if matches!(command, Command::Insert(_)) {
        return;
    }
    for (other, key) in seen.referencing(table) {
        let is_update = matches!(command, Command::Update(_));
        if is_update && !key.referenced.iter().any(writes) {
            continue;
        }
        let action = if is_update { &key.on_update } else { &key.on_delete };
        let mode = match action {
            ForeignAction::NoAction | ForeignAction::Restrict => LockMode::RowShare,
            _ => LockMode::RowExclusive,
        };
        locks.lock_all(seen.partitions(other), mode);
    }
}

/// `COPY table FROM`.
pub(super) fn copy_from(seen: &Seen<'_>, table: &Name, locks: &mut Locks) {
    let Some(target) = seen.names.relation(table) else { return };
    for id in seen.partitions(target) {
        locks.lock(id, LockMode::RowExclusive);
        for key in
            seen.table(id).iter().flat_map(|it| it.constraints.iter().filter_map(foreign_key))
        {
            locks.lock_all(seen.partitions(key.table), LockMode::RowShare);
        }
    }
}

/// `COPY table TO`.
pub(super) fn copy_to(seen: &Seen<'_>, table: &Name, locks: &mut Locks) {
    let Some(id) = seen.names.relation(table) else { return };
    locks.lock(id, LockMode::AccessShare);
    if seen.holds_rows(id) {
        locks.work(id, (WorkKind::Scan, Cause::Rows), &table.at);
    }
}

/// `TRUNCATE`.
pub(super) fn truncate(
    seen: &Seen<'_>,
    (tables, restart_identity, cascade): (&[Name], bool, bool),
    locks: &mut Locks,
) {
    let named = tables.iter().filter_map(|name| Some((seen.names.relation(name)?, &name.at)));
    let mut all: Vec<_> = named
        .flat_map(|(id, at)| seen.family(id).into_iter().map(move |id| (id, at)))
        .collect_vec();
    let mut next = 0;
    while let Some((id, at)) = all.get(next).copied() {
        let referencing = if cascade { seen.referencing(id) } else { Vec::new() };
        for (other, _) in referencing {
            for other in seen.family(other) {
                if all.iter().all(|(id, _)| *id != other) {
                    all.push((other, at));
                }
            }
        }
        next += 1;
    }
    for (id, at) in all {
        let is_partition = seen.table(id).is_some_and(|table| table.is_partition());
        if is_partition && seen.servers.any_before(14) {
            let parents = seen.table(id).map(|it| it.parents.clone()).unwrap_or_default();
            locks.lock_all(parents, LockMode::AccessShare);
        }
        locks.lock(id, LockMode::AccessExclusive);
        if seen.holds_rows(id) {
            locks.work(id, (WorkKind::Rewrite, Cause::Truncate), at);
        }
        if restart_identity {
            locks.lock_all(seen.sequences(id), LockMode::AccessExclusive);
        }
    }
}
