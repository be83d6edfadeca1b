//! The body of a `DO` block in plpgsql to the statements that it runs.
//!
//! Only the plainest blocks are read: statements one after the other, `IF [NOT] EXISTS (…)` of a
//! catalog, and `EXCEPTION WHEN … THEN NULL`. Of any other nothing is said.

use super::super::lex::{Kind, Lexer, Token};
use super::super::literal;
use super::super::words::Words;
use crate::ddl::{Block, Command, Guard, Step};
use crate::list::CollectVec;
use std::ops::Range;

/// Reads what stands at `at`. Where a literal has escapes in it, its places are not those of the text.
pub(super) fn read(text: &str, at: Range<usize>, body: &str, language: &str) -> Option<Block> {
    if !language.eq_ignore_ascii_case("plpgsql") || text.get(at.clone()) != Some(body) {
        return None;
    }
    let mut lexer = Lexer::new(text, at.start, at.end);
    let tokens: Vec<Token> =
        std::iter::from_fn(|| lexer.next()).filter(|token| !token.is_comment()).collect_vec();
    let mut reader = Body { text, words: Words::new(text, &tokens), tokens: &tokens, at: 0 };
    let steps = reader.block()?;
    reader.accept_kind(Kind::Semicolon);
    (reader.at >= tokens.len()).then_some(Block { steps })
}

/// A place in a body.
struct Body<'a> {
    text: &'a str,
    words: Words<'a>,
    tokens: &'a [Token],
    at: usize,
}

/// What a statement that begins so can only do to rows and variables.
const HARMLESS: &[&str] =
    &["NULL", "RAISE", "ASSERT", "SELECT", "WITH", "PERFORM", "GET", "NOTIFY"];

/// What locks of these is looked at.
const WRITING: &[&str] = &["INSERT", "UPDATE", "DELETE", "LOCK", "TRUNCATE", "ANALYZE"];

const DEFINING: &[&str] = &["CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE"];

impl Body<'_> {
    /// `[DECLARE …] BEGIN … [EXCEPTION …] END`.
    fn block(&mut self) -> Option<Vec<Step>> {
        if self.words.is(self.at, "DECLARE") {
            while !self.words.is(self.at, "BEGIN") {
                self.words.token(self.at)?;
                self.at += 1;
            }
        }
        self.expect("BEGIN")?;
        let steps = self.steps(&["END", "EXCEPTION"])?;
        if !self.accept("EXCEPTION") {
            self.expect("END")?;
            return Some(steps);
        }
        let caught = self.handlers()?;
        self.expect("END")?;
        Some(vec![Step::Try { steps, caught }])
    }

    /// `WHEN … THEN NULL;`, as often as there are any.
    fn handlers(&mut self) -> Option<Vec<String>> {
        let mut caught = Vec::new();
        while self.accept("WHEN") {
            loop {
                caught.push(self.condition()?);
                if !self.accept("OR") {
                    break;
                }
            }
            self.expect("THEN")?;
            while !self.words.is_any(self.at, &["WHEN", "END"]) {
                let is_quiet = self.words.is(self.at, "NULL")
                    || (self.words.is(self.at, "RAISE")
                        && self.words.is_any(self.at + 1, &["NOTICE", "INFO", "WARNING", "DEBUG"]));
                if !is_quiet {
                    return None;
                }
                self.skip_statement()?;
            }
        }
        Some(caught)
    }

    /// The name of a condition, or `SQLSTATE '…'`.
    fn condition(&mut self) -> Option<String> {
        if self.accept("SQLSTATE") {
            let state = literal::decode(self.words.text(self.at))?;
            self.at += 1;
            return Some(state);
        }
        let (name, behind) = self.words.name(self.at)?;
        self.at = behind;
        Some(name.to_ascii_lowercase())
    }

    /// Statements up to one of the words.
    fn steps(&mut self, ends: &[&str]) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        while !self.words.is_any(self.at, ends) {
            self.words.token(self.at)?;
            if self.words.is_any(self.at, &["BEGIN", "DECLARE"]) {
                steps.extend(self.block()?);
                self.expect_kind(Kind::Semicolon)?;
            } else if self.words.is(self.at, "IF") {
                steps.extend(self.condition_and_branches()?);
            } else if self.words.is_any(self.at, DEFINING) {
                steps.push(Step::Run(Box::new(self.statement()?)));
            } else if let Some(step) = self.raise() {
                self.skip_statement()?;
                steps.push(step);
            } else if self.words.is_any(self.at, WRITING) {
                steps.extend(self.statement_or_none()?.map(|it| Step::Rows(Box::new(it))));
            } else if self.words.is_any(self.at, HARMLESS) || self.is_assignment() {
                self.skip_statement()?;
            } else {
                return None;
            }
        }
        Some(steps)
    }

    fn condition_and_branches(&mut self) -> Option<Vec<Step>> {
        self.expect("IF")?;
        let from = self.at;
        let then = self.words.find(from, &["THEN"])?;
        let guard = self.guard(from, then);
        self.at = then + 1;
        let steps = self.steps(&["END", "ELSE", "ELSIF", "ELSEIF"])?;
        let otherwise = match self.accept("ELSE") {
            true => self.steps(&["END"])?,
            false => Vec::new(),
        };
        self.expect("END")?;
        self.expect("IF")?;
        self.expect_kind(Kind::Semicolon)?;
        // What is raised for a reason that nobody can tell is taken not to be.
        let is_minor = |step: &Step| matches!(step, Step::Raise { .. } | Step::Rows(_));
        if steps.iter().chain(&otherwise).all(is_minor) {
            let rows = steps.into_iter().chain(otherwise);
            return Some(rows.filter(|step| matches!(step, Step::Rows(_))).collect_vec());
        }
        Some(vec![Step::If { guard: guard?, then: steps, otherwise }])
    }

    /// `RAISE [EXCEPTION] '…'`; not what is only said, or raised again.
    fn raise(&self) -> Option<Step> {
        let at = self.words.skip(self.at, &["RAISE"]);
        let text = self.words.skip(at, &["EXCEPTION"]);
        if at == self.at || self.words.kind(text) != Some(Kind::Text) {
            return None;
        }
        let message = literal::decode(self.words.text(text))?;
        let token = self.words.token(text)?;
        Some(Step::Raise { message, at: token.start..token.end })
    }

    /// `[NOT] EXISTS (SELECT … FROM a catalog …)`, or `to_regclass('…') IS [NOT] NULL`.
    fn guard(&self, from: usize, to: usize) -> Option<Guard> {
        let mut at = from;
        let negated = self.words.is(at, "NOT");
        at += usize::from(negated);
        if self.words.is(at, "EXISTS") && self.words.kind(at + 1) == Some(Kind::Open) {
            let is_whole = self.words.behind_parens(at + 1) == to;
            let is_catalog = (at..to).any(|it| {
                let word = self.words.text(it).to_ascii_lowercase();
                word.starts_with("pg_") || word == "information_schema"
            });
            let joins = (at..to).any(|it| {
                self.words.is_any(it, &["OR", "NOT", "LIKE", "ILIKE"]) || {
                    matches!(self.words.text(it), "<>" | "!=" | "~" | "~*" | "<" | ">")
                }
            });
            let fits = is_whole && is_catalog && !joins;
            return if fits {
                Some(Guard { absent: negated, names: self.names(at, to)? })
            } else {
                None
            };
        }
        let behind = self.words.behind_parens(at + 1);
        let is_lookup = self.words.is_any(at, &["TO_REGCLASS", "TO_REGTYPE"]) && !negated;
        let is_null = self.words.are(behind, &["IS", "NULL"]) && behind + 2 == to;
        let is_not_null = self.words.are(behind, &["IS", "NOT", "NULL"]) && behind + 3 == to;
        if !is_lookup || !(is_null || is_not_null) {
            return None;
        }
        let written = literal::decode(self.words.text(at + 2))?;
        (behind == at + 4).then(|| Guard { absent: is_null, names: name_parts(&written) })
    }

    /// The literals of a condition. Letters by themselves tell kinds apart, and are no names.
    fn names(&self, from: usize, to: usize) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for at in from..to {
            if self.words.kind(at) != Some(Kind::Text) {
                continue;
            }
            let value = literal::decode(self.words.text(at))?;
            let is_cast = self.words.text(at + 1) == "::"
                && self.words.is_any(at + 2, &["REGCLASS", "REGTYPE", "REGNAMESPACE"]);
            match is_cast {
                true => names.extend(name_parts(&value)),
                false if value.chars().count() > 1 => names.push(value),
                false => {}
            }
        }
        (!names.is_empty()).then_some(names)
    }

    /// A statement of SQL as it stands.
    fn statement(&mut self) -> Option<Command> {
        self.statement_or_none()?
    }

    /// The same, where it need not be understood.
    fn statement_or_none(&mut self) -> Option<Option<Command>> {
        let from = self.at;
        self.skip_statement()?;
        let tokens = self.tokens.get(from..self.at.checked_sub(1)?)?;
        Some(match super::command(Words::new(self.text, tokens)) {
            Command::Opaque => None,
            command => Some(command),
        })
    }

    /// Behind the next semicolon; not where a text is run on the way.
    fn skip_statement(&mut self) -> Option<()> {
        let from = self.at;
        while self.words.kind(self.at) != Some(Kind::Semicolon) {
            self.words.token(self.at)?;
            let of_trigger = self.words.is_any(self.at + 1, &["FUNCTION", "PROCEDURE"]);
            if self.words.is(self.at, "EXECUTE") && !of_trigger && !self.words.is(from, "GRANT") {
                return None;
            }
            self.at += 1;
        }
        self.at += 1;
        Some(())
    }

    /// `name := …`, `name = …`.
    fn is_assignment(&self) -> bool {
        self.words.kind(self.at) == Some(Kind::Word)
            && matches!(self.words.text(self.at + 1), ":=" | "=")
    }

    fn accept(&mut self, word: &str) -> bool {
        let found = self.words.is(self.at, word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Option<()> {
        self.accept(word).then_some(())
    }

    fn accept_kind(&mut self, kind: Kind) -> bool {
        let found = self.words.kind(self.at) == Some(kind);
        self.at += usize::from(found);
        found
    }

    fn expect_kind(&mut self, kind: Kind) -> Option<()> {
        self.accept_kind(kind).then_some(())
    }
}

/// The parts of a name that stands in a literal: `public.users`, `"Users"`.
fn name_parts(written: &str) -> Vec<String> {
    let fold = |part: &str| match part.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => part.to_lowercase(),
    };
    written.trim_end_matches("[]").split('.').map(fold).collect_vec()
}
