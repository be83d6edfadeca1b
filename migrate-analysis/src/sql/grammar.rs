//! Is it PostgreSQL? `squawk-syntax` says so, one statement at a time, and this room says it in our words.
//!
//! What the gate refuses does not compile, so it must never refuse what PostgreSQL accepts. Where the
//! parser cannot be trusted to answer (brackets nested without end, a panic inside of it), the answer is
//! that we do not know: the statement is opaque.

use super::foreign::{self, Form};
use super::lex::{Kind, Lexer, Token};
use super::split::{Span, Split};
use super::wording::{self, Found};
use super::words::Words;
use super::{Problem, ProblemKind, ast, bridge, reader, reword, stack};
use crate::ddl::Command;
use crate::list::CollectVec;
use crate::ordered::sort_by_key;
use squawk_syntax::SourceFile;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the parsers say of a statement.
pub(crate) struct Reading {
    pub(crate) problem: Option<Problem>,
    /// It is PostgreSQL, and the analysis can tell what it does.
    pub(crate) understood: bool,
}

impl Reading {
    /// Nobody was asked.
    pub(crate) const UNREAD: Reading = Reading { problem: None, understood: false };
}

/// An error of the parser, in bytes of the statement.
struct Error {
    range: Range<usize>,
    message: String,
}

/// Asks the gate about each statement, and then whether it can be analysed. `opaque` holds the statements
/// that are taken out of the analysis.
pub(crate) fn read(text: &str, split: &Split, opaque: &[bool]) -> Vec<Reading> {
    let asked = |at: usize| !opaque.get(at).copied().unwrap_or(false);
    let read_all = || {
        let spans = split.statements.iter().enumerate();
        spans
            .map(|(at, span)| {
                let words = Words::new(text, split.tokens_of(span));
                let readable = stack::suffices(words) && !has_continued_escapes(words);
                if span.broken || !asked(at) || !readable {
                    return Reading::UNREAD;
                }
                // The panics are real: `squawk-parser` asserts that it makes progress, that its markers
                // are closed, and more.
                let reading = catch_unwind(AssertUnwindSafe(|| read_statement(text, words, span)));
                reading.unwrap_or(Reading::UNREAD)
            })
            .collect_vec()
    };
    stack::on_large_stack(read_all)
        .unwrap_or_else(|| split.statements.iter().map(|_| Reading::UNREAD).collect_vec())
}

fn read_statement(text: &str, words: Words<'_>, span: &Span) -> Reading {
    let sql = text.get(span.range.clone()).unwrap_or("");
    let refused = |problem| Reading { problem: Some(problem), understood: false };
    if let Some(error) = first_error(sql, words, span) {
        if is_unknown_to_the_parser(words) || is_accepted_in_other_words(sql, words, span, &error) {
            let understood = reader::command(words) != Command::Opaque
                || bridge::knows(words, &bridge::heading(words));
            return Reading { problem: None, understood };
        }
        return refused(problem(text, words, span, &error));
    }
    if let Some(form) = foreign::refused(words) {
        return refused(from_form(words, span, &form));
    }
    let understood = reader::command(words) != Command::Opaque
        || bridge::knows(words, &bridge::heading(words))
        || ast::tree(sql).is_some();
    Reading { problem: None, understood }
}

/// Whether the parser takes a name for a keyword, and that is all.
fn is_accepted_in_other_words(sql: &str, words: Words<'_>, span: &Span, error: &Error) -> bool {
    let refused_at = |sql: &str| first_error(sql, words, span).map(|error| error.range.start);
    let is_about_words = wording::is_syntax(&error.message)
        || error.message.ends_with("is a reserved keyword")
        || error.message.ends_with("is not a valid function name");
    is_about_words && reword::is_accepted(sql, error.range.start, &refused_at)
}

/// The first thing in `sql`, which stands at `span`, that PostgreSQL would refuse.
fn first_error(sql: &str, words: Words<'_>, span: &Span) -> Option<Error> {
    let is_unchecked = is_unchecked(words.source());
    let errors = SourceFile::parse(sql).errors();
    let error = errors.iter().find(|error| {
        let at = span.range.start + usize::from(error.range().start());
        let is_let_pass =
            is_doubtful(error.message()) || is_unchecked && body_at(words, at).is_some();
        !is_let_pass
    })?;
    let range = usize::from(error.range().start())..usize::from(error.range().end());
    Some(Error { range, message: error.message().to_owned() })
}

/// What the parser refuses and PostgreSQL's grammar accepts, found by comparing the two.
fn is_doubtful(message: &str) -> bool {
    matches!(
        message,
        // A line comment may stand there.
        "Comments between string literals are not allowed."
        // A word like any other among the arguments of a trigger function.
        | "DEFAULT is not allowed in this context"
        // The grammar takes any expression; what it is told of later is no syntax.
        | "Type modifiers must be simple constants or identifiers"
        // `SELECT FROM t` has no columns, and may stand in brackets.
        | "Expected a target after SELECT"
    )
}

/// Forms that PostgreSQL's grammar has and the parser does not: found with `tests/cases/sql/accepted*.sql`.
fn is_unknown_to_the_parser(words: Words<'_>) -> bool {
    let set = if words.is_any(1, &["LOCAL", "SESSION"]) { 2 } else { 1 };
    let created = words.skip(1, &["OR", "REPLACE"]);
    let language = words.skip(words.skip(created, &["TRUSTED"]), &["PROCEDURAL"]);
    let any = |is_form: &dyn Fn(usize) -> bool| (0..words.len()).any(is_form);
    match words.text(0).to_ascii_uppercase().as_str() {
        "SET" => words.is(set, "NAMES"),
        "CREATE" => words.is(language, "LANGUAGE"),
        // Of an index, whose columns have no names.
        "ALTER" => {
            any(&|at| {
                words.kind(at) == Some(Kind::Number) && words.are(at + 1, &["SET", "STATISTICS"])
            }) || words.are(1, &["USER", "MAPPING", "FOR", "USER"])
                || words.are(1, &["STATISTICS", "IF", "EXISTS"])
        }
        "COPY" => any(&|at| words.are(at, &["USING", "DELIMITERS"])),
        _ => false,
    }
}

/// `E'…'` continued on the next line by a literal with backslashes, which the parser reads as none.
fn has_continued_escapes(words: Words<'_>) -> bool {
    (1..words.len()).any(|at| {
        words.kind(at) == Some(Kind::Text)
            && words.kind(at - 1) == Some(Kind::Text)
            && words.text(at).starts_with('\'')
            && words.text(at).contains('\\')
    })
}

/// With `check_function_bodies` off the server reads a body when it is first called.
fn is_unchecked(text: &str) -> bool {
    text.contains("check_function_bodies")
}

/// The literal that `at` lies in: the body of a function.
fn body_at(words: Words<'_>, at: usize) -> Option<Token> {
    let routine = words.skip(1, &["OR", "REPLACE"]);
    if !words.is(0, "CREATE") || !words.is_any(routine, &["FUNCTION", "PROCEDURE"]) {
        return None;
    }
    let token = (0..words.len()).filter_map(|index| words.token(index)).find(|it| it.end > at)?;
    let is_body = matches!(token.kind, Kind::DollarText | Kind::Text) && token.start < at;
    is_body.then_some(token)
}

/// The error in our words, at the token that PostgreSQL would name.
fn problem(text: &str, words: Words<'_>, span: &Span, error: &Error) -> Problem {
    let at = span.range.start + error.range.start;
    let index = (0..words.len()).find(|&index| words.token(index).is_some_and(|it| it.end > at));
    if let Some(body) = body_at(words, at) {
        return in_body(text, body, at, error);
    }
    let index = match index {
        // The command is known, what it is about is not: `CREATE TABEL`.
        Some(0) if words.is_any(0, &["CREATE", "ALTER", "DROP"]) => {
            words.skip(1, &["OR", "REPLACE"])
        }
        Some(index) => index,
        None => words.len(),
    };
    let mut forms = Vec::new();
    if wording::is_syntax(&error.message) {
        forms = foreign::forms(words, index);
    }
    sort_by_key(&mut forms, |form| form.at);
    forms.dedup_by_key(|form| form.at);
    let place = match forms.first() {
        Some(form) if form.at < index => form.at,
        _ => index,
    };
    let found = Found { words, at: place };
    let range = match words.token(place) {
        Some(token) => token.start..token.end,
        None => end_of_statement(words, span),
    };
    let is_foreign = forms.first().is_some_and(|form| form.at == place);
    let message = if is_foreign && (place < index || wording::is_guess(&error.message)) {
        wording::unexpected(&found)
    } else {
        wording::message(&error.message, &found)
    };
    let help = helps(&forms).or_else(|| wording::help(&error.message, &found));
    Problem { kind: ProblemKind::NotPostgres, range, message, help }
}

/// The semicolon, or the last token where none follows.
fn end_of_statement(words: Words<'_>, span: &Span) -> Range<usize> {
    match (span.semicolon, words.len().checked_sub(1).and_then(|last| words.token(last))) {
        (Some(semicolon), _) => semicolon..semicolon + 1,
        (None, Some(last)) => last.start..last.end,
        (None, None) => span.range.clone(),
    }
}

/// Up to three, one to a line.
fn helps(forms: &[Form]) -> Option<String> {
    let mut lines: Vec<&str> = Vec::new();
    for form in forms {
        if !lines.contains(&form.help.as_str()) && lines.len() < 3 {
            lines.push(&form.help);
        }
    }
    if lines.is_empty() { None } else { Some(lines.join("\n")) }
}

fn from_form(words: Words<'_>, span: &Span, form: &Form) -> Problem {
    let (range, message) = match words.token(form.at) {
        Some(token) => (token.start..token.end, wording::unexpected(&Found { words, at: form.at })),
        None => {
            let message = "expected a name, found the end of the statement".to_owned();
            (end_of_statement(words, span), message)
        }
    };
    Problem { kind: ProblemKind::NotPostgres, range, message, help: Some(form.help.clone()) }
}

/// An error in the body of a SQL function, which the server reads when it creates the function.
fn in_body(text: &str, body: Token, at: usize, error: &Error) -> Problem {
    let end = reword::inside(text, body).end;
    let tokens = tokens(text, at, end);
    let words = Words::new(text, &tokens);
    let found = Found { words, at: 0 };
    let range = match tokens.first() {
        Some(token) => token.start..token.end,
        None => end..body.end,
    };
    Problem {
        kind: ProblemKind::NotPostgres,
        range,
        message: wording::message_in_body(&error.message, &found),
        help: wording::help(&error.message, &found),
    }
}

fn tokens(text: &str, start: usize, end: usize) -> Vec<Token> {
    let mut lexer = Lexer::new(text, start, end);
    std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment()).take(2).collect_vec()
}
