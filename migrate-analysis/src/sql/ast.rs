//! `sqlparser`: the typed tree of a statement, for those that it can read.
//!
//! It refuses a twelfth of the world's migrations, and it is never asked whether something is
//! PostgreSQL: that is `grammar.rs`. Its `Display` is never run, and its spans are never used.

use super::stack::SQLPARSER_DEPTH;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// The tree of one statement; none where `sqlparser` cannot read it.
pub(crate) fn tree(sql: &str) -> Option<sqlparser::ast::Statement> {
    let dialect = PostgreSqlDialect {};
    // Its own limit is 50, which real views exceed.
    let parser = Parser::new(&dialect).with_recursion_limit(SQLPARSER_DEPTH);
    let mut statements = parser.try_with_sql(sql).ok()?.parse_statements().ok()?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Some(statement),
        _ => None,
    }
}
