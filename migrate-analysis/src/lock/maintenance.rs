//! What `VACUUM`, `CLUSTER`, `REINDEX`, `ANALYZE`, `LOCK` and `COPY` lock.

use super::query::behind;
use super::{Cause, LockMode, Locks, Seen, WorkKind, rows};
use crate::catalog::{Id, Kind};
use crate::ddl::{Maintenance, Name, Reindexed};
use crate::list::CollectVec;
use std::ops::Range;

pub(super) fn maintenance(seen: &Seen<'_>, maintenance: &Maintenance, locks: &mut Locks) {
    match maintenance {
        Maintenance::Lock { tables, mode } => lock(seen, tables, mode, locks),
        Maintenance::Vacuum { tables, full } => {
            for (id, at) in named(seen, tables) {
                vacuum(seen, id, *full, &at, locks);
            }
        }
        Maintenance::Analyze(tables) => {
            for (id, _) in named(seen, tables) {
                analyze(seen, id, locks);
            }
        }
        Maintenance::Cluster(None) => {
            let is_clustered =
                |id: &Id| seen.table(*id).is_some_and(|it| it.clustered_on.is_some());
            let tables = all(seen).into_iter().filter(is_clustered);
            tables.for_each(|id| vacuum(seen, id, true, &(0..0), locks));
            // Which those are is kept from earlier `CLUSTER`s, too.
            locks.unknown = Some("CLUSTER of all tables that were clustered before".to_owned());
        }
        Maintenance::Cluster(Some(table)) => {
            for (id, at) in named(seen, std::slice::from_ref(table)) {
                vacuum(seen, id, true, &at, locks);
            }
        }
        Maintenance::Reindex { target, concurrently } => {
            reindex(seen, target, *concurrently, locks);
        }
        Maintenance::CopyFrom(table) => rows::copy_from(seen, table, locks),
        Maintenance::CopyTo(table) => rows::copy_to(seen, table, locks),
        Maintenance::Set { .. } | Maintenance::DropDatabase(_) => {}
    }
}

/// Those that are named, or all there are.
fn named(seen: &Seen<'_>, tables: &[Name]) -> Vec<(Id, Range<usize>)> {
    match tables {
        [] => all(seen).into_iter().map(|id| (id, 0..0)).collect_vec(),
        _ => {
            let known = |name: &Name| Some((seen.names.relation(name)?, name.at.clone()));
            tables.iter().filter_map(known).collect_vec()
        }
    }
}

/// Every table and materialized view.
fn all(seen: &Seen<'_>) -> Vec<Id> {
    let is_stored = |kind: &Kind| match kind {
        Kind::Table(table) => table.server.is_none(),
        Kind::View(view) => view.materialized,
        _ => false,
    };
    let tables = seen.before.all().filter(|(_, object)| is_stored(&object.kind));
    tables.map(|(id, _)| id).collect_vec()
}

/// Of a view all that it reads is locked, too.
fn lock(seen: &Seen<'_>, tables: &[Name], mode: &str, locks: &mut Locks) {
    let Some(mode) = LockMode::named(mode) else { return };
    for id in tables.iter().filter_map(|name| seen.names.relation(name)) {
        locks.lock_all(behind(seen, id), mode);
    }
}

fn vacuum(seen: &Seen<'_>, id: Id, full: bool, at: &Range<usize>, locks: &mut Locks) {
    let (mode, work) = match full {
        true => (LockMode::AccessExclusive, (WorkKind::Rewrite, Cause::Cluster)),
        false => (LockMode::ShareUpdateExclusive, (WorkKind::Scan, Cause::Rows)),
    };
    for id in seen.partitions(id) {
        locks.lock(id, mode);
        if seen.holds_rows(id) {
            locks.work(id, work, at);
        }
    }
}

/// It reads a sample. Of tables that only inherit from another one it takes this stronger lock from PostgreSQL 18 on.
fn analyze(seen: &Seen<'_>, id: Id, locks: &mut Locks) {
    let strong = seen.is_partitioned(id) || seen.servers.any_from(18);
    let mode = if strong { LockMode::ShareUpdateExclusive } else { LockMode::AccessShare };
    locks.lock(id, LockMode::ShareUpdateExclusive);
    locks.lock_all(seen.family(id), mode);
}

fn reindex(seen: &Seen<'_>, target: &Reindexed, concurrently: bool, locks: &mut Locks) {
    let mut rebuild = |index: Id, at: &Range<usize>| {
        let Some(table) = seen.index(index).map(|it| it.table) else { return };
        let table_mode =
            if concurrently { LockMode::ShareUpdateExclusive } else { LockMode::Share };
        let mode =
            if concurrently { LockMode::ShareUpdateExclusive } else { LockMode::AccessExclusive };
        locks.lock(table, table_mode);
        if seen.holds_rows(table) {
            locks.lock(index, mode);
            locks.work(table, (WorkKind::IndexBuild, Cause::Reindex), at);
        }
    };
    match target {
        Reindexed::Index(name) => {
            let mut all: Vec<Id> = seen.names.relation(name).into_iter().collect_vec();
            let mut next = 0;
            while let Some(id) = all.get(next).copied() {
                let parts = seen.before.dependents(id).into_iter();
                all.extend(
                    parts.filter(|it| seen.index(*it).is_some_and(|it| it.parent == Some(id))),
                );
                next += 1;
            }
            all.into_iter().for_each(|index| rebuild(index, &name.at));
        }
        Reindexed::Table(name) => {
            // Those of a partitioned table from PostgreSQL 14 on.
            let parts = |id| match seen.servers.any_from(14) {
                true => seen.partitions(id),
                false => vec![id],
            };
            let tables: Vec<Id> =
                seen.names.relation(name).into_iter().flat_map(parts).collect_vec();
            tables.into_iter().for_each(|table| {
                seen.indexes(table).into_iter().for_each(|index| rebuild(index, &name.at));
            });
        }
        Reindexed::Schema(schema) => {
            let is_in = |id: &Id| {
                let schema_of = seen.before.get(*id).and_then(|object| object.schema);
                let name = schema_of.and_then(|it| seen.before.get(it)).map(|it| it.name.as_str());
                name == Some(schema.name.as_str())
            };
            for table in all(seen).into_iter().filter(is_in) {
                seen.indexes(table).into_iter().for_each(|index| rebuild(index, &schema.at));
            }
        }
        Reindexed::Database => {
            for table in all(seen) {
                seen.indexes(table).into_iter().for_each(|index| rebuild(index, &(0..0)));
            }
        }
    }
}
