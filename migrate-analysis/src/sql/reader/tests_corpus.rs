//! What is not read of real scripts. Run by hand: `SQL_CORPUS=folder cargo test -p migrate-analysis --lib
//! corpus -- --ignored --nocapture`.

use crate::ddl::Command;
use crate::sql;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|end| end == "sql") {
            found.push(path);
        }
    }
}

/// Reads it from and up to some places in its middle: nothing may panic.
fn cut(text: &str, range: &std::ops::Range<usize>) {
    let step = (range.len() / 16).max(1);
    for at in range.clone().step_by(step) {
        let at = text.floor_char_boundary(at).max(range.start);
        sql::command(text, range.start..at);
        if text.is_char_boundary(at + 1) {
            let mutant = [&text[range.start..at], &text[at + 1..range.end]].concat();
            sql::command(&mutant, 0..mutant.len());
        }
    }
}

#[test]
#[ignore = "needs a folder of scripts"]
fn corpus() {
    let Ok(folder) = std::env::var("SQL_CORPUS") else { return };
    let mut paths = Vec::new();
    scripts(Path::new(&folder), &mut paths);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut opaque: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut total = 0;
    let mut time = std::time::Duration::ZERO;
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let script = sql::parse(&text, 0..text.len(), &|_| false);
        for statement in &script.statements {
            let broken = |problem: &sql::Problem| {
                problem.range.start >= statement.range.start
                    && problem.range.start < statement.range.end
            };
            if script.problems.iter().any(broken) {
                continue;
            }
            let start = std::time::Instant::now();
            let command = sql::command(&text, statement.range.clone());
            time += start.elapsed();
            total += 1;
            cut(&text, &statement.range);
            let debug = format!("{command:?}");
            let kind: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
            *kinds.entry(kind).or_default() += 1;
            if matches!(command, Command::Opaque | Command::AlterOther { .. }) {
                let written = &text[statement.range.clone()];
                let heading: Vec<&str> = written.split_whitespace().take(2).collect();
                let entry = opaque.entry(heading.join(" ").to_uppercase()).or_default();
                entry.0 += 1;
                let sample: String = written.chars().take(300).collect();
                entry.1 = format!("{}: {}", path.display(), sample.replace('\n', " "));
            }
        }
    }
    println!("{total} statements in {time:?}\n{kinds:#?}");
    let mut opaque: Vec<_> = opaque.into_iter().collect();
    opaque.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (heading, (count, sample)) in opaque {
        println!("{count:6} {heading}\n         {sample}");
    }
}
