//! What ALTER DOMAIN locks: the tables that use it.

use super::{Cause, LockMode, Locks, Seen, Work, WorkKind};
use crate::catalog::{BaseType, Id, Kind};
use crate::ddl::{AlterDomain, DomainAction};
use crate::ordered::SortedSet;

pub(super) fn alter(seen: &Seen<'_>, alter: &AlterDomain, locks: &mut Locks) {
    let Some(domain) = seen.names.data_type(&alter.name) else { return };
    let sqlstate = match &alter.action {
        DomainAction::AddCheck { not_valid: false, .. } => "23514",
        DomainAction::ValidateConstraint(name) => {
            let Some(Kind::Domain(before)) = seen.before.kind(domain) else {
                return;
            };
            if before.checks.iter().any(|it| it.name == name.name && it.validated) {
                return;
            }
            "23514"
        }
        DomainAction::SetNotNull => "23502",
        _ => return,
    };
    for table in users(seen, domain) {
        locks.lock(table, LockMode::Share);
        let (kind, cause, at) = (WorkKind::Scan, Cause::DomainConstraint, alter.name.at.clone());
        locks.work.push(Work { relation: table, kind, cause, at, column: None });
        locks.depends_on_rows.push((table, sqlstate));
    }
}

/// The tables with a column of the domain, or of one that is made of it. (`get_rels_with_domain`)
fn users(seen: &Seen<'_>, domain: Id) -> SortedSet<Id> {
    let mut tables = SortedSet::new();
    let mut domains = vec![domain];
    while let Some(domain) = domains.pop() {
        for id in seen.before.dependents(domain) {
            match seen.before.kind(id) {
                Some(Kind::Table(table)) => {
                    let uses = table
                        .columns
                        .iter()
                        .any(|it| it.column_type.base == BaseType::User(domain));
                    if uses && table.partition_by.is_none() && table.server.is_none() {
                        tables.insert(id);
                    }
                }
                Some(Kind::View(view))
                    if view.materialized
                        && view
                            .columns
                            .iter()
                            .any(|it| it.column_type.base == BaseType::User(domain)) =>
                {
                    tables.insert(id);
                }
                Some(Kind::Domain(other)) if other.base.base == BaseType::User(domain) => {
                    domains.push(id);
                }
                _ => {}
            }
        }
    }
    tables
}
