//! Names, types and expressions of the catalog as SQL.

use super::{BaseType, Column, ColumnType, Expr, Id, Piece, State};

/// Words that cannot stand for a name without quotes, or not everywhere.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
    "authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast",
    "char", "character", "check", "coalesce", "collate", "collation", "column", "concurrently",
    "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
    "current_schema", "current_time", "current_timestamp", "current_user", "dec", "decimal",
    "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "exists",
    "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant",
    "greatest", "group", "grouping", "having", "ilike", "in", "initially", "inner", "inout",
    "int", "integer", "intersect", "interval", "into", "is", "isnull", "join", "json_array",
    "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar",
    "json_serialize", "json_table", "json_value", "lateral", "leading", "least", "left", "like",
    "limit", "localtime", "localtimestamp", "merge_action", "national", "natural", "nchar",
    "none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only",
    "or", "order", "out", "outer", "overlaps", "overlay", "placing", "position", "precision",
    "primary", "real", "references", "returning", "right", "row", "select", "session_user",
    "setof", "similar", "smallint", "some", "substring", "symmetric", "system_user", "table",
    "tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim", "true",
    "union", "unique", "user", "using", "values", "varchar", "variadic", "verbose", "when",
    "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
    "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
];

/// A name as SQL writes it: in quotes where it has to be.
pub(crate) fn quoted(name: &str) -> String {
    let starts = name.starts_with(|it: char| it.is_ascii_lowercase() || it == '_');
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_' || it == '$';
    if starts && name.chars().all(plain) && RESERVED.binary_search(&name).is_err() {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl State<'_> {
    /// The name of an object, with its schema unless that is `public`.
    pub(crate) fn name(&self, id: Id) -> String {
        let Some(object) = self.get(id) else { return String::new() };
        match object.schema.filter(|schema| *schema != Id::PUBLIC).and_then(|it| self.get(it)) {
            Some(schema) => format!("{}.{}", quoted(&schema.name), quoted(&object.name)),
            None => quoted(&object.name),
        }
    }

    pub(crate) fn type_name(&self, column_type: &ColumnType) -> String {
        let name = match &column_type.base {
            BaseType::BuiltIn(name) => name.clone(),
            BaseType::User(id) => self.name(*id),
            BaseType::Foreign { schema: Some(schema), name } => {
                format!("{}.{}", quoted(schema), quoted(name))
            }
            BaseType::Foreign { schema: None, name } => quoted(name),
            BaseType::Unknown => "unknown".to_owned(),
        };
        let mut text = match &column_type.modifiers {
            Some(modifiers) => modified(&name, modifiers),
            None => name,
        };
        if column_type.array {
            text.push_str("[]");
        }
        text
    }

    /// An expression over these columns.
    pub(crate) fn expression(&self, expression: &Expr, columns: &[Column]) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Column(number) => {
                let column = columns.iter().find(|column| column.number == *number);
                column.map_or_else(String::new, |column| quoted(&column.name))
            }
            Piece::Routine(id, written) => match self.get(*id) {
                Some(_) => self.name(*id),
                None => written.clone(),
            },
            Piece::Type(column_type) => self.type_name(column_type),
            Piece::Relation(id) => {
                format!("'{}'::regclass", self.name(*id).replace('\'', "''"))
            }
        };
        expression.pieces.iter().map(piece).collect()
    }
}

/// Puts modifiers where the type has them: `timestamp(3) with time zone`, `interval day`.
fn modified(name: &str, modifiers: &str) -> String {
    if name == "interval" && !modifiers.starts_with(|it: char| it.is_ascii_digit()) {
        return format!("{name} {modifiers}");
    }
    match name.split_once(' ') {
        Some((first, rest)) if name.starts_with("time") => {
            format!("{first}({modifiers}) {rest}")
        }
        _ => format!("{name}({modifiers})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_in_order() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        assert_eq!(quoted("users"), "users");
        assert_eq!(quoted("user"), "\"user\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted("1a"), "\"1a\"");
    }

    #[test]
    fn modifiers_stand_where_the_type_has_them() {
        assert_eq!(modified("timestamp with time zone", "3"), "timestamp(3) with time zone");
        assert_eq!(modified("interval", "day to second(3)"), "interval day to second(3)");
        assert_eq!(modified("character varying", "20"), "character varying(20)");
    }
}
