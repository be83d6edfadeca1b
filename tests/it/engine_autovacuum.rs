//! Autovacuum at work on a table of a migration. An ordinary one gives way after `deadlock_timeout`; one
//! that prevents wraparound does not, and is named.
//!
//! With big tables, and what was measured: `cargo test -p migrate-tests --test it engine_autovacuum --
//! --include-ignored --nocapture`

use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, ErrorKind, Event};
use migrate_testing::{Database, Server};
use postgres::Client;

use crate::engine_blocked::{Readers, listen, three};
use crate::engine_fixture::{applied, ask, locking, migrator};

const MANY: u32 = 2_000_000;
const SOME: u32 = 50_000;

fn one() -> [EmbeddedMigration; 1] {
    [locking(1, "one", "ALTER TABLE c ADD COLUMN x int", "SELECT 1", "!8t1:c")]
}

/// Three tables; there is much to vacuum in `c`, which takes hours.
fn tables(server: &Server, rows: u32) -> (Database, Client) {
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .batch_execute(&format!(
            "CREATE TABLE a (id int); CREATE TABLE b (id int);
             CREATE TABLE c (id int) WITH (autovacuum_enabled = off);
             INSERT INTO c SELECT generate_series(1, {rows});
             DELETE FROM c WHERE id % 2 = 0"
        ))
        .unwrap();
    (database, client)
}

const SLOW: &str = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, \
     autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0";

/// Waits until a worker has been at it for a while; what it says that it does.
fn wait_for_worker(client: &mut Client) -> String {
    let sql = "SELECT a.query FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid) \
         WHERE a.backend_type = 'autovacuum worker' AND l.relation = 'c'::regclass \
         AND l.mode = 'ShareUpdateExclusiveLock' AND a.xact_start < now() - interval '1 s'";
    let begun = Instant::now();
    loop {
        let query = ask(client, sql);
        if !query.is_empty() {
            return query;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "no autovacuum came");
        thread::sleep(Duration::from_millis(100));
    }
}

fn autovacuum_gives_way(migrations: &[EmbeddedMigration], rows: u32) {
    if std::env::var_os("MIGRATE_TEST_DATABASE_URL").is_some() {
        return; // A server that was given is not ours to set.
    }
    let server = Server::start_with(&["autovacuum=on", "autovacuum_naptime=1s"]).unwrap();
    let (database, mut client) = tables(&server, rows);
    client.batch_execute(&format!("ALTER TABLE c SET (autovacuum_enabled = on, {SLOW})")).unwrap();
    let query = wait_for_worker(&mut client);
    assert!(!query.contains("wraparound"), "{query}");
    let readers = Readers::of(&database, &["a", "b", "c"]);
    thread::sleep(Duration::from_millis(200));
    let (migrator, seen) = listen(migrator(migrations));
    let begun = Instant::now();
    let report = migrator.up(&mut client).unwrap();
    let took = begun.elapsed();
    let failed = |(_, event): &&(Instant, Event)| matches!(event, Event::Retrying { .. });
    let attempts = seen.lock().unwrap().iter().filter(failed).count() + 1;
    let name = report.applied().next().unwrap().migration.to_string();
    readers.never_waited(&format!(
        "{name} behind \"{query}\" on {rows} rows, applied after {took:?} and {attempts} attempts"
    ));
    assert_eq!(applied(&mut client), "1");
    assert!(took >= Duration::from_secs(1), "nothing was in the way");
    assert!(attempts <= 3, "{attempts} attempts");
}

#[test]
fn a_running_autovacuum_gives_way_to_one_lock() {
    autovacuum_gives_way(&one(), SOME);
}

#[test]
fn a_running_autovacuum_gives_way_to_three_locks() {
    autovacuum_gives_way(&three(), SOME);
}

#[test]
#[ignore = "at full length, it takes a minute"]
fn a_running_autovacuum_of_two_million_rows_gives_way_to_one_lock() {
    autovacuum_gives_way(&one(), MANY);
}

#[test]
#[ignore = "at full length, it takes a minute"]
fn a_running_autovacuum_of_two_million_rows_gives_way_to_three_locks() {
    autovacuum_gives_way(&three(), MANY);
}

/// It does not give way, so that no attempt succeeds while it works; readers wait for each attempt.
#[test]
#[ignore = "it uses up a hundred thousand transactions"]
fn an_autovacuum_that_prevents_wraparound_is_named_and_waited_for() {
    if std::env::var_os("MIGRATE_TEST_DATABASE_URL").is_some() {
        return; // A server that was given is not ours to set.
    }
    let server = Server::start_with(&["autovacuum=on", "autovacuum_naptime=1s"]).unwrap();
    let (database, mut client) = tables(&server, SOME);
    client
        .batch_execute(&format!("ALTER TABLE c SET (autovacuum_freeze_max_age = 100000, {SLOW})"))
        .unwrap();
    client
        .batch_execute(
            "DO $$ BEGIN FOR i IN 1..100100 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$",
        )
        .unwrap();
    let query = wait_for_worker(&mut client);
    assert!(query.contains("(to prevent wraparound)"), "{query}");

    let readers = Readers::of(&database, &["a", "b", "c"]);
    let begun = Instant::now();
    let error = migrator(&three()).lock_attempts(4).up(&mut client).unwrap_err();
    readers.never_waited(&format!(
        "three behind \"{query}\", given up after {:?} and 4 attempts",
        begun.elapsed()
    ));
    eprintln!("{error}");
    assert_eq!(error.kind(), ErrorKind::Blocked);
    let text = error.to_string();
    for part in ["ShareUpdateExclusiveLock on c", "autovacuum worker", "to prevent wraparound"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("pg_terminate_backend"), "another one would come: {text}");

    let mut other = database.connect().unwrap();
    let hurrying = thread::spawn(move || {
        thread::sleep(Duration::from_secs(3));
        let faster = thread::spawn({
            let mut client = database.connect().unwrap();
            move || {
                let reset = "ALTER TABLE c RESET (autovacuum_vacuum_cost_delay, autovacuum_vacuum_cost_limit)";
                client.batch_execute(reset).unwrap();
            }
        });
        // The next worker works as fast as it can.
        let end = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'";
        while !faster.is_finished() {
            other.simple_query(end).unwrap();
            thread::sleep(Duration::from_millis(200));
        }
        faster.join().unwrap();
        database
    });
    let begun = Instant::now();
    let report = migrator(&three()).up(&mut client).unwrap();
    assert_eq!(report.applied().count(), 1);
    eprintln!("three, when that had come to its end: applied after {:?}", begun.elapsed());
    drop(hurrying.join().unwrap());
}
