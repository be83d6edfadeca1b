//! What a run says while it goes: events, for a progress callback.
//!
//! An event carries data and knows one line of text ([`Display`](std::fmt::Display)); where the
//! text goes is the application's affair. Nothing in the library prints.

mod json;
mod line;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "tracing")]
pub use self::tracing::Tracing;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::blocker::Blocker;
use crate::error::ErrorKind;
use crate::migration::EmbeddedMigration;

/// A migration named by version and name: `3_add_email`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MigrationId {
    version: i64,
    name: Cow<'static, str>,
}

impl MigrationId {
    pub(crate) fn new(version: i64, name: impl Into<Cow<'static, str>>) -> MigrationId {
        MigrationId { version, name: name.into() }
    }

    /// The number it is ordered by.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The name, from the file or from the history.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<&EmbeddedMigration> for MigrationId {
    fn from(migration: &EmbeddedMigration) -> MigrationId {
        MigrationId::new(migration.version(), migration.name())
    }
}

impl fmt::Display for MigrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}_{}", self.version, self.name))
    }
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Applying.
    Up,
    /// Rolling back.
    Down,
}

impl Direction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Somebody who is told what happens, while it happens: see
/// [`Migrator::observer`](crate::Migrator::observer). A closure is one.
///
/// It is called on the thread of the run, which waits for it, and where there is a
/// [watcher](crate::Migrator::watcher), on that one's thread too, maybe at the same time. What the watcher
/// tells of a migration comes after its `Started` (unless many travel together) and before its `Finished`, and
/// nothing comes after the last event. It must not panic.
pub trait Observer: Send + Sync {
    /// Something has happened.
    fn event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Observer for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}

/// Who holds the run lock, as the server knows it just now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Where it is a [lease](crate::Migrator::watcher): the name of the run, and who it is. Then only `pid`
    /// and `since` are known beside it. Empty otherwise.
    pub lease: String,
    /// The server process that holds it; of a lease, the one that is at work for it, or 0.
    pub pid: i32,
    /// What that session calls itself; often empty.
    pub application_name: String,
    /// The role it logged in as; empty without the right to see it.
    pub user: String,
    /// Its address; empty on a Unix socket or without the right to see it.
    pub client: String,
    /// `active`, `idle`, `idle in transaction` …; empty without the right to see it.
    pub state: String,
    /// How long it has been in that state; how long ago the lease was renewed.
    pub since: Duration,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.lease.is_empty() {
            write!(f, "{}, which renewed its lease {} ago", self.lease, Took(self.since))?;
            return match self.pid {
                0 => Ok(()),
                pid => write!(f, "; server process {pid} is at work for it"),
            };
        }
        write!(f, "server process {}", self.pid)?;
        for (label, value) in
            [("application", &self.application_name), ("role", &self.user), ("from", &self.client)]
        {
            if !value.is_empty() {
                write!(f, ", {label} {value}")?;
            }
        }
        if !self.state.is_empty() {
            write!(f, ", {} for {}", self.state, Took(self.since))?;
        }
        Ok(())
    }
}

/// How far a statement is, as the server reports it (`pg_stat_progress_create_index` and its like).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// `CREATE INDEX CONCURRENTLY`, `VACUUM`, …
    pub command: String,
    /// `building index: scanning table`, …
    pub phase: String,
    /// How much of that phase is done, where it can be told.
    pub percent: Option<u8>,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.command, self.phase)?;
        self.percent.iter().try_for_each(|percent| write!(f, ", {percent} %"))
    }
}

/// Something that happened during a run. See [`Migrator::on_event`](crate::Migrator::on_event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The plan is made; this many migrations are to be applied or rolled back.
    Planned {
        /// Which way.
        direction: Direction,
        /// How many.
        migrations: usize,
    },
    /// Somebody else holds the run lock; sent once, when the waiting begins.
    WaitingForRunLock {
        /// Who, if it could still be seen.
        holder: Option<Holder>,
        /// How long the wait may last.
        at_most: Duration,
    },
    /// Somebody has approved a migration: [`Migrator::approve`](crate::Migrator::approve).
    Approved {
        /// Which one.
        migration: MigrationId,
        /// Why it may run.
        reason: String,
    },
    /// A backup is being made, before the first change.
    BackupStarted {
        /// The file; `None` where it is none, or not known.
        path: Option<PathBuf>,
    },
    /// There is a backup.
    BackupDone {
        /// The file; `None` where it is none, or not known.
        path: Option<PathBuf>,
        /// Its size.
        bytes: Option<u64>,
        /// How long it took to make it, or to look at it.
        took: Duration,
        /// How old it is, if it was there already and young enough.
        age: Option<Duration>,
    },
    /// A migration was sent to the server. On a fresh database many travel together; then this is
    /// told when the answer is there, just before `Finished`.
    Started {
        /// Which way.
        direction: Direction,
        /// Which one.
        migration: MigrationId,
    },
    /// A statement of a migration that runs outside a transaction is done, and recorded; not sent
    /// when it is the only one.
    StepDone {
        /// Which way.
        direction: Direction,
        /// Which migration.
        migration: MigrationId,
        /// Its number, from 1.
        step: usize,
        /// How many there are.
        of: usize,
    },
    /// A migration is complete and in the history (or out of it).
    Finished {
        /// Which way.
        direction: Direction,
        /// Which one.
        migration: MigrationId,
        /// How long it took, measured by the server.
        took: Duration,
    },
    /// A migration took longer than [`slow_after`](crate::Migrator::slow_after); sent after `Finished`.
    Slow {
        /// Which way.
        direction: Direction,
        /// Which one.
        migration: MigrationId,
        /// How long it took, measured by the server.
        took: Duration,
    },
    /// A migration waits for others: told by the [watcher](crate::Migrator::watcher) when it sees that, when
    /// the others change, and every 30 s.
    Blocked {
        /// Which migration; the first, where many travel together.
        migration: MigrationId,
        /// Who is in the way: who holds what it waits for, or waits for it longer.
        blockers: Vec<Blocker>,
        /// For how long, to half a second.
        waited: Duration,
    },
    /// A migration has been running for longer than [`slow_after`](crate::Migrator::slow_after) and still
    /// is: told by the [watcher](crate::Migrator::watcher), and again every 30 s.
    Running {
        /// Which way.
        direction: Direction,
        /// Which migration; the first, where many travel together.
        migration: MigrationId,
        /// The number of the statement, from 1, where it runs statement by statement.
        step: Option<usize>,
        /// How many there are.
        of: usize,
        /// For how long: the statement, or the migration.
        took: Duration,
        /// How far it is, where the server says so.
        progress: Option<Progress>,
    },
    /// The [watcher](crate::Migrator::watcher) cannot do what it should; the run goes on. Told once, and
    /// again if it could meanwhile.
    WatcherFailed {
        /// What, and what was said to it.
        why: String,
    },
    /// Another run had not renewed its lease, and it was taken over.
    LeaseTaken {
        /// Whose it was.
        from: Holder,
    },
    /// An attempt was rolled back because of others, and is made again after a pause.
    Retrying {
        /// Which migration.
        migration: MigrationId,
        /// What the server said.
        why: String,
        /// Who was in the way, as the watcher saw it; else who held what the attempt did not get, seen just
        /// after it. Nobody after a deadlock or a serialization failure, and where the server does not say.
        blockers: Vec<Blocker>,
        /// The number of the next attempt.
        attempt: u32,
        /// How many there are.
        of: u32,
        /// How long until then.
        pause: Duration,
    },
    /// Somebody else applied a pending migration (or rolled one back) while we were about to.
    DoneElsewhere {
        /// Which one.
        migration: MigrationId,
    },
    /// An earlier run stopped inside this migration; it goes on after the statements that are done.
    Resumed {
        /// Which one.
        migration: MigrationId,
        /// Statements that are done.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// A failed `CREATE INDEX CONCURRENTLY` had left an INVALID index, and it was dropped.
    InvalidIndexDropped {
        /// The migration that builds it.
        migration: MigrationId,
        /// The index, qualified and quoted.
        index: String,
    },
    /// The down script was edited since the migration was applied. The edited one counts.
    DownEdited {
        /// Which migration.
        migration: MigrationId,
    },
    /// The database holds migrations newer than this binary, as during a rolling deploy.
    Ahead {
        /// How many.
        migrations: usize,
    },
    /// A migration gave up the run lock (`DISCARD ALL`, `pg_advisory_unlock_all`), or another run took the
    /// lease over; it is taken again.
    RunLockLost,
    /// Behind a pooler the run lock was left in a session that could not be met again. It goes when the
    /// pooler closes that session, and is in the way of other migrators until then.
    RunLockLeft {
        /// The session's server process; `pg_terminate_backend` ends it.
        pid: i32,
    },
    /// The directory was changed since this binary was built, so it does not know what is in there.
    /// Debug builds only; `migrate_build::watch` in a `build.rs` prevents it.
    StaleEmbed {
        /// The directory.
        directory: &'static str,
    },
    /// The run has failed: the last event. [`Error`](crate::Error) has the whole story.
    Failed {
        /// The migration that failed, or the first one in the way.
        migration: Option<MigrationId>,
        /// What kind of thing went wrong.
        kind: ErrorKind,
        /// The server's code, if it was the server that complained.
        sql_state: Option<String>,
        /// Everything there is to say, over several lines.
        error: String,
    },
    /// The run is over: the last event of a verb that writes.
    Done {
        /// How many migrations it has applied.
        applied: usize,
        /// How many it has rolled back.
        rolled_back: usize,
        /// The name of the run in the history and its log.
        run_id: String,
    },
}

/// `1 migration`, `2 migrations`.
pub(crate) struct Count(pub(crate) usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 migration"),
            n => write!(f, "{n} migrations"),
        }
    }
}

/// `: /var/backups/shop.dump`, or nothing.
struct At<'a>(Option<&'a PathBuf>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |path| write!(f, ": {}", path.display()))
    }
}

/// A number of bytes for people.
pub(crate) struct Bytes(pub(crate) f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["bytes", "kB", "MB", "GB", "TB"];
        let mut value = self.0;
        let mut unit = 0;
        while value >= 1024.0 && unit + 1 < units.len() {
            value /= 1024.0;
            unit += 1;
        }
        write!(f, "{value:.0} {}", units[unit])
    }
}

/// A duration with the digits that matter to a reader.
pub(crate) struct Took(pub(crate) Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let text = match seconds {
            3600.. => two((seconds / 3600, "h"), (seconds % 3600 / 60, "min")),
            60.. => two((seconds / 60, "min"), (seconds % 60, "s")),
            1.. => format!("{:.1} s", self.0.as_secs_f64()),
            0 => match self.0.as_millis() {
                0..10 => format!("{:.1} ms", self.0.as_secs_f64() * 1000.0),
                millis => format!("{millis} ms"),
            },
        };
        f.pad(&text)
    }
}

/// Hours and minutes, or minutes and seconds; a smaller one of zero is not said.
fn two(large: (u64, &str), small: (u64, &str)) -> String {
    match (large, small) {
        ((large, unit), (0, _)) => format!("{large} {unit}"),
        ((large, unit), (small, smaller)) => format!("{large} {unit} {small} {smaller}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_columns() {
        assert_eq!(format!("{:<8}|", MigrationId::new(3, "add")), "3_add   |");
    }

    #[test]
    fn durations_read_well() {
        let shown = |micros| Took(Duration::from_micros(micros)).to_string();
        assert_eq!(shown(1_234), "1.2 ms");
        assert_eq!(shown(123_456), "123 ms");
        assert_eq!(shown(1_234_567), "1.2 s");
        assert_eq!(shown(125_000_000), "2 min 5 s");
        assert_eq!(shown(300_000_000), "5 min");
        assert_eq!(shown(3_720_000_000), "1 h 2 min");
        assert_eq!(shown(3_600_000_000), "1 h");
    }

    #[test]
    fn bytes_read_well() {
        assert_eq!(Bytes(8192.0).to_string(), "8 kB");
        assert_eq!(Bytes(0.0).to_string(), "0 bytes");
        assert_eq!(Bytes(3.0e15).to_string(), "2728 TB");
    }
}
