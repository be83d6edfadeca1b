//! Constraints for which all rows are read, or an index is built.

use super::alter::{Altered, altered, clauses};
use super::{Example, Finding, Rule, Statement, held_lock};
use crate::catalog::{Constraint, ConstraintKind};
use crate::ddl::{AlterActionKind, ColumnAction, TableConstraintKind};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;

const ADD: &str = "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT";
const USING_INDEX: &str = "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX";

pub(super) const CHECK: Rule = Rule {
    code: Code::AddCheckWithoutNotValid,
    why: "PostgreSQL reads all rows to see whether they satisfy the CHECK, under an `ACCESS EXCLUSIVE` lock: nobody \
reads or writes the table until it is done. One row that does not satisfy it, and the migration fails (SQLSTATE 23514).",
    instead: "Add it as `NOT VALID`: it holds for new rows at once, and nothing is read. In the next migration \
`VALIDATE CONSTRAINT` reads the old rows, while others read and write.",
    source: ADD,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, age int);",
        bad: "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0);",
        good: &[
            "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_age_check;",
        ],
        config: "",
    },
    downs: true,
    check,
};

pub(super) const FOREIGN_KEY: Rule = Rule {
    code: Code::AddForeignKeyWithoutNotValid,
    why: "PostgreSQL looks up all rows in the other table. Writes to both tables wait meanwhile (`SHARE ROW EXCLUSIVE`). \
One row without its counterpart, and the migration fails (SQLSTATE 23503).",
    instead: "Add it as `NOT VALID`: it holds for new rows at once, and nothing is read. In the next migration \
`VALIDATE CONSTRAINT` looks at the old rows, while others read and write.",
    source: ADD,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);\n\
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);\nCREATE INDEX ON orders (user_id);",
        bad: "ALTER TABLE orders\n  ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id);",
        good: &[
            "ALTER TABLE orders\n  ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;",
        ],
        config: "",
    },
    downs: true,
    check: foreign_key,
};

pub(super) const UNIQUE: Rule = Rule {
    code: Code::AddUniqueConstraint,
    why: "PostgreSQL builds an index over all rows, under an `ACCESS EXCLUSIVE` lock: nobody reads or writes the table \
until it is done. Two rows with the same key, and the migration fails (SQLSTATE 23505).",
    instead: "Build the index with `CREATE UNIQUE INDEX CONCURRENTLY`, in a migration of its own, while others read and \
write. Then make it a constraint with `UNIQUE USING INDEX`, which only writes to the catalog.",
    source: USING_INDEX,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);",
        good: &[
            "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);",
            "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;",
        ],
        config: "",
    },
    downs: true,
    check: unique,
};

pub(super) const PRIMARY_KEY: Rule = Rule {
    code: Code::AddPrimaryKey,
    why: "PostgreSQL builds an index over all rows, and reads them once more where a column may be NULL, under an \
`ACCESS EXCLUSIVE` lock: nobody reads or writes the table until it is done.",
    instead: "Build the index with `CREATE UNIQUE INDEX CONCURRENTLY`, in a migration of its own. Make the columns NOT \
NULL by way of a validated CHECK. Then make the index the primary key with `PRIMARY KEY USING INDEX`, which only writes \
to the catalog.",
    source: USING_INDEX,
    example: Example {
        setup: "CREATE TABLE users (id bigint);",
        bad: "ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id);",
        good: &[
            "CREATE UNIQUE INDEX CONCURRENTLY users_pkey ON users (id);",
            "ALTER TABLE users ADD CONSTRAINT users_id_is_not_null CHECK (id IS NOT NULL) NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_id_is_not_null;",
            "ALTER TABLE users ALTER COLUMN id SET NOT NULL;\nALTER TABLE users DROP CONSTRAINT users_id_is_not_null;",
            "ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_pkey;",
        ],
        config: "",
    },
    downs: true,
    check: primary_key,
};

pub(super) const EXCLUSION: Rule = Rule {
    code: Code::AddExclusionConstraint,
    why: "PostgreSQL builds an index over all rows and compares each with the others, under an `ACCESS EXCLUSIVE` lock: \
nobody reads or writes the table until it is done. There is no `NOT VALID` for it, and an index that was built \
`CONCURRENTLY` cannot be used.",
    instead: "Give a new table the constraint and move the rows to it in batches, or do it while nobody needs the table, \
and say so in the reason.",
    source: "https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE",
    example: Example {
        setup: "CREATE TABLE bookings (id bigint PRIMARY KEY, during tstzrange);",
        bad: "ALTER TABLE bookings\n  ADD CONSTRAINT bookings_apart EXCLUDE USING gist (during WITH &&);",
        good: &[
            "-- migrate: allow(add-exclusion-constraint) bookings are closed at night, and few\n\
ALTER TABLE bookings\n  ADD CONSTRAINT bookings_apart EXCLUDE USING gist (during WITH &&);",
        ],
        config: "",
    },
    downs: true,
    check: exclusion,
};

pub(super) const ENFORCED: Rule = Rule {
    code: Code::AlterForeignKeyEnforced,
    why: "PostgreSQL looks up all rows in the other table, under an `ACCESS EXCLUSIVE` lock: nobody reads or writes the \
table until it is done.",
    instead: "Replace the constraint by one that is `NOT VALID`: it is enforced for new rows at once, and nothing is \
read. In the next migration `VALIDATE CONSTRAINT` looks at the old rows, while others read and write.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ALTER-CONSTRAINT",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);\n\
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint\n  \
CONSTRAINT orders_user_fk REFERENCES users NOT ENFORCED);\nCREATE INDEX ON orders (user_id);",
        bad: "ALTER TABLE orders ALTER CONSTRAINT orders_user_fk ENFORCED;",
        good: &[
            "ALTER TABLE orders\n  DROP CONSTRAINT orders_user_fk,\n  \
ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users NOT VALID;",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;",
        ],
        config: "postgres = \"18\"",
    },
    downs: true,
    check: enforced,
};

/// All constraints of the statement for which others wait, in steps.
pub(super) fn in_steps(altered: &Altered<'_, '_>) -> Vec<String> {
    let (long, rest) = altered.split();
    let mut scripts = Vec::new();
    if !rest.is_empty() {
        scripts.push(altered.sql(&rest));
    }
    let mut new: Vec<&Constraint> = altered.new_constraints().collect_vec();
    let has_key = new.iter().any(|it| matches!(it.kind, ConstraintKind::PrimaryKey { .. }));
    let mut not_null = Vec::new();
    for action in long {
        let written = match &action.kind {
            AlterActionKind::AddConstraint(written) => written,
            AlterActionKind::AlterColumn { column, action: ColumnAction::SetNotNull } => {
                not_null.push(column.name.as_str());
                continue;
            }
            _ => return Vec::new(),
        };
        let is_it = |it: &&Constraint| match &written.name {
            Some(name) => it.name == name.name,
            None => is_of_kind(&written.kind, &it.kind),
        };
        let Some(place) = new.iter().position(is_it) else { return Vec::new() };
        let Some(steps) = altered.add_constraint(new.remove(place)) else { return Vec::new() };
        scripts.extend(steps);
    }
    if !not_null.is_empty() {
        // A key makes its columns NOT NULL by itself.
        if has_key {
            return Vec::new();
        }
        scripts.extend(altered.make_not_null(&not_null));
    }
    scripts
}

fn is_of_kind(written: &TableConstraintKind, made: &ConstraintKind) -> bool {
    matches!(
        (written, made),
        (TableConstraintKind::Check(_), ConstraintKind::Check(_))
            | (TableConstraintKind::Unique { .. }, ConstraintKind::Unique { .. })
            | (TableConstraintKind::PrimaryKey { .. }, ConstraintKind::PrimaryKey { .. })
            | (TableConstraintKind::ForeignKey { .. }, ConstraintKind::ForeignKey(_))
    )
}

fn each(
    statement: &Statement<'_>,
    cause: Cause,
    findings: &mut Vec<Finding>,
    (message, label): (&str, &str),
) {
    let Some(altered) = altered(statement) else { return };
    let mut seen = Vec::new();
    for work in clauses(statement, cause) {
        if seen.contains(&work.at) {
            continue;
        }
        seen.push(work.at.clone());
        findings.push(Finding {
            at: work.at.clone(),
            message: message.replace("{table}", &altered.name),
            label: label.to_owned(),
            instead: in_steps(&altered),
            help: by_partition(&altered, cause).into_iter().collect_vec(),
            ..Finding::default()
        });
    }
}

/// A partitioned table takes its constraints partition by partition.
fn by_partition(altered: &Altered<'_, '_>, cause: Cause) -> Option<String> {
    let table = &altered.name;
    if !altered.is_partitioned() {
        return None;
    }
    match cause {
        Cause::AddForeignKey if altered.statement.seen.servers.any_before(18) => Some(format!(
            "add it to each partition first, as NOT VALID, and validate it there; `{table}` then takes these over without a look at the rows"
        )),
        Cause::AddUnique => Some(format!(
            "add it to `ONLY {table}`, which builds nothing; then to each partition with CREATE UNIQUE INDEX CONCURRENTLY and USING INDEX; and attach these with ALTER INDEX … ATTACH PARTITION"
        )),
        _ => None,
    }
}

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words =
        ("adding this CHECK reads all of `{table}` while others wait", "add it as NOT VALID");
    each(statement, Cause::AddCheck, findings, words);
}

fn foreign_key(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    // What else the statement does, or did before, may lock more than the key does.
    let Some(altered) = altered(statement) else { return };
    let waiting = statement.waiting(altered.table);
    let message = format!("adding this foreign key reads all of `{{table}}` while {waiting} wait");
    let first = findings.len();
    each(statement, Cause::AddForeignKey, findings, (&message, "add it as NOT VALID"));
    let held = held_lock::held_before(statement, altered.table);
    for finding in &mut findings[first..] {
        finding.notes.extend(held.clone());
    }
}

fn unique(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words = (
        "adding this constraint builds an index of all of `{table}` while others wait",
        "an index is built for it",
    );
    each(statement, Cause::AddUnique, findings, words);
}

fn primary_key(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words = (
        "adding this primary key builds an index of all of `{table}` while others wait",
        "an index is built for it",
    );
    each(statement, Cause::AddPrimaryKey, findings, words);
}

fn exclusion(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let words = (
        "adding this exclusion constraint builds an index of all of `{table}` while others wait",
        "there is no way that others do not wait for",
    );
    each(statement, Cause::AddExclusion, findings, words);
}

fn enforced(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in clauses(statement, Cause::Enforce) {
        let action = altered.alter.actions.iter().find(|it| it.at == work.at);
        let Some(AlterActionKind::AlterConstraint { constraint, .. }) = action.map(|it| &it.kind)
        else {
            continue;
        };
        let own = altered.after().and_then(|it| it.constraint(&constraint.name));
        findings.push(Finding {
            at: work.at.clone(),
            message: format!(
                "enforcing this foreign key reads all of `{}` while others wait",
                altered.name
            ),
            label: "each row is looked up in the other table".to_owned(),
            instead: own.map(|it| altered.replace_constraint(it)).unwrap_or_default(),
            ..Finding::default()
        });
    }
}
