//! What a build costs: from nothing, after an edit, and in bytes.

use crate::bench::Bench;
use crate::set::migrations;
use crate::table::{Table, cell, median};
use crate::tool::Tool;
use crate::{Findings, Options, Result, note, show};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The size of the smallest application.
pub(crate) const SMALLEST: usize = 10;

pub(crate) fn measure(bench: &Bench, options: &Options, findings: &mut Findings) -> Result<()> {
    if options.check {
        show(&checks(bench, options, &mut findings.checks)?);
    }
    if options.bytes
        && let Some(table) = bytes(bench, options)?
    {
        show(&table);
    }
    if options.clean {
        show(&clean(bench, options, &mut findings.clean)?);
    }
    Ok(())
}

/// A build of everything, dev profile, of an application with ten migrations.
fn clean(bench: &Bench, options: &Options, found: &mut Option<f64>) -> Result<Table> {
    let mut crates = BTreeMap::new();
    let mut cpu: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let rounds = options.rounds(1, 5);
    for round in 0..rounds {
        // Whoever comes first has the processors at their coolest.
        let mut tools = Tool::ALL;
        tools.rotate_left(round % Tool::ALL.len());
        for tool in tools {
            note(&format!("clean build {} of {rounds}: {}", round + 1, tool.name()));
            let (seconds, compiled) = clean_build(bench, tool)?;
            crates.insert(tool.name(), compiled);
            cpu.entry(tool.name()).or_default().push(seconds);
        }
    }
    let times = |tool: Tool, other: Tool| {
        let rounds = cpu[tool.name()].iter().zip(&cpu[other.name()]);
        median(&rounds.map(|(own, other)| own / other).collect::<Vec<_>>())
    };
    *found = Some(times(Tool::Ours, Tool::Refinery));
    let title = format!("Clean build of the smallest application (N={SMALLEST}, dev profile)");
    let heads =
        ["", "CPU s", "lowest–highest", "× floor", "× refinery", "crates below the application"];
    let mut table = Table::new(title, &heads);
    for tool in Tool::ALL {
        let seconds = &cpu[tool.name()];
        let lowest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = seconds.iter().copied().fold(0.0, f64::max);
        table.row([
            tool.name().to_owned(),
            cell(Some(median(seconds)), 1),
            format!("{lowest:.1}–{highest:.1}"),
            cell(Some(times(tool, Tool::Floor)), 2),
            cell(Some(times(tool, Tool::Refinery)), 2),
            crates[tool.name()].to_string(),
        ]);
    }
    Ok(table)
}

/// CPU seconds, and the crates below the application.
fn clean_build(bench: &Bench, tool: Tool) -> Result<(f64, usize)> {
    let target = bench.root().join("clean");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let (name, folder) = (tool.application(SMALLEST), target.to_string_lossy());
    let arguments = ["build", "--offline", "--package", &name, "--target-dir", &folder];
    let (output, seconds) = bench.timed(tool, &arguments)?;
    fs::remove_dir_all(&target)?;
    let words = String::from_utf8(output.stderr)?;
    let compiled = words.lines().filter(|line| line.trim().starts_with("Compiling"));
    Ok((seconds, compiled.count() - 1))
}

/// What is edited before a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edit {
    Program,
    Migration,
}

/// Milliseconds of CPU of a `cargo check` by tool, number of migrations and edit; one a round.
type Checks = BTreeMap<(&'static str, usize, Edit), Vec<f64>>;

fn checks(
    bench: &Bench,
    options: &Options,
    found: &mut BTreeMap<(&'static str, usize, Edit), f64>,
) -> Result<Table> {
    let mut cpu = Checks::new();
    let rounds = options.rounds(3, 7);
    // The first round only compiles what is missing and warms the disk's cache.
    for round in 0..=rounds {
        note(&format!("cargo check after an edit, round {round} of {rounds}"));
        for n in options.with_zero() {
            for tool in Tool::ALL {
                for edit in [Edit::Program, Edit::Migration] {
                    if edit == Edit::Migration && n == 0 {
                        continue;
                    }
                    let milliseconds = check(bench, tool, n, edit, round)?;
                    if round > 0 {
                        cpu.entry((tool.name(), n, edit)).or_default().push(milliseconds);
                    }
                }
            }
        }
    }
    let title = "`cargo check` after an edit: ms of CPU above N=0 (of `main.rs` / of a migration)";
    let counts = options.without_zero();
    let columns = counts.iter().map(|n| format!("N={n}"));
    let heads: Vec<String> =
        ["".to_owned(), "N=0, in all".to_owned()].into_iter().chain(columns).collect();
    let mut table = Table::new(title, &heads.iter().map(String::as_str).collect::<Vec<_>>());
    for tool in Tool::ALL {
        let base = &cpu[&(tool.name(), 0, Edit::Program)];
        let mut cells = vec![tool.name().to_owned(), cell(Some(median(base)), 0)];
        for n in &counts {
            let mut above = |edit| {
                let rounds = cpu[&(tool.name(), *n, edit)].iter().zip(base);
                let middle = median(&rounds.map(|(all, base)| all - base).collect::<Vec<_>>());
                found.insert((tool.name(), *n, edit), middle);
                cell(Some(middle), 0)
            };
            cells.push(format!("{} / {}", above(Edit::Program), above(Edit::Migration)));
        }
        table.row(cells);
    }
    Ok(table)
}

fn check(bench: &Bench, tool: Tool, n: usize, edit: Edit, round: usize) -> Result<f64> {
    let folder = bench.folder(tool, n);
    let (path, mark) = match edit {
        Edit::Program => ("src/main.rs".to_owned(), "//"),
        Edit::Migration => {
            (tool.up_file(migrations(n).last().ok_or("there is nothing to edit")?), "--")
        }
    };
    let path = folder.join(path);
    edit_end(&path, mark, round)?;
    let name = tool.application(n);
    let (output, seconds) = bench.timed(tool, &["check", "--offline", "--package", &name])?;
    let words = String::from_utf8(output.stderr)?;
    // Where a build script ran too, cargo says that it compiles.
    let noticed = |word| words.contains(&format!("{word} {name} "));
    if !noticed("Checking") && !noticed("Compiling") {
        return Err(format!("{name}: the edit of {} was not noticed", path.display()).into());
    }
    Ok(seconds * 1e3)
}

/// Gives a file another last line. It stays, for taking it away would be one more edit.
fn edit_end(path: &Path, mark: &str, round: usize) -> Result<()> {
    let mut text = fs::read_to_string(path)?;
    let start = format!("{mark} edit ");
    if let Some(at) = text.rfind(&start) {
        text.truncate(at);
    }
    Ok(fs::write(path, format!("{text}{start}{round}\n"))?)
}

fn bytes(bench: &Bench, options: &Options) -> Result<Option<Table>> {
    let Some(most) = options.most() else { return Ok(None) };
    let title = format!("Bytes of the program a migration (release, N={most} less N=0)");
    let mut table = Table::new(title, &["", "program at N=0, MB", "bytes a migration"]);
    for tool in Tool::ALL {
        note(&format!("release build: {}", tool.name()));
        let size = |n| -> Result<f64> {
            #[expect(clippy::cast_precision_loss, reason = "a file of a few megabytes")]
            Ok(fs::metadata(bench.program(tool, n)?)?.len() as f64)
        };
        let (none, all) = (size(0)?, size(most)?);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let each = (all - none) / most as f64;
        table.row([tool.name().to_owned(), cell(Some(none / 1e6), 1), cell(Some(each), 0)]);
    }
    Ok(Some(table))
}
