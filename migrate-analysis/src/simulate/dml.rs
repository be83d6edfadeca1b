//! Statements that read and write rows.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn insert(&mut self, _dml: &ddl::Dml) -> Result {
        Ok(())
    }

    pub(super) fn update(&mut self, _dml: &ddl::Dml) -> Result {
        Ok(())
    }

    pub(super) fn delete(&mut self, _dml: &ddl::Dml) -> Result {
        Ok(())
    }

    pub(super) fn truncate(&mut self, _tables: &[ddl::Name], _cascade: bool) -> Result {
        Ok(())
    }

    pub(super) fn select(&mut self, _query: &ddl::Query) -> Result {
        Ok(())
    }
}
