//! What `ALTER` has for every kind of object: RENAME, SET SCHEMA, OWNER TO.

use super::cursor::Reader;
use super::misc;
use crate::ddl::{Command, ObjectKind, ObjectName, Rename};

/// Behind `ALTER`: `kind name RENAME …`, `SET SCHEMA …`, `OWNER TO …`; none for any other form.
pub(super) fn any_object(reader: &mut Reader<'_>) -> Option<Command> {
    let (object, if_exists) = named(reader)?;
    if reader.accept("RENAME") {
        return rename(reader, object, if_exists);
    }
    let command = if reader.accept_all(&["SET", "SCHEMA"]) {
        Command::SetSchema { object, schema: reader.ident()?, if_exists }
    } else {
        reader.expect_all(&["OWNER", "TO"])?;
        Command::SetOwner { object, owner: reader.role()?, if_exists }
    };
    reader.done(command)
}

/// Behind `ALTER`: a form that nobody else reads, of an object of a known kind.
pub(super) fn other(reader: &mut Reader<'_>) -> Option<Command> {
    let (object, _) = named(reader)?;
    let tables = misc::published(reader, object.kind);
    reader.at = reader.words.len();
    Some(Command::AlterOther { object, tables })
}

/// `kind [IF EXISTS] [ONLY] name [*]`.
fn named(reader: &mut Reader<'_>) -> Option<(ObjectName, bool)> {
    let kind = reader.object_kind()?;
    let if_exists = reader.if_exists();
    if matches!(kind, ObjectKind::Table | ObjectKind::ForeignTable) {
        let name = reader.relation()?;
        return Some((ObjectName { kind, name, part: None, arguments: None }, if_exists));
    }
    Some((reader.object_name(kind)?, if_exists))
}

/// Behind `RENAME`.
fn rename(reader: &mut Reader<'_>, mut object: ObjectName, if_exists: bool) -> Option<Command> {
    if !reader.is("TO") {
        // A column may be called `attribute`.
        let words: &[&str] = match object.kind {
            ObjectKind::Type => &["ATTRIBUTE"],
            _ => &["COLUMN", "CONSTRAINT"],
        };
        object.kind = match reader.accept_any(words) {
            Some("CONSTRAINT") if object.kind == ObjectKind::Domain => ObjectKind::DomainConstraint,
            Some("CONSTRAINT") => ObjectKind::Constraint,
            // `RENAME VALUE` is none of these.
            None if object.kind == ObjectKind::Type => return None,
            _ => ObjectKind::Column,
        };
        object.part = Some(reader.ident()?);
    }
    reader.expect("TO")?;
    let to = reader.ident()?;
    // Of an attribute: whether the tables of that type are changed along.
    reader.behavior();
    reader.done(Command::Rename(Rename { object, to, if_exists }))
}
