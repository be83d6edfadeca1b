//! What an expression begins with.

use super::refused;
use sqlparser::ast::{DataType, Expr, Value};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

/// What has a grammar of its own, and is the name of a column, too.
const SPECIAL: [Keyword; 10] = [
    Keyword::CEIL,
    Keyword::CONVERT,
    Keyword::EXTRACT,
    Keyword::FLOOR,
    Keyword::INTERVAL,
    Keyword::OVERLAY,
    Keyword::SAFE_CAST,
    Keyword::SUBSTRING,
    Keyword::TRIM,
    Keyword::TRY_CAST,
];

/// An unquoted word; none where `sqlparser` reads it as PostgreSQL does.
pub(super) fn word(parser: &mut Parser<'_>, word: &Word) -> Option<Result<Expr, ParserError>> {
    let next = parser.peek_nth_token(1).token;
    match next {
        // `SELECT FROM t` has no columns: an empty tuple, which PostgreSQL does not have.
        _ if word.keyword == Keyword::FROM => Some(Ok(Expr::Tuple(Vec::new()))),
        Token::SingleQuotedString(bits) if is_next(parser, 1) && is_bits(word) => {
            parser.next_token();
            parser.next_token();
            Some(Ok(Expr::Value(Value::SingleQuotedByteStringLiteral(bits))))
        }
        Token::LParen | Token::Period => None,
        Token::Word(alias)
            if alias.keyword == Keyword::NoKeyword
                && word.keyword != Keyword::NoKeyword
                && is_taken_for_literal(parser) =>
        {
            Some(column(parser, word))
        }
        Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::Number(..) => None,
        _ => SPECIAL.contains(&word.keyword).then(|| column(parser, word)),
    }
}

fn column(parser: &mut Parser<'_>, word: &Word) -> Result<Expr, ParserError> {
    parser.next_token();
    Ok(Expr::Identifier(word.to_ident()))
}

/// Of `b'101'`.
fn is_bits(word: &Word) -> bool {
    word.value.eq_ignore_ascii_case("b")
}

/// Whether `sqlparser` takes `date d`, a column with an alias, for `date 'd'`.
fn is_taken_for_literal(parser: &mut Parser<'_>) -> bool {
    let mut is_literal = false;
    let tried = parser.maybe_parse(|parser| {
        // Of a type that it has no word for, it reads no literals: `NOT a`.
        let is_known = !matches!(parser.parse_data_type()?, DataType::Custom(..));
        is_literal = is_known && parser.parse_literal_string().is_ok();
        refused::<()>("only tried")
    });
    tried.is_ok() && is_literal
}

/// `1_000` and `0b11` are not numbers with an alias.
pub(super) fn number(parser: &mut Parser<'_>, digits: &str) -> Option<Result<Expr, ParserError>> {
    let is_word = matches!(parser.peek_nth_token(1).token, Token::Word(_));
    (is_word && is_next(parser, digits.len())).then(|| refused("a number of another form"))
}

/// Whether nothing stands between the next token, which is so long, and that behind it.
fn is_next(parser: &Parser<'_>, length: usize) -> bool {
    let (first, second) = (parser.peek_token().location, parser.peek_nth_token(1).location);
    first.line == second.line && first.column + length as u64 == second.column
}
