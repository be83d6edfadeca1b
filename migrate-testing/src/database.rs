//! A database of a test's own.

use std::fmt;
use std::sync::Arc;

use postgres::{Client, Config, NoTls};

use crate::Error;
use crate::server::Running;

/// A database that only one test uses. Dropping it disconnects whoever is still connected, and
/// drops the database; its server stays at least as long.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = migrate_testing::empty_database()?;
/// let mut client = database.connect()?;
/// client.batch_execute("CREATE TABLE users (id bigint PRIMARY KEY)")?;
/// # Ok(())
/// # }
/// ```
#[must_use = "the database is dropped together with the value"]
pub struct Database {
    server: Arc<Running>,
    name: String,
}

impl Database {
    pub(crate) fn create(server: &Arc<Running>, template: Option<&str>) -> Result<Self, Error> {
        let name = server.next_name();
        let template = template.map(|name| format!(" TEMPLATE {name}")).unwrap_or_default();
        server
            .control(|client| client.batch_execute(&format!("CREATE DATABASE {name}{template}")))?;
        Ok(Database { server: Arc::clone(server), name })
    }

    /// The name, which no other database has: `migrate_test_1c0f5a7e_3`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new connection, as the server's superuser or as the user that `MIGRATE_TEST_DATABASE_URL`
    /// names.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let database = migrate_testing::empty_database()?;
    /// let (mut one, mut two) = (database.connect()?, database.connect()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect(&self) -> Result<Client, Error> {
        self.config().connect(NoTls).map_err(|source| {
            Error::because(format!("cannot connect to {} on {:?}", self.name, self.server), source)
        })
    }

    /// How to connect with the `postgres` or the `tokio-postgres` client.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = migrate_testing::empty_database()?;
    /// let client = database.config().application_name("second").connect(postgres::NoTls)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(&self) -> Config {
        let mut config = self.server.config();
        config.dbname(&self.name);
        config
    }

    /// How to connect with another client, or from another process.
    ///
    /// A throwaway server listens on a socket in the file system only, which the URL names in the
    /// way that libpq, sqlx and `tokio-postgres` all understand:
    /// `postgresql://postgres@%2Ftmp%2Fmigrate-testing.7.0:5432/migrate_test_1c0f5a7e_3`.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = migrate_testing::empty_database()?;
    /// let client = postgres::Client::connect(&database.url(), postgres::NoTls)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("name", &self.name).field("server", &self.server).finish()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Nothing to be done about a failure here: a server that is gone has no databases, and
        // what stays on a given one is swept by the next process.
        let _ = self.server.control(|client| {
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))
        });
    }
}
