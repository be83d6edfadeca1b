//! `CREATE TYPE`, and what `ALTER TYPE` changes inside of one.

use super::cursor::Reader;
use crate::ddl::{
    AlterType, Attribute, AttributeAction, Command, CreateType, EnumPlace, NewType, TypeAction,
};
use crate::list::CollectVec;
use crate::sql::lex::Kind;

/// Behind `CREATE TYPE`.
pub(super) fn create(reader: &mut Reader<'_>) -> Option<Command> {
    let name = reader.name()?;
    let kind = if reader.accept_all(&["AS", "ENUM"]) {
        NewType::Enum(reader.bracketed(Reader::string)?)
    } else if reader.accept_all(&["AS", "RANGE"]) {
        range(reader)?
    } else if reader.accept("AS") {
        NewType::Composite(reader.bracketed(attribute)?)
    } else if reader.is_kind(Kind::Open) {
        reader.skip_parens()?;
        NewType::Base
    } else {
        NewType::Shell
    };
    reader.done(Command::CreateType(CreateType { name, kind }))
}

fn attribute(reader: &mut Reader<'_>) -> Option<Attribute> {
    let name = reader.ident()?;
    let type_name = reader.type_name()?;
    let collation = if reader.accept("COLLATE") { Some(reader.name()?) } else { None };
    Some(Attribute { name, type_name, collation })
}

fn range(reader: &mut Reader<'_>) -> Option<NewType> {
    let mut inside = *reader;
    let options = reader.definition()?;
    let mut subtype = None;
    let mut multirange = None;
    inside.expect_kind(Kind::Open)?;
    loop {
        let option = inside.identifier()?;
        if inside.accept_operator("=") {
            match option.as_str() {
                "subtype" => subtype = Some(inside.type_name()?),
                "multirange_type_name" => multirange = Some(inside.name()?),
                _ => {}
            }
        }
        inside.skip_value();
        if !inside.accept_kind(Kind::Comma) {
            break;
        }
    }
    let kept = |(name, _): &(String, String)| name != "subtype" && name != "multirange_type_name";
    let options = options.into_iter().filter(kept).collect_vec();
    Some(NewType::Range { subtype: subtype?, multirange, options })
}

/// Behind `ALTER TYPE`.
pub(super) fn alter(reader: &mut Reader<'_>) -> Option<Command> {
    let name = reader.name()?;
    let action = if reader.accept_all(&["ADD", "VALUE"]) {
        add_value(reader)?
    } else if reader.accept_all(&["RENAME", "VALUE"]) {
        let old = reader.at;
        let value = reader.string()?;
        let at = reader.range_from(old);
        reader.expect("TO")?;
        TypeAction::RenameValue { from: value, to: reader.string()?, at }
    } else if reader.is("SET") {
        reader.at = reader.words.len();
        TypeAction::Set
    } else {
        TypeAction::Attributes(reader.list(attribute_action)?)
    };
    reader.done(Command::AlterType(AlterType { name, action }))
}

fn add_value(reader: &mut Reader<'_>) -> Option<TypeAction> {
    let if_not_exists = reader.if_not_exists();
    let from = reader.at;
    let value = reader.string()?;
    let at = reader.range_from(from);
    let place = match reader.accept_any(&["BEFORE", "AFTER"]) {
        Some("BEFORE") => Some(EnumPlace::Before(reader.string()?)),
        Some(_) => Some(EnumPlace::After(reader.string()?)),
        None => None,
    };
    Some(TypeAction::AddValue { value, if_not_exists, place, at })
}

fn attribute_action(reader: &mut Reader<'_>) -> Option<AttributeAction> {
    match reader.accept_any(&["ADD", "DROP", "ALTER"])? {
        "ADD" => {
            reader.expect("ATTRIBUTE")?;
            let attribute = attribute(reader)?;
            Some(AttributeAction::Add { attribute, behavior: reader.behavior() })
        }
        "DROP" => {
            reader.expect("ATTRIBUTE")?;
            let if_exists = reader.if_exists();
            let attribute = reader.ident()?;
            Some(AttributeAction::Drop { attribute, if_exists, behavior: reader.behavior() })
        }
        _ => {
            reader.expect("ATTRIBUTE")?;
            let name = reader.ident()?;
            reader.accept_all(&["SET", "DATA"]);
            reader.expect("TYPE")?;
            let type_name = reader.type_name()?;
            let collation = if reader.accept("COLLATE") { Some(reader.name()?) } else { None };
            let attribute = Attribute { name, type_name, collation };
            Some(AttributeAction::Type { attribute, behavior: reader.behavior() })
        }
    }
}
