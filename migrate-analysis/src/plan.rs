//! The checked set: what the macro embeds.

use crate::restore::Verdict;
use crate::source::SourceId;
use crate::statement::Action;
use crate::transaction::Step;
use std::ops::Range;

/// A migration set, in order of version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The migrations. After errors those that could be read, with stubs for scripts that are missing.
    pub migrations: Vec<PlannedMigration>,
    /// SHA-256 over versions and up checksums; the history table's own digest is compared with it.
    pub digest: [u8; 32],
}

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMigration {
    /// The number it is ordered by.
    pub version: i64,
    /// The name, from the file.
    pub name: String,
    /// What applies it.
    pub up: PlannedScript,
    /// What rolls it back.
    pub down: PlannedDown,
    /// Whether rolling it back restores the schema.
    pub verdict: Verdict,
    /// What the up takes away for good, whatever the down does: `` table `users` ``, `` rows of `users` ``.
    pub destroys: Vec<String>,
}

/// A script, as byte ranges into its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedScript {
    /// The file it stands in.
    pub source: SourceId,
    /// What is sent to the server, in order.
    pub steps: Vec<Step>,
    /// Its statements, in order.
    pub statements: Vec<PlannedStatement>,
    /// SHA-256 over the statements.
    pub checksum: [u8; 32],
    /// Whether it runs in one transaction.
    pub transactional: bool,
}

/// A statement, as the analysis sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStatement {
    /// Where it stands in the source, in bytes.
    pub range: Range<usize>,
    /// What it does to what.
    pub action: Action,
    /// What else goes with what it drops: `` index `users_email_idx` ``.
    pub takes_along: Vec<String>,
}

/// The way back of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedDown {
    /// A script.
    Script(PlannedScript),
    /// Nothing to undo, for the reason given.
    NoOp(String),
    /// No way back, for the reason given.
    Irreversible(String),
}

impl PlannedMigration {
    /// Whether a rollback can cross it.
    pub fn is_reversible(&self) -> bool {
        !matches!(self.down, PlannedDown::Irreversible(_))
    }
}
