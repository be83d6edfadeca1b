//! One run: a connection, the options, and what is known so far. The verbs are written here as
//! orders of looks, locks, plans and jobs; how each is done stands in the rooms below.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{History, Look, Partly, Rows, StoredDown};
use crate::job::{Job, StoredScript};
use crate::lease;
use crate::lock::RunLock;
use crate::migration::{EmbeddedMigration, MigrationSet};
use crate::migrator::Options;
use crate::observe::{Direction, Event, MigrationId};
use crate::plan::{self, Back, Depth, Up, UpPlan};
use crate::policy::{Ahead, Policies};
use crate::report::{Done, Report, Verb};
use crate::session::Session;
use crate::status::{Status, StatusRow};
use crate::watch::Watch;

/// How a group of jobs ended, short of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Somebody else got in between: read the history again and plan anew.
    LookAgain,
}

/// So many times the same plan is made anew before it is given up.
const ROUNDS: usize = 5;

/// What was left to do the last time, and how many times before.
#[derive(Default)]
struct Rounds {
    left: Vec<(i64, Option<Partly>)>,
    same: usize,
}

pub(crate) struct Run<'a, C> {
    pub(crate) connection: &'a mut C,
    pub(crate) options: &'a Options,
    pub(crate) set: MigrationSet,
    pub(crate) history: History,
    pub(crate) report: Report,
    /// The verb is one that may write.
    pub(crate) writes: bool,
    /// Known once the run lock was asked for.
    pub(crate) session: Option<Session>,
    pub(crate) locked: bool,
    pub(crate) run_lock: RunLock,
    /// Whether runs of this history take leases.
    pub(crate) lease_table: bool,
    /// Once there is something to do, if there is to be one.
    pub(crate) watch: Option<Watch>,
    /// The server process that answers, and that holds the run lock.
    pub(crate) pid: Option<i32>,
    /// Messages reach different server processes.
    pub(crate) pooled: bool,
    /// The backup is made.
    pub(crate) backed_up: bool,
    /// Something follows the last job, so its message does not give the run lock up.
    pub(crate) keep_lock: bool,
    /// When which job began that runs statement by statement.
    pub(crate) begun: (Option<i64>, Instant),
    /// What the server said when somebody else was last found to be faster.
    pub(crate) conflict: Option<String>,
    /// Versions that are completely applied, as far as this run knows.
    pub(crate) present: BTreeSet<i64>,
}

impl<'a, C: Connection> Run<'a, C> {
    pub(crate) fn new(connection: &'a mut C, options: &'a Options, set: MigrationSet) -> Self {
        Run {
            connection,
            options,
            set,
            history: History::new(&options.schema, &options.table),
            report: Report { run_id: run_id(), ..Report::default() },
            writes: true,
            session: None,
            locked: false,
            run_lock: RunLock::default(),
            lease_table: false,
            watch: None,
            pid: None,
            pooled: false,
            backed_up: false,
            keep_lock: false,
            begun: (None, Instant::now()),
            conflict: None,
            present: BTreeSet::new(),
        }
    }

    pub(crate) fn emit(&self, event: Event) {
        self.options.observers.iter().for_each(|observer| observer.event(&event));
    }

    pub(crate) fn newest(&self) -> i64 {
        self.set.migrations().last().map_or(i64::MIN, EmbeddedMigration::version)
    }

    pub(crate) async fn up(&mut self, target: Option<i64>) -> Result<(), Error> {
        if let Some(target) = target {
            plan::in_set(&self.set, target)?;
        }
        // Under the usual policies a history that differs means work or a refusal: it is read once,
        // under the lock. Otherwise it has to be read to know whether there is anything to do.
        let rows = self.rows_for_up();
        let strict = target.is_none() && self.options.policies == Policies::default();
        let look = self.look("", if strict { Rows::Never } else { rows }).await?;
        if (!strict || look.up_to_date) && self.nothing_pending(&look, target)? {
            return Ok(());
        }
        self.lock().await?;
        let look = self.look_locked(look.missing_table, rows).await?;
        if strict && self.nothing_pending(&look, target)? {
            return Ok(());
        }
        self.apply(look, target, None).await
    }

    /// Plans, and tells what was found on the way.
    fn nothing_pending(&mut self, look: &Look, target: Option<i64>) -> Result<bool, Error> {
        let plan = self.plan_up(look, target)?;
        self.report.already = plan.already;
        self.emit_findings(&plan);
        Ok(plan.pending.is_empty())
    }

    /// Applies what is pending under the run lock; `only` these versions, if given.
    async fn apply(
        &mut self,
        mut look: Look,
        target: Option<i64>,
        only: Option<&BTreeSet<i64>>,
    ) -> Result<(), Error> {
        let mut announced = false;
        let mut rounds = Rounds::default();
        loop {
            let mut plan = self.plan_up(&look, target)?;
            if let Some(only) = only {
                plan.pending.retain(|up| only.contains(&up.migration.version()));
            }
            self.check_approvals(&plan.pending).await?;
            if !announced {
                self.report.already = plan.already;
                self.announce(Direction::Up, plan.pending.len());
                announced = true;
            }
            let jobs = self.with_hooks(plan.pending.iter().map(Job::up))?;
            self.check_progress(&mut rounds, &jobs).await?;
            if !jobs.is_empty() {
                self.back_up().await?;
            }
            // On a fresh database nobody is using the tables, so many may share a message.
            if self.execute(&jobs, look.count == 0).await? == Outcome::Done {
                return Ok(());
            }
            look = self.look("", self.rows_for_up()).await?;
        }
    }

    pub(crate) async fn down(&mut self, depth: Depth) -> Result<(), Error> {
        self.report.verb = Verb::Down;
        let Some(look) = self.look_for_down(depth).await? else { return Ok(()) };
        self.roll_back(look, depth).await
    }

    pub(crate) async fn redo(&mut self, n: usize) -> Result<(), Error> {
        self.report.verb = Verb::Redo;
        let depth = Depth::Last(n);
        let Some(look) = self.look_for_down(depth).await? else { return Ok(()) };
        let backs = plan::down(&self.set, &look.rows, depth)?;
        if let Some(unknown) = backs.iter().find(|back| back.own.is_none()) {
            let sentence =
                format!("{} is not in this binary's set, so it cannot be redone", unknown.id);
            return Err(Error::new(ErrorKind::Missing, sentence).of(unknown.id.clone()));
        }
        let versions: BTreeSet<i64> = backs.iter().map(|back| back.id.version()).collect();
        // What the second half would refuse is refused before the first.
        let rest: Vec<_> =
            look.rows.iter().filter(|row| !versions.contains(&row.version)).cloned().collect();
        let mut plan = plan::up(&self.set, &rest, None, self.options.policies)?;
        plan.pending.retain(|up| versions.contains(&up.migration.version()));
        self.check_approvals(&plan.pending).await?;
        self.keep_lock = true;
        self.roll_back(look, depth).await?;
        self.keep_lock = false;
        let look = self.look_locked(false, Rows::Always).await?;
        self.apply(look, None, Some(&versions)).await
    }

    /// Looks, and takes the lock if there is something to roll back. `None` if there is not.
    async fn look_for_down(&mut self, depth: Depth) -> Result<Option<Look>, Error> {
        let look = self.look("", Rows::Always).await?;
        self.report.already = look.count;
        if plan::down(&self.set, &look.rows, depth)?.is_empty() {
            return Ok(None);
        }
        self.lock().await?;
        self.look_locked(false, Rows::Always).await.map(Some)
    }

    async fn roll_back(&mut self, mut look: Look, depth: Depth) -> Result<(), Error> {
        // A number of steps is counted from the first look, so that a second runner's rollback is
        // not repeated.
        let depth = match depth {
            Depth::Last(n) => {
                let keep = look.rows.len().saturating_sub(n);
                Depth::Above(keep.checked_sub(1).map(|at| look.rows[at].version))
            }
            depth => depth,
        };
        let mut announced = false;
        let mut rounds = Rounds::default();
        loop {
            let backs = plan::down(&self.set, &look.rows, depth)?;
            if !announced {
                self.announce(Direction::Down, backs.len());
                announced = true;
            }
            let jobs = self.down_jobs(&backs).await?;
            let jobs = self.with_hooks(jobs.into_iter())?;
            self.check_progress(&mut rounds, &jobs).await?;
            if !jobs.is_empty() {
                self.back_up().await?;
            }
            if self.execute(&jobs, false).await? == Outcome::Done {
                return Ok(());
            }
            look = self.look("", Rows::Always).await?;
        }
    }

    /// Somebody who is faster leaves a trace in the history. If there is none again and again, the
    /// conflict is another one, and looking once more would never end.
    async fn check_progress(&mut self, rounds: &mut Rounds, jobs: &[Job]) -> Result<(), Error> {
        let left: Vec<_> = jobs.iter().map(|job| (job.id.version(), job.resume.clone())).collect();
        let Some(job) = jobs.first().filter(|_| rounds.left == left) else {
            *rounds = Rounds { left, same: 0 };
            return Ok(());
        };
        rounds.same += 1;
        if rounds.same < ROUNDS {
            self.connection.sleep(Duration::from_millis(50)).await;
            return Ok(());
        }
        let table = self.history.display();
        let sentence = match job.direction {
            Direction::Up => format!("{table} takes no row of {}, and has none either", job.id),
            Direction::Down => format!("{table} has a row of {} that cannot be deleted", job.id),
        };
        let error = Error::new(ErrorKind::History, sentence).of(job.id.clone());
        let error = error.help("look for indexes, triggers, rules or policies added to the table");
        Err(match &self.conflict {
            Some(words) => error.note(format!("the server said: {words}")),
            None => error,
        })
    }

    /// Asks the hooks what they want to run with each job.
    fn with_hooks(&self, jobs: impl Iterator<Item = Job>) -> Result<Vec<Job>, Error> {
        let ask = |mut job: Job| {
            job.hooks = self.options.hooks.ask(&job, &self.report.run_id);
            let Some(when) = job.hooks.has_nul() else { return Ok(job) };
            let sentence = format!("in the hook {when} {}: its SQL has a NUL", job.id);
            Err(Error::new(ErrorKind::Hook, sentence).of(job.id).now(self.standing()))
        };
        jobs.map(ask).collect()
    }

    /// Fetches the stored scripts of what the binary does not know; usually none.
    async fn down_jobs(&mut self, backs: &[Back]) -> Result<Vec<Job>, Error> {
        let unknown: Vec<i64> =
            backs.iter().filter(|b| b.own.is_none()).map(|b| b.id.version()).collect();
        let mut stored = std::collections::BTreeMap::<i64, StoredScript>::new();
        if !unknown.is_empty() {
            let sql = self.history.stored_downs(&unknown);
            let answer = self.send("reading stored down scripts", &sql).await?;
            for row in crate::history::rows_of(&answer) {
                let get = |column| crate::history::optional(row, column);
                let Some(version) = get("version").and_then(|version| version.parse().ok()) else {
                    continue;
                };
                let Some(step) = get("step") else { continue };
                let script = stored.entry(version).or_default();
                script.transactional = get("down_transactional") == Some("t");
                script.push(step, get("builds"));
            }
        }
        let mut jobs = Vec::new();
        for back in backs {
            if back.edited && back.own.is_some() {
                self.emit(Event::DownEdited { migration: back.id.clone() });
            }
            let script = stored.remove(&back.id.version());
            if back.own.is_none() && back.stored == StoredDown::Script && script.is_none() {
                let sentence = format!("the history has no down script of {} any more", back.id);
                return Err(Error::new(ErrorKind::History, sentence)
                    .of(back.id.clone())
                    .help("roll it back with a binary that has it"));
            }
            jobs.push(Job::down(back, script));
        }
        Ok(jobs)
    }

    pub(crate) async fn baseline(&mut self, version: i64) -> Result<(), Error> {
        self.report.verb = Verb::Baseline;
        plan::in_set(&self.set, version)?;
        let look = self.look("", Rows::Always).await?;
        let missing = plan::baseline(&self.set, &look.rows, version)?;
        self.report.already = look.count;
        if missing.is_empty() {
            return Ok(());
        }
        self.lock().await?;
        let look = self.look_locked(look.missing_table, Rows::Always).await?;
        let missing = plan::baseline(&self.set, &look.rows, version)?;
        let mut sql = String::from("BEGIN;\n");
        for migration in &missing {
            sql.push_str(&self.history.baseline(migration, &self.report.run_id));
        }
        sql.extend(self.fence().map(|fence| fence + ";\n"));
        sql.push_str("COMMIT");
        self.send("recording the baseline", &sql).await?;
        for migration in missing {
            self.done(migration.into(), Direction::Up, None);
        }
        Ok(())
    }

    pub(crate) async fn status(&mut self) -> Result<Status, Error> {
        self.writes = false;
        let look = self.look("", Rows::WithFailures).await?;
        let mut rows = plan::status(&self.set, &look.rows);
        for (version, failure) in look.failures {
            let of = |row: &&mut StatusRow| row.migration.version() == version;
            if let Some(row) = rows.iter_mut().find(of) {
                row.last_failure = Some(failure);
            }
        }
        Ok(Status { rows })
    }

    pub(crate) async fn plan(&mut self, target: Option<i64>) -> Result<Vec<Up>, Error> {
        self.writes = false;
        if let Some(target) = target {
            plan::in_set(&self.set, target)?;
        }
        let look = self.look("", self.rows_for_up()).await?;
        let plan = self.plan_up(&look, target)?;
        self.report.already = plan.already;
        self.emit_findings(&plan);
        Ok(plan.pending)
    }

    fn plan_up(&self, look: &Look, target: Option<i64>) -> Result<UpPlan, Error> {
        if look.up_to_date && look.rows.is_empty() {
            let already = self.set.migrations().len();
            return Ok(UpPlan { already, ahead: look.ahead, ..UpPlan::default() });
        }
        Ok(plan::up(&self.set, &look.rows, target, self.options.policies)?)
    }

    fn emit_findings(&self, plan: &UpPlan) {
        for migration in &plan.down_edited {
            self.emit(Event::DownEdited { migration: migration.clone() });
        }
        if plan.ahead > 0 {
            self.emit(Event::Ahead { migrations: plan.ahead });
        }
        if cfg!(debug_assertions)
            && let Some(directory) = crate::stale::changed(&self.set)
        {
            self.emit(Event::StaleEmbed { directory });
        }
    }

    fn announce(&self, direction: Direction, migrations: usize) {
        if migrations > 0 {
            self.emit(Event::Planned { direction, migrations });
        }
    }

    fn rows_for_up(&self) -> Rows {
        match self.options.policies.ahead {
            Ahead::Allow => Rows::WhenDifferent,
            Ahead::Refuse => Rows::WhenDifferentOrAhead,
        }
    }

    /// Ends a run, however it went: the lock is given up, the session is as it was, and the report
    /// is in its place.
    pub(crate) async fn finish<T>(
        mut self,
        result: Result<T, Error>,
    ) -> Result<(T, Report), Error> {
        let tidy = match (&result, &self.session) {
            (Ok(_), _) if self.locked => Some(self.unlock_sql()),
            (Err(_), Some(session)) => Some(self.tidy_sql(&session.restore)),
            _ => None,
        };
        if let Some(sql) = tidy
            && !self.connection.is_closed()
        {
            // The run's own result matters more; a lock that cannot be given up ends with the
            // session that cannot be spoken to.
            if let Ok(answer) = self.connection.simple_query(&sql).await {
                self.release_elsewhere(&answer).await;
                self.hold(false);
            }
        }
        self.end_watch().await;
        self.tell_end(result.as_ref().err());
        match result {
            Ok(value) => Ok((value, self.report)),
            Err(error) => Err(error.with_report(self.report)),
        }
    }

    fn tell_end(&self, error: Option<&Error>) {
        let report = &self.report;
        if let Some(error) = error {
            self.emit(Event::Failed {
                migration: error.migration().cloned(),
                kind: error.kind(),
                sql_state: error.sql_state().map(|state| state.code().to_owned()),
                error: error.to_string(),
            });
        } else if self.writes {
            self.emit(Event::Done {
                applied: report.applied().count(),
                rolled_back: report.rolled_back().count(),
                run_id: report.run_id.clone(),
            });
        }
    }

    /// Puts the session back to what it was.
    pub(crate) async fn put_back(&mut self) -> Result<(), Error> {
        let Some(session) = &self.session else { return Ok(()) };
        let restore = session.restore.clone();
        self.send("restoring the session", &restore).await.map(drop)
    }

    /// One message of our own.
    pub(crate) async fn send(
        &mut self,
        doing: &str,
        sql: &str,
    ) -> Result<Vec<postgres::SimpleQueryMessage>, Error> {
        self.connection.simple_query(sql).await.map_err(|error| match lease::is_lost(&error) {
            true => lease::lost(),
            false => Error::server(doing, error),
        })
    }

    /// A migration is complete.
    pub(crate) fn done(
        &mut self,
        migration: MigrationId,
        direction: Direction,
        took: Option<Duration>,
    ) {
        let took = took.unwrap_or_default();
        match direction {
            Direction::Up => self.present.insert(migration.version()),
            Direction::Down => self.present.remove(&migration.version()),
        };
        self.emit(Event::Finished { direction, migration: migration.clone(), took });
        if self.options.slow_after.is_some_and(|limit| took >= limit) {
            self.emit(Event::Slow { direction, migration: migration.clone(), took });
        }
        self.report.done.push(Done { migration, direction, took });
    }
}

pub(crate) fn in_transaction() -> Error {
    Error::new(ErrorKind::InTransaction, "the client is inside a transaction")
        .note("every migration has a transaction of its own")
        .help("commit or roll back first, or use a connection of its own for the migrations")
}

/// Sixteen hexadecimal digits from the randomness that hash maps are seeded with.
fn run_id() -> String {
    format!("{:016x}", random())
}

/// No more than "different each time": jitter and names need no generator of their own.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
