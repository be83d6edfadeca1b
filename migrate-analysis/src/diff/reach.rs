//! What a parent hands down to the tables that inherit a column.

use super::{Differ, Pair};
use crate::catalog::{Column, Expr, Id, Object, State};

/// Which tables a change of a column has to name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that inherit the column follow.
    Whole,
    /// They have to be spared.
    Only,
    /// A parent's does it.
    Told,
}

impl Reach {
    pub(super) fn of(self, alter: &str) -> String {
        match self {
            Reach::Only => alter.replacen("ALTER TABLE ", "ALTER TABLE ONLY ", 1),
            Reach::Whole | Reach::Told => alter.to_owned(),
        }
    }
}

/// What of a column a parent hands down.
pub(super) type Facet<'f> = &'f dyn Fn(&Column) -> Option<Expr>;

/// Before and after.
type Change = (Option<Expr>, Option<Expr>);

impl Differ<'_> {
    /// A parent changes its children along. Where one of these did not change, each is told by itself.
    pub(super) fn reach(
        &self,
        pair: Pair<'_>,
        one: &Column,
        other: &Column,
        of: Facet<'_>,
    ) -> Reach {
        let parents = pair.before.1.table().map_or(&[][..], |it| &it.parents);
        let changed = (of(one), of(other));
        if changed.0 == changed.1 {
            return Reach::Whole;
        }
        let names = (one.name.as_str(), other.name.as_str());
        let told = |parent: &Id| {
            self.change_of(*parent, names, of).as_ref() == Some(&changed)
                && self.family_follows(*parent, names, of)
        };
        if one.inherited > 0 && parents.iter().any(told) {
            return Reach::Told;
        }
        match self.family_follows(pair.before.0, names, of) {
            true => Reach::Whole,
            false => Reach::Only,
        }
    }

    /// Whether all that inherit the column have changed as it did.
    fn family_follows(&self, parent: Id, names: (&str, &str), of: Facet<'_>) -> bool {
        let changed = self.change_of(parent, names, of);
        let inherits = |id: &Id| {
            let table = self.before.get(*id).and_then(Object::table);
            table.is_some_and(|it| it.parents.contains(&parent))
        };
        self.before.dependents(parent).into_iter().filter(inherits).all(|child| {
            match self.change_of(child, names, of) {
                Some(it) => Some(&it) == changed.as_ref() && self.family_follows(child, names, of),
                None => true,
            }
        })
    }

    /// Before and after, where both states have the column.
    fn change_of(&self, id: Id, names: (&str, &str), of: Facet<'_>) -> Option<Change> {
        let column = |state: &State<'_>, name: &str| -> Option<Option<Expr>> {
            Some(of(state.get(id)?.table()?.column(name)?))
        };
        Some((column(self.before, names.0)?, column(self.after, names.1)?))
    }
}
