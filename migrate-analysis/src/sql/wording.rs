//! The parser's errors in our words: lower case, no full stop, what was expected and what was found.

use super::lex::Kind;
use super::words::Words;
use crate::list::CollectVec;

/// The token that does not fit.
pub(crate) struct Found<'a> {
    pub(crate) words: Words<'a>,
    /// Its index; behind the last one for the end of the statement.
    pub(crate) at: usize,
}

impl Found<'_> {
    fn named(&self) -> String {
        let written = self.words.text(self.at);
        if written.is_empty() {
            return "the end of the statement".to_owned();
        }
        let mut letters = written.chars();
        let short: String =
            letters.by_ref().take(40).take_while(|&letter| letter != '\n').collect();
        if short.contains('`') {
            return format!("\"{short}\"");
        }
        if short.len() < written.len() { format!("`{short}…`") } else { format!("`{short}`") }
    }
}

/// `unexpected \`LIMIT\``.
pub(crate) fn unexpected(found: &Found<'_>) -> String {
    if found.words.text(found.at).is_empty() {
        return "unexpected end of the statement".to_owned();
    }
    format!("unexpected {}", found.named())
}

/// The parser's message in our words.
pub(crate) fn message(theirs: &str, found: &Found<'_>) -> String {
    let named = found.named();
    if theirs.starts_with("expected command") {
        return match (found.at, found.words.kind(0)) {
            (0, Some(Kind::Word)) => format!("unknown command {named}"),
            _ => unexpected(found),
        };
    }
    if is_comma(theirs) {
        return match (is_definition(found), found.words.text(found.at)) {
            (_, "") => format!("expected `)`, found {named}"),
            (true, _) => format!("expected `,`, found {named}"),
            (false, _) => unexpected(found),
        };
    }
    if let Some(sentence) = whole_sentence(theirs, &named) {
        return sentence;
    }
    let theirs_lower =
        theirs.strip_prefix("expected ").or_else(|| theirs.strip_prefix("Expected "));
    match theirs_lower {
        Some(expected) => format!("expected {}, found {named}", thing(expected)),
        None if theirs.starts_with("unexpected") => unexpected(found),
        None => plain(theirs),
    }
}

fn is_comma(theirs: &str) -> bool {
    matches!(theirs, "missing comma" | "expected COMMA")
}

/// Where what stands between commas begins with a name or a keyword.
fn is_definition(found: &Found<'_>) -> bool {
    let words = found.words;
    words.is_any(0, &["CREATE", "ALTER"]) && words.kind(found.at) == Some(Kind::Word)
}

/// Whether the parser stopped there, or only found fault with what it had read.
pub(crate) fn is_syntax(theirs: &str) -> bool {
    let begins =
        |with: &str| theirs.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with));
    ["expected", "unexpected", "missing", "invalid parameter"].into_iter().any(begins)
}

/// The parser needed something to go on with, whatever the author had in mind.
pub(crate) fn is_guess(theirs: &str) -> bool {
    is_comma(theirs)
        || matches!(
            theirs,
            "expected R_PAREN"
                | "Missing semicolon between statements"
                | "missing parameter number"
        )
}

/// The same for an error inside the body of a function.
pub(crate) fn message_in_body(theirs: &str, found: &Found<'_>) -> String {
    let message = message(theirs, found);
    match message.strip_suffix("the end of the statement") {
        Some(expected) => format!("{expected}the end of the function's body"),
        None => format!("{message} in the function's body"),
    }
}

fn whole_sentence(theirs: &str, named: &str) -> Option<String> {
    Some(match theirs {
        "Missing semicolon between statements" | "Missing semicolon after statement" => {
            format!("expected `;`, found {named}")
        }
        "unexpected trailing comma" | "unexpected closing comma" => "trailing `,`".to_owned(),
        "Missing column type" => format!("expected a type, found {named}"),
        "Join missing condition." => format!("expected `ON` or `USING`, found {named}"),
        "Missing select clause" => format!("expected `SELECT`, found {named}"),
        "Invalid parameter type. Use positional params like $1 instead." => {
            format!("unexpected {named}")
        }
        "Array missing ARRAY keyword." => format!("expected `ARRAY`, found {named}"),
        _ => return None,
    })
}

/// What stands behind "expected", as a person would say it.
fn thing(expected: &str) -> String {
    // What they found is said in our words.
    let expected = expected.split(", got ").next().unwrap_or(expected);
    let expected = expected.split(", found ").next().unwrap_or(expected);
    let known = match expected.trim_end_matches('.') {
        "expression" | "expr" | "expression list" | "an expression" | "expression or select" => {
            "an expression"
        }
        "path name" | "name" | "identifier" | "IDENT" | "field name" | "name ref list" => "a name",
        "type name" | "a type" | "simple type name" => "a type",
        "select stmt" | "SELECT, TABLE, VALUES, or EXECUTE" => "`VALUES` or a query",
        "start of a select statement" | "sub-SELECT" | "SELECT, TABLE, or VALUES statement" => {
            "a query"
        }
        "table relation name" | "relation name" | "table reference" | "from table" => "a table",
        "from item" | "from_item" => "a table or a sub-select",
        "column list" | "column definition list" => "a list of columns in brackets",
        "column_name" => "a column",
        "param list" => "a list of parameters in brackets",
        "row after comma" | "row list" => "a row",
        "numeric"
        | "numeric literal"
        | "integer literal"
        | "unsigned integer literal"
        | "count"
        | "INT_NUMBER" => "a number",
        "string literal" | "STRING" => "a string literal",
        "alter column option" => {
            "`TYPE`, `SET …`, `DROP …`, `ADD GENERATED …` or another action on the column"
        }
        "function option" => "an option of the function",
        other => return symbols(other),
    };
    known.to_owned()
}

/// `L_PAREN` and `SET_KW` as they are written, and words in capitals as SQL.
fn symbols(expected: &str) -> String {
    let words: Vec<String> = expected.split(' ').map(symbol).collect_vec();
    words.join(" ")
}

fn symbol(word: &str) -> String {
    let (core, comma) = match word.strip_suffix(',') {
        Some(core) => (core, ","),
        None => (word, ""),
    };
    let written = match core {
        "L_PAREN" => "(",
        "R_PAREN" => ")",
        "L_BRACK" => "[",
        "R_BRACK" => "]",
        "COMMA" => ",",
        "SEMICOLON" => ";",
        "COLON" => ":",
        "DOT" => ".",
        "EQ" => "=",
        "STAR" => "*",
        "FAT_ARROW" => "=>",
        "COLON_EQ" => ":=",
        _ => match core.strip_suffix("_KW") {
            Some(keyword) => keyword,
            None if core.len() > 1 && core.bytes().all(|byte| byte.is_ascii_uppercase()) => core,
            None => return word.to_owned(),
        },
    };
    format!("`{written}`{comma}")
}

fn plain(theirs: &str) -> String {
    let theirs = theirs.trim_end_matches('.');
    let mut letters = theirs.chars();
    let first = letters.next().unwrap_or(' ');
    // A sentence that begins with SQL keeps its capitals.
    if letters.clone().next().is_some_and(|second| second.is_ascii_lowercase()) {
        return first.to_lowercase().chain(letters).collect();
    }
    theirs.to_owned()
}

/// What to do about the parser's own errors, where the foreign forms have nothing to say.
pub(crate) fn help(theirs: &str, found: &Found<'_>) -> Option<String> {
    let written = found.words.text(found.at);
    match theirs {
        "Missing semicolon between statements" => {
            Some(format!("write a `;` before `{written}`: it ends each statement"))
        }
        "unexpected trailing comma" | "unexpected closing comma" => {
            match found.words.text(found.at + 1) {
                "" => Some("leave the comma out".to_owned()),
                next => Some(format!("leave out the comma before `{next}`")),
            }
        }
        _ if is_comma(theirs) && is_definition(found) => {
            Some(format!("is a `,` missing before `{written}`?"))
        }
        "Invalid parameter type. Use positional params like $1 instead." => {
            Some("a migration has no parameters: write the value itself".to_owned())
        }
        _ => None,
    }
}
