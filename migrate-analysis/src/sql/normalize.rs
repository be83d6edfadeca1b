//! What the checksum of a statement is taken over.
//!
//! The rules look at single characters, never at whole tokens, so that a finer lexer in a later release
//! does not change the checksums of migrations that were applied long ago.

use super::lex::{Kind, Lexer, Token, is_operator_byte, is_word_byte};
use std::ops::Range;

/// The statement without comments and with as few blanks as it can have: two scripts have the same text
/// if and only if they differ in comments and blanks outside quotes alone.
pub(super) fn normalized(text: &str, range: Range<usize>) -> String {
    let mut lexer = Lexer::new(text, range.start, range.end);
    let mut out = String::with_capacity(range.len());
    let mut previous: Option<Token> = None;
    let mut block_comment = false;
    while let Some(token) = lexer.next() {
        if token.is_comment() {
            block_comment |= token.kind == Kind::BlockComment;
            continue;
        }
        if let Some(previous) = previous.filter(|previous| previous.end < token.start) {
            let gap = text.get(previous.end..token.start).unwrap_or("");
            out.push_str(separator(text, previous, token, gap, block_comment));
        }
        out.push_str(text.get(token.start..token.end).unwrap_or(""));
        previous = Some(token);
        block_comment = false;
    }
    out
}

/// What stands for the blanks and comments between two tokens.
fn separator(
    text: &str,
    left: Token,
    right: Token,
    gap: &str,
    block_comment: bool,
) -> &'static str {
    let bytes = text.as_bytes();
    let (before, after) = (bytes[left.end - 1], bytes[right.start]);
    if before == b'\'' && after == b'\'' {
        // Two literals on two lines are one to PostgreSQL, on one line they are an error.
        return if gap.contains(['\n', '\r']) && !block_comment { "\n" } else { " " };
    }
    if may_touch(before, after) { "" } else { " " }
}

/// Whether the two characters stay what they are when nothing stands between them.
fn may_touch(before: u8, after: u8) -> bool {
    if matches!((before, after), (b'u' | b'U', b'&')) {
        // `u &'a'` is an operator on `u`, `u&'a'` a literal.
        return false;
    }
    let plain = |byte| matches!(byte, b'(' | b')' | b',' | b';' | b'[' | b']');
    if plain(before) || plain(after) {
        return true;
    }
    let quote = |byte| matches!(byte, b'\'' | b'"' | b'$');
    if quote(before) || quote(after) {
        // `'a' 'b'`, `E 'a'`, `a $$b$$`; but `'a' ::text` is `'a'::text`.
        return before != b'$' && !quote(after) && !is_word_byte(after);
    }
    is_word_byte(before) && is_operator_byte(after)
        || is_operator_byte(before) && is_word_byte(after)
        || matches!((before, after), (b':', _) if is_word_byte(after))
        || matches!((before, after), (_, b':') if is_word_byte(before))
        || matches!((before, after), (_, b'.') if is_word_byte(before) && !before.is_ascii_digit())
        || matches!((before, after), (b'.', _) if is_word_byte(after) && !after.is_ascii_digit())
}
