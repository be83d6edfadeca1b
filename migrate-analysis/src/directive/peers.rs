//! The marks of the peers, and what people write above the two halves of a file.

use super::{Direction, Directive, Misread, Section, split_word};
use crate::diagnostic::Code;

/// Whether this is sqlx's mark, which counts on the first line of a file only. sqlx takes whatever
/// follows it for a remark.
pub(crate) fn is_sqlx_no_transaction(comment: &str) -> bool {
    let rest = comment.strip_prefix("-- no-transaction");
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
}

/// Reads the text of a line comment, which begins at byte `at` of it.
pub(super) fn read(text: &str, at: usize) -> Option<Result<Directive, Misread>> {
    let misread = |peer: &str, help: String| Misread {
        code: Code::UnknownDirective,
        message: format!("`{text}` is no {peer} mark that we can follow"),
        help,
        range: at..at + text.len(),
    };
    if let Some(rest) = strip_prefix_ignore_case(text, "+goose") {
        return Some(goose(rest.trim()).map_err(|help| misread("goose", help)));
    }
    if let Some(rest) = strip_prefix_ignore_case(text, "+migrate") {
        return Some(sql_migrate(rest.trim()).map_err(|help| misread("sql-migrate", help)));
    }
    let directive = match text.trim_matches(['-', '/', ' ']) {
        "create above / drop below" | "@UNDO" => {
            Directive::Section(Section { separates: true, ..Section::explicit(Direction::Down) })
        }
        "tern: disable-tx" | "atlas:txmode none" => Directive::NoTransaction { whole_file: true },
        _ => return heading(text).map(|section| Ok(Directive::Section(section))),
    };
    Some(Ok(directive))
}

/// `UP`, `DOWN: drop the users`, `==== Down ====`, `Up Migration` (node-pg-migrate), `+micrate Up`.
/// `up to here …` is prose.
fn heading(text: &str) -> Option<Section> {
    const BESIDE: &[&str] =
        &["migration", "migrations", "script", "section", "rambler", "+micrate"];
    let frame = |c: char| "-=#*~<>[](){}!/ \t".contains(c);
    let bare = text.trim_matches(frame);
    let (first, rest) = split_word(bare, |c| c == ':');
    let named = |word: &str, words: &[&str]| words.iter().any(|it| word.eq_ignore_ascii_case(it));
    let direction = |word: &str| match word.trim_start_matches('+') {
        word if named(word, &["up", "ups"]) => Some(Direction::Up),
        word if named(word, &["down", "downs"]) => Some(Direction::Down),
        _ => None,
    };
    let second = rest.trim_start_matches([':', ' ', '\t']).trim_end();
    let direction = match direction(first) {
        Some(found) if rest.is_empty() || rest.starts_with(':') || named(second, BESIDE) => found,
        None if named(first, BESIDE) => direction(second)?,
        _ => return None,
    };
    Some(Section { plain: true, ..Section::explicit(direction) })
}

fn goose(words: &str) -> Result<Directive, String> {
    let section = |direction| Ok(Directive::Section(Section::explicit(direction)));
    match words.to_ascii_lowercase().as_str() {
        "up" => section(Direction::Up),
        "down" => section(Direction::Down),
        "no transaction" => Ok(Directive::NoTransaction { whole_file: true }),
        "statementbegin" | "statementend" => Ok(Directive::Neutral),
        word if word.starts_with("envsub") => {
            Err("environment variables are not substituted in an embedded script: write the value"
                .into())
        }
        _ => Err("goose knows `Up`, `Down`, `StatementBegin`, `StatementEnd` and `NO TRANSACTION`"
            .into()),
    }
}

fn sql_migrate(words: &str) -> Result<Directive, String> {
    let lower = words.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let direction = match words.next() {
        Some("up") => Direction::Up,
        Some("down") => Direction::Down,
        Some("statementbegin" | "statementend") => return Ok(Directive::Neutral),
        _ => {
            return Err(
                "sql-migrate knows `Up`, `Down`, `StatementBegin` and `StatementEnd`".into()
            );
        }
    };
    let no_transaction = match words.next() {
        None => false,
        Some("notransaction") => true,
        Some(_) => return Err("the only option after `Up` or `Down` is `notransaction`".into()),
    };
    Ok(Directive::Section(Section { no_transaction, ..Section::explicit(direction) }))
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}
