//! What `INSERT`, `UPDATE` and `DELETE` read. Their table is the first source.

use super::super::ast;
use super::expression::expressions;
use super::{output, query, source, source_named};
use crate::ddl::{Arm, CommonTable, Select, Source, SourceKind};
use sqlparser::ast::{
    Assignment, Delete, FromTable, Insert, OnConflictAction, OnInsert, SelectItem, Statement,
};

pub(super) fn insert(insert: &Insert) -> Select {
    let mut arm = Arm { complete: is_postgres(insert), ..Arm::default() };
    let target = ast::qualified(&insert.table_name);
    let alias = insert.table_alias.as_ref().map(ast::folded);
    arm.complete &= target.is_some();
    let kind = target.map_or(SourceKind::Other, SourceKind::Relation);
    arm.from.push(source::plain(kind.clone(), alias));
    match &insert.on {
        Some(OnInsert::OnConflict(conflict)) => {
            if let OnConflictAction::DoUpdate(update) = &conflict.action {
                let excluded = source::plain(kind, Some("excluded".to_owned()));
                arm.from.push(Source { qualified_only: true, ..excluded });
                assigned(&update.assignments, &mut arm);
                expressions(&update.selection, &mut arm);
            }
        }
        Some(OnInsert::DuplicateKeyUpdate(_)) => arm.complete = false,
        Some(_) => arm.complete = false,
        None => {}
    }
    returning(insert.returning.as_deref(), &mut arm);
    let source = insert.source.as_ref().map(|source| CommonTable {
        name: None,
        columns: Vec::new(),
        recursive: false,
        query: query(source),
    });
    Select { with: source.into_iter().collect(), ..only(arm) }
}

fn is_postgres(insert: &Insert) -> bool {
    insert.or.is_none()
        && insert.partitioned.is_none()
        && insert.after_columns.is_empty()
        && insert.insert_alias.is_none()
}

/// None for any other statement.
pub(super) fn update(statement: &Statement) -> Option<Select> {
    let Statement::Update { table, assignments, from, selection, returning: rows } = statement
    else {
        return None;
    };
    let mut arm = Arm { complete: true, ..Arm::default() };
    // PostgreSQL has no joins there; what follows is in `FROM`.
    let target = source::sources(std::slice::from_ref(table), &mut arm);
    arm.complete &= target.len() == 1;
    arm.from = target;
    if let Some(from) = from {
        read_also(std::slice::from_ref(from), &mut arm);
    }
    assigned(assignments, &mut arm);
    expressions(selection, &mut arm);
    returning(rows.as_deref(), &mut arm);
    Some(only(arm))
}

pub(super) fn delete(delete: &Delete) -> Select {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let complete = delete.tables.is_empty() && delete.order_by.is_empty() && delete.limit.is_none();
    let mut arm = Arm { complete, ..Arm::default() };
    let target = source::sources(from, &mut arm);
    arm.complete &= target.len() == 1;
    arm.from = target;
    if let Some(using) = &delete.using {
        read_also(using, &mut arm);
    }
    expressions(&delete.selection, &mut arm);
    returning(delete.returning.as_deref(), &mut arm);
    only(arm)
}

/// `FROM` and `USING` behind the table that is written.
fn read_also(from: &[sqlparser::ast::TableWithJoins], arm: &mut Arm) {
    let sources = source::sources(from, arm);
    match (from.len(), sources.len()) {
        // A chain of joins merges no columns with the table that is written.
        (1, 2..) => arm.from.push(source::plain(SourceKind::Join(sources), None)),
        _ => arm.from.extend(sources),
    }
}

/// What is assigned; the columns that it is assigned to are the statement's own.
fn assigned(assignments: &[Assignment], arm: &mut Arm) {
    expressions(assignments.iter().map(|assignment| &assignment.value), arm);
}

fn returning(items: Option<&[SelectItem]>, arm: &mut Arm) {
    let Some(items) = items else { return };
    if let Some(target) = arm.from.first() {
        let kind = target.kind.clone();
        for name in ["old", "new"] {
            if source_named(&arm.from, name).is_none() {
                let row = source::plain(kind.clone(), Some(name.to_owned()));
                arm.from.push(Source { qualified_only: true, ..row });
            }
        }
    }
    output::outputs(items, arm);
}

fn only(arm: Arm) -> Select {
    Select { arms: vec![arm], complete: true, ..Select::default() }
}
