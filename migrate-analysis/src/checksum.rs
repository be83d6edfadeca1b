//! The checksum of a script: one function, used by nobody but the analysis. Generated code carries
//! the bytes, so compile time and run time cannot disagree.
//!
//! The definition, for who has to compute it elsewhere. A script's checksum is the SHA-256 of these
//! bytes, in UTF-8:
//!
//! 1. `no-transaction` and a line feed, if the script *says* so, by our directive or by a peer's mark or
//!    `metadata.toml`, even where its statements would not need it. Else nothing.
//! 2. For each statement in order its normalised text, `;` and a line feed, whether or not a semicolon
//!    ends the last one. The `BEGIN` and `COMMIT` of a dropped outer pair are no statements here; those
//!    of a block in a script that says `no-transaction` are.
//!
//! A script is what stands in its file or in its section: marks are comments, and a section and a file
//! with the same statements have the same checksum. The byte order mark is dropped, and CR LF is LF,
//! inside literals too.
//!
//! The normalised text of a statement is its tokens as they are written (literals, quoted names and dollar
//! quotes with all they hold, the case of words unchanged), without comments. Between two tokens that have
//! blanks or comments between them stands
//!
//! - a line feed between two literals with a line break and no block comment between them, which are one
//!   literal to PostgreSQL;
//! - nothing, if the last byte of the one and the first byte of the other cannot run together, that is if
//!   - one of them is any of `( ) , ; [ ]`, or
//!   - the first is `'` or `"`, and the second neither a quote nor a byte of a word, or
//!   - neither is a quote or `$`, and they are a byte of a word and one of an operator, a byte of a word
//!     and `:`, or a byte of a word that is no digit and `.`, in either order; but not `u` or `U` and then
//!     `&`;
//! - a blank otherwise.
//!
//! Bytes of a word are letters, digits, `_`, `$` and all above 0x7f, those of an operator are
//! ``+ - * / < > = ~ ! @ # % ^ & | ? ` ``.
//!
//! Tokens that touch in the script touch in its normalised text.

use crate::plan::PlannedMigration;
use crate::sql;
use crate::statement::Statement;
use sha2::{Digest, Sha256};

/// See the definition above; `no_transaction` is what the script says.
pub(crate) fn script<'a>(
    text: &str,
    statements: impl Iterator<Item = &'a Statement>,
    no_transaction: bool,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    if no_transaction {
        hash.update(b"no-transaction\n");
    }
    for statement in statements {
        hash.update(sql::normalized(text, statement.range.clone()));
        hash.update(b";\n");
    }
    hash.finalize().into()
}

/// The digest of a set: the sum of the digests of its migrations. Of each it is the first eight bytes of
/// the SHA-256 over its version, as eight bytes with the highest first, and the checksum of its up script,
/// read as a signed number. The history table holds the same number for each row, so that the runtime
/// knows in one look that nothing is pending, whatever the order of the rows.
pub(crate) fn set(migrations: &[PlannedMigration]) -> i128 {
    migrations.iter().map(one).map(i128::from).sum()
}

fn one(migration: &PlannedMigration) -> i64 {
    let mut hash = Sha256::new();
    hash.update(migration.version.to_be_bytes());
    hash.update(migration.up.checksum);
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
