//! What the tests and the programs beside them share.

pub mod referee;
