//! The columns and queries in an expression.

use super::super::ast;
use super::query;
use crate::ddl::{Arm, ColumnUse, Select};
use crate::sql::reader::keyword::{self, Class};
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    OrderByExpr, Query, Subscript, WindowFrameBound, WindowSpec, WindowType,
};

/// What stands alone as a word and is no column, unless quoted.
const SPECIAL: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
    "system_user",
];

pub(super) fn expressions<'a>(expressions: impl IntoIterator<Item = &'a Expr>, arm: &mut Arm) {
    for expression in expressions {
        uses(expression, arm);
    }
}

/// The column that an expression is, perhaps with fields behind it; none if it is more than that.
pub(super) fn column(expression: &Expr) -> Option<ColumnUse> {
    match expression {
        Expr::Nested(inner) => column(inner),
        Expr::Identifier(ident) => (!is_special(ident))
            .then(|| ColumnUse { column: ast::folded(ident), ..ColumnUse::default() }),
        Expr::CompoundIdentifier(path) => {
            let mut path: Vec<String> = path.iter().map(ast::folded).collect();
            let column = path.pop()?;
            let table = path.pop();
            Some(ColumnUse { schema: path.pop(), table, column, fields: Vec::new() })
        }
        Expr::CompositeAccess { expr, key } if !ast::is_every_field(key) => {
            let mut column = column(expr)?;
            column.fields.push(ast::folded(key));
            Some(column)
        }
        _ => None,
    }
}

/// Adds a column, which is what the expression is.
pub(super) fn used(column: ColumnUse, expression: &Expr, arm: &mut Arm) {
    arm.complete &= !is_reserved(expression);
    arm.uses.push(column);
}

/// `SELECT interval FROM t` is read as an interval `FROM`, called `t`: a reserved word is no column, and where
/// one stands for one, the statement was misread.
fn is_reserved(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) | Expr::CompositeAccess { expr: inner, .. } => is_reserved(inner),
        Expr::Identifier(ident) => {
            ident.quote_style.is_none() && keyword::class(&ident.value) == Some(Class::Reserved)
        }
        _ => false,
    }
}

/// The name of an expression that is no more than a name.
pub(super) fn bare_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(ident) if !is_special(ident) => Some(ast::folded(ident)),
        _ => None,
    }
}

fn is_special(ident: &Ident) -> bool {
    ident.quote_style.is_none()
        && SPECIAL.iter().any(|word| word.eq_ignore_ascii_case(&ident.value))
}

fn subquery(inner: &Query, arm: &mut Arm) {
    let inner: Select = query(inner);
    arm.subqueries.push(inner);
}

/// Adds what an expression names to the arm that it stands in.
pub(super) fn uses(expression: &Expr, arm: &mut Arm) {
    // Chains of operators are as long as people like, and lean to the left.
    let mut rest = expression;
    while let Expr::BinaryOp { left, right, op } = rest {
        uses(right, arm);
        if ast::is_assignment(op) {
            // `f(name := value)`: the name of an argument.
            return;
        }
        rest = left;
    }
    if let Some(column) = column(rest) {
        used(column, rest, arm);
        return;
    }
    match rest {
        Expr::Identifier(_) | Expr::Value(_) | Expr::TypedString { .. } | Expr::Wildcard => {}
        Expr::Subquery(it) => subquery(it, arm),
        Expr::Exists { subquery: it, .. } => subquery(it, arm),
        Expr::InSubquery { expr, subquery: it, .. } => {
            uses(expr, arm);
            subquery(it, arm);
        }
        Expr::Function(it) => function(it, arm),
        Expr::Case { operand, conditions, results, else_result } => {
            expressions(operand.as_deref(), arm);
            expressions(conditions.iter().zip(results).flat_map(|(one, other)| [one, other]), arm);
            expressions(else_result.as_deref(), arm);
        }
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
            sets.iter().for_each(|set| grouping_set(set, arm));
        }
        Expr::QualifiedWildcard(name) => whole_row(name, arm),
        _ => operands(rest, arm),
    }
}

/// The expressions that consist of others and no more.
fn operands(expression: &Expr, arm: &mut Arm) {
    match expression {
        Expr::Nested(it)
        | Expr::IsFalse(it)
        | Expr::IsNotFalse(it)
        | Expr::IsTrue(it)
        | Expr::IsNotTrue(it)
        | Expr::IsNull(it)
        | Expr::IsNotNull(it)
        | Expr::IsUnknown(it)
        | Expr::IsNotUnknown(it) => uses(it, arm),
        Expr::CompositeAccess { key, .. } if ast::is_every_field(key) => arm.complete = false,
        Expr::CompositeAccess { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, format: None, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Named { expr, .. } => uses(expr, arm),
        Expr::IsDistinctFrom(one, other) | Expr::IsNotDistinctFrom(one, other) => {
            expressions([&**one, other], arm);
        }
        Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
            expressions([&**left, right], arm);
        }
        Expr::InList { expr, list, .. } => {
            uses(expr, arm);
            expressions(list, arm);
        }
        Expr::Between { expr, low, high, .. } => expressions([&**expr, low, high], arm),
        Expr::Like { expr, pattern, .. }
        | Expr::ILike { expr, pattern, .. }
        | Expr::SimilarTo { expr, pattern, .. } => expressions([&**expr, pattern], arm),
        Expr::Subscript { expr, subscript } => {
            uses(expr, arm);
            element(subscript, arm);
        }
        Expr::AtTimeZone { timestamp, time_zone } => expressions([&**timestamp, time_zone], arm),
        Expr::Position { expr, r#in } => expressions([&**expr, r#in], arm),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            uses(expr, arm);
            expressions(substring_from.as_deref(), arm);
            expressions(substring_for.as_deref(), arm);
        }
        Expr::Trim { trim_what, expr, trim_characters, .. } => {
            uses(expr, arm);
            expressions(trim_what.as_deref(), arm);
            expressions(trim_characters.iter().flatten(), arm);
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            expressions([&**expr, overlay_what, overlay_from], arm);
            expressions(overlay_for.as_deref(), arm);
        }
        Expr::Tuple(items) => expressions(items, arm),
        Expr::Array(array) => expressions(&array.elem, arm),
        // With anything but a literal, it is a column of that name that was misread.
        Expr::Interval(interval) if matches!(*interval.value, Expr::Value(_)) => {}
        // Not PostgreSQL's, or PostgreSQL's in a form that is not followed.
        _ => arm.complete = false,
    }
}

/// A column alone may also be one that comes out; among others it is the same to who reads it.
fn grouping_set(set: &[Expr], arm: &mut Arm) {
    for key in set {
        match bare_name(key) {
            Some(name) => arm.grouping.push(name),
            None => uses(key, arm),
        }
    }
}

/// `a[1]`, `a[1:2]`.
fn element(subscript: &Subscript, arm: &mut Arm) {
    match subscript {
        Subscript::Index { index } => uses(index, arm),
        Subscript::Slice { lower_bound, upper_bound, stride } => {
            expressions(lower_bound, arm);
            expressions(upper_bound, arm);
            arm.complete &= stride.is_none();
        }
    }
}

fn whole_row(name: &sqlparser::ast::ObjectName, arm: &mut Arm) {
    match ast::qualified(name) {
        Some(name) => arm.uses.push(ColumnUse {
            schema: name.schema,
            table: Some(name.name),
            column: "*".to_owned(),
            fields: Vec::new(),
        }),
        None => arm.complete = false,
    }
}

fn function(function: &Function, arm: &mut Arm) {
    arm.complete &= matches!(function.parameters, FunctionArguments::None);
    match &function.args {
        FunctionArguments::None => {}
        FunctionArguments::Subquery(it) => subquery(it, arm),
        FunctionArguments::List(list) => {
            list.args.iter().for_each(|it| argument(it, arm));
            list.clauses.iter().for_each(|it| clause(it, arm));
        }
    }
    order(&function.within_group, arm);
    expressions(function.filter.as_deref(), arm);
    if let Some(WindowType::WindowSpec(it)) = &function.over {
        window(it, arm);
    }
}

/// Of a function.
pub(super) fn argument(argument: &FunctionArg, arm: &mut Arm) {
    // What is named is not a column there.
    let (FunctionArg::Unnamed(value) | FunctionArg::Named { arg: value, .. }) = argument;
    match value {
        FunctionArgExpr::Expr(it) => uses(it, arm),
        FunctionArgExpr::QualifiedWildcard(name) => whole_row(name, arm),
        FunctionArgExpr::Wildcard => {}
    }
}

fn clause(clause: &FunctionArgumentClause, arm: &mut Arm) {
    match clause {
        FunctionArgumentClause::OrderBy(keys) => order(keys, arm),
        _ => arm.complete = false,
    }
}

/// Of an aggregate or window, where a name is never one that comes out.
fn order(keys: &[OrderByExpr], arm: &mut Arm) {
    expressions(keys.iter().map(|key| &key.expr), arm);
}

pub(super) fn window(window: &WindowSpec, arm: &mut Arm) {
    expressions(&window.partition_by, arm);
    order(&window.order_by, arm);
    let Some(frame) = &window.window_frame else { return };
    for bound in [Some(&frame.start_bound), frame.end_bound.as_ref()].into_iter().flatten() {
        match bound {
            WindowFrameBound::CurrentRow => {}
            WindowFrameBound::Preceding(it) | WindowFrameBound::Following(it) => {
                expressions(it.as_deref(), arm);
            }
        }
    }
}
