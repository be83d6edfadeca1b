//! What ALTER DOMAIN locks: the tables that use it.

use super::{Locks, Seen};
use crate::ddl::AlterDomain;

pub(super) fn alter(_seen: &Seen<'_>, _alter: &AlterDomain, _locks: &mut Locks) {}
