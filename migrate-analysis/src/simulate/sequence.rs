//! Sequences.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_sequence(&mut self, _create: &ddl::CreateSequence) -> Result {
        Ok(())
    }

    pub(super) fn alter_sequence(&mut self, _alter: &ddl::AlterSequence) -> Result {
        Ok(())
    }
}
