//! The simulated schema: what PostgreSQL's catalog would hold.
//!
//! Objects refer to each other by [`Id`], and to columns by their numbers, as PostgreSQL does: so a
//! rename carries everything along by itself. Every change goes through [`Catalog::put`], which keeps
//! what was there before in a journal. From the journal come the state before a script
//! ([`Catalog::at`]), taking a script back ([`Catalog::rollback`]), which objects a script touched, and
//! who dropped what.

mod acl;
mod expression;
mod named;
mod object;
mod routine;
mod state;
mod store;
mod table;

pub(crate) use acl::{Acl, Change, Held, changes};
pub(crate) use expression::*;
pub(crate) use named::{Named, named, named_mut, names, numbered, numbered_mut};
pub(crate) use object::*;
pub(crate) use routine::*;
pub(crate) use state::State;
pub(crate) use store::Kept;
pub(crate) use table::*;

use store::Store;

use crate::list::CollectVec;
use crate::ordered::{SortedMap, SortedSet};
use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

/// The schema of temporary objects.
pub(crate) const TEMPORARY: &str = "pg_temp";

/// An object, for as long as the analysis runs. An object that is made again is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u32);

impl Id {
    /// The session: no object, but it changes and is taken back like one.
    const SESSION: Id = Id(0);
    pub(crate) const PUBLIC: Id = Id(1);

    /// A later object has a higher one.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// Of an object that was kept with its number.
    pub(crate) fn numbered(number: u32) -> Id {
        Id(number)
    }
}

/// A place in the journal.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(usize);

/// What made an object, or dropped it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// What was there before the set.
    Before,
    /// A statement of a migration, both by their places.
    Migration { number: usize, down: bool, statement: usize },
}

impl Origin {
    pub(crate) fn up(number: usize) -> Origin {
        Origin::Migration { number, down: false, statement: 0 }
    }

    pub(crate) fn down(number: usize) -> Origin {
        Origin::Migration { number, down: true, statement: 0 }
    }
}

#[derive(Clone)]
pub(crate) struct Catalog {
    objects: Store,
    names: SortedMap<Key, Id>,
    /// By the number of the object that they refer to.
    dependents: Vec<SortedSet<Id>>,
    journal: Vec<(Id, Option<Rc<Object>>)>,
    /// Where each script begins in the journal.
    origins: Vec<(Mark, Origin)>,
    /// What turned out to have been there, and when it did.
    revealed: Vec<(Mark, Id)>,
    /// The names of all objects that there ever were.
    made: HashSet<String>,
    /// It was kept, without its journal.
    is_restored: bool,
    /// Somebody asked for what stood in the journal of a catalog that was kept.
    asked_for_forgotten: Cell<bool>,
}

/// A catalog without its journal.
pub(crate) struct Parts {
    /// Every object there ever was, by its number.
    pub(crate) objects: Kept,
    pub(crate) names: SortedMap<Key, Id>,
    pub(crate) dependents: Vec<SortedSet<Id>>,
    pub(crate) made: HashSet<String>,
}

impl Default for Catalog {
    /// An empty database of whatever server.
    fn default() -> Catalog {
        Catalog::of_server(0)
    }
}

impl Catalog {
    /// An empty database: the schema `public`, and a new session. `oldest`: the major version of the
    /// oldest server that it may be on.
    pub(crate) fn of_server(oldest: u32) -> Catalog {
        let mut catalog = Catalog::empty();
        catalog.add(Object::new(None, "", Kind::Session(Session::default())));
        catalog.add(Object {
            acl: Some(Acl::of_public_schema(oldest)),
            comment: Some("standard public schema".to_owned()),
            ..Object::new(None, "public", Kind::Schema)
        });
        catalog
    }

    /// Without even a session.
    fn empty() -> Catalog {
        Catalog {
            objects: Store::new(),
            names: SortedMap::new(),
            dependents: Vec::new(),
            journal: Vec::new(),
            origins: vec![(Mark(0), Origin::Before)],
            revealed: Vec::new(),
            made: HashSet::new(),
            is_restored: false,
            asked_for_forgotten: Cell::new(false),
        }
    }

    /// A catalog that was kept. It does not know how it came about.
    pub(crate) fn restored(parts: Parts) -> Catalog {
        let Parts { objects, names, mut dependents, made } = parts;
        let objects = Store::kept(objects);
        dependents.resize(objects.len(), SortedSet::new());
        Catalog { objects, names, dependents, made, is_restored: true, ..Catalog::empty() }
    }

    /// What it takes to restore it; `write` makes the bytes of an object, which `read` reads.
    pub(crate) fn parts(
        &self,
        write: fn(&Object, &mut Vec<u8>),
        read: fn(&[u8]) -> Option<Object>,
    ) -> Parts {
        let mut objects = Kept { bytes: Vec::new(), ends: Vec::new(), read };
        for (_, object) in self.objects.all() {
            object.into_iter().for_each(|object| write(object, &mut objects.bytes));
            objects.ends.push(objects.bytes.len());
        }
        let (names, dependents) = (self.names.clone(), self.dependents.clone());
        Parts { objects, names, dependents, made: self.made.clone() }
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Object> {
        self.objects.get(id).map(|object| &**object)
    }

    pub(crate) fn kind(&self, id: Id) -> Option<&Kind> {
        self.get(id).map(|object| &object.kind)
    }

    /// Adds a new object.
    pub(crate) fn add(&mut self, object: Object) -> Id {
        let id = self.objects.push();
        self.dependents.push(SortedSet::new());
        if !object.partial {
            self.made.insert(object.name.clone());
        }
        self.put(id, Some(Rc::new(object)));
        id
    }

    /// Changes an object; nothing happens where it is gone.
    pub(crate) fn edit(&mut self, id: Id, change: impl FnOnce(&mut Object)) {
        // The rest is compiled once and not for each of a hundred changes.
        let Some(mut object) = self.get(id).cloned() else { return };
        change(&mut object);
        self.replace(id, object);
    }

    fn replace(&mut self, id: Id, object: Object) {
        self.put(id, Some(Rc::new(object)));
    }

    /// Adds what turns out to have been there all the time: at every mark before, too.
    pub(crate) fn reveal(&mut self, object: Object) -> Id {
        let id = self.add(object);
        self.journal.pop();
        self.revealed.push((self.mark(), id));
        id
    }

    /// Changes what is known of an object, now and at every mark before at which it was known in part.
    pub(crate) fn reveal_in(&mut self, id: Id, change: impl Fn(&mut Object)) {
        self.edit(id, &change);
        if !self.get(id).is_some_and(|object| object.partial) {
            return;
        }
        self.journal.pop();
        let earlier = self.journal.iter_mut().filter(|(other, _)| *other == id);
        for object in earlier.filter_map(|(_, object)| object.as_mut()) {
            if object.partial {
                change(Rc::make_mut(object));
            }
        }
    }

    /// Takes an object out. What refers to it is the caller's business.
    pub(crate) fn remove(&mut self, id: Id) {
        self.put(id, None);
    }

    /// Whether an object of this name was ever made by the set.
    pub(crate) fn was_made(&self, name: &str) -> bool {
        self.made.contains(name)
    }

    /// The object of that name.
    pub(crate) fn find(&self, key: &Key) -> Option<Id> {
        self.names.get(key).copied()
    }

    /// Objects of a schema in one name space, in order of name; of routines every signature.
    pub(crate) fn in_schema(
        &self,
        space: Space,
        schema: Option<Id>,
    ) -> impl Iterator<Item = (&Key, Id)> {
        let first = Key::new(space, schema, "");
        let same = move |key: &Key| key.space == space && key.schema == schema;
        self.names.since(first).take_while(move |(key, _)| same(key)).map(|(key, id)| (key, *id))
    }

    /// Routines of that name, whatever their arguments.
    pub(crate) fn routines(&self, schema: Id, name: &str) -> impl Iterator<Item = Id> {
        let first = Key::new(Space::Routine, Some(schema), name);
        let same = {
            let first = first.clone();
            move |key: &Key| {
                (key.space, key.schema, &key.name) == (first.space, first.schema, &first.name)
            }
        };
        self.names.since(first).take_while(move |(key, _)| same(key)).map(|(_, id)| *id)
    }

    /// Every object, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Id, &Object)> {
        self.objects.all().filter_map(|(id, object)| Some((id, object?)))
    }

    /// The objects that refer to this one, oldest first.
    pub(crate) fn dependents(&self, id: Id) -> impl Iterator<Item = Id> {
        let dependents = self.dependents.get(id.0 as usize).map_or(&[][..], |ids| ids);
        dependents.iter().copied()
    }

    pub(crate) fn session(&self) -> &Session {
        const NONE: &Session = &Session::NONE;
        match self.kind(Id::SESSION) {
            Some(Kind::Session(session)) => session,
            _ => NONE,
        }
    }

    /// The session as it was at the mark.
    pub(crate) fn session_at(&self, mark: Mark) -> Session {
        let then = self.journal.iter().skip(mark.0).find(|(id, _)| *id == Id::SESSION);
        match then.and_then(|(_, object)| object.as_deref()) {
            Some(Object { kind: Kind::Session(session), .. }) => session.clone(),
            _ => self.session().clone(),
        }
    }

    /// A script ends: the next one begins with the connection's own settings and without temporary objects;
    /// what is not known stays so.
    pub(crate) fn end_session(&mut self) {
        let temporary = self.find(&Key::new(Space::Schema, None, TEMPORARY));
        let objects: Vec<Id> =
            temporary.map(|id| self.dependents(id).collect_vec()).unwrap_or_default();
        for id in objects {
            self.remove(id);
        }
        let session = self.session();
        if session.search_path.is_some() || session.role.is_some() || session.fog.everywhere {
            self.edit_session(|session| {
                session.search_path = None;
                session.role = None;
                session.fog.storms += u32::from(std::mem::take(&mut session.fog.everywhere));
            });
        }
    }

    pub(crate) fn edit_session(&mut self, change: impl FnOnce(&mut Session)) {
        self.edit(Id::SESSION, |object| {
            if let Kind::Session(session) = &mut object.kind {
                change(session);
            }
        });
    }

    /// The only way in which anything changes.
    fn put(&mut self, id: Id, object: Option<Rc<Object>>) {
        let Some(before) = self.objects.replace(id, object.clone()) else { return };
        if let Some(before) = &before {
            for key in before.keys() {
                // A name may have been taken over already, by a table that swapped places.
                if self.names.get(&key) == Some(&id) {
                    self.names.remove(&key);
                }
            }
            for other in before.references() {
                if let Some(dependents) = self.dependents.get_mut(other.0 as usize) {
                    dependents.remove(&id);
                }
            }
        }
        if let Some(after) = &object {
            for key in after.keys() {
                self.names.insert(key, id);
            }
            for other in after.references() {
                if let Some(dependents) = self.dependents.get_mut(other.0 as usize) {
                    dependents.insert(id);
                }
            }
        }
        self.journal.push((id, before));
    }
}

/// The journal.
impl Catalog {
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.journal.len())
    }

    /// From here on it is this script that changes things.
    pub(crate) fn begin(&mut self, origin: Origin) -> Mark {
        let mark = self.mark();
        self.origins.push((mark, origin));
        mark
    }

    /// From here on it is the up of this migration.
    pub(crate) fn begin_migration(&mut self, number: usize) -> Mark {
        let mark = self.begin(Origin::up(number));
        let fog = &self.session().fog;
        if fog.storm.is_some() || !fog.doubted.is_empty() {
            self.edit_session(|session| {
                session.fog.storm = None;
                session.fog.doubted.clear();
            });
        }
        mark
    }

    /// From here on it is this statement of the script, by its place.
    pub(crate) fn begin_statement(&mut self, place: usize) {
        if let Some((_, Origin::Migration { number, down, .. })) = self.origins.last().copied() {
            self.begin(Origin::Migration { number, down, statement: place });
        }
    }

    /// Takes back everything since.
    pub(crate) fn rollback(&mut self, mark: Mark) {
        while self.journal.len() > mark.0
            && let Some((id, before)) = self.journal.pop()
        {
            self.put(id, before);
            self.journal.pop();
        }
        while self.origins.pop_if(|(begin, _)| *begin > mark).is_some() {}
        // What speaks for their having been there is taken back, too.
        while let Some((_, id)) = self.revealed.pop_if(|(at, _)| *at > mark) {
            self.put(id, None);
            self.journal.pop();
        }
    }

    /// The objects that were touched since, oldest first, each as it was then.
    pub(crate) fn touched(&self, mark: Mark) -> SortedMap<Id, Option<Rc<Object>>> {
        let mut touched = SortedMap::new();
        for (id, before) in self.journal.iter().skip(mark.0) {
            touched.get_or_insert_with(*id, || before.clone());
        }
        touched.remove(&Id::SESSION);
        touched
    }

    /// Whether there was such an object at the mark: what [`at`](Catalog::at) would tell, without making all of
    /// that state for one answer.
    pub(crate) fn was_there(&self, id: Id, mark: Mark) -> bool {
        let change = self.journal.iter().skip(mark.0).find(|(other, _)| *other == id);
        match change {
            Some((_, before)) => before.is_some(),
            None => self.get(id).is_some(),
        }
    }

    /// The catalog as it was at the mark.
    pub(crate) fn at(&self, mark: Mark) -> State<'_> {
        State::new(self, self.touched(mark))
    }

    /// The catalog as it is.
    pub(crate) fn now(&self) -> State<'_> {
        State::new(self, SortedMap::new())
    }

    /// Who did the last change for which `is_it` holds, given an object before and after it.
    pub(crate) fn last(
        &self,
        is_it: impl Fn(Option<&Object>, Option<&Object>) -> bool,
    ) -> Option<Origin> {
        self.last_where(None, &is_it)
    }

    /// The same for one object.
    pub(crate) fn last_of(
        &self,
        only: Id,
        is_it: impl Fn(Option<&Object>, Option<&Object>) -> bool,
    ) -> Option<Origin> {
        self.last_where(Some(only), &is_it)
    }

    fn last_where(
        &self,
        only: Option<Id>,
        is_it: &dyn Fn(Option<&Object>, Option<&Object>) -> bool,
    ) -> Option<Origin> {
        // By their numbers, as far as the way back has come across them.
        let mut after: Vec<Option<Option<&Object>>> = vec![None; self.objects.len()];
        for (at, (id, before)) in self.journal.iter().enumerate().rev() {
            if only.is_some_and(|only| only != *id) {
                continue;
            }
            let before = before.as_deref();
            let Some(after) = after.get_mut(id.0 as usize) else { continue };
            if is_it(before, after.unwrap_or_else(|| self.get(*id))) {
                let script = self.origins.iter().rfind(|(begin, _)| begin.0 <= at);
                return script.map(|(_, origin)| *origin);
            }
            *after = Some(before);
        }
        self.asked_for_forgotten.set(self.is_restored);
        None
    }

    /// Whether an answer would have needed what this catalog has forgotten.
    pub(crate) fn was_asked_for_forgotten(&self) -> bool {
        self.asked_for_forgotten.get()
    }
}
