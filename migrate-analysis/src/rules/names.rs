//! Names that are cut, and names without a schema.

use super::{Example, Finding, Rule, Statement};
use crate::ddl::{AlterActionKind, Command, Name, ObjectKind, Persistence, TableElement};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use std::ops::Range;

pub(super) const TOO_LONG: Rule = Rule {
    code: Code::IdentifierTooLong,
    why: "PostgreSQL cuts a name to 63 bytes and says so in a notice that nobody reads. Two names that differ behind that \
are the same.",
    instead: "A shorter name.",
    source: "https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS",
    example: Example {
        setup: "",
        bad: "CREATE TABLE a_name_that_says_all_there_is_to_say_about_the_table_and_then_some_more (id bigint);",
        good: &["CREATE TABLE a_name_that_says_enough (id bigint);"],
        config: "deny = [\"identifier-too-long\"]",
    },
    downs: false,
    check: too_long,
};

fn too_long(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    const LIMIT: usize = 63;
    for (name, at) in made(statement.seen.command) {
        let written = statement.part(&at).rsplit('.').next().unwrap_or_default();
        if written.trim_matches('"').len() > LIMIT {
            findings.push(Finding {
                message: format!("the name is cut to `{name}`"),
                label: "longer than 63 bytes".to_owned(),
                at,
                ..Finding::default()
            });
        }
    }
}

/// The names that a statement gives.
fn made(command: &Command) -> Vec<(&str, Range<usize>)> {
    let mut names: Vec<(&str, Range<usize>)> = Vec::new();
    match command {
        Command::CreateTable(it) => {
            names.push((&it.name.name, it.name.at.clone()));
            for element in &it.elements {
                match element {
                    TableElement::Column(column) => {
                        names.push((&column.name.name, column.name.at.clone()));
                    }
                    TableElement::Constraint(constraint) => {
                        names.extend(constraint.name.iter().map(|it| (&*it.name, it.at.clone())));
                    }
                    TableElement::Like(_) => {}
                }
            }
        }
        Command::CreateTableAs(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateView(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateSequence(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateType(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateDomain(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateRoutine(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateTrigger(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreatePolicy(it) => names.push((&it.name.name, it.name.at.clone())),
        Command::CreateIndex(it) => {
            names.extend(it.name.iter().map(|it| (&*it.name, it.at.clone())));
        }
        Command::Rename(it) => names.push((&it.to.name, it.to.at.clone())),
        Command::AlterTable(it) => {
            for action in &it.actions {
                match &action.kind {
                    AlterActionKind::AddColumn { column, .. } => {
                        names.push((&column.name.name, column.name.at.clone()));
                    }
                    AlterActionKind::AddConstraint(constraint) => {
                        names.extend(constraint.name.iter().map(|it| (&*it.name, it.at.clone())));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    names
}

pub(super) const SCHEMA: Rule = Rule {
    code: Code::RequireSchema,
    why: "Which table a name without its schema means depends on `search_path`, and that on the role and the connection.",
    instead: "Write the schema: `public.users`.",
    source: "https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH",
    example: Example {
        setup: "",
        bad: "CREATE TABLE users (id bigint PRIMARY KEY);",
        good: &["CREATE TABLE public.users (id bigint PRIMARY KEY);"],
        config: "deny = [\"require-schema\"]",
    },
    downs: true,
    check: schema,
};

fn schema(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    for name in qualifiable(statement.seen.command) {
        if name.schema.is_none() && !is_temporary(statement, name) {
            findings.push(Finding {
                at: name.at.clone(),
                message: format!(
                    "`{}` has no schema, so that `search_path` decides what it is",
                    name.name
                ),
                label: "without a schema".to_owned(),
                ..Finding::default()
            });
        }
    }
}

fn is_temporary(statement: &Statement<'_>, name: &Name) -> bool {
    let makes = match statement.seen.command {
        Command::CreateTable(it) => it.persistence == Persistence::Temporary,
        Command::CreateTableAs(it) => it.persistence == Persistence::Temporary,
        Command::CreateView(it) => it.persistence == Persistence::Temporary,
        Command::CreateSequence(it) => it.persistence == Persistence::Temporary,
        _ => false,
    };
    let schema = statement.seen.names.relation(name).and_then(|id| statement.object(id)?.schema);
    let schema = schema.and_then(|id| statement.seen.after.get(id));
    makes || schema.is_some_and(|it| it.name == crate::catalog::TEMPORARY)
}

/// The names of what a statement makes, changes or drops, where they can have a schema.
fn qualifiable(command: &Command) -> Vec<&Name> {
    match command {
        Command::CreateTable(it) => vec![&it.name],
        Command::CreateTableAs(it) => vec![&it.name],
        Command::CreateView(it) => vec![&it.name],
        Command::CreateSequence(it) => vec![&it.name],
        Command::CreateType(it) => vec![&it.name],
        Command::CreateDomain(it) => vec![&it.name],
        Command::CreateRoutine(it) => vec![&it.name],
        Command::CreateIndex(it) => vec![&it.table],
        Command::CreateTrigger(it) => vec![&it.table],
        Command::CreatePolicy(it) => vec![&it.table],
        Command::AlterTable(it) => vec![&it.table],
        Command::AlterSequence(it) => vec![&it.name],
        Command::AlterType(it) => vec![&it.name],
        Command::AlterDomain(it) => vec![&it.name],
        Command::Insert(it) | Command::Update(it) | Command::Delete(it) | Command::Merge(it) => {
            vec![&it.table]
        }
        Command::Truncate { tables, .. } => tables.iter().collect_vec(),
        Command::Refresh { view, .. } => vec![view],
        Command::Rename(it) if has_schema(it.object.kind) => vec![&it.object.name],
        Command::Drop(it) => {
            let objects = it.objects.iter().filter(|it| has_schema(it.kind));
            objects.map(|it| &it.name).collect_vec()
        }
        _ => Vec::new(),
    }
}

fn has_schema(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Table
            | ObjectKind::ForeignTable
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Index
            | ObjectKind::Sequence
            | ObjectKind::Type
            | ObjectKind::Domain
            | ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Routine
            | ObjectKind::Aggregate
            | ObjectKind::Trigger
            | ObjectKind::Policy
            | ObjectKind::Rule
            | ObjectKind::Column
            | ObjectKind::Constraint
    )
}
