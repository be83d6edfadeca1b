//! DROP.

use super::Target;
use crate::catalog::{BaseType, Column, Id, Kind, Object};
use crate::ddl::{Behavior, Drop, ObjectKind, ObjectName};
use crate::list::CollectVec;
use crate::simulate::object::Strictness;
use crate::simulate::{Failure, Found, Result, Simulator};

impl Simulator<'_> {
    pub(in crate::simulate) fn drop(&mut self, drop: &Drop) -> Result {
        let mut targets = Vec::with_capacity(drop.objects.len());
        let mut places = Vec::with_capacity(drop.objects.len());
        for object in &drop.objects {
            let target = self.named_if_exists(object, Strictness::Exact, drop.if_exists)?;
            let Some(target) = target else {
                let part = object.part.as_ref().map_or(&object.name.name, |part| &part.name);
                if self.may_be_there(object) && !self.is_far_fetched(&object.name.name) {
                    self.shroud(part);
                }
                continue;
            };
            self.check_row_type(object, &target)?;
            if drop.behavior == Behavior::Cascade && object.kind == ObjectKind::Extension {
                self.drop_extension_types(&object.name.name);
            }
            if targets.contains(&target) {
                continue;
            }
            let at = object.part.as_ref().map_or(&object.name.at, |part| &part.at);
            places.push(at.clone());
            targets.push(target);
        }
        self.remove_each(&targets, drop.behavior, &places)
    }

    /// Whether it is not known to be missing: part of something that is known in part.
    fn may_be_there(&self, object: &ObjectName) -> bool {
        match self.find_relation(&object.name) {
            Found::Known(id) => object.part.is_some() && self.is_partial(id),
            Found::Perhaps => true,
            Found::Missing => false,
        }
    }

    /// The row type of a table goes with its table only.
    fn check_row_type(&self, object: &ObjectName, target: &Target) -> Result {
        let is_type = matches!(object.kind, ObjectKind::Type | ObjectKind::Domain);
        let Some(found) = self.catalog.get(target.object()) else { return Ok(()) };
        let is_row = matches!(found.kind, Kind::Table(_) | Kind::View(_));
        if !is_type || !is_row || found.partial || self.may_exist(&object.name.name) {
            return Ok(());
        }
        let (name, by) = (&object.name.name, self.describe(target));
        let message = format!("cannot drop type {name} because {by} requires it");
        Err(Failure::wrong(object.name.at.clone(), "2BP01", message))
    }

    /// What an extension holds is not known, so columns whose type may be one of its own may go.
    fn drop_extension_types(&mut self, extension: &str) {
        let is_foreign =
            |column: &Column| matches!(column.column_type.base, BaseType::Foreign { .. });
        let uses = |object: &Object| object.columns().iter().any(is_foreign);
        let doubtful: Vec<Id> =
            self.catalog.all().filter(|(_, object)| uses(object)).map(|(id, _)| id).collect_vec();
        if doubtful.is_empty() {
            return;
        }
        for id in doubtful {
            self.catalog.edit(id, |object| object.partial = true);
        }
        self.opaque = Some(format!("what goes with the extension {extension}"));
    }
}
