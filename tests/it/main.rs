//! One binary, a module a subject.

mod engine_fixture;
mod engine_up;
mod engine_error;
mod engine_policy;
mod engine_proxy;
mod engine_session;
mod engine_trips;
mod ui;
mod engine_baseline;
mod engine_down;
mod engine_lock;
mod engine_stepwise;
