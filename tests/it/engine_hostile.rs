//! Scripts, servers and neighbours that mean no good, or do not think of us.

use std::sync::{Arc, Mutex};
use std::thread;

use migrate_runtime::{ErrorKind, Event, State};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, stepwise, tables};

/// After one that is fine, alone and among many.
fn refused_after_t1(up: &str) -> migrate_runtime::Error {
    let mut last = None;
    for fresh in [false, true] {
        let database = database();
        let mut client = database.connect().unwrap();
        let mut migrations = tables(3);
        if !fresh {
            migrator(&migrations[..1]).up(&mut client).unwrap();
        }
        migrations[1] = pair(2, "hostile", up, "SELECT 1");
        let error = migrator(&migrations).up(&mut client).unwrap_err();
        assert_eq!(error.migration().unwrap().version(), 2, "{error}");
        assert_eq!(applied(&mut client), "1", "{error}");
        assert_eq!(ask(&mut client, "SELECT to_regclass('t1')"), "t1");
        assert_eq!(locks(&mut client), "0");
        last = Some(error);
    }
    last.unwrap()
}

#[test]
fn a_script_that_empties_the_history_undoes_itself() {
    for wipe in ["TRUNCATE migration_history", "DELETE FROM migration_history WHERE version = 2"] {
        let error = refused_after_t1(&format!("CREATE TABLE x ();;{wipe}"));
        assert_eq!(error.kind(), ErrorKind::History, "{error}");
        assert!(error.to_string().contains("history_schema"), "{error}");
    }
}

#[test]
fn a_script_that_drops_the_schema_of_the_history_undoes_itself() {
    let error = refused_after_t1("DROP SCHEMA public CASCADE;;CREATE SCHEMA public");
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    assert!(error.to_string().contains("history_schema"), "{error}");
}

#[test]
fn a_statement_on_its_own_cannot_empty_the_history_either() {
    let database = database();
    let mut client = database.connect().unwrap();
    let script = "CREATE TABLE a ();;TRUNCATE migration_history;;CREATE TABLE b ()";
    let migrations = [tables(1)[0], stepwise(2, "wipe", script, "SELECT 1")];
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    assert!(error.to_string().contains("1 of 3 statements"), "{error}");
    assert_eq!(applied(&mut client), "1");
    // It commits by itself, so it cannot be undone, but it is told.
    let script = "VACUUM;;DO $$ BEGIN DROP TABLE migration_history; COMMIT; END $$;;SELECT 1";
    let migrations = [tables(1)[0], stepwise(2, "wipe", script, "SELECT 1")];
    let _ = migrator(&migrations[..1]).down(&mut client, 1);
    client.batch_execute("DELETE FROM migration_history WHERE version = 2").unwrap();
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    let text = error.to_string();
    assert!(text.contains("history_schema") && text.contains("statement 2 is done"), "{text}");
    assert_eq!(locks(&mut client), "0");
}

/// A second row of its own version, or a unique index that is none of ours: no other runner.
#[test]
fn a_conflict_that_stays_is_an_error_and_no_endless_loop() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(3);
    migrator(&migrations[..1]).up(&mut client).unwrap();
    migrations[1] = pair(2, "t1", "CREATE TABLE x ()", "DROP TABLE x");
    client.batch_execute("CREATE UNIQUE INDEX ON migration_history (name)").unwrap();
    let rounds = Mutex::new(0);
    let migrator = migrator(&migrations).on_event(move |event| {
        if matches!(event, Event::DoneElsewhere { .. }) {
            let mut rounds = rounds.lock().unwrap();
            *rounds += 1;
            assert!(*rounds < 20, "an endless loop");
        }
    });
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    assert_eq!(error.migration().unwrap().version(), 2);
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn a_session_that_may_only_read_is_told_so() {
    let database = database();
    let mut client = database.connect().unwrap();
    let migrations = tables(3);
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    for n in [0, 1] {
        let error = migrator(&migrations).up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{n} {error}");
        assert!(error.to_string().contains("default_transaction_read_only"), "{error}");
        assert_eq!(locks(&mut client), "0");
        client.batch_execute("SET default_transaction_read_only = off").unwrap();
        migrator(&migrations[..1]).up(&mut client).unwrap();
        client.batch_execute("SET default_transaction_read_only = on").unwrap();
    }
    let error = migrator(&migrations).down(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
    assert_eq!(migrator(&migrations).status(&mut client).unwrap().pending().count(), 2);
}

#[test]
fn an_error_of_the_bookkeeping_is_not_blamed_on_the_script() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(1);
    migrator(&migrations).up(&mut client).unwrap();
    let role = format!("reader_{}", database.name());
    client
        .batch_execute(&format!(
            "CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role};
             GRANT SELECT ON migration_history, migration_history_log TO {role}; SET ROLE {role}"
        ))
        .unwrap();
    for up in ["CREATE TABLE x ()", "CREATE TABLE x ();;CREATE TABLE y ()"] {
        migrations.truncate(1);
        migrations.push(pair(2, "fine", up, "DROP TABLE x"));
        let error = migrator(&migrations).up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::History, "{error}");
        assert!(error.location().is_none() && error.statement().is_none(), "{error}");
        let text = error.to_string();
        assert!(text.contains("recording migration 2_fine") && text.contains("GRANT"), "{error}");
    }
    // The row can be written, the log cannot.
    client
        .batch_execute(&format!(
            "RESET ROLE; GRANT INSERT ON migration_history TO {role}; SET ROLE {role}"
        ))
        .unwrap();
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    client.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

/// Between the loss of the lock and the next attempt somebody else does all of it.
#[test]
fn no_statement_runs_twice_when_the_lock_was_lost() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE ran (step int)").unwrap();
    let script = "INSERT INTO ran VALUES (1);;SET search_path = pg_catalog;;\
         SELECT pg_advisory_unlock_all();;INSERT INTO public.ran VALUES (2);;\
         INSERT INTO public.ran VALUES (3)";
    let migrations = [stepwise(1, "careless", script, "SELECT 1"), tables(2)[1]];
    let other = migrator(&migrations);
    let second = Mutex::new(database.connect().unwrap());
    let first = migrator(&migrations).on_event(move |event| {
        if *event == Event::RunLockLost {
            other.up(&mut second.lock().unwrap()).unwrap();
        }
    });
    first.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SHOW search_path"), "\"$user\", public");
    let ran = "SELECT string_agg(step::text, ' ' ORDER BY step) FROM public.ran";
    assert_eq!(ask(&mut client, ran), "1 2 3");
    assert_eq!(applied(&mut client), "1 2");
    let status = first.status(&mut client).unwrap();
    assert!(status.is_up_to_date(), "{status}");
    assert_eq!(locks(&mut client), "0");
}

/// The caller's role is gone for good, so the session cannot be put back; the lock still goes.
#[test]
fn the_lock_is_given_up_even_if_the_session_cannot_be_put_back() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("gone_{}", database.name());
    let setup =
        format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}; SET ROLE {role}");
    client.batch_execute(&setup).unwrap();
    let script = format!(
        "RESET ROLE;;DO $$ BEGIN DROP OWNED BY {role} CASCADE; DROP ROLE {role}; COMMIT; END $$"
    );
    let history = migrator(&[stepwise(1, "drops_its_role", &script, "SELECT 1")]);
    history.up(&mut client).unwrap_err();
    client.batch_execute("RESET ROLE").unwrap();
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn histories_that_share_a_new_schema_can_be_made_at_once() {
    for _ in 0..4 {
        let database = database();
        let start = Arc::new(std::sync::Barrier::new(8));
        let runners: Vec<_> = (0..8)
            .map(|n| {
                let (start, mut client) = (Arc::clone(&start), database.connect().unwrap());
                thread::spawn(move || {
                    let up = format!("CREATE TABLE of_{n} ()");
                    let migrator = migrator(&[pair(1, "one", &up, "SELECT 1")])
                        .history_schema("histories")
                        .history_table(format!("history_{n}"));
                    start.wait();
                    migrator.up(&mut client).unwrap().applied().count()
                })
            })
            .collect();
        let applied: usize = runners.into_iter().map(|runner| runner.join().unwrap()).sum();
        assert_eq!(applied, 8);
    }
}

#[test]
fn names_that_postgres_would_cut_are_refused() {
    let database = database();
    let mut client = database.connect().unwrap();
    let long = "h".repeat(60);
    for migrator in [
        migrator(&tables(1)).history_table(long.clone()),
        migrator(&tables(1)).history_table(""),
        migrator(&tables(1)).history_schema("a\0b"),
        migrator(&tables(1)).history_schema(format!("{long}ssss")),
    ] {
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::History, "{error}");
        assert!(error.to_string().contains("history_"), "{error}");
    }
    let longest = migrator(&tables(1)).history_table(long[..59].to_owned());
    assert_eq!(longest.up(&mut client).unwrap().applied().count(), 1);
    assert!(longest.up(&mut client).unwrap().is_empty());
    // A schema that is called as the log of a table in it would be.
    let schema = migrator(&tables(2)[1..]).history_schema("h_log").history_table("h");
    assert_eq!(schema.up(&mut client).unwrap().applied().count(), 1);
}

#[test]
fn positions_are_bytes_where_the_server_knows_no_characters() {
    let database = database();
    let mut client = database.connect().unwrap();
    let name = format!("{}_ascii", database.name());
    let sql = format!("CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    client.batch_execute(&sql).unwrap();
    let mut ascii = database.config().dbname(&name).connect(postgres::NoTls).unwrap();
    let up = format!("SELECT '{}';;\nSELECT nope", "€".repeat(200));
    let broken = [pair(1, "broken", &up, "SELECT 1"), tables(2)[1]];
    let error = migrator(&broken).up(&mut ascii).unwrap_err();
    assert_eq!(error.location(), Some("migrations/001_broken.up.sql:2:8"), "{error}");
    drop(ascii);
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
}

#[test]
fn a_stored_way_back_that_is_gone_is_not_taken_for_an_empty_one() {
    let database = database();
    let mut client = database.connect().unwrap();
    migrator(&tables(2)).up(&mut client).unwrap();
    client.batch_execute("UPDATE migration_history SET down_steps = NULL").unwrap();
    let error = migrator(&tables(1)).down(&mut client, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    assert_eq!(applied(&mut client), "1 2");
}

#[test]
fn names_and_versions_at_the_edges() {
    let database = database();
    let mut client = database.connect().unwrap();
    for setting in ["on", "off"] {
        client.batch_execute(&format!("SET standard_conforming_strings = {setting}")).unwrap();
        let migrations = [
            pair(0, "it's \\ 'odd'\n\"$q$\" é", "CREATE TABLE a ()", "DROP TABLE a;;SELECT 'é'"),
            pair(i64::MAX, "x'); DROP TABLE a; --", "CREATE TABLE b ()", "DROP TABLE b"),
        ];
        let migrator = migrator(&migrations);
        migrator.up(&mut client).unwrap();
        assert!(migrator.up(&mut client).unwrap().is_empty());
        let status = migrator.status(&mut client).unwrap();
        assert!(status.is_up_to_date(), "{status}");
        assert_eq!(status.rows()[0].migration.name(), migrations[0].name());
        client
            .batch_execute(
                "INSERT INTO migration_history (version, name, run_id, up_checksum, down_kind)
                 VALUES (-9223372036854775808, 'below', 'me', '', 'no-op')",
            )
            .unwrap();
        assert_eq!(migrator.status(&mut client).unwrap().rows()[0].state, State::Missing);
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing, "{error}");
        assert_eq!(migrator.down(&mut client, 9).unwrap().rolled_back().count(), 3);
        assert_eq!(applied(&mut client), "");
    }
}

#[test]
fn floods_and_large_scripts_come_through() {
    let database = database();
    let mut client = database.connect().unwrap();
    let flood = "DO $$ BEGIN FOR n IN 1..50000 LOOP RAISE NOTICE 'notice %', n; END LOOP; END $$";
    let large = format!("CREATE TABLE large AS SELECT '{}'::text AS a", "x".repeat(6 << 20));
    let migrations = [
        pair(1, "flood", flood, "SELECT 1"),
        pair(2, "rows", "SELECT generate_series(1, 50000)", "SELECT 1"),
        pair(3, "large", &large, "DROP TABLE large"),
        tables(4)[3],
    ];
    migrator(&migrations).up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1 2 3 4");
    assert_eq!(ask(&mut client, "SELECT length(a) FROM large"), (6 << 20).to_string());
}

#[test]
fn strict_defaults_of_a_role_do_not_stop_a_run() {
    let database = database();
    let strict = "-c default_transaction_isolation=serializable -c statement_timeout=2s \
                  -c lock_timeout=50ms -c search_path= -c default_transaction_deferrable=on";
    let all: Vec<_> = (1..=6)
        .map(|v| {
            pair(
                v,
                "t",
                &format!("CREATE TABLE public.t{v} ()"),
                &format!("DROP TABLE public.t{v}"),
            )
        })
        .collect();
    let runners: Vec<_> = (0..4)
        .map(|_| {
            let mut client = database.config().options(strict).connect(postgres::NoTls).unwrap();
            let migrator = migrator(&all);
            thread::spawn(move || migrator.up(&mut client).unwrap().applied().count())
        })
        .collect();
    let applied: usize = runners.into_iter().map(|runner| runner.join().unwrap()).sum();
    assert_eq!(applied, 6);
    let mut client = database.config().options(strict).connect(postgres::NoTls).unwrap();
    assert_eq!(migrator(&all).redo(&mut client, 3).unwrap().done().len(), 6);
    assert_eq!(ask(&mut client, "SHOW search_path"), "");
}

#[test]
fn a_timeout_of_the_caller_is_put_back() {
    let database = database();
    let mut client = database.connect().unwrap();
    if client.batch_execute("SET transaction_timeout = '77s'").is_err() {
        return; // PostgreSQL 16 and older do not know it.
    }
    migrator(&tables(2)).up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SHOW transaction_timeout"), "77s");
}

#[test]
fn a_log_reads_well_when_many_share_a_message() {
    let database = database();
    let mut client = database.connect().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let mut migrations = tables(4);
    migrations[2] = pair(3, "broken", "SELECT 1 / 0", "SELECT 1");
    let migrator = migrator(&migrations).on_event(move |event| {
        let line = event.to_string();
        log.lock().unwrap().push(line.split(" in ").next().unwrap_or_default().to_owned());
    });
    migrator.up(&mut client).unwrap_err();
    let expected = [
        "4 migrations to apply",
        "applying 1_t1",
        "applied 1_t1",
        "applying 2_t2",
        "applied 2_t2",
        "applying 3_broken",
        "migration 3_broken failed: division by zero",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_connection_lost_in_a_shared_message_is_not_blamed_on_the_first() {
    let database = database();
    let mut client = database.connect().unwrap();
    let mut migrations = tables(5);
    let end = "SELECT pg_terminate_backend(pg_backend_pid())";
    migrations[2] = pair(3, "ends_the_session", end, "SELECT 1");
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.to_string().contains("during 1_t1 to 5_t5"), "{error}");
    let mut client = database.connect().unwrap();
    assert_eq!(applied(&mut client), "1 2");
    // Alone, it is named.
    let error = migrator(&migrations).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert_eq!(error.migration().unwrap().version(), 3, "{error}");
    migrator(&tables(5)).up(&mut database.connect().unwrap()).unwrap();
}

#[test]
fn a_client_that_does_not_speak_utf_8_is_refused() {
    let database = database();
    let mut client = database.connect().unwrap();
    client.batch_execute("SET client_encoding = 'LATIN1'").unwrap();
    let up = "CREATE TABLE words AS SELECT 'é'::text AS word";
    let words = migrator(&[pair(1, "words", up, "DROP TABLE words")]);
    let error = words.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encoding, "{error}");
    assert_eq!(locks(&mut client), "0");
    client.batch_execute("SET client_encoding = 'UTF8'").unwrap();
    words.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SELECT length(word) FROM words"), "1");
}

#[test]
fn a_schema_that_is_closed_to_the_role_is_named_with_the_way_out() {
    let database = database();
    let mut client = database.connect().unwrap();
    let role = format!("closed_{}", database.name());
    let setup = format!("CREATE ROLE {role}; CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO {role}");
    client.batch_execute(&format!("{setup}; SET ROLE {role}")).unwrap();
    let migrator = migrator(&tables(1)).history_schema("s");
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History, "{error}");
    let text = error.to_string();
    assert!(text.contains("making s.migration_history") && text.contains("CREATE on"), "{text}");
    assert_eq!(locks(&mut client), "0");
    client.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn a_script_that_commits_is_told_how_to_run() {
    let error = refused_after_t1("DO $$ BEGIN CREATE TABLE x (); COMMIT; END $$");
    assert_eq!(error.kind(), ErrorKind::Script, "{error}");
    assert!(error.to_string().contains("-- migrate: no-transaction"), "{error}");
}
