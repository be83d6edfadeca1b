//! Expressions and types to what they name.

use super::{Result, Simulator};
use crate::catalog::{Column, ColumnType, Expr, Id};
use crate::ddl::{Expression, TypeName};

impl Simulator<'_> {
    /// The type that is written. A type that may exist, or is an extension's, is taken as it is
    /// spelt; one that certainly does not exist is a failure.
    pub(super) fn column_type(&mut self, _written: &TypeName) -> Result<ColumnType> {
        Ok(ColumnType::UNKNOWN)
    }

    /// An expression over the columns of one table. A name that is none of them stays as it is: whether
    /// that is a failure is for the caller to ask ([`Simulator::check_columns`]).
    pub(super) fn bind(&mut self, _expression: &Expression, _columns: &[Column]) -> Expr {
        Expr::default()
    }

    /// Fails where the expression names a column that its table does not have.
    pub(super) fn check_columns(&self, _expression: &Expression, _table: Id) -> Result {
        Ok(())
    }
}
