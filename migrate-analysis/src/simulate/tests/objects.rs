//! Types, routines, triggers, policies, rules and statistics.

use super::script::{failures, object, replay};
use crate::catalog::Kind;

#[test]
fn enums() {
    let (catalog, failures) = replay(
        "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE e AS ENUM (); ALTER TYPE e ADD VALUE 'a';
         ALTER TYPE e ADD VALUE IF NOT EXISTS 'a'; ALTER TYPE e ADD VALUE 'x' BEFORE 'nope';
         ALTER TYPE e ADD VALUE 'x' BEFORE 'b'; ALTER TYPE e ADD VALUE 'y' AFTER 'b';
         ALTER TYPE e RENAME VALUE 'a' TO 'z'; ALTER TYPE e RENAME VALUE 'a' TO 'q';
         ALTER TYPE e RENAME VALUE 'z' TO 'b'; ALTER TYPE nope ADD VALUE 'a';",
    );
    assert_eq!(
        failures,
        [
            "second Type e",
            "enum label \"a\" already exists",
            "\"nope\" is not an existing enum label",
            "\"a\" is not an existing enum label",
            "enum label \"b\" already exists",
            "no Type nope",
        ]
    );
    let values = ["z", "x", "b", "y"].map(str::to_owned).to_vec();
    assert!(object(&catalog, "e").kind == Kind::Enum(values));
}

#[test]
fn tables_and_types_share_names() {
    let failures = failures(
        "CREATE TABLE t (a int); CREATE TYPE t AS ENUM ('a'); CREATE TYPE t AS (a int);
         CREATE TYPE price_range AS RANGE (subtype = numeric);
         CREATE TABLE r (p price_range, q price_multirange);
         CREATE TYPE price_multirange AS ENUM ('a');",
    );
    assert_eq!(failures, ["second Type t", "second Type t", "second Type price_multirange"]);
}

#[test]
fn composite_types() {
    let failures = failures(
        "CREATE TYPE c AS (x int, y text); CREATE TABLE t (c c); ALTER TYPE c ADD ATTRIBUTE z int;
         ALTER TYPE c ADD ATTRIBUTE z int; ALTER TYPE c DROP ATTRIBUTE y;
         ALTER TYPE c DROP ATTRIBUTE y; ALTER TYPE c ALTER ATTRIBUTE x TYPE bigint;",
    );
    assert_eq!(
        failures,
        [
            "second Column z",
            "no Column y",
            "cannot alter type \"c\" because column \"t.c\" uses it",
        ]
    );
}

#[test]
fn domains() {
    let (catalog, failures) = replay(
        "CREATE DOMAIN d AS int CHECK (value > 0) CHECK (value < 9);
         ALTER DOMAIN d ADD CONSTRAINT d_check CHECK (value > 1); ALTER DOMAIN d ADD CHECK (true);
         ALTER DOMAIN d DROP CONSTRAINT nope; ALTER DOMAIN d DROP CONSTRAINT d_check1;
         ALTER DOMAIN nope SET NOT NULL;",
    );
    assert_eq!(
        failures,
        ["second DomainConstraint d_check", "no DomainConstraint nope", "no Type nope",]
    );
    let Kind::Domain(domain) = &object(&catalog, "d").kind else { panic!("no domain") };
    let names: Vec<&str> = domain.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["d_check", "d_check2"]);
}

#[test]
fn routines() {
    let failures = failures(
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION f(b text) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE OR REPLACE FUNCTION f(a int) RETURNS text LANGUAGE sql AS 'SELECT 1';
         CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2';
         CREATE OR REPLACE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION g() RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1';
         CREATE OR REPLACE FUNCTION g() RETURNS TABLE (y int) LANGUAGE sql AS 'SELECT 1';
         CREATE OR REPLACE FUNCTION g() RETURNS TABLE (y int, z int) LANGUAGE sql AS 'SELECT 1, 2';
         ALTER FUNCTION g() STRICT; ALTER FUNCTION nope() STRICT;",
    );
    assert_eq!(
        failures,
        [
            "second Function f",
            "cannot change name of input parameter \"a\"",
            "cannot change return type of existing function",
            "cannot change routine kind",
            "cannot change return type of existing function",
            "no Function nope",
        ]
    );
}

const TRIGGER: &str = "CREATE TABLE t (a int) PARTITION BY LIST (a);
    CREATE TABLE p PARTITION OF t FOR VALUES IN (1);
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';";

#[test]
fn triggers() {
    let (catalog, failures) = replay(&format!(
        "{TRIGGER} CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION tf();
         CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
         CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();
         CREATE TRIGGER s AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION tf();
         CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
         CREATE TRIGGER h BEFORE UPDATE OF nope ON t FOR EACH ROW EXECUTE FUNCTION tf();
         CREATE TRIGGER h BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION nope();
         CREATE TRIGGER h BEFORE UPDATE ON nope FOR EACH ROW EXECUTE FUNCTION tf();"
    ));
    assert_eq!(
        failures,
        [
            "second Trigger g",
            "second Trigger g",
            "no Column nope",
            "no Function nope",
            "no Table nope",
        ]
    );
    let names = |table: &str| -> Vec<String> {
        object(&catalog, table).triggers().iter().map(|it| it.name.clone()).collect()
    };
    assert_eq!((names("t").len(), names("p")), (2, vec!["g".to_owned()]));
}

#[test]
fn policies_rules_and_statistics() {
    let failures = failures(
        "CREATE TABLE t (a int, b int); CREATE POLICY p ON t USING (a = 1);
         CREATE POLICY p ON t USING (true); CREATE POLICY q ON t USING (nope = 1);
         CREATE POLICY q ON t USING (a IN (SELECT x FROM (VALUES (1)) AS v (x)));
         ALTER POLICY nope ON t USING (true); ALTER POLICY p ON t TO public;
         CREATE RULE r AS ON INSERT TO t DO NOTHING; CREATE RULE r AS ON INSERT TO t DO NOTHING;
         CREATE STATISTICS s ON a, b FROM t; CREATE STATISTICS s ON a, b FROM t;
         CREATE STATISTICS s2 ON a, nope FROM t;",
    );
    assert_eq!(
        failures,
        [
            "second Policy p",
            "no Column nope",
            "no Policy nope",
            "second Rule r",
            "second Statistics s",
            "no Column nope",
        ]
    );
}

#[test]
fn an_aggregate_has_what_is_variadic_once() {
    let made = r#"CREATE AGGREGATE r (VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = s, STYPE = internal)"#;
    let named = r#"ALTER AGGREGATE r(VARIADIC "any" ORDER BY VARIADIC "any") OWNER TO me"#;
    assert_eq!(super::script::failures(&format!("{made}; {named}")), [] as [&str; 0]);
}
