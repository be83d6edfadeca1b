//! A server that `MIGRATE_TEST_DATABASE_URL` names: nothing is started, and nothing stays.

use std::process::Command;

use migrate_testing::{Database, Server};
use postgres::NoTls;

use crate::child;
use crate::databases::exists;

fn on(given: &Database, part: &str) -> Command {
    let mut command = child::command(part);
    command.env("MIGRATE_TEST_DATABASE_URL", given.url());
    command
}

#[test]
fn what_a_killed_process_left_is_dropped_by_the_next_but_not_what_is_in_use() {
    let server = Server::shared().unwrap();
    // Two maintenance databases: advisory locks do not reach from one to the other.
    let (given, other) = (server.create_database().unwrap(), server.create_database().unwrap());
    let (mut alive, used) = child::spawn(on(&other, "create"));
    let (mut killed, left) = child::spawn(on(&given, "create"));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(exists(&left) && exists(&used), "{left} {used}");
    // The server may need a moment to notice that its client is gone.
    let gone = (0..50).any(|_| {
        child::spawn(on(&given, "return")).0.wait().unwrap();
        !exists(&left)
    });
    assert!(gone, "{left}");
    assert!(exists(&used), "{used}");
    alive.kill().unwrap();
    alive.wait().unwrap();
}

#[test]
fn processes_share_a_template() {
    let given = Server::shared().unwrap().create_database().unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let given = on(&given, "clone");
            std::thread::spawn(|| child::spawn(given))
        })
        .collect();
    let mut prepared = 0;
    for child in children {
        let (mut child, said) = child.join().unwrap();
        assert!(child.wait().unwrap().success());
        prepared += said.parse::<u32>().unwrap();
    }
    assert_eq!(prepared, 1);
    let mut client = Server::shared().unwrap().config().connect(NoTls).unwrap();
    let sql = "SELECT count(*) FROM pg_database WHERE datname LIKE 'migrate_template_%'";
    assert!(client.query_one(sql, &[]).unwrap().get::<_, i64>(0) >= 1);
}
