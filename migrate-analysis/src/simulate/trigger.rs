//! Triggers.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_trigger(&mut self, _create: &ddl::CreateTrigger) -> Result {
        Ok(())
    }
}
