//! Columns that are added and altered.

use super::{Altering, Clause, column_of, constraint, indexes, retype, volatile};
use crate::catalog::{ColumnType, Domain, Expr, Id, Kind, Object, Piece};
use crate::ddl::{
    AlterAction, ColumnAction, ColumnConstraint, ColumnConstraintKind, ColumnDef, Ident, Word,
};
use crate::lock::{Cause, LockMode, Locks, WorkKind};
use crate::simulate::serial_type;

/// A column that is added, and where its clauses stand.
struct Added<'a> {
    def: &'a ColumnDef,
    /// What its rows get, where that is not NULL: its own default or that of its domain.
    default: Option<&'a Expr>,
    column_type: &'a ColumnType,
    is_serial: bool,
}

impl Added<'_> {
    fn has(&self, is_it: impl Fn(&ColumnConstraintKind) -> bool) -> bool {
        self.find(is_it).is_some()
    }

    fn find(&self, is_it: impl Fn(&ColumnConstraintKind) -> bool) -> Option<&ColumnConstraint> {
        self.def.constraints.iter().find(|constraint| is_it(&constraint.kind))
    }

    fn is_identity(&self) -> bool {
        self.has(|kind| matches!(kind, ColumnConstraintKind::Identity { .. }))
    }

    fn is_generated(&self, stored: bool) -> bool {
        self.has(|kind| {
            matches!(kind, ColumnConstraintKind::Generated { stored: it, .. } if *it == stored)
        })
    }

    /// Its rows get a number each.
    fn is_numbered(&self) -> bool {
        self.is_serial || self.is_identity()
    }
}

pub(super) fn add(
    altering: &Altering<'_>,
    action: &AlterAction,
    def: &ColumnDef,
    if_not_exists: bool,
    locks: &mut Locks,
) {
    let name = &def.name.name;
    if if_not_exists && altering.column_before(altering.table, name).is_some() {
        return;
    }
    let Some(column) = altering.column_after(altering.table, name) else { return };
    let has_default = def.constraints.iter().any(is_default);
    // `ALTER COLUMN … SET DEFAULT` of the same statement is about later rows.
    let own = column.default.as_ref().filter(|it| has_default && !is_null(it));
    let of_domain = domain_default(altering, &column.column_type).filter(|_| !has_default);
    let added = Added {
        def,
        default: own.or(of_domain),
        column_type: &column.column_type,
        is_serial: def.type_name.as_ref().is_some_and(|it| serial_type(it).is_some()),
    };
    // A partitioned table holds no rows, and the constraints are those of its partitions.
    rewrites(altering, action, &added, locks);
    not_null(altering, action, &added, locks);
    def.constraints.iter().for_each(|it| of_constraint(altering, it, &added, locks));
}

fn is_default(constraint: &ColumnConstraint) -> bool {
    matches!(constraint.kind, ColumnConstraintKind::Default(_))
}

fn is_null(expr: &Expr) -> bool {
    match expr.pieces.as_slice() {
        [Piece::Text(text)] => text.eq_ignore_ascii_case("null"),
        [Piece::Text(text), Piece::Type(_)] => text.eq_ignore_ascii_case("null::"),
        _ => false,
    }
}

/// The domains that the type is made of, itself first.
fn domains<'a>(altering: &Altering<'a>, column_type: &ColumnType) -> Vec<&'a Domain> {
    domains_of(altering.seen.after, column_type)
}

pub(super) fn domains_of<'a>(
    catalog: &'a crate::catalog::Catalog,
    column_type: &ColumnType,
) -> Vec<&'a Domain> {
    let mut found = Vec::new();
    let mut next = column_type.user_type().filter(|_| !column_type.array);
    while let Some(id) = next {
        let Some(Kind::Domain(domain)) = catalog.kind(id) else { break };
        found.push(domain);
        next = domain.base.user_type().filter(|_| !domain.base.array);
    }
    found
}

pub(super) fn is_constrained(domains: &[&Domain]) -> bool {
    domains.iter().any(|domain| domain.not_null || !domain.checks.is_empty())
}

fn domain_default<'a>(altering: &Altering<'a>, column_type: &ColumnType) -> Option<&'a Expr> {
    domains(altering, column_type).into_iter().find_map(|it| it.default.as_ref())
}

/// Why the table is written anew.
fn rewrites(altering: &Altering<'_>, action: &AlterAction, added: &Added<'_>, locks: &mut Locks) {
    let default = added.find(|kind| matches!(kind, ColumnConstraintKind::Default(_)));
    let generated = added.find(|kind| matches!(kind, ColumnConstraintKind::Generated { .. }));
    let volatile = added
        .default
        .filter(|_| !added.is_numbered())
        .and_then(|it| volatile::volatile_call(altering.seen.after, it));
    let constrained = is_constrained(&domains(altering, added.column_type));
    let causes = [
        (added.is_numbered(), Cause::Numbered, None),
        (added.is_generated(true), Cause::StoredGenerated, generated),
        (volatile.is_some(), Cause::VolatileDefault, default),
        (constrained, Cause::ConstrainedDomain, None),
    ];
    for (_, cause, clause) in causes.into_iter().filter(|(holds, ..)| *holds) {
        let at = clause.map_or(&action.at, |it| &it.at);
        let clause = Clause { at, column: Some(&added.def.name.name) };
        for table in altering.stores() {
            altering.work(locks, table, (WorkKind::Rewrite, cause), clause);
            lock_indexes(altering, table, locks);
        }
    }
    // What fills the rows takes its numbers from there.
    let sequences = added.default.filter(|_| volatile.is_some()).into_iter();
    for piece in sequences.flat_map(|it| &it.pieces) {
        if let Piece::Relation(id) = piece {
            locks.lock(*id, LockMode::RowExclusive);
        }
    }
}

/// They are built again with their table.
pub(super) fn lock_indexes(altering: &Altering<'_>, table: Id, locks: &mut Locks) {
    let indexes = indexes(altering.before(), table);
    indexes.into_iter().for_each(|it| locks.lock(it, LockMode::AccessExclusive));
}

/// NOT NULL, where the rows would get NULL.
fn not_null(altering: &Altering<'_>, action: &AlterAction, added: &Added<'_>, locks: &mut Locks) {
    let says = added.find(|kind| {
        matches!(kind, ColumnConstraintKind::NotNull | ColumnConstraintKind::PrimaryKey { .. })
    });
    let by_domain = domains(altering, added.column_type).iter().any(|it| it.not_null);
    if added.default.is_some() || added.is_numbered() || !(says.is_some() || by_domain) {
        return;
    }
    let clause =
        Clause { at: says.map_or(&action.at, |it| &it.at), column: Some(&added.def.name.name) };
    for table in altering.stores() {
        if says.is_some() && !added.is_generated(true) {
            altering.work(locks, table, (WorkKind::Scan, Cause::NotNullColumn), clause);
        }
        locks.depends_on_rows.push((table, "23502"));
    }
}

fn of_constraint(
    altering: &Altering<'_>,
    constraint: &ColumnConstraint,
    added: &Added<'_>,
    locks: &mut Locks,
) {
    let clause = Clause { at: &constraint.at, column: Some(&added.def.name.name) };
    let has_value = added.default.is_some()
        || added.is_numbered()
        || added.is_generated(true)
        || added.is_generated(false);
    match &constraint.kind {
        ColumnConstraintKind::Check { .. } if !constraint.attributes.not_enforced => {
            for table in altering.stores() {
                altering.work(locks, table, (WorkKind::Scan, Cause::ColumnCheck), clause);
                if has_value {
                    locks.depends_on_rows.push((table, "23514"));
                }
            }
        }
        ColumnConstraintKind::Unique { .. } | ColumnConstraintKind::PrimaryKey { .. } => {
            let cause = match constraint.kind {
                ColumnConstraintKind::Unique { .. } => Cause::ColumnUnique,
                _ => Cause::ColumnPrimaryKey,
            };
            for table in altering.parts() {
                altering.work(locks, table, (WorkKind::IndexBuild, cause), clause);
                if has_value && !added.is_numbered() {
                    locks.depends_on_rows.push((table, "23505"));
                }
            }
        }
        ColumnConstraintKind::References(references) => {
            let target = altering.seen.names.relation(&references.table);
            target.into_iter().for_each(|it| locks.lock(it, LockMode::ShareRowExclusive));
            // PostgreSQL takes the rows for checked if the column itself has no default; that of a domain,
            // and the numbers of an identity, are none in this respect (tried on 13 to 18).
            let has_default = added.def.constraints.iter().any(is_default)
                || added.is_serial
                || added.is_generated(true);
            let checks = has_default && !constraint.attributes.not_enforced;
            for table in altering.parts().into_iter().filter(|_| checks) {
                altering.work(locks, table, (WorkKind::Scan, Cause::ColumnReferences), clause);
                if has_value {
                    locks.depends_on_rows.push((table, "23503"));
                }
            }
        }
        _ => {}
    }
}

pub(super) fn alter(
    altering: &Altering<'_>,
    action: &AlterAction,
    column: &Ident,
    change: &ColumnAction,
    locks: &mut Locks,
) {
    let clause = Clause { at: &action.at, column: Some(&column.name) };
    match change {
        ColumnAction::Type { using, .. } => {
            let own = using.as_ref().map(|it| it.words.as_slice());
            retype::retype(altering, clause, column, own, locks);
        }
        ColumnAction::SetNotNull => {
            constraint::not_null(altering, &column.name, Cause::SetNotNull, clause, locks);
        }
        ColumnAction::SetExpression(_) => {
            for table in altering.stores() {
                let generated = altering
                    .column_before(table, &column.name)
                    .and_then(|it| it.generated.as_ref());
                if generated.is_some_and(|(_, stored)| *stored) {
                    let work = (WorkKind::Rewrite, Cause::SetExpression);
                    altering.work(locks, table, work, clause);
                    lock_indexes(altering, table, locks);
                }
            }
        }
        ColumnAction::SetIdentity { .. } => {
            let sequences = sequences_of(altering, &column.name);
            sequences.into_iter().for_each(|it| locks.lock(it, LockMode::ShareRowExclusive));
        }
        _ => {}
    }
}

/// The sequences of an identity column.
pub(super) fn sequences_of(altering: &Altering<'_>, column: &str) -> Vec<Id> {
    let before = altering.before();
    let Some(number) = before.get(altering.table).and_then(|it| column_of(it, column)) else {
        return Vec::new();
    };
    let mut ids = before.dependents(altering.table);
    ids.retain(|id| {
        let owner = before.get(*id).and_then(Object::sequence).and_then(|it| it.owned_by);
        owner.is_some_and(|it| {
            it.table == altering.table && it.column == number.number && it.identity
        })
    });
    ids
}

/// The column itself, behind `USING`.
pub(super) fn is_word(word: Option<&Word>, column: &str) -> bool {
    match word {
        Some(Word::Name(name)) => name == column,
        Some(Word::Path(parts)) => parts.last().is_some_and(|it| it == column),
        _ => false,
    }
}
