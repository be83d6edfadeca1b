//! What takes rows away for good: `DROP TABLE`, `DROP SCHEMA`, `DROP DATABASE`, `TRUNCATE`, and `CASCADE`.

use super::alter::later;
use super::text::allowed;
use super::{Example, Finding, Rule, Statement};
use crate::ddl::{AlterActionKind, Behavior, Command, Maintenance, ObjectKind};
use crate::diagnostic::Code;
use crate::list::CollectVec;

const WHY_IT_MAY_GO: &str = "why the data may go";

pub(super) const TABLE: Rule = Rule {
    code: Code::DropTable,
    why: "The rows are gone, and no down brings them back. A running application that still reads or writes the table \
fails from that moment on. The drop takes an `ACCESS EXCLUSIVE` lock, also on every table at the other end of a foreign \
key.",
    instead: "First release an application that does not use the table. Rename it and wait, if there is any doubt: a \
rename can be taken back. Drop its foreign keys in a migration of their own, then the table. Say in the directive why \
the data may go.",
    source: "https://www.postgresql.org/docs/current/sql-droptable.html",
    example: Example {
        setup: "CREATE TABLE old_events (id bigint PRIMARY KEY, what text);",
        bad: "DROP TABLE old_events;",
        good: &[
            "-- migrate: allow(drop-table) replaced by `events` in release 12, empty since\nDROP TABLE old_events;",
        ],
        config: "",
    },
    downs: false,
    check: table,
};

fn table(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Drop(drop) = statement.seen.command else { return };
    let mut goes = Vec::new();
    for object in &drop.objects {
        if !matches!(object.kind, ObjectKind::Table) {
            continue;
        }
        let known = statement.seen.names.relation(&object.name);
        let Some(id) = known.filter(|id| statement.was_there(*id)) else { continue };
        if statement.object(id).is_some_and(|it| it.table().is_some_and(|it| it.server.is_none())) {
            goes.push((id, object.name.at.clone()));
        }
    }
    let Some((_, at)) = goes.first().cloned() else { return };
    let names: Vec<String> =
        goes.iter().map(|(id, _)| format!("`{}`", statement.name(*id))).collect_vec();
    let (rows, are) =
        if goes.len() == 1 { ("table", "its rows") } else { ("tables", "their rows") };
    let mut partners = Vec::new();
    for lock in statement.locks_in_use() {
        let is_table = statement.object(lock.relation).is_some_and(|it| it.table().is_some());
        if is_table && goes.iter().all(|(id, _)| *id != lock.relation) {
            partners.push(format!("`{}`", statement.name(lock.relation)));
        }
    }
    let is_made_again = |name: &str| {
        later(statement).any(|it| match it {
            Command::CreateTable(it) => it.name.name == name,
            Command::CreateTableAs(it) => it.name.name == name,
            Command::CreateView(it) => it.name.name == name,
            Command::Rename(it) => it.object.part.is_none() && it.to.name == name,
            _ => false,
        })
    };
    let comes_back = drop.objects.iter().all(|it| is_made_again(&it.name.name));
    let mut help = vec![match comes_back {
        true => "if the rows matter, copy them before, or alter the table in place of making it again",
        false => "first release an application that does not use it; if in doubt, rename it and wait",
    }
    .to_owned()];
    if !partners.is_empty() {
        help.push(format!(
            "drop the foreign keys between it and {} in a migration of their own before: each locks both tables",
            partners.join(", ")
        ));
    }
    findings.push(Finding {
        at,
        message: format!("{rows} {} and {are} go", names.join(", ")),
        label: "the rows are lost unless they were copied".to_owned(),
        instead: own_allowed(statement, Code::DropTable, WHY_IT_MAY_GO),
        help,
        ..Finding::default()
    });
}

/// The statement under an `allow`.
pub(super) fn own_allowed(statement: &Statement<'_>, code: Code, why: &str) -> Vec<String> {
    statement.again().map(|sql| allowed(code, why, &sql)).into_iter().collect_vec()
}

pub(super) const CASCADE: Rule = Rule {
    code: Code::DropCascade,
    why: "`CASCADE` takes along whatever depends on what is dropped. What that is depends on the schema at that moment, \
and does not stand in the script: nobody who reviews it sees it.",
    instead: "Drop what depends on it by name, then the thing itself without `CASCADE`. If anything is then left that \
depends on it, PostgreSQL refuses.",
    source: "https://www.postgresql.org/docs/current/ddl-depend.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n\
CREATE VIEW emails AS SELECT email FROM users;\n\
CREATE FUNCTION normal(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';\n\
CREATE VIEW normal_emails AS SELECT normal(email) AS email FROM users;",
        bad: "DROP FUNCTION normal(text) CASCADE;",
        good: &["DROP VIEW normal_emails;\nDROP FUNCTION normal(text);"],
        config: "",
    },
    downs: false,
    check: cascade,
};

fn cascade(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let says = match statement.seen.command {
        // A schema has a rule of its own.
        Command::Drop(drop) => {
            drop.behavior == Behavior::Cascade
                && drop.objects.iter().all(|it| it.kind != ObjectKind::Schema)
        }
        Command::AlterTable(alter) => alter.actions.iter().any(|action| {
            matches!(
                action.kind,
                AlterActionKind::DropColumn { behavior: Behavior::Cascade, .. }
                    | AlterActionKind::DropConstraint { behavior: Behavior::Cascade, .. }
            )
        }),
        Command::AlterDomain(_) | Command::AlterType(_) => true,
        _ => false,
    };
    let victims = victims(statement);
    if !says || victims.is_empty() {
        return;
    }
    let at = last_cascade(statement);
    findings.push(Finding {
        at,
        message: match victims.as_slice() {
            [one] => format!("CASCADE takes {one} along, which the script does not name"),
            _ => {
                format!("CASCADE takes {} along, which the script does not name", things(&victims))
            }
        },
        label: "takes along what depends on it".to_owned(),
        notes: listed(&victims),
        help: vec!["drop these by name before, and leave CASCADE out".to_owned()],
        instead: own_allowed(statement, Code::DropCascade, "why all of these may go"),
    });
}

/// What goes along and was there before this migration.
fn victims(statement: &Statement<'_>) -> Vec<String> {
    let deaths = statement.outcome.deaths.iter();
    let old = deaths.filter(|death| statement.was_there(death.target.object()));
    old.map(|death| in_backticks(&death.what)).collect_vec()
}

/// `view emails` → ``view `emails` ``, `trigger t on table users` → ``trigger `t` on table `users` ``; longer words
/// stay as they are.
fn in_backticks(what: &str) -> String {
    match what.split(' ').collect_vec().as_slice() {
        [kind, name] => format!("{kind} `{name}`"),
        [kind, name, "on", of, table] => format!("{kind} `{name}` on {of} `{table}`"),
        _ => what.to_owned(),
    }
}

fn things(victims: &[String]) -> String {
    format!("{} objects", victims.len())
}

fn listed(victims: &[String]) -> Vec<String> {
    const MANY: usize = 12;
    if victims.len() < 2 {
        return Vec::new();
    }
    let mut lines: Vec<String> =
        victims.iter().take(MANY).map(|it| format!("\n  - {it}")).collect_vec();
    if victims.len() > MANY {
        lines.push(format!("\n  - … and {} more", victims.len() - MANY));
    }
    vec![format!("it takes along{}", lines.concat())]
}

fn last_cascade(statement: &Statement<'_>) -> std::ops::Range<usize> {
    let text = statement.sql().to_ascii_uppercase();
    match text.rfind("CASCADE") {
        Some(at) => {
            let start = statement.range.start + at;
            start..start + "CASCADE".len()
        }
        None => 0..0,
    }
}

pub(super) const SCHEMA: Rule = Rule {
    code: Code::DropSchema,
    why: "`DROP SCHEMA … CASCADE` takes every table in it along, with all rows, and whatever depends on them elsewhere.",
    instead: "Drop what is in it by name, in migrations of their own, then the schema without `CASCADE`, which \
PostgreSQL refuses while anything is left.",
    source: "https://www.postgresql.org/docs/current/sql-dropschema.html",
    example: Example {
        setup: "CREATE SCHEMA archive;\nCREATE TABLE archive.events (id bigint PRIMARY KEY);",
        bad: "DROP SCHEMA archive CASCADE;",
        good: &[
            "-- migrate: allow(drop-table) moved to another database in release 12\nDROP TABLE archive.events;\n\
DROP SCHEMA archive;",
        ],
        config: "",
    },
    downs: false,
    check: schema,
};

fn schema(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Drop(drop) = statement.seen.command else { return };
    let schemas: Vec<_> =
        drop.objects.iter().filter(|it| it.kind == ObjectKind::Schema).collect_vec();
    // Without CASCADE it goes only where nothing is in it.
    let victims = victims(statement);
    if drop.behavior != Behavior::Cascade || victims.is_empty() {
        return;
    }
    let Some(first) = schemas.first() else { return };
    let names: Vec<String> = schemas.iter().map(|it| format!("`{}`", it.name.name)).collect_vec();
    let more = match victims.len() {
        1 => victims.concat(),
        _ => format!("{} that are in it", things(&victims)),
    };
    findings.push(Finding {
        at: first.name.at.clone(),
        message: format!("schema {} goes, and takes {more} along", names.join(", ")),
        label: "the rows are lost unless they were copied".to_owned(),
        notes: listed(&victims),
        help: vec![
            "drop what is in it by name, in migrations of their own; then the schema goes without CASCADE"
                .to_owned(),
        ],
        instead: own_allowed(statement, Code::DropSchema, WHY_IT_MAY_GO),
    });
}

pub(super) const DATABASE: Rule = Rule {
    code: Code::DropDatabase,
    why: "Everything that is in the database is gone.",
    instead: "Leave that to whoever runs the server: it has no place among the migrations of another database.",
    source: "https://www.postgresql.org/docs/current/sql-dropdatabase.html",
    example: Example {
        setup: "",
        bad: "DROP DATABASE IF EXISTS old_shop;",
        good: &[
            "-- migrate: allow(drop-database) a leftover of the move\nDROP DATABASE IF EXISTS old_shop;",
        ],
        config: "",
    },
    downs: false,
    check: database,
};

fn database(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Maintenance(Maintenance::DropDatabase(name)) = statement.seen.command else {
        return;
    };
    findings.push(Finding {
        at: name.at.clone(),
        message: format!("database `{}` and all that is in it are gone for good", name.name),
        label: "no down brings it back".to_owned(),
        instead: own_allowed(statement, Code::DropDatabase, WHY_IT_MAY_GO),
        ..Finding::default()
    });
}

pub(super) const TRUNCATE: Rule = Rule {
    code: Code::Truncate,
    why: "All rows are gone, and no down brings them back; with `CASCADE` also those of every table with a foreign key \
to it. An `ACCESS EXCLUSIVE` lock blocks reads and writes until the transaction ends. Transactions that began before, with \
their own snapshot, find the table empty.",
    instead: "To get rid of rows in a table that is in use, delete them in batches. If all may go, say why.",
    source: "https://www.postgresql.org/docs/current/sql-truncate.html",
    example: Example {
        setup: "CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint);",
        bad: "TRUNCATE sessions;",
        good: &[
            "-- migrate: allow(truncate) everybody logs in again after this release\nTRUNCATE sessions;",
        ],
        config: "",
    },
    downs: false,
    check: truncate,
};

fn truncate(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Truncate { tables, cascade, .. } = statement.seen.command else { return };
    let known = tables.iter().filter_map(|name| Some((statement.seen.names.relation(name)?, name)));
    let old: Vec<_> = known.filter(|(id, _)| statement.was_there(*id)).collect_vec();
    let Some((_, first)) = old.first() else { return };
    let names: Vec<String> =
        old.iter().map(|(id, _)| format!("`{}`", statement.name(*id))).collect_vec();
    let is_named = |id| old.iter().any(|(named, _)| *named == id);
    let locked = statement.locks.relations.iter().map(|lock| lock.relation);
    let others: Vec<String> = locked
        .filter(|id| *cascade && !is_named(*id) && statement.was_there(*id))
        .filter(|id| statement.object(*id).is_some_and(|it| it.table().is_some()))
        .map(|id| format!("table `{}`", statement.name(id)))
        .collect_vec();
    let along = match others.as_slice() {
        [] => String::new(),
        others => format!(", and with CASCADE those of {}", others.join(", ")),
    };
    findings.push(Finding {
        at: first.at.clone(),
        message: format!("all rows of {}{along} go", names.join(", ")),
        label: "the rows are lost unless they were copied".to_owned(),
        help: vec!["to get rid of some rows, delete them in batches".to_owned()],
        instead: own_allowed(statement, Code::Truncate, WHY_IT_MAY_GO),
        ..Finding::default()
    });
}
