//! SQL of the application's own around each script.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use migrate_runtime::{ErrorKind, HookStep, LockMode, State};
use postgres::NoTls;

use crate::engine_fixture::{
    applied, ask, database, locking, locks, migrator, pair, stepwise, tables,
};
use crate::engine_proxy::Proxy;

const AUDIT: &str = "CREATE TABLE audit (id serial, at text, what text, memory text, pid xid)";

/// A row that says when, of which migration, with which `work_mem`, in which transaction.
fn audit(at: &'static str) -> impl Fn(&HookStep) -> Option<String> + Send + Sync + 'static {
    move |step| {
        let (what, direction) = (step.name_literal(), step.direction);
        Some(format!(
            "INSERT INTO public.audit (at, what, memory, pid) VALUES \
             ('{at} {direction}', {what}, current_setting('work_mem'), pg_current_xact_id()::xid)"
        ))
    }
}

const ROWS: &str =
    "SELECT string_agg(at || ' ' || what || ' ' || memory, ', ' ORDER BY id) FROM audit";

#[test]
fn what_they_set_holds_for_the_script_and_no_longer() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(AUDIT).unwrap();
    client.batch_execute("SET work_mem = '5MB'").unwrap();
    let seen =
        |n: i64| format!("CREATE TABLE seen{n} AS SELECT current_setting('work_mem') AS memory");
    let drop = |n: i64| format!("DROP TABLE seen{n}");
    let upset = "SET work_mem = '9MB';;SET search_path = '';;SET ROLE pg_monitor";
    let migrations = [
        pair(1, "it's", &format!("{};;{upset}", seen(1)), &drop(1)),
        pair(2, "two", &seen(2), &drop(2)),
        stepwise(3, "three", &format!("SELECT 1;;{}", seen(3)), &drop(3)),
    ];
    let migrator = migrator(&migrations)
        .before_each(audit("before"))
        .before_each(|step| (step.migration.version() == 1).then_some("SET LOCAL work_mem = '7MB'"))
        .before_each(|step| (step.migration.version() == 3).then_some("SET work_mem = '6MB'"))
        .before_each(|_| None::<String>)
        .after_each(audit("after"))
        .after_each(|_| Some("SET work_mem = '8MB'; SET search_path = ''; SET ROLE pg_monitor"));
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT memory FROM seen1"), "7MB");
    assert_eq!(ask(&mut client, "SELECT memory FROM seen2"), "5MB");
    assert_eq!(ask(&mut client, "SELECT memory FROM seen3"), "6MB");
    let _ = migrator.down(&mut client, 3).unwrap();
    // Nobody sees what the script before has set, nor the script what its hooks will.
    let told: Vec<String> = [("up", ["it's", "two", "three"]), ("down", ["three", "two", "it's"])]
        .iter()
        .flat_map(|(way, names)| names.iter().map(move |name| (way, name)))
        .flat_map(|(way, name)| ["before", "after"].map(|at| format!("{at} {way} {name} 5MB")))
        .collect();
    assert_eq!(ask(&mut client, ROWS), told.join(", "));
    let now = "SELECT current_setting('work_mem') || current_user = '5MB' || session_user";
    assert_eq!(ask(&mut client, now), "t");
}

/// A fresh database takes as many round trips with hooks as without.
#[test]
fn they_share_a_message_with_many_migrations() {
    let database = database();
    database.connect().unwrap().batch_execute(AUDIT).unwrap();
    let proxy = Proxy::new(&database.config());
    let mut client = proxy.connect();
    let migrator = migrator(&tables(20)).before_each(audit("before")).after_each(audit("after"));
    let (trips, _) = proxy.count(|| drop(migrator.up(&mut client).unwrap()));
    assert_eq!(trips, 4);
    assert_eq!(ask(&mut client, "SELECT count(*) FROM audit"), "40");
    let same = "SELECT count(*) FROM migration_history AS h JOIN audit AS a ON a.what = h.name \
                WHERE a.pid = h.xmin";
    assert_eq!(ask(&mut client, same), "40", "each in the transaction of its migration");
    let (trips, _) = proxy.count(|| assert!(migrator.up(&mut client).unwrap().is_empty()));
    assert_eq!(trips, 1);
}

#[test]
fn one_that_fails_among_many_stops_there() {
    for (sql, words) in [
        ("SELECT 1 / 0", "division by zero"),
        ("CREATE TABLE t1 ()", "already exists"),
        ("COMMIT", "not implemented"),
        ("SELECT '\0'", "its SQL has a NUL"),
    ] {
        for after in [false, true] {
            let database = database();
            let mut client = database.connect().unwrap();
            let hook = move |step: &HookStep| (step.migration.version() == 17).then_some(sql);
            let migrator = match after {
                true => migrator(&tables(30)).after_each(hook),
                false => migrator(&tables(30)).before_each(hook),
            };
            let error = migrator.up(&mut client).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hook, "{error}");
            let side = if after { "after" } else { "before" };
            let text = error.to_string();
            assert!(text.starts_with(&format!("in the hook {side} 17_t17: ")), "{text}");
            assert!(text.contains(words), "{text}");
            let done =
                if sql.contains('\0') { "" } else { "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16" };
            assert_eq!(applied(&mut client), done, "{text}");
        }
    }
}

#[test]
fn a_word_goes_out_when_the_transaction_commits() {
    let database = database();
    let mut listener = database.connect().unwrap();
    listener.batch_execute("LISTEN schema_changed").unwrap();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(1);
    migrations.push(pair(2, "broken", "SELECT 1 / 0", "SELECT 1"));
    let migrator = migrator(&migrations)
        .before_each(|step| Some(format!("NOTIFY schema_changed, '{}'", step.migration.version())));
    let _ = migrator.up(&mut client).unwrap_err();
    listener.batch_execute("SELECT").unwrap();
    let mut said = Vec::new();
    while let Some(notification) = fallible(&mut listener) {
        said.push(notification);
    }
    assert_eq!(said, ["1"]);
}

fn fallible(client: &mut postgres::Client) -> Option<String> {
    use postgres::fallible_iterator::FallibleIterator;
    let mut notifications = client.notifications();
    let mut soon = notifications.timeout_iter(Duration::from_millis(200));
    soon.next().unwrap().map(|it| it.payload().to_owned())
}

#[test]
fn an_error_is_drawn_in_the_hook_and_rolls_the_migration_back() {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    let sql = "SELECT 'ü';\nSELECT\n  nope FROM t1";
    let migrator = migrator(&tables(3))
        .before_each(move |step| (step.migration.version() == 3).then_some(sql));
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Hook, "{error}");
    assert_eq!(error.migration().unwrap().version(), 3);
    assert_eq!(error.statement(), Some(sql));
    let text = error.to_string();
    let expected = "\
in the hook before 3_t3: column \"nope\" does not exist
 --> the hook before 3_t3
  |
1 | SELECT 'ü';
2 | SELECT
3 |   nope FROM t1
  |   ^
  |
  = sqlstate: 42703";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("= now: migrations 1–2 are applied; 3_t3 was rolled back"), "{text}");
    assert_eq!(applied(&mut client), "1 2");
    assert_eq!(locks(&mut client), "0");
    let error =
        "SELECT string_agg(outcome || ' ' || version, ', ' ORDER BY id) FROM migration_history_log";
    assert_eq!(ask(&mut client, error), "done 1, done 2, failed 3");
}

#[test]
fn an_error_without_a_position_is_blamed_on_the_hook_too() {
    let database = database();
    let mut client = database.connect().unwrap();
    let all = migrator(&tables(2));
    let _ = all.up(&mut client).unwrap();
    // A table that is there already: the server says no position.
    let again = |_: &HookStep| Some("CREATE TABLE t1 ()");
    for (migrator, words) in [
        (all.clone().before_each(again), "in the hook before rolling back 2_t2: relation"),
        (all.after_each(again), "in the hook after rolling back 2_t2: relation"),
    ] {
        let error = migrator.down(&mut client, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Hook, "{error}");
        assert!(error.to_string().starts_with(words), "{error}");
        assert!(
            error.to_string().contains("1 | CREATE TABLE t1 ()\n  |              ^"),
            "{error}"
        );
        assert!(error.to_string().contains("2_t2 is still applied"), "{error}");
        assert_eq!(applied(&mut client), "1 2");
    }
}

/// The same words in a script are the script's.
#[test]
fn an_error_of_the_script_is_not_blamed_on_a_hook() {
    let database = database();
    let mut client = database.connect().unwrap();
    for up in
        ["SELECT 1;;CREATE TABLE t1 ();;CREATE TABLE t1 ()", "DO 'BEGIN EXECUTE ''COMMIT''; END'"]
    {
        let migrator = migrator(&[pair(1, "broken", up, "SELECT 1")])
            .before_each(|_| Some("SELECT 1"))
            .after_each(|_| Some("SELECT 1"));
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Script, "{error}");
        assert!(
            error.location().unwrap().starts_with("migrations/001_broken.up.sql:1:"),
            "{error}"
        );
    }
}

#[test]
fn transaction_control_is_refused_by_the_server() {
    for control in [
        "COMMIT",
        "ROLLBACK",
        "COMMIT; BEGIN",
        "SELECT 1; COMMIT; SELECT 2",
        "SAVEPOINT s",
        "BEGIN",
        "ROLLBACK AND CHAIN",
        "PREPARE TRANSACTION 'x'",
        "ABORT",
        "END",
    ] {
        let database = database();
        let mut client = database.connect().unwrap();
        let mut migrations = tables(1);
        migrations.push(pair(
            2,
            "two",
            "CREATE TABLE u1 ();;CREATE TABLE u2 ()",
            "DROP TABLE u1;;DROP TABLE u2",
        ));
        let plain = migrator(&migrations);
        for after in [false, true] {
            let hook = move |step: &HookStep| (step.migration.version() == 2).then_some(control);
            let hooked = match after {
                true => plain.clone().after_each(hook),
                false => plain.clone().before_each(hook),
            };
            let error = hooked.up(&mut client).unwrap_err();
            let side = if after { "after" } else { "before" };
            assert_eq!(error.kind(), ErrorKind::Hook, "{control}: {error}");
            assert!(
                error.to_string().starts_with(&format!("in the hook {side} 2_two: ")),
                "{error}"
            );
            assert!(error.to_string().contains("leave COMMIT, ROLLBACK"), "{error}");
            assert_eq!(ask(&mut client, "SELECT to_regclass('u1')"), "", "{control}");
            assert_eq!(applied(&mut client), "1");
            let _ = plain.up(&mut client).unwrap();
            let error = hooked.down(&mut client, 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hook, "{control}: {error}");
            assert_eq!(applied(&mut client), "1 2");
            assert_eq!(ask(&mut client, "SELECT to_regclass('u2')"), "u2", "{control}");
            let _ = plain.down(&mut client, 1).unwrap();
        }
    }
}

#[test]
fn a_hook_is_told_what_will_run() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE users (id int)").unwrap();
    let seen = Arc::new(Mutex::new(Vec::<HookStep>::new()));
    let log = Arc::clone(&seen);
    let up = "ALTER TABLE users ALTER COLUMN id TYPE bigint";
    let migrations = [
        locking(1, "widen", up, "SELECT 1", "!8rt5:users"),
        stepwise(2, "index", "CREATE INDEX CONCURRENTLY i ON users (id)", "DROP INDEX i"),
    ];
    let migrator = migrator(&migrations).before_each(move |step| {
        log.lock().unwrap().push(step.clone());
        None::<&str>
    });
    let report = migrator.up(&mut client).unwrap();
    let _ = migrator.down(&mut client, 1).unwrap();
    let seen = seen.lock().unwrap();
    let told: Vec<_> = seen
        .iter()
        .map(|step| format!("{} {} {}", step.direction, step.migration, step.transactional))
        .collect();
    assert_eq!(told, ["up 1_widen true", "up 2_index false", "down 2_index false"]);
    assert_eq!(seen[0].locks[0].to_string(), "users ACCESS EXCLUSIVE, rewrite");
    assert_eq!(seen[0].strongest_lock, LockMode::AccessExclusive);
    assert_eq!(seen[0].run_id, report.run_id());
}

#[test]
fn a_hook_waits_for_a_lock_as_a_script_does() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(AUDIT).unwrap();
    let mut locker = database.config().connect(NoTls).unwrap();
    locker.batch_execute("BEGIN; LOCK TABLE audit IN ACCESS EXCLUSIVE MODE").unwrap();
    let release = thread::spawn(move || {
        thread::sleep(Duration::from_millis(800));
        locker.batch_execute("COMMIT").unwrap();
    });
    let steps = "CREATE TABLE a ();;CREATE TABLE b ()";
    let mut migrations = tables(1);
    migrations.push(stepwise(2, "steps", steps, "DROP TABLE a;;DROP TABLE b"));
    let migrator = migrator(&migrations)
        .lock_timeout(Duration::from_millis(100))
        .before_each(audit("before"))
        .after_each(audit("after"));
    let _ = migrator.up(&mut client).unwrap();
    release.join().unwrap();
    assert_eq!(ask(&mut client, "SELECT count(*) FROM audit"), "4");
}

#[test]
fn scripts_outside_a_transaction_have_them_at_both_ends() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute(AUDIT).unwrap();
    let up = "CREATE TABLE a (n int);;CREATE INDEX CONCURRENTLY i ON a (n);;\
              CREATE TABLE seen AS SELECT current_setting('work_mem') AS memory";
    let down = "DROP TABLE seen;;DROP INDEX CONCURRENTLY i;;DROP TABLE a";
    let migrator = migrator(&[stepwise(1, "steps", up, down)])
        .before_each(audit("before"))
        .before_each(|_| Some("SET work_mem = '7MB'"))
        .after_each(audit("after"));
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT memory FROM seen"), "7MB");
    let _ = migrator.down(&mut client, 1).unwrap();
    let told =
        "before up steps 4MB, after up steps 4MB, before down steps 4MB, after down steps 4MB";
    assert_eq!(ask(&mut client, ROWS), told);
    assert_eq!(ask(&mut client, "SHOW work_mem"), "4MB");
}

#[test]
fn a_resumed_script_says_so_to_its_hook() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE audit (resumed bool)").unwrap();
    let hook = |step: &HookStep| Some(format!("INSERT INTO audit VALUES ({})", step.resumed));
    let steps =
        |second: &str| stepwise(1, "steps", &format!("CREATE TABLE a ();;{second}"), "SELECT 1");
    let broken = migrator(&[steps("SELECT 1 / 0")]).before_each(hook);
    let error = broken.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Script, "{error}");
    let _ = migrator(&[steps("SELECT 1")]).before_each(hook).up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT string_agg(resumed::text, ' ') FROM audit"), "false true");
}

#[test]
fn a_hook_that_fails_around_steps_leaves_them_where_they_are() {
    let last_alone = "CREATE TABLE a (n int);;CREATE INDEX CONCURRENTLY i ON a (n)";
    let last_together = "CREATE TABLE a (n int);;CREATE TABLE b ()";
    for (up, done_after) in [(last_alone, 2), (last_together, 1)] {
        for sql in ["SELECT 1 / 0", "COMMIT", "CALL commits()"] {
            let database = database();
            let mut client = database.connect().unwrap();
            client
                .batch_execute("CREATE PROCEDURE commits() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'")
                .unwrap();
            let plain = migrator(&[stepwise(1, "steps", up, "DROP TABLE a")]);
            let error = plain.clone().before_each(move |_| Some(sql)).up(&mut client).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hook, "{error}");
            assert!(error.to_string().starts_with("in the hook before 1_steps: "), "{error}");
            assert!(error.to_string().contains("nothing of 1_steps is done"), "{error}");
            let pending = plain.status(&mut client).unwrap().rows()[0].state.clone();
            assert_eq!(pending, State::Pending, "{up} {sql}");

            let error = plain.clone().after_each(move |_| Some(sql)).up(&mut client).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hook, "{error}");
            assert!(error.to_string().starts_with("in the hook after 1_steps: "), "{error}");
            assert!(
                error.to_string().contains(&format!("{done_after} of 2 statements")),
                "{error}"
            );
            let partly =
                State::PartlyApplied { done: done_after, of: Some(2), rolling_back: false };
            assert_eq!(plain.status(&mut client).unwrap().rows()[0].state, partly);
            let _ = plain.up(&mut client).unwrap();
            assert_eq!(applied(&mut client), "1");
            let error =
                plain.clone().after_each(move |_| Some(sql)).down(&mut client, 1).unwrap_err();
            assert!(
                error.to_string().starts_with("in the hook after rolling back 1_steps: "),
                "{error}"
            );
            assert_eq!(applied(&mut client), "1", "nothing of its only statement is done");
            let _ = plain.down(&mut client, 1).unwrap();
        }
    }
}
