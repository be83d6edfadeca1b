//! The watcher: a thread with a connection of its own that lives while a run has something to do. It says
//! who is in the way while the run waits, how far a slow statement is while it runs, and renews the
//! run's [lease](crate::lease).
//!
//! A run tells it what is under way ([`Run::send_watched`]), and it asks the server about twice a second.
//! What it finds out becomes an event at once, from its own thread. It is told under the lock that the run
//! takes to say that a statement is done, so nothing is told of a statement that is.
//!
//! The run's server process is found by the comment that its messages begin with: behind a pooler, each may
//! be in another one.
//!
//! Trouble with watching is told, and changes nothing else.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use postgres::{Client, SimpleQueryMessage};

use crate::blocker::{Blocker, PREPARED, session};
use crate::connection::Connection;
use crate::error::words;
use crate::execute::is_cut;
use crate::history::{optional, rows_of};
use crate::job::{Job, Message};
use crate::lease::Lease;
use crate::observe::{Direction, Event, MigrationId, Observer, Progress, Took};
use crate::quote::literal;
use crate::run::Run;

/// How a watcher connects.
pub(crate) type Connect = Arc<dyn Fn() -> Result<Client, postgres::Error> + Send + Sync>;

/// Between two questions.
const TICK: Duration = Duration::from_millis(500);
/// What has not changed is told again after this.
const AGAIN: Duration = Duration::from_secs(30);
/// So long a run waits until its watcher is connected, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(2);

/// Before every question. Nothing of it outlives the message, so a pooler may come in between.
const LIMITS: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET LOCAL search_path TO pg_catalog, pg_temp; \
     SET LOCAL statement_timeout TO 5000; SET LOCAL lock_timeout TO 5000";

/// What a run has of its watcher. The thread ends with it.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    stop: Condvar,
}

#[derive(Default)]
struct State {
    stop: bool,
    /// Whether it could connect, once that is known.
    connected: Option<Result<(), String>>,
    /// What the server is at.
    task: Option<Task>,
    /// How many there were.
    tasks: u64,
    /// Who was last seen in the way of it.
    seen: Vec<Blocker>,
    /// To be renewed, and when it last was.
    lease: Option<(Lease, Instant)>,
}

/// A message that is on its way.
#[derive(Clone)]
struct Task {
    number: u64,
    migration: MigrationId,
    direction: Direction,
    step: Option<usize>,
    of: usize,
    /// Where it runs if nothing comes in between.
    pid: Option<i32>,
    begun: Instant,
}

impl Shared {
    /// An observer that panicked must not take the run with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    fn start(mut watcher: Watcher) -> std::io::Result<Watch> {
        let shared = Arc::clone(&watcher.shared);
        let thread = std::thread::Builder::new().name("migrate-watcher".to_owned());
        let thread = Some(thread.spawn(move || watcher.work())?);
        Ok(Watch { shared, thread })
    }

    fn connected(&self) -> Option<Result<(), String>> {
        let connected = self.shared.state().connected.clone();
        connected.or_else(|| self.is_over().then(|| Err("connecting panicked".to_owned())))
    }

    fn begin(&self, job: &Job, step: Option<usize>, pid: Option<i32>) {
        let mut state = self.shared.state();
        state.tasks += 1;
        state.seen.clear();
        state.task = Some(Task {
            number: state.tasks,
            migration: job.id.clone(),
            direction: job.direction,
            step: step.map(|step| step + 1),
            of: job.statements.len(),
            pid,
            begun: Instant::now(),
        });
    }

    fn stop(&self) {
        self.shared.state().stop = true;
        self.shared.stop.notify_all();
    }

    fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Leaves a thread to itself that hangs in its connection. It does nothing more when it comes back.
    fn abandon(mut self) {
        self.stop();
        self.thread = None;
    }
}

/// However a run ends: a panic, a future that is dropped.
impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
        let begun = Instant::now();
        while !self.is_over() && begun.elapsed() < PATIENCE {
            std::thread::sleep(PAUSE);
        }
        if self.is_over()
            && let Some(thread) = self.thread.take()
        {
            // If it panicked, it was an observer, who has been heard.
            let _ = thread.join();
        }
    }
}

impl<C: Connection> Run<'_, C> {
    /// Starts the watcher, if there is to be one. `false` where there is none.
    pub(crate) async fn watch(&mut self) -> bool {
        let Some(connect) = &self.options.watcher else { return false };
        let watcher = Watcher {
            shared: Arc::default(),
            connect: Arc::clone(connect),
            client: None,
            observers: self.options.observers.clone(),
            slow_after: self.options.slow_after,
            tick: TICK.min(self.options.lease / 6),
            tag: self.tag(),
            free: Instant::now(),
            was_free: false,
            told: None,
            slow: None,
            failing: Vec::new(),
        };
        let watch = match Watch::start(watcher) {
            Ok(watch) => watch,
            Err(error) => {
                self.emit(Event::WatcherFailed { why: error.to_string() });
                return false;
            }
        };
        let begun = Instant::now();
        let connected = loop {
            if let Some(connected) = watch.connected() {
                break connected;
            }
            if begun.elapsed() >= PATIENCE {
                break Err(format!("it did not connect within {}", Took(PATIENCE)));
            }
            self.connection.sleep(PAUSE).await;
        };
        match connected {
            Ok(()) => self.watch = Some(watch),
            Err(why) => {
                watch.abandon();
                self.emit(Event::WatcherFailed { why });
            }
        }
        self.watch.is_some()
    }

    /// Before the last event.
    pub(crate) async fn end_watch(&mut self) {
        let Some(watch) = self.watch.take() else { return };
        watch.stop();
        let begun = Instant::now();
        while !watch.is_over() && begun.elapsed() < PATIENCE {
            self.connection.sleep(PAUSE).await;
        }
        if !watch.is_over() {
            watch.abandon();
        }
    }

    /// Sends a job, or a statement of one.
    pub(crate) async fn send_watched(
        &mut self,
        job: &Job,
        step: Option<usize>,
        message: &Message,
    ) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        if let Some(watch) = &self.watch {
            watch.begin(job, step, self.pid.filter(|_| !self.pooled));
        }
        let answer = self.connection.simple_query(message.sql()).await;
        // If nobody heard how it ended, the server may still be at it.
        if let Some(watch) = &self.watch
            && !answer.as_ref().is_err_and(is_cut)
        {
            watch.shared.state().task = None;
        }
        answer
    }

    /// A message that the watcher will know again.
    pub(crate) fn new_message(&self) -> Message {
        match self.watch {
            Some(_) => Message::tagged(self.tag()),
            None => Message::default(),
        }
    }

    fn tag(&self) -> String {
        crate::lease::tag(&self.report.run_id)
    }

    /// Who the watcher saw in the way of what was sent last.
    pub(crate) fn seen_in_the_way(&self) -> Vec<Blocker> {
        self.watch.as_ref().map(|watch| watch.shared.state().seen.clone()).unwrap_or_default()
    }

    /// Has a lease renewed from now on, or none.
    pub(crate) fn renew(&self, lease: Option<Lease>) {
        if let Some(watch) = &self.watch {
            watch.shared.state().lease = lease.map(|lease| (lease, Instant::now()));
        }
    }
}

/// The thread.
struct Watcher {
    shared: Arc<Shared>,
    connect: Connect,
    client: Option<Client>,
    observers: Vec<Arc<dyn Observer>>,
    slow_after: Option<Duration>,
    tick: Duration,
    tag: String,
    /// When nobody was last seen in the way.
    free: Instant,
    /// Nobody was, when it last looked.
    was_free: bool,
    /// Who was last told to be in whose way, and when.
    told: Option<(MigrationId, Option<usize>, Vec<i32>, Instant)>,
    /// Which task was last told to be slow, and when.
    slow: Option<(u64, Instant)>,
    /// What does not work, and was told.
    failing: Vec<&'static str>,
}

impl Watcher {
    fn work(&mut self) {
        let connected = (self.connect)();
        let told = connected.as_ref().map(drop).map_err(words);
        self.client = connected.ok();
        self.shared.state().connected = Some(told);
        if self.client.is_none() {
            return;
        }
        while self.wait() {
            self.renew();
            self.look();
        }
        let state = self.shared.state();
        // While the server may be at something, nobody else may: then the lease has to expire.
        let lease = state.lease.as_ref().filter(|_| state.task.is_none());
        let release = lease.map(|(lease, _)| lease.release());
        drop(state);
        release.and_then(|sql| self.ask("giving up the lease", &sql));
    }

    /// Until the next question; `false` at the end.
    fn wait(&self) -> bool {
        let state = self.shared.state();
        let waited = self.shared.stop.wait_timeout_while(state, self.tick, |state| !state.stop);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stop
    }

    fn renew(&mut self) {
        let due = |(lease, at): &&(Lease, Instant)| at.elapsed() >= lease.lasts / 3;
        let lease = self.shared.state().lease.as_ref().filter(due).map(|(lease, _)| lease.renew());
        if let Some(sql) = lease
            && self.ask("renewing the lease", &sql).is_some()
            && let Some((_, at)) = &mut self.shared.state().lease
        {
            *at = Instant::now();
        }
    }

    fn look(&mut self) {
        let Some(task) = self.shared.state().task.clone() else { return };
        self.free = self.free.max(task.begun);
        let sql = blockers_sql(&self.tag, task.pid);
        let Some(answer) = self.ask("looking who is in the way", &sql) else { return };
        let blockers = Blocker::all(&answer);
        // Once may be just after the server gave up, and before the run heard of it.
        let is_new = !blockers.is_empty() || self.was_free;
        self.was_free = blockers.is_empty();
        let mut state = self.shared.state();
        if is_new && state.tasks == task.number {
            state.seen.clone_from(&blockers);
        }
        drop(state);
        match blockers.is_empty() {
            true => self.free = Instant::now(),
            false => self.tell_blocked(&task, blockers),
        }
        self.tell_slow(&task);
    }

    fn tell_blocked(&mut self, task: &Task, blockers: Vec<Blocker>) {
        let pids: Vec<i32> = blockers.iter().map(|blocker| blocker.pid).collect();
        let is_old = self.told.as_ref().is_some_and(|(migration, step, told, at)| {
            (migration, step, told) == (&task.migration, &task.step, &pids) && at.elapsed() < AGAIN
        });
        if is_old {
            return;
        }
        let waited = self.free.elapsed();
        let migration = task.migration.clone();
        if self.tell(Some(task), &Event::Blocked { migration, blockers, waited }) {
            self.told = Some((task.migration.clone(), task.step, pids, Instant::now()));
        }
    }

    fn tell_slow(&mut self, task: &Task) {
        let took = task.begun.elapsed();
        let is_old =
            self.slow.is_some_and(|(number, at)| number == task.number && at.elapsed() < AGAIN);
        if is_old || self.slow_after.is_none_or(|limit| took < limit) {
            return;
        }
        let answer = self.ask("looking how far it is", &progress_sql(&self.tag, task.pid));
        let event = Event::Running {
            direction: task.direction,
            migration: task.migration.clone(),
            step: task.step,
            of: task.of,
            took,
            progress: answer.as_deref().and_then(progress),
        };
        if self.tell(Some(task), &event) {
            self.slow = Some((task.number, Instant::now()));
        }
    }

    /// Unless the run is over, or the server is at something else meanwhile.
    fn tell(&self, of: Option<&Task>, event: &Event) -> bool {
        let state = self.shared.state();
        let number = |task: &Task| task.number;
        let is_current = of.is_none() || of.map(number) == state.task.as_ref().map(number);
        if state.stop || !is_current {
            return false;
        }
        self.observers.iter().for_each(|observer| observer.event(event));
        true
    }

    fn ask(&mut self, doing: &'static str, sql: &str) -> Option<Vec<SimpleQueryMessage>> {
        const REACHING: &str = "reaching the server";
        match self.try_ask(sql) {
            Ok(answer) => {
                self.failing.retain(|it| ![doing, REACHING].contains(it));
                Some(answer)
            }
            Err(error) => {
                let doing = if is_cut(&error) { REACHING } else { doing };
                if !self.failing.contains(&doing) {
                    self.failing.push(doing);
                    let why = format!("{doing}: {}", words(&error));
                    self.tell(None, &Event::WatcherFailed { why });
                }
                None
            }
        }
    }

    fn try_ask(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        let client = match &mut self.client {
            Some(client) if !client.is_closed() => client,
            lost => lost.insert((self.connect)()?),
        };
        client.simple_query(&format!("{LIMITS};\n{sql}"))
    }
}

/// The run's server process, as `u`.
fn run_sql(tag: &str, pid: Option<i32>) -> String {
    let tag = literal(tag);
    let pid = pid.map(|pid| format!(" OR pid = {pid}")).unwrap_or_default();
    format!(
        "WITH u AS MATERIALIZED (SELECT pid, state, wait_event_type FROM pg_stat_activity \
         WHERE (starts_with(query, {tag}) AND state = 'active'){pid} \
         ORDER BY starts_with(query, {tag}) DESC NULLS LAST LIMIT 1)"
    )
}

/// Asking who blocks whom stops the whole lock table for a moment, so it is only done when the process waits
/// for a lock, or may not be seen.
fn blockers_sql(tag: &str, pid: Option<i32>) -> String {
    let object = |of: &str| {
        let columns = [
            "locktype",
            "database",
            "relation",
            "page",
            "tuple",
            "virtualxid",
            "transactionid",
            "classid",
            "objid",
            "objsubid",
        ];
        format!("ROW({})", columns.map(|column| format!("{of}.{column}")).join(", "))
    };
    format!(
        "{run}, b AS MATERIALIZED (SELECT DISTINCT u.pid AS ours, b.pid FROM u, \
         unnest(CASE WHEN u.state IS NULL OR u.wait_event_type = 'Lock' THEN pg_blocking_pids(u.pid) END) AS b (pid)) \
         SELECT b.pid, COALESCE(CASE WHEN n.nspname <> 'public' THEN quote_ident(n.nspname) || '.' ELSE '' END \
         || quote_ident(c.relname), '') AS relation, l.mode, {session} FROM b LEFT JOIN LATERAL \
         (SELECT h.mode, h.relation, h.pid, h.virtualtransaction FROM pg_locks AS w JOIN pg_locks AS h \
         ON {held} IS NOT DISTINCT FROM {wanted} AND h.pid IS NOT DISTINCT FROM NULLIF(b.pid, 0) \
         WHERE w.pid = b.ours AND NOT w.granted ORDER BY h.granted DESC LIMIT 1) AS l ON TRUE \
         LEFT JOIN pg_class AS c ON c.oid = l.relation LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid {PREPARED} ORDER BY b.pid",
        run = run_sql(tag, pid),
        session = session(),
        held = object("h"),
        wanted = object("w"),
    )
}

/// What the server tells of commands that take long.
fn progress_sql(tag: &str, pid: Option<i32>) -> String {
    format!(
        "{}, p AS (SELECT pid, command, phase, \
         CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END AS done, \
         CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END AS total \
         FROM pg_stat_progress_create_index \
         UNION ALL SELECT pid, command, phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_cluster \
         UNION ALL SELECT pid, 'VACUUM', phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_vacuum \
         UNION ALL SELECT pid, 'ANALYZE', phase, sample_blks_scanned, sample_blks_total FROM pg_stat_progress_analyze) \
         SELECT p.command, p.phase, LEAST(100, 100 * p.done / NULLIF(p.total, 0)) AS percent FROM u JOIN p USING (pid)",
        run_sql(tag, pid)
    )
}

fn progress(answer: &[SimpleQueryMessage]) -> Option<Progress> {
    let row = rows_of(answer).next()?;
    Some(Progress {
        command: optional(row, "command")?.to_owned(),
        phase: optional(row, "phase")?.to_owned(),
        percent: optional(row, "percent").and_then(|percent| percent.parse().ok()),
    })
}
