//! COMMENT ON.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn comment(&mut self, _comment: &ddl::Comment) -> Result {
        Ok(())
    }
}
