//! Relations: tables with all that belongs to them, views, indexes, sequences.

use super::{Acl, ColumnType, Expr, Id};
use super::{named, named_mut, numbered};
use crate::ddl::{Enabled, Persistence, ReplicaIdentity};
use crate::list::CollectVec;
use crate::ordered::SortedSet;

/// A table, plain, partitioned or foreign.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) persistence: Persistence,
    pub(crate) server: Option<String>,
    pub(crate) of_type: Option<Id>,
    /// In their order.
    pub(crate) columns: Vec<Column>,
    /// The highest number that a column ever had.
    pub(crate) last_number: u32,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) partition_by: Option<PartitionKey>,
    /// In order: of a partition the one that it is a part of.
    pub(crate) parents: Vec<Id>,
    /// Of a partition.
    pub(crate) bound: Option<String>,
    /// Sorted by name.
    pub(crate) options: Vec<(String, String)>,
    pub(crate) access_method: Option<String>,
    pub(crate) tablespace: Option<String>,
    pub(crate) row_security: bool,
    pub(crate) force_row_security: bool,
    pub(crate) replica_identity: ReplicaIdentity,
    pub(crate) clustered_on: Option<Id>,
    /// The options of a foreign table, as they are written.
    pub(crate) foreign_options: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Never used again in its table.
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) column_type: ColumnType,
    pub(crate) not_null: bool,
    /// The name that was written for it. From PostgreSQL 18 on it is that of a constraint.
    pub(crate) not_null_name: Option<String>,
    pub(crate) default: Option<Expr>,
    /// The expression, and whether it is stored.
    pub(crate) generated: Option<(Expr, bool)>,
    /// Whether it is `GENERATED ALWAYS`.
    pub(crate) identity: Option<bool>,
    pub(crate) collation: Option<String>,
    /// Where it is not the type's own.
    pub(crate) storage: Option<String>,
    pub(crate) compression: Option<String>,
    pub(crate) statistics: Option<i32>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) comment: Option<String>,
    pub(crate) acl: Option<Acl>,
    /// Made here, and not only by a parent.
    pub(crate) local: bool,
    /// How many parents have it.
    pub(crate) inherited: u32,
    /// It is known to exist, and nothing else of it.
    pub(crate) partial: bool,
}

impl Column {
    pub(crate) fn new(number: u32, name: &str, column_type: ColumnType) -> Column {
        Column {
            number,
            name: name.to_owned(),
            column_type,
            not_null: false,
            not_null_name: None,
            default: None,
            generated: None,
            identity: None,
            collation: None,
            storage: None,
            compression: None,
            statistics: None,
            options: Vec::new(),
            comment: None,
            acl: None,
            local: true,
            inherited: 0,
            partial: false,
        }
    }
}

/// A constraint of a table. NOT NULL is a column's, as it is before PostgreSQL 18.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Constraint {
    pub(crate) name: String,
    pub(crate) kind: ConstraintKind,
    pub(crate) validated: bool,
    pub(crate) deferrable: bool,
    pub(crate) initially_deferred: bool,
    pub(crate) not_enforced: bool,
    pub(crate) no_inherit: bool,
    pub(crate) comment: Option<String>,
    pub(crate) local: bool,
    pub(crate) inherited: u32,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum ConstraintKind {
    Check(Expr),
    /// Its columns are those of the index.
    Unique {
        index: Id,
    },
    PrimaryKey {
        index: Id,
    },
    Exclude {
        index: Id,
    },
    ForeignKey(ForeignKey),
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<u32>,
    pub(crate) table: Id,
    /// Of the other table; empty where that table is not known well enough.
    pub(crate) referenced: Vec<u32>,
    /// The unique index that it rests on.
    pub(crate) index: Option<Id>,
    pub(crate) full_match: bool,
    pub(crate) on_delete: ForeignAction,
    pub(crate) on_update: ForeignAction,
}

#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) enum ForeignAction {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    /// The columns, where not all of them are set.
    SetNull(Vec<u32>),
    SetDefault(Vec<u32>),
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    pub(crate) constraint: bool,
    /// `before`, `after`, `instead of`.
    pub(crate) timing: String,
    /// Sorted; with the columns of `UPDATE OF`.
    pub(crate) events: Vec<(String, Vec<u32>)>,
    pub(crate) from: Option<Id>,
    pub(crate) deferrable: bool,
    pub(crate) initially_deferred: bool,
    pub(crate) referencing: Option<String>,
    pub(crate) for_each_row: bool,
    pub(crate) when: Option<Expr>,
    /// The function, where the set made it, and its name as it is written.
    pub(crate) function: (Option<Id>, String),
    pub(crate) arguments: Vec<String>,
    pub(crate) enabled: Enabled,
    pub(crate) comment: Option<String>,
    /// It is a parent's.
    pub(crate) inherited: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) permissive: bool,
    pub(crate) command: String,
    /// Sorted; `public` alone for everyone.
    pub(crate) roles: Vec<String>,
    pub(crate) using: Option<Expr>,
    pub(crate) check: Option<Expr>,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) enabled: Enabled,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PartitionKey {
    /// `range`, `list`, `hash`.
    pub(crate) strategy: String,
    pub(crate) keys: Vec<IndexElement>,
}

/// An index.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) table: Id,
    pub(crate) unique: bool,
    pub(crate) primary: bool,
    /// It belongs to a constraint of its table that has its name.
    pub(crate) constraint: bool,
    pub(crate) method: String,
    pub(crate) elements: Vec<IndexElement>,
    pub(crate) include: Vec<u32>,
    pub(crate) predicate: Option<Expr>,
    pub(crate) nulls_not_distinct: bool,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) tablespace: Option<String>,
    pub(crate) valid: bool,
    /// The index of the partitioned table that it is a part of.
    pub(crate) parent: Option<Id>,
    /// What its columns were called when it was made: what names its copies, whatever was renamed since.
    pub(crate) column_names: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IndexElement {
    pub(crate) key: IndexKey,
    pub(crate) collation: Option<String>,
    /// With its parameters.
    pub(crate) operator_class: Option<String>,
    /// Of an exclusion constraint.
    pub(crate) operator: Option<String>,
    pub(crate) descending: bool,
    /// What it comes to: an ascending key has them last unless told otherwise.
    pub(crate) nulls_first: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum IndexKey {
    Column(u32),
    Expression(Expr),
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) persistence: Persistence,
    /// `bigint`, `integer`, `smallint`.
    pub(crate) data_type: String,
    pub(crate) start: i64,
    pub(crate) increment: i64,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) cache: i64,
    pub(crate) cycle: bool,
    pub(crate) owned_by: Option<Ownership>,
}

/// The column that a sequence goes with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ownership {
    pub(crate) table: Id,
    pub(crate) column: u32,
    /// It cannot live without: an identity column's.
    pub(crate) identity: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) materialized: bool,
    pub(crate) persistence: Persistence,
    pub(crate) columns: Vec<Column>,
    /// How many of them were given names in brackets.
    pub(crate) listed: usize,
    /// As it was written.
    pub(crate) query: String,
    /// The columns that the query names; `None` where it needs the whole relation.
    pub(crate) reads: SortedSet<(Id, Option<u32>)>,
    /// Functions and types of the set that the query names.
    pub(crate) uses: SortedSet<Id>,
    /// The query could be followed to the end: `reads` and `columns` are all there are.
    pub(crate) followed: bool,
    /// Something that it reads was renamed since, so that `query` does not say any more what it reads.
    pub(crate) outdated: bool,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) check_option: Option<String>,
    pub(crate) populated: bool,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) rules: Vec<Rule>,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        named(&self.columns, name)
    }

    pub(crate) fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        named_mut(&mut self.columns, name)
    }

    pub(crate) fn numbered(&self, number: u32) -> Option<&Column> {
        numbered(&self.columns, number)
    }

    pub(crate) fn constraint(&self, name: &str) -> Option<&Constraint> {
        named(&self.constraints, name)
    }

    pub(crate) fn is_partition(&self) -> bool {
        self.bound.is_some()
    }

    pub(super) fn references(&self, ids: &mut SortedSet<Id>) {
        ids.extend(self.of_type.iter().chain(&self.parents).chain(&self.clustered_on));
        for column in &self.columns {
            ids.extend(column.column_type.user_type());
            let expressions = column.default.iter().chain(column.generated.iter().map(|it| &it.0));
            expressions.for_each(|expression| expression.references(ids));
        }
        for constraint in &self.constraints {
            match &constraint.kind {
                ConstraintKind::Check(expression) => expression.references(ids),
                ConstraintKind::Unique { index }
                | ConstraintKind::PrimaryKey { index }
                | ConstraintKind::Exclude { index } => {
                    ids.insert(*index);
                }
                ConstraintKind::ForeignKey(key) => {
                    ids.insert(key.table);
                    ids.extend(key.index);
                }
            }
        }
        for trigger in &self.triggers {
            trigger.references(ids);
        }
        for policy in &self.policies {
            policy.using.iter().chain(&policy.check).for_each(|it| it.references(ids));
        }
        for element in self.partition_by.iter().flat_map(|key| &key.keys) {
            element.key.references(ids);
        }
    }
}

impl ConstraintKind {
    /// The index that it rests on.
    pub(crate) fn index(&self) -> Option<Id> {
        match self {
            ConstraintKind::Unique { index }
            | ConstraintKind::PrimaryKey { index }
            | ConstraintKind::Exclude { index } => Some(*index),
            ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_) => None,
        }
    }
}

impl Trigger {
    fn references(&self, ids: &mut SortedSet<Id>) {
        ids.extend(self.function.0.iter().chain(&self.from));
        self.when.iter().for_each(|expression| expression.references(ids));
    }
}

impl View {
    pub(super) fn references(&self, ids: &mut SortedSet<Id>) {
        ids.extend(self.reads.iter().map(|(relation, _)| *relation));
        ids.extend(&self.uses);
        for trigger in &self.triggers {
            trigger.references(ids);
        }
        ids.extend(self.columns.iter().filter_map(|column| column.column_type.user_type()));
    }
}

impl IndexKey {
    pub(super) fn references(&self, ids: &mut SortedSet<Id>) {
        if let IndexKey::Expression(expression) = self {
            expression.references(ids);
        }
    }

    pub(crate) fn mentions(&self, column: u32) -> bool {
        match self {
            IndexKey::Column(number) => *number == column,
            IndexKey::Expression(expression) => expression.mentions(column),
        }
    }
}

impl Index {
    pub(super) fn references(&self, ids: &mut SortedSet<Id>) {
        ids.insert(self.table);
        ids.extend(self.parent);
        for element in &self.elements {
            element.key.references(ids);
        }
        self.predicate.iter().for_each(|expression| expression.references(ids));
    }

    /// The columns of its keys, where all of them are columns.
    pub(crate) fn columns(&self) -> Option<Vec<u32>> {
        let columns = self.elements.iter().map(|element| match element.key {
            IndexKey::Column(number) => Some(number),
            IndexKey::Expression(_) => None,
        });
        columns.collect_all()
    }

    /// Whether it cannot live without the column.
    pub(crate) fn mentions(&self, column: u32) -> bool {
        self.elements.iter().any(|element| element.key.mentions(column))
            || self.include.contains(&column)
            || self.predicate.iter().any(|expression| expression.mentions(column))
    }
}

impl Sequence {
    pub(super) fn references(&self, ids: &mut SortedSet<Id>) {
        ids.extend(self.owned_by.map(|owner| owner.table));
    }
}
