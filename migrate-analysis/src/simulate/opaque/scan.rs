//! What a body that nobody reads (a DO block, a function) may do to the schema.
//!
//! It is judged by its words. Where they do not say enough, it may do more than it does, never less.

use crate::list::CollectVec;
use crate::ordered::SortedSet;

/// What a body may touch.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// Names in its statements that change a schema.
    pub(super) names: SortedSet<String>,
    /// It makes up names as it runs.
    pub(super) everywhere: bool,
    /// It makes them up of what it is called with, and of nothing else.
    pub(super) from_arguments: bool,
    /// Functions that it calls, by the last part of their names.
    pub(super) calls: SortedSet<String>,
}

/// A word of a body.
#[derive(Clone, PartialEq, Eq)]
enum Token {
    /// Folded.
    Word(String),
    Quoted(String),
    /// What stands between quotes or dollars.
    Text(String),
    Symbol(char),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(it) if it == word)
    }

    fn is_any(&self, words: &[&str]) -> bool {
        matches!(self, Token::Word(it) if words.contains(&it.as_str()))
    }
}

/// Words that begin a statement which changes a schema.
const DEFINING: &[&str] = &["create", "alter", "drop", "comment", "grant", "revoke", "import"];

pub(super) fn is_defining(word: &str) -> bool {
    DEFINING.contains(&word)
}

/// Words behind which a statement begins, beside the semicolon.
const OPENING: &[&str] = &["begin", "then", "else", "loop", "declare"];

/// How far literals within literals are looked into.
const DEPTH: usize = 4;

/// Of a routine also the names of its parameters.
pub(super) fn scan(body: &str, parameters: &SortedSet<String>) -> Effects {
    let mut effects = Effects::default();
    scan_into(body, parameters, &mut effects, DEPTH);
    effects
}

fn scan_into(body: &str, parameters: &SortedSet<String>, effects: &mut Effects, depth: usize) {
    let tokens = tokens(body);
    for pair in tokens.windows(2) {
        if let [Token::Word(name) | Token::Quoted(name), Token::Symbol('(')] = pair {
            effects.calls.insert(name.clone());
        }
    }
    // What is put together of literals changes a schema only where one of them says so.
    let defines_in_text = tokens.iter().any(|token| match token {
        Token::Text(text) => self::tokens(text).iter().any(|inner| inner.is_any(DEFINING)),
        _ => false,
    });
    for statement in statements(&tokens) {
        let defines = statement.first().is_some_and(|first| first.is_any(DEFINING));
        if defines {
            names_of(statement, effects);
        }
        if is_dynamic(statement) && (defines_in_text || takes_parameter(statement, parameters)) {
            dynamic(statement, parameters, effects, depth);
        }
        if sets_search_path(statement) {
            effects.everywhere = true;
        }
    }
}

/// The statements of a body, without the words between them.
fn statements(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let ends = |token: &Token| *token == Token::Symbol(';') || token.is_any(OPENING);
    tokens.split(ends).filter(|statement| !statement.is_empty())
}

/// Names in a statement that changes a schema, and those that PostgreSQL derives from them.
fn names_of(statement: &[Token], effects: &mut Effects) {
    let names: Vec<&str> = statement
        .iter()
        .filter_map(|token| match token {
            Token::Word(name) | Token::Quoted(name) => Some(name.as_str()),
            Token::Text(_) | Token::Symbol(_) => None,
        })
        .collect_vec();
    let place = statement.iter().position(|token| token.is_any(&["table", "on"]));
    if let Some(table) = place.and_then(|at| table_behind(statement, at)) {
        effects.names.insert(format!("{table}_pkey"));
        for name in &names {
            for end in ["key", "fkey", "idx", "seq", "check"] {
                effects.names.insert(format!("{table}_{name}_{end}"));
            }
        }
    }
    effects.names.extend(names.into_iter().map(str::to_owned));
}

/// The last part of the name behind `TABLE` or `ON`.
fn table_behind(statement: &[Token], at: usize) -> Option<&str> {
    let rest = statement.get(at + 1..)?;
    let skipped = ["if", "not", "exists", "only"];
    let mut name = None;
    for token in rest.iter().skip_while(|token| token.is_any(&skipped)) {
        match token {
            Token::Word(part) | Token::Quoted(part) if name.is_none() => name = Some(part.as_str()),
            Token::Symbol('.') => name = None,
            _ => break,
        }
    }
    name
}

/// `EXECUTE`, but not of a trigger's function.
fn is_dynamic(statement: &[Token]) -> bool {
    statement.iter().enumerate().any(|(at, token)| {
        let next = statement.get(at + 1);
        token.is("execute") && !next.is_some_and(|next| next.is_any(&["function", "procedure"]))
    })
}

fn takes_parameter(statement: &[Token], parameters: &SortedSet<String>) -> bool {
    let is_parameter = |token: &Token| match token {
        Token::Word(name) | Token::Quoted(name) => parameters.contains(name),
        // `$1`.
        Token::Symbol('$') => true,
        Token::Text(_) | Token::Symbol(_) => false,
    };
    !parameters.is_empty() && statement.iter().any(is_parameter)
}

/// A statement that is put together as it runs: what its literals say.
fn dynamic(
    statement: &[Token],
    parameters: &SortedSet<String>,
    effects: &mut Effects,
    depth: usize,
) {
    let literals: Vec<&str> = statement
        .iter()
        .filter_map(|token| match token {
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect_vec();
    if literals.first().is_some_and(|first| moves_rows_only(first)) {
        return;
    }
    let behind: Vec<&Token> =
        statement.iter().skip_while(|token| !token.is("execute")).skip(1).collect_vec();
    if depth == 0 || !is_fixed(&behind) {
        match is_made_of(&behind, parameters) {
            true if depth > 0 => effects.from_arguments = true,
            _ => effects.everywhere = true,
        }
    }
    for literal in literals {
        names_of(&tokens(literal), effects);
        if depth > 0 {
            scan_into(literal, parameters, effects, depth - 1);
        }
    }
}

/// One literal, or a `format` of one whose places are for values.
fn is_fixed(behind: &[&Token]) -> bool {
    match behind {
        [Token::Text(_)] => true,
        [format, Token::Symbol('('), Token::Text(text), rest @ ..] if format.is("format") => {
            let is_value = |place: &str| place.is_empty() || place.starts_with('L');
            let places = text.replace("%%", "");
            let joined = rest.iter().any(|token| **token == Token::Symbol('|'));
            places.split('%').skip(1).all(is_value) && !joined
        }
        _ => false,
    }
}

/// Whether all the variables in it are parameters.
fn is_made_of(behind: &[&Token], parameters: &SortedSet<String>) -> bool {
    let known = ["format", "quote_ident", "quote_literal", "concat", "using", "text", "regclass"];
    behind.iter().all(|token| match token {
        Token::Word(word) => {
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            is_number || known.contains(&word.as_str()) || parameters.contains(word)
        }
        Token::Quoted(name) => parameters.contains(name),
        Token::Text(_) | Token::Symbol(_) => true,
    }) && behind.iter().any(|token| matches!(token, Token::Text(_)))
}

/// Whether a text begins like a statement that changes no schema. It may be the first part of it only.
fn moves_rows_only(text: &str) -> bool {
    let tokens = tokens(text);
    let harmless = ["select", "insert", "update", "delete", "with", "lock", "analyze", "notify"];
    let is_alone = !tokens.contains(&Token::Symbol(';'));
    let defines = tokens.iter().any(|token| token.is_any(DEFINING));
    tokens.first().is_some_and(|first| first.is_any(&harmless)) && is_alone && !defines
}

fn sets_search_path(statement: &[Token]) -> bool {
    let by_function = statement.iter().any(|token| token.is("set_config"))
        && statement.iter().any(|it| matches!(it, Token::Text(text) if text == "search_path"));
    let sets = statement.first().is_some_and(|first| first.is("set"));
    by_function || (sets && statement.iter().take(3).any(|token| token.is("search_path")))
}

/// The words of a text, comments gone.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if rest.starts_with("--") {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (None, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else if first == '\'' {
            let (text, length) = between(rest, '\'');
            (Some(Token::Text(text)), length)
        } else if first == '"' {
            let (name, length) = between(rest, '"');
            (Some(Token::Quoted(name)), length)
        } else if let Some((text, length)) = dollars(rest) {
            (Some(Token::Text(text)), length)
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            (rest.get(..length).map(|word| Token::Word(word.to_lowercase())), length)
        } else {
            (Some(Token::Symbol(first)), first.len_utf8())
        };
        tokens.extend(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What stands between quotes, and how long it is with them.
fn between(text: &str, quote: char) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c != quote {
            value.push(c);
        } else if characters.peek().is_some_and(|(_, next)| *next == quote) {
            value.push(quote);
            characters.next();
        } else {
            return (value, at + quote.len_utf8());
        }
    }
    (value, text.len())
}

/// `$tag$…$tag$`.
fn dollars(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix('$')?;
    let tag = rest.split('$').next().filter(|tag| tag.chars().all(is_word))?;
    let tag = text.get(..tag.len() + 2).filter(|tag| tag.ends_with('$'))?;
    let body = text.get(tag.len()..)?;
    let end = body.find(tag)?;
    Some((body.get(..end)?.to_owned(), tag.len() * 2 + end))
}

/// Every word and every word of every literal.
pub(super) fn words(text: &str) -> SortedSet<String> {
    let mut words = SortedSet::new();
    for token in tokens(text) {
        match token {
            Token::Word(name) | Token::Quoted(name) => {
                words.insert(name);
            }
            Token::Text(text) => words.extend(text.split('.').map(str::to_lowercase)),
            Token::Symbol(_) => {}
        }
    }
    words
}
