//! This test binary again, as a process of its own that a test may end in any way.
//!
//! The child runs the one test [`main`], which does what the environment says.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::{env, thread};

use migrate_testing::Server;

const PART: &str = "MIGRATE_TESTING_CHILD";

/// A child that will play `part`, with this process's environment but for the settings of a test.
pub(crate) fn command(part: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "child::main", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        // It waits at this pipe, so that it does not outlive a test that fails.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Starts `command`, and waits until the child says something.
pub(crate) fn spawn(mut command: Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The test harness writes `test child::main ... ` before it.
    let said = lines.find_map(|line| Some(line.split_once("CHILD ")?.1.to_owned()));
    // The harness goes on writing, and would fail if nobody read it.
    thread::spawn(move || lines.for_each(drop));
    (child, said.unwrap_or_default())
}

fn say(what: &str) {
    println!("CHILD {what}");
    std::io::stdout().flush().unwrap();
}

/// Until the parent lets go, at the latest.
fn wait() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
#[ignore = "run by other tests, in a process of its own"]
fn main() {
    let Ok(part) = env::var(PART) else { return };
    match part.as_str() {
        "start" => match Server::start() {
            Ok(server) => say(&format!("started {}", server.bin_dir().unwrap().display())),
            Err(error) => say(&error.to_string().replace('\n', "|")),
        },
        "create" => create(),
        "clone" => clone(),
        ending => end(ending),
    }
}

/// Starts the shared server, says where it is, and ends.
fn end(ending: &str) {
    let database = migrate_testing::empty_database().unwrap();
    say(&database.url());
    match ending {
        "return" => {}
        "exit" => std::process::exit(0),
        "panic" => panic!("as I was told"),
        "abort" => std::process::abort(),
        "kill" => wait(),
        "drop" => {
            let server = Server::start().unwrap();
            drop(server);
        }
        _ => unreachable!("{ending}"),
    }
}

/// Holds a database until it is killed.
fn create() {
    let database = migrate_testing::empty_database().unwrap();
    say(database.name());
    wait();
}

/// Clones a template, and says how often it had to prepare one, and its name.
fn clone() {
    let mut prepared = 0;
    let server = Server::shared().unwrap();
    let database = server.prepared_database(b"child", |client| {
        prepared += 1;
        Ok(client.batch_execute("CREATE TABLE t AS SELECT 1 AS n FROM pg_sleep(0.5)")?)
    });
    let mut client = database.as_ref().unwrap().connect().unwrap();
    let n: i32 = client.query_one("SELECT n FROM t", &[]).unwrap().get(0);
    assert_eq!(n, 1);
    say(&format!("{prepared}"));
}
