//! Statements that write rows, where `sqlparser` knows fewer forms than PostgreSQL.

use super::token::RETURNING;
use super::{is_keyword, is_word, keyword};
use sqlparser::ast::{
    ConflictTarget, Cte, CteAsMaterialized, Delete, DoUpdate, Expr, FromTable, Insert, Join,
    JoinOperator, OnConflict, OnConflictAction, OnInsert, Query, SelectItem, SetExpr, Statement,
    TableAlias, TableFactor, TableWithJoins, With,
};
use sqlparser::keywords::{Keyword, RESERVED_FOR_TABLE_ALIAS};
use sqlparser::parser::{IsOptional, Parser, ParserError};
use sqlparser::tokenizer::Token;

/// None for those that `sqlparser` reads itself.
pub(super) fn read(parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
    if is_keyword(parser, Keyword::WITH) {
        return Some(query(parser).map(Statement::Query));
    }
    if parser.parse_keyword(Keyword::INSERT) {
        return Some(insert(parser));
    }
    if parser.parse_keyword(Keyword::UPDATE) {
        return Some(update(parser));
    }
    parser.parse_keyword(Keyword::DELETE).then(|| delete(parser))
}

fn common_table(parser: &mut Parser<'_>) -> Result<Cte, ParserError> {
    let name = parser.parse_identifier(false)?;
    let columns = parser.parse_parenthesized_column_list(IsOptional::Optional, false)?;
    parser.expect_keyword(Keyword::AS)?;
    let materialized = if parser.parse_keyword(Keyword::MATERIALIZED) {
        Some(CteAsMaterialized::Materialized)
    } else if parser.parse_keywords(&[Keyword::NOT, Keyword::MATERIALIZED]) {
        Some(CteAsMaterialized::NotMaterialized)
    } else {
        None
    };
    parser.expect_token(&Token::LParen)?;
    let query = query(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Cte { alias: TableAlias { name, columns }, query, from: None, materialized })
}

/// A query, or a statement that writes in the place of one. `WITH` stands at the top, where rows may be written:
/// `sqlparser` knows no `DELETE` there.
fn query(parser: &mut Parser<'_>) -> Result<Box<Query>, ParserError> {
    let with = if parser.parse_keyword(Keyword::WITH) {
        let recursive = parser.parse_keyword(Keyword::RECURSIVE);
        let cte_tables = parser.parse_comma_separated(common_table)?;
        Some(With { recursive, cte_tables })
    } else {
        None
    };
    let writes = [Keyword::INSERT, Keyword::UPDATE, Keyword::DELETE];
    if !writes.iter().any(|keyword| is_keyword(parser, *keyword)) {
        let mut query = parser.parse_query()?;
        query.with = with.or(query.with);
        return Ok(query);
    }
    Ok(Box::new(Query {
        with,
        // There is no place for a `DELETE` of its own.
        body: Box::new(SetExpr::Update(parser.parse_statement()?)),
        order_by: None,
        limit: None,
        limit_by: Vec::new(),
        offset: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
    }))
}

/// Behind `UPDATE`. `sqlparser` knows but one table in its `FROM`; the others are joined to it, which says
/// the same.
fn update(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    let mut statement = parser.parse_update()?;
    if let Statement::Update { from, selection, returning, .. } = &mut statement {
        if let Some(from) = from
            && parser.peek_token() == Token::Comma
        {
            while parser.consume_token(&Token::Comma) {
                from.joins.push(beside(parser.parse_table_and_joins()?));
            }
            *selection = condition(parser)?;
        }
        *returning = rows(parser)?;
    }
    Ok(statement)
}

/// Behind `DELETE`.
fn delete(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    parser.expect_keyword(Keyword::FROM)?;
    let name = parser.parse_object_name(false)?;
    let alias = parser.parse_optional_table_alias(RESERVED_FOR_TABLE_ALIAS)?;
    let table = TableFactor::Table {
        name,
        alias,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
    };
    let using = match parser.parse_keyword(Keyword::USING) {
        true => Some(parser.parse_comma_separated(Parser::parse_table_and_joins)?),
        false => None,
    };
    Ok(Statement::Delete(Delete {
        tables: Vec::new(),
        from: FromTable::WithFromKeyword(vec![TableWithJoins {
            relation: table,
            joins: Vec::new(),
        }]),
        using,
        selection: condition(parser)?,
        returning: rows(parser)?,
        order_by: Vec::new(),
        limit: None,
    }))
}

fn condition(parser: &mut Parser<'_>) -> Result<Option<Expr>, ParserError> {
    parser.parse_keyword(Keyword::WHERE).then(|| parser.parse_expr()).transpose()
}

fn rows(parser: &mut Parser<'_>) -> Result<Option<Vec<SelectItem>>, ParserError> {
    let returns = parser.parse_keyword(RETURNING);
    returns.then(|| parser.parse_comma_separated(Parser::parse_select_item)).transpose()
}

/// What stands behind a comma, as a join without a condition.
fn beside(item: TableWithJoins) -> Join {
    let relation = match item.joins.is_empty() {
        true => item.relation,
        false => TableFactor::NestedJoin { table_with_joins: Box::new(item), alias: None },
    };
    Join { relation, global: false, join_operator: JoinOperator::CrossJoin }
}

/// Behind `INSERT`.
fn insert(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    parser.expect_keyword(Keyword::INTO)?;
    let table_name = parser.parse_object_name(false)?;
    let renamed = parser.parse_keyword(Keyword::AS);
    let table_alias = renamed.then(|| parser.parse_identifier(false)).transpose()?;
    let columns = match begins_query(parser) {
        true => Vec::new(),
        false => parser.parse_parenthesized_column_list(IsOptional::Optional, false)?,
    };
    skip_overriding(parser);
    let source = match parser.parse_keywords(&[Keyword::DEFAULT, Keyword::VALUES]) {
        true => None,
        false => Some(parser.parse_query()?),
    };
    Ok(Statement::Insert(Insert {
        or: None,
        ignore: false,
        into: true,
        table_name,
        table_alias,
        columns,
        overwrite: false,
        source,
        partitioned: None,
        after_columns: Vec::new(),
        table: false,
        on: conflict(parser)?,
        returning: rows(parser)?,
        replace_into: false,
        priority: None,
        insert_alias: None,
    }))
}

/// Whether a query stands in the next bracket: `INSERT INTO t (SELECT …)`. A column may be called `values`.
fn begins_query(parser: &Parser<'_>) -> bool {
    let is_open = |at: usize| parser.peek_nth_token(at) == Token::LParen;
    is_open(0)
        && match keyword(parser, 1) {
            Some(Keyword::SELECT | Keyword::WITH | Keyword::TABLE) => true,
            Some(Keyword::VALUES) => is_open(2),
            _ => is_open(1),
        }
}

/// `OVERRIDING SYSTEM VALUE`, which names nothing.
fn skip_overriding(parser: &mut Parser<'_>) {
    let is_whose = is_word(parser, 1, "SYSTEM") || is_word(parser, 1, "USER");
    if is_word(parser, 0, "OVERRIDING") && is_whose && is_word(parser, 2, "VALUE") {
        for _ in 0..3 {
            parser.next_token();
        }
    }
}

fn conflict(parser: &mut Parser<'_>) -> Result<Option<OnInsert>, ParserError> {
    if !parser.parse_keywords(&[Keyword::ON, Keyword::CONFLICT]) {
        return Ok(None);
    }
    let conflict_target = if parser.parse_keywords(&[Keyword::ON, Keyword::CONSTRAINT]) {
        Some(ConflictTarget::OnConstraint(parser.parse_object_name(false)?))
    } else {
        let columns = parser.parse_parenthesized_column_list(IsOptional::Optional, false)?;
        (!columns.is_empty()).then_some(ConflictTarget::Columns(columns))
    };
    parser.expect_keyword(Keyword::DO)?;
    let action = if parser.parse_keyword(Keyword::NOTHING) {
        OnConflictAction::DoNothing
    } else {
        parser.expect_keywords(&[Keyword::UPDATE, Keyword::SET])?;
        let assignments = parser.parse_comma_separated(Parser::parse_assignment)?;
        OnConflictAction::DoUpdate(DoUpdate { assignments, selection: condition(parser)? })
    };
    Ok(Some(OnInsert::OnConflict(OnConflict { conflict_target, action })))
}
