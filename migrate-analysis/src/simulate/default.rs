//! Defaults of columns and domains.

use super::bind::relation_in;
use super::{Failure, Found, Result, Simulator};
use crate::catalog::{BaseType, ColumnType, Expr, Id, Kind, Object, Piece};
use crate::ddl::{Expression, Word};
use crate::deparse;
use crate::list::CollectVec;

impl Simulator<'_> {
    /// The default that is written. NULL is none, unless the type makes it pass through a cast.
    pub(super) fn default_value(
        &mut self,
        expression: &Expression,
        column_type: &ColumnType,
    ) -> Result<Option<Expr>> {
        let is_null = |word: &Word| matches!(word, Word::Text(text) if text == "NULL");
        let is_plain = column_type.modifiers.is_none() && !self.is_domain(column_type);
        match expression.words.as_slice() {
            [null] if is_null(null) && is_plain => return Ok(None),
            [null, _, Word::Type(_)] if is_null(null) && is_plain => return Ok(None),
            _ => {}
        }
        self.typed_default(expression, column_type).map(Some)
    }

    /// The same where NULL is a default like any other. A literal is of the type that it is written for,
    /// and stays that whatever becomes of the column.
    pub(super) fn typed_default(
        &mut self,
        expression: &Expression,
        column_type: &ColumnType,
    ) -> Result<Expr> {
        self.check_sequences(expression)?;
        let bound = self.bind(expression, &[]);
        let of = self.catalog.now().literal_type(column_type);
        let typed = match (bound.pieces.as_slice(), &of.base) {
            (_, BaseType::Unknown) => bound,
            ([Piece::Text(text)], _) if text == "NULL" || deparse::is_literal(text) => {
                Expr { pieces: vec![Piece::Text(format!("{text}::")), Piece::Type(of)] }
            }
            _ => bound,
        };
        if let Some((text, of)) = deparse::typed_literal(&typed) {
            self.check_label(text, of, expression)?;
        }
        Ok(typed)
    }

    fn is_domain(&self, column_type: &ColumnType) -> bool {
        let user_type = column_type.user_type().and_then(|id| self.catalog.get(id));
        matches!(user_type, Some(Object { kind: Kind::Domain(_), .. }))
    }

    /// Fails where a literal of an enum is none of its values.
    fn check_label(&self, text: &str, of: &ColumnType, expression: &Expression) -> Result {
        let Some(object) = of.user_type().and_then(|id| self.catalog.get(id)) else {
            return Ok(());
        };
        let Kind::Enum(labels) = &object.kind else { return Ok(()) };
        let is_plain = text.starts_with('\'') && !of.array && self.is_certain(object);
        if !is_plain || labels.iter().any(|label| deparse::literal(label) == text) {
            return Ok(());
        }
        let label = text.trim_matches('\'').replace("''", "'");
        // With a backslash, a literal may be spelt in two ways.
        if label.contains('\\') || self.is_shrouded(&label) {
            return Ok(());
        }
        let message = format!("invalid input value for enum {}: \"{label}\"", object.name);
        Err(Failure::wrong(expression.at.clone(), "22P02", message))
    }

    /// Fails where `nextval('…')` names what certainly does not exist: PostgreSQL looks at once.
    pub(super) fn check_sequences(&self, expression: &Expression) -> Result {
        for at in 0..expression.words.len() {
            let Some((name, _)) = relation_in(&expression.words, at) else { continue };
            if self.find_relation(&name) == Found::Missing {
                let at = expression.at.clone();
                return Err(self.unknown_relation(&crate::ddl::Name { at, ..name }));
            }
        }
        Ok(())
    }

    /// A value of an enum has another name now, and PostgreSQL shows it wherever the value is kept.
    pub(super) fn rename_label(&mut self, of: Id, from: &str, to: &str) {
        let (from, to) = (deparse::literal(from), deparse::literal(to));
        let dependents: Vec<Id> = self.catalog.dependents(of).collect_vec();
        for id in dependents {
            let has_it = |object: &Object| object.defaults().any(|it| is_value(it, of, &from));
            if !self.catalog.get(id).is_some_and(has_it) {
                continue;
            }
            self.catalog.edit(id, |object| {
                for default in object.defaults_mut().filter(|it| is_value(it, of, &from)) {
                    if let Some(Piece::Text(text)) = default.pieces.first_mut() {
                        *text = format!("{to}::");
                    }
                }
            });
        }
    }
}

/// Whether it is just this value of the enum.
fn is_value(default: &Expr, of: Id, value: &str) -> bool {
    deparse::typed_literal(default)
        .is_some_and(|(text, it)| text == value && it.user_type() == Some(of) && !it.array)
}
