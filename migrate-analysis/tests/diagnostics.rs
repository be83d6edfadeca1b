//! Each case is a directory written as one text (`=== path` starts a file), each snapshot what the
//! user sees. A case named after a code has to report that code.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use migrate_analysis::cache::Cache;
use migrate_analysis::diagnostic::Code;
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, File, Source};
use migrate_analysis::{Analysis, InlineMigration, analyze, analyze_inline};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut seen = BTreeSet::new();
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let case = fs::read_to_string(&path).unwrap();
        let analysis = check(&name, &case);
        // `not-postgres.update-limit` is a second case of `not-postgres`.
        let code = name.split('.').next().unwrap();
        if code != "fine" {
            let code = Code::from_name(code).unwrap_or_else(|| panic!("{name}: no such code"));
            let found = analysis.diagnostics.iter().any(|diagnostic| diagnostic.code == code);
            assert!(found, "{name} does not report {code}");
            seen.insert(code);
        } else {
            assert_eq!(analysis.diagnostics, [], "{name}");
        }
    }
    // What rules find has its examples beside the rules.
    let codes = Code::ALL.iter().filter(|code| !code.is_hazard());
    let missing: Vec<_> = codes.filter(|code| !seen.contains(code)).collect();
    // These need bytes that a text cannot hold; see below.
    assert_eq!(missing, [&Code::MissingDirectory, &Code::UnreadableFile, &Code::NotUtf8]);
}

/// In a case of another code that is about hazards, too.
const SHOWN: &str = "-- hazards are shown";

fn check(name: &str, case: &str) -> Analysis {
    let mut cache = Cache::default();
    let analysis = analyze(Ok(directory(case)), &mut cache);
    let again = analyze(Ok(directory(case)), &mut Cache::decode(&cache.encode()));
    assert_eq!(again, analysis, "{name}: what was kept is what was found");
    // What is dangerous besides stands in the cases about that, and beside the rules.
    let is_case_of_hazard = Code::from_name(name.split('.').next().unwrap());
    let shows_hazards =
        is_case_of_hazard.is_none_or(|code| code.is_hazard()) || case.contains(SHOWN);
    let rendered: Vec<_> = analysis
        .diagnostics
        .iter()
        .filter(|it| shows_hazards || !it.code.is_hazard())
        .map(|diagnostic| render(diagnostic, &analysis.sources, "migrations"))
        .collect();
    for text in &rendered {
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with(']'), "the first line ends in the code: {text}");
        let place = lines[1].trim_start().strip_prefix("--> ").expect(text);
        assert_eq!(
            place.rsplitn(3, ':').filter(|n| n.parse::<usize>().is_ok()).count(),
            2,
            "{text}"
        );
    }
    if !rendered.is_empty() {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, rendered.join("\n\n"));
        });
    }
    analysis
}

fn directory(case: &str) -> Directory {
    let mut files: Vec<File> = Vec::new();
    for part in case.split("=== ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap();
        let contents = Ok(text.as_bytes().to_vec());
        files.push(File { path: path.trim().to_owned(), contents });
    }
    Directory { files, folders: vec![String::new()] }
}

fn file(path: &str, contents: Result<&[u8], &str>) -> File {
    let contents = contents.map(<[u8]>::to_vec).map_err(str::to_owned);
    File { path: path.to_owned(), contents }
}

fn one(directory: Result<Directory, String>) -> String {
    let analysis = analyze(directory, &mut Cache::default());
    assert_eq!(analysis.diagnostics.len(), 1, "{:?}", analysis.diagnostics);
    render(&analysis.diagnostics[0], &analysis.sources, "migrations")
}

#[test]
fn missing_directory() {
    let text = one(Err("migrations: No such file or directory (os error 2)".to_owned()));
    insta::assert_snapshot!(text, @r"
    the migrations directory cannot be read [missing-directory]
    --> migrations:1:1
     = note: migrations: No such file or directory (os error 2)
     = help: the path in `migrations!` is relative to the folder of the crate's Cargo.toml
    ");
}

#[test]
fn not_utf8() {
    let files =
        vec![file("1_a.up.sql", Ok(b"SELECT 'caf\xe9';")), file("1_a.down.sql", Ok(b"SELECT 1;"))];
    let text = one(Ok(Directory { files, folders: vec![] }));
    insta::assert_snapshot!(text, @r"
    the file is not UTF-8 [not-utf8]
    --> migrations/1_a.up.sql:1:1
     = note: byte 12 is 0xe9, which does not continue a character
     = help: save the file as UTF-8; PostgreSQL would take its bytes for other characters
    ");
}

#[test]
fn unreadable_file() {
    let files = vec![
        file("1_a.up.sql", Err("Permission denied (os error 13)")),
        file("1_a.down.sql", Ok(b"SELECT 1;")),
    ];
    let text = one(Ok(Directory { files, folders: vec![] }));
    insta::assert_snapshot!(text, @r"
    the file cannot be read [unreadable-file]
    --> migrations/1_a.up.sql:1:1
     = note: Permission denied (os error 13)
     = help: make it readable, or remove it from the migrations directory
    ");
}

fn inline(version: i64, name: &str, up: (&str, usize), down: (&str, usize)) -> InlineMigration {
    let source = |(text, line): (&str, usize)| Source::inline("src/main.rs", text, line, 18);
    InlineMigration {
        version,
        name: name.to_owned(),
        up: source(up),
        down: Some(source(down)),
        irreversible: None,
    }
}

/// What is wrong with the schema is shown in the Rust file.
#[test]
fn inline_migrations_against_the_schema() {
    let users = "CREATE TABLE users (id bigint PRIMARY KEY)";
    let analysis = analyze_inline(vec![
        inline(1, "create_users", (users, 7), ("DROP TABLE users", 8)),
        inline(2, "add_phone", ("ALTER TABLE usrs ADD phone text", 11), ("SELECT 1", 12)),
        inline(3, "again", (users, 15), ("SELECT 1", 16)),
        inline(4, "orders", ("CREATE TABLE orders ()", 19), ("SELECT\n1", 20)),
    ]);
    let rendered: Vec<_> =
        analysis.diagnostics.iter().map(|it| render(it, &analysis.sources, "")).collect();
    insta::assert_snapshot!(rendered.join("\n\n"), @r"
    table `usrs` does not exist [unknown-relation]
      --> src/main.rs:11:30
       |
    11 |                  ALTER TABLE usrs ADD phone text
       |                              ^^^^ did you mean `users`?
       |
       = help: if something outside this set makes it, say so above the statement: `-- migrate: allow(unknown-relation) <reason>`

    table `users` exists already [duplicate-relation]
      --> src/main.rs:15:31
       |
    15 |                  CREATE TABLE users (id bigint PRIMARY KEY)
       |                               ^^^^^ this name is taken
       |
      ::: src/main.rs:7:18
       |
     7 |                  CREATE TABLE users (id bigint PRIMARY KEY)
       |                  ------------------------------------------ migration 1 `create_users` makes it
       |
       = help: give it another name, or drop the first one before

    the down of migration 4 `orders` does not restore what its up changed [down-does-not-restore]
      --> src/main.rs:20:18
       |
    20 |                  SELECT
       |                  ^^^^^^ after the down, table `orders` is left behind
       |
      ::: src/main.rs:19:18
       |
    19 |                  CREATE TABLE orders ()
       |                  ---------------------- what the up changed
       |
       = help: add to the end of the down script:
                 DROP TABLE orders;
       = help: or say in the down script why it is meant: `-- migrate: allow(down-does-not-restore) <reason>`
    ");
}
