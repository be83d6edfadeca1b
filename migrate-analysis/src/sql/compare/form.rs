//! An expression to its normal form; none where `sqlparser` has made of it what PostgreSQL does not have.

use super::super::ast;
use super::node::Node;
use super::{call, clauses, operators, values};
use crate::ddl::TypeName;
use sqlparser::ast::{
    BinaryOperator, DataType, DateTimeField, Expr, Ident, ObjectName, Subscript, TrimWhereField,
    UnaryOperator, Value,
};

pub(super) fn node(expression: &Expr) -> Option<Node> {
    Some(match expression {
        Expr::Nested(inner) => node(inner)?,
        Expr::Identifier(ident) => name(ident),
        Expr::CompoundIdentifier(path) => Node::Name(path.iter().map(ast::folded).collect()),
        Expr::Value(it) => value(it)?,
        Expr::TypedString { data_type, value } => cast(Node::text(value), data_type)?,
        Expr::Cast { expr, data_type, format: None, .. } => cast(node(expr)?, data_type)?,
        Expr::Interval(it) => interval(it)?,
        Expr::BinaryOp { left, op, right } => binary(left, op, right)?,
        Expr::UnaryOp { op, expr } => unary(op, node(expr)?)?,
        Expr::Function(it) => call::function(it)?,
        Expr::Case { operand, conditions, results, else_result } => {
            let mut branches = vec![Node::optional("of", optional(operand.as_deref())?)];
            for (condition, result) in conditions.iter().zip(results) {
                branches.extend([node(condition)?, node(result)?]);
            }
            let otherwise = optional(else_result.as_deref())?;
            branches.push(otherwise.unwrap_or_else(|| Node::leaf("null")));
            Node::call("case", branches)
        }
        Expr::CompositeAccess { key, .. } if ast::is_every_field(key) => return None,
        Expr::CompositeAccess { expr, key } => {
            Node::call("field", vec![node(expr)?, Node::Name(vec![ast::folded(key)])])
        }
        Expr::Subscript { expr, subscript } => element(node(expr)?, subscript)?,
        Expr::Array(array) => Node::call("array", all(&array.elem)?),
        Expr::Tuple(items) => Node::call("row", all(items)?),
        Expr::Subquery(query) => Node::call("subquery", vec![clauses::query(query)?]),
        Expr::Exists { subquery, negated } => {
            Node::call("exists", vec![clauses::query(subquery)?]).negated(*negated)
        }
        _ => return test(expression).or_else(|| special(expression)),
    })
}

pub(super) fn all<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> Option<Vec<Node>> {
    expressions.into_iter().map(node).collect()
}

/// None where there is one that cannot be read.
pub(super) fn optional(expression: Option<&Expr>) -> Option<Option<Node>> {
    match expression {
        Some(expression) => node(expression).map(Some),
        None => Some(None),
    }
}

/// A column, or a word that is a function.
fn name(ident: &Ident) -> Node {
    let folded = ast::folded(ident);
    let is_word = ident.quote_style.is_none();
    match folded.as_str() {
        "user" | "current_role" if is_word => Node::leaf("current_user"),
        "current_schema" | "current_catalog" | "localtime" | "localtimestamp" | "default"
            if is_word =>
        {
            Node::leaf(&folded)
        }
        _ => Node::Name(vec![folded]),
    }
}

fn value(value: &Value) -> Option<Node> {
    Some(match value {
        Value::Number(digits, false) => Node::text(digits),
        Value::SingleQuotedString(text)
        | Value::EscapedStringLiteral(text)
        | Value::UnicodeStringLiteral(text)
        | Value::NationalStringLiteral(text)
        | Value::SingleQuotedByteStringLiteral(text) => Node::text(text),
        Value::DollarQuotedString(text) => Node::text(&text.value),
        Value::Boolean(value) => Node::Bool(*value),
        Value::Null => Node::leaf("null"),
        Value::HexStringLiteral(text) => Node::call("x", vec![Node::text(text)]),
        Value::Placeholder(name) => Node::leaf(name),
        _ => return None,
    })
}

fn cast(inner: Node, data_type: &DataType) -> Option<Node> {
    let type_name = ast::type_name(data_type)?;
    let spelt = spelt(&type_name);
    Some(match inner {
        // A cast of a literal says how it is read.
        Node::Literal { value, of } => Node::Literal { value, of: of.or(Some(spelt)) },
        Node::Bool(_) if spelt == "boolean" => inner,
        Node::Call(ref head, _) if head == "null" => inner,
        Node::Call(ref head, ref elements)
            if head == "array" && type_name.array && elements.iter().all(is_literal) =>
        {
            inner
        }
        _ if is_text(&type_name) => inner,
        _ => Node::Cast(spelt, Box::new(inner)),
    })
}

/// The type that something is cast to, which one of two may qualify further than the other.
pub(super) fn cast_type(expression: &Expr) -> Option<Node> {
    let Expr::Cast { data_type, .. } = expression else { return None };
    let mut it = ast::type_name(data_type)?;
    let schema = it.name.schema.take();
    Some(Node::Name(match schema {
        Some(schema) => vec![schema, spelt(&it)],
        None => vec![spelt(&it)],
    }))
}

fn is_literal(node: &Node) -> bool {
    matches!(node, Node::Literal { .. })
}

/// Between these PostgreSQL casts by itself; a length makes a difference.
fn is_text(it: &TypeName) -> bool {
    let is_plain = it.modifiers.is_none() && it.name.schema.is_none();
    is_plain && ["text", "character varying", "character", "name"].contains(&it.name.name.as_str())
}

fn spelt(it: &TypeName) -> String {
    let mut text = match it.name.schema.as_deref() {
        None | Some("public" | "pg_catalog") => it.name.name.clone(),
        Some(schema) => format!("{schema}.{}", it.name.name),
    };
    if let Some(modifiers) = &it.modifiers {
        text = format!("{text}({modifiers})");
    }
    if it.array { text + "[]" } else { text }
}

fn interval(it: &sqlparser::ast::Interval) -> Option<Node> {
    if it.last_field.is_some() || it.leading_precision.is_some() {
        return None;
    }
    let Node::Literal { value, .. } = node(&it.value)? else { return None };
    let value = match &it.leading_field {
        Some(unit) => format!("{value} {}", field(unit)),
        None => value,
    };
    Some(Node::Literal { value, of: Some("interval".to_owned()) })
}

fn field(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(ident) => ident.value.to_ascii_lowercase(),
        other => format!("{other:?}").to_ascii_lowercase(),
    }
}

fn binary(left: &Expr, operator: &BinaryOperator, right: &Expr) -> Option<Node> {
    let operator = operators::binary(operator)?;
    let (left, right) = (node(left)?, node(right)?);
    if matches!(operator, "and" | "or") {
        return Some(Node::chain(operator, vec![left, right]));
    }
    Some(compared(operator, left, right))
}

/// `(a, b) = (c, d)` is `a = c AND b = d`.
fn compared(operator: &str, left: Node, right: Node) -> Node {
    match (left, right) {
        (Node::Call(one, lefts), Node::Call(other, rights))
            if one == "row"
                && other == "row"
                && lefts.len() == rights.len()
                && matches!(operator, "=" | "<>") =>
        {
            let each = lefts.into_iter().zip(rights);
            let each = each.map(|(left, right)| compared(operator, left, right)).collect();
            Node::chain(if operator == "=" { "and" } else { "or" }, each)
        }
        (left, right) => Node::call(operator, vec![left, right]),
    }
}

fn unary(operator: &UnaryOperator, operand: Node) -> Option<Node> {
    Some(match (operators::unary(operator)?, operand) {
        ("-", Node::Literal { value, of: None })
            if value.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') =>
        {
            Node::Literal { value: format!("-{value}"), of: None }
        }
        // Otherwise it would be the same as the operator of two sides.
        (operator, operand) => Node::call(operator, vec![operand]),
    })
}

/// `IS …`, `IN`, `LIKE` and their kin.
fn test(expression: &Expr) -> Option<Node> {
    let is = |what: &str, it: &Expr| Some(Node::call(what, vec![node(it)?]));
    match expression {
        Expr::IsFalse(it) => is("is false", it),
        Expr::IsNotFalse(it) => is("is not false", it),
        Expr::IsTrue(it) => is("is true", it),
        Expr::IsNotTrue(it) => is("is not true", it),
        Expr::IsNull(it) => is("is null", it),
        Expr::IsNotNull(it) => is("is not null", it),
        Expr::IsUnknown(it) => is("is unknown", it),
        Expr::IsNotUnknown(it) => is("is not unknown", it),
        Expr::IsDistinctFrom(one, other) => {
            Some(Node::call("is distinct from", vec![node(one)?, node(other)?]))
        }
        Expr::IsNotDistinctFrom(one, other) => {
            Some(Node::call("is distinct from", vec![node(one)?, node(other)?]).negated(true))
        }
        Expr::InList { expr, list, negated } if let [Expr::Subquery(query)] = list.as_slice() => {
            Some(Node::call("in", vec![node(expr)?, clauses::query(query)?]).negated(*negated))
        }
        Expr::InList { expr, list, negated } => in_list(node(expr)?, all(list)?, *negated),
        Expr::InSubquery { expr, subquery, negated } => {
            let query = clauses::query(subquery)?;
            Some(Node::call("in", vec![node(expr)?, query]).negated(*negated))
        }
        Expr::AnyOp { left, compare_op, right, .. } => {
            quantified(node(left)?, operators::binary(compare_op)?, right, "any")
        }
        Expr::AllOp { left, compare_op, right } => {
            quantified(node(left)?, operators::binary(compare_op)?, right, "all")
        }
        Expr::Between { expr, negated, low, high } => {
            let (it, low, high) = (node(expr)?, node(low)?, node(high)?);
            let (head, lower, upper) =
                if *negated { ("or", "<", ">") } else { ("and", ">=", "<=") };
            let lower = Node::call(lower, vec![it.clone(), low]);
            Some(Node::chain(head, vec![lower, Node::call(upper, vec![it, high])]))
        }
        Expr::Like { negated, any: false, expr, pattern, escape_char } => {
            let operator = if *negated { "!~~" } else { "~~" };
            like(operator, expr, pattern, escape_char.as_deref(), "like_escape")
        }
        Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
            let operator = if *negated { "!~~*" } else { "~~*" };
            like(operator, expr, pattern, escape_char.as_deref(), "like_escape")
        }
        Expr::SimilarTo { negated, expr, pattern, escape_char } => {
            let mut operands = vec![node(pattern)?];
            operands.extend(escape_char.as_deref().map(Node::text));
            let pattern = Node::call("similar_to_escape", operands);
            let operator = if *negated { "!~" } else { "~" };
            Some(Node::call(operator, vec![node(expr)?, pattern]))
        }
        _ => None,
    }
}

fn like(
    operator: &str,
    left: &Expr,
    pattern: &Expr,
    escape: Option<&str>,
    function: &str,
) -> Option<Node> {
    let pattern = match escape {
        Some(escape) => Node::call(function, vec![node(pattern)?, Node::text(escape)]),
        None => node(pattern)?,
    };
    Some(Node::call(operator, vec![node(left)?, pattern]))
}

/// PostgreSQL compares with the constants first.
fn in_list(left: Node, list: Vec<Node>, negated: bool) -> Option<Node> {
    let (constants, others): (Vec<Node>, Vec<Node>) = list.into_iter().partition(is_constant);
    let list = constants.into_iter().chain(others).collect();
    Some(if negated { each(left, "<>", list, "and") } else { each(left, "=", list, "or") })
}

/// It has no column in it.
fn is_constant(node: &Node) -> bool {
    match node {
        Node::Literal { .. } | Node::Bool(_) => true,
        Node::Name(_) => false,
        Node::Call(_, operands) => operands.iter().all(is_constant),
        Node::Cast(_, inner) => is_constant(inner),
        Node::Unknown => false,
    }
}

fn each(left: Node, operator: &str, list: Vec<Node>, head: &str) -> Node {
    let one = |right| compared(operator, left.clone(), right);
    Node::chain(head, list.into_iter().map(one).collect())
}

/// `x = ANY (ARRAY[…])` is what PostgreSQL makes of `IN`.
fn quantified(left: Node, operator: &str, right: &Expr, quantifier: &str) -> Option<Node> {
    let mut inner = right;
    while let Expr::Nested(it) = inner {
        inner = it;
    }
    if let Expr::Subquery(query) = inner {
        let query = clauses::query(query)?;
        return Some(match (operator, quantifier) {
            ("=", "any") => Node::call("in", vec![left, query]),
            ("<>", "all") => Node::call("in", vec![left, query]).negated(true),
            _ => Node::call(&format!("{operator} {quantifier} of"), vec![left, query]),
        });
    }
    let head = if quantifier == "any" { "or" } else { "and" };
    let list = match node(inner)? {
        Node::Call(ref array, elements) if array == "array" => Ok(elements),
        Node::Literal { value, of } => values::array(&value).ok_or(Node::Literal { value, of }),
        Node::Cast(of, array) => match *array {
            Node::Call(ref head, ref elements) if head == "array" => Ok(elements.clone()),
            array => Err(Node::Cast(of, Box::new(array))),
        },
        other => Err(other),
    };
    Some(match list {
        Ok(list) if !list.is_empty() => each(left, operator, list, head),
        Ok(_) => Node::call(&format!("{operator} {quantifier}"), vec![left]),
        Err(array) => Node::call(&format!("{operator} {quantifier}"), vec![left, array]),
    })
}

/// Functions with a grammar of their own, as the calls that they are.
fn special(expression: &Expr) -> Option<Node> {
    match expression {
        Expr::AtTimeZone { timestamp, time_zone } => {
            Some(Node::call("timezone", vec![node(time_zone)?, node(timestamp)?]))
        }
        Expr::Extract { field: it, expr, .. } => {
            Some(Node::call("extract", vec![Node::text(&field(it)), node(expr)?]))
        }
        Expr::Ceil { expr, .. } => Some(Node::call("ceil", vec![node(expr)?])),
        Expr::Floor { expr, .. } => Some(Node::call("floor", vec![node(expr)?])),
        Expr::Position { expr, r#in } => {
            Some(Node::call("position", vec![node(r#in)?, node(expr)?]))
        }
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let mut operands = vec![node(expr)?];
            let from = optional(substring_from.as_deref())?;
            let count = optional(substring_for.as_deref())?;
            operands.push(from.unwrap_or_else(|| Node::text("1")));
            operands.extend(count);
            Some(Node::call("substring", operands))
        }
        Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
            let head = match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                Some(TrimWhereField::Both) | None => "btrim",
            };
            let mut operands = vec![node(expr)?];
            operands.extend(optional(trim_what.as_deref())?);
            operands.extend(all(trim_characters.iter().flatten())?);
            Some(call::trimmed(head, operands))
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            let mut operands = vec![node(expr)?, node(overlay_what)?, node(overlay_from)?];
            operands.extend(optional(overlay_for.as_deref())?);
            Some(Node::call("overlay", operands))
        }
        Expr::Collate { expr, collation } => {
            Some(Node::call("collate", vec![node(expr)?, path(collation)?]))
        }
        _ => None,
    }
}

fn element(root: Node, subscript: &Subscript) -> Option<Node> {
    Some(match subscript {
        Subscript::Index { index } => Node::call("element", vec![root, node(index)?]),
        Subscript::Slice { lower_bound, upper_bound, stride: None } => {
            let lower = Node::optional("from", optional(lower_bound.as_ref())?);
            let upper = Node::optional("to", optional(upper_bound.as_ref())?);
            Node::call("slice", vec![root, lower, upper])
        }
        Subscript::Slice { .. } => return None,
    })
}

/// A name, without the schemas in which it would be looked for.
pub(super) fn path(name: &ObjectName) -> Option<Node> {
    let mut parts = ast::parts(name);
    if parts.len() == 2 && parts.first().is_some_and(|it| it == "public" || it == "pg_catalog") {
        parts.remove(0);
    }
    Some(Node::Name(parts))
}
