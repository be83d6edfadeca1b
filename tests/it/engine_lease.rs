//! The lease: what keeps two runners apart where there is a watcher, also behind a pooler.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use migrate_runtime::{__private, EmbeddedMigration, ErrorKind, Event, Migrator};
use migrate_testing::Database;
use postgres::{Client, Config, NoTls};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, set, stepwise, tables};
use crate::engine_pooler::Pooler;

const LONG: Duration = Duration::from_secs(60);

type Log = Arc<Mutex<Vec<Event>>>;

/// With a watcher that connects in some way, and a lease that lasts for so long.
fn leased(migrator: Migrator, config: &Config, lasts: Duration) -> (Migrator, Log) {
    let config = config.clone();
    let migrator = __private::lease(migrator.watcher(move || config.connect(NoTls)), lasts);
    let seen = Log::default();
    let log = Arc::clone(&seen);
    (migrator.on_event(move |event| log.lock().unwrap().push(event.clone())), seen)
}

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !met() {
        assert!(begun.elapsed() < LONG, "{what}");
        sleep(Duration::from_millis(10));
    }
}

fn leases(client: &mut Client) -> String {
    ask(client, "SELECT count(*) FROM migration_history_lease")
}

fn sleeps(client: &mut Client) -> bool {
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                    AND datname = current_database()";
    ask(client, sleeping) != "0"
}

#[test]
fn the_second_waits_and_says_for_whom() {
    let database = database();
    let migrations = [pair(1, "slow", "SELECT pg_sleep(3)", "SELECT 1")];
    let lasts = Duration::from_millis(900);
    let (slow, _) = leased(migrator(&migrations), &database.config(), lasts);
    let (quick, log) = leased(migrator(&migrations), &database.config(), lasts);
    let mut holder = database.config().application_name("the holder").connect(NoTls).unwrap();
    let running = thread::spawn(move || slow.up(&mut holder).map(drop));
    let mut client = database.connect().unwrap();
    until("the first one sleeps", || sleeps(&mut client));
    assert_eq!(locks(&mut client), "0", "no lock that belongs to a session");
    // It outlasts its time to live, for it is renewed.
    sleep(lasts);
    let quick = quick.lock_wait(Duration::from_millis(300));
    let error = quick.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RunLock);
    let text = error.to_string();
    assert!(
        text.contains("it is held by run ") && text.contains("application the holder"),
        "{text}"
    );
    assert!(text.contains(" is at work for it"), "{text}");
    let report = quick.lock_wait(LONG).up(&mut client).unwrap();
    assert!(report.is_empty() && report.waited().is_some(), "{report}");
    running.join().unwrap().unwrap();
    let taken = |event: &Event| matches!(event, Event::LeaseTaken { .. });
    assert!(!log.lock().unwrap().iter().any(taken));
    assert_eq!((leases(&mut client), applied(&mut client)), ("0".to_owned(), "1".to_owned()));
}

const CHILD: &str = "MIGRATE_TESTS_LEASE";

fn killed() -> Vec<EmbeddedMigration> {
    let mut all = tables(3);
    all[1] = pair(2, "slow", "SELECT pg_sleep(3)", "SELECT 1");
    all
}

/// Not a test of its own: what a child process does.
#[test]
fn child() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let config: Config = url.parse().unwrap();
    let (migrator, _) = leased(migrator(&killed()), &config, Duration::from_secs(1));
    let _ = migrator.up(&mut config.connect(NoTls).unwrap()).unwrap();
}

#[test]
fn the_lease_of_a_process_that_was_killed_is_taken_over() {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["engine_lease::child", "--exact", "--nocapture"])
        .env(CHILD, database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the child sleeps", || sleeps(&mut client));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(leases(&mut client), "1");
    // The server goes on with what it was sent, and nobody else is let in meanwhile.
    let (migrator, log) = leased(migrator(&killed()), &database.config(), LONG);
    let begun = Instant::now();
    let report = migrator.up(&mut client).unwrap();
    assert_eq!(report.applied().count(), 1);
    assert_eq!(applied(&mut client), "1 2 3");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let elsewhere = |event: &Event| matches!(event, Event::DoneElsewhere { .. });
    assert!(!log.lock().unwrap().iter().any(elsewhere), "it did not try while that ran");
    let from = log.lock().unwrap().iter().find_map(|event| match event {
        Event::LeaseTaken { from } => Some(from.to_string()),
        _ => None,
    });
    assert!(from.as_ref().is_some_and(|from| from.contains("role postgres")), "{from:?}");
    assert_eq!(leases(&mut client), "0");
}

const TAKE_OVER: &str = "UPDATE migration_history_lease SET run_id = 'the other', who = 'a test', \
                         expires_at = clock_timestamp() + interval '6 s'";

/// A run whose lease somebody takes in the middle of what it does; then it waits for that one to go.
fn taken_over(isolation: &str) {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    let mut migrations = tables(1);
    migrations.push(pair(2, "m", "SELECT pg_sleep(1.5);;CREATE TABLE m ()", "SELECT 1"));
    let (migrator, log) = leased(migrator(&migrations), &database.config(), LONG);
    client.batch_execute(&format!("SET default_transaction_isolation = '{isolation}'")).unwrap();
    let mut other = database.connect().unwrap();
    let other = thread::spawn(move || {
        until("it sleeps", || sleeps(&mut other));
        other.batch_execute(TAKE_OVER).unwrap();
        until("it is rolled back", || !sleeps(&mut other));
        sleep(Duration::from_millis(300));
        assert_eq!(applied(&mut other), "1", "it was not committed");
        assert_eq!(ask(&mut other, "SELECT to_regclass('m')"), "");
    });
    let report = migrator.up(&mut client).unwrap();
    other.join().unwrap();
    assert_eq!(report.applied().count(), 1, "in the end it was its turn again");
    assert!(report.waited().is_some());
    let log = log.lock().unwrap();
    assert!(log.contains(&Event::RunLockLost), "{log:?}");
    let taken = |event: &Event| matches!(event, Event::LeaseTaken { from } if from.lease.contains("a test"));
    assert!(log.iter().any(taken), "{log:?}");
    assert_eq!((leases(&mut client), applied(&mut client)), ("0".to_owned(), "1 2".to_owned()));
}

#[test]
fn a_run_whose_lease_was_taken_over_does_not_commit() {
    taken_over("read committed");
}

#[test]
fn nor_does_it_at_other_levels_of_isolation() {
    taken_over("repeatable read");
}

/// Renewals and the fence do not get into each other's way, at any level of isolation.
#[test]
fn a_lease_is_renewed_while_a_migration_runs() {
    for isolation in ["read committed", "repeatable read", "serializable"] {
        let database = database();
        let mut client = database.connect().unwrap();
        client
            .batch_execute(&format!("SET default_transaction_isolation = '{isolation}'"))
            .unwrap();
        let lasts = Duration::from_secs(1);
        let migrations = [pair(1, "m", "SELECT pg_sleep(2.5)", "SELECT 1")];
        let (migrator, log) = leased(migrator(&migrations), &database.config(), lasts);
        let mut other = database.connect().unwrap();
        let looking = thread::spawn(move || {
            until("it sleeps", || sleeps(&mut other));
            let renewed = "SELECT count(*) FROM migration_history_lease \
                           WHERE expires_at > clock_timestamp() AND renewed_at > clock_timestamp() - interval '1 s'";
            for _ in 0..18 {
                assert_eq!(ask(&mut other, renewed), "1");
                sleep(Duration::from_millis(100));
            }
        });
        assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 1);
        looking.join().unwrap();
        let log = log.lock().unwrap();
        let bad = |event: &&Event| {
            matches!(
                event,
                Event::RunLockLost | Event::WatcherFailed { .. } | Event::Retrying { .. }
            )
        };
        assert_eq!(log.iter().find(bad), None, "{isolation}");
    }
}

#[test]
fn a_statement_outside_a_transaction_stops_where_the_lease_was_lost() {
    let database = database();
    let mut client = database.connect().unwrap();
    let up = "CREATE TABLE a ();;SELECT pg_sleep(1.5);;CREATE TABLE b ()";
    let migrations = [stepwise(1, "m", up, "SELECT 1")];
    let (migrator, _) = leased(migrator(&migrations), &database.config(), LONG);
    let mut other = database.connect().unwrap();
    let taking = thread::spawn(move || {
        until("it sleeps", || sleeps(&mut other));
        other.batch_execute(TAKE_OVER).unwrap();
    });
    let error = migrator.up(&mut client).unwrap_err();
    taking.join().unwrap();
    assert_eq!(error.kind(), ErrorKind::RunLock, "{error}");
    let text = error.to_string();
    assert!(text.contains("another migrator took over") && text.contains("1 of 3"), "{text}");
    assert_eq!(ask(&mut client, "SELECT run_id FROM migration_history_lease"), "the other");
    assert_eq!(ask(&mut client, "SELECT steps_done FROM migration_history"), "1");
    let report = migrator.up(&mut client).unwrap();
    assert_eq!(report.applied().count(), 1);
    assert_eq!((leases(&mut client), applied(&mut client)), ("0".to_owned(), "1".to_owned()));
}

/// A script that becomes somebody else keeps neither the lease nor the caller's session.
#[test]
fn a_role_that_a_script_takes_needs_no_right_to_the_lease() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("r_{}", database.name());
    client.batch_execute(&format!("CREATE ROLE {role}")).unwrap();
    for (last, done) in [("SELECT 2", "1"), ("SELECT 1/0", "")] {
        let up = format!("SET ROLE {role};;SELECT 1;;{last}");
        let migrations = [stepwise(1, "m", &up, "SELECT 1")];
        let (migrator, log) = leased(migrator(&migrations), &database.config(), LONG);
        let outcome = migrator.up(&mut client);
        assert_eq!(outcome.is_ok(), !done.is_empty(), "{outcome:?}");
        assert_eq!((leases(&mut client), applied(&mut client)), ("0".to_owned(), done.to_owned()));
        assert_eq!(ask(&mut client, "SELECT current_user"), "postgres");
        assert!(!log.lock().unwrap().contains(&Event::RunLockLost));
        client.batch_execute("DROP TABLE migration_history, migration_history_log").unwrap();
    }
    client.batch_execute(&format!("DROP ROLE {role}")).unwrap();
}

#[test]
fn who_has_no_watcher_waits_for_a_lease() {
    let database = database();
    let mut client = database.connect().unwrap();
    let slow = [pair(1, "m", "SELECT pg_sleep(2)", "SELECT 1")];
    let (leased, _) = leased(migrator(&slow), &database.config(), LONG);
    let mut holder = database.connect().unwrap();
    let running = thread::spawn(move || leased.up(&mut holder).map(drop));
    until("it sleeps", || sleeps(&mut client));
    let plain = migrator(&slow);
    let error = plain.clone().lock_wait(Duration::from_millis(200)).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RunLock);
    assert!(error.to_string().contains("it is held by run "), "{error}");
    assert_eq!(locks(&mut client), "0", "it gave the lock back");
    let report = plain.lock_wait(LONG).up(&mut client).unwrap();
    assert!(report.is_empty() && report.waited().is_some(), "{report}");
    running.join().unwrap().unwrap();
}

#[test]
fn who_has_a_watcher_waits_for_a_lock() {
    let database = database();
    let mut client = database.connect().unwrap();
    let slow = [pair(1, "m", "SELECT pg_sleep(2)", "SELECT 1")];
    let plain = migrator(&slow);
    let mut holder = database.config().application_name("the holder").connect(NoTls).unwrap();
    let running = thread::spawn(move || plain.up(&mut holder).map(drop));
    until("it sleeps", || sleeps(&mut client));
    let (leased, _) = leased(migrator(&slow), &database.config(), LONG);
    let error = leased.clone().lock_wait(Duration::from_millis(200)).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RunLock);
    assert!(error.to_string().contains("application the holder"), "{error}");
    assert_eq!(leases(&mut client), "0");
    let report = leased.lock_wait(LONG).up(&mut client).unwrap();
    assert!(report.is_empty() && report.waited().is_some(), "{report}");
    running.join().unwrap().unwrap();
}

/// PostgreSQL would cut the name of its table.
#[test]
fn a_history_whose_lease_has_no_name_is_refused() {
    let database = database();
    let mut client = database.connect().unwrap();
    let (leased, _) = leased(migrator(&tables(1)), &database.config(), LONG);
    let error = leased.clone().history_table("h".repeat(58)).up(&mut client).unwrap_err();
    assert!(error.to_string().contains("1 to 57 bytes"), "{error}");
    let _ = leased.history_table("h".repeat(57)).up(&mut client).unwrap();
    let _ = migrator(&tables(1)).history_table("i".repeat(59)).baseline(&mut client, 1).unwrap();
}

#[test]
fn a_role_that_may_not_make_the_table_takes_the_lock() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("r_{}", database.name());
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    client
        .batch_execute(&format!(
            "CREATE ROLE {role}; REVOKE CREATE ON SCHEMA public FROM public; CREATE SCHEMA own AUTHORIZATION {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON migration_history, migration_history_log TO {role}; \
             SET ROLE {role}"
        ))
        .unwrap();
    let mut migrations = tables(1);
    migrations.push(pair(2, "m", "CREATE TABLE own.m ()", "SELECT 1"));
    let (migrator, log) = leased(migrator(&migrations), &database.config(), LONG);
    assert_eq!(migrator.up(&mut client).unwrap().applied().count(), 1);
    let failed: Vec<String> = log
        .lock()
        .unwrap()
        .iter()
        .filter(|event| matches!(event, Event::WatcherFailed { .. }))
        .map(ToString::to_string)
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].contains("permission denied for schema public"), "{failed:?}");
    client.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
    assert_eq!(locks(&mut client), "0");
}

/// Half of them with leases, half with locks: never two at a time.
#[test]
fn a_mixed_crowd_takes_turns() {
    let database = database();
    let guarded = |v: i64| {
        let up = "INSERT INTO inside VALUES (1);;SELECT pg_sleep(0.02);;DELETE FROM inside";
        pair(v, &format!("m{v}"), up, "SELECT 1")
    };
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE inside (one int PRIMARY KEY)").unwrap();
    let migrations: Vec<_> = (1..=10).map(guarded).collect();
    let set = set(&migrations);
    let runners: Vec<_> = (0..12)
        .map(|n| {
            let (config, mut client) = (database.config(), database.connect().unwrap());
            thread::spawn(move || {
                let migrator = Migrator::from_set(set).lock_wait(LONG);
                let (migrator, log) = match n % 2 {
                    0 => leased(migrator, &config, LONG),
                    _ => {
                        let log = Log::default();
                        let seen = Arc::clone(&log);
                        let tell = move |event: &Event| seen.lock().unwrap().push(event.clone());
                        (migrator.on_event(tell), log)
                    }
                };
                let done = migrator.up(&mut client).unwrap().applied().count();
                let other = |event: &Event| matches!(event, Event::DoneElsewhere { .. });
                assert!(!log.lock().unwrap().iter().any(other), "two were at it");
                done
            })
        })
        .collect();
    let done: usize = runners.into_iter().map(|runner| runner.join().unwrap()).sum();
    assert_eq!(done, 10);
    assert_eq!((leases(&mut client), locks(&mut client)), ("0".to_owned(), "0".to_owned()));
}

/// A few rounds; by hand `LEASE_ROUNDS=50`. The pooler is as it comes: it takes the session that was given
/// back last.
#[test]
fn sixteen_at_once_through_a_pooler_leave_nothing_behind() {
    let rounds = std::env::var("LEASE_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let database = database();
        let Some(pooler) = Pooler::start(&database, false) else { return };
        let mut direct = database.connect().unwrap();
        for n in [4, 8] {
            crowd(&database, &pooler, n, round % 2 == 0);
            assert_eq!(locks(&mut direct), "0");
            assert_eq!(leases(&mut direct), "0");
            assert_eq!(applied(&mut direct).split(' ').count(), usize::try_from(n).unwrap());
            let log = ask(&mut direct, "SELECT count(*) FROM migration_history_log");
            assert_eq!(log, n.to_string());
        }
    }
}

/// The watchers go through the pooler, too, or directly.
fn crowd(database: &Database, pooler: &Pooler, n: i64, through: bool) {
    let set = set(&tables(n));
    let watching = if through { pooler.config.clone() } else { database.config() };
    let runners: Vec<_> = (0..16)
        .map(|_| {
            let (mut client, watching) = (pooler.connect(), watching.clone());
            thread::spawn(move || {
                let migrator = Migrator::from_set(set).lock_wait(LONG);
                let (migrator, log) = leased(migrator, &watching, LONG);
                let done = migrator.up(&mut client).unwrap().applied().count();
                let failed = |event: &&Event| matches!(event, Event::WatcherFailed { .. });
                assert_eq!(log.lock().unwrap().iter().find(failed), None);
                done
            })
        })
        .collect();
    let _: usize = runners.into_iter().map(|runner| runner.join().unwrap()).sum();
}

/// It cannot have the lock there, but it looks for the lease.
#[test]
fn who_has_no_watcher_waits_for_a_lease_behind_a_pooler_too() {
    let database = database();
    let Some(pooler) = Pooler::start(&database, true) else { return };
    let mut client = database.connect().unwrap();
    let slow = [pair(1, "m", "SELECT pg_sleep(2)", "SELECT 1")];
    let (leased, _) = leased(migrator(&slow), &database.config(), LONG);
    let mut holder = pooler.connect();
    let running = thread::spawn(move || leased.up(&mut holder).map(drop));
    until("it sleeps", || sleeps(&mut client));
    let plain = migrator(&slow).lock_wait(LONG);
    let report = plain.up(&mut pooler.connect()).unwrap();
    assert!(report.is_empty() && report.waited().is_some(), "{report}");
    running.join().unwrap().unwrap();
    assert_eq!((leases(&mut client), locks(&mut client)), ("0".to_owned(), "0".to_owned()));
}

#[test]
fn what_runs_outside_a_transaction_still_asks_for_a_direct_url() {
    let database = database();
    let Some(pooler) = Pooler::start(&database, true) else { return };
    let up = "CREATE INDEX CONCURRENTLY i ON t1 (note)";
    let mut all = tables(1);
    all.push(stepwise(2, "index", up, "DROP INDEX CONCURRENTLY i"));
    let (migrator, _) = leased(migrator(&all), &database.config(), LONG);
    let error = migrator.up(&mut pooler.connect()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pooled, "{error}");
    let mut direct = database.connect().unwrap();
    assert_eq!((leases(&mut direct), locks(&mut direct)), ("0".to_owned(), "0".to_owned()));
    let _ = migrator.up(&mut direct).unwrap();
    assert_eq!(applied(&mut direct), "1 2");
}

/// Behind a pooler the run may be in any server process, and is found by its message.
#[test]
fn the_blocker_is_named_behind_a_pooler_too() {
    let database = database();
    let Some(pooler) = Pooler::start(&database, true) else { return };
    let mut holder = database.config().application_name("the report").connect(NoTls).unwrap();
    holder.batch_execute("CREATE TABLE a ()").unwrap();
    holder.batch_execute("BEGIN; SELECT FROM a").unwrap();
    let migrations = [pair(1, "m", "ALTER TABLE a ADD COLUMN x int", "SELECT 1")];
    let (migrator, log) = leased(migrator(&migrations), &pooler.config, LONG);
    let releasing = thread::spawn(move || {
        sleep(Duration::from_secs(3));
        holder.batch_execute("COMMIT").unwrap();
    });
    let _ = migrator.lock_timeout(LONG).up(&mut pooler.connect()).unwrap();
    releasing.join().unwrap();
    let named = |event: &Event| match event {
        Event::Blocked { blockers, .. } => blockers[0].application_name == "the report",
        _ => false,
    };
    assert!(log.lock().unwrap().iter().any(named), "{:?}", log.lock().unwrap());
}
