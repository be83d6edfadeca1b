//! What every other command locks.

use super::{Locks, Seen};

pub(super) fn command(_seen: &Seen<'_>, _locks: &mut Locks) {}
