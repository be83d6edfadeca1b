//! The lock modes.

use std::fmt;

/// A table-level lock mode, weakest first.
///
/// Every command takes one on each table that it touches, and holds it until its transaction ends. What
/// conflicts with it waits.
///
/// Source: [Table-Level Locks](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// Nothing that was there before is locked.
    #[default]
    NoLock,
    /// `SELECT`.
    AccessShare,
    /// `SELECT … FOR UPDATE`; the other table when a foreign key is validated.
    RowShare,
    /// `INSERT`, `UPDATE`, `DELETE`.
    RowExclusive,
    /// `VACUUM`, `ANALYZE`, `CREATE INDEX CONCURRENTLY`, `VALIDATE CONSTRAINT`.
    ShareUpdateExclusive,
    /// `CREATE INDEX`.
    Share,
    /// `CREATE TRIGGER`, `ADD FOREIGN KEY`.
    ShareRowExclusive,
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`.
    Exclusive,
    /// Most of `ALTER TABLE`, `DROP TABLE`, `TRUNCATE`, `VACUUM FULL`.
    AccessExclusive,
}

impl LockMode {
    /// As the manual spells it: `ACCESS EXCLUSIVE`.
    pub const fn as_str(self) -> &'static str {
        match self {
            LockMode::NoLock => "no lock",
            LockMode::AccessShare => "ACCESS SHARE",
            LockMode::RowShare => "ROW SHARE",
            LockMode::RowExclusive => "ROW EXCLUSIVE",
            LockMode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            LockMode::Share => "SHARE",
            LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            LockMode::Exclusive => "EXCLUSIVE",
            LockMode::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// As it is spelt in `LOCK … IN … MODE`, in upper case.
    pub(crate) fn named(name: &str) -> Option<LockMode> {
        let all = [
            LockMode::AccessShare,
            LockMode::RowShare,
            LockMode::RowExclusive,
            LockMode::ShareUpdateExclusive,
            LockMode::Share,
            LockMode::ShareRowExclusive,
            LockMode::Exclusive,
            LockMode::AccessExclusive,
        ];
        all.into_iter().find(|mode| mode.as_str() == name)
    }

    /// Whether it is this mode or a weaker one.
    pub const fn at_most(self, mode: LockMode) -> bool {
        self as u8 <= mode as u8
    }

    /// Whether a `SELECT` has to wait.
    pub const fn blocks_reads(self) -> bool {
        matches!(self, LockMode::AccessExclusive)
    }

    /// Whether `INSERT`, `UPDATE` and `DELETE` have to wait.
    pub const fn blocks_writes(self) -> bool {
        self as u8 >= LockMode::Share as u8
    }

    /// Who waits while it is held, of those that read or write: for locks that block at least writes.
    pub(crate) const fn waiting(self) -> &'static str {
        match self.blocks_reads() {
            true => "reads and writes",
            false => "writes",
        }
    }

    /// What waits for it, in words.
    pub const fn blocks(self) -> &'static str {
        match self {
            LockMode::AccessExclusive => "blocks reads and writes",
            LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive => "blocks writes",
            LockMode::ShareUpdateExclusive => "blocks only VACUUM and other changes of the schema",
            _ => "blocks neither reads nor writes",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
