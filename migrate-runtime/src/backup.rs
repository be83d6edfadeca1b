//! A backup before the first change of a run.
//!
//! It is made while the run lock is held and nothing is under way: `pg_dump` locks every table against DDL,
//! so it has to be over when the first script begins.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::migrator::Migrator;
use crate::observe::{Event, Took};
use crate::run::Run;

mod conninfo;
mod program;

use program::{Failed, age_of, run};

/// How a backup is made: see [`Migrator::backup`].
///
/// ```no_run
/// # use std::time::Duration;
/// # use migrate_runtime::{Backup, Migrator};
/// # fn backed(migrator: Migrator) -> Migrator {
/// let hour = Duration::from_secs(3600);
/// migrator.backup(Backup::pg_dump("service=shop", "/var/backups/shop.dump").max_age(hour))
/// # }
/// ```
#[derive(Clone)]
pub struct Backup {
    how: How,
    max_age: Option<Duration>,
}

type Taken = Arc<dyn Fn() -> Result<SystemTime, Box<dyn StdError + Send + Sync>> + Send + Sync>;

#[derive(Clone)]
enum How {
    PgDump(program::PgDump),
    Command { make: Vec<OsString>, check: Vec<OsString>, file: Option<PathBuf> },
    With(Taken),
}

impl Backup {
    /// `pg_dump` in its custom format, into a file, and `pg_restore -l` to see that it can be read.
    ///
    /// `conninfo` is a connection string of libpq, a URL or `key=value`s. A password in it is handed on in
    /// the environment (`PGPASSWORD`) and never as an argument, which everybody on the machine could read;
    /// better still, it stands in `~/.pgpass` or a service file. Nobody is asked for one.
    ///
    /// The dump is written to `path` and `.partial`, readable by its owner alone, and moved to `path`
    /// when it is complete and readable: nothing half-written ever stands there, and what stood there
    /// before is replaced. `pg_dump` has to be as new as the server. Its lock on each table
    /// (`ACCESS SHARE`) stops neither reads nor writes, only DDL.
    pub fn pg_dump(conninfo: impl Into<String>, path: impl Into<PathBuf>) -> Backup {
        Backup::made(How::PgDump(program::PgDump::new(conninfo.into(), path.into())))
    }

    /// A program of your own, and another one that checks what it made: each a program and its arguments.
    /// Both have to end with success.
    ///
    /// ```
    /// # use migrate_runtime::Backup;
    /// Backup::command(
    ///     ["pgbackrest", "--stanza=shop", "backup"],
    ///     ["pgbackrest", "--stanza=shop", "verify"],
    /// );
    /// ```
    pub fn command<M: Into<OsString>, C: Into<OsString>>(
        make: impl IntoIterator<Item = M>,
        check: impl IntoIterator<Item = C>,
    ) -> Backup {
        let make = make.into_iter().map(Into::into).collect();
        let check = check.into_iter().map(Into::into).collect();
        Backup::made(How::Command { make, check, file: None })
    }

    /// A function that makes a backup, or finds one, and says of when it is. Asynchronously it is called
    /// on a thread where it may block.
    ///
    /// ```no_run
    /// # use std::time::SystemTime;
    /// # use migrate_runtime::Backup;
    /// Backup::with(|| {
    ///     // Ask the provider for a snapshot, and wait for it.
    ///     Ok(SystemTime::now())
    /// });
    /// ```
    pub fn with<F>(take: F) -> Backup
    where
        F: Fn() -> Result<SystemTime, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    {
        Backup::made(How::With(Arc::new(take)))
    }

    fn made(how: How) -> Backup {
        Backup { how, max_age: None }
    }

    /// How old a backup may be that is used again, by the time at which its file was written: a younger one
    /// is only checked. Unless set, a backup is made each time. One made by a [`command`](Self::command)
    /// has an age if its [`file`](Self::file) is known; one that a function found is refused when it
    /// is older.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Backup {
        self.max_age = Some(age);
        self
    }

    /// The file that a [`command`](Self::command) makes: it has to be there, written anew and not empty.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Backup {
        match &mut self.how {
            How::Command { file, .. } => *file = Some(path.into()),
            How::PgDump(dump) => dump.path = path.into(),
            How::With(_) => {}
        }
        self
    }

    /// The directory of `pg_dump` and `pg_restore`; unless set they are looked for in `PATH`.
    #[must_use]
    pub fn programs_in(mut self, directory: impl Into<PathBuf>) -> Backup {
        if let How::PgDump(dump) = &mut self.how {
            dump.programs = Some(directory.into());
        }
        self
    }

    /// One more argument for `pg_dump`: `--lock-wait-timeout=60s`, `--exclude-table-data=events`.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Backup {
        if let How::PgDump(dump) = &mut self.how {
            dump.arguments.push(argument.into());
        }
        self
    }

    fn path(&self) -> Option<&Path> {
        match &self.how {
            How::PgDump(dump) => Some(&dump.path),
            How::Command { file, .. } => file.as_deref(),
            How::With(_) => None,
        }
    }

    fn bytes(&self) -> Option<u64> {
        Some(std::fs::metadata(self.path()?).ok()?.len())
    }

    /// How old the one is that is there, if it is young enough and can be read.
    fn young(&self) -> Option<Duration> {
        let age = age_of(self.path()?).filter(|age| self.max_age.is_some_and(|max| *age < max))?;
        self.check().is_ok().then_some(age)
    }

    fn check(&self) -> Result<(), Failed> {
        match &self.how {
            How::PgDump(dump) => dump.check(&dump.path),
            How::Command { check, .. } => run(check).map(drop),
            How::With(_) => Ok(()),
        }
    }

    fn take(&self) -> Result<(), Failed> {
        match &self.how {
            How::PgDump(dump) => dump.make(),
            How::Command { make, check, file } => {
                let begun = SystemTime::now();
                run(make)?;
                if let Some(file) = file {
                    program::is_new(file, begun)?;
                }
                run(check).map(drop)
            }
            How::With(take) => {
                let at = take().map_err(|error| Failed::new(error.to_string()))?;
                let age = at.elapsed().unwrap_or_default();
                match self.max_age {
                    Some(max) if age > max => Err(Failed::new(format!(
                        "the backup is {} old, and may be {}",
                        Took(age),
                        Took(max)
                    ))),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// Without a connection string, which may hold a password.
impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup")
            .field("path", &self.path())
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// Backups.
impl<S> Migrator<S> {
    /// Makes a backup before the first change of an `up`, a `down` or a `redo`, and none where there is
    /// nothing to do. The run lock is held meanwhile, and nothing else. Where it fails, nothing is
    /// changed, and the error is an [`ErrorKind::Backup`](crate::ErrorKind::Backup).
    ///
    /// Another migrator waits for the run lock meanwhile: [`lock_wait`](Self::lock_wait) is to be longer than
    /// a backup takes. An asynchronous verb that is dropped does not stop the program.
    ///
    /// A backup that is restored takes back everything since, not only what a migration did: the way back
    /// is a down script, and this is for when that is of no use.
    #[must_use]
    pub fn backup(mut self, backup: Backup) -> Self {
        self.options.backup = Some(backup);
        self
    }
}

/// The session has nothing to do meanwhile, and must not be ended for that. It is put back with all other
/// settings. PostgreSQL 13 has no such limit.
const NEVER_IDLE: &str = "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
     WHERE name OPERATOR(pg_catalog.=) 'idle_session_timeout'";

impl<C: Connection> Run<'_, C> {
    /// Makes the backup, if there is to be one and this run has none yet.
    pub(crate) async fn back_up(&mut self) -> Result<(), Error> {
        let Some(backup) = self.options.backup.as_ref().filter(|_| !self.backed_up) else {
            return Ok(());
        };
        let path = backup.path().map(Path::to_owned);
        let begun = Instant::now();
        let asked = backup.clone();
        if let Some(age) = self.connection.blocking(move || asked.young()).await.flatten() {
            self.backed_up = true;
            self.emit(Event::BackupDone {
                path,
                bytes: backup.bytes(),
                took: begun.elapsed(),
                age: Some(age),
            });
            return Ok(());
        }
        self.emit(Event::BackupStarted { path: path.clone() });
        self.send("preparing for a backup", NEVER_IDLE).await?;
        let asked = backup.clone();
        let made = self.connection.blocking(move || asked.take()).await;
        if let Err(failed) = made.unwrap_or_else(|| Err(Failed::new("the runtime shuts down"))) {
            return Err(self.no_backup(failed));
        }
        self.backed_up = true;
        let (bytes, took) = (backup.bytes(), begun.elapsed());
        self.emit(Event::BackupDone { path, bytes, took, age: None });
        Ok(())
    }

    fn no_backup(&self, failed: Failed) -> Error {
        let sentence = format!("there is no backup, so nothing was changed: {}", failed.sentence);
        let error = Error::new(ErrorKind::Backup, sentence).now(self.standing());
        let error = failed.output.into_iter().fold(error, Error::note);
        failed.help.into_iter().fold(error, Error::help)
    }
}
