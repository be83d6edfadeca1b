//! Lists of privileges.

use crate::catalog::{Acl, Column, Held, Object};
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

pub(super) fn change(object: &mut Object, change: &Change, privileges: &[&str]) {
    let after = changed(object.privileges(), change, privileges);
    // A list that says what goes without saying is none.
    object.acl = Some(after).filter(|after| *after != object.default_privileges());
}

/// A column without privileges of its own has no list.
pub(super) fn change_column(column: &mut Column, change: &Change, privileges: &[&str]) {
    let before = column.acl.take().unwrap_or(Acl::NOBODY);
    let after = changed(before, change, privileges);
    column.acl = Some(after).filter(|acl| *acl != Acl::NOBODY);
}

fn changed(acl: Acl, change: &Change, privileges: &[&str]) -> Acl {
    let Acl::Known(mut list) = acl else { return Acl::Unknown };
    let granted = if change.option { Held::WithGrantOption } else { Held::Plainly };
    for role in &change.roles {
        let held = list.get_or_insert_with(role.clone(), SortedMap::new);
        for privilege in privileges {
            match (change.revoke, change.option) {
                (false, _) => {
                    let held = held.get_or_insert_with((*privilege).to_owned(), || granted);
                    *held = granted.max(*held);
                }
                (true, true) => {
                    if let Some(held) = held.get_mut(*privilege) {
                        *held = Held::Plainly.min(*held);
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
