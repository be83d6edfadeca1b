//! What PostgreSQL would refuse.

use crate::catalog::Origin;
use crate::ddl::ObjectKind;
use std::ops::Range;

/// An error that the server is certain to answer with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// The name that it is about, in bytes of the source.
    pub(crate) at: Range<usize>,
}

#[derive(Debug)]
pub(crate) enum FailureKind {
    /// It does not exist (42P01, 42703, 42704, 42883, 3F000).
    Unknown {
        kind: ObjectKind,
        /// As it would be written: `public.users` only where a schema was written.
        name: String,
        /// The table of a column, constraint, trigger, …; the enum of a value.
        of: Option<String>,
        /// What may have been meant.
        near: Option<String>,
        /// Of a column or constraint: those that the table has.
        among: Vec<String>,
        /// Who dropped it, or renamed it away.
        dropped: Option<Origin>,
    },
    /// It exists already (42P07, 42701, 42710, 42723, 42P06).
    Duplicate { kind: ObjectKind, name: String, of: Option<String>, made: Option<Origin> },
    /// Others depend on it and CASCADE is not said (2BP01). They are described: `view active_users`.
    Dependents { kind: ObjectKind, name: String, of: Option<String>, dependents: Vec<String> },
    /// Anything else, in PostgreSQL's own words, with its SQLSTATE.
    Wrong { message: String, sqlstate: &'static str },
}

impl Failure {
    pub(crate) fn wrong(at: Range<usize>, sqlstate: &'static str, message: String) -> Failure {
        Failure { kind: FailureKind::Wrong { message, sqlstate }, at }
    }
}
