//! The normal form of an expression, and how two of them compare.

use super::Sameness;
use super::values;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A value, with its type where one is written.
    Literal {
        value: String,
        of: Option<String>,
    },
    Bool(bool),
    /// A column, table or function, perhaps qualified.
    Name(Vec<String>),
    /// An operator, function or clause, and what it applies to.
    Call(String, Vec<Node>),
    Cast(String, Box<Node>),
    /// It may be anything.
    Unknown,
}

impl Node {
    pub(super) fn call(head: &str, operands: Vec<Node>) -> Node {
        Node::Call(head.to_owned(), operands)
    }

    pub(super) fn leaf(head: &str) -> Node {
        Node::call(head, Vec::new())
    }

    pub(super) fn text(value: &str) -> Node {
        Node::Literal { value: value.to_owned(), of: None }
    }

    pub(super) fn optional(head: &str, operand: Option<Node>) -> Node {
        Node::call(head, operand.into_iter().collect())
    }

    /// `AND` and `OR`, the same ones inside laid open.
    pub(super) fn chain(head: &str, operands: Vec<Node>) -> Node {
        let mut flat = Vec::with_capacity(operands.len());
        for operand in operands {
            match operand {
                Node::Call(inner, operands) if inner == head => flat.extend(operands),
                other => flat.push(other),
            }
        }
        match (flat.len(), flat.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                flat.extend(last);
                Node::call(head, flat)
            }
        }
    }

    pub(super) fn negated(self, negated: bool) -> Node {
        if negated { Node::call("not", vec![self]) } else { self }
    }

    pub(super) fn compare(&self, other: &Node) -> Sameness {
        match (self, other) {
            (Node::Unknown, _) | (_, Node::Unknown) => Sameness::Perhaps,
            (Node::Cast(one, inner), Node::Cast(other, other_inner)) if one == other => {
                inner.compare(other_inner)
            }
            (Node::Cast(_, inner), Node::Cast(_, other_inner)) => {
                // One of them may have a cast more than the other, not another one.
                let without = [(&**inner, other), (self, &**other_inner)];
                let is_cast = |node: &Node| matches!(node, Node::Cast(..));
                let deeper = without.iter().filter(|(a, b)| is_cast(a) && is_cast(b));
                let best = deeper.map(|(a, b)| a.compare(b)).min();
                best.unwrap_or(Sameness::Different).max(Sameness::Perhaps)
            }
            (Node::Cast(_, inner), other) | (other, Node::Cast(_, inner)) => {
                inner.compare(other).max(Sameness::Perhaps)
            }
            (Node::Literal { value, of }, Node::Literal { value: other, of: other_of }) => {
                values::compare(value, of.as_deref(), other, other_of.as_deref())
            }
            (Node::Literal { value, .. }, Node::Bool(other))
            | (Node::Bool(other), Node::Literal { value, .. }) => {
                same_if(values::boolean(value) == Some(*other))
            }
            (Node::Bool(one), Node::Bool(other)) => same_if(one == other),
            (Node::Name(one), Node::Name(other)) => same_if(is_same_name(one, other)),
            (Node::Literal { value, .. }, Node::Call(head, elements))
            | (Node::Call(head, elements), Node::Literal { value, .. })
                if head == "array" =>
            {
                values::array(value)
                    .map_or(Sameness::Different, |array| compare_all(&array, elements))
            }
            (Node::Call(one, operands), Node::Call(other, others))
                if one == "columns" && other == "columns" =>
            {
                compare_columns(operands, others)
            }
            (Node::Call(one, operands), Node::Call(other, others)) => {
                compare_heads(one, other).max(compare_all(operands, others))
            }
            _ => Sameness::Different,
        }
    }
}

fn same_if(same: bool) -> Sameness {
    if same { Sameness::Same } else { Sameness::Different }
}

/// PostgreSQL prints the one for the other before version 14.
fn compare_heads(one: &str, other: &str) -> Sameness {
    match (one, other) {
        ("extract", "date_part") | ("date_part", "extract") => Sameness::Perhaps,
        _ => same_if(one == other),
    }
}

/// A `*` that is left may stand for what the other has.
fn compare_columns(one: &[Node], other: &[Node]) -> Sameness {
    let is_star = |node: &Node| matches!(node, Node::Call(head, _) if head == "*");
    match compare_all(one, other) {
        Sameness::Different if one.iter().chain(other).any(is_star) => Sameness::Perhaps,
        compared => compared,
    }
}

fn compare_all(one: &[Node], other: &[Node]) -> Sameness {
    if one.len() != other.len() {
        return Sameness::Different;
    }
    let compared = one.iter().zip(other).map(|(one, other)| one.compare(other));
    compared.max().unwrap_or(Sameness::Same)
}

/// One of them may be qualified further than the other.
fn is_same_name(one: &[String], other: &[String]) -> bool {
    one.ends_with(other) || other.ends_with(one)
}
