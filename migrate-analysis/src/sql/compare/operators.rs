//! Operators as PostgreSQL spells them.

use sqlparser::ast::{BinaryOperator as Binary, UnaryOperator as Unary};

/// None for what PostgreSQL does not have.
pub(super) fn binary(operator: &Binary) -> Option<&str> {
    Some(match operator {
        Binary::Plus => "+",
        Binary::Minus => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Modulo => "%",
        Binary::StringConcat => "||",
        Binary::Gt => ">",
        Binary::Lt => "<",
        Binary::GtEq => ">=",
        Binary::LtEq => "<=",
        Binary::Eq => "=",
        Binary::NotEq => "<>",
        Binary::And => "and",
        Binary::Or => "or",
        Binary::BitwiseOr => "|",
        Binary::BitwiseAnd => "&",
        // PostgreSQL has no `^` for bits: it is the power of a number.
        Binary::BitwiseXor | Binary::PGExp => "^",
        Binary::PGBitwiseXor => "#",
        Binary::PGBitwiseShiftLeft => "<<",
        Binary::PGBitwiseShiftRight => ">>",
        Binary::PGOverlap => "&&",
        Binary::PGRegexMatch => "~",
        Binary::PGRegexIMatch => "~*",
        Binary::PGRegexNotMatch => "!~",
        Binary::PGRegexNotIMatch => "!~*",
        Binary::PGLikeMatch => "~~",
        Binary::PGILikeMatch => "~~*",
        Binary::PGNotLikeMatch => "!~~",
        Binary::PGNotILikeMatch => "!~~*",
        Binary::PGStartsWith => "^@",
        Binary::Arrow => "->",
        Binary::LongArrow => "->>",
        Binary::HashArrow => "#>",
        Binary::HashLongArrow => "#>>",
        Binary::AtAt => "@@",
        Binary::AtArrow => "@>",
        Binary::ArrowAt => "<@",
        Binary::HashMinus => "#-",
        Binary::AtQuestion => "@?",
        Binary::Question => "?",
        Binary::QuestionAnd => "?&",
        Binary::QuestionPipe => "?|",
        Binary::Custom(operator) => operator,
        Binary::PGCustomBinaryOperator(path) => match path.as_slice() {
            [operator] => unequal(operator),
            [schema, operator] if schema.eq_ignore_ascii_case("pg_catalog") => unequal(operator),
            _ => return None,
        },
        _ => return None,
    })
}

fn unequal(operator: &str) -> &str {
    if operator == "!=" { "<>" } else { operator }
}

pub(super) fn unary(operator: &Unary) -> Option<&'static str> {
    Some(match operator {
        Unary::PGPrefixFactorial => "!!",
        Unary::PGBitwiseNot => "~",
        Unary::Plus => "+",
        Unary::Minus => "-",
        Unary::Not => "not",
        Unary::PGAbs => "@",
        Unary::PGCubeRoot => "||/",
        Unary::PGSquareRoot => "|/",
        _ => return None,
    })
}
