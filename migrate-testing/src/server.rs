//! A server to create databases on: a throwaway cluster, or one that was given.

use std::env;
use std::error::Error as StdError;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use postgres::{Client, Config, NoTls};

use crate::Error;
use crate::cluster::Cluster;
use crate::database::Database;
use crate::leftovers::{self, Claim};
use crate::template::{self, Templates};

/// Names a server that runs already: nothing is started then.
pub(crate) const DATABASE_URL: &str = "MIGRATE_TEST_DATABASE_URL";

/// A PostgreSQL for tests.
///
/// Unless `MIGRATE_TEST_DATABASE_URL` names a server, this is a new cluster of its own, without a
/// TCP port, and gone when it is dropped or when the process ends, however it ends. It stays for as
/// long as a [`Database`] of it does.
///
/// ```no_run
/// # fn main() -> Result<(), migrate_testing::Error> {
/// let server = migrate_testing::Server::start()?;
/// let database = server.create_database()?;
/// let mut client = database.connect()?;
/// client.batch_execute("CREATE TABLE users (id bigint PRIMARY KEY)").unwrap();
/// # Ok(())
/// # }
/// ```
#[must_use = "the server stops when it is dropped"]
pub struct Server {
    pub(crate) running: Arc<Running>,
}

/// What a server's databases keep alive.
pub(crate) struct Running {
    place: Place,
    /// The connection that databases are created and dropped on.
    control: Mutex<Option<Client>>,
    pub(crate) claim: Claim,
    next: AtomicU32,
    pub(crate) templates: Templates,
}

enum Place {
    Throwaway(Cluster),
    Given { url: String, config: Box<Config> },
}

impl Server {
    /// Starts a server, or connects to the one that `MIGRATE_TEST_DATABASE_URL` names.
    ///
    /// Takes about a second; tests that can share a server use [`Server::shared`].
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&[])
    }

    /// Starts a server with settings of its own, for tests of what only some servers do.
    ///
    /// # Errors
    ///
    /// As [`Server::start`]; and with settings where `MIGRATE_TEST_DATABASE_URL` names a server, which is
    /// not ours to set.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let server = migrate_testing::Server::start_with(&["autovacuum=on", "autovacuum_naptime=1s"])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_with(settings: &[&str]) -> Result<Self, Error> {
        apart(|| {
            let place = match env::var(DATABASE_URL) {
                Ok(url) if !url.is_empty() && settings.is_empty() => Place::given(url)?,
                Ok(url) if !url.is_empty() => {
                    return Err(Error::new(format!(
                        "the server that {DATABASE_URL} names is not ours to set: unset the variable \
                         for tests that need {}",
                        settings.join(", ")
                    )));
                }
                _ => Place::Throwaway(Cluster::start(settings)?),
            };
            let running = Arc::new(Running {
                place,
                control: Mutex::new(None),
                claim: Claim::new(RandomState::new().hash_one(std::process::id())),
                next: AtomicU32::new(0),
                templates: Templates::default(),
            });
            running.control(|_| Ok(()))?;
            Ok(Server { running })
        })
    }

    /// The one server of this test binary, started by whoever asks first.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let server = migrate_testing::Server::shared()?;
    /// let (one, two) = (server.create_database()?, server.create_database()?);
    /// assert_ne!(one.name(), two.name());
    /// # Ok(())
    /// # }
    /// ```
    pub fn shared() -> Result<&'static Self, Error> {
        static SHARED: OnceLock<Result<Server, Error>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Error::clone)
    }

    /// A new, empty database, which is dropped together with the value.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let database = migrate_testing::Server::shared()?.create_database()?;
    /// let client = database.connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_database(&self) -> Result<Database, Error> {
        Database::create(&self.running, None)
    }

    /// A new database as `prepare` makes it of an empty one. `prepare` runs once per `key`; each
    /// call then gets a clone, which costs about as much as an empty database.
    ///
    /// The key has to tell apart what is prepared: two calls with the same key get the same. On a
    /// throwaway server it is kept for the life of the server; on the one that
    /// `MIGRATE_TEST_DATABASE_URL` names it is shared by all processes of the same test binary,
    /// until a rebuilt one drops it. A failure is kept too, for the life of the process.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let server = migrate_testing::Server::shared()?;
    /// let database = server.prepared_database(b"seed", |client| {
    ///     client.batch_execute("CREATE TABLE users AS SELECT generate_series(1, 100000) AS id")?;
    ///     Ok(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn prepared_database(
        &self,
        key: &[u8],
        prepare: impl FnOnce(&mut Client) -> Result<(), Box<dyn StdError + Send + Sync>> + Send,
    ) -> Result<Database, Error> {
        template::clone_prepared(&self.running, key, prepare)
    }

    /// Stops the server at once, as a crash would, and starts it again on the same data.
    ///
    /// Every connection to it is lost, so this is for a server of the test's own, not for the
    /// shared one. What was committed before is still there: the operating system keeps running,
    /// so it does not matter that the server does not wait for its disk.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let server = migrate_testing::Server::start()?;
    /// let database = server.create_database()?;
    /// server.restart()?;
    /// let client = database.connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn restart(&self) -> Result<(), Error> {
        let Place::Throwaway(cluster) = &self.running.place else {
            return Err(Error::new(format!(
                "the server that {DATABASE_URL} names is not ours to restart: unset the variable \
                 for tests that crash a server"
            )));
        };
        apart(|| {
            let mut control = self.running.control.lock().unwrap_or_else(PoisonError::into_inner);
            *control = None;
            cluster.restart()?;
            *control = Some(self.running.connect_control()?);
            Ok(())
        })
    }

    /// How to connect to the database that every server has, `postgres`, or to the one that
    /// `MIGRATE_TEST_DATABASE_URL` names.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = migrate_testing::Server::start()?;
    /// let mut client = server.config().connect(postgres::NoTls)?;
    /// client.batch_execute("CREATE ROLE reader")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(&self) -> Config {
        self.running.config()
    }

    /// The folder of the server's programs, where `pg_dump` often is too; `None` for a server that
    /// `MIGRATE_TEST_DATABASE_URL` names.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), migrate_testing::Error> {
    /// let server = migrate_testing::Server::shared()?;
    /// let pg_dump = server.bin_dir().map(|bin| bin.join("pg_dump")).filter(|path| path.exists());
    /// # Ok(())
    /// # }
    /// ```
    pub fn bin_dir(&self) -> Option<&Path> {
        match &self.running.place {
            Place::Throwaway(cluster) => Some(cluster.bin()),
            Place::Given { .. } => None,
        }
    }
}

impl Running {
    pub(crate) fn config(&self) -> Config {
        match &self.place {
            Place::Throwaway(cluster) => cluster.config(),
            Place::Given { config, .. } => (**config).clone(),
        }
    }

    /// The URL of one of the server's databases.
    pub(crate) fn url(&self, database: &str) -> String {
        match &self.place {
            Place::Throwaway(cluster) => crate::url::of_socket(cluster.socket(), database),
            Place::Given { url, .. } => crate::url::with_database(url, database),
        }
    }

    /// A name no other database of this or another process has.
    pub(crate) fn next_name(&self) -> String {
        self.claim.database_name(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs `work` on the connection that databases are created and dropped on.
    pub(crate) fn control<T: Send>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, postgres::Error> + Send,
    ) -> Result<T, Error> {
        apart(|| {
            let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
            // Taken out meanwhile: a connection that failed is not used again.
            let mut client = match control.take().filter(|client| !client.is_closed()) {
                Some(client) => client,
                None => self.connect_control()?,
            };
            let outcome = work(&mut client)
                .map_err(|source| Error::because(format!("{self:?} did not do as asked"), source));
            *control = Some(client);
            outcome
        })
    }

    fn connect_control(&self) -> Result<Client, Error> {
        let failed = |source| match &self.place {
            Place::Throwaway(_) => Error::because("cannot connect to the throwaway server", source),
            Place::Given { .. } => Error::because(
                format!("cannot use the server that {DATABASE_URL} names (TLS is not supported)"),
                source,
            ),
        };
        let mut client = self.config().connect(NoTls).map_err(failed)?;
        client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").map_err(failed)?;
        // On a throwaway server too: it may be given to another process, for which it is a given
        // one.
        self.claim.take(&mut client).map_err(failed)?;
        if let Place::Given { .. } = self.place {
            leftovers::sweep(&mut client);
        }
        Ok(client)
    }
}

impl Place {
    fn given(url: String) -> Result<Self, Error> {
        let config = url.parse().map_err(|source: postgres::Error| {
            Error::because(format!("{DATABASE_URL} is not a PostgreSQL URL"), source)
        })?;
        Ok(Place::Given { url, config: Box::new(config) })
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Throwaway(cluster) => {
                write!(f, "the throwaway server in {}", cluster.socket().display())
            }
            Place::Given { .. } => write!(f, "the server that {DATABASE_URL} names"),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.running).finish()
    }
}

/// Runs `work` on a thread of its own: the `postgres` client panics inside an async runtime, and
/// tests that need a database may well be `#[tokio::test]`s.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let worker = scope.spawn(work);
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
