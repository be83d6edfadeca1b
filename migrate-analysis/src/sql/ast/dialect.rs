//! PostgreSQL as `sqlparser` reads it, and what it reads wrongly or not at all read as PostgreSQL does.

mod infix;
mod operator;
mod prefix;
mod statement;
pub(super) mod token;

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use std::any::TypeId;

#[derive(Debug)]
pub(super) struct Postgres {
    is_long: bool,
}

/// Copying a chain of operators takes 4 kB of stack for each, unoptimised; in more tokens than these there
/// may be too many.
const LONG: usize = 10_000;

impl Postgres {
    pub(super) fn of(tokens: usize) -> &'static Postgres {
        if tokens > LONG { &Postgres { is_long: true } } else { &Postgres { is_long: false } }
    }
}

const BASE: PostgreSqlDialect = PostgreSqlDialect {};

/// Above that of `::`.
const FIELD: u8 = 150;

/// Below that of `OR`.
const ASSIGNMENT: u8 = 5;

/// What is no alias without `AS`. Where one of them stands behind an expression, it is a part of it that
/// `sqlparser` does not know: `a::bit varying`, `a::interval year`.
const NO_ALIASES: [Keyword; 14] = [
    Keyword::ARRAY,
    Keyword::CHAR,
    Keyword::CHARACTER,
    Keyword::DAY,
    Keyword::FILTER,
    Keyword::HOUR,
    Keyword::MINUTE,
    Keyword::MONTH,
    Keyword::OVER,
    Keyword::PRECISION,
    Keyword::SECOND,
    Keyword::VARYING,
    Keyword::WITHIN,
    Keyword::YEAR,
];

impl Dialect for Postgres {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        BASE.identifier_quote_style(identifier)
    }

    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        BASE.is_delimited_identifier_start(letter)
    }

    fn is_identifier_start(&self, letter: char) -> bool {
        BASE.is_identifier_start(letter)
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        BASE.is_identifier_part(letter)
    }

    fn is_custom_operator_part(&self, letter: char) -> bool {
        BASE.is_custom_operator_part(letter)
    }

    fn supports_unicode_string_literal(&self) -> bool {
        BASE.supports_unicode_string_literal()
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        BASE.supports_filter_during_aggregation()
    }

    fn supports_group_by_expr(&self) -> bool {
        BASE.supports_group_by_expr()
    }

    fn allow_extract_custom(&self) -> bool {
        BASE.allow_extract_custom()
    }

    fn allow_extract_single_quotes(&self) -> bool {
        BASE.allow_extract_single_quotes()
    }

    fn supports_create_index_with_clause(&self) -> bool {
        BASE.supports_create_index_with_clause()
    }

    fn supports_explain_with_utility_options(&self) -> bool {
        BASE.supports_explain_with_utility_options()
    }

    fn supports_listen(&self) -> bool {
        BASE.supports_listen()
    }

    fn supports_notify(&self) -> bool {
        BASE.supports_notify()
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        BASE.prec_value(precedence)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let precedence = match parser.peek_token().token {
            Token::Period => FIELD,
            // Operators like any other, not comparisons.
            ref token if infix::pattern(token).is_some() => BASE.prec_value(Precedence::PgOther),
            Token::Word(word) if word.keyword == Keyword::OPERATOR => {
                BASE.prec_value(Precedence::PgOther)
            }
            Token::Assignment => ASSIGNMENT,
            Token::Word(word) if word.keyword == Keyword::OVERLAPS => {
                BASE.prec_value(Precedence::Between)
            }
            // `sqlparser` takes `ESCAPE a` for `ESCAPE 'a'`.
            Token::Word(word)
                if word.keyword == Keyword::ESCAPE
                    && matches!(parser.peek_nth_token(1).token, Token::Word(_)) =>
            {
                return Some(refused("no literal"));
            }
            Token::Word(word) if NO_ALIASES.contains(&word.keyword) => {
                return Some(refused("no alias"));
            }
            _ if infix::null_test(parser).is_some() => BASE.prec_value(Precedence::Is),
            _ => return BASE.get_next_precedence(parser),
        };
        Some(Ok(precedence))
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        match parser.peek_token().token {
            Token::Word(word) if word.quote_style.is_none() => prefix::word(parser, &word),
            Token::Number(digits, _) => prefix::number(parser, &digits),
            _ => None,
        }
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        left: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let read = infix::read(parser, precedence)?;
        Some(match read {
            Ok(_) if self.is_long => refused("too long to be copied"),
            // It is only lent.
            Ok(made) => Ok(made(Box::new(left.clone()))),
            Err(error) => Err(error),
        })
    }

    fn parse_statement(&self, parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
        statement::read(parser).or_else(|| BASE.parse_statement(parser))
    }
}

fn is_keyword(parser: &Parser<'_>, wanted: Keyword) -> bool {
    keyword(parser, 0) == Some(wanted)
}

/// The keyword that the token is, so many behind the next.
fn keyword(parser: &Parser<'_>, at: usize) -> Option<Keyword> {
    match parser.peek_nth_token(at).token {
        Token::Word(word) => Some(word.keyword),
        _ => None,
    }
}

/// Whether the token is that word, so many behind the next.
fn is_word(parser: &Parser<'_>, at: usize, name: &str) -> bool {
    match parser.peek_nth_token(at).token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(name),
        _ => false,
    }
}

fn refused<T>(why: &str) -> Result<T, ParserError> {
    Err(ParserError::ParserError(why.to_owned()))
}
