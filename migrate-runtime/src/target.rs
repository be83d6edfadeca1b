//! Where `up_to` and `down_to` stop: a plain version, or a migration as a type.

use crate::migration::{DownTarget, Migration};

/// Where [`Migrator::up_to`](crate::Migrator::up_to) stops: a version, or a migration of the same
/// set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a migration of this set",
    label = "expected a version, such as `7`, or a migration of the migrator's own set"
)]
pub trait Target<S> {
    /// The version to stop at.
    fn version(&self) -> i64;
}

impl<S> Target<S> for i64 {
    fn version(&self) -> i64 {
        *self
    }
}

impl<M: Migration> Target<M::Set> for M {
    fn version(&self) -> i64 {
        M::VERSION
    }
}

/// Where [`Migrator::down_to`](crate::Migrator::down_to) stops: a version, or a migration of the
/// same set behind which everything can be rolled back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a migration of this set that can be rolled back to",
    label = "expected a version, such as `7`, or a migration of the migrator's own set"
)]
pub trait RollbackTarget<S> {
    /// The version to stop at: it stays, and everything newer goes.
    fn version(&self) -> i64;
}

impl<S> RollbackTarget<S> for i64 {
    fn version(&self) -> i64 {
        *self
    }
}

impl<M: DownTarget> RollbackTarget<M::Set> for M {
    fn version(&self) -> i64 {
        M::VERSION
    }
}
