//! Running jobs: which travel together, what their answers say, and where to go on after an error.
//!
//! A transactional job is one message; on a fresh database many share one. After an error in such a
//! message the earlier ones are in and the later ones out (a syntax error anywhere means that
//! nothing ran at all, for the server reads the whole message first), so the history tells how far
//! it came, and the rest goes on with the suspect alone. What runs outside a transaction is the
//! affair of [`crate::stepwise`].

use std::ops::Range;
use std::time::{Duration, Instant};

use postgres::SimpleQueryMessage;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind, is_disconnect, words};
use crate::history::{GONE, Row, Rows, optional, rows_of};
use crate::job::{Around, Job, Message, Spot, transaction};
use crate::lease;
use crate::lock::first;
use crate::observe::{Direction, Event};
use crate::patience::{Attempts, cannot_be_locked, is_transient};
use crate::run::{Outcome, Run};

/// The most text that shares a message: the server parses a message as a whole, and needs many
/// times its size for that.
const MESSAGE_BYTES: usize = 4 << 20;

/// What became of the jobs of one message.
enum Sent {
    Done,
    LookAgain,
    /// So many are in; the next is to be sent alone if it is this one.
    Stopped {
        applied: usize,
        suspect: Option<usize>,
    },
}

impl<C: Connection> Run<'_, C> {
    /// Runs jobs in order; the last one's message gives the run lock up.
    pub(crate) async fn execute(&mut self, jobs: &[Job], fresh: bool) -> Result<Outcome, Error> {
        // Nothing is begun that will be refused.
        if let Some(job) = jobs.iter().find(|job| !job.transactional) {
            self.check_session(job)?;
        }
        let mut next = 0;
        // After an error in a shared message: nothing before this one is suspected.
        let mut suspect: Option<Range<usize>> = None;
        while let Some(job) = jobs.get(next) {
            if !job.transactional {
                let last = next + 1 == jobs.len();
                let outcome = self.stepwise(job, last).await;
                if outcome.map_err(|error| error.of(job.id.clone()))? == Outcome::LookAgain {
                    // It may have stopped in the middle, with its settings on.
                    self.put_back().await?;
                    return Ok(Outcome::LookAgain);
                }
                next += 1;
                continue;
            }
            let end = if fresh { group_end(jobs, next, suspect.as_ref()) } else { next + 1 };
            match self.send_group(&jobs[next..end], end == jobs.len()).await? {
                Sent::Done => next = end,
                Sent::LookAgain => return Ok(Outcome::LookAgain),
                Sent::Stopped { applied, suspect: within } => {
                    // Without a position everything left of this message is suspected.
                    suspect =
                        Some(within.map_or(next + applied..end, |at| next + at..next + at + 1));
                    next += applied;
                }
            }
        }
        Ok(Outcome::Done)
    }

    async fn send_group(&mut self, group: &[Job], last: bool) -> Result<Sent, Error> {
        if let [job] = group {
            self.started(job);
            return self.send_one(job, last).await;
        }
        let attempts: Vec<Attempts> = group.iter().map(|job| self.attempts(job)).collect();
        let message = self.message(group, &attempts, last);
        let begun = Instant::now();
        match self.send_watched(&group[0], None, &message).await {
            Ok(answer) => self.group_done(group, &answer, last).await,
            Err(error) => self.group_failed(group, &message, error, begun.elapsed()).await,
        }
    }

    /// Sends a job by itself, again and again where others are in its way.
    async fn send_one(&mut self, job: &Job, last: bool) -> Result<Sent, Error> {
        let group = std::slice::from_ref(job);
        let mut attempts = self.attempts(job);
        loop {
            let message = self.message(group, std::slice::from_ref(&attempts), last);
            let begun = Instant::now();
            let error = match self.send_watched(job, None, &message).await {
                Ok(answer) => return self.group_done(group, &answer, last).await,
                Err(error) => error,
            };
            let again = is_transient(&error);
            if again || cannot_be_locked(&error) && attempts.without_locking_first() {
                self.send("rolling back", "ROLLBACK").await?;
                if again {
                    self.try_again(job, &mut attempts, error).await?;
                }
                continue;
            }
            return self.group_failed(group, &message, error, begun.elapsed()).await;
        }
    }

    fn message(&self, group: &[Job], attempts: &[Attempts], last: bool) -> Message {
        let mut message = self.new_message();
        let restore = self.session.as_ref().map_or("", |session| &session.restore);
        let close = self.close_script();
        for (number, (job, attempts)) in group.iter().zip(attempts).enumerate() {
            let (limits, prologue) = (self.limits(attempts), self.prologue(attempts));
            let run = &self.report.run_id;
            let around =
                Around { run, restore, close: &close, limits: &limits, prologue: &prologue };
            transaction(&mut message, number, job, &self.history, &around);
        }
        message.ours(&self.lock_epilogue(last));
        message
    }

    /// The end of a message after its last `COMMIT`.
    pub(crate) fn lock_epilogue(&self, last: bool) -> String {
        if last && !self.keep_lock { self.unlock_sql() } else { self.still_locked_sql() }
    }

    /// Reads the answer to [`lock_epilogue`](Self::lock_epilogue).
    pub(crate) async fn after_epilogue(
        &mut self,
        answer: &[SimpleQueryMessage],
        last: bool,
    ) -> Result<Outcome, Error> {
        self.notice_session(answer);
        let held = first(answer, "migrate_locked").as_deref() == Some("t");
        if self.goes_without_lock() {
            // Where the lock was left, it is given up at the end of the run.
            self.locked &= !(last && !self.keep_lock && held);
            return Ok(Outcome::Done);
        }
        if last && !self.keep_lock {
            self.hold(false);
            if !held {
                self.emit(Event::RunLockLost);
            }
            return Ok(Outcome::Done);
        }
        if held {
            return Ok(Outcome::Done);
        }
        self.relock().await?;
        Ok(Outcome::LookAgain)
    }

    async fn group_done(
        &mut self,
        group: &[Job],
        answer: &[SimpleQueryMessage],
        last: bool,
    ) -> Result<Sent, Error> {
        let mut took = times(answer);
        for job in group {
            if group.len() > 1 {
                // They went off together; a log of pairs reads better than two lists.
                self.started(job);
            }
            self.done(job.id.clone(), job.direction, took.next());
        }
        match self.after_epilogue(answer, last).await? {
            Outcome::Done => Ok(Sent::Done),
            Outcome::LookAgain => Ok(Sent::LookAgain),
        }
    }

    async fn group_failed(
        &mut self,
        group: &[Job],
        message: &Message,
        error: postgres::Error,
        took: Duration,
    ) -> Result<Sent, Error> {
        if is_cut(&error) {
            return Err(self.cut(group, error));
        }
        if lease::is_lost(&error) {
            self.conflict = Some(words(&error));
            self.count_applied(group).await?;
            self.relock().await?;
            return Ok(Sent::LookAgain);
        }
        let spot = self.spot(message, &error);
        if let [job] = group {
            if self.is_elsewhere(job, &error) {
                self.elsewhere(job, &error).await?;
                return Ok(Sent::LookAgain);
            }
            return Err(self.transaction_failed(job, spot, error, took).await);
        }
        let applied = self.count_applied(group).await?;
        let cancelled = error.code().is_some_and(|code| code.code() == "57014");
        match group.get(applied) {
            Some(job) if cancelled => {
                self.started(job);
                let spot = spot.filter(|spot| spot.job == applied);
                Err(self.transaction_failed(job, spot, error, took).await)
            }
            _ => Ok(Sent::Stopped { applied, suspect: spot.map(|spot| spot.job) }),
        }
    }

    /// After an error in a shared message: how many of its jobs are in.
    async fn count_applied(&mut self, group: &[Job]) -> Result<usize, Error> {
        self.send("rolling back", "ROLLBACK").await?;
        let look = self.look("", Rows::Always).await?;
        let mut applied = 0;
        for job in group {
            let row = look.rows.iter().find(|row| row.version == job.id.version());
            let ours = |row: &&Row| row.run_id == self.report.run_id;
            let Some(row) = row.filter(ours) else { break };
            self.started(job);
            self.done(job.id.clone(), job.direction, row.duration);
            applied += 1;
        }
        Ok(applied)
    }

    /// Whether the error says that another runner did this job.
    pub(crate) fn is_elsewhere(&self, job: &Job, error: &postgres::Error) -> bool {
        let Some(db) = error.as_db_error() else { return false };
        let inserted = db.code().code() == "23505"
            && db.table() == Some(&self.history.table_name)
            && db.schema() == Some(&self.history.schema);
        db.message().contains(GONE) || (job.direction == Direction::Up && inserted)
    }

    /// Makes room for what another runner did.
    pub(crate) async fn elsewhere(
        &mut self,
        job: &Job,
        error: &postgres::Error,
    ) -> Result<(), Error> {
        self.send("rolling back", "ROLLBACK").await?;
        self.emit(Event::DoneElsewhere { migration: job.id.clone() });
        self.conflict = Some(words(error)).filter(|said| !said.contains(GONE));
        Ok(())
    }

    pub(crate) fn started(&self, job: &Job) {
        self.emit(Event::Started { direction: job.direction, migration: job.id.clone() });
    }

    /// The statement that the server's position points to.
    pub(crate) fn spot(&self, message: &Message, error: &postgres::Error) -> Option<Spot> {
        let bytes = self.session.as_ref().is_some_and(|session| session.bytes);
        message.spot(position(error)?, bytes)
    }

    /// The connection went away while jobs were under way.
    pub(crate) fn cut(&self, jobs: &[Job], error: postgres::Error) -> Error {
        let said = words(&error);
        let (what, unknown) = match jobs {
            [job] => (job.title(), format!("whether {} came through", job.title())),
            [first, .., last] => {
                (format!("{} to {}", first.id, last.id), "how far these came".to_owned())
            }
            [] => ("the run".to_owned(), "how far it came".to_owned()),
        };
        let sentence = format!("the connection was lost during {what}: {said}");
        let error = Error::new(ErrorKind::Connection, sentence)
            .caused_by(error)
            .now(format!("{}; {unknown} is not known", self.standing()))
            .help("run it again: the history tells, and nothing is done twice");
        match jobs {
            [job] => error.of(job.id.clone()),
            _ => error,
        }
    }
}

/// How far a shared message may reach: up to the next job that has to be alone.
fn group_end(jobs: &[Job], next: usize, suspect: Option<&Range<usize>>) -> usize {
    let mut bytes = 0;
    let mut end = next;
    for job in &jobs[next..] {
        let alone = suspect.is_some_and(|range| range.contains(&end));
        bytes += job.statements.iter().map(|statement| statement.text.len()).sum::<usize>();
        bytes += job.hooks.bytes();
        if end > next && (alone || !job.transactional || bytes > MESSAGE_BYTES) {
            break;
        }
        end += 1;
        if alone {
            break;
        }
    }
    end
}

/// Where in the message the server saw the error, when it says so.
pub(crate) fn position(error: &postgres::Error) -> Option<u32> {
    match error.as_db_error()?.position()? {
        postgres::error::ErrorPosition::Original(position) => Some(*position),
        postgres::error::ErrorPosition::Internal { .. } => None,
    }
}

/// Whether there is nobody left to talk to.
pub(crate) fn is_cut(error: &postgres::Error) -> bool {
    error.as_db_error().is_none_or(is_disconnect)
}

/// The durations that the log answered with, in order.
pub(crate) fn times(answer: &[SimpleQueryMessage]) -> impl Iterator<Item = Duration> {
    rows_of(answer)
        .filter(|row| row.columns().first().is_some_and(|c| c.name() == "migrate_version"))
        .filter_map(|row| optional(row, "migrate_micros")?.parse::<i64>().ok())
        .map(|micros| Duration::from_micros(micros.unsigned_abs()))
}
