//! Taking objects out, with what goes along and what stands in the way: `DROP`, and the dropping forms of
//! `ALTER`.

mod apply;
mod depend;
mod drop;
mod words;

use super::{Failure, FailureKind, Result, Simulator};
use crate::catalog::{Id, Kind, Object, named, numbered};
use crate::ddl::Behavior;
use crate::list::CollectVec;
use crate::ordered::SortedMap;
use depend::Strength;
pub(super) use depend::index_of;
use std::ops::Range;

/// Something that can be taken out, and that others may depend on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Object(Id),
    Column(Id, u32),
    /// Of a column.
    Default(Id, u32),
    Constraint(Id, String),
    Trigger(Id, String),
    Policy(Id, String),
    Rule(Id, String),
    /// A check of a domain.
    DomainCheck(Id, String),
    /// An attribute of a composite type.
    Attribute(Id, String),
}

impl Target {
    /// The object that it is, or is a part of.
    pub(crate) fn object(&self) -> Id {
        match self {
            Target::Object(id)
            | Target::Column(id, _)
            | Target::Default(id, _)
            | Target::Constraint(id, _)
            | Target::Trigger(id, _)
            | Target::Policy(id, _)
            | Target::Rule(id, _)
            | Target::DomainCheck(id, _)
            | Target::Attribute(id, _) => *id,
        }
    }
}

/// Something that went because something else did.
pub(crate) struct Death {
    /// In words: `index users_email_idx`, `constraint orders_user_id_fkey on table orders`.
    pub(crate) what: String,
    pub(crate) target: Target,
}

/// Everything that would go, and why.
#[derive(Default)]
pub(super) struct Doomed {
    reasons: SortedMap<Target, Reason>,
    /// In the order in which they were found.
    order: Vec<Target>,
    /// What would stand in the way, if it is still there.
    doubtful: Vec<Target>,
}

#[derive(Clone, Copy)]
struct Reason {
    /// The statement names it, or it goes with something that goes.
    automatic: bool,
    explicit: bool,
    /// Which of the targets of the statement led to it.
    root: usize,
}

impl Doomed {
    pub(super) fn has(&self, target: &Target) -> bool {
        self.reasons.contains_key(target)
    }

    fn is_explicit(&self, target: &Target) -> bool {
        self.reasons.get(target).is_some_and(|reason| reason.explicit)
    }

    /// Whether it goes anyway: by itself, or with what it is a part of.
    fn is_automatic(&self, target: &Target) -> bool {
        let goes =
            |target: &Target| self.reasons.get(target).is_some_and(|reason| reason.automatic);
        let with_column = match target {
            Target::Default(id, number) => goes(&Target::Column(*id, *number)),
            _ => false,
        };
        goes(target) || with_column || goes(&Target::Object(target.object()))
    }

    fn add(&mut self, target: Target, reason: Reason) {
        if let Some(before) = self.reasons.get_mut(&target) {
            before.automatic |= reason.automatic;
            return;
        }
        self.order.push(target.clone());
        self.reasons.insert(target, reason);
    }
}

impl Simulator<'_> {
    /// `DROP OWNED BY` takes whatever belongs to a role, and nobody knows what that is.
    pub(super) fn drop_owned(&mut self) -> Result {
        self.run_opaque()
    }

    /// Takes it out with all that goes along. `at` is where the statement names it, for the failure.
    pub(super) fn remove(
        &mut self,
        targets: &[Target],
        behavior: Behavior,
        at: &Range<usize>,
    ) -> Result {
        let places = vec![at.clone(); targets.len()];
        self.remove_each(targets, behavior, &places)
    }

    /// The same, where each of the targets has a place of its own.
    fn remove_each(
        &mut self,
        targets: &[Target],
        behavior: Behavior,
        places: &[Range<usize>],
    ) -> Result {
        for (target, at) in targets.iter().zip(places) {
            self.check_removable(target, targets, at)?;
        }
        let doomed = self.doom(targets, behavior);
        if behavior == Behavior::Restrict {
            self.check_dependents(&doomed, targets, places)?;
            let goes = |target: &&Target| !targets.iter().any(|it| it.object() == target.object());
            for target in doomed.doubtful.iter().filter(goes) {
                if let Some(object) = self.catalog.get(target.object()) {
                    let name = object.name.clone();
                    self.doubt(&name);
                }
                self.opaque = Some("what came before it".to_owned());
            }
        }
        self.report_deaths(&doomed);
        self.apply(&doomed);
        Ok(())
    }

    /// Everything that goes with the targets, as PostgreSQL walks `pg_depend`.
    fn doom(&self, targets: &[Target], behavior: Behavior) -> Doomed {
        let mut doomed = Doomed::default();
        for (root, target) in targets.iter().enumerate() {
            doomed.add(target.clone(), Reason { automatic: true, explicit: true, root });
        }
        let mut next = 0;
        while let Some(target) = doomed.order.get(next).cloned() {
            next += 1;
            let root = doomed.reasons.get(&target).map_or(0, |reason| reason.root);
            for (dependent, strength) in self.dependents_of(&target) {
                let automatic = match strength {
                    Strength::Automatic => true,
                    Strength::Normal if self.may_be_gone(&dependent) => {
                        doomed.doubtful.push(dependent.clone());
                        true
                    }
                    Strength::Normal => false,
                    Strength::Perhaps if behavior == Behavior::Cascade => true,
                    Strength::Perhaps => continue,
                };
                doomed.add(dependent, Reason { automatic, explicit: false, root });
            }
        }
        doomed
    }

    /// Fails with what stands in the way.
    fn check_dependents(
        &self,
        doomed: &Doomed,
        targets: &[Target],
        places: &[Range<usize>],
    ) -> Result {
        let blocks = |target: &&Target| !doomed.is_automatic(target);
        let blocking: Vec<&Target> = doomed.order.iter().filter(blocks).collect_vec();
        let Some(first) = blocking.first() else { return Ok(()) };
        let root = doomed.reasons.get(*first).map_or(0, |reason| reason.root);
        let (Some(target), Some(at)) = (targets.get(root), places.get(root)) else { return Ok(()) };
        let dependents = blocking.iter().map(|target| self.describe(target)).collect_vec();
        let (kind, name, of) = self.title(target);
        Err(Failure {
            kind: FailureKind::Dependents { kind, name, of, dependents },
            at: at.clone(),
        })
    }

    /// Whether a statement that could not be followed may have dropped it already.
    fn may_be_gone(&self, target: &Target) -> bool {
        let object = self.catalog.get(target.object());
        let part = match target {
            Target::Constraint(_, name)
            | Target::Trigger(_, name)
            | Target::Policy(_, name)
            | Target::Rule(_, name)
            | Target::DomainCheck(_, name)
            | Target::Attribute(_, name) => Some(name.as_str()),
            Target::Column(_, number) | Target::Default(_, number) => object
                .and_then(|object| numbered(object.columns(), *number))
                .map(|column| column.name.as_str()),
            Target::Object(_) => None,
        };
        let names = object.map(|object| object.name.as_str()).into_iter().chain(part);
        names.into_iter().any(|name| self.is_shrouded(name))
    }

    /// What PostgreSQL takes out only along with something else.
    fn check_removable(&self, target: &Target, targets: &[Target], at: &Range<usize>) -> Result {
        let Some(object) = self.catalog.get(target.object()) else { return Ok(()) };
        if object.partial || self.may_be_gone(target) {
            return Ok(());
        }
        match target {
            Target::Object(id) => self.check_object_removable(*id, object, at),
            Target::Column(_, number) => self.check_column_removable(*number, object, targets, at),
            Target::Constraint(_, name) => {
                let inherited = object
                    .table()
                    .and_then(|table| table.constraint(name))
                    .is_some_and(|constraint| constraint.inherited > 0);
                if !inherited || is_parent_in(object, targets) {
                    return Ok(());
                }
                let of = &object.name;
                let message =
                    format!("cannot drop inherited constraint \"{name}\" of relation \"{of}\"");
                Err(Failure::wrong(at.clone(), "42P16", message))
            }
            Target::Trigger(_, name) => {
                let inherited = named(object.triggers(), name).is_some_and(|it| it.inherited);
                let parent = object.table().and_then(|table| table.parents.first());
                match parent {
                    Some(parent) if inherited => {
                        Err(self.required(target, &Target::Trigger(*parent, name.clone()), at))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn check_object_removable(&self, id: Id, object: &Object, at: &Range<usize>) -> Result {
        let by = match &object.kind {
            Kind::Index(index) if index.constraint => {
                Some(Target::Constraint(index.table, object.name.clone()))
            }
            Kind::Index(index) => index.parent.map(Target::Object),
            Kind::Sequence(sequence) => sequence
                .owned_by
                .filter(|owner| owner.identity)
                .map(|owner| Target::Column(owner.table, owner.column)),
            _ => object.extension.map(Target::Object),
        };
        match by {
            Some(by) if self.catalog.get(by.object()).is_some() => {
                Err(self.required(&Target::Object(id), &by, at))
            }
            _ => Ok(()),
        }
    }

    fn check_column_removable(
        &self,
        number: u32,
        object: &Object,
        targets: &[Target],
        at: &Range<usize>,
    ) -> Result {
        let Some(table) = object.table() else { return Ok(()) };
        let Some(column) = table.numbered(number) else { return Ok(()) };
        if column.inherited > 0 && !is_parent_in(object, targets) {
            let message = format!("cannot drop inherited column \"{}\"", column.name);
            return Err(Failure::wrong(at.clone(), "42P16", message));
        }
        if !depend::is_in_partition_key(table, number) {
            return Ok(());
        }
        let (column, relation) = (&column.name, &object.name);
        let message = format!(
            "cannot drop column \"{column}\" because it is part of the partition key of relation \
             \"{relation}\""
        );
        Err(Failure::wrong(at.clone(), "42P16", message))
    }

    fn required(&self, target: &Target, by: &Target, at: &Range<usize>) -> Failure {
        let (target, by) = (self.describe(target), self.describe(by));
        let message = format!("cannot drop {target} because {by} requires it");
        Failure::wrong(at.clone(), "2BP01", message)
    }

    /// What goes beside what the statement names, without what is a part of something that goes.
    fn report_deaths(&mut self, doomed: &Doomed) {
        for target in &doomed.order {
            if doomed.is_explicit(target) || self.is_part_of_doomed(target, doomed) {
                continue;
            }
            let what = self.describe(target);
            self.deaths.push(Death { what, target: target.clone() });
        }
    }

    fn is_part_of_doomed(&self, target: &Target, doomed: &Doomed) -> bool {
        let Target::Object(id) = target else {
            let of_column = matches!(target, Target::Default(id, number)
                if doomed.has(&Target::Column(*id, *number)));
            return of_column || doomed.has(&Target::Object(target.object()));
        };
        let Some(object) = self.catalog.get(*id) else { return true };
        let owner = match &object.kind {
            Kind::Index(index) if index.constraint => return true,
            Kind::Index(index) => Some(index.table),
            Kind::Sequence(sequence) => match sequence.owned_by {
                Some(owner) if owner.identity => return true,
                owner => owner.map(|owner| owner.table),
            },
            Kind::Statistics(statistics) => Some(statistics.table),
            _ => object.extension,
        };
        owner.is_some_and(|owner| doomed.has(&Target::Object(owner)))
    }
}

/// Whether a part of one of its parents goes in the same statement.
fn is_parent_in(object: &Object, targets: &[Target]) -> bool {
    let parents = object.table().map(|table| table.parents.as_slice()).unwrap_or_default();
    targets.iter().any(|target| parents.contains(&target.object()))
}
