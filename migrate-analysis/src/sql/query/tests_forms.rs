//! Forms that `sqlparser` does not know, and what looks like them.

use super::read;
use super::tests::{complete, names, of, path, sources, uses};
use crate::ddl::{ColumnUse, Name, Output, SourceKind, TypeName};

/// Nobody has missed them yet.
#[test]
fn what_is_not_read() {
    for sql in [
        "SELECT FROM t JOIN u JOIN v ON u.a = v.a ON t.a = u.a",
        "SELECT a IS NFC NORMALIZED FROM t",
        "SELECT cast(a AS bit varying) FROM t",
        "SELECT a FROM t ORDER BY a USING <",
        "SELECT FROM ROWS FROM (f(1) AS (a int), g(2)) AS x",
        "SELECT FROM f(1) WITH ORDINALITY AS x(a int)",
        "SELECT FROM f(1) AS x(a text COLLATE \"C\")",
        "SELECT FROM f(1) x(a int ARRAY)",
        "SELECT FROM xmltable('/a' PASSING b COLUMNS c int PATH 'd') AS x",
        "SELECT json_object('a': 1), json_array(1 NULL ON NULL), json_value(a, '$' RETURNING int)",
        "INSERT INTO t (TABLE u)",
        "WITH x(a) AS (TABLE b) SELECT FROM f(1)",
        "INSERT INTO t VALUES (1) ON CONFLICT (lower(a)) DO NOTHING",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) WHERE b DO NOTHING",
    ] {
        assert!(read(sql).is_none(), "{sql}");
    }
}

#[test]
fn rows_that_are_returned_behind_a_table() {
    let cases: &[(&str, &str, &str)] = &[
        ("INSERT INTO a SELECT x FROM u RETURNING id", "a a=old a=new", "id"),
        ("INSERT INTO a (SELECT x FROM u) RETURNING *", "a a=old a=new", "*"),
        ("INSERT INTO a (b) VALUES (1) RETURNING id AS returning", "a a=old a=new", "returning"),
        ("INSERT INTO a DEFAULT VALUES RETURNING a.*, 1", "a a=old a=new", "a.* ?column?"),
        ("INSERT INTO a SELECT x FROM u AS \"returning\"", "a", ""),
        ("INSERT INTO a SELECT x FROM u \"returning\" RETURNING id", "a a=old a=new", "id"),
        ("INSERT INTO a SELECT 1 FROM u explain RETURNING id", "a a=old a=new", "id"),
        ("UPDATE a SET b = c FROM u RETURNING c", "a u a=old a=new", "c"),
        ("UPDATE a SET b = c FROM u, v RETURNING (c), d e", "a [u v] a=old a=new", "c e"),
        ("DELETE FROM a RETURNING (b)", "a a=old a=new", "b"),
        ("DELETE FROM a explain", "a=explain", ""),
        ("DELETE FROM a explain USING u \"returning\"", "a=explain u=returning", ""),
        ("DELETE FROM a USING u RETURNING (b), u.c", "a u a=old a=new", "b c"),
    ];
    for (sql, from, outputs) in cases {
        assert_eq!(sources(sql), *from, "{sql}");
        assert_eq!(names(&of(sql)).join(" "), *outputs, "{sql}");
        assert!(complete(&of(sql)), "{sql}");
    }
    assert_eq!(
        names(&of("SELECT t.returning, 1 AS returning FROM t")).join(" "),
        "returning returning"
    );
    assert!(read("INSERT INTO t VALUES (1) RETURNING").is_none());
}

#[test]
fn tables_that_are_written_on_the_way() {
    let moved = of("WITH moved AS (DELETE FROM a USING b RETURNING a.x, y AS z) \
                    INSERT INTO c SELECT x, z FROM moved RETURNING id");
    let tables: Vec<_> = moved.with.iter().map(|table| table.name.as_deref()).collect();
    assert_eq!(tables, [Some("moved"), None]);
    assert_eq!(names(&moved.with[0].query), ["x", "z"]);
    assert_eq!(names(&moved), ["id"]);
    assert!(complete(&moved));
    // `WITH` in `WITH`.
    let nested = of("WITH d AS (WITH e AS (SELECT 1) INSERT INTO t SELECT a FROM e RETURNING b) \
                     SELECT b FROM d");
    assert_eq!(names(&nested.with[0].query), ["b"]);
    assert!(complete(&nested));
}

#[test]
fn what_an_insert_takes_and_does_otherwise() {
    let conflict = "INSERT INTO t (SELECT a FROM u) ON CONFLICT (a) DO UPDATE \
                    SET b = excluded.b || t.c WHERE d RETURNING e";
    assert_eq!(uses(conflict).join(" "), "d e excluded.b t.c");
    for sql in [
        "INSERT INTO t AS x (a, b) (SELECT c FROM u) ON CONFLICT ON CONSTRAINT k DO NOTHING",
        "INSERT INTO t (values) VALUES (1)",
        "INSERT INTO t (values, a) SELECT 1, 2",
        "INSERT INTO t ((SELECT 1) UNION SELECT 2) ON CONFLICT DO NOTHING",
        "INSERT INTO t (a) OVERRIDING SYSTEM VALUE SELECT 1",
        "INSERT INTO t OVERRIDING USER VALUE (SELECT 1)",
    ] {
        let select = of(sql);
        assert!(complete(&select), "{sql}");
        assert_eq!(select.arms[0].from[0].kind, SourceKind::Relation(name("t")), "{sql}");
        assert_eq!(select.with.len(), 1, "{sql}");
    }
}

fn name(name: &str) -> Name {
    Name { schema: None, name: name.to_owned(), at: 0..0 }
}

/// The columns of the only source, with the types that a list gives them.
fn typed(sql: &str) -> String {
    let select = of(sql);
    assert!(complete(&select), "{sql}: {select:#?}");
    let [source] = select.arms[0].from.as_slice() else { panic!("{sql}") };
    let SourceKind::Function { types, .. } = &source.kind else { panic!("{sql}") };
    let spelt = |(name, of): (&String, &Option<TypeName>)| {
        let of = of.as_ref().unwrap();
        let modifiers = of.modifiers.as_ref().map(|it| format!("({it})")).unwrap_or_default();
        let array = if of.array { "[]" } else { "" };
        format!("{name} {}{modifiers}{array}", path(&of.name))
    };
    let columns = source.columns.iter().zip(types).map(spelt).collect::<Vec<_>>().join(", ");
    format!("{} {columns}", source.alias.as_deref().unwrap_or_default())
}

#[test]
fn functions_have_columns_of_written_types() {
    let cases = [
        ("SELECT FROM json_to_recordset('[]') AS x(a int, \"B\" text)", "x a integer, B text"),
        (
            "SELECT FROM json_to_record($1) x (date date, n numeric(10, 2))",
            "x date date, n numeric(10,2)",
        ),
        ("SELECT FROM s.F(1) AS (a S.mood)", "f a s.mood"),
        (
            "SELECT FROM LATERAL f(1) AS \"X\" (a \"T\"[], b varchar(3))",
            "X a T[], b character varying(3)",
        ),
        (
            "SELECT FROM f(g(1)) x(a timestamp(3) with time zone, b double precision, c bit varying(3))",
            "x a timestamp with time zone(3), b double precision, c bit varying(3)",
        ),
    ];
    for (sql, wanted) in cases {
        assert_eq!(typed(sql), wanted, "{sql}");
    }
    let join = "SELECT FROM t JOIN LATERAL f(t.a, b) AS x(c int) ON x.c = d";
    assert_eq!(sources(join), "t f()=x(c)");
    assert_eq!(uses(join).join(" "), "b d t.a x.c");
    let update =
        "UPDATE t SET a = x.b FROM f('x') AS x(b int), g() y(c int) WHERE t.d = y.c RETURNING a";
    assert_eq!(sources(update), "t [f()=x(b) g()=y(c)] t=old t=new");
}

/// What looks like a list of columns with their types, and has none.
#[test]
fn lists_without_types() {
    for sql in [
        "SELECT FROM f(1) AS x(a, b)",
        "SELECT sum(a) OVER (PARTITION BY b), sum(a) OVER (PARTITION BY (1)) FROM f(1) AS x",
        "SELECT sum(a) OVER (w ROWS 1 PRECEDING) FROM f(1) WINDOW w AS (ORDER BY b)",
        "WITH x(a) AS (SELECT b) SELECT FROM f(1)",
        "WITH x(a) AS (UPDATE b SET c = 1 RETURNING d), y(a) AS (DELETE FROM b RETURNING c) SELECT FROM f(1)",
        "SELECT f(a) b FROM f(1) WHERE f(c) IN (d, e)",
        "SELECT FROM f(1) x JOIN f(2) y USING (a)",
    ] {
        let select = of(sql);
        assert!(complete(&select), "{sql}");
        let SourceKind::Function { types, .. } = &select.arms[0].from[0].kind else { panic!() };
        assert!(types.is_empty(), "{sql}");
    }
    assert!(complete(&of("INSERT INTO f (a) VALUES (b isnull)")));
    assert!(read("SELECT FROM f(1) (a int)").is_none());
}

#[test]
fn functions_that_see_what_stands_before() {
    let cases = [
        ("SELECT FROM t, LATERAL f(t.a) WITH ORDINALITY", "t f()#"),
        ("SELECT FROM t, LATERAL f(t.a) WITH ORDINALITY AS x(b, n)", "t f()=x(b,n)#"),
        ("SELECT FROM t CROSS JOIN LATERAL unnest(a) WITH ORDINALITY x", "t unnest()=x#"),
        ("SELECT FROM (t JOIN LATERAL f(1) ON true), LATERAL (SELECT 1) x", "[t f()] ()=x"),
        ("SELECT FROM LATERAL f(1), lateral s.g(2)", "f() s.g()"),
    ];
    for (sql, wanted) in cases {
        assert_eq!(sources(sql), wanted, "{sql}");
        assert!(complete(&of(sql)), "{sql}");
    }
    assert_eq!(names(&of("SELECT 1 AS lateral, t.lateral FROM t")), ["lateral", "lateral"]);
    let columns = "SELECT t.lateral AT TIME ZONE a, t.lateral BETWEEN b AND c FROM t";
    assert_eq!(uses(columns).join(" "), "a b c t.lateral t.lateral");
    // A name without `AS`, which `sqlparser` takes for none.
    assert!(read("SELECT 1 lateral FROM t").is_none());
}

#[test]
fn samples_of_tables() {
    let cases = [
        ("SELECT a FROM t TABLESAMPLE system (b) WHERE c", "t", "a b c"),
        ("SELECT a FROM s.t AS x TABLESAMPLE s.m (1, b) REPEATABLE (c), u", "s.t=x u", "a b c"),
        ("SELECT tablesample FROM t JOIN u TABLESAMPLE bernoulli (1) ON a", "t u", "a tablesample"),
        ("SELECT f(tablesample), t.tablesample FROM t", "t", "t.tablesample tablesample"),
        ("SELECT t.tablesample BETWEEN (a) AND 2 FROM t", "t", "a t.tablesample"),
    ];
    for (sql, from, columns) in cases {
        assert_eq!(sources(sql), from, "{sql}");
        assert_eq!(uses(sql).join(" "), columns, "{sql}");
    }
    assert_eq!(names(&of("SELECT a tablesample FROM (SELECT 1) x")), ["tablesample"]);
    assert!(read("SELECT FROM t TABLESAMPLE").is_none_or(|it| !complete(&it)));
}

#[test]
fn all_fields_of_a_row() {
    let select = of("SELECT (t).*, ((t.c)).*, (f(a)).*, (t).\"*\" FROM t");
    assert!(complete(&select));
    let fields = |table: Option<&str>, column: &str| {
        let (table, column) = (table.map(str::to_owned), column.to_owned());
        Output::Fields(ColumnUse { table, column, ..ColumnUse::default() })
    };
    let outputs = &select.arms[0].outputs;
    assert_eq!(outputs[..3], [fields(None, "t"), fields(Some("t"), "c"), Output::Unknown]);
    assert_eq!(names(&select)[3], "*");
    assert_eq!(uses("SELECT (t).*, (u.c).*, (f(a)).* FROM t").join(" "), "a t u.c");
    // Where a row is not laid out as columns, it is not followed.
    assert!(!complete(&of("SELECT row((t).*, 1) FROM t")));
    assert!(!complete(&of("SELECT (SELECT (t).*) FROM t")));
}

#[test]
fn tests_for_json() {
    let sql = "SELECT a IS JSON, b || c IS NOT JSON ARRAY WITH UNIQUE KEYS AND d FROM t \
               WHERE e IS JSON OBJECT WITHOUT UNIQUE OR f IS JSON SCALAR";
    assert_eq!(uses(sql).join(" "), "a b c d e f");
    assert_eq!(names(&of(sql)), ["?column?", "?column?"]);
    assert_eq!(
        names(&of("SELECT a IS JSON value, b IS JSON AS value, json FROM t")),
        ["?column?", "value", "json"]
    );
}

#[test]
fn clauses_of_other_databases_are_names() {
    let words = "cluster connect distribute explain format global match_recognize pivot prewhere \
                 qualify settings sort start top unpivot view";
    for word in words.split_whitespace() {
        let select =
            format!("SELECT {word}, t.{word}, 1 AS {word} FROM t JOIN u {word} ON {word}.a");
        let mut wanted = [word.to_owned(), format!("t.{word}"), format!("{word}.a")];
        wanted.sort();
        assert_eq!(uses(&select), wanted);
        assert_eq!(names(&of(&select)), [word; 3]);
        assert_eq!(sources(&select), format!("t u={word}"));
        assert_eq!(sources(&format!("UPDATE t {word} SET a = 1")), format!("t={word}"));
        assert_eq!(
            sources(&format!("DELETE FROM {word} USING {word} x")),
            format!("{word} {word}=x")
        );
        assert_eq!(sources(&format!("SELECT a FROM {word} WHERE {word} = 1")), word);
    }
}
