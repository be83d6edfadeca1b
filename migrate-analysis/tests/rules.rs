//! Every rule against its own examples, and its page.
//!
//! `UPDATE_DOCS=1 cargo test -p migrate-analysis --test rules` writes the pages in `docs/rules/`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use migrate_analysis::cache::Cache;
use migrate_analysis::diagnostic::{Code, Diagnostic};
use migrate_analysis::hazards::{self, Rule};
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, File};
use migrate_analysis::{Analysis, analyze};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What else is wrong with a bad example, and why it is.
const COMPANIONS: &[(Code, Code, &str)] = &[];

/// The setup of a rule as migration 1, and what follows it.
fn analysis(rule: &Rule, scripts: &[&str]) -> Analysis {
    let file = |path: String, text: &str| File { path, contents: Ok(text.as_bytes().to_vec()) };
    let mut files = vec![file("migrate.toml".to_owned(), rule.config)];
    let setup = if rule.setup.is_empty() { "SELECT 1;" } else { rule.setup };
    for (number, script) in std::iter::once(&setup).chain(scripts).enumerate() {
        let text = format!("-- migrate: irreversible an example\n{script}");
        files.push(file(format!("{}_m.up.sql", number + 1), &text));
    }
    analyze(Ok(Directory { files, folders: vec![String::new()] }), &mut Cache::default())
}

fn shown(analysis: &Analysis) -> String {
    let texts: Vec<String> =
        analysis.diagnostics.iter().map(|it| render(it, &analysis.sources, "migrations")).collect();
    texts.join("\n\n")
}

fn found<'a>(rule: &Rule, analysis: &'a Analysis) -> impl Iterator<Item = &'a Diagnostic> {
    let code = rule.code;
    analysis.diagnostics.iter().filter(move |it| it.code == code)
}

#[test]
fn the_bad_example_is_refused() {
    let mut wrong = Vec::new();
    for rule in hazards::rules() {
        let analysis = analysis(&rule, &[rule.bad]);
        let text = shown(&analysis);
        if found(&rule, &analysis).next().is_none() {
            wrong.push(format!("{} says nothing about\n{}\n{text}", rule.code, rule.bad));
        }
        for other in analysis.diagnostics.iter().filter(|it| it.code != rule.code) {
            let pair = (rule.code, other.code);
            if !COMPANIONS.iter().any(|(of, code, _)| (*of, *code) == pair) {
                wrong.push(format!("{}: what is {} doing here?\n{text}", rule.code, other.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_good_migrations_are_accepted() {
    let mut wrong = Vec::new();
    for rule in hazards::rules() {
        let analysis = analysis(&rule, rule.good);
        if !analysis.diagnostics.is_empty() {
            wrong.push(format!("{}:\n{}", rule.code, shown(&analysis)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What the help says to write is not refused in its turn.
#[test]
fn what_is_proposed_is_accepted() {
    let mut wrong = Vec::new();
    for rule in hazards::rules() {
        for diagnostic in found(&rule, &analysis(&rule, &[rule.bad])) {
            let scripts = hazards::proposals(diagnostic);
            let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
            let analysis = analysis(&rule, &scripts);
            if !analysis.diagnostics.is_empty() {
                wrong.push(format!("{}:\n{}", rule.code, shown(&analysis)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_the_user_sees() {
    let mut wrong = Vec::new();
    for rule in hazards::rules() {
        let analysis = analysis(&rule, &[rule.bad]);
        let texts: Vec<String> =
            found(&rule, &analysis).map(|it| render(it, &analysis.sources, "migrations")).collect();
        let text = texts.join("\n\n");
        // What is locked, and what that blocks.
        let places: Vec<usize> = found(&rule, &analysis).map(|it| it.place.range.start).collect();
        let statements = analysis.plan.migrations[1].up.statements.iter();
        let guilty = statements.filter(|it| places.iter().any(|at| it.range.contains(at)));
        let locks = guilty.flat_map(|it| &it.locks);
        for lock in locks.filter(|lock| lock.mode.blocks_writes() && !lock.is_index) {
            let words = [&*lock.relation, lock.mode.as_str(), lock.mode.blocks()];
            if !words.iter().all(|word| text.contains(word)) {
                wrong.push(format!("{} does not tell of {lock:?}\n{text}", rule.code));
            }
        }
        insta::with_settings!({
            omit_expression => true,
            prepend_module_to_snapshot => false,
            snapshot_path => "snapshots/rules",
        }, {
            insta::assert_snapshot!(rule.code.as_str(), text);
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn rules_stand_in_the_order_of_their_codes() {
    let codes: Vec<Code> = hazards::rules().map(|rule| rule.code).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    let different: BTreeSet<Code> = codes.iter().copied().collect();
    assert_eq!(different.len(), codes.len());
    let missing = Code::ALL.iter().filter(|code| code.is_hazard() && !different.contains(code));
    assert_eq!(missing.collect::<Vec<_>>(), [&Code::AddColumnVolatileDefault; 0], "have no rule");
    assert!(codes.iter().all(|code| code.is_hazard()));
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules")
}

#[test]
fn the_pages_are_current() {
    let pages = hazards::rules().map(|rule| (format!("{}.md", rule.code), rule.page()));
    let pages: Vec<(String, String)> =
        pages.chain([("README.md".to_owned(), hazards::index())]).collect();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(docs()).unwrap();
        for (name, page) in &pages {
            fs::write(docs().join(name), page).unwrap();
        }
    }
    for (name, page) in &pages {
        let written = fs::read_to_string(docs().join(name)).unwrap_or_default();
        assert!(
            written == *page,
            "{name} is not current: UPDATE_DOCS=1 cargo test -p migrate-analysis --test rules"
        );
    }
    let names: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    for entry in fs::read_dir(docs()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(name.as_str()), "{name} is the page of no rule");
    }
}
