//! ALTER TABLE.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn alter_table(&mut self, _alter: &ddl::AlterTable) -> Result {
        Ok(())
    }
}
