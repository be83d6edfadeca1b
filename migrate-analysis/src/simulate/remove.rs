//! Taking objects out, with what goes along and what stands in the way: `DROP`, and the dropping forms of
//! `ALTER`.

use super::{Result, Simulator};
use crate::catalog::Id;
use crate::ddl::{Behavior, Drop};
use std::ops::Range;

/// Something that can be taken out, and that others may depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Object(Id),
    Column(Id, u32),
    /// Of a column.
    Default(Id, u32),
    Constraint(Id, String),
    Trigger(Id, String),
    Policy(Id, String),
    Rule(Id, String),
    /// A check of a domain.
    DomainCheck(Id, String),
    /// An attribute of a composite type.
    Attribute(Id, String),
}

/// Something that went because something else did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    /// In words: `index users_email_idx`, `constraint orders_user_id_fkey on table orders`.
    pub(crate) what: String,
    pub(crate) target: Target,
}

impl Simulator<'_> {
    pub(super) fn drop(&mut self, _drop: &Drop) -> Result {
        Ok(())
    }

    pub(super) fn drop_owned(&mut self) -> Result {
        self.run_opaque()
    }

    /// Takes it out with all that goes along. `at` is where the statement names it, for the failure.
    pub(super) fn remove(
        &mut self,
        _targets: &[Target],
        _behavior: Behavior,
        _at: &Range<usize>,
    ) -> Result {
        Ok(())
    }
}
