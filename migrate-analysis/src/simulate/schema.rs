//! Schemas, extensions, the search path, and objects whose inside is not followed.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_schema(&mut self, _create: &ddl::CreateSchema) -> Result {
        Ok(())
    }

    pub(super) fn create_extension(&mut self, _create: &ddl::CreateExtension) -> Result {
        Ok(())
    }

    pub(super) fn create_other(&mut self, _create: &ddl::CreateOther) -> Result {
        Ok(())
    }

    pub(super) fn alter_other(&mut self, _object: &ddl::ObjectName) -> Result {
        Ok(())
    }

    pub(super) fn set_search_path(&mut self, _path: &ddl::SearchPath) -> Result {
        Ok(())
    }
}
