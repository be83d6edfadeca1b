//! A database of one's own.

use std::sync::{Arc, Mutex};
use std::thread;

use migrate_testing::{Server, empty_database};
use postgres::{Client, NoTls};

/// Whether the shared server has a database.
pub(crate) fn exists(name: &str) -> bool {
    let mut client = Server::shared().unwrap().config().connect(NoTls).unwrap();
    let sql = "SELECT FROM pg_database WHERE datname = $1";
    client.query_opt(sql, &[&name]).unwrap().is_some()
}

#[test]
fn threads_get_databases_of_their_own() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(|| {
                let database = empty_database().unwrap();
                let mut client = database.connect().unwrap();
                client.batch_execute("CREATE TABLE t (n int)").unwrap();
                (database.name().to_owned(), database)
            })
        })
        .collect();
    let mut names: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().0).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4);
}

#[test]
fn a_database_is_dropped_with_the_value_even_when_it_is_in_use() {
    let database = empty_database().unwrap();
    let name = database.name().to_owned();
    let mut client = database.connect().unwrap();
    client.batch_execute("BEGIN; CREATE TABLE t (n int)").unwrap();
    assert!(exists(&name));
    drop(database);
    assert!(!exists(&name));
    assert!(client.batch_execute("SELECT 1").is_err());
}

#[test]
fn url_and_config_lead_to_the_database() {
    let database = empty_database().unwrap();
    let by_url = Client::connect(&database.url(), NoTls).unwrap();
    for mut client in [by_url, database.config().connect(NoTls).unwrap()] {
        let row = client.query_one("SELECT current_database()::text", &[]).unwrap();
        assert_eq!(row.get::<_, &str>(0), database.name());
    }
}

/// Inside an async runtime the `postgres` client panics. A notice is delivered inside one.
#[test]
fn a_database_can_be_had_inside_an_async_runtime() {
    let (database, got) = (empty_database().unwrap(), Arc::new(Mutex::new(None)));
    let slot = Arc::clone(&got);
    let mut config = database.config();
    config.notice_callback(move |_| {
        let inner = empty_database().unwrap();
        *slot.lock().unwrap() = Some(inner.name().to_owned());
    });
    let mut client = config.connect(NoTls).unwrap();
    client.batch_execute("DO $$ BEGIN RAISE WARNING 'now'; END $$").unwrap();
    let name = got.lock().unwrap().take().unwrap();
    assert!(!exists(&name), "and it can be dropped there");
}
