//! Partitions that come and go.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::{Id, IndexKey};
use crate::ddl::{AlterActionKind, Command};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;
use crate::sql::quoted;

const SOURCE: &str = "https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE";

pub(super) const ATTACH: Rule = Rule {
    code: Code::AttachPartitionScan,
    why: "To prove that every row belongs into the partition, `ATTACH PARTITION` reads the whole table under an `ACCESS \
EXCLUSIVE` lock, unless a valid `CHECK` says so already. A default partition is locked and read, too: one of its rows \
could belong into the new partition.",
    instead: "Add a `CHECK` that says what the bounds say, `NOT VALID`; validate it in a migration of its own, which blocks \
nobody; then attach.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);\n\
CREATE TABLE old_events (id bigint, at timestamptz NOT NULL);",
        bad: "ALTER TABLE events ATTACH PARTITION old_events\n  FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
        good: &[
            "ALTER TABLE old_events ADD CONSTRAINT old_events_bound\n  CHECK (at IS NOT NULL AND at >= '2025-01-01' AND at < '2026-01-01') NOT VALID;",
            "ALTER TABLE old_events VALIDATE CONSTRAINT old_events_bound;",
            "ALTER TABLE events ATTACH PARTITION old_events\n  FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
        ],
        config: "",
    },
    downs: true,
    check: attach,
};

fn attach(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    if let Some(work) = statement.work(Cause::AttachPartition).next() {
        let name = statement.name(work.relation);
        let parent = parent(statement).map(|id| statement.name(id)).unwrap_or_default();
        let instead = check_first(statement, work.relation).unwrap_or_default();
        let help = "add a CHECK that says what the bounds say as NOT VALID, and validate it in a migration of its own"
            .to_owned();
        findings.push(Finding {
            at: work.at.clone(),
            message: format!(
                "reads and writes of `{name}` wait while all its rows are read, to become a partition of `{parent}`"
            ),
            label: "no CHECK says that the rows belong there".to_owned(),
            help: if instead.is_empty() { vec![help] } else { Vec::new() },
            instead,
            ..Finding::default()
        });
    }
    if let Some(work) = statement.work(Cause::DefaultPartition).next() {
        let name = statement.name(work.relation);
        findings.push(Finding {
            at: work.at.clone(),
            message: format!("reads and writes of the default partition `{name}` wait while all its rows are read"),
            label: "rows of the default partition could belong here".to_owned(),
            help: vec![format!(
                "add a CHECK to `{name}` that excludes the new bounds as NOT VALID, and validate it in a migration of its own; then do this"
            )],
            ..Finding::default()
        });
    }
}

fn parent(statement: &Statement<'_>) -> Option<Id> {
    match statement.seen.command {
        Command::AlterTable(alter) => statement.seen.names.relation(&alter.table),
        _ => None,
    }
}

/// A `CHECK` of what the bounds say, its validation, and the statement.
fn check_first(statement: &Statement<'_>, partition: Id) -> Option<Vec<String>> {
    let Command::AlterTable(alter) = statement.seen.command else { return None };
    let [action] = alter.actions.as_slice() else { return None };
    let AlterActionKind::AttachPartition { bound, .. } = &action.kind else { return None };
    let table = statement.object(parent(statement)?)?.table()?;
    let [element] = table.partition_by.as_ref()?.keys.as_slice() else { return None };
    let IndexKey::Column(number) = element.key else { return None };
    let column = quoted(&table.numbered(number)?.name);
    let expression = bound_expression(&bound.0, &column)?;
    let name = statement.name(partition);
    let check = quoted(&format!("{}_bound", statement.object(partition)?.name));
    Some(vec![
        format!("ALTER TABLE {name} ADD CONSTRAINT {check}\n  CHECK ({expression}) NOT VALID;"),
        format!("ALTER TABLE {name} VALIDATE CONSTRAINT {check};"),
        statement.again()?,
    ])
}

/// What a bound over one column says.
fn bound_expression(bound: &str, column: &str) -> Option<String> {
    let upper = bound.to_ascii_uppercase();
    let values = |open: usize| -> Option<(&str, usize)> {
        let start = bound.get(open..)?.find('(')? + open + 1;
        let end = bound.get(start..)?.find(')')? + start;
        let inner = bound.get(start..end)?.trim();
        (!inner.contains('(')).then_some((inner, end))
    };
    if let Some(at) = upper.find(" IN ") {
        let (list, _) = values(at)?;
        let has_null = list.split(',').any(|it| it.trim().eq_ignore_ascii_case("null"));
        return (!has_null).then(|| format!("{column} IS NOT NULL AND {column} IN ({list})"));
    }
    let (from, end) = values(upper.find(" FROM ")?)?;
    let (to, _) = values(end)?;
    if from.contains(',') || to.contains(',') {
        return None;
    }
    let mut terms = vec![format!("{column} IS NOT NULL")];
    if !from.eq_ignore_ascii_case("minvalue") {
        terms.push(format!("{column} >= {from}"));
    }
    if !to.eq_ignore_ascii_case("maxvalue") {
        terms.push(format!("{column} < {to}"));
    }
    Some(terms.join(" AND "))
}

pub(super) const CREATE: Rule = Rule {
    code: Code::CreatePartitionOf,
    why: "`CREATE TABLE … PARTITION OF` takes an `ACCESS EXCLUSIVE` lock on the parent: it waits for every query on the \
partitioned table, and everybody else waits behind it.",
    instead: "Make the table by itself, and attach it: that takes a `SHARE UPDATE EXCLUSIVE` lock on the parent, which \
blocks neither reads nor writes.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);",
        bad: "CREATE TABLE events_2026 PARTITION OF events\n  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        good: &["CREATE TABLE events_2026 (LIKE events INCLUDING ALL EXCLUDING IDENTITY);\n\
ALTER TABLE events ATTACH PARTITION events_2026\n  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"],
        config: "",
    },
    downs: true,
    check: create,
};

fn create(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateTable(create) = statement.seen.command else { return };
    let Some((parent, bound)) = &create.partition_of else { return };
    let existed = statement.seen.names.relation(&create.name);
    let Some(id) = statement.in_use(parent).filter(|_| existed.is_none()) else { return };
    let name = statement.name(id);
    let plain = create.elements.is_empty()
        && create.partition_by.is_none()
        && create.options.is_empty()
        && create.tablespace.is_none()
        && create.access_method.is_none()
        && create.persistence == crate::ddl::Persistence::Permanent
        && statement.own().is_some();
    let own = statement.written(&create.name);
    let instead = plain.then(|| {
        format!(
            "CREATE TABLE {own} (LIKE {name} INCLUDING ALL EXCLUDING IDENTITY);\n\
ALTER TABLE {name} ATTACH PARTITION {own} {};",
            bound.0
        )
    });
    findings.push(Finding {
        at: parent.at.clone(),
        message: format!("reads and writes of `{name}` wait behind a new partition"),
        label: "is locked until the migration is done".to_owned(),
        instead: instead.into_iter().collect_vec(),
        help: if plain {
            Vec::new()
        } else {
            vec!["make the table by itself, and `ALTER TABLE … ATTACH PARTITION` it".to_owned()]
        },
        ..Finding::default()
    });
}

pub(super) const DETACH: Rule = Rule {
    code: Code::DetachPartitionBlocking,
    why: "`DETACH PARTITION` takes an `ACCESS EXCLUSIVE` lock on the partitioned table and the partition: it waits for \
every query on either, and everybody else waits behind it.",
    instead: "`DETACH PARTITION … CONCURRENTLY` (PostgreSQL 14 and later) waits without standing in anybody's way. It \
cannot run in a transaction, so it stands in a migration of its own; and not where there is a default partition.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION",
    example: Example {
        setup: "CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);\n\
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
        bad: "ALTER TABLE events DETACH PARTITION events_2025;",
        good: &["ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;"],
        config: "postgres = \"14\"",
    },
    downs: true,
    check: detach,
};

fn detach(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterTable(alter) = statement.seen.command else { return };
    let Some(parent) = statement.in_use(&alter.table) else { return };
    for action in &alter.actions {
        let AlterActionKind::DetachPartition { partition, concurrently: false, finalize: false } =
            &action.kind
        else {
            continue;
        };
        // What this migration attached is detached as it came.
        let Some(child) = statement.in_use(partition) else { continue };
        let has_default = statement.children(parent).into_iter().any(|id| {
            let bound = statement.object(id).and_then(|it| it.table()?.bound.as_deref());
            bound.is_some_and(|bound| bound.eq_ignore_ascii_case("default"))
        });
        let (name, child) = (statement.name(parent), statement.name(child));
        let mut help = Vec::new();
        if has_default {
            help.push("CONCURRENTLY is not possible while there is a default partition".to_owned());
        } else if statement.seen.servers.any_before(14) {
            help.push("CONCURRENTLY is there from PostgreSQL 14 on".to_owned());
        }
        let instead = statement.again().map(|sql| sql.replacen(';', " CONCURRENTLY;", 1));
        findings.push(Finding {
            at: action.at.clone(),
            message: format!("reads and writes of `{name}` wait behind detaching `{child}`"),
            label: "without CONCURRENTLY".to_owned(),
            instead: instead.filter(|_| !has_default).into_iter().collect_vec(),
            help,
            ..Finding::default()
        });
    }
}

pub(super) const REFRESH: Rule = Rule {
    code: Code::RefreshMatviewBlocking,
    why: "`REFRESH MATERIALIZED VIEW` holds an `ACCESS EXCLUSIVE` lock while its query runs: nobody can read it \
meanwhile.",
    instead: "`CONCURRENTLY` lets others read the old rows meanwhile. It needs a unique index over columns, without a \
`WHERE`. (It can run in a transaction.)",
    source: "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);\n\
CREATE MATERIALIZED VIEW order_counts AS\n  SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id;\n\
CREATE UNIQUE INDEX order_counts_key ON order_counts (customer_id);",
        bad: "REFRESH MATERIALIZED VIEW order_counts;",
        good: &["REFRESH MATERIALIZED VIEW CONCURRENTLY order_counts;"],
        config: "",
    },
    downs: true,
    check: refresh,
};

fn refresh(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Refresh { view, concurrently: false, with_data: true } = statement.seen.command
    else {
        return;
    };
    let Some(id) = statement.in_use(view) else { return };
    let known = statement.object(id).and_then(|it| it.view());
    if known.is_some_and(|it| !it.populated) {
        return;
    }
    let is_key = |index: Id| {
        let index = statement.object(index).and_then(|it| it.index());
        index.is_some_and(|it| {
            it.unique && it.valid && it.predicate.is_none() && it.columns().is_some()
        })
    };
    let has_key = statement.seen.before.dependents(id).into_iter().any(is_key);
    let name = statement.name(id);
    findings.push(Finding {
        at: view.at.clone(),
        message: format!("reads of `{name}` wait while its query runs"),
        label: "without CONCURRENTLY".to_owned(),
        instead: statement.with("view", "CONCURRENTLY").filter(|_| has_key).into_iter().collect_vec(),
        help: if has_key {
            Vec::new()
        } else {
            vec![format!(
                "give `{name}` a unique index over columns, without a WHERE; then refresh it CONCURRENTLY"
            )]
        },
        ..Finding::default()
    });
}

impl Statement<'_> {
    /// A relation with its schema, as `small-tables` has it.
    pub(super) fn full_name(&self, id: Id) -> String {
        let schema = self.object(id).and_then(|it| it.schema).filter(|it| *it != Id::PUBLIC);
        match schema {
            Some(_) => deparse::name(&self.seen.before, id),
            None => format!("public.{}", self.name(id)),
        }
    }
}
