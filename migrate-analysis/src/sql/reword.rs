//! The statement in other words, for what the parser refuses and PostgreSQL accepts.
//!
//! To PostgreSQL a keyword that is not reserved is a name wherever it is not the keyword; the parser
//! takes some for the keyword too soon: `CREATE TABLE t (exclude int)`. So the word that it trips over
//! becomes a plain name of the same length, which leaves every place where it was, and the parser is
//! asked again. Nothing gets here that has not been refused.

use super::lex::{Kind, Lexer, Token};
use super::reader::keyword::{Class, class};
use super::words::Words;
use crate::list::CollectVec;
use std::ops::Range;

/// How often the parser is asked about one statement. One reworded word takes three times at most.
const MOST: usize = 24;

/// What is written instead of some tokens.
struct Rewording {
    tokens: Range<usize>,
    /// What each of their characters becomes: that of a name, or a blank.
    with: &'static str,
}

/// Whether `sql`, refused at byte `at`, is accepted in other words. `refused_at` asks the parser.
pub(super) fn is_accepted(
    sql: &str,
    at: usize,
    refused_at: &dyn Fn(&str) -> Option<usize>,
) -> bool {
    let (mut sql, mut at) = (sql.to_owned(), at);
    let mut asked = 0;
    while asked < MOST {
        let tokens = tokens_around(&sql, at);
        let words = Words::new(&sql, &tokens);
        let index = (0..words.len()).find(|&it| words.token(it).is_some_and(|it| it.end > at));
        let mut further = None;
        for rewording in rewordings(words, index.unwrap_or(words.len())) {
            asked += 1;
            let reworded = reworded(words, &rewording);
            match refused_at(&reworded) {
                None => return true,
                Some(place) if place > at => {
                    further = Some((reworded, place));
                    break;
                }
                Some(_) => {}
            }
        }
        match further {
            Some(next) => (sql, at) = next,
            None => return false,
        }
    }
    false
}

/// The tokens of the statement, or of the body that the place lies in.
fn tokens_around(sql: &str, at: usize) -> Vec<Token> {
    let tokens = tokens(sql, 0..sql.len());
    let is_body = |it: &&Token| {
        matches!(it.kind, Kind::Text | Kind::DollarText) && it.start < at && at < it.end
    };
    match tokens.iter().find(is_body) {
        Some(body) => self::tokens(sql, inside(sql, *body)),
        None => tokens,
    }
}

fn tokens(sql: &str, range: Range<usize>) -> Vec<Token> {
    let mut lexer = Lexer::new(sql, range.start, range.end);
    std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment()).collect_vec()
}

/// What stands between the quotes of a literal.
pub(super) fn inside(text: &str, literal: Token) -> Range<usize> {
    let written = text.get(literal.start..literal.end).unwrap_or("");
    let (opening, closing) = match literal.kind {
        Kind::DollarText => {
            let tag = written.get(1..).and_then(|rest| rest.find('$')).map_or(1, |it| it + 2);
            (tag, tag)
        }
        _ => (written.find('\'').map_or(1, |it| it + 1), 1),
    };
    let end = literal.end.saturating_sub(closing);
    (literal.start + opening).min(end)..end
}

fn reworded(words: Words<'_>, rewording: &Rewording) -> String {
    let mut sql = words.source().to_owned();
    for token in rewording.tokens.clone().filter_map(|index| words.token(index)) {
        sql.replace_range(token.start..token.end, &rewording.with.repeat(token.end - token.start));
    }
    sql
}

/// What may help where the parser refuses token `refused`: the name is the token itself, one of those
/// before it, or behind the comma that nothing seems to follow.
fn rewordings(words: Words<'_>, refused: usize) -> impl Iterator<Item = Rewording> {
    let last = refused + usize::from(words.kind(refused) == Some(Kind::Comma));
    let names = (refused.saturating_sub(2)..=last)
        .rev()
        .filter(move |&at| is_name(words, at))
        .map(|at| Rewording { tokens: at..at + 1, with: "_" });
    names.chain(order_of_exclusion(words, refused)).chain(storage_of_column(words, refused))
}

/// Keywords that some of PostgreSQL 13 to 18 have and others do not.
#[rustfmt::skip]
const RECENT: [&str; 13] = [
    "JSON", "JSON_ARRAY", "JSON_ARRAYAGG", "JSON_EXISTS", "JSON_OBJECT", "JSON_OBJECTAGG",
    "JSON_QUERY", "JSON_SCALAR", "JSON_SERIALIZE", "JSON_TABLE", "JSON_VALUE", "MERGE_ACTION",
    "SYSTEM_USER",
];

/// Keywords that are not reserved, and that the parser refuses for a reason: most of them name no column
/// of a result without `AS`.
#[rustfmt::skip]
const NEVER: [&str; 13] = [
    "DAY", "FILTER", "HOUR", "MINUTE", "MONTH", "OPERATOR", "OVER", "SECOND", "SET", "VARYING", "WITHIN",
    "WITHOUT", "YEAR",
];

/// Whether the word at `at` can be a name there, and the parser may not know it.
fn is_name(words: Words<'_>, at: usize) -> bool {
    if words.kind(at) != Some(Kind::Word) {
        return false;
    }
    match class(words.text(at)) {
        None => !words.is_any(at, &NEVER) && !is_no_keyword(words, at),
        _ if words.is_any(at, &RECENT) => true,
        Some(Class::Column) if is_column(words, at) => true,
        Some(Class::Function) if is_called(words, at) || is_column_of_result(words, at) => true,
        _ => is_argument_of_trigger(words, at),
    }
}

/// Where PostgreSQL takes a name that is no keyword: `EXTRACT(epoch FROM …)`, the options of a role.
fn is_no_keyword(words: Words<'_>, at: usize) -> bool {
    at > 1 && words.is(at - 2, "EXTRACT") && words.kind(at - 1) == Some(Kind::Open)
        || at > 2
            && words.is_any(0, &["CREATE", "ALTER"])
            && words.is_any(1, &["ROLE", "USER", "GROUP"])
            && !words.is(2, "MAPPING")
}

/// `(values, …)`, `WITH values AS`; `(time WITH &&)` in a constraint.
fn is_column(words: Words<'_>, at: usize) -> bool {
    use Kind::{Close, Comma, Dot, OpenBracket};
    let ends = matches!(words.kind(at + 1), Some(Close | Comma | Dot | OpenBracket));
    words.is(at, "VALUES") && (ends || words.is(at + 1, "AS"))
        || words.is_any(at, &["TIME", "TIMESTAMP"])
            && words.is(at + 1, "WITH")
            && words.kind(at + 2) == Some(Kind::Operator)
}

/// `FROM overlaps(…)`, `JOIN left(…)`.
fn is_called(words: Words<'_>, at: usize) -> bool {
    words.kind(at + 1) == Some(Kind::Open)
        && at > 0
        && words.is_any(at - 1, &["FROM", "JOIN", "LATERAL"])
}

/// `RETURNS TABLE (left integer)`, where a parameter has the name of a function.
fn is_column_of_result(words: Words<'_>, at: usize) -> bool {
    let is_first = at > 0 && matches!(words.kind(at - 1), Some(Kind::Open | Kind::Comma));
    let returns = (0..at).rev().find(|&it| words.are(it, &["RETURNS", "TABLE"]));
    is_first && returns.is_some_and(|it| words.behind_parens(it + 2) > at)
}

/// `EXECUTE FUNCTION f(title, desc)`: any word stands for itself.
fn is_argument_of_trigger(words: Words<'_>, at: usize) -> bool {
    let execute = (0..at).rev().find(|&it| words.is(it, "EXECUTE"));
    words.is(0, "CREATE")
        && execute.is_some_and(|it| {
            words.is_any(it + 1, &["FUNCTION", "PROCEDURE"])
                && words
                    .name(it + 2)
                    .is_some_and(|(_, open)| words.kind(open) == Some(Kind::Open) && open < at)
        })
}

/// `ADD COLUMN a text STORAGE external`, `COMPRESSION pglz`: the parser knows them in CREATE TABLE only.
fn storage_of_column(words: Words<'_>, at: usize) -> Option<Rewording> {
    let adds = (0..at).rev().find(|&it| words.is(it, "ADD"))?;
    let is_one = words.is(0, "ALTER")
        && at > adds + 2
        && words.is_any(at, &["STORAGE", "COMPRESSION"])
        && words.kind(at + 1) == Some(Kind::Word);
    is_one.then_some(Rewording { tokens: at..at + 2, with: " " })
}

/// `EXCLUDE (lower(a) text_ops DESC NULLS LAST WITH =)`: the parser knows it behind a name only.
fn order_of_exclusion(words: Words<'_>, at: usize) -> Option<Rewording> {
    (0..at).rev().find(|&it| words.is(it, "EXCLUDE"))?;
    let mut end = at;
    if !words.is_any(end, &["ASC", "DESC", "NULLS"]) {
        end = words.name(end)?.1;
    }
    if words.is_any(end, &["ASC", "DESC"]) {
        end += 1;
    }
    if words.is(end, "NULLS") && words.is_any(end + 1, &["FIRST", "LAST"]) {
        end += 2;
    }
    (end > at && words.is(end, "WITH")).then_some(Rewording { tokens: at..end, with: " " })
}
