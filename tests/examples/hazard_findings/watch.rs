//! What a server does while a statement runs, seen from beside it.

use migrate_analysis::fidelity::Facts;
use migrate_tests::referee::{facts, words};
use postgres::{Client, Config, NoTls};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A session that runs statements, and one that looks at its locks.
pub(crate) struct Watch {
    pub(crate) client: Client,
    beside: Client,
    pid: i32,
    config: Config,
    said: Arc<Mutex<Vec<String>>>,
}

/// The modes held, by relation.
type Locks = BTreeMap<String, BTreeSet<String>>;

struct Moment {
    locks: Locks,
    /// By number: the name and the file.
    files: BTreeMap<u32, (String, Option<u32>)>,
    counters: BTreeMap<String, [i64; 5]>,
    objects: BTreeSet<String>,
}

impl Watch {
    pub(crate) fn new(config: &Config) -> Outcome<Watch> {
        let said = Arc::new(Mutex::new(Vec::new()));
        let (mut own, heard) = (config.clone(), Arc::clone(&said));
        own.notice_callback(move |notice| {
            if let Ok(mut said) = heard.lock() {
                said.push(notice.message().to_owned());
            }
        });
        let mut client = own.connect(NoTls)?;
        client.batch_execute("SET max_parallel_maintenance_workers = 0")?;
        let pid = client.query_one("SELECT pg_backend_pid()", &[])?.get(0);
        Ok(Watch { client, beside: config.connect(NoTls)?, pid, config: config.clone(), said })
    }

    /// Runs a statement, and tells what it did. `objects`: also of the schema.
    pub(crate) fn run(
        &mut self,
        sql: &str,
        title: &str,
        objects: bool,
        told: &mut Vec<String>,
    ) -> Outcome<()> {
        let mut tell = |text: String| told.push(format!("  {title}: {text}"));
        let before = self.moment(objects)?;
        tell(format!("held before: {}", shown(&before.locks)));
        self.client.batch_execute("SET client_min_messages = debug1")?;
        self.said.lock().map_err(|error| error.to_string())?.clear();
        let start = Instant::now();
        let result = self.client.batch_execute(sql);
        let took = start.elapsed();
        if let Err(error) = result {
            tell(format!("FAILS {} after {took:.1?}", words(&error)));
            return Ok(());
        }
        let said = self.said.lock().map_err(|error| error.to_string())?.clone();
        self.client.batch_execute("RESET client_min_messages")?;
        let after = self.moment(objects)?;
        tell(format!("took {took:.1?}; locks now: {}", shown(&after.locks)));
        tell(format!("work: {}", work(&before, &after).join("; ")));
        let is_work = |it: &&String| {
            ["rewriting", "verifying", "building", "validating", "existing constraints"]
                .iter()
                .any(|word| it.contains(word))
        };
        tell(format!("debug: {:?}", said.iter().filter(is_work).take(20).collect::<Vec<_>>()));
        if objects {
            let gone: Vec<_> = before.objects.difference(&after.objects).collect();
            let made: Vec<_> = after.objects.difference(&before.objects).take(12).collect();
            tell(format!("gone {gone:?}; new {made:?}"));
        }
        Ok(())
    }

    /// Runs a statement that waits for a writer of these tables until it gives up; what it held and waited for.
    pub(crate) fn blocked(&mut self, sql: &str, tables: &[String]) -> Outcome<String> {
        let mut writer = self.config.connect(NoTls)?;
        writer.batch_execute("BEGIN")?;
        for table in tables {
            let lock = format!("SAVEPOINT s; LOCK TABLE {table} IN ROW EXCLUSIVE MODE");
            if writer.batch_execute(&lock).is_err() {
                writer.batch_execute("ROLLBACK TO s")?;
            }
        }
        self.client.batch_execute("SET lock_timeout = '3s'")?;
        let (client, beside, pid) = (&mut self.client, &mut self.beside, self.pid);
        let (ended, locks) = std::thread::scope(|scope| {
            let running = scope.spawn(|| client.batch_execute(sql));
            std::thread::sleep(Duration::from_millis(1500));
            let rows = beside.query(&LOCKS.replace("AND l.granted", ""), &[&pid]);
            (running.join(), rows)
        });
        self.client.batch_execute("RESET lock_timeout")?;
        let ended = ended.map_err(|_| "the session panicked")?.map_err(|error| words(&error));
        let locks: Vec<String> = locks?
            .iter()
            .map(|row| format!("{} {}", row.get::<_, String>(0), row.get::<_, String>(1)))
            .collect();
        Ok(format!("{locks:?}, then {ended:?}"))
    }

    fn moment(&mut self, objects: bool) -> Outcome<Moment> {
        let mut locks = Locks::new();
        // A second session does not see what the first one has made: what is left was there before.
        for row in self.beside.query(LOCKS, &[&self.pid])? {
            locks.entry(row.get(0)).or_default().insert(row.get(1));
        }
        let mut files = BTreeMap::new();
        for row in self.client.query(FILES, &[])? {
            files.insert(row.get(0), (row.get(1), row.get(2)));
        }
        let mut counters = BTreeMap::new();
        for row in self.client.query(COUNTERS, &[])? {
            counters.insert(row.get(0), std::array::from_fn(|at| row.get(at + 1)));
        }
        let facts = if objects { facts(&mut self.client)? } else { Facts::new() };
        let objects = facts.into_keys().map(|(kind, name)| format!("{kind} {name}")).collect();
        Ok(Moment { locks, files, counters, objects })
    }
}

const LOCKS: &str = "SELECT c.relname || CASE c.relkind WHEN 'i' THEN ' (index)' ELSE '' END, \
        replace(l.mode, 'Lock', '') \
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
    WHERE l.pid = $1 AND l.locktype = 'relation' AND l.granted AND c.relkind <> 't' \
      AND c.relnamespace <> 'pg_catalog'::regnamespace AND l.mode <> 'AccessShareLock'";

const FILES: &str = "SELECT oid, oid::regclass::text, pg_relation_filenode(oid) FROM pg_class \
    WHERE relkind IN ('r', 'p', 'i', 'I', 'm') AND relnamespace::regnamespace::text NOT LIKE 'pg\\_%' \
      AND relnamespace <> 'information_schema'::regnamespace";

const COUNTERS: &str = "SELECT relid::regclass::text, seq_tup_read, coalesce(idx_tup_fetch, 0), \
        n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables";

fn shown(locks: &Locks) -> String {
    let shown: Vec<String> = locks
        .iter()
        .map(|(name, modes)| {
            format!("{name} {}", modes.iter().cloned().collect::<Vec<_>>().join("+"))
        })
        .collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn work(before: &Moment, after: &Moment) -> Vec<String> {
    let mut work = Vec::new();
    for (number, (name, file)) in &after.files {
        match before.files.get(number) {
            Some((_, old)) if old != file => work.push(format!("new file for {name}")),
            None => work.push(format!("made {name}")),
            _ => {}
        }
    }
    for (number, (name, _)) in &before.files {
        if !after.files.contains_key(number) {
            work.push(format!("dropped {name}"));
        }
    }
    let kinds = ["read in sequence", "fetched by index", "inserted", "updated", "deleted"];
    for (name, now) in &after.counters {
        let then = before.counters.get(name).copied().unwrap_or_default();
        for ((kind, now), then) in kinds.iter().zip(now).zip(then) {
            if *now > then {
                work.push(format!("{name}: {} {kind}", now - then));
            }
        }
    }
    work
}
