//! Slips that are nobody's dialect: misspelt and misplaced words, foreign quotes, reserved names.

use super::super::lex::Kind;
use super::super::words::Words;
use super::{Finder, Form, altered_table, created_table};
use crate::list::CollectVec;

pub(super) const FINDERS: [Finder; 8] = [
    backtick,
    square_brackets,
    misplaced_if_exists,
    unknown_if_not_exists,
    nameless_index,
    misspelt_command,
    misspelt_keyword,
    reserved_name,
];

fn backtick(words: Words<'_>, _: usize) -> Option<Form> {
    let is_backtick =
        |at: usize| words.kind(at) == Some(Kind::Operator) && words.text(at).contains('`');
    let at = (0..words.len()).find(|&at| is_backtick(at))?;
    let name = match words.kind(at + 1) {
        Some(Kind::Word) => words.text(at + 1),
        _ => "name",
    };
    Form::new(
        at,
        format!("names are quoted with double quotes: `\"{name}\"`, or not at all: `{name}`"),
    )
}

fn square_brackets(words: Words<'_>, refused_at: usize) -> Option<Form> {
    if words.kind(refused_at) != Some(Kind::OpenBracket)
        || words.kind(refused_at + 1) != Some(Kind::Word)
    {
        return None;
    }
    let name = words.text(refused_at + 1);
    Form::new(
        refused_at,
        format!("names are quoted with double quotes: `\"{name}\"`, or not at all: `{name}`"),
    )
}

/// `DROP TABLE t IF EXISTS`, `CREATE TABLE t IF NOT EXISTS`, `ADD COLUMN a IF NOT EXISTS`.
fn misplaced_if_exists(words: Words<'_>, refused_at: usize) -> Option<Form> {
    let at = [refused_at.checked_sub(2), refused_at.checked_sub(1), Some(refused_at)]
        .into_iter()
        .flatten()
        .find(|&at| words.skip_if_exists(at) > at)?;
    let clause = words.between(at, words.skip_if_exists(at)).to_ascii_uppercase();
    let before = at.checked_sub(1)?;
    if !matches!(words.kind(before), Some(Kind::Word | Kind::QuotedName)) || before == 0 {
        return None;
    }
    // The name begins behind the word that says what it is of.
    let kinds = ["TABLE", "INDEX", "VIEW", "COLUMN", "CONSTRAINT", "SEQUENCE", "TYPE", "SCHEMA"];
    let kind = (1..before).rev().find(|&kind| words.is_any(kind, &kinds))?;
    let (name, behind) = words.name(kind + 1)?;
    if behind != at {
        return None;
    }
    let verb = words.text(kind - 1);
    let kind = words.text(kind);
    Form::new(at, format!("it stands before the name: `{verb} {kind} {clause} {name}`"))
}

/// Kinds without `IF NOT EXISTS`: types, constraints, triggers, policies ….
fn unknown_if_not_exists(words: Words<'_>, _: usize) -> Option<Form> {
    let at = (1..words.len()).find(|&at| words.are(at, &["IF", "NOT", "EXISTS"]))?;
    let (name, _) = words.name(at + 3)?;
    if words.is(at - 1, "CONSTRAINT") {
        let (table, _) = altered_table(words)?;
        return Form::new(
            at,
            format!("drop it first: `ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};`"),
        );
    }
    if !words.is(0, "CREATE") {
        return None;
    }
    let kind = words.text(at - 1).to_ascii_uppercase();
    let help = match kind.as_str() {
        "TYPE" | "DOMAIN" | "ROLE" | "USER" => format!(
            "`CREATE {kind}` has no `IF NOT EXISTS`; a migration runs once, so leave it out, or write \
             `DO $$ BEGIN CREATE {kind} {name} …; EXCEPTION WHEN duplicate_object THEN NULL; END $$;`"
        ),
        "FUNCTION" | "PROCEDURE" | "VIEW" | "TRIGGER" | "AGGREGATE" | "RULE" => {
            format!("it is `CREATE OR REPLACE {kind} {name} …`")
        }
        "POLICY" | "OPERATOR" | "DATABASE" | "PUBLICATION" => {
            format!(
                "`CREATE {kind}` has no `IF NOT EXISTS`: a migration runs once, so leave it out"
            )
        }
        _ => return None,
    };
    Form::new(at, help)
}

/// `CREATE INDEX IF NOT EXISTS ON t (a)`.
fn nameless_index(words: Words<'_>, _: usize) -> Option<Form> {
    let at = (1..words.len()).find(|&at| words.are(at, &["IF", "NOT", "EXISTS", "ON"]))?;
    if !words.is(0, "CREATE") {
        return None;
    }
    Form::new(
        at + 3,
        "with `IF NOT EXISTS` the index needs a name, or there is nothing to look for",
    )
}

const COMMANDS: [&str; 34] = [
    "CREATE",
    "ALTER",
    "DROP",
    "INSERT",
    "UPDATE",
    "DELETE",
    "SELECT",
    "WITH",
    "GRANT",
    "REVOKE",
    "COMMENT",
    "TRUNCATE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "VACUUM",
    "ANALYZE",
    "REINDEX",
    "REFRESH",
    "CLUSTER",
    "EXPLAIN",
    "EXECUTE",
    "DECLARE",
    "NOTIFY",
    "LISTEN",
    "MERGE",
    "VALUES",
    "COPY",
    "CALL",
    "LOCK",
    "RESET",
    "START",
    "SECURITY",
    "CHECKPOINT",
];

const KINDS: [&str; 24] = [
    "TABLE",
    "INDEX",
    "VIEW",
    "MATERIALIZED",
    "SEQUENCE",
    "TYPE",
    "DOMAIN",
    "FUNCTION",
    "PROCEDURE",
    "TRIGGER",
    "SCHEMA",
    "EXTENSION",
    "ROLE",
    "USER",
    "POLICY",
    "RULE",
    "AGGREGATE",
    "OPERATOR",
    "UNIQUE",
    "TEMPORARY",
    "UNLOGGED",
    "DATABASE",
    "STATISTICS",
    "PUBLICATION",
];

/// `CREAT TABLE`, `CREATE TABEL`.
fn misspelt_command(words: Words<'_>, _: usize) -> Option<Form> {
    if words.kind(0) != Some(Kind::Word) {
        return None;
    }
    if !COMMANDS.iter().any(|command| words.is(0, command)) {
        let meant = nearest(words.text(0), &COMMANDS, 2)?;
        return Form::new(0, format!("did you mean `{meant}`?"));
    }
    let object = words.skip(1, &["OR", "REPLACE"]);
    if !words.is_any(0, &["CREATE", "ALTER", "DROP"]) || words.kind(object) != Some(Kind::Word) {
        return None;
    }
    if KINDS.iter().any(|kind| words.is(object, kind)) {
        return None;
    }
    let meant = nearest(words.text(object), &KINDS, 2)?;
    Form::new(object, format!("did you mean `{meant}`?"))
}

const KEYWORDS: [&str; 36] = [
    "FROM",
    "WHERE",
    "VALUES",
    "INTO",
    "TABLE",
    "COLUMN",
    "CONSTRAINT",
    "PRIMARY",
    "FOREIGN",
    "REFERENCES",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "NULL",
    "CASCADE",
    "RESTRICT",
    "INDEX",
    "EXISTS",
    "RENAME",
    "RETURNING",
    "RETURNS",
    "LANGUAGE",
    "GROUP",
    "ORDER",
    "LIMIT",
    "HAVING",
    "UNION",
    "LEFT",
    "INNER",
    "JOIN",
    "USING",
    "EXECUTE",
    "CONCURRENTLY",
    "CONFLICT",
    "PARTITION",
    "SCHEMA",
];

/// A refused word that is one slip away from a keyword.
fn misspelt_keyword(words: Words<'_>, refused_at: usize) -> Option<Form> {
    let written = words.text(refused_at);
    if words.kind(refused_at) != Some(Kind::Word) || refused_at == 0 || written.len() < 4 {
        return None;
    }
    let meant = nearest(written, &KEYWORDS, 1)?;
    Form::new(refused_at, format!("did you mean `{meant}`?"))
}

/// The one of `candidates` that is at most `most` slips away, and not the word itself.
fn nearest(written: &str, candidates: &[&'static str], most: usize) -> Option<&'static str> {
    let written = written.to_ascii_uppercase();
    // Two slips in a word of four letters are another word.
    let most = if written.len() < 5 { most.min(1) } else { most };
    candidates
        .iter()
        .map(|candidate| (distance(written.as_bytes(), candidate.as_bytes()), *candidate))
        .filter(|(slips, _)| *slips > 0 && *slips <= most)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// How many letters are added, left out, changed or swapped with their neighbour.
fn distance(left: &[u8], right: &[u8]) -> usize {
    if left.len().abs_diff(right.len()) > 2 {
        return usize::MAX;
    }
    let width = right.len() + 1;
    let mut rows: Vec<usize> = (0..width).collect_vec();
    for (row, &a) in left.iter().enumerate() {
        rows.push(row + 1);
        for (column, &b) in right.iter().enumerate() {
            let at = (row + 1) * width + column + 1;
            let changed = rows[at - width - 1] + usize::from(a != b);
            let mut best = changed.min(rows[at - width] + 1).min(rows[at - 1] + 1);
            if row > 0 && column > 0 && a == right[column - 1] && left[row - 1] == b {
                best = best.min(rows[at - 2 * width - 2] + 1);
            }
            rows.push(best);
        }
    }
    rows.last().copied().unwrap_or(usize::MAX)
}

/// The words that are never a name without quotes.
const RESERVED: [&str; 77] = [
    "ALL",
    "ANALYSE",
    "ANALYZE",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASYMMETRIC",
    "BOTH",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "CONSTRAINT",
    "CREATE",
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEFAULT",
    "DEFERRABLE",
    "DESC",
    "DISTINCT",
    "DO",
    "ELSE",
    "END",
    "EXCEPT",
    "FALSE",
    "FETCH",
    "FOR",
    "FOREIGN",
    "FROM",
    "GRANT",
    "GROUP",
    "HAVING",
    "IN",
    "INITIALLY",
    "INTERSECT",
    "INTO",
    "LATERAL",
    "LEADING",
    "LIMIT",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "PLACING",
    "PRIMARY",
    "REFERENCES",
    "RETURNING",
    "SELECT",
    "SESSION_USER",
    "SOME",
    "SYMMETRIC",
    "SYSTEM_USER",
    "TABLE",
    "THEN",
    "TO",
    "TRAILING",
    "TRUE",
    "UNION",
    "UNIQUE",
    "USER",
    "USING",
    "VARIADIC",
    "WHEN",
    "WHERE",
    "WINDOW",
];

/// `CREATE TABLE user (…)`, `(order int, …)`: a reserved word where only a name can stand.
fn reserved_name(words: Words<'_>, refused_at: usize) -> Option<Form> {
    if !RESERVED.iter().any(|word| words.is(refused_at, word)) || refused_at == 0 {
        return None;
    }
    let before = refused_at - 1;
    let is_table = words.is_any(before, &["TABLE", "INTO", "EXISTS", "UPDATE", "FROM", "ONLY"]);
    let is_column = words.is_any(before, &["COLUMN", "ADD", "RENAME"])
        || created_table(words).is_some()
            && matches!(words.kind(before), Some(Kind::Open | Kind::Comma))
            && words.kind(refused_at + 1) == Some(Kind::Word);
    if !is_table && !is_column {
        return None;
    }
    let name = words.text(refused_at);
    Form::new(
        refused_at,
        format!(
            "`{name}` is a reserved word: quote it as a name, `\"{}\"`",
            name.to_ascii_lowercase()
        ),
    )
}
