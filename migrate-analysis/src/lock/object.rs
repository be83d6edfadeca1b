//! What the commands lock that every kind of object has: `RENAME`, `SET SCHEMA`, `OWNER TO`, `COMMENT`,
//! `GRANT`.

use super::{LockMode, Locks, Seen};
use crate::catalog::{Id, Kind};
use crate::ddl::{
    AlterSequence, Comment, Grant, GrantTarget, Name, ObjectKind, ObjectName, OwnedBy, Rename,
    SequenceOptions,
};

/// Whether an object of that kind is a relation. A composite type is one, too, but nobody waits for it.
fn is_relation(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Table
            | ObjectKind::ForeignTable
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Index
            | ObjectKind::Sequence
    )
}

/// Whether it is a part of a relation.
fn is_part(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Column
            | ObjectKind::Constraint
            | ObjectKind::Trigger
            | ObjectKind::Rule
            | ObjectKind::Policy
    )
}

pub(super) fn rename(seen: &Seen<'_>, rename: &Rename, locks: &mut Locks) {
    let kind = rename.object.kind;
    let Some(id) = seen.names.relation(&rename.object.name) else { return };
    if is_composite(seen, id) {
        return attributes(seen, id, locks);
    }
    if is_relation(kind) {
        // `ALTER TABLE` takes the stronger lock on an index, too.
        let is_index = kind == ObjectKind::Index && seen.index(id).is_some();
        let weak = LockMode::ShareUpdateExclusive;
        locks.lock(id, if is_index { weak } else { LockMode::AccessExclusive });
    } else if is_part(kind) {
        locks.lock(id, LockMode::AccessExclusive);
        // What inherits it is renamed along; partitions' triggers from PostgreSQL 15 on.
        let along = kind != ObjectKind::Trigger || seen.servers.any_from(15);
        let is_changed = |it: &Id| seen.before.touched().any(|(id, _)| id == *it);
        if along {
            let family = seen.family(id).into_iter().filter(is_changed);
            locks.lock_all(family, LockMode::AccessExclusive);
        }
        let own = seen.indexes(id).into_iter().filter(is_changed);
        if kind == ObjectKind::Constraint {
            locks.lock_all(own, LockMode::ShareUpdateExclusive);
        }
    }
}

pub(super) fn set_schema(seen: &Seen<'_>, object: &ObjectName, locks: &mut Locks) {
    if !is_relation(object.kind) {
        return;
    }
    let Some(id) = seen.names.relation(&object.name) else { return };
    locks.lock(id, LockMode::AccessExclusive);
    locks.lock_all(seen.sequences(id), LockMode::AccessExclusive);
}

pub(super) fn set_owner(seen: &Seen<'_>, object: &ObjectName, locks: &mut Locks) {
    if !is_relation(object.kind) {
        return;
    }
    let Some(id) = seen.names.relation(&object.name) else { return };
    locks.lock(id, LockMode::AccessExclusive);
    locks.lock_all(seen.indexes(id), LockMode::AccessExclusive);
    locks.lock_all(seen.sequences(id), LockMode::AccessExclusive);
}

pub(super) fn comment(seen: &Seen<'_>, comment: &Comment, locks: &mut Locks) {
    let kind = comment.object.kind;
    let mode = match kind {
        ObjectKind::Column => LockMode::ShareUpdateExclusive,
        _ if is_relation(kind) => LockMode::ShareUpdateExclusive,
        _ if is_part(kind) => LockMode::AccessShare,
        _ => return,
    };
    let relation = seen.names.relation(&comment.object.name);
    locks.lock_all(relation.filter(|id| !is_composite(seen, *id)), mode);
}

/// From PostgreSQL 18 on.
pub(super) fn grant(seen: &Seen<'_>, grant: &Grant, locks: &mut Locks) {
    let GrantTarget::Objects(objects) = &grant.on else { return };
    let relations = objects.iter().filter(|it| is_relation(it.kind) && seen.servers.any_from(18));
    locks.lock_all(relations.filter_map(|it| seen.names.relation(&it.name)), LockMode::AccessShare);
}

pub(super) fn sequence(seen: &Seen<'_>, alter: &AlterSequence, locks: &mut Locks) {
    let mode = match alter.set_logged {
        Some(_) => LockMode::AccessExclusive,
        None => LockMode::ShareRowExclusive,
    };
    locks.lock_all(seen.names.relation(&alter.name), mode);
    owner(seen, &alter.options, locks);
}

/// The table of the column that a sequence goes with.
pub(super) fn owner(seen: &Seen<'_>, options: &SequenceOptions, locks: &mut Locks) {
    if let Some(OwnedBy::Column { table, .. }) = &options.owned_by {
        locks.lock_all(seen.names.relation(table), LockMode::AccessShare);
    }
}

/// `ALTER TYPE` of a composite type.
pub(super) fn alter_type(seen: &Seen<'_>, name: &Name, locks: &mut Locks) {
    if let Some(id) = seen.names.data_type(name) {
        attributes(seen, id, locks);
    }
}

/// The tables of a type, whose columns are its attributes.
fn attributes(seen: &Seen<'_>, id: Id, locks: &mut Locks) {
    let is_typed = |it: &Id| seen.table(*it).is_some_and(|it| it.of_type == Some(id));
    let tables = seen.before.dependents(id).into_iter().filter(is_typed);
    locks.lock_all(tables, LockMode::AccessExclusive);
}

fn is_composite(seen: &Seen<'_>, id: Id) -> bool {
    matches!(seen.before.kind(id), Some(Kind::Composite(_)))
}
