//! What writes a table anew without changing what is in it.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Id;
use crate::ddl::{AlterActionKind, Command, Maintenance};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;
use std::ops::Range;

pub(super) const LOGGED: Rule = Rule {
    code: Code::SetLoggedUnlogged,
    why: "`SET LOGGED` and `SET UNLOGGED` write the whole table and all its indexes anew, under an `ACCESS EXCLUSIVE` \
lock. An unlogged table is empty after a crash, and on every replica.",
    instead: "Make a new table as it should be, let a trigger carry changes over, copy the rows in batches, and swap the \
names. For a table that is never large, say so in `small-tables`.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-LOGGED-UNLOGGED",
    example: Example {
        setup: "CREATE TABLE page_views (id bigint PRIMARY KEY, url text);",
        bad: "ALTER TABLE page_views SET UNLOGGED;",
        good: &["CREATE UNLOGGED TABLE page_view_buffer (LIKE page_views INCLUDING ALL);"],
        config: "",
    },
    downs: true,
    check: logged,
};

fn logged(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let action = |kind: &AlterActionKind| match kind {
        AlterActionKind::SetLogged(true) => Some("to be logged".to_owned()),
        AlterActionKind::SetLogged(false) => Some("not to be logged".to_owned()),
        _ => None,
    };
    written_anew(statement, &action, findings);
}

pub(super) const TABLESPACE: Rule = Rule {
    code: Code::SetTablespace,
    why: "`SET TABLESPACE` copies the files of the table while an `ACCESS EXCLUSIVE` lock blocks reads and writes.",
    instead: "Make a new table in the other tablespace and move the rows in batches; or move it with `pg_repack`. An \
index is moved by building a new one there, `CONCURRENTLY`.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-TABLESPACE",
    example: Example {
        setup: "CREATE TABLE events (id bigint PRIMARY KEY, what text);",
        bad: "ALTER TABLE events SET TABLESPACE fast;",
        good: &["CREATE TABLE events_moved (LIKE events INCLUDING ALL) TABLESPACE fast;"],
        config: "",
    },
    downs: true,
    check: tablespace,
};

fn tablespace(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let action = |kind: &AlterActionKind| match kind {
        AlterActionKind::SetTablespace(name) => Some(format!("into tablespace `{name}`")),
        _ => None,
    };
    written_anew(statement, &action, findings);
}

pub(super) const ACCESS_METHOD: Rule = Rule {
    code: Code::SetAccessMethod,
    why: "`SET ACCESS METHOD` writes the whole table and all its indexes anew, under an `ACCESS EXCLUSIVE` lock.",
    instead: "Make a new table with the other access method, copy the rows in batches, and swap the names.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-ACCESS-METHOD",
    example: Example {
        setup: "CREATE ACCESS METHOD columns TYPE TABLE HANDLER heap_tableam_handler;\n\
CREATE TABLE events (id bigint PRIMARY KEY, what text);",
        bad: "ALTER TABLE events SET ACCESS METHOD columns;",
        good: &["CREATE TABLE events_moved (LIKE events INCLUDING ALL) USING columns;"],
        config: "postgres = \"15\"",
    },
    downs: true,
    check: access_method,
};

fn access_method(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let action = |kind: &AlterActionKind| match kind {
        AlterActionKind::SetAccessMethod(name) => Some(format!("for access method `{name}`")),
        _ => None,
    };
    written_anew(statement, &action, findings);
}

fn written_anew(
    statement: &Statement<'_>,
    why: &dyn Fn(&AlterActionKind) -> Option<String>,
    findings: &mut Vec<Finding>,
) {
    let Command::AlterTable(alter) = statement.seen.command else { return };
    let Some(work) = statement.work(Cause::Storage).next() else { return };
    for action in &alter.actions {
        let Some(why) = why(&action.kind) else { continue };
        findings.push(rewrite(statement, work.relation, action.at.clone(), &why));
    }
}

fn rewrite(statement: &Statement<'_>, table: Id, at: Range<usize>, why: &str) -> Finding {
    let name = statement.name(table);
    Finding {
        at,
        message: format!("`{name}` is written anew {why} while reads and writes wait"),
        label: "all rows are written".to_owned(),
        help: vec![
            "make a new table like it, carry changes over with a trigger, copy the rows in batches, and swap the names".to_owned(),
            format!("or say in migrate.toml that it is never large: `small-tables = [\"{}\"]`", statement.full_name(table)),
        ],
        ..Finding::default()
    }
}

pub(super) const CLUSTER: Rule = Rule {
    code: Code::ClusterVacuumFull,
    why: "`CLUSTER` and `VACUUM FULL` write the whole table and all its indexes anew, under an `ACCESS EXCLUSIVE` lock: \
reads and writes wait until it is done.",
    instead: "Plain `VACUUM` makes room for new rows without standing in anybody's way. To give space back to the system, \
or to put rows in order, `pg_repack` needs a brief lock only.",
    source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY",
    example: Example {
        setup: "CREATE TABLE events (id bigint PRIMARY KEY, what text);",
        bad: "VACUUM FULL events;",
        good: &["VACUUM events;"],
        config: "",
    },
    downs: true,
    check: cluster,
};

fn cluster(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Maintenance(command) = statement.seen.command else { return };
    let (tables, title) = match command {
        Maintenance::Vacuum { tables, full: true } => (tables.as_slice(), "VACUUM FULL"),
        Maintenance::Cluster(table) => (table.as_slice(), "CLUSTER"),
        _ => return,
    };
    let known: Vec<Id> = tables.iter().filter_map(|name| statement.in_use(name)).collect_vec();
    let names = known.iter().map(|id| format!("`{}`", statement.name(*id)));
    let what = match tables {
        [] => "every table".to_owned(),
        _ if known.is_empty() => return,
        _ => names.collect_vec().join(", "),
    };
    let instead = match (title, tables.is_empty()) {
        ("VACUUM FULL", false) => {
            let names = tables.iter().map(|name| statement.written(name));
            vec![format!("VACUUM {};", names.collect_vec().join(", "))]
        }
        _ => Vec::new(),
    };
    findings.push(Finding {
        message: format!("{title} writes {what} anew while reads and writes wait"),
        label: "all rows are written".to_owned(),
        help: vec![
            "if space has to go back to the system, `pg_repack` needs a brief lock only".to_owned(),
        ],
        instead,
        ..Finding::default()
    });
}
