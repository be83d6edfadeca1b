//! One migrator at a time, and what happens to the others.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Event};
use postgres::NoTls;

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, set, stepwise, tables};

#[test]
fn a_timeout_names_the_holder() {
    let database = database();
    let migrations = [pair(1, "slow", "SELECT pg_sleep(3)", "SELECT 1")];
    let (slow, quick) = (migrator(&migrations), migrator(&migrations));
    let mut holder = database.config().application_name("the holder").connect(NoTls).unwrap();
    let running = thread::spawn(move || slow.up(&mut holder).map(drop));
    let mut client = database.connect().unwrap();
    while locks(&mut client) == "0" {
        thread::sleep(Duration::from_millis(10));
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let quick = quick
        .lock_wait(Duration::from_millis(300))
        .on_event(move |event| log.lock().unwrap().push(event.clone()));
    let error = quick.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RunLock);
    let text = error.to_string();
    assert!(text.contains("application the holder") && text.contains("active for"), "{text}");
    let waiting = |event: &Event| matches!(event, Event::WaitingForRunLock { holder: Some(_), .. });
    assert!(seen.lock().unwrap().iter().any(waiting));
    // With patience it comes through, and finds nothing left to do.
    let report = quick.lock_wait(Duration::from_secs(30)).up(&mut client).unwrap();
    assert!(report.is_empty() && report.waited().is_some(), "{report}");
    running.join().unwrap().unwrap();
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn histories_with_other_names_do_not_wait_for_each_other() {
    let database = database();
    let mut client = database.connect().unwrap();
    let one = migrator(&tables(1)).history_schema("Odd \"schema\"").history_table("h'1");
    let _ = one.up(&mut client).unwrap();
    let _ = migrator(&[pair(1, "x", "CREATE TABLE x ()", "DROP TABLE x")]).up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT count(*) FROM \"Odd \"\"schema\"\"\".\"h'1\""), "1");
    assert!(one.up(&mut client).unwrap().is_empty());
    let _ = one.down(&mut client, 1).unwrap();
}

/// Two runners without the lock between them: the primary key lets one through.
#[test]
fn the_history_row_decides_even_without_the_lock() {
    let database = database();
    let mut migrations = tables(3);
    let give_up = "SELECT pg_advisory_unlock_all();;SELECT pg_sleep(1)";
    migrations[1] = pair(2, "careless", give_up, "SELECT 1");
    let first = tables(1);
    let mut client = database.connect().unwrap();
    let _ = migrator(&first).up(&mut client).unwrap();
    let one = migrator(&migrations);
    let two = one.clone();
    let mut other = database.connect().unwrap();
    let racing = thread::spawn(move || two.up(&mut other).unwrap().applied().count());
    let here = one.up(&mut client).unwrap().applied().count();
    assert_eq!(here + racing.join().unwrap(), 2, "each was applied once");
    assert_eq!(applied(&mut client), "1 2 3");
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn sixteen_at_once_with_a_concurrent_index() {
    let database = database();
    let mut migrations = tables(3);
    migrations.push(stepwise(
        4,
        "index",
        "CREATE INDEX CONCURRENTLY i ON t1 (note);;CREATE INDEX CONCURRENTLY j ON t2 (note)",
        "DROP INDEX CONCURRENTLY i;;DROP INDEX CONCURRENTLY j",
    ));
    migrations.push(pair(5, "more", "CREATE TABLE more ()", "DROP TABLE more"));
    let set = set(&migrations);
    let start = Arc::new(std::sync::Barrier::new(16));
    let runners: Vec<_> = (0..16)
        .map(|_| {
            let (start, mut client) = (Arc::clone(&start), database.connect().unwrap());
            thread::spawn(move || {
                start.wait();
                let migrator = migrate_runtime::Migrator::from_set(set);
                migrator.up(&mut client).unwrap().applied().count()
            })
        })
        .collect();
    let applied_in_all: usize = runners.into_iter().map(|runner| runner.join().unwrap()).sum();
    assert_eq!(applied_in_all, 5);
    let mut client = database.connect().unwrap();
    assert_eq!(applied(&mut client), "1 2 3 4 5");
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(ask(&mut client, invalid), "0");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history_log"), "5");
    assert_eq!(locks(&mut client), "0");
}
