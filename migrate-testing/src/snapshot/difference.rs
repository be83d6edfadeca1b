//! What differs between two snapshots.

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, Object, POSITION, Snapshot};

/// One thing in which a database is not as it was, in words:
///
/// ```text
/// index `public.users.idx_users_role` is left behind
/// column `public.users.email`: default changed from `'a'::text` to `'b'::text`
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) change: Change,
}

/// How it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The object was there, and is not any more.
    Missing,
    /// The object was not there, and is now.
    Left,
    /// An attribute is told differently.
    #[non_exhaustive]
    Attribute {
        /// Which one: `type`, `not null`, `definition`.
        attribute: String,
        /// As it was; `None` where it was not set.
        before: Option<String>,
        /// As it is now; `None` where it is not set any more.
        after: Option<String>,
    },
    /// The columns of a table, or the values of an enum, are the same and in another order.
    #[non_exhaustive]
    Order {
        /// The names that are on both sides, as they were.
        before: Vec<String>,
        /// The same names, as they are now.
        after: Vec<String>,
    },
}

impl Difference {
    /// The kind of object: `table`, `column`, `index`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its name as SQL, qualified.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it differs.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Whether the columns of a table are only in another order, which may be accepted: a column
    /// that was dropped and added again is the last one, and PostgreSQL cannot do better.
    pub fn is_column_order(&self) -> bool {
        matches!(self.change, Change::Order { .. }) && !self.kind.starts_with("enum")
    }
}

impl Snapshot {
    /// What is different in `other`, which was read later: nothing when the schema is the same.
    ///
    /// Of a table that is missing as a whole, or new, its columns and indexes are not told.
    pub fn differences(&self, other: &Snapshot) -> Vec<Difference> {
        let (ours, theirs) = (self.containers(), other.containers());
        let mut differences = self.orders(other);
        let ids: BTreeSet<&Id> = self.objects.keys().chain(other.objects.keys()).collect();
        for id in ids {
            let mut add = |change| {
                differences.push(Difference {
                    kind: id.kind.clone(),
                    name: id.name.clone(),
                    change,
                });
            };
            let follows = |object: &Object| {
                let parent = object.parent.as_str();
                ours.get(parent) != theirs.get(parent)
            };
            match (self.objects.get(id), other.objects.get(id)) {
                (Some(before), None) if !follows(before) => add(Change::Missing),
                (None, Some(after)) if !follows(after) => add(Change::Left),
                (Some(before), Some(after)) => attributes(before, after).into_iter().for_each(add),
                _ => {}
            }
        }
        differences.sort_by(|a, b| a.name.cmp(&b.name));
        differences
    }

    /// Which kind of object has a name that others may have as their parent. Relations share their
    /// names with types, and an index with its constraint, so a name may be there twice.
    fn containers(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut containers = BTreeMap::<_, Vec<_>>::new();
        for id in self.objects.keys().filter(|id| id.kind != "index") {
            containers.entry(id.name.as_str()).or_default().push(id.kind.as_str());
        }
        containers
    }

    /// What is in another order, of what is on both sides.
    fn orders(&self, other: &Snapshot) -> Vec<Difference> {
        let (ours, theirs) = (self.ordered(other), other.ordered(self));
        let changed = ours.into_iter().filter_map(|(of, before)| {
            let after = theirs.get(&of).filter(|after| **after != before)?.clone();
            let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
            let (name, member) = of;
            // Of all that has columns, the kind does not matter.
            let kind = if member == "enum value" { "enum" } else { "table" }.to_owned();
            let change = Change::Order { before: owned(before), after: owned(after) };
            Some(Difference { kind, name: name.to_owned(), change })
        });
        changed.collect()
    }

    /// The names of members in their order, by parent and kind; only those that `other` has.
    fn ordered(&self, other: &Snapshot) -> BTreeMap<(&str, &str), Vec<&str>> {
        let mut members = BTreeMap::<_, Vec<_>>::new();
        for (id, object) in self.objects.iter().filter(|(id, _)| other.objects.contains_key(id)) {
            if let Some(position) = object.attributes.get(POSITION) {
                let position: u32 = position.parse().unwrap_or_default();
                let name = id.name.get(object.parent.len() + 1..).unwrap_or(&id.name);
                let of = (object.parent.as_str(), id.kind.as_str());
                members.entry(of).or_default().push((position, name));
            }
        }
        let in_order = |mut members: Vec<(u32, _)>| {
            members.sort_unstable();
            members.into_iter().map(|(_, name)| name).collect()
        };
        members.into_iter().map(|(of, members)| (of, in_order(members))).collect()
    }
}

/// The attributes that differ. A position is compared with its siblings', not with itself.
fn attributes(before: &Object, after: &Object) -> Vec<Change> {
    let (before, after) = (&before.attributes, &after.attributes);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| *name != POSITION).filter_map(|name| {
        let (before, after) = (before.get(name).cloned(), after.get(name).cloned());
        (before != after).then(|| Change::Attribute { attribute: name.clone(), before, after })
    });
    changed.collect()
}
