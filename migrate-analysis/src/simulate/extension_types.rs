//! Types that extensions bring along.

use super::Simulator;
use crate::catalog::Space;

/// The types of the extensions that are seen most, and of all of contrib. Of a type in a table an
/// extension may have others; one that is not here may bring any type.
const EXTENSIONS: &[(&str, &[&str])] = &[
    ("citext", &["citext"]),
    ("hstore", &["hstore", "ghstore"]),
    ("ltree", &["ltree", "lquery", "ltxtquery", "ltree_gist"]),
    ("cube", &["cube"]),
    ("seg", &["seg"]),
    ("isn", &["ean13", "isbn13", "ismn13", "issn13", "isbn", "ismn", "issn", "upc"]),
    ("lo", &["lo"]),
    ("earthdistance", &["earth"]),
    ("intarray", &["query_int"]),
    ("vector", &["vector", "halfvec", "sparsevec"]),
    ("pg_trgm", &["gtrgm"]),
    ("uuid-ossp", &[]),
    ("pgcrypto", &[]),
    ("btree_gin", &[]),
    ("btree_gist", &[]),
    ("unaccent", &[]),
    ("fuzzystrmatch", &[]),
    ("tablefunc", &[]),
    ("plpgsql", &[]),
    ("pg_stat_statements", &[]),
    ("postgres_fdw", &[]),
    ("file_fdw", &[]),
    ("dblink", &[]),
    ("amcheck", &[]),
    ("pageinspect", &[]),
    ("pgstattuple", &[]),
    ("pg_buffercache", &[]),
    ("pg_prewarm", &[]),
    ("pg_cron", &[]),
    ("bloom", &[]),
    ("tsm_system_rows", &[]),
    ("tsm_system_time", &[]),
];

impl Simulator<'_> {
    /// Whether an extension that was created may bring a type of this name.
    pub(super) fn extension_may_have_type(&self, name: &str) -> bool {
        let mut extensions = self.catalog.in_schema(Space::Extension, None);
        extensions.any(|(key, _)| {
            let known = EXTENSIONS.iter().find(|(extension, _)| *extension == key.name);
            known.is_none_or(|(_, types)| types.contains(&name))
        })
    }
}
