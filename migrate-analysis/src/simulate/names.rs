//! The names that PostgreSQL gives by itself.

use super::Simulator;
use crate::catalog::{BaseType, ColumnType, Id, Key, Kind, Space, named};
use crate::ddl::{Expression, Word};

/// The longest name, in bytes.
const LIMIT: usize = 63;

impl Simulator<'_> {
    /// A free name for a relation: `ChooseRelationName`. The name of a constraint's index also has to
    /// be free among the constraints.
    pub(super) fn choose_relation_name(
        &self,
        schema: Id,
        parts: (&str, Option<&str>, &str),
        constraint: bool,
    ) -> String {
        let taken = |name: &str| {
            self.catalog.find(&Key::new(Space::Relation, Some(schema), name)).is_some()
                || (constraint && self.constraint_exists(schema, name))
        };
        choose(parts, taken)
    }

    /// A free name for a constraint: `ChooseConstraintName`.
    pub(super) fn choose_constraint_name(
        &self,
        schema: Id,
        parts: (&str, Option<&str>, &str),
    ) -> String {
        choose(parts, |name| self.constraint_exists(schema, name))
    }

    fn constraint_exists(&self, schema: Id, name: &str) -> bool {
        let mut relations = self.catalog.in_schema(Space::Type, Some(schema));
        relations.any(|(_, id)| match self.catalog.kind(id) {
            Some(Kind::Table(table)) => table.constraint(name).is_some(),
            Some(Kind::Domain(domain)) => named(&domain.checks, name).is_some(),
            _ => false,
        })
    }

    /// `ChooseIndexName`: of an index whose columns have these names.
    pub(super) fn choose_index_name(
        &self,
        schema: Id,
        table: &str,
        columns: &[String],
        purpose: IndexPurpose,
    ) -> String {
        let columns = addition(columns);
        let (columns, label) = match purpose {
            IndexPurpose::Primary => (None, "pkey"),
            IndexPurpose::Unique => (Some(columns.as_str()), "key"),
            IndexPurpose::Exclude => (Some(columns.as_str()), "excl"),
            IndexPurpose::Plain => (Some(columns.as_str()), "idx"),
        };
        let constraint = purpose != IndexPurpose::Plain;
        self.choose_relation_name(schema, (table, columns, label), constraint)
    }
}

/// What an index is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexPurpose {
    Plain,
    Primary,
    Unique,
    Exclude,
}

fn choose(
    (first, second, label): (&str, Option<&str>, &str),
    taken: impl Fn(&str) -> bool,
) -> String {
    let mut name = join(first, second, label);
    let mut pass = 0;
    while taken(&name) {
        pass += 1;
        name = join(first, second, &format!("{label}{pass}"));
    }
    name
}

/// `makeObjectName`: the longer of the two parts is cut until all fits.
pub(super) fn join(first: &str, second: Option<&str>, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let available = LIMIT.saturating_sub(overhead);
    let mut long = (first.len(), second.map_or(0, str::len));
    while long.0 + long.1 > available {
        if long.0 > long.1 {
            long.0 -= 1;
        } else {
            long.1 -= 1;
        }
    }
    let mut name = cut(first, long.0).to_owned();
    if let Some(second) = second {
        name.push('_');
        name.push_str(cut(second, long.1));
    }
    name.push('_');
    name.push_str(label);
    name
}

/// At most so many bytes, and no half letter.
fn cut(name: &str, bytes: usize) -> &str {
    name.get(..name.floor_char_boundary(bytes)).unwrap_or(name)
}

/// `ChooseIndexNameAddition`, and the same of foreign keys: the names of the columns in one.
pub(super) fn addition<N: AsRef<str>>(columns: &[N]) -> String {
    let mut text = String::new();
    for column in columns {
        if !text.is_empty() {
            text.push('_');
        }
        text.push_str(column.as_ref());
        if text.len() > LIMIT {
            break;
        }
    }
    text
}

/// `ChooseIndexColumnNames`: no two columns of an index have the same name.
pub(super) fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.clone();
        let mut number = 0;
        while distinct.contains(&candidate) {
            number += 1;
            let number = number.to_string();
            candidate = format!("{}{number}", cut(&name, LIMIT - number.len()));
        }
        distinct.push(candidate);
    }
    distinct
}

/// `FigureIndexColname`: what the column of an index over an expression is called.
pub(super) fn expression_name(expression: &Expression) -> String {
    figure(&expression.words).map_or_else(|| "expr".to_owned(), |(name, _)| name)
}

/// A name and whether it is a good one, which the type of a cast does not replace.
type Figured = Option<(String, bool)>;

/// `FigureColname` over the words of an expression.
fn figure(words: &[Word]) -> Figured {
    if let Some(inner) = split_end(words) {
        return inner;
    }
    match words {
        [Word::Name(name)] => Some((name.clone(), true)),
        [Word::Path(parts)] => parts.last().map(|name| (name.clone(), true)),
        [Word::Function { name, .. }, rest @ ..] if closes(rest) == Some(rest.len()) => {
            cast_argument(name, rest).or_else(|| Some((called(name, rest), true)))
        }
        [Word::Text(word), rest @ ..] if closes(rest) == Some(rest.len()) => {
            let name = word.to_ascii_lowercase();
            let is_word = name.bytes().all(|it| it.is_ascii_alphabetic() || it == b'_');
            if !is_word || name == "not" {
                return None;
            }
            cast_argument(&name, rest).or_else(|| Some((called(&name, rest), true)))
        }
        [Word::Text(open), .., Word::Text(_)] if open == "(" => match closes(words) {
            Some(end) if end == words.len() => figure(words.get(1..end - 1)?),
            _ => None,
        },
        [Word::Text(case), .., Word::Text(end)] if case == "CASE" && end == "END" => {
            Some(figure_case(words).unwrap_or_else(|| ("case".to_owned(), false)))
        }
        [Word::Text(array), Word::Text(open), ..] if array == "ARRAY" && open == "[" => {
            Some(("array".to_owned(), true))
        }
        [Word::Text(word)] if word.starts_with("CURRENT_") => {
            Some((word.to_ascii_lowercase(), true))
        }
        _ => None,
    }
}

/// Casts, collations and time zones, which stand behind what they apply to. None: it has none.
fn split_end(words: &[Word]) -> Option<Figured> {
    match words {
        [inner @ .., Word::Text(colons), Word::Type(written)]
            if colons == "::" && is_operand(inner) =>
        {
            let figured = figure(inner).filter(|(_, good)| *good);
            Some(figured.or_else(|| Some((internal_name(&written.name.name), false))))
        }
        [inner @ .., Word::Text(collate), _] if collate == "COLLATE" && is_operand(inner) => {
            Some(figure(inner))
        }
        [inner @ .., at, time, zone, _]
            if [at, time, zone]
                .iter()
                .zip(["at", "time", "zone"])
                .all(|it| is_word(it.0, it.1))
                && is_operand(inner) =>
        {
            Some(Some(("timezone".to_owned(), true)))
        }
        _ => None,
    }
}

fn is_word(word: &Word, wanted: &str) -> bool {
    match word {
        Word::Name(name) | Word::Text(name) => name.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

/// Whether nothing in it binds looser than a cast.
fn is_operand(words: &[Word]) -> bool {
    match words {
        [Word::Name(_) | Word::Path(_) | Word::Text(_)] => true,
        [Word::Function { .. }, rest @ ..] => closes(rest) == Some(rest.len()),
        [Word::Text(open), ..] if open == "(" => closes(words) == Some(words.len()),
        [Word::Text(_), rest @ ..] if closes(rest) == Some(rest.len()) => true,
        _ => split_end(words).is_some(),
    }
}

/// How many words stand up to the bracket that closes the one they begin with.
fn closes(words: &[Word]) -> Option<usize> {
    let mut depth = 0usize;
    for (at, word) in words.iter().enumerate() {
        match word {
            Word::Text(text) if text == "(" => depth += 1,
            Word::Text(text) if text == ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then_some(at + 1);
        }
    }
    None
}

/// `CAST(… AS type)`.
fn cast_argument(name: &str, arguments: &[Word]) -> Figured {
    match arguments {
        [_, inner @ .., Word::Text(by), Word::Type(written), _] if name == "cast" && by == "AS" => {
            let figured = figure(inner).filter(|(_, good)| *good);
            Some(figured.unwrap_or_else(|| (internal_name(&written.name.name), false)))
        }
        _ => None,
    }
}

/// The function behind the syntax.
fn called(name: &str, arguments: &[Word]) -> String {
    let side = match arguments.get(1) {
        Some(Word::Text(side)) => side.as_str(),
        _ => "",
    };
    let name = match (name, side) {
        ("trim", "LEADING") => "ltrim",
        ("trim", "TRAILING") => "rtrim",
        ("trim", _) => "btrim",
        _ => name,
    };
    name.to_owned()
}

/// A CASE is called like its ELSE, if that has a good name.
fn figure_case(words: &[Word]) -> Figured {
    let is_else = |word: &Word| matches!(word, Word::Text(text) if text == "ELSE");
    let at = words.iter().rposition(is_else)?;
    figure(words.get(at + 1..words.len() - 1)?).filter(|(_, good)| *good)
}

/// What `pg_type` calls it.
fn internal_name(name: &str) -> String {
    let internal = match name {
        "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "boolean" => "bool",
        "real" => "float4",
        "double precision" => "float8",
        "character varying" => "varchar",
        "character" => "bpchar",
        "\"char\"" => "char",
        "bit varying" => "varbit",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        _ => name,
    };
    internal.to_owned()
}

/// Whether it is a built-in type of this name.
pub(super) fn is_built_in(column_type: &ColumnType, names: &[&str]) -> bool {
    let BaseType::BuiltIn(name) = &column_type.base else { return false };
    !column_type.array && names.contains(&name.as_str())
}
