//! `CREATE FUNCTION`, `CREATE PROCEDURE`, and what `ALTER` changes of them.

use super::cursor::Reader;
use crate::ddl::{
    AlterRoutine, Argument, Attribute, Body, Command, CreateRoutine, Expression, ObjectKind,
    Returns, RoutineOptions,
};
use crate::sql::lex::Kind;

/// Behind `CREATE [OR REPLACE] FUNCTION` or `PROCEDURE`.
pub(super) fn create(
    reader: &mut Reader<'_>,
    or_replace: bool,
    procedure: bool,
) -> Option<Command> {
    let name = reader.name()?;
    let arguments = reader.bracketed(argument)?;
    let returns = if reader.accept("RETURNS") { Some(returns(reader)?) } else { None };
    let mut options = RoutineOptions::default();
    while !reader.at_end() {
        option(reader, &mut options)?;
    }
    Some(Command::CreateRoutine(CreateRoutine {
        procedure,
        or_replace,
        name,
        arguments,
        returns,
        options,
    }))
}

/// Behind `ALTER FUNCTION`, `ALTER PROCEDURE`, `ALTER ROUTINE`.
pub(super) fn alter(reader: &mut Reader<'_>, kind: ObjectKind) -> Option<Command> {
    let routine = reader.object_name(kind)?;
    if reader.are(&["DEPENDS", "ON"]) || reader.are(&["NO", "DEPENDS", "ON"]) {
        return super::setting::nothing(reader);
    }
    let mut options = RoutineOptions::default();
    while !reader.at_end() && !reader.accept("RESTRICT") {
        option(reader, &mut options)?;
    }
    reader.done(Command::AlterRoutine(AlterRoutine { routine, options }))
}

/// `[mode] [name] type [DEFAULT value]`.
pub(super) fn argument(reader: &mut Reader<'_>) -> Option<Argument> {
    let (mode, name, type_name) = reader.argument()?;
    let default = default(reader)?;
    Some(Argument { mode, name, type_name, default })
}

/// `Some(None)` where no default is written.
fn default(reader: &mut Reader<'_>) -> Option<Option<Expression>> {
    if reader.accept("DEFAULT") || reader.accept_operator("=") || reader.accept_operator(":=") {
        return reader.expression(&[]).map(Some);
    }
    Some(None)
}

fn returns(reader: &mut Reader<'_>) -> Option<Returns> {
    if reader.is("TABLE") && reader.kind_at(1) == Some(Kind::Open) {
        reader.at += 1;
        return reader.bracketed(column).map(Returns::Table);
    }
    reader.type_name().map(Returns::Type)
}

fn column(reader: &mut Reader<'_>) -> Option<Attribute> {
    let name = reader.ident()?;
    Some(Attribute { name, type_name: reader.type_name()?, collation: None })
}

fn option(reader: &mut Reader<'_>, options: &mut RoutineOptions) -> Option<()> {
    if attribute(reader, options) {
        return Some(());
    }
    let from = reader.at;
    let taken = [
        "AS",
        "LANGUAGE",
        "SET",
        "RESET",
        "PARALLEL",
        "COST",
        "ROWS",
        "SUPPORT",
        "TRANSFORM",
        "RETURN",
        "BEGIN",
    ];
    match reader.accept_any(&taken)? {
        "AS" => options.body = Some(quoted_body(reader)?),
        "LANGUAGE" => options.language = Some(word_or_string(reader)?),
        "SET" => options.settings.push(setting(reader)?),
        "RESET" => options.settings.push((variable(reader)?, None)),
        "PARALLEL" => options.parallel = Some(reader.identifier()?),
        "COST" => options.cost = Some(number(reader)?),
        "ROWS" => options.rows = Some(number(reader)?),
        "SUPPORT" => {
            let from = reader.at;
            reader.name()?;
            options.support = Some(reader.folded(from, reader.at));
        }
        "TRANSFORM" => {
            reader.list(|reader| {
                reader.expect_all(&["FOR", "TYPE"])?;
                reader.type_name()
            })?;
        }
        _ => {
            // A body in SQL comes last.
            let end = reader.words.len();
            let text = reader.folded(from, end);
            options.body = Some(Body::Sql { text, at: reader.range(from, end) });
            reader.at = end;
        }
    }
    Some(())
}

/// The options that are nothing but their words.
fn attribute(reader: &mut Reader<'_>, options: &mut RoutineOptions) -> bool {
    if let Some(word) = reader.accept_any(&["IMMUTABLE", "STABLE", "VOLATILE"]) {
        options.volatility = Some(word.to_ascii_lowercase());
    } else if reader.accept("STRICT")
        || reader.accept_all(&["RETURNS", "NULL", "ON", "NULL", "INPUT"])
    {
        options.strict = Some(true);
    } else if reader.accept_all(&["CALLED", "ON", "NULL", "INPUT"]) {
        options.strict = Some(false);
    } else if reader.accept("LEAKPROOF") {
        options.leakproof = Some(true);
    } else if reader.accept_all(&["NOT", "LEAKPROOF"]) {
        options.leakproof = Some(false);
    } else if reader.accept("WINDOW") {
        options.window = true;
    } else {
        return security(reader, options);
    }
    true
}

/// `[EXTERNAL] SECURITY DEFINER | INVOKER`.
fn security(reader: &mut Reader<'_>, options: &mut RoutineOptions) -> bool {
    let mut ahead = *reader;
    ahead.accept("EXTERNAL");
    if !ahead.accept("SECURITY") {
        return false;
    }
    let Some(word) = ahead.accept_any(&["DEFINER", "INVOKER"]) else { return false };
    options.security_definer = Some(word == "DEFINER");
    *reader = ahead;
    true
}

fn quoted_body(reader: &mut Reader<'_>) -> Option<Body> {
    let at = reader.literal_range()?;
    let text = reader.string()?;
    if !reader.accept_kind(Kind::Comma) {
        return Some(Body::Text { text, at });
    }
    let symbol = reader.string()?;
    Some(Body::Library([text, symbol].join(", ")))
}

/// The name of a language, or a string that holds it.
pub(super) fn word_or_string(reader: &mut Reader<'_>) -> Option<String> {
    if reader.is_name() { reader.identifier() } else { reader.string() }
}

fn number(reader: &mut Reader<'_>) -> Option<String> {
    let from = reader.at;
    if !reader.accept_operator("-") {
        reader.accept_operator("+");
    }
    reader.expect_kind(Kind::Number)?;
    Some(reader.folded(from, reader.at))
}

/// The name of a setting: `search_path`, `my.setting`; of `RESET` also `ALL`.
fn variable(reader: &mut Reader<'_>) -> Option<String> {
    if reader.accept_all(&["TIME", "ZONE"]) {
        return Some("timezone".to_owned());
    }
    let from = reader.at;
    reader.name()?;
    Some(reader.folded(from, reader.at).to_ascii_lowercase())
}

/// `name TO value (, value)*`, `name FROM CURRENT`, `TIME ZONE value`.
fn setting(reader: &mut Reader<'_>) -> Option<(String, Option<String>)> {
    let time_zone = reader.are(&["TIME", "ZONE"]);
    let name = variable(reader)?;
    if reader.accept_all(&["FROM", "CURRENT"]) {
        return Some((name, Some("FROM CURRENT".to_owned())));
    }
    if !time_zone && !reader.accept("TO") {
        reader.accept_operator("=").then_some(())?;
    }
    let values = reader.list(|reader| {
        let from = reader.at;
        reader.accept_operator("-");
        // One word, string or number.
        reader.kind()?;
        reader.at += 1;
        Some(reader.folded(from, reader.at))
    })?;
    Some((name, Some(values.join(", "))))
}
