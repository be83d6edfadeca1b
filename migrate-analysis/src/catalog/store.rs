//! Where the objects are, by their numbers. Those of a catalog that was kept are read when somebody asks
//! for them: a migration is about a few of thousands.

use super::{Id, Object};
use std::cell::OnceCell;
use std::rc::Rc;

#[derive(Clone)]
pub(super) struct Store {
    /// Empty as long as nobody has asked.
    slots: Vec<OnceCell<Option<Rc<Object>>>>,
    kept: Kept,
}

/// Objects as bytes.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    /// Where each ends; one that is gone has no bytes.
    pub(crate) ends: Vec<usize>,
    pub(crate) read: fn(&[u8]) -> Option<Object>,
}

impl Kept {
    fn object(&self, number: usize) -> Option<Rc<Object>> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before));
        let bytes = self.bytes.get(start.copied().unwrap_or_default()..end)?;
        if bytes.is_empty() { None } else { (self.read)(bytes).map(Rc::new) }
    }
}

impl Store {
    pub(super) fn new() -> Store {
        Store::kept(Kept { bytes: Vec::new(), ends: Vec::new(), read: |_| None })
    }

    pub(super) fn kept(kept: Kept) -> Store {
        Store { slots: vec![OnceCell::new(); kept.ends.len()], kept }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Makes room for one more.
    pub(super) fn push(&mut self) -> Id {
        let id = Id(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.slots.push(OnceCell::from(None));
        id
    }

    pub(super) fn get(&self, id: Id) -> Option<&Rc<Object>> {
        let number = id.0 as usize;
        self.slots.get(number)?.get_or_init(|| self.kept.object(number)).as_ref()
    }

    /// Every object there ever was, oldest first.
    pub(super) fn all(&self) -> All<'_> {
        All { store: self, next: 0 }
    }

    /// Puts an object in the place of another, which is the answer; none where there is no such place.
    pub(super) fn replace(
        &mut self,
        id: Id,
        object: Option<Rc<Object>>,
    ) -> Option<Option<Rc<Object>>> {
        let before = self.get(id).cloned();
        *self.slots.get_mut(id.0 as usize)? = OnceCell::from(object);
        Some(before)
    }
}

/// Every search of the catalog is made of this: as a chain of adapters each would be a dozen functions more.
pub(super) struct All<'a> {
    store: &'a Store,
    next: u32,
}

impl<'a> Iterator for All<'a> {
    type Item = (Id, Option<&'a Object>);

    fn next(&mut self) -> Option<Self::Item> {
        let id = Id(self.next);
        let slot = self.store.slots.get(id.0 as usize)?;
        self.next += 1;
        Some((id, slot.get_or_init(|| self.store.kept.object(id.0 as usize)).as_deref()))
    }
}
