//! One binary, a module a subject.

mod engine_fixture;
mod engine_up;
