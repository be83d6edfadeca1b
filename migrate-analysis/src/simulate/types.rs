//! Enums, composite types, ranges and domains.

use super::column::collation_name;
use super::lookup::spelt;
use super::view::sorted;
use super::{Failure, Found, Result, Simulator, Target};
use crate::catalog::{
    Attribute, Domain, DomainCheck, Id, Key, Kind, MULTIRANGE, Object, Space, named,
};
use crate::ddl::{self, AttributeAction, Behavior, DomainAction, EnumPlace, Ident, NewType};
use crate::ddl::{Name, ObjectKind, TypeAction};
use crate::list::CollectVec;
use std::ops::Range;

impl Simulator<'_> {
    pub(super) fn create_type(&mut self, create: &ddl::CreateType) -> Result {
        let name = &create.name;
        let schema = self.target_schema(name)?;
        let kind = match &create.kind {
            NewType::Enum(values) => {
                let second =
                    |(at, value): (usize, &String)| values.iter().take(at).any(|it| it == value);
                if values.iter().enumerate().any(second) {
                    let message = "duplicate key value violates unique constraint \
                                   \"pg_enum_typid_label_index\"";
                    return Err(Failure::wrong(name.at.clone(), "23505", message.to_owned()));
                }
                Kind::Enum(values.clone())
            }
            NewType::Composite(attributes) => self.composite(name, attributes)?,
            NewType::Range { subtype, multirange, options } => {
                let subtype = self.column_type(subtype)?;
                let mut options = sorted(options);
                options.retain(|(option, _)| option != "subtype" && option != MULTIRANGE);
                let multirange = match multirange {
                    Some(multirange) => multirange.name.clone(),
                    None => multirange_name(&name.name),
                };
                options.push((MULTIRANGE.to_owned(), multirange));
                Kind::Range { subtype, options }
            }
            NewType::Base | NewType::Shell => Kind::Type,
        };
        let key = Key::new(Space::Type, Some(schema), &name.name);
        let there = self.catalog.find(&key).and_then(|id| self.catalog.get(id));
        if create.kind == NewType::Base && there.is_some_and(|it| it.kind == Kind::Type) {
            // It was a shell.
            return Ok(());
        }
        self.vacate_type(schema, name)?;
        if matches!(kind, Kind::Composite(_)) && !self.claim_relation(schema, name, false)? {
            return Ok(());
        }
        let object = self.made(Some(schema), &name.name, kind);
        self.catalog.add(object);
        Ok(())
    }

    fn composite(&mut self, name: &Name, attributes: &[ddl::Attribute]) -> Result<Kind> {
        let mut made: Vec<Attribute> = Vec::with_capacity(attributes.len());
        for attribute in attributes {
            let attribute_name = &attribute.name;
            if named(&made, &attribute_name.name).is_some() {
                let message =
                    format!("column \"{}\" specified more than once", attribute_name.name);
                return Err(Failure::wrong(name.at.clone(), "42701", message));
            }
            made.push(self.attribute(attribute)?);
        }
        Ok(Kind::Composite(made))
    }

    fn attribute(&mut self, attribute: &ddl::Attribute) -> Result<Attribute> {
        Ok(Attribute {
            name: attribute.name.name.clone(),
            column_type: self.column_type(&attribute.type_name)?,
            collation: attribute.collation.as_ref().and_then(collation_name),
            comment: None,
        })
    }

    /// Fails where a type, or the row type of a relation, has the name already.
    fn vacate_type(&mut self, schema: Id, name: &Name) -> Result {
        let key = Key::new(Space::Type, Some(schema), &name.name);
        let Some(id) = self.catalog.find(&key) else { return Ok(()) };
        if self.catalog.get(id).is_some_and(|object| !self.is_certain(object)) {
            self.catalog.remove(id);
            return Ok(());
        }
        let is_it = |object: &Object| object.keys().contains(&key);
        Err(self.duplicate(ObjectKind::Type, &spelt(name), None, name.at.clone(), &is_it))
    }

    /// A type that has to exist; none where it may exist and nothing is known of it.
    fn existing_type(&self, name: &Name) -> Result<Option<Id>> {
        match self.find(Space::Type, name) {
            Found::Known(id) => Ok(Some(id)),
            Found::Perhaps => Ok(None),
            Found::Missing => {
                let is_it = |object: &Object| {
                    object.name == name.name
                        && object.keys().iter().any(|key| key.space == Space::Type)
                };
                Err(self.unknown(ObjectKind::Type, &spelt(name), None, name.at.clone(), &is_it))
            }
        }
    }

    pub(super) fn alter_type(&mut self, alter: &ddl::AlterType) -> Result {
        let Some(id) = self.existing_type(&alter.name)? else { return Ok(()) };
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let certain = self.is_certain(object);
        let not = |what: &str| {
            let message = format!("\"{}\" is not {what}", spelt(&alter.name));
            Err(Failure::wrong(alter.name.at.clone(), "42809", message))
        };
        match (&alter.action, &object.kind) {
            (TypeAction::Set, _) => Ok(()),
            (TypeAction::Attributes(actions), Kind::Composite(_)) => {
                actions.iter().try_for_each(|action| self.alter_attribute(id, action, certain))
            }
            (TypeAction::Attributes(_), _) if certain => not("a composite type"),
            (TypeAction::AddValue { .. } | TypeAction::RenameValue { .. }, Kind::Enum(values)) => {
                let values = altered_enum(values.clone(), &alter.action, certain)?;
                self.catalog.edit(id, |object| object.kind = Kind::Enum(values));
                if let TypeAction::RenameValue { from, to, .. } = &alter.action {
                    self.rename_label(id, from, to);
                }
                Ok(())
            }
            (TypeAction::AddValue { .. } | TypeAction::RenameValue { .. }, _) if certain => {
                not("an enum")
            }
            _ => Ok(()),
        }
    }

    fn alter_attribute(&mut self, id: Id, action: &AttributeAction, certain: bool) -> Result {
        let (AttributeAction::Add { behavior, .. }
        | AttributeAction::Drop { behavior, .. }
        | AttributeAction::Type { behavior, .. }) = action;
        let (AttributeAction::Add { attribute: ddl::Attribute { name, .. }, .. }
        | AttributeAction::Type { attribute: ddl::Attribute { name, .. }, .. }
        | AttributeAction::Drop { attribute: name, .. }) = action;
        self.alter_typed_tables(id, *behavior, name)?;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let Kind::Composite(attributes) = &object.kind else { return Ok(()) };
        let of = object.name.clone();
        let exists = named(attributes, &name.name).is_some();
        match action {
            AttributeAction::Add { attribute, .. } if !exists => {
                let attribute = self.attribute(attribute)?;
                self.edit_attributes(id, |attributes| attributes.push(attribute));
                Ok(())
            }
            AttributeAction::Add { .. } => {
                let is_it = |object: &Object| has_attribute(object, &of, &name.name);
                let at = name.at.clone();
                let kind = ObjectKind::Column;
                Err(self.duplicate(kind, &name.name, Some(of.clone()), at, &is_it))
            }
            AttributeAction::Drop { behavior, .. } if exists => {
                self.remove(&[Target::Attribute(id, name.name.clone())], *behavior, &name.at)
            }
            AttributeAction::Drop { if_exists: true, .. } => Ok(()),
            AttributeAction::Type { attribute, .. } if exists => {
                self.check_uses(id, name)?;
                let attribute = self.attribute(attribute)?;
                self.edit_attributes(id, |attributes| {
                    for old in attributes.iter_mut().filter(|old| old.name == attribute.name) {
                        old.column_type = attribute.column_type.clone();
                        old.collation.clone_from(&attribute.collation);
                    }
                });
                Ok(())
            }
            AttributeAction::Drop { .. } | AttributeAction::Type { .. } if certain => {
                let is_it = |object: &Object| has_attribute(object, &of, &name.name);
                let at = name.at.clone();
                Err(self.unknown(ObjectKind::Column, &name.name, Some(of.clone()), at, &is_it))
            }
            AttributeAction::Drop { .. } | AttributeAction::Type { .. } => Ok(()),
        }
    }

    /// A composite type takes the tables that are made of it along, if CASCADE is said. How these then
    /// look is not followed.
    fn alter_typed_tables(&mut self, id: Id, behavior: Behavior, name: &Ident) -> Result {
        let is_of =
            |id: Id, object: &Object| object.table().is_some_and(|table| table.of_type == Some(id));
        let dependents: Vec<Id> = self.catalog.dependents(id).collect_vec();
        for table in dependents {
            let Some(object) = self.catalog.get(table) else { continue };
            if !is_of(id, object) {
                continue;
            }
            if behavior == Behavior::Restrict && self.is_certain(object) {
                let of = self.catalog.get(id).map(|object| object.name.as_str());
                let of = of.unwrap_or_default();
                let message =
                    format!("cannot alter type \"{of}\" because it is the type of a typed table");
                return Err(Failure::wrong(name.at.clone(), "2BP01", message));
            }
            self.catalog.edit(table, |object| object.partial = true);
        }
        Ok(())
    }

    /// The type of an attribute cannot change while rows may hold it.
    fn check_uses(&self, id: Id, name: &Ident) -> Result {
        for table in self.catalog.dependents(id) {
            let Some(object) = self.catalog.get(table) else { continue };
            let Some(columns) = object.table().map(|table| &table.columns) else { continue };
            let column = columns.iter().find(|it| it.column_type.user_type() == Some(id));
            let Some(column) = column.filter(|_| self.is_certain(object)) else { continue };
            let of = self.catalog.get(id).map(|object| object.name.as_str()).unwrap_or_default();
            let uses = format!("column \"{}.{}\" uses it", object.name, column.name);
            let message = format!("cannot alter type \"{of}\" because {uses}");
            return Err(Failure::wrong(name.at.clone(), "0A000", message));
        }
        Ok(())
    }

    fn edit_attributes(&mut self, id: Id, change: impl FnOnce(&mut Vec<Attribute>)) {
        self.catalog.edit(id, |object| {
            if let Kind::Composite(attributes) = &mut object.kind {
                change(attributes);
            }
        });
    }
}

fn has_attribute(object: &Object, of: &str, name: &str) -> bool {
    let Kind::Composite(attributes) = &object.kind else { return false };
    object.name == of && named(attributes, name).is_some()
}

/// The values afterwards. `certain`: there are no others.
fn altered_enum(
    mut values: Vec<String>,
    action: &TypeAction,
    certain: bool,
) -> Result<Vec<String>> {
    let place_of = |values: &[String], value: &String| values.iter().position(|it| it == value);
    let unknown = |value: &String, at: &Range<usize>| {
        let message = format!("\"{value}\" is not an existing enum label");
        Failure::wrong(at.clone(), "22023", message)
    };
    let duplicate = |value: &String, at: &Range<usize>| {
        let message = format!("enum label \"{value}\" already exists");
        Failure::wrong(at.clone(), "42710", message)
    };
    match action {
        TypeAction::AddValue { value, if_not_exists, place, at } => {
            match place_of(&values, value) {
                Some(_) if *if_not_exists || !certain => return Ok(values),
                Some(_) => return Err(duplicate(value, at)),
                None => {}
            }
            let at = match place {
                None => Some(values.len()),
                Some(EnumPlace::Before(other)) => match place_of(&values, other) {
                    None if certain => return Err(unknown(other, at)),
                    place => place,
                },
                Some(EnumPlace::After(other)) => match place_of(&values, other) {
                    None if certain => return Err(unknown(other, at)),
                    place => place.map(|place| place + 1),
                },
            };
            values.insert(at.unwrap_or(values.len()), value.clone());
        }
        TypeAction::RenameValue { from, to, at } => {
            let place = place_of(&values, from);
            if certain && place.is_none() {
                return Err(unknown(from, at));
            }
            if certain && place_of(&values, to).is_some() {
                return Err(duplicate(to, at));
            }
            if let Some(value) = place.and_then(|place| values.get_mut(place)) {
                value.clone_from(to);
            }
        }
        TypeAction::Attributes(_) | TypeAction::Set => {}
    }
    Ok(values)
}

/// `makeMultirangeTypeName`.
fn multirange_name(range: &str) -> String {
    let limited = |name: &str, limit: usize| {
        name.get(..name.floor_char_boundary(limit)).unwrap_or(name).to_owned()
    };
    match range.find("range") {
        Some(at) => {
            let (before, after) = range.split_at(at);
            limited(&format!("{before}multi{after}"), 63)
        }
        None => limited(range, 63 - "_multirange".len()) + "_multirange",
    }
}

/// Domains.
impl Simulator<'_> {
    pub(super) fn create_domain(&mut self, create: &ddl::CreateDomain) -> Result {
        let name = &create.name;
        let schema = self.target_schema(name)?;
        self.vacate_type(schema, name)?;
        let base = self.column_type(&create.base)?;
        let default = create.default.as_ref();
        let default = default.map(|it| self.typed_default(it, &base)).transpose()?;
        let collation = create.collation.as_ref().and_then(collation_name);
        let not_null = create.not_null;
        let domain = Domain { base, collation, not_null, default, checks: Vec::new() };
        let object = self.made(Some(schema), &name.name, Kind::Domain(domain));
        let id = self.catalog.add(object);
        for (check, expression) in &create.checks {
            self.add_domain_check(id, check.as_ref(), expression, true)?;
        }
        Ok(())
    }

    fn add_domain_check(
        &mut self,
        id: Id,
        name: Option<&Ident>,
        expression: &ddl::Expression,
        validated: bool,
    ) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let Kind::Domain(domain) = &object.kind else { return Ok(()) };
        let (of, schema) = (object.name.clone(), object.schema.unwrap_or(Id::PUBLIC));
        let made = match name {
            Some(name) if named(&domain.checks, &name.name).is_some() => {
                let is_it = |object: &Object| has_check(object, &of, &name.name);
                let kind = ObjectKind::DomainConstraint;
                let at = name.at.clone();
                return Err(self.duplicate(kind, &name.name, Some(of.clone()), at, &is_it));
            }
            Some(name) => name.name.clone(),
            None => self.choose_constraint_name(schema, (&of, None, "check")),
        };
        let expression = self.bind(expression, &[]);
        let check = DomainCheck { name: made, expression, validated, comment: None };
        self.edit_domain(id, |domain| domain.checks.push(check));
        Ok(())
    }

    pub(super) fn alter_domain(&mut self, alter: &ddl::AlterDomain) -> Result {
        let Some(id) = self.existing_type(&alter.name)? else { return Ok(()) };
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let certain = self.is_certain(object);
        let Kind::Domain(domain) = &object.kind else {
            if !certain {
                return Ok(());
            }
            let message = format!("\"{}\" is not a domain", spelt(&alter.name));
            return Err(Failure::wrong(alter.name.at.clone(), "42809", message));
        };
        let has = |name: &Ident| named(&domain.checks, &name.name).is_some();
        match &alter.action {
            DomainAction::SetDefault(default) => {
                let base = domain.base.clone();
                let default = self.typed_default(default, &base)?;
                self.edit_domain(id, |domain| domain.default = Some(default));
            }
            DomainAction::DropDefault => self.edit_domain(id, |domain| domain.default = None),
            DomainAction::SetNotNull => self.edit_domain(id, |domain| domain.not_null = true),
            DomainAction::DropNotNull => self.edit_domain(id, |domain| domain.not_null = false),
            DomainAction::AddCheck { name, expression, not_valid } => {
                self.add_domain_check(id, name.as_ref(), expression, !not_valid)?;
            }
            DomainAction::DropConstraint { constraint, behavior, .. } if has(constraint) => {
                let target = Target::DomainCheck(id, constraint.name.clone());
                self.remove(&[target], *behavior, &constraint.at)?;
            }
            DomainAction::ValidateConstraint(constraint) if has(constraint) => {
                self.edit_domain(id, |domain| {
                    let same = |check: &&mut DomainCheck| check.name == constraint.name;
                    domain.checks.iter_mut().filter(same).for_each(|it| it.validated = true);
                });
            }
            DomainAction::DropConstraint { if_exists: true, .. } => {}
            DomainAction::DropConstraint { constraint, .. }
            | DomainAction::ValidateConstraint(constraint) => {
                // From PostgreSQL 17 on, NOT NULL is a constraint too.
                if certain && !domain.not_null {
                    return Err(self.unknown_check(&alter.name, constraint));
                }
            }
        }
        Ok(())
    }

    fn unknown_check(&self, domain: &Name, check: &Ident) -> Failure {
        let is_it = |object: &Object| has_check(object, &domain.name, &check.name);
        let (kind, of) = (ObjectKind::DomainConstraint, Some(domain.name.clone()));
        self.unknown(kind, &check.name, of, check.at.clone(), &is_it)
    }

    fn edit_domain(&mut self, id: Id, change: impl FnOnce(&mut Domain)) {
        self.catalog.edit(id, |object| {
            if let Kind::Domain(domain) = &mut object.kind {
                change(domain);
            }
        });
    }
}

fn has_check(object: &Object, of: &str, name: &str) -> bool {
    let Kind::Domain(domain) = &object.kind else { return false };
    object.name == of && named(&domain.checks, name).is_some()
}
