//! `GRANT`, `REVOKE`, `ALTER DEFAULT PRIVILEGES`.

use super::cursor::Reader;
use crate::ddl::{Behavior, Command, Grant, GrantTarget, Ident, ObjectKind, ObjectName};
use crate::sql::lex::Kind;

/// Behind `GRANT`.
pub(super) fn grant(reader: &mut Reader<'_>) -> Option<Command> {
    let (privileges, on) = match head(reader, "TO")? {
        Some(head) => head,
        None => return super::setting::nothing(reader),
    };
    reader.expect("TO")?;
    let roles = reader.list(grantee)?;
    let grant_option = reader.accept_all(&["WITH", "GRANT", "OPTION"]);
    granted_by(reader)?;
    let behavior = Behavior::Restrict;
    let grant = Grant { revoke: false, privileges, on, roles, grant_option, behavior };
    reader.done(Command::Grant(grant))
}

/// Behind `REVOKE`.
pub(super) fn revoke(reader: &mut Reader<'_>) -> Option<Command> {
    let grant_option = reader.accept_all(&["GRANT", "OPTION", "FOR"]);
    let (privileges, on) = match head(reader, "FROM")? {
        Some(head) => head,
        None => return super::setting::nothing(reader),
    };
    reader.expect("FROM")?;
    let roles = reader.list(grantee)?;
    granted_by(reader)?;
    let behavior = reader.behavior();
    let grant = Grant { revoke: true, privileges, on, roles, grant_option, behavior };
    reader.done(Command::Grant(grant))
}

fn granted_by(reader: &mut Reader<'_>) -> Option<()> {
    if reader.accept_all(&["GRANTED", "BY"]) {
        reader.role()?;
    }
    Some(())
}

fn grantee(reader: &mut Reader<'_>) -> Option<String> {
    if reader.is("GROUP") && reader.is_name_at(1) {
        reader.at += 1;
    }
    reader.role()
}

type Head = (Vec<(String, Vec<Ident>)>, GrantTarget);

/// The privileges and what they are of; none for a membership of roles.
fn head(reader: &mut Reader<'_>, end: &str) -> Option<Option<Head>> {
    let of_objects = reader.words.find(reader.at, &["ON", end])?;
    if !reader.words.is(of_objects, "ON") {
        return Some(None);
    }
    let privileges = privileges(reader)?;
    reader.expect("ON")?;
    Some(Some((privileges, target(reader, end)?)))
}

/// Empty for `ALL`.
fn privileges(reader: &mut Reader<'_>) -> Option<Vec<(String, Vec<Ident>)>> {
    if reader.is("ALL") {
        reader.at += 1;
        reader.accept("PRIVILEGES");
        return Some(match reader.is_kind(Kind::Open) {
            true => vec![("ALL".to_owned(), reader.ident_list()?)],
            false => Vec::new(),
        });
    }
    reader.list(|reader| {
        let mut privilege = reader.identifier()?.to_ascii_uppercase();
        // `ALTER SYSTEM` is one.
        if reader.accept("SYSTEM") {
            privilege.push_str(" SYSTEM");
        }
        let columns = if reader.is_kind(Kind::Open) { reader.ident_list()? } else { Vec::new() };
        Some((privilege, columns))
    })
}

/// What stands behind `ON`, up to `end`.
fn target(reader: &mut Reader<'_>, end: &str) -> Option<GrantTarget> {
    if reader.is("ALL") {
        return all_in_schema(reader);
    }
    let kinds: [(&[&str], ObjectKind); 11] = [
        (&["TABLE"], ObjectKind::Table),
        (&["SEQUENCE"], ObjectKind::Sequence),
        (&["SCHEMA"], ObjectKind::Schema),
        (&["FUNCTION"], ObjectKind::Function),
        (&["PROCEDURE"], ObjectKind::Procedure),
        (&["ROUTINE"], ObjectKind::Routine),
        (&["TYPE"], ObjectKind::Type),
        (&["DOMAIN"], ObjectKind::Domain),
        (&["LANGUAGE"], ObjectKind::Language),
        (&["FOREIGN", "SERVER"], ObjectKind::Server),
        (&["FOREIGN", "DATA", "WRAPPER"], ObjectKind::ForeignDataWrapper),
    ];
    // A table may have the name of a kind.
    let named = !reader.is_name_at(1) || reader.is_at(1, end);
    let kind = kinds.iter().find(|(words, _)| !named && reader.accept_all(words));
    let kind = kind.map(|(_, kind)| *kind);
    let kind = match kind {
        Some(kind) => kind,
        None if named => ObjectKind::Table,
        None => {
            reader.at = reader.words.find(reader.at, &[end])?;
            return Some(GrantTarget::Other);
        }
    };
    let objects: Vec<ObjectName> = reader.list(|reader| reader.object_name(kind))?;
    Some(GrantTarget::Objects(objects))
}

/// `ALL TABLES IN SCHEMA name, …`.
fn all_in_schema(reader: &mut Reader<'_>) -> Option<GrantTarget> {
    reader.expect("ALL")?;
    let kinds = ["TABLES", "SEQUENCES", "FUNCTIONS", "PROCEDURES", "ROUTINES"];
    let kind = match reader.accept_any(&kinds)? {
        "TABLES" => ObjectKind::Table,
        "SEQUENCES" => ObjectKind::Sequence,
        "FUNCTIONS" => ObjectKind::Function,
        "PROCEDURES" => ObjectKind::Procedure,
        _ => ObjectKind::Routine,
    };
    reader.expect_all(&["IN", "SCHEMA"])?;
    Some(GrantTarget::AllInSchema(kind, reader.idents()?))
}

/// All of an `ALTER DEFAULT PRIVILEGES`.
pub(super) fn default_privileges(reader: &mut Reader<'_>) -> Option<Command> {
    let end = reader.words.len();
    reader.at = end;
    Some(Command::DefaultPrivileges(reader.folded(0, end)))
}
