//! Side by side with the peers: what a build, a start and an upgrade cost.
//!
//! ```sh
//! cargo run --release -p migrate-benches -- [compile|check|clean|start|apply|all] [--n 0,10,100,1000] [--quick]
//! ```
//!
//! Four programs do the same with the same migrations: ours, `sqlx`, `refinery`, and a floor
//! written by hand on the `postgres` crate. They are generated below the folder for temporary files,
//! built by cargo, and run against a throwaway server. Rounds are interleaved, so that whatever else
//! the machine does meets all of them; ratios are taken within a round, and the middle one is told.
//! Markdown goes to the standard output, progress to the standard error.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program to be read in a terminal"
)]

mod apply;
mod bench;
mod compile;
mod cpu;
mod files;
mod goals;
mod proxy;
mod set;
mod stage;
mod start;
mod table;
mod tool;

use bench::Bench;
use compile::{Edit, SMALLEST};
use stage::Stage;
use std::collections::BTreeMap;
use std::process::ExitCode;
use tool::Tool;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str =
    "usage: migrate-benches [compile|check|clean|start|apply|all] [--n 0,10,100,1000] [--quick]";

/// What was asked for.
struct Options {
    /// What an edit costs.
    check: bool,
    /// The size of the program.
    bytes: bool,
    /// What the first build costs.
    clean: bool,
    start: bool,
    apply: bool,
    counts: Vec<usize>,
    quick: bool,
}

/// What was found.
#[derive(Default)]
struct Findings {
    /// Ours: × `refinery`.
    clean: Option<f64>,
    /// Milliseconds of CPU above N=0.
    checks: BTreeMap<(&'static str, usize, Edit), f64>,
    /// Ours: × floor from afar, and millions of instructions; by N.
    start: BTreeMap<usize, (f64, Option<f64>)>,
    /// Ours: N, and × floor from afar.
    apply: Option<(usize, f64)>,
}

impl Options {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Options> {
        let mut options = Options {
            check: false,
            bytes: false,
            clean: false,
            start: false,
            apply: false,
            counts: vec![0, 10, 100, 1000],
            quick: false,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "compile" => options.compile(),
                "check" => options.check = true,
                "clean" => options.clean = true,
                "start" => options.start = true,
                "apply" => options.apply = true,
                "all" => options.all(),
                "--quick" => options.quick = true,
                "--n" => options.counts = read_counts(&arguments.next().ok_or(USAGE)?)?,
                _ => return Err(USAGE.into()),
            }
        }
        if !(options.compiles() || options.start || options.apply) {
            options.all();
        }
        Ok(options)
    }

    fn all(&mut self) {
        self.compile();
        (self.start, self.apply) = (true, true);
    }

    fn compile(&mut self) {
        (self.check, self.bytes, self.clean) = (true, true, true);
    }

    fn compiles(&self) -> bool {
        self.check || self.bytes || self.clean
    }

    fn rounds(&self, quick: usize, full: usize) -> usize {
        if self.quick { quick } else { full }
    }

    fn without_zero(&self) -> Vec<usize> {
        self.counts.iter().copied().filter(|n| *n > 0).collect()
    }

    /// Checks are told above N=0, so that is always measured.
    fn with_zero(&self) -> Vec<usize> {
        std::iter::once(0).chain(self.without_zero()).collect()
    }

    fn most(&self) -> Option<usize> {
        self.counts.iter().copied().filter(|n| *n > 0).max()
    }

    /// Every number that an application is made for.
    fn applications(&self) -> Vec<usize> {
        let mut counts = self.with_zero();
        counts.push(SMALLEST);
        counts.sort_unstable();
        counts.dedup();
        counts
    }
}

fn read_counts(list: &str) -> Result<Vec<usize>> {
    let mut counts = list.split(',').map(|n| Ok(n.trim().parse()?)).collect::<Result<Vec<_>>>()?;
    counts.sort_unstable();
    counts.dedup();
    Ok(counts)
}

/// A part of the answer, as soon as it is known.
fn show(part: &impl std::fmt::Display) {
    print!("{part}");
}

/// A line of progress.
fn note(what: &str) {
    eprintln!("… {what}");
}

fn main() -> ExitCode {
    match Options::read(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let bench = Bench::new(&options.applications())?;
    let mut findings = Findings::default();
    println!("{}\n\n{}", versions(&bench)?, bench.compiler()?);
    if options.start || options.apply {
        let stage = Stage::new()?;
        println!("\n{}", stage.describe()?);
        if options.start {
            start::measure(&bench, &stage, options, &mut findings)?;
        }
        if options.apply {
            apply::measure(&bench, &stage, options, &mut findings)?;
        }
    }
    if options.compiles() {
        compile::measure(&bench, options, &mut findings)?;
    }
    show(&goals::goals(&findings));
    Ok(())
}

fn versions(bench: &Bench) -> Result<String> {
    let told = Tool::ALL.map(|tool| {
        let version = bench.version(tool)?;
        Ok(match tool {
            Tool::Ours => format!("ours {version}"),
            _ => format!("{} {version}", tool.package()),
        })
    });
    Ok(told.into_iter().collect::<Result<Vec<_>>>()?.join(", "))
}
