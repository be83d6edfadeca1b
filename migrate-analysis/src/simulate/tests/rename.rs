//! What a new name or schema carries along.

use super::replay::replay;

#[test]
fn a_constraint_and_its_index_have_one_name() {
    let mut replay = replay("CREATE TABLE t (a int PRIMARY KEY)");
    replay.go_on("ALTER TABLE t RENAME CONSTRAINT t_pkey TO one");
    assert!(replay.relation("one").is_some() && replay.relation("t_pkey").is_none());
    replay.go_on("ALTER INDEX one RENAME TO two");
    assert_eq!(replay.constraints("t"), ["two"]);
}

#[test]
fn a_view_follows_a_renamed_column() {
    let replay = replay(
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;
         ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t DROP COLUMN b",
    );
    assert_eq!(replay.failure(), "view v");
}

#[test]
fn names_that_are_taken() {
    let cases = [
        ("CREATE TABLE t (); CREATE TABLE u (); ALTER TABLE t RENAME TO u", "duplicate Table u"),
        ("CREATE TABLE t (a int, b int); ALTER TABLE t RENAME a TO b", "duplicate Column b of t"),
        (
            "CREATE TABLE t (a int); CREATE TABLE c () INHERITS (t); ALTER TABLE c RENAME a TO b",
            "42P16 cannot rename inherited column \"a\"",
        ),
        ("CREATE TABLE t (); ALTER TYPE t RENAME TO u", "42809 t is a table's row type"),
    ];
    for (script, failure) in cases {
        assert_eq!(replay(script).failure(), failure, "{script}");
    }
}

#[test]
fn a_table_moves_with_its_indexes_and_sequences() {
    let mut replay = replay(
        "CREATE SCHEMA s; CREATE TABLE t (a serial PRIMARY KEY); ALTER TABLE t SET SCHEMA s",
    );
    replay.go_on("ALTER INDEX s.t_pkey RENAME TO p; DROP SEQUENCE s.t_a_seq");
    assert_eq!(replay.failure(), "default value for column a of table s.t");
}
