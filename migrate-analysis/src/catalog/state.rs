//! The catalog as it was.

use super::{BaseType, Catalog, ColumnType, Id, Kind, Object};
use crate::list::CollectVec;
use crate::ordered::{SortedMap, sort};
use std::rc::Rc;

/// The catalog at some time.
#[derive(Clone)]
pub(crate) struct State<'a> {
    catalog: &'a Catalog,
    overlay: SortedMap<Id, Option<Rc<Object>>>,
}

impl<'a> State<'a> {
    /// `overlay`: what has been touched since, as it was.
    pub(super) fn new(
        catalog: &'a Catalog,
        overlay: SortedMap<Id, Option<Rc<Object>>>,
    ) -> State<'a> {
        State { catalog, overlay }
    }
}

impl State<'_> {
    pub(crate) fn get(&self, id: Id) -> Option<&Object> {
        match self.overlay.get(&id) {
            Some(object) => object.as_deref(),
            None => self.catalog.get(id),
        }
    }

    pub(crate) fn kind(&self, id: Id) -> Option<&Kind> {
        self.get(id).map(|object| &object.kind)
    }

    /// The type that PostgreSQL gives a literal where this type is expected: of a domain the one below it,
    /// and without the modifiers that it applies in a cast of its own.
    pub(crate) fn literal_type(&self, of: &ColumnType) -> ColumnType {
        let mut of = of.clone();
        while let Some(Kind::Domain(domain)) = self.domain_of(&of) {
            of = domain.base.clone();
        }
        // Alone, these two mean a length of one.
        let is_whole = |name: &str| name == "character" || name.starts_with("bit");
        if !matches!(&of.base, BaseType::BuiltIn(name) if is_whole(name)) {
            of.modifiers = None;
        }
        of
    }

    fn domain_of(&self, of: &ColumnType) -> Option<&Kind> {
        let kind = &self.get(of.user_type().filter(|_| !of.array)?)?.kind;
        matches!(kind, Kind::Domain(_)).then_some(kind)
    }

    /// What was touched since, oldest first, each as it was.
    pub(crate) fn touched(&self) -> impl Iterator<Item = (Id, Option<&Object>)> {
        self.overlay.iter().map(|(id, object)| (*id, object.as_deref()))
    }

    /// Every object that there was, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Id, &Object)> {
        self.catalog.objects.all().filter_map(|(id, _)| Some((id, self.get(id)?)))
    }

    /// Whether there were statements that could not be followed.
    pub(crate) fn is_foggy(&self) -> bool {
        let fog = &self.catalog.session().fog;
        fog.hides_others() || !fog.names.is_empty()
    }

    /// The objects that referred to this one, oldest first.
    pub(crate) fn dependents(&self, id: Id) -> Vec<Id> {
        let refers = |object: &Object| object.references().contains(&id);
        let now = self.catalog.dependents(id).filter(|other| !self.overlay.contains_key(other));
        let then = self.overlay.iter().filter(|(_, object)| object.as_deref().is_some_and(refers));
        let mut all: Vec<Id> = now.chain(then.map(|(id, _)| *id)).collect_vec();
        sort(&mut all);
        all
    }
}
