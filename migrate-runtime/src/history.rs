//! The history: two tables, the SQL that reads and writes them, and the rows as data.
//!
//! `<schema>.<table>` holds one row for each migration that is in the database. `<table>_log` is
//! append-only: every up, down and baseline that ever happened. Both are named with their schema,
//! and functions and operators with `pg_catalog`, so that no `search_path` can redirect them.
//!
//! **The digest.** Whether anything is pending is asked without reading a row. Each row has a number
//! made of its version and its up checksum, which the server generates when the row is written; their
//! sum is what [`MigrationSet::digest`](crate::MigrationSet::digest) says of the set. Rows
//! that are not complete have none, and only versions count up to the newest that the set knows. A new
//! session has to look up each function, operator and index that a statement names, which is most of
//! what this costs: so nothing is hashed or sorted in a look.
//!
//! **Layout.** The comment of the history table says `layout 1`: the oldest layout a reader must
//! understand to use the table. A column may be added without raising it (with a default, so that
//! an older binary's `INSERT` still fits); what an older binary would get wrong raises it, and the
//! older binary then refuses with a message that says so.
//!
//! This room sends nothing: it makes text and reads answers.

use std::time::{Duration, SystemTime};

use postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::observe::{Direction, MigrationId};
use crate::quote::{identifier, literal};
use crate::status::FailedAttempt;

mod write;
pub(crate) use write::{GONE, LOST, Progress};

/// The layout that this release reads and writes.
pub(crate) const LAYOUT: u32 = 1;

/// Where the history is, with the names quoted once.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) schema: String,
    pub(crate) table_name: String,
    /// `"schema"."table"`
    pub(crate) table: String,
    /// `"schema"."table_log"`
    pub(crate) log: String,
    /// The advisory lock's key.
    pub(crate) key: i64,
}

/// The way back as the history remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredDown {
    Script,
    NoOp(String),
    Irreversible(String),
}

/// Which script a partly applied migration is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Up,
    Down,
}

/// How far a script came that runs statement by statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partly {
    pub(crate) half: Half,
    /// Statements that are done.
    pub(crate) done: usize,
    /// The next one is known to have failed; otherwise the run died, and it may have come through.
    pub(crate) failed: bool,
    /// Over the text of the statements that are done, to tell whether they were edited since.
    pub(crate) hash: String,
}

/// A row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) up_checksum: String,
    pub(crate) down_checksum: Option<String>,
    pub(crate) down: StoredDown,
    pub(crate) partly: Option<Partly>,
    pub(crate) applied_at: SystemTime,
    pub(crate) applied_by: String,
    pub(crate) run_id: String,
    /// How long it took; only `status` asks.
    pub(crate) duration: Option<Duration>,
}

impl Row {
    pub(crate) fn id(&self) -> MigrationId {
        MigrationId::new(self.version, self.name.clone())
    }
}

/// What one look tells.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// The history equals the set, up to the newest version that the set knows.
    pub(crate) up_to_date: bool,
    /// Rows newer than the newest of the set.
    pub(crate) ahead: usize,
    /// All rows, in order of version; empty when `up_to_date`, unless they were asked for.
    pub(crate) rows: Vec<Row>,
    /// Rows in all.
    pub(crate) count: usize,
    /// There is no history table yet.
    pub(crate) missing_table: bool,
    /// The attempts that failed and were the last ones at their version.
    pub(crate) failures: Vec<(i64, FailedAttempt)>,
}

/// Why an answer to a look cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The client was inside a transaction.
    InTransaction,
    /// The table carries a newer layout.
    Layout(u32),
    /// Not what was asked for.
    Answer,
}

/// Which rows a look brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// None: only whether the history is what the set says. Half of what the others cost, since a
    /// new session has to look up every function and table that a statement names.
    Never,
    /// Only when the history is not what the set says.
    WhenDifferent,
    /// As before, and also when something newer is there.
    WhenDifferentOrAhead,
    /// In any case, with durations.
    Always,
    /// As before, and the attempts that failed.
    WithFailures,
}

impl History {
    pub(crate) fn new(schema: &str, table: &str) -> History {
        let qualified = |name: &str| format!("{}.{}", identifier(schema), identifier(name));
        History {
            schema: schema.to_owned(),
            table_name: table.to_owned(),
            table: qualified(table),
            log: qualified(&format!("{table}_log")),
            key: lock_key(schema, table),
        }
    }

    /// Another table beside the history, quoted and qualified: called like it, and the suffix.
    pub(crate) fn beside(&self, suffix: &str) -> String {
        let name = format!("{}{suffix}", self.table_name);
        format!("{}.{}", identifier(&self.schema), identifier(&name))
    }

    /// The table's name for people.
    pub(crate) fn display(&self) -> String {
        format!("{}.{}", self.schema, self.table_name)
    }

    /// One statement that says whether anything is to be done, and brings the rows if so.
    pub(crate) fn look(&self, newest: i64, digest: i128, rows: Rows) -> String {
        let table = &self.table;
        let summary = summary(newest);
        let in_transaction = "pg_catalog.now() OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp() \
                              AS in_transaction, pg_catalog.pg_backend_pid() AS migrate_pid";
        let on = match rows {
            Rows::Never => {
                return format!("SELECT {in_transaction}, {summary} FROM {table}");
            }
            Rows::WhenDifferent => different(digest),
            Rows::WhenDifferentOrAhead => {
                format!("{} OR d.count OPERATOR(pg_catalog.>) d.known", different(digest))
            }
            Rows::Always | Rows::WithFailures => "TRUE".to_owned(),
        };
        let took = match rows {
            Rows::Always | Rows::WithFailures => format!(
                "(SELECT (EXTRACT(epoch FROM l.duration) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 \
                 FROM {} AS l WHERE l.version OPERATOR(pg_catalog.=) h.version AND l.direction OPERATOR(pg_catalog.=) 'up' \
                 AND l.outcome OPERATOR(pg_catalog.=) 'done' AND l.run_id OPERATOR(pg_catalog.=) h.run_id \
                 ORDER BY l.id DESC LIMIT 1)",
                self.log
            ),
            _ => "NULL".to_owned(),
        };
        let failures = if rows == Rows::WithFailures { self.failures() } else { String::new() };
        format!(
            "WITH d AS MATERIALIZED (SELECT {summary} FROM {table}) SELECT {in_transaction}, \
             pg_catalog.obj_description({name}::pg_catalog.regclass, 'pg_class') AS layout, \
             d.count, d.partly, d.known, d.digest, \
             h.version, h.name, pg_catalog.encode(h.up_checksum, 'hex') AS up_checksum, \
             pg_catalog.encode(h.down_checksum, 'hex') AS down_checksum, h.down_kind, h.down_reason, \
             h.steps_done, h.steps_of, h.step_state, h.steps_hash, \
             (EXTRACT(epoch FROM h.applied_at) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 AS applied_at, \
             h.applied_by, h.run_id, {took} AS duration \
             FROM d LEFT JOIN {table} AS h ON ({on}) AND {WRITTEN} ORDER BY h.version{failures}",
            name = literal(table),
        )
    }

    /// A further statement: which versions' last attempts have failed.
    fn failures(&self) -> String {
        format!(
            ";\nSELECT l.version AS migrate_failed, l.direction, l.error, \
             (EXTRACT(epoch FROM l.finished_at) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 AS failed_at \
             FROM (SELECT DISTINCT ON (version) version, direction, outcome, error, finished_at FROM {} \
             ORDER BY version, id DESC) AS l WHERE l.outcome OPERATOR(pg_catalog.=) 'failed'",
            self.log
        )
    }

    /// Reads the answer to [`look`](Self::look).
    pub(crate) fn read_look(
        messages: &[SimpleQueryMessage],
        digest: i128,
        rows: Rows,
    ) -> Result<Look, Unreadable> {
        let is_failure = |row: &&SimpleQueryRow| {
            row.columns().first().is_some_and(|column| column.name() == "migrate_failed")
        };
        let mut answers = rows_of(messages).filter(|row| !is_failure(row));
        let first = answers.next().ok_or(Unreadable::Answer)?;
        if first.try_get("in_transaction").ok().flatten() == Some("t") {
            return Err(Unreadable::InTransaction);
        }
        let partly: usize = number(first, "partly")?;
        let (count, known): (usize, usize) = (number(first, "count")?, number(first, "known")?);
        let mut look = Look {
            up_to_date: partly == 0 && number::<i128>(first, "digest")? == digest,
            ahead: count.saturating_sub(known),
            count,
            ..Look::default()
        };
        if rows == Rows::Never {
            return Ok(look);
        }
        check_layout(first)?;
        for row in std::iter::once(first).chain(answers) {
            if row.try_get("version").map_err(|_| Unreadable::Answer)?.is_some() {
                look.rows.push(read_row(row)?);
            }
        }
        look.failures =
            rows_of(messages).filter(is_failure).map(read_failure).collect::<Result<_, _>>()?;
        Ok(look)
    }
}

/// True, and an error where a column is missing that is only written: better now than after a script.
const WRITTEN: &str =
    "(TRUE OR h.down_transactional IS NULL OR h.down_steps IS NULL OR h.down_builds IS NULL)";

/// What a look tells in any case.
fn summary(newest: i64) -> String {
    let known = format!("FILTER (WHERE version OPERATOR(pg_catalog.<=) {newest})");
    format!(
        "pg_catalog.count(*) AS count, pg_catalog.count(steps_done) AS partly, \
         pg_catalog.count(*) {known} AS known, \
         COALESCE(pg_catalog.sum(digest) {known}, '0') AS digest"
    )
}

/// The rows of an answer, whatever else it holds.
pub(crate) fn rows_of(messages: &[SimpleQueryMessage]) -> impl Iterator<Item = &SimpleQueryRow> {
    messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })
}

fn different(digest: i128) -> String {
    format!("d.digest OPERATOR(pg_catalog.<>) '{digest}' OR d.partly OPERATOR(pg_catalog.>) 0")
}

fn check_layout(row: &SimpleQueryRow) -> Result<(), Unreadable> {
    // A table without our comment is one that was restored without comments: read it as ours.
    let comment = row.try_get("layout").map_err(|_| Unreadable::Answer)?.unwrap_or_default();
    let layout = comment
        .split_once("layout ")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    match layout {
        Some(layout) if layout > LAYOUT => Err(Unreadable::Layout(layout)),
        _ => Ok(()),
    }
}

fn read_row(row: &SimpleQueryRow) -> Result<Row, Unreadable> {
    let reason = || optional(row, "down_reason").unwrap_or_default().to_owned();
    let down = match text(row, "down_kind")? {
        "script" => StoredDown::Script,
        "no-op" => StoredDown::NoOp(reason()),
        _ => StoredDown::Irreversible(reason()),
    };
    let partly = match optional(row, "steps_done") {
        None => None,
        Some(done) => Some(Partly {
            half: if optional(row, "steps_of") == Some("down") { Half::Down } else { Half::Up },
            done: done.parse().map_err(|_| Unreadable::Answer)?,
            failed: optional(row, "step_state") == Some("failed"),
            hash: optional(row, "steps_hash").unwrap_or_default().to_owned(),
        }),
    };
    Ok(Row {
        version: number(row, "version")?,
        name: text(row, "name")?.to_owned(),
        up_checksum: text(row, "up_checksum")?.to_owned(),
        down_checksum: optional(row, "down_checksum").map(str::to_owned),
        down,
        partly,
        applied_at: moment(row, "applied_at")?,
        applied_by: text(row, "applied_by")?.to_owned(),
        run_id: text(row, "run_id")?.to_owned(),
        duration: optional(row, "duration")
            .and_then(|micros| micros.parse::<i64>().ok())
            .map(|micros| Duration::from_micros(micros.unsigned_abs())),
    })
}

fn read_failure(row: &SimpleQueryRow) -> Result<(i64, FailedAttempt), Unreadable> {
    let direction =
        if optional(row, "direction") == Some("down") { Direction::Down } else { Direction::Up };
    let error = optional(row, "error").unwrap_or_default().to_owned();
    let at = moment(row, "failed_at")?;
    Ok((number(row, "migrate_failed")?, FailedAttempt { direction, at, error }))
}

/// Microseconds since 1970.
fn moment(row: &SimpleQueryRow, column: &str) -> Result<SystemTime, Unreadable> {
    let since = Duration::from_micros(number::<i64>(row, column)?.unsigned_abs());
    Ok(SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH))
}

pub(crate) fn optional<'a>(row: &'a SimpleQueryRow, column: &str) -> Option<&'a str> {
    row.try_get(column).ok().flatten()
}

fn text<'a>(row: &'a SimpleQueryRow, column: &str) -> Result<&'a str, Unreadable> {
    optional(row, column).ok_or(Unreadable::Answer)
}

fn number<T: std::str::FromStr>(row: &SimpleQueryRow, column: &str) -> Result<T, Unreadable> {
    text(row, column)?.parse().map_err(|_| Unreadable::Answer)
}

/// The run lock's key: FNV-1a over a fixed tag and the history's name. Advisory locks belong to one
/// database already, and sets with a history of their own run side by side.
fn lock_key(schema: &str, table: &str) -> i64 {
    let name = format!("migrate run lock\0{schema}\0{table}");
    i64::from_ne_bytes(fnv(name.as_bytes()).to_ne_bytes())
}

/// 64-bit FNV-1a: no cryptography is needed to name a lock or to notice an edit.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_stable_and_differs_by_history() {
        // Binaries of different releases must agree on it.
        assert_eq!(
            lock_key("public", "migration_history"),
            lock_key("public", "migration_history")
        );
        assert_ne!(lock_key("public", "a"), lock_key("public", "b"));
        assert_ne!(lock_key("x", "y_z"), lock_key("x_y", "z"));
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn names_are_quoted_and_qualified() {
        let history = History::new("Odd \"one\"", "h");
        assert_eq!(history.table, "\"Odd \"\"one\"\"\".\"h\"");
        assert_eq!(history.log, "\"Odd \"\"one\"\"\".\"h_log\"");
    }
}
