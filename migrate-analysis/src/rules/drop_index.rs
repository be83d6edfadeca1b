//! `DROP INDEX`, and an index that is replaced by another.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Id;
use crate::ddl::{Behavior, Command, CreateIndex, IndexKey, ObjectKind};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::sql::quoted;

pub(super) const BLOCKING: Rule = Rule {
    code: Code::DropIndexBlocking,
    why: "`DROP INDEX` takes an `ACCESS EXCLUSIVE` lock on the table. It is brief, but it has to wait for every query \
that is running on the table, and everybody else waits behind it.",
    instead: "`DROP INDEX CONCURRENTLY` waits without standing in anybody's way. It cannot run in a transaction, so it \
stands in a migration of its own.",
    source: "https://www.postgresql.org/docs/current/sql-dropindex.html",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);\n\
CREATE INDEX orders_customer_id_idx ON orders (customer_id);",
        bad: "DROP INDEX orders_customer_id_idx;",
        good: &["DROP INDEX CONCURRENTLY orders_customer_id_idx;"],
        config: "",
    },
    // The lock is brief, and dropping its index is what nearly every down of an index does.
    downs: false,
    check: blocking,
};

fn blocking(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Drop(drop) = statement.seen.command else { return };
    if drop.concurrently || drop.behavior == Behavior::Cascade {
        return;
    }
    let mut scripts = Vec::new();
    let (mut tables, mut at) = (Vec::new(), 0..0);
    for object in drop.objects.iter().filter(|it| it.kind == ObjectKind::Index) {
        let Some(index) = statement.in_use(&object.name) else { continue };
        let Some(table) = statement.table_of(index) else { continue };
        if statement.is_partitioned(table) || !statement.is_in_use(table) {
            continue;
        }
        let exists = if drop.if_exists { "IF EXISTS " } else { "" };
        let name = statement.written(&object.name);
        scripts.push(format!("DROP INDEX CONCURRENTLY {exists}{name};"));
        if tables.is_empty() {
            at = object.name.at.clone();
        }
        let table = format!("`{}`", statement.name(table));
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    if tables.is_empty() {
        return;
    }
    findings.push(Finding {
        at,
        message: format!("dropping an index of {} blocks reads and writes", tables.join(", ")),
        label: "without CONCURRENTLY".to_owned(),
        instead: if scripts.len() == drop.objects.len() && statement.own().is_some() {
            vec![scripts.join("\n")]
        } else {
            Vec::new()
        },
        ..Finding::default()
    });
}

pub(super) const GAP: Rule = Rule {
    code: Code::ReplaceIndexGap,
    why: "Between dropping the old index and the end of building the new one, queries that need either read the whole \
table.",
    instead: "Build the new one under another name, then drop the old one, then rename.",
    source: "https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, at timestamptz);\n\
CREATE INDEX orders_customer_id_idx ON orders (customer_id);",
        bad: "DROP INDEX CONCURRENTLY orders_customer_id_idx;\n\
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id, at);",
        good: &[
            "CREATE INDEX CONCURRENTLY orders_customer_id_at_idx ON orders (customer_id, at);",
            "DROP INDEX CONCURRENTLY orders_customer_id_idx;",
        ],
        config: "",
    },
    downs: true,
    check: gap,
};

fn gap(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateIndex(create) = statement.seen.command else { return };
    let Some(table) = statement.in_use(&create.table) else { return };
    // In a transaction nobody sees the gap.
    if statement.script.transactional {
        return;
    }
    let Some(new) = key_columns(statement, create, table) else { return };
    let still_served = statement.seen.before.dependents(table).into_iter().any(|id| {
        let index = statement.seen.before.get(id).and_then(|it| it.index());
        index.is_some_and(|it| it.valid && it.columns().is_some_and(|it| it.first() == new.first()))
    });
    let old = statement.script.gone(statement.seen.after).into_iter().find(|object| {
        let index = object.index().filter(|it| it.table == table && it.valid);
        let columns = index.and_then(|it| it.columns());
        columns.is_some_and(|old| old.starts_with(&new) || new.starts_with(&old))
    });
    let old = old.filter(|_| !still_served);
    let Some(old) = old else { return };
    let name = statement.name(table);
    findings.push(Finding {
        message: format!("queries on `{name}` have neither index until the new one is built"),
        label: format!("`{}` was dropped before", old.name),
        instead: new_first(statement, create, table, &old.name).unwrap_or_default(),
        ..Finding::default()
    });
}

/// The keys of the new index, where all of them are columns.
fn key_columns(statement: &Statement<'_>, create: &CreateIndex, table: Id) -> Option<Vec<u32>> {
    let table = statement.object(table)?.table()?;
    let keys = create.elements.iter().map(|element| match &element.key {
        IndexKey::Column(ident) => table.column(&ident.name).map(|column| column.number),
        IndexKey::Expression(_) => None,
    });
    keys.collect_all()
}

/// The new index under a free name, then the old one goes, then the new one gets its name.
fn new_first(
    statement: &Statement<'_>,
    create: &CreateIndex,
    table: Id,
    old: &str,
) -> Option<Vec<String>> {
    let new = create.name.as_ref()?;
    let drop = format!("DROP INDEX CONCURRENTLY {};", statement.beside(table, &quoted(old)));
    if new.name != old {
        return Some(vec![statement.again()?, drop]);
    }
    let other = quoted(&format!("{old}_new"));
    let built = statement.replaced(&new.at, &other)?;
    let rename =
        format!("ALTER INDEX {} RENAME TO {};", statement.beside(table, &other), quoted(old));
    Some(vec![built, drop, rename])
}
