//! `CREATE INDEX` on a table in use.

use super::{Example, Finding, Rule, Statement, held_lock};
use crate::catalog::Id;
use crate::ddl::{Command, CreateIndex};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;
use crate::sql::quoted;

const SOURCE: &str =
    "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY";

pub(super) const BLOCKING: Rule = Rule {
    code: Code::CreateIndexBlocking,
    why: "`CREATE INDEX` reads the whole table, and holds a `SHARE` lock meanwhile: every `INSERT`, `UPDATE` and \
`DELETE` waits until the index is built.",
    instead: "`CREATE INDEX CONCURRENTLY` reads the table twice and blocks neither reads nor writes. It cannot run in a \
transaction, so it stands in a migration of its own, which then needs no directive. If it fails, the invalid index that \
it leaves behind is dropped when the migration is run again.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);",
        bad: "CREATE INDEX orders_customer_id_idx ON orders (customer_id);",
        good: &["CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);"],
        config: "",
    },
    downs: true,
    check: blocking,
};

fn blocking(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateIndex(create) = statement.seen.command else { return };
    let Some(table) = statement.in_use(&create.table) else { return };
    if statement.is_partitioned(table) || statement.work(Cause::CreateIndex).next().is_none() {
        return;
    }
    let name = statement.name(table);
    findings.push(Finding {
        message: match statement.waiting(table) {
            "writes" => format!("writes to `{name}` wait until the index is built"),
            waiting => format!("{waiting} of `{name}` wait until the index is built"),
        },
        label: "without CONCURRENTLY".to_owned(),
        notes: held_lock::held_before(statement, table).into_iter().collect_vec(),
        instead: statement.with("index", "CONCURRENTLY").map(without_if).into_iter().collect_vec(),
        ..Finding::default()
    });
}

/// With `IF NOT EXISTS`, what a failed build leaves behind would be taken for the index.
fn without_if(sql: String) -> String {
    let Some(at) = sql.to_ascii_lowercase().find("concurrently if not exists ") else { return sql };
    let (before, after) = (at + "concurrently".len(), at + "concurrently if not exists".len());
    format!("{}{}", &sql[..before], &sql[after..])
}

pub(super) const PARTITIONED: Rule = Rule {
    code: Code::CreateIndexPartitioned,
    why: "`CREATE INDEX` on a partitioned table builds an index on every partition, one after the other, in one \
transaction: writes to all of them wait until the last one is built. `CONCURRENTLY` is not possible there.",
    instead: "Make the index on the parent alone, which is invalid at first; build one on each partition with \
`CONCURRENTLY`; attach them. When the last one is attached, the index on the parent is valid.",
    source: "https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
    example: Example {
        setup: "CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);\n\
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        bad: "CREATE INDEX events_at_idx ON events (at);",
        good: &[
            "CREATE INDEX events_at_idx ON ONLY events (at);",
            "CREATE INDEX CONCURRENTLY events_2026_at_idx ON events_2026 (at);",
            "ALTER INDEX events_at_idx ATTACH PARTITION events_2026_at_idx;",
        ],
        config: "",
    },
    downs: true,
    check: partitioned,
};

fn partitioned(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateIndex(create) = statement.seen.command else { return };
    let Some(table) = statement.in_use(&create.table) else { return };
    if !statement.is_partitioned(table) || statement.work(Cause::CreateIndex).next().is_none() {
        return;
    }
    let name = statement.name(table);
    findings.push(Finding {
        at: create.table.at.clone(),
        message: format!(
            "writes to `{name}` and all its partitions wait until an index on each is built"
        ),
        label: "partitioned, so CONCURRENTLY is not possible".to_owned(),
        instead: by_partition(statement, create, table).unwrap_or_default(),
        ..Finding::default()
    });
}

/// The index on the parent alone, one on each partition, and all of them attached.
fn by_partition(statement: &Statement<'_>, create: &CreateIndex, table: Id) -> Option<Vec<String>> {
    const MANY: usize = 20;
    let index = &create.name.as_ref()?.name;
    let partitions = statement.children(table);
    if partitions.is_empty()
        || partitions.len() > MANY
        || partitions.iter().any(|id| statement.is_partitioned(*id))
    {
        return None;
    }
    let parent = statement.object(table)?;
    let key = &statement.own()?[create.table.at.end - statement.range.start..];
    let on = format!("ONLY {}", statement.written(&create.table));
    let mut scripts = vec![statement.replaced(&create.table.at, &on)?];
    let mut attach = Vec::new();
    let unique = if create.unique { "UNIQUE " } else { "" };
    for partition in partitions {
        let object = statement.object(partition)?;
        let own = match index.strip_prefix(&parent.name) {
            Some(rest) => quoted(&format!("{}{rest}", object.name)),
            None => quoted(&format!("{}_{index}", object.name)),
        };
        let name = statement.name(partition);
        scripts.push(format!("CREATE {unique}INDEX CONCURRENTLY {own} ON {name}{key};"));
        attach.push(format!(
            "ALTER INDEX {} ATTACH PARTITION {};",
            statement.beside(table, &quoted(index)),
            statement.beside(partition, &own)
        ));
    }
    scripts.push(attach.join("\n"));
    Some(scripts)
}

pub(super) const UNIQUE: Rule = Rule {
    code: Code::UniqueIndexDataDependent,
    why: "Whether a unique index can be built depends on the rows: with two of the same key it fails (SQLSTATE 23505), \
in production only. One that is built `CONCURRENTLY` then stays behind, invalid, and slows writes down.",
    instead: "Look for duplicates before, and mend them in a migration of their own.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);",
        good: &["CREATE INDEX CONCURRENTLY users_email_idx ON users (email);"],
        config: "deny = [\"unique-index-data-dependent\"]",
    },
    downs: false,
    check: unique,
};

fn unique(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateIndex(create) = statement.seen.command else { return };
    let Some(table) = statement.in_use(&create.table) else { return };
    if !create.unique || statement.is_there_already(create) {
        return;
    }
    let name = statement.name(table);
    let keys: Vec<&str> = create.elements.iter().filter_map(|it| column(&it.key)).collect_vec();
    let mut help = Vec::new();
    if keys.len() == create.elements.len() && create.predicate.is_none() {
        let keys = keys.into_iter().map(quoted).collect_vec().join(", ");
        help.push(format!(
            "look for duplicates before: `SELECT {keys}, count(*) FROM {name} GROUP BY {keys} HAVING count(*) > 1`"
        ));
    }
    findings.push(Finding {
        message: format!("the index cannot be built if rows of `{name}` have the same key"),
        label: "UNIQUE, and the rows are not known".to_owned(),
        help,
        ..Finding::default()
    });
}

fn column(key: &crate::ddl::IndexKey) -> Option<&str> {
    match key {
        crate::ddl::IndexKey::Column(ident) => Some(&ident.name),
        crate::ddl::IndexKey::Expression(_) => None,
    }
}

pub(super) const IF_NOT_EXISTS: Rule = Rule {
    code: Code::ConcurrentlyIfNotExists,
    why: "When `CREATE INDEX CONCURRENTLY` fails (a deadlock, a duplicate, a lost connection), an invalid index stays \
behind, which no query uses and every write maintains. With `IF NOT EXISTS` the next run finds something of that name, \
and takes it for the index.",
    instead: "Leave `IF NOT EXISTS` out. When the migration is run again, the runner drops the invalid index first, and \
skips one that is valid.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);",
        bad: "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_id_idx ON orders (customer_id);",
        good: &["CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);"],
        config: "",
    },
    downs: true,
    check: if_not_exists,
};

fn if_not_exists(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateIndex(create) = statement.seen.command else { return };
    let Some(table) = statement.in_use(&create.table) else { return };
    if !create.concurrently || !create.if_not_exists || statement.is_there_already(create) {
        return;
    }
    let name = statement.name(table);
    let at = statement.find("if").zip(statement.find("exists"));
    findings.push(Finding {
        at: at.map(|(first, last)| first.start..last.end).unwrap_or_default(),
        message: format!(
            "what a failed build leaves behind on `{name}` would be taken for the index"
        ),
        label: "takes an invalid index for the index".to_owned(),
        instead: statement.without("if", "exists").into_iter().collect_vec(),
        ..Finding::default()
    });
}

pub(super) const CORRUPTION: Rule = Rule {
    code: Code::IndexCorruption14,
    why: "On PostgreSQL 14.0 to 14.3, `CREATE INDEX CONCURRENTLY` and `REINDEX CONCURRENTLY` can miss rows that are \
updated meanwhile: queries over the index then do not find them.",
    instead: "Update the server to 14.4 or later, and say so: `postgres = \"14.4\"` in `migrate.toml`.",
    source: "https://www.postgresql.org/docs/release/14.4/",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);",
        bad: "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);",
        good: &[],
        config: "postgres = \"14.2\"",
    },
    downs: true,
    check: corruption,
};

fn corruption(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let servers = statement.seen.servers;
    let Some(minor @ 0..=3) = servers.minor.filter(|_| servers.oldest == 14) else { return };
    let table = match statement.seen.command {
        Command::CreateIndex(create) if create.concurrently => statement.in_use(&create.table),
        Command::Maintenance(it) => super::reindex::concurrently(statement, it),
        _ => None,
    };
    let Some(table) = table else { return };
    findings.push(Finding {
        message: format!(
            "PostgreSQL 14.{minor} can miss rows of `{}` that are updated while it builds an index CONCURRENTLY",
            statement.name(table)
        ),
        label: "corrupts indexes on 14.0 to 14.3".to_owned(),
        help: vec!["update the server to 14.4 or later, and write `postgres = \"14.4\"` in migrate.toml".to_owned()],
        ..Finding::default()
    });
}

const STYLE_SOURCE: &str = "https://www.postgresql.org/docs/current/indexes-multicolumn.html";

pub(super) const WIDE: Rule = Rule {
    code: Code::WideIndex,
    why: "An index with many columns is large, is touched by many updates, and serves few queries more than one with \
the first two or three of them.",
    instead: "Index the columns that queries filter by; what they only read can stand in `INCLUDE`.",
    source: STYLE_SOURCE,
    example: Example {
        setup: "CREATE TABLE orders (id bigint, a int, b int, c int, d int);",
        bad: "CREATE INDEX CONCURRENTLY orders_idx ON orders (a, b, c, d);",
        good: &["CREATE INDEX CONCURRENTLY orders_idx ON orders (a, b) INCLUDE (c, d);"],
        config: "deny = [\"wide-index\"]",
    },
    downs: false,
    check: wide,
};

fn wide(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    const MANY: usize = 4;
    let Command::CreateIndex(create) = statement.seen.command else { return };
    if create.elements.len() < MANY {
        return;
    }
    findings.push(Finding {
        message: format!(
            "an index of {} columns on `{}`",
            create.elements.len(),
            statement.written(&create.table)
        ),
        label: "more than three columns".to_owned(),
        help: vec![
            "what queries only read, and do not filter by, can stand in `INCLUDE (…)`".to_owned(),
        ],
        ..Finding::default()
    });
}

pub(super) const REPEATED: Rule = Rule {
    code: Code::DuplicateIndexColumn,
    why: "A column that stands in an index twice makes it larger, and no query faster.",
    instead: "Leave the second one out.",
    source: STYLE_SOURCE,
    example: Example {
        setup: "CREATE TABLE orders (id bigint, a int, b int);",
        bad: "CREATE INDEX CONCURRENTLY orders_idx ON orders (a, b, a);",
        good: &["CREATE INDEX CONCURRENTLY orders_idx ON orders (a, b);"],
        config: "deny = [\"duplicate-index-column\"]",
    },
    downs: false,
    check: repeated,
};

fn repeated(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateIndex(create) = statement.seen.command else { return };
    let keys = create.elements.iter().filter(|it| it.operator_class.is_none());
    let keys = keys.filter_map(|it| match &it.key {
        crate::ddl::IndexKey::Column(ident) => Some(ident),
        crate::ddl::IndexKey::Expression(_) => None,
    });
    let mut seen: Vec<&str> = Vec::new();
    for ident in keys.chain(&create.include) {
        if seen.contains(&ident.name.as_str()) {
            findings.push(Finding {
                at: ident.at.clone(),
                message: format!(
                    "an index on `{}` has the column `{}` twice",
                    statement.written(&create.table),
                    ident.name
                ),
                label: "is in it already".to_owned(),
                ..Finding::default()
            });
        }
        seen.push(&ident.name);
    }
}

impl Statement<'_> {
    /// Whether `IF NOT EXISTS` finds an index of that name, so that nothing happens.
    fn is_there_already(&self, create: &CreateIndex) -> bool {
        create.if_not_exists && create.name.is_some() && self.existing_index(create).is_some()
    }

    /// The index that has the name already.
    pub(super) fn existing_index(&self, create: &CreateIndex) -> Option<Id> {
        let name = &create.name.as_ref()?.name;
        let table = self.seen.names.relation(&create.table)?;
        let schema = self.object(table)?.schema;
        let key = crate::catalog::Key::new(crate::catalog::Space::Relation, schema, name);
        self.seen.after.find(&key).filter(|id| self.seen.before.get(*id).is_some())
    }
}
