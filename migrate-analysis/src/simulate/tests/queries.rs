//! What queries read, in views and in statements about rows.

use super::script::{failures, object, replay};
use crate::catalog::Catalog;

const TABLES: &str = "CREATE TABLE t (a int, b text, c jsonb); CREATE TABLE u (a int, d date);";

/// The columns of a view, and what it reads.
fn view(query: &str) -> (Vec<String>, Vec<String>, bool) {
    let (catalog, failures) = replay(&format!("{TABLES} CREATE VIEW v AS {query};"));
    assert_eq!(failures, Vec::<String>::new(), "{query}");
    let view = object(&catalog, "v").view().unwrap();
    let columns = view.columns.iter().map(|column| column.name.clone()).collect();
    (columns, reads(&catalog), view.followed)
}

fn reads(catalog: &Catalog) -> Vec<String> {
    let view = object(catalog, "v").view().unwrap();
    let name = |(relation, number): &(crate::catalog::Id, Option<u32>)| {
        let relation = catalog.get(*relation)?;
        let column = relation.columns().iter().find(|column| Some(column.number) == *number)?;
        Some(format!("{}.{}", relation.name, column.name))
    };
    view.reads.iter().filter_map(name).collect()
}

fn check(query: &str, columns: &[&str], reads: &[&str]) {
    let (found, found_reads, followed) = view(query);
    assert_eq!(found, columns, "{query}");
    assert_eq!(found_reads, reads, "{query}");
    assert!(followed, "{query}");
}

#[test]
fn a_view_reads_the_columns_it_names() {
    check("SELECT a AS x FROM t WHERE b = ''", &["x"], &["t.a", "t.b"]);
    check("SELECT * FROM t", &["a", "b", "c"], &["t.a", "t.b", "t.c"]);
    check("SELECT count(*) FROM t", &["count"], &[]);
    check("SELECT t.* FROM t, u WHERE u.a = 1", &["a", "b", "c"], &["t.a", "t.b", "t.c", "u.a"]);
    check("SELECT x.p FROM t AS x (p, q)", &["p"], &["t.a"]);
    check("SELECT b FROM t ORDER BY a", &["b"], &["t.a", "t.b"]);
    check("SELECT b AS z FROM t GROUP BY z ORDER BY z", &["z"], &["t.b"]);
}

#[test]
fn a_join_merges_columns() {
    let all = &["t.a", "t.b", "t.c", "u.a", "u.d"];
    check("SELECT * FROM t JOIN u USING (a)", &["a", "b", "c", "d"], all);
    check("SELECT * FROM u NATURAL JOIN t", &["a", "d", "b", "c"], all);
    check("SELECT a FROM t JOIN u USING (a)", &["a"], &["t.a", "u.a"]);
}

#[test]
fn inner_queries_see_outer_ones() {
    check("WITH w (x) AS (SELECT a FROM t) SELECT x FROM w", &["x"], &["t.a"]);
    check(
        "SELECT (SELECT max(d) FROM u WHERE u.a = t.a) AS d FROM t",
        &["d"],
        &["t.a", "u.a", "u.d"],
    );
    check("SELECT b FROM t UNION SELECT d::text FROM u", &["b"], &["t.b", "u.d"]);
    let recursive = "WITH RECURSIVE w AS (SELECT a FROM t UNION SELECT u.a FROM u JOIN w USING (a)) \
                     SELECT * FROM w";
    check(recursive, &["a"], &["t.a", "u.a"]);
}

#[test]
fn functions_in_from_hide_nothing_of_the_set() {
    let query = "SELECT t.a, e.value FROM t, jsonb_each(t.c) AS e WHERE key = 'x'";
    check(query, &["a", "value"], &["t.a", "t.c"]);
}

#[test]
fn a_list_says_what_a_function_has() {
    let records = "json_to_recordset(t.c::json) AS x (p int, q text)";
    check(&format!("SELECT x.*, t.a FROM t, {records}"), &["p", "q", "a"], &["t.a", "t.c"]);
    check(
        &format!("SELECT * FROM u, LATERAL (SELECT q FROM t, {records}) y"),
        &["a", "d", "q"],
        &["t.c", "u.a", "u.d"],
    );
    let record = "json_to_record((SELECT c FROM t)::json) AS (p int)";
    check(&format!("SELECT json_to_record.p FROM {record}"), &["p"], &["t.c"]);
    let (catalog, failures) = replay(&format!(
        "{TABLES} CREATE TYPE mood AS ENUM ('x');
         CREATE TABLE n AS SELECT * FROM json_to_recordset('[]') AS x (p numeric(10, 2), q mood[]);
         CREATE TABLE m (p numeric(10, 2), q mood[]); DROP TYPE mood;"
    ));
    assert_eq!(failures.len(), 1, "{failures:?}");
    let (columns, wanted) = (object(&catalog, "n").columns(), object(&catalog, "m").columns());
    assert!(!object(&catalog, "n").partial);
    for (column, wanted) in columns.iter().zip(wanted) {
        assert!(column.column_type == wanted.column_type, "{}", column.name);
    }
    assert_eq!(columns.len(), wanted.len());
}

#[test]
fn all_fields_of_a_row_are_its_columns() {
    check("SELECT (t).* FROM t, u", &["a", "b", "c"], &["t.a", "t.b", "t.c"]);
    check("SELECT (x).* FROM (SELECT d, a FROM u) x", &["d", "a"], &["u.a", "u.d"]);
    // Of a composite type, which is not looked into.
    let (catalog, failures) = replay(
        "CREATE TYPE pair AS (a int, b int); CREATE TABLE t (t pair); CREATE VIEW v AS SELECT (t).* FROM t;",
    );
    assert_eq!(failures, Vec::<String>::new());
    let view = object(&catalog, "v").view().unwrap();
    assert!(!view.followed && reads(&catalog) == ["t.t"]);
}

#[test]
fn a_sample_of_a_table_is_read_from_it() {
    check("SELECT a FROM t TABLESAMPLE system (1) REPEATABLE (2)", &["a"], &["t.a"]);
    check("SELECT * FROM u AS x TABLESAMPLE bernoulli (1)", &["a", "d"], &["u.a", "u.d"]);
}

#[test]
fn what_is_not_there_is_a_failure() {
    let failures = failures(&format!(
        "{TABLES} SELECT nope FROM t; SELECT t.nope FROM t; SELECT x.a FROM t; SELECT * FROM nope;
         INSERT INTO t (nope) VALUES (1); UPDATE t SET nope = 1; DELETE FROM t WHERE nope = 1;
         INSERT INTO nope VALUES (1); SELECT t.a FROM t AS x;"
    ));
    assert_eq!(
        failures,
        [
            "no Column nope",
            "no Column nope",
            "missing FROM-clause entry for table \"x\"",
            "no Table nope",
            "no Column nope",
            "no Column nope",
            "no Column nope",
            "no Table nope",
            "invalid reference to FROM-clause entry for table \"t\"",
        ]
    );
}

#[test]
fn what_is_not_there_is_a_failure_in_other_forms() {
    let failures = failures(&format!(
        "{TABLES} INSERT INTO t (a) SELECT a FROM u RETURNING nope;
         INSERT INTO t (a) SELECT a FROM u RETURNING d; DELETE FROM t USING u RETURNING nope;
         WITH m AS (DELETE FROM t RETURNING a) INSERT INTO u (a) SELECT b FROM m RETURNING a;
         INSERT INTO t (a) (SELECT a FROM u) ON CONFLICT (a) DO UPDATE SET b = excluded.nope;
         SELECT x.nope FROM json_to_recordset('[]') AS x (a int);
         SELECT nope FROM json_to_recordset('[]') AS x (a int);
         SELECT a FROM json_to_recordset('[]') AS x (a nope);
         SELECT x.nope FROM t AS x TABLESAMPLE system (1); SELECT a FROM u WHERE nope IS JSON;
         SELECT (t).*, nope FROM t; SELECT * FROM t, LATERAL unnest(t.nope) WITH ORDINALITY;"
    ));
    assert_eq!(failures.len(), 12, "{failures:#?}");
    assert_eq!(failures.iter().filter(|it| *it == "no Column nope").count(), 9, "{failures:#?}");
}

#[test]
fn what_may_be_there_is_none() {
    let failures = failures(&format!(
        "{TABLES} CREATE UNIQUE INDEX ON t (a); SELECT ctid, t, current_user FROM t;
         SELECT t.count FROM t; SELECT a AS x FROM t ORDER BY x;
         INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a;
         SELECT oid FROM pg_class; SELECT g FROM generate_series(1, 2) AS g;
         SELECT relname FROM pg_catalog.pg_class c JOIN t ON c.reltuples = t.a;
         UPDATE t AS x SET b = y.d FROM u AS y WHERE x.a = y.a;
         DELETE FROM t USING u WHERE t.a = u.a AND d IS NULL;
         WITH t AS (SELECT d FROM u) SELECT d FROM t;
         INSERT INTO t (a) SELECT a FROM u RETURNING b, t.c, t;
         WITH m AS (DELETE FROM t USING u RETURNING t.a AS x, d) INSERT INTO u SELECT x, d FROM m RETURNING d;
         SELECT t.a, e, e.v, n FROM t, LATERAL jsonb_array_elements(t.c) WITH ORDINALITY AS e (v, n);
         UPDATE t global SET b = global.c; SELECT top.a FROM t top; DELETE FROM u AS sort WHERE sort.d IS NULL;
         SELECT x, x.a, p FROM json_to_recordset('[]') AS x (a int, p text) ORDER BY p;"
    ));
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn a_view_may_only_grow() {
    let failures = failures(&format!(
        "{TABLES} CREATE VIEW v AS SELECT a, b FROM t;
         CREATE OR REPLACE VIEW v AS SELECT a, b, c FROM t;
         CREATE OR REPLACE VIEW v AS SELECT a, b FROM t;
         CREATE OR REPLACE VIEW v AS SELECT b, a, c FROM t;
         CREATE OR REPLACE VIEW v AS SELECT a::text, b, c FROM t;
         CREATE OR REPLACE VIEW t AS SELECT 1; CREATE VIEW v AS SELECT 1;
         CREATE VIEW w AS SELECT a, a FROM t; CREATE VIEW w (x, y) AS SELECT 1;"
    ));
    assert_eq!(
        failures,
        [
            "cannot drop columns from view",
            "cannot change name of view column \"a\" to \"b\"",
            "cannot change data type of view column \"a\"",
            "\"t\" is not a view",
            "second View v",
            "column \"a\" specified more than once",
            "CREATE VIEW specifies more column names than columns",
        ]
    );
}

#[test]
fn a_table_takes_the_columns_of_its_query() {
    let (catalog, failures) = replay(&format!("{TABLES} CREATE TABLE n AS SELECT a, b FROM t;"));
    assert_eq!(failures, Vec::<String>::new());
    let columns = object(&catalog, "n").columns();
    let source = object(&catalog, "t").columns();
    assert_eq!(columns.len(), 2);
    for (column, source) in columns.iter().zip(source) {
        assert_eq!(column.name, source.name);
        assert!(column.column_type == source.column_type, "{}", column.name);
    }
}

#[test]
fn what_a_foreign_key_points_at_is_not_truncated_alone() {
    let failures = failures(
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE f (p int REFERENCES p);
         TRUNCATE p; TRUNCATE p, f; TRUNCATE p CASCADE; TRUNCATE f;",
    );
    assert_eq!(failures, ["cannot truncate a table referenced in a foreign key constraint"]);
}

#[test]
fn words_of_the_syntax_are_no_columns() {
    let checks = [
        "js IS JSON OBJECT WITH UNIQUE KEYS",
        "json_object(KEY js VALUE p ABSENT ON NULL WITH UNIQUE KEYS) IS NOT NULL",
        "json_array(js, p NULL ON NULL RETURNING jsonb FORMAT JSON ENCODING UTF8) IS NOT NULL",
        "json_value(b, '$.a' PASSING p AS value RETURNING text DEFAULT 'x' ON EMPTY) <> ''",
        "json_query(b, '$.a' WITH CONDITIONAL ARRAY WRAPPER KEEP QUOTES EMPTY ON ERROR) = b",
        "now() AT LOCAL IS NOT NULL AND normalize(js, NFC) = js",
    ];
    for check in checks {
        let script = format!("CREATE TABLE t (js text, p text, b jsonb, CHECK ({check}))");
        assert_eq!(super::script::failures(&script), [] as [&str; 0], "{check}");
    }
}
