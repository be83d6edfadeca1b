use super::{Relation, Sameness, bodies, bounds, expressions, options, queries, settings, views};

/// The columns of a table, an expression over them, and how PostgreSQL 15 prints it.
#[test]
fn what_postgres_prints_is_what_is_written() {
    let mut perhaps = Vec::new();
    let mut different = Vec::new();
    for line in include_str!("../../../tests/cases/expressions.tsv").lines() {
        let mut fields = line.split('\t').skip(1);
        let (written, printed) = (fields.next().unwrap(), fields.next().unwrap());
        match expressions(written, printed) {
            Sameness::Same => {}
            Sameness::Perhaps => perhaps.push(line),
            Sameness::Different => different.push((written, printed)),
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    println!("{}\n{}", perhaps.join("\n"), perhaps.len());
    assert!(perhaps.len() <= 20, "{}: {perhaps:#?}", perhaps.len());
}

/// What must never be taken for the same.
const DIFFERENT: &[(&str, &str)] = &[
    ("a > 0", "a >= 0"),
    ("a > 0", "b > 0"),
    ("a > 0 AND b > 0", "a > 0 OR b > 0"),
    ("a > 0 AND b > 0", "a > 0"),
    ("a + b * c", "(a + b) * c"),
    ("a - b - c", "a - (b - c)"),
    ("(a AND b) OR c", "a AND (b OR c)"),
    ("NOT (a AND b)", "(NOT a) AND b"),
    ("s IN ('a', 'b')", "s IN ('a', 'c')"),
    ("s IN ('a', 'b')", "s IN ('a', 'b', 'c')"),
    ("s IN ('a', 'b')", "s NOT IN ('a', 'b')"),
    ("s = ANY ('{a,b}')", "s = ANY ('{a,c}'::text[])"),
    ("s = ANY (arr)", "s <> ALL (arr)"),
    ("s LIKE 'a%'", "s ILIKE 'a%'"),
    ("s LIKE 'a%'", "s NOT LIKE 'a%'"),
    ("s LIKE 'a%'", "s = 'a%'"),
    ("a BETWEEN 1 AND 2", "a > 1 AND a <= 2"),
    ("a BETWEEN 1 AND 2", "a NOT BETWEEN 1 AND 2"),
    ("1", "1.0"),
    ("1", "2"),
    ("1", "-1"),
    ("'a'", "'A'"),
    ("'a'", "'a '"),
    ("''", "NULL"),
    ("'abc'::text", "'abd'::character varying"),
    ("true", "false"),
    ("'t'::boolean", "false"),
    ("NULL::text", "'null'::text"),
    ("now()", "clock_timestamp()"),
    ("now()", "CURRENT_DATE"),
    ("now() AT TIME ZONE 'utc'", "now() AT TIME ZONE 'cet'"),
    ("now() AT TIME ZONE 'utc'", "now()"),
    ("now() + '1 day'::interval", "now() + '2 days'::interval"),
    ("'1 day'::interval", "'24:00:00'::interval"),
    ("'1 month'::interval", "'30 days'::interval"),
    ("a::integer", "a::bigint"),
    ("a::uuid", "a::integer"),
    ("s::varchar(10)", "s::varchar(20)"),
    ("lower(s)", "upper(s)"),
    ("lower(s)", "other.lower(s)"),
    ("lower(s)", "lower(v)"),
    ("coalesce(a, 0)", "coalesce(a, 1)"),
    ("coalesce(a, b)", "coalesce(b, a)"),
    ("t.a = 1", "u.a = 1"),
    ("a IS NULL", "a IS NOT NULL"),
    ("f IS TRUE", "f IS NOT FALSE"),
    ("f", "NOT f"),
    ("a = b", "a IS NOT DISTINCT FROM b"),
    ("CASE WHEN a THEN 1 END", "CASE WHEN a THEN 1 ELSE 2 END"),
    ("CASE WHEN a THEN 1 ELSE 2 END", "CASE WHEN b THEN 1 ELSE 2 END"),
    ("nextval('a')", "nextval('b'::regclass)"),
    ("nextval('a')", "currval('a')"),
    ("'{}'::jsonb", "'[]'::jsonb"),
    ("'{\"a b\": 1}'::jsonb", "'{\"ab\": 1}'::jsonb"),
    ("'{a}'::text[]", "'{b}'::text[]"),
    ("'{}'::text[]", "ARRAY['a']"),
    ("j -> 'a'", "j ->> 'a'"),
    ("j -> 'a' ->> 'b'", "j -> ('a' ->> 'b')"),
    ("s COLLATE \"C\"", "s COLLATE \"POSIX\""),
    ("s COLLATE \"C\"", "s"),
    ("-a", "a"),
    ("~a", "-a"),
    ("a[1]", "a[2]"),
    ("(c).x", "(c).y"),
    ("extract(year FROM d)", "extract(month FROM d)"),
    ("date_part('year', d)", "date_part('month', d)"),
    ("trim(s)", "trim(leading from s)"),
    ("trim(s)", "trim('x' from s)"),
    ("substring(s from 1 for 2)", "substring(s from 2 for 2)"),
    ("position('a' in s)", "position(s in 'a')"),
    ("\"A\" = 1", "a = 1"),
    ("count(*)", "count(a)"),
    ("a IS JSON", "a IS NOT JSON"),
    ("a IS JSON ARRAY", "a IS JSON OBJECT"),
    ("a IS JSON ARRAY", "a IS JSON ARRAY WITH UNIQUE"),
    ("count(DISTINCT a)", "count(a)"),
    ("EXISTS (SELECT 1 FROM t)", "NOT EXISTS (SELECT 1 FROM t)"),
    ("EXISTS (SELECT 1 FROM t)", "EXISTS (SELECT 1 FROM u)"),
];

#[test]
fn what_differs_is_different() {
    for &(one, other) in DIFFERENT {
        assert_eq!(expressions(one, other), Sameness::Different, "{one}\n{other}");
        assert_eq!(expressions(other, one), Sameness::Different, "{other}\n{one}");
        assert_eq!(expressions(one, one), Sameness::Same, "{one}");
    }
}

#[test]
fn the_same_in_other_words() {
    let cases = [
        ("a > 0 -- positive", "(A>0)"),
        ("now()", "CURRENT_TIMESTAMP"),
        ("t.a = b", "a = t.b"),
        ("nextval('public.s'::regclass)", "nextval('s')"),
        ("OLD.a IS DISTINCT FROM NEW.a", "(old.a IS DISTINCT FROM new.a)"),
        ("auth.uid() = user_id", "(auth.uid() = user_id)"),
        ("a IN (SELECT id FROM u WHERE b)", "(a IN ( SELECT u.id FROM u WHERE u.b))"),
        ("a = ANY (SELECT id FROM u)", "(a IN (SELECT u.id FROM public.u))"),
        ("(SELECT auth.uid()) = a", "(( SELECT auth.uid() AS uid) = a)"),
        ("EXISTS (SELECT 1 FROM t x, u)", "(EXISTS ( SELECT 1 FROM t x, u))"),
        ("f(a => 1)", "f(a := 1)"),
        ("a IS DISTINCT FROM b AND c", "((a IS DISTINCT FROM b) AND c)"),
        ("a IS NOT DISTINCT FROM b OR c", "((NOT (a IS DISTINCT FROM b)) OR c)"),
        ("a = b ~ c", "(a = (b ~ c))"),
        ("a ~ b || c", "((a ~ b) || c)"),
        ("a LIKE b OPERATOR(pg_catalog.||) c", "(a ~~ (b || c))"),
        ("a>=-1 AND b<-1 AND c->-1", "((a >= '-1') AND (b < '-1') AND (c -> '-1'))"),
        ("a NOTNULL AND b ISNULL", "((a IS NOT NULL) AND (b IS NULL))"),
        ("a LIKE ANY (ARRAY['b'])", "(a ~~ ANY (ARRAY['b'::text]))"),
        ("a NOT ILIKE ALL (b)", "(a !~~* ALL (b))"),
        ("a IN ((SELECT 1))", "(a IN ( SELECT 1))"),
        ("a NOT IN (VALUES (1), (2))", "(NOT (a IN ( VALUES (1), (2))))"),
        ("t.a[1]", "a[1]"),
        ("(a).b.c", "((a).b).c"),
        ("b'101'", "B'101'"),
        ("b IS NOT JSON OBJECT AND c IS JSON VALUE", "((NOT (b IS JSON OBJECT)) AND (c IS JSON))"),
        ("b || c IS JSON WITH UNIQUE", "((b || c) IS JSON WITH UNIQUE KEYS)"),
        ("'{\"a\":1}'::jsonb", "'{\"a\": 1}'::jsonb"),
    ];
    for (one, other) in cases {
        assert_eq!(expressions(one, other), Sameness::Same, "{one}\n{other}");
        assert_eq!(expressions(other, one), Sameness::Same, "{other}\n{one}");
    }
}

#[test]
fn casts_that_may_be_postgres_own() {
    let cases = [
        ("a > b", "((a)::numeric > b)"),
        ("now()", "(now())::timestamp without time zone"),
        ("nextval('s')", "nextval('x.s'::regclass)"),
        ("extract(year FROM d)", "date_part('year'::text, d)"),
        ("'2020-01-01'", "'2020-01-01 00:00:00+00'::timestamp with time zone"),
        ("'a'::mood", "'a'::other"),
        ("xmlelement(name a)", "xmlelement(name b)"),
    ];
    for (one, other) in cases {
        assert_eq!(expressions(one, other), Sameness::Perhaps, "{one}\n{other}");
        assert_eq!(expressions(other, one), Sameness::Perhaps, "{other}\n{one}");
    }
}

#[test]
fn queries_are_compared_by_clause() {
    let same = [
        ("SELECT a FROM t", "select t.a from public.t;"),
        ("SELECT a AS b FROM t AS x", "SELECT a b FROM t x"),
        ("SELECT a AS a FROM t AS t", "SELECT a FROM t"),
        ("SELECT 1 FROM t JOIN u ON t.a = u.a", "SELECT 1 FROM (t INNER JOIN u ON ((t.a = u.a)))"),
        ("SELECT 1 FROM t LEFT OUTER JOIN u USING (a)", "SELECT 1 FROM t LEFT JOIN u USING (a)"),
        ("SELECT ALL a FROM t ORDER BY a ASC NULLS LAST", "(SELECT a FROM t ORDER BY a)"),
        ("SELECT 1 UNION DISTINCT SELECT 2", "SELECT 1 UNION SELECT 2"),
        ("SELECT a FROM t FETCH FIRST 1 ROW ONLY", "SELECT a FROM t LIMIT 1"),
        (
            "SELECT x.a FROM t, LATERAL json_to_recordset(t.c) AS x(a int, b numeric(10, 2), m public.mood)",
            "SELECT x.a FROM t, json_to_recordset(t.c) x(a integer, b numeric(10,2), m mood)",
        ),
        (
            "SELECT json_to_record.n FROM json_to_record('{}') AS (n dec(5), t timestamp(3) with time zone, \
             v varchar(5)[], w bit varying(3), c char(3), e \"char\", f float(10), h time)",
            "SELECT n FROM json_to_record('{}'::json) json_to_record(n numeric(5,0), \
             t timestamp(3) with time zone, v character varying(5)[], w bit varying(3), c character(3), \
             e \"char\", f real, h time without time zone)",
        ),
        (
            "SELECT a FROM json_to_record('{}') AS (a int)",
            "SELECT json_to_record.a FROM json_to_record('{}'::json) json_to_record(a integer)",
        ),
        (
            "SELECT a FROM t AS x TABLESAMPLE BERNOULLI (1) REPEATABLE (2)",
            "SELECT x.a FROM t x TABLESAMPLE bernoulli (1) REPEATABLE (2)",
        ),
        (
            "SELECT count(*) FILTER (WHERE a) AS count FROM t",
            "SELECT count(*) FILTER (WHERE t.a) FROM t",
        ),
    ];
    for (one, other) in same {
        assert_eq!(queries(one, other), Sameness::Same, "{one}\n{other}");
    }
    let different = [
        ("SELECT a FROM t", "SELECT b FROM t"),
        ("SELECT a, b FROM t", "SELECT b, a FROM t"),
        ("SELECT a FROM t", "SELECT DISTINCT a FROM t"),
        ("SELECT a FROM t", "SELECT a AS b FROM t"),
        ("SELECT a FROM t", "SELECT a FROM t WHERE b"),
        ("SELECT a FROM t WHERE b", "SELECT a FROM t GROUP BY b"),
        ("SELECT a FROM t WHERE b", "SELECT a FROM t HAVING b"),
        ("SELECT a FROM t LIMIT 1", "SELECT a FROM t OFFSET 1"),
        ("SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a DESC"),
        ("SELECT 1 UNION SELECT 2", "SELECT 1 UNION ALL SELECT 2"),
        ("SELECT 1 FROM t JOIN u USING (a)", "SELECT 1 FROM t LEFT JOIN u USING (a)"),
        ("SELECT 1 FROM t JOIN u USING (a)", "SELECT 1 FROM t JOIN u USING (b)"),
        ("SELECT 1 FROM t, u", "SELECT 1 FROM u, t"),
        ("SELECT 1 FROM f(1) AS x(a int)", "SELECT 1 FROM f(2) AS x(a int)"),
        ("SELECT 1 FROM f(1) AS x(a int)", "SELECT 1 FROM f(1) AS x(b int)"),
        ("SELECT 1 FROM f(1) AS x(a int)", "SELECT 1 FROM f(1) AS x(a text)"),
        ("SELECT 1 FROM f(1) AS x(a varchar)", "SELECT 1 FROM f(1) AS x(a varchar(3))"),
        ("SELECT 1 FROM t TABLESAMPLE system (1)", "SELECT 1 FROM t"),
        ("SELECT 1 FROM t TABLESAMPLE system (1)", "SELECT 1 FROM t TABLESAMPLE bernoulli (1)"),
        (
            "SELECT 1 FROM t TABLESAMPLE system (1)",
            "SELECT 1 FROM t TABLESAMPLE system (1) REPEATABLE (1)",
        ),
        ("WITH x AS (SELECT 1) SELECT 2", "SELECT 2"),
        ("SELECT sum(a) OVER (PARTITION BY b) FROM t", "SELECT sum(a) OVER (ORDER BY b) FROM t"),
    ];
    for (one, other) in different {
        assert_eq!(queries(one, other), Sameness::Different, "{one}\n{other}");
        assert_eq!(queries(one, one), Sameness::Same, "{one}");
    }
}

#[test]
fn long_expressions_are_compared_or_left_open() {
    let long = |last: u32| format!("x = 0{} OR x = {last}", " OR x = 1".repeat(4000));
    assert_eq!(expressions(&long(1), &long(1).to_uppercase()), Sameness::Same);
    assert_eq!(expressions(&long(1), &long(2)), Sameness::Different);
    let longer = |last: u32| format!("x = 0{} OR x = {last}", " OR x = 1".repeat(9000));
    assert_eq!(expressions(&longer(1), &longer(2)), Sameness::Perhaps);
}

fn relations() -> Vec<Relation> {
    let relation = |path: &str, columns: &str| Relation {
        path: path.split('.').map(str::to_owned).collect(),
        columns: columns.split(' ').map(str::to_owned).collect(),
    };
    vec![
        relation("users", "id name email created"),
        relation("orders", "id user_id total note"),
        relation("other.things", "id name"),
    ]
}

/// A query over these, and how PostgreSQL 15 prints a view of it.
#[test]
fn what_postgres_prints_of_a_view_is_what_is_written() {
    let (relations, mut perhaps) = (relations(), Vec::new());
    let mut different = Vec::new();
    for line in include_str!("../../../tests/cases/views.tsv").lines() {
        let (written, printed) = line.split_once('\t').unwrap();
        match views((written, &relations), (printed, &relations)) {
            Sameness::Same => {}
            Sameness::Perhaps => perhaps.push(line),
            Sameness::Different => different.push((written, printed)),
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    assert!(perhaps.len() <= 4, "{perhaps:#?}");
}

#[test]
fn a_star_stands_for_what_is_there() {
    let relations = relations();
    let compared = |one, other| views((one, &relations), (other, &relations));
    let different = [
        ("SELECT * FROM users", "SELECT id, name, email FROM users"),
        ("SELECT * FROM users", "SELECT name, id, email, created FROM users"),
        ("SELECT * FROM users", "SELECT * FROM users WHERE id > 1"),
        ("SELECT * FROM users", "SELECT * FROM other.things"),
        ("SELECT u.* FROM users u, orders o", "SELECT o.* FROM users u, orders o"),
        ("SELECT name, count(*) FROM users GROUP BY 1", "SELECT name, count(*) FROM users"),
        (
            "SELECT id, name, count(*) FROM users GROUP BY 1, 2",
            "SELECT id, name, count(*) FROM users GROUP BY users.name, users.id",
        ),
        (
            "SELECT upper(name) AS name, count(*) FROM users GROUP BY name",
            "SELECT upper(name) AS name, count(*) FROM users GROUP BY upper(name)",
        ),
        ("SELECT id, name FROM users ORDER BY 1", "SELECT id, name FROM users ORDER BY name"),
        ("SELECT id FROM users ORDER BY 1", "SELECT id FROM users ORDER BY 1 DESC"),
        (
            "SELECT id FROM users UNION SELECT user_id FROM orders",
            "SELECT id FROM users UNION SELECT id FROM orders",
        ),
        (
            "SELECT 1 FROM users NATURAL JOIN other.things",
            "SELECT 1 FROM users JOIN other.things USING (id)",
        ),
        (
            "SELECT 1 FROM users WHERE id IN (SELECT id FROM users WHERE name = '')",
            "SELECT 1 FROM users WHERE id IN (SELECT u_1.id FROM users u_1 WHERE users.name = '')",
        ),
        ("SELECT a_1.id FROM users a, users a_1", "SELECT a.id FROM users a, users a_1"),
    ];
    for (one, other) in different {
        assert_eq!(compared(one, other), Sameness::Different, "{one}\n{other}");
        assert_eq!(compared(other, one), Sameness::Different, "{other}\n{one}");
    }
    // Where the columns are not known, it may be those that the other names.
    let unknown = [
        ("SELECT * FROM t", "SELECT t.a, t.b FROM t"),
        (
            "SELECT a + 1 AS b, count(*) FROM t GROUP BY b",
            "SELECT a + 1, count(*) FROM t GROUP BY (a + 1)",
        ),
        ("SELECT *, b + 1 FROM t ORDER BY 2", "SELECT a, b, b + 1 FROM t ORDER BY b"),
    ];
    for (one, other) in unknown {
        assert_eq!(compared(one, other), Sameness::Perhaps, "{one}\n{other}");
        assert_eq!(compared(other, one), Sameness::Perhaps, "{other}\n{one}");
    }
    assert_eq!(queries("SELECT * FROM t", "SELECT * FROM u"), Sameness::Different);
}

#[test]
fn a_number_behind_a_name_is_of_postgres() {
    let same = [
        ("id IN (SELECT id FROM t)", "(id IN ( SELECT t_1.id FROM t t_1))"),
        (
            "EXISTS (SELECT 1 FROM u x WHERE x.a = t.a)",
            "(EXISTS ( SELECT 1 FROM u x_1 WHERE (x_1.a = t.a)))",
        ),
    ];
    for (one, other) in same {
        assert_eq!(expressions(one, other), Sameness::Same, "{one}\n{other}");
    }
    let different = [
        ("id IN (SELECT id FROM t)", "id IN (SELECT t_1.id FROM u t_1)"),
        ("id IN (SELECT id FROM t)", "id IN (SELECT t_1.no FROM t t_1)"),
        ("id IN (SELECT t.id FROM t_1)", "id IN (SELECT t_1.id FROM t_1)"),
        (
            "id IN (SELECT id FROM t WHERE t.a = 1)",
            "id IN (SELECT t_1.id FROM t t_1 WHERE t.a = 1 AND t_1.a = 1)",
        ),
    ];
    for (one, other) in different {
        assert_eq!(expressions(one, other), Sameness::Different, "{one}\n{other}");
    }
}

#[test]
fn settings_are_lists() {
    let same = [
        ("public, pg_temp", "'public', 'pg_temp'"),
        ("\"$user\", Public", "'$user', 'public'"),
        ("''", "''"),
        ("off", "'off'"),
        ("'$libdir/a', 'f'", "'$libdir/a', $function$f$function$"),
        ("10", "'10'"),
    ];
    for (one, other) in same {
        assert_eq!(settings(one, other), Sameness::Same, "{one}\n{other}");
    }
    let different =
        [("public, pg_temp", "'public, pg_temp'"), ("a, b", "b, a"), ("a", "\"A\""), ("1", "2")];
    for (one, other) in different {
        assert_eq!(settings(one, other), Sameness::Different, "{one}\n{other}");
    }
    assert_eq!(settings("FROM CURRENT", "public"), Sameness::Perhaps);
}

#[test]
fn bounds_are_compared_by_value() {
    let compared = |one: &str, other: &str, of: &str| {
        bounds(&format!("FOR VALUES {one}"), &format!("for values {other}"), &[of.to_owned()])
    };
    let (number, text) = ("bigint", "text");
    let (zoned, time) = ("timestamp with time zone", "timestamp without time zone");
    let cases = [
        ("FROM (1) TO (10)", "FROM ('1') TO ('10')", number, Sameness::Same),
        ("FROM (1) TO (10)", "FROM (1) TO (11)", number, Sameness::Different),
        ("FROM (MINVALUE) TO (10)", "FROM (minvalue) TO (10)", number, Sameness::Same),
        ("FROM (MINVALUE) TO (10)", "FROM (10) TO (MAXVALUE)", number, Sameness::Different),
        ("IN ('a', 'b')", "IN ('a','b')", text, Sameness::Same),
        ("IN ('a', 'b')", "IN ('a', 'c')", text, Sameness::Different),
        ("IN ('a', 'b')", "IN ('a')", text, Sameness::Different),
        ("IN ('a', NULL)", "IN ('a', NULL)", text, Sameness::Same),
        ("IN ('1')", "FROM ('1') TO ('2')", text, Sameness::Different),
        ("WITH (modulus 4, remainder 0)", "WITH (MODULUS 4, REMAINDER 0)", text, Sameness::Same),
        (
            "WITH (modulus 4, remainder 0)",
            "WITH (modulus 4, remainder 1)",
            text,
            Sameness::Different,
        ),
        ("IN ('2020-01-01')", "IN ('2020-01-01 00:00:00')", time, Sameness::Same),
        ("IN ('2020-01-01')", "IN ('2020-01-01 00:00:01')", time, Sameness::Different),
        ("IN ('2020-01-01')", "IN ('2020-01-01 00:00:00+00')", zoned, Sameness::Perhaps),
        ("IN (DATE '2020-01-01')", "IN ('2020-01-01 00:00:00+00')", zoned, Sameness::Perhaps),
        ("IN ('2020-01-01')", "IN ('2020-01-02 00:00:00+00')", zoned, Sameness::Different),
        ("IN ('2020-01-01T01:00Z')", "IN ('2019-12-31 23:00:00-02')", zoned, Sameness::Same),
        ("IN ('2020-01-01 10:00')", "IN ('2020-01-01')", "date", Sameness::Perhaps),
        ("IN ('2020-01-01 10:00')", "IN ('2020-01-02')", "date", Sameness::Different),
        ("IN ('2020-01-01 10:00+02')", "IN ('2020-01-01 10:00')", time, Sameness::Perhaps),
        ("IN ('1/2/2020')", "IN ('2020-01-02')", time, Sameness::Perhaps),
    ];
    for (one, other, of, expected) in cases {
        assert_eq!(compared(one, other, of), expected, "{one}\n{other}");
        assert_eq!(compared(other, one, of), expected, "{other}\n{one}");
    }
}

#[test]
fn bodies_in_sql_are_compared_by_statement() {
    let same = [
        ("RETURN a + b", "RETURN (a + b)"),
        ("RETURN(a)", "RETURN a"),
        (
            "BEGIN ATOMIC SELECT id FROM t; SELECT a + 1; END",
            "BEGIN ATOMIC SELECT t.id FROM public.t; SELECT (f.a + 1); END",
        ),
    ];
    for (one, other) in same {
        assert_eq!(bodies(one, other), Sameness::Same, "{one}\n{other}");
    }
    let different = [
        ("RETURN(a)", "RETURN(b)"),
        ("BEGIN ATOMIC SELECT 1; END", "BEGIN ATOMIC SELECT 2; END"),
        ("BEGIN ATOMIC SELECT 1; END", "BEGIN ATOMIC SELECT 1; SELECT 2; END"),
    ];
    for (one, other) in different {
        assert_eq!(bodies(one, other), Sameness::Different, "{one}\n{other}");
    }
}

#[test]
fn options_of_aggregates_are_names_and_values() {
    for (one, other) in [("f", "public.f"), ("0", "'0'"), ("SAFE", "safe"), ("int4pl", "int4pl")] {
        assert_eq!(options(one, other), Sameness::Same, "{one}\n{other}");
    }
    assert_eq!(options("f", "app.f"), Sameness::Perhaps);
    for (one, other) in [("f", "g"), ("0", "'1'"), ("app.f", "other.f")] {
        assert_eq!(options(one, other), Sameness::Different, "{one}\n{other}");
    }
}
