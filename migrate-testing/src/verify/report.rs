//! What `verify` has tried.

use std::fmt;

/// A set that is what it says. `Display` tells what was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub(super) migrations: usize,
    pub(super) irreversible: usize,
    pub(super) no_op: usize,
    pub(super) seeded: usize,
    pub(super) notes: Vec<String>,
}

impl Verified {
    /// How many migrations there are. All of them were applied.
    pub fn migrations(&self) -> usize {
        self.migrations
    }

    /// How many were rolled back by a script, and applied again.
    pub fn rolled_back(&self) -> usize {
        self.migrations - self.irreversible - self.no_op
    }

    /// How many were not rolled back, because they say that they cannot.
    pub fn irreversible(&self) -> usize {
        self.irreversible
    }

    /// How many have nothing to undo, and were applied twice.
    pub fn no_op(&self) -> usize {
        self.no_op
    }

    /// After how many a `*.test.sql` put in rows.
    pub fn with_rows(&self) -> usize {
        self.seeded
    }

    /// What was accepted, and what was not tried: columns in another order, files out of reach.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.migrations;
        let plural = if all == 1 { "" } else { "s" };
        write!(f, "{all} migration{plural} verified: {} rolled back", self.rolled_back())?;
        write!(f, ", {} irreversible, {} with nothing to undo", self.irreversible, self.no_op)?;
        if self.seeded > 0 {
            write!(f, "; a *.test.sql after {}", self.seeded)?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n = note: {note}"))
    }
}
