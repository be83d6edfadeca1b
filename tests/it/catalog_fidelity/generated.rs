//! Combinations, written by a program: what is made by hand one at a time in `tests/catalog`.

use super::Pair;

pub(super) fn topics() -> Vec<(String, Vec<Pair>)> {
    vec![
        ("generated column types".to_owned(), column_types()),
        ("generated pairs of actions".to_owned(), pairs_of_actions()),
        ("generated objects".to_owned(), objects()),
    ]
}

/// Spellings of types, each with a default that it takes.
const TYPES: &[(&str, &str)] = &[
    ("int", "1"),
    ("integer", "-1"),
    ("int4", "'5'"),
    ("bigint", "1"),
    ("int8", "1000000000000"),
    ("smallint", "1 + 1"),
    ("int2", "(2)"),
    ("numeric", "1.5"),
    ("numeric(10, 2)", "0"),
    ("decimal(5)", "1"),
    ("dec", "2"),
    ("real", "1"),
    ("float4", "1.5"),
    ("float", "0.0"),
    ("float(10)", "1e3"),
    ("double precision", "random()"),
    ("float8", "'NaN'"),
    ("boolean", "true"),
    ("bool", "'f'"),
    ("text", "'x'"),
    ("varchar", "'it''s'"),
    ("varchar(20)", "'x'"),
    ("character varying(5)", "lower('X')"),
    ("char", "'c'"),
    ("char(3)", "'abc'"),
    ("character(2)", "'ab'"),
    ("bpchar", "'x'"),
    ("\"char\"", "'x'"),
    ("name", "'x'"),
    ("bytea", "'\\x00'"),
    ("date", "CURRENT_DATE"),
    ("time", "LOCALTIME"),
    ("time(3)", "'12:00'"),
    ("time without time zone", "'12:00'"),
    ("time with time zone", "CURRENT_TIME"),
    ("timetz", "'12:00:00+00'"),
    ("timestamp", "now()"),
    ("timestamp(3)", "CURRENT_TIMESTAMP"),
    ("timestamp without time zone", "LOCALTIMESTAMP"),
    ("timestamp with time zone", "now()"),
    ("timestamptz", "clock_timestamp()"),
    ("timestamptz(0)", "now() + interval '1 day'"),
    ("timestamp(6) with time zone", "'infinity'"),
    ("interval", "'1 day'"),
    ("interval(3)", "interval '1 hour'"),
    ("interval year to month", "'1 year'"),
    ("uuid", "gen_random_uuid()"),
    ("json", "'{}'"),
    ("jsonb", "'{}'::jsonb"),
    ("jsonb[]", "ARRAY[]::jsonb[]"),
    ("int[]", "'{}'"),
    ("int[3]", "ARRAY[1, 2, 3]"),
    ("int ARRAY", "'{1}'::int[]"),
    ("text[][]", "'{}'"),
    ("varchar(5)[]", "ARRAY['x']"),
    ("inet", "'127.0.0.1'"),
    ("cidr", "'10.0.0.0/8'"),
    ("macaddr", "NULL"),
    ("macaddr8", "NULL"),
    ("money", "1"),
    ("bit", "B'1'"),
    ("bit(4)", "'1010'"),
    ("bit varying", "B'1'"),
    ("varbit(5)", "B'1'"),
    ("point", "'(1,2)'"),
    ("line", "NULL"),
    ("lseg", "NULL"),
    ("box", "'(1,1),(0,0)'"),
    ("path", "NULL"),
    ("polygon", "NULL"),
    ("circle", "'<(0,0),1>'"),
    ("tsvector", "to_tsvector('simple', 'x')"),
    ("tsquery", "'x'"),
    ("xml", "NULL"),
    ("int4range", "'[1,2)'"),
    ("int8range", "NULL"),
    ("numrange", "numrange(1, 2)"),
    ("tsrange", "NULL"),
    ("tstzrange", "tstzrange(now(), NULL)"),
    ("daterange", "'empty'"),
    ("oid", "1"),
    ("regclass", "NULL"),
    ("regtype", "NULL"),
    ("pg_lsn", "NULL"),
    ("national character varying(5)", "'x'"),
    ("nchar(2)", "'x'"),
    ("pg_catalog.int4", "1"),
    ("public.mood", "'ok'"),
    ("mood", "'sad'::mood"),
    ("mood[]", "'{}'"),
    ("email", "'a@b'"),
    ("point3", "NULL"),
];

/// Every type in every combination of DEFAULT and NOT NULL, when the table is made and later.
fn column_types() -> Vec<Pair> {
    let made = "CREATE TYPE mood AS ENUM ('sad', 'ok');
                CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
                CREATE TYPE point3 AS (x int, y int, z int);";
    let gone = "DROP TYPE mood, point3; DROP DOMAIN email;";
    let mut pairs = vec![Pair::new("types", made, gone)];
    for (number, types) in TYPES.chunks(10).enumerate() {
        let table = format!("t{number}");
        let (mut columns, mut adds, mut drops) = (Vec::new(), Vec::new(), Vec::new());
        for (place, (spelling, default)) in types.iter().enumerate() {
            columns.push(format!("a{place} {spelling}"));
            columns.push(format!("b{place} {spelling} NOT NULL"));
            columns.push(format!("c{place} {spelling} DEFAULT {default}"));
            let not_null = if *default == "NULL" { "NULL" } else { "NOT NULL" };
            columns.push(format!("d{place} {spelling} {not_null} DEFAULT {default}"));
            let add = format!("ALTER TABLE {table} ADD COLUMN e{place} {spelling}");
            adds.push(
                format!("{add} DEFAULT {default}; {add}f NOT NULL; {add}g;")
                    .replace(&format!("e{place} {spelling}f"), &format!("f{place} {spelling}"))
                    .replace(&format!("e{place} {spelling}g"), &format!("g{place} {spelling}")),
            );
            drops.push(format!("DROP COLUMN e{place}, DROP f{place}, DROP COLUMN g{place}"));
        }
        let create = format!("CREATE TABLE {table} ({})", columns.join(", "));
        pairs.push(Pair::new(&format!("create_{table}"), create, format!("DROP TABLE {table}")));
        let down = format!("ALTER TABLE {table} {}", drops.join(", "));
        pairs.push(Pair::new(&format!("add_to_{table}"), adds.join("\n"), down));
        let defaults: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(place, (_, default))| {
                format!(
                    "ALTER COLUMN a{place} SET DEFAULT {default}, ALTER b{place} DROP NOT NULL, \
                     ALTER COLUMN c{place} DROP DEFAULT, ALTER a{place} SET NOT NULL"
                )
            })
            .collect();
        let back: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(place, (_, default))| {
                format!(
                    "ALTER COLUMN a{place} DROP DEFAULT, ALTER b{place} SET NOT NULL, \
                     ALTER COLUMN c{place} SET DEFAULT {default}, ALTER a{place} DROP NOT NULL"
                )
            })
            .collect();
        let (up, down) = (
            format!("ALTER TABLE {table} {}", defaults.join(", ")),
            format!("ALTER TABLE {table} {}", back.join(", ")),
        );
        pairs.push(Pair::new(&format!("alter_{table}"), up, down));
    }
    pairs
}

/// Actions on one column, each with the one that takes it back.
const ACTIONS: &[(&str, &str)] = &[
    ("ALTER COLUMN a SET DEFAULT 1", "ALTER COLUMN a DROP DEFAULT"),
    ("ALTER COLUMN a SET NOT NULL", "ALTER COLUMN a DROP NOT NULL"),
    ("ALTER COLUMN a TYPE bigint", "ALTER COLUMN a TYPE int"),
    ("ALTER COLUMN a SET STATISTICS 100", "ALTER COLUMN a SET STATISTICS -1"),
    ("ADD CONSTRAINT a_check CHECK (a > 0)", "DROP CONSTRAINT a_check"),
    ("ADD CONSTRAINT t_once UNIQUE (a)", "DROP CONSTRAINT t_once"),
    ("ADD CHECK (a < b)", "DROP CONSTRAINT t_check"),
    ("ADD FOREIGN KEY (a) REFERENCES other", "DROP CONSTRAINT t_a_fkey"),
    ("ADD COLUMN z int REFERENCES other DEFAULT 5", "DROP COLUMN z"),
    ("DROP COLUMN c", "ADD COLUMN c text"),
    ("DROP CONSTRAINT t_b_key", "ADD UNIQUE (b)"),
    ("ALTER COLUMN b DROP DEFAULT", "ALTER COLUMN b SET DEFAULT 7"),
    ("ALTER COLUMN b TYPE numeric(10, 2)", "ALTER COLUMN b TYPE int"),
    ("SET (fillfactor = 50)", "RESET (fillfactor)"),
    ("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
];

/// Every two of them in one statement, each on a table of its own, in both orders, and taken back in the other.
fn pairs_of_actions() -> Vec<Pair> {
    let mut tables = "CREATE TABLE other (id int PRIMARY KEY);\n".to_owned();
    for number in 0..ACTIONS.len() {
        tables.push_str(&format!(
            "CREATE TABLE t{number} (a int, b int UNIQUE DEFAULT 7, c text);\n"
        ));
    }
    let mut pairs = vec![Pair::new("tables", tables, "DROP TABLE other CASCADE")];
    for (one, (action, back)) in ACTIONS.iter().enumerate() {
        let (mut up, mut down) = (String::new(), String::new());
        for (other, (second, second_back)) in ACTIONS.iter().enumerate() {
            if one == other {
                continue;
            }
            let table = format!("ALTER TABLE t{other}");
            let own = |action: &str| action.replace("t_", &format!("t{other}_"));
            let (back, second_back) = (own(back), own(second_back));
            let second = own(second);
            let action = own(action);
            up.push_str(&format!("{table} {action}, {second};\n"));
            down.push_str(&match other % 2 {
                0 => format!("{table} {second_back}, {back};\n"),
                _ => format!("{table} {second_back}; {table} {back};\n"),
            });
        }
        pairs.push(Pair::new(&format!("with_{one}"), &*up, &*down));
        // The next one begins at the beginning.
        pairs.push(Pair::new(&format!("with_{one}_back"), down, up));
    }
    pairs
}

/// An object: the kind, how it is made, its name, what takes the name when it is renamed, and whether it
/// has a schema to move to.
const OBJECTS: &[(&str, &str, &str, &str, bool)] = &[
    ("TABLE", "CREATE TABLE x (a int PRIMARY KEY, b serial)", "x", "y", true),
    ("VIEW", "CREATE VIEW x AS SELECT a FROM base", "x", "y", true),
    ("MATERIALIZED VIEW", "CREATE MATERIALIZED VIEW x AS SELECT a FROM base", "x", "y", true),
    ("SEQUENCE", "CREATE SEQUENCE x", "x", "y", true),
    ("INDEX", "CREATE INDEX x ON base (a)", "x", "y", false),
    ("TYPE", "CREATE TYPE x AS ENUM ('a', 'b')", "x", "y", true),
    ("TYPE", "CREATE TYPE x AS (a int, b text)", "x", "y", true),
    ("TYPE", "CREATE TYPE x AS RANGE (subtype = date)", "x", "y", true),
    ("DOMAIN", "CREATE DOMAIN x AS int CHECK (VALUE > 0)", "x", "y", true),
    (
        "FUNCTION",
        "CREATE FUNCTION x(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "x(int)",
        "y",
        true,
    ),
    ("PROCEDURE", "CREATE PROCEDURE x() LANGUAGE sql AS 'SELECT 1'", "x()", "y", true),
    ("AGGREGATE", "CREATE AGGREGATE x(int) (SFUNC = int4pl, STYPE = int)", "x(int)", "y", true),
    ("SCHEMA", "CREATE SCHEMA x", "x", "y", false),
    ("STATISTICS", "CREATE STATISTICS x ON a, b FROM base", "x", "y", true),
    ("COLLATION", "CREATE COLLATION x FROM \"C\"", "x", "y", true),
    (
        "TRIGGER",
        "CREATE TRIGGER x BEFORE INSERT ON base FOR EACH ROW EXECUTE FUNCTION noop()",
        "x ON base",
        "y",
        false,
    ),
    ("POLICY", "CREATE POLICY x ON base USING (a > 0)", "x ON base", "y", false),
    ("RULE", "CREATE RULE x AS ON DELETE TO base DO INSTEAD NOTHING", "x ON base", "y", false),
    ("CONSTRAINT", "ALTER TABLE base ADD CONSTRAINT x CHECK (a > 0)", "x ON base", "y", false),
    ("COLUMN", "ALTER TABLE base ADD COLUMN x int", "base.x", "y", false),
];

/// Every kind of object commented, renamed, moved, and dropped, in all the ways.
fn objects() -> Vec<Pair> {
    let base = "CREATE SCHEMA away;
                CREATE TABLE base (a int, b int);
                CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";
    let gone = "DROP TABLE base; DROP FUNCTION noop(); DROP SCHEMA away";
    let mut pairs = vec![Pair::new("base", base, gone)];
    for (number, (kind, make, name, to, moves)) in OBJECTS.iter().enumerate() {
        let title =
            |what: &str| format!("{what}_{}_{number}", kind.to_lowercase().replace(' ', "_"));
        let drop = drop_of(kind, name, "");
        pairs.push(Pair::new(&title("create"), *make, &*drop));
        let comment = |text: &str| format!("COMMENT ON {kind} {name} IS {text}");
        pairs.push(Pair::new(&title("comment"), comment("'words'"), comment("NULL")));
        let (rename, back) = renames(kind, name, to);
        pairs.push(Pair::new(&title("rename"), &*rename, &*back));
        pairs.push(Pair::new(&title("rename_back"), back, rename));
        if *moves {
            let own = name.split(['(', ' ']).next().unwrap_or(name);
            let away = format!("ALTER {kind} {name} SET SCHEMA away");
            let back = format!("ALTER {kind} away.{name} SET SCHEMA public");
            pairs.push(Pair::new(&title("move"), &*away, &*back));
            pairs.push(Pair::new(&title(&format!("move_{own}_back")), back, away));
        }
        let both = format!("{make};\n{}", comment("'words'"));
        pairs.push(Pair::new(&title("drop"), &*drop, both));
        pairs.push(Pair::new(&title("make_again"), *make, drop_of(kind, name, " CASCADE")));
        let mut again = Pair::new(&title("make_twice"), *make, "");
        again.expected = super::Expected::Fails;
        pairs.push(again);
        pairs.push(Pair::new(&title("drop_and_forget"), &*drop, ""));
        // The server has collations of its own, which we do not list.
        if *kind != "COLLATION" {
            let mut unknown = Pair::new(&title("drop_unknown"), &*drop, "");
            unknown.expected = super::Expected::Fails;
            pairs.push(unknown);
        }
    }
    pairs
}

fn drop_of(kind: &str, name: &str, behavior: &str) -> String {
    match (kind, name.split_once('.')) {
        ("COLUMN", Some((table, column))) => {
            format!("ALTER TABLE {table} DROP COLUMN {column}{behavior}")
        }
        ("CONSTRAINT", _) => format!("ALTER TABLE base DROP CONSTRAINT x{behavior}"),
        _ => format!("DROP {kind} {name}{behavior}"),
    }
}

fn renames(kind: &str, name: &str, to: &str) -> (String, String) {
    let rest = &name[1..];
    match kind {
        "COLUMN" | "CONSTRAINT" => (
            format!("ALTER TABLE base RENAME {kind} x TO {to}"),
            format!("ALTER TABLE base RENAME {kind} {to} TO x"),
        ),
        _ => (
            format!("ALTER {kind} {name} RENAME TO {to}"),
            format!("ALTER {kind} {to}{rest} RENAME TO x"),
        ),
    }
}
