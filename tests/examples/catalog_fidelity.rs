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
use migrate_analysis::fidelity::{Chain, Facts};
use migrate_analysis::plan::{PlannedDown, PlannedMigration, PlannedScript};
use migrate_analysis::source::Directory;
use migrate_analysis::{Analysis, Verdict, analyze};
use migrate_testing::{Server, Snapshot};
use postgres::Client;
use std::path::{Path, PathBuf};
use tally::{Tally, Truth};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

struct Options {
    directories: Vec<PathBuf>,
    truth: Truth,
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
        project(directory, &options, &mut tally)?;
    }
    tally.print();
    Ok(())
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        directories: Vec::new(),
        truth: Truth::default(),
        inverse: false,
        offline: false,
        external: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--truth" => options.truth = Truth::read(&arguments.next().unwrap_or_default())?,
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
    let (inverse, project) = (options.inverse, name.clone());
    let mut run = Run { analysis: &analysis, chain, client, project, inverse, agreed: true };
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

/// What an administrator is expected to have made.
fn extensions(analysis: &Analysis) -> String {
    let contrib =
        ["btree_gin", "btree_gist", "citext", "hstore", "pg_trgm", "pgcrypto", "uuid-ossp"];
    let texts: Vec<String> =
        analysis.sources.iter().map(|source| source.text().to_lowercase()).collect();
    let is_made = |name: &str| {
        texts.iter().any(|text| text.contains("create extension") && text.contains(name))
    };
    let missing = contrib.into_iter().filter(|name| !is_made(name));
    let mut sql: String = missing.map(|name| format!("CREATE EXTENSION \"{name}\";\n")).collect();
    // The tools' own history, which some migrations read.
    let history = ["gopg_migrations"];
    for table in history.into_iter().filter(|table| {
        let made = format!("create table {table}");
        texts.iter().any(|text| text.contains(table)) && !texts.iter().any(|it| it.contains(&made))
    }) {
        sql.push_str(&format!(
            "CREATE TABLE {table} (id bigserial, version bigint, created_at timestamptz);\n"
        ));
    }
    sql
}

/// The verdicts alone, where the server cannot be asked since objects of others are missing.
fn verdicts(
    analysis: &Analysis,
    project: &str,
    baseline: &str,
    external: bool,
    truth: &Truth,
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
    chain: Chain<'a>,
    client: Client,
    project: String,
    inverse: bool,
    /// The catalogs were the same before.
    agreed: bool,
}

impl Run<'_> {
    fn migration(
        &mut self,
        number: usize,
        migration: &PlannedMigration,
        truth: &Truth,
        tally: &mut Tally,
    ) -> Outcome<()> {
        let title = format!("{} {}_{}", self.project, migration.version, migration.name);
        let before = facts(&mut self.client)?;
        let step = self.chain.up(number);
        let outside = !migration.up.transactional
            || matches!(&migration.down, PlannedDown::Script(down) if !down.transactional);
        if !outside {
            self.client.batch_execute("BEGIN")?;
        }
        let applied = self.run(&migration.up);
        if let Err(error) = &applied {
            println!("{title}: the server refuses the up: {error}");
            self.client.batch_execute("ROLLBACK")?;
            tally.up_refused(!step.failures.is_empty());
            tally.needs_more += usize::from(truth.is_judged(&self.project, number + 1));
            // Nothing of it happened, as far as the server can tell.
            self.chain.undo_up();
            return Ok(());
        }
        for failure in &step.failures {
            println!("{title}: FALSE ERROR in the up: {failure}");
        }
        tally.false_errors += step.failures.len();
        let server = facts(&mut self.client)?;
        let differences = self.chain.differences(&server);
        tally.compared(differences.is_empty(), self.agreed, step.obstacles.is_empty());
        if self.agreed || differences.is_empty() {
            for difference in differences.iter().take(12) {
                println!("{title}: CATALOG {difference}");
            }
        }
        self.agreed = differences.is_empty();
        if !outside {
            self.client.batch_execute("SAVEPOINT before_down")?;
            if self.inverse {
                self.try_inverse(&title, migration, step.obstacles.is_empty(), &before, tally)?;
            }
        }
        let (_, judged) = self.chain.down(number);
        if let PlannedDown::Script(script) = &migration.down
            && !script.statements.is_empty()
        {
            let restored = if outside {
                None
            } else {
                let ran = self.run(script);
                let after = ran.is_ok().then(|| facts(&mut self.client)).transpose()?;
                self.client.batch_execute("ROLLBACK TO before_down")?;
                Some((ran, after.map(|after| after == before)))
            };
            let known = truth.class(&self.project, number + 1);
            let class = known.or(restored.as_ref().map(|it| match it {
                (Err(_), _) => "broken",
                (Ok(_), Some(true)) => "exact",
                (Ok(_), _) => "not_restored",
            }));
            if let Some(class) = class {
                let verdict = reported(self.analysis, migration, judged.verdict);
                if tally.judged(class, verdict) {
                    let refused = restored.and_then(|it| it.0.err()).unwrap_or_default();
                    println!(
                        "{title}: VERDICT {verdict:?}, truth {class}: {:?} {refused}",
                        judged.reasons
                    );
                }
            }
        }
        self.chain.take_back();
        if !outside {
            self.client.batch_execute("COMMIT")?;
        }
        self.client.batch_execute("RESET ALL; RESET ROLE")?;
        Ok(())
    }

    /// Runs a script; the server's words where it refuses.
    fn run(&mut self, script: &PlannedScript) -> Result<(), String> {
        let text = self.analysis.sources.get(script.source.index()).map_or("", |it| it.text());
        for step in &script.steps {
            let sql = text.get(step.range.clone()).unwrap_or_default();
            self.client.batch_execute(sql).map_err(|error| match error.as_db_error() {
                Some(error) => format!("{} {}", error.code().code(), error.message()),
                None => error.to_string(),
            })?;
        }
        Ok(())
    }

    fn try_inverse(
        &mut self,
        title: &str,
        migration: &PlannedMigration,
        followed: bool,
        before: &Facts,
        tally: &mut Tally,
    ) -> Outcome<()> {
        let (script, _) = self.chain.inverse();
        let ran = self.client.batch_execute(&script);
        let after = if ran.is_ok() { Some(facts(&mut self.client)?) } else { None };
        self.client.batch_execute("ROLLBACK TO before_down")?;
        if !followed || !migration.destroys.is_empty() {
            return Ok(());
        }
        let restored = after.as_ref().is_some_and(|after| tally::same(before, after));
        tally.inverse(restored);
        if !restored {
            let why = match (ran, after) {
                (Err(error), _) => error
                    .as_db_error()
                    .map_or_else(|| error.to_string(), |it| it.message().to_owned()),
                (_, Some(after)) => tally::difference(before, &after),
                _ => String::new(),
            };
            println!("{title}: INVERSE {why}\n{script}");
        }
        Ok(())
    }
}

/// The server's schema. Positions of columns do not count.
fn facts(client: &mut Client) -> Outcome<Facts> {
    let snapshot = Snapshot::read(client)?;
    let mut facts = Facts::new();
    for fact in snapshot.facts() {
        let key = (fact.kind.to_owned(), fact.name.to_owned());
        facts.entry(key).or_default().insert(fact.attribute.to_owned(), fact.value.to_owned());
    }
    Ok(facts)
}
