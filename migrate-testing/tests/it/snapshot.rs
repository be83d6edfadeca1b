//! The schema of a live database, and what differs, in words.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use migrate_testing::snapshot::{Change, Snapshot};
use migrate_testing::{Database, empty_database};
use postgres::Client;

/// Something of every kind that every server can make without an extension.
const SCHEMA: &str = "
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN app.email AS text NOT NULL DEFAULT 'a@b' CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
CREATE TYPE app.pair AS (a int, b text);
CREATE TYPE app.span AS RANGE (subtype = float8);
CREATE FUNCTION app.twice(n int, t text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
CREATE PROCEDURE app.nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE app.total (int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE TABLE app.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    age int DEFAULT 18 CONSTRAINT grown CHECK (age > 17),
    twice int GENERATED ALWAYS AS (age * 2) STORED,
    mood app.mood
);
CREATE TABLE \"Orders\" (id serial PRIMARY KEY, \"user\" bigint REFERENCES app.users, note text);
CREATE INDEX by_note ON \"Orders\" (lower(note)) WHERE note <> '';
CREATE TABLE app.log (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE app.log_1 PARTITION OF app.log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE SEQUENCE app.numbers;
CREATE VIEW app.adults AS SELECT id, email FROM app.users WHERE age > 20;
CREATE MATERIALIZED VIEW app.counts AS SELECT count(*) AS n FROM app.users;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE POLICY own ON app.users FOR SELECT TO public USING (age > 0);
CREATE RULE quiet AS ON DELETE TO app.users DO INSTEAD NOTHING;
CREATE STATISTICS app.both_ones (dependencies) ON email, age FROM app.users;
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('DROP OWNED')
    EXECUTE FUNCTION app.on_ddl();
CREATE PUBLICATION feed FOR TABLE app.users WITH (publish = 'insert');
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper OPTIONS (host 'there');
CREATE FOREIGN TABLE app.far (n int) SERVER elsewhere;
CREATE USER MAPPING FOR public SERVER elsewhere OPTIONS (password 'hunter2');
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO public;
CREATE COLLATION app.plain (locale = 'C');
CREATE CAST (app.mood AS int) WITH INOUT;
CREATE OPERATOR app.@@@ (leftarg = int, rightarg = int, function = int4pl);
CREATE OPERATOR CLASS app.ints FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int);
CREATE TEXT SEARCH CONFIGURATION app.words (copy = simple);
CREATE TEXT SEARCH DICTIONARY app.stems (template = simple);
CREATE UNLOGGED TABLE app.scratch (n int);
CREATE TABLE app.child () INHERITS (app.scratch);
COMMENT ON COLUMN app.users.email IS 'where to write';
";

/// A change, and all that it makes different.
const CHANGES: &[(&str, &[&str])] = &[
    ("CREATE SCHEMA more CREATE TABLE t (n int PRIMARY KEY)", &["schema `more` is left behind"]),
    (
        "DROP SCHEMA app CASCADE",
        &[
            "constraint `public.\"Orders\".\"Orders_user_fkey\"` is missing",
            "event trigger `watch` is missing",
            "publication `feed`: tables `app.users` was lost",
            "schema `app` is missing",
        ],
    ),
    ("DROP TABLE \"Orders\"", &["table `public.\"Orders\"` is missing"]),
    (
        "ALTER TABLE app.users ALTER email DROP NOT NULL",
        &["column `app.users.email`: NOT NULL was lost"],
    ),
    (
        "ALTER TABLE app.users ALTER age SET NOT NULL",
        &["column `app.users.age`: NOT NULL is left behind"],
    ),
    (
        "ALTER TABLE app.users ALTER age SET DEFAULT 21",
        &["column `app.users.age`: default changed from `18` to `21`"],
    ),
    (
        "ALTER TABLE app.users ALTER age DROP DEFAULT",
        &["column `app.users.age`: default `18` was lost"],
    ),
    (
        "ALTER TABLE \"Orders\" ALTER note TYPE varchar(20)",
        &[
            "column `public.\"Orders\".note`: type changed from `text` to `character varying(20)`",
            "index `public.\"Orders\".by_note`: definition changed from `…(note <> ''::text)` to \
             `…((note)::text <> ''…`",
        ],
    ),
    (
        "ALTER TABLE \"Orders\" ALTER note TYPE text COLLATE \"C\"",
        &["column `public.\"Orders\".note`: collation `\"C\"` is left behind"],
    ),
    (
        "ALTER TABLE \"Orders\" DROP note, ADD note text; \
      CREATE INDEX by_note ON \"Orders\" (lower(note)) WHERE note <> ''",
        &[],
    ),
    (
        "ALTER TABLE \"Orders\" DROP \"user\", ADD \"user\" bigint REFERENCES app.users",
        &[
            "the columns of `public.\"Orders\"` are in another order: id, note, \"user\", and before \
         id, \"user\", note",
        ],
    ),
    (
        "ALTER TABLE app.users ALTER id SET GENERATED BY DEFAULT",
        &["column `app.users.id`: identity changed from `always` to `by default`"],
    ),
    (
        "ALTER TABLE app.users ALTER twice DROP EXPRESSION",
        &["column `app.users.twice`: generated `(age * 2) stored` was lost"],
    ),
    (
        "ALTER TABLE app.users ALTER email SET STORAGE EXTERNAL",
        &["column `app.users.email`: storage `e` is left behind"],
    ),
    (
        "ALTER TABLE app.users ALTER email SET STATISTICS 500",
        &["column `app.users.email`: statistics target `500` is left behind"],
    ),
    (
        "ALTER TABLE app.users ALTER email SET (n_distinct = 5)",
        &["column `app.users.email`: options `n_distinct=5` is left behind"],
    ),
    (
        "COMMENT ON COLUMN app.users.email IS NULL",
        &["column `app.users.email`: comment `where to write` was lost"],
    ),
    (
        "COMMENT ON TABLE app.users IS 'people'",
        &["table `app.users`: comment `people` is left behind"],
    ),
    (
        "ALTER TABLE app.users DROP CONSTRAINT users_email_key",
        &["constraint `app.users.users_email_key` is missing"],
    ),
    (
        "ALTER TABLE app.users DROP CONSTRAINT grown, \
      ADD CONSTRAINT grown CHECK (age > 17) NOT VALID",
        &["constraint `app.users.grown`: definition changed from `CHECK ((age > 17))` to \
         `CHECK ((age > 17)) NOT VALID`"],
    ),
    (
        "ALTER TABLE \"Orders\" ALTER CONSTRAINT \"Orders_user_fkey\" DEFERRABLE",
        &["constraint `public.\"Orders\".\"Orders_user_fkey\"`: definition changed from `…ES \
         app.users(id)` to `…ES app.users(id) DEFERRABLE`"],
    ),
    ("CREATE INDEX idx ON app.users (age)", &["index `app.users.idx` is left behind"]),
    (
        "ALTER TABLE app.users CLUSTER ON users_pkey",
        &["index `app.users.users_pkey`: clustered is left behind"],
    ),
    (
        "ALTER TABLE app.users REPLICA IDENTITY USING INDEX users_email_key",
        &[
            "index `app.users.users_email_key`: replica identity is left behind",
            "table `app.users`: replica identity `index` is left behind",
        ],
    ),
    (
        "ALTER TABLE app.users ENABLE ROW LEVEL SECURITY",
        &["table `app.users`: row level security is left behind"],
    ),
    (
        "ALTER TABLE app.users SET (fillfactor = 50)",
        &["table `app.users`: storage options `fillfactor=50` is left behind"],
    ),
    (
        "ALTER TABLE app.users SET (toast.autovacuum_enabled = false)",
        &["table `app.users`: toast options `autovacuum_enabled=false` is left behind"],
    ),
    (
        "ALTER TABLE app.users DISABLE TRIGGER ALL",
        &[
            "table `app.users`: disabled constraint triggers `Orders_user_fkey` is left behind",
            "trigger `app.users.touch`: enabled `no` is left behind",
        ],
    ),
    ("ALTER TABLE app.scratch SET LOGGED", &["table `app.scratch`: unlogged was lost"]),
    (
        "ALTER TABLE app.child NO INHERIT app.scratch",
        &[
            "column `app.child.n`: inherited `1` was lost",
            "table `app.child`: parents `app.scratch` was lost",
        ],
    ),
    (
        "ALTER TABLE app.log DETACH PARTITION app.log_1",
        &[
            "column `app.log_1.at`: inherited `1` was lost",
            "column `app.log_1.what`: inherited `1` was lost",
            "table `app.log_1`: parents `app.log` was lost",
            "table `app.log_1`: partition bound `FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')` \
         was lost",
        ],
    ),
    (
        "ALTER SEQUENCE app.numbers INCREMENT 5 OWNED BY app.users.age",
        &[
            "sequence `app.numbers`: increment changed from `1` to `5`",
            "sequence `app.numbers`: owned by `app.users.age` is left behind",
        ],
    ),
    (
        "ALTER TYPE app.mood ADD VALUE 'new' BEFORE 'ok'",
        &["enum value `app.mood.'new'` is left behind"],
    ),
    (
        "ALTER TYPE app.mood RENAME VALUE 'ok' TO 'fine'",
        &["enum value `app.mood.'fine'` is left behind", "enum value `app.mood.'ok'` is missing"],
    ),
    (
        "ALTER TYPE app.mood RENAME VALUE 'ok' TO 'x'; ALTER TYPE app.mood RENAME VALUE 'sad' TO \
      'ok'; ALTER TYPE app.mood RENAME VALUE 'x' TO 'sad'",
        &[
            "the values of `app.mood` are in another order: 'ok', 'sad', 'happy', and before 'sad', \
         'ok', 'happy'",
        ],
    ),
    (
        "ALTER DOMAIN app.email DROP NOT NULL; ALTER DOMAIN app.email DROP CONSTRAINT has_at",
        &["constraint `app.email.has_at` is missing", "domain `app.email`: NOT NULL was lost"],
    ),
    (
        "ALTER DOMAIN app.email DROP DEFAULT",
        &["domain `app.email`: default `'a@b'::text` was lost"],
    ),
    ("ALTER TYPE app.pair ADD ATTRIBUTE c date", &["column `app.pair.c` is left behind"]),
    ("DROP TYPE app.span", &["range type `app.span` is missing"]),
    (
        "CREATE OR REPLACE VIEW app.adults AS SELECT id, email FROM app.users WHERE age > 30",
        &["view `app.adults`: definition changed from `…age > 20);` to `…age > 30);`"],
    ),
    (
        "REFRESH MATERIALIZED VIEW app.counts WITH NO DATA",
        &["materialized view `app.counts`: unpopulated is left behind"],
    ),
    (
        "CREATE OR REPLACE FUNCTION app.twice(n int, t text DEFAULT 'x') RETURNS int LANGUAGE sql \
      AS 'SELECT 3 * n'",
        &["function `app.twice(integer, text)`: definition changed from `…SELECT 2 * n…` to \
 `…SELECT 3 * n…`"],
    ),
    ("DROP AGGREGATE app.total(int)", &["aggregate `app.total(integer)` is missing"]),
    ("DROP PROCEDURE app.nothing", &["procedure `app.nothing()` is missing"]),
    ("DROP TRIGGER touch ON app.users", &["trigger `app.users.touch` is missing"]),
    (
        "ALTER POLICY own ON app.users USING (age > 1)",
        &["policy `app.users.own`: USING changed from `(age > 0)` to `(age > 1)`"],
    ),
    ("DROP RULE quiet ON app.users", &["rule `app.users.quiet` is missing"]),
    ("ALTER EVENT TRIGGER watch DISABLE", &["event trigger `watch`: enabled `no` is left behind"]),
    ("DROP STATISTICS app.both_ones", &["statistics `app.both_ones` is missing"]),
    (
        "ALTER PUBLICATION feed SET (publish = 'update')",
        &["publication `feed`: operations changed from `insert` to `update`"],
    ),
    (
        "ALTER SERVER elsewhere OPTIONS (SET host 'here')",
        &["server `elsewhere`: options changed from `host=there` to `host=here`"],
    ),
    (
        "DROP USER MAPPING FOR public SERVER elsewhere",
        &["user mapping `elsewhere.public` is missing"],
    ),
    ("DROP FOREIGN TABLE app.far", &["foreign table `app.far` is missing"]),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM public",
        &["default privileges `postgres in app on tables` is missing"],
    ),
    ("DROP COLLATION app.plain", &["collation `app.plain` is missing"]),
    ("DROP CAST (app.mood AS int)", &["cast `(app.mood AS integer)` is missing"]),
    ("DROP OPERATOR app.@@@ (int, int)", &["operator `app.@@@(integer, integer)` is missing"]),
    (
        "DROP OPERATOR CLASS app.ints USING hash",
        &[
            "operator class `app.ints using hash` is missing",
            "operator family `app.ints using hash`: functions `1 hashint4(integer)` was lost",
            "operator family `app.ints using hash`: operators `1 =(integer,integer)` was lost",
        ],
    ),
    (
        "ALTER TEXT SEARCH CONFIGURATION app.words DROP MAPPING FOR asciiword",
        &[
            "text search configuration `app.words`: mapping changed from `1 simple, 2 simple, …` to …",
        ],
    ),
    ("DROP TEXT SEARCH DICTIONARY app.stems", &["text search dictionary `app.stems` is missing"]),
    ("GRANT SELECT ON app.users TO public", &["table `app.users`: grants `…` is left behind"]),
    (
        "GRANT SELECT (email) ON app.users TO public",
        &["column `app.users.email`: grants `=r/…` is left behind"],
    ),
    (
        "REVOKE EXECUTE ON FUNCTION app.twice FROM public",
        &["function `app.twice(integer, text)`: grants `…` is left behind"],
    ),
    // No difference at all.
    ("GRANT SELECT ON app.users TO public; REVOKE SELECT ON app.users FROM public", &[]),
    ("SELECT nextval('app.numbers'); CREATE TEMPORARY TABLE t (n int)", &[]),
    ("DROP INDEX by_note; CREATE INDEX by_note ON \"Orders\" (lower(note)) WHERE note <> ''", &[]),
];

fn database() -> (Database, Client) {
    let database = empty_database().unwrap();
    let client = database.connect().unwrap();
    (database, client)
}

/// `…` stands for what depends on the server or its user.
fn matches(told: &str, expected: &str) -> bool {
    if told == expected {
        return true;
    }
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| told.strip_prefix(first)) else {
        return false;
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || expected.ends_with('…')
}

#[test]
fn every_kind_of_change_is_told_once() {
    let (_database, mut client) = database();
    client.batch_execute(SCHEMA).unwrap();
    let before = Snapshot::read(&mut client).unwrap();
    let mut wrong = String::new();
    for (change, expected) in CHANGES {
        client.batch_execute("BEGIN").unwrap();
        client.batch_execute(change).unwrap_or_else(|error| panic!("{change}: {error:?}"));
        let after = Snapshot::read(&mut client).unwrap();
        client.batch_execute("ROLLBACK").unwrap();
        let told: Vec<_> = before.differences(&after).iter().map(ToString::to_string).collect();
        let fits = told.len() == expected.len()
            && expected.iter().all(|expected| told.iter().any(|told| matches(told, expected)));
        if !fits {
            writeln!(wrong, "{change}\n  {}", told.join("\n  ")).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_session_stays_as_it_is() {
    let (_database, mut client) = database();
    client.batch_execute("CREATE SCHEMA \"o'er\"; SET search_path = \"o'er\", public").unwrap();
    let path = |client: &mut Client| {
        let row = client.query_one("SHOW search_path", &[]).unwrap();
        assert_eq!(row.get::<_, &str>(0), "\"o'er\", public");
    };
    Snapshot::read(&mut client).unwrap();
    path(&mut client);
    client.batch_execute("BEGIN; CREATE TABLE t (n int)").unwrap();
    Snapshot::read(&mut client).unwrap();
    path(&mut client);
    client.batch_execute("ROLLBACK").unwrap();
    assert!(client.batch_execute("SELECT * FROM t").is_err(), "the transaction was left open");
}

#[test]
fn facts_are_complete_and_every_kind_is_there() {
    let (_database, mut client) = database();
    client.batch_execute(SCHEMA).unwrap();
    let snapshot = Snapshot::read(&mut client).unwrap();
    let facts: BTreeSet<_> = snapshot.facts().collect();
    let has = |kind, name, attribute, value| {
        let there = facts.iter().any(|fact| {
            (fact.kind, fact.name, fact.attribute, fact.value) == (kind, name, attribute, value)
        });
        assert!(there, "{kind} {name} {attribute} {value}: {facts:#?}");
    };
    has("column", "app.users.email", "position", "2");
    has("column", "app.users.email", "type", "text");
    has("column", "app.users.email", "not null", "yes");
    has("column", "public.\"Orders\".\"user\"", "type", "bigint");
    has("enum value", "app.mood.'happy'", "position", "3");
    has("sequence", "app.users_id_seq", "owned by", "app.users.id as identity");
    has("table", "app.log", "partition key", "RANGE (at)");
    assert!(!facts.iter().any(|fact| fact.value.contains("hunter2")), "a password is told");
    let not_null = facts.iter().filter(|fact| fact.attribute == "definition");
    assert!(!not_null.into_iter().any(|fact| fact.value.starts_with("NOT NULL")));
}

#[test]
fn a_relation_can_be_left_out_with_all_that_is_its_own() {
    let (_database, mut client) = database();
    client.batch_execute("CREATE TABLE t (n int)").unwrap();
    let before = Snapshot::read(&mut client).unwrap();
    client.batch_execute("CREATE TABLE \"user\" (id serial PRIMARY KEY, n int UNIQUE)").unwrap();
    let after = Snapshot::read(&mut client).unwrap();
    assert_eq!(before.differences(&after).len(), 1);
    assert_eq!(before, after.without("public", "user"));
}

#[test]
fn a_table_that_became_a_view_is_told_without_its_columns() {
    let (_database, mut client) = database();
    client.batch_execute("CREATE TABLE t (n int PRIMARY KEY)").unwrap();
    let before = Snapshot::read(&mut client).unwrap();
    client.batch_execute("DROP TABLE t; CREATE VIEW t AS SELECT 1 AS n").unwrap();
    let differences = before.differences(&Snapshot::read(&mut client).unwrap());
    let told: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert!(told.contains(&"table `public.t` is missing".to_owned()), "{told:?}");
    assert!(told.contains(&"view `public.t` is left behind".to_owned()), "{told:?}");
    assert!(matches!(differences[0].change(), Change::Missing | Change::Left));
}

#[test]
fn a_role_without_rights_reads_the_same() {
    let (_database, mut client) = database();
    client.batch_execute(SCHEMA).unwrap();
    client.batch_execute("REVOKE ALL ON SCHEMA app FROM public").unwrap();
    let before = Snapshot::read(&mut client).unwrap();
    client.batch_execute("SET ROLE pg_monitor").unwrap();
    let differences = before.differences(&Snapshot::read(&mut client).unwrap());
    let told: Vec<_> = differences.iter().map(ToString::to_string).collect();
    // The options, where a password may be, are for their owner.
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("user mapping `elsewhere.public`: options changed"), "{told:?}");
}
