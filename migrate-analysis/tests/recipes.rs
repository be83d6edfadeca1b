//! What the help of a hazard says to write, where a statement does several things at once: nothing is wrong with it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use migrate_analysis::cache::Cache;
use migrate_analysis::hazards;
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, File};
use migrate_analysis::{Analysis, analyze};

/// What earlier migrations have made, and a statement with hazards.
const CASES: &[(&str, &str)] = &[
    (
        USERS,
        "ALTER TABLE users ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid(),
           ADD COLUMN b text NOT NULL, ADD COLUMN c int, ADD COLUMN d int DEFAULT 0 CHECK (d >= 0)",
    ),
    (
        USERS,
        "ALTER TABLE users ADD COLUMN e serial UNIQUE, ADD COLUMN f smallserial, DROP CONSTRAINT users_age_check,
           ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID",
    ),
    (USERS, "ALTER TABLE users ADD COLUMN g int, ADD COLUMN team bigint DEFAULT 1 REFERENCES teams"),
    (
        USERS,
        "ALTER TABLE users ADD CONSTRAINT one CHECK (age < 200), ADD UNIQUE (name),
           ADD FOREIGN KEY (team_id) REFERENCES teams ON DELETE CASCADE, ALTER COLUMN age SET DEFAULT 1",
    ),
    (USERS, "ALTER TABLE users ALTER COLUMN name SET NOT NULL, ALTER COLUMN team_id SET NOT NULL"),
    (
        USERS,
        "ALTER TABLE users ALTER COLUMN visits TYPE bigint, ALTER COLUMN name TYPE int USING length(name)",
    ),
    (
        USERS,
        "ALTER TABLE users ALTER COLUMN seen TYPE timestamptz USING seen AT TIME ZONE 'UTC'",
    ),
    (
        "CREATE SCHEMA audit; CREATE DOMAIN audit.positive AS int CHECK (VALUE > 0) NOT NULL;
         CREATE TABLE audit.\"Log\" (id bigint PRIMARY KEY, \"The Text\" varchar(20))",
        "ALTER TABLE audit.\"Log\" ADD COLUMN \"How Many\" audit.positive DEFAULT 1",
    ),
    (
        "CREATE SCHEMA audit; CREATE TABLE audit.\"Log\" (id bigint PRIMARY KEY, \"The Text\" varchar(20))",
        "ALTER TABLE audit.\"Log\" RENAME COLUMN \"The Text\" TO text",
    ),
    (
        "CREATE SCHEMA audit; CREATE TABLE audit.\"Log\" (id bigint, \"The Text\" varchar(20))",
        "ALTER TABLE audit.\"Log\" ADD PRIMARY KEY (id, \"The Text\")",
    ),
    (
        "CREATE SCHEMA audit; CREATE TABLE audit.\"Log\" (id bigint, n int)",
        "ALTER TABLE audit.\"Log\" ADD COLUMN \"Twice\" int GENERATED ALWAYS AS (n * 2) STORED NOT NULL",
    ),
    (
        USERS,
        "ALTER TABLE users ALTER COLUMN team_id SET NOT NULL, ALTER COLUMN name SET DEFAULT 'x',
           ADD CONSTRAINT team FOREIGN KEY (team_id) REFERENCES teams ON DELETE CASCADE",
    ),
    (USERS, "ALTER TABLE users RENAME COLUMN visits TO calls"),
    ("CREATE TABLE t (id bigint PRIMARY KEY, n serial)", "ALTER TABLE t RENAME COLUMN n TO number"),
    ("CREATE TABLE t (id bigint PRIMARY KEY, n serial)", "ALTER TABLE t ALTER COLUMN n TYPE bigint"),
];

const USERS: &str = "CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE users (
  id bigint PRIMARY KEY,
  name text,
  age int CONSTRAINT users_age_check CHECK (age > 0),
  visits int NOT NULL DEFAULT 0,
  seen timestamp,
  team_id bigint
);";

fn analysis(scripts: &[&str]) -> Analysis {
    let file = |(number, script): (usize, &&str)| File {
        path: format!("{}_m.up.sql", number + 1),
        contents: Ok(format!("-- migrate: irreversible an example\n{script};\n").into_bytes()),
    };
    let files = scripts.iter().enumerate().map(file).collect();
    analyze(Ok(Directory { files, folders: vec![String::new()] }), &mut Cache::default())
}

#[test]
fn what_is_proposed_is_accepted() {
    let mut wrong = Vec::new();
    for (setup, statement) in CASES {
        let found = analysis(&[setup, statement]);
        let proposals: Vec<Vec<String>> =
            found.diagnostics.iter().map(hazards::proposals).filter(|it| !it.is_empty()).collect();
        assert!(!proposals.is_empty(), "nothing is proposed for {statement}: {found:?}");
        for proposal in proposals {
            let scripts: Vec<&str> =
                std::iter::once(*setup).chain(proposal.iter().map(String::as_str)).collect();
            let analysis = analysis(&scripts);
            for diagnostic in &analysis.diagnostics {
                wrong.push(render(diagnostic, &analysis.sources, "migrations"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
