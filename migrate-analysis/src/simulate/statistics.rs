//! Extended statistics.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_statistics(&mut self, _create: &ddl::CreateStatistics) -> Result {
        Ok(())
    }
}
