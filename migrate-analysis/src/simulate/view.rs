//! Views, materialized views and CREATE TABLE AS.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn create_view(&mut self, _create: &ddl::CreateView) -> Result {
        Ok(())
    }

    pub(super) fn create_table_as(&mut self, _create: &ddl::CreateTableAs) -> Result {
        Ok(())
    }

    pub(super) fn refresh(&mut self, _view: &ddl::Name, _with_data: bool) -> Result {
        Ok(())
    }
}
