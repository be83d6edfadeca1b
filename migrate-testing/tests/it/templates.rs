//! Prepared once, cloned per test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use migrate_testing::Server;

#[test]
fn a_database_is_prepared_once_and_cloned_for_each_thread() {
    static PREPARED: AtomicU32 = AtomicU32::new(0);
    let server = Server::shared().unwrap();
    let clone = || {
        let database = server.prepared_database(b"once", |client| {
            PREPARED.fetch_add(1, Ordering::Relaxed);
            Ok(client.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")?)
        });
        let database = database.unwrap();
        let mut client = database.connect().unwrap();
        // Whoever comes next still finds one row.
        client.batch_execute("INSERT INTO t VALUES (2)").unwrap();
        client.query_one("SELECT count(*) FROM t", &[]).unwrap().get::<_, i64>(0)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(clone)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 2));
    });
    assert!(PREPARED.load(Ordering::Relaxed) <= 1, "0 on a given server, the second time");
}

#[test]
fn another_key_is_another_template() {
    let server = Server::shared().unwrap();
    for (key, value) in [(b"one", 1), (b"two", 2)] {
        let database = server.prepared_database(key, |client| {
            Ok(client.batch_execute(&format!("CREATE TABLE t AS SELECT {value} AS n"))?)
        });
        let mut client = database.unwrap().connect().err();
        assert!(client.take().is_none());
        let database = server.prepared_database(key, |_| unreachable!("it is there")).unwrap();
        let row = database.connect().unwrap().query_one("SELECT n FROM t", &[]).unwrap();
        assert_eq!(row.get::<_, i32>(0), value);
    }
}

#[test]
fn a_failure_is_told_to_everyone_and_not_tried_again() {
    let server = Server::shared().unwrap();
    let mut tries = 0;
    for _ in 0..2 {
        let error = server.prepared_database(b"fails", |client| {
            tries += 1;
            Ok(client.batch_execute("CREATE TABLE t (n nonsense)")?)
        });
        let error = format!("{:?}", error.unwrap_err());
        assert!(error.contains("type \"nonsense\" does not exist"), "{error}");
    }
    assert_eq!(tries, 1);
}
