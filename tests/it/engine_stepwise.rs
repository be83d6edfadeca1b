//! Scripts outside a transaction: progress, resuming, and the indexes that failed builds leave.

use std::sync::{Arc, Mutex};

use migrate_runtime::{ErrorKind, Event, State};
use postgres::{Client, NoTls};

use crate::engine_fixture::{applied, ask, database, locks, migrator, stepwise, tables};

const VALID: &str = "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ' ' ORDER BY 1) \
     FROM pg_index WHERE indrelid >= 16384 AND NOT indisprimary";

#[test]
fn it_goes_on_where_it_stopped_and_sets_again_what_was_set() {
    let database = database();
    let mut client = database.connect().unwrap();
    let up = |third: &str| {
        format!(
            "CREATE TABLE once ();;SET my.word = 'kept';;CREATE TABLE a (id int);;{third};;\
             CREATE TABLE b AS SELECT current_setting('my.word') AS word"
        )
    };
    let broken = migrator(&[stepwise(1, "steps", &up("SELECT 1 / 0"), "SELECT 1")]);
    let error = broken.up(&mut client).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("1_steps is partly applied, 3 of 5 statements"), "{text}");
    assert_eq!(error.statement(), Some("SELECT 1 / 0"));
    let state = State::PartlyApplied { done: 3, of: Some(5), rolling_back: false };
    assert_eq!(broken.status(&mut client).unwrap().rows()[0].state, state);
    let error = broken.down(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartlyApplied, "{error}");

    // What has run may not be edited; what has not, may.
    let edited = up("SELECT 2").replace("once", "twice");
    let error = migrator(&[stepwise(1, "steps", &edited, "SELECT 1")]).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartlyApplied, "{error}");
    let mut client = database.connect().unwrap();
    let mended = migrator(&[stepwise(1, "steps", &up("SELECT 2"), "SELECT 1")]);
    let plan = mended.plan(&mut client).unwrap();
    assert!(plan.to_string().contains("2 statements, outside a transaction, going on"), "{plan}");
    let _ = mended.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT word FROM b"), "kept");
    assert!(mended.up(&mut client).unwrap().is_empty());
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn the_log_counts_all_statements() {
    let database = database();
    let mut client = database.connect().unwrap();
    let script = "SELECT pg_sleep(0.2);;SELECT pg_sleep(0.2)";
    let migrator = migrator(&[stepwise(1, "slow", script, script)]);
    for report in [migrator.up(&mut client).unwrap(), migrator.down(&mut client, 1).unwrap()] {
        assert!(report.done()[0].took.as_millis() >= 400, "{report}");
    }
}

#[test]
fn a_first_statement_that_fails_leaves_no_trace() {
    let database = database();
    let mut client = database.connect().unwrap();
    let broken = migrator(&[stepwise(1, "steps", "SELECT 1 / 0;;SELECT 1", "SELECT 1")]);
    let _ = broken.up(&mut client).unwrap_err();
    assert_eq!(broken.status(&mut client).unwrap().rows()[0].state, State::Pending);
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
}

/// A failed unique build leaves an INVALID index; with `IF NOT EXISTS` it would be taken for done.
#[test]
fn an_invalid_index_is_dropped_and_built_again() {
    for index in [
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"U\"",
        "CREATE UNIQUE INDEX CONCURRENTLY \"U\"",
    ] {
        let database = database();
        let mut client = database.connect().unwrap();
        client
            .batch_execute(
                "CREATE SCHEMA s; CREATE TABLE s.p (v int); INSERT INTO s.p VALUES (1), (1)",
            )
            .unwrap();
        let up = format!("SET search_path = s;;{index} ON p (v)");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let migrator = migrator(&[stepwise(1, "unique", &up, "DROP INDEX CONCURRENTLY s.\"U\"")])
            .on_event(move |event| log.lock().unwrap().push(event.clone()));
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!(error.sql_state().unwrap().code(), "23505", "{error}");
        assert_eq!(ask(&mut client, VALID), "s.\"U\" false");
        let left = "1_unique is partly applied, 1 of 2 statements; it left the INVALID index s.\"U\", \
                    which the next up drops";
        assert!(error.to_string().contains(left), "{error}");
        client.batch_execute("DELETE FROM s.p").unwrap();
        // Another session: the search_path is not there any more.
        let mut client = database.connect().unwrap();
        let _ = migrator.up(&mut client).unwrap();
        assert_eq!(ask(&mut client, VALID), "s.\"U\" true");
        let dropped = |event: &Event| matches!(event, Event::InvalidIndexDropped { index, .. } if index == "s.\"U\"");
        assert!(seen.lock().unwrap().iter().any(dropped));
        let _ = migrator.down(&mut client, 1).unwrap();
        assert_eq!(ask(&mut client, VALID), "");
    }
}

/// Nothing is done, and yet something is there.
#[test]
fn an_invalid_index_of_a_first_statement_is_told() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE p (v int); INSERT INTO p VALUES (1), (1)").unwrap();
    let up = "CREATE UNIQUE INDEX CONCURRENTLY u ON p (v)";
    let index = stepwise(1, "index", up, "DROP INDEX CONCURRENTLY u");
    let migrator = migrator(&[index]);
    let text = migrator.up(&mut client).unwrap_err().to_string();
    let left =
        "nothing of 1_index is done; it left the INVALID index public.u, which the next up drops";
    assert!(text.contains(left), "{text}");
    assert!(migrator.status(&mut client).unwrap().to_string().contains("begun, 0 of 1"));
    let text = migrator.down(&mut client, 1).unwrap_err().to_string();
    let stands =
        "1_index is not applied, but its first statement failed and may have left an INVALID index";
    assert!(text.starts_with(stands), "{text}");
    assert!(text.contains("apply it with up, which drops that index first"), "{text}");
    client.batch_execute("DELETE FROM p").unwrap();
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, VALID), "u true");
}

/// What leaves no index leaves no row either.
#[test]
fn a_build_that_never_began_leaves_no_trace() {
    let database = database();
    let mut client = database.connect().unwrap();
    let up = "CREATE INDEX CONCURRENTLY i ON nowhere (v)";
    let migrator = migrator(&[stepwise(1, "index", up, "DROP INDEX CONCURRENTLY i")]);
    let text = migrator.up(&mut client).unwrap_err().to_string();
    assert!(text.contains("nothing of 1_index is done\n"), "{text}");
    assert!(!text.contains("INVALID"), "{text}");
    assert_eq!(migrator.status(&mut client).unwrap().rows()[0].state, State::Pending);
}

/// The server ends the session between two statements, and inside one that runs alone.
#[test]
fn a_session_that_is_ended_is_no_loss() {
    let database = database();
    let mut watcher = database.connect().unwrap();
    watcher.batch_execute("CREATE TABLE p (v int); CREATE TABLE q ()").unwrap();
    let up = "CREATE INDEX CONCURRENTLY i ON p (v);;\
         INSERT INTO p VALUES (7);;\
         DO $$ BEGIN IF (SELECT count(*) FROM pg_attribute WHERE attrelid = 'q'::regclass AND attname = 'go') = 0 \
         THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9); END IF; END $$;;\
         CREATE INDEX CONCURRENTLY j ON p (v)";
    let migrator = migrator(&[stepwise(1, "steps", up, "SELECT 1"), tables(2)[1]]);
    let mut client = database.connect().unwrap();
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert_eq!(ask(&mut watcher, "SELECT steps_done FROM migration_history"), "2");
    watcher.batch_execute("ALTER TABLE q ADD COLUMN go int").unwrap();
    let _ = migrator.up(&mut watcher).unwrap();
    assert_eq!(applied(&mut watcher), "1 2");
    assert_eq!(ask(&mut watcher, "SELECT count(*) FROM p"), "1");
    assert_eq!(ask(&mut watcher, VALID), "i true j true");
    assert_eq!(locks(&mut watcher), "0");
}

/// The index was built, but the run died before it could say so.
#[test]
fn an_index_that_was_built_but_not_recorded_counts_as_done() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE p (v int)").unwrap();
    let migrator = migrator(&[stepwise(
        1,
        "index",
        "CREATE TABLE q ();;CREATE INDEX CONCURRENTLY i ON p (v);;CREATE TABLE r ()",
        "SELECT 1",
    )]);
    let other = Mutex::new(database.connect().unwrap());
    let killer = migrator.clone().on_event(move |event| {
        // After the first statement is recorded: the backend goes before the index is built.
        if matches!(event, Event::StepDone { step: 1, .. }) {
            kill_others(&mut other.lock().unwrap());
        }
    });
    let error = killer.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    let mut client = database.connect().unwrap();
    let recorded = "SELECT steps_done || step_state FROM migration_history";
    assert_eq!(ask(&mut client, recorded), "1started");
    client.batch_execute("CREATE INDEX i ON p (v)").unwrap();
    let oid = ask(&mut client, "SELECT 'i'::regclass::oid");
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT 'i'::regclass::oid"), oid);
    assert_eq!(ask(&mut client, "SELECT to_regclass('r')"), "r");
    assert_eq!(applied(&mut client), "1");
}

#[test]
fn an_index_that_was_dropped_but_not_recorded_counts_as_done() {
    let database = database();
    let mut client = database.connect().unwrap();
    let build = "CREATE INDEX CONCURRENTLY i ON t1 (note)";
    let index = stepwise(2, "index", build, "DROP INDEX CONCURRENTLY i");
    let migrator = migrator(&[tables(1)[0], index]);
    let _ = migrator.up(&mut client).unwrap();
    // What a run leaves that dies between the drop and its record.
    client
        .batch_execute(
            "UPDATE migration_history SET steps_done = 0, steps_of = 'down',
                 step_state = 'started', steps_hash = '' WHERE version = 2;
             DROP INDEX i",
        )
        .unwrap();
    let report = migrator.down(&mut client, 1).unwrap();
    assert_eq!(report.rolled_back().count(), 1);
    assert_eq!(applied(&mut client), "1");
    // Without such a run it is an error, as anywhere.
    let _ = migrator.up(&mut client).unwrap();
    client.batch_execute("DROP INDEX i").unwrap();
    let error = migrator.down(&mut client, 1).unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "42704", "{error}");
    assert!(error.to_string().contains("nothing of the down of 2_index is done"), "{error}");
}

fn kill_others(client: &mut Client) {
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert_eq!(ask(client, sql), "1");
}

#[test]
fn a_rollback_outside_a_transaction_is_resumed() {
    let database = database();
    let mut client = database.connect().unwrap();
    let down = "DROP INDEX CONCURRENTLY i;;SELECT 1 / (SELECT count(*) FROM q);;DROP TABLE p";
    let up = "CREATE TABLE p (v int);;CREATE TABLE q (v int);;CREATE INDEX CONCURRENTLY i ON p (v)";
    let migrator = migrator(&[stepwise(1, "index", up, down)]);
    let _ = migrator.up(&mut client).unwrap();
    let error = migrator.down(&mut client, 1).unwrap_err();
    assert!(error.to_string().contains("partly rolled back, 1 of 3 statements"), "{error}");
    assert_eq!(migrator.up(&mut client).unwrap_err().kind(), ErrorKind::PartlyApplied);
    client.batch_execute("INSERT INTO q VALUES (1)").unwrap();
    let _ = migrator.down(&mut client, 1).unwrap();
    assert_eq!(ask(&mut client, "SELECT to_regclass('p')"), "");
    assert_eq!(applied(&mut client), "");
}

#[test]
fn a_transaction_within_the_script_is_one_step() {
    let database = database();
    let mut client = database.connect().unwrap();
    let up = "CREATE TABLE p (v int);;BEGIN; INSERT INTO p VALUES (1); INSERT INTO p VALUES (1 / 0);\nCOMMIT";
    let broken = migrator(&[stepwise(1, "steps", up, "SELECT 1")]);
    let error = broken.up(&mut client).unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "22012", "{error}");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM p"), "0");
    let mended = migrator(&[stepwise(1, "steps", &up.replace("1 / 0", "2"), "SELECT 1")]);
    let _ = mended.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT count(*) FROM p"), "2");
    let mut client = database.config().connect(NoTls).unwrap();
    assert!(mended.up(&mut client).unwrap().is_empty());
}

/// A concurrent detach that is interrupted leaves the partition pending, and a second one fails.
#[test]
fn an_interrupted_detach_is_finished() {
    let database = database();
    let mut client = database.connect().unwrap();
    if ask(&mut client, "SELECT current_setting('server_version_num')::int < 140000") == "t" {
        return; // There is none before 14.
    }
    client
        .batch_execute(
            "CREATE TABLE t (a int) PARTITION BY LIST (a); \
             CREATE TABLE p PARTITION OF t FOR VALUES IN (1); \
             CREATE TABLE q PARTITION OF t FOR VALUES IN (2)",
        )
        .unwrap();
    let up = "CREATE TABLE x ();;ALTER TABLE t DETACH PARTITION p CONCURRENTLY;;CREATE TABLE y ()";
    let migrator = migrator(&[stepwise(1, "detach", up, "SELECT 1")]);
    let mut reader = database.connect().unwrap();
    reader.batch_execute("BEGIN; SELECT FROM t").unwrap();
    let (run, mut victim) = (migrator.clone(), database.connect().unwrap());
    let running = std::thread::spawn(move || run.up(&mut victim).unwrap_err().kind());
    let pending = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending";
    while ask(&mut client, pending) == "0" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND query ~ '^ALTER TABLE'";
    assert_eq!(ask(&mut client, sql), "t");
    assert_eq!(running.join().unwrap(), ErrorKind::Connection);
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(ask(&mut client, pending), "1");
    let _ = migrator.up(&mut client).unwrap();
    let parts = "SELECT string_agg(inhrelid::regclass::text, ' ') FROM pg_inherits";
    assert_eq!(ask(&mut client, parts), "q");
    assert_eq!(applied(&mut client), "1");
    assert_eq!(locks(&mut client), "0");
}

/// It came through, and the run died before it could say so.
#[test]
fn a_detach_that_was_not_recorded_counts_as_done() {
    let database = database();
    let mut client = database.connect().unwrap();
    if ask(&mut client, "SELECT current_setting('server_version_num')::int < 140000") == "t" {
        return; // There is none before 14.
    }
    let parts = "CREATE TABLE t (a int) PARTITION BY LIST (a); \
         CREATE TABLE p PARTITION OF t FOR VALUES IN (1)";
    client.batch_execute(parts).unwrap();
    let up = "CREATE TABLE x ();;ALTER TABLE t DETACH PARTITION p CONCURRENTLY";
    let migrator = migrator(&[stepwise(1, "detach", up, "SELECT 1")]);
    let other = Mutex::new(database.connect().unwrap());
    let killer = migrator.clone().on_event(move |event| {
        if matches!(event, Event::StepDone { step: 1, .. }) {
            kill_others(&mut other.lock().unwrap());
        }
    });
    let error = killer.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    let mut client = database.connect().unwrap();
    client.batch_execute("ALTER TABLE t DETACH PARTITION p").unwrap();
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1");
}

/// It leaves an INVALID index of the server's own making.
#[test]
fn what_an_interrupted_reindex_leaves_is_dropped() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE p (v int); CREATE INDEX i ON p (v)").unwrap();
    for (v, what) in [(1, "TABLE CONCURRENTLY p"), (2, "INDEX CONCURRENTLY i")] {
        let mut all = vec![stepwise(1, "reindex", "REINDEX TABLE CONCURRENTLY p", "SELECT 1")];
        if v == 2 {
            all.push(stepwise(2, "reindex", &format!("REINDEX {what}"), "SELECT 1"));
        }
        let migrator = migrator(&all);
        let mut reader = database.connect().unwrap();
        reader.batch_execute("BEGIN; SELECT FROM p").unwrap();
        let (run, mut victim) = (migrator.clone(), database.connect().unwrap());
        let running = std::thread::spawn(move || run.up(&mut victim).unwrap_err().kind());
        let left = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND query ~ '^REINDEX' AND wait_event_type = 'Lock'";
        while ask(&mut client, left) == "0" || ask(&mut client, waits) == "0" {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query ~ '^REINDEX'";
        assert_eq!(ask(&mut client, sql), "t");
        assert_eq!(running.join().unwrap(), ErrorKind::Connection);
        reader.batch_execute("COMMIT").unwrap();
        assert_eq!(ask(&mut client, left), "1");
        let _ = migrator.up(&mut client).unwrap();
        assert_eq!(ask(&mut client, VALID), "i true");
        assert_eq!(locks(&mut client), "0");
    }
}

/// It has failed, nobody has interrupted it, and it was the first statement.
#[test]
fn what_a_failed_reindex_leaves_is_told_and_dropped() {
    let database = database();
    let mut client = database.connect().unwrap();
    let function = |body: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION f(v int) RETURNS int IMMUTABLE LANGUAGE sql RETURN {body}"
        )
    };
    let made = "CREATE TABLE p (v int); INSERT INTO p VALUES (0); CREATE INDEX i ON p (f(v))";
    client.batch_execute(&format!("{};{made};{}", function("v"), function("1 / v"))).unwrap();
    let reindex = stepwise(1, "reindex", "REINDEX INDEX CONCURRENTLY i", "SELECT 1");
    let migrator = migrator(&[reindex]);
    let text = migrator.up(&mut client).unwrap_err().to_string();
    let left = "nothing of 1_reindex is done; it left the INVALID index public.i_ccnew, which the next up drops";
    assert!(text.contains(left), "{text}");
    client.batch_execute(&function("v")).unwrap();
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, VALID), "i true");
}
