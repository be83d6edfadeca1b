//! Each test has a database of its own, with the queue set up in it.

use inline::{migrator, pop, push, schema};
use migrate_runtime::{ErrorKind, Migration};
use migrate_testing::fresh_database;

#[test]
fn jobs_come_out_in_order() {
    let database = fresh_database(&migrator()).unwrap();
    let mut client = database.connect().unwrap();
    push(&mut client, "first").unwrap();
    push(&mut client, "second").unwrap();
    assert_eq!(pop(&mut client).unwrap().as_deref(), Some("first"));
    assert_eq!(pop(&mut client).unwrap().as_deref(), Some("second"));
    assert_eq!(pop(&mut client).unwrap(), None);
}

#[test]
fn workers_do_not_get_each_others_jobs() {
    let database = fresh_database(&migrator()).unwrap();
    let (mut one, mut two) = (database.connect().unwrap(), database.connect().unwrap());
    push(&mut one, "first").unwrap();
    push(&mut one, "second").unwrap();
    one.batch_execute("BEGIN").unwrap();
    assert_eq!(pop(&mut one).unwrap().as_deref(), Some("first"));
    assert_eq!(pop(&mut two).unwrap().as_deref(), Some("second"));
    // The first worker gives up, and its job is there again.
    one.batch_execute("ROLLBACK").unwrap();
    assert_eq!(pop(&mut two).unwrap().as_deref(), Some("first"));
}

#[test]
fn tries_are_forgotten_for_good() {
    let database = fresh_database(&migrator()).unwrap();
    let mut client = database.connect().unwrap();
    let report = migrator().down_to(&mut client, schema::ForgetTries::VERSION).unwrap();
    assert_eq!(report.rolled_back().count(), 2);
    // `schema::migrator().down_to(&mut client, schema::CreateJobs)` would not even compile.
    let error = migrator().down(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Irreversible, "{error}");
}
