//! Statements as they are written, and what they leave behind. What is expected here is what a
//! PostgreSQL 15 does.

mod names;
mod objects;
mod opaque;
mod privileges;
mod queries;
mod remove;
mod rename;
mod replay;
mod script;
mod tables;

use super::{External, FailureKind, run};
use crate::catalog::{Catalog, ConstraintKind, Kind, Object};

/// A catalog after the statements.
struct After {
    catalog: Catalog,
    failures: Vec<FailureKind>,
}

fn after(text: &str) -> After {
    let mut after = After { catalog: Catalog::default(), failures: Vec::new() };
    let script = crate::sql::parse(text, 0..text.len(), &|_| false);
    assert!(script.problems.is_empty(), "{:?}", script.problems);
    for statement in &script.statements {
        let command = crate::sql::command(text, statement.range.clone());
        let outcome = run(&mut after.catalog, &External::default(), &command);
        after.failures.extend(outcome.failure.map(|failure| failure.kind));
    }
    after
}

impl After {
    fn named(&self, name: &str) -> &Object {
        let mut all = self.catalog.all().map(|(_, object)| object);
        all.find(|object| object.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    /// `name type`, in order, with `!` where it is NOT NULL.
    fn columns(&self, table: &str) -> Vec<String> {
        let state = self.catalog.now();
        let columns = &self.named(table).table().unwrap().columns;
        let line = |column: &crate::catalog::Column| {
            let not_null = if column.not_null { "!" } else { "" };
            format!(
                "{} {}{not_null}",
                column.name,
                crate::deparse::column_type(&state, &column.column_type)
            )
        };
        columns.iter().map(line).collect()
    }

    fn default(&self, table: &str, column: &str) -> Option<String> {
        let column = self.named(table).table().unwrap().column(column).unwrap();
        let of = &column.column_type;
        let text = |it| crate::deparse::default(&self.catalog.now(), it, of, &[]);
        column.default.as_ref().map(text)
    }

    fn constraints(&self, table: &str) -> Vec<&str> {
        let table = self.named(table).table().unwrap();
        table.constraints.iter().map(|constraint| constraint.name.as_str()).collect()
    }

    fn check(&self, table: &str, name: &str) -> String {
        let table = self.named(table).table().unwrap();
        match &table.constraint(name).unwrap().kind {
            ConstraintKind::Check(it) => {
                crate::deparse::expression(&self.catalog.now(), it, &table.columns)
            }
            _ => panic!("{name} is no check"),
        }
    }

    fn indexes(&self) -> Vec<&str> {
        let is_index = |object: &&Object| matches!(object.kind, Kind::Index(_));
        let all = self.catalog.all().map(|(_, object)| object);
        all.filter(is_index).map(|object| object.name.as_str()).collect()
    }

    fn sequences(&self) -> Vec<&str> {
        let all = self.catalog.all().map(|(_, object)| object);
        all.filter(|it| it.sequence().is_some()).map(|object| object.name.as_str()).collect()
    }

    fn succeeds(self) -> After {
        assert!(self.failures.is_empty(), "{:?}", self.failures);
        self
    }

    /// The SQLSTATEs, and of what does not exist, exists twice or is needed its name.
    fn refused(&self) -> Vec<String> {
        let word = |failure: &FailureKind| match failure {
            FailureKind::Unknown { name, .. } => format!("unknown {name}"),
            FailureKind::Duplicate { name, .. } => format!("duplicate {name}"),
            FailureKind::Dependents { name, .. } => format!("needed {name}"),
            FailureKind::Wrong { sqlstate, .. } => (*sqlstate).to_owned(),
        };
        self.failures.iter().map(word).collect()
    }
}
