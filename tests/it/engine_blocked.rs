//! Table locks that others hold: nobody waits for long behind a migration, and it says who is in its
//! way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, ErrorKind, Event, Migrator};
use postgres::{Client, NoTls};

use crate::engine_fixture::{
    applied, ask, database, locking, locking_in, locks, migrator, pair, stepwise,
};

pub(crate) const TABLES: &str =
    "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int)";
const THREE: &str = "ALTER TABLE a ADD COLUMN x int;;ALTER TABLE b ADD COLUMN x int;;ALTER TABLE c ADD COLUMN x int";

/// Three tables in one migration, with what the analysis would say of it.
pub(crate) fn three() -> [EmbeddedMigration; 1] {
    [locking(1, "three", THREE, "SELECT 1", "!8t1:a!8t1:b!8t1:c")]
}

type Log = Vec<(Instant, Event)>;

/// Everything that happens, and when.
pub(crate) fn listen(migrator: Migrator) -> (Migrator, Arc<Mutex<Log>>) {
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

/// A stream of readings, one session for each table, until told.
pub(crate) struct Readers {
    until: Arc<AtomicBool>,
    readers: Vec<thread::JoinHandle<(u32, Duration)>>,
}

impl Readers {
    pub(crate) fn of(database: &migrate_testing::Database, tables: &[&str]) -> Readers {
        let select = |table: &&str| format!("SELECT FROM {table} LIMIT 1");
        Readers::running(database, &tables.iter().map(select).collect::<Vec<_>>())
    }

    fn running(database: &migrate_testing::Database, statements: &[String]) -> Readers {
        let until = Arc::new(AtomicBool::new(false));
        let reader = |sql: &String| {
            let mut client = database.connect().unwrap();
            let (until, sql) = (Arc::clone(&until), sql.clone());
            thread::spawn(move || {
                let (mut count, mut longest) = (0, Duration::ZERO);
                while !until.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    client.simple_query(&sql).unwrap();
                    longest = longest.max(begun.elapsed());
                    count += 1;
                    thread::sleep(Duration::from_millis(2));
                }
                (count, longest)
            })
        };
        let readers = statements.iter().map(reader).collect();
        Readers { until, readers }
    }

    /// None of them has waited for longer than `lock_timeout` and a tenth.
    pub(crate) fn never_waited(self, what: &str) {
        self.until.store(true, Ordering::Relaxed);
        let read: Vec<_> = self.readers.into_iter().map(|it| it.join().unwrap()).collect();
        let count: u32 = read.iter().map(|(count, _)| count).sum();
        let longest = read.iter().map(|(_, longest)| *longest).max().unwrap();
        eprintln!("{what}: {count} SELECTs, the longest took {longest:?}; lock_timeout {LIMIT:?}");
        assert!(longest <= LIMIT.mul_f64(1.1), "{what}: a reader waited for {longest:?}");
        // It was a stream, and not one that stood still all the time.
        assert!(count > 20, "{what}: only {count} SELECTs");
    }
}

/// The `lock_timeout` that is set on a server as it comes.
pub(crate) const LIMIT: Duration = Duration::from_millis(1500);
/// As long as a test may take that runs every time.
const SHORT: Duration = Duration::from_secs(5);
/// As long as reports take.
const FULL: Duration = Duration::from_secs(30);

/// Runs a migration while a transaction holds what it needs for so long, and others read.
fn behind(migrations: &[EmbeddedMigration], held: &'static str, held_for: Duration) {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, held);
    let readers = Readers::of(&database, &["a", "b", "c"]);
    let (migrator, seen) = listen(migrator(migrations));
    let begun = Instant::now();
    let release = Arc::clone(&done);
    let releasing = thread::spawn(move || {
        thread::sleep(held_for);
        release.store(true, Ordering::Relaxed);
    });
    let report = migrator.up(&mut client).unwrap();
    let took = begun.elapsed();
    assert_eq!(report.applied().count(), 1);
    releasing.join().unwrap();
    holding.join().unwrap();
    let seen = seen.lock().unwrap();
    let retries: Vec<_> = seen
        .iter()
        .filter_map(|(at, event)| match event {
            Event::Retrying { blockers, .. } => Some((*at, blockers)),
            _ => None,
        })
        .collect();
    let name = report.applied().next().unwrap().migration.to_string();
    readers.never_waited(&format!(
        "{name} behind a transaction of {held_for:?}, applied after {took:?} and {} attempts",
        retries.len() + 1
    ));
    let Some((at, blockers)) = retries.first() else { panic!("no attempt failed") };
    assert!(at.duration_since(begun) < Duration::from_secs(2), "{:?}", at.duration_since(begun));
    let blocker = blockers.iter().find(|it| it.application_name == "the report").unwrap();
    assert_eq!(blocker.state, "idle in transaction");
    assert!(blocker.query.contains("SELECT") && blocker.mode == "AccessShareLock", "{blocker}");
    assert!(took >= held_for, "it was applied while others held its locks");
    assert_eq!(applied(&mut client), "1");
    assert_eq!(locks(&mut client), "0");
}

fn behind_one_lock(held_for: Duration) {
    let one = [pair(1, "one", "ALTER TABLE a ADD COLUMN x int", "SELECT 1")];
    behind(&one, "SELECT FROM a", held_for);
}

#[test]
fn readers_never_wait_for_long_behind_one_lock() {
    behind_one_lock(SHORT);
}

#[test]
fn readers_never_wait_for_long_behind_three_locks() {
    behind(&three(), "SELECT FROM c", SHORT);
}

/// `cargo test -p migrate-tests --test it engine_blocked -- --ignored --nocapture`
#[test]
#[ignore = "at full length, it takes a minute"]
fn readers_never_wait_for_long_behind_one_lock_for_30_s() {
    behind_one_lock(FULL);
}

#[test]
#[ignore = "at full length, it takes a minute"]
fn readers_never_wait_for_long_behind_three_locks_for_30_s() {
    behind(&three(), "SELECT FROM c", FULL);
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

/// A script that holds a weaker lock while it waits for the stronger one would block writers twice.
#[test]
fn writers_wait_once_for_a_script_that_locks_a_table_in_two_modes() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    client
        .batch_execute(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        )
        .unwrap();
    let (written, writing) = hold(&database, "INSERT INTO a VALUES (1)");
    let (read, reading) = hold(&database, "SELECT FROM a");
    let writers = Readers::running(&database, &["INSERT INTO a VALUES (2)".to_owned()]);
    let releasing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1200));
        written.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        thread::sleep(Duration::from_secs(3));
        read.store(true, Ordering::Relaxed);
        reading.join().unwrap();
    });
    let up = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();;ALTER TABLE a ADD COLUMN x int";
    let two = [locking(1, "two", up, "SELECT 1", "!6t1:a!8t1:a")];
    assert_eq!(migrator(&two).up(&mut client).unwrap().applied().count(), 1);
    releasing.join().unwrap();
    writers.never_waited("writers, a table locked in two modes");
}

#[test]
fn readers_never_wait_for_long_behind_what_runs_outside_a_transaction() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, "SELECT FROM a");
    let readers = Readers::of(&database, &["a"]);
    let up = "VACUUM FULL a;;CREATE INDEX CONCURRENTLY i ON b (id)";
    let full = [locking_in(1, "full", up, "SELECT 1", "!8rt1:a", false)];
    let (migrator, seen) = listen(migrator(&full));
    let releasing = thread::spawn(move || {
        thread::sleep(SHORT);
        done.store(true, Ordering::Relaxed);
        holding.join().unwrap();
    });
    assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 1);
    releasing.join().unwrap();
    readers.never_waited("VACUUM FULL");
    let retried = |(_, event): &(Instant, Event)| matches!(event, Event::Retrying { .. });
    assert!(seen.lock().unwrap().iter().any(retried));
    assert_eq!(ask(&mut client, "SHOW lock_timeout"), "0");
}

#[test]
fn a_statement_that_is_given_up_is_gone_on_with() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    let (done, holding) = hold(&database, "SELECT FROM a");
    for second in ["ALTER TABLE a ADD COLUMN x int", "VACUUM FULL a"] {
        let up = format!("ALTER TABLE b ADD COLUMN IF NOT EXISTS x int;;{second};;SELECT 1");
        let mut migrations = [locking_in(1, "m", &up, "SELECT 1", "", false)];
        if second.starts_with("VACUUM") {
            let up = format!("{second};;{up}");
            migrations = [locking_in(2, "n", &up, "SELECT 1", "!8rt1:a", false)];
        }
        let name = "migration_history";
        let migrator = migrator(&migrations)
            .lock_timeout(Duration::from_millis(100))
            .lock_attempts(2)
            .history_table(format!("{name}_{}", second.len()));
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Blocked, "{error}");
        let text = error.to_string();
        let stands = if second.starts_with("VACUUM") {
            "nothing of 2_n is done"
        } else {
            "partly applied, 1 of 3"
        };
        assert!(text.contains(stands) && !text.contains("was rolled back"), "{text}");
        assert_eq!(ask(&mut client, "SHOW lock_timeout"), "0");
    }
    done.store(true, Ordering::Relaxed);
    holding.join().unwrap();
}

#[test]
fn a_prepared_transaction_in_the_way_is_named() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(TABLES).unwrap();
    client
        .batch_execute("BEGIN; INSERT INTO b VALUES (1); PREPARE TRANSACTION 'it''s forgotten'")
        .unwrap();
    let migrator = migrator(&three()).lock_timeout(Duration::from_millis(100)).lock_attempts(2);
    let error = migrator.up(&mut client).unwrap_err();
    let text = error.to_string();
    for part in [
        "prepared transaction 'it''s forgotten' holds RowExclusiveLock on b, role postgres, prepared ",
        "ROLLBACK PREPARED 'it''s forgotten'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("pg_terminate_backend"), "there is no process: {text}");
    client.batch_execute("ROLLBACK PREPARED 'it''s forgotten'").unwrap();
}

#[test]
fn a_role_that_sees_little_of_others_is_told_what_there_is() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("blind_{}", std::process::id());
    client
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}; SET ROLE {role}; {TABLES}; RESET ROLE"
        ))
        .unwrap();
    let (done, holding) = hold(&database, "SELECT FROM c");
    let (migrator, seen) = listen(migrator(&three()));
    let migrator = migrator.lock_timeout(Duration::from_millis(100)).lock_attempts(2);
    let mut blind = database.config().user(&role).connect(NoTls).unwrap();
    let text = migrator.up(&mut blind).unwrap_err().to_string();
    let expected = "holds AccessShareLock on c, application the report, role postgres\n";
    assert!(text.contains(expected), "{text}");
    let json: Vec<String> = seen.lock().unwrap().iter().map(|(_, event)| event.to_json()).collect();
    assert!(!json.concat().contains("age_ms"), "{json:?}");
    done.store(true, Ordering::Relaxed);
    holding.join().unwrap();
    drop(blind);
    client.batch_execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).unwrap();
}

#[test]
fn what_was_in_the_way_is_told_as_it_was() {
    let database = database();
    let mut client = database.connect().unwrap();
    for (state, words) in [
        ("55P03", "did not get its locks in 2 attempts"),
        ("40P01", "was ended by a deadlock with another session after 2 attempts"),
        ("40001", "could not be serialized with what others did, after 2 attempts"),
    ] {
        let up = format!("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$");
        let migrator = migrator(&[pair(1, "m", &up, "SELECT 1")]).lock_attempts(2);
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!((error.kind(), error.sql_state().unwrap().code()), (ErrorKind::Blocked, state));
        let text = error.to_string();
        assert!(text.contains(words), "{words}: {text}");
        assert_eq!(text.contains("its locks"), state == "55P03", "{text}");
    }
}
