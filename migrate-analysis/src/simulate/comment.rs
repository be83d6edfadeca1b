//! COMMENT ON.

use super::object::Strictness;
use super::{Result, Simulator, Target};
use crate::catalog::{Kind, Object};
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
            let mut columns = object.columns_mut()?.iter_mut();
            columns.find(|it| it.number == *number).map(|it| &mut it.comment)
        }
        Target::Constraint(_, name) => {
            let mut constraints = object.table_mut()?.constraints.iter_mut();
            constraints.find(|it| it.name == *name).map(|it| &mut it.comment)
        }
        Target::Policy(_, name) => {
            let mut policies = object.table_mut()?.policies.iter_mut();
            policies.find(|it| it.name == *name).map(|it| &mut it.comment)
        }
        Target::Trigger(_, name) => {
            let mut triggers = object.triggers_mut()?.iter_mut();
            triggers.find(|it| it.name == *name).map(|it| &mut it.comment)
        }
        Target::Rule(_, name) => {
            let mut rules = object.rules_mut()?.iter_mut();
            rules.find(|it| it.name == *name).map(|it| &mut it.comment)
        }
        Target::DomainCheck(_, name) => match &mut object.kind {
            Kind::Domain(domain) => {
                let mut checks = domain.checks.iter_mut();
                checks.find(|it| it.name == *name).map(|it| &mut it.comment)
            }
            _ => None,
        },
        Target::Attribute(_, name) => match &mut object.kind {
            Kind::Composite(attributes) => {
                let mut attributes = attributes.iter_mut();
                attributes.find(|it| it.name == *name).map(|it| &mut it.comment)
            }
            _ => None,
        },
        Target::Default(..) => None,
    }
}
