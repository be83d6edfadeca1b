use super::read;
use crate::ddl::{ColumnUse, Output, Select, SourceKind};

pub(super) fn names(select: &Select) -> Vec<String> {
    let outputs = select.arms.first().map(|arm| arm.outputs.as_slice()).unwrap_or_default();
    outputs
        .iter()
        .map(|output| match output {
            Output::Star => "*".to_owned(),
            Output::TableStar { table, .. } => format!("{table}.*"),
            Output::Column { name, .. } | Output::Expression { name, .. } => name.clone(),
            Output::Fields(column) => format!("({}).*", spelt(column)),
            Output::Unknown => "(unknown)".to_owned(),
        })
        .collect()
}

pub(super) fn of(sql: &str) -> Select {
    read(sql).unwrap_or_else(|| panic!("not read: {sql}"))
}

pub(super) fn complete(select: &Select) -> bool {
    let nested = |select: &Select| complete(select);
    select.complete
        && select.with.iter().all(|table| complete(&table.query))
        && select.subqueries.iter().all(nested)
        && select.arms.iter().all(|arm| {
            arm.complete
                && arm.subqueries.iter().all(nested)
                && arm.from.iter().all(|source| match &source.kind {
                    SourceKind::Query(query) => complete(query),
                    _ => true,
                })
        })
}

fn spelt(column: &ColumnUse) -> String {
    let path = [&column.schema, &column.table].into_iter().flatten();
    let path = path.chain([&column.column]).chain(&column.fields);
    path.map(String::as_str).collect::<Vec<_>>().join(".")
}

pub(super) fn uses(sql: &str) -> Vec<String> {
    let select = of(sql);
    assert!(complete(&select), "{sql}: {select:#?}");
    let mut uses: Vec<String> =
        select.arms.iter().flat_map(|arm| arm.uses.iter()).map(spelt).collect();
    uses.sort();
    uses
}

/// The second column is what PostgreSQL 15 answers.
#[test]
fn columns_have_postgres_names() {
    for line in include_str!("../../../tests/cases/output_names.tsv").lines() {
        let (sql, wanted) = line.split_once('\t').unwrap();
        let select = of(sql);
        let names = match select.arms.first().and_then(|arm| arm.values) {
            Some(columns) => (1..=columns).map(|column| format!("column{column}")).collect(),
            None => names(&select),
        };
        assert_eq!(names.join(" "), wanted, "{sql}");
        assert!(complete(&select), "{sql}");
    }
}

#[test]
fn every_column_that_is_named_is_found() {
    let cases: &[(&str, &str)] = &[
        ("SELECT a, t.b, s.t.c, \"D\" FROM t", "D a s.t.c t.b"),
        ("SELECT count(*), current_user, now(), user, current_schema FROM t", ""),
        ("SELECT (t).a, (v).x.y, c[i], (c[i]).z FROM t", "c c i i t.a v.x.y"),
        ("SELECT 1 FROM t JOIN u ON t.a = u.b AND c", "c t.a u.b"),
        ("SELECT f(a => b, c := d, e) FROM t", "b d e"),
        ("SELECT count(t.*), row_to_json(t) FROM t", "t t.*"),
        ("SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d) FROM t", "a b c d"),
        ("SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY c ORDER BY d)", "a c d"),
        (
            "SELECT extract(year FROM a), trim(both b from c), date_trunc('day', d) FROM t",
            "a b c d",
        ),
        ("SELECT 1 FROM t, unnest(t.a) AS x, LATERAL f(b) WHERE c", "b c t.a"),
        ("SELECT 1 FROM t GROUP BY a, lower(b) HAVING c ORDER BY d, lower(e)", "b c e"),
        ("SELECT DISTINCT ON (a, lower(b)) 1 FROM t", "b"),
        ("SELECT 1 UNION SELECT a FROM t", "a"),
        (
            "SELECT a IS DISTINCT FROM b, c BETWEEN d AND e, f = ANY (g), h::text FROM t",
            "a b c d e f g h",
        ),
        ("UPDATE t SET a = b WHERE c RETURNING d, old.e", "b c d old.e"),
        ("DELETE FROM t USING u WHERE t.a = u.b", "t.a u.b"),
        (
            "INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO UPDATE SET a = excluded.a WHERE t.c",
            "excluded.a t.c",
        ),
        ("VALUES (DEFAULT, a)", "a"),
        ("SELECT a isnull, b notnull FROM t", "a b"),
        ("SELECT t.a[b].c, (d).e[1].f FROM t", "b d.e t.a"),
        ("SELECT \"order\", (\"user\"), a AS \"end\" FROM t", "a order user"),
        ("SELECT date d, interval i, floor FROM t", "date floor interval"),
        ("SELECT max(interval) FROM t GROUP BY interval, b", "interval"),
        ("SELECT a COLLATE x, a::text COLLATE y FROM t", "a a"),
        ("SELECT a LIKE ANY (b), c ~ ALL (d), e IN (VALUES (f), (g)) FROM t", "a b c d e"),
        ("SELECT a::bit varying(3), (b, c) OVERLAPS (d, e) FROM t", "a b c d e"),
    ];
    for (sql, wanted) in cases {
        assert_eq!(uses(sql).join(" "), *wanted, "{sql}");
    }
}

/// The sources of the first arm, in a short form.
pub(super) fn sources(sql: &str) -> String {
    let select = of(sql);
    let from = select.arms.first().map(|arm| arm.from.as_slice()).unwrap_or_default();
    from.iter().map(source).collect::<Vec<_>>().join(" ")
}

fn source(source: &crate::ddl::Source) -> String {
    let mut text = match &source.kind {
        SourceKind::Relation(name) => path(name),
        SourceKind::Query(_) => "()".to_owned(),
        SourceKind::Function { name, .. } => format!("{}()", path(name)),
        SourceKind::Join(inner) => {
            format!("[{}]", inner.iter().map(self::source).collect::<Vec<_>>().join(" "))
        }
        SourceKind::Other => "?".to_owned(),
    };
    let ordinality = matches!(source.kind, SourceKind::Function { ordinality: true, .. });
    if let Some(alias) = &source.alias {
        text = format!("{text}={alias}");
    }
    if !source.columns.is_empty() {
        text = format!("{text}({})", source.columns.join(","));
    }
    if ordinality {
        text.push('#');
    }
    match &source.merge {
        crate::ddl::Merge::None => text,
        crate::ddl::Merge::Using(columns) => format!("{text}+{}", columns.join(",")),
        crate::ddl::Merge::Natural => format!("{text}+*"),
    }
}

pub(super) fn path(name: &crate::ddl::Name) -> String {
    name.schema.iter().chain([&name.name]).map(String::as_str).collect::<Vec<_>>().join(".")
}

#[test]
fn sources_are_nested_as_they_are_joined() {
    let cases: &[(&str, &str)] = &[
        ("SELECT FROM t, S.T AS \"X\"", "t s.t=X"),
        ("SELECT FROM t x JOIN u USING (a, b) NATURAL JOIN v", "t=x u+a,b v+*"),
        ("SELECT FROM t, u JOIN v USING (a)", "t [u v+a]"),
        ("SELECT FROM t JOIN (u JOIN v USING (b)) USING (a)", "t [u v+b]+a"),
        ("SELECT FROM (t JOIN u ON true) AS j(a, b)", "[t u]=j(a,b)"),
        ("SELECT FROM (SELECT 1) AS q(a), LATERAL (SELECT 2) r", "()=q(a) ()=r"),
        ("SELECT FROM ONLY t WHERE a", "t"),
        ("SELECT FROM f(1) WITH ORDINALITY AS x(a, n), unnest(b) y", "f()=x(a,n)# unnest()=y"),
        ("SELECT FROM t anti JOIN u ON b", "t=anti u"),
        ("(SELECT FROM t) ORDER BY 1", "t"),
        ("(SELECT FROM t LIMIT 1) UNION SELECT FROM u", "()"),
        ("UPDATE t AS x SET a = 1 FROM u JOIN v USING (a)", "t=x [u v+a]"),
        ("UPDATE t SET a = 1 FROM u, v JOIN w USING (a) WHERE t.b = u.b", "t [u [v w+a]]"),
        ("DELETE FROM ONLY t", "t"),
        ("DELETE FROM t RETURNING (a)", "t t=old t=new"),
        ("WITH x AS (SELECT 1) DELETE FROM t AS y USING x, z", "t=y x z"),
        ("INSERT INTO t (SELECT a FROM u) ON CONFLICT DO NOTHING", "t"),
    ];
    for (sql, wanted) in cases {
        assert_eq!(sources(sql), *wanted, "{sql}");
    }
}

#[test]
fn common_tables_and_writes_in_them() {
    let select = of("WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n FROM x), \
                     y AS (DELETE FROM t RETURNING a, b AS c) INSERT INTO u SELECT n FROM x");
    let tables: Vec<_> = select.with.iter().map(|table| table.name.as_deref()).collect();
    assert_eq!(tables, [Some("x"), Some("y"), None]);
    assert!(select.with[0].recursive && select.with[0].columns == ["n"]);
    assert_eq!(names(&select.with[1].query), ["a", "c"]);
    assert!(complete(&select));
}

/// Runs over the scripts of a folder, for a look: `CORPUS=… cargo test -- --ignored --nocapture`.
#[test]
#[ignore = "needs a corpus"]
fn corpus() {
    let Ok(root) = std::env::var("CORPUS") else { return };
    let mut folders = vec![std::path::PathBuf::from(root)];
    let (mut asked, mut none, mut partial) = (0, 0, 0);
    let mut time = std::time::Duration::ZERO;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let script = crate::sql::parse(&text, 0..text.len(), &|_| false);
            for statement in script.statements {
                let sql = &text[statement.range.clone()];
                let Some(query) = query_of(sql) else { continue };
                asked += 1;
                let before = std::time::Instant::now();
                let select = read(query);
                time += before.elapsed();
                match select {
                    None => {
                        none += 1;
                        println!("NONE {}: {query}\n", path.display());
                    }
                    Some(select) if !complete(&select) => {
                        partial += 1;
                        println!("PARTIAL {}: {query}\n", path.display());
                    }
                    Some(_) => {}
                }
            }
        }
    }
    let before = std::time::Instant::now();
    for _ in 0..1000 {
        super::super::stack::on_large_stack(|| 1);
    }
    println!("a thread: {:?}", before.elapsed() / 1000);
    println!("{asked} asked, {none} not read, {partial} in part, {time:?}");
}

fn query_of(sql: &str) -> Option<&str> {
    let tokens = super::ast::tokens(sql);
    let words = super::super::words::Words::new(sql, &tokens);
    if words.is_any(0, &["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE"]) {
        return Some(sql);
    }
    let is_view = words.is(0, "CREATE") && (1..6).any(|at| words.is(at, "VIEW"));
    let is_table_as = words.is(0, "CREATE") && (1..4).any(|at| words.is(at, "TABLE"));
    if !is_view && !is_table_as {
        return None;
    }
    let at = words.find(0, &["AS"])?;
    let at = words.token(at + 1)?;
    let query = sql.get(at.start..)?;
    let query = query.trim_end().trim_end_matches(';').trim_end();
    let lower = query.to_ascii_lowercase();
    let end = ["with no data", "with data", "with check option"]
        .into_iter()
        .find_map(|tail| lower.ends_with(tail).then(|| query.len() - tail.len()));
    query.get(..end.unwrap_or(query.len()))
}

#[test]
fn deep_and_long_queries_are_read_or_refused() {
    let deep = format!("SELECT {}1{}", "(".repeat(60), ")".repeat(60));
    assert!(read(&deep).is_some());
    let deeper = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(read(&deeper).is_none());
    let nested = |depth: usize| {
        format!("{}SELECT 1{}", "WITH a AS (".repeat(depth), ") SELECT 1".repeat(depth))
    };
    assert!(complete(&of(&nested(60))));
    assert!(read(&nested(490)).is_none_or(|select| select.with.len() == 1));
    assert!(read(&nested(5000)).is_none());
    let long = format!("SELECT a FROM t WHERE x = 0{}", " OR x = 1".repeat(5000));
    assert_eq!(of(&long).arms[0].uses.len(), 5002);
    // What stands before the test is copied, which takes stack.
    let chain =
        |calls: usize| format!("SELECT {} ISNULL FROM t", vec!["f(a, b)"; calls].join("||"));
    assert_eq!(of(&chain(500)).arms[0].uses.len(), 1000);
    assert!(read(&chain(20_000)).is_none());
    let many = format!("SELECT a FROM t{}", " UNION ALL SELECT a FROM t".repeat(300));
    assert!(read(&many).is_none_or(|select| select.arms.len() == 301));
}

#[test]
fn what_is_misread_is_not_complete() {
    for sql in [
        "SELECT a::interval year FROM t",
        "SELECT a::text array FROM t",
        "SELECT a::nchar varying FROM t",
        "SELECT a LIKE b ESCAPE c FROM t",
        "SELECT 1_000 FROM t",
        "SELECT 0b11 FROM t",
        "SELECT a MEMBER OF (b) FROM t",
        "SELECT inet '::1' FROM t",
        "SELECT a FROM json_table(b, '$' COLUMNS (c int PATH '$.c')) x",
        "SELECT a FROM t TABLESAMPLE (b)",
    ] {
        assert!(!read(sql).is_some_and(|select| complete(&select)), "{sql}");
    }
}
