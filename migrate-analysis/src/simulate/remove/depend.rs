//! Who depends on what, as PostgreSQL records it in `pg_depend`.

use super::Target;
use crate::catalog::{
    BaseType, Column, ColumnType, Constraint, ConstraintKind, Expr, Id, Index, IndexKey, Kind,
    Object, PartitionKey, Statistics, Table, Trigger, named,
};
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use crate::simulate::Simulator;

/// What happens to a dependent when the other goes.
#[derive(Clone, Copy)]
pub(super) enum Strength {
    /// It goes as well, without a word.
    Automatic,
    /// It stands in the way, and goes with `CASCADE`.
    Normal,
    /// It could not be followed: it may depend on it, and may not.
    Perhaps,
}

use Strength::{Automatic, Normal, Perhaps};

type Dependents = Vec<(Target, Strength)>;

impl Simulator<'_> {
    pub(super) fn dependents_of(&self, target: &Target) -> Dependents {
        let mut found = Vec::new();
        match target {
            Target::Object(id) => self.of_object(*id, &mut found),
            Target::Column(id, number) => self.of_column(*id, *number, &mut found),
            Target::Constraint(id, name) => self.of_constraint(*id, name, &mut found),
            Target::Trigger(id, name) => {
                for (child, object) in self.children(*id) {
                    if named(object.triggers(), name).is_some_and(|it| it.inherited) {
                        found.push((Target::Trigger(child, name.clone()), Automatic));
                    }
                }
            }
            Target::Default(..)
            | Target::Policy(..)
            | Target::Rule(..)
            | Target::DomainCheck(..)
            | Target::Attribute(..) => {}
        }
        found
    }

    /// The objects that refer to it, with their ids.
    fn referring(&self, id: Id) -> impl Iterator<Item = (Id, &Object)> {
        self.catalog.dependents(id).filter_map(|other| Some((other, self.catalog.get(other)?)))
    }

    /// Tables that inherit from it, and its partitions.
    fn children(&self, id: Id) -> impl Iterator<Item = (Id, &Object)> {
        let is_child =
            move |object: &Object| object.table().is_some_and(|table| table.parents.contains(&id));
        self.referring(id).filter(move |(_, object)| is_child(object))
    }

    fn of_object(&self, id: Id, found: &mut Dependents) {
        if let Some(Object { kind: Kind::Index(index), name, .. }) = self.catalog.get(id)
            && index.constraint
        {
            found.push((Target::Constraint(index.table, name.clone()), Automatic));
        }
        self.of_partition(id, found);
        for (other, object) in self.referring(id) {
            if other == id {
                continue;
            }
            if object.schema == Some(id) && !matches!(object.kind, Kind::Index(_)) {
                found.push((Target::Object(other), Normal));
            }
            if object.extension == Some(id) {
                found.push((Target::Object(other), Automatic));
            }
            uses(id, other, object, found);
        }
    }

    /// A foreign key to a partitioned table rests on every partition.
    fn of_partition(&self, id: Id, found: &mut Dependents) {
        let table = self.catalog.get(id).and_then(Object::table);
        let Some(table) = table.filter(|table| table.is_partition()) else { return };
        for parent in &table.parents {
            for (other, object) in self.referring(*parent) {
                let constraints = object.table().map(|it| it.constraints.as_slice());
                for constraint in constraints.unwrap_or_default() {
                    if matches!(&constraint.kind, ConstraintKind::ForeignKey(it) if it.table == *parent)
                    {
                        found.push((Target::Constraint(other, constraint.name.clone()), Normal));
                    }
                }
            }
            self.of_partition(*parent, found);
        }
    }

    fn of_column(&self, id: Id, number: u32, found: &mut Dependents) {
        let Some(object) = self.catalog.get(id) else { return };
        let Some(table) = object.table() else {
            // A column of a view goes with its view.
            found.push((Target::Object(id), Automatic));
            return;
        };
        self.inside(id, table, number, found);
        let name = table.numbered(number).map(|column| column.name.as_str()).unwrap_or_default();
        for (other, object) in self.referring(id) {
            match &object.kind {
                Kind::Index(index) if index.table == id && index.mentions(number) => {
                    found.push((Target::Object(other), Automatic));
                }
                Kind::Sequence(sequence) => {
                    let owner = sequence.owned_by;
                    if owner.is_some_and(|it| (it.table, it.column) == (id, number)) {
                        found.push((Target::Object(other), Automatic));
                    }
                }
                Kind::Statistics(statistics) if mentioned_in(statistics, id, number) => {
                    found.push((Target::Object(other), Automatic));
                }
                Kind::View(view) if view.reads.contains(&(id, Some(number))) => {
                    let strength = if view.followed { Normal } else { Perhaps };
                    found.push((Target::Object(other), strength));
                }
                Kind::View(view) if !view.followed && reads(&view.reads, id) => {
                    found.push((Target::Object(other), Perhaps));
                }
                Kind::Table(table) => {
                    referencing(id, number, other, table, found);
                    if other != id && table.parents.contains(&id) {
                        child_column(other, table, name, found);
                    }
                }
                _ => {}
            }
        }
    }

    /// What depends on a column in its own table.
    fn inside(&self, id: Id, table: &Table, number: u32, found: &mut Dependents) {
        if is_in_partition_key(table, number) {
            found.push((Target::Object(id), Automatic));
        }
        for constraint in &table.constraints {
            if self.rests_on(constraint, number) {
                found.push((Target::Constraint(id, constraint.name.clone()), Automatic));
            }
        }
        for column in &table.columns {
            let mentions = |it: &(Expr, bool)| it.0.mentions(number);
            if column.number != number && column.generated.as_ref().is_some_and(mentions) {
                found.push((Target::Column(id, column.number), Normal));
            }
        }
        for trigger in &table.triggers {
            let of = trigger.events.iter().any(|(_, columns)| columns.contains(&number));
            if of || trigger.when.as_ref().is_some_and(|when| when.mentions(number)) {
                found.push((Target::Trigger(id, trigger.name.clone()), Normal));
            }
        }
        for policy in &table.policies {
            if policy.using.iter().chain(&policy.check).any(|it| it.mentions(number)) {
                found.push((Target::Policy(id, policy.name.clone()), Normal));
            }
        }
        let name = table.numbered(number).map(|column| column.name.as_str()).unwrap_or_default();
        for rule in table.rules.iter().filter(|rule| has_word(&rule.definition, name)) {
            found.push((Target::Rule(id, rule.name.clone()), Perhaps));
        }
    }

    /// Whether a constraint goes with a column of its table.
    fn rests_on(&self, constraint: &Constraint, number: u32) -> bool {
        match &constraint.kind {
            ConstraintKind::Check(expression) => expression.mentions(number),
            ConstraintKind::ForeignKey(key) => key.columns.contains(&number),
            ConstraintKind::Unique { index }
            | ConstraintKind::PrimaryKey { index }
            | ConstraintKind::Exclude { index } => {
                let index = self.catalog.get(*index).and_then(Object::index);
                index.is_some_and(|index| index.mentions(number))
            }
        }
    }

    fn of_constraint(&self, id: Id, name: &str, found: &mut Dependents) {
        let Some(table) = self.catalog.get(id).and_then(Object::table) else { return };
        let Some(constraint) = table.constraint(name) else { return };
        if let Some(index) = index_of(constraint) {
            found.push((Target::Object(index), Automatic));
        }
        for (child, object) in self.children(id) {
            let Some(other) = object.table() else { continue };
            let copies = other.constraints.iter().filter(|copy| {
                let inherited = copy.inherited == 1 && (!copy.local || other.is_partition());
                inherited && is_copy(table, constraint, other, copy)
            });
            found.extend(
                copies.map(|copy| (Target::Constraint(child, copy.name.clone()), Automatic)),
            );
        }
    }
}

/// Whether a constraint of a child is that of its parent. A foreign key may have a name of its own.
fn is_copy(table: &Table, constraint: &Constraint, other: &Table, copy: &Constraint) -> bool {
    match (&constraint.kind, &copy.kind) {
        (ConstraintKind::ForeignKey(key), ConstraintKind::ForeignKey(copy)) => {
            let names = |table: &Table, columns: &[u32]| -> Vec<Option<String>> {
                let name = |number: &u32| table.numbered(*number).map(|it| it.name.clone());
                columns.iter().map(name).collect_vec()
            };
            key.table == copy.table && names(table, &key.columns) == names(other, &copy.columns)
        }
        (ConstraintKind::Check(_), ConstraintKind::Check(_)) => constraint.name == copy.name,
        _ => false,
    }
}

/// What of an object depends on another as a whole.
fn uses(id: Id, other: Id, object: &Object, found: &mut Dependents) {
    let whole = Target::Object(other);
    match &object.kind {
        Kind::Table(table) => table_uses(id, other, table, found),
        Kind::View(view) => {
            if view.uses.contains(&id) || reads(&view.reads, id) {
                found.push((whole, if view.followed { Normal } else { Perhaps }));
            }
            columns_use(id, other, &view.columns, found);
            triggers_use(id, other, &view.triggers, found);
        }
        Kind::Index(index) => {
            if index.table == id || index.parent == Some(id) {
                found.push((whole, Automatic));
            } else if index_expressions(index).any(|expression| names(expression, id)) {
                found.push((whole, Normal));
            }
        }
        Kind::Sequence(sequence) if sequence.owned_by.is_some_and(|owner| owner.table == id) => {
            found.push((whole, Automatic));
        }
        Kind::Composite(attributes) => {
            let of_type = attributes.iter().filter(|it| it.column_type.user_type() == Some(id));
            found.extend(of_type.map(|it| (Target::Attribute(other, it.name.clone()), Normal)));
        }
        Kind::Domain(domain) => {
            let default = domain.default.as_ref().is_some_and(|it| names(it, id));
            if domain.base.user_type() == Some(id) || default {
                found.push((whole, Normal));
            }
            let checks = domain.checks.iter().filter(|check| names(&check.expression, id));
            found.extend(checks.map(|it| (Target::DomainCheck(other, it.name.clone()), Normal)));
        }
        Kind::Range { subtype, .. } if subtype.user_type() == Some(id) => {
            found.push((whole, Normal));
        }
        Kind::Routine(routine) => {
            let types = routine.arguments.iter().map(|it| &it.column_type).chain(&routine.returns);
            let mut defaults = routine.arguments.iter().filter_map(|it| it.default.as_ref());
            let of_type = |it: &ColumnType| it.base == BaseType::User(id);
            let by_default = defaults.any(|it| names(it, id));
            if routine.uses.contains(&id) || types.into_iter().any(of_type) || by_default {
                found.push((whole, Normal));
            }
        }
        Kind::Statistics(statistics) => {
            let strength = if statistics.table == id { Automatic } else { Normal };
            found.push((whole, strength));
        }
        Kind::Extension { schema, .. } if *schema == Some(id) => found.push((whole, Normal)),
        _ => {}
    }
}

fn table_uses(id: Id, other: Id, table: &Table, found: &mut Dependents) {
    if table.parents.contains(&id) {
        let strength = if table.is_partition() { Automatic } else { Normal };
        found.push((Target::Object(other), strength));
    }
    let by_key = |key: &PartitionKey| {
        key.keys.iter().any(|element| match &element.key {
            IndexKey::Expression(expression) => names(expression, id),
            IndexKey::Column(_) => false,
        })
    };
    if table.of_type == Some(id) || table.partition_by.as_ref().is_some_and(by_key) {
        found.push((Target::Object(other), Normal));
    }
    columns_use(id, other, &table.columns, found);
    for constraint in &table.constraints {
        let strength = match &constraint.kind {
            ConstraintKind::Check(expression) if names(expression, id) => Normal,
            ConstraintKind::ForeignKey(key) if key.table == id || key.index == Some(id) => Normal,
            _ if index_of(constraint) == Some(id) => Automatic,
            _ => continue,
        };
        found.push((Target::Constraint(other, constraint.name.clone()), strength));
    }
    triggers_use(id, other, &table.triggers, found);
    for policy in &table.policies {
        if policy.using.iter().chain(&policy.check).any(|it| names(it, id)) {
            found.push((Target::Policy(other, policy.name.clone()), Normal));
        }
    }
}

fn columns_use(id: Id, other: Id, columns: &[Column], found: &mut Dependents) {
    for column in columns {
        if column.column_type.user_type() == Some(id) {
            // Its default goes with it.
            found.push((Target::Column(other, column.number), Normal));
        } else if column.default.as_ref().is_some_and(|default| names(default, id)) {
            found.push((Target::Default(other, column.number), Normal));
        }
        if column.generated.as_ref().is_some_and(|(expression, _)| names(expression, id)) {
            found.push((Target::Column(other, column.number), Normal));
        }
    }
}

fn triggers_use(id: Id, other: Id, triggers: &[Trigger], found: &mut Dependents) {
    for trigger in triggers {
        let strength = if trigger.from == Some(id) {
            Automatic
        } else if trigger.function.0 == Some(id)
            || trigger.when.as_ref().is_some_and(|when| names(when, id))
        {
            Normal
        } else {
            continue;
        };
        found.push((Target::Trigger(other, trigger.name.clone()), strength));
    }
}

/// Foreign keys that point at the column.
fn referencing(id: Id, number: u32, other: Id, table: &Table, found: &mut Dependents) {
    for constraint in &table.constraints {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else { continue };
        if key.table != id {
            continue;
        }
        let strength = match key.referenced.is_empty() {
            true => Perhaps,
            false if key.referenced.contains(&number) => Normal,
            false => continue,
        };
        found.push((Target::Constraint(other, constraint.name.clone()), strength));
    }
}

/// The same column of a child, where it has it from nowhere else.
fn child_column(child: Id, table: &Table, name: &str, found: &mut Dependents) {
    if let Some(column) = table.column(name)
        && column.inherited == 1
        && !column.local
    {
        found.push((Target::Column(child, column.number), Automatic));
    }
}

/// The index that a constraint stands on.
pub(in crate::simulate) fn index_of(constraint: &Constraint) -> Option<Id> {
    match &constraint.kind {
        ConstraintKind::Unique { index }
        | ConstraintKind::PrimaryKey { index }
        | ConstraintKind::Exclude { index } => Some(*index),
        ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_) => None,
    }
}

pub(super) fn is_in_partition_key(table: &Table, number: u32) -> bool {
    let mut keys = table.partition_by.iter().flat_map(|key| &key.keys);
    keys.any(|element| element.key.mentions(number))
}

fn index_expressions(index: &Index) -> impl Iterator<Item = &Expr> {
    let keys = index.elements.iter().filter_map(|element| match &element.key {
        IndexKey::Expression(expression) => Some(expression),
        IndexKey::Column(_) => None,
    });
    keys.chain(&index.predicate)
}

fn mentioned_in(statistics: &Statistics, id: Id, number: u32) -> bool {
    statistics.table == id && statistics.columns.iter().any(|key| key.mentions(number))
}

fn names(expression: &Expr, id: Id) -> bool {
    let mut ids = SortedSet::new();
    expression.references(&mut ids);
    ids.contains(&id)
}

fn reads(reads: &SortedSet<(Id, Option<u32>)>, id: Id) -> bool {
    reads.iter().any(|(relation, _)| *relation == id)
}

/// Whether the word stands in a text that nobody has read.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c| !is_part(c)).any(|it| it.eq_ignore_ascii_case(word))
}
