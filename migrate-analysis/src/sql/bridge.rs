//! What a statement does to what, read from its words: the title of the command and the object it
//! names, spelt as in the script, which no tree keeps.
//!
//! It knows every command of PostgreSQL by its leading words. The ones in [`KNOWN`] it reads well enough
//! that a failure of `sqlparser` does not matter; anything else that `sqlparser` cannot read is opaque.

use super::lex::Kind;
use super::words::Words;
use crate::statement::{ConcurrentIndex, EnumValue};

/// What the leading words say.
pub(crate) struct Heading<'a> {
    /// As the manual titles it.
    pub(crate) command: String,
    pub(crate) object: Option<&'a str>,
}

/// Kinds of object after `CREATE`, `ALTER`, `DROP` and `COMMENT ON`, those of more words first.
const KINDS: [&[&str]; 48] = [
    &["TEXT", "SEARCH", "CONFIGURATION"],
    &["TEXT", "SEARCH", "DICTIONARY"],
    &["TEXT", "SEARCH", "PARSER"],
    &["TEXT", "SEARCH", "TEMPLATE"],
    &["FOREIGN", "DATA", "WRAPPER"],
    &["FOREIGN", "TABLE"],
    &["MATERIALIZED", "VIEW"],
    &["ACCESS", "METHOD"],
    &["EVENT", "TRIGGER"],
    &["OPERATOR", "CLASS"],
    &["OPERATOR", "FAMILY"],
    &["USER", "MAPPING"],
    &["DEFAULT", "PRIVILEGES"],
    &["LARGE", "OBJECT"],
    &["PROPERTY", "GRAPH"],
    &["TABLE"],
    &["INDEX"],
    &["VIEW"],
    &["SEQUENCE"],
    &["TYPE"],
    &["DOMAIN"],
    &["FUNCTION"],
    &["PROCEDURE"],
    &["ROUTINE"],
    &["TRIGGER"],
    &["COLUMN"],
    &["CONSTRAINT"],
    &["SCHEMA"],
    &["EXTENSION"],
    &["ROLE"],
    &["USER"],
    &["GROUP"],
    &["POLICY"],
    &["RULE"],
    &["AGGREGATE"],
    &["OPERATOR"],
    &["CAST"],
    &["COLLATION"],
    &["CONVERSION"],
    &["DATABASE"],
    &["TABLESPACE"],
    &["SERVER"],
    &["LANGUAGE"],
    &["PUBLICATION"],
    &["SUBSCRIPTION"],
    &["STATISTICS"],
    &["TRANSFORM"],
    &["OWNED"],
];

/// The commands that the words tell enough about, so that nothing is lost where `sqlparser` fails.
const KNOWN: [&str; 99] = [
    "ABORT",
    "ALTER AGGREGATE",
    "ALTER DATABASE",
    "ALTER DEFAULT PRIVILEGES",
    "ALTER DOMAIN",
    "ALTER EXTENSION",
    "ALTER FUNCTION",
    "ALTER INDEX",
    "ALTER MATERIALIZED VIEW",
    "ALTER OPERATOR",
    "ALTER POLICY",
    "ALTER PROCEDURE",
    "ALTER PUBLICATION",
    "ALTER ROLE",
    "ALTER ROUTINE",
    "ALTER RULE",
    "ALTER SCHEMA",
    "ALTER SEQUENCE",
    "ALTER STATISTICS",
    "ALTER SUBSCRIPTION",
    "ALTER SYSTEM",
    "ALTER TRIGGER",
    "ALTER TYPE",
    "ALTER USER",
    "ALTER VIEW",
    "ANALYZE",
    "CALL",
    "CHECKPOINT",
    "CLUSTER",
    "COMMENT",
    "COMMIT PREPARED",
    "CREATE AGGREGATE",
    "CREATE CAST",
    "CREATE COLLATION",
    "CREATE DATABASE",
    "CREATE EVENT TRIGGER",
    "CREATE EXTENSION",
    "CREATE FUNCTION",
    "CREATE INDEX",
    "CREATE LANGUAGE",
    "CREATE MATERIALIZED VIEW",
    "CREATE OPERATOR",
    "CREATE OPERATOR CLASS",
    "CREATE OPERATOR FAMILY",
    "CREATE PROCEDURE",
    "CREATE PUBLICATION",
    "CREATE ROLE",
    "CREATE RULE",
    "CREATE SEQUENCE",
    "CREATE STATISTICS",
    "CREATE SUBSCRIPTION",
    "CREATE TABLESPACE",
    "CREATE TRIGGER",
    "CREATE USER",
    "DISCARD",
    "DO",
    "DROP AGGREGATE",
    "DROP CAST",
    "DROP COLLATION",
    "DROP DATABASE",
    "DROP EVENT TRIGGER",
    "DROP EXTENSION",
    "DROP INDEX",
    "DROP LANGUAGE",
    "DROP MATERIALIZED VIEW",
    "DROP OPERATOR",
    "DROP OPERATOR CLASS",
    "DROP OPERATOR FAMILY",
    "DROP OWNED",
    "DROP PROCEDURE",
    "DROP PUBLICATION",
    "DROP ROLE",
    "DROP RULE",
    "DROP STATISTICS",
    "DROP SUBSCRIPTION",
    "DROP TABLESPACE",
    "DROP TRIGGER",
    "DROP USER",
    "GRANT",
    "LISTEN",
    "LOCK",
    "NOTIFY",
    "REASSIGN OWNED",
    "REFRESH MATERIALIZED VIEW",
    "REINDEX",
    "PREPARE TRANSACTION",
    "ROLLBACK PREPARED",
    "ROLLBACK TO SAVEPOINT",
    "RESET",
    "REVOKE",
    "SECURITY LABEL",
    "SET",
    "SET CONSTRAINTS",
    "SET ROLE",
    "SET SESSION CHARACTERISTICS",
    "SET SESSION AUTHORIZATION",
    "SHOW",
    "TRUNCATE",
    "VACUUM",
];

/// Whether the words alone tell what the statement does.
pub(crate) fn knows(words: Words<'_>, heading: &Heading<'_>) -> bool {
    let command = heading.command.as_str();
    if command == "ALTER TABLE" {
        return knows_alter_table(words);
    }
    KNOWN.contains(&command) && (heading.object.is_some() || !needs_object(command))
}

/// `DROP TRIGGER` and nothing more is no statement, though the gate lets some of them pass.
fn needs_object(command: &str) -> bool {
    let unnamed = [" CAST", " OWNED", " MAPPING", " PRIVILEGES", " SYSTEM", " TRANSFORM"];
    let is_ddl = ["CREATE ", "ALTER ", "DROP "].iter().any(|verb| command.starts_with(verb));
    is_ddl && !unnamed.iter().any(|kind| command.ends_with(kind))
}

/// The forms of `ALTER TABLE` that `sqlparser` does not read.
fn knows_alter_table(words: Words<'_>) -> bool {
    let at = words.skip(words.skip_if_exists(2), &["ONLY"]);
    let Some((_, at)) = words.name(at) else { return false };
    if words.is_any(at, &["ATTACH", "DETACH", "RESET", "CLUSTER", "INHERIT"])
        || words.are(at, &["SET", "SCHEMA"])
        || words.are(at, &["ALTER", "CONSTRAINT"])
    {
        return true;
    }
    let Some((_, action)) = words.name(words.skip(at + 1, &["COLUMN"])) else { return false };
    let alone = words.find(at, &["ALTER"]) == Some(at)
        && words.find(at + 1, &["ADD", "DROP", "ALTER"]).is_none_or(|it| it == action);
    let settings = ["STATISTICS", "STORAGE", "COMPRESSION", "GENERATED"];
    alone
        && (words.is_any(action, &["TYPE", "RESET", "RESTART"])
            || words.is(action, "SET") && words.is_any(action + 1, &settings)
            || words.are(action, &["ADD", "GENERATED"]))
}

/// The title of the command and what it names.
pub(crate) fn heading(words: Words<'_>) -> Heading<'_> {
    let first = words.text(0).to_ascii_uppercase();
    match first.as_str() {
        "CREATE" => create(words),
        "ALTER" | "DROP" => of_kind(words, &first, 1),
        "COMMENT" => comment(words),
        "WITH" => with(words),
        "INSERT" | "MERGE" => named(words, &first, behind(words, 1, "INTO")),
        "UPDATE" => named(words, &first, words.skip(1, &["ONLY"])),
        "DELETE" => named(words, &first, words.skip(words.skip(1, &["FROM"]), &["ONLY"])),
        "TRUNCATE" | "LOCK" => {
            named(words, &first, words.skip(words.skip(1, &["TABLE"]), &["ONLY"]))
        }
        "COPY" | "CALL" | "EXECUTE" | "DEALLOCATE" | "LISTEN" | "NOTIFY" | "CLOSE" | "DECLARE" => {
            named(words, &first, 1)
        }
        "VACUUM" | "ANALYZE" | "ANALYSE" | "CLUSTER" => maintenance(words, &first),
        "REINDEX" => reindex(words),
        "REFRESH" => {
            let at = words.skip(words.skip(1, &["MATERIALIZED", "VIEW"]), &["CONCURRENTLY"]);
            named(words, "REFRESH MATERIALIZED VIEW", at)
        }
        "GRANT" | "REVOKE" => grant(words, &first),
        "SET" | "RESET" | "SHOW" => setting(words, &first),
        "PREPARE" | "COMMIT" | "ROLLBACK" | "END" | "ABORT" => transaction_end(words, &first),
        "START" => named(words, "START TRANSACTION", words.len()),
        "RELEASE" => named(words, "RELEASE SAVEPOINT", words.skip(1, &["SAVEPOINT"])),
        "SAVEPOINT" => named(words, &first, 1),
        "SECURITY" => named(words, "SECURITY LABEL", words.len()),
        "IMPORT" => named(words, "IMPORT FOREIGN SCHEMA", 3),
        "REASSIGN" => named(words, "REASSIGN OWNED", words.len()),
        // Brackets around a query.
        "(" | "TABLE" => named(words, "SELECT", words.len()),
        _ if words.kind(0) == Some(Kind::Word) => named(words, &first, words.len()),
        _ => named(words, "", words.len()),
    }
}

fn named<'a>(words: Words<'a>, command: &str, at: usize) -> Heading<'a> {
    Heading { command: command.to_owned(), object: words.name(at).map(|(name, _)| name) }
}

/// Behind `word`, or nowhere.
fn behind(words: Words<'_>, at: usize, word: &str) -> usize {
    if words.is(at, word) { at + 1 } else { words.len() }
}

fn kind_at(words: Words<'_>, at: usize) -> Option<&'static [&'static str]> {
    KINDS.into_iter().find(|kind| words.are(at, kind))
}

/// `verb kind [CONCURRENTLY] [IF [NOT] EXISTS] [ONLY] name`.
fn of_kind<'a>(words: Words<'a>, verb: &str, at: usize) -> Heading<'a> {
    if verb == "ALTER" && words.is(at, "SYSTEM") {
        return named(words, "ALTER SYSTEM", words.len());
    }
    let Some(kind) = kind_at(words, at) else {
        return named(words, verb, words.len());
    };
    let command = format!("{verb} {}", kind.join(" "));
    let at = words.skip(at + kind.len(), &["CONCURRENTLY"]);
    let at = words.skip_if_exists(at);
    match kind {
        ["CAST" | "TRANSFORM"] | ["USER", "MAPPING"] | ["DEFAULT", "PRIVILEGES"] | ["OWNED"] => {
            named(words, &command, words.len())
        }
        ["OPERATOR"] => Heading { command, object: operator(words, at) },
        ["TABLE" | "INDEX"] if words.are(at, &["ALL", "IN", "TABLESPACE"]) => {
            named(words, &command, words.len())
        }
        ["TABLE"] | ["FOREIGN", "TABLE"] => named(words, &command, words.skip(at, &["ONLY"])),
        _ => named(words, &command, at),
    }
}

/// `schema.===` or `===`, up to the bracket.
fn operator(words: Words<'_>, at: usize) -> Option<&str> {
    let end = (at..words.len()).find(|&at| words.kind(at) == Some(Kind::Open))?;
    Some(words.between(at, end)).filter(|name| !name.is_empty())
}

fn create(words: Words<'_>) -> Heading<'_> {
    let mut at = words.skip(1, &["OR", "REPLACE"]);
    let modifiers = [
        "GLOBAL",
        "LOCAL",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "UNIQUE",
        "RECURSIVE",
        "TRUSTED",
        "PROCEDURAL",
    ];
    while words.is_any(at, &modifiers) {
        at += 1;
    }
    if words.are(at, &["CONSTRAINT", "TRIGGER"]) || words.are(at, &["DEFAULT", "CONVERSION"]) {
        at += 1;
    }
    if words.is(at, "INDEX") {
        return create_index(words, at + 1);
    }
    let heading = of_kind(words, "CREATE", at);
    if heading.command == "CREATE TABLE" && words.find(at, &["AS"]).is_some() {
        return Heading { command: "CREATE TABLE AS".to_owned(), ..heading };
    }
    heading
}

/// The index, or its table where PostgreSQL picks the name.
fn create_index(words: Words<'_>, at: usize) -> Heading<'_> {
    let (index, table) = index_names(words, at);
    Heading { command: "CREATE INDEX".to_owned(), object: index.or(table) }
}

/// Behind `CREATE INDEX`: `[CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table`.
fn index_names(words: Words<'_>, at: usize) -> (Option<&str>, Option<&str>) {
    let at = words.skip_if_exists(words.skip(at, &["CONCURRENTLY"]));
    let (index, at) = match words.name(at) {
        Some(_) if words.is(at, "ON") => (None, at),
        Some((name, behind)) => (Some(name), behind),
        None => (None, at),
    };
    let at = words.skip(words.skip(at, &["ON"]), &["ONLY"]);
    (index, words.name(at).map(|(name, _)| name))
}

/// The index that a `CREATE INDEX CONCURRENTLY` builds.
pub(crate) fn concurrent_index(words: Words<'_>) -> Option<ConcurrentIndex> {
    if !words.is(0, "CREATE") {
        return None;
    }
    let at = words.skip(1, &["UNIQUE"]);
    if !words.are(at, &["INDEX", "CONCURRENTLY"]) {
        return None;
    }
    let (index, table) = index_names(words, at + 1);
    Some(ConcurrentIndex { table: table?.to_owned(), index: index.map(str::to_owned) })
}

/// The value that an `ALTER TYPE … ADD VALUE` adds.
pub(crate) fn enum_value(words: Words<'_>) -> Option<EnumValue> {
    if !words.are(0, &["ALTER", "TYPE"]) {
        return None;
    }
    let (_, at) = words.name(2)?;
    if !words.are(at, &["ADD", "VALUE"]) {
        return None;
    }
    let value = words.skip_if_exists(at + 2);
    if words.kind(value) != Some(Kind::Text) {
        return None;
    }
    Some(EnumValue {
        type_name: folded_name(words, 2, at),
        value: super::literal::decode(words.text(value))?,
    })
}

/// A qualified name with its unquoted parts in lower case.
fn folded_name(words: Words<'_>, from: usize, to: usize) -> String {
    (from..to)
        .map(|at| match words.kind(at) {
            Some(Kind::Word) => words.text(at).to_ascii_lowercase(),
            _ => words.text(at).to_owned(),
        })
        .collect()
}

fn comment(words: Words<'_>) -> Heading<'_> {
    let at = words.skip(1, &["ON"]);
    Heading { command: "COMMENT".to_owned(), object: of_kind(words, "COMMENT ON", at).object }
}

/// The statement behind the `WITH` queries.
fn with(words: Words<'_>) -> Heading<'_> {
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"];
    match words.find(1, &verbs) {
        Some(at) if words.is(at, "UPDATE") => named(words, "UPDATE", words.skip(at + 1, &["ONLY"])),
        Some(at) if words.is(at, "DELETE") => {
            named(words, "DELETE", words.skip(words.skip(at + 1, &["FROM"]), &["ONLY"]))
        }
        Some(at) if words.is_any(at, &["INSERT", "MERGE"]) => {
            named(words, &words.text(at).to_ascii_uppercase(), behind(words, at + 1, "INTO"))
        }
        _ => named(words, "SELECT", words.len()),
    }
}

fn maintenance<'a>(words: Words<'a>, command: &str) -> Heading<'a> {
    let mut at = 1;
    if words.kind(at) == Some(Kind::Open) {
        at = words.behind_parens(at);
    }
    while words.is_any(at, &["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"]) {
        at += 1;
    }
    let command = if command == "ANALYSE" { "ANALYZE" } else { command };
    named(words, command, words.skip(at, &["ONLY"]))
}

fn reindex(words: Words<'_>) -> Heading<'_> {
    let at = if words.kind(1) == Some(Kind::Open) { words.behind_parens(1) } else { 1 };
    let at = if words.is_any(at, &["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"]) {
        at + 1
    } else {
        at
    };
    named(words, "REINDEX", words.skip(at, &["CONCURRENTLY"]))
}

/// `GRANT … ON [kind] name`; of a role's membership nothing is named.
fn grant<'a>(words: Words<'a>, command: &str) -> Heading<'a> {
    let Some(on) = words.find(1, &["ON"]) else { return named(words, command, words.len()) };
    if words.is(on + 1, "ALL") {
        return named(words, command, words.len());
    }
    let kind = kind_at(words, on + 1).map_or(0, <[&str]>::len);
    named(words, command, on + 1 + kind)
}

fn setting<'a>(words: Words<'a>, command: &str) -> Heading<'a> {
    for (title, title_words) in [
        ("SET CONSTRAINTS", &["CONSTRAINTS"][..]),
        ("SET TRANSACTION", &["TRANSACTION"][..]),
        ("SET ROLE", &["ROLE"][..]),
        ("SET SESSION CHARACTERISTICS", &["SESSION", "CHARACTERISTICS"][..]),
        ("SET SESSION AUTHORIZATION", &["SESSION", "AUTHORIZATION"][..]),
    ] {
        if command == "SET" && words.are(1, title_words) {
            return named(words, title, words.len());
        }
    }
    let at = if command == "SET" && words.is_any(1, &["LOCAL", "SESSION"]) { 2 } else { 1 };
    named(words, command, at)
}

fn transaction_end<'a>(words: Words<'a>, command: &str) -> Heading<'a> {
    if words.is(1, "PREPARED") {
        return named(words, &format!("{command} PREPARED"), words.len());
    }
    if command == "PREPARE" {
        return match words.is(1, "TRANSACTION") {
            true => named(words, "PREPARE TRANSACTION", words.len()),
            false => named(words, command, 1),
        };
    }
    if let Some(to) = words.find(1, &["TO"]) {
        return named(words, "ROLLBACK TO SAVEPOINT", words.skip(to + 1, &["SAVEPOINT"]));
    }
    named(words, command, words.len())
}
