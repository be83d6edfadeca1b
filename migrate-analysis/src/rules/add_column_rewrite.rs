//! `ADD COLUMN` for which the table is written anew.

use super::add_column::in_steps;
use super::alter::{Altered, altered, clauses};
use super::{Example, Finding, Rule, Statement};
use crate::deparse;
use crate::diagnostic::Code;
use crate::lock::{Cause, Work, volatile_call};
use crate::sql::quoted;

pub(super) const VOLATILE_DEFAULT: Rule = Rule {
    code: Code::AddColumnVolatileDefault,
    why: "A constant default is stored once, in the catalog, and the column is there at once. A default with a \
`VOLATILE` function in it (`random()`, `clock_timestamp()`, `gen_random_uuid()`, `nextval(…)`) has to be computed \
for each row: PostgreSQL writes the whole table and all its indexes anew, and holds an `ACCESS EXCLUSIVE` lock \
meanwhile. `now()` and its kin are `STABLE`: computed once. A function that the set does not make, and that \
PostgreSQL does not bring along, is taken to be `VOLATILE`.",
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
    check: volatile_default,
};

pub(super) const SERIAL_IDENTITY: Rule = Rule {
    code: Code::AddColumnSerialIdentity,
    why: "Every row gets a number, so PostgreSQL writes the whole table and all its indexes anew, and holds an \
`ACCESS EXCLUSIVE` lock meanwhile: nobody reads or writes the table until it is done.",
    instead: "Add a plain column, take the numbers of new rows from a sequence, number the old rows in batches, and \
make the column NOT NULL by way of a CHECK. (An identity column works in the same way: its default is such a \
sequence.)",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    example: Example {
        setup: "CREATE TABLE users (id uuid PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN number bigserial;",
        good: &["CREATE SEQUENCE users_number_seq;\n\
ALTER TABLE users\n  ADD COLUMN number bigint,\n  ALTER COLUMN number SET DEFAULT nextval('users_number_seq');\n\
ALTER SEQUENCE users_number_seq OWNED BY users.number;"],
        config: "",
    },
    downs: true,
    check: serial_identity,
};

pub(super) const STORED_GENERATED: Rule = Rule {
    code: Code::AddColumnStoredGenerated,
    why: "The expression is computed for each row and stored, so PostgreSQL writes the whole table and all its \
indexes anew, and holds an `ACCESS EXCLUSIVE` lock meanwhile.",
    instead: "From PostgreSQL 18 on, make it `VIRTUAL`: it is computed when it is read, and nothing is written. Before \
that, an index on the expression or a view often does. Otherwise add a plain column that a trigger fills, and fill \
the old rows in batches.",
    source: "https://www.postgresql.org/docs/current/ddl-generated-columns.html",
    example: Example {
        setup: "CREATE TABLE orders (id bigint PRIMARY KEY, price int NOT NULL, amount int NOT NULL);",
        bad: "ALTER TABLE orders ADD COLUMN total int GENERATED ALWAYS AS (price * amount) STORED;",
        good: &["ALTER TABLE orders ADD COLUMN total int;\n\
CREATE FUNCTION orders_total_sync() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  \
NEW.total := NEW.price * NEW.amount;\n  RETURN NEW;\nEND\n$$;\n\
CREATE TRIGGER orders_total_sync BEFORE INSERT OR UPDATE ON orders\n  \
FOR EACH ROW EXECUTE FUNCTION orders_total_sync();"],
        config: "",
    },
    downs: true,
    check: stored_generated,
};

pub(super) const CONSTRAINED_DOMAIN: Rule = Rule {
    code: Code::AddColumnConstrainedDomain,
    why: "A domain with a CHECK or NOT NULL has to accept the value of each row, even where that is NULL. PostgreSQL \
finds out by writing the whole table and all its indexes anew, under an `ACCESS EXCLUSIVE` lock; without a default, \
too. A domain without a constraint costs nothing.",
    instead: "Give the column the type below the domain, and the table the CHECK: `NOT VALID` first, validated in a \
later migration.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    example: Example {
        setup: "CREATE DOMAIN positive AS int CHECK (VALUE > 0);\nCREATE TABLE users (id bigint PRIMARY KEY);",
        bad: "ALTER TABLE users ADD COLUMN age positive;",
        good: &[
            "ALTER TABLE users ADD COLUMN age int;",
            "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 0) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_age_check;",
        ],
        config: "",
    },
    downs: true,
    check: constrained_domain,
};

/// A finding a clause, with the column in steps.
fn each(
    statement: &Statement<'_>,
    cause: Cause,
    findings: &mut Vec<Finding>,
    describe: impl Fn(&Altered<'_, '_>, &Work, &mut Finding),
) {
    let Some(altered) = altered(statement) else { return };
    for work in clauses(statement, cause) {
        let mut finding =
            Finding { at: work.at.clone(), instead: in_steps(&altered), ..Finding::default() };
        describe(&altered, work, &mut finding);
        findings.push(finding);
    }
}

/// What to do between the first migration and the second.
pub(super) fn fill(table: &str, column: &str, value: &str) -> String {
    format!(
        "fill the old rows after the first migration, in batches that commit one by one: `UPDATE {table} SET {column} = {value} WHERE …`"
    )
}

fn name_of(work: &Work) -> String {
    quoted(work.column.as_deref().unwrap_or_default())
}

fn volatile_default(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    each(statement, Cause::VolatileDefault, findings, |altered, work, finding| {
        let (table, column) = (&altered.name, name_of(work));
        let default = work.column.as_deref().and_then(|it| altered.column(it)?.default.as_ref());
        let catalog = statement.seen.after;
        let call = default.and_then(|it| volatile_call(catalog, it));
        finding.message = match &call {
            Some(call) if !call.is_certain => format!(
                "adding `{column}` writes all of `{table}` anew, unless `{}` is STABLE or IMMUTABLE",
                call.name
            ),
            _ => format!(
                "adding `{column}` with a default that differs from row to row writes all of `{table}` anew"
            ),
        };
        finding.label = match call {
            Some(call) => format!("`{}` is called for each row", call.name),
            None => "the default of its domain is computed for each row".to_owned(),
        };
        let value = default.map(|it| deparse::expression(&catalog.now(), it, &[]));
        finding.help.push(fill(table, &column, &value.unwrap_or("DEFAULT".to_owned())));
    });
}

fn serial_identity(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    each(statement, Cause::Numbered, findings, |altered, work, finding| {
        let (table, column) = (&altered.name, name_of(work));
        finding.message =
            format!("adding `{column}`, which numbers the rows, writes all of `{table}` anew");
        finding.label = "each row gets a number".to_owned();
        finding.help.push(fill(table, &column, "DEFAULT"));
    });
}

fn stored_generated(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    each(statement, Cause::StoredGenerated, findings, |altered, work, finding| {
        let (table, column) = (&altered.name, name_of(work));
        finding.message =
            format!("adding the stored generated column `{column}` writes all of `{table}` anew");
        finding.label = "computed and stored for each row".to_owned();
        let virtual_column = statement.part(&statement.range).to_owned();
        let stored = virtual_column.to_ascii_uppercase().rfind("STORED");
        if let (18.., Some(at)) = (statement.seen.servers.oldest, stored) {
            let (before, after) = virtual_column.split_at(at);
            let after = after.get("STORED".len()..).unwrap_or_default();
            finding.instead = vec![format!("{before}VIRTUAL{after};")];
            return;
        }
        finding.help.push(format!("{}; the trigger computes it", fill(table, &column, &column)));
    });
}

fn constrained_domain(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    each(statement, Cause::ConstrainedDomain, findings, |altered, work, finding| {
        let (table, column) = (&altered.name, name_of(work));
        let domain = work.column.as_deref().and_then(|it| altered.column(it));
        let domain = domain.map(|it| altered.type_name(&it.column_type)).unwrap_or_default();
        finding.message = format!(
            "adding `{column}` of `{domain}`, a domain with a constraint, writes all of `{table}` anew"
        );
        finding.label = "each row is written to see whether the domain accepts it".to_owned();
    });
}
