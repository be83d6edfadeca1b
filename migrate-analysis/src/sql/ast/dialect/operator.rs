//! Where an operator ends.

use sqlparser::tokenizer::{Location, Token, TokenWithLocation};

/// Letters without which no operator of several ends in a sign: `a>-1` has two of them.
const LETTERS: [char; 10] = ['~', '!', '@', '#', '%', '^', '&', '|', '`', '?'];

/// `sqlparser` takes `a>=-1` for an operator `>=-`.
pub(super) fn split(tokens: Vec<TokenWithLocation>) -> Vec<TokenWithLocation> {
    let mut read = Vec::with_capacity(tokens.len());
    for token in tokens {
        match two(&token.token) {
            Some(both) => {
                let Location { line, column } = token.location;
                let places = (column..).map(|column| Location { line, column });
                let both = both.into_iter().zip(places);
                read.extend(both.map(|(token, location)| TokenWithLocation { token, location }));
            }
            None => read.push(token),
        }
    }
    read
}

/// The operator and the sign behind it.
fn two(token: &Token) -> Option<[Token; 2]> {
    let Token::CustomBinaryOperator(operator) = token else { return None };
    if operator.contains(LETTERS) {
        return None;
    }
    let (first, sign) = match (operator.strip_suffix('-'), operator.strip_suffix('+')) {
        (Some(first), _) => (first, Token::Minus),
        (_, Some(first)) => (first, Token::Plus),
        _ => return None,
    };
    let first = match first {
        "<" => Token::Lt,
        ">" => Token::Gt,
        "<=" => Token::LtEq,
        ">=" => Token::GtEq,
        "<>" => Token::Neq,
        "=" => Token::Eq,
        "+" => Token::Plus,
        "-" => Token::Minus,
        "*" => Token::Mul,
        "/" => Token::Div,
        "->" => Token::Arrow,
        "->>" => Token::LongArrow,
        "<<" => Token::ShiftLeft,
        ">>" => Token::ShiftRight,
        _ => return None,
    };
    Some([first, sign])
}
