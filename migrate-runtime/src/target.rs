//! Where `up_to` and `down_to` stop: a plain version, or a migration as a type.

use crate::migration::Migration;

/// Where [`Migrator::up_to`](crate::Migrator::up_to) stops: a version, or a migration of the set
/// `S`.
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
/// set `S` after which every migration is [`Reversible`](crate::Reversible). It stays applied, and
/// everything newer goes. For migrations only the macro implements it.
#[diagnostic::on_unimplemented(
    message = "cannot roll back to `{Self}`: a later migration is irreversible",
    label = "an irreversible migration stands in the way",
    note = "the script that says `-- migrate: irreversible` gives the reason",
    note = "a migration of another set is no target either"
)]
pub trait DownTarget<S>: Target<S> {}

impl<S> DownTarget<S> for i64 {}
