//! Whether constraints prove that a column holds no NULL.

use super::words::{Word, words};
use crate::catalog::{Constraint, ConstraintKind};
use crate::list::CollectVec;

/// Whether a constraint that all rows satisfy says that the column is not NULL, as PostgreSQL sees it: a CHECK
/// passes where it comes to NULL, so that `age > 0` proves nothing.
pub(super) fn proves_not_null(constraint: &Constraint, column: u32) -> bool {
    let ConstraintKind::Check(expression) = &constraint.kind else { return false };
    constraint.validated && !constraint.not_enforced && implies(&words(expression), column)
}

fn implies(words: &[Word], column: u32) -> bool {
    let words = without_brackets(words);
    let alternatives = split(words, "OR");
    if alternatives.len() > 1 {
        return alternatives.into_iter().all(|it| implies(it, column));
    }
    let parts = split(words, "AND");
    if parts.len() > 1 {
        return parts.into_iter().any(|it| implies(it, column));
    }
    let (of, test) = match words {
        [Word::Name(not), inside @ ..] if not.eq_ignore_ascii_case("NOT") => {
            let [of, test @ ..] = without_brackets(inside) else { return false };
            return *of == Word::Column(column) && is(test, &["IS", "NULL"]);
        }
        [Word::Open, of, Word::Close, test @ ..] | [of, test @ ..] => (of, test),
        [] => return false,
    };
    *of == Word::Column(column)
        && (is(test, &["IS", "NOT", "NULL"]) || is(test, &["IS", "DISTINCT", "FROM", "NULL"]))
}

fn is(words: &[Word], wanted: &[&str]) -> bool {
    let same = |(word, wanted): (&Word, &&str)| matches!(word, Word::Name(name) if name.eq_ignore_ascii_case(wanted));
    words.len() == wanted.len() && words.iter().zip(wanted).all(same)
}

/// What is inside the brackets around all of it.
fn without_brackets(words: &[Word]) -> &[Word] {
    match words {
        [Word::Open, inside @ .., Word::Close] if is_balanced(inside) => without_brackets(inside),
        _ => words,
    }
}

fn is_balanced(words: &[Word]) -> bool {
    let mut depth = 0i32;
    let closes_early = words.iter().any(|word| {
        depth += match word {
            Word::Open => 1,
            Word::Close => -1,
            _ => 0,
        };
        depth < 0
    });
    !closes_early
}

/// The parts between a keyword, outside of brackets and of `CASE … END`.
fn split<'a>(words: &'a [Word], keyword: &str) -> Vec<&'a [Word]> {
    let mut depth = 0i32;
    let is_cut = |word: &Word| {
        let name = match word {
            Word::Name(name) => name.as_str(),
            _ => "",
        };
        depth += match word {
            Word::Open => 1,
            Word::Close => -1,
            _ if name.eq_ignore_ascii_case("CASE") => 1,
            _ if name.eq_ignore_ascii_case("END") => -1,
            _ => 0,
        };
        depth == 0 && name.eq_ignore_ascii_case(keyword)
    };
    words.split(is_cut).collect_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Expr, Piece};

    fn proves(parts: &[&str]) -> bool {
        let piece = |part: &&str| match *part {
            "#" => Piece::Column(4),
            text => Piece::Text(text.to_owned()),
        };
        implies(&words(&Expr { pieces: parts.iter().map(piece).collect() }), 4)
    }

    #[test]
    fn what_proves_that_a_column_is_not_null() {
        assert!(proves(&["#", " IS NOT NULL"]));
        assert!(proves(&["((", "#", ") IS NOT NULL)"]));
        assert!(proves(&["#", " IS NOT NULL AND ", "#", " > 0"]));
        assert!(proves(&["#", " IS DISTINCT FROM NULL"]));
        assert!(proves(&["NOT (", "#", " IS NULL)"]));
        assert!(proves(&["(a AND ", "#", " IS NOT NULL) OR (", "#", " IS NOT NULL AND b)"]));
    }

    #[test]
    fn what_proves_nothing() {
        assert!(!proves(&["#", " > 0"]));
        assert!(!proves(&["#", " IS NOT NULL OR flag"]));
        assert!(!proves(&["(", "#", " IS NOT NULL) IS TRUE OR x"]));
        assert!(!proves(&["other IS NOT NULL"]));
        assert!(!proves(&["CASE WHEN a AND ", "#", " IS NOT NULL THEN b ELSE c END"]));
        assert!(!proves(&["x = ' AND ' OR ", "#", " IS NOT NULL"]));
    }
}
