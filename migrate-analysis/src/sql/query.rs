//! A query to what it reads and what comes out.
//!
//! Names are folded, not looked up. What is not understood for certain makes its arm incomplete: it is
//! never left out silently, because who looks the names up says what does not exist.

mod expression;
mod output;
mod source;
mod write;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_forms;

pub(super) use output::{is_nothing, name as output_name};

use super::ast;
use crate::ddl::{Arm, CommonTable, Name, Output, Select, Source, SourceKind};
use expression::{bare_name, expressions};
use sqlparser::ast as tree;
use sqlparser::ast::{Distinct, GroupByExpr, SetExpr, Statement};

/// What a query reads, or an `INSERT`, `UPDATE`, `DELETE`; none where `sqlparser` cannot read it.
pub(super) fn read(sql: &str) -> Option<Select> {
    ast::with_room(sql, || statement(&ast::tree(sql)?))
}

fn statement(statement: &Statement) -> Option<Select> {
    match statement {
        Statement::Query(it) => Some(query(it)),
        Statement::Insert(it) => Some(write::insert(it)),
        Statement::Update { .. } => write::update(statement),
        Statement::Delete(it) => Some(write::delete(it)),
        _ => None,
    }
}

fn query(query: &tree::Query) -> Select {
    let mut select = Select { complete: is_plain(query), ..Select::default() };
    if let Some(with) = &query.with {
        let tables = with.cte_tables.iter();
        select.with.extend(tables.map(|table| common_table(table, with.recursive)));
    }
    body(&query.body, &mut select);
    order_and_limit(query, &mut select);
    select
}

/// It has no clause that PostgreSQL does not have.
fn is_plain(query: &tree::Query) -> bool {
    query.for_clause.is_none() && query.settings.is_none() && query.format_clause.is_none()
}

fn common_table(table: &tree::Cte, recursive: bool) -> CommonTable {
    CommonTable {
        name: Some(ast::folded(&table.alias.name)),
        columns: table.alias.columns.iter().map(ast::folded).collect(),
        recursive,
        query: query(&table.query),
    }
}

/// The arms of a body, from left to right. Chains are as long as people like, and lean to the left.
fn body(body: &SetExpr, select: &mut Select) {
    let mut rest = vec![body];
    while let Some(body) = rest.pop() {
        match body {
            SetExpr::SetOperation { left, right, .. } => rest.extend([&**right, &**left]),
            SetExpr::Select(it) => select.arms.push(arm(it)),
            SetExpr::Query(it) if is_bare(it) => rest.push(&it.body),
            SetExpr::Query(it) => select.arms.push(nested(query(it))),
            SetExpr::Values(values) => select.arms.push(rows(values)),
            SetExpr::Insert(it) | SetExpr::Update(it) => written(it, select),
            SetExpr::Table(table) => select.arms.push(whole_table(table)),
        }
    }
}

/// Whether a query in brackets is its body and no more.
fn is_bare(query: &tree::Query) -> bool {
    query.with.is_none()
        && query.order_by.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.fetch.is_none()
        && is_plain(query)
}

/// An `INSERT` or `UPDATE` behind a `WITH`.
fn written(it: &Statement, select: &mut Select) {
    match statement(it) {
        Some(inner) => {
            select.complete &= inner.complete;
            select.with.extend(inner.with);
            select.arms.extend(inner.arms);
        }
        None => select.arms.push(unknown()),
    }
}

/// What nothing is known of.
fn unknown() -> Arm {
    Arm { outputs: vec![Output::Unknown], ..Arm::default() }
}

/// `SELECT * FROM (…)`.
fn nested(select: Select) -> Arm {
    let source = source::plain(SourceKind::Query(Box::new(select)), None);
    Arm { from: vec![source], outputs: vec![Output::Star], complete: true, ..Arm::default() }
}

fn rows(values: &tree::Values) -> Arm {
    let columns = values.rows.first().map(Vec::len);
    let mut arm = Arm { values: columns, complete: !values.explicit_row, ..Arm::default() };
    expressions(values.rows.iter().flatten(), &mut arm);
    arm
}

/// `TABLE t`.
fn whole_table(table: &tree::Table) -> Arm {
    // `sqlparser` does not say whether the name is quoted.
    let Some(name) = table.table_name.clone().filter(|name| is_lower(name)) else {
        return unknown();
    };
    if table.schema_name.as_ref().is_some_and(|schema| !is_lower(schema)) {
        return unknown();
    }
    let name = Name { schema: table.schema_name.clone(), name, at: 0..0 };
    let source = source::plain(SourceKind::Relation(name), None);
    Arm { from: vec![source], outputs: vec![Output::Star], complete: true, ..Arm::default() }
}

fn is_lower(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn arm(select: &tree::Select) -> Arm {
    let mut arm = Arm { complete: is_postgres(select), ..Arm::default() };
    arm.filtered = select.selection.is_some();
    arm.from = source::sources(&select.from, &mut arm);
    output::outputs(&select.projection, &mut arm);
    expressions(&select.selection, &mut arm);
    expressions(&select.having, &mut arm);
    match &select.distinct {
        Some(Distinct::On(keys)) => {
            arm.distinct = keys.iter().filter_map(bare_name).collect();
            expressions(keys.iter().filter(|key| bare_name(key).is_none()), &mut arm);
        }
        Some(Distinct::Distinct) | None => {}
    }
    match &select.group_by {
        GroupByExpr::Expressions(keys, modifiers) => {
            arm.complete &= modifiers.is_empty();
            arm.grouping = keys.iter().filter_map(bare_name).collect();
            expressions(keys.iter().filter(|key| bare_name(key).is_none()), &mut arm);
        }
        GroupByExpr::All(_) => arm.complete = false,
    }
    for tree::NamedWindowDefinition(_, window) in &select.named_window {
        if let tree::NamedWindowExpr::WindowSpec(window) = window {
            expression::window(window, &mut arm);
        }
    }
    arm
}

/// It has no clause that PostgreSQL does not have (nor a name that `sqlparser` takes for one).
pub(super) fn is_postgres(select: &tree::Select) -> bool {
    select.top.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.connect_by.is_none()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.qualify.is_none()
        && select.value_table_mode.is_none()
}

fn order_and_limit(query: &tree::Query, select: &mut Select) {
    // What these clauses name goes to the only arm; of several, no expression may be named.
    let mut clauses = Arm { complete: true, ..Arm::default() };
    if let Some(order) = &query.order_by {
        clauses.complete &= order.interpolate.is_none();
        for key in &order.exprs {
            clauses.complete &= key.with_fill.is_none();
            match bare_name(&key.expr) {
                Some(name) => select.order.push(name),
                None => expressions([&key.expr], &mut clauses),
            }
        }
    }
    clauses.complete &= query.limit_by.is_empty();
    expressions(&query.limit, &mut clauses);
    expressions(query.offset.iter().map(|offset| &offset.value), &mut clauses);
    expressions(query.fetch.iter().filter_map(|fetch| fetch.quantity.as_ref()), &mut clauses);
    match select.arms.as_mut_slice() {
        [arm] => {
            arm.uses.append(&mut clauses.uses);
            arm.subqueries.append(&mut clauses.subqueries);
            arm.complete &= clauses.complete;
        }
        _ => {
            select.complete &= clauses.complete && clauses.uses.is_empty();
            select.subqueries.append(&mut clauses.subqueries);
        }
    }
}

/// The names by which a whole row of a source can be meant.
fn source_named<'a>(sources: &'a [Source], name: &str) -> Option<&'a Source> {
    sources.iter().find(|source| match (&source.alias, &source.kind) {
        (Some(alias), _) => alias == name,
        (None, SourceKind::Relation(relation)) => relation.name == name,
        (None, _) => false,
    })
}
