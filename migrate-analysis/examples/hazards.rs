//! What the rules find in a folder of projects, each a directory of migrations:
//!
//! ```text
//! cargo run -p migrate-analysis --example hazards -- FOLDER [--all] [--draw N [--seed S] [--only CODE]]
//! ```
//!
//! Each migration is judged as a new one on the schema of those before it. Prints, for each rule, in how many
//! migrations it finds something, and their share; with `--all` also for rules that are usually off. `--draw` prints
//! findings as the user would see them, chosen by the seed.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "hazards/chosen.rs"]
mod chosen;

use chosen::chosen;
use migrate_analysis::analyze;
use migrate_analysis::cache::Cache;
use migrate_analysis::diagnostic::{Code, Tier};
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, File};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Default)]
struct Totals {
    migrations: usize,
    touched: BTreeSet<(String, String)>,
    /// By code: the migrations, with whether it was their up.
    found: BTreeMap<Code, BTreeSet<(String, String)>>,
    ups: BTreeMap<Code, BTreeSet<(String, String)>>,
    shown: Vec<(Code, String)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first() else { return println!("which folder?") };
    let value = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1).cloned()
    };
    let all = arguments.iter().any(|it| it == "--all");
    let mut projects: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    projects.sort();
    let mut totals = Totals::default();
    for project in projects.iter().filter(|it| it.is_dir()) {
        read(project, all, &mut totals);
    }
    print(&totals);
    let count = value("--draw").and_then(|it| it.parse().ok()).unwrap_or(0);
    let seed = value("--seed").and_then(|it| it.parse().ok()).unwrap_or(1);
    draw(&totals, count, seed, value("--only").as_deref());
}

fn read(project: &Path, all: bool, totals: &mut Totals) {
    let name = project.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let Ok(mut directory) = Directory::read(project) else { return };
    let optional = Code::ALL.iter().filter(|it| all && it.tier() == Tier::Optional);
    let optional: Vec<String> = optional.map(|it| format!("\"{it}\"")).collect();
    let config = format!("external = [\"*.*\"]\ndeny = [{}]\n", optional.join(", "));
    directory.files.retain(|file| file.path != "migrate.toml");
    let contents = Ok(config.into_bytes());
    directory.files.push(File { path: "migrate.toml".to_owned(), contents });
    let analysis = analyze(Ok(directory), &mut Cache::default());
    totals.migrations += analysis.plan.migrations.len();
    for diagnostic in analysis.diagnostics.iter().filter(|it| it.code.is_hazard()) {
        let path = analysis.sources[diagnostic.place.source.index()].path().to_owned();
        let migration = path.rsplit_once('/').map_or(&*path, |(folder, _)| folder).to_owned();
        let key = (name.clone(), migration);
        if !path.contains("down") {
            totals.ups.entry(diagnostic.code).or_default().insert(key.clone());
            totals.touched.insert(key.clone());
        }
        totals.found.entry(diagnostic.code).or_default().insert(key);
        let text = render(diagnostic, &analysis.sources, &project.to_string_lossy());
        totals.shown.push((diagnostic.code, text));
    }
}

fn print(totals: &Totals) {
    let share = |count: usize| 100.0 * count as f64 / totals.migrations.max(1) as f64;
    println!("{} migrations", totals.migrations);
    let touched = totals.touched.len();
    println!("{touched} with a finding in the up, {:.1} %", share(touched));
    let mut codes: Vec<(Code, usize)> =
        totals.found.iter().map(|(code, it)| (*code, it.len())).collect();
    codes.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    println!("{:40} {:>7} {:>7} {:>7} {:>7}", "rule", "either", "%", "up", "%");
    for (code, count) in codes {
        let ups = totals.ups.get(&code).map_or(0, BTreeSet::len);
        let (code, either, up) = (code.as_str(), share(count), share(ups));
        println!("{code:40} {count:7} {either:7.2} {ups:7} {up:7.2}");
    }
}

fn draw(totals: &Totals, count: usize, seed: u64, only: Option<&str>) {
    let wanted = |code: Code| only.is_none_or(|only| only == code.as_str());
    let left: Vec<&(Code, String)> =
        totals.shown.iter().filter(|(code, _)| wanted(*code)).collect();
    for (_, text) in chosen(left, count, seed) {
        println!("\n{text}");
    }
}
