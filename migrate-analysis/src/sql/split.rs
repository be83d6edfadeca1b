//! A script to statements.
//!
//! The server splits by grammar; we split by tokens and the two shapes of statement that may hold a
//! semicolon outside a literal: the actions of `CREATE RULE` and the body of a SQL-standard routine.

use super::lex::{Kind, Lexer, Token};
use super::words::Words;
use super::{Comment, Problem, ProblemKind};
use std::ops::Range;

/// What a stretch of SQL consists of.
#[derive(Default)]
pub(crate) struct Split {
    /// Every token of every statement, without comments and separating semicolons.
    pub(crate) tokens: Vec<Token>,
    pub(crate) statements: Vec<Span>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) problems: Vec<Problem>,
}

impl Split {
    /// The tokens of one of its statements.
    pub(crate) fn tokens_of(&self, span: &Span) -> &[Token] {
        self.tokens.get(span.tokens.clone()).unwrap_or(&[])
    }
}

/// A statement: never empty.
pub(crate) struct Span {
    /// From the first byte of its first token to the last of its last.
    pub(crate) range: Range<usize>,
    /// Its tokens within [`Split::tokens`].
    pub(crate) tokens: Range<usize>,
    /// The semicolon that ends it.
    pub(crate) semicolon: Option<usize>,
    /// It already has a problem: its end cannot be known, or it may not be run at all.
    pub(crate) broken: bool,
}

/// Splits `range` of `text`.
pub(crate) fn split(text: &str, range: Range<usize>) -> Split {
    let mut splitter = Splitter {
        text,
        end: range.end.min(text.len()),
        lexer: Lexer::new(text, range.start, range.end),
        split: Split::default(),
        first: 0,
        open_comments: 0,
        shape: Shape::Plain,
        depth: 0,
        broken: false,
    };
    splitter.run();
    splitter.split
}

/// What decides whether a semicolon ends the statement.
#[derive(Clone, Copy)]
enum Shape {
    Plain,
    /// `CREATE RULE`: not inside brackets.
    Rule,
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`: not inside `BEGIN ATOMIC … END`.
    Routine,
}

struct Splitter<'a> {
    text: &'a str,
    end: usize,
    lexer: Lexer<'a>,
    split: Split,
    /// The first token of the statement that is being read.
    first: usize,
    /// The comments from here on stand in the statement that is being read, unless it turns out to have
    /// ended before them.
    open_comments: usize,
    shape: Shape,
    /// Of brackets in a rule, of `BEGIN ATOMIC` and `CASE` in a routine.
    depth: usize,
    broken: bool,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(token) = self.lexer.next() {
            if token.unterminated {
                self.problem(unterminated(self.text, token));
                self.broken = true;
            }
            match token.kind {
                Kind::LineComment | Kind::BlockComment => self.comment(token),
                Kind::Semicolon if self.depth == 0 => self.finish(Some(token.start)),
                Kind::Backslash if self.psql_command(token) => {}
                _ => self.push(token),
            }
        }
        self.finish(None);
    }

    fn problem(&mut self, problem: Problem) {
        self.split.problems.push(problem);
    }

    fn is_open(&self) -> bool {
        self.first < self.split.tokens.len()
    }

    fn comment(&mut self, token: Token) {
        let inside_statement = self.is_open();
        self.split.comments.push(Comment { range: token.start..token.end, inside_statement });
    }

    fn push(&mut self, token: Token) {
        if !self.is_open() {
            self.open_comments = self.split.comments.len();
        }
        self.split.tokens.push(token);
        match self.shape {
            Shape::Plain if token.kind == Kind::Word => self.recognise(),
            Shape::Plain => {}
            Shape::Rule => match token.kind {
                Kind::Open => self.depth += 1,
                Kind::Close => self.depth = self.depth.saturating_sub(1),
                _ => {}
            },
            Shape::Routine if token.kind == Kind::Word => self.routine_word(),
            Shape::Routine => {}
        }
    }

    /// `CREATE [OR REPLACE] RULE | FUNCTION | PROCEDURE` is known by its second or fourth word.
    fn recognise(&mut self) {
        let read = self.split.tokens.len() - self.first;
        if read != 2 && read != 4 {
            return;
        }
        let words = Words::new(self.text, &self.split.tokens[self.first..]);
        if !words.is(0, "CREATE") || (read == 4 && !words.are(1, &["OR", "REPLACE"])) {
            return;
        }
        if words.is(read - 1, "RULE") {
            self.shape = Shape::Rule;
        } else if words.is_any(read - 1, &["FUNCTION", "PROCEDURE"]) {
            self.shape = Shape::Routine;
        }
    }

    fn routine_word(&mut self) {
        let words = Words::new(self.text, &self.split.tokens[self.first..]);
        let last = words.len() - 1;
        if self.depth == 0 {
            if words.are(last.saturating_sub(1), &["BEGIN", "ATOMIC"]) {
                self.depth = 1;
            }
            return;
        }
        // Both words are reserved: as names they stand behind a dot or `AS` only.
        let is_name =
            last > 0 && (words.kind(last - 1) == Some(Kind::Dot) || words.is(last - 1, "AS"));
        if is_name {
        } else if words.is(last, "CASE") {
            self.depth += 1;
        } else if words.is(last, "END") {
            self.depth -= 1;
        }
    }

    fn finish(&mut self, semicolon: Option<usize>) {
        let tokens = self.first..self.split.tokens.len();
        let ends = (self.split.tokens.get(tokens.start), self.split.tokens.last());
        if let ((Some(first), Some(last)), false) = (ends, tokens.is_empty()) {
            let range = first.start..last.end;
            if semicolon.is_none() {
                // What follows the last statement of a script is not part of it.
                for comment in &mut self.split.comments[self.open_comments..] {
                    comment.inside_statement = comment.range.start < range.end;
                }
            }
            if semicolon.is_some() {
                self.copy(&tokens, semicolon);
            }
            let broken = self.broken;
            self.split.statements.push(Span { range, tokens, semicolon, broken });
        }
        self.first = self.split.tokens.len();
        self.open_comments = self.split.comments.len();
        self.shape = Shape::Plain;
        self.depth = 0;
        self.broken = false;
    }

    /// Reports `COPY … FROM STDIN` and skips its rows.
    fn copy(&mut self, tokens: &Range<usize>, semicolon: Option<usize>) {
        let words = Words::new(self.text, &self.split.tokens[tokens.clone()]);
        if !words.is(0, "COPY") {
            return;
        }
        let Some(from) = words.find(1, &["FROM"]) else { return };
        if !words.is_any(from + 1, &["STDIN", "STDOUT"]) {
            return;
        }
        let Some(token) = words.token(from + 1) else { return };
        let table = words.name(1).map_or("t", |(name, _)| name);
        let help = format!(
            "write the rows as SQL, `INSERT INTO {table} VALUES (…), (…)`, or load them outside of the \
             migration"
        );
        self.split.problems.push(Problem {
            kind: ProblemKind::CopyFromStdin,
            range: token.start..token.end,
            message: "`COPY … FROM STDIN` reads rows that do not travel with the script".to_owned(),
            help: Some(help),
        });
        self.broken = true;
        let from = semicolon.map_or(self.end, |at| at + 1);
        self.lexer.jump(behind_copy_rows(self.text, from, self.end));
    }

    /// A backslash command of psql: at the start of a statement, or one that sends it (`\gset`).
    fn psql_command(&mut self, token: Token) -> bool {
        let rest = self.text.get(token.start..self.end).unwrap_or("");
        let line = rest.lines().next().unwrap_or("");
        let name = line.split_whitespace().next().unwrap_or("");
        let sends = ["\\g", "\\gx", "\\gset", "\\gexec", "\\gdesc", "\\crosstabview", "\\watch"];
        let open = self.is_open();
        if open && !sends.contains(&name) {
            return false;
        }
        self.problem(psql_problem(name, token.start));
        self.broken = open;
        self.finish(None);
        self.lexer.jump(token.start + line.len());
        true
    }
}

fn psql_problem(name: &str, start: usize) -> Problem {
    let help = match name {
        "\\restrict" | "\\unrestrict" => "newer `pg_dump`s write this line for psql: leave it out",
        "\\connect" | "\\c" => "leave it out: a migration runs in the database it is connected to",
        "\\set" => "write the value where it is used: a migration has no psql variables",
        "\\i" | "\\ir" | "\\include" | "\\include_relative" => "put the SQL of that file here",
        "\\copy" | "\\." => "write the rows as SQL: `INSERT INTO … VALUES (…), (…)`",
        "\\timing" | "\\echo" | "\\pset" | "\\x" | "\\q" => {
            "leave it out: it is of use in psql only"
        }
        _ => {
            "only psql knows the commands that begin with a backslash: leave it out, or write it as SQL"
        }
    };
    Problem {
        kind: ProblemKind::PsqlCommand,
        range: start..start + name.len(),
        message: format!("`{name}` is a command of psql, not SQL"),
        help: Some(help.to_owned()),
    }
}

/// Behind the line `\.` that ends the rows of a `COPY`; as psql does it, the end if there is none.
fn behind_copy_rows(text: &str, from: usize, end: usize) -> usize {
    let rest = text.get(from..end).unwrap_or("");
    let mut at = from;
    for (index, line) in rest.split_inclusive('\n').enumerate() {
        at += line.len();
        if index > 0 && line.trim_end_matches(['\n', '\r']) == "\\." {
            return at;
        }
    }
    end
}

fn unterminated(text: &str, token: Token) -> Problem {
    let opener = opener(text, token);
    let range = token.start..token.start + opener.len();
    let (what, help) = match token.kind {
        Kind::BlockComment => {
            ("comment", "close it with `*/`; comments nest, so every `/*` needs its own".to_owned())
        }
        Kind::DollarText => ("dollar-quoted string", format!("close it with `{opener}`")),
        Kind::QuotedName => ("quoted name", "close it with `\"`".to_owned()),
        _ => (
            "string literal",
            "close it with `'`; a quote inside a literal is written twice: `'it''s'`".to_owned(),
        ),
    };
    let line = text[..token.start].rsplit('\n').next().unwrap_or("").trim_start();
    let help = match (line.starts_with('#'), line.starts_with("//")) {
        (true, _) | (_, true) => "a comment begins with `--` in PostgreSQL".to_owned(),
        _ => help,
    };
    Problem {
        kind: ProblemKind::NotPostgres,
        range,
        message: format!("unterminated {what}"),
        help: Some(help),
    }
}

/// What began the token: `'`, `E'`, `"`, `/*`, `$tag$`.
fn opener(text: &str, token: Token) -> &str {
    let written = text.get(token.start..token.end).unwrap_or("");
    let len = match token.kind {
        Kind::BlockComment => 2,
        Kind::DollarText => {
            written.get(1..).and_then(|rest| rest.find('$')).map_or(1, |second| second + 2)
        }
        _ => written.find(['\'', '"']).map_or(1, |quote| quote + 1),
    };
    written.get(..len).unwrap_or(written)
}
