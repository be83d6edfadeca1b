//! What ALTER TABLE locks.

use super::{LockMode, Locks, Seen};
use crate::ddl::AlterTable;

pub(super) fn table(seen: &Seen<'_>, alter: &AlterTable, locks: &mut Locks) {
    let Some(table) = seen.names.relation(&alter.table) else { return };
    locks.lock(table, LockMode::AccessExclusive);
}
