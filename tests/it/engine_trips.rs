//! How many round trips each start costs, counted on the wire.

use crate::engine_fixture::{applied, ask, database, migrator, pair, tables};
use crate::engine_proxy::Proxy;

#[test]
fn nothing_pending_is_one_trip_and_few_bytes() {
    let database = database();
    let proxy = Proxy::new(&database.config());
    let mut client = proxy.connect();
    let mut bytes = Vec::new();
    for n in [10, 300] {
        let migrator = migrator(&tables(n));
        let _ = migrator.up(&mut client).unwrap();
        let (trips, answer) = proxy.count(|| assert!(migrator.up(&mut client).unwrap().is_empty()));
        assert_eq!(trips, 1);
        bytes.push(answer);
    }
    assert!(bytes[1] < bytes[0] + 20, "the answer must not grow with the set: {bytes:?}");
    // A newer binary was here: the older one still looks once, and reads no rows.
    let older = migrator(&tables(200));
    let (trips, answer) = proxy.count(|| assert!(older.up(&mut client).unwrap().is_empty()));
    assert_eq!(trips, 1);
    assert!(answer < bytes[0] + 20, "{answer} {bytes:?}");
    let (trips, _) = proxy.count(|| drop(older.status(&mut client).unwrap()));
    assert_eq!(trips, 1);
}

/// The macro and the server compute the same digest.
#[test]
fn an_embedded_set_is_known_by_its_digest() {
    migrate_runtime::migrations! {
        mod schema;
        3 => before { up: "CREATE TABLE before ()", down: "DROP TABLE before" }
        7 => after { up: "CREATE TABLE after ()", down: "DROP TABLE after" }
    }
    let database = database();
    let proxy = Proxy::new(&database.config());
    let mut client = proxy.connect();
    let _ = schema::migrator().up(&mut client).unwrap();
    let (trips, _) =
        proxy.count(|| assert!(schema::migrator().up(&mut client).unwrap().is_empty()));
    assert_eq!(trips, 1);
}

#[test]
fn n_pending_are_n_and_three() {
    for n in [1, 10, 100] {
        let database = database();
        let proxy = Proxy::new(&database.config());
        let mut client = proxy.connect();
        let all = tables(n + 1);
        let _ = migrator(&all[..1]).up(&mut client).unwrap();
        let all = migrator(&all);
        let (trips, _) = proxy.count(|| {
            assert_eq!(all.up(&mut client).unwrap().applied().count(), n as usize);
        });
        assert_eq!(trips, n as usize + 3);
        let (trips, _) = proxy.count(|| {
            assert_eq!(
                all.down(&mut client, n as usize).unwrap().rolled_back().count(),
                n as usize
            );
        });
        assert_eq!(trips, n as usize + 3);
    }
}

#[test]
fn a_fresh_database_is_four_trips_for_any_number() {
    for n in [1, 10, 1000] {
        let database = database();
        let proxy = Proxy::new(&database.config());
        let mut client = proxy.connect();
        let migrator = migrator(&tables(n));
        let (trips, _) = proxy.count(|| {
            assert_eq!(migrator.up(&mut client).unwrap().applied().count(), n as usize);
        });
        assert_eq!(trips, 4);
        // Each had a transaction of its own.
        let transactions = "SELECT count(DISTINCT xmin::text) FROM migration_history";
        assert_eq!(ask(&mut client, transactions), n.to_string());
    }
}

#[test]
fn a_failure_among_many_is_named_in_few_trips() {
    // The server says where: a syntax error has a position, a duplicate table has none.
    for (broken, at_most) in [("CREAT TABLE x (id int)", 12), ("CREATE TABLE t1 (id int)", 12)] {
        let database = database();
        let proxy = Proxy::new(&database.config());
        let mut client = proxy.connect();
        let mut migrations = tables(300);
        migrations[199] = pair(200, "broken", broken, "SELECT 1");
        let migrator = migrator(&migrations);
        let (trips, _) = proxy.count(|| {
            let error = migrator.up(&mut client).unwrap_err();
            assert_eq!(error.migration().unwrap().version(), 200, "{error}");
            assert_eq!(error.report().applied().count(), 199);
        });
        assert!(trips <= at_most, "{trips}");
        assert_eq!(applied(&mut client).split(' ').count(), 199);
    }
}
