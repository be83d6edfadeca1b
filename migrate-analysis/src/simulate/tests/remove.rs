//! What goes along, and what stands in the way.

use super::replay::replay;

#[test]
fn a_table_takes_what_is_its_own() {
    let mut replay =
        replay("CREATE TABLE t (a serial PRIMARY KEY, b int); CREATE INDEX i ON t (b)");
    replay.go_on("DROP TABLE t");
    assert_eq!(replay.failure(), "none");
    assert_eq!(replay.deaths(), Vec::<&str>::new());
    assert!(["t", "i", "t_pkey", "t_a_seq"].iter().all(|name| replay.relation(name).is_none()));
}

#[test]
fn a_column_takes_indexes_constraints_and_sequences() {
    let replay = replay(
        "CREATE TABLE t (a serial PRIMARY KEY, b int, CHECK (a > b));
         CREATE INDEX i ON t (b) WHERE a > 1;
         ALTER TABLE t DROP COLUMN a",
    );
    assert_eq!(replay.failure(), "none");
    assert_eq!(
        replay.deaths(),
        [
            "constraint t_check on table t",
            "constraint t_pkey on table t",
            "sequence t_a_seq",
            "index i"
        ]
    );
    assert_eq!(replay.columns("t"), ["b"]);
    assert!(replay.constraints("t").is_empty());
}

#[test]
fn what_others_need_is_refused() {
    let cases = [
        (
            "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int REFERENCES t); DROP TABLE t",
            "constraint u_a_fkey on table u",
        ),
        (
            "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t); ALTER TABLE t DROP COLUMN a",
            "constraint t_b_fkey on table t",
        ),
        ("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; DROP TABLE t", "view v"),
        ("CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e); DROP TYPE e", "column a of table t"),
        (
            "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s')); DROP SEQUENCE s",
            "default value for column a of table t",
        ),
        (
            "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
             ALTER TABLE t DROP COLUMN a",
            "column b of table t",
        ),
        (
            "CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 1);
             ALTER TABLE t DROP COLUMN a",
            "policy p on table t",
        ),
        ("CREATE TABLE t (a int); CREATE TABLE c () INHERITS (t); DROP TABLE t", "table c"),
        ("CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s", "table s.t"),
        (
            "CREATE TABLE t (a int PRIMARY KEY); DROP INDEX t_pkey",
            "2BP01 cannot drop index t_pkey because constraint t_pkey on table t requires it",
        ),
        (
            "CREATE TABLE t (a int) PARTITION BY RANGE (a); ALTER TABLE t DROP COLUMN a CASCADE",
            "42P16 cannot drop column \"a\" because it is part of the partition key of relation \
             \"t\"",
        ),
        ("CREATE VIEW v AS SELECT 1 AS a; DROP TABLE v", "42809 \"v\" is not a table"),
    ];
    for (script, failure) in cases {
        assert_eq!(replay(script).failure(), failure, "{script}");
    }
}

#[test]
fn objects_of_one_statement_do_not_stand_in_each_others_way() {
    let replay = replay(
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int REFERENCES t); DROP TABLE t, u",
    );
    assert_eq!(replay.failure(), "none");
}

#[test]
fn cascade_takes_the_foreign_key_and_not_its_table() {
    let replay = replay(
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int REFERENCES t);
         CREATE VIEW v AS SELECT a FROM t;
         DROP TABLE t CASCADE",
    );
    assert_eq!(replay.failure(), "none");
    assert_eq!(replay.deaths(), ["constraint u_a_fkey on table u", "view v"]);
    assert_eq!(replay.columns("u"), ["a"]);
    assert!(replay.constraints("u").is_empty());
}

#[test]
fn a_partition_goes_with_its_table() {
    let replay = replay(
        "CREATE TABLE t (a int) PARTITION BY LIST (a);
         CREATE TABLE c PARTITION OF t FOR VALUES IN (1);
         DROP TABLE t",
    );
    assert_eq!((replay.failure().as_str(), replay.deaths()), ("none", vec!["table c"]));
}

#[test]
fn a_foreign_key_goes_from_the_partitions_too() {
    let mut replay = replay(
        "CREATE TABLE o (a int PRIMARY KEY);
         CREATE TABLE t (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES o) PARTITION BY LIST (a);
         CREATE TABLE c PARTITION OF t FOR VALUES IN (1)",
    );
    assert_eq!(replay.constraints("c"), ["k"]);
    replay.go_on("ALTER TABLE t DROP CONSTRAINT k");
    assert_eq!(replay.failure(), "none");
    assert!(replay.constraints("c").is_empty());
}
