//! Which types are cast to which by themselves.

use super::Simulator;
use crate::catalog::{BaseType, ColumnType, Expr, Id, Kind, Piece, Space};
use crate::ddl::ObjectKind;
use crate::deparse;

impl Simulator<'_> {
    /// Whether there certainly is no cast that PostgreSQL would use in an assignment.
    pub(super) fn is_uncastable(&self, from: Option<Family>, to: &ColumnType) -> bool {
        let casts = Space::Other(ObjectKind::Cast);
        if self.catalog.in_schema(casts, None).next().is_some()
            || self.catalog.session().fog.everywhere
        {
            return false;
        }
        match (from, self.family(to)) {
            (Some(_), Some(Family::Text)) => false,
            (Some(from), Some(to)) => from != to,
            _ => false,
        }
    }

    /// None: whatever else.
    pub(super) fn family(&self, column_type: &ColumnType) -> Option<Family> {
        if column_type.array {
            return Some(Family::Array);
        }
        match &column_type.base {
            BaseType::User(id) => match self.catalog.kind(*id) {
                Some(Kind::Enum(_)) => Some(Family::Enum(*id)),
                Some(Kind::Domain(domain)) => self.family(&domain.base),
                _ => None,
            },
            BaseType::BuiltIn(name) => Some(match name.as_str() {
                "text" | "character varying" | "character" => Family::Text,
                "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => {
                    Family::Number
                }
                "uuid" => Family::Uuid,
                "boolean" => Family::Boolean,
                "json" | "jsonb" => Family::Json,
                "date" | "timestamp with time zone" | "timestamp without time zone" => Family::Date,
                _ => return None,
            }),
            _ => None,
        }
    }

    /// What a default is by itself, whatever column it stands in.
    pub(super) fn default_family(&self, default: &Expr) -> Option<Family> {
        if let Some((_, of)) = deparse::typed_literal(default) {
            return self.family(of);
        }
        match default.pieces.as_slice() {
            [Piece::Text(text), ..] if text.starts_with("nextval(") => Some(Family::Number),
            [Piece::Text(text)] => match text.as_str() {
                "now()" | "CURRENT_TIMESTAMP" | "CURRENT_DATE" => Some(Family::Date),
                "gen_random_uuid()" => Some(Family::Uuid),
                "TRUE" | "FALSE" => Some(Family::Boolean),
                text => {
                    let is_arithmetic = |c: char| c.is_ascii_digit() || " +-*.".contains(c);
                    text.chars().all(is_arithmetic).then_some(Family::Number)
                }
            },
            _ => None,
        }
    }
}

/// Types that are cast to each other in an assignment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    Number,
    Uuid,
    Boolean,
    Json,
    Date,
    Enum(Id),
    /// Of anything: whether one is cast to another is for their elements to say.
    Array,
}
