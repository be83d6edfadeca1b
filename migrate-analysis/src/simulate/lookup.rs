//! Names to objects: the search path, what exists beside the set, and what is not known.

use super::{Failure, FailureKind, Result, Simulator};
use crate::catalog::{Id, Key, Kind, Object, Origin, Space, Table};
use crate::ddl::{Name, ObjectKind};
use crate::list::CollectVec;
use std::ops::Range;

/// What exists beside what the set makes: the patterns of `external` in `migrate.toml`.
#[derive(Default)]
pub(crate) struct External {
    /// `schema.name`, `schema.*`, `*.name`; a pattern without a schema is one of `public`.
    patterns: Vec<(String, String)>,
}

impl External {
    /// Reads the patterns of `migrate.toml`.
    pub(crate) fn new(patterns: &[String]) -> External {
        let split = |pattern: &String| match pattern.split_once('.') {
            Some((schema, name)) => (schema.to_owned(), name.to_owned()),
            None => ("public".to_owned(), pattern.clone()),
        };
        External { patterns: patterns.iter().map(split).collect_vec() }
    }

    fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Anything may exist.
    pub(crate) fn anything() -> External {
        External::new(&["*.*".to_owned()])
    }

    pub(crate) fn has(&self, schema: &str, name: &str) -> bool {
        let fits = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        };
        self.patterns.iter().any(|(first, second)| fits(first, schema) && fits(second, name))
    }
}

/// What a lookup came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Known(Id),
    /// It is not in the catalog, and may exist nevertheless.
    Perhaps,
    /// It does not exist.
    Missing,
}

/// The schema of temporary tables.
pub(super) use crate::catalog::TEMPORARY;

/// PostgreSQL's own schemas, in which anything may exist.
pub(super) fn is_system_schema(name: &str) -> bool {
    name.starts_with("pg_") || name == "information_schema"
}

impl Simulator<'_> {
    /// The schemas that an unqualified name is looked up in, in order, as far as they exist.
    pub(super) fn search_path(&self) -> Vec<Id> {
        let default = || vec!["public".to_owned()];
        let path = self.catalog.session().search_path.clone().unwrap_or_else(default);
        path.iter().filter_map(|name| self.schema_named(name)).collect_vec()
    }

    /// Where an unqualified name is made: the first schema of the path. With none of them known
    /// there is no telling.
    pub(super) fn current_schema(&self) -> Option<Id> {
        self.search_path().first().copied()
    }

    pub(super) fn schema_named(&self, name: &str) -> Option<Id> {
        self.catalog.find(&Key::new(Space::Schema, None, name))
    }

    /// The schema that something new of this name goes to; made up where it is not known but may
    /// exist.
    pub(super) fn target_schema(&mut self, name: &Name) -> Result<Id> {
        match &name.schema {
            Some(schema) => self.existing_schema(schema, &name.at),
            None => match self.current_schema() {
                Some(schema) => Ok(schema),
                None => {
                    let path = self.catalog.session().search_path.clone().unwrap_or_default();
                    let first = path.first().cloned().unwrap_or_else(|| "public".to_owned());
                    self.existing_schema(&first, &name.at)
                }
            },
        }
    }

    /// A schema by name, made up where it may exist.
    pub(super) fn existing_schema(&mut self, schema: &str, at: &Range<usize>) -> Result<Id> {
        if let Some(id) = self.schema_named(schema) {
            return Ok(id);
        }
        if schema == TEMPORARY {
            let object = Object::new(None, schema, Kind::Schema);
            return Ok(self.catalog.add(object));
        }
        if is_system_schema(schema) || self.external.has(schema, "*") || self.may_exist(schema) {
            let mut object = Object::new(None, schema, Kind::Schema);
            object.partial = true;
            return Ok(self.catalog.reveal(object));
        }
        let is_it = |object: &Object| object.schema.is_none() && object.name == schema;
        Err(self.unknown(ObjectKind::Schema, schema, None, at.clone(), &is_it))
    }

    /// Whether a statement that could not be followed may have made (or dropped) something of this
    /// name.
    pub(super) fn may_exist(&self, name: &str) -> bool {
        let fog = &self.catalog.session().fog;
        fog.everywhere
            || fog.names.contains(name)
            || fog.hides_others() && !self.catalog.was_made(name)
    }

    /// Whether a statement that could not be followed may have changed or dropped something of this name that the
    /// catalog knows; of a part of a table (a column, a constraint) also whether it may have made it.
    pub(super) fn is_shrouded(&self, name: &str) -> bool {
        let fog = &self.catalog.session().fog;
        fog.everywhere || fog.names.contains(name)
    }

    /// Whether nothing speaks for its being there but that a statement long before could make anything:
    /// `DROP … IF EXISTS` is then taken for the caution that it is.
    pub(super) fn is_far_fetched(&self, name: &str) -> bool {
        let fog = &self.catalog.session().fog;
        fog.hides_others()
            && !fog.everywhere
            && !fog.names.contains(name)
            && self.external.is_empty()
    }

    /// What the down of this migration does with the object of that name proves nothing.
    pub(super) fn doubt(&mut self, name: &str) {
        self.catalog.edit_session(|session| {
            session.fog.doubted.insert(name.to_owned());
        });
    }

    /// From here on it is not known whether something of this name exists.
    pub(super) fn shroud(&mut self, name: &str) {
        self.catalog.edit_session(|session| {
            session.fog.names.insert(name.to_owned());
        });
    }

    /// Looks a name up in one name space (not for routines, which have arguments).
    pub(super) fn find(&self, space: Space, name: &Name) -> Found {
        let schemas = match &name.schema {
            Some(schema) => match self.schema_named(schema) {
                Some(id) => vec![id],
                None => Vec::new(),
            },
            // Temporary tables and their types come before all others.
            None => {
                self.schema_named(TEMPORARY).into_iter().chain(self.search_path()).collect_vec()
            }
        };
        let found = schemas
            .iter()
            .find_map(|schema| self.catalog.find(&Key::new(space, Some(*schema), &name.name)));
        if let Some(id) = found {
            return Found::Known(id);
        }
        let schema_name = name.schema.as_deref();
        let is_external = match schema_name {
            Some(schema) => is_system_schema(schema) || self.external.has(schema, &name.name),
            None => {
                let names = schemas.iter().filter_map(|id| self.catalog.get(*id));
                let mut names = names.map(|schema| schema.name.as_str());
                name.name.starts_with("pg_") || names.any(|it| self.external.has(it, &name.name))
            }
        };
        // A schema of which only the name is known may hold anything.
        let in_partial =
            schemas.iter().filter_map(|id| self.catalog.get(*id)).any(|schema| schema.partial);
        if is_external || in_partial || self.may_exist(&name.name) {
            return Found::Perhaps;
        }
        Found::Missing
    }

    pub(super) fn find_relation(&self, name: &Name) -> Found {
        self.find(Space::Relation, name)
    }

    /// A table, view, index, … that has to exist. One that may is made up, known in part; what
    /// certainly does not exist is a failure.
    pub(super) fn relation(&mut self, name: &Name) -> Result<Id> {
        match self.find_relation(name) {
            Found::Known(id) => Ok(id),
            Found::Perhaps => self.assume(name, Kind::Relation),
            Found::Missing => Err(self.unknown_relation(name)),
        }
    }

    /// A table (or what may be one) that has to exist, ready to be edited.
    pub(super) fn table(&mut self, name: &Name) -> Result<Id> {
        match self.find_relation(name) {
            Found::Known(id) => {
                let is_relation =
                    matches!(self.catalog.get(id), Some(Object { kind: Kind::Relation, .. }));
                if is_relation {
                    self.catalog.edit(id, |object| object.kind = Kind::Table(Table::default()));
                }
                Ok(id)
            }
            Found::Perhaps => self.assume(name, Kind::Table(Table::default())),
            Found::Missing => Err(self.unknown_relation(name)),
        }
    }

    /// Notes that something exists which nothing in the set made.
    pub(super) fn assume(&mut self, name: &Name, kind: Kind) -> Result<Id> {
        let schema = self.target_schema(name)?;
        let mut object = Object::new(Some(schema), &name.name, kind);
        object.partial = true;
        Ok(self.catalog.reveal(object))
    }

    pub(super) fn unknown_relation(&self, name: &Name) -> Failure {
        let is_it = |object: &Object| {
            object.name == name.name && object.keys().iter().any(|key| key.space == Space::Relation)
        };
        self.unknown(ObjectKind::Table, &spelt(name), None, name.at.clone(), &is_it)
    }

    /// The failure for something that does not exist, with who dropped it: `is_it` recognises it
    /// among the objects there ever were.
    pub(super) fn unknown(
        &self,
        kind: ObjectKind,
        name: &str,
        of: Option<String>,
        at: Range<usize>,
        is_it: &dyn Fn(&Object) -> bool,
    ) -> Failure {
        let dropped = self.dropper(is_it);
        let near = self.near(kind, name);
        let kind = FailureKind::Unknown {
            kind,
            name: name.to_owned(),
            of,
            near,
            among: Vec::new(),
            dropped,
        };
        Failure { kind, at }
    }

    /// The failure for something that exists already, with who made it.
    pub(super) fn duplicate(
        &self,
        kind: ObjectKind,
        name: &str,
        of: Option<String>,
        at: Range<usize>,
        is_it: &dyn Fn(&Object) -> bool,
    ) -> Failure {
        let made = self.maker(is_it);
        Failure { kind: FailureKind::Duplicate { kind, name: name.to_owned(), of, made }, at }
    }

    fn dropper(&self, is_it: &dyn Fn(&Object) -> bool) -> Option<Origin> {
        self.catalog.last(|before, after| before.is_some_and(is_it) && !after.is_some_and(is_it))
    }

    fn maker(&self, is_it: &dyn Fn(&Object) -> bool) -> Option<Origin> {
        self.catalog.last(|before, after| !before.is_some_and(is_it) && after.is_some_and(is_it))
    }

    /// The same for a part of a table, which may have been renamed since.
    pub(super) fn duplicate_part(
        &self,
        kind: ObjectKind,
        name: &str,
        owner: Id,
        at: Range<usize>,
        is_it: &dyn Fn(&Object) -> bool,
    ) -> Failure {
        let of = self.catalog.get(owner).map(|object| object.name.clone());
        let made = self
            .catalog
            .last_of(owner, |before, after| !before.is_some_and(is_it) && after.is_some_and(is_it));
        Failure { kind: FailureKind::Duplicate { kind, name: name.to_owned(), of, made }, at }
    }

    /// The name that may have been meant, among the relations, types, … there are.
    fn near(&self, kind: ObjectKind, name: &str) -> Option<String> {
        let wanted = name.rsplit('.').next().unwrap_or(name);
        let is_routine = matches!(kind, ObjectKind::Function | ObjectKind::Procedure);
        let closest = |kind: ObjectKind| {
            let objects = self.catalog.all().filter(|(_, object)| is_of_kind(kind, object));
            let objects: Vec<&Object> = objects.map(|(_, object)| object).collect_vec();
            let names: Vec<&str> = objects.iter().map(|object| object.name.as_str()).collect_vec();
            let near = crate::directive::closest(wanted, &names)?;
            let same = objects.iter().find(|object| object.name == wanted);
            match same.and_then(|object| object.schema).and_then(|schema| self.catalog.get(schema))
            {
                // What tells routines apart is not the schema alone.
                Some(schema) if near == wanted && !is_routine => {
                    Some(format!("{}.{near}", schema.name))
                }
                _ => Some(near.to_owned()),
            }
        };
        // What is looked up as a table may be meant as any relation.
        let others = match kind {
            ObjectKind::Table => &[ObjectKind::Sequence, ObjectKind::Index][..],
            _ => &[],
        };
        closest(kind).or_else(|| others.iter().find_map(|kind| closest(*kind)))
    }
}

fn is_of_kind(kind: ObjectKind, object: &Object) -> bool {
    use Kind::{
        Composite, Domain, Enum, Index, Range, Routine, Schema, Sequence, Table, Type, View,
    };
    matches!(
        (kind, &object.kind),
        (ObjectKind::Schema, Schema)
            | (ObjectKind::Table | ObjectKind::View, Table(_) | View(_))
            | (ObjectKind::Index, Index(_))
            | (ObjectKind::Sequence, Sequence(_))
            | (
                ObjectKind::Type | ObjectKind::Domain,
                Enum(_) | Composite(_) | Domain(_) | Type | Range { .. }
            )
            | (ObjectKind::Function | ObjectKind::Procedure, Routine(_))
    )
}

/// A name as it was written, folded.
pub(super) fn spelt(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}
