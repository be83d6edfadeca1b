//! The verbs, and the options they heed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::backup::Backup;
use crate::connection::{Blocking, block, in_async_task};
use crate::error::{Error, ErrorKind};
use crate::hook::Hooks;
use crate::lease;
use crate::migration::{MigrationSet, Set};
use crate::observe::{Event, Observer};
use crate::patience::Patience;
use crate::plan::Depth;
use crate::policy::{Ahead, Missing, Modified, OutOfOrder, Policies};
use crate::preflight::Preflight;
use crate::preview::Plan;
use crate::report::Report;
use crate::run::Run;
use crate::status::Status;
use crate::target::{DownTarget, Target};
use crate::watch::Connect;

/// How long another migrator is waited for, unless told otherwise: 5 minutes. Longer than most
/// deploys take, shorter than most supervisors' patience.
const LOCK_WAIT: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) schema: Cow<'static, str>,
    pub(crate) table: Cow<'static, str>,
    pub(crate) lock_wait: Duration,
    pub(crate) patience: Patience,
    pub(crate) policies: Policies,
    pub(crate) slow_after: Option<Duration>,
    pub(crate) watcher: Option<Connect>,
    pub(crate) lease: Duration,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) hooks: Hooks,
    pub(crate) backup: Option<Backup>,
    pub(crate) approval_above: Option<u64>,
}

/// The set of a [`Migrator`] that was made with [`Migrator::from_set`]: its targets are versions.
#[derive(Clone, Copy, Debug)]
pub enum Untyped {}

/// Runs a set of migrations. Options are set by value, verbs borrow it:
///
/// ```no_run
/// # use migrate_runtime::{MigrationSet, Migrator, OutOfOrder};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # const SET: MigrationSet = migrate_runtime::__private::set(&[], &0, None);
/// let mut client = postgres::Client::connect("host=/run/postgresql", postgres::NoTls)?;
/// let migrator = Migrator::from_set(SET).out_of_order(OutOfOrder::Apply);
/// println!("{}", migrator.up(&mut client)?);
/// println!("{}", migrator.status(&mut client)?);
/// # Ok(())
/// # }
/// ```
///
/// With the macro, `schema::migrator()` makes one.
///
/// A client that is inside a transaction is refused by every verb. Settings and roles that the
/// client has set (`SET search_path`, `SET ROLE`) hold for every script, and hold again afterwards.
pub struct Migrator<S = Untyped> {
    pub(crate) set: MigrationSet,
    pub(crate) options: Options,
    typed: PhantomData<fn() -> S>,
}

impl<S: Set> Migrator<S> {
    /// A migrator for the set that a type stands for. The macro's `migrator()` calls it.
    pub fn new() -> Migrator<S> {
        Migrator { set: S::SET, options: Options::default(), typed: PhantomData }
    }
}

impl<S: Set> Default for Migrator<S> {
    fn default() -> Self {
        Migrator::new()
    }
}

impl Migrator<Untyped> {
    /// A migrator for a set that is only known as a value.
    pub fn from_set(set: MigrationSet) -> Migrator<Untyped> {
        Migrator { set, options: Options::default(), typed: PhantomData }
    }
}

/// Options.
impl<S> Migrator<S> {
    /// The schema of the history tables; `public` unless set. It is made when it is missing.
    #[must_use]
    pub fn history_schema(mut self, schema: impl Into<Cow<'static, str>>) -> Self {
        self.options.schema = schema.into();
        self
    }

    /// The history table; `migration_history` unless set. Its log has the same name and `_log`.
    /// Sets with different history tables are independent, and may run at the same time.
    #[must_use]
    pub fn history_table(mut self, table: impl Into<Cow<'static, str>>) -> Self {
        self.options.table = table.into();
        self
    }

    /// How long to wait for another migrator; 5 minutes unless set.
    #[must_use]
    pub fn lock_wait(mut self, at_most: Duration) -> Self {
        self.options.lock_wait = at_most;
        self
    }

    /// How long an attempt waits for a table lock. Unless set: what the session has as its
    /// `lock_timeout`, or else the server's `deadlock_timeout` and 500 ms (1.5 s as servers come), and a
    /// minute for a migration that blocks neither reads nor writes.
    ///
    /// Others wait behind a statement that waits, so this is how long a migration may hold them up.
    /// At or below `deadlock_timeout` a running autovacuum would never give way. It is set for each
    /// transaction; a script that sets `lock_timeout` itself has the last word. A statement outside a
    /// transaction for which nobody waits (`CREATE INDEX CONCURRENTLY`) has no limit; one that others
    /// would wait behind (`VACUUM FULL`) has this one.
    #[must_use]
    pub fn lock_timeout(mut self, at_most: Duration) -> Self {
        self.options.patience.lock_timeout = Some(at_most);
        self
    }

    /// How many times a migration is tried whose locks others hold, or that others bring to a deadlock or a
    /// serialization failure; 30 unless set. Between two attempts it is rolled back and waits for a random time that doubles, up to 30 s.
    #[must_use]
    pub fn lock_attempts(mut self, attempts: u32) -> Self {
        self.options.patience.attempts = attempts.max(1);
        self
    }

    /// For how long a migration is tried again whose locks others hold; 15 minutes unless set.
    #[must_use]
    pub fn lock_budget(mut self, at_most: Duration) -> Self {
        self.options.patience.budget = at_most;
        self
    }

    /// How long a statement of a migration in a transaction may take; what the session has unless set.
    #[must_use]
    pub fn statement_timeout(mut self, at_most: Duration) -> Self {
        self.options.patience.statement_timeout = Some(at_most);
        self
    }

    /// What to do with a pending migration older than an applied one; refused unless set.
    #[must_use]
    pub fn out_of_order(mut self, policy: OutOfOrder) -> Self {
        self.options.policies.out_of_order = policy;
        self
    }

    /// What to do with an applied migration that was edited; refused unless set.
    #[must_use]
    pub fn modified(mut self, policy: Modified) -> Self {
        self.options.policies.modified = policy;
        self
    }

    /// What to do with an applied migration that is gone from the set; refused unless set.
    #[must_use]
    pub fn missing(mut self, policy: Missing) -> Self {
        self.options.policies.missing = policy;
        self
    }

    /// What to do with a database newer than the set; allowed unless set.
    #[must_use]
    pub fn ahead(mut self, policy: Ahead) -> Self {
        self.options.policies.ahead = policy;
        self
    }

    /// Calls a function for everything that happens, while it happens. It must not panic: the run
    /// would end where it is, and the run lock stay with the client until that is closed.
    #[must_use]
    pub fn on_event(self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer(observer)
    }

    /// Tells an observer everything that happens, beside those that are told already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.options.observers.push(Arc::new(observer));
        self
    }

    /// Watches every run that has something to do through a connection of its own: says who is in its way
    /// while it waits ([`Event::Blocked`]), and how far it is while it runs for longer than
    /// [`slow_after`](Self::slow_after) ([`Event::Running`]). Any TLS will do:
    ///
    /// ```no_run
    /// # use migrate_runtime::Migrator;
    /// # fn watched(migrator: Migrator) -> Migrator {
    /// migrator.watcher(|| postgres::Client::connect("host=/run/postgresql", postgres::NoTls))
    /// # }
    /// ```
    ///
    /// It is a thread with a blocking client, also for `into_async`, and ends before the verb does. Its role
    /// should be the run's, or one that may see what others run (`pg_read_all_stats`). It may go through a
    /// pooler, and takes a place in its pool there. Trouble with it is told ([`Event::WatcherFailed`]) and never a reason to fail.
    ///
    /// It also keeps a *lease*, which stands in for the run lock: a row of a table of its own
    /// (`migration_history_lease`), renewed every 10 s and taken over by the next run after 30 s without.
    /// That holds behind a pooler in transaction mode, too, where a lock belongs to nobody, and no
    /// transaction of a run that lost its lease is committed. Runs with and without a watcher wait for
    /// each other. The role needs the same rights on that table as on the history.
    #[must_use]
    pub fn watcher(
        mut self,
        connect: impl Fn() -> Result<postgres::Client, postgres::Error> + Send + Sync + 'static,
    ) -> Self {
        self.options.watcher = Some(Arc::new(connect));
        self
    }

    /// From which duration on a migration is [slow](Event::Slow); none is unless set. With a
    /// [`watcher`](Self::watcher) it is told while it runs, too ([`Event::Running`]).
    #[must_use]
    pub fn slow_after(mut self, took: Duration) -> Self {
        self.options.slow_after = Some(took);
        self
    }

    /// The schema of the history tables.
    pub fn history_schema_name(&self) -> &str {
        &self.options.schema
    }

    /// The name of the history table, without its schema.
    pub fn history_table_name(&self) -> &str {
        &self.options.table
    }

    /// The migrations it runs.
    pub fn set(&self) -> &MigrationSet {
        &self.set
    }
}

/// Verbs.
impl<S> Migrator<S> {
    /// Applies everything that is pending. One round trip when nothing is.
    ///
    /// Like all verbs it blocks, and is refused inside an async task: there, use
    /// `into_async` (feature `tokio`), or connect and migrate inside `tokio::task::spawn_blocking`.
    ///
    /// ```no_run
    /// # use migrate_runtime::Migrator;
    /// # fn migrate(migrator: &Migrator) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = postgres::Client::connect("host=/run/postgresql", postgres::NoTls)?;
    /// let report = migrator.up(&mut client)?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the history forbids it (see the policies), the run lock is not to be had, or a
    /// migration fails. What was applied before stays; the error says so.
    pub fn up(&self, client: &mut postgres::Client) -> Result<Report, Error> {
        self.block(client, async |run| run.up(None).await).map(|((), report)| report)
    }

    /// Applies what is pending up to and with a target: `up_to(client, 7)` or
    /// `up_to(client, schema::AddEmail)`.
    ///
    /// # Errors
    /// As [`up`](Self::up), and when the set has no such version.
    pub fn up_to(
        &self,
        client: &mut postgres::Client,
        target: impl Target<S>,
    ) -> Result<Report, Error> {
        let target = Some(target.version());
        self.block(client, async |run| run.up(target).await).map(|((), report)| report)
    }

    /// Rolls back the newest `n` applied migrations, the newest first; all of them where there are fewer. One that this binary does
    /// not know is rolled back with the script that the history keeps.
    ///
    /// # Errors
    /// Before anything is touched when one of them is irreversible or partly applied; when the run
    /// lock is not to be had; when a script fails.
    pub fn down(&self, client: &mut postgres::Client, n: usize) -> Result<Report, Error> {
        self.roll_back(client, Depth::Last(n))
    }

    /// Rolls back everything newer than a target, which stays: `down_to(client, 7)` or
    /// `down_to(client, schema::AddEmail)`; `down_to(client, 0)` rolls everything back (but a
    /// migration 0, which stays as any target does).
    ///
    /// # Errors
    /// As [`down`](Self::down), and when neither set nor history has such a version.
    pub fn down_to(
        &self,
        client: &mut postgres::Client,
        target: impl DownTarget<S>,
    ) -> Result<Report, Error> {
        self.roll_back(client, Depth::DownTo(target.version()))
    }

    fn roll_back(&self, client: &mut postgres::Client, depth: Depth) -> Result<Report, Error> {
        self.block(client, async |run| run.down(depth).await).map(|((), report)| report)
    }

    /// Rolls back the newest `n` applied migrations, or all where there are fewer, and applies them again. An edited one, which
    /// `up` refuses, is applied as it is now.
    ///
    /// # Errors
    /// As [`down`](Self::down) and [`up`](Self::up); what the second half would refuse is refused
    /// before the first. When a script of the second half fails, the migration stays rolled back.
    pub fn redo(&self, client: &mut postgres::Client, n: usize) -> Result<Report, Error> {
        self.block(client, async |run| run.redo(n).await).map(|((), report)| report)
    }

    /// Where the database stands, and whose last attempts have failed. Writes nothing and takes no lock; one
    /// round trip.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn status(&self, client: &mut postgres::Client) -> Result<Status, Error> {
        self.block(client, async |run| run.status().await).map(|(status, _)| status)
    }

    /// What [`up`](Self::up) would do. Writes nothing and takes no lock; one round trip.
    ///
    /// # Errors
    /// When the history cannot be read, or forbids an `up`.
    pub fn plan(&self, client: &mut postgres::Client) -> Result<Plan, Error> {
        self.plan_target(client, None)
    }

    /// What [`up_to`](Self::up_to) would do.
    ///
    /// # Errors
    /// As [`plan`](Self::plan), and when the set has no such version.
    pub fn plan_to(
        &self,
        client: &mut postgres::Client,
        target: impl Target<S>,
    ) -> Result<Plan, Error> {
        self.plan_target(client, Some(target.version()))
    }

    fn plan_target(
        &self,
        client: &mut postgres::Client,
        target: Option<i64>,
    ) -> Result<Plan, Error> {
        self.block(client, async |run| run.plan(target).await)
            .map(|(pending, report)| Plan::new(pending, report.already))
    }

    /// What stands in the way of [`up`](Self::up) just now: the size of the tables it locks, who holds
    /// them, what was prepared and forgotten, indexes that are invalid, replicas that are behind, rights
    /// that are missing. Writes nothing and locks no table, so that it waits for nobody; two round trips.
    ///
    /// Who waits behind whom is a matter of the moment; `up` does not rely on it.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub fn preflight(&self, client: &mut postgres::Client) -> Result<Preflight, Error> {
        self.block(client, async |run| run.preflight(None).await).map(|(preflight, _)| preflight)
    }

    /// Records everything up to and with a target as applied, without running it: for a database
    /// that has the schema already.
    ///
    /// # Errors
    /// When the history holds something else already, or the set has no such version.
    pub fn baseline(
        &self,
        client: &mut postgres::Client,
        target: impl Target<S>,
    ) -> Result<Report, Error> {
        let target = target.version();
        self.block(client, async |run| run.baseline(target).await).map(|((), report)| report)
    }

    /// Whether the database has exactly what the set says: for an application that starts with a
    /// role that may only read. Writes nothing and takes no lock; one round trip.
    ///
    /// # Errors
    /// When a migration is pending, and in every case in which [`up`](Self::up) refuses.
    pub fn verify(&self, client: &mut postgres::Client) -> Result<(), Error> {
        self.plan(client)?.nothing_pending()
    }

    /// Runs a verb to its end on this thread.
    pub(crate) fn block<T>(
        &self,
        client: &mut postgres::Client,
        verb: impl AsyncFnOnce(&mut Run<'_, Blocking<'_>>) -> Result<T, Error>,
    ) -> Result<(T, Report), Error> {
        if in_async_task() {
            return Err(in_async());
        }
        let mut client = Blocking(client);
        let mut run = Run::new(&mut client, &self.options, self.set);
        block(async {
            let result = verb(&mut run).await;
            run.finish(result).await
        })
    }
}

fn in_async() -> Error {
    Error::new(ErrorKind::Async, "the blocking client was used inside an async task")
        .note("it waits on the thread that is to run other tasks, which the client refuses with a panic")
        .help("with feature `tokio`: `.into_async().up(&mut tokio_postgres_client).await`")
        .help("or connect and migrate inside `tokio::task::spawn_blocking(|| …).await`")
}

impl Default for Options {
    fn default() -> Self {
        Options {
            schema: "public".into(),
            table: "migration_history".into(),
            lock_wait: LOCK_WAIT,
            patience: Patience::default(),
            policies: Policies::default(),
            slow_after: None,
            watcher: None,
            lease: lease::TIME_TO_LIVE,
            observers: Vec::new(),
            hooks: Hooks::default(),
            backup: None,
            approval_above: None,
        }
    }
}

impl<S> Clone for Migrator<S> {
    fn clone(&self) -> Self {
        Migrator { set: self.set, options: self.options.clone(), typed: PhantomData }
    }
}

impl<S> fmt::Debug for Migrator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("migrations", &self.set.migrations().len())
            .field("history_schema", &self.options.schema)
            .field("history_table", &self.options.table)
            .field("lock_wait", &self.options.lock_wait)
            .field("policies", &self.options.policies)
            .finish_non_exhaustive()
    }
}
