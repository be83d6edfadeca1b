//! What queries lock.
//!
//! What functions do to other tables is not followed.

use super::{Cause, LockMode, Locks, Seen, WorkKind};
use crate::catalog::{Id, IndexKey, Object, numbered};
use crate::ddl::{Arm, Query, Select, Source, SourceKind};
use crate::list::CollectVec;
use crate::ordered::SortedSet;

/// Whether a query is run, or only read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Yes,
    No,
}

pub(super) fn query(seen: &Seen<'_>, query: &Query, run: Run, locks: &mut Locks) {
    let Some(tree) = &query.tree else { return };
    let mode = if locks_rows(query) { LockMode::RowShare } else { LockMode::AccessShare };
    let is_plain = tree.with.iter().all(|it| it.name.is_none())
        && tree.subqueries.is_empty()
        && matches!(tree.arms.as_slice(), [arm] if arm.subqueries.is_empty());
    let is_filtered = is_plain && has_words(query, " WHERE ");
    let mut reading = Reading { seen, query, mode, run, is_filtered, locks };
    reading.select(tree, &[]);
}

/// `FOR UPDATE` and its kin.
fn locks_rows(query: &Query) -> bool {
    let strengths = [" FOR UPDATE", " FOR NO KEY UPDATE", " FOR SHARE", " FOR KEY SHARE"];
    strengths.iter().any(|it| has_words(query, it))
}

fn has_words(query: &Query, words: &str) -> bool {
    query.sql.to_ascii_uppercase().contains(words)
}

/// A query at work.
struct Reading<'a, 'b> {
    seen: &'a Seen<'b>,
    query: &'a Query,
    mode: LockMode,
    run: Run,
    is_filtered: bool,
    locks: &'a mut Locks,
}

impl Reading<'_, '_> {
    /// `common`: the names of the common tables that it sees.
    fn select(&mut self, select: &Select, common: &[&str]) {
        let own = select.with.iter().filter_map(|it| it.name.as_deref());
        let common: Vec<&str> = common.iter().copied().chain(own).collect_vec();
        select.with.iter().for_each(|it| self.select(&it.query, &common));
        for arm in &select.arms {
            arm.from.iter().for_each(|source| self.source(source, arm, &common));
            arm.subqueries.iter().for_each(|it| self.select(it, &common));
        }
        select.subqueries.iter().for_each(|it| self.select(it, &common));
    }

    fn source(&mut self, source: &Source, arm: &Arm, common: &[&str]) {
        match &source.kind {
            SourceKind::Relation(name) => {
                let is_common = name.schema.is_none() && common.contains(&name.name.as_str());
                let id = self.seen.names.relation(name).filter(|_| !is_common);
                if let Some(id) = id {
                    // Of a query with parts, this one may be filtered by itself.
                    let plain = self.is_filtered || (arm.filtered && arm.subqueries.is_empty());
                    let all = match arm.filtered && !plain {
                        true => !is_compared(self.seen, id, arm, self.query),
                        false => !(plain && is_looked_up(self.seen, id, arm)),
                    };
                    self.relation(id, all);
                }
            }
            SourceKind::Query(query) => self.select(query, common),
            SourceKind::Join(sources) => {
                sources.iter().for_each(|it| self.source(it, arm, common));
            }
            SourceKind::Function { .. } | SourceKind::Other => {}
        }
    }

    /// `all`: every row is read.
    fn relation(&mut self, id: Id, all: bool) {
        if self.run == Run::No {
            return self.locks.lock(id, self.mode);
        }
        for id in behind(self.seen, id) {
            self.locks.lock(id, self.mode);
            if all && self.seen.holds_rows(id) {
                self.locks.work(id, (WorkKind::Scan, Cause::Rows), &self.query.at);
            }
        }
    }
}

/// Whether an index may find the rows of the only table that a query reads. (A guess: the planner decides.)
fn is_looked_up(seen: &Seen<'_>, table: Id, arm: &Arm) -> bool {
    has_index(seen, table, arm, |column| arm.uses.iter().any(|it| it.column == column))
}

/// The same where other queries in its conditions use columns, too: only what is compared with a value counts.
fn is_compared(seen: &Seen<'_>, table: Id, arm: &Arm, query: &Query) -> bool {
    let words: Vec<&str> = query.sql.split_whitespace().collect_vec();
    has_index(seen, table, arm, |column| {
        words.windows(3).any(|it| match it {
            [before, name, operator] => {
                let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
                ["WHERE", "AND"].iter().any(|it| before.eq_ignore_ascii_case(it))
                    && name.eq_ignore_ascii_case(column)
                    && (*operator == "=" || operator.eq_ignore_ascii_case("IN"))
            }
            _ => false,
        })
    })
}

/// Whether an index begins with one of these columns of the only table of a query.
fn has_index(seen: &Seen<'_>, table: Id, arm: &Arm, is_one: impl Fn(&str) -> bool) -> bool {
    let Some(object) = seen.before.get(table) else { return false };
    let used = |number: u32| {
        let column = numbered(object.columns(), number);
        column.is_some_and(|column| is_one(&column.name))
    };
    let leads = |index: Id| {
        let key = seen.index(index).and_then(|it| it.elements.first()).map(|it| &it.key);
        matches!(key, Some(IndexKey::Column(number)) if used(*number))
    };
    let is_table =
        |it: &&Source| !it.qualified_only && !matches!(it.kind, SourceKind::Function { .. });
    let tables = arm.from.iter().filter(is_table).count();
    tables == 1 && seen.indexes(table).into_iter().any(leads)
}

/// The relation, what inherits from it, and what a view reads, itself and through others.
pub(super) fn behind(seen: &Seen<'_>, relation: Id) -> Vec<Id> {
    let mut all = seen.family(relation);
    let mut at = 0;
    while let Some(id) = all.get(at).copied() {
        if let Some(view) = seen.before.get(id).and_then(Object::view)
            && !view.materialized
        {
            for read in view.reads.iter().map(|(read, _)| *read).collect::<SortedSet<_>>() {
                for id in seen.family(read) {
                    if !all.contains(&id) {
                        all.push(id);
                    }
                }
            }
        }
        at += 1;
    }
    all
}
