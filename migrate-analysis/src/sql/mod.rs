//! Text to statements. The only room that names a parser.
//!
//! `lex` knows PostgreSQL's lexical rules, and everything else works on its tokens: `split` finds the
//! statements, `grammar` asks `squawk-syntax` whether each is PostgreSQL (and `foreign` what its author
//! may have meant), `bridge` and `transaction` read what it does from its words, `ast` from `sqlparser`.

mod ast;
mod bridge;
pub(crate) mod compare;
mod foreign;
mod grammar;
mod lex;
mod literal;
mod normalize;
mod query;
mod quote;
mod reader;
mod reword;
mod split;
mod stack;
mod transaction;
mod wording;
mod words;

pub(crate) use quote::quoted;
pub(crate) use stack::on_large_stack;

use crate::ddl::Command;
use crate::list::CollectVec;
use crate::ordered::sort_by_key;
use crate::statement::{Action, Statement};
use lex::{Kind, Lexer, Token};
use split::Span;
use std::ops::Range;
use words::Words;

/// What a stretch of SQL consists of, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The statements, in order. A statement with a problem is in here too.
    pub statements: Vec<Statement>,
    /// What PostgreSQL would refuse, in order of place.
    pub problems: Vec<Problem>,
}

/// A place in the text that PostgreSQL, or the runner, would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which diagnostic it becomes.
    pub kind: ProblemKind,
    /// Where, in bytes of the whole text.
    pub range: Range<usize>,
    /// One sentence in lower case without a full stop: `expected a column name, found \`,\``.
    pub message: String,
    /// What to write instead, in PostgreSQL's terms.
    pub help: Option<String>,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not PostgreSQL's grammar.
    NotPostgres,
    /// `COPY … FROM STDIN`: the rows would have to travel outside the statement.
    CopyFromStdin,
    /// A backslash command of psql.
    PsqlCommand,
}

/// A comment: `-- …` up to the end of its line, or `/* … */`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From its dashes to the last character of the line, or from `/*` to `*/`.
    pub range: Range<usize>,
    /// It stands behind the first word of a statement and before the semicolon that ends it (or, where
    /// no semicolon does, before its last word).
    pub inside_statement: bool,
}

/// Reads the statements in `range` of `text`, which is a whole file: all places are bytes of `text`.
///
/// `opaque` is asked for each statement, by the byte where it begins, whether its author has taken it out
/// of the analysis; it is then not asked whether it is PostgreSQL.
///
/// It never panics, and refuses nothing that PostgreSQL accepts. Each statement has one problem at most.
pub fn parse(text: &str, range: Range<usize>, opaque: &dyn Fn(usize) -> bool) -> Script {
    let split = split::split(text, in_text(text, range));
    let taken_out: Vec<bool> =
        split.statements.iter().map(|span| opaque(span.range.start)).collect_vec();
    let mut problems = split.problems.clone();
    let mut statements = Vec::with_capacity(split.statements.len());
    let readings = grammar::read(text, &split, &taken_out);
    for (span, reading) in split.statements.iter().zip(readings) {
        let words = Words::new(text, split.tokens_of(span));
        problems.extend(reading.problem);
        statements.push(statement(words, span, reading.understood));
    }
    // As many as there are statements, in a script for another database.
    sort_by_key(&mut problems, |problem| problem.range.start);
    Script { statements, problems }
}

fn statement(words: Words<'_>, span: &Span, understood: bool) -> Statement {
    let heading = bridge::heading(words);
    Statement {
        range: span.range.clone(),
        transaction: transaction::transaction_use(words),
        builds_index: bridge::concurrent_index(words),
        adds_enum_value: bridge::enum_value(words),
        action: Action {
            object: heading.object.map(str::to_owned),
            command: heading.command,
            opaque: !understood,
        },
    }
}

/// What the statement in `range` of `text` says. It has to be one that [`parse`] found without a problem.
pub(crate) fn command(text: &str, range: Range<usize>) -> Command {
    let mut lexer = Lexer::new(text, range.start, range.end);
    let tokens: Vec<Token> =
        std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment()).collect_vec();
    reader::command(Words::new(text, &tokens))
}

/// The first words of a statement, for a message: `ALTER TYPE mood`.
pub(crate) fn title(text: &str, range: Range<usize>) -> String {
    let mut lexer = Lexer::new(text, range.start, range.end);
    let tokens: Vec<Token> =
        std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment()).collect_vec();
    let heading = bridge::heading(Words::new(text, &tokens));
    match heading.object {
        Some(object) => format!("{} {object}", heading.command),
        None => heading.command,
    }
}

/// Where the statements of a whole text stand, whatever is wrong with them.
pub(crate) fn statements(text: &str) -> Vec<Range<usize>> {
    split::split(text, 0..text.len()).statements.into_iter().map(|span| span.range).collect_vec()
}

/// Every name in `range` of `text`, folded, and every word in a literal that could be one: whatever a
/// statement that cannot be followed may be about.
pub(crate) fn names(text: &str, range: Range<usize>) -> Vec<String> {
    let range = in_text(text, range);
    let mut lexer = Lexer::new(text, range.start, range.end);
    let tokens = std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment());
    let mut names = Vec::new();
    for token in tokens {
        let written = text.get(token.start..token.end).unwrap_or("");
        match token.kind {
            Kind::Word => names.push(written.to_ascii_lowercase()),
            Kind::QuotedName => names.push(written.trim_matches('"').replace("\"\"", "\"")),
            Kind::Text | Kind::DollarText => {
                let words = written.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                names.extend(words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase));
            }
            _ => {}
        }
    }
    names
}

/// Where a name stands first in `range` of `text`, folded or quoted.
pub(crate) fn find_name(text: &str, range: Range<usize>, name: &str) -> Option<Range<usize>> {
    let range = in_text(text, range);
    let mut lexer = Lexer::new(text, range.start, range.end);
    let mut tokens = std::iter::from_fn(|| lexer.next());
    let is_it = |token: &Token| {
        let written = text.get(token.start..token.end).unwrap_or("");
        match token.kind {
            Kind::Word => written.to_ascii_lowercase() == name,
            Kind::QuotedName => written.trim_matches('"').replace("\"\"", "\"") == name,
            _ => false,
        }
    };
    tokens.find(is_it).map(|token| token.start..token.end)
}

/// The comments in `range` of `text`, those inside literals not among them.
pub fn comments(text: &str, range: Range<usize>) -> Vec<Comment> {
    split::split(text, in_text(text, range)).comments
}

/// The text of one statement as its checksum sees it: without comments, and with no more blanks outside
/// quotes than the words need to stay apart. Literals, quoted names and dollar quotes stay as they are.
pub fn normalized(text: &str, range: Range<usize>) -> String {
    normalize::normalized(text, in_text(text, range))
}

/// The first string literal in `range` of `text` whose value is `value`. What stands between dollars is a
/// body, not a value, and is not looked into.
pub fn mentions_literal(text: &str, range: Range<usize>, value: &str) -> Option<Range<usize>> {
    let range = in_text(text, range);
    let mut lexer = Lexer::new(text, range.start, range.end);
    let mut literals = std::iter::from_fn(|| lexer.next()).filter(|token| is_literal(*token));
    literals
        .find(|token| {
            let written = text.get(token.start..token.end).unwrap_or("");
            literal::decode(written).is_some_and(|decoded| decoded == value)
        })
        .map(|token| token.start..token.end)
}

fn is_literal(token: Token) -> bool {
    token.kind == Kind::Text && !token.unterminated
}

/// The range, cut to the text and to ends of characters.
fn in_text(text: &str, range: Range<usize>) -> Range<usize> {
    let end = text.floor_char_boundary(range.end);
    let start = text.ceil_char_boundary(range.start.min(end));
    start..end
}
