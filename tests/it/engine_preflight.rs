//! What stands in the way of a plan is named before it is run.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

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
    obstacles(Duration::from_millis(5200));
}

/// `cargo test -p migrate-tests --test it engine_preflight -- --ignored --nocapture`
#[test]
#[ignore = "at full length, it takes 40 s"]
fn each_obstacle_is_named_with_its_remedy_after_40_s() {
    obstacles(Duration::from_secs(40));
}

/// All that is in the way, for so long.
fn obstacles(open_for: Duration) {
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
    thread::sleep(open_for);

    let migrations = [
        locking(1, "widen", LARGE, "SELECT 1", "!8rt5:large"),
        locking(2, "twice", "ALTER TABLE twice ADD COLUMN x int", "SELECT 1", "!8t5:twice"),
        stepwise(3, "index", "CREATE INDEX CONCURRENTLY i ON twice (n)", "SELECT 1"),
    ];
    let migrator = migrator(&migrations);
    let mut weak = database.config().user(&role).connect(NoTls).unwrap();
    let preflight = migrator.preflight(&mut weak).unwrap();
    eprintln!("as {role}:\n{preflight}\n");
    assert_eq!(preflight.pending(), 3);
    assert_eq!(preflight.worst(), Some(Severity::Error));
    let expected = [
        (FindingKind::Table, &["1_widen", "large ACCESS EXCLUSIVE, rewrite", "2000000 rows"][..]),
        (FindingKind::Transaction, &["AccessShareLock on large", "pg_terminate_backend"]),
        (
            FindingKind::PreparedTransaction,
            &["forgotten", "holds RowExclusiveLock on twice", "ROLLBACK PREPARED 'forgotten'"],
        ),
        (FindingKind::InvalidIndex, &["public.broken", "DROP INDEX CONCURRENTLY public.broken"]),
        (FindingKind::Rights, &["does not own", "or as a member of it"]),
        (FindingKind::Disk, &["MB"]),
    ];
    for (kind, words) in expected {
        let told = finding(&preflight, kind);
        words.iter().for_each(|word| assert!(told.contains(word), "{word}: {told}"));
    }
    let told = preflight.to_string();
    assert!(told.contains(&format!("GRANT pg_read_all_stats TO {role}")), "{told}");
    let own = migrator.preflight(&mut client).unwrap();
    eprintln!("as the owner:\n{own}\n");
    assert!(own.findings().iter().all(|finding| finding.kind != FindingKind::Rights), "{own}");
    let told = finding(&own, FindingKind::Transaction);
    assert!(
        told.contains("application the report")
            && told.contains(&format!("open for {}.", open_for.as_secs())),
        "{told}"
    );
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
    let migrator = migrator(&migrations);
    // From a second session: whether it ever holds or awaits a lock on a table of somebody's.
    let watched = AtomicU32::new(0);
    let done = AtomicBool::new(false);
    let pid = ask(&mut client, "SELECT pg_backend_pid()");
    let mut watcher = database.connect().unwrap();
    let preflights = thread::scope(|scope| {
        scope.spawn(|| {
            let sql = format!(
                "SELECT count(*) FILTER (WHERE relation >= 16384 OR locktype = 'advisory' OR NOT granted) \
                 FROM pg_locks WHERE pid = {pid}"
            );
            while !done.load(Ordering::Relaxed) {
                assert_eq!(ask(&mut watcher, &sql), "0");
                watched.fetch_add(1, Ordering::Relaxed);
            }
        });
        let begun = Instant::now();
        let mut preflights = 0;
        while begun.elapsed() < Duration::from_secs(2) {
            let preflight = migrator.preflight(&mut client).unwrap();
            assert_eq!(preflight.worst(), Some(Severity::Note), "{preflight}");
            preflights += 1;
        }
        done.store(true, Ordering::Relaxed);
        preflights
    });
    let watched = watched.into_inner();
    eprintln!(
        "{preflights} preflights behind ACCESS EXCLUSIVE, {watched} looks at pg_locks: no lock"
    );
    assert!(watched > 20 && preflights > 2);
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
fn a_server_older_than_the_set_declares_is_an_error() {
    migrate_runtime::migrations! {
        mod schema = "it/declared";
    }
    assert_eq!(schema::SET.postgres(), Some(180_099));
    let database = database();
    let mut client = database.connect().unwrap();
    let preflight = schema::migrator().preflight(&mut client).unwrap();
    assert_eq!(preflight.worst(), Some(Severity::Error));
    let told = finding(&preflight, FindingKind::ServerVersion);
    let server = ask(&mut client, "SHOW server_version");
    let words =
        format!("error: the server is {server}, and the migrations are made for 18.99 and later");
    assert!(told.starts_with(&words), "{told}");
    assert!(told.contains("in migrate.toml (`postgres = \""), "{told}");
    // The same without that, and with what the server is.
    let undeclared = migrator(schema::SET.migrations());
    assert_eq!(undeclared.preflight(&mut client).unwrap().worst(), None);
    let newer = migrate_runtime::Migrator::from_set(undeclared.set().since(130_000));
    assert_eq!(newer.preflight(&mut client).unwrap().worst(), None);
}

/// What a role may not do is found, and is no error of the preflight; what can be granted is no error at all.
#[test]
fn rights_are_judged_by_what_they_allow() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("guest_{}", std::process::id());
    client
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN; CREATE SCHEMA closed; CREATE TABLE closed.\"T\" (n int);
             CREATE TABLE other (n int PRIMARY KEY); GRANT REFERENCES ON other TO {role}"
        ))
        .unwrap();
    let migrations = [
        locking(1, "closed", "SELECT 1", "SELECT 1", "!8t10:closed.\"T\""),
        locking(2, "other", "SELECT 1", "SELECT 1", "!6t5:other!8t10:not_there_!83:v.w"),
    ];
    let migrator = migrator(&migrations).history_schema("nowhere");
    let mut guest = database.config().user(&role).connect(NoTls).unwrap();
    let preflight = migrator.preflight(&mut guest).unwrap();
    let rights = |severity: Severity| -> String {
        let own = preflight.findings().iter();
        let own = own.filter(|it| it.kind == FindingKind::Rights && it.severity == severity);
        own.map(|it| format!("{it}\n")).collect()
    };
    let errors = rights(Severity::Error);
    assert!(errors.contains("does not own closed.\"T\""), "{preflight}");
    assert!(errors.contains("there is no schema nowhere"), "{preflight}");
    assert!(!errors.contains("other"), "{preflight}");
    assert!(rights(Severity::Warning).contains("does not own other"), "{preflight}");
    drop(guest);
    client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

/// Rows are those of the partitions; what nobody has counted is not said to be empty.
#[test]
fn sizes_are_not_made_up() {
    let database = database();
    let mut client = database.connect().unwrap();
    client
        .batch_execute(
            "CREATE TABLE whole (n int) PARTITION BY LIST (n);
             CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);
             INSERT INTO whole SELECT 1 FROM generate_series(1, 1000); ANALYZE part;
             CREATE TABLE filled (n int); CREATE TABLE empty (n int);
             INSERT INTO filled SELECT generate_series(1, 1000); SELECT 1;
             CREATE INDEX on_whole ON ONLY whole (n)",
        )
        .unwrap();
    // Sessions tell the statistics at their end, at the latest.
    drop(client);
    thread::sleep(Duration::from_secs(1));
    let mut client = database.connect().unwrap();
    let locks = "!8rt5:whole!8t6:filled!8t5:empty!81:v";
    let preflight =
        migrator(&[locking(1, "m", "SELECT 1", "SELECT 1", locks)]).preflight(&mut client).unwrap();
    let told = preflight.to_string();
    for part in [
        "whole ACCESS EXCLUSIVE, rewrite; it has about 1000 rows, 40 kB with its indexes",
        "filled ACCESS EXCLUSIVE; it has about 1000 rows\n",
        "empty ACCESS EXCLUSIVE; nobody has counted its rows yet",
        "the index public.on_whole on whole is invalid: not every partition",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
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
    assert!(
        text.contains("2 connections left for roles without special rights, beside the watcher's"),
        "{text}"
    );
}
