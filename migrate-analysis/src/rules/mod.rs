//! The rules: what is dangerous in production though PostgreSQL takes it, one rule a file.
//!
//! A rule is a record: what it is called, why it hurts, what to write instead, a bad and a good example, and a
//! function that sees a statement. Its page in `docs/rules/` is made of the record, and its examples are its tests.
//! Rules know statements, the catalog before and after them, and what they lock; neither a parser nor each other.

mod script;
mod text;

mod access;
mod add_column;
mod add_column_rewrite;
mod add_column_scan;
mod add_constraint;
mod alter;
mod brief_lock;
mod column_value;
mod create_index;
mod domains;
mod drift;
mod drop_index;
mod drop_parts;
mod drop_table;
mod empty;
mod enums;
mod foreign_key;
mod foreign_key_index;
mod held_lock;
mod names;
pub(crate) mod newer;
mod not_null;
mod opaque;
mod partition;
mod recipe;
mod reindex;
mod rename;
mod rename_column;
mod retry;
mod retype;
mod rows;
mod storage;
mod timeouts;
mod types;
mod unnamed_constraint;
mod validate;

pub(crate) use script::{Found, Script, Session, commands};

use crate::catalog::{Id, Kind, Object};
use crate::ddl::Name;
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::{Cause, LockMode, Locks, RelationLock, Seen, Work};
use crate::simulate::Outcome;
use crate::sql;
use std::ops::Range;

/// Every rule, in the order of [`Code`].
pub(crate) const RULES: &[&Rule] = &[
    // Columns
    &add_column_rewrite::VOLATILE_DEFAULT,
    &add_column_rewrite::SERIAL_IDENTITY,
    &add_column_rewrite::STORED_GENERATED,
    &add_column_rewrite::CONSTRAINED_DOMAIN,
    &add_column_scan::NOT_NULL,
    &add_column_scan::CHECK,
    &add_column_scan::REFERENCES,
    &add_column_scan::UNIQUE,
    &add_column_scan::JSON,
    &drop_parts::COLUMN,
    &rename_column::RULE,
    &retype::REWRITE,
    &retype::SCAN,
    &retype::REINDEX,
    &retype::CACHED_PLAN,
    &not_null::SET_NOT_NULL,
    &not_null::LOSES_PROOF,
    &not_null::DROP_NOT_NULL,
    &column_value::DEFAULT,
    &column_value::EXPRESSION,
    // Constraints
    &add_constraint::CHECK,
    &add_constraint::FOREIGN_KEY,
    &foreign_key::CREATE_TABLE,
    &foreign_key::SEVERAL,
    &not_null::ADD_NOT_NULL,
    &validate::RULE,
    &add_constraint::UNIQUE,
    &add_constraint::PRIMARY_KEY,
    &not_null::KEY_NULLABLE,
    &add_constraint::EXCLUSION,
    &drop_parts::CONSTRAINT,
    &drop_parts::PRIMARY_KEY,
    &foreign_key_index::RULE,
    &foreign_key::TYPE_MISMATCH,
    &domains::ADD,
    &domains::CREATE,
    &add_constraint::ENFORCED,
    &unnamed_constraint::RULE,
    // Indexes
    &create_index::BLOCKING,
    &create_index::PARTITIONED,
    &create_index::UNIQUE,
    &create_index::IF_NOT_EXISTS,
    &drop_index::BLOCKING,
    &drop_index::GAP,
    &reindex::BLOCKING,
    &create_index::CORRUPTION,
    &create_index::WIDE,
    &create_index::REPEATED,
    // Tables, partitions, storage
    &drop_table::TABLE,
    &drop_table::CASCADE,
    &drop_table::SCHEMA,
    &drop_table::DATABASE,
    &rename::TABLE,
    &drop_table::TRUNCATE,
    &storage::LOGGED,
    &storage::TABLESPACE,
    &storage::ACCESS_METHOD,
    &storage::CLUSTER,
    &partition::ATTACH,
    &partition::CREATE,
    &partition::DETACH,
    &partition::REFRESH,
    // Triggers, policies, enums
    &brief_lock::CREATE_TRIGGER,
    &brief_lock::DROP_TRIGGER,
    &brief_lock::RULE,
    &brief_lock::ROW_SECURITY,
    &brief_lock::REPLICA_IDENTITY,
    &brief_lock::INHERITANCE,
    &enums::RENAME_VALUE,
    &enums::CREATE,
    &enums::ORDERING,
    // Transactions, time limits, rows
    &timeouts::LOCK_TIMEOUT,
    &timeouts::STATEMENT_TIMEOUT,
    &held_lock::WORK,
    &held_lock::STATEMENTS,
    &held_lock::SEVERAL,
    &held_lock::COMBINE,
    &rows::UNBATCHED,
    &rows::MIXED,
    &rows::PENDING,
    &opaque::OPAQUE,
    &retry::NOT_RETRYABLE,
    &drift::RULE,
    &access::GRANT,
    &access::POLICY,
    // Types, names, versions
    &types::INT_PRIMARY_KEY,
    &types::VARCHAR_N,
    &types::CHAR_N,
    &types::TIMESTAMP,
    &types::SERIAL,
    &types::MONEY,
    &types::FLOAT,
    &names::TOO_LONG,
    &names::SCHEMA,
    &newer::RULE,
];

/// What is dangerous, why, and what to do instead.
#[cfg_attr(not(feature = "referee"), expect(dead_code, reason = "most of it is for its page"))]
pub(crate) struct Rule {
    pub(crate) code: Code,
    /// Why it hurts: Markdown, a paragraph or two.
    pub(crate) why: &'static str,
    /// What to write instead: Markdown.
    pub(crate) instead: &'static str,
    /// The page of PostgreSQL's manual that says so.
    pub(crate) source: &'static str,
    pub(crate) example: Example,
    /// Whether it holds for downs, too: not where it is about data that is lost, which is what downs do.
    pub(crate) downs: bool,
    pub(crate) check: fn(&Statement<'_>, &mut Vec<Finding>),
}

/// The example of a rule, which a test runs.
#[cfg_attr(not(feature = "referee"), expect(dead_code, reason = "for its test and the page"))]
pub(crate) struct Example {
    /// What earlier migrations have made.
    pub(crate) setup: &'static str,
    /// A migration that the rule refuses.
    pub(crate) bad: &'static str,
    /// Migrations that do the same and that the rule has nothing against.
    pub(crate) good: &'static [&'static str],
    /// What `migrate.toml` has to say for the rule to speak up.
    pub(crate) config: &'static str,
}

/// What a rule has found.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where, in bytes of the source.
    pub(crate) at: Range<usize>,
    /// A sentence that stands alone: lower case, no full stop, names in backticks.
    pub(crate) message: String,
    /// What is to be seen there.
    pub(crate) label: String,
    /// Why we believe it, beside what is locked, which is told anyway.
    pub(crate) notes: Vec<String>,
    /// What to do, in words.
    pub(crate) help: Vec<String>,
    /// What to write instead, made of the author's own names: a script a migration, ready to be pasted.
    pub(crate) instead: Vec<String>,
}

/// A statement as a rule sees it. It has run, and did not fail.
pub(crate) struct Statement<'a> {
    pub(crate) seen: &'a Seen<'a>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) locks: &'a Locks,
    /// The whole source, and the statement's place in it.
    pub(crate) text: &'a str,
    pub(crate) range: Range<usize>,
    pub(crate) script: &'a Script<'a>,
}

impl<'a> Statement<'a> {
    /// A relation as it was before the statement; as it is now, where it is new.
    pub(crate) fn object(&self, id: Id) -> Option<&Object> {
        self.seen.before.get(id).or_else(|| self.seen.after.get(id))
    }

    /// What waits for a relation while this statement works on it, be it for a lock that an earlier one holds.
    pub(crate) fn waiting(&self, id: Id) -> &'static str {
        let held = self.script.held(id).map_or(LockMode::NoLock, |(mode, _)| mode);
        held.max(self.locks.mode(id)).waiting()
    }

    /// What it is called in SQL: `users`, `audit.events`.
    pub(crate) fn name(&self, id: Id) -> String {
        self.object(id)
            .map_or_else(|| "?".to_owned(), |it| deparse::object_name(&self.seen.before, it))
    }

    /// Whether others may be using the relation, and it may hold many rows: it was there before this migration, and
    /// is none of the small ones.
    pub(crate) fn is_in_use(&self, id: Id) -> bool {
        self.was_there(id) && !self.is_small(id)
    }

    fn is_small(&self, id: Id) -> bool {
        let of = match self.object(id).map(|it| &it.kind) {
            Some(Kind::Index(index)) => index.table,
            _ => id,
        };
        let Some(object) = self.object(of) else { return false };
        let schema = object.schema.and_then(|schema| self.seen.after.get(schema));
        let schema = schema.map_or("public", |schema| schema.name.as_str());
        self.script.small_tables.has(schema, &object.name)
    }

    /// Whether it was there before this migration, whatever its size.
    pub(crate) fn was_there(&self, id: Id) -> bool {
        !self.script.is_new(id, self.seen.after)
    }

    /// A relation that the statement names, where it is in use.
    pub(crate) fn in_use(&self, name: &Name) -> Option<Id> {
        self.seen.names.relation(name).filter(|id| self.is_in_use(*id))
    }

    pub(crate) fn is_partitioned(&self, table: Id) -> bool {
        let table = self.object(table).and_then(Object::table);
        table.is_some_and(|table| table.partition_by.is_some())
    }

    /// The partitions of a table, or what inherits from it.
    pub(crate) fn children(&self, table: Id) -> Vec<Id> {
        let is_child = |id: &Id| {
            let child = self.seen.before.get(*id).and_then(Object::table);
            child.is_some_and(|child| child.parents.contains(&table))
        };
        self.seen.before.dependents(table).into_iter().filter(is_child).collect_vec()
    }

    /// The table that an index is on.
    pub(crate) fn table_of(&self, index: Id) -> Option<Id> {
        self.object(index).and_then(Object::index).map(|index| index.table)
    }

    /// A name in the schema of a relation, spelt as `name` would.
    pub(crate) fn beside(&self, relation: Id, name: &str) -> String {
        let schema = self.object(relation).and_then(|it| it.schema).filter(|it| *it != Id::PUBLIC);
        match schema.and_then(|schema| self.seen.after.get(schema)) {
            Some(schema) => format!("{}.{name}", sql::quoted(&schema.name)),
            None => name.to_owned(),
        }
    }

    /// The locks on relations in use.
    pub(crate) fn locks_in_use(&self) -> impl Iterator<Item = &RelationLock> {
        self.locks.relations.iter().filter(|lock| self.is_in_use(lock.relation))
    }

    /// Whether writes at least wait for the relation, and somebody writes to it.
    fn stands_in_the_way(&self, id: Id) -> bool {
        self.locks.mode(id).blocks_writes() && self.is_in_use(id)
    }

    /// The work on relations in use that has this cause, while others wait.
    pub(crate) fn work(&self, cause: Cause) -> impl Iterator<Item = &Work> {
        let is_empty = move |id| match cause {
            Cause::NotNullColumn => self.script.is_emptied(id),
            _ => self.has_to_be_empty(id),
        };
        self.locks.work.iter().filter(move |work| {
            let id = work.relation;
            work.cause == cause && self.stands_in_the_way(id) && !is_empty(id)
        })
    }

    /// `` `users`: ACCESS EXCLUSIVE, which blocks reads and writes``, for each table in use. (Who waits for an index
    /// waits for its table, too.)
    fn lock_words(&self) -> Vec<String> {
        let is_index = |id: Id| self.object(id).is_some_and(|it| it.index().is_some());
        let tables = self
            .locks_in_use()
            .filter(|lock| lock.mode >= LockMode::ShareUpdateExclusive && !is_index(lock.relation));
        let words = tables.map(|lock| {
            let (name, mode) = (self.name(lock.relation), lock.mode);
            format!("`{name}`: {mode}, which {}", mode.blocks())
        });
        words.collect_vec()
    }

    /// The text of the statement.
    pub(crate) fn sql(&self) -> &'a str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// A part of the text.
    pub(crate) fn part(&self, at: &Range<usize>) -> &'a str {
        self.text.get(at.clone()).unwrap_or_default()
    }
}
