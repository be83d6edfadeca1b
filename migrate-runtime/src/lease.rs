//! The lease: what stands in for the run lock where a watcher can renew it.
//!
//! A session-level lock belongs to a server process, and behind a pooler that may be anybody's. A lease
//! belongs to a run: it is a row with the name of the run and a time at which it expires. The watcher's
//! thread renews it; who finds it expired takes it over.
//!
//! A run may have lost its lease without knowing (it was stopped, or cut off), so every transaction that
//! writes the history locks the row `FOR KEY SHARE` before it commits, and fails where the lease is
//! another's. The name of the run is a key, the times are not: so a renewal does not wait for that lock, and
//! whoever wants to take over does, until the commit is over. It is the same at every isolation level.
//!
//! Runs without a watcher hold the advisory lock of [`crate::lock`]. A lease is only taken while its
//! taker has that lock, until the end of the taking transaction; and who has the advisory lock looks for
//! a lease after that. So never both.
//!
//! Nor is a lease taken over, though it has expired, while a server process is still at work for its run:
//! what runs outside a transaction meets no fence.
//!
//! Time is the server's. The table is made when it is first needed, and holds one row at most.

use std::time::Duration;

use postgres::SimpleQueryMessage;

use crate::blocker::{age, millis};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, words};
use crate::history::{History, optional, rows_of};
use crate::lock::first;
use crate::look::{ATTEMPTS, is_made_meanwhile};
use crate::observe::{Event, Holder};
use crate::pooler::PID;
use crate::quote::{identifier, literal};
use crate::run::Run;

/// How long a lease lasts that nobody renews. It is renewed at a third of that.
pub(crate) const TIME_TO_LIVE: Duration = Duration::from_secs(30);
/// Of the table's name, after the history's.
pub(crate) const SUFFIX: &str = "_lease";
/// Starts the message of the error that [`Lease::fence`] raises.
const LOST: &str = "migrate: the lease was taken over, rows";
const NOW: &str = "pg_catalog.clock_timestamp()";

/// What a run needs to know of its lease.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    table: String,
    run: String,
    pub(crate) lasts: Duration,
}

impl Lease {
    pub(crate) fn new(history: &History, run: &str, lasts: Duration) -> Lease {
        Lease { table: history.beside(SUFFIX), run: literal(run), lasts }
    }

    /// The name of the run is the only key that may change hands.
    fn create(&self, missing_schema: Option<&str>) -> String {
        let schema = missing_schema
            .map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {};\n", identifier(schema)));
        format!(
            "{}CREATE TABLE IF NOT EXISTS {table} (
  one pg_catalog.bool PRIMARY KEY DEFAULT TRUE CHECK (one),
  run_id pg_catalog.text NOT NULL UNIQUE,
  who pg_catalog.text NOT NULL,
  renewed_at pg_catalog.timestamptz NOT NULL,
  expires_at pg_catalog.timestamptz NOT NULL
);
COMMENT ON TABLE {table} IS 'migrate: which run may write the history just now'",
            schema.unwrap_or_default(),
            table = self.table,
        )
    }

    /// Takes the lease, if nobody has it and nobody holds the advisory lock; answers with `locked`, and with
    /// what was there before.
    fn take(&self, key: i64) -> String {
        let Lease { table, run, .. } = self;
        let (expires, who, was, live) = (self.expires(), who(), age("renewed_at"), live());
        format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED;
WITH old AS (SELECT run_id, who, {was} AS millis FROM {table} \
             WHERE run_id OPERATOR(pg_catalog.<>) {run} AND expires_at OPERATOR(pg_catalog.<=) {NOW}), \
             took AS (INSERT INTO {table} AS l (run_id, who, renewed_at, expires_at) \
             SELECT {run}, {who}, {NOW}, {expires} WHERE CASE WHEN EXISTS (SELECT FROM {table} AS o \
             WHERE o.run_id OPERATOR(pg_catalog.<>) {run} AND {live}) \
             THEN FALSE ELSE pg_catalog.pg_try_advisory_xact_lock({key}) END \
             ON CONFLICT (one) DO UPDATE SET run_id = EXCLUDED.run_id, who = EXCLUDED.who, \
             renewed_at = EXCLUDED.renewed_at, expires_at = EXCLUDED.expires_at \
             WHERE l.run_id OPERATOR(pg_catalog.=) {run} OR l.expires_at OPERATOR(pg_catalog.<=) {NOW} RETURNING 1) \
             SELECT EXISTS (SELECT FROM took) AS locked, {PID}, old.* FROM (SELECT) AS nothing LEFT JOIN old ON TRUE;
COMMIT"
        )
    }

    /// No rows where it is another's.
    pub(crate) fn renew(&self) -> String {
        format!(
            "UPDATE {} SET renewed_at = {NOW}, expires_at = {} WHERE run_id OPERATOR(pg_catalog.=) {}",
            self.table,
            self.expires(),
            self.run
        )
    }

    pub(crate) fn release(&self) -> String {
        format!("DELETE FROM {} WHERE run_id OPERATOR(pg_catalog.=) {}", self.table, self.run)
    }

    /// The same, at the end of a message: answers whether it was still ours.
    pub(crate) fn release_last(&self) -> String {
        format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED;\nWITH gone AS ({} RETURNING 1) \
             SELECT EXISTS (SELECT FROM gone) AS migrate_locked, {PID};\nCOMMIT",
            self.release()
        )
    }

    /// Fails where the lease is another's, and keeps it ours until the transaction ends.
    pub(crate) fn fence(&self) -> String {
        format!(
            "SELECT CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 THEN 1 \
             ELSE pg_catalog.concat('{LOST} ', pg_catalog.count(*))::pg_catalog.int4 END \
             FROM (SELECT FROM {} WHERE run_id OPERATOR(pg_catalog.=) {} FOR KEY SHARE) AS ours",
            self.table, self.run
        )
    }

    fn expires(&self) -> String {
        let seconds = self.lasts.as_secs_f64();
        format!(
            "{NOW} OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => {seconds:.3}::pg_catalog.float8)"
        )
    }
}

impl<C: Connection> Run<'_, C> {
    /// Takes the lease if it is free. `false` where the role may not, which leaves the advisory lock.
    pub(crate) async fn try_lease(&mut self, lease: &Lease) -> Result<bool, Error> {
        let answer = match self.take_lease(lease).await {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| code.code() == "42501") => {
                self.send("rolling back", "ROLLBACK").await?;
                let why = format!("no lease, but an advisory lock: {}", words(&error));
                self.emit(Event::WatcherFailed { why });
                return Ok(false);
            }
            Err(error) => return Err(Error::server("taking the lease", error)),
        };
        self.notice_session(&answer);
        self.hold(first(&answer, "locked").as_deref() == Some("t"));
        if let Some(from) = rows_of(&answer).find_map(holder).filter(|_| self.locked) {
            self.emit(Event::LeaseTaken { from });
        }
        Ok(true)
    }

    async fn take_lease(
        &mut self,
        lease: &Lease,
    ) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        if !self.lease_table {
            self.create_lease(lease).await?;
            self.lease_table = true;
        }
        self.connection.simple_query(&lease.take(self.history.key)).await
    }

    async fn create_lease(&mut self, lease: &Lease) -> Result<(), postgres::Error> {
        let exists = self.session.as_ref().is_some_and(|session| session.schema_exists);
        let schema = Some(self.history.schema.as_str()).filter(|_| !exists);
        let sql = lease.create(schema);
        let mut attempt = 1;
        loop {
            let Err(error) = self.connection.simple_query(&sql).await else { return Ok(()) };
            if !is_made_meanwhile(error.code()) || attempt == ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// Who has a lease that has not expired.
    pub(crate) async fn lease_holder(&mut self) -> Result<Option<Holder>, Error> {
        let table = self.history.beside(SUFFIX);
        let sql = format!(
            "SELECT run_id, who, {} AS millis, {AT_WORK} AS pid FROM {table} AS o \
             WHERE run_id OPERATOR(pg_catalog.<>) {} AND {}",
            age("renewed_at"),
            literal(&self.report.run_id),
            live()
        );
        match self.connection.simple_query(&sql).await {
            Ok(answer) => Ok(rows_of(&answer).find_map(holder)),
            Err(error) if error.code().is_some_and(|code| code.code() == "42P01") => Ok(None),
            Err(error) => Err(Error::server("looking for a lease", error)
                .help(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO this role"))),
        }
    }
}

/// Whether a transaction was refused because the lease is another's.
pub(crate) fn is_lost(error: &postgres::Error) -> bool {
    words(error).contains(LOST)
}

pub(crate) fn lost() -> Error {
    Error::new(
        ErrorKind::RunLock,
        "another migrator took over while this one did not renew its lease",
    )
    .note(
        "a run that is stopped, or whose watcher cannot reach the server, loses it to the next one",
    )
    .help("run it again: the history tells, and nothing is done twice")
}

/// What the messages of a run that is watched begin with, so that its server process can be found.
pub(crate) fn tag(run_id: &str) -> String {
    format!("/* migrate {run_id} */ ")
}

/// Whether the lease `o` counts: it has not expired, or the server is still at something for its run, which may
/// be what no fence can stop. (Where this role may not see that, it has to have expired.)
fn live() -> String {
    format!("(o.expires_at OPERATOR(pg_catalog.>) {NOW} OR {AT_WORK} IS NOT NULL)")
}

/// The server process that is at something for the run of the lease `o`.
const AT_WORK: &str = "(SELECT a.pid FROM pg_catalog.pg_stat_activity AS a \
    WHERE a.state OPERATOR(pg_catalog.=) 'active' \
    AND pg_catalog.starts_with(a.query, pg_catalog.concat('/* migrate ', o.run_id, ' */ ')) LIMIT 1)";

/// Whether there is a lease table at all, which a run without a lease wants to know: the column `lease`.
pub(crate) fn exists_sql(history: &History) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n \
         ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
         WHERE n.nspname OPERATOR(pg_catalog.=) {}::pg_catalog.name \
         AND c.relname OPERATOR(pg_catalog.=) {}::pg_catalog.name) AS lease",
        literal(&history.schema),
        literal(&format!("{}{SUFFIX}", history.table_name))
    )
}

/// Who takes a lease, for people.
fn who() -> String {
    let application = "pg_catalog.current_setting('application_name')";
    format!(
        "pg_catalog.concat_ws(', ', CASE WHEN {application} OPERATOR(pg_catalog.<>) '' \
         THEN pg_catalog.concat('application ', {application}) END, \
         pg_catalog.concat('role ', SESSION_USER), \
         'from ' OPERATOR(pg_catalog.||) pg_catalog.host(pg_catalog.inet_client_addr()))"
    )
}

/// Reads `run_id`, `who`, `millis`, and `pid` if there is one.
fn holder(row: &postgres::SimpleQueryRow) -> Option<Holder> {
    let lease = format!("run {} ({})", optional(row, "run_id")?, optional(row, "who")?);
    let pid = optional(row, "pid").and_then(|pid| pid.parse().ok()).unwrap_or_default();
    Some(Holder { lease, pid, since: millis(row).unwrap_or_default(), ..Holder::default() })
}
