//! The catalog as SQL: the statements that would make an object.
//!
//! Names are spelt for a session with PostgreSQL's default search path: what lies in `public` without
//! its schema, anything else with it.

mod objects;
mod table;

use crate::catalog::{
    Argument, BaseType, Column, ColumnType, Expr, Id, IndexElement, IndexKey, Kind, Object, Piece,
    State, numbered,
};
use crate::ddl::ArgumentMode;
use crate::list::CollectVec;
use crate::sql::quoted;

pub(crate) use objects::*;
pub(crate) use table::*;

/// `users`, `audit.events`, `"Users"`.
pub(crate) fn name(state: &State<'_>, id: Id) -> String {
    match state.get(id) {
        Some(object) => object_name(state, object),
        None => "?".to_owned(),
    }
}

pub(crate) fn object_name(state: &State<'_>, object: &Object) -> String {
    let schema = object.schema.filter(|schema| *schema != Id::PUBLIC);
    match schema.and_then(|schema| state.get(schema)) {
        Some(schema) => format!("{}.{}", quoted(&schema.name), quoted(&object.name)),
        None => quoted(&object.name),
    }
}

/// A type as `format_type` would write it.
pub(crate) fn column_type(state: &State<'_>, written: &ColumnType) -> String {
    let modifiers = match &written.modifiers {
        Some(modifiers) => format!("({modifiers})"),
        None => String::new(),
    };
    let mut text = match &written.base {
        BaseType::BuiltIn(name) => built_in(name, written.modifiers.as_deref(), &modifiers),
        BaseType::User(id) => format!("{}{modifiers}", name(state, *id)),
        BaseType::Foreign { schema: Some(schema), name } => {
            format!("{}.{}{modifiers}", quoted(schema), quoted(name))
        }
        BaseType::Foreign { schema: None, name } => format!("{}{modifiers}", quoted(name)),
        BaseType::Unknown => "?".to_owned(),
    };
    if written.array {
        text.push_str("[]");
    }
    text
}

/// The modifiers stand inside the names of time types: `timestamp(3) with time zone`.
fn built_in(name: &str, modifiers: Option<&str>, brackets: &str) -> String {
    if name == "interval" {
        return match modifiers {
            Some(fields) if fields.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("interval{brackets}")
            }
            Some(fields) => format!("interval {fields}"),
            None => name.to_owned(),
        };
    }
    match name.split_once(' ') {
        Some((first @ ("timestamp" | "time"), rest)) => format!("{first}{brackets} {rest}"),
        _ => format!("{name}{brackets}"),
    }
}

/// An expression over these columns, as SQL.
pub(crate) fn expression(state: &State<'_>, expr: &Expr, columns: &[Column]) -> String {
    let mut text = String::new();
    for piece in &expr.pieces {
        match piece {
            Piece::Text(written) => text.push_str(written),
            Piece::Column(number) => text.push_str(&column_name(columns, *number)),
            Piece::Routine(id, written) => match state.get(*id) {
                Some(_) => text.push_str(&name(state, *id)),
                None => text.push_str(written),
            },
            Piece::Type(written) => text.push_str(&column_type(state, written)),
            Piece::Relation(id) => {
                text.push_str(&literal(&name(state, *id)));
                text.push_str("::regclass");
            }
        }
    }
    text
}

/// The default of a column or domain of this type, as SQL. A literal says its type where it is another.
pub(crate) fn default(
    state: &State<'_>,
    expr: &Expr,
    of: &ColumnType,
    columns: &[Column],
) -> String {
    match typed_literal(expr) {
        Some((text, own)) if state.literal_type(of) == *own => text.to_owned(),
        _ => expression(state, expr, columns),
    }
}

/// A literal, or NULL, with the type that it is cast to.
pub(crate) fn typed_literal(expr: &Expr) -> Option<(&str, &ColumnType)> {
    let [Piece::Text(text), Piece::Type(of)] = expr.pieces.as_slice() else { return None };
    let text = text.strip_suffix("::")?;
    (text == "NULL" || is_literal(text)).then_some((text, of))
}

/// Whether it is one string, and nothing else.
pub(crate) fn is_literal(text: &str) -> bool {
    let bare = text.strip_prefix(['E', 'e']).unwrap_or(text);
    let inner = bare.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
    inner.is_some_and(|inner| !inner.replace("''", "").contains('\''))
}

/// A column by its number.
pub(crate) fn column_name(columns: &[Column], number: u32) -> String {
    match numbered(columns, number) {
        Some(column) => quoted(&column.name),
        None => "?".to_owned(),
    }
}

pub(crate) fn column_names(columns: &[Column], numbers: &[u32]) -> String {
    list(numbers.iter().map(|number| column_name(columns, *number)))
}

pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    items.collect_vec().join(", ")
}

/// `'…'`, whatever it holds.
pub(crate) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        return format!("E'{}'", doubled.replace('\\', "\\\\"));
    }
    format!("'{doubled}'")
}

/// ` WITH (fillfactor = 70)`, or nothing.
pub(crate) fn with_options(options: &[(String, String)]) -> String {
    if options.is_empty() {
        return String::new();
    }
    format!(" WITH ({})", option_list(options))
}

pub(crate) fn option_list(options: &[(String, String)]) -> String {
    list(options.iter().map(|(name, value)| match option_value(value) {
        value if value.is_empty() => name.clone(),
        value => format!("{name} = {value}"),
    }))
}

/// A value of a storage option: a word or number as it is, anything else between quotes.
fn option_value(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if value.chars().all(plain) { value.to_owned() } else { literal(value) }
}

/// A key of an index, a partition key or an exclusion constraint.
pub(crate) fn element(state: &State<'_>, element: &IndexElement, columns: &[Column]) -> String {
    let mut text = match &element.key {
        IndexKey::Column(number) => column_name(columns, *number),
        IndexKey::Expression(expr) => match expression(state, expr, columns) {
            call if is_call(&call) => call,
            other => format!("({other})"),
        },
    };
    if let Some(collation) = &element.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(class) = &element.operator_class {
        text.push_str(&format!(" {class}"));
    }
    if element.descending {
        text.push_str(" DESC");
    }
    match (element.nulls_first, element.descending) {
        (true, false) => text.push_str(" NULLS FIRST"),
        (false, true) => text.push_str(" NULLS LAST"),
        _ => {}
    }
    if let Some(operator) = &element.operator {
        text.push_str(&format!(" WITH {operator}"));
    }
    text
}

/// `lower(email)`, which an index takes without more brackets.
fn is_call(text: &str) -> bool {
    let Some((name, rest)) = text.split_once('(') else { return false };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut depth = 1usize;
    let mut closes = rest.char_indices().filter(|(_, c)| {
        depth = match c {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        depth == 0
    });
    let ends = closes.next().is_some_and(|(at, _)| at + 1 == rest.len());
    is_name && ends && !rest.contains('\'')
}

/// Arguments as in `CREATE FUNCTION`.
pub(crate) fn arguments(state: &State<'_>, arguments: &[Argument], defaults: bool) -> String {
    list(arguments.iter().filter(|argument| !argument.table).map(|argument| {
        let mode = match argument.mode {
            ArgumentMode::In => "",
            ArgumentMode::Out => "OUT ",
            ArgumentMode::InOut => "INOUT ",
            ArgumentMode::Variadic => "VARIADIC ",
        };
        let name = argument.name.as_ref().map(|name| format!("{} ", quoted(name)));
        let default = argument.default.as_ref().filter(|_| defaults);
        let default = default.map(|it| format!(" DEFAULT {}", expression(state, it, &[])));
        format!(
            "{mode}{}{}{}",
            name.unwrap_or_default(),
            column_type(state, &argument.column_type),
            default.unwrap_or_default()
        )
    }))
}

/// A routine as it is named to drop it: `add(integer, integer)`.
pub(crate) fn routine_name(state: &State<'_>, object: &Object) -> String {
    let Kind::Routine(routine) = &object.kind else { return object_name(state, object) };
    let inputs = routine.arguments.iter().filter(|argument| argument.is_input());
    let types = list(inputs.map(|argument| column_type(state, &argument.column_type)));
    format!("{}({types})", object_name(state, object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_stand_where_the_type_has_them() {
        let written = |name, modifiers| built_in(name, Some(modifiers), &format!("({modifiers})"));
        assert_eq!(written("timestamp with time zone", "3"), "timestamp(3) with time zone");
        assert_eq!(written("interval", "day to second(3)"), "interval day to second(3)");
        assert_eq!(written("character varying", "20"), "character varying(20)");
    }

    #[test]
    fn a_call_needs_no_more_brackets() {
        assert!(is_call("lower(email)"));
        assert!(is_call("coalesce(a, (b))"));
        assert!(!is_call("lower(a) || lower(b)"));
        assert!(!is_call("(a + b)"));
    }
}
