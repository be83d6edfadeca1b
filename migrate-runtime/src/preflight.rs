//! What stands in the way of a plan, before it is run: the database as it is just now, seen through its
//! catalog and its statistics. Nothing is locked, and nothing is written.
//!
//! Sizes are what the last `VACUUM` or `ANALYZE` counted: the functions that look at the files would
//! lock the tables.

use std::fmt;
use std::time::Duration;

use postgres::SimpleQueryMessage;

use crate::blocker::{HERE, QUERY, age};
use crate::connection::Connection;
use crate::error::Error;
use crate::history::{optional, rows_of};
use crate::observe::{MigrationId, Took};
use crate::plan::Up;
use crate::quote::literal;
use crate::run::Run;
use crate::table_lock::{LockMode, TableLock};

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// It may go wrong, or take long.
    Warning,
    /// It will not work as things stand.
    Error,
}

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A table that is locked, with its size.
    Table,
    /// A transaction that holds what the plan needs, or that a concurrent index build would wait for.
    Transaction,
    /// A transaction that was prepared for two-phase commit and holds its locks until somebody ends it.
    PreparedTransaction,
    /// An index that a failed build has left.
    InvalidIndex,
    /// A replica that is behind.
    ReplicaLag,
    /// The server has hardly a connection left.
    Connections,
    /// The role may not do what the plan does.
    Rights,
    /// The server is older than this library knows.
    ServerVersion,
    /// What rewrites need beside what is there.
    Disk,
}

/// Something that a [`Preflight`] has found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// The migration that it is about, where it is about one.
    pub migration: Option<MigrationId>,
    /// The table, index, role, … that it is about.
    pub subject: String,
    /// What was found: a sentence without a full stop.
    pub sentence: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: ")?;
        if let Some(migration) = &self.migration {
            write!(f, "{migration}: ")?;
        }
        f.write_str(&self.sentence)?;
        self.remedy.iter().try_for_each(|remedy| write!(f, "\n  = help: {remedy}"))
    }
}

/// What [`Migrator::preflight`](crate::Migrator::preflight) has found, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a preflight says what stands in the way"]
pub struct Preflight {
    findings: Vec<Finding>,
    pending: usize,
}

impl Preflight {
    /// What was found, the worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The worst of it; `None` where nothing was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// How many migrations are pending.
    pub fn pending(&self) -> usize {
        self.pending
    }
}

impl fmt::Display for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        match self.worst() {
            Some(Severity::Error) => f.write_str("not ready"),
            Some(Severity::Warning) => f.write_str("ready, with warnings"),
            _ => f.write_str("ready"),
        }
    }
}

/// Longer than that, and it is likely to be there still when the migration comes.
const LONG: Duration = Duration::from_secs(5);
/// More than this is worth a warning where the table is worked on under a lock.
const MANY_ROWS: f64 = 1_000_000.0;
const MUCH_LAG: Duration = Duration::from_secs(10);
const FEW_CONNECTIONS: i64 = 3;
/// The oldest server that this library is tested on.
const OLDEST_SERVER: i64 = 130_000;

/// What a pending migration does to a relation.
struct Use {
    migration: MigrationId,
    lock: TableLock,
}

impl<C: Connection> Run<'_, C> {
    pub(crate) async fn preflight(&mut self, target: Option<i64>) -> Result<Preflight, Error> {
        let pending = self.plan(target).await?;
        let uses = uses(&pending);
        let concurrent = pending.iter().find(|up| !up.migration.up().is_transactional());
        let answer =
            self.send("looking at the database", &sql(&uses, &self.history.schema)).await?;
        let watched = self.options.watcher.is_some();
        let mut seen = Seen { uses: &uses, watched, findings: Vec::new(), disk: 0.0 };
        seen.read(&answer, concurrent.map(|up| up.migration.into()));
        let mut findings = seen.findings;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(Preflight { findings, pending: pending.len() })
    }
}

fn uses(pending: &[Up]) -> Vec<Use> {
    let of = |up: &Up| {
        let migration = MigrationId::from(up.migration);
        let locks = up.migration.up().locks().into_iter();
        locks.map(move |lock| Use { migration: migration.clone(), lock }).collect::<Vec<_>>()
    };
    pending.iter().flat_map(of).collect()
}

/// Reads what the server has answered.
struct Seen<'a> {
    uses: &'a [Use],
    /// A watcher will need a connection too.
    watched: bool,
    findings: Vec<Finding>,
    /// What rewrites need, in bytes.
    disk: f64,
}

/// A row of the answer.
struct Row<'a>(&'a postgres::SimpleQueryRow);

impl Row<'_> {
    fn text(&self, column: &str) -> &str {
        optional(self.0, column).unwrap_or_default()
    }

    fn number(&self, column: &str) -> f64 {
        self.text(column).parse().unwrap_or_default()
    }

    fn millis(&self, column: &str) -> Duration {
        Duration::from_millis(self.text(column).parse().unwrap_or_default())
    }
}

impl Seen<'_> {
    fn read(&mut self, answer: &[SimpleQueryMessage], concurrent: Option<MigrationId>) {
        for row in rows_of(answer).map(Row) {
            match row.text("what") {
                "table" => self.table(&row),
                "holder" => self.holder(&row),
                "old" => self.old(&row, concurrent.as_ref()),
                "prepared" => self.prepared(&row),
                "invalid" => self.invalid(&row),
                "replica" => self.replica(&row),
                "connections" => self.connections(&row),
                "schema" => self.schema(&row),
                "version" => self.version(&row),
                _ => {}
            }
        }
        if self.disk > 0.0 {
            let sentence = format!(
                "rewrites need about {} beside what is there, and as much again in WAL",
                Bytes(self.disk)
            );
            let remedy = "see that the disk, and those of replicas and the archive, have it";
            self.found(
                Severity::Note,
                FindingKind::Disk,
                "disk",
                sentence,
                Some(remedy.to_owned()),
            );
        }
    }

    fn found(
        &mut self,
        severity: Severity,
        kind: FindingKind,
        subject: &str,
        sentence: String,
        remedy: Option<String>,
    ) -> &mut Finding {
        let subject = subject.to_owned();
        let migration = None;
        self.findings.push(Finding { severity, kind, migration, subject, sentence, remedy });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// What the plan does to a relation.
    fn uses_of(&self, relation: &str) -> Vec<(MigrationId, TableLock)> {
        let own = self.uses.iter().filter(|it| it.lock.relation == relation);
        own.map(|it| (it.migration.clone(), it.lock)).collect()
    }

    fn table(&mut self, row: &Row<'_>) {
        let (name, rows, bytes) = (row.text("a"), row.number("n"), row.number("m"));
        let is_owned = row.text("b") == "t";
        for (migration, lock) in self.uses_of(name) {
            if !is_owned && lock.mode > LockMode::RowExclusive {
                let sentence = format!("this role does not own {name}, which it has to for that");
                let remedy = format!("run it as {}, or as a member of it", row.text("c"));
                self.found(Severity::Error, FindingKind::Rights, name, sentence, Some(remedy))
                    .migration = Some(migration.clone());
            }
            if !lock.mode.blocks_writes() {
                continue;
            }
            self.disk += if lock.rewrites { bytes } else { 0.0 };
            let large = lock.grows() && rows >= MANY_ROWS;
            let severity = if large { Severity::Warning } else { Severity::Note };
            let sentence = format!("locks {lock}; it has about {rows:.0} rows, {}", Bytes(bytes));
            let remedy = large.then(|| {
                "others wait for all of that: do it in steps that do not, or when nobody is there"
                    .to_owned()
            });
            self.found(severity, FindingKind::Table, name, sentence, remedy).migration =
                Some(migration);
        }
    }

    /// A transaction that holds a lock on a relation of the plan.
    fn holder(&mut self, row: &Row<'_>) {
        let (name, age) = (row.text("a"), row.millis("n"));
        let conflicts = |(_, lock): &(MigrationId, TableLock)| conflicts(row.text("d"), lock.mode);
        let Some((migration, _)) = self.uses_of(name).into_iter().find(conflicts) else { return };
        // Without the right to see it there is no age, and it may be any.
        let is_known = !row.text("n").is_empty();
        if is_known && age < LONG {
            return;
        }
        let open = match is_known {
            true => format!(", its transaction open for {}: {}", Took(age), row.text("c")),
            false => ", and this role may not see since when".to_owned(),
        };
        let (pid, mode) = (row.text("b"), row.text("d"));
        let sentence =
            format!("server process {pid}{} holds {mode} on {name}{open}", application(row));
        let remedy =
            format!("wait for it, or end it: SELECT pg_terminate_backend({})", row.text("b"));
        self.found(Severity::Warning, FindingKind::Transaction, name, sentence, Some(remedy))
            .migration = Some(migration);
    }

    /// A transaction that has been open for long, whatever it holds.
    fn old(&mut self, row: &Row<'_>, concurrent: Option<&MigrationId>) {
        let age = row.millis("n");
        let Some(migration) = concurrent.filter(|_| age >= LONG) else { return };
        let pid = row.text("b").to_owned();
        let sentence = format!(
            "server process {pid}{} has had a transaction open for {}, and an index that is built or \
             dropped concurrently waits for it: {}",
            application(row),
            Took(age),
            row.text("c")
        );
        let remedy = format!("wait for it, or end it: SELECT pg_terminate_backend({pid})");
        self.found(Severity::Warning, FindingKind::Transaction, &pid, sentence, Some(remedy))
            .migration = Some(migration.clone());
    }

    fn prepared(&mut self, row: &Row<'_>) {
        let (gid, age) = (row.text("a"), row.millis("n"));
        let sentence = format!(
            "the transaction {gid} of {} was prepared {} ago, and holds its locks until it is ended",
            row.text("b"),
            Took(age)
        );
        let remedy = format!("COMMIT PREPARED {0}, or ROLLBACK PREPARED {0}", literal(gid));
        let kind = FindingKind::PreparedTransaction;
        self.found(Severity::Warning, kind, gid, sentence, Some(remedy));
    }

    fn invalid(&mut self, row: &Row<'_>) {
        let (index, table) = (row.text("a"), row.text("b"));
        let sentence = format!("the index {index} on {table} is invalid: a build of it has failed");
        let remedy =
            format!("DROP INDEX CONCURRENTLY {index}, or REINDEX INDEX CONCURRENTLY {index}");
        self.found(Severity::Warning, FindingKind::InvalidIndex, index, sentence, Some(remedy));
    }

    fn replica(&mut self, row: &Row<'_>) {
        let (name, lag) = (row.text("a"), row.millis("n"));
        if lag < MUCH_LAG {
            return;
        }
        let sentence = format!("the replica {name} is {} behind", Took(lag));
        let remedy = "wait until it has caught up: a rewrite would put it further behind";
        let remedy = Some(remedy.to_owned());
        self.found(Severity::Warning, FindingKind::ReplicaLag, name, sentence, remedy);
    }

    fn connections(&mut self, row: &Row<'_>) {
        let free = row.text("n").parse::<i64>().unwrap_or(i64::MAX) - i64::from(self.watched);
        if free >= FEW_CONNECTIONS {
            return;
        }
        let sentence = match self.watched {
            true => format!("the server has {free} connections left beside the watcher's"),
            false => format!("the server has {free} connections left"),
        };
        let remedy = "end sessions that are not needed, or raise max_connections";
        let remedy = Some(remedy.to_owned());
        self.found(
            Severity::Warning,
            FindingKind::Connections,
            "max_connections",
            sentence,
            remedy,
        );
    }

    fn schema(&mut self, row: &Row<'_>) {
        if row.text("b") == "t" {
            return;
        }
        let name = row.text("a");
        let sentence = format!("this role may not create anything in the schema {name}");
        let remedy = format!("GRANT CREATE ON SCHEMA {name} TO {}", row.text("c"));
        self.found(Severity::Warning, FindingKind::Rights, name, sentence, Some(remedy));
    }

    fn version(&mut self, row: &Row<'_>) {
        let number = row.text("n").parse::<i64>().unwrap_or(OLDEST_SERVER);
        if number >= OLDEST_SERVER {
            return;
        }
        let sentence =
            format!("the server is {}; the oldest that this is tested on is 13", row.text("a"));
        self.found(Severity::Warning, FindingKind::ServerVersion, row.text("a"), sentence, None);
    }
}

fn application(row: &Row<'_>) -> String {
    match row.text("e") {
        "" => String::new(),
        name => format!(", application {name},"),
    }
}

/// Whether a held mode (as `pg_locks` has it) keeps a wanted one waiting.
///
/// Source: the table *Conflicting Lock Modes* in the manual, "Explicit Locking".
fn conflicts(held: &str, wanted: LockMode) -> bool {
    use LockMode::{
        AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
        ShareUpdateExclusive,
    };
    let weakest = match held {
        "AccessShareLock" => AccessExclusive,
        "RowShareLock" => Exclusive,
        "RowExclusiveLock" => Share,
        "ShareUpdateExclusiveLock" => ShareUpdateExclusive,
        // The one mode that does not conflict with itself while a weaker one conflicts with it.
        "ShareLock" => return wanted >= RowExclusive && wanted != Share,
        "ShareRowExclusiveLock" => RowExclusive,
        "ExclusiveLock" => RowShare,
        "AccessExclusiveLock" => AccessShare,
        _ => return false,
    };
    debug_assert!(ShareRowExclusive > Share);
    wanted >= weakest
}

/// A number of bytes for people.
struct Bytes(f64);

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

/// One statement a question, all in one message. The columns are the same for all, and mean what the
/// reader of each says.
fn sql(uses: &[Use], schema: &str) -> String {
    let mut names: Vec<&str> = uses.iter().map(|it| it.lock.relation).collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<String> = names.into_iter().map(literal).collect();
    let tables = format!(
        "(SELECT n AS name, pg_catalog.to_regclass(n)::pg_catalog.oid AS oid \
         FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.text[]) AS n)",
        names.join(", ")
    );
    [
        format!(
            "SELECT 'table' AS what, t.name AS a, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS b, \
             pg_catalog.pg_get_userbyid(c.relowner) AS c, GREATEST(c.reltuples, 0) AS n, \
             c.relpages::pg_catalog.float8 OPERATOR(pg_catalog.*) pg_catalog.current_setting('block_size')::pg_catalog.float8 AS m \
             FROM {tables} AS t JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.oid"
        ),
        format!(
            "SELECT 'holder' AS what, t.name AS a, a.pid AS b, {QUERY} AS c, l.mode AS d, a.application_name AS e, {} AS n \
             FROM {tables} AS t JOIN pg_catalog.pg_locks AS l ON l.relation OPERATOR(pg_catalog.=) t.oid AND l.granted \
             AND l.database OPERATOR(pg_catalog.=) {HERE} \
             JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid \
             WHERE a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()",
            age("a.xact_start")
        ),
        format!(
            "SELECT 'old' AS what, a.pid AS b, {QUERY} AS c, a.application_name AS e, {} AS n \
             FROM pg_catalog.pg_stat_activity AS a WHERE a.datid OPERATOR(pg_catalog.=) {HERE} \
             AND a.xact_start IS NOT NULL AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() \
             AND a.backend_type OPERATOR(pg_catalog.=) 'client backend'",
            age("a.xact_start")
        ),
        format!(
            "SELECT 'prepared' AS what, gid AS a, owner AS b, {} AS n FROM pg_catalog.pg_prepared_xacts \
             WHERE database OPERATOR(pg_catalog.=) pg_catalog.current_database()",
            age("prepared")
        ),
        format!(
            "SELECT 'invalid' AS what, pg_catalog.format('%I.%I', n.nspname, c.relname) AS a, t.name AS b \
             FROM {tables} AS t JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) t.oid AND NOT i.indisvalid \
             JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        ),
        "SELECT 'replica' AS what, application_name AS a, \
         (EXTRACT(epoch FROM replay_lag) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8 AS n FROM pg_catalog.pg_stat_replication"
            .to_owned(),
        "SELECT 'connections' AS what, pg_catalog.current_setting('max_connections')::pg_catalog.int8 \
         OPERATOR(pg_catalog.-) pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8 \
         OPERATOR(pg_catalog.-) (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity \
         WHERE backend_type OPERATOR(pg_catalog.=) 'client backend') AS n"
            .to_owned(),
        format!(
            "SELECT 'schema' AS what, pg_catalog.quote_ident(nspname) AS a, \
             pg_catalog.has_schema_privilege(oid, 'CREATE') AS b, pg_catalog.quote_ident(CURRENT_USER) AS c \
             FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) {}::pg_catalog.name",
            literal(schema)
        ),
        "SELECT 'version' AS what, pg_catalog.current_setting('server_version') AS a, \
         pg_catalog.current_setting('server_version_num') AS n"
            .to_owned(),
    ]
    .join(";\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_conflict_as_the_manual_has_it() {
        // The table of the manual: rows are wanted, columns held, both weakest first.
        let table = [
            "       x", "      xx", "    xxxx", "   xxxxx", "  xx xxx", "  xxxxxx", " xxxxxxx",
            "xxxxxxxx",
        ];
        let held = [
            "AccessShareLock",
            "RowShareLock",
            "RowExclusiveLock",
            "ShareUpdateExclusiveLock",
            "ShareLock",
            "ShareRowExclusiveLock",
            "ExclusiveLock",
            "AccessExclusiveLock",
        ];
        for (row, wanted) in table.iter().zip(1..) {
            for (mark, held) in row.chars().zip(held) {
                let conflict = conflicts(held, LockMode::numbered(wanted));
                assert_eq!(conflict, mark == 'x', "{held} against {}", LockMode::numbered(wanted));
            }
        }
    }

    #[test]
    fn bytes_read_well() {
        assert_eq!(Bytes(8192.0).to_string(), "8 kB");
        assert_eq!(Bytes(0.0).to_string(), "0 bytes");
        assert_eq!(Bytes(3.0e15).to_string(), "2728 TB");
    }
}
