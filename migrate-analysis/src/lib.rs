//! What a set of migrations means and what is wrong with it.

pub mod sql;
pub mod statement;
