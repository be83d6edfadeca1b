//! The program does what it says, on both kinds of database.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::process::Command;

fn run(url: Option<&str>) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    program.env_remove("DATABASE_URL").envs(url.map(|url| ("DATABASE_URL", url)));
    let output = program.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The text has these lines, in this order; blanks at their ends do not count.
#[track_caller]
fn assert_lines(text: &str, expected: &[&str]) {
    let mut lines = text.lines().map(str::trim);
    for start in expected {
        assert!(
            lines.any(|line| line.starts_with(start)),
            "no `{start}` where expected in\n{text}"
        );
    }
}

#[test]
fn on_a_throwaway_server() {
    assert_lines(
        &run(None),
        &[
            "Using a throwaway PostgreSQL",
            "The plan",
            "9 migrations to apply",
            "1_create_users ",
            "9_index_users_name ",
            "Apply it",
            "applied 1_create_users in ",
            "applied 9_index_users_name in ",
            "Where the database stands",
            "1  create_users  ",
            "9 migrations applied, 0 pending",
            "Roll back one",
            "rolled back 9_index_users_name in ",
            "Apply it again",
            "applied 9_index_users_name in ",
            "What a second start does",
            "nothing to do: 9 migrations applied already",
            "one round trip",
        ],
    );
}

#[test]
fn twice_on_a_database_of_ones_own() {
    let database = migrate_testing::empty_database().unwrap();
    let ours = "Using the database that DATABASE_URL names.";
    let end = "nothing to do: 9 migrations applied already";
    assert_lines(&run(Some(&database.url())), &[ours, "9 migrations to apply", end]);
    let second = run(Some(&database.url()));
    assert_lines(&second, &[ours, "nothing to apply: 9 migrations applied already", end]);
}

#[test]
fn a_wrong_url_is_told_in_words() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    let output = program.env("DATABASE_URL", "postgres://127.0.0.1:1/shop").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error connecting to server: Connection refused"), "{text}");
}
