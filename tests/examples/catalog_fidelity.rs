//! Replays migrations on PostgreSQL and on our simulated catalog, and compares the two after every one:
//!
//! ```text
//! cargo run --release -p migrate-tests --example catalog_fidelity -- DIRECTORY… [--truth truth.tsv] [--inverse] [--offline] [--external]
//! ```
//!
//! For each directory and migration: whether the server takes the up and whether the analysis said so,
//! what differs between the catalogs, and the verdict on the down beside what the server shows. With
//! `--truth` the verdict is compared with the table's, by the project (the directory's name) and the number.
//! With `--inverse` the down that the analysis computes is run too. With `--offline` no server is asked, and the
//! verdicts alone are compared with the table; with `--external` anything may exist beside what the sets make.
//!
//! A directory may be one of ours, in any layout, or hold `NNNN_name/{up,down}.sql`. A file `notx`
//! beside the scripts says that they run outside a transaction.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "catalog_fidelity/tally.rs"]
mod tally;

use migrate_analysis::cache::Cache;
use migrate_analysis::diagnostic::Code;
use migrate_analysis::fidelity::Chain;
use migrate_analysis::plan::{PlannedDown, PlannedMigration};
use migrate_analysis::source::Directory;
use migrate_analysis::{Analysis, Verdict, analyze};
use migrate_testing::Server;
use migrate_tests::extensions;
use migrate_tests::referee::{Down, Inverse, Referee, Truth};
use postgres::Client;
use std::path::{Path, PathBuf};
use tally::{Known, Tally};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

struct Options {
    directories: Vec<PathBuf>,
    truth: Known,
    inverse: bool,
    /// Ask no server.
    offline: bool,
    /// Anything may exist beside what the sets make.
    external: bool,
}

fn main() -> Outcome<()> {
    let options = options()?;
    let mut tally = Tally::default();
    for directory in &options.directories {
        if let Err(error) = project(directory, &options, &mut tally) {
            println!("{}: the server stops: {error}", directory.display());
        }
    }
    tally.print();
    Ok(())
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        directories: Vec::new(),
        truth: Known::default(),
        inverse: false,
        offline: false,
        external: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--truth" => options.truth = Known::read(&arguments.next().unwrap_or_default())?,
            "--inverse" => options.inverse = true,
            "--offline" => options.offline = true,
            "--external" => options.external = true,
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
    if options.offline {
        let baseline = extensions(&analysis);
        verdicts(&analysis, &name, &baseline, options.external, &options.truth, tally);
        return Ok(());
    }
    let server = Server::start()?;
    let database = server.create_database()?;
    let mut client = database.connect()?;
    let baseline = extensions(&analysis);
    client.batch_execute(&baseline)?;
    let chain = Chain::new(&analysis).beside(&baseline, false);
    let referee = Referee::new(&analysis, chain, options.inverse);
    let project = name.clone();
    let mut run = Run { analysis: &analysis, referee, client, project, agreed: true };
    let mut own = Tally::default();
    for (number, migration) in analysis.plan.migrations.iter().enumerate() {
        run.migration(number, migration, &options.truth, &mut own)?;
    }
    if own.needs_more > 0 {
        println!("{name}: rests on what is made elsewhere, so only its verdicts are compared");
        own = Tally::default();
        verdicts(&analysis, &name, &baseline, true, &options.truth, &mut own);
    }
    tally.add(own);
    Ok(())
}

/// The verdicts alone, where the server cannot be asked since objects of others are missing.
fn verdicts(
    analysis: &Analysis,
    project: &str,
    baseline: &str,
    external: bool,
    truth: &Known,
    tally: &mut Tally,
) {
    let mut chain = Chain::new(analysis).beside(baseline, external);
    for (number, migration) in analysis.plan.migrations.iter().enumerate() {
        let step = chain.up(number);
        let (_, judged) = chain.down(number);
        chain.take_back();
        let title = format!("{project} {}_{}", migration.version, migration.name);
        if truth.is_judged(project, number + 1) {
            for failure in &step.failures {
                println!("{title}: FALSE ERROR in the up: {failure}");
            }
            tally.false_errors += step.failures.len();
        }
        if let Some(class) = truth.class(project, number + 1) {
            let verdict = reported(analysis, migration, judged.verdict);
            if tally.judged(class, verdict) {
                println!("{title}: VERDICT {verdict:?}, truth {class}: {:?}", judged.reasons);
            }
        }
    }
}

/// A down that is no SQL is reported as that.
fn reported(analysis: &Analysis, migration: &PlannedMigration, verdict: Verdict) -> Verdict {
    let PlannedDown::Script(down) = &migration.down else { return verdict };
    let is_refused =
        analysis.errors().any(|it| it.code == Code::NotPostgres && it.place.source == down.source);
    if is_refused { Verdict::DoesNotRestore } else { verdict }
}

struct Run<'a> {
    analysis: &'a Analysis,
    referee: Referee<'a>,
    client: Client,
    project: String,
    /// The catalogs were the same before.
    agreed: bool,
}

impl Run<'_> {
    fn migration(
        &mut self,
        number: usize,
        migration: &PlannedMigration,
        known: &Known,
        tally: &mut Tally,
    ) -> Outcome<()> {
        let title = format!("{} {}_{}", self.project, migration.version, migration.name);
        let replayed = self.referee.replay(&mut self.client, number, migration)?;
        let step = &replayed.up;
        if let Some(error) = &replayed.refused {
            println!("{title}: the server refuses the up: {error}");
            tally.up_refused(!step.failures.is_empty());
            tally.needs_more += usize::from(known.is_judged(&self.project, number + 1));
            return Ok(());
        }
        for failure in &step.failures {
            println!("{title}: FALSE ERROR in the up: {failure}");
        }
        tally.false_errors += step.failures.len();
        let differences = &replayed.differences;
        tally.compared(differences.is_empty(), self.agreed, step.obstacles.is_empty());
        if self.agreed {
            for difference in differences.iter().take(12) {
                println!("{title}: CATALOG {difference}");
            }
        }
        self.agreed = differences.is_empty();
        if let Some(down) = &replayed.down {
            let class = known.class(&self.project, number + 1);
            self.down(&title, migration, down, class, tally);
        }
        if let Some(Inverse { script, why, .. }) = &replayed.inverse
            && step.obstacles.is_empty()
            && migration.destroys.is_empty()
        {
            tally.inverse(why.is_none());
            if let Some(why) = why {
                println!("{title}: INVERSE {why}\n{script}");
            }
        }
        Ok(())
    }

    fn down(
        &self,
        title: &str,
        migration: &PlannedMigration,
        down: &Down,
        known: Option<&str>,
        tally: &mut Tally,
    ) {
        if !matches!(&migration.down, PlannedDown::Script(it) if !it.statements.is_empty()) {
            return;
        }
        let shown = down.truth.map(|truth| match truth {
            Truth::Fails => "broken",
            Truth::Exact => "exact",
            Truth::OrderOnly => "order_only",
            Truth::NotRestored => "not_restored",
        });
        let Some(class) = known.or(shown) else { return };
        let verdict = reported(self.analysis, migration, down.judged.verdict);
        if tally.judged(class, verdict) {
            let (reasons, why) = (&down.judged.reasons, down.why.as_deref().unwrap_or_default());
            println!("{title}: VERDICT {verdict:?}, truth {class}: {reasons:?} {why}");
        }
    }
}
