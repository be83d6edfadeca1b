//! Who holds what a migration did not get, as `pg_locks` and `pg_stat_activity` have it, and the SQL that all
//! rooms ask these with.

use std::fmt;
use std::time::{Duration, Instant};

use postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::connection::Connection;
use crate::history::{optional, rows_of};
use crate::job::Job;
use crate::observe::Took;
use crate::quote::literal;
use crate::run::Run;
use crate::table_lock::{TableLock, TableLocks, modes_against, named_relations};

/// A session, or a prepared transaction, that holds a lock on a table of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocker {
    /// The server process that holds it; 0 for a prepared transaction, which has none.
    pub pid: i32,
    /// The name of a transaction that was prepared for two-phase commit: it holds its locks until somebody
    /// ends it.
    pub prepared: Option<String>,
    /// The table; empty where it is not a lock on a table: the end of a transaction, or of a snapshot.
    pub relation: String,
    /// The mode, as `pg_locks` has it: `AccessShareLock`.
    pub mode: String,
    /// What that session calls itself; often empty. `autovacuum worker` is one of the server's own.
    pub application_name: String,
    /// The role it logged in as; empty for the server's own processes.
    pub user: String,
    /// `active`, `idle in transaction`, …; empty without the right to see it.
    pub state: String,
    /// How long its transaction has been open, or prepared; `None` without the right to see it.
    pub age: Option<Duration>,
    /// What it runs, or ran last, on one line; empty without the right to see it.
    pub query: String,
}

impl Blocker {
    /// Reads an answer with the columns `pid`, `relation`, `mode` and those of [`session`].
    pub(crate) fn all(answer: &[SimpleQueryMessage]) -> Vec<Blocker> {
        rows_of(answer).filter_map(Blocker::read).collect()
    }

    fn read(row: &SimpleQueryRow) -> Option<Blocker> {
        let text = |column| optional(row, column).unwrap_or_default().to_owned();
        let prepared = optional(row, "gid").map(str::to_owned);
        let pid = match prepared {
            Some(_) => 0,
            None => text("pid").parse().ok()?,
        };
        Some(Blocker {
            pid,
            prepared,
            relation: text("relation"),
            mode: text("mode"),
            application_name: text("application"),
            user: text("usename"),
            state: text("state"),
            age: millis(row),
            query: text("query"),
        })
    }

    /// An autovacuum that goes on whoever waits, as opposed to all others.
    pub(crate) fn prevents_wraparound(&self) -> bool {
        self.pid != 0 && prevents_wraparound(&self.query)
    }
}

/// Whether what a session runs is an autovacuum that does not give way. The server says so in English,
/// whatever its language is; no statement of a client begins like that.
pub(crate) fn prevents_wraparound(query: &str) -> bool {
    query.starts_with("autovacuum: ") && query.ends_with("(to prevent wraparound)")
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.prepared {
            Some(name) => write!(f, "prepared transaction {}", literal(name))?,
            None if self.pid == 0 => f.write_str("a prepared transaction")?,
            None => write!(f, "server process {}", self.pid)?,
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
        match (self.age, &self.prepared) {
            (Some(age), None) => write!(f, ", its transaction open for {}", Took(age))?,
            (Some(age), Some(_)) => write!(f, ", prepared {} ago", Took(age))?,
            (None, _) => {}
        }
        if !self.query.is_empty() {
            write!(f, ": {}", self.query)?;
        }
        Ok(())
    }
}

/// What can be done about these, a sentence each.
pub(crate) fn remedies(blockers: &[Blocker]) -> Vec<String> {
    let mut remedies = Vec::new();
    for name in blockers.iter().filter_map(|blocker| blocker.prepared.as_deref()) {
        remedies.push(format!("COMMIT PREPARED {0}, or ROLLBACK PREPARED {0}", literal(name)));
    }
    if blockers.iter().any(Blocker::prevents_wraparound) {
        remedies.push(
            "an autovacuum that prevents wraparound does not give way: run it again when that is done \
             (pg_stat_progress_vacuum tells how far it is)"
                .to_owned(),
        );
    }
    let is_session = |it: &Blocker| it.prepared.is_none() && !it.prevents_wraparound();
    if blockers.iter().any(is_session) || blockers.is_empty() {
        remedies.push(
            "run it again when they are done; a session that hangs can be ended with pg_terminate_backend(pid)"
                .to_owned(),
        );
    }
    remedies.sort();
    remedies.dedup();
    remedies
}

impl<C: Connection> Run<'_, C> {
    /// Who holds what a job did not get in an attempt that began then, as the server has it just now, the
    /// longest there first; nobody where it does not say.
    pub(crate) async fn blockers(&mut self, job: &Job, begun: Instant) -> Vec<Blocker> {
        let sql = blockers_sql(job);
        let Ok(answer) = self.connection.simple_query(&sql).await else { return Vec::new() };
        // Ages are of the moment in which the server was asked, and so is this, or a little more.
        were_there(Blocker::all(&answer), begun.elapsed())
    }
}

/// Who waited behind an attempt holds a lock when it is over, but was not in its way. Where nobody else is
/// to be seen, all are kept: an attempt may have waited only at its end.
fn were_there(mut blockers: Vec<Blocker>, waited: Duration) -> Vec<Blocker> {
    let is_old = |blocker: &Blocker| blocker.age.is_none_or(|age| age >= waited);
    if blockers.iter().any(is_old) {
        blockers.retain(is_old);
    }
    blockers
}

/// Where it is not known which tables the job locks, all of the database are asked for.
fn blockers_sql(job: &Job) -> String {
    let locks = job.statements.iter().flat_map(|statement| TableLocks(statement.locks));
    let locks: Vec<TableLock> = locks.collect();
    let mut names: Vec<&str> = locks.iter().map(|lock| lock.relation).collect();
    names.sort_unstable();
    names.dedup();
    let wanted = |name: &&str| {
        let own = locks.iter().filter(|lock| lock.relation == *name).map(|lock| lock.mode);
        let modes: Vec<String> = modes_against(own).into_iter().map(literal).collect();
        format!(
            "(l.relation OPERATOR(pg_catalog.=) t.oid AND t.name OPERATOR(pg_catalog.=) {} \
             AND l.mode OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.text[]))",
            literal(name),
            modes.join(", ")
        )
    };
    let (tables, relation, conflict) = match names.is_empty() {
        true => (
            "(SELECT NULL::pg_catalog.text AS name, c.oid FROM pg_catalog.pg_class AS c \
             WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','m']::pg_catalog.\"char\"[]) \
             AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)"
                .to_owned(),
            "l.relation::pg_catalog.regclass::pg_catalog.text",
            "l.relation OPERATOR(pg_catalog.=) t.oid".to_owned(),
        ),
        false => (
            named_relations(&names),
            "t.name",
            names.iter().map(wanted).collect::<Vec<_>>().join(" OR "),
        ),
    };
    format!(
        "SELECT l.pid, {relation} AS relation, l.mode, {} \
         FROM {tables} AS t JOIN pg_catalog.pg_locks AS l ON ({conflict}) \
         AND l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.granted \
         AND (l.pid IS NULL OR l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) \
         AND l.database OPERATOR(pg_catalog.=) {HERE} \
         LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid \
         {PREPARED} \
         ORDER BY COALESCE(a.xact_start, p.prepared) NULLS LAST LIMIT 5",
        session()
    )
}

/// What is told of a session, `a` in `pg_stat_activity`, or of a prepared transaction, [`PREPARED`]. Everybody
/// may see a session's name, and only some the rest.
pub(crate) fn session() -> String {
    format!(
        "p.gid, CASE WHEN a.backend_type OPERATOR(pg_catalog.<>) 'client backend' THEN a.backend_type ELSE a.application_name END AS application, \
         COALESCE(a.usename, p.owner) AS usename, a.state, {} AS millis, {QUERY} AS query",
        age("COALESCE(a.xact_start, p.prepared)")
    )
}

/// How long ago, in whole milliseconds.
pub(crate) fn age(of: &str) -> String {
    format!(
        "(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) {of}) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8"
    )
}

/// The column `millis`; nothing where the server does not tell.
pub(crate) fn millis(row: &SimpleQueryRow) -> Option<Duration> {
    optional(row, "millis")?.parse().ok().map(Duration::from_millis)
}

/// The number of the database.
pub(crate) const HERE: &str = "(SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())";

/// What the session `a` runs, or ran last, on one line; NULL without the right to see it. Long enough for
/// all that an autovacuum says of itself.
pub(crate) const QUERY: &str = "CASE WHEN a.query OPERATOR(pg_catalog.<>) '<insufficient privilege>' \
     THEN pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 200) END";

/// The prepared transaction `p` that holds the lock `l`. It has no process; what it has in common with its
/// other locks is the name of the virtual transaction, and one of them is that on itself.
pub(crate) const PREPARED: &str = "LEFT JOIN (pg_catalog.pg_locks AS x JOIN pg_catalog.pg_prepared_xacts AS p \
     ON x.transactionid OPERATOR(pg_catalog.=) p.transaction AND x.locktype OPERATOR(pg_catalog.=) 'transactionid') \
     ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction";

#[cfg(test)]
mod tests {
    use super::*;

    fn blocker(age: Option<u64>) -> Blocker {
        Blocker { pid: 7, age: age.map(Duration::from_millis), ..Blocker::default() }
    }

    #[test]
    fn who_came_later_was_not_in_the_way() {
        let waited = Duration::from_millis(1500);
        let ages = |blockers: &[Blocker]| blockers.iter().map(|it| it.age).collect::<Vec<_>>();
        let seen = vec![blocker(Some(9000)), blocker(Some(1490)), blocker(None)];
        assert_eq!(ages(&were_there(seen, waited)), [Some(Duration::from_secs(9)), None]);
        assert_eq!(were_there(vec![blocker(Some(1490))], waited).len(), 1);
    }

    #[test]
    fn what_cannot_be_seen_is_not_made_up() {
        let mut hidden = blocker(None);
        hidden.relation = "t".to_owned();
        hidden.mode = "ShareLock".to_owned();
        assert_eq!(hidden.to_string(), "server process 7 holds ShareLock on t");
        hidden.relation.clear();
        assert_eq!(hidden.to_string(), "server process 7 has not ended its transaction");
        hidden.pid = 0;
        assert_eq!(hidden.to_string(), "a prepared transaction has not ended its transaction");
    }

    #[test]
    fn each_kind_has_its_remedy() {
        let mut vacuum = blocker(Some(1));
        vacuum.query = "autovacuum: VACUUM public.t (to prevent wraparound)".to_owned();
        let told = remedies(&[vacuum.clone()]).join("\n");
        assert!(told.contains("does not give way") && !told.contains("terminate"), "{told}");
        let mut prepared = blocker(Some(1));
        (prepared.pid, prepared.prepared) = (0, Some("it's".to_owned()));
        let told = remedies(&[prepared, vacuum, blocker(None)]);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().any(|it| it.ends_with("ROLLBACK PREPARED 'it''s'")), "{told:?}");
    }
}
