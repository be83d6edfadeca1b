//! Behind a pooler in transaction mode every message may reach another server process, and what belongs
//! to a session (the run lock, a setting) stays behind in one that is shared with others.
//!
//! It cannot be asked for; it shows when two messages of a run are answered by different processes. That
//! may not happen to a run that has the pooler to itself, so correctness does not rest on it: the
//! history's primary key decides. What is done about it:
//!
//! - The run lock is only ever taken, and given up, in the process that answered first. So it is mostly
//!   never taken; where it was, because the switch came later, the run tries to meet that process again.
//! - Transactional migrations, one message each, go on without it.
//! - Scripts that run statement by statement are refused: their settings and the lock that keeps a second
//!   runner from the same statement need a session.
//! - A run that has a watcher takes no lock that belongs to a session, but a [lease](crate::lease).

use std::time::{Duration, Instant};

use postgres::SimpleQueryMessage;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::job::Job;
use crate::lock::{RunLock, first, jitter};
use crate::observe::Event;
use crate::run::Run;

/// The column that tells which process answers.
pub(crate) const PID: &str = "pg_catalog.pg_backend_pid() AS migrate_pid";

/// So long the process that holds the lock is looked for.
const LOOK_FOR_IT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

impl<C: Connection> Run<'_, C> {
    /// Reads which process gave an answer that has the column [`PID`].
    pub(crate) fn notice_session(&mut self, answer: &[SimpleQueryMessage]) {
        self.notice_pid(pid(answer));
    }

    pub(crate) fn notice_pid(&mut self, pid: Option<i32>) {
        self.pooled |= self.pid.is_some() && pid.is_some() && self.pid != pid;
        self.pid = self.pid.or(pid);
    }

    /// A call that is only made in the process that answered first, and NULL in any other.
    pub(crate) fn if_here(&self, call: &str) -> String {
        match self.pid {
            Some(pid) => format!(
                "CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) {pid} THEN {call} END"
            ),
            None => call.to_owned(),
        }
    }

    /// Refuses a job that needs a session where there is none.
    pub(crate) fn check_session(&self, job: &Job) -> Result<(), Error> {
        if job.transactional || !self.pooled {
            return Ok(());
        }
        let sentence = format!(
            "{} runs outside a transaction, which does not work through a pooler in transaction mode",
            job.title()
        );
        Err(Error::new(ErrorKind::Pooled, sentence)
            .of(job.id.clone())
            .note("this connection's messages were answered by different server processes")
            .now(self.standing())
            .help("migrate with a URL that leads to the server directly, or to a pool in session mode"))
    }

    /// After an attempt to give the run lock up: if another process answered, the right one is looked
    /// for. A pooler takes one process after the other, or the one that was given back last; then the
    /// right one is only met while others are busy.
    pub(crate) async fn release_elsewhere(&mut self, answer: &[SimpleQueryMessage]) {
        if !matches!(self.run_lock, RunLock::Session) {
            return;
        }
        let mut answered_by = pid(answer);
        let begun = Instant::now();
        while self.locked && answered_by != self.pid && begun.elapsed() < LOOK_FOR_IT {
            self.connection.sleep(jitter(PAUSE)).await;
            let Ok(answer) = self.connection.simple_query(&self.unlock_sql()).await else { return };
            answered_by = pid(&answer);
        }
        if let Some(pid) = self.pid.filter(|_| self.locked && answered_by != self.pid) {
            self.emit(Event::RunLockLeft { pid });
        }
    }
}

fn pid(answer: &[SimpleQueryMessage]) -> Option<i32> {
    first(answer, "migrate_pid")?.parse().ok()
}
