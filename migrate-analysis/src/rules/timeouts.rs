//! Limits on how long a script waits, and makes others wait.

use super::{Example, Finding, Rule, Statement};
use crate::ddl::{Command, Maintenance};
use crate::diagnostic::Code;
use crate::list::CollectVec;

pub(super) const LOCK_TIMEOUT: Rule = Rule {
    code: Code::MissingLockTimeout,
    why: "While a statement waits for a lock, everybody who wants the table waits behind it, even to read: one long query \
is enough for an outage. The runner sets `lock_timeout` for each migration, gives up when it is over, and tries again. \
A script that turns it off waits without an end.",
    instead: "Leave the limit alone, or set one of your own that is longer.",
    source: "https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "SET LOCAL lock_timeout = 0;\nALTER TABLE users ADD COLUMN note text;",
        good: &["SET LOCAL lock_timeout = '10s';\nALTER TABLE users ADD COLUMN note text;"],
        config: "",
    },
    downs: true,
    check: lock_timeout,
};

fn lock_timeout(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let mut blocking = statement.locks_in_use().filter(|lock| lock.mode.blocks_writes());
    let Some(lock) = blocking.next() else { return };
    let Some((place, value)) = setting(statement, "lock_timeout") else { return };
    let is_off = value.is_none_or(|value| {
        let number = value.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
        number.trim().parse::<f64>().is_ok_and(|it| it == 0.0) || value == "default"
    });
    // Told once, where it first counts.
    let mut since = statement.script.earlier.iter().filter(|it| it.place > place);
    let told = since.any(|it| {
        let mut locks = it.locks.relations.iter();
        locks.any(|lock| lock.mode.blocks_writes() && statement.is_in_use(lock.relation))
    });
    if !is_off || told {
        return;
    }
    let name = statement.name(lock.relation);
    findings.push(Finding {
        message: format!("nothing limits how long others wait while this waits for `{name}`"),
        label: "`lock_timeout` is off".to_owned(),
        help: vec![
            "leave the runner's limit alone, or set a longer one: `SET LOCAL lock_timeout = '10s'`"
                .to_owned(),
        ],
        ..Finding::default()
    });
}

/// What the script has set, and where; none in it for `RESET`.
fn setting<'a>(statement: &'a Statement<'_>, wanted: &str) -> Option<(usize, Option<&'a str>)> {
    let script = statement.script;
    let before = script.statements.iter().enumerate().take(script.place);
    let mut found = None;
    for (place, earlier) in before {
        if let Command::Maintenance(Maintenance::Set { name, value, .. }) = &earlier.command
            && name == wanted
        {
            found = Some((place, value.as_deref()));
        }
    }
    found
}

pub(super) const STATEMENT_TIMEOUT: Rule = Rule {
    code: Code::MissingStatementTimeout,
    why: "A statement that turns out to take long keeps its locks as long.",
    instead: "Set `statement_timeout` first, to what the deployment can bear.",
    source: "https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN note text;",
        good: &["SET LOCAL statement_timeout = '5s';\nALTER TABLE users ADD COLUMN note text;"],
        config: "deny = [\"missing-statement-timeout\"]",
    },
    downs: true,
    check: statement_timeout,
};

fn statement_timeout(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let mut blocking = statement.locks_in_use().filter(|lock| lock.mode.blocks_writes());
    let Some(lock) = blocking.next() else { return };
    let blocks = |locks: &crate::lock::Locks| {
        let mut all = locks.relations.iter();
        all.any(|lock| lock.mode.blocks_writes() && statement.is_in_use(lock.relation))
    };
    // Told once, where it first counts.
    if setting(statement, "statement_timeout").is_some()
        || statement.script.earlier.iter().any(|it| blocks(&it.locks))
    {
        return;
    }
    let name = statement.name(lock.relation);
    let local = if statement.script.transactional { "LOCAL " } else { "" };
    findings.push(Finding {
        message: format!("nothing limits how long `{name}` stays locked"),
        label: "no `statement_timeout`".to_owned(),
        instead: statement
            .again()
            .map(|sql| format!("SET {local}statement_timeout = '5s';\n{sql}"))
            .into_iter()
            .collect_vec(),
        ..Finding::default()
    });
}
