//! Statements that cannot be followed.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn run_opaque(&mut self) -> Result {
        self.fog_everything("a statement that could not be read");
        Ok(())
    }

    pub(super) fn run_block(&mut self, _language: &str, _body: &str) -> Result {
        Ok(())
    }

    pub(super) fn call(&mut self, _routine: &ddl::Name) -> Result {
        Ok(())
    }

    /// From here on anything may have been made, changed or dropped.
    pub(super) fn fog_everything(&mut self, why: &str) {
        self.opaque = Some(why.to_owned());
        self.catalog.edit_session(|session| session.fog.everywhere = true);
    }
}
