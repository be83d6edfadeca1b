//! What the analysis costs by itself, unoptimised as in a build script and a macro, and whether it
//! grows with the number of migrations:
//!
//! ```sh
//! cargo run -p migrate-benches --example analysis [100,250,500,1000,2000]
//! ```
//!
//! CPU time of this process, the middle one of several runs. *files* is what follows from each file
//! alone (sections, grammar, steps, checksums), *commands* the reading of what each statement does,
//! *replay* running all of it on the simulated schema and judging it. *warm* is an analysis with all
//! that an earlier one kept, after an edit of one file, with the reading and writing of the cache.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "../src/set.rs"]
mod set;

use migrate_analysis::Analysis;
use migrate_analysis::cache::Cache;
use migrate_analysis::fidelity::Chain;
use migrate_analysis::source::{Directory, File};
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 5;

/// Milliseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    read: f64,
    all: f64,
    commands: f64,
    replay: f64,
    last: f64,
    middle: f64,
}

fn main() -> Result<()> {
    let counts = std::env::args().nth(1).unwrap_or_else(|| "100,250,500,1000,2000".to_owned());
    println!(
        "| N | read | analysis | of it files | commands | replay | analysis a migration | warm, the last edited | warm, the middle one |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for n in counts.split(',') {
        let n: usize = n.parse()?;
        let root = std::env::temp_dir().join(format!("migrate-benches-analysis-{n}"));
        write(&root, n)?;
        let rounds = (0..ROUNDS).map(|_| round(&root, n)).collect::<Result<Vec<_>>>()?;
        let middle = |part: fn(&Times) -> f64| {
            let mut times: Vec<f64> = rounds.iter().map(part).collect();
            times.sort_by(f64::total_cmp);
            times.get(ROUNDS / 2).copied().unwrap_or_default()
        };
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let each = middle(|it| it.all) / n as f64;
        println!(
            "| {n} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {each:.2} | {:.0} | {:.0} |",
            middle(|it| it.read),
            middle(|it| it.all),
            middle(|it| it.all - it.commands - it.replay),
            middle(|it| it.commands),
            middle(|it| it.replay),
            middle(|it| it.last),
            middle(|it| it.middle),
        );
        std::fs::remove_dir_all(&root)?;
    }
    Ok(())
}

fn round(root: &Path, n: usize) -> Result<Times> {
    let (read, directory) = timed(|| Directory::read(root));
    let directory = directory?;
    let mut cache = Cache::default();
    let (all, analysis) = timed(|| migrate_analysis::analyze(Ok(directory.clone()), &mut cache));
    if let Some(error) = analysis.errors().next() {
        return Err(error.message.clone().into());
    }
    let (commands, chain) = timed(|| Chain::new(&analysis));
    let (replay, ()) = timed(|| run(chain, &analysis));
    let kept = cache.encode();
    Ok(Times {
        read,
        all,
        commands,
        replay,
        last: warm(directory.clone(), &kept, n - 1)?,
        middle: warm(directory, &kept, n / 2)?,
    })
}

fn run(mut chain: Chain<'_>, analysis: &Analysis) {
    for number in 0..analysis.plan.migrations.len() {
        chain.up(number);
        chain.down(number);
        chain.take_back();
    }
}

/// An analysis after two edits of the same file: the first is what the cache is not prepared for.
fn warm(mut directory: Directory, kept: &[u8], edited: usize) -> Result<f64> {
    let mut kept = kept.to_vec();
    let mut took = 0.0;
    for edit in 0..2 {
        let file = directory.files.get_mut(2 * edited + 1).ok_or("no such file")?;
        append(file, &format!("-- edit {edit}\n"))?;
        let directory = directory.clone();
        (took, kept) = timed(|| {
            let mut cache = Cache::decode(&kept);
            migrate_analysis::analyze(Ok(directory), &mut cache);
            cache.encode()
        });
    }
    Ok(took)
}

fn append(file: &mut File, line: &str) -> Result<()> {
    file.contents.as_mut().map_err(|why| why.clone())?.extend(line.as_bytes());
    Ok(())
}

fn write(root: &Path, n: usize) -> Result<()> {
    std::fs::create_dir_all(root)?;
    for set::Migration { version, name, up, down } in set::migrations(n) {
        std::fs::write(root.join(format!("{version:04}_{name}.up.sql")), up)?;
        std::fs::write(root.join(format!("{version:04}_{name}.down.sql")), down)?;
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let before = own_milliseconds();
    let done = work();
    (own_milliseconds() - before, done)
}

/// CPU time of all threads of this process.
#[expect(unsafe_code, reason = "clock_gettime has no safe door")]
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of a few minutes")]
fn own_milliseconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live `timespec` of ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
