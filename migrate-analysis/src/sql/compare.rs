//! Whether two texts mean the same to PostgreSQL.

/// How two expressions or queries compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sameness {
    Same,
    /// They differ in casts at most, which PostgreSQL may or may not add by itself.
    Perhaps,
    Different,
}

/// Compares two expressions.
pub(crate) fn expressions(_one: &str, _other: &str) -> Sameness {
    Sameness::Different
}

/// Compares two queries.
pub(crate) fn queries(_one: &str, _other: &str) -> Sameness {
    Sameness::Different
}
