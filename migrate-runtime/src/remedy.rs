//! The way out of errors that are not the script's fault: rights that the role does not have, a server
//! out of disk or memory, a statement that was cancelled.

use crate::connection::Connection;
use crate::error::{Error, words};
use crate::history::{optional, rows_of};
use crate::quote::{identifier, literal};
use crate::report::Verb;
use crate::run::Run;

impl<C: Connection> Run<'_, C> {
    /// Adds the way out, where the server's code tells it. To be called when no transaction is open.
    pub(crate) async fn with_remedy(&mut self, error: Error) -> Error {
        let Some(source) = error.postgres_error() else { return error };
        let remedy = match source.code().map(postgres::error::SqlState::code) {
            Some("42501") => {
                let words = words(source);
                self.missing_right(&words).await
            }
            // Where something is applied it knows what else there is.
            Some("42P06" | "42P07" | "42701" | "42710" | "42723")
                if self.present.is_empty() && self.report.verb == Verb::Up =>
            {
                "if the schema is there already, as from before this library: `.baseline(…)` records \
                 migrations as applied without running them"
                    .to_owned()
            }
            Some(code) => match out_of_means(code) {
                Some(remedy) => remedy.to_owned(),
                None => return error,
            },
            None => return error,
        };
        error.help(remedy)
    }

    /// What to grant, as far as the server's words tell: they name the object, and the way to it. They leave
    /// the schema out, so of several relations of that name none is taken for the one.
    async fn missing_right(&mut self, words: &str) -> String {
        let missing = Missing::read(words);
        let relation = match &missing {
            Some(Missing { kind, name, .. }) if is_relation(kind) => literal(name),
            _ => "NULL".to_owned(),
        };
        let sql = format!(
            "SELECT pg_catalog.quote_ident(CURRENT_USER) AS role, \
             CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 \
             THEN pg_catalog.min(pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner))) END AS owner, \
             CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 \
             THEN pg_catalog.min(pg_catalog.format('%I.%I', n.nspname, c.relname)) END AS place \
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE c.relname OPERATOR(pg_catalog.=) {relation}::pg_catalog.name \
             AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')"
        );
        let answer = self.connection.simple_query(&sql).await.unwrap_or_default();
        let row = rows_of(&answer).next();
        let of = |column| row.and_then(|row| optional(row, column)).map(str::to_owned);
        let role = of("role").unwrap_or_else(|| "the role".to_owned());
        match missing {
            Some(missing) => missing.remedy(&role, of("owner"), of("place")),
            None => format!("grant {role} what the statement needs, or migrate with another role"),
        }
    }
}

/// What the server says when it runs out of something, or was told to stop.
pub(crate) fn out_of_means(code: &str) -> Option<&'static str> {
    Some(match code {
        "53100" => "the server's disk is full: run it again when there is room",
        "53200" => "the server ran out of memory: run it again when it has some",
        "53400" => "a limit of the server's settings was reached: raise it, and run it again",
        "57014" => {
            "it was cancelled from outside: by statement_timeout, which it needs more of (the role, the \
             database, the session or the script sets it); or by somebody (pg_cancel_backend), and then it \
             may be run again as it is"
        }
        _ => return None,
    })
}

fn is_relation(kind: &str) -> bool {
    ["table", "relation", "view", "materialized view", "sequence", "index", "foreign table"]
        .contains(&kind)
}

/// A right that is missing, read from the server's English words. Of other languages, nothing.
#[derive(Debug, PartialEq, Eq)]
struct Missing {
    /// Only the owner may do it.
    owner: bool,
    kind: String,
    name: String,
}

impl Missing {
    fn read(words: &str) -> Option<Missing> {
        let (owner, rest) = match words.strip_prefix("must be owner of ") {
            Some(rest) => (true, rest),
            None => (false, words.strip_prefix("permission denied for ")?),
        };
        let (kind, name) = ["materialized view", "foreign table"]
            .into_iter()
            .find_map(|kind| Some((kind, rest.strip_prefix(kind)?.strip_prefix(' ')?)))
            .or_else(|| rest.split_once(' '))?;
        Some(Missing { owner, kind: kind.to_owned(), name: name.to_owned() })
    }

    fn remedy(&self, role: &str, owner: Option<String>, place: Option<String>) -> String {
        let Missing { kind, name, .. } = self;
        let quoted = place.unwrap_or_else(|| identifier(name));
        match (kind.as_str(), owner) {
            (_, Some(owner)) if self.owner => {
                format!("GRANT {owner} TO {role}, or migrate as {owner}, who owns {kind} {name}")
            }
            _ if self.owner => {
                format!("make {role} a member of the role that owns {kind} {name}")
            }
            ("schema", _) => format!("GRANT USAGE, CREATE ON SCHEMA {quoted} TO {role}"),
            ("database", _) => format!("GRANT CREATE ON DATABASE {quoted} TO {role}"),
            ("tablespace", _) => format!("GRANT CREATE ON TABLESPACE {quoted} TO {role}"),
            ("function" | "procedure", _) => {
                format!("GRANT EXECUTE ON {} {quoted} TO {role}", kind.to_uppercase())
            }
            ("sequence", _) => format!("GRANT USAGE, SELECT ON SEQUENCE {quoted} TO {role}"),
            _ if is_relation(kind) => format!(
                "GRANT what the statement does (SELECT, INSERT, UPDATE, DELETE, REFERENCES, …) ON {quoted} TO {role}"
            ),
            _ => format!("grant {role} the right on {kind} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Missing;

    #[test]
    fn the_words_of_the_server_name_what_to_grant() {
        let remedy = |words: &str, owner: Option<&str>| {
            Missing::read(words).map(|it| it.remedy("app", owner.map(str::to_owned), None))
        };
        assert_eq!(
            remedy("must be owner of table users", Some("boss")).unwrap(),
            "GRANT boss TO app, or migrate as boss, who owns table users"
        );
        assert_eq!(
            remedy("permission denied for schema Odd", None).unwrap(),
            "GRANT USAGE, CREATE ON SCHEMA \"Odd\" TO app"
        );
        assert_eq!(
            remedy("must be owner of materialized view v", None).unwrap(),
            "make app a member of the role that owns materialized view v"
        );
        assert_eq!(Missing::read("keine Berechtigung für Tabelle t"), None);
    }
}
