//! A query to its normal form. What has no place in it makes it none.

use super::super::{ast, query, query::output_name};
use super::call::{self, order};
use super::form::{all, cast_type, node, optional, path};
use super::node::Node;
use crate::list::CollectVec;
use sqlparser::ast::{
    Cte, CteAsMaterialized, Distinct, GroupByExpr, Join, JoinConstraint, JoinOperator,
    NamedWindowDefinition, NamedWindowExpr, Query, Select, SelectItem, SetExpr, SetQuantifier,
    Statement, TableAlias, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

pub(super) fn statement(statement: &Statement) -> Option<Node> {
    match statement {
        Statement::Query(it) => query(it),
        _ => None,
    }
}

pub(super) fn query(query: &Query) -> Option<Node> {
    let odd = query.for_clause.is_some()
        || query.settings.is_some()
        || query.format_clause.is_some()
        || !query.limit_by.is_empty();
    if odd {
        return None;
    }
    let mut clauses = vec![body(&query.body)?];
    if let Some(with) = &query.with {
        let tables = with.cte_tables.iter().map(common_table).collect::<Option<_>>()?;
        clauses.push(Node::call(if with.recursive { "with recursive" } else { "with" }, tables));
    }
    if let Some(by) = &query.order_by {
        match &by.interpolate {
            None => clauses.push(order(&by.exprs)?),
            Some(_) => return None,
        }
    }
    let limit = optional(query.limit.as_ref())?;
    clauses.extend(limit.map(|it| Node::call("limit", vec![it])));
    let offset = optional(query.offset.as_ref().map(|offset| &offset.value))?;
    clauses.extend(offset.map(|it| Node::call("offset", vec![it])));
    match &query.fetch {
        Some(fetch) if fetch.with_ties || fetch.percent => return None,
        Some(fetch) => {
            let rows = optional(fetch.quantity.as_ref())?.unwrap_or_else(|| Node::text("1"));
            clauses.push(Node::call("limit", vec![rows]));
        }
        None => {}
    }
    for lock in &query.locks {
        let of = match &lock.of {
            Some(of) => Some(path(of)?),
            None => None,
        };
        let head = format!("for {:?} {:?}", lock.lock_type, lock.nonblock);
        clauses.push(Node::optional(&head, of));
    }
    // Brackets around a body that has no clauses are none.
    Some(match (clauses.len(), clauses.pop()) {
        (1, Some(body)) => body,
        (_, last) => {
            clauses.extend(last);
            Node::call("query", clauses)
        }
    })
}

fn common_table(table: &Cte) -> Option<Node> {
    let how = match table.materialized {
        None => "table",
        Some(CteAsMaterialized::Materialized) => "table materialized",
        Some(CteAsMaterialized::NotMaterialized) => "table not materialized",
    };
    Some(Node::call(how, vec![alias(Some(&table.alias))?, query(&table.query)?]))
}

fn body(body: &SetExpr) -> Option<Node> {
    match body {
        SetExpr::Select(it) => select(it),
        SetExpr::Query(it) => query(it),
        SetExpr::SetOperation { left, op, set_quantifier, right } => {
            let all = match set_quantifier {
                SetQuantifier::All => " all",
                SetQuantifier::Distinct | SetQuantifier::None => "",
                _ => return None,
            };
            let head = format!("{op:?}{all}").to_ascii_lowercase();
            Some(Node::call(&head, vec![self::body(left)?, self::body(right)?]))
        }
        SetExpr::Values(values) => {
            let rows = values
                .rows
                .iter()
                .map(|row| Some(Node::call("row", row.iter().map(node).collect::<Option<_>>()?)));
            Some(Node::call("values", rows.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn select(select: &Select) -> Option<Node> {
    if !(query::is_postgres(select) && select.into.is_none()) {
        return None;
    }
    let all = |expressions: &[_]| expressions.iter().map(node).collect::<Option<Vec<_>>>();
    let distinct = match &select.distinct {
        Some(Distinct::Distinct) => Node::leaf("distinct"),
        Some(Distinct::On(keys)) => Node::call("distinct on", all(keys)?),
        None => Node::leaf("all"),
    };
    let group = match &select.group_by {
        GroupByExpr::Expressions(keys, modifiers) if modifiers.is_empty() => all(keys)?,
        _ => return None,
    };
    let items = select.projection.iter().filter(|item| !query::is_nothing(item));
    let items = items.map(item).collect::<Option<_>>()?;
    let from = select.from.iter().map(joined).collect::<Option<_>>()?;
    let windows = select.named_window.iter().map(window).collect::<Option<_>>()?;
    Some(Node::call(
        "select",
        vec![
            distinct,
            Node::call("columns", items),
            Node::call("from", from),
            Node::optional("where", optional(select.selection.as_ref())?),
            Node::call("group by", group),
            Node::optional("having", optional(select.having.as_ref())?),
            Node::call("window", windows),
        ],
    ))
}

fn window(window: &NamedWindowDefinition) -> Option<Node> {
    let NamedWindowDefinition(name, NamedWindowExpr::WindowSpec(spec)) = window else {
        return None;
    };
    Some(Node::call("as", vec![Node::Name(vec![ast::folded(name)]), call::window(spec)?]))
}

fn item(item: &SelectItem) -> Option<Node> {
    let is_plain =
        |options: &WildcardAdditionalOptions| *options == WildcardAdditionalOptions::default();
    match item {
        SelectItem::UnnamedExpr(it) => named(node(it)?, output_name(it)),
        SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'') => None,
        SelectItem::ExprWithAlias { expr, alias } => named(node(expr)?, Some(ast::folded(alias))),
        SelectItem::Wildcard(options) => is_plain(options).then(|| Node::leaf("*")),
        SelectItem::QualifiedWildcard(name, options) if is_plain(options) => {
            Some(Node::call("*", vec![path(name)?]))
        }
        _ => None,
    }
}

/// By the name that the column has, whether it is written or not.
fn named(expression: Node, name: Option<String>) -> Option<Node> {
    let name = name.as_deref().unwrap_or("?column?");
    Some(Node::call("as", vec![expression, Node::text(name)]))
}

fn joined(item: &TableWithJoins) -> Option<Node> {
    item.joins.iter().try_fold(source(&item.relation)?, join)
}

fn join(left: Node, join: &Join) -> Option<Node> {
    let (head, constraint) = match &join.join_operator {
        JoinOperator::Inner(it) => ("join", it),
        JoinOperator::LeftOuter(it) => ("left join", it),
        JoinOperator::RightOuter(it) => ("right join", it),
        JoinOperator::FullOuter(it) => ("full join", it),
        JoinOperator::CrossJoin => ("cross join", &JoinConstraint::None),
        _ => return None,
    };
    let constraint = match constraint {
        JoinConstraint::On(condition) => Node::call("on", vec![node(condition)?]),
        JoinConstraint::Using(columns) => {
            let columns = columns.iter().map(|column| Node::Name(vec![ast::folded(column)]));
            Node::call("using", columns.collect())
        }
        JoinConstraint::Natural => Node::leaf("natural"),
        JoinConstraint::None => Node::leaf("on nothing"),
    };
    Some(Node::call(head, vec![left, source(&join.relation)?, constraint]))
}

fn source(factor: &TableFactor) -> Option<Node> {
    match factor {
        // The hints are what `dialect/token.rs` makes of `TABLESAMPLE`, and of the types of columns.
        TableFactor::Table { name, alias: it, args: None, with_hints, .. } => {
            let alias = match it {
                // Its own name as an alias says nothing.
                Some(it) if it.columns.is_empty() && is_own(name, it) => alias(None)?,
                it => alias(it.as_ref())?,
            };
            let sample = Node::call("sample", all(with_hints)?);
            Some(Node::call("table", vec![path(name)?, alias, sample]))
        }
        // Without types PostgreSQL adds the names of columns.
        TableFactor::Table { name, alias: it, args: Some(args), with_hints, .. }
            if !with_hints.is_empty() =>
        {
            let arguments = args.args.iter().map(call::argument).collect_all()?;
            let function = Node::call("function", vec![path(name)?, Node::call("of", arguments)]);
            let types = with_hints.iter().map(cast_type).collect_all()?;
            let types = Node::call("types", types);
            Some(Node::call("source", vec![function, alias(it.as_ref())?, types]))
        }
        TableFactor::Derived { lateral, subquery, alias: it } => {
            let head = if *lateral { "lateral query" } else { "query in from" };
            Some(Node::call(head, vec![query(subquery)?, alias(it.as_ref())?]))
        }
        TableFactor::NestedJoin { table_with_joins, alias: None } => joined(table_with_joins),
        _ => None,
    }
}

fn is_own(name: &sqlparser::ast::ObjectName, alias: &TableAlias) -> bool {
    ast::qualified(name).is_some_and(|name| name.name == ast::folded(&alias.name))
}

fn alias(alias: Option<&TableAlias>) -> Option<Node> {
    let Some(it) = alias else { return Some(Node::leaf("alias")) };
    if !ast::is_alias(&it.name) {
        return None;
    }
    // Not names, of which one may be longer than the other.
    let names = [&it.name].into_iter().chain(&it.columns);
    Some(Node::call("alias", names.map(|name| Node::text(&ast::folded(name))).collect()))
}
