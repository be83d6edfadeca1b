//! Columns and constraints that go.

use super::alter::{Altered, altered, later_of};
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{Constraint, ConstraintKind, Object, named};
use crate::ddl::{
    AlterAction, AlterActionKind, AlterTable, ColumnConstraintKind, Command, Ident, ObjectKind,
    TableConstraintKind,
};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::sql::quoted;

pub(super) const COLUMN: Rule = Rule {
    code: Code::DropColumn,
    why: "What the column holds is gone: no down brings it back. An application that still runs, and names the column, \
fails at once. Indexes and constraints that the column is a part of go with it without a word.",
    instead: "Take it in steps: deploy an application that neither reads nor writes the column; if it is NOT NULL \
without a default, drop the NOT NULL before that; then drop the column, and say so in the reason.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);\nCREATE INDEX users_email_idx ON users (email);",
        bad: "ALTER TABLE users DROP COLUMN email;",
        good: &[
            "-- migrate: allow(drop-column) not used since release 2.3\nALTER TABLE users DROP COLUMN email;",
        ],
        config: "",
    },
    downs: false,
    check: column,
};

pub(super) const CONSTRAINT: Rule = Rule {
    code: Code::DropConstraint,
    why: "What the constraint kept true need not be true from now on: applications may rest on it, and adding it again \
means looking at all rows. Dropping a foreign key locks both tables against reads and writes (`ACCESS EXCLUSIVE`).",
    instead: "If another constraint takes its place, add that one in the same migration. Otherwise say in the reason why \
nothing rests on it any more.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE);",
        bad: "ALTER TABLE users DROP CONSTRAINT users_email_key;",
        good: &[
            "-- migrate: allow(drop-constraint) two accounts may share an address since release 2.3\n\
ALTER TABLE users DROP CONSTRAINT users_email_key;",
        ],
        config: "",
    },
    downs: false,
    check: constraint,
};

pub(super) const PRIMARY_KEY: Rule = Rule {
    code: Code::DropPrimaryKey,
    why: "Nothing keeps the rows apart any more. Foreign keys that rest on it stand in the way, or go with CASCADE, and \
logical replication cannot tell which row was updated or deleted: `UPDATE` and `DELETE` fail on a published table.",
    instead: "Build the index of the new key with `CREATE UNIQUE INDEX CONCURRENTLY`, and swap the two in one statement: \
`DROP CONSTRAINT …, ADD CONSTRAINT … PRIMARY KEY USING INDEX …`.",
    source: "https://www.postgresql.org/docs/current/logical-replication-publication.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint CONSTRAINT users_pkey PRIMARY KEY, number bigint NOT NULL);",
        bad: "ALTER TABLE users DROP CONSTRAINT users_pkey;",
        good: &[
            "CREATE UNIQUE INDEX CONCURRENTLY users_number_key ON users (number);",
            "ALTER TABLE users\n  DROP CONSTRAINT users_pkey,\n  \
ADD CONSTRAINT users_number_pkey PRIMARY KEY USING INDEX users_number_key;",
        ],
        config: "",
    },
    downs: false,
    check: primary_key,
};

/// What there was when the script began.
fn at_start(altered: &Altered<'_, '_>) -> Option<Object> {
    let statement = altered.statement;
    let start = statement.script.at_start(statement.seen.after);
    start.get(altered.table).cloned()
}

fn column(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let Some(start) = at_start(&altered) else { return };
    if statement.has_to_be_empty(altered.table) {
        return;
    }
    let dropped = altered.alter.actions.iter().filter_map(|action| {
        let AlterActionKind::DropColumn { column, .. } = &action.kind else { return None };
        let was_there = named(start.columns(), &column.name).is_some();
        let is_gone = altered.column(&column.name).is_none() || is_made_again(&altered, action);
        (was_there && is_gone).then(|| (action, format!("`{}`", quoted(&column.name))))
    });
    let (actions, names): (Vec<_>, Vec<String>) = dropped.unzip();
    let Some(first) = actions.first() else { return };
    let sql = statement.sql().trim_end().trim_end_matches(';');
    let allow = format!("-- migrate: allow(drop-column) {}", crate::wording::WAY_OUT_REASON);
    let them = if names.len() == 1 { "it holds" } else { "they hold" };
    findings.push(Finding {
        at: first.at.clone(),
        message: format!(
            "dropping {} takes what {them} out of each row of `{}`",
            names.join(", "),
            altered.name
        ),
        label: "gone for good, unless it was copied".to_owned(),
        notes: deaths(statement),
        help: vec!["first deploy an application that does not name the column any more".to_owned()],
        instead: vec![format!("{allow}\n{sql};")],
    });
}

/// What goes along.
fn deaths(statement: &Statement<'_>) -> Vec<String> {
    let died: Vec<String> =
        statement.outcome.deaths.iter().map(|it| format!("`{}`", it.what)).collect_vec();
    match died.as_slice() {
        [] => Vec::new(),
        some => vec![format!("with it go {}", some.join(", "))],
    }
}

/// `DROP COLUMN a, ADD COLUMN a`.
fn is_made_again(altered: &Altered<'_, '_>, dropped: &AlterAction) -> bool {
    let AlterActionKind::DropColumn { column, .. } = &dropped.kind else { return false };
    altered.alter.actions.iter().any(|it| match &it.kind {
        AlterActionKind::AddColumn { column: added, .. } => added.name.name == column.name,
        _ => false,
    })
}

/// The constraints that the statement drops, and that were there when the script began.
fn dropped<'x>(
    altered: &'x Altered<'_, '_>,
    start: &'x Object,
) -> impl Iterator<Item = (&'x AlterAction, &'x Ident, &'x Constraint)> {
    altered.alter.actions.iter().filter_map(|action| {
        let AlterActionKind::DropConstraint { constraint: name, .. } = &action.kind else {
            return None;
        };
        let own = start.table()?.constraint(&name.name)?;
        Some((action, name, own))
    })
}

fn constraint(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let Some(start) = at_start(&altered) else { return };
    for (action, name, own) in dropped(&altered, &start) {
        let is_key = matches!(own.kind, ConstraintKind::PrimaryKey { .. });
        if is_key || !own.validated || is_replaced(&altered, own) || is_proof(&altered, own) {
            continue;
        }
        if is_about_what_goes(&altered, &start, own) {
            continue;
        }
        let state = &statement.seen.before;
        let definition = deparse::constraint_definition(state, own, start.columns());
        findings.push(Finding {
            at: action.at.clone(),
            message: format!(
                "nothing keeps the rows of `{}` true to `{}` any more",
                altered.name,
                quoted(&name.name)
            ),
            label: definition,
            ..Finding::default()
        });
    }
}

fn primary_key(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    let Some(start) = at_start(&altered) else { return };
    for (action, _, own) in dropped(&altered, &start) {
        if !matches!(own.kind, ConstraintKind::PrimaryKey { .. }) || is_replaced(&altered, own) {
            continue;
        }
        findings.push(Finding {
            at: action.at.clone(),
            message: format!("`{}` loses its primary key", altered.name),
            label: "if there is a new one, swap them in one statement".to_owned(),
            notes: deaths(statement),
            ..Finding::default()
        });
    }
}

/// Whether the script has another constraint for it: by its name, or of its kind and columns.
fn is_replaced(altered: &Altered<'_, '_>, own: &Constraint) -> bool {
    let replaces = |kind: &TableConstraintKind, name: Option<&Ident>| {
        let same_kind = match (kind, &own.kind) {
            (TableConstraintKind::Check(_), ConstraintKind::Check(_))
            | (TableConstraintKind::ForeignKey { .. }, ConstraintKind::ForeignKey(_))
            | (TableConstraintKind::Unique { .. }, ConstraintKind::Unique { .. })
            | (TableConstraintKind::PrimaryKey { .. }, ConstraintKind::PrimaryKey { .. }) => true,
            (TableConstraintKind::Exclude { .. }, ConstraintKind::Exclude { .. }) => true,
            (TableConstraintKind::UsingIndex { primary, .. }, kind) => {
                *primary == matches!(kind, ConstraintKind::PrimaryKey { .. })
            }
            _ => false,
        };
        same_kind || name.is_some_and(|it| it.name == own.name)
    };
    let in_actions = |actions: &[AlterAction]| {
        actions.iter().any(|it| match &it.kind {
            AlterActionKind::AddConstraint(it) => replaces(&it.kind, it.name.as_ref()),
            AlterActionKind::AddColumn { column, .. } => {
                let mut kinds = column.constraints.iter().map(|it| &it.kind);
                matches!(own.kind, ConstraintKind::PrimaryKey { .. })
                    && kinds.any(|it| matches!(it, ColumnConstraintKind::PrimaryKey { .. }))
            }
            _ => false,
        })
    };
    let index_of_unique = |command: &Command| match command {
        Command::CreateIndex(create) => {
            matches!(own.kind, ConstraintKind::Unique { .. }) && create.unique
        }
        Command::AlterTable(other) => in_actions(&other.actions),
        _ => false,
    };
    in_actions(&altered.alter.actions)
        || later_of(altered.statement, &altered.alter.table.name).into_iter().any(index_of_unique)
}

/// Whether what it is about goes soon: the table, or one of its columns.
fn is_about_what_goes(altered: &Altered<'_, '_>, start: &Object, own: &Constraint) -> bool {
    let numbers = match &own.kind {
        ConstraintKind::Check(expr) => expr.columns().collect_vec(),
        ConstraintKind::ForeignKey(key) => key.columns.clone(),
        ConstraintKind::Unique { index }
        | ConstraintKind::PrimaryKey { index }
        | ConstraintKind::Exclude { index } => {
            let begun = altered.statement.script.at_start(altered.statement.seen.after);
            begun
                .get(*index)
                .and_then(Object::index)
                .and_then(|it| it.columns())
                .unwrap_or_default()
        }
    };
    let columns = start.columns().iter().filter(|it| numbers.contains(&it.number));
    let columns: Vec<&str> = columns.map(|it| it.name.as_str()).collect_vec();
    let drops = |alter: &AlterTable| {
        alter.actions.iter().any(|it| match &it.kind {
            AlterActionKind::DropColumn { column, .. } => columns.contains(&column.name.as_str()),
            _ => false,
        })
    };
    let goes = |command: &Command| match command {
        Command::AlterTable(alter) => drops(alter),
        Command::Drop(drop) => drop.objects.iter().any(|it| it.kind == ObjectKind::Table),
        _ => false,
    };
    drops(altered.alter)
        || later_of(altered.statement, &altered.alter.table.name).into_iter().any(goes)
}

/// Whether it says no more than that a column is not NULL, which it is by now.
fn is_proof(altered: &Altered<'_, '_>, own: &Constraint) -> bool {
    let ConstraintKind::Check(expr) = &own.kind else { return false };
    let Some(number) = expr.columns().next() else { return false };
    let text = deparse::expression(&altered.statement.seen.before, expr, altered.columns());
    let column = altered.after().and_then(|it| it.numbered(number));
    column.is_some_and(|it| it.not_null && text == format!("{} IS NOT NULL", quoted(&it.name)))
}
