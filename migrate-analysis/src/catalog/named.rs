//! Parts of an object are looked up by name or number: written once, since each closure of a search is a dozen
//! functions to compile.

use super::{Attribute, Column, Constraint, DomainCheck, Policy, Rule, Trigger};
use crate::list::CollectVec;

/// A part of an object, with a name that no other of its kind has there.
pub(crate) trait Named {
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($part:ident),+) => {
        $(impl Named for $part {
            fn name(&self) -> &str {
                &self.name
            }
        })+
    };
}

named!(Attribute, Column, Constraint, DomainCheck, Policy, Rule, Trigger);

/// The part of that name.
pub(crate) fn named<'a, T: Named>(parts: &'a [T], name: &str) -> Option<&'a T> {
    parts.iter().find(|part| part.name() == name)
}

/// The part of that name, to be changed.
pub(crate) fn named_mut<'a, T: Named>(parts: &'a mut [T], name: &str) -> Option<&'a mut T> {
    parts.iter_mut().find(|part| part.name() == name)
}

/// The names of the parts.
pub(crate) fn names<T: Named>(parts: &[T]) -> Vec<&str> {
    parts.iter().map(Named::name).collect_vec()
}

/// The column of that number.
pub(crate) fn numbered(columns: &[Column], number: u32) -> Option<&Column> {
    columns.iter().find(|column| column.number == number)
}

/// The column of that number, to be changed.
pub(crate) fn numbered_mut(columns: &mut [Column], number: u32) -> Option<&mut Column> {
    columns.iter_mut().find(|column| column.number == number)
}
