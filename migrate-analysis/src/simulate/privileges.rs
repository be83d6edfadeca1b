//! Owners and privileges.

mod acl;

use super::object::Strictness;
use super::{Failure, FailureKind, Result, Simulator, Target};
use crate::catalog::{Acl, Id, Key, Kind, Mark, Object, RoutineKind, Space};
use crate::ddl::{self, GrantTarget, ObjectKind, ObjectName};
use crate::list::CollectVec;
use acl::Change;

impl Simulator<'_> {
    pub(super) fn set_owner(
        &mut self,
        object: &ObjectName,
        owner: &str,
        if_exists: bool,
    ) -> Result {
        let target = match self.named(object, Strictness::Lenient) {
            Err(Failure { kind: FailureKind::Unknown { .. }, .. }) if if_exists => return Ok(()),
            Err(failure) => return Err(failure),
            Ok(target) => target,
        };
        let Some(Target::Object(id)) = target else { return Ok(()) };
        self.check_own_type(id, object)?;
        let owner = self.role_named(owner);
        let Some(found) = self.catalog.get(id) else { return Ok(()) };
        match &found.kind {
            // The owner of an index is its table's.
            Kind::Index(_) => return Ok(()),
            Kind::Sequence(sequence) if sequence.owned_by.is_some() && !found.partial => {
                let table = sequence.owned_by.and_then(|it| self.catalog.get(it.table));
                let of_table = table.and_then(|table| table.owner.clone());
                if owner.is_some() && of_table.is_some() && owner != of_table {
                    let message = format!("cannot change owner of sequence \"{}\"", found.name);
                    return Err(Failure::wrong(object.name.at.clone(), "0A000", message));
                }
            }
            _ => {}
        }
        self.give_to(id, owner.as_deref());
        for companion in self.companions(id) {
            self.give_to(companion, owner.as_deref());
        }
        Ok(())
    }

    fn give_to(&mut self, id: Id, owner: Option<&str>) {
        self.catalog.edit(id, |object| {
            let before = object.owner_name().to_owned();
            object.owner = owner.map(str::to_owned);
            let after = object.owner_name().to_owned();
            for column in object.columns_mut().into_iter().flatten() {
                column.acl.as_mut().into_iter().for_each(|acl| acl.change_owner(&before, &after));
            }
            object.acl.as_mut().into_iter().for_each(|acl| acl.change_owner(&before, &after));
        });
    }

    /// A role as it is written; none for the one that the migrations connect as.
    pub(super) fn role_named(&self, role: &str) -> Option<String> {
        match role {
            "current_user" | "current_role" | "user" => self.catalog.session().role.clone(),
            "session_user" => None,
            role => Some(role.to_owned()),
        }
    }

    pub(super) fn grant(&mut self, grant: &ddl::Grant) -> Result {
        let grantee = |role: &String| self.role_named(role).unwrap_or_default();
        let roles: Vec<String> = grant.roles.iter().map(grantee).collect_vec();
        let change = Change { revoke: grant.revoke, option: grant.grant_option, roles };
        for id in self.granted(&grant.on)? {
            self.grant_on(id, grant, &change)?;
        }
        Ok(())
    }

    fn granted(&mut self, on: &GrantTarget) -> Result<Vec<Id>> {
        let mut ids = Vec::new();
        match on {
            GrantTarget::Objects(objects) => {
                for object in objects {
                    ids.extend(self.granted_object(object)?.map(|target| target.object()));
                }
            }
            GrantTarget::AllInSchema(kind, schemas) => {
                for schema in schemas {
                    let schema = self.existing_schema(&schema.name, &schema.at)?;
                    ids.extend(self.all_in(*kind, schema));
                }
            }
            GrantTarget::Other => {}
        }
        Ok(ids)
    }

    /// `ON TABLE` takes views and sequences too, which are spelt in no other way, and `ON FUNCTION`
    /// aggregates.
    fn granted_object(&mut self, object: &ObjectName) -> Result<Option<Target>> {
        let named = self.named(object, Strictness::Lenient);
        if named.is_ok() || object.kind != ObjectKind::Function {
            return named;
        }
        let aggregate = ObjectName { kind: ObjectKind::Aggregate, ..object.clone() };
        self.named(&aggregate, Strictness::Lenient).or(named)
    }

    fn all_in(&self, kind: ObjectKind, schema: Id) -> Vec<Id> {
        let space = match kind {
            ObjectKind::Table | ObjectKind::Sequence => Space::Relation,
            _ => Space::Routine,
        };
        let fits = |id: &Id| match (kind, self.catalog.kind(*id)) {
            (ObjectKind::Table, Some(Kind::Table(_) | Kind::View(_))) => true,
            (ObjectKind::Sequence, Some(Kind::Sequence(_))) => true,
            (_, Some(Kind::Routine(routine))) => match kind {
                ObjectKind::Function => routine.kind != RoutineKind::Procedure,
                ObjectKind::Procedure => routine.kind == RoutineKind::Procedure,
                _ => true,
            },
            _ => false,
        };
        self.catalog.in_schema(space, Some(schema)).map(|(_, id)| id).filter(fits).collect_vec()
    }

    fn grant_on(&mut self, id: Id, grant: &ddl::Grant, change: &Change) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let (all, columns) = (object.all_privileges(), acl::COLUMN);
        let is_whole = |(_, columns): &&(String, Vec<ddl::Ident>)| columns.is_empty();
        let whole: Vec<&str> = match grant.privileges.is_empty() {
            true => all.to_vec(),
            false => acl::expand(grant.privileges.iter().filter(is_whole), all),
        };
        for (privilege, names) in grant.privileges.iter().filter(|it| !is_whole(it)) {
            let one = std::iter::once(&(privilege.clone(), Vec::new())).cloned().collect_vec();
            let privileges = acl::expand(one.iter(), columns);
            for name in names {
                let object = ObjectName {
                    kind: ObjectKind::Column,
                    name: self.name_of(id, name),
                    part: Some(name.clone()),
                    arguments: None,
                };
                if let Some(Target::Column(id, number)) =
                    self.named(&object, Strictness::Lenient)?
                {
                    self.change_column(id, number, change, &privileges);
                }
            }
        }
        if whole.is_empty() {
            return Ok(());
        }
        self.catalog.edit(id, |object| acl::change(object, change, &whole));
        if change.revoke {
            self.revoke_from_columns(id, change, &whole);
        }
        Ok(())
    }

    /// An object by its full name.
    fn name_of(&self, id: Id, place: &ddl::Ident) -> ddl::Name {
        let object = self.catalog.get(id);
        let schema = object.and_then(|object| self.catalog.get(object.schema?));
        ddl::Name {
            schema: schema.map(|schema| schema.name.clone()),
            name: object.map(|object| object.name.clone()).unwrap_or_default(),
            at: place.at.clone(),
        }
    }

    /// Revoking a privilege on a table revokes it on its columns.
    fn revoke_from_columns(&mut self, id: Id, change: &Change, privileges: &[&str]) {
        let columns = self.catalog.get(id).map(Object::columns).unwrap_or_default();
        let with_acl: Vec<u32> =
            columns.iter().filter(|it| it.acl.is_some()).map(|column| column.number).collect_vec();
        for number in with_acl {
            self.change_column(id, number, change, privileges);
        }
    }

    fn change_column(&mut self, id: Id, number: u32, change: &Change, privileges: &[&str]) {
        self.catalog.edit(id, |object| {
            let columns = object.columns_mut().into_iter().flatten();
            for column in columns.filter(|column| column.number == number) {
                acl::change_column(column, change, privileges);
            }
        });
    }
}

/// Default privileges.
impl Simulator<'_> {
    /// They are kept as they are written. A `REVOKE` takes the `GRANT` of the same words back, and the
    /// other way round; what other statements come to together is not known.
    pub(super) fn default_privileges(&mut self, text: &str) -> Result {
        let kind = ObjectKind::DefaultPrivileges;
        let key = Key::new(Space::Other(kind), None, "");
        let Some(id) = self.catalog.find(&key) else {
            let definition = Some(text.to_owned());
            self.catalog.add(Object::new(None, "", Kind::Other { kind, definition }));
            return Ok(());
        };
        let Some(Object { kind: Kind::Other { definition, .. }, .. }) = self.catalog.get(id) else {
            return Ok(());
        };
        let before = definition.as_deref().map(|text| text.lines().collect_vec());
        let (words, is_grant) = words_of(text);
        let after = before.and_then(|mut lines| {
            let opposite = (words, !is_grant);
            match lines.iter().position(|line| words_of(line) == opposite) {
                Some(at) => drop(lines.remove(at)),
                None if is_grant => lines.push(text),
                None => return None,
            }
            Some(lines.join("\n"))
        });
        if after.as_deref() == Some("") {
            self.catalog.remove(id);
            return Ok(());
        }
        self.catalog.edit(id, |object| {
            if let Kind::Other { definition, .. } = &mut object.kind {
                *definition = after;
            }
        });
        Ok(())
    }

    /// What a statement has made belongs to the role that is set; with default privileges about, who
    /// may use it is not known.
    pub(super) fn settle(&mut self, mark: Mark) {
        let role = self.catalog.session().role.clone();
        let defaults = Key::new(Space::Other(ObjectKind::DefaultPrivileges), None, "");
        let has_defaults = self.catalog.find(&defaults).is_some();
        if role.is_none() && !has_defaults {
            return;
        }
        let made = self.catalog.touched(mark).into_iter().filter(|(_, before)| before.is_none());
        for (id, _) in made.collect_vec() {
            self.catalog.edit(id, |object| {
                if object.partial {
                    return;
                }
                if object.owner.is_none() {
                    object.owner.clone_from(&role);
                }
                if has_defaults && !object.all_privileges().is_empty() {
                    object.acl = Some(Acl::Unknown);
                }
            });
        }
    }
}

/// The words of a statement without those that tell `GRANT` and `REVOKE` apart, and whether it is the
/// former.
fn words_of(text: &str) -> (Vec<String>, bool) {
    let words = text.split_whitespace().map(str::to_lowercase);
    let is_grant = !words.clone().any(|word| word == "revoke");
    let apart = ["grant", "revoke", "to", "from"];
    (words.filter(|word| !apart.contains(&word.as_str())).collect_vec(), is_grant)
}
