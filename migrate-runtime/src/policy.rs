//! What to do about a history that is not simply the beginning of the set.

/// Pending migrations that are older than one that is applied: two branches were merged in the
/// other order than they were deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutOfOrder {
    /// An error that says how to renumber.
    #[default]
    Refuse,
    /// They are applied, the oldest first.
    Apply,
}

/// Applied migrations whose up script was edited since, or that have their version from another migration
/// of that number. Comments and blanks never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Modified {
    /// An error that names them.
    #[default]
    Refuse,
    /// They count as applied; the edit, or the other migration, never runs.
    Ignore,
}

/// Applied migrations that are not in the set although they are older than its newest one: a file
/// was deleted, or another branch was deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Missing {
    /// An error that names them.
    #[default]
    Refuse,
    /// They are left alone.
    Ignore,
}

/// Applied migrations that are newer than all of the set: a newer binary was here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ahead {
    /// No error: that is how a rolling deploy looks to the old binary, and a rolled-back one.
    #[default]
    Allow,
    /// An error that names them.
    Refuse,
}

/// All four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policies {
    pub(crate) out_of_order: OutOfOrder,
    pub(crate) modified: Modified,
    pub(crate) missing: Missing,
    pub(crate) ahead: Ahead,
}
