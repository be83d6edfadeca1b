//! After a statement failed: which one was it, where does it stand, and how is the database now?
//!
//! The server's position says it when there is one. Where there is none (a duplicate table, many
//! unknown columns), the migration is replayed statement by statement in a transaction that is
//! rolled back, and the statement that fails in the same way is the one.

use std::time::Duration;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind, words};
use crate::excerpt;
use crate::execute::position;
use crate::history::{Half, LOST};
use crate::hook::{Fault, When};
use crate::job::{Job, Message, Spot, rehearsal};
use crate::lease;
use crate::look::of_another_version;
use crate::observe::Direction;
use crate::run::Run;

/// A replay takes about as long as the failed attempt, holding the same locks; a long one is not
/// worth it.
const REPLAY_AT_MOST: Duration = Duration::from_secs(30);

/// What is known about the place of an error.
enum Found {
    At {
        step: usize,
        offset: Option<usize>,
    },
    AtCommit,
    Hook(Fault),
    OneOf,
    /// It was not the script's.
    Bookkeeping,
}

impl<C: Connection> Run<'_, C> {
    /// The error of a transactional job, which the server has thrown out as a whole.
    pub(crate) async fn transaction_failed(
        &mut self,
        job: &Job,
        spot: Option<Spot>,
        error: postgres::Error,
        took: Duration,
    ) -> Error {
        self.log_failure(job, &error).await;
        let found = match (spot, self.hook_blamed(job, &error)) {
            (Some(spot), _) => Found::At { step: spot.step, offset: Some(spot.offset) },
            (None, Some(fault)) => Found::Hook(fault),
            _ if is_ours(None, &error) => Found::Bookkeeping,
            _ if is_repeatable(&error) => self.replay(job, &error, took).await,
            _ if job.statements.len() == 1 => Found::At { step: 0, offset: None },
            _ => Found::OneOf,
        };
        let now = self.standing_undone(job);
        match found {
            Found::Bookkeeping => self.bookkeeping_failed(job, error),
            Found::Hook(fault) => {
                let failed = hook_failed(job, fault, error);
                self.with_remedy(failed).await
            }
            found => {
                let failed = self.script_failed(job, &found, error);
                self.with_remedy(failed).await
            }
        }
        .now(now)
    }

    /// The hook that the server's context names.
    pub(crate) fn hook_blamed(&self, job: &Job, error: &postgres::Error) -> Option<Fault> {
        let bytes = self.session.as_ref().is_some_and(|session| session.bytes);
        job.hooks.blamed(error, bytes)
    }

    /// The error of one statement of a job that runs outside a transaction.
    pub(crate) fn step_failed(
        &self,
        job: &Job,
        step: usize,
        at: Option<Spot>,
        error: postgres::Error,
    ) -> Error {
        if is_ours(at, &error) {
            return self.bookkeeping_failed(job, error);
        }
        self.script_failed(job, &Found::At { step, offset: at.map(|spot| spot.offset) }, error)
    }

    fn script_failed(&self, job: &Job, found: &Found, error: postgres::Error) -> Error {
        let words = words(&error);
        let what = format!("{} failed", job.title());
        let text = |step: usize| job.statements.get(step).map_or("", |s| s.text.as_ref());
        let (place, note) = match found {
            Found::At { step, offset } => {
                let named = || excerpt::quoted_name(&words, text(*step));
                (job.place(*step, offset.or_else(named).unwrap_or(0)), None)
            }
            Found::AtCommit => (
                job.script.as_ref().and_then(excerpt::whole_file),
                Some(
                    "all statements ran; a deferred constraint or trigger failed at COMMIT"
                        .to_owned(),
                ),
            ),
            Found::OneOf | Found::Bookkeeping | Found::Hook(_) => (
                job.script.as_ref().and_then(excerpt::whole_file),
                Some(format!("it was one of the statements 1–{}", job.statements.len())),
            ),
        };
        let commits = error.code().is_some_and(|code| ["2D000", "25001"].contains(&code.code()));
        let error = Error::new(ErrorKind::Script, format!("{what}: {words}")).caused_by(error);
        let mut error = error.of(job.id.clone()).at(place);
        if commits && job.transactional {
            error = error.help(
                "`-- migrate: no-transaction` in the script runs it statement by statement, each \
                 on its own",
            );
        }
        match note {
            Some(note) => error.note(note),
            None => error,
        }
    }

    pub(crate) fn bookkeeping_failed(&self, job: &Job, error: postgres::Error) -> Error {
        let table = self.history.display();
        if lease::is_lost(&error) {
            return lease::lost().of(job.id.clone());
        }
        let own = ".history_schema(\"…\") keeps the history where no migration goes";
        if words(&error).contains(LOST) {
            let sentence = format!(
                "{table} has no row of {} after its script: the script took it out, or a hook or a trigger",
                job.id
            );
            let error = Error::new(ErrorKind::History, sentence).caused_by(error);
            return error.of(job.id.clone()).help(own);
        }
        let failed = |error| {
            let doing = format!("recording {} in {table}", job.title());
            Error::server(&doing, error).of(job.id.clone())
        };
        match error.code().map(postgres::error::SqlState::code) {
            Some("42P01" | "3F000") => failed(error)
                .note("the history, or its log, is not there after the script")
                .help(own),
            Some("42703") => of_another_version(failed(error)),
            Some("42501") => failed(error).help(format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {}, {} TO this role",
                self.history.table, self.history.log
            )),
            _ => failed(error),
        }
    }

    /// Ends the failed transaction and logs the attempt, if the log takes it.
    async fn log_failure(&mut self, job: &Job, error: &postgres::Error) {
        let log = self.history.log_failure(
            job.id.version(),
            job.id.name(),
            job.half(),
            &self.report.run_id,
            &words(error),
        );
        // Whatever comes of it, the first error is the one to report.
        if self.connection.simple_query(&format!("ROLLBACK;\n{log}")).await.is_err() {
            let _ = self.connection.simple_query("ROLLBACK").await;
        }
    }

    /// Tries the bookkeeping by itself, and then the statements one by one until one fails as
    /// before, and rolls everything back.
    async fn replay(&mut self, job: &Job, failed: &postgres::Error, took: Duration) -> Found {
        let rehearsal = rehearsal(job, &self.history, &self.report.run_id);
        if let Err(error) = self.connection.simple_query(rehearsal.sql()).await {
            let _ = self.connection.simple_query("ROLLBACK").await;
            if error.code() == failed.code() {
                return Found::Bookkeeping;
            }
        }
        if job.statements.len() == 1 && job.hooks.is_empty() {
            return Found::At { step: 0, offset: None };
        }
        if took > REPLAY_AT_MOST {
            return Found::OneOf;
        }
        self.replay_statements(job, failed).await
    }

    async fn replay_statements(&mut self, job: &Job, failed: &postgres::Error) -> Found {
        if self.connection.simple_query("BEGIN").await.is_err() {
            return Found::OneOf;
        }
        let mut found = Found::OneOf;
        for (culprit, text) in self.suspects(job) {
            let mut message = Message::default();
            message.theirs(0, 0, &text);
            let Err(error) = self.connection.simple_query(message.sql()).await else { continue };
            if error.code() == failed.code() {
                let offset = self.spot(&message, &error).map(|spot| spot.offset);
                found = match culprit {
                    Found::At { step, .. } => Found::At { step, offset },
                    culprit => culprit,
                };
            }
            break;
        }
        let _ = self.connection.simple_query("ROLLBACK").await;
        found
    }

    /// All that runs between a migration's bookkeeping, in order, and who is to blame where it fails.
    fn suspects(&self, job: &Job) -> Vec<(Found, String)> {
        let hooks = |when| {
            let fault = move |nth| Found::Hook(Fault { when, nth, offset: None });
            job.hooks.statements(when).enumerate().map(move |(nth, sql)| (fault(nth), sql))
        };
        let restore = self.session.as_ref().map_or("", |session| &session.restore);
        let restore = || (Found::Bookkeeping, restore.to_owned());
        let mut all: Vec<_> = hooks(When::Before).collect();
        let steps = job.statements.iter().enumerate();
        all.extend(steps.map(|(step, it)| (Found::At { step, offset: None }, it.text.to_string())));
        if hooks(When::After).next().is_some() {
            all.push(restore());
            all.extend(hooks(When::After));
        }
        all.push((Found::AtCommit, "SET CONSTRAINTS ALL IMMEDIATE".to_owned()));
        all.push(restore());
        all
    }

    /// How the database stands, in a few words: `migrations 1–3 are applied`.
    pub(crate) fn standing(&self) -> String {
        let versions: Vec<i64> = self.present.iter().copied().collect();
        let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
            return "nothing is applied".to_owned();
        };
        let prefix = self.set.migrations().iter().map(crate::EmbeddedMigration::version);
        match versions.len() {
            1 => format!("migration {first} is applied"),
            n if prefix.take(n).eq(versions.iter().copied()) => {
                format!("migrations {first}–{last} are applied")
            }
            n => format!("{n} migrations are applied, the newest is {last}"),
        }
    }

    /// What a failed attempt leaves behind.
    pub(crate) fn standing_undone(&self, job: &Job) -> String {
        let (now, id) = (self.standing(), &job.id);
        match job.direction {
            _ if !job.transactional => {
                let done = job.resume.as_ref().map_or(0, |partly| partly.done);
                self.standing_partly(job, done)
            }
            Direction::Up => format!("{now}; {id} was rolled back"),
            Direction::Down => format!("{now}; {id} is still applied: nothing of it is undone"),
        }
    }

    /// What a failed script outside a transaction leaves behind.
    pub(crate) fn standing_partly(&self, job: &Job, done: usize) -> String {
        let of = job.statements.len();
        let verb = match job.half() {
            Half::Up => "partly applied",
            Half::Down => "partly rolled back",
        };
        match (done, job.half()) {
            (0, Half::Up) => format!("{}; nothing of {} is done", self.standing(), job.id),
            (0, Half::Down) => {
                format!("{}; nothing of the down of {} is done", self.standing(), job.id)
            }
            _ => format!("{}; {} is {verb}, {done} of {of} statements", self.standing(), job.id),
        }
    }
}

/// The SQL of a hook has failed, and with it what it was to run beside.
pub(crate) fn hook_failed(job: &Job, fault: Fault, error: postgres::Error) -> Error {
    let words = words(&error);
    let sentence = format!("in {}: {words}", fault.name(job));
    let ends = error.code().is_some_and(|code| ["0A000", "2D000"].contains(&code.code()));
    let failed = Error::new(ErrorKind::Hook, sentence).caused_by(error);
    let failed = failed.of(job.id.clone()).at(fault.place(job, &words));
    match ends {
        true => failed.help(
            "a hook runs inside the migration's transaction and cannot end it: leave COMMIT, ROLLBACK \
             and SAVEPOINT out",
        ),
        false => failed,
    }
}

/// Whether it is our own bookkeeping that failed: the position lies outside of the script, or the
/// words are ours.
fn is_ours(spot: Option<Spot>, error: &postgres::Error) -> bool {
    (spot.is_none() && position(error).is_some()) || words(error).contains(LOST)
}

/// Whether the same statement would fail in the same way again: not a timeout, a deadlock, a
/// cancellation, or a server out of means.
fn is_repeatable(error: &postgres::Error) -> bool {
    let Some(code) = error.code() else { return false };
    !["40", "53", "54", "55", "57", "58", "XX"].iter().any(|class| code.code().starts_with(class))
}
