//! Enums, composite types, ranges and domains.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_type(&mut self, _create: &ddl::CreateType) -> Result {
        Ok(())
    }

    pub(super) fn alter_type(&mut self, _alter: &ddl::AlterType) -> Result {
        Ok(())
    }

    pub(super) fn create_domain(&mut self, _create: &ddl::CreateDomain) -> Result {
        Ok(())
    }

    pub(super) fn alter_domain(&mut self, _alter: &ddl::AlterDomain) -> Result {
        Ok(())
    }
}
