//! Another default, another expression.

use super::alter::{altered, clauses};
use super::{Example, Finding, Rule, Statement};
use crate::ddl::{AlterActionKind, ColumnAction};
use crate::diagnostic::Code;
use crate::lock::Cause;
use crate::sql::quoted;

pub(super) const DEFAULT: Rule = Rule {
    code: Code::ChangeColumnDefault,
    why: "Applications that run, and leave the column out of their INSERT, write another value from now on. One that \
sends all columns writes the old default, which it has read at its start.",
    instead: "Make sure that both values are understood by whatever runs, or have the application send the value.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-DEFAULT",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, state text DEFAULT 'new');",
        bad: "ALTER TABLE users ALTER COLUMN state SET DEFAULT 'invited';",
        good: &["-- migrate: allow(change-column-default) release 2.3 knows both\n\
ALTER TABLE users ALTER COLUMN state SET DEFAULT 'invited';"],
        config: "deny = [\"change-column-default\"]",
    },
    downs: false,
    check: default,
};

pub(super) const EXPRESSION: Rule = Rule {
    code: Code::SetExpressionGenerated,
    why: "The column is computed anew for each row: PostgreSQL writes the whole table and all its indexes anew, under an \
`ACCESS EXCLUSIVE` lock.",
    instead: "Add another column, which a trigger fills, fill the old rows in batches, and read that one from then on. \
From PostgreSQL 18 on a `VIRTUAL` generated column is computed when it is read, and adding one writes nothing.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-EXPRESSION",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, price int,\n  total int GENERATED ALWAYS AS (price * 2) STORED);",
        bad: "ALTER TABLE orders ALTER COLUMN total SET EXPRESSION AS (price * 3);",
        good: &[],
        config: "postgres = \"17\"",
    },
    downs: true,
    check: expression,
};

fn default(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let start = statement.script.at_start(statement.seen.after);
    for action in &altered.alter.actions {
        let AlterActionKind::AlterColumn { column, action: change } = &action.kind else {
            continue;
        };
        if !matches!(change, ColumnAction::SetDefault(_) | ColumnAction::DropDefault) {
            continue;
        }
        let before = start.get(altered.table).and_then(|it| it.table()?.column(&column.name));
        let after = altered.column(&column.name);
        if before.is_some_and(|it| after.is_some_and(|after| after.default != it.default)) {
            findings.push(Finding {
                at: action.at.clone(),
                message: format!(
                    "applications that leave `{}` of `{}` out write another value from now on",
                    quoted(&column.name),
                    altered.name
                ),
                label: "another default".to_owned(),
                ..Finding::default()
            });
        }
    }
}

fn expression(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in clauses(statement, Cause::SetExpression) {
        let name = quoted(work.column.as_deref().unwrap_or_default());
        findings.push(Finding {
            at: work.at.clone(),
            message: format!(
                "another expression for `{name}` writes all of `{}` anew",
                altered.name
            ),
            label: "computed and stored for each row".to_owned(),
            help: vec![
                "add another column that a trigger fills, and fill the old rows in batches"
                    .to_owned(),
            ],
            ..Finding::default()
        });
    }
}
