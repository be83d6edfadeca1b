//! Who stands in the way, and the SQL that all rooms ask the server's statistics with.

use std::fmt;
use std::time::Duration;

use postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::history::{optional, rows_of};
use crate::observe::Took;

/// A session that holds a lock that a migration needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocker {
    /// The server process that holds it; 0 for a transaction that was prepared for two-phase commit.
    pub pid: i32,
    /// The table; empty where it is not a lock on a table: the end of a transaction, or of a snapshot.
    pub relation: String,
    /// The mode, as `pg_locks` has it: `AccessShareLock`.
    pub mode: String,
    /// What that session calls itself; often empty. `autovacuum worker` is one of the server's own.
    pub application_name: String,
    /// The role it logged in as; empty without the right to see it.
    pub user: String,
    /// `active`, `idle in transaction`, …; empty without the right to see it.
    pub state: String,
    /// How long its transaction has been open.
    pub age: Duration,
    /// What it runs, or ran last, on one line; empty without the right to see it.
    pub query: String,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            0 => f.write_str("a prepared transaction")?,
            pid => write!(f, "server process {pid}")?,
        }
        match self.relation.as_str() {
            "" => f.write_str(" has not ended its transaction")?,
            relation => write!(f, " holds {} on {relation}", self.mode)?,
        }
        for (label, value) in [("application", &self.application_name), ("role", &self.user)] {
            if !value.is_empty() {
                write!(f, ", {label} {value}")?;
            }
        }
        if !self.state.is_empty() {
            write!(f, ", {}", self.state)?;
        }
        if !self.age.is_zero() {
            write!(f, ", its transaction open for {}", Took(self.age))?;
        }
        if !self.query.is_empty() {
            write!(f, ": {}", self.query)?;
        }
        Ok(())
    }
}

impl Blocker {
    /// Reads an answer with the columns `pid`, `relation`, `mode` and those of [`session`].
    pub(crate) fn all(answer: &[SimpleQueryMessage]) -> Vec<Blocker> {
        rows_of(answer).filter_map(Blocker::read).collect()
    }

    fn read(row: &SimpleQueryRow) -> Option<Blocker> {
        let text = |column| optional(row, column).unwrap_or_default().to_owned();
        Some(Blocker {
            pid: text("pid").parse().ok()?,
            relation: text("relation"),
            mode: text("mode"),
            application_name: text("application"),
            user: text("usename"),
            state: text("state"),
            age: millis(row),
            query: text("query"),
        })
    }
}

/// The column `millis`; nothing where the server does not tell.
pub(crate) fn millis(row: &SimpleQueryRow) -> Duration {
    let millis = optional(row, "millis").and_then(|millis| millis.parse().ok());
    Duration::from_millis(millis.unwrap_or_default())
}

/// What is told of a session, `a` in `pg_stat_activity`. Everybody may see its name, and only some the rest.
pub(crate) fn session() -> String {
    format!(
        "CASE WHEN a.backend_type OPERATOR(pg_catalog.<>) 'client backend' THEN a.backend_type ELSE a.application_name END AS application, \
         a.usename, a.state, {} AS millis, {QUERY} AS query",
        age("a.xact_start")
    )
}

/// What a session runs, or ran last, on one line.
pub(crate) const QUERY: &str =
    "pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 120)";

/// The number of the database.
pub(crate) const HERE: &str = "(SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())";

/// How long ago, in whole milliseconds.
pub(crate) fn age(of: &str) -> String {
    format!(
        "(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) {of}) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_told() {
        let mut blocker = Blocker { pid: 7, ..Blocker::default() };
        assert_eq!(blocker.to_string(), "server process 7 has not ended its transaction");
        blocker.relation = "users".to_owned();
        blocker.mode = "ShareLock".to_owned();
        blocker.age = Duration::from_secs(2);
        let shown = "server process 7 holds ShareLock on users, its transaction open for 2.0 s";
        assert_eq!(blocker.to_string(), shown);
        blocker.pid = 0;
        assert!(blocker.to_string().starts_with("a prepared transaction holds"));
    }
}
