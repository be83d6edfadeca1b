//! Constraints that are added, validated or enforced.

use super::proof::proves_not_null;
use super::setting::own_index;
use super::{Altering, Clause, descendants, has_action, table_of};
use crate::catalog::{Constraint, ConstraintKind, ForeignKey, Id, Object};
use crate::ddl::{
    AlterAction, AlterActionKind, ColumnConstraint, ColumnConstraintKind, Ident, TableConstraint,
    TableConstraintKind,
};
use crate::lock::{Cause, LockMode, Locks, WorkKind};
use crate::simulate::{not_null_constraint_name, serial_type};

pub(super) fn add(altering: &Altering<'_>, constraint: &TableConstraint, locks: &mut Locks) {
    let clause = Clause { at: &constraint.at, column: None };
    let attributes = &constraint.attributes;
    let checks = !attributes.not_valid && !attributes.not_enforced;
    match &constraint.kind {
        TableConstraintKind::Check(_) if checks => {
            let tables = match attributes.no_inherit {
                true => vec![altering.table],
                false => altering.stores(),
            };
            for table in tables {
                altering.work(locks, table, (WorkKind::Scan, Cause::AddCheck), clause);
                locks.depends_on_rows.push((table, "23514"));
            }
        }
        TableConstraintKind::NotNull(column) if checks => {
            let clause = Clause { column: Some(&column.name), ..clause };
            not_null(altering, &column.name, Cause::AddNotNull, clause, locks);
        }
        TableConstraintKind::Unique { .. } => {
            index(altering, Cause::AddUnique, clause, "23505", locks);
        }
        TableConstraintKind::PrimaryKey { columns, .. } => {
            index(altering, Cause::AddPrimaryKey, clause, "23505", locks);
            for column in columns {
                nullable(altering, &column.name, Cause::AddPrimaryKey, clause, locks);
            }
        }
        TableConstraintKind::Exclude { .. } => {
            index(altering, Cause::AddExclusion, clause, "23P01", locks);
        }
        TableConstraintKind::UsingIndex { primary, index } => {
            using_index(altering, constraint, *primary, index, locks);
        }
        TableConstraintKind::ForeignKey { columns, references } => {
            let target = altering.seen.names.relation(&references.table);
            if let Some(target) = target {
                lock_both(altering, target, LockMode::ShareRowExclusive, locks);
            }
            for table in altering.parts().into_iter().filter(|_| checks) {
                if target.is_some_and(|target| has_key(altering, table, columns, target)) {
                    continue;
                }
                altering.work(locks, table, (WorkKind::Scan, Cause::AddForeignKey), clause);
                locks.depends_on_rows.push((table, "23503"));
            }
        }
        TableConstraintKind::Check(_) | TableConstraintKind::NotNull(_) => {}
    }
}

/// Whether a partition has the foreign key already, which then becomes a part of its parent's.
fn has_key(altering: &Altering<'_>, partition: Id, columns: &[Ident], target: Id) -> bool {
    let Some(table) = table_of(altering.before(), partition) else { return false };
    let is_named = |number: &u32, wanted: &Ident| {
        table.numbered(*number).is_some_and(|it| it.name == wanted.name)
    };
    partition != altering.table
        && table.constraints.iter().any(|it| match &it.kind {
            ConstraintKind::ForeignKey(key) => {
                it.validated
                    && key.table == target
                    && key.columns.len() == columns.len()
                    && key.columns.iter().zip(columns).all(|(own, wanted)| is_named(own, wanted))
            }
            _ => false,
        })
}

/// A table that a foreign key refers to, with its partitions.
fn lock_both(altering: &Altering<'_>, target: Id, mode: LockMode, locks: &mut Locks) {
    let is_partitioned =
        table_of(altering.before(), target).is_some_and(|it| it.partition_by.is_some());
    locks.lock(target, mode);
    if is_partitioned {
        descendants(altering.before(), target).into_iter().for_each(|it| locks.lock(it, mode));
    }
}

/// An index is built, on each of the partitions.
fn index(
    altering: &Altering<'_>,
    cause: Cause,
    clause: Clause<'_>,
    sqlstate: &'static str,
    locks: &mut Locks,
) {
    let is_partitioned =
        table_of(altering.before(), altering.table).is_some_and(|it| it.partition_by.is_some());
    if is_partitioned && altering.alter.only {
        return;
    }
    for table in altering.parts() {
        locks.lock(table, LockMode::Share);
        altering.work(locks, table, (WorkKind::IndexBuild, cause), clause);
        locks.depends_on_rows.push((table, sqlstate));
    }
}

fn using_index(
    altering: &Altering<'_>,
    constraint: &TableConstraint,
    primary: bool,
    name: &Ident,
    locks: &mut Locks,
) {
    let Some(id) = own_index(altering, name) else { return };
    if constraint.name.as_ref().is_some_and(|it| it.name != name.name) {
        // It is renamed.
        locks.lock(id, LockMode::ShareUpdateExclusive);
    }
    let columns = altering.before().get(id).and_then(Object::index).and_then(|it| it.columns());
    let Some(table) = table_of(altering.before(), altering.table).filter(|_| primary) else {
        return;
    };
    for column in columns.unwrap_or_default() {
        let Some(column) = table.numbered(column) else { continue };
        let clause = Clause { at: &constraint.at, column: Some(&column.name) };
        nullable(altering, &column.name, Cause::PrimaryKeyNullable, clause, locks);
    }
}

/// The key of a primary key becomes NOT NULL.
fn nullable(
    altering: &Altering<'_>,
    column: &str,
    cause: Cause,
    clause: Clause<'_>,
    locks: &mut Locks,
) {
    let clause = Clause { column: Some(column), ..clause };
    not_null(altering, column, cause, clause, locks);
}

/// A column becomes NOT NULL, in the whole family.
pub(super) fn not_null(
    altering: &Altering<'_>,
    name: &str,
    cause: Cause,
    clause: Clause<'_>,
    locks: &mut Locks,
) {
    for id in altering.stores() {
        let number = match altering.column_before(id, name) {
            Some(column) if column.not_null || column.partial => continue,
            Some(column) => column.number,
            // The same statement adds it, or an earlier one of the same block.
            None if is_added_not_null(altering, name) => continue,
            None => match altering.column_after(id, name) {
                Some(column) => column.number,
                None => continue,
            },
        };
        let Some(table) = table_of(altering.before(), id) else { continue };
        let now = altering.seen.after.get(id).and_then(Object::table);
        let stays = |it: &Constraint| now.is_some_and(|now| now.constraint(&it.name) == Some(it));
        let mut proofs = table.constraints.iter().filter(|it| proves_not_null(it, number));
        let cause = match (proofs.clone().next(), proofs.any(stays)) {
            (_, true) => continue,
            (Some(_), false) if cause == Cause::SetNotNull => Cause::SetNotNullWithoutProof,
            _ => cause,
        };
        altering.work(locks, id, (WorkKind::Scan, cause), clause);
        locks.depends_on_rows.push((id, "23502"));
    }
}

/// Whether the statement adds the column as NOT NULL.
fn is_added_not_null(altering: &Altering<'_>, name: &str) -> bool {
    has_action(altering.alter, |kind| match kind {
        AlterActionKind::AddColumn { column, .. } => {
            let not_null = |it: &ColumnConstraint| {
                matches!(
                    it.kind,
                    ColumnConstraintKind::NotNull
                        | ColumnConstraintKind::Identity { .. }
                        | ColumnConstraintKind::PrimaryKey { .. }
                )
            };
            let is_serial = column.type_name.as_ref().is_some_and(|it| serial_type(it).is_some());
            column.name.name == name && (is_serial || column.constraints.iter().any(not_null))
        }
        _ => false,
    })
}

pub(super) fn validate(
    altering: &Altering<'_>,
    action: &AlterAction,
    name: &Ident,
    locks: &mut Locks,
) {
    let clause = Clause { at: &action.at, column: None };
    let scan = (WorkKind::Scan, Cause::Validate);
    let Some(before) = table_of(altering.before(), altering.table) else { return };
    let after = altering.seen.after.get(altering.table).and_then(Object::table);
    let new = || after.and_then(|it| it.constraint(&name.name));
    match before.constraint(&name.name).or_else(new) {
        Some(own) if own.validated && before.constraint(&name.name).is_some() => {}
        Some(Constraint { kind: ConstraintKind::Check(_), no_inherit, .. }) => {
            let tables = if *no_inherit { vec![altering.table] } else { altering.stores() };
            for table in tables {
                altering.work(locks, table, scan, clause);
                locks.depends_on_rows.push((table, "23514"));
            }
        }
        Some(Constraint { kind: ConstraintKind::ForeignKey(key), .. }) => {
            lock_both(altering, key.table, LockMode::RowShare, locks);
            for table in altering.parts() {
                altering.work(locks, table, scan, clause);
                locks.depends_on_rows.push((table, "23503"));
            }
        }
        Some(_) => {}
        None => {
            let of = altering.before().get(altering.table).map_or("", |it| it.name.as_str());
            let is_it = |it: &&crate::catalog::Column| {
                it.not_null_name.as_ref() == Some(&name.name)
                    || not_null_constraint_name(of, &it.name) == name.name
            };
            let Some(column) = before.columns.iter().find(is_it) else { return };
            let clause = Clause { column: Some(&column.name), ..clause };
            for table in altering.stores() {
                altering.work(locks, table, scan, clause);
                locks.depends_on_rows.push((table, "23502"));
            }
        }
    }
}

/// A foreign key that was `NOT ENFORCED` is checked, and one that was enforced loses its triggers.
pub(super) fn alter(
    altering: &Altering<'_>,
    action: &AlterAction,
    name: &Ident,
    locks: &mut Locks,
) {
    let find = |object: Option<&Object>| -> Option<(bool, ForeignKey)> {
        let constraint = object?.table()?.constraint(&name.name)?;
        match &constraint.kind {
            ConstraintKind::ForeignKey(key) => Some((constraint.not_enforced, key.clone())),
            _ => None,
        }
    };
    let before = find(altering.before().get(altering.table));
    let after = find(altering.seen.after.get(altering.table));
    let (Some((was_off, key)), Some((is_off, _))) = (before, after) else { return };
    match (was_off, is_off) {
        (true, false) => {
            lock_both(altering, key.table, LockMode::ShareRowExclusive, locks);
            let clause = Clause { at: &action.at, column: None };
            for table in altering.parts() {
                altering.work(locks, table, (WorkKind::Scan, Cause::Enforce), clause);
                locks.depends_on_rows.push((table, "23503"));
            }
        }
        (false, true) => lock_both(altering, key.table, LockMode::AccessExclusive, locks),
        _ => {}
    }
}
