//! The types of `sqlparser` by the names that `format_type` gives them.

use super::{folded, parts};
use crate::ddl::{Name, TypeName};
use crate::sql::reader::type_name::canonical;
use sqlparser::ast::{ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

/// A type as it is written; none for those that are not PostgreSQL's.
pub(crate) fn type_name(data_type: &DataType) -> Option<TypeName> {
    if let DataType::Array(element) = data_type {
        let ArrayElemTypeDef::SquareBracket(element, _) = element else { return None };
        // However many brackets there are, it is one type.
        return Some(TypeName { array: true, ..type_name(element)? });
    }
    if let DataType::Custom(name, modifiers) = data_type {
        return custom(&parts(name), modifiers);
    }
    let (name, modifiers) = built_in(data_type)?;
    Some(made(None, name, true, modifiers))
}

fn made(schema: Option<String>, name: &str, built_in: bool, modifiers: Option<String>) -> TypeName {
    let name = Name { schema, name: name.to_owned(), at: 0..0 };
    TypeName { name, modifiers, array: false, set_of: false, built_in }
}

/// A type that `sqlparser` has no word for.
fn custom(parts: &[String], modifiers: &[String]) -> Option<TypeName> {
    let modifiers = (!modifiers.is_empty()).then(|| modifiers.join(","));
    let (schema, name) = match parts {
        [name] => (None, name),
        [.., schema, name] => (Some(schema).filter(|schema| *schema != "pg_catalog"), name),
        [] => return None,
    };
    if schema.is_some() {
        return Some(made(schema.cloned(), name, false, modifiers));
    }
    if let Some(name) = long_name(name) {
        return Some(made(None, name, true, modifiers));
    }
    let is_own = parts.len() > 1;
    match canonical(name) {
        // A `bit` is `bit(1)`.
        Some("\"bit\"") => {
            Some(made(None, "bit", true, modifiers.or_else(|| Some("1".to_owned()))))
        }
        Some(known) => Some(made(None, known, true, modifiers)),
        None => Some(made(None, name, is_own, modifiers)),
    }
}

/// What the catalog's short names are in SQL.
fn long_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "int2" | "smallint" => "smallint",
        "int4" | "integer" => "integer",
        "int8" | "bigint" => "bigint",
        "float4" | "real" => "real",
        "float8" => "double precision",
        "bool" | "boolean" => "boolean",
        "varchar" => "character varying",
        "bpchar" => "character",
        "varbit" => "bit varying",
        "decimal" => "numeric",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        "timetz" => "time with time zone",
        "time" => "time without time zone",
        _ => return None,
    })
}

fn built_in(data_type: &DataType) -> Option<(&'static str, Option<String>)> {
    let number = |it: &Option<u64>| it.map(|it| it.to_string());
    Some(match data_type {
        DataType::Character(length) | DataType::Char(length) => {
            // `char` is `char(1)`, and `bpchar` is not.
            ("character", Some(characters(length)?.unwrap_or_else(|| "1".to_owned())))
        }
        DataType::CharacterVarying(length)
        | DataType::CharVarying(length)
        | DataType::Varchar(length) => ("character varying", characters(length)?),
        DataType::Nvarchar(_) => return None,
        DataType::Uuid => ("uuid", None),
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => {
            ("numeric", exact(info))
        }
        DataType::Float(Some(bits)) if *bits <= 24 => ("real", None),
        DataType::Float(_) => ("double precision", None),
        DataType::Int2(None) | DataType::SmallInt(None) => ("smallint", None),
        DataType::Int(None) | DataType::Int4(None) | DataType::Integer(None) => ("integer", None),
        DataType::Int8(None) | DataType::BigInt(None) => ("bigint", None),
        DataType::Float4 | DataType::Real => ("real", None),
        DataType::Float8 | DataType::DoublePrecision => ("double precision", None),
        DataType::Bool | DataType::Boolean => ("boolean", None),
        DataType::Date => ("date", None),
        DataType::Time(precision, zone) => match has_zone(zone) {
            true => ("time with time zone", number(precision)),
            false => ("time without time zone", number(precision)),
        },
        DataType::Timestamp(precision, zone) => match has_zone(zone) {
            true => ("timestamp with time zone", number(precision)),
            false => ("timestamp without time zone", number(precision)),
        },
        DataType::Interval => ("interval", None),
        DataType::JSON => ("json", None),
        DataType::JSONB => ("jsonb", None),
        DataType::Regclass => ("regclass", None),
        DataType::Text => ("text", None),
        DataType::Bytea => ("bytea", None),
        DataType::Trigger => ("trigger", None),
        _ => return None,
    })
}

/// None where the length is not PostgreSQL's.
fn characters(length: &Option<CharacterLength>) -> Option<Option<String>> {
    match length {
        None => Some(None),
        Some(CharacterLength::IntegerLength { length, unit: None }) => {
            Some(Some(length.to_string()))
        }
        Some(_) => None,
    }
}

fn exact(info: &ExactNumberInfo) -> Option<String> {
    match info {
        ExactNumberInfo::None => None,
        // A scale that is not written is 0.
        ExactNumberInfo::Precision(precision) => Some(format!("{precision},0")),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            Some(format!("{precision},{scale}"))
        }
    }
}

fn has_zone(zone: &TimezoneInfo) -> bool {
    matches!(zone, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz)
}

/// The name that an unnamed column gets from a cast to the type: that of the catalog.
pub(crate) fn catalog_name(data_type: &DataType) -> Option<String> {
    if let DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) = data_type {
        return catalog_name(element);
    }
    if let DataType::Custom(name, _) = data_type {
        return name.0.last().map(folded);
    }
    let (name, _) = built_in(data_type)?;
    Some(
        match name {
            "smallint" => "int2",
            "integer" => "int4",
            "bigint" => "int8",
            "real" => "float4",
            "double precision" => "float8",
            "boolean" => "bool",
            "character varying" => "varchar",
            "character" => "bpchar",
            "bit varying" => "varbit",
            "timestamp with time zone" => "timestamptz",
            "timestamp without time zone" => "timestamp",
            "time with time zone" => "timetz",
            "time without time zone" => "time",
            other => other,
        }
        .to_owned(),
    )
}
