//! The columns that come out, by the names PostgreSQL gives them (`FigureColname`).

use super::super::ast;
use super::expression::{column, used, uses};
use crate::ddl::{Arm, Output};
use sqlparser::ast::{
    Expr, Function, Ident, ObjectName, SelectItem, SetExpr, TrimWhereField,
    WildcardAdditionalOptions,
};

pub(super) fn outputs(items: &[SelectItem], arm: &mut Arm) {
    for item in items.iter().filter(|item| !is_nothing(item)) {
        match item {
            SelectItem::UnnamedExpr(it) => output(it, None, arm),
            SelectItem::ExprWithAlias { expr, alias } => output(expr, Some(alias), arm),
            SelectItem::Wildcard(options) => {
                arm.complete &= is_plain(options);
                arm.outputs.push(Output::Star);
            }
            SelectItem::QualifiedWildcard(name, options) => {
                arm.complete &= is_plain(options);
                let star = table_star(name, arm);
                arm.outputs.push(star);
            }
        }
    }
}

/// What `SELECT FROM t` has in the place of columns.
pub(in super::super) fn is_nothing(item: &SelectItem) -> bool {
    matches!(item, SelectItem::UnnamedExpr(Expr::Tuple(none)) if none.is_empty())
}

fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
}

fn table_star(name: &ObjectName, arm: &mut Arm) -> Output {
    match ast::qualified(name) {
        Some(name) => Output::TableStar { schema: name.schema, table: name.name },
        None => {
            arm.complete = false;
            Output::Unknown
        }
    }
}

fn output(expression: &Expr, alias: Option<&Ident>, arm: &mut Arm) {
    // `SELECT 'a' 'b'` is one literal in two lines.
    arm.complete &= alias.is_none_or(|alias| alias.quote_style != Some('\''));
    let alias = alias.map(ast::folded);
    let inner = unbracketed(expression);
    if let Expr::CompositeAccess { expr, key } = inner
        && ast::is_every_field(key)
    {
        uses(expr, arm);
        arm.outputs.push(column(expr).map_or(Output::Unknown, Output::Fields));
        return;
    }
    if let Some(column) = column(inner).filter(|column| column.fields.is_empty()) {
        let name = alias.unwrap_or_else(|| column.column.clone());
        used(column.clone(), inner, arm);
        arm.outputs.push(Output::Column { column, name });
        return;
    }
    let type_name = match inner {
        Expr::Cast { data_type, .. } => ast::type_name(data_type),
        Expr::TypedString { data_type, .. } => ast::type_name(data_type),
        _ => None,
    };
    uses(expression, arm);
    arm.complete &= alias.is_some() || !is_star(inner);
    let name = alias.or_else(|| name(inner)).unwrap_or_else(|| "?column?".to_owned());
    arm.outputs.push(Output::Expression { name, type_name });
}

/// `(SELECT * FROM …)`, whose name is not known.
fn is_star(expression: &Expr) -> bool {
    match expression {
        Expr::Subquery(query) => match &*query.body {
            SetExpr::Select(select) => match select.projection.first() {
                Some(SelectItem::UnnamedExpr(Expr::CompositeAccess { key, .. })) => {
                    ast::is_every_field(key)
                }
                Some(SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }) => false,
                _ => true,
            },
            SetExpr::Values(_) => false,
            _ => true,
        },
        _ => false,
    }
}

fn unbracketed(mut expression: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expression {
        expression = inner;
    }
    expression
}

/// The name of an expression; none for `?column?`.
pub(in super::super) fn name(expression: &Expr) -> Option<String> {
    figure(unbracketed(expression)).map(|(name, _)| name)
}

/// The name, and whether it is better than that of a type or of `case`.
fn figure(expression: &Expr) -> Option<(String, bool)> {
    let good = |name: &str| Some((name.to_owned(), true));
    match expression {
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => figure(inner),
        Expr::Identifier(ident) => Some((ast::folded(ident), true)),
        Expr::CompoundIdentifier(path) => path.last().map(|ident| (ast::folded(ident), true)),
        Expr::CompositeAccess { key, .. } => Some((ast::folded(key), true)),
        Expr::Subscript { expr, .. } => figure(expr),
        Expr::Cast { expr, data_type, .. } => match figure(expr) {
            Some((name, true)) => Some((name, true)),
            _ => ast::catalog_name(data_type).map(|name| (name, false)),
        },
        Expr::TypedString { data_type, .. } => {
            ast::catalog_name(data_type).map(|name| (name, false))
        }
        Expr::Interval(_) => Some(("interval".to_owned(), false)),
        Expr::Function(function) => called(function),
        Expr::Case { else_result, .. } => match else_result.as_deref().and_then(figure) {
            Some((name, true)) => Some((name, true)),
            _ => Some(("case".to_owned(), false)),
        },
        Expr::Exists { negated: false, .. } => good("exists"),
        Expr::Subquery(query) => of_query(&query.body),
        Expr::Array(_) => good("array"),
        Expr::Tuple(_) => good("row"),
        Expr::AtTimeZone { .. } => good("timezone"),
        Expr::Extract { .. } => good("extract"),
        Expr::Ceil { .. } => good("ceil"),
        Expr::Floor { .. } => good("floor"),
        Expr::Position { .. } => good("position"),
        Expr::Substring { .. } => good("substring"),
        Expr::Trim { trim_where, .. } => match trim_where {
            Some(TrimWhereField::Leading) => good("ltrim"),
            Some(TrimWhereField::Trailing) => good("rtrim"),
            Some(TrimWhereField::Both) | None => good("btrim"),
        },
        Expr::Overlay { .. } => good("overlay"),
        _ => None,
    }
}

fn called(function: &Function) -> Option<(String, bool)> {
    let ident = function.name.0.last()?;
    if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("values") {
        // `(VALUES (1))`, a query.
        return Some(("column1".to_owned(), true));
    }
    Some((ast::folded(ident), true))
}

/// A scalar subquery has the name of its column.
fn of_query(body: &SetExpr) -> Option<(String, bool)> {
    let mut body = body;
    loop {
        match body {
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Query(query) => body = &query.body,
            SetExpr::Select(select) => {
                let name = match select.projection.first()? {
                    SelectItem::UnnamedExpr(it) => name(it),
                    SelectItem::ExprWithAlias { alias, .. } => Some(ast::folded(alias)),
                    _ => None,
                };
                return Some((name.unwrap_or_else(|| "?column?".to_owned()), true));
            }
            SetExpr::Values(_) => return Some(("column1".to_owned(), true)),
            _ => return None,
        }
    }
}
