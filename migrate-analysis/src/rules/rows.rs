//! Migrations that change rows.

use super::{Example, Finding, Rule, Statement, held_lock};
use crate::Direction;
use crate::catalog::{ConstraintKind, Id};
use crate::ddl::{Arm, Command, Dml, Name, Query, Select, Source, SourceKind};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::LockMode;

pub(super) const UNBATCHED: Rule = Rule {
    code: Code::UnbatchedDml,
    why: "One statement that changes all rows of a table locks each of them until its transaction ends, so that whoever \
writes to one of them waits; writes as many new rows, which replicas have to follow and `VACUUM` has to clean up after; \
and starts all over if it is interrupted.",
    instead: "Change a range of the key at a time, one transaction a range, from a job beside the migrations. If the table \
is never large, say so: `small-tables = [\"public.settings\"]` in `migrate.toml`.",
    source: "https://www.postgresql.org/docs/current/populate.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text, verified boolean);",
        bad: "UPDATE users SET verified = false;",
        good: &["UPDATE users SET verified = false WHERE id > 0 AND id <= 10000;"],
        config: "",
    },
    // Putting rows back is what a down is for.
    downs: false,
    check: unbatched,
};

fn unbatched(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    // Under a lock it is worse, and another rule says so.
    if held_lock::work_under_lock(statement).is_some() {
        return;
    }
    let (table, what) = match statement.seen.command {
        Command::Update(dml) if is_whole(statement, dml) => {
            (statement.in_use(&dml.table), "changes")
        }
        Command::Delete(dml) if is_whole(statement, dml) => {
            (statement.in_use(&dml.table), "deletes")
        }
        Command::Insert(dml) if is_whole(statement, dml) => {
            let skips = has_word(&dml.query, &["CONFLICT"]);
            (read_table(statement, dml), if skips { "goes through" } else { "copies" })
        }
        _ => return,
    };
    let Some(table) = table.filter(|it| !statement.has_to_be_empty(*it)) else { return };
    let name = statement.name(table);
    let mut help = Vec::new();
    let batch = batch(statement, table).map(|sql| format!(": `{sql}`")).unwrap_or_default();
    help.push(format!("do it in batches, one transaction a batch{batch}"));
    help.push(format!(
        "or say in migrate.toml that it is never large: `small-tables = [\"{}\"]`",
        statement.full_name(table)
    ));
    findings.push(Finding {
        message: format!("this {what} all rows of `{name}` in one statement"),
        label: "all rows in one transaction".to_owned(),
        help,
        ..Finding::default()
    });
}

/// Without a `WHERE`, or with one that holds for every row.
pub(super) fn is_whole(statement: &Statement<'_>, dml: &Dml) -> bool {
    if !dml.filtered {
        return true;
    }
    let sql = statement.sql().to_ascii_lowercase();
    let Some((_, condition)) = sql.rsplit_once("where") else { return false };
    let condition: String = condition.chars().filter(|c| !c.is_whitespace() && *c != ';').collect();
    matches!(condition.as_str(), "true" | "(true)" | "1=1")
}

/// What ends before all rows are read.
const ENDS_EARLY: &[&str] = &["LIMIT", "FETCH", "TABLESAMPLE"];

/// What makes few rows of many.
const MERGES: &[&str] = &["DISTINCT", "GROUP", "INTERSECT", "EXCEPT"];

/// Functions that make one row of many.
const AGGREGATES: &[&str] = &[
    "count",
    "min",
    "max",
    "sum",
    "avg",
    "bool_and",
    "bool_or",
    "every",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
];

fn has_word(query: &Query, wanted: &[&str]) -> bool {
    let sql = query.sql.to_ascii_uppercase();
    let mut words = sql.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    words.any(|word| wanted.contains(&word))
}

fn calls(query: &Query, wanted: &[&str]) -> bool {
    query.functions.iter().any(|it| wanted.contains(&it.name.as_str()))
}

/// Whether `UNION` throws out what is there twice.
fn unites(query: &Query) -> bool {
    let sql = query.sql.to_ascii_uppercase();
    sql.matches(" UNION ").count() != sql.matches(" UNION ALL ").count()
}

/// Whether the query ends after a few rows, whichever come first.
pub(super) fn takes_a_few(query: &Query) -> bool {
    has_word(query, &["LIMIT", "FETCH"])
        && !has_word(query, &["WHERE", "JOIN", "ORDER", "GROUP", "DISTINCT", "HAVING", "WITH"])
        && query.tree.as_ref().is_some_and(|it| it.subqueries.is_empty())
}

/// Whether the query is about one table, and all of it.
pub(super) fn is_taken_whole(query: &Query, is_table: impl Fn(&Name) -> bool) -> bool {
    let Some(mut tree) = query.tree.as_deref() else { return false };
    // An `INSERT` has the query in it, without a name.
    if let [rows] = tree.with.as_slice()
        && rows.name.is_none()
    {
        tree = &rows.query;
    }
    let is_whole = |arm: &Arm| {
        let is_it = |it: &Source| matches!(&it.kind, SourceKind::Relation(name) if is_table(name));
        arm.complete
            && !arm.filtered
            && arm.subqueries.is_empty()
            && matches!(arm.from.as_slice(), [source] if is_it(source))
    };
    tree.with.is_empty()
        && tree.subqueries.is_empty()
        && matches!(tree.arms.as_slice(), [arm] if is_whole(arm))
        && !has_word(query, ENDS_EARLY)
        && !calls(query, &["min", "max"])
}

/// The table in use that an `INSERT` takes all rows of.
fn read_table(statement: &Statement<'_>, dml: &Dml) -> Option<Id> {
    let query = &dml.query;
    let limited = has_word(query, ENDS_EARLY)
        || has_word(query, MERGES)
        || calls(query, AGGREGATES)
        || unites(query);
    sources(dml).into_iter().find_map(|name| statement.in_use(name)).filter(|id| {
        let object = statement.object(*id);
        !limited && object.is_some_and(|it| it.table().is_some())
    })
}

/// The relations that the rows of an `INSERT` come from.
fn sources(dml: &Dml) -> Vec<&crate::ddl::Name> {
    let tree: Option<&Select> = dml.query.tree.as_deref();
    let queries = tree.into_iter().flat_map(|it| &it.with);
    let rows = queries.filter(|it| it.name.is_none());
    let arms = rows.flat_map(|it| &it.query.arms);
    let from = arms.flat_map(|arm| &arm.from);
    let names = from.filter_map(|source| match &source.kind {
        SourceKind::Relation(name) => Some(name),
        _ => None,
    });
    names.collect_vec()
}

/// Whether the rows of an `INSERT` come from nowhere: `VALUES`, and `SELECT` without `FROM`.
fn takes_no_rows(dml: &Dml) -> bool {
    let Some(tree) = dml.query.tree.as_deref() else { return false };
    let mut rows = tree.with.iter().filter(|it| it.name.is_none());
    rows.all(|it| it.query.arms.iter().all(|arm| arm.complete && arm.from.is_empty()))
}

/// The statement for a range of a key of one number.
fn batch(statement: &Statement<'_>, table: Id) -> Option<String> {
    const LONG: usize = 100;
    let own = statement.own().filter(|sql| sql.len() < LONG && !sql.contains('\n'))?;
    if own.to_ascii_lowercase().contains(" where ")
        || matches!(statement.seen.command, Command::Insert(_))
    {
        return None;
    }
    let object = statement.object(table)?.table()?;
    let key = object.constraints.iter().find_map(|it| match it.kind {
        ConstraintKind::PrimaryKey { index } => Some(index),
        _ => None,
    })?;
    let [number] = statement.object(key)?.index()?.columns()?.try_into().ok()?;
    let column = object.numbered(number)?;
    let numeric = crate::deparse::column_type(&statement.seen.before, &column.column_type);
    if !["bigint", "integer", "smallint"].contains(&numeric.as_str()) {
        return None;
    }
    let key = crate::sql::quoted(&column.name);
    Some(format!("{own} WHERE {key} > 0 AND {key} <= 10000;"))
}

pub(super) const MIXED: Rule = Rule {
    code: Code::MixedSchemaAndData,
    why: "In one transaction, the lock that the change of the schema took is held until the rows are written, and the \
rows that were written stay locked until the schema is changed. If either fails, both are done again.",
    instead: "Two migrations: the change of the schema, and the rows. Filling a table that the same migration made is \
fine, and so are a few rows in `VALUES`.",
    source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text, role text);",
        bad: "ALTER TABLE users ADD COLUMN is_admin boolean DEFAULT false;\n\
UPDATE users SET is_admin = true WHERE id = 1;",
        good: &[
            "ALTER TABLE users ADD COLUMN is_admin boolean DEFAULT false;",
            "UPDATE users SET is_admin = true WHERE id = 1;",
        ],
        config: "",
    },
    downs: false,
    check: mixed,
};

fn mixed(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let script = statement.script;
    if !script.transactional || held_lock::work_under_lock(statement).is_some() {
        return;
    }
    let Some(is_rows) = side(statement, statement.seen.command, statement.locks) else { return };
    let mut tables: Vec<(bool, Id)> = Vec::new();
    for earlier in script.held_since() {
        let Some(command) = script.statements.get(earlier.place).map(|it| &it.command) else {
            continue;
        };
        tables.extend(side(statement, command, &earlier.locks));
    }
    // Told once, where the second kind begins.
    let Some((_, other)) = tables.first().copied() else { return };
    if tables.iter().any(|(rows, _)| *rows == is_rows.0) {
        return;
    }
    let (this, other) = (statement.name(is_rows.1), statement.name(other));
    let message = match is_rows.0 {
        true => format!(
            "rows of `{this}` are changed while a change of the schema keeps `{other}` locked"
        ),
        false => format!(
            "`{this}` is locked by a change of the schema while rows of `{other}` that were written stay locked"
        ),
    };
    let instead = apart(statement).unwrap_or_default();
    let help = match kinds(statement) {
        2 => "make it two migrations, one for the schema and one for the rows",
        _ => "make it several migrations in this order, each for the schema or for rows",
    }
    .to_owned();
    findings.push(Finding {
        message,
        label: "schema and rows in one transaction".to_owned(),
        help: if instead.is_empty() { vec![help] } else { Vec::new() },
        instead,
        ..Finding::default()
    });
}

/// Whether it changes rows (or else the schema) of a table in use, and which.
fn side(
    statement: &Statement<'_>,
    command: &Command,
    locks: &crate::lock::Locks,
) -> Option<(bool, Id)> {
    let rows = match command {
        Command::Update(_) | Command::Delete(_) | Command::Merge(_) => true,
        Command::Insert(dml) if !sources(dml).is_empty() => true,
        Command::Insert(_)
        | Command::Select(_)
        | Command::Maintenance(_)
        | Command::Truncate { .. }
        | Command::Refresh { .. }
        | Command::Call(_)
        | Command::Do { .. } => return None,
        _ => false,
    };
    let mut used = locks.relations.iter().filter(|lock| {
        let object = statement.object(lock.relation);
        statement.is_in_use(lock.relation)
            && object.is_some_and(|it| it.table().is_some())
            && !statement.has_to_be_empty(lock.relation)
    });
    let wanted = used.find(|lock| match rows {
        true => lock.mode == LockMode::RowExclusive,
        false => lock.mode.blocks_writes(),
    });
    wanted.map(|lock| (rows, lock.relation))
}

/// Whether a statement of the script is about rows, and not about the schema.
fn is_about_rows(command: &Command) -> bool {
    match command {
        Command::Update(_) | Command::Delete(_) | Command::Merge(_) => true,
        Command::Insert(dml) => !sources(dml).is_empty(),
        _ => false,
    }
}

/// How many migrations of one kind the script makes.
fn kinds(statement: &Statement<'_>) -> usize {
    let kinds = statement.script.statements.iter().map(|it| is_about_rows(&it.command));
    let kinds: Vec<bool> = kinds.collect_vec();
    kinds.chunk_by(|one, other| one == other).count()
}

/// The statements of the script, in migrations of one kind each.
fn apart(statement: &Statement<'_>) -> Option<Vec<String>> {
    const LONG: usize = 30;
    let script = statement.script;
    if script.direction == Direction::Down || statement.own().is_none() {
        return None;
    }
    let mut scripts: Vec<(bool, String)> = Vec::new();
    for own in script.statements {
        let rows = is_about_rows(&own.command);
        let sql = own.text.get(own.range.clone())?.trim().trim_end_matches(';');
        match scripts.last_mut() {
            Some((of, text)) if *of == rows => text.push_str(&format!("\n{sql};")),
            _ => scripts.push((rows, format!("{sql};"))),
        }
    }
    let lines: usize = scripts.iter().map(|(_, text)| text.lines().count()).sum();
    let few = scripts.len() == 2 && lines <= LONG;
    few.then(|| scripts.into_iter().map(|(_, text)| text).collect_vec())
}

pub(super) const PENDING: Rule = Rule {
    code: Code::PendingTriggerEvents,
    why: "A deferred constraint is checked when the transaction ends. Until then its table cannot be altered, truncated, \
dropped or indexed: PostgreSQL refuses, `cannot ALTER TABLE because it has pending trigger events` (SQLSTATE 55006).",
    instead: "Make it two migrations, or have the constraints checked before: `SET CONSTRAINTS ALL IMMEDIATE`.",
    source: "https://www.postgresql.org/docs/current/sql-set-constraints.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY);\n\
CREATE TABLE settings (user_id bigint PRIMARY KEY REFERENCES users DEFERRABLE INITIALLY DEFERRED, theme text);\n\
INSERT INTO users VALUES (1);",
        bad: "INSERT INTO settings (user_id) VALUES (1);\nALTER TABLE settings ADD COLUMN language text;",
        good: &[
            "INSERT INTO settings (user_id) VALUES (1);",
            "ALTER TABLE settings ADD COLUMN language text;",
        ],
        config: "",
    },
    downs: true,
    check: pending,
};

fn pending(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let names: Vec<&crate::ddl::Name> = match statement.seen.command {
        Command::AlterTable(alter) => vec![&alter.table],
        Command::CreateIndex(create) => vec![&create.table],
        Command::Truncate { tables, .. } => tables.iter().collect_vec(),
        Command::Drop(drop) => drop.objects.iter().map(|it| &it.name).collect_vec(),
        _ => return,
    };
    let tables = names.into_iter().filter_map(|name| statement.seen.names.relation(name));
    for table in tables {
        let Some(place) = deferred_rows(statement, table) else { continue };
        let name = statement.name(table);
        let earlier = statement.script.statements.get(place);
        let title = earlier.map(|it| crate::sql::title(it.text, it.range.clone()));
        findings.push(Finding {
            message: format!(
                "this fails, since rows of `{name}` wait for the check of a deferred constraint"
            ),
            label: "has pending trigger events".to_owned(),
            notes: vec![format!(
                "the rows are those of `{}`; PostgreSQL refuses with SQLSTATE 55006",
                title.unwrap_or_default()
            )],
            instead: statement
                .again()
                .filter(|_| earlier.is_some())
                .and_then(|sql| Some((earlier?, sql)))
                .map(|(it, sql)| {
                    let first = it.text.get(it.range.clone()).unwrap_or_default();
                    let first = first.trim().trim_end_matches(';');
                    vec![format!("{first};\nSET CONSTRAINTS ALL IMMEDIATE;\n{sql}")]
                })
                .unwrap_or_default(),
            help: vec!["or make it two migrations".to_owned()],
            ..Finding::default()
        });
    }
}

/// The earlier statement that wrote rows whose check waits for the end of the transaction.
fn deferred_rows(statement: &Statement<'_>, table: Id) -> Option<usize> {
    let script = statement.script;
    let object = statement.object(table)?.table()?;
    let mut constraints = object.constraints.iter();
    let is_deferred = constraints.any(|it| {
        let is_key = matches!(it.kind, ConstraintKind::ForeignKey(_));
        is_key && it.initially_deferred && !it.not_enforced
    });
    if !is_deferred {
        return None;
    }
    let mut found = None;
    for earlier in script.held_since() {
        let Some(own) = script.statements.get(earlier.place) else { continue };
        let sql = own.text.get(own.range.clone()).unwrap_or_default();
        if crate::sql::title(own.text, own.range.clone()).starts_with("SET CONSTRAINTS")
            || sql.trim_start().to_ascii_uppercase().starts_with("SET CONSTRAINTS")
        {
            found = None;
        }
        // What others write may be no row, or leave the keys as they were.
        let is_certain = |dml: &Dml| {
            takes_no_rows(dml)
                && !dml.filtered
                && !dml.query.sql.to_ascii_uppercase().contains(" ON CONFLICT ")
        };
        if let Command::Insert(dml) = &own.command
            && earlier.locks.mode(table) == LockMode::RowExclusive
            && is_certain(dml)
        {
            found = Some(earlier.place);
        }
    }
    found
}
