//! Row security policies and rules.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_policy(&mut self, _create: &ddl::CreatePolicy) -> Result {
        Ok(())
    }

    pub(super) fn alter_policy(&mut self, _alter: &ddl::AlterPolicy) -> Result {
        Ok(())
    }

    pub(super) fn create_rule(&mut self, _create: &ddl::CreateRule) -> Result {
        Ok(())
    }
}
