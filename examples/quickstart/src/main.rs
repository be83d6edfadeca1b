//! The whole road in one command: `cargo run -p quickstart`.
//!
//! The SQL in `migrations/` is checked and embedded when this program is compiled. The program shows
//! what is pending, applies it, shows where the database stands, rolls the newest migration back,
//! applies it again, and starts a second time. It uses the database that `DATABASE_URL` names;
//! without it, a throwaway PostgreSQL that is gone when the program ends.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::time::Instant;

use migrate_runtime::{Event, Migration as _, migrations};
use postgres::{Client, NoTls};

migrations! {
    /// The schema of a small shop.
    pub mod schema = "migrations";
}

// Whatever becomes of the script: this compiles only while rolling it back restores the schema.
const _: () = assert!(schema::AddDepartment::VERDICT.restores());

fn main() -> Result<(), Box<dyn Error>> {
    let throwaway;
    let mut client = match env::var("DATABASE_URL") {
        Ok(url) => {
            println!("Using the database that DATABASE_URL names.");
            Client::connect(&url, NoTls).map_err(with_cause)?
        }
        Err(_) => {
            println!("Using a throwaway PostgreSQL. Set DATABASE_URL to use a database of yours.");
            throwaway = migrate_testing::empty_database()?;
            throwaway.connect()?
        }
    };
    let migrator = schema::migrator().on_event(progress);

    heading("The plan");
    indented(migrator.plan(&mut client)?);

    heading("Apply it");
    let report = migrator.up(&mut client)?;
    let (now, before) = (report.applied().count(), report.already_applied());
    indented(format!("{now} applied now, {before} before"));

    heading("Where the database stands");
    indented(migrator.status(&mut client)?);

    heading("Roll back one");
    let _ = migrator.down(&mut client, 1)?;

    heading("Apply it again");
    let _ = migrator.up(&mut client)?;

    heading("What a second start does");
    let start = Instant::now();
    let report = migrator.up(&mut client)?;
    indented(report);
    indented(format!("one round trip to the server, {:.1?}", start.elapsed()));
    Ok(())
}

/// Shows what is done, and what is out of the ordinary; what is only begun is not shown.
fn progress(event: &Event) {
    match event {
        Event::Planned { .. } | Event::Started { .. } | Event::StepDone { .. } => {}
        event => indented(event),
    }
}

fn heading(text: &str) {
    println!("\n{text}");
}

fn indented(text: impl Display) {
    text.to_string().lines().for_each(|line| println!("  {line}"));
}

/// `postgres` tells the essential in the cause.
fn with_cause(error: postgres::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
