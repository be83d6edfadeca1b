//! What the caller had set when a run began, and the SQL that brings it back.
//!
//! A script may leave a `search_path`, a role or a timeout behind; neither the next script nor the
//! bookkeeping may see it. So before the bookkeeping that ends a script, inside its transaction,
//! the session is put back to what it was. A setting that only `current_setting` can name (a
//! custom one such as `app.tenant`) cannot be listed, and is lost unless it came with the
//! connection's options.

use std::time::Duration;

use postgres::SimpleQueryMessage;

use crate::history::{optional, rows_of};
use crate::patience::Limits;
use crate::quote::literal;

/// The session as it was found, with the run lock's answer that came in the same message.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) locked: bool,
    /// The server process.
    pub(crate) pid: Option<i32>,
    pub(crate) in_transaction: bool,
    pub(crate) schema_exists: bool,
    /// Why nothing can be written here, if so.
    pub(crate) read_only: Option<ReadOnly>,
    /// What the client speaks, if it is not UTF-8.
    pub(crate) encoding: Option<String>,
    /// The server counts bytes where others count characters: it was told no encoding.
    pub(crate) bytes: bool,
    pub(crate) limits: Limits,
    /// Puts the session back.
    pub(crate) restore: String,
    /// The same for the bookkeeping alone, until the end of a transaction.
    pub(crate) local: String,
}

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadOnly {
    Replica,
    /// `default_transaction_read_only`, which somebody set on purpose.
    Default,
}

/// The statement that takes the run lock if it is free, as `try_lock` says, and captures the session.
pub(crate) fn capture(try_lock: &str, schema: &str) -> String {
    format!(
        "SELECT 'locked' AS what, ({try_lock})::pg_catalog.text AS a, pg_catalog.pg_backend_pid()::pg_catalog.text AS b \
         UNION ALL SELECT 'in_transaction', (pg_catalog.now() OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp())::pg_catalog.text, NULL \
         UNION ALL SELECT 'role', SESSION_USER::pg_catalog.text, pg_catalog.current_setting('role') \
         UNION ALL SELECT 'read_only', pg_catalog.current_setting('transaction_read_only'), pg_catalog.pg_is_in_recovery()::pg_catalog.text \
         UNION ALL SELECT 'encoding', pg_catalog.current_setting('server_encoding'), pg_catalog.current_setting('client_encoding') \
         UNION ALL SELECT 'schema', nspname::pg_catalog.text, NULL FROM pg_catalog.pg_namespace \
         WHERE nspname OPERATOR(pg_catalog.=) {}::pg_catalog.name \
         UNION ALL SELECT 'limit', name, setting FROM pg_catalog.pg_settings \
         WHERE name OPERATOR(pg_catalog.=) ANY (ARRAY['lock_timeout', 'deadlock_timeout']) \
         UNION ALL SELECT 'setting', name, setting FROM pg_catalog.pg_settings \
         WHERE source OPERATOR(pg_catalog.=) 'session' AND context OPERATOR(pg_catalog.=) ANY (ARRAY['user', 'superuser']) \
         AND name OPERATOR(pg_catalog.<>) ALL (ARRAY['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'])",
        literal(schema)
    )
}

impl Session {
    pub(crate) fn read(messages: &[SimpleQueryMessage]) -> Session {
        let mut session = Session::default();
        let (mut user, mut role) = (String::new(), String::new());
        let mut settings = Vec::new();
        for row in rows_of(messages) {
            let a = optional(row, "a").unwrap_or_default();
            let b = optional(row, "b").unwrap_or_default();
            match optional(row, "what").unwrap_or_default() {
                "locked" => (session.locked, session.pid) = (a == "true", b.parse().ok()),
                "in_transaction" => session.in_transaction = a == "true",
                "read_only" if b == "true" => session.read_only = Some(ReadOnly::Replica),
                "read_only" if a == "on" => session.read_only = Some(ReadOnly::Default),
                "encoding" => {
                    session.bytes = a == "SQL_ASCII";
                    // `SQL_ASCII` passes bytes through as they are.
                    session.encoding =
                        Some(b).filter(|b| !["UTF8", "SQL_ASCII"].contains(b)).map(str::to_owned);
                }
                "schema" => session.schema_exists = true,
                "role" => (user, role) = (literal(a), role_value(b)),
                "limit" => {
                    // Both are counted in milliseconds, and 0 is none.
                    let limit = b.parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis);
                    match a {
                        "lock_timeout" => session.limits.lock_timeout = limit,
                        _ => session.limits.deadlock_timeout = limit,
                    }
                }
                "setting" => settings.push((a.to_owned(), b.to_owned())),
                _ => {}
            }
        }
        session.restore = restore(&user, &role, &settings);
        // A script that runs outside a transaction keeps its settings from statement to statement
        // (`SET lock_timeout = 0; CREATE INDEX CONCURRENTLY …`), so the bookkeeping in between
        // overrides only what could stop it, and only for its own transaction.
        session.local = format!(
            "SET LOCAL SESSION AUTHORIZATION {user}; SET LOCAL ROLE {role}; \
             SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0"
        );
        session
    }
}

fn role_value(role: &str) -> String {
    if role == "none" { "NONE".to_owned() } else { literal(role) }
}

/// Without the last semicolon.
fn restore(user: &str, role: &str, settings: &[(String, String)]) -> String {
    let mut sql = String::from("RESET SESSION AUTHORIZATION; RESET ALL");
    if !settings.is_empty() {
        let calls: Vec<String> = settings
            .iter()
            .map(|(name, value)| {
                format!("pg_catalog.set_config({}, {}, false)", literal(name), literal(value))
            })
            .collect();
        // As the authenticated role, which may be the only one with the right to set them.
        sql.push_str(&format!("; SELECT {}", calls.join(", ")));
    }
    // Any role may set itself to what it is, so this needs no special case for the usual caller.
    sql.push_str(&format!("; SET SESSION AUTHORIZATION {user}; SET ROLE {role}"));
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_before_the_role_does() {
        let sql = restore("'me'", "'owner'", &[("search_path".into(), "\"$user\", x".into())]);
        let set = sql.find("set_config('search_path', '\"$user\", x', false)").unwrap();
        assert!(sql.find("RESET ALL").unwrap() < set);
        assert!(set < sql.find("SET ROLE 'owner'").unwrap());
        assert_eq!(role_value("none"), "NONE");
    }
}
