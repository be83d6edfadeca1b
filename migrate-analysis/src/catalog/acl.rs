//! Who may do what with an object: what was granted, and what goes without saying.

use super::{Kind, Object};
use crate::ddl::ObjectKind;
use crate::list::CollectVec;
use crate::ordered::{SortedMap, SortedSet};

/// Privileges in upper case by grantee: `public` for everyone, the empty name for the role that the
/// migrations connect as, which is not known and which no role has.
pub(crate) type Grantees = SortedMap<String, SortedMap<String, Held>>;

/// How a privilege is held; a later one says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    /// On some of the servers that the set may run on, on others not.
    Perhaps,
    Plainly,
    WithGrantOption,
}

/// The owner's own are in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Acl {
    Known(Grantees),
    /// Default privileges, or a statement that could not be followed, had a part in it.
    Unknown,
}

/// A privilege that is held otherwise in two lists.
pub(crate) struct Change<'a> {
    pub(crate) role: &'a str,
    pub(crate) privilege: &'a str,
    pub(crate) then: Option<Held>,
    pub(crate) now: Option<Held>,
}

impl Acl {
    /// Of a column, which has no list until something is granted on it.
    pub(crate) const NOBODY: Acl = Acl::Known(SortedMap::new());

    /// Of the schema `public` in a new database. Up to PostgreSQL 14 everyone could make objects in it.
    pub(super) fn of_public_schema(oldest: u32) -> Acl {
        let mut list = owned("", &["CREATE", "USAGE"]);
        let mut everyone = plainly(&["USAGE"]);
        if oldest < 15 {
            everyone.insert("CREATE".to_owned(), Held::Perhaps);
        }
        list.insert("public".to_owned(), everyone);
        Acl::Known(list)
    }

    /// What the owner had, the next one has.
    pub(crate) fn change_owner(&mut self, before: &str, after: &str) {
        let Acl::Known(list) = self else { return };
        if before == after {
            return;
        }
        if let Some(held) = list.remove(before) {
            let to = list.get_or_insert_with(after.to_owned(), SortedMap::new);
            for (privilege, held) in held {
                let now = to.get_or_insert_with(privilege, || held);
                *now = held.max(*now);
            }
        }
    }
}

impl Object {
    /// The owner as lists of privileges have it.
    pub(crate) fn owner_name(&self) -> &str {
        self.owner.as_deref().unwrap_or_default()
    }

    /// What `ALL` is for the object, and what its owner has by itself. For a table that is what it was
    /// before PostgreSQL 17, which adds `MAINTAIN`.
    pub(crate) fn all_privileges(&self) -> &'static [&'static str] {
        match &self.kind {
            Kind::Table(_) | Kind::View(_) | Kind::Relation => {
                &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
            }
            Kind::Sequence(_) => &["SELECT", "UPDATE", "USAGE"],
            Kind::Schema => &["CREATE", "USAGE"],
            Kind::Routine(_) => &["EXECUTE"],
            Kind::Enum(_)
            | Kind::Composite(_)
            | Kind::Domain(_)
            | Kind::Range { .. }
            | Kind::Type => &["USAGE"],
            Kind::Other {
                kind: ObjectKind::Server | ObjectKind::ForeignDataWrapper | ObjectKind::Language,
                ..
            } => &["USAGE"],
            Kind::Session(_)
            | Kind::Index(_)
            | Kind::Extension { .. }
            | Kind::Statistics(_)
            | Kind::Other { .. } => &[],
        }
    }

    /// The list that an object has when it is made: its owner's, and what PostgreSQL gives everyone.
    pub(crate) fn default_privileges(&self) -> Acl {
        let mut list = owned(self.owner_name(), self.all_privileges());
        let everyone = match &self.kind {
            Kind::Routine(_)
            | Kind::Enum(_)
            | Kind::Composite(_)
            | Kind::Domain(_)
            | Kind::Range { .. }
            | Kind::Type
            | Kind::Other { kind: ObjectKind::Language, .. } => self.all_privileges(),
            _ => &[],
        };
        if !everyone.is_empty() {
            list.insert("public".to_owned(), plainly(everyone));
        }
        Acl::Known(list)
    }

    /// Its list; where it has none of its own, the one that goes without saying.
    pub(crate) fn privileges(&self) -> Acl {
        match &self.acl {
            Some(acl) => acl.clone(),
            None if self.partial => Acl::Unknown,
            None => self.default_privileges(),
        }
    }
}

fn plainly(privileges: &[&str]) -> SortedMap<String, Held> {
    privileges.iter().map(|it| ((*it).to_owned(), Held::Plainly)).collect()
}

fn owned(owner: &str, privileges: &[&str]) -> Grantees {
    SortedMap::from_iter([(owner.to_owned(), plainly(privileges))])
}

/// What two lists do not have in common, by role and privilege.
pub(crate) fn changes<'a>(then: &'a Grantees, now: &'a Grantees) -> Vec<Change<'a>> {
    let mut all: SortedSet<(&str, &str)> = SortedSet::new();
    for (role, held) in then.iter().chain(now) {
        all.extend(held.keys().map(|privilege| (role.as_str(), privilege.as_str())));
    }
    let held = |list: &Grantees, (role, privilege): (&str, &str)| {
        list.get(role).and_then(|held| held.get(privilege)).copied()
    };
    let change = |it: (&'a str, &'a str)| Change {
        role: it.0,
        privilege: it.1,
        then: held(then, it),
        now: held(now, it),
    };
    all.into_iter().map(change).filter(|it| it.then != it.now).collect_vec()
}
