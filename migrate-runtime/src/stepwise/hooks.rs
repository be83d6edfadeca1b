//! Hooks around a script that runs statement by statement: in the transactions that record its beginning
//! and its end.

use postgres::SimpleQueryMessage;

use crate::connection::Connection;
use crate::error::Error;
use crate::execute::is_cut;
use crate::failure::hook_failed;
use crate::history::Progress;
use crate::hook::{Fault, When};
use crate::job::Job;
use crate::patience::is_transient;
use crate::run::Run;

use super::with_record;

impl<C: Connection> Run<'_, C> {
    /// What hooks run in the transaction that records the beginning.
    pub(super) fn before_steps(&self, job: &Job) -> Vec<String> {
        let mut sql: Vec<String> = job.hooks.statements(When::Before).collect();
        if !sql.is_empty() {
            // The bookkeeping before them waits for as long as it takes.
            sql.splice(0..0, self.limits(&self.attempts(job)));
        }
        sql
    }

    /// Sends bookkeeping with hooks in it, which may meet locks; without hooks it does not.
    pub(super) async fn send_patiently(
        &mut self,
        job: &Job,
        sql: &str,
    ) -> Result<Result<Vec<SimpleQueryMessage>, postgres::Error>, Error> {
        let mut attempts = self.attempts(job);
        loop {
            match self.connection.simple_query(sql).await {
                Err(error) if is_transient(&error) && !job.hooks.is_empty() => {
                    self.send("rolling back", "ROLLBACK").await?;
                    self.try_again(job, &mut attempts, error).await?;
                }
                answer => return Ok(answer),
            }
        }
    }

    /// The beginning could not be recorded.
    pub(super) async fn not_begun(
        &mut self,
        job: &Job,
        begin: usize,
        error: postgres::Error,
    ) -> Error {
        match self.hook_to_blame(job, When::Before, &error) {
            // What is done is recorded already.
            Some(fault) => self.stopped_by_hook(job, begin, fault, None, error).await,
            None => Error::server(&format!("recording {}", job.title()), error),
        }
    }

    /// Records the end of a script, all statements of which are done.
    pub(super) async fn record_end(
        &mut self,
        job: &Job,
        last: bool,
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        let sql = format!("BEGIN;\n{}", self.end_sql(job, last));
        let done = job.statements.len();
        let hash = super::done_hash(job, done);
        let progress = Progress { half: job.half(), done, failed: true, hash: &hash };
        let row = self.history.progress(job.id.version(), progress);
        let error = match self.send_patiently(job, &sql).await {
            Ok(Ok(answer)) => return Ok(answer),
            Err(blocked) => {
                let words = blocked.postgres_error().map(crate::error::words).unwrap_or_default();
                let recorded = self.record_failure(job, &row, &words).await;
                return Err(with_record(blocked.now(self.standing_partly(job, done)), recorded));
            }
            Ok(Err(error)) if is_cut(&error) => {
                return Err(self.cut(std::slice::from_ref(job), error));
            }
            Ok(Err(error)) => error,
        };
        let Some(fault) = self.hook_to_blame(job, When::After, &error) else {
            let note = "all its statements are done, and that is not recorded";
            return Err(self.bookkeeping_failed(job, error).note(note));
        };
        Err(self.stopped_by_hook(job, done, fault, Some(row), error).await)
    }

    /// The hook that failed in the message of a last statement, if it was one.
    pub(super) fn last_step_or_hook(
        &self,
        job: &Job,
        step: usize,
        error: &postgres::Error,
    ) -> Option<Fault> {
        let text = job.statements.get(step)?.text.trim_start();
        let is_block = text.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("do"));
        match step + 1 == job.statements.len() && !is_block {
            true => self.hook_to_blame(job, When::After, error),
            false => self.hook_blamed(job, error),
        }
    }

    /// The hook that failed where no other `DO` was sent.
    fn hook_to_blame(&self, job: &Job, when: When, error: &postgres::Error) -> Option<Fault> {
        // What `EXECUTE` refuses to run has no context of its own.
        let refused = error.code().is_some_and(|code| code.code() == "0A000")
            && error
                .as_db_error()
                .and_then(postgres::error::DbError::where_)
                .is_some_and(|context| context.contains("inline_code_block"))
            && job.hooks.statements(when).next().is_some();
        self.hook_blamed(job, error)
            .or_else(|| refused.then_some(Fault { when, nth: 0, offset: None }))
    }

    /// A hook has failed, when so many statements are done, which `row` is to tell the history.
    pub(super) async fn stopped_by_hook(
        &mut self,
        job: &Job,
        done: usize,
        fault: Fault,
        row: Option<String>,
        error: postgres::Error,
    ) -> Error {
        let row = row.unwrap_or_default();
        let recorded = self.record_failure(job, &row, &crate::error::words(&error)).await;
        let failed = hook_failed(job, fault, error).now(self.standing_partly(job, done));
        with_record(failed, recorded)
    }
}
