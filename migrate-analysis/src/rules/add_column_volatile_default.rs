//! `ADD COLUMN` with a default that is another value for each row.

use super::{Example, Finding, Rule, Statement};
use crate::diagnostic::Code;
use crate::lock::Cause;

pub(super) const RULE: Rule = Rule {
    code: Code::AddColumnVolatileDefault,
    why: "A constant default is stored once, in the catalog, and the column is there at once. A default with a \
`VOLATILE` function in it (`random()`, `clock_timestamp()`, `gen_random_uuid()`, `nextval(…)`) has to be computed \
for each row: PostgreSQL writes the whole table and all its indexes anew, and holds an `ACCESS EXCLUSIVE` lock \
meanwhile. `now()` and its kin are `STABLE`: computed once.",
    instead: "Add the column without a default, give it the default for new rows (both in one statement), and fill \
the old rows in batches, in transactions of their own.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();",
        good: &[
            "ALTER TABLE users\n  ADD COLUMN token uuid,\n  ALTER COLUMN token SET DEFAULT gen_random_uuid();",
        ],
        config: "",
    },
    downs: true,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    for work in statement.work(Cause::VolatileDefault) {
        let table = statement.name(work.relation);
        let column = work.column.as_deref().unwrap_or_default();
        findings.push(Finding {
            at: work.at.clone(),
            message: format!("adding `{column}` with this default writes all of `{table}` anew"),
            label: "another value for each row".to_owned(),
            ..Finding::default()
        });
    }
}
