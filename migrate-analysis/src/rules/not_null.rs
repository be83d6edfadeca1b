//! Columns that become NOT NULL, or cease to be.

use super::add_column_rewrite::fill;
use super::add_constraint::in_steps;
use super::alter::{altered, clauses};
use super::{Example, Finding, Rule, Statement};
use crate::ddl::{AlterActionKind, ColumnAction};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;
use crate::sql::quoted;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text);";
const SOURCE: &str = "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL";

pub(super) const SET_NOT_NULL: Rule = Rule {
    code: Code::SetNotNull,
    why: "PostgreSQL reads all rows to see whether one holds a NULL, under an `ACCESS EXCLUSIVE` lock: nobody reads or \
writes the table until it is done. It skips that where a validated CHECK proves that there is none: `email IS NOT NULL`, \
alone or with `AND`. (`age > 0` proves nothing: a CHECK passes for NULL.)",
    instead: "Three migrations: add the CHECK as `NOT VALID`; validate it, while others read and write; set NOT NULL, \
which now looks at nothing, and drop the CHECK. From PostgreSQL 18 on two do: `ADD CONSTRAINT … NOT NULL … NOT VALID`, \
and `VALIDATE CONSTRAINT`.",
    source: SOURCE,
    example: Example {
        setup: USERS,
        bad: "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        good: &[
            "ALTER TABLE users ADD CONSTRAINT users_email_is_not_null CHECK (email IS NOT NULL) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_email_is_not_null;",
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;\n\
ALTER TABLE users DROP CONSTRAINT users_email_is_not_null;",
        ],
        config: "",
    },
    downs: true,
    check: set_not_null,
};

pub(super) const LOSES_PROOF: Rule = Rule {
    code: Code::SetNotNullLosesProof,
    why: "Whatever the order in which the actions of an ALTER TABLE are written, PostgreSQL drops first. The CHECK that \
would have proven that there is no NULL is gone when SET NOT NULL looks for it, so that all rows are read, under an \
`ACCESS EXCLUSIVE` lock.",
    instead: "Two statements, which may stand in the same migration: SET NOT NULL, and then DROP CONSTRAINT.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text,\n  CONSTRAINT users_email_set CHECK (email IS NOT NULL));",
        bad: "ALTER TABLE users\n  ALTER COLUMN email SET NOT NULL,\n  DROP CONSTRAINT users_email_set;",
        good: &[
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;\nALTER TABLE users DROP CONSTRAINT users_email_set;",
        ],
        config: "",
    },
    downs: true,
    check: loses_proof,
};

pub(super) const DROP_NOT_NULL: Rule = Rule {
    code: Code::DropNotNull,
    why: "From now on the column may hold NULL, and applications that run may not expect one: a decoder fails, or a \
comparison with it is neither true nor false.",
    instead: "First deploy an application that reads NULL as well; then drop NOT NULL, and say so in the reason.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);",
        bad: "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
        good: &[
            "-- migrate: allow(drop-not-null) since 2.3 an account may be without an address\n\
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
        ],
        config: "",
    },
    downs: false,
    check: drop_not_null,
};

pub(super) const ADD_NOT_NULL: Rule = Rule {
    code: Code::AddNotNullConstraint,
    why: "PostgreSQL reads all rows to see whether one holds a NULL, under an `ACCESS EXCLUSIVE` lock: nobody reads or \
writes the table until it is done.",
    instead: "Add the constraint as `NOT VALID`, which holds for new rows at once, and `VALIDATE CONSTRAINT` in a later \
migration, while others read and write.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT",
    example: Example {
        setup: USERS,
        bad: "ALTER TABLE users ADD CONSTRAINT users_email_set NOT NULL email;",
        good: &[
            "ALTER TABLE users ADD CONSTRAINT users_email_set NOT NULL email NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_email_set;",
        ],
        config: "postgres = \"18\"",
    },
    downs: true,
    check: add_not_null,
};

pub(super) const KEY_NULLABLE: Rule = Rule {
    code: Code::PrimaryKeyUsingIndexNullable,
    why: "The columns of a primary key are NOT NULL. The index is there already, but one of its columns may be NULL, so \
PostgreSQL reads all rows to see whether it is, under an `ACCESS EXCLUSIVE` lock.",
    instead: "Make the column NOT NULL first, by way of a validated CHECK. Then `PRIMARY KEY USING INDEX` only writes to \
the catalog.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX",
    example: Example {
        setup: "CREATE TABLE users (id bigint);\nCREATE UNIQUE INDEX users_id_key ON users (id);",
        bad: "ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_id_key;",
        good: &[
            "ALTER TABLE users ADD CONSTRAINT users_id_is_not_null CHECK (id IS NOT NULL) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_id_is_not_null;",
            "ALTER TABLE users ALTER COLUMN id SET NOT NULL;\nALTER TABLE users DROP CONSTRAINT users_id_is_not_null;",
            "ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_id_key;",
        ],
        config: "",
    },
    downs: true,
    check: key_nullable,
};

fn set_not_null(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let works = clauses(statement, Cause::SetNotNull);
    let Some(first) = works.first() else { return };
    let names: Vec<&str> = works.iter().filter_map(|it| it.column.as_deref()).collect_vec();
    let instead = in_steps(&altered);
    let list: Vec<String> = names.iter().map(|it| format!("`{}`", quoted(it))).collect_vec();
    let column = names.first().map(|it| quoted(it)).unwrap_or_default();
    findings.push(Finding {
        at: first.at.clone(),
        message: format!(
            "setting {} to NOT NULL reads all of `{}` while others wait",
            list.join(", "),
            altered.name
        ),
        label: "nothing proves that there is no NULL".to_owned(),
        help: vec![fill(&altered.name, &column, "…").replace(
            "fill the old rows after the first migration",
            match instead.is_empty() {
                true => "if there may be NULLs, fill them before",
                false => "if there may be NULLs, fill them after the CHECK is there",
            },
        )],
        instead,
        ..Finding::default()
    });
}

fn loses_proof(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in clauses(statement, Cause::SetNotNullWithoutProof) {
        let name = quoted(work.column.as_deref().unwrap_or_default());
        let (drops, others): (Vec<_>, Vec<_>) = altered
            .alter
            .actions
            .iter()
            .partition(|it| matches!(it.kind, AlterActionKind::DropConstraint { .. }));
        let sql = |actions: Vec<&crate::ddl::AlterAction>| {
            let texts: Vec<&str> =
                actions.into_iter().map(|it| statement.part(&it.at)).collect_vec();
            altered.sql(&texts)
        };
        findings.push(Finding {
            at: work.at.clone(),
            message: format!(
                "this drops the proof that `{name}` holds no NULL before it is used, and reads all of `{}`",
                altered.name
            ),
            label: "PostgreSQL drops the CHECK first".to_owned(),
            instead: vec![format!("{}\n{}", sql(others), sql(drops))],
            ..Finding::default()
        });
    }
}

fn drop_not_null(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let start = statement.script.at_start(statement.seen.after);
    let Some(table) = start.get(altered.table).and_then(|it| it.table()) else { return };
    let dropped = altered.alter.actions.iter().filter_map(|action| match &action.kind {
        AlterActionKind::AlterColumn { column, action: ColumnAction::DropNotNull } => {
            let was_not_null = table.column(&column.name).is_some_and(|it| it.not_null);
            was_not_null.then(|| (action, format!("`{}`", quoted(&column.name))))
        }
        _ => None,
    });
    let (actions, names): (Vec<_>, Vec<String>) = dropped.unzip();
    let Some(first) = actions.first() else { return };
    findings.push(Finding {
        at: first.at.clone(),
        message: format!(
            "{} of `{}` may be NULL from now on, which readers may not expect",
            names.join(", "),
            altered.name
        ),
        label: "first deploy what reads NULL as well".to_owned(),
        ..Finding::default()
    });
}

fn add_not_null(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in clauses(statement, Cause::AddNotNull) {
        let name = work.column.as_deref().unwrap_or_default();
        let written = statement.part(&work.at);
        let constraint = altered.column(name).and_then(|it| it.not_null_name.clone());
        let own = crate::simulate::not_null_constraint_name(
            statement.object(altered.table).map_or("", |it| &it.name),
            name,
        );
        let constraint = quoted(&constraint.unwrap_or(own));
        findings.push(Finding {
            at: work.at.clone(),
            message: format!(
                "adding NOT NULL for `{}` reads all of `{}`",
                quoted(name),
                altered.name
            ),
            label: "all rows are read while others wait".to_owned(),
            instead: vec![
                altered.sql(&[format!("ADD {written} NOT VALID")]),
                altered.sql(&[format!("VALIDATE CONSTRAINT {constraint}")]),
            ],
            ..Finding::default()
        });
    }
}

fn key_nullable(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let work = clauses(statement, Cause::PrimaryKeyNullable);
    let Some(first) = work.first() else { return };
    let columns: Vec<&str> = work.iter().filter_map(|it| it.column.as_deref()).collect_vec();
    let mut instead = altered.make_not_null(&columns);
    instead.push(format!("{};", statement.sql().trim_end().trim_end_matches(';')));
    let list: Vec<String> = columns.iter().map(|it| format!("`{}`", quoted(it))).collect_vec();
    findings.push(Finding {
        at: first.at.clone(),
        message: format!(
            "making {} a primary key reads all of `{}` to see that there is no NULL",
            list.join(", "),
            altered.name
        ),
        label: "not all of the key is NOT NULL".to_owned(),
        instead,
        ..Finding::default()
    });
}
