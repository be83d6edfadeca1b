//! Foreign keys.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::{BaseType, ColumnType, Constraint, ConstraintKind, ForeignKey, Id, Object};
use crate::ddl::{
    AlterActionKind, ColumnConstraint, ColumnConstraintKind, ColumnDef, Command, TableConstraint,
    TableConstraintKind, TableElement,
};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::LockMode;
use std::ops::Range;

const ADD: &str = "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT";

pub(super) const CREATE_TABLE: Rule = Rule {
    code: Code::CreateTableForeignKey,
    why: "A new table that refers to an old one locks that one, too: writes to it wait (`SHARE ROW EXCLUSIVE`) until the \
migration ends, and the migration waits for whoever is writing to it.",
    instead: "Keep what else the migration does short, and have one such table a migration.",
    source: ADD,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\n\
CREATE INDEX orders_user_id_idx ON orders (user_id);",
        good: &[],
        config: "deny = [\"create-table-foreign-key\"]",
    },
    downs: true,
    check: create_table,
};

pub(super) const SEVERAL: Rule = Rule {
    code: Code::MultipleForeignKeys,
    why: "Adding or dropping a foreign key locks the other table as well. With several in one transaction each lock is \
waited for while the earlier ones are held: writes to all these tables wait, and a transaction that takes them in \
another order makes it a deadlock.",
    instead: "One foreign key to a table in use a migration.",
    source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE shops (id bigint PRIMARY KEY);",
        bad: "CREATE TABLE orders (\n  id bigint PRIMARY KEY,\n  user_id bigint REFERENCES users,\n  \
shop_id bigint REFERENCES shops\n);\nCREATE INDEX ON orders (user_id);\nCREATE INDEX ON orders (shop_id);",
        good: &[],
        config: "deny = [\"multiple-foreign-keys\"]",
    },
    downs: true,
    check: several,
};

pub(super) const TYPE_MISMATCH: Rule = Rule {
    code: Code::ForeignKeyTypeMismatch,
    why: "The column is of another type than what it refers to. A narrower one runs out of values before the other \
table does, joins cast on every row, and where it is `numeric` against `bigint` an index may not be used.",
    instead: "Give both the same type.",
    source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "CREATE TABLE orders (id bigint PRIMARY KEY, user_id int REFERENCES users);\n\
CREATE INDEX orders_user_id_idx ON orders (user_id);",
        good: &["CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\n\
CREATE INDEX orders_user_id_idx ON orders (user_id);"],
        config: "",
    },
    downs: false,
    check: type_mismatch,
};

/// A foreign key that a statement makes.
pub(super) struct NewKey<'a> {
    pub(super) table: Id,
    pub(super) key: &'a ForeignKey,
    pub(super) at: Range<usize>,
}

/// The foreign keys that the statement makes. Those of partitions are their parent's.
pub(super) fn new_keys<'a>(statement: &Statement<'a>) -> Vec<NewKey<'a>> {
    let Some(table) = made_table(statement) else { return Vec::new() };
    let before: Vec<String> = statement
        .seen
        .before
        .get(table)
        .and_then(Object::table)
        .map(|it| it.constraints.iter().map(|it| it.name.clone()).collect_vec())
        .unwrap_or_default();
    let Some(now) = statement.seen.after.get(table).and_then(Object::table) else {
        return Vec::new();
    };
    let is_new = |it: &&Constraint| !before.contains(&it.name) && it.inherited == 0;
    let mut written = written(statement.seen.command);
    let keys = now.constraints.iter().filter(is_new).filter_map(|it| match &it.kind {
        ConstraintKind::ForeignKey(key) => Some((it, key)),
        _ => None,
    });
    let mut place = |name: &str, key: &ForeignKey| {
        let columns = key.columns.iter().filter_map(|it| Some(now.numbered(*it)?.name.as_str()));
        let columns: Vec<&str> = columns.collect_vec();
        let is_it = |it: &Written<'_>| match it.name {
            Some(own) => own == name,
            None => it.columns == columns,
        };
        let found = written.iter().position(is_it);
        found.map_or(0..0, |it| written.remove(it).at)
    };
    keys.map(|(own, key)| NewKey { table, key, at: place(&own.name, key) }).collect_vec()
}

/// A foreign key as it stands in a statement.
struct Written<'a> {
    name: Option<&'a str>,
    columns: Vec<&'a str>,
    at: Range<usize>,
}

/// The table that gets them.
fn made_table(statement: &Statement<'_>) -> Option<Id> {
    match statement.seen.command {
        Command::AlterTable(alter) => statement.seen.names.relation(&alter.table),
        Command::CreateTable(create) if statement.seen.names.relation(&create.name).is_none() => {
            let new = statement.seen.before.touched().filter(|(_, before)| before.is_none());
            let is_it = |id: &Id| {
                let object = statement.seen.after.get(*id);
                object.is_some_and(|it| it.name == create.name.name && it.table().is_some())
            };
            new.map(|(id, _)| id).find(is_it)
        }
        _ => None,
    }
}

/// The foreign keys that are written in a statement.
fn written(command: &Command) -> Vec<Written<'_>> {
    let mut found = Vec::new();
    match command {
        Command::CreateTable(create) => {
            for element in &create.elements {
                match element {
                    TableElement::Column(column) => found.extend(of_column(column)),
                    TableElement::Constraint(it) => found.extend(of_table(it)),
                    TableElement::Like(_) => {}
                }
            }
        }
        Command::AlterTable(alter) => {
            for action in &alter.actions {
                match &action.kind {
                    AlterActionKind::AddColumn { column, .. } => found.extend(of_column(column)),
                    AlterActionKind::AddConstraint(it) => found.extend(of_table(it)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    found
}

fn of_column(column: &ColumnDef) -> impl Iterator<Item = Written<'_>> {
    let is_key = |it: &&ColumnConstraint| matches!(it.kind, ColumnConstraintKind::References(_));
    column.constraints.iter().filter(is_key).map(|it| Written {
        name: it.name.as_ref().map(|it| it.name.as_str()),
        columns: vec![&column.name.name],
        at: it.at.clone(),
    })
}

fn of_table(constraint: &TableConstraint) -> Option<Written<'_>> {
    let TableConstraintKind::ForeignKey { columns, .. } = &constraint.kind else { return None };
    Some(Written {
        name: constraint.name.as_ref().map(|it| it.name.as_str()),
        columns: columns.iter().map(|it| it.name.as_str()).collect_vec(),
        at: constraint.at.clone(),
    })
}

fn create_table(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    if !matches!(statement.seen.command, Command::CreateTable(_)) {
        return;
    }
    for new in new_keys(statement).into_iter().filter(|it| statement.is_in_use(it.key.table)) {
        let other = statement.name(new.key.table);
        findings.push(Finding {
            at: new.at,
            message: format!(
                "a foreign key of a new table blocks writes to `{other}` until the migration ends"
            ),
            label: format!("locks `{other}`"),
            ..Finding::default()
        });
    }
}

/// The tables in use that a statement locks for the foreign keys that it makes.
fn several(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let new = new_keys(statement);
    let Some(last) = new.iter().rfind(|it| statement.is_in_use(it.key.table)) else { return };
    if !statement.script.transactional {
        return;
    }
    let mut tables: Vec<Id> = Vec::new();
    let strong = |mode: LockMode| mode.blocks_writes();
    let earlier = statement.script.earlier.iter().map(|it| &it.locks);
    for lock in earlier.chain([statement.locks]).flat_map(|it| &it.relations) {
        let is_table = statement.object(lock.relation).is_some_and(|it| it.table().is_some());
        let is_new = !tables.contains(&lock.relation);
        if strong(lock.mode) && is_table && is_new && statement.is_in_use(lock.relation) {
            tables.push(lock.relation);
        }
    }
    for key in &new {
        if statement.is_in_use(key.key.table) && !tables.contains(&key.key.table) {
            tables.push(key.key.table);
        }
    }
    if tables.len() < 2 {
        return;
    }
    let names: Vec<String> =
        tables.iter().map(|it| format!("`{}`", statement.name(*it))).collect_vec();
    findings.push(Finding {
        at: last.at.clone(),
        message: format!("this transaction blocks writes to {} at the same time", names.join(", ")),
        label: "one more lock while others are held".to_owned(),
        ..Finding::default()
    });
}

fn type_mismatch(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    for new in new_keys(statement) {
        let now = statement.seen.after.now();
        let own = now.get(new.table).and_then(Object::table);
        let other = now.get(new.key.table).and_then(Object::table);
        let (Some(own), Some(other)) = (own, other) else { continue };
        for (number, referenced) in new.key.columns.iter().zip(&new.key.referenced) {
            let (Some(column), Some(target)) = (own.numbered(*number), other.numbered(*referenced))
            else {
                continue;
            };
            if !differ(&column.column_type, &target.column_type) {
                continue;
            }
            let type_name = |it: &ColumnType| deparse::column_type(&now, it);
            let (type_of, wanted) =
                (type_name(&column.column_type), type_name(&target.column_type));
            findings.push(Finding {
                at: new.at.clone(),
                message: format!(
                    "`{}` of `{}` is `{type_of}`, and what it refers to is `{wanted}`",
                    column.name,
                    statement.name(new.table)
                ),
                label: format!("`{}.{}` is `{wanted}`", statement.name(new.key.table), target.name),
                help: vec![format!(
                    "give both the same type, the wider of the two: `{type_of}`, `{wanted}`"
                )],
                ..Finding::default()
            });
        }
    }
}

/// Texts of all lengths are alike.
fn differ(one: &ColumnType, other: &ColumnType) -> bool {
    let family = |it: &ColumnType| match &it.base {
        BaseType::BuiltIn(name) => Some(match name.as_str() {
            "character varying" => "text".to_owned(),
            name => name.to_owned(),
        }),
        _ => None,
    };
    match (family(one), family(other)) {
        (Some(own), Some(other)) => own != other,
        _ => false,
    }
}
