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
pub struct Report {
    pub(crate) done: Vec<Done>,
    pub(crate) already: usize,
    pub(crate) run_id: String,
    pub(crate) waited: Option<Duration>,
    pub(crate) verb: Verb,
}

/// Which verb reports: it decides the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verb {
    #[default]
    Up,
    Down,
    Redo,
    Baseline,
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
            let already = Count(self.already);
            match self.verb {
                Verb::Up => write!(f, "nothing to do: {already} applied already")?,
                Verb::Down => f.write_str("nothing to roll back")?,
                Verb::Redo => f.write_str("nothing to redo")?,
                Verb::Baseline => write!(f, "nothing to record: {already} applied already")?,
            }
        }
        let width = self.done.iter().map(|d| d.migration.to_string().chars().count()).max();
        for (n, done) in self.done.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            let (name, width) = (&done.migration, width.unwrap_or_default());
            match done.direction {
                // Nothing ran, so there is no time to tell.
                _ if self.verb == Verb::Baseline => write!(f, "recorded {name}")?,
                Direction::Up => write!(f, "applied     {name:<width$}  {:>9}", Took(done.took))?,
                Direction::Down => write!(f, "rolled back {name:<width$}  {:>9}", Took(done.took))?,
            }
        }
        if let Some(waited) = self.waited {
            write!(f, "\nwaited {} for another migrator", Took(waited))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::MigrationId;

    #[test]
    fn each_verb_has_its_words() {
        let shown = |verb| Report { verb, already: 2, ..Report::default() }.to_string();
        assert_eq!(shown(Verb::Up), "nothing to do: 2 migrations applied already");
        assert_eq!(shown(Verb::Down), "nothing to roll back");
        let done = |version, name: &'static str| Done {
            migration: MigrationId::new(version, name),
            direction: Direction::Up,
            took: Duration::ZERO,
        };
        let done = vec![done(1, "longer_than_the_next"), done(2, "b")];
        let report = Report { verb: Verb::Baseline, done, ..Report::default() };
        assert_eq!(report.to_string(), "recorded 1_longer_than_the_next\nrecorded 2_b");
    }
}
