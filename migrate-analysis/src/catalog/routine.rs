//! Functions, procedures and aggregates.

use super::{BaseType, ColumnType, Expr, Id};
use crate::ddl::ArgumentMode;
use crate::ordered::SortedSet;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Routine {
    pub(crate) kind: RoutineKind,
    pub(crate) arguments: Vec<Argument>,
    /// None: nothing, or its `OUT` arguments.
    pub(crate) returns: Option<ColumnType>,
    pub(crate) returns_set: bool,
    /// The columns of `RETURNS TABLE` are among the arguments, marked.
    pub(crate) returns_table: bool,
    pub(crate) language: String,
    /// `volatile`, `stable`, `immutable`.
    pub(crate) volatility: String,
    pub(crate) strict: bool,
    pub(crate) security_definer: bool,
    pub(crate) leakproof: bool,
    pub(crate) parallel: String,
    pub(crate) cost: Option<String>,
    pub(crate) rows: Option<String>,
    pub(crate) support: Option<String>,
    pub(crate) window: bool,
    /// Sorted by name.
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) body: Body,
    /// What a body that PostgreSQL reads at once (`BEGIN ATOMIC`) refers to.
    pub(crate) uses: SortedSet<Id>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoutineKind {
    Function,
    Procedure,
    Aggregate,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// As it stands between the quotes.
    Text(String),
    /// `RETURN …`, `BEGIN ATOMIC …`, blanks folded.
    Sql(String),
    Library(String),
    /// Of an aggregate, as they are written, sorted.
    Options(Vec<(String, String)>),
    /// Nothing in the set made it.
    Unknown,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) mode: ArgumentMode,
    /// A column of `RETURNS TABLE`.
    pub(crate) table: bool,
    pub(crate) name: Option<String>,
    pub(crate) column_type: ColumnType,
    pub(crate) default: Option<Expr>,
}

impl Argument {
    pub(crate) fn is_input(&self) -> bool {
        !self.table && self.mode != ArgumentMode::Out
    }
}

impl Routine {
    /// The input types, so written that it stays the same whatever is renamed.
    pub(crate) fn signature(&self) -> String {
        signature(self.arguments.iter().filter(|it| it.is_input()).map(|it| &it.column_type))
    }

    pub(super) fn references(&self, ids: &mut SortedSet<Id>) {
        for argument in &self.arguments {
            ids.extend(argument.column_type.user_type());
            argument.default.iter().for_each(|expression| expression.references(ids));
        }
        ids.extend(self.returns.iter().filter_map(ColumnType::user_type));
        ids.extend(&self.uses);
    }
}

/// Types in order, without their modifiers, which do not tell two functions apart.
pub(crate) fn signature<'a>(types: impl Iterator<Item = &'a ColumnType>) -> String {
    let mut text = String::new();
    for column_type in types {
        match &column_type.base {
            BaseType::BuiltIn(name) => text.push_str(name),
            BaseType::User(id) => text.push_str(&format!("#{}", id.0)),
            // The schema is where the extension happens to be.
            BaseType::Foreign { name, .. } => text.push_str(&format!("?{name}")),
            BaseType::Unknown => text.push('?'),
        }
        text.push_str(if column_type.array { "[]," } else { "," });
    }
    text
}
