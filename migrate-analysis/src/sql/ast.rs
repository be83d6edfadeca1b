//! `sqlparser`: the typed tree of a statement, for those that it can read.
//!
//! It refuses a twelfth of the world's migrations, and it is never asked whether something is
//! PostgreSQL: that is `grammar.rs`. Its `Display` is never run.

mod dialect;
mod type_name;

pub(super) use type_name::{catalog_name, type_name};

use super::lex::{Kind, Lexer, Token};
use super::reader::keyword::{self, Class};
use super::stack::{self, SQLPARSER_DEPTH};
use super::words::Words;
use crate::ddl::Name;
use dialect::{Postgres, token};
use sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectName, Statement};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token as SqlToken, Tokenizer};

/// PostgreSQL cuts names to this many bytes.
const NAME: usize = 63;

/// The tree of one statement; none where `sqlparser` cannot read it. To be called on a large stack.
pub(crate) fn tree(sql: &str) -> Option<Statement> {
    let mut statements = parser(sql)?.parse_statements().ok()?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Some(statement),
        _ => None,
    }
}

/// The tree of one expression. To be called on a large stack.
pub(super) fn expression(sql: &str) -> Option<Expr> {
    let mut parser = parser(sql)?;
    let expression = parser.parse_expr().ok()?;
    (parser.peek_token().token == SqlToken::EOF).then_some(expression)
}

fn parser(sql: &str) -> Option<Parser<'static>> {
    let tokens = Tokenizer::new(Postgres::of(0), sql).tokenize_with_location().ok()?;
    // Its own limit is 50, which real views exceed.
    let parser = Parser::new(Postgres::of(tokens.len())).with_recursion_limit(SQLPARSER_DEPTH);
    Some(parser.with_tokens_with_locations(token::readable(tokens)))
}

/// Runs `read` where the parser has room for `sql`; none if there is no such place.
pub(super) fn with_room<T: Send>(sql: &str, read: impl FnOnce() -> Option<T> + Send) -> Option<T> {
    let tokens = tokens(sql);
    let words = Words::new(sql, &tokens);
    let room = stack::suffices(words) && !has_unicode_name(sql, &tokens);
    if !room { None } else { stack::on_large_stack(read).flatten() }
}

/// Without comments.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(sql, 0, sql.len());
    std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment()).collect()
}

/// `U&"…"`, which `sqlparser` takes for `U & "…"`.
fn has_unicode_name(sql: &str, tokens: &[Token]) -> bool {
    let text = |token: &Token| sql.get(token.start..token.end).unwrap_or("");
    tokens
        .iter()
        .filter(|token| token.kind == Kind::QuotedName)
        .any(|token| text(token).starts_with(['u', 'U']))
}

/// A name as PostgreSQL keeps it: in lower case unless quoted, and cut.
pub(super) fn folded(ident: &Ident) -> String {
    let mut name = match ident.quote_style {
        None => ident.value.to_ascii_lowercase(),
        Some(_) => ident.value.clone(),
    };
    name.truncate(name.floor_char_boundary(NAME));
    name
}

/// `name := value`, which is an argument by its name.
pub(super) fn is_assignment(operator: &BinaryOperator) -> bool {
    matches!(operator, BinaryOperator::Custom(operator) if operator == ":=")
}

/// Whether it is the `*` of `(t).*`.
pub(super) fn is_every_field(key: &Ident) -> bool {
    key.quote_style.is_none() && key.value == token::EVERY_FIELD
}

/// Whether it can be the name of a table in a query. Where it cannot, `sqlparser` has taken a keyword for it:
/// `t TABLESAMPLE (a)`.
pub(super) fn is_alias(ident: &Ident) -> bool {
    match ident.quote_style {
        None => !matches!(keyword::class(&ident.value), Some(Class::Reserved | Class::Function)),
        quote => quote == Some('"'),
    }
}

/// The parts of a name.
pub(super) fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().map(folded).collect()
}

/// A name with its schema; the database before that is dropped.
pub(super) fn qualified(name: &ObjectName) -> Option<Name> {
    let mut parts = parts(name);
    let last = parts.pop()?;
    (parts.len() <= 2).then(|| Name { schema: parts.pop(), name: last, at: 0..0 })
}
