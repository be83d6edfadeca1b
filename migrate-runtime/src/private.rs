//! All that generated code may touch. Not covered by semantic versioning: the macro crate is
//! pinned to this one exactly.

pub use crate::migration::{
    ConcurrentIndex, Down, EmbeddedMigration, Migration, MigrationSet, Reversible, Script, Set,
    Step, pack,
};
pub use crate::migrator::Migrator;
pub use crate::target::DownTarget;
pub use migrate_macros::migrations;
pub use std::option::Option::{None, Some};

/// A script; `transactional` when it runs in one transaction.
pub const fn script(
    path: &'static str,
    text: &'static &'static str,
    steps: &'static str,
    checksum: [u8; 32],
    transactional: bool,
) -> Script {
    Script { path, scripts: text, range: (0, text.len()), steps, checksum, transactional }
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
