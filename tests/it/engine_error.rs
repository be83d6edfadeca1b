//! What a user reads when a migration fails.

use migrate_runtime::{Direction, ErrorKind, State};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, tables};

fn fails(up: &str) -> migrate_runtime::Error {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(2);
    migrations.push(pair(3, "broken", up, "SELECT 1"));
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Script, "{error}");
    assert_eq!(error.migration().unwrap().version(), 3);
    assert_eq!(error.report().applied().count(), 2);
    assert_eq!(applied(&mut client), "1 2");
    assert_eq!(ask(&mut client, "SELECT to_regclass('a1')"), "", "it is undone as a whole");
    assert_eq!(locks(&mut client), "0");
    assert_eq!(ask(&mut client, "SELECT now() = statement_timestamp()"), "t");
    error
}

/// The statement without a position is the third of five, on line 5.
fn third_of_five(statement: &str) -> String {
    format!(
        "CREATE TABLE a1 (id int);;\nCREATE TABLE a2 (id int)\n;;\n\n{statement}\n;;\n\
         CREATE TABLE a3 (id int);;\nCREATE TABLE a4 (id int)"
    )
}

#[test]
fn a_table_that_exists_is_found_without_a_position() {
    let error = fails(&third_of_five("CREATE TABLE t1 (\n  id int\n)"));
    assert_eq!(error.location(), Some("migrations/003_broken.up.sql:5:14"), "{error}");
    assert_eq!(error.sql_state().unwrap().code(), "42P07");
    assert_eq!(error.statement(), Some("CREATE TABLE t1 (\n  id int\n)"));
    let expected = "\
migration 3_broken failed: relation \"t1\" already exists
 --> migrations/003_broken.up.sql:5:14
  |
5 | CREATE TABLE t1 (
  |              ^
6 |   id int
7 | )
  |
  = sqlstate: 42P07
  = now: migrations 1–2 are applied; 3_broken was rolled back";
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:?}"), expected);
}

#[test]
fn a_check_on_an_unknown_column_is_found_without_a_position() {
    let error = fails(&third_of_five("ALTER TABLE t1 ADD CHECK (nope > 0)"));
    assert_eq!(error.sql_state().unwrap().code(), "42703");
    assert_eq!(error.location(), Some("migrations/003_broken.up.sql:5:27"), "{error}");
    assert!(error.to_string().contains("5 | ALTER TABLE t1 ADD CHECK (nope > 0)"), "{error}");
}

#[test]
fn a_position_is_used_in_characters() {
    let error = fails("CREATE TABLE a1 (id int);;\nINSERT INTO a1 VALUES ('ä€😀'::text || nope)");
    assert_eq!(error.location(), Some("migrations/003_broken.up.sql:2:39"), "{error}");
}

#[test]
fn a_deferred_constraint_fails_at_commit() {
    let error = fails(
        "CREATE TABLE a1 (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);;\n\
         INSERT INTO a1 VALUES (1), (1);;\nCREATE TABLE a2 ()",
    );
    assert_eq!(error.sql_state().unwrap().code(), "23505");
    let text = error.to_string();
    assert!(text.contains("at COMMIT") && text.contains("Key (id)=(1)"), "{text}");
}

#[test]
fn a_script_cannot_end_its_transaction() {
    let error = fails("CREATE TABLE a1 ();;\nDO $$ BEGIN COMMIT; END $$");
    assert_eq!(error.sql_state().unwrap().code(), "2D000");
    assert_eq!(error.location(), Some("migrations/003_broken.up.sql:2:1"), "{error}");
}

#[test]
fn an_error_inside_a_function_shows_the_statement_and_the_context() {
    let error = fails("CREATE TABLE a1 ();;\nSELECT 1;;\nDO $$ BEGIN PERFORM 1 / 0; END $$");
    assert_eq!(error.location(), Some("migrations/003_broken.up.sql:3:1"), "{error}");
    assert!(error.to_string().contains("= context: "), "{error}");
}

#[test]
fn a_failed_attempt_is_in_the_log_and_blocks_nothing() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(2);
    let _ = migrator(&migrations).up(&mut client).unwrap();
    migrations.push(pair(3, "broken", "SELECT 1 / 0", "SELECT 1"));
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert!(error.postgres_error().is_some());
    // `Display` has the server's words, so a chain printer must not find them again.
    assert!(std::error::Error::source(&error).is_none());
    let logged = "SELECT error FROM migration_history_log WHERE outcome = 'failed'";
    assert_eq!(ask(&mut client, logged), "division by zero");
    migrations[2] = pair(3, "mended", "SELECT 1", "SELECT 1");
    let _ = migrator(&migrations).up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1 2 3");
}

#[test]
fn a_target_that_does_not_exist_is_refused() {
    let database = database();
    let mut client = database.connect().unwrap();
    let error = migrator(&tables(9)).up_to(&mut client, 12).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownVersion);
    assert!(error.to_string().contains("8_t8, 9_t9"), "{error}");
    let _ = migrator(&tables(9)).up_to(&mut client, 4).unwrap();
    assert_eq!(applied(&mut client), "1 2 3 4");
    let error = migrator(&tables(9)).down_to(&mut client, 12).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownVersion, "{error}");
}

/// The log knows more than that it is pending.
#[test]
fn status_tells_of_the_last_attempt_that_failed() {
    let database = database();
    let mut client = database.connect().unwrap();
    let broken = pair(2, "broken", "SELECT 1 / 0", "SELECT 1");
    let mended = pair(2, "broken", "SELECT 1", "SELECT 2 / 0");
    let first = tables(1)[0];
    let broken = migrator(&[first, broken]);
    assert_eq!(broken.status(&mut client).unwrap().rows()[1].last_failure, None);
    let _ = broken.up(&mut client).unwrap_err();
    let status = broken.status(&mut client).unwrap();
    assert_eq!((&status.rows()[0].last_failure, &status.rows()[1].state), (&None, &State::Pending));
    let failed = status.rows()[1].last_failure.clone().unwrap();
    assert_eq!((failed.direction, &*failed.error), (Direction::Up, "division by zero"));
    let text = status.to_string();
    assert!(text.contains("pending (failed)\n"), "{text}");
    assert!(
        text.contains("\n2_broken failed at 20") && text.ends_with(": division by zero"),
        "{text}"
    );

    let mended = migrator(&[first, mended]);
    let _ = mended.up(&mut client).unwrap();
    assert_eq!(mended.status(&mut client).unwrap().rows()[1].last_failure, None);
    let _ = mended.down(&mut client, 1).unwrap_err();
    let text = mended.status(&mut client).unwrap().to_string();
    assert!(text.contains("applied (rollback failed)"), "{text}");
    assert!(text.contains("\nthe down of 2_broken failed at 20"), "{text}");
}
