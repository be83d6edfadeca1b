//! A constraint that is validated too early.

use super::alter::{altered, quiet_clauses};
use super::{Example, Finding, Rule, Statement};
use crate::Direction;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;

pub(super) const RULE: Rule = Rule {
    code: Code::ValidateInSameTransaction,
    why: "`VALIDATE CONSTRAINT` by itself lets others read and write. But a transaction keeps the lock from \
`ADD CONSTRAINT … NOT VALID` until it ends, and that one does not: it is held while all rows are read, which is what \
`NOT VALID` was to avoid.",
    instead: "Validate in the next migration, which is a transaction of its own.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, age int);",
        bad: "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;\n\
ALTER TABLE users VALIDATE CONSTRAINT users_age_check;",
        good: &[
            "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_age_check;",
        ],
        config: "",
    },
    downs: true,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in quiet_clauses(statement, Cause::Validate) {
        let own = statement.locks.mode(work.relation);
        let held = statement.script.held(work.relation);
        let earlier = held.filter(|(mode, _)| mode.blocks_writes());
        let mode = earlier.map_or(own, |(mode, _)| mode);
        if !mode.blocks_writes() {
            continue;
        }
        let validate = altered.sql(&[statement.part(&work.at)]);
        let script = statement.script;
        let first = match earlier {
            // Among others, which of them has added it does not matter: this one has to go.
            Some(_) if script.statements.len() > 2 || !statement.is_whole() => None,
            Some((_, earlier)) => {
                let place = script.statements.get(earlier.place);
                place.and_then(|it| it.text.get(it.range.clone())).map(|it| format!("{it};"))
            }
            None => {
                let others = altered.alter.actions.iter().filter(|it| it.at != work.at);
                let others: Vec<&str> = others.map(|it| statement.part(&it.at)).collect_vec();
                Some(altered.sql(&others))
            }
        };
        findings.push(Finding {
            at: work.at.clone(),
            message: format!(
                "this reads all of `{}` while the transaction holds a lock on it that {}",
                altered.name,
                mode.blocks()
            ),
            label: format!(
                "validate in a transaction of its own: the {mode} lock is held until the end"
            ),
            help: match (&first, script.direction) {
                (Some(_), _) => Vec::new(),
                (None, Direction::Up) => {
                    vec!["move it into a migration of its own, after this one".to_owned()]
                }
                (None, Direction::Down) => vec![
                    "let the down run statement by statement, so that no lock is held meanwhile: \
write `-- migrate: no-transaction` at its beginning"
                        .to_owned(),
                ],
            },
            instead: first.map(|it| vec![it, validate]).unwrap_or_default(),
            ..Finding::default()
        });
    }
}
