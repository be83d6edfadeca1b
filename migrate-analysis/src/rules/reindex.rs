//! `REINDEX`.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Id;
use crate::ddl::{Command, Maintenance, Reindexed};
use crate::diagnostic::Code;
use crate::list::CollectVec;

pub(super) const BLOCKING: Rule = Rule {
    code: Code::ReindexBlocking,
    why: "`REINDEX` reads the whole table and holds a `SHARE` lock on it meanwhile, so that writes wait, and an \
`ACCESS EXCLUSIVE` lock on the index. To plan a query PostgreSQL opens every index of a table, so reads wait, too.",
    instead: "`REINDEX … CONCURRENTLY` builds a second index and swaps the two. It cannot run in a transaction, so it \
stands in a migration of its own.",
    source: "https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);\n\
CREATE INDEX orders_customer_id_idx ON orders (customer_id);",
        bad: "REINDEX INDEX orders_customer_id_idx;",
        good: &["REINDEX INDEX CONCURRENTLY orders_customer_id_idx;"],
        config: "",
    },
    downs: true,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Maintenance(Maintenance::Reindex { target, concurrently: false }) =
        statement.seen.command
    else {
        return;
    };
    let (what, word) = match target {
        Reindexed::Index(name) | Reindexed::Table(name) => {
            let Some(id) = statement.in_use(name) else { return };
            let is_index = matches!(target, Reindexed::Index(_));
            let table = statement.table_of(id).unwrap_or(id);
            let word = if is_index { "index" } else { "table" };
            (format!("`{}`", statement.name(table)), word)
        }
        Reindexed::Schema(schema) => (format!("all tables of schema `{}`", schema.name), "schema"),
        Reindexed::Database => ("all tables of the database".to_owned(), "database"),
    };
    findings.push(Finding {
        message: format!("reads and writes of {what} wait until the indexes are built again"),
        label: "without CONCURRENTLY".to_owned(),
        instead: statement.with(word, "CONCURRENTLY").into_iter().collect_vec(),
        ..Finding::default()
    });
}

/// The table or index in use that it builds again `CONCURRENTLY`.
pub(super) fn concurrently(statement: &Statement<'_>, command: &Maintenance) -> Option<Id> {
    let Maintenance::Reindex {
        target: Reindexed::Index(name) | Reindexed::Table(name),
        concurrently: true,
    } = command
    else {
        return None;
    };
    statement.in_use(name)
}
