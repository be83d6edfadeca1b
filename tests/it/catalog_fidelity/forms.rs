//! How many forms of statements there are, and whether every kind that real migrations use is among them.

use migrate_analysis::Analysis;
use migrate_analysis::plan::{PlannedDown, PlannedScript};
use std::collections::BTreeSet;

/// Statements, their names and literals left out.
#[derive(Debug, Default)]
pub(super) struct Forms {
    forms: BTreeSet<String>,
    statements: usize,
}

impl Forms {
    pub(super) fn add(&mut self, analysis: &Analysis) {
        for migration in &analysis.plan.migrations {
            self.script(analysis, &migration.up);
            if let PlannedDown::Script(script) = &migration.down {
                self.script(analysis, script);
            }
        }
    }

    fn script(&mut self, analysis: &Analysis, script: &PlannedScript) {
        let text = analysis.sources[script.source.index()].text();
        for statement in &script.statements {
            self.statements += 1;
            self.forms.insert(form(&text[statement.range.clone()]));
        }
    }

    pub(super) fn count(&self) -> usize {
        self.forms.len()
    }

    pub(super) fn statements(&self) -> usize {
        self.statements
    }

    pub(super) fn check(&self) {
        assert!(self.forms.len() >= 400, "{} forms", self.forms.len());
        let missing: Vec<&&str> =
            KINDS.iter().filter(|kind| !self.forms.iter().any(|form| has(form, kind))).collect();
        assert!(missing.is_empty(), "no statement of these kinds: {missing:?}");
    }
}

/// Whether the words stand in the form, in this order.
fn has(form: &str, kind: &str) -> bool {
    let mut words = form.split(' ');
    kind.split(' ').enumerate().all(|(place, wanted)| match place {
        0 => words.next() == Some(wanted),
        _ => words.any(|word| word == wanted),
    })
}

/// Keywords stay, which we write in upper case. A name, a literal and a list of them become `x`.
fn form(statement: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let length = token(rest);
        let (text, after) = rest.split_at(length);
        rest = after;
        if first.is_whitespace() || text.starts_with("--") {
            continue;
        }
        let is_keyword = first.is_ascii_uppercase() && !text.starts_with("E'");
        let is_name = first.is_alphanumeric() || matches!(first, '_' | '"' | '\'' | '$');
        let word = if is_keyword || !is_name { text } else { "x" };
        match (words.as_slice(), word) {
            ([.., x, comma], "x") if x == "x" && matches!(comma.as_str(), "," | ".") => {
                words.pop();
            }
            ([.., x], "x") if x == "x" => {}
            _ => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

/// The length of the first token.
fn token(text: &str) -> usize {
    let first = text.chars().next().unwrap_or(' ');
    let till = |end: &str, from: usize| {
        text.get(from..).and_then(|it| it.find(end)).map_or(text.len(), |at| from + at + end.len())
    };
    if text.starts_with("--") {
        till("\n", 2)
    } else if matches!(first, '\'' | '"') {
        till(&first.to_string(), 1)
    } else if first == '$' {
        let tag = till("$", 1);
        till(&text[..tag], tag)
    } else if first.is_alphanumeric() || first == '_' {
        text.find(|it: char| !(it.is_alphanumeric() || it == '_')).unwrap_or(text.len())
    } else {
        first.len_utf8()
    }
}

/// The kinds of statements in 5,000 real migrations, by frequency, as words in their order.
const KINDS: &[&str] = &[
    "ALTER TABLE ADD COLUMN",
    "ALTER TABLE DROP COLUMN",
    "CREATE INDEX",
    "CREATE TABLE",
    "DROP TABLE",
    "DROP INDEX",
    "UPDATE",
    "ALTER TABLE DROP CONSTRAINT",
    "CREATE FUNCTION LANGUAGE",
    "INSERT INTO",
    "ALTER TABLE ADD FOREIGN KEY",
    "DELETE FROM",
    "ALTER TABLE SET NOT NULL",
    "BEGIN",
    "COMMIT",
    "DROP FUNCTION",
    "ALTER TABLE SET DEFAULT",
    "ALTER TABLE DROP NOT NULL",
    "CREATE VIEW",
    "CREATE TRIGGER",
    "DROP TRIGGER",
    "ALTER TABLE TYPE",
    "CREATE TYPE AS ENUM",
    "DROP VIEW",
    "DROP TYPE",
    "ALTER TABLE ADD UNIQUE",
    "ALTER TABLE RENAME COLUMN TO",
    "SELECT",
    "ALTER TYPE ADD VALUE",
    "DO",
    "COMMENT ON COLUMN",
    "SET",
    "RESET",
    "CREATE SEQUENCE",
    "ALTER TABLE ADD PRIMARY KEY",
    "ALTER TABLE ADD CHECK",
    "GRANT ON TO",
    "DROP SEQUENCE",
    "CREATE MATERIALIZED VIEW",
    "COMMENT ON TABLE",
    "DROP MATERIALIZED VIEW",
    "ALTER TABLE RENAME TO",
    "CREATE EXTENSION",
    "LOCK TABLE",
    "ALTER TYPE RENAME TO",
    "TRUNCATE",
    "COMMENT ON TRIGGER",
    "CREATE SCHEMA",
    "ALTER SEQUENCE",
    "ALTER INDEX RENAME TO",
    "DROP SCHEMA",
    "ALTER TABLE RENAME CONSTRAINT",
    "CREATE CONSTRAINT TRIGGER",
    "DROP EXTENSION",
    "CREATE TABLE AS SELECT",
    "ALTER TABLE SET (",
    "ALTER TABLE ADD CHECK NOT VALID",
    "ALTER TABLE ADD FOREIGN NOT VALID",
    "CREATE PROCEDURE",
    "DROP PROCEDURE",
    "REVOKE ON FROM",
    "ALTER TABLE ALTER CONSTRAINT",
    "ALTER TABLE VALIDATE CONSTRAINT",
    "CALL",
    "VACUUM",
    "CREATE AGGREGATE",
    "COMMENT ON FUNCTION",
    "ALTER TABLE RESET (",
    "CREATE TYPE AS (",
    "REINDEX TABLE",
    "ALTER TABLE OWNER TO",
    "ALTER FUNCTION OWNER TO",
    "ALTER TABLE ADD PRIMARY KEY USING INDEX",
    "GRANT ON SCHEMA",
    "ALTER SEQUENCE RENAME TO",
    "ALTER TABLE ADD NOT NULL",
    "ALTER TABLE DISABLE TRIGGER ALL",
    "ALTER TABLE ENABLE TRIGGER ALL",
    "REFRESH MATERIALIZED VIEW",
    "CREATE ROLE",
    "DROP AGGREGATE",
    "REVOKE ON SCHEMA",
    "ALTER TYPE RENAME VALUE",
    "GRANT ON SEQUENCE",
    "ALTER TABLE SET STATISTICS",
    "ALTER TABLE SET SCHEMA",
    "GRANT TO",
    "DROP ROLE",
    "GRANT ON FUNCTION",
    "COMMENT ON AGGREGATE",
    "ALTER TRIGGER RENAME TO",
    "ALTER FUNCTION RENAME TO",
    "ALTER TABLE DISABLE TRIGGER USER",
    "ALTER TABLE ENABLE TRIGGER USER",
    "CREATE STATISTICS",
    "DROP STATISTICS",
    "DROP OPERATOR CLASS",
    "DROP COLLATION",
    "ALTER TABLE ADD GENERATED AS IDENTITY",
    "ALTER TABLE ADD UNIQUE USING INDEX",
    "DROP PUBLICATION",
    "CREATE TYPE AS RANGE",
    "ALTER TABLE SET UNLOGGED",
    "ALTER TABLE SET LOGGED",
    "ALTER TABLE ENABLE ROW LEVEL SECURITY",
    "DROP POLICY",
    "CREATE POLICY",
    "ALTER TABLE DISABLE ROW LEVEL SECURITY",
    "COMMENT ON CONSTRAINT",
    "COMMENT ON EXTENSION",
    "COMMENT ON VIEW",
    "ALTER EXTENSION",
    "ALTER ROLE SET",
    "ALTER MATERIALIZED VIEW RENAME TO",
    "REVOKE ON FUNCTION",
    "ALTER TABLE DROP IDENTITY",
    "ALTER TABLE ATTACH PARTITION",
    "ALTER TABLE DETACH PARTITION",
];
