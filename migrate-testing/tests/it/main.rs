//! What the crate promises, against real servers. One binary, so that most tests share one server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and a child process talks to its parent"
)]

mod child;
mod databases;
mod endings;
mod fresh;
mod given;
mod missing;
mod restart;
mod snapshot;
mod templates;
mod verify;
