//! What a statement that cannot run in a transaction leaves behind when it is interrupted, and how it is
//! run again: it may have come through, or need another statement to be finished, or have left an index
//! that nobody wants. (The index of a `CREATE INDEX CONCURRENTLY` is the affair of [`crate::stepwise`].)

use postgres::SimpleQueryMessage;

use crate::connection::Connection;
use crate::error::Error;
use crate::history::{optional, rows_of};
use crate::job::Job;
use crate::observe::Event;
use crate::quote::literal;
use crate::run::Run;

impl<C: Connection> Run<'_, C> {
    /// A concurrent detach that was interrupted is finished in a way of its own; the server says so.
    pub(crate) async fn finalized(&mut self, text: &str, error: &postgres::Error) -> bool {
        if error.code().is_none_or(|code| code.code() != "55000") {
            return false;
        }
        let Some(detach) = concurrent_detach(text) else { return false };
        self.connection.simple_query(&format!("{detach} FINALIZE")).await.is_ok()
    }

    /// Drops the INVALID indexes that an interrupted `REINDEX CONCURRENTLY` of this table left, unless
    /// somebody seems to be at work there.
    pub(crate) async fn sweep(&mut self, job: &Job, step: usize) -> Result<(), Error> {
        let text = job.statements.get(step).map_or("", |statement| statement.text.as_ref());
        let Some(sql) = left_by_reindex(text) else { return Ok(()) };
        let answer = self.send("looking for what an interrupted REINDEX left", &sql).await?;
        for index in indexes(&answer) {
            let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
            self.send("dropping what an interrupted REINDEX left", &sql).await?;
            self.emit(Event::InvalidIndexDropped { migration: job.id.clone(), index });
        }
        Ok(())
    }
}

/// Looks for the INVALID indexes that a failed `REINDEX CONCURRENTLY` has left, if a statement is one, unless
/// somebody seems to be at work there. Answers with [`indexes`].
pub(crate) fn left_by_reindex(text: &str) -> Option<String> {
    let name = literal(concurrent_reindex(text)?);
    // The names are the server's own, as the manual of REINDEX has them.
    Some(format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS index \
         FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
         JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
         WHERE NOT i.indisvalid AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' \
         AND i.indrelid OPERATOR(pg_catalog.=) COALESCE((SELECT x.indrelid FROM pg_catalog.pg_index AS x \
         WHERE x.indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({name})), pg_catalog.to_regclass({name})) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.relation OPERATOR(pg_catalog.=) i.indrelid \
         AND l.database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) \
         AND l.mode OPERATOR(pg_catalog.=) 'ShareUpdateExclusiveLock' AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid())"
    ))
}

/// The indexes of an answer to [`left_by_reindex`], qualified and quoted.
pub(crate) fn indexes(answer: &[SimpleQueryMessage]) -> Vec<String> {
    rows_of(answer).filter_map(|row| optional(row, "index")).map(str::to_owned).collect()
}

/// Whether a statement only failed because it has come through before: the index that it drops is gone,
/// the partition that it detaches is none.
pub(crate) fn is_done_already(text: &str, error: &postgres::Error) -> bool {
    let mut words = text.split_whitespace();
    let mut begins_with = |begin: [&str; 3]| {
        begin.iter().all(|it| words.next().is_some_and(|word| word.eq_ignore_ascii_case(it)))
    };
    match error.code().map(postgres::error::SqlState::code) {
        Some("42704") => begins_with(["drop", "index", "concurrently"]),
        Some("42P01") => {
            concurrent_detach(text).is_some()
                && crate::error::words(error).contains("is not a partition of")
        }
        _ => false,
    }
}

/// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY` without its last word.
fn concurrent_detach(text: &str) -> Option<&str> {
    const LAST: &str = "concurrently";
    let text = text.trim_end().trim_end_matches(';').trim_end();
    let at = text.len().checked_sub(LAST.len())?;
    let (rest, last) = text.split_at_checked(at)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is = |word: Option<&&str>, what: &str| word.is_some_and(|it| it.eq_ignore_ascii_case(what));
    let detaches =
        words.windows(2).any(|two| is(two.first(), "detach") && is(two.last(), "partition"));
    let concurrent = last.eq_ignore_ascii_case(LAST) && rest.ends_with(char::is_whitespace);
    (concurrent && detaches && is(words.first(), "alter")).then_some(rest.trim_end())
}

/// The table or index that a concurrent `REINDEX` names, in either of its two forms (`REINDEX (CONCURRENTLY)
/// TABLE t` is the newer one); nothing where it names a schema or more.
fn concurrent_reindex(text: &str) -> Option<&str> {
    let text = text.trim_end().trim_end_matches(';').trim_end();
    let rest = after(text, "reindex")?.trim_start();
    let (options, rest) = match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?,
        None => ("", rest),
    };
    let rest = after(rest, "table").or_else(|| after(rest, "index"))?;
    let (concurrently, name) = match after(rest, "concurrently") {
        Some(name) => (true, name),
        None => (options.split(',').any(is_concurrent), rest),
    };
    let name = name.trim();
    // What stands in comments is nobody's name.
    let is_plain = !name.is_empty() && !name.contains("--") && !name.contains("/*");
    (concurrently && is_plain).then_some(name)
}

/// Whether an option says `CONCURRENTLY`, and does not take it back.
fn is_concurrent(option: &str) -> bool {
    let mut words = option.split_whitespace().map(str::to_ascii_lowercase);
    words.next().as_deref() == Some("concurrently")
        && !words
            .next()
            .is_some_and(|value| ["false", "off", "0"].contains(&value.trim_matches('\'')))
}

/// What follows a word at the beginning.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.trim_start().split_at_checked(word.len())?;
    let ends = rest.starts_with(|c: char| c.is_whitespace() || c == '(' || c == '"');
    (first.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::{concurrent_detach, concurrent_reindex};

    #[test]
    fn a_concurrent_reindex_is_told_by_its_words() {
        assert_eq!(concurrent_reindex("REINDEX TABLE CONCURRENTLY s.t;"), Some("s.t"));
        assert_eq!(concurrent_reindex("reindex (verbose) index concurrently i"), Some("i"));
        assert_eq!(concurrent_reindex("REINDEX (CONCURRENTLY) TABLE t"), Some("t"));
        let options = "REINDEX(VERBOSE, CONCURRENTLY true)\n INDEX s.\"my index\"";
        assert_eq!(concurrent_reindex(options), Some("s.\"my index\""));
        assert_eq!(concurrent_reindex("REINDEX (CONCURRENTLY off) TABLE t"), None);
        assert_eq!(concurrent_reindex("REINDEX TABLE CONCURRENTLY t -- all of it"), None);
        assert_eq!(concurrent_reindex("REINDEX TABLE CONCURRENTLY"), None);
        assert_eq!(concurrent_reindex("REINDEX é"), None);
        assert_eq!(concurrent_reindex("REINDEX SCHEMA CONCURRENTLY s"), None);
        assert_eq!(concurrent_reindex("REINDEX TABLE t"), None);
    }

    #[test]
    fn a_concurrent_detach_is_told_by_its_words() {
        let text = "ALTER TABLE t\n  DETACH PARTITION p concurrently;";
        assert_eq!(concurrent_detach(text), Some("ALTER TABLE t\n  DETACH PARTITION p"));
        assert_eq!(concurrent_detach("ALTER TABLE t DETACH PARTITION p"), None);
        assert_eq!(concurrent_detach("DROP INDEX CONCURRENTLY"), None);
        assert_eq!(concurrent_detach("é"), None);
    }
}
