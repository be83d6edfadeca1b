//! Statements outside a transaction that cannot run twice.

use super::{Example, Finding, Rule, Statement};
use crate::ddl::Command;
use crate::diagnostic::Code;
use crate::list::CollectVec;

pub(super) const NOT_RETRYABLE: Rule = Rule {
    code: Code::NotRetryable,
    why: "Outside a transaction, a statement that was done stays done when a later one fails. The runner goes on where it \
left off; but whoever runs the script by hand, or after a lost connection, meets a statement that was done already.",
    instead: "Write `IF EXISTS` and `IF NOT EXISTS`. (Not with `CREATE INDEX CONCURRENTLY`, where a failed build leaves \
an invalid index behind.)",
    source: "https://www.postgresql.org/docs/current/sql-dropindex.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);\nCREATE INDEX users_email_idx ON users (email);",
        bad: "DROP INDEX CONCURRENTLY users_email_idx;",
        good: &["DROP INDEX CONCURRENTLY IF EXISTS users_email_idx;"],
        config: "deny = [\"not-retryable\"]",
    },
    downs: true,
    check: not_retryable,
};

fn not_retryable(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    if statement.script.transactional {
        return;
    }
    let (guard, word) = match statement.seen.command {
        Command::Drop(drop) if !drop.if_exists => match drop.concurrently {
            true => ("IF EXISTS", "concurrently"),
            false => ("IF EXISTS", ""),
        },
        Command::CreateTable(it) if !it.if_not_exists => ("IF NOT EXISTS", "table"),
        Command::CreateSequence(it) if !it.if_not_exists => ("IF NOT EXISTS", "sequence"),
        Command::CreateIndex(it) if !it.if_not_exists && !it.concurrently && it.name.is_some() => {
            ("IF NOT EXISTS", "index")
        }
        _ => return,
    };
    findings.push(Finding {
        message: "this fails if it is run again, outside a transaction".to_owned(),
        label: format!("without {guard}"),
        instead: if word.is_empty() { None } else { statement.with(word, guard) }
            .into_iter()
            .collect_vec(),
        ..Finding::default()
    });
}
