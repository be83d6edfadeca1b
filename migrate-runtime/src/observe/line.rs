//! An event as a line of text.

use std::fmt;
use std::time::Duration;

use super::{At, Bytes, Count, Direction, Event, Took};
use crate::blocker::Blocker;

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Direction::Up;
        match self {
            Event::Planned { direction, migrations } => {
                let what = if *direction == Up { "apply" } else { "roll back" };
                write!(f, "{} to {what}", Count(*migrations))
            }
            Event::WaitingForRunLock { holder, at_most } => {
                write!(f, "waiting at most {} for another migrator", Took(*at_most))?;
                holder.iter().try_for_each(|holder| write!(f, ": {holder}"))
            }
            Event::Approved { migration, reason } => write!(f, "{migration} is approved: {reason}"),
            Event::BackupStarted { path } => write!(f, "making a backup{}", At(path.as_ref())),
            Event::BackupDone { path, bytes, took, age } => {
                backup(f, At(path.as_ref()), *bytes, *took, *age)
            }
            Event::Started { direction, migration } => {
                let doing = if *direction == Up { "applying" } else { "rolling back" };
                write!(f, "{doing} {migration}")
            }
            Event::StepDone { migration, step, of, .. } => {
                write!(f, "{migration}: statement {step} of {of} is done")
            }
            Event::Finished { direction, migration, took } => {
                let did = if *direction == Up { "applied" } else { "rolled back" };
                write!(f, "{did} {migration} in {}", Took(*took))
            }
            Event::Retrying { migration, why, blockers, attempt, of, pause } => {
                write!(f, "{migration}: {why}; attempt {attempt} of {of} in {}", Took(*pause))?;
                below(f, blockers)
            }
            Event::Blocked { migration, blockers, waited } => {
                write!(f, "{migration} has been waiting for {}", Took(*waited))?;
                below(f, blockers)
            }
            Event::Running { migration, step, of, took, progress, .. } => {
                match step {
                    Some(step) => write!(f, "{migration}: statement {step} of {of}")?,
                    None => write!(f, "{migration}")?,
                }
                write!(f, " has been running for {}", Took(*took))?;
                progress.iter().try_for_each(|progress| write!(f, "; {progress}"))
            }
            Event::WatcherFailed { why } => write!(f, "the watcher: {why}"),
            Event::LeaseTaken { from } => write!(f, "taking over from {from}"),
            Event::Slow { migration, took, .. } => {
                write!(f, "{migration} was slow: {}", Took(*took))
            }
            // The rest is in the error that the verb returns.
            Event::Failed { error, .. } => f.write_str(error.lines().next().unwrap_or_default()),
            Event::Done { applied, rolled_back, .. } => done(f, *applied, *rolled_back),
            Event::DoneElsewhere { migration } => {
                write!(f, "another migrator was faster with {migration}")
            }
            Event::Resumed { migration, done, of } => {
                write!(f, "resuming {migration} after {done} of {of} statements")
            }
            Event::InvalidIndexDropped { migration, index } => write!(
                f,
                "{migration}: dropped the INVALID index {index} that a failed build had left"
            ),
            Event::DownEdited { migration } => {
                write!(f, "the down script of {migration} was edited since it was applied")
            }
            Event::Ahead { migrations } => {
                write!(f, "the database is {} ahead of this binary", Count(*migrations))
            }
            Event::RunLockLost => {
                f.write_str("a migration gave up the run lock, or another migrator took it over")
            }
            Event::RunLockLeft { pid } => write!(
                f,
                "a pooler switched sessions, and the run lock is left in server process {pid}; \
                 it goes with that process (pg_terminate_backend({pid}) ends it)"
            ),
            Event::StaleEmbed { directory } => {
                write!(f, "{directory} was changed since this binary was built; rebuild it")
            }
        }
    }
}

/// Who is in the way, a line each.
fn below(f: &mut fmt::Formatter<'_>, blockers: &[Blocker]) -> fmt::Result {
    blockers.iter().try_for_each(|blocker| write!(f, "\n  {blocker}"))
}

fn done(f: &mut fmt::Formatter<'_>, applied: usize, rolled_back: usize) -> fmt::Result {
    match (applied, rolled_back) {
        (0, 0) => f.write_str("nothing to do"),
        (_, 0) => write!(f, "done: {} applied", Count(applied)),
        (0, _) => write!(f, "done: {} rolled back", Count(rolled_back)),
        _ => write!(f, "done: {} rolled back, {applied} applied", Count(rolled_back)),
    }
}

fn backup(
    f: &mut fmt::Formatter<'_>,
    at: At<'_>,
    bytes: Option<u64>,
    took: Duration,
    age: Option<Duration>,
) -> fmt::Result {
    match age {
        Some(age) => write!(f, "the backup is {} old{at}", Took(age))?,
        None => write!(f, "made a backup in {}{at}", Took(took))?,
    }
    bytes.map_or(Ok(()), |bytes| write!(f, ", {}", Bytes(bytes as f64)))
}
