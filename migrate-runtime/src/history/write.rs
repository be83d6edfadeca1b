//! The SQL that makes the tables and writes their rows.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Half, History, LAYOUT};
use crate::migration::{Down, EmbeddedMigration, Step};
use crate::quote::{bytes, identifier, literal};

/// What is recorded between two statements of a script that runs outside a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress<'a> {
    pub(crate) half: Half,
    pub(crate) done: usize,
    pub(crate) failed: bool,
    pub(crate) hash: &'a str,
}

impl Progress<'_> {
    fn half(&self) -> &'static str {
        match self.half {
            Half::Up => "up",
            Half::Down => "down",
        }
    }

    fn state(&self) -> &'static str {
        if self.failed { "failed" } else { "started" }
    }
}

impl History {
    /// Makes what is missing. The schema is only made when it is known not to be there: even
    /// `IF NOT EXISTS` needs the right to create one.
    pub(crate) fn create(&self, schema_exists: bool) -> String {
        let (table, log) = (&self.table, &self.log);
        let schema = if schema_exists {
            String::new()
        } else {
            format!("CREATE SCHEMA IF NOT EXISTS {};\n", identifier(&self.schema))
        };
        format!(
            "{schema}CREATE TABLE IF NOT EXISTS {table} (
  version pg_catalog.int8 PRIMARY KEY,
  name pg_catalog.text NOT NULL,
  applied_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  applied_by pg_catalog.text NOT NULL DEFAULT SESSION_USER,
  run_id pg_catalog.text NOT NULL,
  up_checksum pg_catalog.bytea NOT NULL,
  down_kind pg_catalog.text NOT NULL,
  down_reason pg_catalog.text,
  down_checksum pg_catalog.bytea,
  down_transactional pg_catalog.bool,
  down_steps pg_catalog.text[],
  down_builds pg_catalog.text[],
  steps_done pg_catalog.int4,
  steps_of pg_catalog.text,
  step_state pg_catalog.text,
  steps_hash pg_catalog.text,
  digest pg_catalog.int8 GENERATED ALWAYS AS (CASE WHEN steps_done IS NULL THEN
    ('x' OPERATOR(pg_catalog.||) pg_catalog.encode(pg_catalog.sha256(
      pg_catalog.int8send(version) OPERATOR(pg_catalog.||) up_checksum), 'hex'))::pg_catalog.bit(64)::pg_catalog.int8
    END) STORED
);
CREATE TABLE IF NOT EXISTS {log} (
  id pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version pg_catalog.int8 NOT NULL,
  name pg_catalog.text NOT NULL,
  direction pg_catalog.text NOT NULL,
  outcome pg_catalog.text NOT NULL DEFAULT 'done',
  error pg_catalog.text,
  started_at pg_catalog.timestamptz NOT NULL,
  finished_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  duration pg_catalog.interval GENERATED ALWAYS AS (finished_at OPERATOR(pg_catalog.-) started_at) STORED,
  run_id pg_catalog.text NOT NULL,
  applied_by pg_catalog.text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE {table} IS 'migrate: the migrations that are in this database, layout {LAYOUT}';
COMMENT ON TABLE {log} IS 'migrate: everything that was ever run, append-only';
COMMENT ON COLUMN {table}.steps_done IS 'null: complete; a number: partly applied, so many statements are done';
COMMENT ON COLUMN {table}.down_steps IS 'the way back, kept so that an older binary can take it'"
        )
    }

    /// Records a migration, before its script runs. The primary key lets one runner through.
    pub(crate) fn insert(
        &self,
        migration: &EmbeddedMigration,
        run: &str,
        stepwise: bool,
    ) -> String {
        let mut sql =
            format!("INSERT INTO {} (version, name, run_id, up_checksum, {DOWN}", self.table);
        sql.push_str(if stepwise { ", steps_done, steps_of, step_state, steps_hash" } else { "" });
        let _ = write!(
            sql,
            ") VALUES ({}, {}, {}, {}, ",
            migration.version(),
            literal(migration.name()),
            literal(run),
            bytes(migration.up().checksum()),
        );
        sql.push_str(&down_values(&migration.down()));
        sql.push_str(if stepwise { ", 0, 'up', 'started', '')" } else { ")" });
        sql
    }

    /// Takes what a resumed migration is now: what had not run yet may have been edited.
    pub(crate) fn refresh(&self, migration: &EmbeddedMigration, run: &str) -> String {
        format!(
            "UPDATE {} SET name = {}, run_id = {}, up_checksum = {}, ({DOWN}) = ({}) \
             WHERE version OPERATOR(pg_catalog.=) {}",
            self.table,
            literal(migration.name()),
            literal(run),
            bytes(migration.up().checksum()),
            down_values(&migration.down()),
            migration.version(),
        )
    }

    /// Records how far a script came that runs outside a transaction.
    pub(crate) fn progress(&self, version: i64, progress: Progress<'_>) -> String {
        format!(
            "UPDATE {} SET steps_done = {}, steps_of = '{}', step_state = '{}', steps_hash = {} \
             WHERE version OPERATOR(pg_catalog.=) {version}",
            self.table,
            progress.done,
            progress.half(),
            progress.state(),
            literal(progress.hash),
        )
    }

    /// The same, and fails when the row is not there any more: with [`GONE`] before a script begins,
    /// with [`LOST`] after a statement of its own.
    pub(crate) fn advance(&self, version: i64, progress: Progress<'_>, words: &str) -> String {
        format!(
            "WITH moved AS ({} RETURNING 1) \
             SELECT CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 THEN 1 \
             ELSE pg_catalog.concat('{words} ', pg_catalog.count(*))::pg_catalog.int4 END FROM moved",
            self.progress(version, progress)
        )
    }

    /// Records that the statement after `progress.done` failed, unless it is known to be done after
    /// all.
    pub(crate) fn failed(&self, version: i64, progress: Progress<'_>) -> String {
        let done = progress.done;
        format!("{} AND steps_done OPERATOR(pg_catalog.=) {done}", self.progress(version, progress))
    }

    /// Makes a partly applied row a complete one.
    pub(crate) fn complete(&self, version: i64) -> String {
        format!(
            "UPDATE {} SET steps_done = NULL, steps_of = NULL, step_state = NULL, \
             steps_hash = NULL WHERE version OPERATOR(pg_catalog.=) {version}",
            self.table
        )
    }

    /// Takes out the row of a script that began and did nothing.
    pub(crate) fn forget(&self, version: i64) -> String {
        format!(
            "DELETE FROM {} WHERE version OPERATOR(pg_catalog.=) {version} \
             AND steps_done OPERATOR(pg_catalog.=) 0",
            self.table
        )
    }

    /// Makes a row complete again whose down script began and did nothing.
    pub(crate) fn remember(&self, version: i64) -> String {
        format!("{} AND steps_done OPERATOR(pg_catalog.=) 0", self.complete(version))
    }

    /// Logs an up and answers how long it took, in columns that no script has; fails when the script
    /// took its own row out of the history. A script that runs statement by statement says how much
    /// of that time was `before` this message.
    pub(crate) fn log_up(&self, version: i64, before: Option<Duration>) -> String {
        let started = before.map_or_else(|| "applied_at".to_owned(), started_at);
        format!(
            "WITH logged AS (INSERT INTO {} (version, name, direction, started_at, run_id) \
             SELECT version, name, 'up', {started}, run_id FROM {} \
             WHERE version OPERATOR(pg_catalog.=) {version} RETURNING version, duration) \
             SELECT CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 THEN pg_catalog.min(version) \
             ELSE pg_catalog.concat('{LOST} ', pg_catalog.count(*))::pg_catalog.int8 END AS migrate_version, \
             (EXTRACT(epoch FROM pg_catalog.min(duration)) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 \
             AS migrate_micros FROM logged",
            self.log, self.table
        )
    }

    /// Takes a migration out of the history, before its down script runs; fails when somebody else
    /// did so in between.
    pub(crate) fn delete(&self, version: i64) -> String {
        // A cast that cannot be done is the only way to raise an error in plain SQL.
        format!(
            "WITH gone AS (DELETE FROM {} WHERE version OPERATOR(pg_catalog.=) {version} RETURNING 1) \
             SELECT CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 THEN 1 \
             ELSE pg_catalog.concat('{GONE} ', pg_catalog.count(*))::pg_catalog.int4 END FROM gone",
            self.table
        )
    }

    /// Logs a down and answers how long it took.
    pub(crate) fn log_down(&self, version: i64, name: &str, run: &str, before: Duration) -> String {
        format!(
            "INSERT INTO {} (version, name, direction, started_at, run_id) VALUES \
             ({version}, {}, 'down', {}, {}) {RETURNING}",
            self.log,
            literal(name),
            started_at(before),
            literal(run)
        )
    }

    /// Logs an attempt that failed.
    pub(crate) fn log_failure(
        &self,
        version: i64,
        name: &str,
        direction: Half,
        run: &str,
        error: &str,
    ) -> String {
        let direction = if direction == Half::Up { "up" } else { "down" };
        format!(
            "INSERT INTO {} (version, name, direction, outcome, error, started_at, run_id) VALUES \
             ({version}, {}, '{direction}', 'failed', {}, pg_catalog.statement_timestamp(), {})",
            self.log,
            literal(name),
            literal(error),
            literal(run)
        )
    }

    /// Records a migration as applied that was not run.
    pub(crate) fn baseline(&self, migration: &EmbeddedMigration, run: &str) -> String {
        format!(
            "{};\nINSERT INTO {} (version, name, direction, started_at, run_id) VALUES \
             ({}, {}, 'baseline', pg_catalog.clock_timestamp(), {});\n",
            self.insert(migration, run, false),
            self.log,
            migration.version(),
            literal(migration.name()),
            literal(run)
        )
    }

    /// The stored down scripts of some versions, one row a statement.
    pub(crate) fn stored_downs(&self, versions: &[i64]) -> String {
        let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
        format!(
            "SELECT h.version, h.down_transactional, s.step, s.builds FROM {} AS h, \
             ROWS FROM (pg_catalog.unnest(h.down_steps), pg_catalog.unnest(h.down_builds)) \
             WITH ORDINALITY AS s (step, builds, at) WHERE h.version OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.int8[]) ORDER BY h.version, s.at",
            self.table,
            versions.join(",")
        )
    }
}

const DOWN: &str =
    "down_kind, down_reason, down_checksum, down_transactional, down_steps, down_builds";

const RETURNING: &str = "RETURNING version AS migrate_version, (EXTRACT(epoch FROM duration) \
     OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 AS migrate_micros";

/// Starts the message of the error that [`History::delete`] raises.
pub(crate) const GONE: &str = "migrate: rolled back by somebody else, rows";

/// Starts the message of the error that [`History::log_up`] raises.
pub(crate) const LOST: &str = "migrate: taken out of the history by its own script, rows";

/// So long before the message reached the server.
fn started_at(before: Duration) -> String {
    format!(
        "(pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) \
         pg_catalog.make_interval(secs => {:.6}))",
        before.as_secs_f64()
    )
}

fn down_values(down: &Down) -> String {
    match down {
        Down::Script(script) => format!(
            "'script', NULL, {}, {}, {}, {}",
            bytes(script.checksum()),
            script.is_transactional(),
            array(script.statements().map(literal)),
            array(script.steps().map(|step| builds_value(&step))),
        ),
        Down::NoOp(reason) => {
            format!("'no-op', {}, NULL, NULL, NULL, NULL", literal(reason))
        }
        Down::Irreversible(reason) => {
            format!("'irreversible', {}, NULL, NULL, NULL, NULL", literal(reason))
        }
    }
}

/// `<index> ON <table>`, as in the statement.
fn builds_value(step: &Step) -> String {
    match step.builds {
        Some(builds) => {
            literal(&format!("{} ON {}", builds.index.unwrap_or_default(), builds.table))
        }
        None => "NULL".to_owned(),
    }
}

fn array(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    format!("ARRAY[{}]::pg_catalog.text[]", values.join(","))
}
