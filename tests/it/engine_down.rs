//! Rolling back: with the binary's own scripts, with stored ones, and not at all.

use std::time::Duration;

use migrate_runtime::{Down, ErrorKind, State};

use crate::engine_fixture::{
    applied, ask, database, irreversible, locks, migrator, pair, stepwise, tables,
};

#[test]
fn down_down_to_and_redo() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(5));
    let _ = migrator.up(&mut client).unwrap();
    let report = migrator.down(&mut client, 2).unwrap();
    let versions: Vec<i64> = report.rolled_back().map(|d| d.migration.version()).collect();
    assert_eq!(versions, [5, 4]);
    assert_eq!(applied(&mut client), "1 2 3");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t4')"), "");

    client.batch_execute("INSERT INTO t3 VALUES (1); INSERT INTO t2 VALUES (1)").unwrap();
    let report = migrator.redo(&mut client, 1).unwrap();
    assert_eq!((report.rolled_back().count(), report.applied().count()), (1, 1));
    assert_eq!(applied(&mut client), "1 2 3", "4 and 5 stay out");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM t3"), "0");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM t2"), "1");

    let _ = migrator.down_to(&mut client, 1).unwrap();
    assert_eq!(applied(&mut client), "1");
    let _ = migrator.down_to(&mut client, 0).unwrap();
    assert_eq!(applied(&mut client), "");
    assert!(migrator.down(&mut client, 1).unwrap().is_empty());
    let log = "SELECT string_agg(direction || version, ' ' ORDER BY id) FROM migration_history_log";
    assert!(ask(&mut client, log).ends_with("down5 down4 down3 up3 down3 down2 down1"));
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn an_older_binary_takes_the_stored_way_back() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(2);
    all.push(pair(3, "odd", "CREATE TABLE odd (q text)", "DROP TABLE odd;;SELECT 'it''s \\ $q$'"));
    let build = "CREATE INDEX CONCURRENTLY i ON t1 (note)";
    all.push(stepwise(4, "index", build, "DROP INDEX CONCURRENTLY i;;SELECT 4"));
    let _ = migrator(&all).up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT to_regclass('i')"), "i");
    let older = migrator(&all[..2]);
    let report = older.down_to(&mut client, 2).unwrap();
    assert_eq!(report.rolled_back().count(), 2);
    assert_eq!(applied(&mut client), "1 2");
    assert_eq!(ask(&mut client, "SELECT to_regclass('odd')"), "");
    assert_eq!(ask(&mut client, "SELECT to_regclass('i')"), "");
}

#[test]
fn a_stored_script_that_fails_is_drawn_too() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(2);
    all.push(pair(3, "odd", "SELECT 1", "SELECT 1;;DROP TABLE\n  nope"));
    let _ = migrator(&all).up(&mut client).unwrap();
    let error = migrator(&all[..2]).down(&mut client, 1).unwrap_err();
    assert_eq!(error.location(), None);
    assert_eq!(error.statement(), Some("DROP TABLE\n  nope"));
    let text = error.to_string();
    assert!(text.contains("--> the stored down script of 3_odd, statement 2"), "{text}");
    assert!(text.starts_with("the down of 3_odd failed: "), "{text}");
    assert!(text.contains("3_odd is still applied: nothing of it is undone"), "{text}");
    assert_eq!(applied(&mut client), "1 2 3");
}

#[test]
fn an_irreversible_migration_stops_a_rollback_before_it_begins() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(4);
    all[1] = irreversible(2, "forget", "SELECT 1");
    let _ = migrator(&all).up(&mut client).unwrap();
    for older in [migrator(&all), migrator(&all[..1])] {
        let error = older.down_to(&mut client, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Irreversible);
        assert!(error.to_string().contains("2_forget is irreversible: data is gone"), "{error}");
        assert_eq!(applied(&mut client), "1 2 3 4");
    }
    let _ = migrator(&all).down_to(&mut client, 2).unwrap();
    assert_eq!(applied(&mut client), "1 2");
}

#[test]
fn a_rollback_that_gets_no_lock_says_that_it_was_one() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(2)).lock_timeout(Duration::from_millis(50)).lock_attempts(1);
    let _ = migrator.up(&mut client).unwrap();
    let mut other = database.connect().unwrap();
    other.batch_execute("BEGIN; LOCK TABLE t2 IN ACCESS SHARE MODE").unwrap();
    let error = migrator.down(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Blocked);
    let text = error.to_string();
    assert!(text.starts_with("the down of 2_t2 did not get its locks in 1 attempt, "), "{text}");
    let now = "= now: migrations 1–2 are applied; 2_t2 is still applied: nothing of it is undone";
    assert!(text.contains(now) && !text.contains("rolled back"), "{text}");
    assert_eq!(applied(&mut client), "1 2");
}

#[test]
fn a_no_op_down_is_crossed() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(3);
    all[1] = migrate_runtime::__private::migration(2, "fill", all[1].up(), Down::NoOp("data"));
    let _ = migrator(&all).up(&mut client).unwrap();
    let _ = migrator(&all[..1]).down_to(&mut client, 1).unwrap();
    assert_eq!(applied(&mut client), "1");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t2')"), "t2");
}

#[test]
fn redo_runs_an_edited_migration_and_refuses_beforehand_what_up_would_refuse() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(3);
    let _ = migrator(&all).up(&mut client).unwrap();
    all[2] = pair(3, "t3", "CREATE TABLE t3 (better int)", "DROP TABLE t3");
    let edited = migrator(&all);
    assert_eq!(edited.up(&mut client).unwrap_err().kind(), ErrorKind::Modified);
    let _ = edited.redo(&mut client, 1).unwrap();
    assert_eq!(edited.status(&mut client).unwrap().rows()[2].state, State::Applied);
    let column = "SELECT attname FROM pg_attribute WHERE attrelid = 't3'::regclass AND attnum = 1";
    assert_eq!(ask(&mut client, column), "better");

    all[0] = pair(1, "t1", "CREATE TABLE t1 (other int)", "DROP TABLE t1");
    let error = migrator(&all).redo(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Modified, "{error}");
    assert_eq!(applied(&mut client), "1 2 3");
}
