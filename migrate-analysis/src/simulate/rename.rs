//! ALTER … RENAME TO and SET SCHEMA.

use super::{Result, Simulator};
use crate::ddl;

impl Simulator<'_> {
    pub(super) fn rename(&mut self, _rename: &ddl::Rename) -> Result {
        Ok(())
    }

    pub(super) fn set_schema(
        &mut self,
        _object: &ddl::ObjectName,
        _schema: &ddl::Ident,
        _if_exists: bool,
    ) -> Result {
        Ok(())
    }
}
