//! PostgreSQL's lexical rules: the one place that knows where a literal, a name or a comment ends.
//!
//! Everything else in this room works on its tokens. It follows `scan.l` of the server with
//! `standard_conforming_strings` on. It runs unoptimised inside proc macros, so the loops are plain
//! loops over bytes, and the long stretches (literals, comments) are skipped by searching.

/// What a token is. Only what the readers of this room need to tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or an unquoted name.
    Word,
    /// `"…"` or `U&"…"`.
    QuotedName,
    /// `'…'` with whichever prefix.
    Text,
    /// `$tag$…$tag$`.
    DollarText,
    Number,
    /// `$1`.
    Param,
    /// A run of operator characters, and `::`, `:=`, `..`.
    Operator,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    Colon,
    Semicolon,
    /// Begins a command of psql; no SQL token holds one.
    Backslash,
    LineComment,
    BlockComment,
    /// A character that begins no token: `{`, a lone `$`, a control character.
    Stray,
}

/// A token and its place in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// A literal, quoted name or block comment whose end is missing: it reaches to the end of the text.
    pub(crate) unterminated: bool,
}

impl Token {
    pub(crate) fn is_comment(self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }
}

const BLANK: u8 = 1;
const WORD_START: u8 = 2;
const WORD: u8 = 4;
const DIGIT: u8 = 8;
const OPERATOR: u8 = 16;

/// What each byte may be. Bytes of non-ASCII characters are letters to PostgreSQL, every one of them.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut at = 0usize;
    while at < 256 {
        table[at] = match at as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => BLANK,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => WORD_START | WORD,
            b'0'..=b'9' => WORD | DIGIT,
            b'$' => WORD,
            b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' => OPERATOR,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' => OPERATOR,
            _ => 0,
        };
        at += 1;
    }
    table
}

pub(crate) fn is_word_byte(byte: u8) -> bool {
    CLASS[byte as usize] & WORD != 0
}

pub(crate) fn is_operator_byte(byte: u8) -> bool {
    CLASS[byte as usize] & OPERATOR != 0
}

/// Reads tokens, comments among them, one by one.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    end: usize,
    /// The last token was an `E'…'` literal: a literal on a following line continues it, with its
    /// backslashes.
    after_escapes: bool,
}

impl<'a> Lexer<'a> {
    /// Reads `text` from `start` to `end`, which must be ends of characters.
    pub(crate) fn new(text: &'a str, start: usize, end: usize) -> Self {
        let bytes = text.as_bytes();
        let end = end.min(bytes.len());
        Lexer { text, bytes, at: start.min(end), end, after_escapes: false }
    }

    /// Goes on at `at`, as if what lies between were not there.
    pub(crate) fn jump(&mut self, at: usize) {
        self.at = at.min(self.end);
        self.after_escapes = false;
    }

    /// The next token; none at the end.
    pub(crate) fn next(&mut self) -> Option<Token> {
        let bytes = self.bytes;
        let end = self.end;
        let mut start = self.at;
        let mut newline = false;
        while start < end && CLASS[bytes[start] as usize] & BLANK != 0 {
            newline |= bytes[start] == b'\n' || bytes[start] == b'\r';
            start += 1;
        }
        if start >= end {
            self.at = end;
            return None;
        }
        let byte = bytes[start];
        let class = CLASS[byte as usize];
        self.at = start + 1;
        if class & WORD_START != 0 {
            let (kind, terminated) = self.word(start, byte);
            return Some(self.token(kind, start, terminated));
        }
        if class & OPERATOR != 0 {
            let (kind, terminated) = self.operator(start);
            return Some(self.token(kind, start, terminated));
        }
        let mut terminated = true;
        let kind = match byte {
            b'\'' => {
                let escapes = self.after_escapes && newline;
                terminated = self.literal(start + 1, escapes);
                if escapes {
                    return Some(self.escaped_token(start, terminated));
                }
                Kind::Text
            }
            b'"' => {
                terminated = self.quoted(start + 1, '"');
                Kind::QuotedName
            }
            b'0'..=b'9' => self.number(start),
            b'(' => Kind::Open,
            b')' => Kind::Close,
            b'[' => Kind::OpenBracket,
            b']' => Kind::CloseBracket,
            b',' => Kind::Comma,
            b';' => Kind::Semicolon,
            b'\\' => Kind::Backslash,
            b'.' => self.dot(start),
            b':' => self.colon(start),
            b'$' => {
                let (kind, closed) = self.dollar(start);
                terminated = closed;
                kind
            }
            _ => Kind::Stray,
        };
        Some(self.token(kind, start, terminated))
    }

    fn token(&mut self, kind: Kind, start: usize, terminated: bool) -> Token {
        // A line comment may stand between the parts of a continued literal, a block comment may not.
        if kind != Kind::LineComment {
            self.after_escapes =
                kind == Kind::Text && matches!(self.bytes[start], b'e' | b'E') && terminated;
        }
        Token { kind, start, end: self.at, unterminated: !terminated }
    }

    fn escaped_token(&mut self, start: usize, terminated: bool) -> Token {
        Token { kind: Kind::Text, start, end: self.at, unterminated: !terminated }
    }

    fn peek(&self, at: usize) -> u8 {
        if at < self.end { self.bytes[at] } else { 0 }
    }

    fn word(&mut self, start: usize, first: u8) -> (Kind, bool) {
        match (first, self.peek(start + 1)) {
            (b'e' | b'E', b'\'') => return (Kind::Text, self.literal(start + 2, true)),
            (b'b' | b'B' | b'x' | b'X' | b'n' | b'N', b'\'') => {
                return (Kind::Text, self.literal(start + 2, false));
            }
            (b'u' | b'U', b'&') => match self.peek(start + 2) {
                b'\'' => return (Kind::Text, self.literal(start + 3, false)),
                b'"' => return (Kind::QuotedName, self.quoted(start + 3, '"')),
                _ => {}
            },
            _ => {}
        }
        let bytes = self.bytes;
        let end = self.end;
        let mut at = start + 1;
        while at < end && CLASS[bytes[at] as usize] & WORD != 0 {
            at += 1;
        }
        self.at = at;
        (Kind::Word, true)
    }

    /// An operator ends where a comment begins, so `a--b` and `*/*…*/` hold comments.
    fn operator(&mut self, start: usize) -> (Kind, bool) {
        match (self.bytes[start], self.peek(start + 1)) {
            (b'-', b'-') => {
                self.line_comment(start + 2);
                return (Kind::LineComment, true);
            }
            (b'/', b'*') => return (Kind::BlockComment, self.block_comment(start + 2)),
            _ => {}
        }
        let mut at = start + 1;
        while at < self.end && CLASS[self.bytes[at] as usize] & OPERATOR != 0 {
            let pair = (self.bytes[at], self.peek(at + 1));
            if pair == (b'-', b'-') || pair == (b'/', b'*') {
                break;
            }
            at += 1;
        }
        self.at = at;
        (Kind::Operator, true)
    }

    fn line_comment(&mut self, from: usize) {
        self.at = match self.find('\n', from) {
            Some(at) => at,
            None => self.end,
        };
    }

    fn block_comment(&mut self, from: usize) -> bool {
        let mut at = from;
        let mut depth = 1usize;
        while at + 1 < self.end {
            let pair = (self.bytes[at], self.bytes[at + 1]);
            if pair == (b'*', b'/') {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    self.at = at;
                    return true;
                }
            } else if pair == (b'/', b'*') {
                depth += 1;
                at += 2;
            } else {
                at += 1;
            }
        }
        self.at = self.end;
        false
    }

    fn literal(&mut self, from: usize, escapes: bool) -> bool {
        if !escapes {
            return self.quoted(from, '\'');
        }
        let mut at = from;
        while at < self.end {
            match self.bytes[at] {
                b'\\' => at += 2,
                b'\'' if self.peek(at + 1) == b'\'' => at += 2,
                b'\'' => {
                    self.at = at + 1;
                    return true;
                }
                _ => at += 1,
            }
        }
        self.at = self.end;
        false
    }

    /// To the closing quote; a doubled one stands for itself.
    fn quoted(&mut self, from: usize, quote: char) -> bool {
        let mut from = from;
        while let Some(at) = self.find(quote, from) {
            if self.peek(at + 1) == quote as u8 {
                from = at + 2;
            } else {
                self.at = at + 1;
                return true;
            }
        }
        self.at = self.end;
        false
    }

    fn number(&mut self, start: usize) -> Kind {
        let mut at = start + 1;
        while at < self.end {
            let byte = self.bytes[at];
            let goes_on = byte.is_ascii_alphanumeric()
                || byte == b'_'
                || byte == b'.' && self.peek(at + 1) != b'.' && self.bytes[at - 1] != b'.'
                || matches!(byte, b'+' | b'-')
                    && matches!(self.bytes[at - 1], b'e' | b'E')
                    && !matches!(self.peek(start + 1), b'x' | b'X')
                    && self.peek(at + 1).is_ascii_digit();
            if !goes_on {
                break;
            }
            at += 1;
        }
        self.at = at;
        Kind::Number
    }

    fn dot(&mut self, start: usize) -> Kind {
        match self.peek(start + 1) {
            b'.' => {
                self.at = start + 2;
                Kind::Operator
            }
            b'0'..=b'9' => self.number(start),
            _ => Kind::Dot,
        }
    }

    fn colon(&mut self, start: usize) -> Kind {
        if matches!(self.peek(start + 1), b':' | b'=') {
            self.at = start + 2;
            return Kind::Operator;
        }
        Kind::Colon
    }

    fn dollar(&mut self, start: usize) -> (Kind, bool) {
        let mut at = start + 1;
        if self.peek(at).is_ascii_digit() {
            while self.peek(at).is_ascii_digit() {
                at += 1;
            }
            self.at = at;
            return (Kind::Param, true);
        }
        while at < self.end && CLASS[self.bytes[at] as usize] & WORD != 0 && self.bytes[at] != b'$'
        {
            at += 1;
        }
        if self.peek(at) != b'$' {
            return (Kind::Stray, true);
        }
        let tag = &self.bytes[start..=at];
        let mut from = at + 1;
        while let Some(at) = self.find('$', from) {
            if self.bytes[at..self.end].starts_with(tag) {
                self.at = at + tag.len();
                return (Kind::DollarText, true);
            }
            from = at + 1;
        }
        self.at = self.end;
        (Kind::DollarText, false)
    }

    /// The next `wanted`, an ASCII character. The standard library's search is compiled optimised even
    /// where this crate is not.
    fn find(&self, wanted: char, from: usize) -> Option<usize> {
        let rest = self.text.get(from..self.end)?;
        rest.find(wanted).map(|at| from + at)
    }
}
