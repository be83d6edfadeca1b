//! What a statement locks, and for how long.
//!
//! PostgreSQL holds a table lock until the transaction ends. What hurts is a lock that others run into,
//! held for a time that grows with the table: while it is rewritten, scanned, or an index is built.
//! Each of these is a [`Work`] with its [`Cause`]; the rules word the causes, so that no rule decides again what
//! PostgreSQL does.
//!
//! Source: [Table-Level Locks](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES),
//! and measurements on PostgreSQL 15 and 18 (`tests/data/locks.tsv`).

mod alter;
mod attached;
mod bound;
mod create_table;
mod domain;
mod index;
mod maintenance;
mod mode;
mod names;
mod object;
mod partition;
mod query;
mod relations;
mod removed;
mod rows;
mod servers;
mod view;
mod zone;

pub(crate) use alter::volatile_call;
pub use mode::LockMode;
pub(crate) use names::Names;
pub(crate) use servers::Servers;
pub(crate) use zone::Zone;

use crate::catalog::{Catalog, Id, State};
use crate::ddl::{AlterPolicy, Command, CreatePolicy};
use std::ops::Range;

/// What a statement does to relations that were there before it.
#[derive(Clone, Default)]
pub(crate) struct Locks {
    /// A relation once, with the strongest mode; in the order in which they are locked.
    pub(crate) relations: Vec<RelationLock>,
    pub(crate) work: Vec<Work>,
    /// The rows of a relation can make it fail, with which SQLSTATE.
    pub(crate) depends_on_rows: Vec<(Id, &'static str)>,
    /// Why it may lock more than is listed: `a DO block`.
    pub(crate) unknown: Option<String>,
}

/// A lock on a relation.
#[derive(Clone)]
pub(crate) struct RelationLock {
    pub(crate) relation: Id,
    pub(crate) mode: LockMode,
}

/// What takes a time that grows with a relation, while the locks are held.
#[derive(Clone)]
pub(crate) struct Work {
    /// The table; of an index that is built, the table that it is on.
    pub(crate) relation: Id,
    pub(crate) kind: WorkKind,
    pub(crate) cause: Cause,
    /// The clause that asks for it.
    pub(crate) at: Range<usize>,
    /// The column that it is about.
    pub(crate) column: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WorkKind {
    /// All rows are read.
    Scan,
    /// An index is built (again).
    IndexBuild,
    /// The table is written anew, and all its indexes.
    Rewrite,
}

/// Why there is work to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    // ADD COLUMN
    VolatileDefault,
    /// `serial`, `GENERATED … AS IDENTITY`.
    Numbered,
    StoredGenerated,
    ConstrainedDomain,
    /// NOT NULL without a default.
    NotNullColumn,
    ColumnCheck,
    ColumnReferences,
    ColumnUnique,
    ColumnPrimaryKey,
    // ALTER COLUMN
    Retype,
    SetNotNull,
    /// The same statement drops the constraint that would have proven it.
    SetNotNullWithoutProof,
    SetExpression,
    // Constraints
    AddCheck,
    AddForeignKey,
    /// `ADD CONSTRAINT … NOT NULL`.
    AddNotNull,
    AddUnique,
    AddPrimaryKey,
    /// A key column of `PRIMARY KEY USING INDEX` may be null.
    PrimaryKeyNullable,
    AddExclusion,
    Validate,
    Enforce,
    DomainConstraint,
    // Indexes
    CreateIndex,
    Reindex,
    // Tables
    /// `SET LOGGED`, `SET UNLOGGED`, `SET TABLESPACE`, `SET ACCESS METHOD`.
    Storage,
    /// `CLUSTER`, `VACUUM FULL`.
    Cluster,
    AttachPartition,
    /// Rows of the default partition may belong to the new one.
    DefaultPartition,
    Refresh,
    Truncate,
    /// `UPDATE`, `DELETE`, `INSERT … SELECT`, and queries.
    Rows,
}

/// What a statement met.
pub(crate) struct Seen<'a> {
    pub(crate) before: State<'a>,
    pub(crate) after: &'a Catalog,
    /// The relations that it names.
    pub(crate) names: &'a Names,
    pub(crate) command: &'a Command,
    pub(crate) servers: Servers,
    pub(crate) zone: Zone,
}

/// What a statement that succeeded has locked, at worst on any of the servers.
pub(crate) fn of(seen: &Seen<'_>) -> Locks {
    let mut all = Locks::default();
    let locks = &mut all;
    match seen.command {
        Command::AlterTable(it) => alter::table(seen, it, locks),
        Command::AlterDomain(it) => domain::alter(seen, it, locks),
        Command::CreateTable(it) => create_table::create(seen, it, locks),
        Command::CreateTableAs(it) => view::create_table_as(seen, it, locks),
        Command::CreateView(it) => view::create_view(seen, it, locks),
        Command::Refresh { view, concurrently, with_data } => {
            view::refresh(seen, view, (*concurrently, *with_data), locks);
        }
        Command::CreateIndex(it) => index::create(seen, it, locks),
        Command::AttachIndex { index, partition } => index::attach(seen, index, partition, locks),
        Command::Drop(it) if it.concurrently => index::drop_concurrently(seen, it, locks),
        Command::Drop(_) | Command::DropOwned => removed::locks(seen, locks),
        Command::CreateSchema(it) => {
            for command in &it.elements {
                let seen = Seen { before: seen.before.clone(), command, ..*seen };
                locks.add(of(&seen));
            }
        }
        Command::Insert(it) | Command::Update(it) | Command::Delete(it) | Command::Merge(it) => {
            rows::write(seen, seen.command, it, locks);
            hidden(seen, LockMode::RowExclusive, locks);
        }
        Command::Truncate { tables, restart_identity, cascade } => {
            rows::truncate(seen, (tables, *restart_identity, *cascade), locks);
        }
        Command::Select(it) => {
            query::query(seen, it, query::Run::Yes, locks);
            hidden(seen, LockMode::RowExclusive, locks);
        }
        Command::Maintenance(it) => maintenance::maintenance(seen, it, locks),
        _ => object(seen, locks),
    }
    all
}

/// Relations that are named in expressions.
fn hidden(seen: &Seen<'_>, mode: LockMode, locks: &mut Locks) {
    let names = names::hidden(seen.command);
    locks.lock_all(names.iter().filter_map(|name| seen.names.relation(name)), mode);
}

/// Commands about what is no table, or that every kind of object has.
fn object(seen: &Seen<'_>, locks: &mut Locks) {
    match seen.command {
        Command::CreateSequence(it) => object::owner(seen, &it.options, locks),
        Command::AlterSequence(it) => object::sequence(seen, it, locks),
        Command::AlterType(it) => object::alter_type(seen, &it.name, locks),
        Command::CreateTrigger(it) => attached::trigger(seen, it, locks),
        Command::CreatePolicy(CreatePolicy { table, .. })
        | Command::AlterPolicy(AlterPolicy { table, .. }) => {
            attached::exclusive(seen, table, locks);
            hidden(seen, LockMode::AccessShare, locks);
        }
        Command::CreateRule(it) => attached::rule(seen, it, locks),
        Command::CreateStatistics(it) => attached::statistics(seen, &it.table, locks),
        Command::CreateOther(it) => attached::published(seen, &it.tables, locks),
        Command::AlterOther { tables, .. } => attached::published(seen, tables, locks),
        Command::Rename(it) => object::rename(seen, it, locks),
        Command::SetSchema { object, .. } => object::set_schema(seen, object, locks),
        Command::SetOwner { object, .. } => object::set_owner(seen, object, locks),
        Command::Comment(it) => object::comment(seen, it, locks),
        Command::Grant(it) => object::grant(seen, it, locks),
        _ => {}
    }
}

impl Locks {
    /// With those of another command of the same statement.
    pub(crate) fn add(&mut self, other: Locks) {
        for lock in other.relations {
            self.lock(lock.relation, lock.mode);
        }
        self.work.extend(other.work);
        self.depends_on_rows.extend(other.depends_on_rows);
        self.unknown = self.unknown.take().or(other.unknown);
    }

    /// Adds a lock, where it is stronger than what there is.
    pub(crate) fn lock(&mut self, relation: Id, mode: LockMode) {
        match self.relations.iter_mut().find(|lock| lock.relation == relation) {
            Some(lock) => lock.mode = lock.mode.max(mode),
            None => self.relations.push(RelationLock { relation, mode }),
        }
    }

    /// What takes long about a relation.
    pub(crate) fn has_work(&self, relation: Id, kind: WorkKind) -> bool {
        self.work.iter().any(|work| work.relation == relation && work.kind == kind)
    }

    pub(crate) fn mode(&self, relation: Id) -> LockMode {
        let lock = self.relations.iter().find(|lock| lock.relation == relation);
        lock.map_or(LockMode::NoLock, |lock| lock.mode)
    }
}
