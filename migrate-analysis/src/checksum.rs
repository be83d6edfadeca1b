//! The checksum of a script: one function, used by nobody but the analysis. Generated code carries
//! the bytes, so compile time and run time cannot disagree.

use crate::sql;
use crate::statement::Statement;
use sha2::{Digest, Sha256};

/// SHA-256 over the statements, comments left out and blanks outside quotes folded, and over
/// whether they run in a transaction.
pub(crate) fn script(text: &str, statements: &[Statement], no_transaction: bool) -> [u8; 32] {
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

/// SHA-256 over `<version>:<checksum of the up script in lower-case hex>\n` in order of version:
/// what the runtime compares with the same digest over the history table, to know in one look
/// that nothing is pending.
pub(crate) fn set<'a>(migrations: impl Iterator<Item = (i64, &'a [u8; 32])>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (version, checksum) in migrations {
        hash.update(format!("{version}:"));
        hash.update(hex(checksum));
        hash.update(b"\n");
    }
    hash.finalize().into()
}

/// Lower-case hex digits. It runs unoptimised for every migration, hence no formatting.
fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 64];
    for (at, byte) in bytes.iter().enumerate() {
        digits[2 * at] = DIGITS[usize::from(byte >> 4)];
        digits[2 * at + 1] = DIGITS[usize::from(byte & 15)];
    }
    digits
}
