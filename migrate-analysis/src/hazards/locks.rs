//! What statements lock, for the test that compares it with measurements.

use crate::catalog::{Catalog, Id, Mark, State};
use crate::chain::{self, OnFailure, Ran, ScriptStatement, Watch};
use crate::deparse;
use crate::lock::{self, Cause, LockMode, Locks, Seen, Servers, WorkKind, Zone};
use crate::rules;
use crate::simulate::External;
use crate::sql;
use std::collections::BTreeSet;

/// What statements do to a relation that was there before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFact {
    /// As it was called before: `users`, `audit.events`.
    pub relation: String,
    /// The strongest lock.
    pub mode: LockMode,
    /// It is written anew; of an index, built again.
    pub rewritten: bool,
    /// All its rows are read.
    pub scanned: bool,
    /// It is an index.
    pub is_index: bool,
}

/// What statements lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// In the order in which they are locked, indexes last.
    pub relations: Vec<LockFact>,
    /// The SQLSTATEs with which they may fail, for the rows that there are.
    pub depends_on_rows: BTreeSet<&'static str>,
    /// What PostgreSQL would refuse.
    pub failures: Vec<String>,
    /// Why they may lock more than is listed.
    pub unknown: Option<String>,
}

/// A schema to lock things in.
#[derive(Clone, Debug)]
pub struct Base {
    catalog: Catalog,
}

impl Base {
    /// What the statements make.
    pub fn new(sql: &str) -> Base {
        let mut base = Base { catalog: Catalog::default() };
        base.run(sql);
        base
    }

    /// What more statements make.
    pub fn run(&mut self, sql: &str) {
        chain::begin(&mut self.catalog, &External::default(), sql);
    }

    /// What the statements of one transaction lock on a server of that major version.
    pub fn locks(&self, transaction: &str, major: u32) -> Locked {
        locks(self.catalog.clone(), transaction, major)
    }
}

fn locks(mut catalog: Catalog, transaction: &str, major: u32) -> Locked {
    let start = catalog.mark();
    let servers = Servers { oldest: major, newest: major, minor: None, declared: true };
    // As that of the measurements was.
    let zone = Zone::Utc;
    let mut watch =
        Watching { servers, zone, start, locks: Locks::default(), rebuilt: BTreeSet::new() };
    let read = |range: std::ops::Range<usize>| ScriptStatement {
        text: transaction,
        command: sql::command(transaction, range.clone()),
        range,
    };
    let script: Vec<ScriptStatement<'_>> =
        sql::statements(transaction).into_iter().map(read).collect();
    let effect =
        chain::run(&mut catalog, &External::default(), &script, OnFailure::Stop, &mut watch);
    let failures = effect.failures.iter().map(|(_, failure)| format!("{failure:?}")).collect();
    watch.facts(&catalog, failures)
}

/// Collects the locks of all statements.
struct Watching {
    servers: Servers,
    zone: Zone,
    start: Mark,
    locks: Locks,
    /// Indexes that are built again.
    rebuilt: BTreeSet<Id>,
}

impl Watch for Watching {
    fn statement(&mut self, ran: &Ran<'_>) {
        for command in rules::commands(&ran.statement.command) {
            let before = ran.catalog.at(ran.before);
            let (after, names) = (ran.catalog, ran.names);
            let (servers, zone) = (self.servers, self.zone);
            let locks = lock::of(&Seen { before, after, names, command, servers, zone });
            self.zone = zone.after(command);
            self.locks.add(locks);
        }
    }
}

impl Watching {
    fn facts(mut self, after: &Catalog, failures: Vec<String>) -> Locked {
        let start = after.at(self.start);
        self.indexes(&start, after);
        let mut relations: Vec<LockFact> =
            self.locks.relations.iter().filter_map(|lock| self.fact(&start, lock)).collect();
        relations.sort_by_key(|fact| fact.is_index);
        let depends_on_rows = self.locks.depends_on_rows.iter().map(|(_, state)| *state).collect();
        Locked { relations, depends_on_rows, failures, unknown: self.locks.unknown }
    }

    /// The indexes of a table that is written anew are, too, and what goes with a table is locked with it.
    fn indexes(&mut self, start: &State<'_>, after: &Catalog) {
        let tables: Vec<Id> = self.locks.relations.iter().map(|lock| lock.relation).collect();
        for table in tables {
            let rewritten = self.locks.has_work(table, WorkKind::Rewrite);
            let builds = self.locks.has_work(table, WorkKind::IndexBuild);
            let indexes = start.dependents(table).into_iter().filter(|index| {
                start.get(*index).and_then(|it| it.index()).is_some_and(|it| it.table == table)
            });
            for index in indexes {
                if rewritten || after.get(index).is_none() {
                    self.locks.lock(index, LockMode::AccessExclusive);
                }
                if rewritten || builds && self.locks.mode(index) == LockMode::AccessExclusive {
                    self.rebuilt.insert(index);
                }
            }
        }
    }

    fn fact(&self, start: &State<'_>, lock: &lock::RelationLock) -> Option<LockFact> {
        let object = start.get(lock.relation)?;
        let is_index = object.index().is_some();
        let work = self.locks.work.iter().filter(|work| work.relation == lock.relation);
        // What is emptied is not read.
        let reads = |it: &&lock::Work| it.cause != Cause::Truncate;
        Some(LockFact {
            relation: deparse::object_name(start, object),
            mode: lock.mode,
            rewritten: self.locks.has_work(lock.relation, WorkKind::Rewrite)
                || self.rebuilt.contains(&lock.relation),
            scanned: !is_index && work.filter(reads).count() > 0,
            is_index,
        })
    }
}
