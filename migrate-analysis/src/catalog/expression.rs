//! Expressions and types, bound to what they name.

use super::Id;
use crate::ordered::SortedSet;

/// An expression whose names were looked up, so that it follows a rename.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Expr {
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it is written.
    Text(String),
    /// A column of the table that the expression belongs to.
    Column(u32),
    /// A function of the set that is called, as it was written.
    Routine(Id, String),
    /// The type of a cast.
    Type(ColumnType),
    /// A relation named in a literal: `nextval('…')`.
    Relation(Id),
}

/// The type of a column.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ColumnType {
    pub(crate) base: BaseType,
    /// `10,2`; of a time type without its words.
    pub(crate) modifiers: Option<String>,
    pub(crate) array: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum BaseType {
    /// As `format_type` names it.
    BuiltIn(String),
    /// A type of the set.
    User(Id),
    /// A type that the set did not make: an extension's. With its schema where it is written.
    Foreign { schema: Option<String>, name: String },
    /// Not known: the column of a view that an expression gives.
    Unknown,
}

impl ColumnType {
    pub(crate) const UNKNOWN: ColumnType =
        ColumnType { base: BaseType::Unknown, modifiers: None, array: false };

    pub(crate) fn built_in(name: &str) -> ColumnType {
        ColumnType { base: BaseType::BuiltIn(name.to_owned()), modifiers: None, array: false }
    }

    /// How its values are stored unless told otherwise; none where that is not known.
    pub(crate) fn storage(&self) -> Option<&'static str> {
        let BaseType::BuiltIn(name) = &self.base else {
            return self.array.then_some("extended");
        };
        Some(match name.as_str() {
            _ if self.array => "extended",
            "numeric" | "inet" | "cidr" => "main",
            "smallint" | "integer" | "bigint" | "boolean" | "uuid" | "date" | "real"
            | "double precision" | "interval" | "money" | "oid" => "plain",
            name if name.starts_with("time") => "plain",
            _ => "extended",
        })
    }

    pub(crate) fn user_type(&self) -> Option<Id> {
        match self.base {
            BaseType::User(id) => Some(id),
            _ => None,
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.base == BaseType::Unknown
    }
}

impl Expr {
    pub(crate) fn text(text: &str) -> Expr {
        Expr { pieces: vec![Piece::Text(text.to_owned())] }
    }

    /// The columns it names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = u32> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Column(number) => Some(*number),
            _ => None,
        })
    }

    /// The same over another table, whose columns have other numbers.
    pub(crate) fn renumbered(&self, number: impl Fn(u32) -> u32) -> Expr {
        let mut expression = self.clone();
        for piece in &mut expression.pieces {
            if let Piece::Column(column) = piece {
                *column = number(*column);
            }
        }
        expression
    }

    pub(crate) fn mentions(&self, column: u32) -> bool {
        self.columns().any(|number| number == column)
    }

    pub(crate) fn references(&self, ids: &mut SortedSet<Id>) {
        for piece in &self.pieces {
            match piece {
                Piece::Routine(id, _) | Piece::Relation(id) => {
                    ids.insert(*id);
                }
                Piece::Type(column_type) => ids.extend(column_type.user_type()),
                Piece::Text(_) | Piece::Column(_) => {}
            }
        }
    }
}
