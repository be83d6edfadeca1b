//! What becomes of the schema when a migration is applied and rolled back.

use std::fmt;

/// What becomes of the schema when a migration is applied and rolled back, as the analysis found when
/// the crate was compiled. It is about the schema; whether data is lost is another question, which
/// [`Migration::DESTROYS_DATA`](crate::Migration::DESTROYS_DATA) answers.
///
/// ```ignore
/// use migrate_runtime::Migration;
/// const _: () = assert!(schema::AddPhone::VERDICT.restores());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is as it was before.
    Exact,
    /// It is as it was, but for the order of the columns of a table, which PostgreSQL cannot change.
    ColumnOrder,
    /// It is not known: a statement stands in the way that the analysis cannot follow.
    Unproven,
    /// It is not as it was before. That is a compile error, unless the project allows it.
    DoesNotRestore,
    /// There is no down.
    Irreversible,
}

impl Verdict {
    /// Whether rolling back is known to restore the schema: [`Exact`](Verdict::Exact), or all but the
    /// [order of columns](Verdict::ColumnOrder).
    pub const fn restores(self) -> bool {
        matches!(self, Verdict::Exact | Verdict::ColumnOrder)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Exact => "exact",
            Verdict::ColumnOrder => "column order differs",
            Verdict::Unproven => "unproven",
            Verdict::DoesNotRestore => "does not restore",
            Verdict::Irreversible => "irreversible",
        })
    }
}
