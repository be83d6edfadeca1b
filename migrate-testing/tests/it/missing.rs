//! No server to be found: the message says what was tried and what to do.

use std::process::Command;
use std::{env, fs};

use crate::child;

fn alone(name: &str) -> (Command, std::path::PathBuf) {
    let cache = env::temp_dir().join(format!("migrate-testing-{name}-{}", std::process::id()));
    let mut command = child::command("start");
    command
        .env_remove("MIGRATE_TEST_DATABASE_URL")
        .env_remove("MIGRATE_PG_BIN")
        .env_remove("MIGRATE_TEST_IGNORE_INSTALLED")
        .env("MIGRATE_TEST_CACHE", &cache);
    (command, cache)
}

#[test]
fn the_message_lists_what_was_tried() {
    let (mut command, cache) = alone("nothing");
    command.env("MIGRATE_TEST_IGNORE_INSTALLED", "1").env("PATH", "/nonexistent");
    let (mut child, said) = child::spawn(command);
    child.wait().unwrap();
    fs::remove_dir_all(cache).unwrap();
    for part in ["there is no `python3`", "there is no `npm`", "apt-get install", "MIGRATE_PG_BIN"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_folder_that_was_named_is_not_replaced_by_another() {
    let (mut command, _) = alone("named");
    command.env("MIGRATE_PG_BIN", "/usr/share");
    let (mut child, said) = child::spawn(command);
    child.wait().unwrap();
    assert!(said.contains("MIGRATE_PG_BIN is /usr/share"), "{said}");
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    let (mut command, bin) = alone("broken");
    fs::create_dir_all(&bin).unwrap();
    for program in ["postgres", "initdb"] {
        let path = bin.join(program);
        fs::write(&path, "#!/bin/sh\necho \"$0 is out of order\" >&2\nexit 3\n").unwrap();
        std::process::Command::new("chmod").arg("0755").arg(&path).status().unwrap();
    }
    command.env("MIGRATE_PG_BIN", &bin);
    let (mut child, said) = child::spawn(command);
    child.wait().unwrap();
    fs::remove_dir_all(&bin).unwrap();
    assert!(said.contains("initdb is out of order"), "{said}");
}

#[test]
fn a_cache_that_others_may_write_to_is_not_used() {
    let (mut command, cache) = alone("open");
    fs::create_dir_all(&cache).unwrap();
    Command::new("chmod").arg("0777").arg(&cache).status().unwrap();
    command.env("MIGRATE_TEST_IGNORE_INSTALLED", "1");
    let (mut child, said) = child::spawn(command);
    child.wait().unwrap();
    fs::remove_dir_all(&cache).unwrap();
    assert!(said.contains("others may write to it"), "{said}");
}
