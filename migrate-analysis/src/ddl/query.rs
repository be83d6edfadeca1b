//! Queries: what they read, and which columns come out.

use super::{Name, TypeName};
use std::ops::Range;

/// A query as it is written, and what could be read of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// Comments gone, blanks folded.
    pub(crate) sql: String,
    pub(crate) at: Range<usize>,
    /// None where `sqlparser` could not read it.
    pub(crate) tree: Option<Box<Select>>,
    /// Functions that are called anywhere in it.
    pub(crate) functions: Vec<Name>,
}

/// A query, or one nested in another, or what an `INSERT`, `UPDATE`, `DELETE` reads. Names are not looked
/// up yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Select {
    /// `WITH`, in order: each sees those before it, and all others where it is recursive.
    pub(crate) with: Vec<CommonTable>,
    /// `UNION` and its kin have more than one, and the names of the columns come from the first. A
    /// query in brackets with clauses of its own is an arm `SELECT * FROM (…)`.
    pub(crate) arms: Vec<Arm>,
    /// Bare names in `ORDER BY`: a column that comes out, otherwise one of the sources of the only arm.
    /// (What else `ORDER BY` names stands among the uses of the only arm.)
    pub(crate) order: Vec<String>,
    /// In `LIMIT` and `OFFSET`.
    pub(crate) subqueries: Vec<Select>,
    /// Everything that the clauses of the whole name was understood. Where it was not, there may be
    /// more uses than are listed, and some that are listed may be none.
    pub(crate) complete: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommonTable {
    /// None for the query whose rows an `INSERT` takes: nothing names it.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) recursive: bool,
    /// Of an `INSERT`, `UPDATE`, `DELETE`: what `RETURNING` gives comes out.
    pub(crate) query: Select,
}

/// One `SELECT … FROM … WHERE …`, or `VALUES`; or an `INSERT`, `UPDATE`, `DELETE`, whose table is the
/// first of its sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) from: Vec<Source>,
    pub(crate) outputs: Vec<Output>,
    /// Columns named anywhere in it: outputs, conditions, grouping, joins, arguments of functions in
    /// `FROM`. Not those of `USING`.
    pub(crate) uses: Vec<ColumnUse>,
    /// Bare names in `GROUP BY`: a column of the sources, otherwise one that comes out.
    pub(crate) grouping: Vec<String>,
    /// Bare names in `DISTINCT ON`: a column that comes out, otherwise one of the sources.
    pub(crate) distinct: Vec<String>,
    /// Queries in expressions, which see the sources of this one.
    pub(crate) subqueries: Vec<Select>,
    /// It has a `WHERE`.
    pub(crate) filtered: bool,
    /// `VALUES`: how many columns (`column1`, …).
    pub(crate) values: Option<usize>,
    /// Everything in it was understood. Where it was not, there may be more sources, uses and outputs
    /// than are listed, and some that are listed may be none.
    pub(crate) complete: bool,
}

/// Something in `FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) alias: Option<String>,
    /// `AS t(a, b)`.
    pub(crate) columns: Vec<String>,
    /// How a `JOIN` merges its columns with those of the sources before it in the same list.
    pub(crate) merge: Merge,
    /// `LATERAL`: it sees the sources before it. (A function always does.)
    pub(crate) lateral: bool,
    /// Its columns are named with its name only: `excluded`, and `old` and `new` in `RETURNING`.
    pub(crate) qualified_only: bool,
}

/// The columns of two sides of a `JOIN` that become one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Merge {
    #[default]
    None,
    Using(Vec<String>),
    Natural,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A table, view or sequence, or a common table.
    Relation(Name),
    Query(Box<Select>),
    /// A function in `FROM`. Its columns are those of its result; a result of one column has the name
    /// of its alias, or of the function. `types`: of all its columns, where a list says so; one may not be
    /// understood.
    Function {
        name: Name,
        ordinality: bool,
        types: Vec<Option<TypeName>>,
    },
    /// Joins in brackets, or behind a comma. With an alias, the names inside are hidden.
    Join(Vec<Source>),
    /// Anything else, whose columns are not known.
    Other,
}

/// A column that is named: `a`, `t.a`, `s.t.a`.
///
/// It may turn out to be more than that. Where no column has the name, `a` is all of the source `a`, and
/// `t.a` the function `a` of a row of `t`. Every table has system columns: `ctid`, `xmin`, `tableoid`, ….
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnUse {
    pub(crate) schema: Option<String>,
    pub(crate) table: Option<String>,
    /// `*` for a whole row: `count(t.*)`.
    pub(crate) column: String,
    /// `(t).f`: the fields behind it.
    pub(crate) fields: Vec<String>,
}

/// A column that comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// `*`.
    Star,
    /// `t.*`, `s.t.*`.
    TableStar { schema: Option<String>, table: String },
    /// A column as it is, perhaps under another name.
    Column { column: ColumnUse, name: String },
    /// An expression, by the name PostgreSQL gives it, with its type where a cast says so.
    Expression { name: String, type_name: Option<TypeName> },
    /// `(t).*`: the columns of a source, or where a column has the name, its fields.
    Fields(ColumnUse),
    /// Any number of columns.
    Unknown,
}
