//! How long a script waits for table locks, and what happens when it does not get them.
//!
//! A statement that waits for a lock lets nobody past who comes after it, so a migration that waits
//! behind one long query freezes a table for everybody. So no attempt waits for long: `lock_timeout`
//! is set, and when it strikes the transaction is rolled back and tried again later.
//!
//! The limit is the server's `deadlock_timeout` and 500 ms: only after `deadlock_timeout` does a waiter
//! make a running autovacuum give way (not one that prevents wraparound: that is waited for, from attempt to
//! attempt), so that with a shorter one no attempt would ever succeed
//! (PostgreSQL manual, [Client Connection Defaults][1] and [Routine Vacuuming][2]). What blocks neither
//! reads nor writes may wait longer, since nobody else waits for it.
//!
//! The timeout holds for each lock by itself. A script that takes several would, waiting for the last,
//! hold the others for that time: so they are taken first, all but one of them with hardly any
//! patience (a tenth of the limit for all of them together); the one that was not to be had comes first the
//! next time. So it is with a table that a script would lock in two modes, one after the other.
//!
//! [1]: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT
//! [2]: https://www.postgresql.org/docs/current/routine-vacuuming.html

use std::time::{Duration, Instant};

use crate::blocker::{Blocker, remedies};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, words};
use crate::job::Job;
use crate::observe::{Event, Took};
use crate::run::{Run, random};
use crate::table_lock::{LockMode, TableLock, TableLocks, together};

/// Beyond the server's `deadlock_timeout`.
const MARGIN: Duration = Duration::from_millis(500);
/// Where the server does not tell its `deadlock_timeout`: what it is unless changed.
const USUAL_DEADLOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// For what nobody waits for.
const HARMLESS: Duration = Duration::from_secs(60);
/// For all locks of a script but the first.
const FURTHER: Duration = Duration::from_millis(50);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the options say about waiting.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// None: as the module says.
    pub(crate) lock_timeout: Option<Duration>,
    pub(crate) attempts: u32,
    pub(crate) budget: Duration,
    pub(crate) statement_timeout: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            lock_timeout: None,
            attempts: 30,
            budget: Duration::from_secs(15 * 60),
            statement_timeout: None,
        }
    }
}

/// The session's own limits, as a run found them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// None where there is no limit.
    pub(crate) lock_timeout: Option<Duration>,
    pub(crate) deadlock_timeout: Option<Duration>,
}

/// The attempts at one script, or at one statement of it.
#[derive(Debug)]
pub(crate) struct Attempts {
    made: u32,
    begun: Instant,
    /// When the last one began.
    tried: Instant,
    limit: Duration,
    /// Tables to be locked before anything else, in this order.
    first: Vec<TableLock>,
    /// Of the last attempt.
    blockers: Vec<Blocker>,
    /// The watcher saw them in the way, where they are else who holds a lock just after.
    seen: bool,
}

impl Attempts {
    /// How long a statement, and a wait for a lock, may take in the transaction.
    pub(crate) fn limits(&self, statement_timeout: Option<Duration>) -> Vec<String> {
        let statement = statement_timeout
            .map(|limit| format!("SET LOCAL statement_timeout TO {}", limit.as_millis()));
        statement.into_iter().chain([set_local(self.limit)]).collect()
    }

    /// What stands at the beginning of the transaction, after its own bookkeeping.
    pub(crate) fn prologue(&self, statement_timeout: Option<Duration>) -> Vec<String> {
        let mut sql = self.limits(statement_timeout);
        for (nth, lock) in self.first.iter().enumerate() {
            if nth == 1 {
                sql.push(set_local(self.further()));
            }
            sql.push(format!("LOCK TABLE ONLY {} IN {} MODE", lock.relation, lock.mode));
        }
        if self.first.len() > 1 {
            sql.push(set_local(self.limit));
        }
        sql
    }

    /// How long each lock but the first is waited for, so that all of them together take no more than a tenth
    /// of the limit: whoever reads the first table waits for the others, too.
    fn further(&self) -> Duration {
        let others = u32::try_from(self.first.len()).unwrap_or(u32::MAX).saturating_sub(1).max(1);
        FURTHER.min(self.limit / 10 / others)
    }

    /// Who has been there for longest decides which table comes first, with all patience. Where that cannot
    /// be seen, each has its turn.
    fn put_first_what_is_held(&mut self) {
        let known = |lock: &TableLock| {
            let is_it = |it: &Blocker| it.age.is_some() && it.relation == lock.relation;
            self.blockers.iter().position(is_it).unwrap_or(usize::MAX)
        };
        if self.first.iter().any(|lock| known(lock) < usize::MAX) {
            self.first.sort_by_key(known);
        } else if !self.first.is_empty() {
            self.first.rotate_left(1);
        }
    }

    /// The same as [`prologue`](Self::prologue) for a block that begins its transaction itself.
    pub(crate) fn for_session(&self) -> String {
        set_local(self.limit).replacen("SET LOCAL", "SET", 1)
    }

    /// The tables cannot be locked by name: the script takes its locks itself.
    pub(crate) fn without_locking_first(&mut self) -> bool {
        !std::mem::take(&mut self.first).is_empty()
    }
}

fn set_local(limit: Duration) -> String {
    format!("SET LOCAL lock_timeout TO {}", limit.as_millis().max(1))
}

impl<C: Connection> Run<'_, C> {
    /// Before the first attempt at a job.
    pub(crate) fn attempts(&self, job: &Job) -> Attempts {
        let limits = self.session.as_ref().map(|session| session.limits).unwrap_or_default();
        let deadlock = limits.deadlock_timeout.unwrap_or(USUAL_DEADLOCK_TIMEOUT);
        let usual = match job.strongest_lock.blocks_writes() {
            true => deadlock + MARGIN,
            false => HARMLESS,
        };
        let asked = self.options.patience.lock_timeout.or(limits.lock_timeout);
        Attempts {
            made: 0,
            begun: Instant::now(),
            tried: Instant::now(),
            limit: asked.unwrap_or(usual),
            first: to_lock_first(job),
            blockers: Vec::new(),
            seen: false,
        }
    }

    /// How long an attempt may take and wait.
    pub(crate) fn limits(&self, attempts: &Attempts) -> Vec<String> {
        attempts.limits(self.options.patience.statement_timeout)
    }

    /// What stands at the beginning of an attempt.
    pub(crate) fn prologue(&self, attempts: &Attempts) -> Vec<String> {
        attempts.prologue(self.options.patience.statement_timeout)
    }

    /// After an attempt was rolled back: whether to try again, having waited for that. `Err` says who is in
    /// the way.
    pub(crate) async fn try_again(
        &mut self,
        job: &Job,
        attempts: &mut Attempts,
        error: postgres::Error,
    ) -> Result<(), Error> {
        attempts.made += 1;
        attempts.blockers = match code(&error) {
            "55P03" => self.seen_in_the_way(),
            // The server has chosen one of those in each other's way; the others have gone on.
            _ => Vec::new(),
        };
        attempts.seen = !attempts.blockers.is_empty();
        if code(&error) == "55P03" && !attempts.seen {
            attempts.blockers = self.blockers(job, attempts.tried).await;
        };
        attempts.put_first_what_is_held();
        let patience = &self.options.patience;
        let left = patience.budget.saturating_sub(attempts.begun.elapsed());
        if attempts.made >= patience.attempts || left.is_zero() {
            return Err(self.gave_up(job, attempts, error));
        }
        let pause = pause(attempts.made).min(left);
        self.emit(Event::Retrying {
            migration: job.id.clone(),
            why: words(&error),
            blockers: attempts.blockers.clone(),
            attempt: attempts.made + 1,
            of: patience.attempts,
            pause,
        });
        self.connection.sleep(pause).await;
        attempts.tried = Instant::now();
        Ok(())
    }

    fn gave_up(&self, job: &Job, attempts: &Attempts, error: postgres::Error) -> Error {
        let (made, took) = (attempts.made, attempts.begun.elapsed());
        let count = if made == 1 { "1 attempt".to_owned() } else { format!("{made} attempts") };
        let (sentence, remedies) = match code(&error) {
            "40P01" => (
                format!("was ended by a deadlock with another session after {count}"),
                vec![
                    "run it again when less is going on: the other session has not failed, and the \
                     server's log tells what both were doing"
                        .to_owned(),
                ],
            ),
            "40001" => (
                format!("could not be serialized with what others did, after {count}"),
                vec![
                    "run it again when less is going on; under READ COMMITTED the server does not ask \
                     for that (see default_transaction_isolation)"
                        .to_owned(),
                ],
            ),
            _ => (format!("did not get its locks in {count}"), remedies(&attempts.blockers)),
        };
        let sentence = format!("{} {sentence}, {}", job.title(), Took(took));
        let mut failed = Error::new(ErrorKind::Blocked, sentence).caused_by(error);
        let seen = match attempts.seen {
            true => "in the way of the last attempt",
            false => "seen just after the last attempt",
        };
        for blocker in &attempts.blockers {
            failed = failed.note(format!("{seen}: {blocker}"));
        }
        failed = failed.of(job.id.clone()).now(self.standing_undone(job));
        let limits = ".lock_attempts(…) and .lock_budget(…) say how often and how long it is tried";
        remedies.into_iter().fold(failed, Error::help).help(limits)
    }
}

fn code(error: &postgres::Error) -> &str {
    error.code().map_or("", postgres::error::SqlState::code)
}

/// Whether an attempt failed because of others, so that the next one may succeed: no lock, a deadlock, a
/// serialization failure.
pub(crate) fn is_transient(error: &postgres::Error) -> bool {
    ["55P03", "40P01", "40001"].contains(&code(error))
}

/// Whether a table cannot be locked by name: it is none, is not there (yet), or is not ours.
pub(crate) fn cannot_be_locked(error: &postgres::Error) -> bool {
    ["42P01", "42501", "42809", "3F000"].contains(&code(error))
}

/// The tables of a script that takes several locks. A script that works for long is left to take them
/// where it needs them: taken first, they would be held for all of that.
fn to_lock_first(job: &Job) -> Vec<TableLock> {
    let all: Vec<TableLock> = locks(job).collect();
    let works = |lock: &TableLock| lock.grows() || lock.mode == LockMode::RowExclusive;
    if all.iter().any(works) {
        return Vec::new();
    }
    let mut first = together(all.into_iter());
    first.retain(|lock| lock.mode.blocks_writes() && lock.is_table);
    match first.as_slice() {
        // Taken once, it is waited for once.
        [one] if is_taken_once(*one, job) => Vec::new(),
        _ => first,
    }
}

/// Whether no statement takes a weaker lock on the table before another takes this one: a script that holds
/// the one while it waits for the other blocks writes for twice the time.
fn is_taken_once(strongest: TableLock, job: &Job) -> bool {
    locks(job)
        .filter(|lock| lock.relation == strongest.relation && lock.mode.blocks_writes())
        .all(|lock| lock.mode == strongest.mode)
}

fn locks(job: &Job) -> impl Iterator<Item = TableLock> {
    job.statements.iter().flat_map(|statement| TableLocks(statement.locks))
}

/// Full jitter: anything up to twice as long as the last time.
fn pause(made: u32) -> Duration {
    let most = FIRST_PAUSE.saturating_mul(1 << made.min(16)).min(LONGEST_PAUSE);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(random() % micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        for made in 1..100 {
            assert!(pause(made) < LONGEST_PAUSE);
        }
        assert!((0..50).all(|_| pause(1) < 2 * FIRST_PAUSE));
    }

    fn attempts(first: &'static str) -> Attempts {
        Attempts {
            made: 0,
            begun: Instant::now(),
            tried: Instant::now(),
            limit: Duration::from_millis(1500),
            first: TableLocks(first).collect(),
            blockers: Vec::new(),
            seen: false,
        }
    }

    #[test]
    fn further_locks_are_hardly_waited_for() {
        let locks = "!8t5:users!6t6:orders";
        let attempts = attempts(locks);
        assert_eq!(
            attempts.prologue(None),
            [
                "SET LOCAL lock_timeout TO 1500",
                "LOCK TABLE ONLY users IN ACCESS EXCLUSIVE MODE",
                "SET LOCAL lock_timeout TO 50",
                "LOCK TABLE ONLY orders IN SHARE ROW EXCLUSIVE MODE",
                "SET LOCAL lock_timeout TO 1500",
            ]
        );
    }

    #[test]
    fn all_locks_together_take_no_more_than_a_tenth_longer() {
        let locks = "!8t1:a!8t1:b!8t1:c!8t1:d!8t1:e!8t1:f";
        let mut attempts = attempts(locks);
        assert!(attempts.further() * 5 <= attempts.limit / 10);
        let named = |attempts: &Attempts| -> String {
            attempts.first.iter().map(|lock| lock.relation).collect()
        };
        // Nothing is known: each has its turn.
        attempts.put_first_what_is_held();
        assert_eq!(named(&attempts), "bcdefa");
        let held = |relation: &str| Blocker {
            relation: relation.to_owned(),
            age: Some(Duration::from_secs(1)),
            ..Blocker::default()
        };
        attempts.blockers = vec![held("e"), held("a")];
        attempts.put_first_what_is_held();
        assert_eq!(named(&attempts), "eabcdf");
    }
}
