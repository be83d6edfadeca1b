//! Can a statement run inside a transaction block? Read from its words, as the server decides it: the
//! callers of `PreventInTransactionBlock` in PostgreSQL 13 to 18.
//!
//! What depends on the database (`REINDEX` or `CLUSTER` of a partitioned table, `DROP SUBSCRIPTION`
//! without a slot) cannot be known here; each such arm says which way it leans.

use super::words::Words;
use crate::statement::TransactionUse;

/// How the statement relates to transaction blocks.
pub(crate) fn transaction_use(words: Words<'_>) -> TransactionUse {
    use TransactionUse::{Begin, Either, Neutral, OtherControl, Outside};
    let outside = |prevented: bool| if prevented { Outside } else { Either };
    match words.text(0).to_ascii_uppercase().as_str() {
        "BEGIN" => Begin,
        "START" => Begin,
        "COMMIT" | "END" => end_of_transaction(words),
        "ROLLBACK" if words.is(1, "PREPARED") => Outside,
        "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => OtherControl,
        "PREPARE" if words.is(1, "TRANSACTION") => OtherControl,
        "SET" if words.is(1, "CONSTRAINTS") => Either,
        "SET" if words.is_any(1, &["TRANSACTION"]) => OtherControl,
        "SET" | "RESET" | "SHOW" => Neutral,
        "VACUUM" => Outside,
        "DISCARD" => outside(words.is(1, "ALL")),
        "CREATE" => outside(create_is_prevented(words)),
        "DROP" => outside(drop_is_prevented(words)),
        "ALTER" => outside(alter_is_prevented(words)),
        "REINDEX" => outside(reindex_is_prevented(words)),
        "CLUSTER" => outside(cluster_is_prevented(words)),
        _ => Either,
    }
}

fn end_of_transaction(words: Words<'_>) -> TransactionUse {
    if words.is(1, "PREPARED") {
        return TransactionUse::Outside;
    }
    let at = if words.is_any(1, &["WORK", "TRANSACTION"]) { 2 } else { 1 };
    if words.are(at, &["AND", "CHAIN"]) {
        // Ends one transaction and begins another: neither side of a pair.
        return TransactionUse::OtherControl;
    }
    TransactionUse::Commit
}

fn create_is_prevented(words: Words<'_>) -> bool {
    let at = words.skip(1, &["UNIQUE"]);
    if words.is(at, "INDEX") {
        return words.is(at + 1, "CONCURRENTLY");
    }
    match words.text(1).to_ascii_uppercase().as_str() {
        "DATABASE" | "TABLESPACE" => true,
        // Only where it makes the slot on the other server.
        "SUBSCRIPTION" => !is_off(words, "CONNECT") && !is_off(words, "CREATE_SLOT"),
        _ => false,
    }
}

fn drop_is_prevented(words: Words<'_>) -> bool {
    match words.text(1).to_ascii_uppercase().as_str() {
        "INDEX" => words.is(2, "CONCURRENTLY"),
        "DATABASE" | "TABLESPACE" => true,
        // It has a slot to drop, unless `slot_name = NONE` was set before.
        "SUBSCRIPTION" => true,
        _ => false,
    }
}

fn alter_is_prevented(words: Words<'_>) -> bool {
    match words.text(1).to_ascii_uppercase().as_str() {
        "SYSTEM" => true,
        "DATABASE" => words.find(2, &["SET"]).is_some_and(|set| words.is(set + 1, "TABLESPACE")),
        // `FINALIZE` of a broken-off detach runs in a transaction block.
        "TABLE" => words.find(2, &["DETACH"]).is_some_and(|detach| {
            words.is(detach + 1, "PARTITION") && words.find(detach + 3, &["CONCURRENTLY"]).is_some()
        }),
        "SUBSCRIPTION" => alter_subscription_is_prevented(words),
        _ => false,
    }
}

fn alter_subscription_is_prevented(words: Words<'_>) -> bool {
    let Some((_, at)) = words.name(2) else { return false };
    if words.is(at, "REFRESH") {
        return true;
    }
    if words.is_any(at, &["SET", "ADD", "DROP"]) && words.is(at + 1, "PUBLICATION") {
        return !is_off(words, "REFRESH");
    }
    // Options that reach the slot on the other server (17, 18).
    words.is(at, "SET") && (at..words.len()).any(|at| words.is_any(at, &["FAILOVER", "TWO_PHASE"]))
}

fn reindex_is_prevented(words: Words<'_>) -> bool {
    let mut at = 1;
    if words.kind(1) == Some(super::lex::Kind::Open) {
        at = words.behind_parens(1);
        let listed = (2..at).find(|&at| words.is(at, "CONCURRENTLY"));
        if listed.is_some() && !is_off(words, "CONCURRENTLY") {
            return true;
        }
    }
    // Of a partitioned table or index it is prevented too, which only the catalog can tell.
    words.is_any(at, &["SCHEMA", "DATABASE", "SYSTEM"]) || words.is(at + 1, "CONCURRENTLY")
}

/// Without a table it does every clustered one, each in its own transaction.
fn cluster_is_prevented(words: Words<'_>) -> bool {
    let at = match words.kind(1) {
        Some(super::lex::Kind::Open) => words.behind_parens(1),
        _ => words.skip(1, &["VERBOSE"]),
    };
    words.len() <= at
}

/// Whether `option` stands in the statement with a value that means no: `connect = false`.
fn is_off(words: Words<'_>, option: &str) -> bool {
    (0..words.len()).filter(|&at| words.is(at, option)).any(|at| {
        let value = if words.text(at + 1) == "=" { at + 2 } else { at + 1 };
        let written = words.text(value).trim_matches('\'').to_ascii_lowercase();
        matches!(written.as_str(), "false" | "off" | "0")
    })
}
