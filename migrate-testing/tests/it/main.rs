//! What the crate promises, against real servers. One binary, so that most tests share one server.

mod child;
mod databases;
mod endings;
mod fresh;
mod given;
mod missing;
mod restart;
mod templates;
