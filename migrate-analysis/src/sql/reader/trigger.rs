//! `CREATE TRIGGER`.

use super::cursor::Reader;
use crate::ddl::{Command, CreateTrigger, Ident};

/// Behind `CREATE [OR REPLACE] [CONSTRAINT] TRIGGER`.
pub(super) fn create(
    reader: &mut Reader<'_>,
    or_replace: bool,
    constraint: bool,
) -> Option<Command> {
    let name = reader.ident()?;
    let timing = timing(reader)?;
    let events = events(reader)?;
    reader.expect("ON")?;
    let table = reader.name()?;
    let from = if reader.accept("FROM") { Some(reader.name()?) } else { None };
    let (deferrable, initially_deferred) = deferral(reader);
    let referencing = referencing(reader);
    let for_each_row = for_each_row(reader);
    let when = if reader.accept("WHEN") { Some(reader.expression_in_parens()?) } else { None };
    reader.expect("EXECUTE")?;
    reader.accept_any(&["FUNCTION", "PROCEDURE"])?;
    let function = reader.name()?;
    let arguments = reader.bracketed(|reader| {
        let from = reader.at;
        reader.skip_value();
        Some(reader.folded(from, reader.at))
    })?;
    reader.done(Command::CreateTrigger(CreateTrigger {
        name,
        or_replace,
        constraint,
        table,
        timing: timing.to_owned(),
        events,
        from,
        deferrable,
        initially_deferred,
        referencing,
        for_each_row,
        when,
        function,
        arguments,
    }))
}

fn timing(reader: &mut Reader<'_>) -> Option<&'static str> {
    if reader.accept_all(&["INSTEAD", "OF"]) {
        return Some("instead of");
    }
    match reader.accept_any(&["BEFORE", "AFTER"])? {
        "BEFORE" => Some("before"),
        _ => Some("after"),
    }
}

/// `event (OR event)*`.
fn events(reader: &mut Reader<'_>) -> Option<Vec<(String, Vec<Ident>)>> {
    let mut events = Vec::with_capacity(1);
    loop {
        let event = reader.accept_any(&["INSERT", "UPDATE", "DELETE", "TRUNCATE"])?;
        let columns = if reader.accept("OF") { reader.idents()? } else { Vec::new() };
        events.push((event.to_ascii_lowercase(), columns));
        if !reader.accept("OR") {
            return Some(events);
        }
    }
}

/// `[NOT] DEFERRABLE`, `INITIALLY DEFERRED | IMMEDIATE`, in either order: whether it can be deferred, and
/// whether it is from the start.
fn deferral(reader: &mut Reader<'_>) -> (bool, bool) {
    let (mut deferrable, mut deferred) = (false, false);
    loop {
        if reader.accept_all(&["INITIALLY", "DEFERRED"]) {
            (deferrable, deferred) = (true, true);
        } else if reader.accept("DEFERRABLE") {
            deferrable = true;
        } else if !reader.accept_all(&["NOT", "DEFERRABLE"])
            && !reader.accept_all(&["INITIALLY", "IMMEDIATE"])
        {
            return (deferrable, deferred);
        }
    }
}

/// What stands behind `REFERENCING`.
fn referencing(reader: &mut Reader<'_>) -> Option<String> {
    if !reader.accept("REFERENCING") {
        return None;
    }
    let from = reader.at;
    while !reader.at_end() && !reader.is_any(&["FOR", "WHEN", "EXECUTE"]) {
        reader.at += 1;
    }
    Some(reader.folded(from, reader.at))
}

fn for_each_row(reader: &mut Reader<'_>) -> bool {
    if !reader.accept("FOR") {
        return false;
    }
    reader.accept("EACH");
    reader.accept_any(&["ROW", "STATEMENT"]) == Some("ROW")
}
