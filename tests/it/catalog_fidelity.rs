//! Our catalog against PostgreSQL's own: migrations of ours are replayed on both sides, and have to leave the
//! same schema after every up and every down.
//!
//! `tests/catalog/<topic>.sql` holds the migrations of a topic, in order:
//!
//! ```sql
//! -- == create_users
//! CREATE TABLE users (id bigint)
//! -- DOWN
//! DROP TABLE users
//! ```
//!
//! After the name may stand what is expected: `fails` (the server refuses the up, and we say so), `unproven`
//! (we do not say what the down does), `computed` (the down that we compute is complete), `if <extension>` or
//! `if <major>` (skipped where the server lacks the one, or is older), `below <major>` (skipped from that on).
//! The cases speak of PostgreSQL 15, and pass on 16 to 18.
#![allow(clippy::print_stderr, reason = "the counts, for whoever asks with --nocapture")]

mod forms;
mod generated;
mod random;

use migrate_analysis::fidelity::Chain;
use migrate_analysis::source::Source;
use migrate_analysis::{Analysis, InlineMigration, Verdict, analyze_inline};
use migrate_testing::{Database, Server};
use migrate_tests::referee::{Down, Inverse, Referee, Replayed, Truth};
use postgres::Client;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

/// A migration of a topic.
#[derive(Debug)]
struct Pair {
    name: String,
    expected: Expected,
    up: String,
    down: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Judged,
    Computed,
    Fails,
    Unproven,
}

impl Pair {
    fn new(name: &str, up: impl Into<String>, down: impl Into<String>) -> Pair {
        let (up, down) = (up.into(), down.into());
        Pair { name: name.to_owned(), expected: Expected::Judged, up, down }
    }
}

/// The topics in writing: their names and texts.
fn topics() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    let mut topics: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    topics.sort();
    topics
}

/// The migrations of a topic; `has` says whether the server has an extension.
fn pairs(topic: &str, text: &str, mut has: impl FnMut(&str) -> bool) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for section in text.split("-- == ").skip(1) {
        let (head, body) = section.split_once('\n').unwrap();
        let (name, flag) = head.trim().split_once(' ').unwrap_or((head.trim(), ""));
        let expected = match flag.trim() {
            "" => Expected::Judged,
            "computed" => Expected::Computed,
            "fails" => Expected::Fails,
            "unproven" => Expected::Unproven,
            other => match other.split_once(' ') {
                Some(("if", it)) if has(it) => Expected::Judged,
                Some(("below", it)) if !has(it) => Expected::Judged,
                Some(("if" | "below", _)) => continue,
                _ => panic!("{topic}: what does `{head}` say?"),
            },
        };
        let (up, down) = body.split_once("-- DOWN\n").unwrap_or((body, ""));
        let (name, up, down) = (name.to_owned(), up.to_owned(), down.to_owned());
        pairs.push(Pair { name, expected, up, down });
    }
    pairs
}

fn analysis(topic: &str, pairs: &[Pair]) -> Analysis {
    let migrations = pairs.iter().zip(1..).map(|(pair, version)| InlineMigration {
        version,
        name: pair.name.clone(),
        up: Source::new(format!("{topic}/{}.up.sql", pair.name), &pair.up),
        down: Some(Source::new(format!("{topic}/{}.down.sql", pair.name), &pair.down)),
        irreversible: None,
    });
    let analysis = analyze_inline(migrations.collect());
    assert_eq!(analysis.plan.migrations.len(), pairs.len(), "{:?}", analysis.diagnostics);
    analysis
}

/// Replays a topic on a database of its own; what is wrong, a line each.
fn check(topic: &str, pairs: &[Pair]) -> Vec<String> {
    let database = Server::shared().unwrap().create_database().unwrap();
    let mut client = connect(&database);
    let analysis = analysis(topic, pairs);
    let mut referee = Referee::new(&analysis, Chain::new(&analysis), true);
    let (mut wrong, mut said) = (Vec::new(), BTreeSet::new());
    for (number, (pair, migration)) in pairs.iter().zip(&analysis.plan.migrations).enumerate() {
        let replayed = referee.replay(&mut client, number, migration).unwrap();
        // What differs once differs until the object goes.
        let known = pair.expected == Expected::Unproven;
        let found = judge(pair, &replayed).into_iter();
        let found = found.filter(|it| said.insert(it.clone()) && !(known && is_difference(it)));
        wrong.extend(found.map(|it| format!("{topic}/{}: {it}", pair.name)));
    }
    wrong
}

/// Its catalogs are asked often, by queries that are not worth compiling.
fn connect(database: &Database) -> Client {
    database.config().options("-c jit=off").connect(postgres::NoTls).unwrap()
}

/// How a difference between the catalogs begins.
const DIFFERENCE: &str = "catalog: ";

fn is_difference(words: &str) -> bool {
    words.starts_with(DIFFERENCE)
}

fn judge(pair: &Pair, replayed: &Replayed) -> Vec<String> {
    let up = &replayed.up;
    match &replayed.refused {
        Some(words) if pair.expected != Expected::Fails => {
            return vec![format!("the server refuses the up: {words}")];
        }
        Some(words) if up.failures.is_empty() => {
            return vec![format!("we miss a failure: {words}")];
        }
        Some(_) => return Vec::new(),
        None if pair.expected == Expected::Fails => {
            return vec!["the server takes the up".to_owned()];
        }
        None => {}
    }
    let mut wrong: Vec<String> =
        up.failures.iter().map(|it| format!("a false error in the up: {it}")).collect();
    if pair.expected != Expected::Unproven {
        wrong.extend(up.obstacles.iter().map(|it| format!("not followed in the up: {it}")));
    }
    wrong.extend(replayed.differences.iter().map(|it| format!("{DIFFERENCE}{it}")));
    if let Some(down) = &replayed.down {
        judge_down(pair, down, &mut wrong);
    }
    match &replayed.inverse {
        Some(Inverse { script, complete: true, why: Some(why) }) => {
            wrong.push(format!("the down that we compute does not restore: {why}\n{script}"));
        }
        Some(Inverse { script, complete: false, .. }) if pair.expected == Expected::Computed => {
            wrong.push(format!("the down that we compute is not complete\n{script}"));
        }
        _ => {}
    }
    wrong
}

fn judge_down(pair: &Pair, down: &Down, wrong: &mut Vec<String>) {
    wrong.extend(down.differences.iter().map(|it| format!("{DIFFERENCE}{it}")));
    let verdict = down.judged.verdict;
    let agrees = match (pair.expected, down.truth) {
        (Expected::Unproven, _) => verdict == Verdict::Unproven,
        (_, Some(Truth::Exact)) => verdict == Verdict::Exact,
        (_, Some(Truth::OrderOnly)) => verdict == Verdict::ColumnOrder,
        (_, Some(Truth::NotRestored)) => {
            verdict == Verdict::DoesNotRestore && down.step.failures.is_empty()
        }
        (_, Some(Truth::Fails)) => !down.step.failures.is_empty(),
        (_, None) => false,
    };
    if !agrees {
        let why = down.why.as_deref().unwrap_or_default();
        let reasons = &down.judged.reasons;
        wrong.push(format!("verdict {verdict:?} {reasons:?}, the server: {:?} {why}", down.truth));
    }
}

/// The extension, or the features of the major version.
fn has(client: &mut Client, name: &str) -> bool {
    if let Ok(major) = name.parse::<i32>() {
        let sql = "SELECT current_setting('server_version_num')::int / 10000";
        return client.query_one(sql, &[]).unwrap().get::<_, i32>(0) >= major;
    }
    let sql = "SELECT FROM pg_available_extensions WHERE name = $1";
    client.query_opt(sql, &[&name]).unwrap().is_some()
}

/// The topics of this half, so that two run side by side.
fn replay_topics(half: usize) {
    let begun = Instant::now();
    let mut control = Server::shared().unwrap().config().connect(postgres::NoTls).unwrap();
    let only = std::env::var("CATALOG_TOPIC").unwrap_or_default();
    let (mut count, mut wrong) = (0, Vec::new());
    let mine = topics().into_iter().enumerate().filter(|(place, _)| place % 2 == half);
    for (_, (topic, text)) in mine.filter(|(_, (topic, _))| topic.contains(&only)) {
        let pairs = pairs(&topic, &text, |it| has(&mut control, it));
        count += pairs.len();
        wrong.extend(check(&topic, &pairs));
    }
    eprintln!("{count} migrations in {:?}", begun.elapsed());
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn one_half_of_the_topics() {
    replay_topics(0);
}

#[test]
fn the_other_half_of_the_topics() {
    replay_topics(1);
}

#[test]
fn generated_migrations() {
    let mut wrong = Vec::new();
    for (topic, pairs) in generated::topics() {
        wrong.extend(check(&topic, &pairs));
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

/// Every statement in writing and generated, the migrations of an extension among them.
#[test]
fn there_are_many_forms() {
    let mut all = generated::topics();
    for (topic, text) in topics() {
        let pairs = pairs(&topic, &text, |_| true);
        all.push((topic, pairs));
    }
    let mut forms = forms::Forms::default();
    for (topic, pairs) in &all {
        let analysis = analysis(topic, pairs);
        forms.add(&analysis);
    }
    eprintln!("{} forms, {} statements", forms.count(), forms.statements());
    forms.check();
}
