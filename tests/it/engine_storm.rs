//! Many runners with different wishes, and somebody who ends their sessions at random: whatever
//! comes of it, the history is true, nothing is applied twice, and the next `up` finishes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, Error, ErrorKind, Migrator};
use postgres::{Client, Config, NoTls};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, stepwise};

/// Each counts how often it is in the database, in the transaction of its own.
fn migrations() -> Vec<EmbeddedMigration> {
    let one = |v: i64| {
        let up = format!("INSERT INTO ran VALUES ({v}, 1)");
        let down = format!("INSERT INTO ran VALUES ({v}, -1)");
        if v % 3 == 0 {
            let up = format!("{up};;CREATE INDEX CONCURRENTLY i{v} ON base (a);;SELECT 1");
            let down = format!("SET lock_timeout = '3s';;{down};;DROP INDEX CONCURRENTLY i{v}");
            return stepwise(v, "index", &up, &down);
        }
        let (up, down) =
            (format!("{up};;CREATE TABLE t{v} ()"), format!("{down};;DROP TABLE t{v}"));
        pair(v, "table", &up, &down)
    };
    (1..=8).map(one).collect()
}

fn verb(n: u64, ours: &Migrator, older: &Migrator, client: &mut Client) -> Result<(), Error> {
    match n % 8 {
        0 | 1 => ours.up(client).map(drop),
        2 => ours.down(client, 1).map(drop),
        3 => ours.redo(client, 2).map(drop),
        4 => ours.status(client).map(drop),
        5 => ours.down_to(client, 2).map(drop),
        6 => older.down(client, 2).map(drop),
        _ => older.up(client).map(drop),
    }
}

/// Runs one verb after the other, on a new connection when the old one was cut.
fn runner(mut seed: u64, config: &Config, stop: &AtomicBool) {
    let all = migrations();
    let (ours, older) = (migrator(&all), migrator(&all[..5]));
    let mut client = None;
    while !stop.load(Ordering::SeqCst) {
        let Some(mut open) = client.take().or_else(|| config.connect(NoTls).ok()) else { continue };
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        match verb(seed >> 33, &ours, &older, &mut open) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Connection || open.is_closed() => continue,
            // Of another runner that was cut.
            Err(error) if error.kind() == ErrorKind::PartlyApplied => {}
            Err(error) => panic!("{error}"),
        }
        client = Some(open);
    }
}

#[test]
fn a_storm_leaves_order_behind() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE ran (v int, n int); CREATE TABLE base (a int)").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut config = database.config();
    config.application_name("storm");
    let runners: Vec<_> = (1..5)
        .map(|n| {
            let (config, stop) = (config.clone(), Arc::clone(&stop));
            thread::spawn(move || runner(n * 7919, &config, &stop))
        })
        .collect();
    let kill = "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity \
         WHERE application_name = 'storm' AND state = 'active' \
         AND datname = current_database() ORDER BY random() LIMIT 1) AS one";
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        thread::sleep(Duration::from_millis(40));
        ask(&mut client, kill);
    }
    stop.store(true, Ordering::SeqCst);
    runners.into_iter().for_each(|runner| runner.join().unwrap());

    let migrator = migrator(&migrations());
    if migrator.up(&mut client).is_err() {
        // A rollback was cut in the middle, which has to be finished first.
        migrator.down(&mut client, 1).unwrap();
        migrator.up(&mut client).unwrap();
    }
    assert_eq!(applied(&mut client), "1 2 3 4 5 6 7 8");
    let sums = "SELECT string_agg(s::text, ' ') FROM (SELECT sum(n) AS s FROM ran GROUP BY v) AS x";
    assert_eq!(ask(&mut client, sums), "1 1 1 1 1 1 1 1");
    let made = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class \
         WHERE relname ~ '^[ti][0-9]$'";
    assert_eq!(ask(&mut client, made), "i3 i6 t1 t2 t4 t5 t7 t8");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    assert_eq!(locks(&mut client), "0");
}
