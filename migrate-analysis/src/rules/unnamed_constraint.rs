//! A constraint without a name of its own.

use super::{Example, Finding, Rule, Statement};
use crate::ddl::{
    AlterActionKind, ColumnConstraintKind, ColumnDef, Command, TableConstraint, TableElement,
};
use crate::diagnostic::Code;
use std::ops::Range;

pub(super) const RULE: Rule = Rule {
    code: Code::UnnamedConstraint,
    why: "PostgreSQL makes up a name from the table and the columns, and a number where that is taken. On a database that \
came about in another way it may be another one, and a later `DROP CONSTRAINT` does not find it.",
    instead: "Name it: `CONSTRAINT users_email_key UNIQUE (email)`.",
    source: "https://www.postgresql.org/docs/current/ddl-constraints.html",
    example: Example {
        setup: "",
        bad: "CREATE TABLE users (id bigint CONSTRAINT users_pkey PRIMARY KEY, age int CHECK (age >= 0));",
        good: &["CREATE TABLE users (\n  id bigint CONSTRAINT users_pkey PRIMARY KEY,\n  \
age int CONSTRAINT users_age_check CHECK (age >= 0)\n);"],
        config: "deny = [\"unnamed-constraint\"]",
    },
    downs: true,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let mut places: Vec<Range<usize>> = Vec::new();
    match statement.seen.command {
        Command::CreateTable(create) => {
            for element in &create.elements {
                match element {
                    TableElement::Column(column) => of_column(column, &mut places),
                    TableElement::Constraint(it) => of_table(it, &mut places),
                    TableElement::Like(_) => {}
                }
            }
        }
        Command::AlterTable(alter) => {
            for action in &alter.actions {
                match &action.kind {
                    AlterActionKind::AddColumn { column, .. } => of_column(column, &mut places),
                    AlterActionKind::AddConstraint(it) => of_table(it, &mut places),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    findings.extend(places.into_iter().map(|at| Finding {
        at,
        message: "this constraint has no name of its own".to_owned(),
        label: "write `CONSTRAINT <name>` before it".to_owned(),
        ..Finding::default()
    }));
}

fn of_column(column: &ColumnDef, places: &mut Vec<Range<usize>>) {
    for constraint in &column.constraints {
        let has_name = matches!(
            constraint.kind,
            ColumnConstraintKind::Check { .. }
                | ColumnConstraintKind::Unique { .. }
                | ColumnConstraintKind::PrimaryKey { .. }
                | ColumnConstraintKind::References(_)
        );
        if has_name && constraint.name.is_none() {
            places.push(constraint.at.clone());
        }
    }
}

fn of_table(constraint: &TableConstraint, places: &mut Vec<Range<usize>>) {
    if constraint.name.is_none() {
        places.push(constraint.at.clone());
    }
}
