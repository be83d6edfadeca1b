//! Databases with the migrations of a set applied.

use std::hash::{DefaultHasher, Hash, Hasher};

use migrate_runtime::{Down, Migrator, Script};

use crate::database::Database;
use crate::server::Server;
use crate::{Error, template};

impl Server {
    /// A new database with all migrations applied. They run once per set; each call then gets a
    /// clone, which costs about as much as an empty database, however long the set is.
    ///
    /// A migrator with an observer (`on_event`) therefore observes the first call only.
    ///
    /// ```no_run
    /// migrate_runtime::migrations! {
    ///     mod schema;
    ///     1 => create_users { up: "CREATE TABLE users (email text)", down: "DROP TABLE users" }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = migrate_testing::Server::start()?;
    /// let database = server.fresh_database(&schema::migrator())?;
    /// assert!(schema::migrator().plan(&mut database.connect()?)?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn fresh_database<S>(&self, migrator: &Migrator<S>) -> Result<Database, Error> {
        template::clone_prepared(&self.running, &key(migrator), |client| {
            migrator.up(client)?;
            Ok(())
        })
    }
}

/// What tells one prepared database from another: the digest of the set (that is, what is applied),
/// and what the history remembers besides: names, down scripts and its own place.
fn key<S>(migrator: &Migrator<S>) -> [u8; 24] {
    let mut hasher = DefaultHasher::new();
    (migrator.history_schema_name(), migrator.history_table_name()).hash(&mut hasher);
    for migration in migrator.set().migrations() {
        (migration.version(), migration.name()).hash(&mut hasher);
        hash_script(&migration.up(), &mut hasher);
        match migration.down() {
            Down::Script(script) => hash_script(&script, &mut hasher),
            Down::NoOp(reason) => (0, reason).hash(&mut hasher),
            Down::Irreversible(reason) => (1, reason).hash(&mut hasher),
        }
    }
    let mut key = [0; 24];
    let (digest, rest) = key.split_at_mut(16);
    digest.copy_from_slice(&migrator.set().digest().to_be_bytes());
    rest.copy_from_slice(&hasher.finish().to_be_bytes());
    key
}

fn hash_script(script: &Script, hasher: &mut DefaultHasher) {
    (script.path(), script.is_transactional()).hash(hasher);
    script.statements().for_each(|statement| statement.hash(hasher));
}

#[cfg(test)]
mod tests {
    use super::key;

    migrate_runtime::migrations! {
        mod one;
        1 => a { up: "CREATE TABLE a (n int)", down: "DROP TABLE a" }
    }

    migrate_runtime::migrations! {
        mod two;
        1 => a { up: "CREATE TABLE a (n int)", down: "DROP TABLE IF EXISTS a" }
    }

    #[test]
    fn what_the_history_remembers_is_part_of_the_key() {
        let migrator = one::migrator;
        assert_eq!(key(&migrator()), key(&migrator()));
        assert_eq!(one::SET.digest(), two::SET.digest(), "the up scripts are the same");
        assert_ne!(key(&migrator()), key(&two::migrator()));
        assert_ne!(key(&migrator()), key(&migrator().history_table("other")));
        assert_ne!(key(&migrator()), key(&migrator().history_schema("other")));
    }
}
