//! Statements that change no schema of this database.

use super::cursor::Reader;
use crate::sql::lex::Kind;

/// Whether the statement may change a schema, or where the statements after it find their names. It
/// begins with `first`, in upper case.
pub(super) fn changes_schema(reader: &Reader<'_>, first: &str) -> bool {
    let mut reader = *reader;
    reader.at += 1;
    match first {
        "LOCK" | "ANALYZE" | "ANALYSE" | "VACUUM" | "REINDEX" | "CLUSTER" | "CHECKPOINT"
        | "NOTIFY" | "LISTEN" | "UNLISTEN" | "PREPARE" | "DEALLOCATE" | "DECLARE" | "FETCH"
        | "MOVE" | "CLOSE" | "LOAD" | "SHOW" | "COPY" | "SECURITY" | "BEGIN" | "START"
        | "COMMIT" | "END" | "SAVEPOINT" | "RELEASE" => false,
        // It takes the temporary tables and the search path along.
        "DISCARD" => reader.is_any(&["ALL", "TEMP", "TEMPORARY"]),
        "EXPLAIN" => reader.is_any(&["ANALYZE", "ANALYSE"]) || reader.is_kind(Kind::Open),
        "SET" | "RESET" => changes_lookup(reader),
        "GRANT" | "REVOKE" => reader.words.find(reader.at, &["ON"]).is_some(),
        "CREATE" | "ALTER" | "DROP" => !is_of_cluster(&reader),
        "COMMENT" => {
            reader.accept("ON");
            !is_of_cluster(&reader)
        }
        _ => true,
    }
}

/// Behind `SET` or `RESET`: whether names are looked up elsewhere from here on, or owned by another.
fn changes_lookup(mut reader: Reader<'_>) -> bool {
    if reader.are(&["SESSION", "AUTHORIZATION"]) {
        return true;
    }
    if reader.are(&["SESSION", "CHARACTERISTICS"]) {
        return false;
    }
    // `session.x` is a setting.
    if reader.kind_at(1) != Some(Kind::Dot) {
        reader.accept_any(&["LOCAL", "SESSION"]);
    }
    match reader.identifier().as_deref() {
        Some("search_path" | "schema" | "role" | "all") | None => true,
        Some("session") => reader.is("AUTHORIZATION"),
        Some(_) => false,
    }
}

/// Whether it is about what all databases of the server share, or about the server itself.
fn is_of_cluster(reader: &Reader<'_>) -> bool {
    reader.is_any(&["ROLE", "GROUP", "DATABASE", "TABLESPACE", "SYSTEM"])
        || reader.is("USER") && !reader.is_at(1, "MAPPING")
}
