//! The asynchronous door: the same verbs on a `tokio_postgres::Client`.

use std::fmt;

use crate::connection::Asynchronous;
use crate::error::Error;
use crate::migration::MigrationSet;
use crate::migrator::{Migrator, Untyped};
use crate::plan::Depth;
use crate::preflight::Preflight;
use crate::preview::Plan;
use crate::report::Report;
use crate::run::Run;
use crate::status::Status;
use crate::target::{DownTarget, Target};

/// A [`Migrator`] whose verbs are asynchronous: see [`Migrator::into_async`].
///
/// The verbs do what those of [`Migrator`] do, with the same SQL, events and errors. A verb that is
/// dropped before its end (a `select!`, a timeout) leaves the client inside whatever it was doing:
/// close that client. The server then rolls back what was not committed, and the next run goes on.
pub struct AsyncMigrator<S = Untyped>(Migrator<S>);

impl<S> Migrator<S> {
    /// The same migrator for a `tokio_postgres::Client`. Feature `tokio`.
    ///
    /// ```no_run
    /// # use migrate_runtime::Migrator;
    /// # async fn migrate(migrator: Migrator, client: &mut tokio_postgres::Client) -> Result<(), migrate_runtime::Error> {
    /// let report = migrator.into_async().up(client).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_async(self) -> AsyncMigrator<S> {
        AsyncMigrator(self)
    }
}

/// Runs a verb to its end, however it goes.
macro_rules! run {
    ($self:ident, $client:ident, $verb:ident($($argument:expr),*)) => {{
        let mut client = Asynchronous($client);
        let mut run = Run::new(&mut client, &$self.0.options, $self.0.set);
        let result = run.$verb($($argument),*).await;
        run.finish(result).await
    }};
}

impl<S> AsyncMigrator<S> {
    /// The migrations it runs.
    pub fn set(&self) -> &MigrationSet {
        self.0.set()
    }

    /// As [`Migrator::up`].
    ///
    /// # Errors
    /// As there.
    pub async fn up(&self, client: &mut tokio_postgres::Client) -> Result<Report, Error> {
        run!(self, client, up(None)).map(|((), report)| report)
    }

    /// As [`Migrator::up_to`].
    ///
    /// # Errors
    /// As there.
    pub async fn up_to(
        &self,
        client: &mut tokio_postgres::Client,
        target: impl Target<S>,
    ) -> Result<Report, Error> {
        let target = Some(target.version());
        run!(self, client, up(target)).map(|((), report)| report)
    }

    /// As [`Migrator::down`].
    ///
    /// # Errors
    /// As there.
    pub async fn down(
        &self,
        client: &mut tokio_postgres::Client,
        n: usize,
    ) -> Result<Report, Error> {
        run!(self, client, down(Depth::Last(n))).map(|((), report)| report)
    }

    /// As [`Migrator::down_to`].
    ///
    /// # Errors
    /// As there.
    pub async fn down_to(
        &self,
        client: &mut tokio_postgres::Client,
        target: impl DownTarget<S>,
    ) -> Result<Report, Error> {
        let depth = Depth::DownTo(target.version());
        run!(self, client, down(depth)).map(|((), report)| report)
    }

    /// As [`Migrator::redo`].
    ///
    /// # Errors
    /// As there.
    pub async fn redo(
        &self,
        client: &mut tokio_postgres::Client,
        n: usize,
    ) -> Result<Report, Error> {
        run!(self, client, redo(n)).map(|((), report)| report)
    }

    /// As [`Migrator::status`].
    ///
    /// # Errors
    /// As there.
    pub async fn status(&self, client: &mut tokio_postgres::Client) -> Result<Status, Error> {
        run!(self, client, status()).map(|(status, _)| status)
    }

    /// As [`Migrator::plan`].
    ///
    /// # Errors
    /// As there.
    pub async fn plan(&self, client: &mut tokio_postgres::Client) -> Result<Plan, Error> {
        run!(self, client, plan(None)).map(|(pending, report)| Plan::new(pending, report.already))
    }

    /// As [`Migrator::plan_to`].
    ///
    /// # Errors
    /// As there.
    pub async fn plan_to(
        &self,
        client: &mut tokio_postgres::Client,
        target: impl Target<S>,
    ) -> Result<Plan, Error> {
        let target = Some(target.version());
        run!(self, client, plan(target)).map(|(pending, report)| Plan::new(pending, report.already))
    }

    /// As [`Migrator::preflight`].
    ///
    /// # Errors
    /// As there.
    pub async fn preflight(&self, client: &mut tokio_postgres::Client) -> Result<Preflight, Error> {
        run!(self, client, preflight(None)).map(|(preflight, _)| preflight)
    }

    /// As [`Migrator::approve`].
    ///
    /// # Errors
    /// As there.
    pub async fn approve(
        &self,
        client: &mut tokio_postgres::Client,
        target: impl Target<S>,
        reason: &str,
    ) -> Result<(), Error> {
        let target = target.version();
        run!(self, client, approve(target, reason)).map(|((), _)| ())
    }

    /// As [`Migrator::baseline`].
    ///
    /// # Errors
    /// As there.
    pub async fn baseline(
        &self,
        client: &mut tokio_postgres::Client,
        target: impl Target<S>,
    ) -> Result<Report, Error> {
        let target = target.version();
        run!(self, client, baseline(target)).map(|((), report)| report)
    }

    /// As [`Migrator::verify`].
    ///
    /// # Errors
    /// As there.
    pub async fn verify(&self, client: &mut tokio_postgres::Client) -> Result<(), Error> {
        self.plan(client).await?.nothing_pending()
    }
}

impl<S> Clone for AsyncMigrator<S> {
    fn clone(&self) -> Self {
        AsyncMigrator(self.0.clone())
    }
}

impl<S> fmt::Debug for AsyncMigrator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncMigrator").field(&self.0).finish()
    }
}
