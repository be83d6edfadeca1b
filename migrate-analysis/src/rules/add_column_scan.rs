//! `ADD COLUMN` for which all rows are read, or an index is built.

use super::add_column::in_steps;
use super::add_column_rewrite::fill;
use super::alter::{Altered, altered, clauses};
use super::{Example, Finding, Rule, Statement};
use crate::catalog::BaseType;
use crate::ddl::{AlterActionKind, ColumnConstraintKind};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;
use crate::sql::quoted;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY);";

pub(super) const NOT_NULL: Rule = Rule {
    code: Code::AddColumnNotNullNoDefault,
    why: "The rows that are there have no value for the new column, so a table with one row or more refuses it \
(SQLSTATE 23502). What works on the empty table of a test fails in production. An empty table is read to find out.",
    instead: "Give the column a constant default, which costs nothing: `ADD COLUMN … NOT NULL DEFAULT 0`. Or add it \
without NOT NULL, fill it in batches, and make it NOT NULL by way of a CHECK: added `NOT VALID`, validated in the \
next migration, and dropped once the column is NOT NULL.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    example: Example {
        setup: USERS,
        bad: "ALTER TABLE users ADD COLUMN email text NOT NULL;",
        good: &["ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';"],
        config: "",
    },
    downs: true,
    check: not_null,
};

pub(super) const CHECK: Rule = Rule {
    code: Code::AddColumnInlineCheck,
    why: "PostgreSQL reads all rows to see whether they satisfy the CHECK, under the `ACCESS EXCLUSIVE` lock of ADD \
COLUMN, although every row has the same value in the new column.",
    instead: "Add the column first. Then the CHECK as `NOT VALID`, which holds for new rows at once, and \
`VALIDATE CONSTRAINT` in a later migration, while others read and write.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    example: Example {
        setup: USERS,
        bad: "ALTER TABLE users ADD COLUMN age int CHECK (age >= 0);",
        good: &[
            "ALTER TABLE users ADD COLUMN age int;",
            "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_age_check;",
        ],
        config: "",
    },
    downs: true,
    check: inline_check,
};

pub(super) const REFERENCES: Rule = Rule {
    code: Code::AddColumnInlineReferences,
    why: "A new column full of NULLs needs no look at the rows, and PostgreSQL takes none: `ADD COLUMN … REFERENCES` \
is quick. With a `DEFAULT` of the column, be it `NULL`, it reads all rows and looks each value up in the other table, \
under an `ACCESS EXCLUSIVE` lock, and writes to the other table wait, too.",
    instead: "Add the column first. Then an index for it, the foreign key as `NOT VALID`, and `VALIDATE CONSTRAINT` in \
a later migration, while others read and write.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    example: Example {
        setup: "CREATE TABLE teams (id bigint PRIMARY KEY);\nCREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN team_id bigint DEFAULT 1 CONSTRAINT users_team_fk REFERENCES teams;",
        good: &[
            "ALTER TABLE users ADD COLUMN team_id bigint DEFAULT 1;",
            "CREATE INDEX CONCURRENTLY users_team_id_idx ON users (team_id);",
            "ALTER TABLE users\n  ADD CONSTRAINT users_team_fk FOREIGN KEY (team_id) REFERENCES teams NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_team_fk;",
        ],
        config: "",
    },
    downs: true,
    check: references,
};

pub(super) const UNIQUE: Rule = Rule {
    code: Code::AddColumnInlineUnique,
    why: "PostgreSQL reads all rows to build the index, under the `ACCESS EXCLUSIVE` lock of ADD COLUMN: nobody reads \
or writes the table until it is done. With a constant default a table with two rows refuses it (SQLSTATE 23505).",
    instead: "Add the column, build the unique index with `CREATE UNIQUE INDEX CONCURRENTLY` in a migration of its own, \
and make it a constraint with `USING INDEX`, which only writes to the catalog.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX",
    example: Example {
        setup: USERS,
        bad: "ALTER TABLE users ADD COLUMN email text UNIQUE;",
        good: &[
            "ALTER TABLE users ADD COLUMN email text;",
            "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);",
            "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;",
        ],
        config: "",
    },
    downs: true,
    check: unique,
};

pub(super) const JSON: Rule = Rule {
    code: Code::AddColumnJson,
    why: "`json` has no equality: `SELECT DISTINCT`, `GROUP BY` and `UNION` over the column fail, and so do queries \
of a running application that select all columns in one of these. It keeps the text as it came, and reads it again for \
each access.",
    instead: "Use `jsonb`, unless the exact text matters.",
    source: "https://www.postgresql.org/docs/current/datatype-json.html",
    example: Example {
        setup: USERS,
        bad: "ALTER TABLE users ADD COLUMN settings json;",
        good: &["ALTER TABLE users ADD COLUMN settings jsonb;"],
        config: "deny = [\"add-column-json\"]",
    },
    downs: true,
    check: json,
};

fn each(
    statement: &Statement<'_>,
    cause: Cause,
    findings: &mut Vec<Finding>,
    (message, label): (&str, &str),
) {
    let Some(altered) = altered(statement) else { return };
    for work in clauses(statement, cause) {
        let column = quoted(work.column.as_deref().unwrap_or_default());
        let words =
            |text: &str| text.replace("{column}", &column).replace("{table}", &altered.name);
        findings.push(Finding {
            at: work.at.clone(),
            message: words(message),
            label: words(label),
            instead: in_steps(&altered),
            ..Finding::default()
        });
    }
}

fn not_null(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let first = findings.len();
    let words = (
        "adding `{column}` as NOT NULL without a default fails if `{table}` has a row",
        "the rows that are there have no value",
    );
    each(statement, Cause::NotNullColumn, findings, words);
    for (finding, work) in
        findings.iter_mut().skip(first).zip(clauses(statement, Cause::NotNullColumn))
    {
        let name = work.column.as_deref().unwrap_or_default();
        let column = altered.column(name);
        let name = quoted(name);
        if column.is_some_and(|it| it.generated.is_some()) {
            finding.message =
                format!("adding `{name}` as NOT NULL reads all of `{}`", altered.name);
            finding.label = "computed for each row, to see whether it is NULL".to_owned();
            finding.instead = Vec::new();
            continue;
        }
        finding.help.push(fill(&altered.name, &name, "…"));
        finding.help.push("or give it a constant default, which costs nothing".to_owned());
    }
}

fn inline_check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words = (
        "adding `{column}` with a CHECK reads all of `{table}`",
        "checked for each row that is there",
    );
    each(statement, Cause::ColumnCheck, findings, words);
}

fn references(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words = (
        "adding `{column}` with a foreign key and a default reads all of `{table}`",
        "the key is checked for the rows that are there, too",
    );
    let first = findings.len();
    each(statement, Cause::ColumnReferences, findings, words);
    let Some(altered) = altered(statement) else { return };
    for finding in findings.iter_mut().skip(first) {
        let Some(action) = altered.action(&finding.at) else { continue };
        let others: Vec<&str> = altered
            .alter
            .actions
            .iter()
            .filter(|it| it.at != action.at)
            .map(|it| statement.part(&it.at))
            .collect_vec();
        let has_default = Altered::added(action).is_some_and(|column| {
            column.constraints.iter().any(|it| matches!(it.kind, ColumnConstraintKind::Default(_)))
        });
        if !has_default && !others.is_empty() {
            let alone = altered.sql(&[statement.part(&action.at)]);
            finding.instead = vec![format!("{alone}\n{}", altered.sql(&others))];
        }
    }
}

fn unique(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words = (
        "adding `{column}` as a key builds an index of all of `{table}`",
        "an index is built while others wait",
    );
    each(statement, Cause::ColumnUnique, findings, words);
    each(statement, Cause::ColumnPrimaryKey, findings, words);
}

fn json(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for action in &altered.alter.actions {
        let AlterActionKind::AddColumn { column, .. } = &action.kind else { continue };
        let Some(added) = altered.column(&column.name.name) else { continue };
        let is_json = matches!(&added.column_type.base, BaseType::BuiltIn(name) if name == "json");
        if is_json && !added.column_type.array {
            let name = quoted(&added.name);
            findings.push(Finding {
                at: action.at.clone(),
                message: format!("`{name}` of `{}` is `json`, which has no equality", altered.name),
                label: "use `jsonb`".to_owned(),
                ..Finding::default()
            });
        }
    }
}
