//! One mistake is one error: what is found behind it all the same, and what does not follow from it.

use super::script::words;
use crate::catalog::Catalog;
use crate::chain::{OnFailure, ScriptStatement, run};
use crate::list::CollectVec;
use crate::simulate::External;

/// What fails, script by script.
fn failures(scripts: &[&str]) -> Vec<String> {
    let mut catalog = Catalog::default();
    let mut found = Vec::new();
    for (number, text) in scripts.iter().enumerate() {
        catalog.begin_migration(number);
        let statements = crate::sql::parse(text, 0..text.len(), &|_| false).statements;
        let read = |range: std::ops::Range<usize>| ScriptStatement {
            text,
            command: crate::sql::command(text, range.clone()),
            range,
        };
        let script = statements.into_iter().map(|it| read(it.range)).collect_vec();
        let effect = run(&mut catalog, &External::default(), &script, OnFailure::Continue, &mut ());
        found.extend(effect.failures.iter().map(|(_, failure)| words(&failure.kind)));
    }
    found
}

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, n int DEFAULT 0);
    CREATE TABLE u (id int PRIMARY KEY, t_id int CONSTRAINT own REFERENCES t)";

#[test]
fn a_mistake_hides_nothing_else() {
    let mistakes = [
        ("UPDATE t SET name = 'x' WHERE idd = 3", "no Column idd"),
        ("INSERT INTO t (idd) VALUES (1)", "no Column idd"),
        ("DELETE FROM t WHERE idd = 3", "no Column idd"),
        ("SELECT t.idd FROM t", "no Column idd"),
        ("TRUNCATE t", "cannot truncate a table referenced in a foreign key constraint"),
        ("UPDATE t SET n = 1 FROM tt WHERE tt.id = t.id", "no Table tt"),
        ("COMMENT ON COLUMN t.idd IS ''", "no Column idd"),
        ("CREATE INDEX i ON t (idd)", "no Column idd"),
        ("CREATE INDEX ON t (idd)", "no Column idd"),
        ("CREATE VIEW v AS SELECT idd FROM t", "no Column idd"),
        ("CREATE TABLE w AS SELECT idd FROM t", "no Column idd"),
        ("CREATE TABLE w (id int REFERENCES t (idd), CHECK (idd > 0))", "no Column idd"),
        ("CREATE TABLE w (a statuss)", "no Type statuss"),
        ("ALTER TABLE t ADD COLUMN st statuss", "no Type statuss"),
        ("ALTER TABLE t ADD COLUMN st int REFERENCES tt", "no Table tt"),
        ("ALTER TABLE t ADD COLUMN name text", "second Column name"),
        ("ALTER TABLE t DROP COLUMN idd", "no Column idd"),
        ("ALTER TABLE t ALTER COLUMN idd SET NOT NULL", "no Column idd"),
        ("ALTER TABLE t ADD UNIQUE (idd)", "no Column idd"),
        ("ALTER TABLE t DROP CONSTRAINT cc", "no Constraint cc"),
        ("ALTER TABLE t RENAME COLUMN idd TO x", "no Column idd"),
        ("CREATE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f()", "no Function f"),
        ("CREATE POLICY p ON t USING (idd > 0)", "no Column idd"),
    ];
    for (mistake, error) in mistakes {
        let others = "CREATE INDEX j ON t (zzz); UPDATE t SET zzy = 1;
            CREATE TABLE t (id int); DROP TABLE y";
        let found = failures(&[TABLE, mistake, others, "ALTER TABLE u ADD COLUMN t_id int"]);
        let all = ["no Column zzz", "no Column zzy", "second Table t", "no Table y"];
        let all = [&[error], &all[..], &["second Column t_id"]].concat();
        assert_eq!(found, all, "{mistake}");
    }
}

#[test]
fn nothing_follows_from_a_mistake() {
    // A mistake, and what may be right once it is mended.
    let cases = [
        ("UPDATE t SET idd = 3", "SELECT idd FROM t; CREATE VIEW v AS SELECT idd, name FROM t"),
        ("UPDATE t SET idd = 3", "CREATE INDEX i ON t (idd); ALTER TABLE t ADD CHECK (idd > 0)"),
        ("UPDATE t SET idd = 3", "ALTER TABLE t ADD COLUMN idd int; ALTER TABLE t DROP COLUMN idd"),
        ("SELECT id FROM tt", "INSERT INTO tt (a) VALUES (1); ALTER TABLE tt ADD COLUMN b int"),
        ("ALTER TABLE t ADD COLUMN st statuss", "UPDATE t SET st = 'a'; SELECT t.st FROM t"),
        ("ALTER TABLE t ADD COLUMN st statuss", "ALTER TABLE t ALTER st SET DEFAULT 'a'"),
        ("ALTER TABLE t ADD COLUMN st statuss", "ALTER TABLE t DROP COLUMN st"),
        ("ALTER TABLE t ADD COLUMN st statuss", "ALTER TABLE u ADD COLUMN st statuss"),
        ("ALTER TABLE t ADD st int CHECK (x > 0)", "UPDATE t SET st = 1; SELECT t.st FROM t"),
        ("ALTER TABLE tt ADD COLUMN st int", "UPDATE t SET st = 1; SELECT st FROM t"),
        ("ALTER TABLE t ADD COLUMN name int", "ALTER TABLE t ADD FOREIGN KEY (name) REFERENCES u"),
        ("ALTER TABLE t DROP COLUMN nam", "ALTER TABLE t ADD COLUMN name int"),
        ("ALTER TABLE t DROP COLUMN idd", "ALTER TABLE t ADD PRIMARY KEY (n)"),
        ("ALTER TABLE t RENAME COLUMN nam TO title", "ALTER TABLE t ADD COLUMN name int"),
        ("ALTER TABLE t RENAME COLUMN nam TO title", "SELECT title FROM t"),
        ("ALTER TABLE u DROP CONSTRAINT ownn", "TRUNCATE t"),
        ("ALTER TABLE u DROP CONSTRAINT ownn", "ALTER TABLE u ADD CONSTRAINT own UNIQUE (id)"),
        ("ALTER TABLE t ADD UNIQUE (nam)", "ALTER TABLE t DROP CONSTRAINT t_name_key"),
        ("CREATE VIEW v AS SELECT nam FROM t", "SELECT name FROM v; DROP VIEW v"),
        ("CREATE OR REPLACE VIEW u AS SELECT 1 AS a", "SELECT id FROM u"),
        ("CREATE TABLE w (id int, nmae text, CHECK (name > ''))", "SELECT name FROM w"),
        ("CREATE TABLE t (id int, more int)", "SELECT more FROM t"),
        ("CREATE TABLE w (id int, CONSTRAINT c CHECK (x > 0))", "ALTER TABLE w DROP CONSTRAINT c"),
        ("CREATE TABLE w (LIKE tt)", "SELECT a FROM w"),
        ("CREATE TABLE w () INHERITS (tt)", "SELECT a FROM w; ALTER TABLE w DROP COLUMN a"),
        ("CREATE INDEX i ON tt (id)", "DROP INDEX i"),
        ("CREATE INDEX i ON t (idd)", "DROP INDEX i"),
        ("CREATE FUNCTION f(a statuss) RETURNS int LANGUAGE sql AS ''", "DROP FUNCTION f(text)"),
        ("CREATE TRIGGER a BEFORE INSERT ON tt EXECUTE FUNCTION f()", "DROP TRIGGER a ON t"),
        ("CREATE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f()", "DROP TRIGGER a ON t"),
        ("CREATE TYPE x AS (a statuss)", "CREATE TABLE w (a x)"),
    ];
    for (mistake, after) in cases {
        let found = failures(&[TABLE, mistake, after]);
        assert_eq!(found.len(), 1, "{mistake}; {after}: {found:?}");
    }
}
