//! What stands in `FROM`.

use super::super::ast;
use super::expression::{argument, expressions};
use super::query;
use crate::ddl::{Arm, Merge, Name, Source, SourceKind, TypeName};
use crate::list::CollectVec;
use sqlparser::ast::{
    Expr, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins,
};

/// A source that stands alone.
pub(super) fn plain(kind: SourceKind, alias: Option<String>) -> Source {
    Source {
        kind,
        alias,
        columns: Vec::new(),
        merge: Merge::None,
        lateral: false,
        qualified_only: false,
    }
}

/// The sources of a `FROM`; what their conditions and arguments name goes to the arm.
pub(super) fn sources(from: &[TableWithJoins], arm: &mut Arm) -> Vec<Source> {
    match from {
        [only] => chain(only, arm),
        many => many
            .iter()
            .map(|item| match item.joins.is_empty() {
                true => source(&item.relation, arm),
                // It merges no columns with those before the comma.
                false => plain(SourceKind::Join(chain(item, arm)), None),
            })
            .collect(),
    }
}

fn chain(item: &TableWithJoins, arm: &mut Arm) -> Vec<Source> {
    let mut sources = vec![source(&item.relation, arm)];
    for join in &item.joins {
        let mut joined = source(&join.relation, arm);
        joined.merge = merge(join, arm);
        sources.push(joined);
    }
    sources
}

fn merge(join: &Join, arm: &mut Arm) -> Merge {
    arm.complete &= !join.global;
    let constraint = match &join.join_operator {
        JoinOperator::Inner(it)
        | JoinOperator::LeftOuter(it)
        | JoinOperator::RightOuter(it)
        | JoinOperator::FullOuter(it) => it,
        JoinOperator::CrossJoin => return Merge::None,
        // Not PostgreSQL's: an alias that was taken for a keyword.
        _ => {
            arm.complete = false;
            return Merge::None;
        }
    };
    match constraint {
        JoinConstraint::On(condition) => {
            expressions([condition], arm);
            Merge::None
        }
        JoinConstraint::Using(columns) => Merge::Using(columns.iter().map(ast::folded).collect()),
        JoinConstraint::Natural => Merge::Natural,
        JoinConstraint::None => Merge::None,
    }
}

/// One source.
pub(super) fn source(factor: &TableFactor, arm: &mut Arm) -> Source {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
        } => {
            arm.complete &= version.is_none() && partitions.is_empty();
            match args {
                None => {
                    // As `dialect/token.rs` spells a `TABLESAMPLE`.
                    arm.complete &= with_hints.iter().all(|it| matches!(it, Expr::Function(_)));
                    expressions(with_hints, arm);
                    relation(name, alias.as_ref(), arm)
                }
                Some(args) => {
                    args.args.iter().for_each(|it| argument(it, arm));
                    arm.complete &= args.settings.is_none();
                    let types = with_hints.iter().map(|it| column_type(it, arm)).collect_vec();
                    function(name, (*with_ordinality, types), alias.as_ref(), arm)
                }
            }
        }
        TableFactor::Derived { lateral, subquery, alias } => {
            let kind = SourceKind::Query(Box::new(query(subquery)));
            Source { lateral: *lateral, ..aliased(kind, alias.as_ref(), arm) }
        }
        TableFactor::Function { name, args, alias, lateral: _ } => {
            args.iter().for_each(|it| argument(it, arm));
            function(name, (false, Vec::new()), alias.as_ref(), arm)
        }
        TableFactor::UNNEST { alias, array_exprs, with_offset, with_ordinality, .. } => {
            arm.complete &= !with_offset;
            expressions(array_exprs, arm);
            let name = Name { schema: None, name: "unnest".to_owned(), at: 0..0 };
            called(name, (*with_ordinality, Vec::new()), alias.as_ref(), arm)
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            let kind = SourceKind::Join(chain(table_with_joins, arm));
            aliased(kind, alias.as_ref(), arm)
        }
        TableFactor::TableFunction { expr, alias } => {
            expressions([expr], arm);
            aliased(SourceKind::Other, alias.as_ref(), arm)
        }
        TableFactor::JsonTable { alias, .. } => {
            arm.complete = false;
            aliased(SourceKind::Other, alias.as_ref(), arm)
        }
        _ => other(arm),
    }
}

fn other(arm: &mut Arm) -> Source {
    arm.complete = false;
    plain(SourceKind::Other, None)
}

fn aliased(kind: SourceKind, alias: Option<&TableAlias>, arm: &mut Arm) -> Source {
    let Some(alias) = alias else { return plain(kind, None) };
    arm.complete &= ast::is_alias(&alias.name);
    let columns = alias.columns.iter().map(ast::folded).collect();
    Source { columns, ..plain(kind, Some(ast::folded(&alias.name))) }
}

fn relation(name: &ObjectName, alias: Option<&TableAlias>, arm: &mut Arm) -> Source {
    let Some(relation) = ast::qualified(name) else { return other(arm) };
    if let (true, Some(alias)) = (is_only(name), alias) {
        // `ONLY t`, which is read as a table `only` that is called `t`.
        let table = Name { schema: None, name: ast::folded(&alias.name), at: 0..0 };
        return Source { alias: None, ..aliased(SourceKind::Relation(table), Some(alias), arm) };
    }
    arm.complete &= !is_only(name);
    aliased(SourceKind::Relation(relation), alias, arm)
}

/// The reserved word, which is no table's name.
pub(super) fn is_only(name: &ObjectName) -> bool {
    match name.0.as_slice() {
        [part] => part.quote_style.is_none() && part.value.eq_ignore_ascii_case("only"),
        _ => false,
    }
}

/// Of a column of a function, as `dialect/token.rs` spells it.
fn column_type(hint: &Expr, arm: &mut Arm) -> Option<TypeName> {
    let Expr::Cast { data_type, .. } = hint else {
        arm.complete = false;
        return None;
    };
    ast::type_name(data_type)
}

/// Whether its rows are numbered, and the types of its columns where they are written.
type Shape = (bool, Vec<Option<TypeName>>);

fn function(name: &ObjectName, shape: Shape, alias: Option<&TableAlias>, arm: &mut Arm) -> Source {
    match ast::qualified(name) {
        Some(name) => called(name, shape, alias, arm),
        None => other(arm),
    }
}

fn called(
    name: Name,
    (ordinality, types): Shape,
    alias: Option<&TableAlias>,
    arm: &mut Arm,
) -> Source {
    let kind = SourceKind::Function { name, ordinality, types };
    Source { lateral: true, ..aliased(kind, alias, arm) }
}
