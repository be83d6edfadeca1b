//! Whatever a script does to its session, the next one and the bookkeeping do not see it.

use std::sync::{Arc, Mutex};

use migrate_runtime::Event;

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, stepwise, tables};

const STATE: &str = "SELECT concat_ws('|', session_user, current_user, current_setting('role'), \
     current_setting('search_path'), current_setting('lock_timeout'), \
     current_setting('standard_conforming_strings'))";

fn roles(client: &mut postgres::Client) {
    client
        .batch_execute(
            "DO $$ BEGIN CREATE ROLE engine_weak; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
             DO $$ BEGIN CREATE ROLE engine_owner SUPERUSER; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;",
        )
        .unwrap();
}

/// One script each that leaves something behind.
const HOSTILE: [&str; 6] = [
    "CREATE SCHEMA other;;SET search_path = other",
    "SET ROLE engine_weak",
    "SET SESSION AUTHORIZATION engine_weak",
    "RESET ALL;;SELECT set_config('search_path', '', false)",
    "SET standard_conforming_strings = off;;SET lock_timeout = '1ms'",
    "SELECT pg_advisory_unlock_all()",
];

#[test]
fn nothing_is_left_behind_in_transactions() {
    for fresh in [true, false] {
        let database = database();
        let mut client = database.connect().unwrap();
        roles(&mut client);
        let mut migrations = tables(1);
        if !fresh {
            let _ = migrator(&migrations).up(&mut client).unwrap();
        }
        client
            .batch_execute("SET ROLE engine_owner; SET search_path = public, pg_catalog; SET lock_timeout = 77777")
            .unwrap();
        let before = ask(&mut client, STATE);
        for (n, script) in HOSTILE.iter().enumerate() {
            let version = 2 * i64::try_from(n).unwrap() + 2;
            migrations.push(pair(version, &format!("h{n}\\'"), script, "SELECT 1"));
            let check = format!("CREATE TABLE c{n} AS {STATE} AS state");
            migrations.push(pair(version + 1, "check", &check, &format!("DROP TABLE c{n}")));
        }
        let _ = migrator(&migrations).up(&mut client).unwrap();
        for (n, script) in HOSTILE.iter().enumerate() {
            let seen = ask(&mut client, &format!("SELECT state FROM public.c{n}"));
            assert_eq!(seen, before, "after {script}");
        }
        assert_eq!(ask(&mut client, STATE), before);
        assert!(migrator(&migrations).up(&mut client).unwrap().is_empty());
        assert_eq!(locks(&mut client), "0");
    }
}

#[test]
fn nothing_is_left_behind_outside_transactions() {
    let database = database();
    let mut client = database.connect().unwrap();
    roles(&mut client);
    client.batch_execute("SET search_path = public, pg_temp").unwrap();
    let before = ask(&mut client, STATE);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let script = "CREATE SCHEMA other;;SET search_path = other;;SET ROLE engine_owner;;\
         CREATE TABLE kept AS SELECT current_user::text AS who;;VACUUM kept;;\
         SET SESSION AUTHORIZATION engine_weak;;SELECT 1;;DISCARD ALL;;CREATE TABLE after_discard ()";
    let migrations = [stepwise(1, "hostile", script, "DROP SCHEMA other"), tables(2)[1]];
    let migrator =
        migrator(&migrations).on_event(move |event| log.lock().unwrap().push(event.clone()));
    let _ = migrator.up(&mut client).unwrap();
    // The script's own settings held from statement to statement, and no longer.
    assert_eq!(ask(&mut client, "SELECT who FROM other.kept"), "engine_owner");
    assert_eq!(ask(&mut client, "SELECT to_regclass('public.t2')"), "t2");
    assert_eq!(ask(&mut client, STATE), before);
    assert!(seen.lock().unwrap().contains(&Event::RunLockLost), "{:?}", seen.lock().unwrap());
    assert_eq!(applied(&mut client), "1 2");
    assert_eq!(locks(&mut client), "0");
}

#[test]
fn a_hostile_search_path_at_the_door_is_harmless() {
    let database = database();
    let mut client = database.connect().unwrap();
    client
        .batch_execute(
            "CREATE SCHEMA evil;
             CREATE FUNCTION evil.count(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
             CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1';
             CREATE FUNCTION evil.no(bigint, bigint) RETURNS bool LANGUAGE sql AS 'SELECT false';
             CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.no);
             CREATE TABLE evil.migration_history (version bigint);
             SET search_path = evil, pg_catalog",
        )
        .unwrap();
    let migrations = tables(3);
    let _ = migrator(&migrations[..2]).up(&mut client).unwrap();
    let _ = migrator(&migrations).up(&mut client).unwrap();
    let _ = migrator(&migrations).redo(&mut client, 2).unwrap();
    assert!(migrator(&migrations).up(&mut client).unwrap().is_empty());
    client.batch_execute("SET search_path = public").unwrap();
    assert_eq!(applied(&mut client), "1 2 3");
}
