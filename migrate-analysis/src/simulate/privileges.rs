//! Owners and privileges.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn set_owner(
        &mut self,
        _object: &ddl::ObjectName,
        _owner: &str,
        _if_exists: bool,
    ) -> Result {
        Ok(())
    }

    pub(super) fn grant(&mut self, _grant: &ddl::Grant) -> Result {
        Ok(())
    }

    pub(super) fn default_privileges(&mut self, _text: &str) -> Result {
        Ok(())
    }
}
