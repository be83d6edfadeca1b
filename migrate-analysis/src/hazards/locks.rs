//! What statements lock, for the test that compares it with measurements.

use crate::catalog::{Catalog, Id, Mark, State};
use crate::chain::{self, Effect, OnFailure, Ran, ScriptStatement, Watch};
use crate::deparse;
use crate::lock::{self, Cause, LockMode, Locks, Seen, Servers, WorkKind, Zone};
use crate::ordered::sort_by_key;
use crate::rules;
use crate::simulate::External;
use crate::sql;
use std::collections::BTreeSet;
use std::ops::Range;

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
#[derive(Clone)]
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
        let mut catalog = self.catalog.clone();
        let mut watch = Watching::new(major);
        watch.start = Some(catalog.mark());
        let effect = replay(&mut catalog, transaction, OnFailure::Stop, &mut watch);
        let failures = effect.failures.iter().map(|(_, failure)| format!("{failure:?}")).collect();
        watch.facts(&catalog, failures)
    }

    /// The same for each statement of a script by itself, with where it stands, where it does not fail. What they
    /// make is there afterwards.
    pub fn each(&mut self, script: &str, major: u32) -> Vec<(Range<usize>, Locked)> {
        let mut watch = Watching { each: Some(Vec::new()), ..Watching::new(major) };
        replay(&mut self.catalog, script, OnFailure::Continue, &mut watch);
        watch.each.unwrap_or_default()
    }
}

fn replay(
    catalog: &mut Catalog,
    script: &str,
    on_failure: OnFailure,
    watch: &mut Watching,
) -> Effect {
    let read = |range: Range<usize>| ScriptStatement {
        text: script,
        command: sql::command(script, range.clone()),
        range,
    };
    let script: Vec<ScriptStatement<'_>> = sql::statements(script).into_iter().map(read).collect();
    chain::run(catalog, &External::default(), &script, on_failure, watch)
}

/// Collects the locks of all statements.
struct Watching {
    servers: Servers,
    /// That of the measurements is UTC.
    zone: Zone,
    /// Where the transaction began.
    start: Option<Mark>,
    locks: Locks,
    /// Indexes that are built again.
    rebuilt: BTreeSet<Id>,
    /// Where each statement is looked at by itself.
    each: Option<Vec<(Range<usize>, Locked)>>,
}

impl Watch for Watching {
    fn statement(&mut self, ran: &Ran<'_>) {
        if self.each.is_some() {
            (self.locks, self.start) = (Locks::default(), Some(ran.before));
            self.rebuilt.clear();
        }
        self.locks.add(Locks { unknown: ran.outcome.opaque.clone(), ..Locks::default() });
        for command in rules::commands(&ran.statement.command) {
            let before = ran.catalog.at(ran.before);
            let (after, names) = (ran.catalog, ran.names);
            let (servers, zone) = (self.servers, self.zone);
            let locks = lock::of(&Seen { before, after, names, command, servers, zone });
            self.zone = zone.after(command);
            self.locks.add(locks);
        }
        if self.each.is_some() {
            let locked = self.facts(ran.catalog, Vec::new());
            self.each.iter_mut().for_each(|it| {
                it.push((ran.statement.range.clone(), locked.clone()));
            });
        }
    }
}

impl Watching {
    fn new(major: u32) -> Watching {
        Watching {
            servers: Servers { oldest: major, newest: major, minor: None, declared: true },
            zone: Zone::Utc,
            start: None,
            locks: Locks::default(),
            rebuilt: BTreeSet::new(),
            each: None,
        }
    }

    fn facts(&mut self, after: &Catalog, failures: Vec<String>) -> Locked {
        let start = self.start.map_or_else(|| after.now(), |start| after.at(start));
        self.indexes(&start, after);
        let mut relations: Vec<LockFact> =
            self.locks.relations.iter().filter_map(|lock| self.fact(&start, lock)).collect();
        sort_by_key(&mut relations, |fact| fact.is_index);
        let depends_on_rows = self.locks.depends_on_rows.iter().map(|(_, state)| *state).collect();
        Locked { relations, depends_on_rows, failures, unknown: self.locks.unknown.clone() }
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
                let mode = self.locks.mode(index);
                let is_built = [LockMode::ShareUpdateExclusive, LockMode::AccessExclusive];
                if rewritten || builds && is_built.contains(&mode) {
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
