//! What stands in the way of a plan is named before it is run.

use std::thread;
use std::time::Duration;

use migrate_runtime::{FindingKind, Preflight, Severity};
use postgres::NoTls;

use crate::engine_fixture::{ask, database, locking, migrator, stepwise, tables};

const LARGE: &str = "ALTER TABLE large ALTER COLUMN n TYPE bigint";

fn finding(preflight: &Preflight, kind: FindingKind) -> String {
    let found = preflight.findings().iter().find(|finding| finding.kind == kind);
    found.unwrap_or_else(|| panic!("{kind:?}: {preflight}")).to_string()
}

#[test]
fn each_obstacle_is_named_with_its_remedy() {
    let database = database();
    let mut client = database.connect().unwrap();
    client
        .batch_execute(
            "CREATE TABLE large (n int) WITH (autovacuum_enabled = off);
             INSERT INTO large SELECT generate_series(1, 2000000);
             ANALYZE large;
             CREATE TABLE twice (n int);
             INSERT INTO twice VALUES (1), (1);",
        )
        .unwrap();
    client.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (n)").unwrap_err();
    let role = format!("weak_{}", std::process::id());
    client
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT SELECT ON large, twice TO {role}"
        ))
        .unwrap();
    let mut prepared = database.connect().unwrap();
    prepared
        .batch_execute("BEGIN; INSERT INTO twice VALUES (2); PREPARE TRANSACTION 'forgotten'")
        .unwrap();
    let mut report = database.config().application_name("the report").connect(NoTls).unwrap();
    report.batch_execute("BEGIN; SELECT FROM large LIMIT 1").unwrap();
    thread::sleep(Duration::from_millis(5200));

    let migrations = [
        locking(1, "widen", LARGE, "SELECT 1", "!8rt5:large"),
        locking(2, "twice", "ALTER TABLE twice ADD COLUMN x int", "SELECT 1", "!8t5:twice"),
        stepwise(3, "index", "CREATE INDEX CONCURRENTLY i ON twice (n)", "SELECT 1"),
    ];
    let migrator = migrator(&migrations);
    let mut weak = database.config().user(&role).connect(NoTls).unwrap();
    let preflight = migrator.preflight(&mut weak).unwrap();
    assert_eq!(preflight.pending(), 3);
    assert_eq!(preflight.worst(), Some(Severity::Error));
    let expected = [
        (FindingKind::Table, &["1_widen", "large ACCESS EXCLUSIVE, rewrite", "2000000 rows"][..]),
        (FindingKind::Transaction, &["AccessShareLock on large", "pg_terminate_backend"]),
        (FindingKind::PreparedTransaction, &["forgotten", "ROLLBACK PREPARED 'forgotten'"]),
        (FindingKind::InvalidIndex, &["public.broken", "DROP INDEX CONCURRENTLY public.broken"]),
        (FindingKind::Rights, &["does not own", "or as a member of it"]),
        (FindingKind::Disk, &["MB"]),
    ];
    for (kind, words) in expected {
        let told = finding(&preflight, kind);
        words.iter().for_each(|word| assert!(told.contains(word), "{word}: {told}"));
    }
    let own = migrator.preflight(&mut client).unwrap();
    assert!(own.findings().iter().all(|finding| finding.kind != FindingKind::Rights), "{own}");
    let told = finding(&own, FindingKind::Transaction);
    assert!(told.contains("application the report") && told.contains("open for 5."), "{told}");
    client.batch_execute("ROLLBACK PREPARED 'forgotten'").unwrap();
    client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn it_waits_for_nobody_and_leaves_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE a (n int)").unwrap();
    let migrations = [locking(1, "m", "ALTER TABLE a ADD COLUMN x int", "SELECT 1", "!8t1:a")];
    let mut locker = database.connect().unwrap();
    locker.batch_execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE").unwrap();
    client.batch_execute("SET lock_timeout = '100ms'").unwrap();
    let preflight = migrator(&migrations).preflight(&mut client).unwrap();
    assert_eq!(preflight.worst(), Some(Severity::Note), "{preflight}");
    let tables_now = "SELECT count(*) FROM pg_class WHERE relname LIKE 'migration_history%'";
    assert_eq!(ask(&mut client, tables_now), "0");
}

#[test]
fn a_database_with_nothing_pending_is_ready() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(2));
    let _ = migrator.up(&mut client).unwrap();
    let preflight = migrator.preflight(&mut client).unwrap();
    assert_eq!((preflight.pending(), preflight.worst()), (0, None), "{preflight}");
    assert_eq!(preflight.to_string(), "ready");
}

#[test]
fn a_watcher_needs_a_connection_of_its_own() {
    if std::env::var_os("MIGRATE_TEST_DATABASE_URL").is_some() {
        return; // A server that was given is not ours to fill.
    }
    let server = migrate_testing::Server::start().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    let free = "SELECT current_setting('max_connections')::int - \
                current_setting('superuser_reserved_connections')::int - count(*) \
                FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let mut others = Vec::new();
    while ask(&mut client, free) != "3" {
        others.push(database.connect().unwrap());
    }
    let plain = migrator(&tables(1));
    let found = |preflight: &Preflight| {
        preflight.findings().iter().any(|finding| finding.kind == FindingKind::Connections)
    };
    let preflight = plain.preflight(&mut client).unwrap();
    assert!(!found(&preflight), "{preflight}");
    let config = database.config();
    let watched = plain.watcher(move || config.connect(NoTls));
    let preflight = watched.preflight(&mut client).unwrap();
    let text = finding(&preflight, FindingKind::Connections);
    assert!(text.contains("2 connections left beside the watcher's"), "{text}");
}
