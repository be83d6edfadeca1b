//! The objects that a command names to what they are in the catalog.

use super::lookup::{is_system_schema, spelt};
use super::{Failure, FailureKind, Found, Result, Simulator, Target};
use crate::catalog::{ColumnType, Id, Key, Kind, Object, RoutineKind, Space, named, signature};
use crate::ddl::{Ident, Name, ObjectKind, ObjectName, TypeName};
use crate::list::CollectVec;

/// How exact a command is about the kind of a relation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// `DROP VIEW` drops no table.
    Exact,
    /// `ALTER TABLE` takes views, indexes and sequences as well.
    Lenient,
}

impl Simulator<'_> {
    /// What a command names. None where it may be there and nothing is known of it; what certainly is
    /// not there, or is something else, is a failure.
    pub(super) fn named(
        &mut self,
        object: &ObjectName,
        strictness: Strictness,
    ) -> Result<Option<Target>> {
        use ObjectKind::*;
        match object.kind {
            Table | ForeignTable | View | MaterializedView | Index | Sequence => {
                self.named_relation(object, strictness)
            }
            Type | Domain => self.named_type(object),
            Function | Procedure | Routine | Aggregate => {
                Ok(self.routine_named(object)?.map(Target::Object))
            }
            Schema => self.named_global(Space::Schema, object),
            Extension if object.name.name == "plpgsql" => Ok(None),
            Extension => self.named_global(Space::Extension, object),
            Statistics => match self.find(Space::Statistics, &object.name) {
                Found::Known(id) => Ok(Some(Target::Object(id))),
                Found::Perhaps => Ok(None),
                Found::Missing => Err(self.missing(object)),
            },
            Column | Constraint | Trigger | Rule | Policy => self.named_part(object),
            DomainConstraint => self.named_domain_check(object),
            _ => self.named_other(object),
        }
    }

    /// The same, where `IF EXISTS` may have been said.
    pub(super) fn named_if_exists(
        &mut self,
        object: &ObjectName,
        strictness: Strictness,
        if_exists: bool,
    ) -> Result<Option<Target>> {
        if if_exists && self.is_far_fetched(&object.name.name) && !self.is_known(object) {
            return Ok(None);
        }
        match self.named(object, strictness) {
            Err(Failure { kind: FailureKind::Unknown { .. }, .. }) if if_exists => Ok(None),
            other => other,
        }
    }

    /// Whether the name alone, or its table's, is in the catalog.
    fn is_known(&self, object: &ObjectName) -> bool {
        let spaces = [Space::Relation, Space::Type, Space::Statistics];
        spaces.iter().any(|space| matches!(self.find(*space, &object.name), Found::Known(_)))
            || self.catalog.was_made(&object.name.name)
    }

    fn named_relation(
        &mut self,
        object: &ObjectName,
        strictness: Strictness,
    ) -> Result<Option<Target>> {
        let id = match self.find_relation(&object.name) {
            Found::Known(id) => id,
            Found::Perhaps => self.assume(&object.name, Kind::Relation)?,
            Found::Missing => return Err(self.missing(object)),
        };
        let Some(found) = self.catalog.get(id) else { return Ok(None) };
        let fits = found.partial
            || is_relation_of(object.kind, &found.kind)
            || (strictness == Strictness::Lenient && is_altered_as(object.kind, &found.kind));
        if fits {
            return Ok(Some(Target::Object(id)));
        }
        if self.may_exist(&object.name.name) {
            return Ok(None);
        }
        let name = &object.name.name;
        let message = match found.kind {
            Kind::Composite(_) if strictness == Strictness::Lenient => {
                format!("\"{name}\" is a composite type")
            }
            _ => format!("\"{name}\" is not {}", with_article(object.kind)),
        };
        Err(Failure::wrong(object.name.at.clone(), "42809", message))
    }

    fn named_type(&mut self, object: &ObjectName) -> Result<Option<Target>> {
        let id = match self.find(Space::Type, &object.name) {
            Found::Known(id) => id,
            Found::Perhaps => self.assume(&object.name, Kind::Type)?,
            Found::Missing => return Err(self.missing(object)),
        };
        let Some(found) = self.catalog.get(id) else { return Ok(None) };
        let is_domain = matches!(found.kind, Kind::Domain(_));
        if object.kind == ObjectKind::Domain && !is_domain && !found.partial {
            let message = format!("\"{}\" is not a domain", object.name.name);
            return Err(Failure::wrong(object.name.at.clone(), "42809", message));
        }
        Ok(Some(Target::Object(id)))
    }

    /// What belongs to the database and to no schema.
    fn named_global(&mut self, space: Space, object: &ObjectName) -> Result<Option<Target>> {
        let name = &object.name.name;
        if let Some(id) = self.catalog.find(&Key::new(space, None, name)) {
            return Ok(Some(Target::Object(id)));
        }
        let is_external =
            space == Space::Schema && (is_system_schema(name) || self.external.has(name, "*"));
        if is_external || self.may_exist(name) {
            return Ok(None);
        }
        Err(self.missing(object))
    }

    /// An object whose inside is not followed. Most of their kinds have members that PostgreSQL or an
    /// extension brings along, so that only few can be said to be missing.
    fn named_other(&mut self, object: &ObjectName) -> Result<Option<Target>> {
        use ObjectKind::*;
        let found = match self.other_key(object) {
            Some(key) => self.catalog.find(&key),
            None => None,
        };
        let is_ours = matches!(object.kind, Publication | Subscription | Server | EventTrigger);
        match found {
            Some(id) => Ok(Some(Target::Object(id))),
            None if is_ours && !self.may_exist(&object.name.name) => Err(self.missing(object)),
            None => Ok(None),
        }
    }

    /// The name that an object of such a kind has in the catalog: of the schema that holds it, or none.
    pub(super) fn other_key(&self, object: &ObjectName) -> Option<Key> {
        let space = Space::Other(object.kind);
        let mut name = object.name.name.clone();
        if let Some(arguments) = &object.arguments {
            let array = |it: &TypeName| if it.array { "[]" } else { "" };
            let types = arguments.iter().map(|it| it.name.name.clone() + array(it));
            let types: Vec<String> = types.collect_vec();
            name = format!("{name} ({})", types.join(", "));
        }
        if !is_in_schema(object.kind) {
            return Some(Key::new(space, None, &name));
        }
        let schemas = match &object.name.schema {
            Some(schema) => self.schema_named(schema).into_iter().collect_vec(),
            None => self.search_path(),
        };
        let keys = schemas.iter().map(|schema| Key::new(space, Some(*schema), &name));
        let first = keys.clone().next();
        keys.clone().find(|key| self.catalog.find(key).is_some()).or(first)
    }

    /// A column, constraint, trigger, rule or policy of a table or view.
    fn named_part(&mut self, object: &ObjectName) -> Result<Option<Target>> {
        let Some(part) = &object.part else { return Ok(None) };
        let id = match self.find_relation(&object.name) {
            Found::Known(id) => id,
            Found::Perhaps => self.assume(&object.name, Kind::Relation)?,
            Found::Missing => return Err(self.missing_relation(&object.name)),
        };
        let Some(found) = self.catalog.get(id) else { return Ok(None) };
        if let Some(target) = part_of(id, found, object.kind, &part.name) {
            return Ok(Some(target));
        }
        // From PostgreSQL 18 on NOT NULL is a constraint, and has a name of its own.
        let may_be_not_null =
            object.kind == ObjectKind::Constraint && part.name.contains("not_null");
        let is_return_rule = object.kind == ObjectKind::Rule && part.name == "_RETURN";
        let is_followed = match &found.kind {
            Kind::Table(_) | Kind::Composite(_) => true,
            Kind::View(view) => view.followed || object.kind != ObjectKind::Column,
            _ => object.kind != ObjectKind::Column,
        };
        let certain = is_followed
            && !found.partial
            && !may_be_not_null
            && !is_return_rule
            && !self.is_shrouded(&part.name);
        if certain { Err(self.missing_part(object, part)) } else { Ok(None) }
    }

    fn named_domain_check(&mut self, object: &ObjectName) -> Result<Option<Target>> {
        let Some(part) = &object.part else { return Ok(None) };
        let id = match self.find(Space::Type, &object.name) {
            Found::Known(id) => id,
            Found::Perhaps => return Ok(None),
            Found::Missing => {
                let object = ObjectName { kind: ObjectKind::Domain, ..object.clone() };
                return Err(self.missing(&object));
            }
        };
        let Some(found) = self.catalog.get(id) else { return Ok(None) };
        let Kind::Domain(domain) = &found.kind else { return Ok(None) };
        if named(&domain.checks, &part.name).is_some() {
            return Ok(Some(Target::DomainCheck(id, part.name.clone())));
        }
        if found.partial || part.name.contains("not_null") || self.is_shrouded(&part.name) {
            return Ok(None);
        }
        Err(self.missing_part(object, part))
    }

    /// The failure for an object that is not there: of its schema, where that is the one missing.
    fn missing(&self, object: &ObjectName) -> Failure {
        let name = &object.name;
        if let Some(failure) = self.missing_schema(name) {
            return failure;
        }
        let is_it = |it: &Object| it.name == name.name && is_described(object.kind, it);
        self.unknown(object.kind, &spelt(name), None, name.at.clone(), &is_it)
    }

    fn missing_schema(&self, name: &Name) -> Option<Failure> {
        let schema = name.schema.as_deref()?;
        if self.schema_named(schema).is_some() {
            return None;
        }
        let is_it = |it: &Object| it.schema.is_none() && it.name == schema;
        Some(self.unknown(ObjectKind::Schema, schema, None, name.at.clone(), &is_it))
    }

    fn missing_relation(&self, name: &Name) -> Failure {
        self.missing_schema(name).unwrap_or_else(|| self.unknown_relation(name))
    }

    fn missing_part(&self, object: &ObjectName, part: &Ident) -> Failure {
        let is_it = |it: &Object| {
            it.name == object.name.name
                && part_of(Id::PUBLIC, it, object.kind, &part.name).is_some()
        };
        let of = Some(object.name.name.clone());
        self.unknown(object.kind, &part.name, of, part.at.clone(), &is_it)
    }
}

/// Routines.
impl Simulator<'_> {
    /// A function, procedure or aggregate, by its arguments where they are written.
    pub(super) fn routine_named(&mut self, object: &ObjectName) -> Result<Option<Id>> {
        let found = match &object.arguments {
            Some(arguments) => self.routine_with(object, arguments)?,
            None => self.only_routine(object)?,
        };
        if found.is_some() || self.find(Space::Routine, &object.name) == Found::Perhaps {
            return Ok(found);
        }
        if self.may_exist(&object.name.name) || self.has_doubtful_arguments(object) {
            return Ok(None);
        }
        Err(self.missing(object))
    }

    /// All of that name, in the order of the search path.
    pub(super) fn routines_named(&self, name: &Name) -> Vec<Id> {
        let schemas = match &name.schema {
            Some(schema) => self.schema_named(schema).into_iter().collect_vec(),
            None => self.search_path(),
        };
        let routines = |schema| self.catalog.routines(schema, &name.name).collect_vec();
        schemas.into_iter().flat_map(routines).collect_vec()
    }

    fn only_routine(&mut self, object: &ObjectName) -> Result<Option<Id>> {
        let all = self.routines_named(&object.name);
        let mut fitting = all.iter().filter(|id| self.is_routine_of(object.kind, **id));
        let first = fitting.next().copied();
        if fitting.next().is_some() && !self.may_exist(&object.name.name) {
            let message = format!("function name \"{}\" is not unique", object.name.name);
            return Err(Failure::wrong(object.name.at.clone(), "42725", message));
        }
        Ok(first)
    }

    fn routine_with(&mut self, object: &ObjectName, written: &[TypeName]) -> Result<Option<Id>> {
        let types = self.argument_types(written);
        let wanted = signature(types.iter());
        let all = self.routines_named(&object.name);
        let same = |id: &Id| self.signatures(*id).contains(&wanted);
        let Some(id) = all.iter().copied().find(same) else {
            // With a type that is not known well, the only one of that many arguments is meant.
            let doubtful = types.iter().any(ColumnType::is_unknown);
            let fits = |id: &Id| self.argument_count(*id) == Some(written.len());
            let mut fitting = all.iter().copied().filter(fits);
            return Ok(fitting.next().filter(|_| doubtful && fitting.next().is_none()));
        };
        if self.is_routine_of(object.kind, id) || self.may_exist(&object.name.name) {
            return Ok(Some(id));
        }
        let message = match object.kind {
            ObjectKind::Aggregate => {
                format!("function {} is not an aggregate", self.routine_words(id))
            }
            ObjectKind::Procedure => format!("{} is not a procedure", self.routine_words(id)),
            _ if self.is_routine_of(ObjectKind::Aggregate, id) => {
                format!("\"{}\" is an aggregate function", object.name.name)
            }
            _ => format!("{} is not a function", self.routine_words(id)),
        };
        Err(Failure::wrong(object.name.at.clone(), "42809", message))
    }

    /// A type that is not known is no failure here: which routine is meant is then a guess.
    fn argument_types(&mut self, written: &[TypeName]) -> Vec<ColumnType> {
        let mut types = Vec::with_capacity(written.len());
        for type_name in written {
            types.push(self.column_type(type_name).unwrap_or(ColumnType::UNKNOWN));
        }
        types
    }

    fn has_doubtful_arguments(&mut self, object: &ObjectName) -> bool {
        let Some(written) = &object.arguments else { return false };
        let any = !self.routines_named(&object.name).is_empty();
        any && self.argument_types(written).iter().any(ColumnType::is_unknown)
    }

    /// A routine may be named by its input types, or by all that it has.
    fn signatures(&self, id: Id) -> Vec<String> {
        match self.catalog.kind(id) {
            Some(Kind::Routine(routine)) => {
                let all = routine.arguments.iter().filter(|it| !it.table);
                vec![routine.signature(), signature(all.map(|it| &it.column_type))]
            }
            _ => Vec::new(),
        }
    }

    fn argument_count(&self, id: Id) -> Option<usize> {
        match &self.catalog.get(id)?.kind {
            Kind::Routine(routine) => {
                Some(routine.arguments.iter().filter(|it| it.is_input()).count())
            }
            _ => None,
        }
    }

    fn is_routine_of(&self, kind: ObjectKind, id: Id) -> bool {
        let Some(object) = self.catalog.get(id) else { return false };
        let Kind::Routine(routine) = &object.kind else { return false };
        object.partial
            || match kind {
                ObjectKind::Function => routine.kind == RoutineKind::Function,
                ObjectKind::Procedure => routine.kind == RoutineKind::Procedure,
                ObjectKind::Aggregate => routine.kind == RoutineKind::Aggregate,
                _ => true,
            }
    }
}

/// A part of an object by its name.
fn part_of(id: Id, object: &Object, kind: ObjectKind, name: &str) -> Option<Target> {
    let name = name.to_owned();
    match (kind, &object.kind) {
        (ObjectKind::Column, Kind::Table(table)) => {
            table.column(&name).map(|column| Target::Column(id, column.number))
        }
        (ObjectKind::Column, Kind::View(view)) => {
            let column = named(&view.columns, &name)?;
            Some(Target::Column(id, column.number))
        }
        (ObjectKind::Column, Kind::Composite(attributes)) => {
            let is_there = named(attributes, &name).is_some();
            is_there.then_some(Target::Attribute(id, name))
        }
        (ObjectKind::Constraint, Kind::Table(table)) => {
            table.constraint(&name).map(|_| Target::Constraint(id, name.clone()))
        }
        (ObjectKind::Trigger, _) => {
            let is_there = named(object.triggers(), &name).is_some();
            is_there.then_some(Target::Trigger(id, name))
        }
        (ObjectKind::Rule, _) => {
            let is_there = named(object.rules(), &name).is_some();
            is_there.then_some(Target::Rule(id, name))
        }
        (ObjectKind::Policy, Kind::Table(table)) => {
            let is_there = named(&table.policies, &name).is_some();
            is_there.then_some(Target::Policy(id, name))
        }
        _ => None,
    }
}

/// Whether it is what the command calls it.
fn is_relation_of(kind: ObjectKind, found: &Kind) -> bool {
    match (kind, found) {
        (_, Kind::Relation) => true,
        (ObjectKind::Table, Kind::Table(table)) => table.server.is_none(),
        (ObjectKind::ForeignTable, Kind::Table(table)) => table.server.is_some(),
        (ObjectKind::View, Kind::View(view)) => !view.materialized,
        (ObjectKind::MaterializedView, Kind::View(view)) => view.materialized,
        (ObjectKind::Index, Kind::Index(_)) | (ObjectKind::Sequence, Kind::Sequence(_)) => true,
        _ => false,
    }
}

/// Whether `ALTER` takes it under that name nevertheless: `ALTER TABLE` for any relation but the row
/// type of CREATE TYPE, `ALTER INDEX` (by its old laxness) as well.
fn is_altered_as(kind: ObjectKind, found: &Kind) -> bool {
    matches!(kind, ObjectKind::Table | ObjectKind::Index) && !matches!(found, Kind::Composite(_))
}

/// Kinds whose objects live in a schema, of those that are not followed.
pub(super) fn is_in_schema(kind: ObjectKind) -> bool {
    use ObjectKind::*;
    matches!(
        kind,
        Collation
            | Conversion
            | TextSearchConfiguration
            | TextSearchDictionary
            | TextSearchParser
            | TextSearchTemplate
            | Operator
            | OperatorClass
            | OperatorFamily
    )
}

/// Whether an object is of the kind, or could have been taken for it.
fn is_described(kind: ObjectKind, object: &Object) -> bool {
    use ObjectKind::*;
    let spaces: Vec<Space> = object.keys().iter().map(|key| key.space).collect_vec();
    spaces.contains(&match kind {
        Table | ForeignTable | View | MaterializedView | Index | Sequence => Space::Relation,
        Type | Domain => Space::Type,
        Function | Procedure | Routine | Aggregate => Space::Routine,
        Schema => Space::Schema,
        Extension => Space::Extension,
        Statistics => Space::Statistics,
        other => Space::Other(other),
    })
}

/// `a view`, `an index`.
pub(super) fn with_article(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Table => "a table",
        ObjectKind::ForeignTable => "a foreign table",
        ObjectKind::View => "a view",
        ObjectKind::MaterializedView => "a materialized view",
        ObjectKind::Index => "an index",
        ObjectKind::Sequence => "a sequence",
        _ => "an object of that kind",
    }
}
