//! Names as SQL text.

use super::reader::keyword;

/// A name between quotes where it needs them.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && keyword::class(name).is_none();
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotes_has_them() {
        for plain in ["users", "_x1", "name", "value"] {
            assert_eq!(quoted(plain), plain);
        }
        assert_eq!(quoted("user"), "\"user\"");
        assert_eq!(quoted("Users"), "\"Users\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted("1st"), "\"1st\"");
    }
}
