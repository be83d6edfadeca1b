//! A throwaway PostgreSQL for tests, and a database per test.

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
mod leftovers;
mod server;
mod template;
mod url;

pub use database::Database;
pub use error::Error;
pub use server::Server;

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
