//! Lists of privileges.

use crate::catalog::{Acl, Column, Kind, Object};
use crate::ddl::Ident;
use crate::ordered::SortedMap;

/// What GRANT or REVOKE does, and to whom.
pub(super) struct Change {
    pub(super) revoke: bool,
    /// `WITH GRANT OPTION`, `GRANT OPTION FOR`.
    pub(super) option: bool,
    pub(super) roles: Vec<String>,
}

pub(super) const COLUMN: &[&str] = &["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/// The owner as the list has it: the role that the migrations connect as, whose name is not known, is
/// the empty name, which no role has.
pub(super) fn owner_of(object: &Object) -> &str {
    object.owner.as_deref().unwrap_or_default()
}

/// Privileges as they are written, `ALL` among them.
pub(super) fn expand<'a>(
    written: impl Iterator<Item = &'a (String, Vec<Ident>)>,
    all: &'static [&'static str],
) -> Vec<&'static str> {
    let mut privileges = Vec::new();
    for (privilege, _) in written {
        match privilege.as_str() {
            "ALL" | "ALL PRIVILEGES" => privileges.extend(all),
            "MAINTAIN" => privileges.push("MAINTAIN"),
            one => privileges.extend(all.iter().filter(|it| **it == one)),
        }
    }
    privileges
}

/// The list of an object to which nothing was granted yet.
fn default_of(object: &Object) -> Acl {
    let with = |privileges: &[&str]| -> SortedMap<String, bool> {
        privileges.iter().map(|it| ((*it).to_owned(), false)).collect()
    };
    let mut list =
        SortedMap::from_iter([(owner_of(object).to_owned(), with(object.all_privileges()))]);
    match &object.kind {
        Kind::Routine(_) => list.insert("public".to_owned(), with(&["EXECUTE"])),
        Kind::Enum(_) | Kind::Composite(_) | Kind::Domain(_) | Kind::Range { .. } | Kind::Type => {
            list.insert("public".to_owned(), with(&["USAGE"]))
        }
        // As PostgreSQL 15 sets the schema `public` up.
        Kind::Schema if is_public(object) => list.insert("public".to_owned(), with(&["USAGE"])),
        _ => None,
    };
    Acl::Known(list)
}

fn is_public(object: &Object) -> bool {
    object.name == "public"
}

pub(super) fn change(object: &mut Object, change: &Change, privileges: &[&str]) {
    let before = match object.acl.take() {
        Some(acl) => acl,
        None if object.partial => Acl::Unknown,
        None => default_of(object),
    };
    let after = changed(before, change, privileges);
    // A list that says what goes without saying is no change.
    object.acl = Some(after).filter(|after| *after != default_of(object));
}

/// A column without privileges of its own has no list.
pub(super) fn change_column(column: &mut Column, change: &Change, privileges: &[&str]) {
    let before = column.acl.take().unwrap_or_else(|| Acl::Known(SortedMap::new()));
    let after = changed(before, change, privileges);
    column.acl = Some(after).filter(|acl| *acl != Acl::Known(SortedMap::new()));
}

fn changed(acl: Acl, change: &Change, privileges: &[&str]) -> Acl {
    let Acl::Known(mut list) = acl else { return Acl::Unknown };
    for role in &change.roles {
        let held = list.get_or_insert_with(role.clone(), SortedMap::new);
        for privilege in privileges {
            match (change.revoke, change.option) {
                (false, option) => {
                    *held.get_or_insert_with((*privilege).to_owned(), || false) |= option;
                }
                (true, true) => {
                    if let Some(option) = held.get_mut(*privilege) {
                        *option = false;
                    }
                }
                (true, false) => {
                    held.remove(*privilege);
                }
            }
        }
    }
    list.retain(|_, held| !held.is_empty());
    Acl::Known(list)
}

/// What the owner had, the next one has.
pub(super) fn change_owner(acl: &mut Acl, before: &str, after: &str) {
    let Acl::Known(list) = acl else { return };
    if before == after {
        return;
    }
    if let Some(held) = list.remove(before) {
        let to = list.get_or_insert_with(after.to_owned(), SortedMap::new);
        for (privilege, option) in held {
            *to.get_or_insert_with(privilege, || false) |= option;
        }
    }
}
