//! `CREATE VIEW`, `CREATE MATERIALIZED VIEW`, `REFRESH`.

use super::cursor::Reader;
use super::query;
use crate::ddl::{Command, CreateView, Ident, Name, Persistence};
use crate::sql::lex::Kind;

/// Behind `CREATE [OR REPLACE] [TEMPORARY] [RECURSIVE] VIEW`.
pub(super) fn create(
    reader: &mut Reader<'_>,
    or_replace: bool,
    persistence: Persistence,
    recursive: bool,
) -> Option<Command> {
    let (name, columns) = head(reader)?;
    let options = if reader.accept("WITH") { reader.options()? } else { Vec::new() };
    reader.expect("AS")?;
    let (end, check_option) = check_option(reader);
    let mut query = reader.query(end)?;
    reader.at = reader.words.len();
    if recursive {
        query.tree = query::recursive_tree(&name, &columns, &query.sql);
    }
    Some(Command::CreateView(CreateView {
        name,
        materialized: false,
        or_replace,
        if_not_exists: false,
        recursive,
        persistence,
        columns,
        options,
        query,
        check_option,
        with_data: true,
    }))
}

/// Behind `CREATE [UNLOGGED] MATERIALIZED VIEW`.
pub(super) fn create_materialized(
    reader: &mut Reader<'_>,
    persistence: Persistence,
) -> Option<Command> {
    let if_not_exists = reader.if_not_exists();
    let (name, columns) = head(reader)?;
    if reader.accept("USING") {
        reader.identifier()?;
    }
    let options = if reader.accept("WITH") { reader.options()? } else { Vec::new() };
    if reader.accept("TABLESPACE") {
        reader.identifier()?;
    }
    reader.expect("AS")?;
    let (end, with_data) = query::with_data(reader);
    let query = reader.query(end)?;
    reader.at = reader.words.len();
    Some(Command::CreateView(CreateView {
        name,
        materialized: true,
        or_replace: false,
        if_not_exists,
        recursive: false,
        persistence,
        columns,
        options,
        query,
        check_option: None,
        with_data,
    }))
}

fn head(reader: &mut Reader<'_>) -> Option<(Name, Vec<Ident>)> {
    let name = reader.name()?;
    let columns = if reader.is_kind(Kind::Open) { reader.ident_list()? } else { Vec::new() };
    Some((name, columns))
}

/// Where the query ends that `WITH [CASCADED | LOCAL] CHECK OPTION` may follow.
fn check_option(reader: &Reader<'_>) -> (usize, Option<String>) {
    let end = reader.words.len();
    let options = [
        (&["WITH", "CHECK", "OPTION"][..], "cascaded"),
        (&["WITH", "CASCADED", "CHECK", "OPTION"], "cascaded"),
        (&["WITH", "LOCAL", "CHECK", "OPTION"], "local"),
    ];
    for (words, option) in options {
        match end.checked_sub(words.len()) {
            Some(at) if at > reader.at && reader.words.are(at, words) => {
                return (at, Some(option.to_owned()));
            }
            _ => {}
        }
    }
    (end, None)
}

/// Behind `REFRESH`.
pub(super) fn refresh(reader: &mut Reader<'_>) -> Option<Command> {
    reader.expect_all(&["MATERIALIZED", "VIEW"])?;
    let concurrently = reader.accept("CONCURRENTLY");
    let view = reader.name()?;
    let with_data = !reader.accept_all(&["WITH", "NO", "DATA"]);
    reader.accept_all(&["WITH", "DATA"]);
    reader.done(Command::Refresh { view, concurrently, with_data })
}
