//! Words of expressions that are no reserved words, and may be columns.

use crate::ddl::Word;

/// Those that may stand where an operand might: `NFC` of `normalize(a, NFC)`, `KEYS` of `IS JSON WITH UNIQUE
/// KEYS`.
#[rustfmt::skip]
const WORDS: [&str; 87] = [
    "absent", "at", "by", "century", "conflict", "content", "current", "day", "decade", "document",
    "dow", "doy", "empty", "encoding", "epoch", "error", "escape", "exclude", "excluded", "filter",
    "first", "following", "format", "groups", "hour", "ignore", "isodow", "isoyear", "julian",
    "key", "keys", "last", "local", "microseconds", "millennium", "milliseconds", "minute",
    "month", "name", "new", "nfc", "nfd", "nfkc", "nfkd", "no", "normalized", "nulls", "object",
    "old", "ordinality", "others", "over", "partition", "passing", "path", "preceding", "quarter",
    "quotes", "range", "recursive", "respect", "rows", "scalar", "second", "separator",
    "standalone", "strict", "strip", "ties", "timezone", "timezone_hour", "timezone_minute",
    "type", "unbounded", "unconditional", "unknown", "value", "version", "week", "whitespace",
    "within", "without", "wrapper", "xml", "year", "yes", "zone",
];

/// Whether the name there may be a word of the syntax around it, and no column.
pub(super) fn is_syntax(words: &[Word], at: usize, name: &str) -> bool {
    WORDS.binary_search(&name).is_ok() && !is_operand(words, at)
}

/// Whether what stands there is certainly an operand.
fn is_operand(words: &[Word], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    let is_before = match before {
        None => true,
        Some(Word::Text(text)) => is_sign_of_operand(text) || BEFORE.contains(&text.as_str()),
        _ => false,
    };
    let is_behind = match words.get(at + 1) {
        None => true,
        Some(Word::Text(text)) => is_sign_of_operand(text) || BEHIND.contains(&text.as_str()),
        _ => false,
    };
    is_before && is_behind && !in_syntax_of_its_own(words, at)
}

/// Brackets, commas and operators.
fn is_sign_of_operand(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_alphanumeric() || "_\"'$.".contains(first))
}

/// Keywords that an operand follows.
const BEFORE: [&str; 18] = [
    "ALL",
    "AND",
    "BETWEEN",
    "CASE",
    "DISTINCT",
    "ELSE",
    "FROM",
    "ILIKE",
    "IN",
    "LIKE",
    "NOT",
    "OR",
    "SYMMETRIC",
    "THEN",
    "TO",
    "VARIADIC",
    "WHEN",
    "ZONE",
];

/// Keywords that follow an operand.
const BEHIND: [&str; 20] = [
    "AND", "AT", "BETWEEN", "COLLATE", "ELSE", "END", "FOR", "FROM", "ILIKE", "IN", "IS", "ISNULL",
    "LIKE", "NOT", "NOTNULL", "OR", "OVERLAPS", "SIMILAR", "THEN", "WHEN",
];

/// Whether it stands between the brackets of what is called, but has words of its own.
fn in_syntax_of_its_own(words: &[Word], at: usize) -> bool {
    let mut depth = 0usize;
    for (place, word) in words.iter().enumerate().take(at).rev() {
        match word {
            Word::Text(text) if text == ")" => depth += 1,
            Word::Text(text) if text == "(" && depth > 0 => depth -= 1,
            Word::Text(text) if text == "(" => {
                let called = match place.checked_sub(1).and_then(|at| words.get(at)) {
                    Some(Word::Function { name, .. }) => name.to_ascii_uppercase(),
                    Some(Word::Text(text)) => text.clone(),
                    _ => String::new(),
                };
                let has_words = called.starts_with("JSON") || called.starts_with("XML");
                if has_words || matches!(called.as_str(), "NORMALIZE" | "EXTRACT" | "OPERATOR") {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
