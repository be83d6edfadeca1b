//! Migrated once, cloned per test: `CREATE DATABASE … TEMPLATE` costs a fraction of a long chain
//! of migrations.

use std::collections::HashMap;
use std::env;
use std::error::Error as StdError;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use postgres::{Client, NoTls};

use crate::Error;
use crate::database::Database;
use crate::leftovers::Claim;
use crate::server::{Running, apart};

/// The templates this process has made or found, and the failures to make one: a set of migrations
/// that fails is not tried anew by each test.
#[derive(Default)]
pub(crate) struct Templates(Mutex<HashMap<String, Slot>>);

type Slot = Arc<OnceLock<Result<(), Error>>>;

impl Templates {
    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

/// A clone of the database that `prepare` makes of an empty one. `key` stands for everything that
/// `prepare` does: it is run once per key.
pub(crate) fn clone_prepared(
    server: &Arc<Running>,
    key: &[u8],
    prepare: impl FnOnce(&mut Client) -> Result<(), Box<dyn StdError + Send + Sync>> + Send,
) -> Result<Database, Error> {
    let template = Template::new(key);
    let slot = server.templates.slot(&template.name);
    slot.get_or_init(|| apart(|| template.ensure(server, prepare))).clone()?;
    Database::create(server, Some(&template.name))
}

struct Template {
    name: String,
    claim: Claim,
}

impl Template {
    fn new(key: &[u8]) -> Self {
        let (key, program) = (hash(key), hash(program()));
        let claim = Claim::new(key ^ program);
        Template { name: claim.template_name(key, program), claim }
    }

    /// Makes the template unless it is there. The claim is held from then on, so that no other
    /// process takes the template for a leftover.
    fn ensure(
        &self,
        server: &Running,
        prepare: impl FnOnce(&mut Client) -> Result<(), Box<dyn StdError + Send + Sync>>,
    ) -> Result<(), Error> {
        let ready = server.control(|client| {
            self.claim.take(client)?;
            let ready = self.is_ready(client)?;
            if !ready {
                self.claim.release(client)?;
            }
            Ok(ready)
        })?;
        if ready {
            return Ok(());
        }
        server.control(|client| self.claim.take_alone(client))?;
        let made = self.make(server, prepare);
        server.control(|client| {
            if made.is_ok() {
                self.claim.take(client)?;
            }
            self.claim.release_alone(client)
        })?;
        made
    }

    /// With the claim held alone.
    fn make(
        &self,
        server: &Running,
        prepare: impl FnOnce(&mut Client) -> Result<(), Box<dyn StdError + Send + Sync>>,
    ) -> Result<(), Error> {
        let name = &self.name;
        // Another process may have been faster; or have been killed half-way.
        let ready = server.control(|client| {
            let ready = self.is_ready(client)?;
            if !ready {
                client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
                client.batch_execute(&format!("CREATE DATABASE {name}"))?;
            }
            Ok(ready)
        })?;
        if ready {
            return Ok(());
        }
        let prepared = self.prepare(server, prepare);
        server.control(|client| {
            client.batch_execute(&if prepared.is_ok() {
                format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            } else {
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            })
        })?;
        prepared
    }

    fn prepare(
        &self,
        server: &Running,
        prepare: impl FnOnce(&mut Client) -> Result<(), Box<dyn StdError + Send + Sync>>,
    ) -> Result<(), Error> {
        let mut client = server.config().dbname(&self.name).connect(NoTls).map_err(|source| {
            Error::because("cannot connect to the database that is to be cloned", source)
        })?;
        prepare(&mut client).map_err(|source| {
            Error::because("the database that tests are to get cannot be prepared", source)
        })
    }

    /// A template nobody may connect to is finished: that is the last thing done to it, and nobody
    /// can change it, or stand in the way of a clone, from then on.
    fn is_ready(&self, client: &mut Client) -> Result<bool, postgres::Error> {
        let sql = "SELECT NOT datallowconn FROM pg_database WHERE datname = $1";
        client.query_opt(sql, &[&self.name])?.map_or(Ok(false), |row| row.try_get(0))
    }
}

/// What tells this build of the test binary from another one: on a given server a template outlives
/// the process, and a rebuilt binary may prepare something else under the same key.
fn program() -> &'static (Option<PathBuf>, Option<SystemTime>) {
    static PROGRAM: OnceLock<(Option<PathBuf>, Option<SystemTime>)> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let path = env::current_exe().ok();
        let built = path.as_ref().and_then(|path| fs::metadata(path).ok()?.modified().ok());
        (path, built)
    })
}

/// The same in every process, unlike a `HashMap`'s.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
