//! What `verify` found, in words that a failing test prints.

use std::fmt;

use migrate_runtime::{EmbeddedMigration, MigrationId};

use crate::snapshot::Difference;

/// Why a set is not what it says, or why that could not be found out.
///
/// `Display` and `Debug` both tell everything that was found, so that `unwrap` in a test reads well.
pub struct VerifyError(Box<Inner>);

struct Inner {
    findings: Vec<Finding>,
    migrations: usize,
    notes: Vec<String>,
    /// No finding: there was no server, or it went away.
    failure: Option<String>,
}

/// One thing that is wrong with one migration, or with all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    migration: Option<MigrationId>,
    path: Option<String>,
    problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The up script failed; what comes after it was not tried.
    UpFails(String),
    /// The down script failed.
    DownFails(String),
    /// After the down the schema is not as it was before the up.
    NotRestored(Vec<Difference>),
    /// After up and down rows that were there before are gone, or other ones.
    RowsChanged(Vec<String>),
    /// After the down the up script failed.
    AgainFails(String),
    /// After up, down and up the schema is not as it was after the first up.
    AgainDiffers(Vec<Difference>),
    /// The rows that were to be put in after the migration were refused.
    Seed(String),
    /// A `*.test.sql` belongs to no migration of the set.
    Stray,
    /// Each migration could be rolled back alone, and all together not.
    AllDownFails(String),
    /// All were rolled back, and the schema is not as it was in the beginning (or after the last
    /// irreversible migration).
    AllDownLeaves(Vec<Difference>),
    /// All were rolled back, and could not be applied again.
    AllAgainFails(String),
    /// All were rolled back and applied again, and the schema is not the same.
    AllAgainDiffers(Vec<Difference>),
}

impl Finding {
    pub(super) fn of(migration: &EmbeddedMigration, path: &str, problem: Problem) -> Finding {
        let path = Some(path.to_owned());
        Finding { migration: Some(migration.into()), path, problem }
    }

    pub(super) fn stray(path: String) -> Finding {
        Finding { migration: None, path: Some(path), problem: Problem::Stray }
    }

    pub(super) fn of_all(problem: Problem) -> Finding {
        Finding { migration: None, path: None, problem }
    }

    /// The migration; `None` where it is about all of them.
    pub fn migration(&self) -> Option<&MigrationId> {
        self.migration.as_ref()
    }

    /// The script to look at.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl Problem {
    /// A sentence without its subject.
    fn sentence(&self) -> &'static str {
        match self {
            Problem::UpFails(_) => "the up fails; what comes after it was not tried",
            Problem::DownFails(_) => "the down fails",
            Problem::NotRestored(_) => "the down does not restore the schema",
            Problem::RowsChanged(_) => "rows do not survive up and down",
            Problem::AgainFails(_) => "after the down the up fails",
            Problem::AgainDiffers(_) => "up, down and up make another schema than up alone",
            Problem::Seed(_) => "the rows of the test are refused",
            Problem::Stray => "it belongs to no migration",
            Problem::AllDownFails(_) => "rolling back all, with the rows of the tests, fails",
            Problem::AllDownLeaves(_) => "rolling back all does not restore the schema",
            Problem::AllAgainFails(_) => "all rolled back, applying all again fails",
            Problem::AllAgainDiffers(_) => "applying all again makes another schema",
        }
    }

    /// What to show below it: the words of an error, or a list.
    fn details(&self) -> String {
        let list = |lines: Vec<String>| lines.iter().map(|line| format!("\n  - {line}")).collect();
        match self {
            Problem::UpFails(told)
            | Problem::DownFails(told)
            | Problem::AgainFails(told)
            | Problem::Seed(told)
            | Problem::AllDownFails(told)
            | Problem::AllAgainFails(told) => format!("\n{told}").replace('\n', "\n  "),
            Problem::NotRestored(differences)
            | Problem::AgainDiffers(differences)
            | Problem::AllDownLeaves(differences)
            | Problem::AllAgainDiffers(differences) => {
                list(differences.iter().map(Difference::to_string).collect())
            }
            Problem::RowsChanged(rows) => list(rows.clone()),
            Problem::Stray => String::new(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(migration) = &self.migration {
            write!(f, "{migration}: ")?;
        } else if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        f.write_str(self.problem.sentence())?;
        if let (Some(_), Some(path)) = (&self.migration, &self.path) {
            write!(f, "\n --> {path}")?;
        }
        f.write_str(&self.problem.details())
    }
}

impl VerifyError {
    pub(super) fn found(findings: Vec<Finding>, migrations: usize, notes: Vec<String>) -> Self {
        VerifyError(Box::new(Inner { findings, migrations, notes, failure: None }))
    }

    pub(super) fn failed(why: impl fmt::Display) -> Self {
        let failure = Some(why.to_string());
        VerifyError(Box::new(Inner { findings: vec![], migrations: 0, notes: vec![], failure }))
    }

    /// Everything that was found; nothing when there was no server to try it on.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { findings, migrations, notes, failure } = &*self.0;
        if let Some(failure) = failure {
            return write!(f, "the migrations could not be verified: {failure}");
        }
        match findings.len() {
            1 => f.write_str("1 problem")?,
            n => write!(f, "{n} problems")?,
        }
        write!(f, " in a set of {migrations}")?;
        for finding in findings {
            write!(f, "\n\n{finding}")?;
        }
        if !notes.is_empty() {
            f.write_str("\n")?;
        }
        notes.iter().try_for_each(|note| write!(f, "\n = note: {note}"))
    }
}

impl fmt::Debug for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for VerifyError {}

impl From<crate::Error> for VerifyError {
    fn from(error: crate::Error) -> Self {
        VerifyError::failed(error)
    }
}

impl From<postgres::Error> for VerifyError {
    fn from(error: postgres::Error) -> Self {
        VerifyError::failed(super::seeds::told(&error))
    }
}
