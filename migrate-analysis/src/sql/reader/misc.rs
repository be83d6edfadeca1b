//! Schemas, extensions, statistics, the kinds of object whose inside is not followed, `DO` and `CALL`.

use super::block;
use super::cursor::Reader;
use super::routine::word_or_string;
use crate::ddl::{
    Command, CreateExtension, CreateOther, CreateSchema, CreateStatistics, IndexKey, Name,
    ObjectKind, ObjectName,
};
use crate::sql::lex::Kind;

/// Behind `CREATE EXTENSION`.
pub(super) fn create_extension(reader: &mut Reader<'_>) -> Option<Command> {
    let if_not_exists = reader.if_not_exists();
    let name = reader.ident()?;
    reader.accept("WITH");
    let mut extension =
        CreateExtension { name, if_not_exists, schema: None, version: None, cascade: false };
    while !reader.at_end() {
        match reader.accept_any(&["SCHEMA", "VERSION", "CASCADE", "FROM"])? {
            "SCHEMA" => extension.schema = Some(reader.ident()?),
            "VERSION" => extension.version = Some(word_or_string(reader)?),
            "CASCADE" => extension.cascade = true,
            _ => {
                word_or_string(reader)?;
            }
        }
    }
    Some(Command::CreateExtension(extension))
}

/// Behind `CREATE STATISTICS`.
pub(super) fn create_statistics(reader: &mut Reader<'_>) -> Option<Command> {
    let if_not_exists = reader.if_not_exists();
    let unnamed = reader.is("ON") || reader.is_kind(Kind::Open);
    let name = if unnamed { None } else { Some(reader.name()?) };
    let kinds = match reader.is_kind(Kind::Open) {
        true => reader.bracketed(Reader::identifier)?,
        false => Vec::new(),
    };
    reader.expect("ON")?;
    let columns = reader.list(statistics_key)?;
    reader.expect("FROM")?;
    let table = reader.name()?;
    let statistics = CreateStatistics { name, if_not_exists, kinds, columns, table };
    reader.done(Command::CreateStatistics(statistics))
}

/// A column, `(expression)`, or the call of a function.
fn statistics_key(reader: &mut Reader<'_>) -> Option<IndexKey> {
    if reader.is_kind(Kind::Open) {
        return reader.expression_in_parens().map(IndexKey::Expression);
    }
    let mut ahead = *reader;
    let column = ahead.ident()?;
    if !matches!(ahead.kind(), Some(Kind::Open | Kind::Dot)) {
        *reader = ahead;
        return Some(IndexKey::Column(column));
    }
    reader.expression(&["FROM"]).map(IndexKey::Expression)
}

/// Behind `CREATE SCHEMA`.
pub(super) fn create_schema(reader: &mut Reader<'_>) -> Option<Command> {
    let if_not_exists = reader.if_not_exists();
    let name = if reader.is("AUTHORIZATION") { None } else { Some(reader.ident()?) };
    let owner = if reader.accept("AUTHORIZATION") { Some(reader.role()?) } else { None };
    let mut elements = Vec::new();
    while !reader.at_end() {
        let from = reader.at;
        reader.at += 1;
        while !reader.at_end() && !begins_element(reader) {
            reader.at += 1;
        }
        elements.push(super::command(reader.words.part(from..reader.at)));
    }
    Some(Command::CreateSchema(CreateSchema { name, if_not_exists, owner, elements }))
}

/// `CREATE` and `GRANT`, where they are no part of a `GRANT` themselves.
fn begins_element(reader: &Reader<'_>) -> bool {
    if reader.is("GRANT") {
        return !reader.is_at(1, "OPTION");
    }
    reader.is("CREATE") && !reader.is_at(1, "ON") && reader.kind_at(1) != Some(Kind::Comma)
}

/// An object of a kind whose inside is not followed, from its kind on: `reader` stands behind `CREATE`
/// and the words that may follow it.
pub(super) fn create_other(reader: &mut Reader<'_>, or_replace: bool) -> Option<Command> {
    reader.accept("TRUSTED");
    reader.accept("DEFAULT");
    let kind = reader.object_kind()?;
    let if_not_exists = reader.if_not_exists();
    let object = match kind {
        // `CREATE OPERATOR CLASS name [DEFAULT] FOR TYPE type USING method`.
        ObjectKind::OperatorClass => operator_class(reader)?,
        ObjectKind::Operator => operator(reader)?,
        _ => reader.object_name(kind)?,
    };
    let tables = published(reader, kind);
    let end = reader.words.len();
    reader.at = end;
    let definition = reader.folded(0, end);
    let other = CreateOther { object, or_replace, if_not_exists, definition, tables };
    Some(Command::CreateOther(other))
}

/// The tables of a publication: behind `FOR`, `ADD`, `SET`, `DROP`.
pub(super) fn published(reader: &Reader<'_>, kind: ObjectKind) -> Vec<Name> {
    let mut tables = Vec::new();
    if kind != ObjectKind::Publication {
        return tables;
    }
    let mut reader = *reader;
    reader.accept_any(&["FOR", "ADD", "SET", "DROP"]);
    // `TABLES IN SCHEMA` among them locks none.
    while reader.accept("TABLE") || !tables.is_empty() && !reader.is("TABLES") {
        let Some(table) = reader.relation() else { break };
        tables.push(table);
        reader.skip_parens();
        if reader.accept("WHERE") {
            reader.skip_parens();
        }
        if !reader.accept_kind(Kind::Comma) {
            break;
        }
    }
    tables
}

fn operator_class(reader: &mut Reader<'_>) -> Option<ObjectName> {
    let name = reader.name()?;
    let using = reader.words.find(reader.at, &["USING"])?;
    let part = Reader { words: reader.words, at: using + 1 }.ident()?;
    let kind = ObjectKind::OperatorClass;
    Some(ObjectName { kind, name, part: Some(part), arguments: None })
}

/// With the types it takes, as a command that drops it names them.
fn operator(reader: &mut Reader<'_>) -> Option<ObjectName> {
    let name = reader.operator_name()?;
    let mut left = None;
    let mut right = None;
    reader.expect_kind(Kind::Open)?;
    loop {
        let option = reader.identifier()?;
        if reader.accept_operator("=") {
            match option.as_str() {
                "leftarg" => left = Some(reader.type_name()?),
                "rightarg" => right = Some(reader.type_name()?),
                _ => {}
            }
        }
        reader.skip_value();
        if !reader.accept_kind(Kind::Comma) {
            break;
        }
    }
    let none = |right| crate::ddl::TypeName {
        name: Name { schema: None, name: "none".to_owned(), at: name.at.clone() },
        array: false,
        ..right
    };
    let arguments = match (left, right) {
        (Some(left), Some(right)) => vec![left, right],
        (None, Some(right)) => vec![none(right.clone()), right],
        (Some(left), None) => vec![left.clone(), none(left)],
        (None, None) => Vec::new(),
    };
    let kind = ObjectKind::Operator;
    Some(ObjectName { kind, name, part: None, arguments: Some(arguments) })
}

/// Behind `DO`.
pub(super) fn run_block(reader: &mut Reader<'_>) -> Option<Command> {
    let mut language = None;
    let mut body = None;
    while !reader.at_end() {
        if reader.accept("LANGUAGE") {
            language = Some(word_or_string(reader)?);
        } else {
            let at = reader.literal_range()?;
            body = Some((reader.string()?, at));
        }
    }
    let (body, at) = body?;
    let language = language.unwrap_or_else(|| "plpgsql".to_owned());
    let block = block::read(reader.words.source(), at.clone(), &body, &language);
    Some(Command::Do { language, body, at, block })
}

/// Behind `CALL`.
pub(super) fn call(reader: &mut Reader<'_>) -> Option<Command> {
    let routine = reader.name()?;
    reader.skip_parens()?;
    reader.done(Command::Call(routine))
}
