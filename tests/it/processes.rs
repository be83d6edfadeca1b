//! Processes, not threads: many that start at once, and one that is killed in the middle.
//!
//! A child is this very test binary, asked to run [`child`] alone.

use crate::engine_pooler::Pooler;
use migrate_runtime::{Error, ErrorKind};
use migrate_testing::{Database, empty_database};
use postgres::NoTls;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

migrate_runtime::migrations! {
    /// Pauses where `pause` says so, in a transaction and outside of one.
    mod schema;
    1 => create_users {
        up: "CREATE TABLE users (id bigint PRIMARY KEY, name text);
             INSERT INTO users SELECT n, 'name ' || n FROM generate_series(1, 1000) AS n",
        down: "DROP TABLE users"
    }
    2 => in_a_transaction {
        up: "CREATE TABLE before_pause ();
             -- migrate: opaque the table is the test's
             SELECT pg_sleep(seconds) FROM pause;
             CREATE TABLE after_pause ()",
        down: "DROP TABLE after_pause; DROP TABLE before_pause"
    }
    3 => index_users {
        up: "CREATE INDEX CONCURRENTLY users_name ON users (name)",
        down: "DROP INDEX CONCURRENTLY users_name"
    }
    4 => step_by_step {
        up: "-- migrate: no-transaction
             CREATE TABLE first_step ();
             -- migrate: opaque the table is the test's
             SELECT pg_sleep(seconds) FROM pause;
             CREATE UNIQUE INDEX CONCURRENTLY users_id_name ON users (id, name);
             CREATE TABLE last_step ()",
        down: "DROP TABLE last_step, first_step; DROP INDEX users_id_name"
    }
}

const CHILD: &str = "MIGRATE_TESTS_CHILD";
/// How a child's watcher connects; none has no watcher.
const WATCHER: &str = "MIGRATE_TESTS_CHILD_WATCHER";
/// Set where the child goes through a pooler, and so may be asked for a direct URL.
const POOLED: &str = "MIGRATE_TESTS_CHILD_POOLED";

/// Not a test of its own: what a child process does.
#[test]
fn child() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let mut client = postgres::Client::connect(&url, NoTls).unwrap();
    let mut migrator = schema::migrator();
    if let Ok(url) = std::env::var(WATCHER) {
        migrator = migrator.watcher(move || postgres::Client::connect(&url, NoTls));
    }
    let asks_for_a_url = |error: &Error| error.kind() == ErrorKind::Pooled;
    if let Err(error) = migrator.up(&mut client)
        && !(std::env::var_os(POOLED).is_some() && asks_for_a_url(&error))
    {
        panic!("{error}");
    }
}

fn spawn(database: &Database) -> Child {
    spawn_with(&database.url(), &[])
}

fn spawn_with(url: &str, settings: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["processes::child", "--exact", "--nocapture"])
        .env(CHILD, url)
        .envs(settings.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn database(seconds: f64) -> Database {
    let database = empty_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .batch_execute(&format!("CREATE TABLE pause AS SELECT {seconds}::float8 AS seconds"))
        .unwrap();
    database
}

/// Every migration applied once and recorded once, every index valid, no lock left.
fn assert_done(database: &Database) {
    let mut client = database.connect().unwrap();
    assert!(schema::migrator().status(&mut client).unwrap().is_up_to_date());
    let mut number = |sql: &str| client.query_one(sql, &[]).unwrap().get::<_, i64>(0);
    assert_eq!(number("SELECT count(*) FROM migration_history WHERE steps_done IS NULL"), 4);
    assert_eq!(number("SELECT count(*) FROM migration_history_log WHERE direction = 'up'"), 4);
    assert_eq!(number("SELECT count(*) FROM users"), 1000);
    let tables = "'before_pause', 'after_pause', 'first_step', 'last_step'";
    assert_eq!(number(&format!("SELECT count(*) FROM pg_class WHERE relname IN ({tables})")), 4);
    assert_eq!(number("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0);
    let indexes = "SELECT count(*) FROM pg_class WHERE relname IN ('users_name', 'users_id_name')";
    assert_eq!(number(indexes), 2);
    let own = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(number(own), 0);
}

/// Two rounds; by hand `PROCESS_ROUNDS=50`.
#[test]
fn thirty_two_processes_start_at_once_again_and_again() {
    let rounds = std::env::var("PROCESS_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let database = database(0.0);
        let children: Vec<_> = (0..32).map(|_| spawn(&database)).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_done(&database);
    }
}

/// A mixed fleet: through a pooler in transaction mode as it comes, its watchers through it or beside it, and
/// directly, with and without a watcher. One round; by hand `PROCESS_ROUNDS=50`.
#[test]
fn thirty_two_processes_start_at_once_half_of_them_through_a_pooler() {
    let rounds = std::env::var("PROCESS_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let database = database(0.0);
        let Some(pooler) = Pooler::start(&database, false) else { return };
        let (direct, pooled) = (database.url(), pooler.url(&database));
        let children: Vec<_> = (0..32)
            .map(|n| match n % 4 {
                0 => spawn(&database),
                1 => spawn_with(&direct, &[(WATCHER, &direct)]),
                2 => spawn_with(&pooled, &[(WATCHER, &direct), (POOLED, "")]),
                _ => spawn_with(&pooled, &[(WATCHER, &pooled), (POOLED, "")]),
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_done(&database);
        let mut client = database.connect().unwrap();
        let leases = client.query_one("SELECT count(*) FROM migration_history_lease", &[]).unwrap();
        assert_eq!(leases.get::<_, i64>(0), 0);
    }
}

/// Starts a child, kills it while the statement after `seen` sleeps, and starts another.
fn kill_in_the_pause(seen: &str) {
    let database = database(0.0);
    let mut client = database.connect().unwrap();
    if seen == "step_by_step" {
        let report = schema::migrator().up_to(&mut client, schema::IndexUsers).unwrap();
        assert_eq!(report.applied().count(), 3);
    }
    client.batch_execute("UPDATE pause SET seconds = 2").unwrap();
    let mut child = spawn(&database);
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                    AND datname = current_database()";
    let begun = Instant::now();
    while client.query_one(sleeping, &[]).unwrap().get::<_, i64>(0) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the child never slept");
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    client.batch_execute("UPDATE pause SET seconds = 0").unwrap();
    // What the dead process began is not finished yet: the server notices at its next word.
    let report = schema::migrator().up(&mut client).unwrap();
    assert!(report.applied().count() > 0, "the child did it all before it was killed");
    assert_done(&database);
}

#[test]
fn killed_in_a_transaction() {
    kill_in_the_pause("in_a_transaction");
}

#[test]
fn killed_between_two_statements() {
    kill_in_the_pause("step_by_step");
}
