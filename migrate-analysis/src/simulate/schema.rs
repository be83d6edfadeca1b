//! Schemas, extensions, the search path, and objects whose inside is not followed.

use super::object::Strictness;
use super::{Result, Simulator, Target};
use crate::catalog::{Key, Kind, Object, Space};
use crate::ddl::{self, ObjectKind};
use crate::list::CollectVec;
use crate::ordered::SortedSet;

impl Simulator<'_> {
    pub(super) fn create_schema(&mut self, create: &ddl::CreateSchema) -> Result {
        let owner = create.owner.as_deref().and_then(|owner| self.role_named(owner));
        let (name, at) = match (&create.name, &owner) {
            (Some(name), _) => (name.name.clone(), name.at.clone()),
            (None, Some(owner)) => (owner.clone(), 0..0),
            (None, None) => {
                self.opaque = Some("a schema with the name of the role".to_owned());
                return Ok(());
            }
        };
        match self.schema_named(&name) {
            Some(_) if create.if_not_exists => return Ok(()),
            Some(id) => {
                let is_partial = self.catalog.get(id).is_none_or(|schema| schema.partial);
                if !is_partial && !self.may_exist(&name) {
                    let is_it = |it: &Object| it.schema.is_none() && it.name == name;
                    return Err(self.duplicate(ObjectKind::Schema, &name, None, at, &is_it));
                }
            }
            None => {
                let mut schema = Object::new(None, &name, Kind::Schema);
                schema.owner = owner;
                self.catalog.add(schema);
            }
        }
        self.create_elements(name, &create.elements)
    }

    /// What stands inside CREATE SCHEMA is made in it.
    fn create_elements(&mut self, schema: String, elements: &[ddl::Command]) -> Result {
        let before = self.catalog.session().search_path.clone();
        let mut path = before.clone().unwrap_or_else(|| vec!["public".to_owned()]);
        path.insert(0, schema);
        self.catalog.edit_session(|session| session.search_path = Some(path));
        for element in elements {
            self.command(element)?;
        }
        self.catalog.edit_session(|session| session.search_path = before);
        Ok(())
    }

    pub(super) fn create_extension(&mut self, create: &ddl::CreateExtension) -> Result {
        let name = &create.name.name;
        let known = self.catalog.find(&Key::new(Space::Extension, None, name));
        if known.is_some() || name == "plpgsql" {
            if create.if_not_exists || self.may_exist(name) {
                return Ok(());
            }
            let at = create.name.at.clone();
            let is_it = |it: &Object| {
                matches!(it.kind, Kind::Extension { .. }) && it.name == create.name.name
            };
            return Err(self.duplicate(ObjectKind::Extension, name, None, at, &is_it));
        }
        let schema = match &create.schema {
            Some(schema) => Some(self.existing_schema(&schema.name, &schema.at)?),
            None => self.current_schema(),
        };
        let kind = Kind::Extension { version: create.version.clone(), schema };
        self.catalog.add(Object::new(None, name, kind));
        for name in brought_by(name, create.cascade) {
            self.shroud(&name);
        }
        Ok(())
    }

    pub(super) fn create_other(&mut self, create: &ddl::CreateOther) -> Result {
        let object = &create.object;
        let Some(key) = self.other_key(object) else { return Ok(()) };
        let definition = Some(create.definition.clone());
        if let Some(id) = self.catalog.find(&key) {
            if create.or_replace {
                self.catalog.edit(id, |object| {
                    if let Kind::Other { definition: before, .. } = &mut object.kind {
                        *before = definition;
                    }
                });
                return Ok(());
            }
            let is_partial = self.catalog.get(id).is_none_or(|object| object.partial);
            if create.if_not_exists || is_partial || self.may_exist(&object.name.name) {
                return Ok(());
            }
            let is_it = |it: &Object| it.keys().contains(&key);
            let at = object.name.at.clone();
            return Err(self.duplicate(object.kind, &object.name.name, None, at, &is_it));
        }
        let kind = Kind::Other { kind: object.kind, definition };
        let mut made = Object::new(key.schema, &key.name, kind);
        // Where it may have been there already, it is not known which of the two it is.
        made.partial = create.if_not_exists && self.may_exist(&object.name.name);
        self.catalog.add(made);
        Ok(())
    }

    /// A change of an object whose inside is not followed.
    pub(super) fn alter_other(&mut self, object: &ddl::ObjectName) -> Result {
        if let Some(Target::Object(id)) = self.named(object, Strictness::Lenient)? {
            self.catalog.edit(id, |object| match &mut object.kind {
                Kind::Other { definition, .. } => *definition = None,
                Kind::Extension { version, .. } => *version = None,
                _ => object.partial = true,
            });
        }
        Ok(())
    }

    pub(super) fn set_search_path(&mut self, path: &ddl::SearchPath) -> Result {
        let schemas = match path {
            ddl::SearchPath::Set { schemas, .. } => Some(schemas.clone()),
            ddl::SearchPath::Reset => None,
            ddl::SearchPath::Unknown => {
                self.fog_everything("a search_path that is computed", SortedSet::new());
                return Ok(());
            }
        };
        self.catalog.edit_session(|session| session.search_path = schemas);
        Ok(())
    }
}

/// Extensions that make no table, view or schema: most of those that come with PostgreSQL.
const WITHOUT_RELATIONS: &[&str] = &[
    "amcheck",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dblink",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "file_fdw",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "moddatetime",
    "pageinspect",
    "pg_buffercache",
    "pg_stat_statements",
    "pg_trgm",
    "pgcrypto",
    "pgrowlocks",
    "pgstattuple",
    "postgres_fdw",
    "seg",
    "sslinfo",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "unaccent",
    "uuid-ossp",
    "vector",
    "xml2",
];

/// Names of tables, views, schemas and further extensions that an extension may bring along. One that
/// nobody here knows has them under its own name, as most do.
fn brought_by(extension: &str, cascade: bool) -> Vec<String> {
    let known: &[&str] = match extension {
        "postgis" => &["spatial_ref_sys", "geometry_columns", "geography_columns"],
        "postgis_topology" => &["topology", "layer"],
        "postgis_tiger_geocoder" => &["tiger", "tiger_data", "topology"],
        "postgis_raster" => &["raster_columns", "raster_overviews"],
        "pg_cron" => &["cron", "job", "job_run_details"],
        "pg_partman" => &["partman", "part_config", "part_config_sub"],
        "pg_repack" => &["repack"],
        "timescaledb" => &[
            "timescaledb_information",
            "timescaledb_experimental",
            "_timescaledb_catalog",
            "_timescaledb_config",
            "_timescaledb_internal",
        ],
        "citus" => &["citus", "citus_tables", "citus_shards"],
        other if WITHOUT_RELATIONS.contains(&other) => &[],
        _ => return vec![extension.to_owned(), extension.trim_start_matches("pg_").to_owned()],
    };
    let needed: &[&str] = match extension {
        "earthdistance" if cascade => &["cube"],
        name if cascade && name.starts_with("postgis_") => &["postgis", "fuzzystrmatch"],
        _ => &[],
    };
    known.iter().chain(needed).map(|name| (*name).to_owned()).collect_vec()
}
