//! What the answers of the server mean for the plan.

use std::time::Duration;

use postgres::SimpleQueryMessage;

use super::{Finding, FindingKind, Severity, Use};
use crate::blocker::prevents_wraparound;
use crate::history::{optional, rows_of};
use crate::observe::{Bytes, MigrationId, Took};
use crate::quote::literal;
use crate::table_lock::{LockMode, TableLock, conflicts};

/// Longer than that, and it is likely to be there still when the migration comes.
const LONG: Duration = Duration::from_secs(5);
/// More than this is worth a warning where the table is worked on under a lock.
const MANY_ROWS: f64 = 1_000_000.0;
const MUCH_LAG: Duration = Duration::from_secs(10);
const FEW_CONNECTIONS: i64 = 3;
/// So many sessions are named for each table; the longest there come first.
const FEW_SESSIONS: usize = 5;
/// The oldest server that this library is tested on.
const OLDEST_SERVER: i64 = 130_000;

/// Reads what the server has answered.
pub(super) struct Seen<'a> {
    uses: &'a [Use],
    /// The first migration that runs outside a transaction.
    concurrent: Option<MigrationId>,
    findings: Vec<Finding>,
    /// The oldest server that the set declares.
    oldest: Option<u32>,
    /// A watcher will need a connection too.
    watched: bool,
    /// The names of prepared transactions, and what they hold of the plan.
    held: Vec<(String, String)>,
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

impl<'a> Seen<'a> {
    pub(super) fn new(
        uses: &'a [Use],
        concurrent: Option<MigrationId>,
        oldest: Option<u32>,
        watched: bool,
    ) -> Seen<'a> {
        let (findings, held) = (Vec::new(), Vec::new());
        Seen { uses, concurrent, oldest, watched, findings, held, disk: 0.0 }
    }

    /// Everything that there is to say.
    pub(super) fn read(mut self, answer: &[SimpleQueryMessage]) -> Vec<Finding> {
        for row in rows_of(answer).map(Row) {
            match row.text("what") {
                "table" => self.table(&row),
                "holder" => self.holder(&row),
                "old" => self.old(&row),
                "hidden" => self.hidden(&row),
                "prepared" => self.prepared(&row),
                "invalid" => self.invalid(&row),
                "replica" => self.replica(&row),
                "connections" => self.connections(&row),
                "schema" => self.schema(&row),
                "database" => self.database(&row),
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
        self.findings
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
        let name = row.text("a");
        let (rows, bytes) = (row.text("n").parse::<f64>().ok(), row.number("m"));
        for (migration, lock) in self.uses_of(name) {
            if row.text("b") != "t" && lock.mode > LockMode::RowExclusive {
                self.not_owned(row, migration.clone());
            }
            if !lock.mode.blocks_writes() {
                continue;
            }
            self.disk += if lock.rewrites { bytes } else { 0.0 };
            let large = lock.grows() && rows.is_some_and(|rows| rows >= MANY_ROWS);
            let severity = if large { Severity::Warning } else { Severity::Note };
            let size = match rows {
                _ if !lock.is_table => String::new(),
                None => "; nobody has counted its rows yet, which ANALYZE does".to_owned(),
                Some(rows) if bytes > 0.0 => {
                    format!("; it has about {rows:.0} rows, {} with its indexes", Bytes(bytes))
                }
                Some(rows) => format!("; it has about {rows:.0} rows"),
            };
            let sentence = format!("locks {lock}{size}");
            let remedy = large.then(|| {
                "others wait for all of that: do it in steps that do not, or when nobody is there"
                    .to_owned()
            });
            self.found(severity, FindingKind::Table, name, sentence, remedy).migration =
                Some(migration);
        }
    }

    /// Most of what takes such a lock is for the owner alone; `TRUNCATE`, `CREATE TRIGGER`, a foreign key to
    /// it and some more can be granted, and the owner of its schema may drop it.
    fn not_owned(&mut self, row: &Row<'_>, migration: MigrationId) {
        let name = row.text("a");
        let (severity, sentence) = match row.text("d") {
            "t" => (
                Severity::Warning,
                format!(
                    "this role does not own {name}, which most of what locks it like that asks for"
                ),
            ),
            _ => (
                Severity::Error,
                format!("this role does not own {name}, which it has to for that"),
            ),
        };
        let remedy = format!("run it as {}, or as a member of it", row.text("c"));
        self.found(severity, FindingKind::Rights, name, sentence, Some(remedy)).migration =
            Some(migration);
    }

    /// A transaction that holds a lock on a relation of the plan.
    fn holder(&mut self, row: &Row<'_>) {
        let (name, mode, age) = (row.text("a"), row.text("d"), row.millis("n"));
        let conflicts = |(_, lock): &(MigrationId, TableLock)| conflicts(mode, lock.mode);
        let Some((migration, _)) = self.uses_of(name).into_iter().find(conflicts) else { return };
        if !row.text("f").is_empty() {
            self.held.push((row.text("f").to_owned(), format!("{mode} on {name}")));
            return;
        }
        // Without the right to see it there is no age, and it may be any.
        let is_known = !row.text("n").is_empty();
        let named = |it: &&Finding| it.kind == FindingKind::Transaction && it.subject == name;
        let is_enough = self.findings.iter().filter(named).count() >= FEW_SESSIONS;
        if is_enough || is_known && age < LONG {
            return;
        }
        let open = match is_known {
            true => format!(", its transaction open for {}: {}", Took(age), row.text("c")),
            false => ", and this role may not see since when".to_owned(),
        };
        let pid = row.text("b");
        let sentence =
            format!("server process {pid}{} holds {mode} on {name}{open}", application(row));
        let (severity, remedy) = match row.text("g") {
            "autovacuum worker" if prevents_wraparound(row.text("c")) => (
                Severity::Warning,
                "wait for it: an autovacuum that prevents wraparound does not give way".to_owned(),
            ),
            "autovacuum worker" => {
                (Severity::Note, "nothing to do: it gives way to a migration".to_owned())
            }
            _ => (Severity::Warning, end(pid)),
        };
        self.found(severity, FindingKind::Transaction, name, sentence, Some(remedy)).migration =
            Some(migration);
    }

    /// A transaction that has been open for long, whatever it holds.
    fn old(&mut self, row: &Row<'_>) {
        let age = row.millis("n");
        let Some(migration) = self.concurrent.clone().filter(|_| age >= LONG) else { return };
        let pid = row.text("b").to_owned();
        let sentence = format!(
            "server process {pid}{} has had a transaction open for {}, and an index that is built or \
             dropped concurrently waits for it: {}",
            application(row),
            Took(age),
            row.text("c")
        );
        let remedy = Some(end(&pid));
        self.found(Severity::Warning, FindingKind::Transaction, &pid, sentence, remedy).migration =
            Some(migration);
    }

    /// Without the right to see what others do, less is found: it has to be said.
    fn hidden(&mut self, row: &Row<'_>) {
        let (count, role) = (row.text("n"), row.text("c"));
        if count == "0" || (self.uses.is_empty() && self.concurrent.is_none()) {
            return;
        }
        let sentence = format!(
            "this role may not see what other sessions do ({count} of them here), nor how far replicas \
             are behind, so some of what is in the way may not be named"
        );
        let remedy = format!("GRANT pg_read_all_stats TO {role}");
        self.found(Severity::Note, FindingKind::Rights, role, sentence, Some(remedy));
    }

    fn prepared(&mut self, row: &Row<'_>) {
        let (gid, age) = (row.text("a"), row.millis("n"));
        if age < LONG {
            return;
        }
        let held: Vec<&str> =
            self.held.iter().filter(|(own, _)| own == gid).map(|(_, held)| held.as_str()).collect();
        let holds = match held.as_slice() {
            [] => "its locks".to_owned(),
            held => held.join(", "),
        };
        let sentence = format!(
            "the transaction {gid} of {} was prepared {} ago, and holds {holds} until it is ended",
            row.text("b"),
            Took(age)
        );
        let remedy = format!("COMMIT PREPARED {0}, or ROLLBACK PREPARED {0}", literal(gid));
        let kind = FindingKind::PreparedTransaction;
        self.found(Severity::Warning, kind, gid, sentence, Some(remedy));
    }

    fn invalid(&mut self, row: &Row<'_>) {
        let (index, table, builder) = (row.text("a"), row.text("b"), row.text("e"));
        let drop =
            format!("DROP INDEX CONCURRENTLY {index}, or REINDEX INDEX CONCURRENTLY {index}");
        let (why, remedy) = if row.text("d") == "t" {
            (
                "not every partition has a valid one that is attached to it".to_owned(),
                format!("build it on each, and ALTER INDEX {index} ATTACH PARTITION …"),
            )
        } else if builder.is_empty() {
            ("a build of it has failed".to_owned(), drop)
        } else {
            (
                format!("server process {builder} may be building it, or a build has failed"),
                format!("wait for that session; if the index is invalid then, {drop}"),
            )
        };
        let sentence = format!("the index {index} on {table} is invalid: {why}");
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
        let beside = if self.watched { ", beside the watcher's" } else { "" };
        let sentence = format!(
            "the server has {free} connections left for roles without special rights{beside}"
        );
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

    /// The schema of the history is not there yet.
    fn database(&mut self, row: &Row<'_>) {
        if row.text("b") == "t" {
            return;
        }
        let (name, database) = (row.text("a"), row.text("d"));
        let sentence =
            format!("there is no schema {name} for the history, and this role may not create it");
        let remedy = format!("GRANT CREATE ON DATABASE {database} TO {}", row.text("c"));
        self.found(Severity::Error, FindingKind::Rights, name, sentence, Some(remedy));
    }

    fn version(&mut self, row: &Row<'_>) {
        let Ok(number) = row.text("n").parse::<i64>() else { return };
        if let Some(oldest) = self.oldest.filter(|oldest| number < i64::from(*oldest)) {
            let (major, minor) = (oldest / 10_000, oldest % 10_000);
            let oldest = if minor == 0 { major.to_string() } else { format!("{major}.{minor}") };
            let sentence = format!(
                "the server is {}, and the migrations are made for {oldest} and later",
                row.text("a")
            );
            let remedy = format!(
                "migrate a newer server, or declare the older one in migrate.toml (`postgres = \"{}\"`) and \
                 see what the compiler says",
                number / 10_000
            );
            let kind = FindingKind::ServerVersion;
            self.found(Severity::Error, kind, row.text("a"), sentence, Some(remedy));
            return;
        }
        if number >= OLDEST_SERVER {
            return;
        }
        let sentence =
            format!("the server is {}; the oldest that this is tested on is 13", row.text("a"));
        self.found(Severity::Warning, FindingKind::ServerVersion, row.text("a"), sentence, None);
    }
}

fn end(pid: &str) -> String {
    format!("wait for it, or end it: SELECT pg_terminate_backend({pid})")
}

fn application(row: &Row<'_>) -> String {
    match row.text("e") {
        "" => String::new(),
        name => format!(", application {name},"),
    }
}
