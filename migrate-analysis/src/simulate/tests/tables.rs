//! Tables, their columns and constraints.

use super::after;

#[test]
fn a_serial_column_has_a_sequence() {
    let after = after("CREATE TABLE t (id bigserial, n int DEFAULT NULL);").succeeds();
    assert_eq!(after.columns("t"), ["id bigint!", "n integer"]);
    assert_eq!(after.default("t", "id").unwrap(), "nextval('t_id_seq'::regclass)");
    assert_eq!(after.default("t", "n"), None);
}

#[test]
fn expressions_follow_a_rename() {
    let after = after(
        "CREATE TABLE t (a int, CONSTRAINT c CHECK (t.a > 0 AND a IN (1, -2) OR lower(a::text) = ''));
         ALTER TABLE t RENAME a TO \"B\";",
    )
    .succeeds();
    let expected = "\"B\" > 0 AND \"B\" IN (1, -2) OR lower(\"B\"::text) = ''";
    assert_eq!(after.check("t", "c"), expected);
}

#[test]
fn a_partition_has_the_indexes_and_keys_of_its_parent() {
    let after = after(
        "CREATE TABLE o (id int PRIMARY KEY);
         CREATE TABLE p (a int REFERENCES o, b text, PRIMARY KEY (a)) PARTITION BY RANGE (a);
         CREATE INDEX ON p (lower(b));
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10);
         ALTER TABLE p ADD CHECK (a < 1000);",
    )
    .succeeds();
    assert_eq!(after.columns("p1"), ["a integer!", "b text"]);
    assert_eq!(after.constraints("p1"), ["p1_pkey", "p_a_fkey", "p_a_check"]);
    let expected = ["o_pkey", "p_pkey", "p_lower_idx", "p1_pkey", "p1_lower_idx"];
    assert_eq!(after.indexes(), expected);
}

#[test]
fn children_follow_their_parent() {
    let after = after(
        "CREATE TABLE p (x int NOT NULL, y text);
         CREATE TABLE c (z int, x int) INHERITS (p);
         ALTER TABLE p ADD COLUMN w bigint;
         ALTER TABLE p ALTER y TYPE varchar(20);
         ALTER TABLE p DROP COLUMN x;",
    )
    .succeeds();
    // PostgreSQL keeps what the child declared itself.
    assert_eq!(
        after.columns("c"),
        ["x integer!", "y character varying(20)", "z integer", "w bigint"]
    );
}

#[test]
fn a_literal_keeps_the_type_that_it_was_written_for() {
    let after = after(
        "CREATE TYPE e AS ENUM ('a', 'b');
         CREATE DOMAIN d AS e;
         CREATE TABLE t (x e DEFAULT 'a', y e DEFAULT 'b', z d DEFAULT 'a', s varchar(9) DEFAULT 'a');
         ALTER TYPE e RENAME VALUE 'a' TO 'c';
         ALTER TABLE t ALTER x TYPE text;
         ALTER TABLE t ALTER s TYPE text;",
    )
    .succeeds();
    assert_eq!(after.default("t", "x").unwrap(), "'c'::e");
    assert_eq!(after.default("t", "y").unwrap(), "'b'");
    assert_eq!(after.default("t", "z").unwrap(), "'c'");
    assert_eq!(after.default("t", "s").unwrap(), "'a'::character varying");
}

#[test]
fn an_alter_table_happens_in_passes() {
    let after = after(
        "CREATE TABLE t (a int UNIQUE);
         ALTER TABLE t ADD CONSTRAINT t_b CHECK (b > 0), ADD COLUMN b int,
            ADD COLUMN a text, DROP COLUMN a;",
    )
    .succeeds();
    assert_eq!(after.columns("t"), ["b integer", "a text"]);
    assert_eq!(after.constraints("t"), ["t_b"]);
}

#[test]
fn like_copies_what_it_is_told_to() {
    let after = after(
        "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 1 CHECK (a > 0) UNIQUE);
         CREATE TABLE u (LIKE t);
         CREATE TABLE v (LIKE t INCLUDING ALL);",
    )
    .succeeds();
    assert_eq!(after.columns("u"), ["id integer!", "a integer"]);
    assert!(after.constraints("u").is_empty());
    assert_eq!(after.constraints("v"), ["t_a_check", "v_pkey", "v_a_key"]);
    assert_eq!(after.default("v", "a").unwrap(), "1");
}

#[test]
fn temporary_tables_come_first() {
    let after = after(
        "CREATE TABLE t (a int); CREATE TEMP TABLE t (b int); ALTER TABLE t DROP COLUMN b;
         ALTER TABLE public.t DROP COLUMN a;",
    );
    assert!(after.refused().is_empty(), "{:?}", after.failures);
}

#[test]
fn what_postgres_refuses_is_refused() {
    let cases = [
        ("CREATE TABLE t (a int); CREATE TABLE t (a int);", "duplicate t"),
        ("CREATE TABLE t (a int, a text);", "42701"),
        ("CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY);", "42P16"),
        ("CREATE TABLE t (a int REFERENCES u);", "unknown u"),
        ("CREATE TABLE u (a int); CREATE TABLE t (a int REFERENCES u (b));", "unknown b"),
        ("CREATE TABLE u (a int); CREATE TABLE t (a int REFERENCES u (a));", "42830"),
        ("CREATE TABLE u (a int); CREATE TABLE t (a int REFERENCES u);", "42704"),
        ("CREATE TABLE u (a int UNIQUE); CREATE TABLE t (a uuid REFERENCES u (a));", "42804"),
        (
            "CREATE DOMAIN d AS int; CREATE TABLE u (a d UNIQUE);
             CREATE TABLE t (a boolean REFERENCES u (a));",
            "42804",
        ),
        ("CREATE TABLE t (a citext);", "unknown citext"),
        ("CREATE TABLE t (a int CHECK (b > 0));", "unknown b"),
        ("CREATE TABLE t (a int); CREATE INDEX ON t (b);", "unknown b"),
        ("CREATE TABLE t (a int); ALTER TABLE t ADD a int;", "duplicate a"),
        ("CREATE TABLE t (a int); ALTER TABLE t DROP b;", "unknown b"),
        ("CREATE TABLE t (a int); ALTER TABLE t DROP CONSTRAINT b;", "unknown b"),
        ("CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ALTER a DROP NOT NULL;", "42P16"),
        ("CREATE TABLE t (a text); ALTER TABLE t ALTER a TYPE int;", "42804"),
        ("CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE text, ALTER a TYPE bigint;", "0A000"),
        (
            "CREATE TABLE t (a int); CREATE TABLE u () INHERITS (t);
             ALTER TABLE u ALTER a SET DEFAULT 1; ALTER TABLE t ALTER a TYPE int[] USING NULL;",
            "42804",
        ),
        (
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE INDEX i ON t (a);",
            "duplicate i",
        ),
        ("CREATE SEQUENCE s INCREMENT 0;", "22023"),
        // Neither an enum nor an array counts.
        (
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
             ALTER TABLE t ALTER a TYPE e USING NULL;",
            "22023",
        ),
        (
            "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
             ALTER TABLE t ALTER a TYPE int[] USING NULL;",
            "22023",
        ),
        (
            "CREATE DOMAIN d AS int; CREATE TABLE t (a text DEFAULT 'x');
             ALTER TABLE t ALTER a TYPE d USING NULL;",
            "42804",
        ),
        ("CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e DEFAULT 'b');", "22P02"),
        (
            "CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS e; CREATE TABLE t (a d);
             ALTER TABLE t ALTER a SET DEFAULT 'b';",
            "22P02",
        ),
        ("CREATE TABLE t (a int DEFAULT nextval('s'));", "unknown s"),
        ("CREATE DOMAIN d AS int DEFAULT nextval('s');", "unknown s"),
        // The default is still of the type that it was made for.
        (
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e DEFAULT 'a');
             ALTER TABLE t ALTER a TYPE text; DROP TYPE e;",
            "needed e",
        ),
        ("CREATE TABLE s.t (a int);", "unknown s"),
        ("CALL clean();", "unknown clean"),
    ];
    for (text, expected) in cases {
        assert_eq!(after(text).refused(), [expected], "{text}");
    }
}

#[test]
fn what_postgres_takes_is_taken() {
    let cases = [
        "CREATE EXTENSION citext; CREATE TABLE t (a citext);",
        "CREATE TABLE t (a int); ALTER TABLE t DROP IF EXISTS b, DROP CONSTRAINT IF EXISTS c;",
        "ALTER TABLE IF EXISTS t ADD a int;",
        "CREATE TABLE t (a timestamptz, CHECK (extract(epoch FROM a AT TIME ZONE 'utc') > 0));",
        "CREATE TABLE t (a text CHECK (a COLLATE \"C\" > 'x' AND a IS NOT NULL));",
        "CREATE TABLE t (a int NOT NULL); ALTER TABLE t DROP CONSTRAINT t_a_not_null;",
        "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE text;",
        "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE int, ALTER a TYPE bigint;",
        "CREATE TABLE t (id serial); DROP TABLE t; CREATE TABLE t (id serial);",
        "CREATE TABLE t (a jsonb DEFAULT '{}'); ALTER TABLE t ALTER a TYPE varchar(10);
         ALTER TABLE t ALTER a TYPE jsonb USING NULL;",
        "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'), b text DEFAULT 's');",
        "CREATE TYPE e AS ENUM ('a', 'it''s'); CREATE TABLE t (a e DEFAULT 'it''s', b e[] DEFAULT '{a}');",
    ];
    for text in cases {
        assert!(after(text).refused().is_empty(), "{text}: {:?}", after(text).failures);
    }
}
