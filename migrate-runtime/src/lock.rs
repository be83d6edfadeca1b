//! The run lock: one migrator at a time on one history.
//!
//! A session-level advisory lock, asked for again and again and never waited for on the server: a
//! waiter inside `pg_advisory_lock` deadlocks with the holder's `CREATE INDEX CONCURRENTLY`, which
//! waits for every older transaction. Correctness does not rest on it (the history row's primary
//! key decides); it keeps two runners from doing the same work, and it is what statements outside a
//! transaction have.
//!
//! A run that has a watcher holds a [lease](crate::lease) instead. [`RunLock`] says which of the two it is,
//! and this room is the only one that asks.

use std::time::{Duration, Instant};

use postgres::SimpleQueryMessage;

use crate::blocker::{HERE, age, millis};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{optional, rows_of};
use crate::lease::{self, Lease};
use crate::observe::{Event, Holder, Took};
use crate::pooler::PID;
use crate::run::{Run, in_transaction, random};
use crate::session::{ReadOnly, Session, capture};

/// The first pause between two attempts; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How a run keeps others away; decided when it first asks for the run lock.
#[derive(Clone, Debug, Default)]
pub(crate) enum RunLock {
    /// An advisory lock, held by the server process.
    #[default]
    Session,
    /// A row, renewed by the watcher.
    Lease(Lease),
}

impl<C: Connection> Run<'_, C> {
    /// Takes the run lock, waiting as long as the options say. The first attempt also captures the
    /// session, so that an undisturbed run pays one round trip.
    pub(crate) async fn lock(&mut self) -> Result<(), Error> {
        if self.try_lock().await? {
            return Ok(());
        }
        let at_most = self.options.lock_wait;
        let begun = Instant::now();
        let holder = self.holder().await;
        self.emit(Event::WaitingForRunLock { holder, at_most });
        let mut pause = FIRST_PAUSE;
        loop {
            let left = at_most.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(self.lock_timeout(begun.elapsed()).await);
            }
            self.connection.sleep(jitter(pause).min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if self.try_lock().await? {
                let waited = self.report.waited.unwrap_or_default() + begun.elapsed();
                self.report.waited = Some(waited);
                return Ok(());
            }
        }
    }

    /// Whether the run may go on.
    async fn try_lock(&mut self) -> Result<bool, Error> {
        if self.session.is_none() {
            self.choose_lock().await;
            self.capture().await?;
        } else if matches!(self.run_lock, RunLock::Session) {
            self.ask_session_lock().await?;
        }
        if let RunLock::Lease(lease) = self.run_lock.clone() {
            if self.try_lease(&lease).await? {
                return Ok(self.locked);
            }
            self.run_lock = RunLock::Session;
            self.ask_session_lock().await?;
        }
        self.yield_to_lease().await
    }

    /// Whoever can have the lease renewed takes it.
    async fn choose_lock(&mut self) {
        if self.watch().await {
            let lasts = self.options.lease;
            self.run_lock = RunLock::Lease(Lease::new(&self.history, &self.report.run_id, lasts));
        }
    }

    fn try_session_sql(&self) -> String {
        match self.run_lock {
            RunLock::Session => {
                self.if_here(&format!("pg_catalog.pg_try_advisory_lock({})", self.history.key))
            }
            RunLock::Lease(_) => "FALSE".to_owned(),
        }
    }

    /// The first attempt, which learns what there is to know of the session.
    async fn capture(&mut self) -> Result<(), Error> {
        // What follows the lock sees what was committed before the lock was free.
        let capture = capture(&self.try_session_sql(), &self.history.schema);
        let sql = format!("{capture};\n{}", lease::exists_sql(&self.history));
        let answer = match self.connection.simple_query(&sql).await {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| code.code() == "25P02") => {
                return Err(in_transaction().caused_by(error));
            }
            Err(error) => return Err(Error::server("taking the run lock", error)),
        };
        let session = Session::read(&answer);
        self.notice_pid(session.pid);
        if session.in_transaction {
            if session.locked {
                self.send("giving up the run lock", &self.unlock_sql()).await?;
            }
            return Err(in_transaction());
        }
        self.locked = session.locked;
        self.lease_table = first(&answer, "lease").as_deref() == Some("t");
        let refused = session.read_only.map(read_only_error);
        let refused = refused.or_else(|| session.encoding.as_deref().map(encoding_error));
        self.session = Some(session);
        refused.map_or(Ok(()), Err)
    }

    async fn ask_session_lock(&mut self) -> Result<(), Error> {
        let (lock, lease) = (self.try_session_sql(), lease::exists_sql(&self.history));
        let sql = format!("SELECT {lock} AS locked, {PID};\n{lease}");
        let answer = self.send("taking the run lock", &sql).await?;
        self.notice_session(&answer);
        self.locked = first(&answer, "locked").as_deref() == Some("t");
        self.lease_table = first(&answer, "lease").as_deref() == Some("t");
        Ok(())
    }

    /// Gives the advisory lock back where another run has a lease.
    async fn yield_to_lease(&mut self) -> Result<bool, Error> {
        let goes_on = self.locked || self.goes_without_lock();
        if !goes_on || !self.lease_table || self.lease_holder().await?.is_none() {
            return Ok(goes_on);
        }
        if self.locked {
            let answer = self.send("giving up the run lock", &self.unlock_sql()).await?;
            self.release_elsewhere(&answer).await;
            self.locked = false;
        }
        Ok(false)
    }

    /// Whether a migration may run although its run has no lock: nothing that belongs to a session can be
    /// had behind a pooler.
    pub(crate) fn goes_without_lock(&self) -> bool {
        self.pooled && matches!(self.run_lock, RunLock::Session)
    }

    /// The lock is ours, or is not any more.
    pub(crate) fn hold(&mut self, held: bool) {
        self.locked = held;
        if let RunLock::Lease(lease) = &self.run_lock {
            self.renew(held.then(|| lease.clone()));
        }
    }

    /// Takes the lock again after a script gave it up. Even if it is free, somebody else may have
    /// had it meanwhile, so the history has to be read again.
    pub(crate) async fn relock(&mut self) -> Result<(), Error> {
        self.emit(Event::RunLockLost);
        self.hold(false);
        self.lock().await
    }

    async fn lock_timeout(&mut self, waited: Duration) -> Error {
        let holder = self.holder().await;
        let sentence = format!("another migrator still holds the run lock after {}", Took(waited));
        let error = Error::new(ErrorKind::RunLock, sentence);
        let error = match holder {
            Some(holder) => error.note(format!("it is held by {holder}")),
            None => error.note("it was given up just now, or the holder cannot be seen"),
        };
        error.help("wait longer with .lock_wait(…); a holder that hangs can be ended with pg_terminate_backend(pid)")
    }

    /// Who holds the lock; `None` also when the server does not say.
    async fn holder(&mut self) -> Option<Holder> {
        if self.lease_table
            && let Ok(Some(holder)) = self.lease_holder().await
        {
            return Some(holder);
        }
        let sql = format!(
            "SELECT l.pid, a.application_name, a.usename, a.client_addr, a.state, \
             {} AS millis \
             FROM {} LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid LIMIT 1",
            age("a.state_change"),
            held(self.history.key)
        );
        let answer = self.connection.simple_query(&sql).await.ok()?;
        let row = rows_of(&answer).next()?;
        let text = |column| optional(row, column).unwrap_or_default().to_owned();
        Some(Holder {
            pid: text("pid").parse().ok()?,
            application_name: text("application_name"),
            user: text("usename"),
            client: text("client_addr"),
            state: text("state"),
            since: millis(row).unwrap_or_default(),
            lease: String::new(),
        })
    }

    /// What ends a run's last message: gives the lock up.
    pub(crate) fn unlock_sql(&self) -> String {
        match &self.run_lock {
            RunLock::Lease(lease) => lease.release_last(),
            RunLock::Session => {
                let unlock = format!("pg_catalog.pg_advisory_unlock({})", self.history.key);
                format!("SELECT {} AS migrate_locked, {PID}", self.if_here(&unlock))
            }
        }
    }

    /// What ends a run that failed.
    pub(crate) fn tidy_sql(&self, restore: &str) -> String {
        let unlock = if self.locked { self.unlock_sql() } else { "SELECT".to_owned() };
        match self.run_lock {
            // The lock first: the caller's role may be gone, and then nothing after it runs.
            RunLock::Session => format!("ROLLBACK;\n{unlock};\n{restore}"),
            // The caller's role has a right to it, and the watcher gives it up in any case.
            RunLock::Lease(_) => format!("ROLLBACK;\n{restore};\n{unlock}"),
        }
    }

    /// What ends every other message: is the lock still ours? A lease was when the transaction before was
    /// committed.
    pub(crate) fn still_locked_sql(&self) -> String {
        match &self.run_lock {
            RunLock::Lease(_) => format!("SELECT TRUE AS migrate_locked, {PID}"),
            RunLock::Session => format!(
                "SELECT EXISTS (SELECT FROM {} AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()) AS migrate_locked, {PID}",
                held_where(self.history.key)
            ),
        }
    }

    /// What stands before the `COMMIT` of every transaction that writes the history: it fails where a lease
    /// is another's.
    pub(crate) fn fence(&self) -> Option<String> {
        match &self.run_lock {
            RunLock::Lease(lease) => Some(lease.fence()),
            RunLock::Session => None,
        }
    }

    /// What follows a script in its transaction, before its bookkeeping: the session as it was, and the fence.
    pub(crate) fn close_script(&self) -> String {
        let restore = self.session.as_ref().map_or("", |session| &session.restore);
        match self.fence() {
            Some(fence) => format!("{restore};\n{fence}"),
            None => restore.to_owned(),
        }
    }
}

fn read_only_error(why: ReadOnly) -> Error {
    match why {
        ReadOnly::Replica => {
            Error::new(ErrorKind::ReadOnly, "this server is a replica, which takes no writes")
                .help("connect to the primary: target_session_attrs=read-write with all hosts")
        }
        ReadOnly::Default => Error::new(ErrorKind::ReadOnly, "this session takes no writes")
            .note("default_transaction_read_only is on, for the session, its role or the database")
            .help("if that is not on purpose: SET default_transaction_read_only = off"),
    }
}

fn encoding_error(encoding: &str) -> Error {
    let sentence = format!("client_encoding is {encoding}, and scripts are UTF-8");
    Error::new(ErrorKind::Encoding, sentence)
        .help("SET client_encoding = 'UTF8', as it was at first")
}

/// The lock in `pg_locks`, to be followed by a join.
fn held(key: i64) -> String {
    format!("(SELECT l.pid FROM {}) AS l", held_where(key))
}

/// The lock in `pg_locks`, to be followed by `AND`. A 64-bit key stands there in two halves.
fn held_where(key: i64) -> String {
    let bits = u64::from_ne_bytes(key.to_ne_bytes());
    let (high, low) = (bits >> 32, bits & 0xffff_ffff);
    format!(
        "pg_catalog.pg_locks AS l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted \
         AND l.objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2 \
         AND l.classid OPERATOR(pg_catalog.=) {high}::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) {low}::pg_catalog.oid \
         AND l.database OPERATOR(pg_catalog.=) {HERE}"
    )
}

pub(crate) fn first(answer: &[SimpleQueryMessage], column: &str) -> Option<String> {
    rows_of(answer).find_map(|row| optional(row, column)).map(str::to_owned)
}

/// Between half and all of a pause, so that many waiters do not come at the same moment.
pub(crate) fn jitter(pause: Duration) -> Duration {
    let half = pause / 2;
    let span = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
    half + Duration::from_micros(random() % span)
}
