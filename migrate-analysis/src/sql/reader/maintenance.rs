//! Statements that change no schema and are looked at for what they lock, and for how long they wait.
//!
//! What cannot be read here is none of them.

use super::cursor::Reader;
use crate::ddl::{Command, Ident, Maintenance, Name, Reindexed};
use crate::sql::lex::Kind;

/// A whole statement that begins with `first`, in upper case.
pub(super) fn read(reader: &Reader<'_>, first: &str) -> Option<Command> {
    let mut reader = *reader;
    reader.at += 1;
    let maintenance = match first {
        "LOCK" => lock(&mut reader),
        "VACUUM" => vacuum(&mut reader),
        "ANALYZE" | "ANALYSE" => analyze(&mut reader),
        "CLUSTER" => cluster(&mut reader),
        "REINDEX" => reindex(&mut reader),
        "COPY" => copy(&mut reader),
        "SET" => set(&mut reader),
        "RESET" => reset(&mut reader),
        "DROP" => drop_database(&mut reader),
        _ => None,
    }?;
    reader.done(Command::Maintenance(maintenance))
}

fn lock(reader: &mut Reader<'_>) -> Option<Maintenance> {
    reader.accept("TABLE");
    let tables = reader.list(Reader::relation)?;
    let mut mode = "ACCESS EXCLUSIVE".to_owned();
    if reader.accept("IN") {
        let end = reader.words.find(reader.at, &["MODE"])?;
        mode = reader.folded(reader.at, end).to_ascii_uppercase();
        reader.at = end + 1;
    }
    reader.accept("NOWAIT");
    Some(Maintenance::Lock { tables, mode })
}

fn vacuum(reader: &mut Reader<'_>) -> Option<Maintenance> {
    let mut full = false;
    if reader.is_kind(Kind::Open) {
        full = is_on(&options(reader)?, "full");
    } else {
        full |= reader.accept("FULL");
        reader.accept("FREEZE");
        reader.accept("VERBOSE");
        reader.accept_any(&["ANALYZE", "ANALYSE"]);
    }
    Some(Maintenance::Vacuum { tables: tables(reader)?, full })
}

fn analyze(reader: &mut Reader<'_>) -> Option<Maintenance> {
    if reader.is_kind(Kind::Open) {
        options(reader)?;
    }
    reader.accept("VERBOSE");
    Some(Maintenance::Analyze(tables(reader)?))
}

/// `table [(column, …)], …`, or nothing.
fn tables(reader: &mut Reader<'_>) -> Option<Vec<Name>> {
    if reader.at_end() {
        return Some(Vec::new());
    }
    reader.list(|reader| {
        let table = reader.relation()?;
        if reader.is_kind(Kind::Open) {
            reader.skip_parens()?;
        }
        Some(table)
    })
}

fn cluster(reader: &mut Reader<'_>) -> Option<Maintenance> {
    if reader.is_kind(Kind::Open) {
        options(reader)?;
    }
    reader.accept("VERBOSE");
    if reader.at_end() {
        return Some(Maintenance::Cluster(None));
    }
    let mut table = reader.name()?;
    if reader.accept("USING") {
        reader.identifier()?;
    } else if reader.accept("ON") {
        // `CLUSTER index ON table`, as it was once written.
        table = reader.name()?;
    }
    Some(Maintenance::Cluster(Some(table)))
}

fn reindex(reader: &mut Reader<'_>) -> Option<Maintenance> {
    let mut concurrently = false;
    if reader.is_kind(Kind::Open) {
        concurrently = is_on(&options(reader)?, "concurrently");
    }
    let kind = reader.accept_any(&["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"])?;
    concurrently |= reader.accept("CONCURRENTLY");
    let target = match kind {
        "INDEX" => Reindexed::Index(reader.name()?),
        "TABLE" => Reindexed::Table(reader.name()?),
        "SCHEMA" => Reindexed::Schema(reader.ident()?),
        _ => {
            // From PostgreSQL 16 on its name may be left out.
            reader.identifier();
            Reindexed::Database
        }
    };
    Some(Maintenance::Reindex { target, concurrently })
}

/// `COPY table …`; of a query nothing.
fn copy(reader: &mut Reader<'_>) -> Option<Maintenance> {
    if reader.is("BINARY") && reader.is_name_at(1) {
        reader.at += 1;
    }
    let table = reader.name()?;
    if reader.is_kind(Kind::Open) {
        reader.skip_parens()?;
    }
    let direction = reader.accept_any(&["FROM", "TO"])?;
    reader.at = reader.words.len();
    Some(if direction == "FROM" {
        Maintenance::CopyFrom(table)
    } else {
        Maintenance::CopyTo(table)
    })
}

fn set(reader: &mut Reader<'_>) -> Option<Maintenance> {
    let is_name =
        |reader: &Reader<'_>| reader.is_at(1, "TO") || matches!(reader.text_at(1), "=" | ".");
    let local = reader.is("LOCAL") && !is_name(reader);
    if local || reader.is("SESSION") && !is_name(reader) {
        reader.at += 1;
    }
    let name = match reader.accept_all(&["TIME", "ZONE"]) {
        true => "timezone".to_owned(),
        false => {
            let name = setting_name(reader)?;
            if !reader.accept("TO") && !reader.accept_operator("=") {
                return None;
            }
            name
        }
    };
    let value = match reader.is("DEFAULT") || reader.is("LOCAL") {
        true => None,
        false => Some(value(reader)?),
    };
    reader.at = reader.words.len();
    Some(Maintenance::Set { name, value, local })
}

/// A string, or what else stands up to the end.
fn value(reader: &mut Reader<'_>) -> Option<String> {
    let mut ahead = *reader;
    if let Some(text) = ahead.string()
        && ahead.at_end()
    {
        return Some(text);
    }
    (!reader.at_end()).then(|| reader.rest())
}

fn reset(reader: &mut Reader<'_>) -> Option<Maintenance> {
    let name = match reader.accept_all(&["TIME", "ZONE"]) {
        true => "timezone".to_owned(),
        false => setting_name(reader)?,
    };
    Some(Maintenance::Set { name, value: None, local: false })
}

/// A name in any number of parts, folded: `lock_timeout`, `myapp.tenant`.
fn setting_name(reader: &mut Reader<'_>) -> Option<String> {
    Some(reader.path()?.join(".").to_ascii_lowercase())
}

fn drop_database(reader: &mut Reader<'_>) -> Option<Maintenance> {
    reader.expect("DATABASE")?;
    reader.if_exists();
    let name: Ident = reader.ident()?;
    reader.accept("WITH");
    if reader.is_kind(Kind::Open) {
        reader.skip_parens()?;
    }
    Some(Maintenance::DropDatabase(name))
}

/// `(name [value], …)`: names folded, values as they are written.
fn options(reader: &mut Reader<'_>) -> Option<Vec<(String, String)>> {
    reader.bracketed(|reader| {
        let name = reader.identifier()?;
        let from = reader.at;
        while !matches!(reader.kind(), None | Some(Kind::Comma | Kind::Close)) {
            reader.at += 1;
        }
        Some((name, reader.folded(from, reader.at)))
    })
}

fn is_on(options: &[(String, String)], option: &str) -> bool {
    let last = options.iter().rfind(|(name, _)| name == option);
    last.is_some_and(|(_, value)| {
        let value = value.trim_matches('\'').to_ascii_lowercase();
        !matches!(value.as_str(), "off" | "false" | "0" | "no" | "f" | "n")
    })
}
