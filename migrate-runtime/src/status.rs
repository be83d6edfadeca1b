//! Where a database stands, as data and as a table. Made from rows; asks nobody.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::observe::{Count, Direction, MigrationId, Took};

/// What a migration is to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// In the database, as the set has it.
    Applied,
    /// Not in the database yet.
    Pending,
    /// Pending, although a later one is applied.
    OutOfOrder,
    /// In the middle of a script that runs statement by statement.
    PartlyApplied {
        /// Statements that are done.
        done: usize,
        /// How many there are, where the set knows the migration.
        of: Option<usize>,
        /// Whether it is the down script that was stopped.
        rolling_back: bool,
    },
    /// In the database, but its up script was edited since.
    Modified,
    /// Not in the database, where another migration has its version: two branches took the same number.
    VersionTaken {
        /// The one that is applied.
        by: MigrationId,
    },
    /// In the database, not in the set, and older than the newest of the set.
    Missing,
    /// In the database and newer than all of the set: a later binary applied it.
    Ahead,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            State::Applied => "applied".into(),
            State::Pending => "pending".into(),
            State::OutOfOrder => "out of order".into(),
            State::PartlyApplied { done, of, rolling_back } => {
                let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
                let what = match (done, rolling_back) {
                    (0, false) => "begun",
                    (0, true) => "rollback begun",
                    (_, false) => "partly applied",
                    (_, true) => "partly rolled back",
                };
                format!("{what}, {done}{of}")
            }
            State::Modified => "modified".into(),
            State::VersionTaken { by } => format!("version taken by {by}"),
            State::Missing => "missing".into(),
            State::Ahead => "ahead".to_owned(),
        };
        f.pad(&text)
    }
}

/// One migration of the set or of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusRow {
    /// Which one.
    pub migration: MigrationId,
    /// How it stands.
    pub state: State,
    /// The down script was edited since the migration was applied: worth knowing, not a fault.
    pub down_edited: bool,
    /// When it was applied, by the server's clock.
    pub applied_at: Option<SystemTime>,
    /// The role that applied it.
    pub applied_by: Option<String>,
    /// How long applying it took.
    pub took: Option<Duration>,
    /// The run that applied it.
    pub run_id: Option<String>,
    /// The last attempt to apply it or to roll it back, if a statement of it failed.
    pub last_failure: Option<FailedAttempt>,
}

/// An attempt at a migration in which a statement failed, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// Which way.
    pub direction: Direction,
    /// When, by the server's clock.
    pub at: SystemTime,
    /// What the server said.
    pub error: String,
}

/// Where a database stands. Made by [`Migrator::status`](crate::Migrator::status); its
/// `Display` is a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a status says where the database stands"]
pub struct Status {
    pub(crate) rows: Vec<StatusRow>,
}

impl Status {
    /// All migrations of set and history, in order of version.
    pub fn rows(&self) -> &[StatusRow] {
        &self.rows
    }

    /// The rows in a state for which `up` has something to do.
    pub fn pending(&self) -> impl Iterator<Item = &StatusRow> {
        self.rows.iter().filter(|row| {
            matches!(
                row.state,
                State::Pending
                    | State::OutOfOrder
                    | State::PartlyApplied { rolling_back: false, .. }
            )
        })
    }

    /// Whether every migration of the set is in the database, and as the set has it.
    pub fn is_up_to_date(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.state, State::Applied | State::Ahead))
    }

    fn count(&self, is: impl Fn(&State) -> bool) -> usize {
        self.rows.iter().filter(|row| is(&row.state)).count()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = vec![["version", "name", "state", "applied at", "took"].map(str::to_owned)];
        for row in &self.rows {
            let mut state = row.state.to_string();
            if row.down_edited {
                state.push_str(" (down edited)");
            }
            state.push_str(match row.last_failure.as_ref().map(|failed| failed.direction) {
                Some(Direction::Up) => " (failed)",
                Some(Direction::Down) => " (rollback failed)",
                None => "",
            });
            table.push([
                row.migration.version().to_string(),
                row.migration.name().to_owned(),
                state,
                row.applied_at.map(|at| Utc(at).to_string()).unwrap_or_default(),
                row.took.map(|took| Took(took).to_string()).unwrap_or_default(),
            ]);
        }
        write_table(f, &table)?;
        let applied = self.count(|state| matches!(state, State::Applied));
        let pending = self.count(|state| matches!(state, State::Pending));
        write!(f, "{} applied, {pending} pending", Count(applied))?;
        let rest = self.rows.len() - applied - pending;
        if rest > 0 {
            write!(f, ", {rest} to look at")?;
        }
        for row in &self.rows {
            let Some(FailedAttempt { direction, at, error }) = &row.last_failure else { continue };
            let what = if *direction == Direction::Up { "" } else { "the down of " };
            write!(f, "\n{what}{} failed at {}: {error}", row.migration, Utc(*at))?;
        }
        Ok(())
    }
}

/// Columns two blanks apart; the first and the last are numbers and stand at the right.
fn write_table(f: &mut fmt::Formatter<'_>, table: &[[String; 5]]) -> fmt::Result {
    let mut widths = [0; 5];
    for row in table {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in table {
        let mut line = String::new();
        for (n, (cell, width)) in row.iter().zip(widths).enumerate() {
            let gap = if n == 0 { "" } else { "  " };
            line.push_str(gap);
            match n {
                0 | 4 => line.push_str(&format!("{cell:>width$}")),
                _ => line.push_str(&format!("{cell:<width$}")),
            }
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A moment as `2026-11-22 14:03:55Z`.
struct Utc(SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds =
            self.0.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Days to a date by the Gregorian calendar's 400-year cycle, counted from 1 March 0000.
        let days = days + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_civil_dates() {
        let shown = |s| Utc(SystemTime::UNIX_EPOCH + Duration::from_secs(s)).to_string();
        assert_eq!(shown(0), "1970-01-01 00:00:00Z");
        assert_eq!(shown(951_782_399), "2000-02-28 23:59:59Z");
        assert_eq!(shown(951_782_400), "2000-02-29 00:00:00Z");
        assert_eq!(shown(1_795_356_235), "2026-11-22 14:03:55Z");
    }
}
