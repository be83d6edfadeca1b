//! The asynchronous door, and the blocking one where it must not be used.

use std::sync::{Arc, Mutex};

use migrate_runtime::{ErrorKind, Event, Migrator};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

use crate::engine_fixture::{applied, database, locks, migrator, pair, stepwise, tables};

/// A migrator that writes down what happens; how long it took is left out.
fn listen(migrator: Migrator) -> (Migrator, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let migrator = migrator.on_event(move |event| {
        let words = match event {
            Event::Finished { direction, migration, .. } => format!("{direction:?} {migration}"),
            other => other.to_string(),
        };
        log.lock().unwrap().push(words);
    });
    (migrator, seen)
}

fn migrations() -> Vec<migrate_runtime::EmbeddedMigration> {
    let mut migrations = tables(3);
    let index =
        "CREATE INDEX CONCURRENTLY i ON t1 (note);;CREATE INDEX CONCURRENTLY j ON t2 (note)";
    migrations.push(stepwise(
        4,
        "index",
        index,
        "DROP INDEX CONCURRENTLY i;;DROP INDEX CONCURRENTLY j",
    ));
    migrations.push(pair(
        5,
        "more",
        "ALTER TABLE t1 ADD COLUMN x int",
        "ALTER TABLE t1 DROP COLUMN x",
    ));
    migrations
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn both_doors_tell_the_same() {
    let (blocking, asynchronous) = (database(), database());
    let (migrator, told_blocking) = listen(migrator(&migrations()));
    let mut client = blocking.connect().unwrap();
    let report = migrator.up(&mut client).unwrap();
    let _ = migrator.redo(&mut client, 2).unwrap();
    let _ = migrator.down(&mut client, 3).unwrap();
    let status = migrator.status(&mut client).unwrap();
    let plan = migrator.plan(&mut client).unwrap();

    let (migrator, told) = listen(crate::engine_fixture::migrator(&migrations()));
    let url = asynchronous.url();
    // It runs in a task of its own, so its future can be sent between threads.
    let work = async move {
        let mut client = connect(&url).await;
        let migrator = migrator.into_async();
        let report = migrator.up(&mut client).await.unwrap();
        let _ = migrator.redo(&mut client, 2).await.unwrap();
        let _ = migrator.down(&mut client, 3).await.unwrap();
        let (status, plan) = (
            migrator.status(&mut client).await.unwrap(),
            migrator.plan(&mut client).await.unwrap(),
        );
        assert_eq!(migrator.verify(&mut client).await.unwrap_err().kind(), ErrorKind::Pending);
        (report.applied().count(), status.rows().len(), plan)
    };
    let runtime = Runtime::new().unwrap();
    let (done, rows, other) = runtime.block_on(runtime.spawn(work)).unwrap();
    assert_eq!((done, rows), (report.applied().count(), status.rows().len()));
    assert_eq!(plan, other);
    assert_eq!(*told_blocking.lock().unwrap(), *told.lock().unwrap());
    assert!(told.lock().unwrap().len() > 10);
    let mut client = asynchronous.connect().unwrap();
    assert_eq!(applied(&mut client), "1 2");
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn the_blocking_door_is_refused_inside_a_task() {
    let database = database();
    let client = Arc::new(Mutex::new(database.connect().unwrap()));
    let up = {
        let client = Arc::clone(&client);
        move || migrator(&tables(1)).up(&mut client.lock().unwrap()).map(drop)
    };
    for runtime in
        [Runtime::new().unwrap(), tokio::runtime::Builder::new_current_thread().build().unwrap()]
    {
        let (here, there, aside) = (up.clone(), up.clone(), up.clone());
        let error = runtime.block_on(async move { here() }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Async);
        assert!(error.to_string().contains("spawn_blocking"), "{error}");
        let spawned = runtime.spawn(async move { there() });
        assert_eq!(runtime.block_on(spawned).unwrap().unwrap_err().kind(), ErrorKind::Async);
        // A thread of the runtime that may block.
        let blocking = runtime.spawn_blocking(aside);
        runtime.block_on(blocking).unwrap().unwrap();
    }
    up().unwrap();
}

/// As a field is declared: without the set, and with a client by our name.
#[test]
fn an_asynchronous_migrator_can_be_named() {
    struct App {
        migrator: migrate_runtime::AsyncMigrator,
        _client: Option<migrate_runtime::tokio_postgres::Client>,
    }
    let app = App { migrator: migrator(&tables(2)).into_async(), _client: None };
    assert_eq!(app.migrator.set().migrations().len(), 2);
}
