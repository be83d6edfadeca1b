//! Scripts through the simulation. What PostgreSQL does with each was seen on a server of version 15.

use crate::catalog::{Catalog, Key, Object, Space};
use crate::simulate::{External, FailureKind, Outcome, run};

/// A database at the end of a script.
pub(super) struct Replay {
    pub(super) catalog: Catalog,
    pub(super) outcomes: Vec<Outcome>,
}

pub(super) fn replay(script: &str) -> Replay {
    let mut replay = Replay { catalog: Catalog::default(), outcomes: Vec::new() };
    replay.go_on(script);
    replay
}

impl Replay {
    pub(super) fn go_on(&mut self, script: &str) {
        let external = External::default();
        for statement in crate::sql::parse(script, 0..script.len(), &|_| false).statements {
            let command = crate::sql::command(script, statement.range);
            self.outcomes.push(run(&mut self.catalog, &external, &command));
        }
    }

    /// What the last statement failed with, in a few words.
    pub(super) fn failure(&self) -> String {
        let failure = self.outcomes.last().and_then(|outcome| outcome.failure.as_ref());
        failure.map_or("none".to_owned(), |failure| in_words(&failure.kind))
    }

    /// What else went with the last statement.
    pub(super) fn deaths(&self) -> Vec<&str> {
        let last = self.outcomes.last().unwrap();
        last.deaths.iter().map(|death| death.what.as_str()).collect()
    }

    pub(super) fn find(&self, space: Space, name: &str) -> Option<&Object> {
        let public = Some(crate::catalog::Id::PUBLIC);
        self.catalog.get(self.catalog.find(&Key::new(space, public, name))?)
    }

    pub(super) fn relation(&self, name: &str) -> Option<&Object> {
        self.find(Space::Relation, name)
    }

    pub(super) fn columns(&self, table: &str) -> Vec<&str> {
        let columns = self.relation(table).map(Object::columns).unwrap_or_default();
        columns.iter().map(|column| column.name.as_str()).collect()
    }

    pub(super) fn constraints(&self, table: &str) -> Vec<&str> {
        let table = self.relation(table).and_then(Object::table);
        let constraints = table.map(|table| table.constraints.as_slice()).unwrap_or_default();
        constraints.iter().map(|constraint| constraint.name.as_str()).collect()
    }
}

fn in_words(kind: &FailureKind) -> String {
    match kind {
        FailureKind::Unknown { kind, name, of, .. } => {
            let of = of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            format!("unknown {kind:?} {name}{of}")
        }
        FailureKind::Duplicate { kind, name, of, .. } => {
            let of = of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            format!("duplicate {kind:?} {name}{of}")
        }
        FailureKind::Dependents { dependents, .. } => dependents.join("; "),
        FailureKind::Wrong { message, sqlstate } => format!("{sqlstate} {message}"),
    }
}
