//! Values and names as SQL text. The only two functions that put foreign text into a message.

use std::fmt::Write as _;

/// A string constant.
///
/// A backslash means itself under `standard_conforming_strings = on` and starts an escape when it
/// is off, so a text that has one is dollar-quoted: those quotes mean the same under both.
pub(crate) fn literal(text: &str) -> String {
    if !text.contains('\\') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut tag = String::from("$q$");
    let mut n = 0_u32;
    // A `$` at the end would run into the closing tag, so the tag must not occur in `text$` either.
    while text.contains(&tag) || text.ends_with(tag.trim_end_matches('$')) {
        n += 1;
        tag.clear();
        let _ = write!(tag, "$q{n}$");
    }
    format!("{tag}{text}{tag}")
}

/// A name, quoted always: it is then the same name whatever its case and whatever keyword it is.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Bytes as hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// A `bytea` constant, without a backslash.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    format!("pg_catalog.decode('{}','hex')", hex(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn a_backslash_is_dollar_quoted_with_a_free_tag() {
        assert_eq!(literal("a\\'b"), "$q$a\\'b$q$");
        assert_eq!(literal("\\$q$"), "$q1$\\$q$$q1$");
        assert_eq!(literal("\\$q"), "$q1$\\$q$q1$");
        assert_eq!(literal("\\$"), "$q$\\$$q$");
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
    }
}
