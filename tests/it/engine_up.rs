//! `up`, `status` and what they leave in the history.

use migrate_runtime::{ErrorKind, State};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, tables};

#[test]
fn up_applies_once_and_status_tells() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(3));
    let status = migrator.status(&mut client).unwrap();
    assert!(status.rows().iter().all(|row| row.state == State::Pending));

    let report = migrator.up(&mut client).unwrap();
    assert_eq!(report.applied().count(), 3);
    assert_eq!(applied(&mut client), "1 2 3");
    assert!(report.done().iter().all(|done| done.took > std::time::Duration::ZERO), "{report}");

    let again = migrator.up(&mut client).unwrap();
    assert!(again.is_empty());
    assert_eq!(again.already_applied(), 3);
    let status = migrator.status(&mut client).unwrap();
    assert!(status.is_up_to_date(), "{status}");
    assert!(status.rows().iter().all(|row| row.took.is_some()), "{status}");
    assert_eq!(locks(&mut client), "0");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history_log"), "3");
}

#[test]
fn status_and_plan_write_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    let migrator = migrator(&tables(2));
    assert_eq!(migrator.status(&mut client).unwrap().pending().count(), 2);
    assert_eq!(migrator.plan(&mut client).unwrap().steps().len(), 2);
    assert_eq!(migrator.verify(&mut client).unwrap_err().kind(), ErrorKind::Pending);
    assert_eq!(ask(&mut client, "SELECT to_regclass('migration_history')"), "");
    client.batch_execute("SET default_transaction_read_only = off").unwrap();
    let _ = migrator.up(&mut client).unwrap();
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    assert!(migrator.up(&mut client).unwrap().is_empty(), "nothing pending writes nothing");
    migrator.verify(&mut client).unwrap();
}

#[test]
fn a_failure_in_a_shared_message_keeps_the_earlier_ones() {
    for broken in ["SELECT 1 / 0", "CREAT TABLE x (id int)"] {
        let database = database();
        let mut client = database.connect().unwrap();
        let mut migrations = tables(6);
        migrations[3] = pair(4, "broken", broken, "SELECT 1");
        let error = migrator(&migrations).up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Script);
        assert_eq!(error.migration().unwrap().version(), 4, "{error}");
        assert_eq!(error.report().applied().count(), 3, "{error}");
        assert_eq!(applied(&mut client), "1 2 3");
        assert_eq!(locks(&mut client), "0");
        // Mended, the rest goes on.
        let _ = migrator(&tables(6)).up(&mut client).unwrap();
        assert_eq!(applied(&mut client), "1 2 3 4 5 6");
    }
}

#[test]
fn a_client_inside_a_transaction_is_refused() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrator = migrator(&tables(1));
    client.batch_execute("BEGIN").unwrap();
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InTransaction, "{error}");
    client.batch_execute("ROLLBACK").unwrap();
    let _ = migrator.up(&mut client).unwrap();
    client.batch_execute("BEGIN; CREATE TABLE mine (id int)").unwrap();
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InTransaction, "{error}");
    client.batch_execute("COMMIT").unwrap();
    assert_eq!(ask(&mut client, "SELECT to_regclass('mine')"), "mine", "and left alone");
}

/// The clients that the verbs take have a name of ours, so that nobody has to guess their version.
#[test]
fn the_clients_are_reexported() {
    fn up(migrator: &migrate_runtime::Migrator, client: &mut migrate_runtime::postgres::Client) {
        let _ = migrator.up(client).unwrap();
    }
    let database = database();
    up(&migrator(&tables(1)), &mut database.connect().unwrap());
}
