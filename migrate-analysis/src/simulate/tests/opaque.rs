//! DO blocks and calls.

use super::replay::replay;

#[test]
fn a_guarded_statement_is_followed() {
    let guarded = "DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'state') THEN
            CREATE TYPE state AS ENUM ('a');
        END IF;
    END $$;";
    let caught = "DO $$ BEGIN CREATE TYPE state AS ENUM ('a');
        EXCEPTION WHEN duplicate_object THEN NULL; END $$;";
    for block in [guarded, caught] {
        let mut replay = replay(block);
        replay.go_on(block);
        replay.go_on("CREATE TABLE t (a state)");
        assert!(replay.outcomes.iter().all(|it| it.failure.is_none() && it.opaque.is_none()));
        replay.go_on("CREATE TYPE state AS ENUM ('b')");
        assert_eq!(replay.failure(), "duplicate Type state");
    }
}

#[test]
fn a_guard_of_something_else_leaves_fog() {
    let mut replay = replay(
        "CREATE TABLE t (a int);
         DO $$ BEGIN
            IF EXISTS (SELECT 1 FROM t) THEN ALTER TABLE t ADD COLUMN b int; END IF;
         END $$;",
    );
    assert!(replay.outcomes.last().unwrap().opaque.is_some());
    replay.go_on("ALTER TABLE t ADD COLUMN b int; ALTER TABLE t DROP COLUMN b");
    assert_eq!(replay.failure(), "none");
    replay.go_on("DROP TABLE u");
    assert_eq!(replay.failure(), "unknown Table u");
}

#[test]
fn rows_only() {
    let replay = replay(
        "CREATE TABLE t (a int);
         DO $$ DECLARE r record; BEGIN
            FOR r IN SELECT * FROM t LOOP EXECUTE 'UPDATE t SET a = ' || r.a; END LOOP;
         END $$;",
    );
    assert!(replay.outcomes.last().unwrap().opaque.is_none());
}

#[test]
fn a_function_that_is_called() {
    let mut replay = replay(
        "CREATE TABLE t (a int);
         CREATE FUNCTION f(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            EXECUTE format('ALTER TABLE %I ADD COLUMN b int', name);
         END $$;
         SELECT f('t')",
    );
    assert!(replay.outcomes.last().unwrap().opaque.is_some());
    assert!(!replay.catalog.session().fog.everywhere);
    replay.go_on("ALTER TABLE t DROP COLUMN b");
    assert_eq!(replay.failure(), "none");
}

#[test]
fn a_block_that_only_raises_fails() {
    let script = replay("DO $$ BEGIN RAISE EXCEPTION 'there is no way back'; END $$;");
    assert_eq!(script.failure(), "P0001 there is no way back");
    let guarded =
        replay("DO $$ BEGIN IF EXISTS (SELECT 1 FROM t) THEN RAISE 'not empty'; END IF; END $$;");
    assert_eq!(guarded.failure(), "none");
}
