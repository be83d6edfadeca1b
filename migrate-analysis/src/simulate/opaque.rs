//! Statements that cannot be followed.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn run_opaque(&mut self) -> Result {
        Ok(())
    }

    pub(super) fn run_block(&mut self, _language: &str, _body: &str) -> Result {
        Ok(())
    }

    pub(super) fn call(&mut self, _routine: &ddl::Name) -> Result {
        Ok(())
    }
}
