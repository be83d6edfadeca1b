//! What follows an operand.

use super::{is_keyword, is_word, keyword};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Ident, ObjectName, UnaryOperator, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// The expression that the operand becomes a part of.
pub(super) type Made = Box<dyn FnOnce(Box<Expr>) -> Expr>;

fn made(expression: impl FnOnce(Box<Expr>) -> Expr + 'static) -> Result<Made, ParserError> {
    Ok(Box::new(expression))
}

/// None for what `sqlparser` reads itself.
pub(super) fn read(parser: &mut Parser<'_>, precedence: u8) -> Option<Result<Made, ParserError>> {
    if let Some(negated) = is_in_values(parser) {
        return Some(in_query(parser, negated));
    }
    if let Some(quantified) = quantified(parser) {
        return Some(any_or_all(parser, quantified));
    }
    if let Some(test) = null_test(parser) {
        parser.next_token();
        return Some(made(test));
    }
    if let Some(test) = json_test(parser) {
        return Some(test);
    }
    if is_bit_varying(parser) {
        return Some(bit_varying(parser));
    }
    if parser.parse_keyword(Keyword::COLLATE) {
        let collation = parser.parse_object_name(false);
        return Some(
            collation.and_then(|collation| made(move |expr| Expr::Collate { expr, collation })),
        );
    }
    if parser.consume_token(&Token::Period) {
        let key = parser.parse_identifier(false);
        return Some(key.and_then(|key| made(move |expr| Expr::CompositeAccess { expr, key })));
    }
    binary(parser).map(|operator| {
        let right = Box::new(parser.parse_subexpr(precedence)?);
        made(move |left| operator(left, right))
    })
}

type Binary = fn(Box<Expr>, Box<Expr>) -> Expr;

/// The operators whose right side `sqlparser` does not find.
fn binary(parser: &mut Parser<'_>) -> Option<Binary> {
    use Keyword::{DISTINCT, FROM, IS, NOT};
    // It takes `a IS DISTINCT FROM b AND c` for `a IS DISTINCT FROM (b AND c)`.
    if parser.parse_keywords(&[IS, DISTINCT, FROM]) {
        return Some(Expr::IsDistinctFrom);
    }
    if parser.parse_keywords(&[IS, NOT, DISTINCT, FROM]) {
        return Some(Expr::IsNotDistinctFrom);
    }
    if parser.consume_token(&Token::Assignment) {
        return Some(|left, right| custom(left, ":=", right));
    }
    let overlaps = parser.parse_keyword(Keyword::OVERLAPS);
    overlaps.then_some(|left, right| custom(left, "overlaps", right))
}

fn custom(left: Box<Expr>, operator: &str, right: Box<Expr>) -> Expr {
    Expr::BinaryOp { left, op: BinaryOperator::Custom(operator.to_owned()), right }
}

/// The operators behind `LIKE` and regular expressions.
pub(super) fn pattern(token: &Token) -> Option<BinaryOperator> {
    Some(match token {
        Token::Tilde => BinaryOperator::PGRegexMatch,
        Token::TildeAsterisk => BinaryOperator::PGRegexIMatch,
        Token::ExclamationMarkTilde => BinaryOperator::PGRegexNotMatch,
        Token::ExclamationMarkTildeAsterisk => BinaryOperator::PGRegexNotIMatch,
        Token::DoubleTilde => BinaryOperator::PGLikeMatch,
        Token::DoubleTildeAsterisk => BinaryOperator::PGILikeMatch,
        Token::ExclamationMarkDoubleTilde => BinaryOperator::PGNotLikeMatch,
        Token::ExclamationMarkDoubleTildeAsterisk => BinaryOperator::PGNotILikeMatch,
        _ => return None,
    })
}

/// `a ~~ ANY (…)`, `a NOT LIKE ALL (…)`: `sqlparser` knows comparisons only.
struct Quantified {
    operator: BinaryOperator,
    quantifier: Keyword,
    /// Up to the bracket.
    tokens: usize,
}

fn quantified(parser: &Parser<'_>) -> Option<Quantified> {
    let (operator, length) = match pattern(&parser.peek_token().token) {
        Some(operator) => (operator, 1),
        None => match (keyword(parser, 0)?, keyword(parser, 1)?) {
            (Keyword::LIKE, _) => (BinaryOperator::PGLikeMatch, 1),
            (Keyword::ILIKE, _) => (BinaryOperator::PGILikeMatch, 1),
            (Keyword::NOT, Keyword::LIKE) => (BinaryOperator::PGNotLikeMatch, 2),
            (Keyword::NOT, Keyword::ILIKE) => (BinaryOperator::PGNotILikeMatch, 2),
            _ => return None,
        },
    };
    let quantifier = keyword(parser, length)?;
    let is_quantifier = [Keyword::ANY, Keyword::SOME, Keyword::ALL].contains(&quantifier);
    is_quantifier.then_some(Quantified { operator, quantifier, tokens: length + 1 })
}

/// `a IN (VALUES …)`, for which `sqlparser` knows a `SELECT` only; whether it is `NOT IN`.
fn is_in_values(parser: &Parser<'_>) -> Option<bool> {
    let negated = keyword(parser, 0) == Some(Keyword::NOT);
    let at = usize::from(negated);
    let is_query = keyword(parser, at) == Some(Keyword::IN)
        && parser.peek_nth_token(at + 1) == Token::LParen
        && keyword(parser, at + 2) == Some(Keyword::VALUES);
    is_query.then_some(negated)
}

fn in_query(parser: &mut Parser<'_>, negated: bool) -> Result<Made, ParserError> {
    let _ = parser.parse_keyword(Keyword::NOT);
    parser.expect_keyword(Keyword::IN)?;
    parser.expect_token(&Token::LParen)?;
    let subquery = parser.parse_query()?;
    parser.expect_token(&Token::RParen)?;
    made(move |expr| Expr::InSubquery { expr, subquery, negated })
}

fn any_or_all(parser: &mut Parser<'_>, it: Quantified) -> Result<Made, ParserError> {
    for _ in 0..it.tokens {
        parser.next_token();
    }
    parser.expect_token(&Token::LParen)?;
    let is_query = is_keyword(parser, Keyword::SELECT) || is_keyword(parser, Keyword::WITH);
    let right = match is_query {
        true => Expr::Subquery(parser.parse_query()?),
        false => parser.parse_expr()?,
    };
    parser.expect_token(&Token::RParen)?;
    let (right, compare_op) = (Box::new(right), it.operator);
    match it.quantifier {
        Keyword::ALL => made(move |left| Expr::AllOp { left, compare_op, right }),
        _ => made(move |left| Expr::AnyOp { left, compare_op, right, is_some: false }),
    }
}

/// `a ISNULL`, `a NOTNULL`, which are not aliases.
pub(super) fn null_test(parser: &Parser<'_>) -> Option<fn(Box<Expr>) -> Expr> {
    if is_word(parser, 0, "ISNULL") {
        return Some(Expr::IsNull);
    }
    is_word(parser, 0, "NOTNULL").then_some(Expr::IsNotNull)
}

/// `a IS [NOT] JSON [kind] [WITH UNIQUE KEYS]` as an operator that is called so.
fn json_test(parser: &mut Parser<'_>) -> Option<Result<Made, ParserError>> {
    use Keyword::{IS, JSON, KEYS, NOT, UNIQUE, WITH, WITHOUT};
    let negated = parser.parse_keywords(&[IS, NOT, JSON]);
    if !negated && !parser.parse_keywords(&[IS, JSON]) {
        return None;
    }
    let mut operator = "is json".to_owned();
    let kinds = [("VALUE", ""), ("ARRAY", " array"), ("OBJECT", " object"), ("SCALAR", " scalar")];
    if let Some((_, kind)) = kinds.iter().find(|(word, _)| is_word(parser, 0, word)) {
        parser.next_token();
        operator.push_str(kind);
    }
    let unique = parser.parse_keywords(&[WITH, UNIQUE]);
    if unique || parser.parse_keywords(&[WITHOUT, UNIQUE]) {
        let _ = parser.parse_keyword(KEYS);
        operator.push_str(if unique { " with unique keys" } else { "" });
    }
    Some(made(move |left| {
        let test = custom(left, &operator, Box::new(Expr::Value(Value::Null)));
        match negated {
            true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(test) },
            false => test,
        }
    }))
}

/// `a::bit varying`, which `sqlparser` takes for a `bit` that is called so.
fn is_bit_varying(parser: &Parser<'_>) -> bool {
    parser.peek_token() == Token::DoubleColon
        && is_word(parser, 1, "bit")
        && keyword(parser, 2) == Some(Keyword::VARYING)
}

fn bit_varying(parser: &mut Parser<'_>) -> Result<Made, ParserError> {
    for _ in 0..3 {
        parser.next_token();
    }
    let modifiers = parser.parse_optional_type_modifiers()?.unwrap_or_default();
    let data_type = DataType::Custom(ObjectName(vec![Ident::new("varbit")]), modifiers);
    made(|expr| Expr::Cast { kind: CastKind::DoubleColon, expr, data_type, format: None })
}
