//! All that generated code may touch. Not covered by semantic versioning: the macro crate is
//! pinned to this one exactly.

pub use crate::migration::{
    ConcurrentIndex, Down, EmbeddedMigration, Migration, MigrationSet, Retractable, Reversible,
    Script, Set, Step, pack,
};
pub use crate::migrator::Migrator;
pub use crate::place::digits;
pub use crate::record::{List, migration, migrations};
pub use crate::table_lock::LockMode;
pub use crate::target::DownTarget;
pub use migrate_macros::migrations;
pub use std::option::Option::{None, Some};

/// A script of a set that is made by hand; `transactional` when it runs in one transaction. What it
/// locks nobody knows.
pub fn script(
    path: &'static str,
    text: &'static str,
    steps: &'static str,
    checksum: [u8; 32],
    transactional: bool,
) -> Script {
    let checksum = Box::leak(Box::new(checksum));
    let strongest_lock = LockMode::AccessExclusive;
    let locks_are_known = false;
    let text = text.as_bytes();
    Script { path, text, steps, checksum, transactional, strongest_lock, locks_are_known }
}

/// The same script, all of whose locks are known.
pub fn known(script: Script) -> Script {
    let strongest = script.locks().iter().map(|lock| lock.mode).max();
    Script { strongest_lock: strongest.unwrap_or_default(), locks_are_known: true, ..script }
}

/// For tests: a lease lasts so long unless it is renewed.
#[must_use]
pub fn lease<S>(mut migrator: Migrator<S>, lasts: std::time::Duration) -> Migrator<S> {
    migrator.options.lease = lasts;
    migrator
}

/// A set; `directory` is the absolute path it was read from, kept in debug builds only.
pub const fn set(
    migrations: &'static [EmbeddedMigration],
    digest: &'static i128,
    directory: Option<&'static str>,
) -> MigrationSet {
    MigrationSet { migrations, digest, directory, postgres: None }
}
