//! One set on one database: up, down, up, and what is seen in between.

use migrate_runtime::{Down, EmbeddedMigration, Migrator};
use postgres::Client;

use super::error::{Finding, Problem, VerifyError};
use super::report::Verified;
use super::rows::{History, Rows};
use super::seeds::{Put, Seeds};
use crate::snapshot::{Difference, Snapshot};
use crate::{Database, Server};

pub(super) struct Run<'a, S> {
    migrator: &'a Migrator<S>,
    seeds: Seeds<'a>,
    history: History,
    client: Client,
    database: Database,
    findings: Vec<Finding>,
    verified: Verified,
    /// The schema below which no rollback comes: in the beginning, or after an irreversible one.
    floor: Snapshot,
    /// How many migrations stand on it.
    above: usize,
    /// The newest of them that has a no-op as its down, and changed the schema.
    kept: Option<String>,
}

impl<'a, S> Run<'a, S> {
    pub(super) fn new(
        migrator: &'a Migrator<S>,
        mut seeds: Seeds<'a>,
    ) -> Result<Self, VerifyError> {
        let found = seeds.find(migrator.set());
        found
            .map_err(|error| VerifyError::failed(format!("cannot look for *.test.sql: {error}")))?;
        let table = migrator.history_table_name();
        let history = History {
            schema: migrator.history_schema_name().to_owned(),
            tables: [table.to_owned(), format!("{table}_log")],
        };
        let database = Server::shared()?.create_database()?;
        let client = database.connect()?;
        let strays = seeds.strays.iter().map(|path| Finding::stray(path.display().to_string()));
        let verified = Verified {
            migrations: migrator.set().migrations().len(),
            notes: seeds.note.iter().cloned().collect(),
            ..Verified::default()
        };
        Ok(Run {
            findings: strays.collect(),
            floor: Snapshot::default(),
            above: 0,
            kept: None,
            migrator,
            seeds,
            history,
            client,
            database,
            verified,
        })
    }

    pub(super) fn all(mut self) -> Result<Verified, VerifyError> {
        let mut schema = self.read()?;
        self.floor = schema.clone();
        let mut complete = true;
        for (at, migration) in self.migrator.set().migrations().iter().enumerate() {
            match self.one(at, migration, &schema)? {
                Some(next) => schema = next,
                None => {
                    complete = false;
                    break;
                }
            }
        }
        // What goes wrong with one of them goes wrong with all.
        if complete && self.findings.is_empty() {
            self.together(&schema)?;
        }
        match self.findings.is_empty() {
            true => Ok(self.verified),
            false => {
                let Verified { migrations, notes, .. } = self.verified;
                Err(VerifyError::found(self.findings, migrations, notes))
            }
        }
    }

    /// Tries one migration, and leaves the database with it and its rows. The schema is then the
    /// answer; there is none when the up fails.
    fn one(
        &mut self,
        at: usize,
        migration: &'static EmbeddedMigration,
        before: &Snapshot,
    ) -> Result<Option<Snapshot>, VerifyError> {
        let rows = Rows::read(&mut self.client, &self.history)?;
        if let Err(error) = self.migrator.up_to(&mut self.client, migration.version()) {
            self.find(migration, Problem::UpFails(error.to_string()));
            return Ok(None);
        }
        let after = self.read()?;
        self.above += 1;
        let schema = match migration.down() {
            Down::Irreversible(_) => {
                self.verified.irreversible += 1;
                (self.above, self.kept) = (0, None);
                self.floor = after.clone();
                Some(after)
            }
            Down::NoOp(_) => {
                self.verified.no_op += 1;
                if *before != after {
                    self.kept = Some(name(migration));
                }
                self.down_and_up(migration, &after, &after, None)?
            }
            Down::Script(_) => self.down_and_up(migration, before, &after, Some(&rows))?,
        };
        let schema = match schema {
            Some(schema) => schema,
            None => match self.rebuild(at) {
                Ok(schema) => schema,
                Err(error) => {
                    let rest = format!("the migrations after {} were not tried", name(migration));
                    self.verified.notes.push(format!("{rest}: on a new database {error}"));
                    return Ok(None);
                }
            },
        };
        self.seed(migration, schema).map(Some)
    }

    /// Puts in the rows that come after a migration, whatever else they change.
    fn seed(
        &mut self,
        migration: &EmbeddedMigration,
        schema: Snapshot,
    ) -> Result<Snapshot, VerifyError> {
        match self.seeds.put(&self.database, migration.version()) {
            Ok(Put::Nothing) => return Ok(schema),
            Ok(Put::ByCallback) => {}
            Ok(Put::FromFile) => self.verified.seeded += 1,
            Err(told) => self.find(migration, Problem::Seed(told)),
        }
        self.read()
    }

    /// Rolls back and applies again. The schema as it is then, if that is worth going on from.
    fn down_and_up(
        &mut self,
        migration: &EmbeddedMigration,
        after_down: &Snapshot,
        after_up: &Snapshot,
        rows: Option<&Rows>,
    ) -> Result<Option<Snapshot>, VerifyError> {
        match self.down(migration, after_down, rows)? {
            true => self.again(migration, after_up),
            false => Ok(None),
        }
    }

    /// Rolls back, and compares with what is expected. Whether all is as it should be.
    fn down(
        &mut self,
        migration: &EmbeddedMigration,
        schema: &Snapshot,
        rows: Option<&Rows>,
    ) -> Result<bool, VerifyError> {
        if let Err(error) = self.migrator.down(&mut self.client, 1) {
            self.find(migration, Problem::DownFails(error.to_string()));
            return Ok(false);
        }
        let found = self.read()?;
        let (differences, order) = differences(schema, &found);
        let note = |difference| format!("{}, after the down: {difference}", name(migration));
        self.verified.notes.extend(order.iter().map(note));
        let restored = differences.is_empty();
        if !restored {
            self.find(migration, Problem::NotRestored(differences));
        }
        if let Some(rows) = rows {
            let changes = rows.changes(&Rows::read(&mut self.client, &self.history)?);
            if !changes.is_empty() {
                self.find(migration, Problem::RowsChanged(changes));
                return Ok(false);
            }
        }
        Ok(restored)
    }

    /// Applies a migration the second time.
    fn again(
        &mut self,
        migration: &EmbeddedMigration,
        after: &Snapshot,
    ) -> Result<Option<Snapshot>, VerifyError> {
        if let Err(error) = self.migrator.up_to(&mut self.client, migration.version()) {
            self.find(migration, Problem::AgainFails(error.to_string()));
            return Ok(None);
        }
        let found = self.read()?;
        let (differences, _) = differences(after, &found);
        if differences.is_empty() {
            return Ok(Some(found));
        }
        self.find(migration, Problem::AgainDiffers(differences));
        Ok(None)
    }

    /// A new database, as it would be had nothing been rolled back: what went wrong with one
    /// migration shall not be told again by the next.
    fn rebuild(&mut self, at: usize) -> Result<Snapshot, VerifyError> {
        let database = Server::shared()?.create_database()?;
        self.client = database.connect()?;
        self.database = database;
        for (n, migration) in self.migrator.set().migrations().iter().take(at + 1).enumerate() {
            let up = self.migrator.up_to(&mut self.client, migration.version());
            up.map_err(VerifyError::failed)?;
            if n < at {
                // If it failed, that was told the first time.
                let _ = self.seeds.put(&self.database, migration.version());
            }
        }
        self.read()
    }

    /// Rolls back all that can be, with the rows that are there now, and applies it again.
    fn together(&mut self, schema: &Snapshot) -> Result<(), VerifyError> {
        if self.above == 0 {
            return Ok(());
        }
        if let Err(error) = self.migrator.down(&mut self.client, self.above) {
            self.find_in_all(Problem::AllDownFails(error.to_string()));
            return Ok(());
        }
        if let Some(kept) = &self.kept {
            self.verified.notes.push(format!(
                "all rolled back, the schema was not compared: the no-op of {kept} leaves something"
            ));
        } else {
            let found = self.read()?;
            let (differences, _) = differences(&self.floor, &found);
            if !differences.is_empty() {
                self.find_in_all(Problem::AllDownLeaves(differences));
                return Ok(());
            }
        }
        if let Err(error) = self.migrator.up(&mut self.client) {
            self.find_in_all(Problem::AllAgainFails(error.to_string()));
            return Ok(());
        }
        let found = self.read()?;
        let (differences, _) = differences(schema, &found);
        if !differences.is_empty() {
            self.find_in_all(Problem::AllAgainDiffers(differences));
        }
        Ok(())
    }

    /// The schema without what is the library's own.
    fn read(&mut self) -> Result<Snapshot, VerifyError> {
        let History { schema, tables } = &self.history;
        let mut snapshot = Snapshot::read(&mut self.client)?;
        for table in tables {
            snapshot = snapshot.without(schema, table);
        }
        // The first run makes it, and it stays.
        Ok(if schema == "public" { snapshot } else { snapshot.without_schema(schema) })
    }

    fn find(&mut self, migration: &EmbeddedMigration, problem: Problem) {
        let path = match (&problem, migration.down()) {
            (
                Problem::DownFails(_) | Problem::NotRestored(_) | Problem::RowsChanged(_),
                Down::Script(script),
            ) => script.path(),
            _ => migration.up().path(),
        };
        self.findings.push(Finding::of(migration, path, problem));
    }

    fn find_in_all(&mut self, problem: Problem) {
        self.findings.push(Finding::of_all(problem));
    }
}

/// What differs, and apart from it columns in another order: PostgreSQL cannot do better.
fn differences(before: &Snapshot, after: &Snapshot) -> (Vec<Difference>, Vec<Difference>) {
    before.differences(after).into_iter().partition(|found| !found.is_column_order())
}

fn name(migration: &EmbeddedMigration) -> String {
    format!("{}_{}", migration.version(), migration.name())
}
