//! The watcher: who is in the way while a run waits, how far it is, and that watching never hurts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use migrate_runtime::{ErrorKind, Event, Migrator};
use migrate_testing::Database;
use postgres::{Client, NoTls};
use tokio::runtime::Runtime;

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, stepwise, tables};
use crate::engine_proxy::Proxy;

type Log = Arc<Mutex<Vec<(Instant, Event)>>>;

/// With a watcher, and everything that happens written down.
fn watched(migrator: Migrator, database: &Database) -> (Migrator, Log) {
    let config = database.config();
    let migrator =
        migrator.watcher(move || config.clone().application_name("the watcher").connect(NoTls));
    listen(migrator)
}

fn listen(migrator: Migrator) -> (Migrator, Log) {
    let seen = Log::default();
    let log = Arc::clone(&seen);
    let migrator =
        migrator.on_event(move |event| log.lock().unwrap().push((Instant::now(), event.clone())));
    (migrator, seen)
}

/// A transaction that stays open.
fn hold(database: &Database, sql: &str) -> Client {
    let mut holder = database.config().application_name("the report").connect(NoTls).unwrap();
    holder.batch_execute(&format!("BEGIN; {sql}")).unwrap();
    holder
}

/// Ends a transaction after a while.
fn release(mut holder: Client, after: Duration) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        sleep(after);
        holder.batch_execute("COMMIT").unwrap();
    })
}

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !met() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        sleep(Duration::from_millis(10));
    }
}

/// Sessions of watchers, once the server had a moment to notice that they are gone.
fn no_watcher_is_left(database: &Database) {
    let mut client = database.connect().unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the watcher' \
                    AND datname = current_database()";
    until("a watcher is left", || ask(&mut client, sessions) == "0");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history_lease"), "0");
    assert_eq!(locks(&mut client), "0");
}

fn blocked(log: &Log) -> Option<(Instant, Event)> {
    let log = log.lock().unwrap();
    log.iter().find(|(_, event)| matches!(event, Event::Blocked { .. })).cloned()
}

const ALTER: &str = "ALTER TABLE a ADD COLUMN x int";

/// The first thing told of the wait, which has to be while it lasts.
fn check_blocked(log: &Log) {
    let (at, event) = blocked(log).unwrap();
    let started = |(_, event): &&(Instant, Event)| matches!(event, Event::Started { .. });
    let begun = log.lock().unwrap().iter().find(started).unwrap().0;
    assert!(at - begun < Duration::from_secs(2), "{:?}", at - begun);
    let Event::Blocked { migration, blockers, waited } = &event else { unreachable!() };
    assert_eq!(migration.version(), 1);
    assert!(*waited < Duration::from_secs(2), "{waited:?}");
    assert_eq!(blockers.len(), 1, "{event}");
    let blocker = &blockers[0];
    assert_eq!(blocker.application_name, "the report", "{event}");
    assert_eq!((blocker.relation.as_str(), blocker.mode.as_str()), ("a", "AccessShareLock"));
    assert_eq!(blocker.state, "idle in transaction");
    assert!(event.to_json().contains(r#""event":"blocked","version":1"#), "{}", event.to_json());
    let log = log.lock().unwrap();
    let place = |of: fn(&Event) -> bool| log.iter().position(|(_, event)| of(event)).unwrap();
    let told = place(|event| matches!(event, Event::Blocked { .. }));
    assert!(told < place(|event| matches!(event, Event::Finished { .. })), "while it waits");
}

#[test]
fn the_blocker_is_named_while_the_migration_waits() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE a (id int)").unwrap();
    let (migrator, log) = watched(migrator(&[pair(1, "m", ALTER, "SELECT 1")]), &database);
    let releasing = release(hold(&database, "SELECT FROM a"), Duration::from_secs(3));
    let _ = migrator.lock_timeout(Duration::from_secs(20)).up(&mut client).unwrap();
    check_blocked(&log);
    releasing.join().unwrap();
    no_watcher_is_left(&database);
}

#[test]
fn the_blocker_is_named_in_an_async_program_too() {
    let database = database();
    database.connect().unwrap().batch_execute("CREATE TABLE a (id int)").unwrap();
    let (migrator, log) = watched(migrator(&[pair(1, "m", ALTER, "SELECT 1")]), &database);
    let migrator = migrator.lock_timeout(Duration::from_secs(20)).into_async();
    let releasing = release(hold(&database, "SELECT FROM a"), Duration::from_secs(3));
    let url = database.url();
    let work = async move {
        let (mut client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        migrator.up(&mut client).await.unwrap().applied().count()
    };
    let runtime = Runtime::new().unwrap();
    assert_eq!(runtime.block_on(runtime.spawn(work)).unwrap(), 1);
    check_blocked(&log);
    releasing.join().unwrap();
    no_watcher_is_left(&database);
}

#[test]
fn others_in_the_way_are_told_anew() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE a (id int)").unwrap();
    let (migrator, log) = watched(migrator(&[pair(1, "m", ALTER, "SELECT 1")]), &database);
    let first = release(hold(&database, "SELECT FROM a"), Duration::from_secs(2));
    let second = release(hold(&database, "SELECT FROM a"), Duration::from_secs(4));
    let _ = migrator.lock_timeout(Duration::from_secs(20)).up(&mut client).unwrap();
    let log = log.lock().unwrap();
    let counts: Vec<usize> = log
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Blocked { blockers, .. } => Some(blockers.len()),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [2, 1]);
    first.join().unwrap();
    second.join().unwrap();
}

#[test]
fn what_is_given_up_names_whom_the_watcher_saw() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE a (id int)").unwrap();
    let (migrator, _) = watched(migrator(&[pair(1, "m", ALTER, "SELECT 1")]), &database);
    let migrator = migrator.lock_timeout(Duration::from_secs(2)).lock_attempts(1);
    let _holder = hold(&database, "SELECT FROM a");
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Blocked);
    let text = error.to_string();
    assert!(text.contains("in the way of the last attempt: server process"), "{text}");
    assert!(text.contains("application the report"), "{text}");
    no_watcher_is_left(&database);
}

/// The build waits for a writer, which is a phase of its own, and both are told.
#[test]
fn a_slow_index_tells_how_far_it_is() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE a (id int)").unwrap();
    let up = "CREATE TABLE b ();;CREATE INDEX CONCURRENTLY i ON a (id)";
    let (migrator, log) = watched(migrator(&[stepwise(1, "m", up, "SELECT 1")]), &database);
    let releasing = release(hold(&database, "INSERT INTO a VALUES (1)"), Duration::from_secs(4));
    let _ = migrator.slow_after(Duration::from_secs(1)).up(&mut client).unwrap();
    releasing.join().unwrap();
    let log = log.lock().unwrap();
    let running: Vec<&Event> = log
        .iter()
        .map(|(_, event)| event)
        .filter(|event| matches!(event, Event::Running { .. }))
        .collect();
    let [event @ Event::Running { step: Some(2), of: 2, took, progress: Some(progress), .. }] =
        running[..]
    else {
        panic!("{running:?}")
    };
    assert!(*took >= Duration::from_secs(1) && *took < Duration::from_secs(3), "{event}");
    assert_eq!(progress.command, "CREATE INDEX CONCURRENTLY");
    assert_eq!(progress.phase, "waiting for writers before build");
    let words = event.to_string();
    assert!(words.starts_with("1_m: statement 2 of 2 has been running for 1."), "{words}");
    let waits = |(_, event): &(Instant, Event)| match event {
        Event::Blocked { blockers, .. } => blockers[0].application_name == "the report",
        _ => false,
    };
    assert!(log.iter().any(waits));
}

#[test]
fn a_watcher_that_cannot_connect_stops_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    let (migrator, log) = listen(
        migrator(&tables(3))
            .watcher(|| postgres::Client::connect("host=/nowhere/at/all user=nobody", NoTls)),
    );
    assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 3);
    let failed = |(_, event): &&(Instant, Event)| matches!(event, Event::WatcherFailed { .. });
    assert_eq!(log.lock().unwrap().iter().filter(failed).count(), 1);
    assert_eq!(locks(&mut client), "0");
    let leases = "SELECT count(*) FROM pg_class WHERE relname = 'migration_history_lease'";
    assert_eq!(ask(&mut client, leases), "0", "nobody would renew it");
}

#[test]
fn a_watcher_that_panics_stops_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(3)).watcher(|| panic!("on purpose"));
    assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 3);
}

/// The first connection is ended by an administrator; the next one is refused, and told once.
#[test]
fn a_watcher_that_loses_its_connection_stops_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    let config = database.config();
    let connected = AtomicBool::new(false);
    let (migrator, log) =
        listen(migrator(&[pair(1, "m", "SELECT pg_sleep(3)", "SELECT 1")]).watcher(move || {
            let name = match connected.swap(true, Ordering::SeqCst) {
                false => "the watcher",
                true => return Client::connect("host=/nowhere/at/all user=nobody", NoTls),
            };
            config.clone().application_name(name).connect(NoTls)
        }));
    let mut other = database.connect().unwrap();
    let ending = thread::spawn(move || {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = 'the watcher' AND datname = current_database()";
        until("the watcher came", || ask(&mut other, end) == "1");
    });
    let _ = migrator.up(&mut client).unwrap();
    ending.join().unwrap();
    let log = log.lock().unwrap();
    let failed: Vec<String> = log
        .iter()
        .filter(|(_, event)| matches!(event, Event::WatcherFailed { .. }))
        .map(|(_, event)| event.to_string())
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].starts_with("the watcher: reaching the server"), "{failed:?}");
    assert_eq!(applied(&mut client), "1");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history_lease"), "0");
}

/// It may not renew the lease, nor see what others do; it still knows who is in the way.
#[test]
fn a_watcher_without_rights_stops_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("w_{}", database.name());
    client.batch_execute(&format!("CREATE TABLE a (id int); CREATE ROLE {role} LOGIN")).unwrap();
    let mut config = database.config();
    config.user(&role);
    let migrations = [pair(1, "m", ALTER, "SELECT 1")];
    let (migrator, log) = listen(migrator(&migrations).watcher(move || config.connect(NoTls)));
    let migrator = migrate_runtime::__private::lease(migrator, Duration::from_millis(600));
    let releasing = release(hold(&database, "SELECT FROM a"), Duration::from_secs(3));
    let _ = migrator.lock_timeout(Duration::from_secs(20)).up(&mut client).unwrap();
    releasing.join().unwrap();
    let log = log.lock().unwrap();
    let failed: Vec<String> = log
        .iter()
        .filter(|(_, event)| matches!(event, Event::WatcherFailed { .. }))
        .map(|(_, event)| event.to_string())
        .collect();
    let [failed] = &failed[..] else { panic!("{failed:?}") };
    assert!(failed.contains("renewing the lease: permission denied"), "{failed}");
    let named = |(_, event): &(Instant, Event)| match event {
        Event::Blocked { blockers, .. } => blockers[0].application_name == "the report",
        _ => false,
    };
    assert!(log.iter().any(named), "{log:?}");
    client.batch_execute(&format!("DROP ROLE {role}")).unwrap();
    assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history_lease"), "0");
}

#[test]
fn nothing_pending_starts_no_watcher_and_is_one_trip() {
    let database = database();
    let proxy = Proxy::new(&database.config());
    let mut client = proxy.connect();
    let started = Arc::new(AtomicUsize::new(0));
    let (count, config) = (Arc::clone(&started), database.config());
    let migrator = migrator(&tables(3)).watcher(move || {
        count.fetch_add(1, Ordering::SeqCst);
        config.connect(NoTls)
    });
    let (trips, _) = proxy.count(|| drop(migrator.up(&mut client).unwrap()));
    assert_eq!(trips, 6, "the lease is two, of which one is made when there is no table yet");
    assert_eq!(started.load(Ordering::SeqCst), 1);
    let (trips, _) = proxy.count(|| drop(migrator.up(&mut client).unwrap()));
    assert_eq!(trips, 1);
    let _ = (migrator.status(&mut client).unwrap(), migrator.plan(&mut client).unwrap());
    assert_eq!(started.load(Ordering::SeqCst), 1);
    let (trips, _) = proxy.count(|| drop(migrator.down(&mut client, 2).unwrap()));
    assert_eq!(trips, 2 + 4, "one more than without");
}

#[test]
fn a_panic_of_an_observer_ends_the_watcher() {
    let database = database();
    let (migrator, _) = watched(migrator(&tables(3)), &database);
    let migrator = migrator.on_event(|event| {
        assert!(!matches!(event, Event::Started { .. }), "on purpose");
    });
    let mut client = database.connect().unwrap();
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| migrator.up(&mut client)));
    assert!(panicked.is_err());
    no_watcher_is_left(&database);
}

#[test]
fn a_future_that_is_dropped_ends_the_watcher() {
    let database = database();
    let (migrator, log) =
        watched(migrator(&[pair(1, "m", "SELECT pg_sleep(2)", "SELECT 1")]), &database);
    let lasts = Duration::from_millis(600);
    let migrator = migrate_runtime::__private::lease(migrator, lasts).into_async();
    let url = database.url();
    let work = async move {
        let (mut client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let up = migrator.up(&mut client);
        assert!(tokio::time::timeout(Duration::from_secs(1), up).await.is_err());
    };
    Runtime::new().unwrap().block_on(work);
    let started = |(_, event): &(Instant, Event)| matches!(event, Event::Started { .. });
    assert!(log.lock().unwrap().iter().any(started), "it came as far as that");
    let mut client = database.connect().unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the watcher' \
                    AND datname = current_database()";
    until("the watcher is left", || ask(&mut client, sessions) == "0");
    // The server may still be at it, so the lease is left to expire.
    let left = "SELECT count(*) FROM migration_history_lease WHERE expires_at > clock_timestamp()";
    until("the lease is renewed", || ask(&mut client, left) == "0");
}
