//! What stops or works on a large table needs an approval of exactly this script.

use std::sync::{Arc, Mutex};

use migrate_runtime::{EmbeddedMigration, ErrorKind, FindingKind, Migrator, Severity};
use postgres::Client;

use crate::engine_fixture::{applied, ask, database, known, locks, migrator, pair, tables};
use crate::engine_proxy::Proxy;

/// A large table, a small one, and one that nobody has counted but the statistics.
const TABLES: &str = "CREATE TABLE large (n int) WITH (autovacuum_enabled = off);
    INSERT INTO large SELECT generate_series(1, 5000);
    CREATE TABLE small (n int);
    CREATE TABLE parts (n int) PARTITION BY RANGE (n);
    CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (1) TO (501);
    CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (501) TO (6001);
    INSERT INTO parts SELECT generate_series(1, 5000);
    CREATE MATERIALIZED VIEW seen AS SELECT generate_series(1, 5000) AS n;
    ANALYZE large; ANALYZE small; ANALYZE parts; ANALYZE seen";

fn widen(up: &str) -> EmbeddedMigration {
    known(1, "widen", up, "SELECT 1", "!8rt5:large")
}

const WIDEN: &str = "ALTER TABLE large ALTER COLUMN n TYPE bigint";

fn above(migration: EmbeddedMigration, rows: u64) -> Migrator {
    migrator(&[migration]).approval_above(rows)
}

fn refused(migrator: &Migrator, client: &mut Client) -> String {
    let error = migrator.up(client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unapproved, "{error}");
    assert_eq!(applied(client), "", "nothing is changed");
    assert_eq!(locks(client), "0");
    error.to_string()
}

#[test]
fn an_approval_lets_exactly_this_script_run() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let told = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&told);
    let migrator =
        above(widen(WIDEN), 1000).on_event(move |event| *log.lock().unwrap() = event.to_json());
    let text = refused(&migrator, &mut client);
    let expected = "\
1_widen needs an approval: it locks large ACCESS EXCLUSIVE, rewrite, and large has about 5000 rows, more than 1000
 = now: nothing is applied; nothing was changed
 = help: who may decide that records it: `.approve(&mut client, 1, \"why it may run\")`
 = help: or do it in steps that neither lock the table for long nor work on all of it";
    assert_eq!(text, expected);
    let preflight = migrator.preflight(&mut client).unwrap();
    let found = &preflight.findings()[0];
    assert_eq!((found.severity, found.kind), (Severity::Error, FindingKind::Approval));
    assert!(found.to_string().starts_with("error: 1_widen: needs an approval: it locks large"));

    for blank in ["", " \n"] {
        let error = migrator.approve(&mut client, 1, blank).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unapproved, "{error}");
    }
    let error = migrator.approve(&mut client, 9, "no such migration").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownVersion, "{error}");
    let _ = refused(&migrator, &mut client);
    migrator.approve(&mut client, 1, "it's Sunday \\o/").unwrap();
    let event = r#"{"event":"approved","version":1,"name":"widen","reason":"it's Sunday \\o/"}"#;
    assert_eq!(*told.lock().unwrap(), event);
    let row = "SELECT concat_ws(' ', version, length(up_checksum), approved_by = session_user, \
               approved_at > now() - interval '1 minute', reason) FROM migration_history_approval";
    assert_eq!(ask(&mut client, row), "1 32 t t it's Sunday \\o/");
    migrator.approve(&mut client, 1, "again, with another reason").unwrap();
    assert_eq!(ask(&mut client, row), "1 32 t t again, with another reason");
    assert_eq!(migrator.preflight(&mut client).unwrap().worst(), Some(Severity::Note));

    // What was approved is this script and no other.
    let edited = above(widen("ALTER TABLE large ALTER COLUMN n TYPE numeric"), 1000);
    let _ = refused(&edited, &mut client);
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1");
    // A way back needs none, and what it makes pending again has its approval.
    let _ = migrator.redo(&mut client, 1).unwrap();
    // Written anew, it was not counted since.
    client.batch_execute("ANALYZE large").unwrap();
    let error = edited.redo(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unapproved, "{error}");
    assert_eq!(applied(&mut client), "1", "refused before its first half");
    let _ = migrator.down(&mut client, 1).unwrap();
}

#[test]
fn what_neither_stops_nor_works_on_something_large_needs_none() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let one = |locks| above(known(1, "m", "SELECT 1", "SELECT 1", locks), 1000);
    let asks =
        ["!8t5:large", "!5bt5:large", "!4bt5:large", "!1st5:large", "!8t5:parts", "!8t4:seen"];
    for locks in asks {
        let text = refused(&one(locks), &mut client);
        assert!(text.contains(" has about 5000 rows"), "{locks}: {text}");
    }
    // Weak and quick; small; not there yet; an index; a partition below the limit.
    let free = ["!4t5:large", "!3t5:large", "!8rt5:small", "!8rt5:ahead", "!8t6:part_1", ""];
    let free = free.map(one).into_iter().chain([above(widen(WIDEN), 5000)]);
    for migrator in free {
        let _ = migrator.up(&mut client).unwrap();
        let _ = migrator.down(&mut client, 1).unwrap();
    }
    assert_eq!(ask(&mut client, "SELECT to_regclass('migration_history_approval')"), "");
}

/// `reltuples` is -1 until somebody has counted (0 before PostgreSQL 14).
#[test]
fn a_table_that_nobody_has_counted_is_known_from_statistics_or_its_pages() {
    let database = database();
    let mut client = database.connect().unwrap();
    client
        .batch_execute(
            "CREATE TABLE large (n int) WITH (autovacuum_enabled = off);
             INSERT INTO large SELECT generate_series(1, 5000)",
        )
        .unwrap();
    let counted = "SELECT reltuples <= 0 FROM pg_class WHERE relname = 'large'";
    assert_eq!(ask(&mut client, counted), "t");
    let migrator = above(widen(WIDEN), 1000);
    // The statistics come a moment later.
    let mut other = database.connect().unwrap();
    for _ in 0..100 {
        if ask(&mut other, "SELECT pg_stat_get_live_tuples('large'::regclass)") == "5000" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        client.batch_execute("SELECT").unwrap();
    }
    assert!(refused(&migrator, &mut client).contains("large has about 5000 rows"));
    client.batch_execute("SELECT pg_stat_reset()").unwrap();
    let pages = "UPDATE pg_class SET reltuples = -1, relpages = 23 WHERE relname = 'large'";
    client.batch_execute(pages).unwrap();
    let text = refused(&migrator, &mut database.connect().unwrap());
    assert!(text.contains("large has about 2300 rows") || text.contains("about 5000"), "{text}");
}

#[test]
fn what_is_not_known_may_lock_the_largest_table() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let unknown = pair(1, "fog", "DO 'BEGIN END'", "SELECT 1");
    let text = refused(&above(unknown, 1000), &mut client);
    let words =
        "1_fog needs an approval: what it locks is not fully known, so it may be any table, and ";
    assert!(text.starts_with(words), "{text}");
    assert!(text.contains(" has about 5000 rows, more than 1000"), "{text}");
    let _ = above(unknown, 5000).up(&mut client).unwrap();
}

/// As the macro embeds it: what was followed is known, a `DO` block is not.
#[test]
fn the_macro_says_whether_all_locks_are_known() {
    migrate_runtime::migrations! {
        mod schema;
        1 => large { up: "CREATE TABLE large (n int)", down: "DROP TABLE large" }
        2 => note { up: "ALTER TABLE large ADD COLUMN note text", down: "ALTER TABLE large DROP COLUMN note" }
        3 => fog {
            up: "-- migrate: opaque nobody can follow it
                 DO 'BEGIN PERFORM 1; END'",
            down: "-- migrate: opaque nobody can follow it
                   DO 'BEGIN PERFORM 1; END'",
        }
    }
    let is_known: Vec<bool> =
        schema::SET.migrations().iter().map(|it| it.up().locks_are_known()).collect();
    assert_eq!(is_known, [true, true, false]);
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = schema::migrator().approval_above(1000);
    let _ = migrator.up_to(&mut client, schema::Large).unwrap();
    client
        .batch_execute("INSERT INTO large SELECT generate_series(1, 5000); ANALYZE large")
        .unwrap();
    let error = migrator.up(&mut client).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("2_note needs an approval: it locks large ACCESS EXCLUSIVE, and"),
        "{text}"
    );
    assert!(
        text.contains("= note: 3_fog needs an approval: what it locks is not fully known"),
        "{text}"
    );
    migrator.approve(&mut client, schema::Note, "quick").unwrap();
    let _ = migrator.up_to(&mut client, schema::Note).unwrap();
    assert_eq!(migrator.up(&mut client).unwrap_err().migration().unwrap().version(), 3);
    migrator.approve(&mut client, schema::Fog, "looked at by hand").unwrap();
    assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 1);
}

#[test]
fn nothing_is_asked_without_need() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let proxy = Proxy::new(&database.config());
    let mut through = proxy.connect();
    let mut all: Vec<_> = tables(3)
        .iter()
        .map(|it| known(it.version(), it.name(), "SELECT 1", "SELECT 1", ""))
        .collect();
    let strict = migrator(&all).approval_above(1000);
    let (trips, _) = proxy.count(|| drop(strict.up(&mut through).unwrap()));
    assert_eq!(trips, 4, "none of them locks anything");
    let (trips, _) = proxy.count(|| assert!(strict.up(&mut through).unwrap().is_empty()));
    assert_eq!(trips, 1);
    all.push(known(4, "widen", WIDEN, "SELECT 1", "!8rt5:large"));
    let strict = migrator(&all).approval_above(1000);
    strict.approve(&mut client, 4, "it may").unwrap();
    let (trips, _) = proxy.count(|| drop(strict.up(&mut through).unwrap()));
    assert_eq!(trips, 4 + 2, "the sizes, and the approvals");
}

#[test]
fn who_may_not_approve_does_not() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let role = format!("deployer_{}", std::process::id());
    client.batch_execute(&format!("CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}; ALTER TABLE large OWNER TO {role}")).unwrap();
    let strict = above(widen(WIDEN), 1000).history_schema("Odd one");
    strict.approve(&mut client, 1, "makes schema and table").unwrap();
    client.batch_execute(&format!("GRANT USAGE, CREATE ON SCHEMA \"Odd one\" TO {role}")).unwrap();
    let mut deployer = database.config().user(&role).connect(postgres::NoTls).unwrap();
    let error = strict.approve(&mut deployer, 1, "I may not").unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "42501", "{error}");
    let error = strict.up(&mut deployer).unwrap_err();
    assert!(
        error.to_string().contains("GRANT SELECT ON \"Odd one\".\"migration_history_approval\""),
        "{error}"
    );
    client
        .batch_execute(&format!("GRANT SELECT ON \"Odd one\".migration_history_approval TO {role}"))
        .unwrap();
    let _ = strict.up(&mut deployer).unwrap();
    // A name that PostgreSQL would cut.
    let long = above(widen(WIDEN), 1000).history_table("h".repeat(58));
    assert_eq!(long.approve(&mut client, 1, "so").unwrap_err().kind(), ErrorKind::History);
    // Inside a transaction it would be undone with it.
    client.batch_execute("BEGIN; SELECT pg_sleep(0.01)").unwrap();
    assert_eq!(strict.approve(&mut client, 1, "so").unwrap_err().kind(), ErrorKind::InTransaction);
    client.batch_execute("ROLLBACK").unwrap();
    client.batch_execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).unwrap();
}

#[test]
fn the_asynchronous_door_approves_too() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let migrator = above(widen(WIDEN), 1000).into_async();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (mut client, connection) =
            tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let error = migrator.up(&mut client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unapproved);
        migrator.approve(&mut client, 1, "it may").await.unwrap();
        let _ = migrator.up(&mut client).await.unwrap();
    });
    assert_eq!(applied(&mut client), "1");
}
