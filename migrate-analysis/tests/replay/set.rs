//! A set, and what may become of it.

use super::{Directory, File};

/// Up and down; each needs what others have made, and some take things away.
pub(crate) const SET: [(&str, &str); 10] = [
    ("CREATE TABLE a (id int PRIMARY KEY, b text, c text)", "DROP TABLE a"),
    (
        "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE m (m mood, a int REFERENCES a)",
        "DROP TABLE m; DROP TYPE mood",
    ),
    (
        "CREATE VIEW v AS SELECT id, b FROM a; CREATE INDEX a_b ON a (b)",
        "DROP INDEX a_b; DROP VIEW v",
    ),
    ("ALTER TABLE a DROP COLUMN c", "ALTER TABLE a ADD COLUMN c text"),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()",
        "DROP TRIGGER t ON a; DROP FUNCTION f()",
    ),
    ("CREATE INDEX again ON a (b)", "DROP INDEX again"),
    ("DO $$ BEGIN EXECUTE 'CREATE TABLE ' || 'x (a int)'; END $$", "DROP TABLE x"),
    ("DROP VIEW v", "CREATE VIEW v AS SELECT id, b FROM a"),
    ("ALTER TABLE m RENAME TO n; COMMENT ON TABLE n IS 'n'", "ALTER TABLE n RENAME TO m"),
    ("INSERT INTO a (id, b) VALUES (1, 'x'); DELETE FROM n", "-- migrate: no-op nothing is lost"),
];

/// What an edit adds to a script.
pub(crate) const EDITS: [&str; 7] = [
    "\n-- a comment",
    ";\nSELECT c FROM a",
    ";\nSELECT * FROM v",
    ";\nCREATE INDEX a_b ON a (b)",
    ";\nDROP TABLE m CASCADE",
    ";\nCREATE TABLE y (a int)",
    ";\nCREATE UNIQUE INDEX third ON a (b)",
];

pub(crate) fn directory(set: &[(String, String)], config: &str) -> Directory {
    let mut files =
        vec![File { path: "migrate.toml".to_owned(), contents: Ok(config.as_bytes().to_vec()) }];
    for (number, (up, down)) in set.iter().enumerate() {
        for (direction, text) in [("down", down), ("up", up)] {
            let path = format!("{:03}_m.{direction}.sql", number + 1);
            files.push(File { path, contents: Ok(format!("{text};\n").into_bytes()) });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Directory { files, folders: vec![String::new()] }
}

pub(crate) fn set() -> Vec<(String, String)> {
    SET.iter().map(|(up, down)| ((*up).to_owned(), (*down).to_owned())).collect()
}
