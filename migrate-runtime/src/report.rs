//! What a verb did.

use std::fmt;
use std::time::Duration;

use crate::observe::{Count, Direction, MigrationId, Took};

/// One migration that was applied or rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// Which migration.
    pub migration: MigrationId,
    /// Which way.
    pub direction: Direction,
    /// How long it took, measured by the server; zero for a baseline, which runs nothing.
    pub took: Duration,
}

/// What a verb did, in the order it did it. An [`Error`](crate::Error) carries one too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a report says what was done"]
pub struct Report {
    pub(crate) done: Vec<Done>,
    pub(crate) already: usize,
    pub(crate) run_id: String,
    pub(crate) waited: Option<Duration>,
    pub(crate) baseline: bool,
}

impl Report {
    /// Everything that was done, in order.
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// The migrations that were applied, in order. After a `redo` they were rolled back before.
    pub fn applied(&self) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(|done| done.direction == Direction::Up)
    }

    /// The migrations that were rolled back, in order.
    pub fn rolled_back(&self) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(|done| done.direction == Direction::Down)
    }

    /// How many migrations of the set were in the database before.
    pub fn already_applied(&self) -> usize {
        self.already
    }

    /// Whether nothing had to be done.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// The name of this run in the history and its log.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// How long another migrator was waited for; `None` when nobody was in the way.
    pub fn waited(&self) -> Option<Duration> {
        self.waited
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            write!(f, "nothing to do: {} applied already", Count(self.already))?;
        }
        let width = self.done.iter().map(|d| d.migration.to_string().chars().count()).max();
        for (n, done) in self.done.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            let verb = match done.direction {
                _ if self.baseline => "recorded   ",
                Direction::Up => "applied    ",
                Direction::Down => "rolled back",
            };
            let name = done.migration.to_string();
            write!(f, "{verb} {name:<width$}", width = width.unwrap_or_default())?;
            if !self.baseline {
                write!(f, "  {:>9}", Took(done.took))?;
            }
        }
        if let Some(waited) = self.waited {
            write!(f, "\nwaited {} for another migrator", Took(waited))?;
        }
        Ok(())
    }
}
