//! What is ready without the head being analysed again is what a fresh analysis makes ready.

use super::{Head, Ready};
use crate::cache::Cache;
use crate::embed::Segment;
use crate::source::{Directory, File, Glance, Look};
use crate::{Analysis, analyze};
use set::{EDITS, set};

#[path = "../../../tests/replay/set.rs"]
mod set;

/// Without hazards, so that nothing is wrong with it.
fn directory(set: &[(String, String)], config: &str) -> Directory {
    set::directory(set, &format!("small-tables = [\"*.*\"]\npostgres = \"13\"\n{config}"))
}

/// A file looks like what it holds, backwards; and no file system lists files in order.
fn glance(directory: &Directory) -> Glance {
    let look = |file: &File| Look {
        path: file.path.clone(),
        stamp: file.contents.as_ref().unwrap().iter().rev().copied().collect(),
    };
    let mut glance = Glance::default();
    glance.files = directory.files.iter().rev().map(look).collect();
    glance
}

/// A build script, run after run.
#[derive(Default)]
struct Build {
    cache: Vec<u8>,
    head: Option<Vec<u8>>,
    segment: Segment,
}

impl Build {
    fn all(&mut self, directory: &Directory) -> Analysis {
        let mut cache = Cache::decode(&self.cache);
        cache.looked(&glance(directory));
        let analysis = analyze(Ok(directory.clone()), &mut cache);
        self.cache = cache.encode();
        let head = Head::new(&cache, &analysis, &glance(directory), "migrations");
        if let Some((_, [head, rest])) = &head {
            assert_eq!([head.clone(), rest.clone()], split(&analysis, head.migrations.len()));
        }
        self.head = head.as_ref().map(|(head, _)| head.encode());
        self.segment = head.map(|(_, [head, _])| head).unwrap_or_default();
        analysis
    }

    fn ready(&self, directory: &Directory) -> Option<Ready> {
        let read = |path: &str| {
            let file = directory.files.iter().find(|file| file.path == path)?;
            file.contents.clone().ok()
        };
        let head = Head::decode(self.head.as_ref()?).unwrap();
        Some(head.ready(&glance(directory), read)?.0)
    }

    /// Whether it was ready.
    #[track_caller]
    fn run(&mut self, directory: &Directory, edit: &str) -> bool {
        let Some(ready) = self.ready(directory) else {
            self.all(directory);
            return false;
        };
        let fresh = analyze(Ok(directory.clone()), &mut Cache::default());
        assert_eq!(fresh.diagnostics, [], "after {edit}");
        let segments = [self.segment.clone(), ready.rest];
        assert_eq!(segments, split(&fresh, self.segment.migrations.len()), "after {edit}");
        assert_eq!(ready.digest, fresh.plan.digest, "after {edit}");
        assert_eq!(ready.postgres, Some(130_000), "after {edit}");
        true
    }
}

/// What is embedded of so many migrations, and of the others.
fn split(analysis: &Analysis, at: usize) -> [Segment; 2] {
    let (head, rest) = analysis.plan.migrations.split_at(at);
    let first = rest[0].up.source.index();
    let segment = |of, sources| Segment::of(analysis, of, sources, Some("migrations"));
    [segment(head, 0..first), segment(rest, first..analysis.sources.len())]
}

/// Without what is wrong with it on purpose.
fn right() -> Vec<(String, String)> {
    let mut set = set();
    set[6].0.insert_str(0, "-- migrate: allow(opaque-sql) it makes a table\n");
    set[8].0.insert_str(0, "-- migrate: allow(rename-table) nobody uses it yet\n");
    set[8].1.push_str(";\nCOMMENT ON TABLE m IS NULL");
    set.remove(5);
    set
}

#[test]
fn edits_one_after_the_other() {
    let (mut build, mut ready, mut runs) = (Build::default(), 0, 0);
    assert_eq!(build.all(&directory(&right(), "")).diagnostics, []);
    for edit in EDITS.into_iter().chain(["\n-- another comment", ";\nCREATE TABLE z ()"]) {
        for number in (0..right().len()).chain((0..right().len()).rev()) {
            for down in [false, true] {
                let mut set = right();
                let script = if down { &mut set[number].1 } else { &mut set[number].0 };
                script.push_str(edit);
                let what = format!("{edit} in {number}, {down}");
                ready += usize::from(build.run(&directory(&set, ""), &what));
                runs += 1;
            }
        }
    }
    assert!((30..runs - 100).contains(&ready), "{ready} of {runs}");
}

#[test]
fn only_the_rest_may_change() {
    let mut build = Build::default();
    let changed = |number: usize| {
        let mut set = right();
        set[number].0.push_str(";\nCREATE TABLE IF NOT EXISTS z ()");
        set
    };
    build.all(&directory(&right(), ""));
    build.all(&directory(&changed(5), ""));
    assert!(build.ready(&directory(&changed(5), "")).is_some());
    assert!(build.ready(&directory(&changed(8), "")).is_some());
    assert_eq!(build.ready(&directory(&changed(4), "")), None, "it is in the head");
    let config = "external = [\"public.elsewhere\"]";
    assert_eq!(build.ready(&directory(&changed(5), config)), None, "the settings changed");
    let mut shorter = changed(5);
    shorter.pop();
    assert_eq!(build.ready(&directory(&shorter, "")), None, "a file is gone");
    let mut longer = changed(5);
    longer.push(("CREATE TABLE y ()".to_owned(), "DROP TABLE y".to_owned()));
    assert_eq!(build.ready(&directory(&longer, "")), None, "a file came");
}

#[test]
fn layouts_and_settings_of_all_kinds() {
    let texts = [
        ("V2__b.sql", "ALTER TABLE base ADD COLUMN b int;"),
        ("U2__b.sql", "ALTER TABLE base DROP COLUMN b;"),
        ("0001_a.sql", "-- UP\nCREATE TABLE a (x int);\n-- DOWN\nDROP TABLE a;\n"),
        ("0003-00_c/up.sql", "CREATE INDEX CONCURRENTLY c ON a (x);"),
        ("0003-00_c/down.sql", "DROP INDEX CONCURRENTLY c;"),
        ("0003-00_c/metadata.toml", "run_in_transaction = false"),
        ("301_d.up.sql", "SELECT 1;"),
        ("301_d.down.sql", "-- migrate: no-op nothing was done"),
        ("302_e.up.sql", "-- migrate: irreversible why\nINSERT INTO elsewhere VALUES (1);"),
        ("303_f/up.sql", "CREATE TABLE f ();"),
        ("303_f/down.sql", "DROP TABLE f;"),
        (
            "migrate.toml",
            "postgres = \"13\"\nexternal = [\"public.elsewhere\"]\nbaseline = \"schema.sql\"",
        ),
        ("schema.sql", "CREATE TABLE base ();"),
    ];
    let with = |edited: &str, more: &str| {
        let file = |(path, text): &(&str, &str)| {
            let more = if *path == edited { more } else { "" };
            File { path: (*path).to_owned(), contents: Ok(format!("{text}{more}").into()) }
        };
        let mut files: Vec<File> = texts.iter().map(file).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Directory { files, folders: Vec::new() }
    };
    for (edited, _) in texts {
        let mut build = Build::default();
        assert_eq!(build.all(&with("", "")).diagnostics, []);
        build.all(&with(edited, "\n"));
        assert!(build.run(&with(edited, "\n"), edited), "{edited}: nothing has changed");
        // After an edit of the first migration, and of what is not replayed, the head is all but the
        // newest.
        let others = ["0001_a.sql", "301_d.down.sql", "schema.sql"];
        let is_behind = !others.contains(&edited) && !edited.ends_with("toml");
        let mut changed = with(edited, "\n\n");
        assert_eq!(build.ready(&changed).is_some(), is_behind, "{edited}");
        for (path, _) in texts {
            build.run(&with(path, "\n-- more"), path);
        }
        changed.files.pop();
        assert!(!build.run(&changed, edited), "a file is gone");
    }
}

#[test]
fn a_file_that_is_written_anew_may_be_listed_last() {
    let mut build = Build::default();
    build.all(&directory(&right(), ""));
    let mut other = glance(&directory(&right(), ""));
    other.files.rotate_left(3);
    let head = || Head::decode(build.head.as_ref().unwrap()).unwrap();
    let nothing_is_read = |_: &str| None;
    assert!(head().ready(&other, nothing_is_read).is_some());
    other.files.pop();
    assert!(head().ready(&other, nothing_is_read).is_none(), "a file is gone");
}

#[test]
fn what_is_read_is_the_rest() {
    let mut build = Build::default();
    build.all(&directory(&right(), ""));
    let holds = |text: &str| {
        build.head.as_ref().unwrap().windows(text.len()).any(|it| it == text.as_bytes())
    };
    assert!(!holds("CREATE TABLE a ("), "the first migration is kept as what it makes");
    let ready = build.ready(&directory(&right(), "")).unwrap();
    assert_eq!(ready.rest.migrations.len() + build.segment.migrations.len(), right().len());
    assert!(ready.rest.migrations.len() < 3, "the head is all but the newest");
}

#[test]
fn a_segment_stands_by_itself() {
    let mut build = Build::default();
    build.all(&directory(&right(), ""));
    let ready = build.ready(&directory(&right(), "")).unwrap();
    let first = ready.rest.records.get(35..39).map(|at| at.to_vec());
    assert_eq!(first, Some(vec![0; 4]), "its first script begins where its text begins");
}

#[test]
fn a_set_with_which_something_is_wrong_has_no_head() {
    for (up, down, config) in [
        ("CREATE TABLE a ()", "DROP TABLE a", ""),
        ("CREATE TABLE z ()", "SELECT 1", ""),
        ("CREATE TABLE z (); -- migrate: no-transaction", "DROP TABLE z", "history-until = 99"),
        ("-- migrate: allow(version-gap) why\nCREATE TABLE z ()", "DROP TABLE z", ""),
    ] {
        let mut set = right();
        set.push((up.to_owned(), down.to_owned()));
        let mut build = Build::default();
        build.all(&directory(&set, config));
        assert_eq!(build.head, None, "{up}");
    }
}

#[test]
fn damaged_bytes_are_as_good_as_none() {
    let mut build = Build::default();
    build.all(&directory(&right(), ""));
    let bytes = build.head.unwrap();
    for cut in 0..bytes.len() {
        assert!(Head::decode(&bytes[..cut]).is_none());
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        let head = Head::decode(&damaged);
        let _ = head.and_then(|head| head.ready(&glance(&directory(&right(), "")), |_| None));
    }
}
