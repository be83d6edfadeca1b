//! However the test process ends, neither a process nor a directory stays.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{fs, thread};

use migrate_testing::Server;

use crate::child;

#[test]
fn nothing_is_left_however_the_process_ends() {
    for ending in ["return", "exit", "panic", "abort", "kill"] {
        let (mut child, url) = child::spawn(own_server(ending));
        let dir = directory(&url);
        assert!(dir.exists() || ending != "kill", "{ending}: {url}");
        if ending == "kill" {
            assert!(!processes(&dir).is_empty(), "the check sees what there is to see");
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        assert_eq!(status.success(), matches!(ending, "return" | "exit"), "{ending}: {status}");
        assert_gone(&dir, ending);
    }
}

#[test]
fn nothing_is_left_when_the_process_is_killed_during_initdb() {
    // Early, when the programs may not have set their signal handlers; and well within.
    for file in ["log", "data", "data/base/1"] {
        let mut child = own_server("kill").spawn().unwrap();
        let dir = PathBuf::from(format!("/tmp/migrate-testing.{}.0", child.id()));
        wait_for(file, || dir.join(file).exists());
        assert!(!dir.join("initialised").exists(), "initdb was too fast to be killed at {file}");
        kill(&mut child);
        assert_gone(&dir, file);
    }
}

#[test]
fn nothing_is_left_when_the_supervisor_is_told_to_end() {
    let server = Server::start().unwrap();
    let Some(dir) = own_directory(&server) else { return };
    let supervisor = processes(&dir).into_iter().find(|line| line.contains("/bin/sh")).unwrap();
    let pid = supervisor.split_whitespace().next().unwrap();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    assert_gone(&dir, "SIGTERM");
}

#[test]
fn dropping_the_server_waits_until_it_is_gone() {
    let server = Server::start().unwrap();
    let Some(dir) = own_directory(&server) else { return };
    let database = server.create_database().unwrap();
    drop(server);
    database.connect().expect("a database keeps its server");
    drop(database);
    assert!(!dir.exists());
    assert_eq!(processes(&dir), [""; 0]);
}

fn own_server(ending: &str) -> Command {
    let mut command = child::command(ending);
    command.env_remove("MIGRATE_TEST_DATABASE_URL");
    command
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The directory that the URL of a throwaway server names.
fn directory(url: &str) -> PathBuf {
    let host = url.split_once('@').and_then(|(_, rest)| rest.split_once(":5432")).unwrap().0;
    PathBuf::from(host.replace("%2F", "/"))
}

/// `None` when these tests are run on a server that was given.
fn own_directory(server: &Server) -> Option<PathBuf> {
    server.bin_dir().map(|_| directory(&server.create_database().unwrap().url()))
}

fn assert_gone(dir: &Path, when: &str) {
    wait_for(when, || !dir.exists() && processes(dir).is_empty());
}

/// The processes that work in a directory, a line each.
fn processes(dir: &Path) -> Vec<String> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,args="]).output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let dir = dir.to_str().unwrap();
    // Only the first line of a process: the arguments of the supervisor hold a script.
    output.lines().filter(|line| line.contains(dir)).map(str::to_owned).collect()
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !done() {
        let left = fs::read_dir("/tmp").unwrap().flatten().map(|entry| entry.path());
        assert!(Instant::now() < deadline, "{what}: {:?}", left.collect::<Vec<_>>());
        thread::sleep(Duration::from_millis(5));
    }
}
