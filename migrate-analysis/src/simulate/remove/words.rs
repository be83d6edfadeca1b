//! Objects in words, as PostgreSQL's messages have them.

use super::Target;
use crate::catalog::{BaseType, ColumnType, Id, Kind, Object, RoutineKind, numbered};
use crate::ddl::ObjectKind;
use crate::list::CollectVec;
use crate::simulate::Simulator;

impl Simulator<'_> {
    /// `index users_email_idx`, `constraint orders_user_id_fkey on table orders`.
    pub(in crate::simulate) fn describe(&self, target: &Target) -> String {
        let (what, name) = match target {
            Target::Object(id) => return self.object_words(*id),
            Target::Column(id, number) => {
                let name = self.column_name(*id, *number);
                return format!("column {name} of {}", self.object_words(*id));
            }
            Target::Default(id, number) => {
                let name = self.column_name(*id, *number);
                return format!("default value for column {name} of {}", self.object_words(*id));
            }
            Target::Attribute(id, name) => {
                let owner = self.object_words(*id).replacen("type", "composite type", 1);
                return format!("column {name} of {owner}");
            }
            Target::DomainCheck(_, name) | Target::Constraint(_, name) => ("constraint", name),
            Target::Trigger(_, name) => ("trigger", name),
            Target::Policy(_, name) => ("policy", name),
            Target::Rule(_, name) => ("rule", name),
        };
        format!("{what} {name} on {}", self.object_words(target.object()))
    }

    /// The kind and name of what a statement takes out, and what it is a part of.
    pub(super) fn title(&self, target: &Target) -> (ObjectKind, String, Option<String>) {
        let owner = || Some(self.object_name(target.object()));
        match target {
            Target::Object(id) => (self.object_kind(*id), self.object_name(*id), None),
            Target::Column(id, number) | Target::Default(id, number) => {
                (ObjectKind::Column, self.column_name(*id, *number), owner())
            }
            Target::Attribute(_, name) => (ObjectKind::Column, name.clone(), owner()),
            Target::Constraint(_, name) => (ObjectKind::Constraint, name.clone(), owner()),
            Target::DomainCheck(_, name) => (ObjectKind::DomainConstraint, name.clone(), owner()),
            Target::Trigger(_, name) => (ObjectKind::Trigger, name.clone(), owner()),
            Target::Policy(_, name) => (ObjectKind::Policy, name.clone(), owner()),
            Target::Rule(_, name) => (ObjectKind::Rule, name.clone(), owner()),
        }
    }

    /// A routine with its arguments: `f(integer)`.
    pub(in crate::simulate) fn routine_words(&self, id: Id) -> String {
        let name = self.object_name(id);
        let Some(Object { kind: Kind::Routine(routine), .. }) = self.catalog.get(id) else {
            return name;
        };
        let inputs = routine.arguments.iter().filter(|argument| argument.is_input());
        let types: Vec<String> = inputs.map(|it| self.type_words(&it.column_type)).collect_vec();
        format!("{name}({})", types.join(","))
    }

    fn object_words(&self, id: Id) -> String {
        let Some(object) = self.catalog.get(id) else { return "an object".to_owned() };
        let name = match object.kind {
            Kind::Routine(_) => self.routine_words(id),
            _ => self.object_name(id),
        };
        format!("{} {name}", kind_words(object))
    }

    /// With its schema where the search path does not lead to it.
    fn object_name(&self, id: Id) -> String {
        let Some(object) = self.catalog.get(id) else { return String::new() };
        match object.schema {
            Some(schema) if !self.search_path().contains(&schema) => {
                let schema = self.catalog.get(schema).map_or("", |schema| schema.name.as_str());
                format!("{schema}.{}", object.name)
            }
            _ => object.name.clone(),
        }
    }

    fn column_name(&self, id: Id, number: u32) -> String {
        let columns = self.catalog.get(id).map(Object::columns).unwrap_or_default();
        let column = numbered(columns, number);
        column.map(|column| column.name.clone()).unwrap_or_default()
    }

    fn type_words(&self, column_type: &ColumnType) -> String {
        let mut words = match &column_type.base {
            BaseType::BuiltIn(name) | BaseType::Foreign { name, .. } => name.clone(),
            BaseType::User(id) => self.object_name(*id),
            BaseType::Unknown => "?".to_owned(),
        };
        if column_type.array {
            words.push_str("[]");
        }
        words
    }

    fn object_kind(&self, id: Id) -> ObjectKind {
        let Some(object) = self.catalog.get(id) else { return ObjectKind::Table };
        match &object.kind {
            Kind::Schema => ObjectKind::Schema,
            Kind::View(view) if view.materialized => ObjectKind::MaterializedView,
            Kind::View(_) => ObjectKind::View,
            Kind::Index(_) => ObjectKind::Index,
            Kind::Sequence(_) => ObjectKind::Sequence,
            Kind::Table(table) if table.server.is_some() => ObjectKind::ForeignTable,
            Kind::Session(_) | Kind::Table(_) | Kind::Relation => ObjectKind::Table,
            Kind::Domain(_) => ObjectKind::Domain,
            Kind::Enum(_) | Kind::Composite(_) | Kind::Range { .. } | Kind::Type => {
                ObjectKind::Type
            }
            Kind::Routine(routine) => match routine.kind {
                RoutineKind::Function => ObjectKind::Function,
                RoutineKind::Procedure => ObjectKind::Procedure,
                RoutineKind::Aggregate => ObjectKind::Aggregate,
            },
            Kind::Extension { .. } => ObjectKind::Extension,
            Kind::Statistics(_) => ObjectKind::Statistics,
            Kind::Other { kind, .. } => *kind,
        }
    }
}

/// The kind as PostgreSQL's messages have it, where a domain is a type and an aggregate a function.
fn kind_words(object: &Object) -> &'static str {
    match &object.kind {
        Kind::Schema => "schema",
        Kind::View(view) if view.materialized => "materialized view",
        Kind::View(_) => "view",
        Kind::Index(_) => "index",
        Kind::Sequence(_) => "sequence",
        Kind::Table(table) if table.server.is_some() => "foreign table",
        Kind::Table(_) => "table",
        Kind::Relation => "relation",
        Kind::Enum(_) | Kind::Composite(_) | Kind::Range { .. } | Kind::Domain(_) | Kind::Type => {
            "type"
        }
        Kind::Routine(routine) if routine.kind == RoutineKind::Procedure => "procedure",
        Kind::Routine(_) => "function",
        Kind::Extension { .. } => "extension",
        Kind::Statistics(_) => "statistics object",
        Kind::Session(_) | Kind::Other { .. } => "object",
    }
}
