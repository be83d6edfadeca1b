//! The checked set: what the macro embeds.

use crate::lock::LockMode;
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
    /// Over versions and up checksums; the history table's own digest is compared with it.
    pub digest: i128,
    /// The oldest server that it has to run on, where that is declared, counted as
    /// `server_version_num` counts: 150000.
    pub postgres: Option<i64>,
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
    /// What it locks of the relations that were there before its migration.
    pub locks: Vec<PlannedLock>,
    /// It may lock more: a `DO` block, a function that cannot be followed.
    pub may_lock_more: bool,
}

/// A table lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLock {
    /// The table, view or index as SQL: `users`, `audit.events`.
    pub relation: String,
    /// Held until the transaction ends.
    pub mode: LockMode,
    /// The table is written anew meanwhile, and all its indexes.
    pub rewrites: bool,
    /// All rows are read meanwhile.
    pub scans: bool,
    /// An index is built meanwhile.
    pub builds_index: bool,
    /// It is an index, which is locked beside its table.
    pub is_index: bool,
    /// It is a table.
    pub is_table: bool,
}

impl PlannedLock {
    /// With another lock on the same relation.
    pub(crate) fn add(&mut self, other: &PlannedLock) {
        self.mode = self.mode.max(other.mode);
        self.rewrites |= other.rewrites;
        self.scans |= other.scans;
        self.builds_index |= other.builds_index;
    }
}

impl PlannedScript {
    /// The strongest lock that it takes on a relation that was there before its migration; the strongest there is where
    /// that cannot be known.
    pub fn strongest_lock(&self) -> LockMode {
        let statements = self.statements.iter().map(PlannedStatement::strongest_lock);
        statements.max().unwrap_or_default()
    }

    /// Whether every statement could be followed, so that no lock is missing.
    pub fn locks_are_known(&self) -> bool {
        !self.statements.iter().any(|it| it.may_lock_more)
    }
}

impl PlannedStatement {
    /// The strongest of its locks; the strongest there is where they are not known.
    pub fn strongest_lock(&self) -> LockMode {
        let known = self.locks.iter().map(|lock| lock.mode).max().unwrap_or_default();
        if self.may_lock_more { LockMode::AccessExclusive } else { known }
    }
}

/// The reason of a [`PlannedDown::NoOp`] that nobody gave: its script is empty, which is told elsewhere.
pub(crate) const EMPTY_DOWN: &str = "its down script has no statement";

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
