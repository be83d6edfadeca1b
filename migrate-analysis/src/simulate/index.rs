//! Indexes.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_index(&mut self, _create: &ddl::CreateIndex) -> Result {
        Ok(())
    }

    pub(super) fn attach_index(&mut self, _index: &ddl::Name, _partition: &ddl::Name) -> Result {
        Ok(())
    }
}
