//! Queries: what they read, and which columns come out.

use super::{Name, TypeName};
use std::ops::Range;

/// A query as it is written, and what could be read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// Comments gone, blanks folded.
    pub(crate) sql: String,
    pub(crate) at: Range<usize>,
    /// None where `sqlparser` could not read it.
    pub(crate) tree: Option<Box<Select>>,
    /// Functions that are called anywhere in it.
    pub(crate) functions: Vec<Name>,
}

/// A query, or one nested in another. Names are not looked up yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Select {
    /// `WITH`: each with its name, its column names where they are written, and whether it is recursive.
    pub(crate) with: Vec<CommonTable>,
    /// `UNION` and its kin have more than one.
    pub(crate) arms: Vec<Arm>,
    /// Names in `ORDER BY`, `LIMIT`, … of the whole, which may be columns that come out or go in.
    pub(crate) order: Vec<ColumnUse>,
    /// Queries in those.
    pub(crate) subqueries: Vec<Select>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommonTable {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) recursive: bool,
    pub(crate) query: Select,
}

/// One `SELECT … FROM … WHERE …`, or `VALUES`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) from: Vec<Source>,
    pub(crate) outputs: Vec<Output>,
    /// Columns named anywhere in it: outputs, conditions, grouping, joins.
    pub(crate) uses: Vec<ColumnUse>,
    /// Queries in expressions, which see the sources of this one.
    pub(crate) subqueries: Vec<Select>,
    /// `VALUES`: how many columns.
    pub(crate) values: Option<usize>,
}

/// Something in `FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) alias: Option<String>,
    /// `AS t(a, b)`.
    pub(crate) columns: Vec<String>,
    /// Columns that a `JOIN … USING` merges with those before it; `NATURAL` has `None`.
    pub(crate) using: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Relation(Name),
    Query(Box<Select>),
    /// A function in `FROM`, whose columns are not known.
    Function(Name),
    /// Anything else, whose columns are not known.
    Other,
}

/// A column that is named: `a`, `t.a`, `s.t.a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnUse {
    pub(crate) table: Option<String>,
    pub(crate) column: String,
}

/// A column that comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// `*`.
    Star,
    /// `t.*`.
    TableStar(String),
    /// A column as it is, perhaps under another name.
    Column { column: ColumnUse, name: String },
    /// An expression, by the name PostgreSQL gives it, with its type where a cast says so.
    Expression { name: String, type_name: Option<TypeName> },
}
