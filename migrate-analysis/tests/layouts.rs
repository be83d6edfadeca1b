//! The same migration in every layout is the same migration; what changes no SQL changes no
//! checksum; what the cache kept is what was found.

use migrate_analysis::analyze;
use migrate_analysis::cache::Cache;
use migrate_analysis::plan::{Plan, PlannedDown};
use migrate_analysis::source::{Directory, File};

const UP: &str =
    "CREATE TABLE users (id bigint PRIMARY KEY, name text);\nCREATE INDEX ON users (name);\n";
const DOWN: &str = "DROP TABLE users;\n";

/// What the scripts meet, and what they leave behind, is not the question here.
const CONFIG: &str =
    "external = [\"*.*\"]\nallow = [\"down-does-not-restore\", \"unknown-column\"]\n";

fn plan(files: &[(&str, &str)]) -> Plan {
    let files = &[files, &[("migrate.toml", CONFIG)]].concat();
    let mut cache = Cache::default();
    let analysis = analyze(Ok(directory(files)), &mut cache);
    assert_eq!(analysis.diagnostics, [], "{files:?}");
    let mut kept = Cache::decode(&cache.encode());
    let again = analyze(Ok(directory(files)), &mut kept);
    assert_eq!((&again.plan, &again.diagnostics), (&analysis.plan, &analysis.diagnostics));
    assert!(!kept.is_changed(), "the second analysis found everything in the cache");
    analysis.plan
}

fn directory(files: &[(&str, &str)]) -> Directory {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        contents: Ok(text.as_bytes().to_vec()),
    };
    Directory { files: files.iter().map(file).collect(), folders: vec![String::new()] }
}

fn checksums(plan: &Plan) -> Vec<(i64, String, [u8; 32], [u8; 32])> {
    let checksums = plan.migrations.iter().map(|migration| {
        let PlannedDown::Script(down) = &migration.down else { panic!("{migration:?}") };
        (migration.version, migration.name.clone(), migration.up.checksum, down.checksum)
    });
    checksums.collect()
}

#[test]
fn every_layout_gives_the_same_migration() {
    let pair = plan(&[("1_create_users.up.sql", UP), ("1_create_users.down.sql", DOWN)]);
    assert_eq!(pair.migrations.len(), 1);
    let sectioned = |up: &str, down: &str| format!("{up}\n{UP}\n{down}\n{DOWN}");
    for marks in [
        ("-- UP", "-- DOWN"),
        ("-- UP: Apply this migration", "-- DOWN: Rollback this migration"),
        ("-- migrate: up", "-- migrate: down"),
        ("-- migrate:up", "-- migrate:down"),
        ("-- +goose Up", "-- +goose Down"),
        ("-- +migrate Up", "-- +migrate Down"),
        ("-- Up Migration", "-- Down Migration"),
        ("-- ---- UP ----", "-- ---- DOWN ----"),
        ("", "---- create above / drop below ----"),
        ("-- // a remark of MyBatis", "-- //@UNDO"),
    ] {
        let one = plan(&[("001_create_users.sql", &sectioned(marks.0, marks.1))]);
        assert_eq!(checksums(&one), checksums(&pair), "{marks:?}");
    }
    let folder = plan(&[("01_create_users/up.sql", UP), ("01_create_users/down.sql", DOWN)]);
    assert_eq!(checksums(&folder), checksums(&pair));
    let flyway = plan(&[("V1__create_users.sql", UP), ("U1__create_users.sql", DOWN)]);
    assert_eq!(checksums(&flyway), checksums(&pair));
}

#[test]
fn versions_are_numbers() {
    let set = plan(&[
        ("9_a.up.sql", UP),
        ("9_a.down.sql", DOWN),
        ("10_b.up.sql", "SELECT 10;"),
        ("10_b.down.sql", "SELECT 10;"),
        ("2024-01-01-000000_c/up.sql", "SELECT 2024;"),
        ("2024-01-01-000000_c/down.sql", "SELECT 2024;"),
    ]);
    let versions: Vec<_> = set.migrations.iter().map(|migration| migration.version).collect();
    assert_eq!(versions, [9, 10, 20240101000000]);
}

#[test]
fn line_ends_comments_and_blanks_do_not_change_a_checksum() {
    let same = plan(&[("1_a.up.sql", UP), ("1_a.down.sql", DOWN)]);
    let crlf = format!("\u{feff}{}", UP.replace('\n', "\r\n"));
    let spaced = UP.replace(", ", ",\n    -- a remark; with a semicolon\n    ");
    for up in [crlf, spaced, format!("-- head\n{UP}/* tail */")] {
        let other = plan(&[("1_a.up.sql", &up), ("1_a.down.sql", DOWN)]);
        assert_eq!(checksums(&other), checksums(&same), "{up:?}");
        assert_eq!(other.digest, same.digest);
    }
}

#[test]
fn a_character_of_sql_changes_a_checksum() {
    let checksum = |up: &str| checksums(&plan(&[("1_a.up.sql", up), ("1_a.down.sql", DOWN)]))[0].2;
    let texts = [
        "SELECT 'a b';",
        "SELECT 'a  b';",
        "SELECT 'a b' ;\nSELECT 1;",
        "SELECT 'a' 'b';".replace("' '", "'\n'").leak() as &str,
        "SELECT 'ab';",
        "SELECT \"a b\";",
        "SELECT $$a b$$;",
        "SELECT $$a\nb$$;",
        "SELECT $$a -- b$$;",
        "SELECT 1 - -1;",
        "SELECT 1 -1;",
    ];
    for (at, one) in texts.iter().enumerate() {
        for other in &texts[at + 1..] {
            assert_ne!(checksum(one), checksum(other), "{one:?} and {other:?}");
        }
    }
}

#[test]
fn the_mode_changes_a_checksum() {
    let plain = plan(&[("1_a.up.sql", UP), ("1_a.down.sql", DOWN)]);
    let marked = format!("-- migrate: no-transaction\n{UP}");
    let other = plan(&[("1_a.up.sql", &marked), ("1_a.down.sql", DOWN)]);
    assert_ne!(checksums(&other)[0].2, checksums(&plain)[0].2);
    assert!(!other.migrations[0].up.transactional);
}

#[test]
fn marks_of_the_peers_for_running_outside_a_transaction() {
    let up = "CREATE INDEX CONCURRENTLY a ON t (a);\n";
    let mixed = format!("{up}{UP}");
    for files in [
        vec![("1_a.up.sql", format!("-- no-transaction\n{mixed}")), ("1_a.down.sql", DOWN.into())],
        vec![
            ("1_a.up.sql", format!("-- no-transaction: two indices\n{mixed}")),
            ("1_a.down.sql", DOWN.into()),
        ],
        vec![
            ("1_a.up.sql", format!("-- atlas:txmode none\n\n{mixed}")),
            ("1_a.down.sql", DOWN.into()),
        ],
        // goose means the whole file, wherever it stands.
        vec![(
            "1_a.sql",
            format!("-- +goose Up\n{DOWN}-- +goose Down\n-- +goose NO TRANSACTION\n{mixed}"),
        )],
        vec![(
            "1_a.sql",
            format!("-- +goose NO TRANSACTION\n-- +goose Up\n{up}-- +goose Down\n{DOWN}"),
        )],
        vec![("1_a.sql", format!("-- migrate:up transaction:false\n{up}-- migrate:down\n{DOWN}"))],
        vec![("1_a.sql", format!("-- +migrate Up notransaction\n{up}-- +migrate Down\n{DOWN}"))],
        vec![
            ("1_a/up.sql", up.into()),
            ("1_a/down.sql", DOWN.into()),
            ("1_a/metadata.toml", "run_in_transaction = false\n".into()),
        ],
    ] {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let set = plan(&files);
        assert!(!set.migrations[0].up.transactional, "{files:?}");
    }
}

#[test]
fn one_outer_pair_is_dropped() {
    let plain = plan(&[("1_a.up.sql", UP), ("1_a.down.sql", DOWN)]);
    for wrapped in [format!("BEGIN;\n{UP}COMMIT;"), format!("start transaction;{UP}end;")] {
        let set = plan(&[("1_a.up.sql", &wrapped), ("1_a.down.sql", DOWN)]);
        assert_eq!(checksums(&set), checksums(&plain));
        assert_eq!(set.migrations[0].up.steps.len(), 2);
        assert!(set.migrations[0].up.transactional);
    }
}

#[test]
fn a_block_of_a_script_without_transaction_is_one_step() {
    let up = "-- migrate: no-transaction\nSET lock_timeout = 0;\nBEGIN;\nCREATE TABLE a ();\nCREATE TABLE b ();\nCOMMIT;\n\
              CREATE INDEX CONCURRENTLY i ON c (d);";
    let set = plan(&[("1_a.up.sql", up), ("1_a.down.sql", DOWN)]);
    let steps = &set.migrations[0].up.steps;
    assert_eq!(steps.len(), 3);
    assert!(steps[0].setting);
    assert!(
        up[steps[1].range.clone()].starts_with("BEGIN;")
            && up[steps[1].range.clone()].ends_with("COMMIT")
    );
    assert_eq!(steps[2].builds_index.as_ref().unwrap().index.as_deref(), Some("i"));
}

#[test]
fn history_until_adopts_what_can_be_run() {
    let old = [("1_a.up.sql", UP), ("3_c.up.sql", UP), ("3_c.down.sql", "-- nothing\n")];
    let adopted = |until: &str| {
        let mut files = old.to_vec();
        files.push(("migrate.toml", until));
        analyze(Ok(directory(&files)), &mut Cache::default())
    };
    assert_eq!(adopted("history-until = 3").diagnostics, []);
    assert_eq!(adopted("history-until = 3").plan.migrations.len(), 2);
    assert_ne!(adopted("history-until = 2").diagnostics, []);
    assert_ne!(adopted("").diagnostics, []);
}

#[test]
fn damaged_caches_are_as_good_as_none() {
    let files = [("1_a.up.sql", UP), ("1_a.down.sql", "")];
    let mut cache = Cache::default();
    let fresh = analyze(Ok(directory(&files)), &mut cache);
    let bytes = cache.encode();
    for cut in 0..bytes.len() {
        let mut damaged = Cache::decode(&bytes[..cut]);
        let analysis = analyze(Ok(directory(&files)), &mut damaged);
        assert_eq!(analysis.plan, fresh.plan, "cut at {cut}");
        assert!(damaged.is_changed());
    }
    // A flipped byte in a text or a result is beyond what a cache must notice, but it never panics.
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        analyze(Ok(directory(&files)), &mut Cache::decode(&damaged));
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_are_not_followed() {
    use std::{fs, os::unix::fs::symlink};
    let root = std::env::temp_dir().join(format!("migrate-links-{}", std::process::id()));
    for (folder, other) in [("a", "b"), ("b", "a")] {
        fs::create_dir_all(root.join(folder)).unwrap();
        symlink("..", root.join(folder).join("up")).unwrap();
        symlink(format!("../{other}"), root.join(folder).join("other")).unwrap();
    }
    fs::write(root.join("1_a.up.sql"), UP).unwrap();
    let found = Directory::read(&root).unwrap();
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(found.files.len(), 1, "{found:?}");
    assert_eq!(found.folders.len(), 5, "{:?}", found.folders);
}
