//! Table locks that others hold: nobody waits for long behind a migration, and it says who is in its
//! way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, ErrorKind, Event, Migrator};
use postgres::{Client, NoTls};

use crate::engine_fixture::{applied, ask, database, locking, locks, migrator, pair, stepwise};

const TABLES: &str = "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int)";
const THREE: &str = "ALTER TABLE a ADD COLUMN x int;;ALTER TABLE b ADD COLUMN x int;;ALTER TABLE c ADD COLUMN x int";

/// Three tables in one migration, with what the analysis would say of it.
fn three() -> [EmbeddedMigration; 1] {
    [locking(1, "three", THREE, "SELECT 1", "!8t1:a!8t1:b!8t1:c")]
}

type Log = Arc<Mutex<Vec<(Instant, Event)>>>;

/// Everything that happens, and when.
fn listen(migrator: Migrator) -> (Migrator, Log) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let migrator =
        migrator.on_event(move |event| log.lock().unwrap().push((Instant::now(), event.clone())));
    (migrator, seen)
}

/// Reads a table in a transaction that stays open, until told.
fn hold(
    database: &migrate_testing::Database,
    sql: &'static str,
) -> (Arc<AtomicBool>, thread::JoinHandle<()>) {
    let mut holder = database.config().application_name("the report").connect(NoTls).unwrap();
    holder.batch_execute(&format!("BEGIN; {sql}")).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&done);
    let holding = thread::spawn(move || {
        while !told.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(10));
        }
        holder.batch_execute("COMMIT").unwrap();
    });
    (done, holding)
}

/// Reads tables again and again; the longest that one reading took.
fn read(
    mut client: Client,
    tables: &'static [&'static str],
    until: &Arc<AtomicBool>,
) -> thread::JoinHandle<Duration> {
    let until = Arc::clone(until);
    thread::spawn(move || {
        let mut longest = Duration::ZERO;
        while !until.load(Ordering::Relaxed) {
            for table in tables {
                let begun = Instant::now();
                client.simple_query(&format!("SELECT count(*) FROM {table}")).unwrap();
                longest = longest.max(begun.elapsed());
            }
            thread::sleep(Duration::from_millis(2));
        }
        longest
    })
}

/// Runs a migration while a transaction holds what it needs, and others read.
fn behind(migrations: &[EmbeddedMigration], held: &'static str) {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, held);
    let limit = Duration::from_millis(1500);
    let readers: Vec<_> = [&["a"], &["b"], &["c"]]
        .map(|tables: &'static [&str; 1]| read(database.connect().unwrap(), tables, &done))
        .into();
    let (migrator, seen) = listen(migrator(migrations));
    let begun = Instant::now();
    let release = Arc::clone(&done);
    let releasing = thread::spawn(move || {
        thread::sleep(Duration::from_secs(5));
        release.store(true, Ordering::Relaxed);
    });
    let report = migrator.up(&mut client).unwrap();
    assert_eq!(report.applied().count(), 1);
    releasing.join().unwrap();
    holding.join().unwrap();
    for reader in readers {
        let longest = reader.join().unwrap();
        assert!(longest <= limit.mul_f64(1.1), "a reader waited for {longest:?}");
    }
    let seen = seen.lock().unwrap();
    let first = seen.iter().find_map(|(at, event)| match event {
        Event::Retrying { blockers, .. } => Some((*at, blockers)),
        _ => None,
    });
    let (at, blockers) = first.unwrap();
    assert!(at.duration_since(begun) < Duration::from_secs(2), "{:?}", at.duration_since(begun));
    let blocker = blockers.iter().find(|it| it.application_name == "the report").unwrap();
    assert_eq!(blocker.state, "idle in transaction");
    assert!(blocker.query.contains("SELECT") && blocker.mode == "AccessShareLock", "{blocker}");
    assert_eq!(applied(&mut client), "1");
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn readers_never_wait_for_long_behind_one_lock() {
    let one = [pair(1, "one", "ALTER TABLE a ADD COLUMN x int", "SELECT 1")];
    behind(&one, "SELECT FROM a");
}

#[test]
fn readers_never_wait_for_long_behind_three_locks() {
    behind(&three(), "SELECT FROM c");
}

#[test]
fn what_is_given_up_names_who_was_in_the_way() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, "SELECT FROM b");
    let (migrator, seen) = listen(migrator(&three()));
    let migrator = migrator.lock_timeout(Duration::from_millis(100)).lock_attempts(3);
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Blocked);
    assert_eq!(error.sql_state().unwrap().code(), "55P03");
    let text = error.to_string();
    for part in
        ["3 attempts", "AccessShareLock on b", "application the report", "nothing is applied"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let retries = |(_, event): &&(Instant, Event)| matches!(event, Event::Retrying { .. });
    assert_eq!(seen.lock().unwrap().iter().filter(retries).count(), 2);
    assert_eq!(ask(&mut client, "SELECT count(*) FROM pg_attribute WHERE attname = 'x'"), "0");
    assert_eq!(locks(&mut client), "0");
    done.store(true, Ordering::Relaxed);
    holding.join().unwrap();
    let _ = migrator.up(&mut client).unwrap();
}

#[test]
fn a_timeout_that_the_script_or_the_session_sets_is_kept() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, "SELECT FROM a");
    let quick = |migrations: &[EmbeddedMigration], client: &mut Client| {
        let begun = Instant::now();
        let error = migrator(migrations).lock_attempts(1).up(client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Blocked);
        begun.elapsed()
    };
    let alter = "ALTER TABLE a ADD COLUMN x int";
    let own = format!("SET LOCAL lock_timeout = '50ms';;{alter}");
    let took = quick(&[pair(1, "own", &own, "SELECT 1")], &mut client);
    assert!(took < Duration::from_secs(1), "{took:?}");
    client.batch_execute("SET lock_timeout = '60ms'").unwrap();
    let took = quick(&[pair(1, "session", alter, "SELECT 1")], &mut client);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(ask(&mut client, "SHOW lock_timeout"), "60ms", "and is there afterwards");
    done.store(true, Ordering::Relaxed);
    holding.join().unwrap();
}

/// Its names are another schema's, or of no table: it is left to take its locks itself.
#[test]
fn locks_that_cannot_be_taken_by_name_are_left_to_the_script() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE a (id int)").unwrap();
    let up = "ALTER TABLE a ADD COLUMN x int;;CREATE TABLE b ()";
    let migrations = [locking(1, "m", up, "SELECT 1", "!8t1:a!8t7:missing")];
    assert_eq!(migrator(&migrations).up(&mut client).unwrap().applied().count(), 1);
    assert_eq!(applied(&mut client), "1");
}

#[test]
fn statements_outside_a_transaction_are_tried_again_too() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, "SELECT FROM a");
    let up = "ALTER TABLE b ADD COLUMN x int;;ALTER TABLE a ADD COLUMN x int;;CREATE INDEX CONCURRENTLY i ON a (x)";
    let migrations = [stepwise(1, "m", up, "SELECT 1")];
    let (migrator, seen) = listen(migrator(&migrations).lock_timeout(Duration::from_millis(100)));
    let release = Arc::clone(&done);
    let releasing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(600));
        release.store(true, Ordering::Relaxed);
    });
    assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 1);
    let retried = |(_, event): &(Instant, Event)| matches!(event, Event::Retrying { .. });
    assert!(seen.lock().unwrap().iter().any(retried));
    assert_eq!(ask(&mut client, "SHOW lock_timeout"), "0");
    releasing.join().unwrap();
    holding.join().unwrap();
}
