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

#[diagnostic::do_not_recommend]
impl<S> Target<S> for i64 {
    fn version(&self) -> i64 {
        *self
    }
}

#[diagnostic::do_not_recommend]
impl<M: Migration> Target<M::Set> for M {
    fn version(&self) -> i64 {
        M::VERSION
    }
}

/// Where [`Migrator::down_to`](crate::Migrator::down_to) stops: a version, or a migration of the
/// set `S` after which every migration is [`Reversible`](crate::Reversible). It stays applied, and
/// everything newer goes. For migrations only the macro implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no target of this rollback",
    label = "a later migration is irreversible, or this is no version (`i64`) or migration of the set",
    note = "a script that says `-- migrate: irreversible` gives the reason"
)]
pub trait DownTarget<S>: Target<S> {}

#[diagnostic::do_not_recommend]
impl<S> DownTarget<S> for i64 {}
