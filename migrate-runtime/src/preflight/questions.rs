//! What the server is asked.

use super::Use;
use crate::blocker::{HERE, PREPARED, QUERY, age};
use crate::quote::literal;
use crate::table_lock::named_relations;

/// One statement a question, all in one message. The columns are the same for all, and mean what the
/// reader of each says.
pub(super) fn sql(uses: &[Use], schema: &str) -> String {
    let mut names: Vec<&str> = uses.iter().map(|it| it.lock.relation).collect();
    names.sort_unstable();
    names.dedup();
    let tables = named_relations(&names);
    [
        sizes(&tables),
        holders(&tables),
        sessions(),
        format!(
            "SELECT 'prepared' AS what, gid AS a, owner AS b, {} AS n FROM pg_catalog.pg_prepared_xacts \
             WHERE database OPERATOR(pg_catalog.=) pg_catalog.current_database()",
            age("prepared")
        ),
        invalid_indexes(&tables),
        "SELECT 'replica' AS what, application_name AS a, \
             (EXTRACT(epoch FROM replay_lag) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8 AS n \
             FROM pg_catalog.pg_stat_replication"
            .to_owned(),
        connections(),
        rights(schema),
        "SELECT 'version' AS what, pg_catalog.current_setting('server_version') AS a, \
         pg_catalog.current_setting('server_version_num') AS n"
            .to_owned(),
    ]
    .join(";\n")
}

const VERSION: &str = "pg_catalog.current_setting('server_version_num')::pg_catalog.int4";

/// Owner and size of each relation. A table counts with its partitions, as far as these are not in the
/// plan themselves. Rows are what `ANALYZE` or what the statistics have counted, whichever is more; NULL
/// where neither has.
fn sizes(tables: &str) -> String {
    let uncounted = format!(
        "(q.reltuples OPERATOR(pg_catalog.<) 0 OR q.relpages OPERATOR(pg_catalog.=) 0 \
         AND {VERSION} OPERATOR(pg_catalog.<) 140000) \
         AND pg_catalog.pg_stat_get_live_tuples(q.oid) OPERATOR(pg_catalog.=) 0"
    );
    format!(
        "SELECT 'table' AS what, t.name AS a, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS b, \
         pg_catalog.pg_get_userbyid(c.relowner) AS c, \
         pg_catalog.has_table_privilege(c.oid, CASE WHEN {VERSION} OPERATOR(pg_catalog.>=) 170000 THEN \
         'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN' \
         ELSE 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER' END) \
         OR pg_catalog.pg_has_role(s.nspowner, 'USAGE') AS d, z.rows AS n, \
         z.pages OPERATOR(pg_catalog.*) pg_catalog.current_setting('block_size')::pg_catalog.float8 AS m \
         FROM {tables} AS t JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.oid \
         JOIN pg_catalog.pg_namespace AS s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace \
         CROSS JOIN LATERAL (WITH RECURSIVE part(oid) AS (SELECT c.oid UNION ALL \
         SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN part ON i.inhparent OPERATOR(pg_catalog.=) part.oid \
         WHERE NOT EXISTS (SELECT FROM {tables} AS own WHERE own.oid OPERATOR(pg_catalog.=) i.inhrelid)) \
         SELECT pg_catalog.sum(CASE WHEN NOT ({uncounted}) THEN GREATEST(q.reltuples::pg_catalog.float8, \
         pg_catalog.pg_stat_get_live_tuples(q.oid)::pg_catalog.float8) END) AS rows, \
         pg_catalog.sum((SELECT pg_catalog.sum(f.relpages) FROM (SELECT q.oid AS oid UNION ALL SELECT q.reltoastrelid UNION ALL \
         SELECT x.indexrelid FROM pg_catalog.pg_index AS x WHERE x.indrelid OPERATOR(pg_catalog.=) q.oid \
         OR x.indrelid OPERATOR(pg_catalog.=) q.reltoastrelid) AS files \
         JOIN pg_catalog.pg_class AS f ON f.oid OPERATOR(pg_catalog.=) files.oid)::pg_catalog.float8) AS pages \
         FROM part JOIN pg_catalog.pg_class AS q ON q.oid OPERATOR(pg_catalog.=) part.oid \
         WHERE q.relkind OPERATOR(pg_catalog.<>) ALL (ARRAY['p', 'I']::pg_catalog.\"char\"[])) AS z"
    )
}

/// Who holds a lock on them, the longest there first.
fn holders(tables: &str) -> String {
    format!(
        "SELECT 'holder' AS what, t.name AS a, l.pid AS b, {QUERY} AS c, l.mode AS d, \
         a.application_name AS e, p.gid AS f, a.backend_type AS g, {} AS n \
         FROM {tables} AS t JOIN pg_catalog.pg_locks AS l ON l.relation OPERATOR(pg_catalog.=) t.oid AND l.granted \
         AND l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.database OPERATOR(pg_catalog.=) {HERE} \
         LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid {PREPARED} \
         WHERE l.pid IS NULL OR l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() \
         ORDER BY a.xact_start NULLS LAST",
        age("a.xact_start")
    )
}

/// The oldest transactions, and how many sessions this role may not look into.
fn sessions() -> String {
    format!(
        "SELECT 'old' AS what, a.pid AS b, {QUERY} AS c, a.application_name AS e, {} AS n \
         FROM pg_catalog.pg_stat_activity AS a WHERE a.datid OPERATOR(pg_catalog.=) {HERE} \
         AND a.xact_start IS NOT NULL AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() \
         AND a.backend_type OPERATOR(pg_catalog.=) 'client backend' ORDER BY a.xact_start LIMIT 5;\n\
         SELECT 'hidden' AS what, pg_catalog.count(*) AS n, pg_catalog.quote_ident(CURRENT_USER) AS c \
         FROM pg_catalog.pg_stat_activity AS a WHERE a.datid OPERATOR(pg_catalog.=) {HERE} \
         AND a.query OPERATOR(pg_catalog.=) '<insufficient privilege>'",
        age("a.xact_start")
    )
}

/// With the session that may be building it: a build holds such a lock on the table.
fn invalid_indexes(tables: &str) -> String {
    format!(
        "SELECT 'invalid' AS what, pg_catalog.format('%I.%I', n.nspname, c.relname) AS a, t.name AS b, \
         c.relkind OPERATOR(pg_catalog.=) 'I'::pg_catalog.\"char\" AS d, \
         (SELECT l.pid FROM pg_catalog.pg_locks AS l WHERE l.relation OPERATOR(pg_catalog.=) i.indrelid \
         AND l.mode OPERATOR(pg_catalog.=) 'ShareUpdateExclusiveLock' AND l.granted \
         AND l.database OPERATOR(pg_catalog.=) {HERE} LIMIT 1) AS e \
         FROM {tables} AS t JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) t.oid AND NOT i.indisvalid \
         JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
         JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
    )
}

/// A role that may not see of what kind a session is sees that it has a user and a database.
fn connections() -> String {
    "SELECT 'connections' AS what, GREATEST(0, pg_catalog.current_setting('max_connections')::pg_catalog.int8 \
     OPERATOR(pg_catalog.-) pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8 \
     OPERATOR(pg_catalog.-) COALESCE(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int8 \
     OPERATOR(pg_catalog.-) (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity \
     WHERE backend_type OPERATOR(pg_catalog.=) 'client backend' \
     OR backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL)) AS n"
        .to_owned()
}

/// Whether the history's tables can be made.
fn rights(schema: &str) -> String {
    let schema = literal(schema);
    format!(
        "SELECT 'schema' AS what, pg_catalog.quote_ident(nspname) AS a, \
         pg_catalog.has_schema_privilege(oid, 'CREATE') AS b, pg_catalog.quote_ident(CURRENT_USER) AS c \
         FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) {schema}::pg_catalog.name;\n\
         SELECT 'database' AS what, pg_catalog.quote_ident({schema}) AS a, \
         pg_catalog.has_database_privilege({HERE}, 'CREATE') AS b, pg_catalog.quote_ident(CURRENT_USER) AS c, \
         pg_catalog.quote_ident(pg_catalog.current_database()) AS d \
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) {schema}::pg_catalog.name)"
    )
}
