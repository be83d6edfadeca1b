//! Scripts that run outside a transaction: statement by statement, progress recorded after each,
//! resumed where they stopped.
//!
//! A statement that PostgreSQL lets into a transaction travels in one together with its progress,
//! so a crash cannot come between the two. The server itself says which ones it does not let in
//! (25001, and 2D000 for a procedure that commits); these travel alone, and a crash can leave them
//! done but not recorded. A concurrent index can be looked up, built or dropped; anything else is run
//! again, and the error explains itself if that fails.
//!
//! The script's own settings (`SET lock_timeout = 0; CREATE INDEX CONCURRENTLY …`) hold from
//! statement to statement and are set again when it is resumed.

use std::time::Instant;

use postgres::SimpleQueryMessage;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::execute::{is_cut, times};
use crate::history::{GONE, LOST, Progress};
use crate::interrupted::is_done_already;
use crate::job::{Job, Message, Statement};
use crate::lease;
use crate::observe::{Direction, Event};
use crate::patience::{Attempts, is_transient};
use crate::plan::statements_hash;
use crate::pooler::PID;
use crate::run::{Outcome, Run};
use crate::table_lock::TableLocks;

mod block;
mod hooks;
mod index;

use block::own_transaction;
use index::Left;

/// What became of a statement that was sent together with its progress.
enum Together {
    Done(Vec<SimpleQueryMessage>),
    /// It cannot run in a transaction.
    Alone,
}

impl<C: Connection> Run<'_, C> {
    /// Runs one job outside a transaction.
    pub(crate) async fn stepwise(&mut self, job: &Job, last: bool) -> Result<Outcome, Error> {
        let (id, direction, of) = (&job.id, job.direction, job.statements.len());
        if self.begun.0 != Some(id.version()) {
            self.begun = (Some(id.version()), Instant::now());
        }
        self.started(job);
        let begin = job.resume.as_ref().map_or(0, |partly| partly.done).min(of);
        if begin > 0 {
            self.emit(Event::Resumed { migration: id.clone(), done: begin, of });
        }
        let Some(mut answer) = self.begin_steps(job, begin).await? else {
            return Ok(Outcome::LookAgain);
        };
        self.notice_session(&answer);
        if self.pooled && begin == 0 && direction == Direction::Up {
            let fence = self.fence().map(|fence| fence + ";\n").unwrap_or_default();
            let sql = fence + &self.history.forget(id.version());
            self.send("forgetting that it began", &sql).await?;
        }
        for step in begin..of {
            self.check_session(job)?;
            if !self.is_skipped(job, step, &answer).await? {
                answer = self.step(job, step, last).await?;
            } else {
                answer = self.mark(job, step, last).await?;
            }
            if of > 1 {
                self.emit(Event::StepDone { direction, migration: id.clone(), step: step + 1, of });
            }
            if step + 1 < of && self.after_epilogue(&answer, false).await? == Outcome::LookAgain {
                return Ok(Outcome::LookAgain);
            }
        }
        if begin == of {
            // The run died between the last statement and the end.
            answer = self.record_end(job, last).await?;
        }
        let took = times(&answer).next();
        self.done(id.clone(), direction, took);
        self.after_epilogue(&answer, last).await
    }

    /// Records that the script has begun, or goes on. `None` when somebody else has begun it.
    async fn begin_steps(
        &mut self,
        job: &Job,
        begin: usize,
    ) -> Result<Option<Vec<SimpleQueryMessage>>, Error> {
        let settings = settings(&job.statements[..begin]);
        for statement in settings {
            self.send("setting again what the script had set", &statement.text)
                .await
                .map_err(|error| error.of(job.id.clone()))?;
        }
        let run = self.report.run_id.clone();
        let mut message = Message::default();
        message.ours("BEGIN");
        message.ours(&self.local());
        match (job.direction, job.migration, &job.resume) {
            (Direction::Up, Some(migration), None) => {
                message.ours(&self.history.insert(migration, &run, true));
            }
            (Direction::Up, Some(migration), Some(_)) => {
                message.ours(&self.history.refresh(migration, &run));
            }
            _ => {}
        }
        message.ours(&self.progress(job, begin, GONE));
        self.before_steps(job).iter().for_each(|sql| message.ours(sql));
        self.fence().iter().for_each(|fence| message.ours(fence));
        message.ours("COMMIT");
        if !sets_lock_timeout(&job.statements[..begin]) {
            // A build that others do not wait for may wait for them, whatever the role says.
            message.ours(UNLIMITED);
        }
        message.ours(&self.index_sql(job, begin));
        message.ours(&format!("SELECT {PID}"));
        match self.send_patiently(job, message.sql()).await? {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if is_cut(&error) => Err(self.cut(std::slice::from_ref(job), error)),
            Err(error) if self.is_elsewhere(job, &error) => {
                self.elsewhere(job, &error).await?;
                Ok(None)
            }
            Err(error) if lease::is_lost(&error) => {
                self.send("rolling back", "ROLLBACK").await?;
                self.relock().await?;
                Ok(None)
            }
            Err(error) => Err(self.not_begun(job, begin, error).await),
        }
    }

    /// Runs one statement and records it, together if the server lets it.
    async fn step(
        &mut self,
        job: &Job,
        step: usize,
        last: bool,
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        if job.statements[step].builds.is_none()
            && let Together::Done(answer) = self.together(job, step, last).await?
        {
            return Ok(answer);
        }
        if job.resume.as_ref().is_some_and(|partly| partly.done == step) {
            self.sweep(job, step).await?;
        }
        self.alone(job, step).await?;
        self.mark(job, step, last).await
    }

    /// Runs one statement outside a transaction, again and again where others would wait behind it
    /// (`VACUUM FULL`).
    async fn alone(&mut self, job: &Job, step: usize) -> Result<(), Error> {
        let statement = &job.statements[step];
        let limited =
            keeps_others_waiting(statement) && !sets_lock_timeout(&job.statements[..step]);
        let mut attempts = self.attempts(job);
        let mut message = self.new_message();
        message.theirs(0, step, &statement.text);
        loop {
            if limited {
                self.send("limiting the wait for locks", &attempts.for_session()).await?;
            }
            let Err(error) = self.send_watched(job, Some(step), &message).await else { break };
            if limited && is_transient(&error) {
                self.wait_for_next(job, step, &mut attempts, error).await?;
                continue;
            }
            let is_done = died_here(job, step) && is_done_already(&statement.text, &error);
            if !is_done && !self.finalized(&statement.text, &error).await {
                return Err(self.stopped(job, step, &message, error).await);
            }
            break;
        }
        if limited {
            self.send("waiting for locks as before", UNLIMITED).await?;
        }
        Ok(())
    }

    /// Before the next attempt at a statement. Where there is none, the next run goes on with this statement.
    async fn wait_for_next(
        &mut self,
        job: &Job,
        step: usize,
        attempts: &mut Attempts,
        error: postgres::Error,
    ) -> Result<(), Error> {
        let words = crate::error::words(&error);
        let Err(failed) = self.try_again(job, attempts, error).await else { return Ok(()) };
        let recorded = self.record_stop(job, step, &words).await;
        Err(with_record(failed.now(self.standing_partly(job, step)), recorded))
    }

    async fn together(&mut self, job: &Job, step: usize, last: bool) -> Result<Together, Error> {
        let mut attempts = self.attempts(job);
        attempts.without_locking_first();
        let limited = !sets_lock_timeout(&job.statements[..step]);
        loop {
            let message = self.with_progress(job, step, last, limited.then_some(&attempts));
            let error = match self.send_watched(job, Some(step), &message).await {
                Ok(answer) => return Ok(Together::Done(answer)),
                Err(error) => error,
            };
            let transient = is_transient(&error);
            if let Some(fault) = self.last_step_or_hook(job, step, &error).filter(|_| !transient) {
                let row = Some(self.stopped_row(job, step, &Left::Nothing));
                return Err(self.stopped_by_hook(job, step, fault, row, error).await);
            }
            match error.code().map(postgres::error::SqlState::code) {
                Some("25001" | "2D000") => {
                    self.send("rolling back", "ROLLBACK").await?;
                    return Ok(Together::Alone);
                }
                _ if transient => {
                    self.send("rolling back", "ROLLBACK").await?;
                    self.wait_for_next(job, step, &mut attempts, error).await?;
                }
                _ => return Err(self.stopped(job, step, &message, error).await),
            }
        }
    }

    /// A statement and its progress in one transaction.
    fn with_progress(
        &self,
        job: &Job,
        step: usize,
        last: bool,
        limits: Option<&Attempts>,
    ) -> Message {
        let mut message = self.new_message();
        let text = job.statements[step].text.as_ref();
        let Some(commit) = own_transaction(text) else {
            message.ours("BEGIN");
            limits.iter().flat_map(|it| self.prologue(it)).for_each(|sql| message.ours(&sql));
            message.theirs(0, step, text);
            message.ours(&self.record_sql(job, step, last));
            return message;
        };
        // Its `BEGIN` is its own, so the limit holds for the session meanwhile.
        limits.iter().for_each(|it| message.ours(&it.for_session()));
        message.theirs(0, step, &text[..commit]);
        message.ours(&self.record_sql(job, step, last));
        if limits.is_some() && step + 1 < job.statements.len() {
            message.ours(UNLIMITED);
        }
        message
    }

    /// Records that a statement is done which ran alone.
    async fn mark(
        &mut self,
        job: &Job,
        step: usize,
        last: bool,
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        if step + 1 == job.statements.len() && !job.hooks.is_empty() {
            return self.record_end(job, last).await;
        }
        let sql = format!("BEGIN;\n{}", self.record_sql(job, step, last));
        match self.connection.simple_query(&sql).await {
            Ok(answer) => Ok(answer),
            Err(error) if is_cut(&error) => Err(self.cut(std::slice::from_ref(job), error)),
            Err(error) => {
                let note = format!("statement {} is done, and that is not recorded", step + 1);
                Err(self.bookkeeping_failed(job, error).note(note))
            }
        }
    }

    /// Everything that follows a statement in its message, after `BEGIN`.
    fn record_sql(&self, job: &Job, step: usize, last: bool) -> String {
        let done = step + 1;
        if done == job.statements.len() {
            return self.end_sql(job, last);
        }
        let fence = self.fence().map(|fence| format!("{fence};\n")).unwrap_or_default();
        format!(
            "{};\n{};\n{fence}COMMIT;\n{};\n{}",
            self.local(),
            self.progress(job, done, LOST),
            self.lock_epilogue(false),
            self.index_sql(job, done)
        )
    }

    /// Ends a script: the session as it was, the row complete (or gone), the log.
    fn end_sql(&self, job: &Job, last: bool) -> String {
        let version = job.id.version();
        let before = self.begun.1.elapsed();
        let close = self.close_script();
        let (row, log) = match job.direction {
            Direction::Up => {
                (self.history.complete(version), self.history.log_up(version, Some(before)))
            }
            Direction::Down => (
                self.history.delete(version),
                self.history.log_down(version, job.id.name(), &self.report.run_id, before),
            ),
        };
        let epilogue = self.lock_epilogue(last);
        let limits = self.limits(&self.attempts(job));
        let restore = self.session.as_ref().map_or("", |session| &session.restore);
        let hooks = job.hooks.after_script(&limits, restore);
        let hooks: String = hooks.iter().map(|sql| format!("{sql};\n")).collect();
        format!("{hooks}{close};\n{row};\n{log};\nCOMMIT;\n{epilogue}")
    }

    /// A statement that failed: remember that it did, so that the next run does not wonder.
    async fn stopped(
        &mut self,
        job: &Job,
        step: usize,
        message: &Message,
        error: postgres::Error,
    ) -> Error {
        if is_cut(&error) {
            return self.cut(std::slice::from_ref(job), error);
        }
        if lease::is_lost(&error) {
            return self.bookkeeping_failed(job, error).now(self.standing_partly(job, step));
        }
        let at = self.spot(message, &error);
        // While the script's own settings still hold.
        let left = self.left_behind(job, step).await;
        let words = crate::error::words(&error);
        let row = self.stopped_row(job, step, &left);
        let recorded = self.record_failure(job, &row, &words).await;
        let mut failed = self
            .step_failed(job, step, at, error)
            .now(self.standing_partly(job, step) + &left.standing(job))
            .help("mend the statement (or what it met) and run it again: it goes on from there");
        if died_here(job, step) {
            failed = failed.note(
                "an earlier run died during this statement, so it may have come through then; \
                 if it did, make it one that may run twice (IF NOT EXISTS)",
            );
        }
        if let Left::Perhaps(note) = left {
            failed = failed.note(note);
        }
        if failed.kind() == ErrorKind::Script {
            failed = self.with_remedy(failed).await;
        }
        with_record(failed, recorded)
    }

    /// Ends what is open and records at which statement a script stopped that builds no index, and the
    /// server's words.
    async fn record_stop(
        &mut self,
        job: &Job,
        step: usize,
        words: &str,
    ) -> Result<(), postgres::Error> {
        let row = self.stopped_row(job, step, &Left::Nothing);
        self.record_failure(job, &row, words).await
    }

    /// Ends what is open and records a failure: in the history, where there is something to `row`, and
    /// in the log.
    async fn record_failure(
        &mut self,
        job: &Job,
        row: &str,
        words: &str,
    ) -> Result<(), postgres::Error> {
        let (id, run) = (&job.id, &self.report.run_id);
        let log = self.history.log_failure(id.version(), id.name(), job.half(), run, words);
        let close = self.close_script();
        let sql = format!("ROLLBACK;\n{close};\n{row};\n{log}");
        self.connection.simple_query(&sql).await.map(drop)
    }

    /// What the history is told of a script that stopped at a statement. If nothing was done then nothing
    /// is remembered either, unless an INVALID index may be there.
    fn stopped_row(&self, job: &Job, step: usize, left: &Left) -> String {
        let version = job.id.version();
        match (step, job.direction, left) {
            (0, Direction::Up, Left::Nothing) => self.history.forget(version),
            (0, Direction::Down, Left::Nothing) => self.history.remember(version),
            _ => self.failed(job, step),
        }
    }

    fn progress(&self, job: &Job, done: usize, words: &str) -> String {
        let hash = done_hash(job, done);
        let progress = Progress { half: job.half(), done, failed: false, hash: &hash };
        self.history.advance(job.id.version(), progress, words)
    }

    fn failed(&self, job: &Job, done: usize) -> String {
        let hash = done_hash(job, done);
        let progress = Progress { half: job.half(), done, failed: true, hash: &hash };
        self.history.failed(job.id.version(), progress)
    }

    fn local(&self) -> String {
        self.session.as_ref().map(|session| session.local.clone()).unwrap_or_default()
    }
}

fn with_record(failed: Error, recorded: Result<(), postgres::Error>) -> Error {
    match recorded {
        Ok(()) => failed,
        Err(error) => failed
            .note(format!("the failure could not be recorded: {}", crate::error::words(&error))),
    }
}

/// Whether others wait behind a statement that waits for its locks: `VACUUM FULL` does that, what is done
/// concurrently is made not to.
fn keeps_others_waiting(statement: &Statement) -> bool {
    let is_concurrent = statement.text.to_ascii_lowercase().contains("concurrently");
    !is_concurrent && TableLocks(statement.locks).any(|lock| lock.mode.blocks_writes())
}

/// No limit for waiting on a lock.
const UNLIMITED: &str = "SET lock_timeout TO 0";

/// Whether a script has its own limit for waiting on locks, which is not ours to change.
fn sets_lock_timeout(done: &[Statement]) -> bool {
    done.iter().any(|it| it.setting && it.text.to_ascii_lowercase().contains("lock_timeout"))
}

/// What the statements that are done have left switched on.
fn settings(done: &[Statement]) -> impl Iterator<Item = &Statement> {
    let discards = |statement: &Statement| {
        let first = statement.text.split_whitespace().next().unwrap_or_default();
        first.eq_ignore_ascii_case("discard")
    };
    let from = done.iter().rposition(discards).unwrap_or_default();
    done[from..].iter().filter(|statement| statement.setting)
}

/// An earlier run began this statement and did not live to record how it ended.
fn died_here(job: &Job, step: usize) -> bool {
    job.resume.as_ref().is_some_and(|partly| partly.done == step && !partly.failed)
}

fn done_hash(job: &Job, done: usize) -> String {
    statements_hash(job.statements.iter().take(done).map(|statement| statement.text.as_ref()))
}
