//! ALTER … SET SCHEMA.

use crate::catalog::{Id, Kind, Object};
use crate::ddl;
use crate::list::CollectVec;
use crate::simulate::object::Strictness;
use crate::simulate::{Failure, FailureKind, Result, Simulator, Target};

impl Simulator<'_> {
    pub(in crate::simulate) fn set_schema(
        &mut self,
        object: &ddl::ObjectName,
        schema: &ddl::Ident,
        if_exists: bool,
    ) -> Result {
        let target = match self.named(object, Strictness::Lenient) {
            Err(Failure { kind: FailureKind::Unknown { .. }, .. }) if if_exists => return Ok(()),
            Err(failure) => return Err(failure),
            Ok(target) => target,
        };
        let schema = self.existing_schema(&schema.name, &schema.at)?;
        let Some(Target::Object(id)) = target else {
            self.shroud(&object.name.name);
            return Ok(());
        };
        self.check_own_type(id, object)?;
        self.check_movable(id, object)?;
        let is_extension = |object: &Object| matches!(object.kind, Kind::Extension { .. });
        if self.catalog.get(id).is_some_and(is_extension) {
            return self.move_extension(id, schema, object);
        }
        if self.catalog.get(id).is_none_or(|object| object.schema == Some(schema)) {
            return Ok(());
        }
        self.move_to(id, schema, object)
    }

    /// What goes where its table goes is not moved by itself.
    fn check_movable(&self, id: Id, written: &ddl::ObjectName) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let at = written.name.at.clone();
        let name = &object.name;
        match &object.kind {
            _ if object.partial => Ok(()),
            Kind::Index(_) => {
                let message = format!("cannot change schema of index \"{name}\"");
                Err(Failure::wrong(at, "42809", message))
            }
            Kind::Sequence(sequence) if sequence.owned_by.is_some() => {
                let message = "cannot move an owned sequence into another schema".to_owned();
                Err(Failure::wrong(at, "0A000", message))
            }
            _ => Ok(()),
        }
    }

    fn move_to(&mut self, id: Id, schema: Id, written: &ddl::ObjectName) -> Result {
        let companions: Vec<Id> = self.companions(id);
        for moved in std::iter::once(id).chain(companions) {
            let Some(object) = self.catalog.get(moved) else { continue };
            if object.schema == Some(schema) {
                continue;
            }
            let mut after = object.clone();
            after.schema = Some(schema);
            self.check_names_free(moved, &after, &written.name.at)?;
            self.catalog.edit(moved, |object| object.schema = Some(schema));
        }
        Ok(())
    }

    /// The indexes of a table, and the sequences it owns.
    pub(in crate::simulate) fn companions(&self, id: Id) -> Vec<Id> {
        let is_companion = |other: &Id| match self.catalog.kind(*other) {
            Some(Kind::Index(index)) => index.table == id,
            Some(Kind::Sequence(sequence)) => {
                sequence.owned_by.is_some_and(|owner| owner.table == id)
            }
            _ => false,
        };
        self.catalog.dependents(id).filter(is_companion).collect_vec()
    }

    fn move_extension(&mut self, id: Id, schema: Id, written: &ddl::ObjectName) -> Result {
        let members: Vec<Id> = self
            .catalog
            .dependents(id)
            .filter(|other| {
                let member = self.catalog.get(*other);
                member.is_some_and(|it| it.extension == Some(id) && it.schema.is_some())
            })
            .collect_vec();
        for member in members {
            self.move_to(member, schema, written)?;
        }
        self.catalog.edit(id, |object| {
            if let Kind::Extension { schema: place, .. } = &mut object.kind {
                *place = Some(schema);
            }
        });
        Ok(())
    }
}
