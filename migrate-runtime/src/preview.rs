//! What a run would do, for people and for gates.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::observe::{Count, MigrationId};
use crate::plan::Up;
use crate::status::State;
use crate::table_lock::{LockMode, TableLock};

/// What [`Migrator::up`](crate::Migrator::up) would do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a plan says what would be done"]
pub struct Plan {
    steps: Vec<PlanStep>,
    already: usize,
}

/// One migration of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanStep {
    /// Which migration.
    pub id: MigrationId,
    /// The file of its up script.
    pub path: &'static str,
    /// How many statements are still to run.
    pub statements: usize,
    /// Whether they run in one transaction.
    pub transactional: bool,
    /// How it stands now: pending, or partly applied.
    pub state: State,
    /// Whether it takes tables, columns or rows away: see
    /// [`EmbeddedMigration::destroys_data`](crate::EmbeddedMigration::destroys_data).
    pub destroys_data: bool,
    /// The strongest lock that it takes on what was there before: see
    /// [`Script::strongest_lock`](crate::Script::strongest_lock).
    pub strongest_lock: LockMode,
    /// The strongest lock on each relation that was there before, strongest first, as far as they
    /// are known.
    pub locks: Vec<TableLock>,
}

impl Plan {
    pub(crate) fn new(pending: Vec<Up>, already: usize) -> Plan {
        Plan { steps: pending.into_iter().map(PlanStep::from).collect(), already }
    }

    /// The migrations that would be applied.
    pub fn steps(&self) -> &[PlanStep] {
        &self.steps
    }

    /// An error where something would be done.
    pub(crate) fn nothing_pending(&self) -> Result<(), Error> {
        let Some(first) = self.steps.first() else { return Ok(()) };
        let sentence =
            format!("{} not applied, the first is {}", Count(self.steps.len()), first.id);
        Err(Error::new(ErrorKind::Pending, sentence).of(first.id.clone()).help("run up first"))
    }

    /// Whether nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl From<Up> for PlanStep {
    fn from(up: Up) -> PlanStep {
        let script = up.migration.up();
        let of = script.statements().count();
        let done = up.resume.as_ref().map_or(0, |partly| partly.done);
        PlanStep {
            id: up.migration.into(),
            path: script.path(),
            statements: of.saturating_sub(done),
            transactional: script.is_transactional(),
            state: match up.resume {
                None => State::Pending,
                Some(_) => State::PartlyApplied { done, of: Some(of), rolling_back: false },
            },
            destroys_data: up.migration.destroys_data(),
            strongest_lock: script.strongest_lock(),
            locks: script.locks(),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return write!(f, "nothing to apply: {} applied already", Count(self.already));
        }
        write!(f, "{} to apply", Count(self.steps.len()))?;
        let width = self.steps.iter().map(|s| s.id.to_string().chars().count()).max();
        for step in &self.steps {
            let statements = match step.statements {
                1 => "1 statement".to_owned(),
                n => format!("{n} statements"),
            };
            let id = step.id.to_string();
            write!(f, "\n  {id:<width$}  {statements}", width = width.unwrap_or_default())?;
            if !step.transactional {
                f.write_str(", outside a transaction")?;
            }
            if step.destroys_data {
                f.write_str(", destroys data")?;
            }
            if let State::PartlyApplied { done, .. } = step.state {
                write!(f, ", going on after {done} that are done")?;
            }
            // What others do not notice is not worth a line.
            for lock in step.locks.iter().filter(|lock| lock.mode.blocks_writes()) {
                write!(f, "\n  {:<width$}  locks {lock}", "", width = width.unwrap_or_default())?;
            }
        }
        Ok(())
    }
}
