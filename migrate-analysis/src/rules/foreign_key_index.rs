//! A foreign key whose columns no index begins with.

use super::alter::later;
use super::foreign_key::new_keys;
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{
    Column, ForeignAction, ForeignKey, Id, Index, IndexElement, IndexKey, Key, Object, Piece, Space,
};
use crate::ddl::{self, AlterActionKind, Command, TableConstraintKind};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::simulate::object_name;
use crate::sql::quoted;

pub(super) const RULE: Rule = Rule {
    code: Code::ForeignKeyWithoutIndex,
    why: "For each row that is deleted in the other table PostgreSQL looks for the rows that refer to it. Without an \
index it reads all of this table, once for each row. PostgreSQL makes an index for the key that is referred to, and none \
for the columns that refer. The rule speaks up where the foreign key says what is to happen when a row is deleted \
(`ON DELETE CASCADE`, `SET NULL`, `SET DEFAULT`), so that rows are meant to be.",
    instead: "Add an index that begins with the columns of the foreign key: with the table where that is new, and with \
`CREATE INDEX CONCURRENTLY`, in a migration of its own before the foreign key, where it is not.",
    source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE);",
        good: &[
            "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE);\n\
CREATE INDEX orders_user_id_idx ON orders (user_id);",
        ],
        config: "",
    },
    downs: false,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    for new in new_keys(statement) {
        if statement.is_small(new.table) || !is_missing(statement, new.table, new.key) {
            continue;
        }
        let now = statement.seen.after.now();
        let Some(table) = now.get(new.table).and_then(Object::table) else { continue };
        let columns = deparse::column_names(&table.columns, &new.key.columns);
        let (own, other) = (statement.name(new.table), statement.name(new.key.table));
        let object = now.get(new.table).map_or("", |it| it.name.as_str());
        let names: Vec<&str> = new
            .key
            .columns
            .iter()
            .filter_map(|it| Some(table.numbered(*it)?.name.as_str()))
            .collect_vec();
        let index = quoted(&free_name(statement, new.table, object, &names.join("_")));
        let sql = statement.sql().trim_end().trim_end_matches(';');
        let instead = match statement.is_in_use(new.table) {
            true => vec![
                format!("CREATE INDEX CONCURRENTLY {index} ON {own} ({columns});"),
                format!("{sql};"),
            ],
            false => vec![format!("{sql};\nCREATE INDEX {index} ON {own} ({columns});")],
        };
        findings.push(Finding {
            at: new.at.clone(),
            message: format!(
                "no index of `{own}` begins with `{columns}`, which refers to `{other}`"
            ),
            label: format!("deleting a row of `{other}` searches all of `{own}`"),
            instead: if statement.is_in_use(new.table) && !is_plain(statement) {
                Vec::new()
            } else {
                instead
            },
            ..Finding::default()
        });
    }
}

/// A name for the index that nothing else has.
pub(super) fn free_name(statement: &Statement<'_>, table: Id, name: &str, column: &str) -> String {
    let now = statement.seen.after;
    let schema = now.get(table).and_then(|it| it.schema);
    let made_later = |name: &str| {
        later(statement).any(|it| match it {
            Command::CreateIndex(it) => it.name.as_ref().is_some_and(|it| it.name == name),
            Command::Rename(it) => it.to.name == name,
            _ => false,
        })
    };
    let is_taken = |name: &str| {
        now.find(&Key::new(Space::Relation, schema, name)).is_some() || made_later(name)
    };
    let labels = (1..100).map(|it| format!("idx{it}"));
    let mut names =
        std::iter::once("idx".to_owned()).chain(labels).map(|it| object_name(name, column, &it));
    names.find(|it| !is_taken(it)).unwrap_or_else(|| object_name(name, column, "idx"))
}

/// Whether the statement does nothing but what another rule has no better words for.
fn is_plain(statement: &Statement<'_>) -> bool {
    statement.locks.work.is_empty() && !adds_column(statement)
}

fn adds_column(statement: &Statement<'_>) -> bool {
    let Command::AlterTable(alter) = statement.seen.command else { return false };
    alter.actions.iter().any(|it| matches!(it.kind, AlterActionKind::AddColumn { .. }))
}

/// Whether rows of the other table are meant to be deleted, and neither the table has an index for the key nor the rest
/// of the script makes one.
pub(super) fn is_missing(statement: &Statement<'_>, table: Id, key: &ForeignKey) -> bool {
    let now = statement.seen.after.now();
    let Some(object) = now.get(table) else { return false };
    let deletes = !matches!(key.on_delete, ForeignAction::NoAction | ForeignAction::Restrict);
    if object.partial || key.columns.is_empty() || !deletes {
        return false;
    }
    let serves = |id: &Id| {
        let index = now.get(*id).and_then(Object::index);
        index.is_some_and(|it| it.table == table && serves(it, &key.columns))
    };
    let names: Vec<&str> = object
        .columns()
        .iter()
        .filter(|it| key.columns.contains(&it.number))
        .map(|it: &Column| it.name.as_str())
        .collect_vec();
    let comes = |command: &Command| match command {
        Command::CreateIndex(create) => {
            create.table.name == object.name
                && create.elements.first().is_some_and(|it| match &it.key {
                    ddl::IndexKey::Column(column) => names.contains(&column.name.as_str()),
                    ddl::IndexKey::Expression(_) => false,
                })
        }
        Command::AlterTable(alter) if alter.table.name == object.name => {
            alter.actions.iter().any(|it| match &it.kind {
                AlterActionKind::AddConstraint(it) => match &it.kind {
                    TableConstraintKind::Unique { columns, .. }
                    | TableConstraintKind::PrimaryKey { columns, .. } => {
                        columns.first().is_some_and(|it| names.contains(&it.name.as_str()))
                    }
                    _ => false,
                },
                // It is gone soon.
                AlterActionKind::DropColumn { column, .. } => names.contains(&column.name.as_str()),
                _ => false,
            })
        }
        _ => false,
    };
    let dependents = now.dependents(table);
    !dependents.iter().any(serves) && !later(statement).any(comes)
}

/// Whether rows that refer to one row can be found by it: it begins with one of the columns, and knows all rows that
/// refer to anything.
fn serves(index: &Index, columns: &[u32]) -> bool {
    let begins =
        |it: &IndexElement| matches!(it.key, IndexKey::Column(it) if columns.contains(&it));
    let all = index.predicate.as_ref().is_none_or(|it| match it.pieces.as_slice() {
        [Piece::Column(number), Piece::Text(test)] => {
            columns.contains(number) && test.trim().eq_ignore_ascii_case("IS NOT NULL")
        }
        _ => false,
    });
    index.valid
        && all
        && index.elements.first().is_some_and(begins)
        && matches!(index.method.as_str(), "btree" | "hash")
}
