//! The migrations you have, adopted as they are: `cargo run -p adopt-layouts`.
//!
//! Nothing says which layout a directory has: the names of its files do. `layouts/` holds the same
//! three tables as they would stand in projects that come from elsewhere:
//!
//! | directory | like |
//! |---|---|
//! | `layouts/pairs` | golang-migrate, sqlx |
//! | `layouts/sections` | a file each with `-- UP`, with dbmate's marks, and with goose's |
//! | `layouts/directories` | diesel |
//! | `layouts/flyway` | Flyway, refinery |
//!
//! The program applies each to a database of its own, and compares checksums and catalogs.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use migrate_runtime::{Down, Migrator, migrations};
use postgres::Client;

migrations! {
    /// A pair of files each.
    pub mod pairs = "layouts/pairs";
}
migrations! {
    /// A file each.
    pub mod sections = "layouts/sections";
}
migrations! {
    /// A directory each.
    pub mod directories = "layouts/directories";
}
migrations! {
    /// `V` and `U` files.
    pub mod flyway = "layouts/flyway";
}

/// Columns, constraints and indexes of all tables but the history's, a line each.
const CATALOG: &str = "
    WITH ours AS (
        SELECT oid, relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
          AND relname NOT LIKE 'migration_history%'
    )
    SELECT format('%s.%s %s%s', relname, attname, format_type(atttypid, atttypmod),
                  CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END)
    FROM pg_attribute JOIN ours ON ours.oid = attrelid WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT format('%s: %s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
    UNION ALL
    SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN ours ON ours.oid = indrelid
    ORDER BY 1";

fn main() -> Result<(), Box<dyn Error>> {
    let sets = [
        ("pairs", pairs::SET),
        ("sections", sections::SET),
        ("directories", directories::SET),
        ("flyway", flyway::SET),
    ];
    let mut seen = Vec::new();
    for (layout, set) in sets {
        println!("layouts/{layout}");
        let database = migrate_testing::empty_database()?;
        let mut client = database.connect()?;
        let migrator = Migrator::from_set(set);

        let _ = migrator.up(&mut client)?;
        let mut checksums = Vec::new();
        for migration in set.migrations() {
            let up = migration.up().checksum();
            let down = match migration.down() {
                Down::Script(script) => Some(script.checksum()),
                Down::NoOp(_) | Down::Irreversible(_) => None,
            };
            let (version, name) = (migration.version(), migration.name());
            println!("  {name:<18}  checksum {}…  version {version}", hex(&up[..4]));
            checksums.push((name, up, down));
        }
        let made = catalog(&mut client)?;
        println!("  catalog: {} columns, constraints and indexes", made.len());
        seen.push((checksums, made));

        let _ = migrator.down_to(&mut client, 0)?;
        if !catalog(&mut client)?.is_empty() {
            return Err("something is left after everything was rolled back".into());
        }
    }
    if seen.iter().any(|one| *one != seen[0]) {
        return Err("the layouts differ".into());
    }
    println!("\nThe same checksums and the same catalog in each of the {} layouts.", seen.len());
    Ok(())
}

fn catalog(client: &mut Client) -> Result<Vec<String>, postgres::Error> {
    client.query(CATALOG, &[])?.iter().map(|row| row.try_get(0)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
