//! A recorded approval for a migration that stops or works on a large table.
//!
//! What is approved is a script, by its checksum: an edit makes the approval void. It is asked for under
//! the run lock, before anything is done, of all pending migrations at once.

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{optional, rows_of};
use crate::look::NAME_BYTES;
use crate::migration::EmbeddedMigration;
use crate::migrator::Migrator;
use crate::observe::{Event, MigrationId};
use crate::plan::{self, Up};
use crate::quote::{hex, identifier, literal};
use crate::run::Run;
use crate::table_lock::TableLock;
use crate::target::Target;

/// Of the table's name, after the history's.
const SUFFIX: &str = "_approval";

/// How many rows a table has, where `c` is its row in `pg_class`, without a lock on it: what was counted
/// last. Of one that was not counted since it was made or written anew (-1, and 0 before PostgreSQL 14) the
/// server's statistics know what was inserted; one that has pages is taken to have a hundred rows on each.
pub(crate) const ROWS: &str = "CASE WHEN c.reltuples OPERATOR(pg_catalog.>) 0 \
     THEN c.reltuples::pg_catalog.float8 ELSE GREATEST(\
     pg_catalog.pg_stat_get_live_tuples(c.oid)::pg_catalog.float8, CASE WHEN c.reltuples OPERATOR(pg_catalog.<) 0 \
     THEN c.relpages::pg_catalog.float8 OPERATOR(pg_catalog.*) 100 END, 0) END";

/// Approvals.
impl<S> Migrator<S> {
    /// Asks for an approval of each pending migration that locks a table of more than so many rows against
    /// writes, or that writes it anew, reads all of it or builds an index on it. Without one
    /// [`up`](Self::up) and [`redo`](Self::redo) refuse, before anything is changed, with
    /// [`ErrorKind::Unapproved`](crate::ErrorKind::Unapproved); [`approve`](Self::approve) records it.
    ///
    /// Rows are what the last `VACUUM` or `ANALYZE` counted, those of partitions with their table.
    /// It is looked at as the database is before the run. Where it is not known what a script locks
    /// ([`Script::locks_are_known`](crate::Script::locks_are_known)), any table may be the one, so the
    /// largest of the database decides.
    ///
    /// A rollback needs no approval: it must not have to wait for one.
    #[must_use]
    pub fn approval_above(mut self, rows: u64) -> Self {
        self.options.approval_above = Some(rows);
        self
    }

    /// Approves a migration of the set, with its up script as it is in this binary: as the role that the
    /// client has logged in as, and with the reason given.
    ///
    /// It is a row in a table beside the history, called like that and `_approval`, which is made when it is
    /// missing. Who may approve is who may `INSERT` and `UPDATE` there; the role that migrates needs
    /// `SELECT`.
    ///
    /// ```no_run
    /// # use migrate_runtime::Migrator;
    /// # fn approve(migrator: Migrator, client: &mut postgres::Client) -> Result<(), migrate_runtime::Error> {
    /// migrator.approve(client, 7, "20 minutes on the copy; announced for Sunday night")
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the set has no such version, the reason is empty, or the table cannot be written.
    pub fn approve(
        &self,
        client: &mut postgres::Client,
        target: impl Target<S>,
        reason: &str,
    ) -> Result<(), Error> {
        let target = target.version();
        self.block(client, async |run| run.approve(target, reason).await).map(|((), _)| ())
    }
}

/// A migration that waits for an approval.
#[derive(Clone, Debug)]
pub(crate) struct Unapproved {
    pub(crate) migration: MigrationId,
    pub(crate) table: String,
    rows: f64,
    /// What it does to the table; `None` where that is not known.
    lock: Option<TableLock>,
    above: u64,
}

impl Unapproved {
    /// Without the migration's name in front.
    pub(crate) fn sentence(&self) -> String {
        let Unapproved { table, rows, above, .. } = self;
        let size = format!("{table} has about {rows:.0} rows, more than {above}");
        match self.lock {
            Some(lock) => format!("needs an approval: it locks {lock}, and {size}"),
            None => format!(
                "needs an approval: what it locks is not fully known, so it may be any table, and {size}"
            ),
        }
    }

    pub(crate) fn remedy(&self) -> String {
        format!(
            "who may decide that records it: `.approve(&mut client, {}, \"why it may run\")`",
            self.migration.version()
        )
    }
}

impl<C: Connection> Run<'_, C> {
    /// Refuses what is pending if any of it needs an approval and has none.
    pub(crate) async fn check_approvals(&mut self, pending: &[Up]) -> Result<(), Error> {
        let missing = self.unapproved(pending).await?;
        let Some(first) = missing.first() else { return Ok(()) };
        let sentence = format!("{} {}", first.migration, first.sentence());
        let error = Error::new(ErrorKind::Unapproved, sentence).of(first.migration.clone());
        let note = |error: Error, it: &Unapproved| {
            error.note(format!("{} {} too", it.migration, it.sentence()))
        };
        Err(missing
            .iter()
            .skip(1)
            .fold(error, note)
            .now(format!("{}; nothing was changed", self.standing()))
            .help(first.remedy())
            .help("or do it in steps that neither lock the table for long nor work on all of it"))
    }

    /// The pending migrations that need an approval and have none. Nothing is asked where none can.
    pub(crate) async fn unapproved(&mut self, pending: &[Up]) -> Result<Vec<Unapproved>, Error> {
        let Some(above) = self.options.approval_above else { return Ok(Vec::new()) };
        let suspects: Vec<Suspect> = pending.iter().filter_map(Suspect::of).collect();
        if suspects.is_empty() {
            return Ok(Vec::new());
        }
        self.check_approval_name()?;
        let table = self.history.beside(SUFFIX);
        let sql = format!("{};\n{}", sizes(&suspects), exists(&table));
        let answer = self.send("looking at the size of tables", &sql).await?;
        let size = |row| {
            let (name, rows) = (optional(row, "name")?.to_owned(), optional(row, "n")?);
            let is_any = optional(row, "what") == Some("largest");
            Some(Size { is_any, name, rows: rows.parse().ok()? })
        };
        let seen: Vec<Size> = rows_of(&answer).filter_map(size).collect();
        let mut missing: Vec<_> = suspects.iter().filter_map(|it| it.large(&seen, above)).collect();
        let is_there = rows_of(&answer).any(|row| optional(row, "what") == Some("approvals"));
        if !missing.is_empty() && is_there {
            let approved = self.approved(&table, &missing).await?;
            missing.retain(|it| !approved.contains(&it.migration.version()));
        }
        Ok(missing)
    }

    /// The versions whose up script was approved as it is now.
    async fn approved(&mut self, table: &str, of: &[Unapproved]) -> Result<Vec<i64>, Error> {
        let checksum = |it: &Unapproved| {
            let version = it.migration.version();
            self.set.get(version).map(|own| (version, hex(own.up().checksum())))
        };
        let own: Vec<(i64, String)> = of.iter().filter_map(checksum).collect();
        let versions: Vec<String> = own.iter().map(|(version, _)| version.to_string()).collect();
        let sql = format!(
            "SELECT version, pg_catalog.encode(up_checksum, 'hex') AS checksum FROM {table} \
             WHERE version OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.int8[])",
            versions.join(",")
        );
        let answer =
            self.send(&format!("reading {table}"), &sql).await.map_err(|error| {
                match error.sql_state().map(postgres::error::SqlState::code) {
                    Some("42501") => error.help(format!("GRANT SELECT ON {table} TO this role")),
                    _ => error,
                }
            })?;
        let row = |row| {
            let version: i64 = optional(row, "version")?.parse().ok()?;
            Some((version, optional(row, "checksum")?.to_owned()))
        };
        let approved = rows_of(&answer).filter_map(row).filter(|row| own.contains(row));
        Ok(approved.map(|(version, _)| version).collect())
    }

    pub(crate) async fn approve(&mut self, version: i64, reason: &str) -> Result<(), Error> {
        self.writes = false;
        plan::in_set(&self.set, version)?;
        let Some(migration) = self.set.get(version) else { return Ok(()) };
        let id = MigrationId::from(migration);
        if reason.trim().is_empty() {
            let sentence = format!("an approval of {id} needs a reason");
            return Err(Error::new(ErrorKind::Unapproved, sentence).of(id));
        }
        self.check_approval_name()?;
        // Also refuses a client that is inside a transaction.
        self.look("", crate::history::Rows::Never).await?;
        let table = self.history.beside(SUFFIX);
        let insert = insert(&table, migration, reason);
        let error = match self.connection.simple_query(&insert).await {
            Ok(_) => None,
            Err(error)
                if error.code().is_some_and(|it| ["42P01", "3F000"].contains(&it.code())) =>
            {
                let sql = format!("{};\n{insert}", create(&self.history.schema, &table));
                self.connection.simple_query(&sql).await.err()
            }
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            return Err(Error::server(&format!("writing {table}"), error).of(id));
        }
        self.emit(Event::Approved { migration: id, reason: reason.to_owned() });
        Ok(())
    }

    /// PostgreSQL cuts long names, and then the table would be called like another one.
    fn check_approval_name(&self) -> Result<(), Error> {
        let most = NAME_BYTES - SUFFIX.len();
        if self.history.table_name.len() <= most {
            return Ok(());
        }
        let sentence = format!(
            ".history_table({:?}): with approvals a name has at most {most} bytes",
            self.history.table_name
        );
        Err(Error::new(ErrorKind::History, sentence))
    }
}

/// How large a table is.
struct Size {
    /// It is the largest of the database, and not one that a script names.
    is_any: bool,
    name: String,
    rows: f64,
}

/// A pending migration that may need an approval.
struct Suspect {
    migration: &'static EmbeddedMigration,
    /// What it stops, or works on.
    locks: Vec<TableLock>,
    /// It may do that to any table.
    unknown: bool,
}

impl Suspect {
    fn of(up: &Up) -> Option<Suspect> {
        let script = up.migration.up();
        let mut locks = script.locks();
        locks.retain(|lock| lock.mode.blocks_writes() || lock.grows());
        let unknown = !script.locks_are_known();
        let any = unknown || !locks.is_empty();
        any.then_some(Suspect { migration: up.migration, locks, unknown })
    }

    /// The largest table that needs an approval. What is known comes first: it says more.
    fn large(&self, seen: &[Size], above: u64) -> Option<Unapproved> {
        // A number of rows is exact up to 2^53.
        #[expect(clippy::cast_precision_loss, reason = "compared with an estimate")]
        let most = above as f64;
        let large = || seen.iter().filter(|size| size.rows > most);
        let own = |size: &Size| {
            let lock = self.locks.iter().find(|lock| lock.relation == size.name)?;
            Some((size.name.clone(), size.rows, Some(*lock)))
        };
        let known = large().filter(|it| !it.is_any).filter_map(own);
        let known = known.max_by(|a, b| a.1.total_cmp(&b.1));
        let any = large().find(|it| it.is_any && self.unknown);
        let (table, rows, lock) = known.or_else(|| Some((any?.name.clone(), any?.rows, None)))?;
        let migration = MigrationId::from(self.migration);
        Some(Unapproved { migration, table, rows, lock, above })
    }
}

/// How many rows the tables of some migrations have, with those that inherit from them; and the largest
/// table of all where that matters.
fn sizes(suspects: &[Suspect]) -> String {
    let mut names: Vec<String> =
        suspects.iter().flat_map(|it| &it.locks).map(|lock| literal(lock.relation)).collect();
    names.sort();
    names.dedup();
    let mut sql = format!(
        "WITH RECURSIVE family AS (SELECT n AS name, pg_catalog.to_regclass(n)::pg_catalog.oid AS oid \
         FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.text[]) AS n \
         UNION SELECT f.name, i.inhrelid FROM family AS f \
         JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) f.oid) \
         SELECT 'table' AS what, f.name, pg_catalog.sum({ROWS}) AS n FROM family AS f \
         JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) f.oid \
         AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','m']::\"char\"[]) GROUP BY f.name",
        names.join(", ")
    );
    if suspects.iter().any(|it| it.unknown) {
        sql.push_str(&format!(
            ";\nSELECT 'largest' AS what, c.oid::pg_catalog.regclass::pg_catalog.text AS name, {ROWS} AS n \
             FROM pg_catalog.pg_class AS c \
             WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','m']::\"char\"[]) \
             AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid ORDER BY n DESC LIMIT 1"
        ));
    }
    sql
}

fn exists(table: &str) -> String {
    format!(
        "SELECT 'approvals' AS what WHERE pg_catalog.to_regclass({}) IS NOT NULL",
        literal(table)
    )
}

/// Who approves again gives a new reason.
fn insert(table: &str, migration: &EmbeddedMigration, reason: &str) -> String {
    format!(
        "INSERT INTO {table} (version, up_checksum, reason) VALUES ({}, {}, {}) \
         ON CONFLICT (version, up_checksum, approved_by) DO UPDATE \
         SET approved_at = EXCLUDED.approved_at, reason = EXCLUDED.reason",
        migration.version(),
        crate::quote::bytes(migration.up().checksum()),
        literal(reason),
    )
}

fn create(schema: &str, table: &str) -> String {
    // Even `IF NOT EXISTS` needs the right to make a schema, so it is only made for want of one.
    let schema = format!(
        "DO {}",
        literal(&format!(
            "BEGIN IF pg_catalog.to_regnamespace({}) IS NULL THEN CREATE SCHEMA {}; END IF; END",
            literal(&identifier(schema)),
            identifier(schema)
        ))
    );
    format!(
        "{schema};
CREATE TABLE IF NOT EXISTS {table} (
  version pg_catalog.int8 NOT NULL,
  up_checksum pg_catalog.bytea NOT NULL,
  approved_by pg_catalog.text NOT NULL DEFAULT SESSION_USER,
  approved_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  reason pg_catalog.text NOT NULL,
  PRIMARY KEY (version, up_checksum, approved_by)
);
COMMENT ON TABLE {table} IS 'migrate: who has approved which up script, by its checksum'"
    )
}
