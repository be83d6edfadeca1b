//! Functions, procedures and aggregates.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_routine(&mut self, _create: &ddl::CreateRoutine) -> Result {
        Ok(())
    }

    pub(super) fn alter_routine(&mut self, _alter: &ddl::AlterRoutine) -> Result {
        Ok(())
    }

    pub(super) fn create_aggregate(&mut self, _create: &ddl::CreateAggregate) -> Result {
        Ok(())
    }
}
