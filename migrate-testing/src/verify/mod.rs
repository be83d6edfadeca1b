//! Every migration applied, rolled back and applied again on a real server.

mod error;
mod report;
mod rows;
mod run;
mod seeds;

use migrate_runtime::Migrator;
use postgres::Client;

use crate::server::apart;
use run::Run;
use seeds::{Failure, Seeds};

pub use error::{Finding, Problem, VerifyError};
pub use report::Verified;

/// Tries every migration of a set on a fresh database of the test binary's
/// [shared server](crate::Server::shared): up, down, and up again, one after the other.
///
/// ```no_run
/// migrate_runtime::migrations! {
///     mod schema;
///     1 => create_users { up: "CREATE TABLE users (email text)", down: "DROP TABLE users" }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // in a test:
/// let verified = migrate_testing::verify(&schema::migrator())?;
/// println!("{verified}");
/// # Ok(())
/// # }
/// ```
///
/// Of each migration it is asked that
///
/// - its scripts run,
/// - its down restores the schema, as a [`Snapshot`](crate::Snapshot) sees it; columns in another
///   order are accepted and told in the report,
/// - the rows that were there before are there after up and down, with their values,
/// - it can be applied again after its down, and makes the same schema.
///
/// In the end all are rolled back together, as far as the last irreversible one, and applied again.
/// An irreversible migration is only applied. One whose down is a no-op has to run a second time on
/// top of itself, and what it leaves is not counted against it.
///
/// # Rows
///
/// A script that runs on empty tables proves little. Rows are put in after a migration by a file
/// beside it, with the version in front and `.test.sql` at the end: `003_add_role.test.sql`, or in
/// the folder of the migration. It is run once, after the up of its migration, and what it puts in
/// has to survive the later ones. It is read when the test runs, and so is not part of the program.
/// [`Verify::rows`] does the same in Rust.
///
/// # Errors
///
/// Everything that is wrong, not only the first; after a migration that went wrong the database is
/// made anew, so that what merely follows from it is not told.
pub fn verify<S>(migrator: &Migrator<S>) -> Result<Verified, VerifyError> {
    Verify::new(migrator).run()
}

/// [`verify`] with more to say.
#[must_use = "nothing happens until `run`"]
pub struct Verify<'a, S> {
    migrator: &'a Migrator<S>,
    seeds: Seeds<'a>,
}

impl<'a, S> Verify<'a, S> {
    /// What [`verify`] does.
    pub fn new(migrator: &'a Migrator<S>) -> Self {
        Verify { migrator, seeds: Seeds::default() }
    }

    /// Puts in rows, after each migration: the function gets a connection of its own and the
    /// version that was applied last.
    ///
    /// It is called again for the earlier ones when the database has to be made anew.
    ///
    /// ```no_run
    /// use migrate_testing::verify::Verify;
    ///
    /// migrate_runtime::migrations! {
    ///     mod schema;
    ///     1 => create_users { up: "CREATE TABLE users (email text)", down: "DROP TABLE users" }
    ///     2 => add_name { up: "ALTER TABLE users ADD name text", down: "ALTER TABLE users DROP name" }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let verified = Verify::new(&schema::migrator())
    ///     .rows(|client, version| {
    ///         if version == 1 {
    ///             client.execute("INSERT INTO users VALUES ('ada@example.org')", &[])?;
    ///         }
    ///         Ok(())
    ///     })
    ///     .run()?;
    /// println!("{verified}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows(
        mut self,
        put: impl FnMut(&mut Client, i64) -> Result<(), Failure> + Send + 'a,
    ) -> Self {
        self.seeds.callback = Some(Box::new(put));
        self
    }

    /// Tries all migrations.
    ///
    /// # Errors
    ///
    /// As [`verify`].
    pub fn run(self) -> Result<Verified, VerifyError> {
        let Verify { migrator, seeds } = self;
        // On a thread of its own: the test may be an async one.
        apart(|| Run::new(migrator, seeds)?.all())
    }
}

impl<S> std::fmt::Debug for Verify<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verify").field("migrator", self.migrator).finish_non_exhaustive()
    }
}
