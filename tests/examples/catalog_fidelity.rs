//! Replays migrations on PostgreSQL and on our simulated catalog, and compares the two after every one:
//!
//! ```text
//! cargo run --release -p migrate-tests --example catalog_fidelity -- DIRECTORY… [--truth truth.tsv] [--inverse]
//! ```
//!
//! For each directory and migration: whether the server takes the up and whether the analysis said so,
//! what differs between the catalogs, and the verdict on the down beside what the server shows. With
//! `--truth` the verdict is compared with the table's, by the project (the directory's name) and the number.
//! With `--inverse` the down that the analysis computes is run too.
//!
//! A directory may be one of ours, in any layout, or hold `NNNN_name/{up,down}.sql`. A file `notx`
//! beside the scripts says that they run outside a transaction.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "catalog_fidelity/tally.rs"]
mod tally;

use migrate_analysis::cache::Cache;
use migrate_analysis::plan::PlannedDown;
use migrate_analysis::source::Directory;
use migrate_analysis::{Verdict, analyze};
use migrate_testing::Server;
use migrate_tests::referee::{Down, Referee, Replayed, Truth};
use std::path::{Path, PathBuf};
use tally::{Known, Tally};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

struct Options {
    directories: Vec<PathBuf>,
    truth: Known,
    inverse: bool,
}

fn main() -> Outcome<()> {
    let options = options()?;
    let mut tally = Tally::default();
    for directory in &options.directories {
        project(directory, &options, &mut tally)?;
    }
    tally.print();
    Ok(())
}

fn options() -> Outcome<Options> {
    let mut options = Options { directories: Vec::new(), truth: Known::default(), inverse: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--truth" => options.truth = Known::read(&arguments.next().unwrap_or_default())?,
            "--inverse" => options.inverse = true,
            directory => options.directories.push(directory.into()),
        }
    }
    Ok(options)
}

fn project(directory: &Path, options: &Options, tally: &mut Tally) -> Outcome<()> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("== {name}");
    let read = Directory::read(directory).map_err(|error| error.to_string());
    let analysis = analyze(read, &mut Cache::default());
    let server = Server::start()?;
    let database = server.create_database()?;
    let mut client = database.connect()?;
    let mut referee = Referee::new(&analysis, options.inverse);
    // The catalogs were the same before.
    let mut agreed = true;
    for (number, migration) in analysis.plan.migrations.iter().enumerate() {
        let title = format!("{name} {}_{}", migration.version, migration.name);
        let replayed = referee.replay(&mut client, number, migration)?;
        if let Some(error) = &replayed.refused {
            println!("{title}: the server refuses the up: {error}");
            tally.up_refused(!replayed.up.failures.is_empty());
            continue;
        }
        agreed = up(&title, &replayed, agreed, tally);
        if let Some(it) = &replayed.down
            && matches!(&migration.down, PlannedDown::Script(it) if !it.statements.is_empty())
        {
            down(&title, it, options.truth.class(&name, number + 1), tally);
        }
        if let Some((script, why)) = &replayed.inverse
            && replayed.up.obstacles.is_empty()
            && migration.destroys.is_empty()
        {
            tally.inverse(why.is_none());
            if let Some(why) = why {
                println!("{title}: INVERSE {why}\n{script}");
            }
        }
    }
    Ok(())
}

/// Whether the catalogs are the same now.
fn up(title: &str, replayed: &Replayed, agreed: bool, tally: &mut Tally) -> bool {
    for failure in &replayed.up.failures {
        println!("{title}: FALSE ERROR in the up: {failure}");
    }
    tally.false_errors += replayed.up.failures.len();
    let differences = &replayed.differences;
    tally.compared(differences.is_empty(), agreed, replayed.up.obstacles.is_empty());
    if agreed {
        for difference in differences.iter().take(12) {
            println!("{title}: CATALOG {difference}");
        }
    }
    differences.is_empty()
}

fn down(title: &str, down: &Down, known: Option<&str>, tally: &mut Tally) {
    let shown = down.truth.map(|truth| match truth {
        Truth::Fails => "broken",
        Truth::Exact => "exact",
        Truth::OrderOnly => "order_only",
        Truth::NotRestored => "not_restored",
    });
    let Some(class) = known.or(shown) else { return };
    let good = matches!(class, "exact" | "order_only");
    let verdict = tally.judged(class, down.judged.verdict);
    let odd = match down.judged.verdict {
        Verdict::DoesNotRestore => good,
        Verdict::Exact | Verdict::ColumnOrder => !good,
        _ => true,
    };
    if odd {
        let refused = down.refused.as_deref().unwrap_or_default();
        let reasons = &down.judged.reasons;
        println!("{title}: VERDICT {verdict}, truth {class}: {reasons:?} {refused}");
    }
}
