//! Settings of a table, and where its rows are kept.

use super::{Altering, Clause, holds_rows, indexes, table_of};
use crate::catalog::{Id, Kind, Object, Space};
use crate::ddl::{AlterAction, AlterActionKind, Ident, Name, Persistence, ReplicaIdentity};
use crate::lock::{Cause, LockMode, Locks, WorkKind};

/// Options for which nobody may read meanwhile; all others ask for `SHARE UPDATE EXCLUSIVE`.
/// Source: `src/backend/access/common/reloptions.c`.
const STRONG_OPTIONS: &[&str] = &[
    "autosummarize",
    "buffering",
    "check_option",
    "fastupdate",
    "gin_pending_list_limit",
    "pages_per_range",
    "security_barrier",
    "security_invoker",
    "user_catalog_table",
];

pub(super) fn options_mode<'n>(mut names: impl Iterator<Item = &'n String>) -> LockMode {
    match names.any(|name| STRONG_OPTIONS.contains(&name.as_str())) {
        true => LockMode::AccessExclusive,
        false => LockMode::ShareUpdateExclusive,
    }
}

pub(super) fn set(altering: &Altering<'_>, action: &AlterAction, locks: &mut Locks) {
    let (before, table) = (altering.before(), altering.table);
    let Some(object) = before.get(table) else { return };
    match &action.kind {
        AlterActionKind::SetLogged(logged) => {
            let wanted = if *logged { Persistence::Permanent } else { Persistence::Unlogged };
            if table_of(before, table).is_some_and(|it| it.persistence != wanted) {
                stored_anew(altering, action, locks);
                sequences(altering, action, locks);
            }
        }
        AlterActionKind::SetTablespace(name) => {
            let own = match &object.kind {
                Kind::Table(table) => table.tablespace.as_deref(),
                Kind::Index(index) => index.tablespace.as_deref(),
                _ => None,
            };
            if own.unwrap_or("pg_default") != name {
                stored_anew(altering, action, locks);
            }
        }
        AlterActionKind::SetAccessMethod(name) => {
            let own = table_of(before, table).and_then(|it| it.access_method.as_deref());
            if own.unwrap_or("heap") != name.to_ascii_lowercase() {
                stored_anew(altering, action, locks);
            }
        }
        AlterActionKind::ClusterOn(index) => {
            let index = own_index(altering, index);
            index.into_iter().for_each(|id| locks.lock(id, LockMode::ShareUpdateExclusive));
        }
        AlterActionKind::ReplicaIdentity(ReplicaIdentity::Index(name)) => {
            let name = Ident { name: name.clone(), at: action.at.clone() };
            let index = own_index(altering, &name);
            index.into_iter().for_each(|id| locks.lock(id, LockMode::Share));
        }
        AlterActionKind::Inherit(parent) => {
            lock_named(altering, parent, LockMode::ShareUpdateExclusive, locks)
        }
        AlterActionKind::NoInherit(parent) => {
            lock_named(altering, parent, LockMode::AccessShare, locks)
        }
        AlterActionKind::OwnerTo(_) => {
            indexes(before, table)
                .into_iter()
                .for_each(|it| locks.lock(it, LockMode::AccessExclusive));
        }
        _ => {}
    }
}

fn lock_named(altering: &Altering<'_>, name: &Name, mode: LockMode, locks: &mut Locks) {
    altering.seen.names.relation(name).into_iter().for_each(|id| locks.lock(id, mode));
}

/// The sequences of a table become what it becomes, since PostgreSQL 15.
fn sequences(altering: &Altering<'_>, action: &AlterAction, locks: &mut Locks) {
    let before = altering.before();
    if !altering.seen.servers.any_from(15) {
        return;
    }
    for id in before.dependents(altering.table) {
        let sequence = before.get(id).and_then(Object::sequence).and_then(|it| it.owned_by);
        if sequence.is_some_and(|it| it.table == altering.table) {
            locks.lock(id, LockMode::AccessExclusive);
            let clause = Clause { at: &action.at, column: None };
            altering.work(locks, id, (WorkKind::Rewrite, Cause::Storage), clause);
        }
    }
}

/// The table is written anew; of an index its file is copied.
fn stored_anew(altering: &Altering<'_>, action: &AlterAction, locks: &mut Locks) {
    let Some(object) = altering.before().get(altering.table) else { return };
    let clause = Clause { at: &action.at, column: None };
    match &object.kind {
        Kind::Index(index) => {
            altering.work(locks, index.table, (WorkKind::IndexBuild, Cause::Storage), clause);
        }
        _ if holds_rows(object) => {
            altering.work(locks, altering.table, (WorkKind::Rewrite, Cause::Storage), clause);
            // The indexes stay where they are when only the tablespace changes.
            if !matches!(action.kind, AlterActionKind::SetTablespace(_)) {
                let indexes = indexes(altering.before(), altering.table);
                indexes.into_iter().for_each(|it| locks.lock(it, LockMode::AccessExclusive));
            }
        }
        _ => {}
    }
}

/// An index of the table, by its name.
pub(super) fn own_index(altering: &Altering<'_>, name: &Ident) -> Option<Id> {
    let before = altering.before();
    let is_it = |id: &Id| before.get(*id).is_some_and(|it| it.name == name.name);
    let found = indexes(before, altering.table).into_iter().find(is_it);
    let by_name = || {
        let schema = before.get(altering.table)?.schema;
        let mut relations = altering.seen.after.in_schema(Space::Relation, schema);
        relations.find(|(key, _)| key.name == name.name).map(|(_, id)| id)
    };
    found.or_else(by_name)
}
