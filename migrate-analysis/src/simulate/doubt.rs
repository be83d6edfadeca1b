//! Failures that a statement which could not be followed may have prevented.

use super::{External, Failure, FailureKind, Outcome, Simulator};
use crate::catalog::{Catalog, Id};
use crate::list::CollectVec;

/// A failure stands only where nothing of what it is about may have been changed unseen. Otherwise
/// the statement is taken to have succeeded, and what it is about is known in part from then on.
pub(super) fn judge(catalog: &mut Catalog, external: &External, failure: Failure) -> Outcome {
    let names = names(&failure.kind);
    let mut simulator = Simulator { catalog, external, deaths: Vec::new(), opaque: None };
    let unseen = match &failure.kind {
        FailureKind::Unknown { name, of: None, .. } => {
            simulator.may_exist(name.rsplit('.').next().unwrap_or(name))
        }
        _ => false,
    };
    if !unseen && !names.iter().any(|name| simulator.is_shrouded(name)) {
        return Outcome { failure: Some(failure), ..Outcome::default() };
    }
    simulator.know_in_part(&names);
    for name in &names {
        simulator.doubt(name);
    }
    let opaque = Some("what came before it".to_owned());
    Outcome { opaque, doubted: true, ..Outcome::default() }
}

impl Simulator<'_> {
    fn know_in_part(&mut self, names: &[String]) {
        let touched: Vec<Id> = self
            .catalog
            .all()
            .filter(|(_, object)| names.contains(&object.name) && !object.partial)
            .map(|(id, _)| id)
            .collect_vec();
        for id in touched {
            self.catalog.edit(id, |object| object.partial = true);
        }
    }
}

/// The objects that a failure is about, each by the last part of its name. One in words only is about
/// any.
fn names(kind: &FailureKind) -> Vec<String> {
    let last = |name: &String| name.rsplit('.').next().unwrap_or(name).to_owned();
    match kind {
        FailureKind::Unknown { name, of, .. }
        | FailureKind::Duplicate { name, of, .. }
        | FailureKind::Dependents { name, of, .. } => {
            std::iter::once(name).chain(of).map(last).collect_vec()
        }
        // What is raised without a condition is raised whatever there is.
        FailureKind::Wrong { sqlstate: "P0001", .. } => Vec::new(),
        FailureKind::Wrong { message, .. } => {
            let quoted = message.split('"').skip(1).step_by(2);
            let mut names: Vec<String> = quoted.map(str::to_owned).collect_vec();
            names.push(String::new());
            names
        }
    }
}
