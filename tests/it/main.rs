//! One binary, a module a subject.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, also in a test's helper")]
#![allow(clippy::print_stderr, reason = "a test that cannot run here says so")]

mod catalog_fidelity;
mod engine_approval;
mod engine_async;
mod engine_autovacuum;
mod engine_backup;
mod engine_baseline;
mod engine_blocked;
mod engine_down;
mod engine_error;
mod engine_fault;
mod engine_fixture;
mod engine_hooks;
mod engine_hostile;
mod engine_lease;
mod engine_lock;
mod engine_observe;
mod engine_policy;
mod engine_pooler;
mod engine_preflight;
mod engine_proxy;
mod engine_session;
mod engine_stepwise;
mod engine_storm;
mod engine_torture;
mod engine_trips;
mod engine_up;
mod engine_watch;
mod processes;
mod rebuild;
mod rules;
mod ui;
