//! A step that brings its own transaction: `BEGIN; …; COMMIT`.

/// Where the `COMMIT` of a step stands that is a whole `BEGIN … COMMIT`: its progress goes before.
pub(super) fn own_transaction(text: &str) -> Option<usize> {
    let first = text.split_whitespace().next()?.trim_end_matches(';');
    if !["begin", "start"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return None;
    }
    let body = text.trim_end().trim_end_matches(';');
    let last = body.rfind(';')? + 1;
    let mut words = body[last..].split_whitespace().map(str::to_ascii_lowercase);
    let ends = matches!(words.next()?.as_str(), "commit" | "end");
    let plain = words.all(|word| matches!(word.as_str(), "work" | "transaction"));
    (ends && plain).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::own_transaction;

    #[test]
    fn a_transaction_of_its_own_is_cut_before_its_commit() {
        let text = "BEGIN; UPDATE t SET a = 1;\nCOMMIT";
        assert_eq!(own_transaction(text), Some(text.find("\nCOMMIT").unwrap()));
        assert_eq!(own_transaction("start transaction; SELECT 1; end work;"), Some(28));
        assert_eq!(own_transaction("BEGIN; SELECT 1; COMMIT AND CHAIN"), None);
        assert_eq!(own_transaction("UPDATE t SET a = 1; COMMIT"), None);
    }
}
