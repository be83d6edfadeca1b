//! All that generated code may touch. Not covered by semantic versioning: the macro crate is
//! pinned to this one exactly.

pub use crate::migration::{
    ConcurrentIndex, Down, DownTarget, EmbeddedMigration, Migration, MigrationSet, Reversible,
    Script, Set, Step,
};
pub use migrate_macros::migrations;

/// A statement at `start..end`.
pub const fn step(start: u32, end: u32) -> Step {
    Step { start, end, builds: None, setting: false }
}

/// A `SET` or `RESET` at `start..end`.
pub const fn setting_step(start: u32, end: u32) -> Step {
    Step { start, end, builds: None, setting: true }
}

/// A `CREATE INDEX CONCURRENTLY` at `start..end`.
pub const fn index_step(
    start: u32,
    end: u32,
    table: &'static str,
    index: Option<&'static str>,
) -> Step {
    Step { start, end, builds: Some(ConcurrentIndex { table, index }), setting: false }
}

/// A script; `transactional` when it runs in one transaction.
pub const fn script(
    path: &'static str,
    text: &'static str,
    steps: &'static [Step],
    checksum: [u8; 32],
    transactional: bool,
) -> Script {
    Script { path, text, steps, checksum, transactional }
}

/// A migration.
pub const fn migration(
    version: i64,
    name: &'static str,
    up: Script,
    down: Down,
) -> EmbeddedMigration {
    EmbeddedMigration { version, name, up, down }
}

/// A set; `directory` is the absolute path it was read from, kept in debug builds only.
pub const fn set(
    migrations: &'static [EmbeddedMigration],
    digest: [u8; 32],
    directory: Option<&'static str>,
) -> MigrationSet {
    MigrationSet { migrations, digest, directory }
}
