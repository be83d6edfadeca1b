//! A whole script, and everything in it that fails.

use super::super::{External, FailureKind, run};
use crate::catalog::{Catalog, Object};

/// Runs a script; a statement that fails is reported, and the next one follows.
pub(super) fn replay(script: &str) -> (Catalog, Vec<String>) {
    let mut catalog = Catalog::default();
    let mut failures = Vec::new();
    let statements = crate::sql::parse(script, 0..script.len(), &|_| false).statements;
    for statement in statements {
        let command = crate::sql::command(script, statement.range);
        let outcome = run(&mut catalog, &External::default(), &command);
        failures.extend(outcome.failure.map(|failure| words(&failure.kind)));
    }
    (catalog, failures)
}

pub(super) fn failures(script: &str) -> Vec<String> {
    replay(script).1
}

fn words(failure: &FailureKind) -> String {
    match failure {
        FailureKind::Unknown { kind, name, .. } => format!("no {kind:?} {name}"),
        FailureKind::Duplicate { kind, name, .. } => format!("second {kind:?} {name}"),
        FailureKind::Dependents { name, dependents, .. } => {
            format!("{name} is needed by {}", dependents.join(", "))
        }
        FailureKind::Wrong { message, .. } => message.clone(),
    }
}

pub(super) fn object<'c>(catalog: &'c Catalog, name: &str) -> &'c Object {
    catalog.all().map(|(_, object)| object).find(|object| object.name == name).unwrap()
}
