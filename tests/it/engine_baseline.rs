//! A database that has the schema already, and one that belongs to somebody else.

use migrate_runtime::{ErrorKind, Event};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, tables};

#[test]
fn a_baseline_records_without_running() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(4));
    let report = migrator.baseline(&mut client, 2).unwrap();
    assert_eq!(report.applied().count(), 2);
    assert!(report.to_string().contains("recorded"), "{report}");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t1')"), "");
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1 2 3 4");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t3')"), "t3");
    let error = migrator.baseline(&mut client, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(migrator.baseline(&mut client, 4).unwrap().is_empty());
    let log = "SELECT string_agg(direction, ' ' ORDER BY id) FROM migration_history_log";
    assert_eq!(ask(&mut client, log), "baseline baseline up up");
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn what_was_only_recorded_took_no_time() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(2));
    let report = migrator.down(&mut client, 1).unwrap();
    assert_eq!(report.to_string(), "nothing to roll back");
    let _ = migrator.up(&mut client).unwrap();
    let _ = migrator.down(&mut client, 2).unwrap();
    let _ = migrator.baseline(&mut client, 1).unwrap();
    let _ = migrator.up(&mut client).unwrap();
    let status = migrator.status(&mut client).unwrap();
    assert_eq!(status.rows()[0].took, None, "{status}");
    assert!(status.rows()[1].took.is_some(), "{status}");
}

#[test]
fn the_history_of_another_project_is_named_as_that() {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(2)).up(&mut client).unwrap();
    let other = migrator(&[pair(1, "users", "CREATE TABLE users ()", "DROP TABLE users")]);
    let error = other.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignHistory);
    assert!(error.to_string().contains("1_t1 is there what 1_users is here"), "{error}");
    let _ = other.history_table("other").up(&mut client).unwrap();
}

#[test]
fn a_table_that_is_not_ours_is_not_touched() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE migration_history (id int)").unwrap();
    let error = migrator(&tables(1)).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History);
    assert!(error.to_string().contains("not a history table"), "{error}");
    let _ = migrator(&tables(1)).history_table("ours").up(&mut client).unwrap();
}

#[test]
fn a_newer_layout_is_not_written_to() {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    client.batch_execute("COMMENT ON TABLE migration_history IS 'migrate: layout 9'").unwrap();
    for error in [
        migrator(&tables(2)).up(&mut client).unwrap_err(),
        migrator(&tables(1)).down(&mut client, 1).unwrap_err(),
        migrator(&tables(1)).status(&mut client).unwrap_err(),
    ] {
        assert!(error.to_string().contains("newer release"), "{error}");
    }
    // A pod of the last release that has nothing to do still starts.
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
}

#[test]
fn a_role_that_may_only_read_can_start() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrations = tables(1);
    let _ = migrator(&migrations).up(&mut client).unwrap();
    client
        .batch_execute(
            "DO $$ BEGIN CREATE ROLE engine_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
             GRANT SELECT ON migration_history, migration_history_log TO engine_reader;
             SET ROLE engine_reader",
        )
        .unwrap();
    assert!(migrator(&migrations).up(&mut client).unwrap().is_empty());
    migrator(&migrations).verify(&mut client).unwrap();
    let error = migrator(&tables(2)).up(&mut client).unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "42501", "{error}");
    client.batch_execute("RESET ROLE; REVOKE SELECT ON migration_history FROM engine_reader; SET ROLE engine_reader").unwrap();
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History);
    assert!(error.to_string().contains("grant this role SELECT"), "{error}");
}

#[test]
fn what_drops_the_history_undoes_itself() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(2);
    let _ = migrator(&migrations).up(&mut client).unwrap();
    migrations.push(pair(3, "wipe", "DROP TABLE migration_history", "SELECT 1"));
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert!(error.to_string().contains("recording migration 3_wipe"), "{error}");
    assert_eq!(applied(&mut client), "1 2");
}

#[test]
fn a_schema_that_is_there_already_asks_for_a_baseline() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE t1 (); CREATE TABLE t3 ()").unwrap();
    let migrator = migrator(&tables(3));
    let text = migrator.up(&mut client).unwrap_err().to_string();
    assert!(text.contains("is there already") && text.contains("`.baseline(…)`"), "{text}");
    let _ = migrator.baseline(&mut client, 1).unwrap();
    // By now it knows what else there is.
    let text = migrator.up(&mut client).unwrap_err().to_string();
    assert!(text.contains("\"t3\" already exists") && !text.contains("baseline"), "{text}");
}

/// Nothing may run that could not be recorded.
#[test]
fn a_history_of_another_version_of_the_library_is_refused_at_the_start() {
    for column in ["down_transactional", "down_steps", "down_builds"] {
        let database = database();
        let mut client = database.connect().unwrap();
        let _ = migrator(&tables(1)).up(&mut client).unwrap();
        let sql = format!("ALTER TABLE migration_history DROP COLUMN {column}");
        client.batch_execute(&sql).unwrap();
        let error = migrator(&tables(2))
            .on_event(|event| assert!(!matches!(event, Event::Started { .. })))
            .up(&mut client)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::History);
        let text = error.to_string();
        assert!(
            text.contains(column) && text.contains("another version of this library"),
            "{text}"
        );
        assert_eq!(locks(&mut client), "0");
        // What it needs to know that there is nothing to do is there.
        assert!(migrator(&tables(1)).up(&mut client).unwrap().is_empty());
    }
}

#[test]
fn a_log_of_another_version_of_the_library_is_named_as_that() {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    client.batch_execute("ALTER TABLE migration_history_log DROP COLUMN run_id").unwrap();
    let text = migrator(&tables(2)).up(&mut client).unwrap_err().to_string();
    assert!(text.contains("recording migration 2_t2"), "{text}");
    assert!(text.contains("another version of this library"), "{text}");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t2')"), "");
}

#[test]
fn a_timeout_of_the_session_is_named() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(1));
    let _ = migrator.up(&mut client).unwrap();
    let mut other = database.connect().unwrap();
    other.batch_execute("BEGIN; LOCK TABLE migration_history").unwrap();
    client.batch_execute("SET statement_timeout = '100ms'").unwrap();
    let text = migrator.up(&mut client).unwrap_err().to_string();
    assert!(text.starts_with("reading public.migration_history: "), "{text}");
    assert!(text.contains("= help: ") && text.contains("by statement_timeout"), "{text}");
}
