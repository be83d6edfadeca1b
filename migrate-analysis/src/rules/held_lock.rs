//! Locks that are held while more happens: a table lock ends with its transaction.

use super::{Example, Finding, Rule, Statement, rows};
use crate::Direction;
use crate::catalog::Id;
use crate::ddl::{AlterActionKind, AlterTable, Command, Dml, Name};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::{Cause, LockMode, Work};
use crate::ordered::{sort, sort_by_key};

const SOURCE: &str = "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES";

pub(super) const WORK: Rule = Rule {
    code: Code::StatementAfterAccessExclusive,
    why: "A lock is held until the transaction ends, not until its statement does. A brief `ALTER TABLE` is brief no more \
when work on many rows follows in the same migration: whoever runs into the lock waits until that is done, too.",
    instead: "Make it two migrations: the change of the schema, and the work on the rows.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "ALTER TABLE users ADD COLUMN verified boolean;\nUPDATE users SET verified = false;",
        good: &["ALTER TABLE users ADD COLUMN verified boolean DEFAULT false;"],
        config: "",
    },
    downs: true,
    check: work,
};

fn work(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some((work, held, mode, place)) = work_under_lock(statement) else { return };
    let note = still_held(statement, place, mode, held);
    let (held, busy) = (statement.name(held), statement.name(work.relation));
    let waiting = mode.waiting();
    let reads = if reads_all(statement, work.relation) { "reads" } else { "may read" };
    findings.push(Finding {
        message: format!(
            "{waiting} of `{held}` go on waiting while this {reads} all rows of `{busy}`"
        ),
        label: format!("`{held}` is locked since an earlier statement"),
        notes: vec![note],
        help: vec![elsewhere(statement).to_owned()],
        ..Finding::default()
    });
}

/// Says that a relation is locked against reads since an earlier statement, where this one would let them pass.
pub(super) fn held_before(statement: &Statement<'_>, relation: Id) -> Option<String> {
    let (mode, earlier) = statement.script.held(relation)?;
    let is_more = mode.blocks_reads() && !statement.locks.mode(relation).blocks_reads();
    is_more.then(|| still_held(statement, earlier.place, mode, relation))
}

fn still_held(statement: &Statement<'_>, place: usize, mode: LockMode, held: Id) -> String {
    format!(
        "`{}` took the {mode} lock on `{}`, which is held until the transaction ends",
        first_words(statement, place),
        statement.name(held)
    )
}

/// Whether no index can spare it a row of the table, however the planner goes about it.
fn reads_all(statement: &Statement<'_>, table: Id) -> bool {
    let is_table = |name: &Name| statement.seen.names.relation(name) == Some(table);
    let query = match statement.seen.command {
        Command::Update(dml) | Command::Delete(dml) => return is_table(&dml.table),
        Command::Insert(dml) => &dml.query,
        Command::Select(query) => query,
        _ => return false,
    };
    rows::is_taken_whole(query, is_table)
}

/// Where the statement could stand. What follows it may rest on it, and the downs run backwards.
fn elsewhere(statement: &Statement<'_>) -> &'static str {
    let script = statement.script;
    let is_last = script.place + 1 >= script.statements.len();
    match (script.direction, is_last) {
        (Direction::Up, true) => "move this into a migration of its own, after this one",
        (Direction::Up, false) => {
            "move this into a migration of its own, after this one, and what follows it into another after that"
        }
        (Direction::Down, true) => {
            "move this into the down of a migration of its own, before this one"
        }
        (Direction::Down, false) => {
            "move this into the down of a migration of its own, before this one, and what follows it into another before that"
        }
    }
}

/// Work on many rows while the transaction blocks others since an earlier statement.
pub(super) fn work_under_lock<'a>(
    statement: &'a Statement<'_>,
) -> Option<(&'a Work, Id, LockMode, usize)> {
    // Whatever else is slow has a rule of its own.
    let is_slow = |work: &&Work| {
        let id = work.relation;
        work.cause == Cause::Rows && statement.is_in_use(id) && !statement.has_to_be_empty(id)
    };
    // How many rows a condition leaves nobody knows.
    if let Command::Update(dml) | Command::Delete(dml) = statement.seen.command
        && !rows::is_whole(statement, dml)
    {
        return None;
    }
    // The largest key is found by its index.
    if let Command::Select(query) = statement.seen.command
        && query.functions.iter().any(|it| matches!(it.name.as_str(), "max" | "min"))
    {
        return None;
    }
    if let Command::Insert(Dml { query, .. }) | Command::Select(query) = statement.seen.command
        && rows::takes_a_few(query)
    {
        return None;
    }
    // What is known for certain is told first.
    let mut works: Vec<&Work> = statement.locks.work.iter().filter(is_slow).collect_vec();
    sort_by_key(&mut works, |work| !reads_all(statement, work.relation));
    for work in works {
        for earlier in statement.script.held_since() {
            let blocks = earlier.locks.relations.iter().find(|lock| {
                lock.mode.blocks_writes()
                    && statement.is_in_use(lock.relation)
                    && is_table(statement, lock.relation)
            });
            if let Some(lock) = blocks {
                return Some((work, lock.relation, lock.mode, earlier.place));
            }
        }
    }
    None
}

fn is_table(statement: &Statement<'_>, id: Id) -> bool {
    statement.object(id).is_some_and(|it| it.table().is_some())
}

/// `ALTER TABLE users`: how an earlier statement begins.
fn first_words(statement: &Statement<'_>, place: usize) -> String {
    let Some(earlier) = statement.script.statements.get(place) else { return String::new() };
    crate::sql::title(earlier.text, earlier.range.clone())
}

pub(super) const STATEMENTS: Rule = Rule {
    code: Code::LockHeldAcrossStatements,
    why: "A lock is held until the transaction ends. Each further statement makes that later, if only by a round trip.",
    instead: "One migration a statement that locks a table in use; or the statement that locks as the last one.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "ALTER TABLE users ADD COLUMN verified boolean;\nCREATE TABLE notes (id bigint PRIMARY KEY);",
        good: &[
            "CREATE TABLE notes (id bigint PRIMARY KEY);\nALTER TABLE users ADD COLUMN verified boolean;",
        ],
        config: "deny = [\"lock-held-across-statements\"]",
    },
    downs: true,
    check: statements,
};

fn statements(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let script = statement.script;
    let mut holding = script.held_since().filter_map(|earlier| {
        let lock = earlier.locks.relations.iter().find(|lock| {
            lock.mode.blocks_writes()
                && statement.is_in_use(lock.relation)
                && is_table(statement, lock.relation)
        })?;
        Some((earlier.place, lock.relation, lock.mode))
    });
    // Once a script is enough: where the second statement begins.
    let Some((place, held, mode)) = holding.next() else { return };
    if place + 1 != script.place {
        return;
    }
    let held = statement.name(held);
    findings.push(Finding {
        message: format!("`{held}` stays locked while this runs"),
        label: format!("`{held}` is locked since an earlier statement"),
        notes: vec![format!(
            "`{}` took the {mode} lock on `{held}`, which {}, until the transaction ends",
            first_words(statement, place),
            mode.blocks()
        )],
        help: vec!["move it above that statement, or into a migration of its own".to_owned()],
        ..Finding::default()
    });
}

pub(super) const SEVERAL: Rule = Rule {
    code: Code::MultipleAccessExclusive,
    why: "While the migration waits for the second table, nobody can use the first. And where an application takes the \
two in the other order, it and the migration wait for each other: a deadlock, which PostgreSQL ends by failing one of \
them.\n\nOff unless asked for: the runner takes the locks of a script that only changes the schema before anything else, \
waits for the second one for 50 ms at most, and tries again.",
    instead: "One migration a table.",
    source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN note text;\nALTER TABLE orders ADD COLUMN note text;",
        good: &[
            "ALTER TABLE users ADD COLUMN note text;",
            "ALTER TABLE orders ADD COLUMN note text;",
        ],
        config: "deny = [\"multiple-access-exclusive\"]",
    },
    downs: false,
    check: several,
};

fn several(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let exclusive = |relation: Id, mode: LockMode| {
        mode.blocks_reads() && statement.is_in_use(relation) && is_table(statement, relation)
    };
    let mut before: Vec<Id> = Vec::new();
    for earlier in statement.script.held_since() {
        let locks = earlier.locks.relations.iter();
        let tables = locks.filter(|lock| exclusive(lock.relation, lock.mode));
        before.extend(tables.map(|lock| lock.relation));
    }
    sort(&mut before);
    before.dedup();
    // Told once, where the second one comes.
    let [first] = before.as_slice() else { return };
    let mut locks = statement.locks.relations.iter();
    let second = locks.find(|lock| lock.relation != *first && exclusive(lock.relation, lock.mode));
    let Some(second) = second else { return };
    let (first, second) = (statement.name(*first), statement.name(second.relation));
    findings.push(Finding {
        message: format!("nobody can use `{first}` while the migration waits for `{second}`"),
        label: format!("`{first}` is locked already"),
        help: vec![format!("move what changes `{second}` into a migration of its own")],
        ..Finding::default()
    });
}

pub(super) const COMBINE: Rule = Rule {
    code: Code::CombineAlterTable,
    why: "Each `ALTER TABLE` is a round trip under the lock of the first; and what each of them reads or writes anew, one \
would do once.",
    instead: "One `ALTER TABLE` with several actions.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN a text;\nALTER TABLE users ADD COLUMN b text;",
        good: &["ALTER TABLE users\n  ADD COLUMN a text,\n  ADD COLUMN b text;"],
        config: "deny = [\"combine-alter-table\"]",
    },
    downs: false,
    check: combine,
};

fn combine(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterTable(alter) = statement.seen.command else { return };
    let Some(table) = statement.in_use(&alter.table) else { return };
    let script = statement.script;
    let before = script.place.checked_sub(1).and_then(|place| script.statements.get(place));
    let Some((before, Command::AlterTable(earlier))) = before.map(|it| (it, &it.command)) else {
        return;
    };
    let same = earlier.table.name == alter.table.name
        && earlier.table.schema == alter.table.schema
        && (earlier.only, earlier.if_exists) == (alter.only, alter.if_exists);
    if !same || !script.transactional || !can_combine(earlier) || !can_combine(alter) {
        return;
    }
    let actions = |text: &str, alter: &AlterTable| {
        let parts = alter.actions.iter().filter_map(|it| text.get(it.at.clone()));
        parts.map(|it| format!("\n  {it}")).collect_vec()
    };
    let all: Vec<String> = actions(before.text, earlier)
        .into_iter()
        .chain(actions(statement.text, alter))
        .collect_vec();
    let name = statement.name(table);
    let only = if alter.only { "ONLY " } else { "" };
    let exists = if alter.if_exists { "IF EXISTS " } else { "" };
    findings.push(Finding {
        message: format!("`{name}` is altered twice in a row"),
        label: "could be one with the statement before".to_owned(),
        instead: vec![format!("ALTER TABLE {exists}{only}{name}{};", all.join(","))],
        ..Finding::default()
    });
}

/// Whether its actions can stand beside others, and mean the same there.
fn can_combine(alter: &AlterTable) -> bool {
    alter.actions.iter().all(|action| {
        matches!(
            action.kind,
            AlterActionKind::AddColumn { .. }
                | AlterActionKind::DropColumn { .. }
                | AlterActionKind::AlterColumn { .. }
                | AlterActionKind::AddConstraint(_)
        )
    })
}
