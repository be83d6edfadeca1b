//! What views, and tables made of queries, lock.

use super::query::{Run, behind, query};
use super::{Cause, LockMode, Locks, Seen, WorkKind};
use crate::catalog::{Id, Object};
use crate::ddl::{CreateTableAs, CreateView, Name};
use crate::ordered::SortedSet;

/// `CREATE VIEW`.
pub(super) fn create_view(seen: &Seen<'_>, create: &CreateView, locks: &mut Locks) {
    // A materialized view that is there already is left alone, but its query is read.
    let existing = seen.names.relation(&create.name);
    let runs = create.materialized && create.with_data && existing.is_none();
    query(seen, &create.query, if runs { Run::Yes } else { Run::No }, locks);
    if let Some(id) = existing.filter(|_| create.or_replace) {
        locks.lock(id, LockMode::AccessExclusive);
    }
}

/// `CREATE TABLE AS`.
pub(super) fn create_table_as(seen: &Seen<'_>, create: &CreateTableAs, locks: &mut Locks) {
    let runs = create.with_data && seen.names.relation(&create.name).is_none();
    query(seen, &create.query, if runs { Run::Yes } else { Run::No }, locks);
}

/// `REFRESH MATERIALIZED VIEW`.
pub(super) fn refresh(
    seen: &Seen<'_>,
    name: &Name,
    (concurrently, with_data): (bool, bool),
    locks: &mut Locks,
) {
    let Some(id) = seen.names.relation(name) else { return };
    let (mode, work) = match (concurrently, with_data) {
        (true, _) => (LockMode::Exclusive, (WorkKind::Scan, Cause::Refresh)),
        (false, true) => (LockMode::AccessExclusive, (WorkKind::Rewrite, Cause::Refresh)),
        (false, false) => (LockMode::AccessExclusive, (WorkKind::Rewrite, Cause::Truncate)),
    };
    locks.lock(id, mode);
    locks.work(id, work, &name.at);
    if with_data && seen.indexes(id).iter().any(|it| seen.index(*it).is_some_and(|it| it.unique)) {
        locks.depends_on_rows.push((id, "23505"));
    }
    let Some(view) = seen.before.get(id).and_then(Object::view).filter(|_| with_data) else {
        return;
    };
    let reads: SortedSet<Id> = view.reads.iter().map(|(read, _)| *read).collect();
    for id in reads.into_iter().flat_map(|read| behind(seen, read)) {
        locks.lock(id, LockMode::AccessShare);
        if seen.holds_rows(id) {
            locks.work(id, (WorkKind::Scan, Cause::Rows), &name.at);
        }
    }
}
