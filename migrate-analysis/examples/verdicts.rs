//! What the replay makes of a set, without a server:
//!
//! ```text
//! cargo run -p migrate-analysis --example verdicts -- DIRECTORY [VERSION] [--external]
//! ```
//!
//! For each migration the verdict with its reasons, what PostgreSQL would refuse, and what could not be
//! followed; for the one that is named also the down that the analysis computes. With `--external` anything
//! may exist beside what the set makes.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use migrate_analysis::analyze;
use migrate_analysis::cache::Cache;
use migrate_analysis::fidelity::{Chain, Step};
use migrate_analysis::source::Directory;
use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|it| it.starts_with("--"));
    let Some(directory) = names.first() else { return println!("which directory?") };
    let only: Option<i64> = names.get(1).and_then(|version| version.parse().ok());
    let read = Directory::read(Path::new(directory)).map_err(|error| error.to_string());
    let analysis = analyze(read, &mut Cache::default());
    let mut chain = Chain::new(&analysis).beside("", !flags.is_empty());
    for (number, migration) in analysis.plan.migrations.iter().enumerate() {
        let up = chain.up(number);
        let inverse = chain.inverse().0;
        let fog = chain.fog();
        let (down, judged) = chain.down(number);
        chain.take_back();
        if only.is_some_and(|only| only != migration.version) {
            continue;
        }
        println!("{}_{}: {:?}", migration.version, migration.name, judged.verdict);
        for reason in &judged.reasons {
            println!("    {reason}");
        }
        step("up", &up);
        step("down", &down);
        if only.is_some() {
            println!("{inverse}\n-- not known: {fog}");
        }
    }
}

fn step(name: &str, step: &Step) {
    for failure in &step.failures {
        println!("    {name} fails: {failure}");
    }
    for obstacle in &step.obstacles {
        println!("    {name} is not followed: {obstacle}");
    }
}
