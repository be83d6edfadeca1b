use crate::ddl::*;
use crate::sql;

fn read(text: &str) -> Command {
    let script = sql::parse(text, 0..text.len(), &|_| false);
    assert!(script.problems.is_empty(), "{text}: {:?}", script.problems);
    assert_eq!(script.statements.len(), 1, "{text}");
    sql::command(text, script.statements[0].range.clone())
}

/// The types, in the words of `format_type`.
#[test]
fn types() {
    for (written, expected) in TYPES {
        let text = format!("CREATE TABLE t (a {written} NOT NULL)");
        let Command::CreateTable(table) = read(&text) else { panic!("{written}") };
        let TableElement::Column(column) = &table.elements[0] else { panic!("{written}") };
        assert_eq!(spelt(column.type_name.as_ref().unwrap()), *expected, "{written}");
        assert_eq!(column.constraints.len(), 1, "{written}");
    }
}

fn spelt(it: &TypeName) -> String {
    let schema = it.name.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
    let modifiers = it.modifiers.as_ref().map(|it| format!("({it})")).unwrap_or_default();
    let array = if it.array { "[]" } else { "" };
    let built_in = if it.built_in { "" } else { " *" };
    format!("{schema}{}{modifiers}{array}{built_in}", it.name.name)
}

const TYPES: &[(&str, &str)] = &[
    ("int", "integer"),
    ("INT4", "integer"),
    ("pg_catalog.int8", "bigint"),
    ("\"int2\"", "smallint"),
    ("\"integer\"", "integer *"),
    ("varchar", "character varying"),
    ("varchar ( 255 )", "character varying(255)"),
    ("national character varying(3)", "character varying(3)"),
    ("char", "character(1)"),
    ("\"char\"", "\"char\""),
    ("bpchar", "bpchar"),
    ("bit", "bit(1)"),
    ("bit varying(8)", "bit varying(8)"),
    ("varbit", "bit varying"),
    ("float", "double precision"),
    ("float(24)", "real"),
    ("float(25)", "double precision"),
    ("double precision", "double precision"),
    ("dec(10, 2)", "numeric(10,2)"),
    ("numeric(10)", "numeric(10,0)"),
    ("timestamp", "timestamp without time zone"),
    ("timestamp (3) with time zone", "timestamp with time zone(3)"),
    ("timestamptz(3)", "timestamp with time zone(3)"),
    ("time with time zone", "time with time zone"),
    ("interval", "interval"),
    ("interval day to second(3)", "interval(day to second(3))"),
    ("interval(2)", "interval(2)"),
    ("text[]", "text[]"),
    ("int[3][4]", "integer[]"),
    ("int ARRAY[4]", "integer[]"),
    ("uuid", "uuid"),
    ("pg_lsn", "pg_lsn"),
    ("jsonb", "jsonb"),
    ("int4multirange", "int4multirange"),
    ("serial", "serial *"),
    ("BIGSERIAL", "bigserial *"),
    ("Mood", "mood *"),
    ("\"Mood\"", "Mood *"),
    ("app.mood[]", "app.mood[] *"),
    ("public.geometry(Point, 4326)", "public.geometry(point,4326) *"),
    ("citext", "citext *"),
];

/// The words of an expression: `column`, `path.of`, `function()`, `<type>`, everything else as it is.
#[test]
fn expressions() {
    for (written, expected) in EXPRESSIONS {
        let text = format!("ALTER TABLE t ADD CHECK ({written})");
        let Command::AlterTable(table) = read(&text) else { panic!("{written}") };
        let AlterActionKind::AddConstraint(constraint) = &table.actions[0].kind else { panic!() };
        let TableConstraintKind::Check(check) = &constraint.kind else { panic!("{written}") };
        assert_eq!(shown(check), *expected, "{written}");
        assert_eq!(&text[check.at.clone()], *written);
    }
}

fn shown(expression: &Expression) -> String {
    let words = expression.words.iter().map(|word| match word {
        Word::Name(name) => format!("[{name}]"),
        Word::Path(path) => format!("[{}]", path.join(".")),
        Word::Function { schema: Some(schema), name } => format!("{schema}.{name}!"),
        Word::Function { schema: None, name } => format!("{name}!"),
        Word::Type(it) => format!("<{}>", spelt(it)),
        Word::Text(text) => text.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}

const EXPRESSIONS: &[(&str, &str)] = &[
    ("a > 0 and B < 1", "[a] > 0 AND [b] < 1"),
    ("t.a is not null", "[t.a] IS NOT NULL"),
    ("(a).b = 1", "( [a] ) . b = 1"),
    ("lower(a) = pg_catalog.upper(\"B c\")", "lower! ( [a] ) = pg_catalog.upper! ( [B c] )"),
    ("a::varchar(3)[] = '{}'", "[a] :: <character varying(3)[]> = '{}'"),
    ("cast(a as mood) = b", "CAST ( [a] AS <mood *> ) = [b]"),
    ("a at time zone 'utc' < now()", "[a] AT TIME ZONE 'utc' < now! ( )"),
    ("a < interval '1 day'", "[a] < <interval> '1 day'"),
    ("a < interval '1' day to second", "[a] < <interval> '1' DAY TO SECOND"),
    ("interval > date '2020-01-01'", "[interval] > <date> '2020-01-01'"),
    ("timestamp with time zone '2020-01-01' < a", "<timestamp with time zone> '2020-01-01' < [a]"),
    ("extract(epoch from a) > 1", "EXTRACT ( EPOCH FROM [a] ) > 1"),
    ("a collate \"C\" > b", "[a] COLLATE \"C\" > [b]"),
    ("a = any (array['x', b])", "[a] = ANY ( ARRAY [ 'x' , [b] ] )"),
    ("case when a then b else c end is true", "CASE WHEN [a] THEN [b] ELSE [c] END IS TRUE"),
    ("a < current_timestamp", "[a] < CURRENT_TIMESTAMP"),
    ("a not like 'x' escape '!'", "[a] NOT LIKE 'x' ESCAPE '!'"),
    ("a not like (b) and left(a, 1) > ''", "[a] NOT LIKE ( [b] ) AND left! ( [a] , 1 ) > ''"),
    ("a not between 1 and b", "[a] NOT BETWEEN 1 AND [b]"),
    ("a is not distinct from b", "[a] IS NOT DISTINCT FROM [b]"),
    ("a is unknown or b isnull", "[a] IS UNKNOWN OR [b] ISNULL"),
    ("coalesce(a, left(b, 2)) <> ''", "COALESCE ( [a] , left! ( [b] , 2 ) ) <> ''"),
    ("position('x' in a) > 0", "POSITION ( 'x' IN [a] ) > 0"),
    ("make_interval(days => a) > b", "make_interval! ( days => [a] ) > [b]"),
    ("a operator(pg_catalog.=) b", "[a] OPERATOR ( PG_CATALOG . = ) [b]"),
    ("value ->> 'x' = e'\\n'", "[value] ->> 'x' = e'\\n'"),
    ("num_nonnulls(a, b) = 1", "num_nonnulls! ( [a] , [b] ) = 1"),
    ("(a, b) overlaps (c, d)", "( [a] , [b] ) OVERLAPS ( [c] , [d] )"),
    ("a[1:2] = b", "[a] [ 1 : 2 ] = [b]"),
    ("count(*) > 0", "count! ( * ) > 0"),
    (
        "json_value(a, '$' returning int default b on empty error on error) > c",
        "JSON_VALUE ( [a] , '$' RETURNING INT DEFAULT [b] ON EMPTY ERROR ON ERROR ) > [c]",
    ),
    ("row(a, b) = row(1, 2)", "ROW ( [a] , [b] ) = ROW ( 1 , 2 )"),
];

/// Statements and the beginning of what they come to.
#[test]
fn statements() {
    let mut lacking = String::new();
    for (text, expected) in STATEMENTS {
        let command = format!("{:?}", read(text));
        let mut rest = command.as_str();
        for excerpt in expected.iter() {
            match rest.find(excerpt) {
                Some(at) => rest = &rest[at + excerpt.len()..],
                None => lacking += &format!("{text}\n  lacks {excerpt}\n  in {command}\n"),
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking}");
}

/// In the order of the output.
const STATEMENTS: &[(&str, &[&str])] = &[
    (
        "CREATE TABLE IF NOT EXISTS db.App.\"U s\" ()",
        &["CreateTable", "Some(\"app\")", "\"U s\"", "if_not_exists: true"],
    ),
    ("CREATE TEMP TABLE t (a int) ON COMMIT DROP", &["Temporary", "on_commit_drop: true"]),
    ("CREATE TABLE t (a int DEFAULT 1 NOT NULL)", &["Default(", "Text(\"1\")]", "NotNull"]),
    (
        "CREATE TABLE t (a int DEFAULT -1 CHECK (a > 0) NO INHERIT, b int)",
        &["Default(", "Check {", "no_inherit: true", "name: \"b\""],
    ),
    (
        "CREATE TABLE t (a bool DEFAULT x IS NOT NULL UNIQUE)",
        &["Default(", "\"NOT\"", "\"NULL\"", "Unique"],
    ),
    (
        "CREATE TABLE t (a text DEFAULT 'x'::text COLLATE \"C\" NULL)",
        &["collation: Some(Name { schema: None, name: \"C\"", "Default(", "Null"],
    ),
    (
        "CREATE TABLE t (a int CONSTRAINT p PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)",
        &["name: \"p\"", "PrimaryKey", "deferrable: true, initially_deferred: true"],
    ),
    (
        "CREATE TABLE t (a int REFERENCES s.u (id) ON UPDATE CASCADE ON DELETE SET NULL)",
        &["References(", "\"u\"", "\"id\"", "on_delete: SetNull([])", "on_update: Cascade"],
    ),
    (
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (START WITH -5 NO CYCLE))",
        &["Identity { always: true", "start: Some(-5)", "cycle: Some(false)"],
    ),
    (
        "CREATE TABLE t (a int GENERATED ALWAYS AS (b * 2) STORED)",
        &["Generated {", "Name(\"b\")", "stored: true"],
    ),
    (
        "CREATE TABLE t (a int, CONSTRAINT c FOREIGN KEY (a, b) REFERENCES u MATCH FULL NOT VALID)",
        &["name: \"c\"", "ForeignKey", "full_match: true", "not_valid: true"],
    ),
    (
        "CREATE TABLE t (UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) WITH (fillfactor = 70))",
        &["Unique {", "nulls_not_distinct: true", "\"b\"", "(\"fillfactor\", \"70\")"],
    ),
    (
        "CREATE TABLE t (EXCLUDE USING gist (r WITH &&, lower(a) WITH =) WHERE (a > b))",
        &["Exclude", "Some(\"gist\")", "\"&&\"", "Function", "\"=\"", "predicate: Some"],
    ),
    (
        "CREATE TABLE t (LIKE u INCLUDING ALL EXCLUDING INDEXES, b int)",
        &["Like(", "defaults: true", "indexes: false", "name: \"b\""],
    ),
    (
        "CREATE TABLE t OF ty (a WITH OPTIONS PRIMARY KEY, b NOT NULL)",
        &["of_type: Some", "type_name: None", "PrimaryKey", "NotNull"],
    ),
    (
        "CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (MAXVALUE) PARTITION BY LIST (a, (b + 1))",
        &[
            "partition_of: Some",
            "Bound(\"FOR VALUES FROM (1) TO (MAXVALUE)\")",
            "strategy: \"list\"",
            "Column(",
            "Expression(",
        ],
    ),
    (
        "CREATE TABLE p PARTITION OF t DEFAULT WITH (fillfactor=10) TABLESPACE s",
        &["Bound(\"DEFAULT\")", "fillfactor", "tablespace: Some(\"s\")"],
    ),
    (
        "CREATE UNLOGGED TABLE t (a int) INHERITS (u, s.v) USING heap WITH (toast.autovacuum_enabled = false)",
        &[
            "Unlogged",
            "inherits: [",
            "\"u\"",
            "\"v\"",
            "toast.autovacuum_enabled\", \"false\"",
            "Some(\"heap\")",
        ],
    ),
    (
        "CREATE FOREIGN TABLE t (a int OPTIONS (x 'y') NOT NULL) SERVER s OPTIONS (a 'b')",
        &["server: Some(\"s\")", "NotNull"],
    ),
    (
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t USING gin (a text_pattern_ops (x = 1) DESC NULLS LAST, (lower(b) || c), coalesce(d, 1) COLLATE \"C\") INCLUDE (e) NULLS NOT DISTINCT WITH (fastupdate = off) TABLESPACE x WHERE a IS NOT NULL AND b > 1",
        &[
            "name: \"i\"",
            "only: true, unique: true, concurrently: true, if_not_exists: true",
            "text_pattern_ops",
            "Some(\"(x = 1)\")",
            "descending: true, nulls_first: Some(false)",
            "Expression(",
            "Expression(",
            "COALESCE",
            "name: \"C\"",
            "include: [",
            "nulls_not_distinct: true",
            "fastupdate",
            "predicate: Some",
        ],
    ),
    (
        "CREATE INDEX ON t (a DESC)",
        &["CreateIndex", "name: None", "operator_class: None, descending: true"],
    ),
    (
        "CREATE SEQUENCE s AS bigint INCREMENT BY 2 MINVALUE 1 NO MAXVALUE CACHE 5 OWNED BY public.t.id",
        &[
            "bigint",
            "increment: Some(2)",
            "min: Some(Some(1))",
            "max: Some(None)",
            "cache: Some(5)",
            "Column { table: Name { schema: Some(\"public\"), name: \"t\"",
            "\"id\"",
        ],
    ),
    ("ALTER SEQUENCE s OWNED BY NONE RESTART WITH 5", &["AlterSequence", "owned_by: Some(None)"]),
    (
        "ALTER TABLE IF EXISTS ONLY t ADD a int DEFAULT now() NOT NULL, DROP COLUMN IF EXISTS b CASCADE, ADD CONSTRAINT c CHECK (a > 0)",
        &[
            "if_exists: true, only: true",
            "AddColumn",
            "NotNull",
            "DropColumn",
            "if_exists: true, behavior: Cascade",
            "AddConstraint",
        ],
    ),
    (
        "ALTER TABLE t ALTER a TYPE varchar(3) USING a::text || 'x', ALTER COLUMN b SET DEFAULT 1 IS NOT NULL, ALTER c DROP NOT NULL",
        &["Type {", "using: Some", "SetDefault", "DropNotNull"],
    ),
    ("ALTER TABLE t ADD UNIQUE USING INDEX i", &["UsingIndex { primary: false"]),
    (
        "ALTER TABLE t ATTACH PARTITION p FOR VALUES WITH (MODULUS 4, REMAINDER 0)",
        &["AttachPartition", "FOR VALUES WITH (MODULUS 4, REMAINDER 0)"],
    ),
    ("ALTER TABLE t DETACH PARTITION s.p CONCURRENTLY", &["DetachPartition", "concurrently: true"]),
    ("ALTER TABLE t OWNER TO Bob", &["SetOwner", "\"bob\""]),
    ("ALTER TABLE t OWNER TO bob, SET LOGGED", &["OwnerTo(\"bob\")", "SetLogged(true)"]),
    (
        "ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY, ALTER b SET GENERATED ALWAYS SET INCREMENT 3 RESTART",
        &[
            "AddIdentity { always: false",
            "SetIdentity { always: Some(true)",
            "increment: Some(3)",
            "restart: true",
        ],
    ),
    (
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
        &["RowSecurity(Enable)", "RowSecurity(NoForce)"],
    ),
    (
        "ALTER TABLE t DISABLE TRIGGER USER, ENABLE ALWAYS TRIGGER x",
        &["trigger: User, enabled: Disabled", "Named(", "enabled: Always"],
    ),
    (
        "ALTER TABLE t ALTER CONSTRAINT c DEFERRABLE INITIALLY DEFERRED",
        &["AlterConstraint", "initially_deferred: true"],
    ),
    ("ALTER TABLE t REPLICA IDENTITY USING INDEX i", &["Index(\"i\")"]),
    (
        "ALTER TABLE t ALTER a SET STATISTICS -1, ALTER a SET (n_distinct = 5), ALTER a SET STORAGE EXTERNAL",
        &["SetStatistics(-1)", "n_distinct", "SetStorage(\"external\")"],
    ),
    ("ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", &["Nothing"]),
    (
        "ALTER TABLE t RENAME a TO b",
        &["Rename", "kind: Column", "\"t\"", "\"a\"", "to: Ident { name: \"b\""],
    ),
    ("ALTER TABLE t RENAME CONSTRAINT a TO b", &["kind: Constraint"]),
    ("ALTER TABLE IF EXISTS t RENAME TO b", &["kind: Table", "part: None", "if_exists: true"]),
    ("ALTER INDEX i ATTACH PARTITION p", &["AttachIndex"]),
    ("ALTER INDEX i SET (fillfactor = 3)", &["kind: Index", "SetOptions"]),
    ("ALTER VIEW v ALTER COLUMN a SET DEFAULT 1", &["kind: View", "SetDefault"]),
    ("ALTER MATERIALIZED VIEW v SET SCHEMA s", &["SetSchema", "MaterializedView", "\"s\""]),
    (
        "ALTER TRIGGER a ON t RENAME TO b",
        &["Rename", "kind: Trigger", "name: \"t\"", "name: \"a\""],
    ),
    ("ALTER TYPE ty RENAME ATTRIBUTE a TO b CASCADE", &["Rename", "kind: Column"]),
    ("ALTER DOMAIN d RENAME CONSTRAINT a TO b", &["DomainConstraint"]),
    (
        "ALTER FUNCTION f(a int, OUT b text) RENAME TO g",
        &[
            "Rename",
            "Function",
            "arguments: Some([TypeName { name: Name { schema: None, name: \"integer\"",
        ],
    ),
    ("ALTER OPERATOR CLASS c USING btree OWNER TO x", &["SetOwner", "OperatorClass"]),
    ("ALTER EVENT TRIGGER e DISABLE", &["AlterOther", "EventTrigger"]),
    (
        "DROP TABLE IF EXISTS a, s.b CASCADE",
        &["Drop", "\"a\"", "\"b\"", "if_exists: true, behavior: Cascade"],
    ),
    ("DROP INDEX CONCURRENTLY i", &["kind: Index", "concurrently: true"]),
    (
        "DROP FUNCTION f(a int, b double precision, OUT c text, VARIADIC text[]), g",
        &[
            "\"integer\"",
            "\"double precision\"",
            "\"text\"",
            "array: true",
            "\"g\"",
            "arguments: None",
        ],
    ),
    (
        "DROP AGGREGATE a(*), b(int ORDER BY text)",
        &["arguments: Some([])", "\"integer\"", "\"text\""],
    ),
    ("DROP OPERATOR s.=== (int, NONE)", &["Operator", "\"===\"", "arguments: Some"]),
    ("DROP CAST IF EXISTS (text AS int4)", &["Cast", "\"(text AS integer)\""]),
    (
        "DROP TRIGGER IF EXISTS a ON s.t",
        &["Trigger", "schema: Some(\"s\"), name: \"t\"", "part: Some(Ident { name: \"a\""],
    ),
    ("DROP USER MAPPING IF EXISTS FOR bob SERVER s", &["UserMapping", "FOR bob SERVER s"]),
    ("DROP OWNED BY bob", &["DropOwned"]),
    ("COMMENT ON COLUMN s.t.a IS 'it''s'", &["Comment", "Column", "Some(\"it's\")"]),
    ("COMMENT ON TABLE t IS ''", &["text: None"]),
    ("COMMENT ON CONSTRAINT c ON DOMAIN d IS NULL", &["DomainConstraint", "text: None"]),
    ("COMMENT ON FUNCTION f(int) IS $$x$$", &["Function", "\"integer\"", "Some(\"x\")"]),
    (
        "TRUNCATE TABLE ONLY a, b * RESTART IDENTITY CASCADE",
        &["Truncate", "\"a\"", "\"b\"", "cascade: true"],
    ),
    ("ALTER TABLE t RENAME attribute TO b", &["Rename", "kind: Column", "\"attribute\""]),
    ("SET LOCAL lock_timeout = '1s'", &["Set", "lock_timeout", "local: true"]),
    ("GRANT a TO b", &["Nothing"]),
    ("CREATE ROLE a LOGIN", &["Nothing"]),
    ("COMMENT ON ROLE a IS 'x'", &["Nothing"]),
    ("DISCARD ALL", &["SearchPath(Reset)"]),
    ("ROLLBACK", &["Opaque"]),
];

#[test]
fn names_are_folded_and_cut() {
    let long = "ä".repeat(40);
    let Command::Drop(drop) = read(&format!("DROP TABLE {long}, \"a\"\"b\", U&\"d\\0061t\""))
    else {
        panic!()
    };
    let names: Vec<&str> = drop.objects.iter().map(|it| it.name.name.as_str()).collect();
    assert_eq!(names, ["ä".repeat(31).as_str(), "a\"b", "dat"]);
}

/// Neither a statement that ends too early nor one with a word too few makes it panic.
#[test]
fn broken_statements_do_not_panic() {
    let of_types = TYPES.iter().map(|(text, _)| format!("CREATE TABLE t (a {text})"));
    let of_expressions = EXPRESSIONS.iter().map(|(text, _)| format!("DROP t CHECK ({text})"));
    let of_statements = STATEMENTS.iter().map(|(text, _)| (*text).to_owned());
    for text in of_types.chain(of_expressions).chain(of_statements) {
        for (end, _) in text.char_indices() {
            sql::command(&text, 0..end);
            sql::command(&text, end..text.len());
        }
        let words: Vec<&str> = text.split(' ').collect();
        for left_out in 0..words.len() {
            let mut mutant = words.clone();
            mutant.remove(left_out);
            let mutant = mutant.join(" ");
            sql::command(&mutant, 0..mutant.len());
            let mut mutant = words.clone();
            mutant.swap(left_out, words.len() / 2);
            let mutant = mutant.join(" ");
            sql::command(&mutant, 0..mutant.len());
        }
    }
}

#[test]
fn keywords_that_are_names() {
    let Command::CreateTable(table) =
        read("CREATE TABLE t (exclude int, EXCLUDE (exclude WITH =))")
    else {
        panic!()
    };
    assert!(matches!(&table.elements[0], TableElement::Column(it) if it.name.name == "exclude"));
    assert!(matches!(&table.elements[1], TableElement::Constraint(_)));
    let Command::Comment(comment) = read("COMMENT ON CONSTRAINT c ON domain IS 'x'") else {
        panic!()
    };
    assert_eq!(comment.object.kind, ObjectKind::Constraint);
    assert_eq!(comment.object.name.name, "domain");
    let Command::Update(update) = read("UPDATE t global SET a = global.b") else { panic!() };
    let source = &update.query.tree.unwrap().arms[0].from[0];
    assert_eq!(source.alias.as_deref(), Some("global"));
}
