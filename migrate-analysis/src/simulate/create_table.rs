//! CREATE TABLE.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_table(&mut self, _create: &ddl::CreateTable) -> Result {
        Ok(())
    }
}
