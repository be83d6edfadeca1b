//! Statements that write rows, where `sqlparser` knows fewer forms than PostgreSQL.

use super::{is_keyword, refused};
use sqlparser::ast::{
    Cte, CteAsMaterialized, Delete, Expr, FromTable, Insert, Join, JoinOperator, OnConflict,
    OnConflictAction, OnInsert, Query, SelectItem, SetExpr, Statement, TableAlias, TableFactor,
    TableWithJoins, With,
};
use sqlparser::keywords::{Keyword, RESERVED_FOR_TABLE_ALIAS};
use sqlparser::parser::{IsOptional, Parser, ParserError};
use sqlparser::tokenizer::Token;

/// None for those that `sqlparser` reads itself.
pub(super) fn read(parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
    if is_keyword(parser, Keyword::WITH) {
        return Some(with(parser));
    }
    if is_keyword(parser, Keyword::INSERT) {
        return parser.maybe_parse(insert).transpose();
    }
    if parser.parse_keyword(Keyword::UPDATE) {
        return Some(update(parser));
    }
    parser.parse_keyword(Keyword::DELETE).then(|| delete(parser))
}

/// `WITH` at the top, where rows may be written: `sqlparser` knows no `DELETE` there.
fn with(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    parser.expect_keyword(Keyword::WITH)?;
    let recursive = parser.parse_keyword(Keyword::RECURSIVE);
    let cte_tables = parser.parse_comma_separated(common_table)?;
    let mut query = query(parser)?;
    query.with = Some(With { recursive, cte_tables });
    Ok(Statement::Query(query))
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

/// A query, or a statement that writes in the place of one.
fn query(parser: &mut Parser<'_>) -> Result<Box<Query>, ParserError> {
    let writes = [Keyword::INSERT, Keyword::UPDATE, Keyword::DELETE];
    if !writes.into_iter().any(|keyword| is_keyword(parser, keyword)) {
        return parser.parse_query();
    }
    Ok(Box::new(Query {
        with: None,
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
    if let Statement::Update { from: Some(from), selection, returning, .. } = &mut statement {
        if parser.peek_token() != Token::Comma {
            return Ok(statement);
        }
        while parser.consume_token(&Token::Comma) {
            from.joins.push(beside(parser.parse_table_and_joins()?));
        }
        *selection = condition(parser)?;
        *returning = rows(parser)?;
    }
    Ok(statement)
}

/// Behind `DELETE`. `sqlparser` takes `DELETE FROM t RETURNING a` for one from a table that is called
/// `RETURNING`.
fn delete(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    parser.expect_keyword(Keyword::FROM)?;
    let name = parser.parse_object_name(false)?;
    let alias = match is_keyword(parser, Keyword::RETURNING) {
        true => None,
        false => parser.parse_optional_table_alias(RESERVED_FOR_TABLE_ALIAS)?,
    };
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
    let returns = parser.parse_keyword(Keyword::RETURNING);
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

/// `INSERT INTO t (SELECT …)`, whose bracket `sqlparser` takes for that of a list of columns.
fn insert(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    parser.expect_keywords(&[Keyword::INSERT, Keyword::INTO])?;
    let table_name = parser.parse_object_name(false)?;
    let renamed = parser.parse_keyword(Keyword::AS);
    let table_alias = renamed.then(|| parser.parse_identifier(false)).transpose()?;
    let begins = |token: Token| {
        let queries = [Keyword::SELECT, Keyword::WITH, Keyword::VALUES];
        match token {
            Token::Word(word) => queries.contains(&word.keyword),
            token => token == Token::LParen,
        }
    };
    if !(parser.peek_token() == Token::LParen && begins(parser.peek_nth_token(1).token)) {
        return refused("a list of columns");
    }
    let source = parser.parse_query()?;
    let on = if parser.parse_keywords(&[Keyword::ON, Keyword::CONFLICT]) {
        parser.expect_keywords(&[Keyword::DO, Keyword::NOTHING])?;
        let action = OnConflictAction::DoNothing;
        Some(OnInsert::OnConflict(OnConflict { conflict_target: None, action }))
    } else {
        None
    };
    Ok(Statement::Insert(Insert {
        or: None,
        ignore: false,
        into: true,
        table_name,
        table_alias,
        columns: Vec::new(),
        overwrite: false,
        source: Some(source),
        partitioned: None,
        after_columns: Vec::new(),
        table: false,
        on,
        returning: rows(parser)?,
        replace_into: false,
        priority: None,
        insert_alias: None,
    }))
}
