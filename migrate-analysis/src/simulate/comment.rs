//! COMMENT ON.

use super::object::Strictness;
use super::{Result, Simulator, Target};
use crate::catalog::{Kind, Object, named_mut, numbered_mut};
use crate::ddl::{self, ObjectKind};

impl Simulator<'_> {
    pub(super) fn comment(&mut self, comment: &ddl::Comment) -> Result {
        let Some(target) = self.named(&comment.object, Strictness::Exact)? else { return Ok(()) };
        let text = comment.text.clone().filter(|text| !text.is_empty());
        let is_type = matches!(comment.object.kind, ObjectKind::Type | ObjectKind::Domain);
        self.catalog.edit(target.object(), |object| {
            // The row type of a table has a comment of its own, which nobody asks for.
            let is_row = matches!(object.kind, Kind::Table(_) | Kind::View(_));
            if is_type && is_row {
                return;
            }
            if let Some(place) = place_of(object, &target) {
                *place = text;
            }
        });
        Ok(())
    }
}

/// Where an object keeps the comment on it, or on a part of it.
fn place_of<'a>(object: &'a mut Object, target: &Target) -> Option<&'a mut Option<String>> {
    match target {
        Target::Object(_) => Some(&mut object.comment),
        Target::Column(_, number) => {
            Some(&mut numbered_mut(object.columns_mut()?, *number)?.comment)
        }
        Target::Constraint(_, name) => {
            Some(&mut named_mut(&mut object.table_mut()?.constraints, name)?.comment)
        }
        Target::Policy(_, name) => {
            Some(&mut named_mut(&mut object.table_mut()?.policies, name)?.comment)
        }
        Target::Trigger(_, name) => Some(&mut named_mut(object.triggers_mut()?, name)?.comment),
        Target::Rule(_, name) => Some(&mut named_mut(object.rules_mut()?, name)?.comment),
        Target::DomainCheck(_, name) => match &mut object.kind {
            Kind::Domain(domain) => Some(&mut named_mut(&mut domain.checks, name)?.comment),
            _ => None,
        },
        Target::Attribute(_, name) => match &mut object.kind {
            Kind::Composite(attributes) => Some(&mut named_mut(attributes, name)?.comment),
            _ => None,
        },
        Target::Default(..) => None,
    }
}
