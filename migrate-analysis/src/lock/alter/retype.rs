//! `ALTER COLUMN … TYPE`: what is written, built and read again.

use super::column::{is_word, lock_indexes, sequences_of};
use super::retype_table::{Heap, heap, same_operators};
use super::{Altering, Clause, has_action, indexes, table_of};
use crate::catalog::{Column, Constraint, ConstraintKind, ForeignKey, Id, Index, IndexKey, Object};
use crate::ddl::{AlterActionKind, Ident, TypeName, Word};
use crate::lock::{Cause, LockMode, Locks, WorkKind};

pub(super) fn retype(
    altering: &Altering<'_>,
    clause: Clause<'_>,
    name: &Ident,
    using: Option<&[Word]>,
    locks: &mut Locks,
) {
    for id in altering.family() {
        let Some(before) = altering.column_before(id, &name.name) else { continue };
        let Some(after) = altering.column_after(id, &name.name) else { continue };
        let change = Change { before, after, heap: written(altering, before, after, using) };
        let holds_rows = altering.before().get(id).is_some_and(super::holds_rows);
        if let Heap::Rewritten(sqlstate) = change.heap
            && holds_rows
        {
            altering.work(locks, id, (WorkKind::Rewrite, Cause::Retype), clause);
            locks.depends_on_rows.extend(sqlstate.map(|it| (id, it)));
            lock_indexes(altering, id, locks);
        }
        checks(altering, id, &change, clause, locks);
        built_again(altering, id, &change, clause, locks);
        foreign_keys(altering, id, &change, clause, locks);
    }
    let sequences = sequences_of(altering, &name.name);
    sequences.into_iter().for_each(|it| locks.lock(it, LockMode::ShareRowExclusive));
}

/// A column that gets another type.
struct Change<'a> {
    before: &'a Column,
    after: &'a Column,
    heap: Heap,
}

impl Change<'_> {
    fn is_kept(&self) -> bool {
        matches!(self.heap, Heap::Kept)
    }

    fn is_rewritten(&self) -> bool {
        matches!(self.heap, Heap::Rewritten(_))
    }
}

/// What becomes of the rows.
fn written(
    altering: &Altering<'_>,
    before: &Column,
    after: &Column,
    using: Option<&[Word]>,
) -> Heap {
    let catalog = altering.seen.after;
    let plain = || heap(catalog, altering.seen.zone, &before.column_type, &after.column_type);
    let Some(words) = using else { return plain() };
    match without_brackets(words) {
        [word] if is_word(Some(word), &before.name) => plain(),
        [word, Word::Text(cast), Word::Type(to)]
            if cast == "::" && is_word(Some(word), &before.name) && is_same(to, after) =>
        {
            plain()
        }
        // Whatever it is, PostgreSQL computes it for each row.
        _ => match plain() {
            Heap::Rewritten(Some(sqlstate)) => Heap::Rewritten(Some(sqlstate)),
            _ => Heap::Rewritten(Some("22P02")).filter_literal(words),
        },
    }
}

impl Heap {
    /// A literal cannot fail for one row and not for another.
    fn filter_literal(self, words: &[Word]) -> Heap {
        let names = words.iter().any(|it| matches!(it, Word::Name(_) | Word::Path(_)));
        match self {
            Heap::Rewritten(_) if !names => Heap::Rewritten(None),
            other => other,
        }
    }
}

fn without_brackets(words: &[Word]) -> &[Word] {
    match words {
        [Word::Text(open), inside @ .., Word::Text(close)]
            if open == "("
                && close == ")"
                && !inside
                    .iter()
                    .any(|it| matches!(it, Word::Text(it) if it == "(" || it == ")")) =>
        {
            inside
        }
        _ => words,
    }
}

/// Whether a cast is one to the type that the column gets.
fn is_same(written: &TypeName, after: &Column) -> bool {
    let own = match &after.column_type.base {
        crate::catalog::BaseType::BuiltIn(name) => written.built_in && written.name.name == *name,
        crate::catalog::BaseType::Foreign { name, .. } => written.name.name == *name,
        _ => return false,
    };
    own && written.array == after.column_type.array
        && (written.modifiers.is_none() || written.modifiers == after.column_type.modifiers)
}

/// CHECKs that name the column are made again, and checked.
fn checks(
    altering: &Altering<'_>,
    id: Id,
    change: &Change<'_>,
    clause: Clause<'_>,
    locks: &mut Locks,
) {
    let Some(table) = table_of(altering.before(), id).filter(|it| it.partition_by.is_none()) else {
        return;
    };
    let is_checked = |it: &&Constraint| {
        let names =
            matches!(&it.kind, ConstraintKind::Check(expr) if expr.mentions(change.before.number));
        names && it.validated && !it.not_enforced
    };
    let drops = |name: &str| {
        has_action(altering.alter, |kind| match kind {
            AlterActionKind::DropConstraint { constraint, .. } => constraint.name == name,
            _ => false,
        })
    };
    let mut checked = table.constraints.iter().filter(is_checked);
    if change.is_kept() && checked.any(|it| !drops(&it.name)) {
        altering.work(locks, id, (WorkKind::Scan, Cause::Retype), clause);
    }
}

/// Indexes that name the column are made again; some can keep their file.
fn built_again(
    altering: &Altering<'_>,
    id: Id,
    change: &Change<'_>,
    clause: Clause<'_>,
    locks: &mut Locks,
) {
    let before = altering.before();
    let is_partitioned = table_of(before, id).is_some_and(|it| it.partition_by.is_some());
    let mut builds = false;
    for index_id in indexes(before, id) {
        let Some(index) = before.get(index_id).and_then(Object::index) else { continue };
        if !index.mentions(change.before.number) {
            continue;
        }
        locks.lock(index_id, LockMode::AccessExclusive);
        builds |= change.is_kept() && !is_partitioned && !keeps_file(index, change);
    }
    if builds {
        altering.work(locks, id, (WorkKind::IndexBuild, Cause::Retype), clause);
    }
}

/// `CheckIndexCompatible`.
fn keeps_file(index: &Index, change: &Change<'_>) -> bool {
    let number = change.before.number;
    let has_expression = index.elements.iter().any(|it| matches!(it.key, IndexKey::Expression(_)));
    let element = index.elements.iter().find(|it| it.key == IndexKey::Column(number));
    let same_collation = change.before.collation == change.after.collation
        || element.is_none_or(|it| it.collation.is_some());
    // What a partition has from its parent is built anew whatever changes.
    index.parent.is_none()
        && index.predicate.is_none()
        && !has_expression
        && same_collation
        && (element.is_none()
            || same_operators(&change.before.column_type, &change.after.column_type))
}

/// Foreign keys of the column and to it are made again, for which both tables are locked; they are checked where
/// the rows are written anew.
fn foreign_keys(
    altering: &Altering<'_>,
    id: Id,
    change: &Change<'_>,
    clause: Clause<'_>,
    locks: &mut Locks,
) {
    let before = altering.before();
    let number = change.before.number;
    let mut tables = before.dependents(id);
    tables.push(id);
    for other in tables {
        let Some(table) = table_of(before, other) else { continue };
        for constraint in &table.constraints {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else { continue };
            if !is_about(key, other, id, number) {
                continue;
            }
            locks.lock(other, LockMode::AccessExclusive);
            locks.lock(key.table, LockMode::AccessExclusive);
            if change.is_rewritten() && constraint.validated && other != id {
                altering.work(locks, other, (WorkKind::Scan, Cause::Retype), clause);
            }
        }
    }
}

fn is_about(key: &ForeignKey, table: Id, retyped: Id, number: u32) -> bool {
    (table == retyped && key.columns.contains(&number))
        || (key.table == retyped && key.referenced.contains(&number))
}
