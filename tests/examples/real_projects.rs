//! Runs the migrations of real projects, as they are in their own layouts, on a real server:
//!
//! ```text
//! cargo run --release -p migrate-tests --example real_projects -- DIRECTORY…
//! ```
//!
//! For each directory: what the analysis finds, whether `Migrator::up` applies everything that
//! came through, whether `status` agrees, and for each migration whether its down script runs on a
//! database to which only ups were applied. One line a down that fails or is refused, so that the
//! result can be compared with other verdicts. An up that fails, say because a migration written in
//! another language is missing before it, is named, recorded as applied, and left behind.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use migrate_analysis::cache::Cache;
use migrate_analysis::plan::{Plan, PlannedDown, PlannedMigration, PlannedScript};
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, Source};
use migrate_analysis::{Analysis, analyze};
use migrate_runtime::__private as embed;
use migrate_runtime::{Down, MigrationSet, Migrator, Script};
use migrate_testing::Server;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    for directory in std::env::args().skip(1) {
        project(&directory)?;
    }
    Ok(())
}

fn project(directory: &str) -> Outcome<()> {
    println!("== {directory}");
    let read = Directory::read(Path::new(directory)).map_err(|error| error.to_string());
    let analysis = analyze(read, &mut Cache::default());
    for diagnostic in &analysis.diagnostics {
        let text = render(diagnostic, &analysis.sources, "");
        let lines: Vec<_> = text.lines().take(2).map(str::trim).collect();
        println!("finding: {}", lines.join(" "));
    }
    let migrator = Migrator::from_set(set(&analysis));
    ups(&migrator, &Server::start()?)?;
    // Another server: roles that scripts make belong to all databases of one.
    downs(&migrator, &Server::start()?)
}

/// All up scripts, in one run if they can.
fn ups(migrator: &Migrator, server: &Server) -> Outcome<()> {
    let database = server.create_database()?;
    let mut client = database.connect()?;
    let mut applied = 0;
    loop {
        match migrator.up(&mut client) {
            Ok(report) => {
                println!("up: {} applied", applied + report.applied().count());
                break;
            }
            Err(error) => {
                applied += error.report().applied().count();
                leave_behind(migrator, &mut client, &error)?;
            }
        }
    }
    let status = migrator.status(&mut client)?;
    println!(
        "status: {} migrations, {} pending, up to date: {}",
        status.rows().len(),
        status.pending().count(),
        status.is_up_to_date()
    );
    Ok(())
}

fn leave_behind(
    migrator: &Migrator,
    client: &mut postgres::Client,
    error: &migrate_runtime::Error,
) -> Outcome<()> {
    println!("up failed: {}", first_line(error));
    let migration = error.migration().ok_or("no migration is to blame")?;
    let report = migrator.baseline(client, migration.version())?;
    assert_eq!(report.done().len(), 1, "only the failed one was missing");
    Ok(())
}

/// Every down script, each on a database to which only ups were applied.
fn downs(migrator: &Migrator, server: &Server) -> Outcome<()> {
    let base = server.create_database()?;
    let (mut ran, mut failed, mut refused) = (0, 0, 0);
    for migration in migrator.set().migrations() {
        let mut client = base.connect()?;
        let applied = migrator.up_to(&mut client, migration.version());
        if let Err(error) = applied {
            leave_behind(migrator, &mut client, &error)?;
            continue;
        }
        drop(client);
        let mut postgres = server.config().dbname("postgres").connect(postgres::NoTls)?;
        let clone = format!("{}_clone", base.name());
        postgres.batch_execute(&format!("CREATE DATABASE {clone} TEMPLATE {}", base.name()))?;
        let mut client = base.config().dbname(&clone).connect(postgres::NoTls)?;
        let name = format!("{} {}", migration.version(), migration.name());
        match (migrator.down(&mut client, 1), migration.down()) {
            (Ok(_), _) => ran += 1,
            (Err(_), Down::Irreversible(reason)) => {
                refused += 1;
                println!("down refused: {name}: {reason}");
            }
            (Err(error), _) => {
                failed += 1;
                println!("down failed: {name}: {}", first_line(&error));
            }
        }
        drop(client);
        postgres.batch_execute(&format!("DROP DATABASE {clone} WITH (FORCE)"))?;
    }
    println!("downs: {ran} ran, {failed} failed, {refused} refused\n");
    Ok(())
}

fn first_line(error: &migrate_runtime::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// What the macro would embed, made at run time and never freed.
fn set(analysis: &Analysis) -> MigrationSet {
    let Plan { migrations, digest, .. } = &analysis.plan;
    let migrations: Vec<_> =
        migrations.iter().map(|one| migration(one, &analysis.sources)).collect();
    embed::set(migrations.leak(), Box::leak(Box::new(*digest)), None)
}

fn migration(planned: &PlannedMigration, sources: &[Source]) -> migrate_runtime::EmbeddedMigration {
    let down = match &planned.down {
        PlannedDown::Script(down) => Down::Script(script(down, sources)),
        PlannedDown::NoOp(reason) => Down::NoOp(reason.clone().leak()),
        PlannedDown::Irreversible(reason) => Down::Irreversible(reason.clone().leak()),
    };
    let name = planned.name.clone().leak();
    embed::migration(planned.version, name, script(&planned.up, sources), down)
}

fn script(planned: &PlannedScript, sources: &[Source]) -> Script {
    let source = &sources[planned.source.index()];
    let steps = planned.steps.iter().map(|step| embed::Step {
        start: step.range.start,
        end: step.range.end,
        setting: step.setting,
        locks: "",
        builds: step.builds_index.clone().map(|index| embed::ConcurrentIndex {
            table: index.table.leak(),
            index: index.index.map(|name| &*name.leak()),
        }),
    });
    embed::script(
        source.path().to_owned().leak(),
        source.text().to_owned().leak(),
        embed::pack(&steps.collect::<Vec<_>>()).leak(),
        planned.checksum,
        planned.transactional,
    )
}
