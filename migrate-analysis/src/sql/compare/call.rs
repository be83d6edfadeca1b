//! Calls of functions, and the windows they look through.

use super::super::ast;
use super::clauses;
use super::form::{all, node, optional, path};
use super::node::Node;
use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator,
    FunctionArgumentClause, FunctionArguments, Ident, OrderByExpr, WindowFrameBound, WindowSpec,
    WindowType,
};

pub(super) fn function(it: &Function) -> Option<Node> {
    let Node::Name(parts) = path(&it.name)? else { return None };
    let head = parts.join(".");
    // `a IN (VALUES (1))`, in which there is no function.
    if head == "values" {
        return None;
    }
    if !matches!(it.parameters, FunctionArguments::None) || it.null_treatment.is_some() {
        return None;
    }
    let (mut operands, mut extra) = (Vec::new(), Vec::new());
    match &it.args {
        FunctionArguments::None => {}
        FunctionArguments::Subquery(query) => operands.push(clauses::query(query)?),
        FunctionArguments::List(list) => {
            operands = list.args.iter().map(argument).collect::<Option<_>>()?;
            if list.duplicate_treatment == Some(DuplicateTreatment::Distinct) {
                extra.push(Node::leaf("distinct"));
            }
            for clause in &list.clauses {
                match clause {
                    FunctionArgumentClause::OrderBy(keys) => extra.push(order(keys)?),
                    _ => return None,
                }
            }
        }
    }
    if !it.within_group.is_empty() {
        extra.push(Node::call("within group", vec![order(&it.within_group)?]));
    }
    if let Some(condition) = &it.filter {
        extra.push(Node::call("filter", vec![node(condition)?]));
    }
    match &it.over {
        Some(WindowType::WindowSpec(spec)) => extra.push(window(spec)?),
        Some(WindowType::NamedWindow(name)) => {
            extra.push(Node::call("over", vec![Node::Name(vec![ast::folded(name)])]));
        }
        None => {}
    }
    operands.append(&mut extra);
    Some(called(&head, operands))
}

/// A call by the one name of its function, where it has several.
fn called(head: &str, mut operands: Vec<Node>) -> Node {
    match head {
        "now" | "transaction_timestamp" | "current_timestamp" if operands.is_empty() => {
            Node::leaf("now")
        }
        "user" | "current_role" => Node::leaf("current_user"),
        "ltrim" | "rtrim" | "btrim" => trimmed(head, operands),
        "nextval" | "currval" | "setval" => {
            if let Some(Node::Literal { of, .. }) = operands.first_mut() {
                *of = Some("regclass".to_owned());
            }
            Node::call(head, operands)
        }
        _ => Node::call(head, operands),
    }
}

pub(super) fn argument(argument: &FunctionArg) -> Option<Node> {
    let value = |it: &FunctionArgExpr| match it {
        FunctionArgExpr::Expr(it) => node(it),
        FunctionArgExpr::Wildcard => Some(Node::leaf("*")),
        FunctionArgExpr::QualifiedWildcard(name) => Some(Node::call("*", vec![path(name)?])),
    };
    let named = |name: &Ident, value: Option<Node>| {
        Some(Node::call("argument", vec![Node::Name(vec![ast::folded(name)]), value?]))
    };
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp { left, op, right }))
            if ast::is_assignment(op) =>
        {
            let Expr::Identifier(name) = &**left else { return None };
            named(name, node(right))
        }
        FunctionArg::Unnamed(it) => value(it),
        FunctionArg::Named { name, arg, operator: FunctionArgOperator::RightArrow } => {
            named(name, value(arg))
        }
        FunctionArg::Named { .. } => None,
    }
}

/// `ASC` is what it is anyhow, and so are `NULLS LAST` with it and `NULLS FIRST` with `DESC`.
pub(super) fn order(keys: &[OrderByExpr]) -> Option<Node> {
    let key = |key: &OrderByExpr| {
        if key.with_fill.is_some() {
            return None;
        }
        let descends = key.asc == Some(false);
        let nulls_first = key.nulls_first.unwrap_or(descends);
        Some(Node::call(
            "key",
            vec![node(&key.expr)?, Node::Bool(descends), Node::Bool(nulls_first)],
        ))
    };
    Some(Node::call("order by", keys.iter().map(key).collect::<Option<_>>()?))
}

pub(super) fn window(spec: &WindowSpec) -> Option<Node> {
    let name = spec.window_name.as_ref().map(|name| Node::Name(vec![ast::folded(name)]));
    let frame = match &spec.window_frame {
        None => None,
        Some(frame) => Some(Node::call(
            &format!("{:?}", frame.units).to_ascii_lowercase(),
            vec![
                bound(&frame.start_bound)?,
                // From there to the row itself.
                bound(frame.end_bound.as_ref().unwrap_or(&WindowFrameBound::CurrentRow))?,
            ],
        )),
    };
    Some(Node::call(
        "over",
        vec![
            Node::optional("window", name),
            Node::call("partition by", all(&spec.partition_by)?),
            order(&spec.order_by)?,
            Node::optional("frame", frame),
        ],
    ))
}

fn bound(bound: &WindowFrameBound) -> Option<Node> {
    Some(match bound {
        WindowFrameBound::CurrentRow => Node::leaf("current row"),
        WindowFrameBound::Preceding(it) => Node::optional("preceding", optional(it.as_deref())?),
        WindowFrameBound::Following(it) => Node::optional("following", optional(it.as_deref())?),
    })
}

/// Blanks are trimmed where nothing is said.
pub(super) fn trimmed(head: &str, mut operands: Vec<Node>) -> Node {
    if operands.len() == 1 {
        operands.push(Node::text(" "));
    }
    Node::call(head, operands)
}
