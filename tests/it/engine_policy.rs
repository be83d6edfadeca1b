//! Histories that are not the beginning of the set: each policy, refused and allowed.

use std::sync::{Arc, Mutex};

use migrate_runtime::{Ahead, ErrorKind, Event, Missing, Modified, OutOfOrder, State};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, tables};

#[test]
fn out_of_order() {
    let database = database();
    let mut client = database.connect().unwrap();
    let all = tables(3);
    let _ = migrator(&[all[0], all[2]]).up(&mut client).unwrap();
    let merged = migrator(&all);
    let error = merged.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfOrder);
    assert_eq!(error.migration().unwrap().version(), 2);
    let text = error.to_string();
    assert!(text.contains("3_t3") && text.contains("OutOfOrder::Apply"), "{text}");
    assert_eq!(merged.status(&mut client).unwrap().rows()[1].state, State::OutOfOrder);
    assert_eq!(ask(&mut client, "SELECT to_regclass('t2')"), "");
    let _ = merged.out_of_order(OutOfOrder::Apply).up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1 2 3");
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn modified() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(2);
    let _ = migrator(&all).up(&mut client).unwrap();
    all[0] = pair(1, "t1", "CREATE TABLE t1 (id int)", "DROP TABLE t1");
    all.push(tables(3)[2]);
    let edited = migrator(&all);
    let error = edited.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Modified, "{error}");
    assert!(error.to_string().contains("Modified::Ignore"), "{error}");
    assert_eq!(edited.status(&mut client).unwrap().rows()[0].state, State::Modified);
    assert_eq!(ask(&mut client, "SELECT to_regclass('t3')"), "");
    let _ = edited.modified(Modified::Ignore).up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1 2 3");
}

/// Two branches took the same number, and one of them was deployed.
#[test]
fn a_version_that_another_migration_has_is_taken() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(3);
    let _ = migrator(&all).up(&mut client).unwrap();
    all[2] = pair(3, "note", "CREATE TABLE note ()", "DROP TABLE note");
    let other = migrator(&all);
    let error = other.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::VersionTaken, "{error}");
    let text = error.to_string();
    let first = "version 3 is 3_t3 in the database, and 3_note in this binary's set\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("renumber 3_note") && text.contains("bring 3_t3 into the set"), "{text}");
    let status = other.status(&mut client).unwrap();
    assert!(matches!(&status.rows()[2].state, State::VersionTaken { by } if by.name() == "t3"));
    assert!(!status.rows()[2].down_edited && !status.is_up_to_date());
    assert!(status.to_string().contains("version taken by 3_t3"), "{status}");
    assert!(other.clone().modified(Modified::Ignore).up(&mut client).unwrap().is_empty());
    // It is rolled back by its own down.
    let report = other.down(&mut client, 1).unwrap();
    assert_eq!(report.done()[0].migration.name(), "t3");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t3')"), "");
    let _ = other.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT to_regclass('note')"), "note");
}

#[test]
fn missing_is_a_hole_and_ahead_is_not() {
    let database = database();
    let mut client = database.connect().unwrap();
    let all = tables(3);
    let _ = migrator(&all).up(&mut client).unwrap();
    let hole = migrator(&[all[0], all[2]]);
    let error = hole.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing, "{error}");
    assert_eq!(error.migration().unwrap().name(), "t2");
    assert_eq!(hole.status(&mut client).unwrap().rows()[1].state, State::Missing);
    assert!(hole.missing(Missing::Ignore).up(&mut client).unwrap().is_empty());

    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let older = migrator(&all[..1]).on_event(move |event| log.lock().unwrap().push(event.clone()));
    assert!(older.up(&mut client).unwrap().is_empty());
    assert_eq!(seen.lock().unwrap()[0], Event::Ahead { migrations: 2 });
    assert_eq!(older.status(&mut client).unwrap().rows()[2].state, State::Ahead);
    older.verify(&mut client).unwrap();
    let strict = older.ahead(Ahead::Refuse);
    let error = strict.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ahead, "{error}");
    assert!(error.to_string().contains("2_t2, 3_t3"), "{error}");
}

#[test]
fn an_edited_down_is_a_warning() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut all = tables(2);
    let _ = migrator(&all[..1]).up(&mut client).unwrap();
    all[0] = pair(
        1,
        "t1",
        "CREATE TABLE t1 (id bigint PRIMARY KEY, note text)",
        "DROP TABLE t1;;CREATE TABLE undone ()",
    );
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let edited = migrator(&all).on_event(move |event| log.lock().unwrap().push(event.to_string()));
    let status = edited.status(&mut client).unwrap();
    assert_eq!(status.rows()[0].state, State::Applied);
    assert!(status.rows()[0].down_edited && status.to_string().contains("down edited"));
    let _ = edited.up(&mut client).unwrap();
    let events = seen.lock().unwrap().join("\n");
    assert!(events.contains("the down script of 1_t1 was edited"), "{events}");
    // The binary's own wins.
    let _ = edited.down_to(&mut client, 0).unwrap();
    assert_eq!(ask(&mut client, "SELECT to_regclass('undone')"), "undone");
}
