//! What cannot be followed.

use super::{Example, Finding, Rule, Statement};
use crate::ddl::Command;
use crate::diagnostic::Code;
use crate::list::CollectVec;

pub(super) const OPAQUE: Rule = Rule {
    code: Code::OpaqueSql,
    why: "What the statement does, which tables it locks and for how long, cannot be told from its text: it runs code \
(`DO`, `CALL`, a function), or puts SQL together as it runs. Nothing else in this library's promises holds for it.",
    instead: "Write the statements themselves. Where that is not possible, say what it does: `-- migrate: opaque <reason>`. \
The analysis then takes everything that it names for unknown.",
    source: "https://www.postgresql.org/docs/current/sql-do.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "DO $$ BEGIN EXECUTE format('ALTER TABLE users ADD COLUMN %I text', 'note'); END $$;",
        good: &["ALTER TABLE users ADD COLUMN note text;"],
        config: "",
    },
    downs: true,
    check: opaque,
};

fn opaque(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(why) = statement.outcome.opaque.as_deref() else { return };
    // What its author calls opaque is said to be; and what follows from that was not written here.
    let whole = statement.script.statements.get(statement.script.place).map(|it| &it.command);
    let runs_code = matches!(
        whole,
        Some(
            Command::Do { .. }
                | Command::Call(_)
                | Command::Select(_)
                | Command::Insert(_)
                | Command::Update(_)
                | Command::Delete(_)
                | Command::DropOwned
        )
    );
    if !runs_code || statement.outcome.doubted {
        return;
    }
    const LONG: usize = 12;
    let again = statement.again().filter(|sql| sql.lines().count() <= LONG);
    findings.push(Finding {
        message: format!("cannot see what {why} does, and what it locks"),
        label: "is not followed".to_owned(),
        instead: again
            .map(|sql| format!("-- migrate: opaque <what it does, and why that is safe>\n{sql}"))
            .into_iter()
            .collect_vec(),
        help: vec![
            "write the statements themselves; or say above it what it does: `-- migrate: opaque <reason>`".to_owned(),
        ],
        ..Finding::default()
    });
}
