//! An analysis with what an earlier one kept is the analysis that a fresh one is.

use migrate_analysis::cache::Cache;
use migrate_analysis::source::{Directory, File, Glance};
use migrate_analysis::{Analysis, analyze};
use set::{EDITS, SET, directory, set};

#[path = "replay/set.rs"]
mod set;

#[track_caller]
fn assert_same(directory: Directory, kept: &mut Vec<u8>, edit: &str) -> Analysis {
    let fresh = analyze(Ok(directory.clone()), &mut Cache::default());
    let mut cache = Cache::decode(kept);
    let analysis = analyze(Ok(directory), &mut cache);
    assert_eq!(analysis, fresh, "after {edit}");
    *kept = cache.encode();
    analysis
}

#[test]
fn edits_one_after_the_other() {
    let mut kept = Vec::new();
    let mut found = 0;
    for edit in EDITS {
        for number in (0..SET.len()).chain((0..SET.len()).rev()) {
            for down in [false, true] {
                let mut set = set();
                let script = if down { &mut set[number].1 } else { &mut set[number].0 };
                script.push_str(edit);
                let what = format!("{edit} in {number}, {down}");
                let analysis = assert_same(directory(&set, ""), &mut kept, &what);
                found += analysis.diagnostics.len();
            }
        }
    }
    assert!(found > 200, "{found}: there are mistakes to be found again");
}

#[test]
fn migrations_come_and_go() {
    let mut kept = Vec::new();
    for length in [10, 9, 3, 4, 10, 1, 0, 2, 10] {
        assert_same(directory(&set()[..length], ""), &mut kept, &format!("{length}"));
    }
    for gone in 0..SET.len() {
        let mut set = set();
        set.remove(gone);
        assert_same(directory(&set, ""), &mut kept, &format!("{gone} was removed"));
    }
}

#[test]
fn settings_count() {
    let mut kept = Vec::new();
    let mut set = set();
    set[3].0.push_str(";\nSELECT * FROM elsewhere");
    let configs =
        ["", "external = [\"public.elsewhere\"]", "", "history-until = 9", "history-until = 10"];
    let errors = configs
        .map(|config| assert_same(directory(&set, config), &mut kept, config).errors().count());
    assert!(errors[0] > errors[1], "{errors:?}");
    assert_eq!(errors[0], errors[2]);
}

#[test]
fn files_that_look_as_they_did_are_not_read() {
    let root = std::env::temp_dir().join(format!("migrate-looks-{}", std::process::id()));
    std::fs::create_dir_all(root.join("1_a")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    write("1_a/up.sql", "CREATE TABLE a ();");
    write("1_a/down.sql", "DROP TABLE a;");
    write("2_b.up.sql", "CREATE TABLE b ();");
    let mut kept = Vec::new();
    let mut look = || {
        let mut cache = Cache::decode(&kept);
        let glance = Glance::new(&root).unwrap();
        let directory = Directory::read_unknown(&root, &glance, &cache.known());
        assert_eq!(directory, Directory::read(&root).unwrap());
        let known = cache.known().len();
        cache.looked(&glance);
        analyze(Ok(directory), &mut cache);
        kept = cache.encode();
        (known, glance.young.len())
    };
    assert_eq!(look(), (0, 3), "what was just written may be written again unseen");
    write("1_a/down.sql", "DROP TABLE b;");
    look();
    std::thread::sleep(std::time::Duration::from_millis(3100));
    // What is kept says so of its files since the last analysis that found something new.
    write("2_b.up.sql", "CREATE TABLE c ();");
    assert_eq!(look(), (3, 1));
    write("2_b.down.sql", "DROP TABLE c;");
    assert_eq!(look(), (3, 2));
    std::fs::remove_file(root.join("1_a/down.sql")).unwrap();
    assert_eq!(look(), (4, 2));
    let glance = Glance::new(&root).unwrap();
    let forged = Cache::decode(&forge(&kept, "CREATE TABLE a", "CREATE VIEW  a"));
    let read = Directory::read_unknown(&root, &glance, &forged.known());
    let texts: Vec<&[u8]> = read.files.iter().map(|it| &**it.contents.as_ref().unwrap()).collect();
    assert_eq!(texts[0], b"CREATE VIEW  a ();", "it is taken from what was kept");
    assert_eq!(texts[2], b"CREATE TABLE c ();", "it is young, and was read");
    std::fs::remove_dir_all(&root).unwrap();
}

fn forge(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}
