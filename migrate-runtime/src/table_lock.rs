//! What a migration locks, as the analysis found when the crate was compiled.

use std::fmt;

use crate::quote::literal;

/// A table-level lock mode, weakest first.
///
/// Every command takes one on each table that it touches, and holds it until its transaction ends;
/// what conflicts with it waits.
///
/// ```ignore
/// use migrate_runtime::{LockMode, Migration};
/// const _: () = assert!(schema::AddPhone::STRONGEST_LOCK.at_most(LockMode::ShareUpdateExclusive));
/// ```
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
    /// Whether it is this mode or a weaker one.
    pub const fn at_most(self, mode: LockMode) -> bool {
        self as u8 <= mode as u8
    }

    /// Whether a `SELECT` has to wait for it.
    pub const fn blocks_reads(self) -> bool {
        matches!(self, LockMode::AccessExclusive)
    }

    /// Whether `INSERT`, `UPDATE` and `DELETE` have to wait for it.
    pub const fn blocks_writes(self) -> bool {
        self as u8 >= LockMode::Share as u8
    }

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

    /// As the list of migrations counts them; what is not known is the strongest.
    pub(crate) const fn numbered(number: u8) -> LockMode {
        match number {
            0 => LockMode::NoLock,
            1 => LockMode::AccessShare,
            2 => LockMode::RowShare,
            3 => LockMode::RowExclusive,
            4 => LockMode::ShareUpdateExclusive,
            5 => LockMode::Share,
            6 => LockMode::ShareRowExclusive,
            7 => LockMode::Exclusive,
            _ => LockMode::AccessExclusive,
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A lock that a statement takes on a relation that was there before its migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableLock {
    /// The table, view or index as SQL, with its schema unless that is `public`.
    pub relation: &'static str,
    /// Held until the transaction ends.
    pub mode: LockMode,
    /// The table is written anew meanwhile, and all its indexes.
    pub rewrites: bool,
    /// All its rows are read meanwhile.
    pub scans: bool,
    /// An index is built on it meanwhile.
    pub builds_index: bool,
    /// It is a table, and no view, index or sequence.
    pub is_table: bool,
}

impl TableLock {
    /// Whether it is held for a time that grows with the table.
    pub const fn grows(&self) -> bool {
        self.rewrites || self.scans || self.builds_index
    }
}

impl fmt::Display for TableLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.relation, self.mode)?;
        let work =
            [(self.rewrites, "rewrite"), (self.scans, "scan"), (self.builds_index, "index build")];
        for (_, word) in work.into_iter().filter(|(is, _)| *is) {
            write!(f, ", {word}")?;
        }
        Ok(())
    }
}

/// Reads the locks of a step: `!8rst5:users`, the number of the mode, `r`ewrites, `s`cans, `b`uilds an
/// index, is a `t`able, and the relation with its length before it.
#[derive(Clone, Debug)]
pub(crate) struct TableLocks(pub(crate) &'static str);

impl Iterator for TableLocks {
    type Item = TableLock;

    fn next(&mut self) -> Option<TableLock> {
        let (mode, rest) = self.0.strip_prefix('!')?.split_at_checked(1)?;
        let name = rest.find(|c: char| c.is_ascii_digit())?;
        let (work, rest) = rest.split_at_checked(name)?;
        let (length, rest) = rest.split_once(':')?;
        let (relation, rest) = rest.split_at_checked(length.parse().ok()?)?;
        self.0 = rest;
        Some(TableLock {
            relation,
            mode: LockMode::numbered(mode.parse().ok()?),
            rewrites: work.contains('r'),
            scans: work.contains('s'),
            builds_index: work.contains('b'),
            is_table: work.contains('t'),
        })
    }
}

/// The strongest lock on each relation, and all that is done meanwhile; strongest first.
pub(crate) fn together(locks: impl Iterator<Item = TableLock>) -> Vec<TableLock> {
    let mut all: Vec<TableLock> = Vec::new();
    for lock in locks {
        match all.iter_mut().find(|own| own.relation == lock.relation) {
            Some(own) => {
                own.mode = own.mode.max(lock.mode);
                own.rewrites |= lock.rewrites;
                own.scans |= lock.scans;
                own.builds_index |= lock.builds_index;
            }
            None => all.push(lock),
        }
    }
    all.sort_by(|a, b| b.mode.cmp(&a.mode).then(a.relation.cmp(b.relation)));
    all
}

/// The modes, as `pg_locks` has them, weakest first.
const HELD: [&str; 8] = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// Whether a held mode (as `pg_locks` has it) keeps a wanted one waiting.
///
/// Source: the table *Conflicting Lock Modes* in the manual, "Explicit Locking".
pub(crate) fn conflicts(held: &str, wanted: LockMode) -> bool {
    use LockMode::{
        AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share,
        ShareUpdateExclusive,
    };
    let weakest = match held {
        "AccessShareLock" => AccessExclusive,
        "RowShareLock" => Exclusive,
        "RowExclusiveLock" => Share,
        "ShareUpdateExclusiveLock" => ShareUpdateExclusive,
        // The one mode that does not conflict with itself while a weaker one conflicts with it.
        "ShareLock" => return wanted >= RowExclusive && wanted != Share,
        "ShareRowExclusiveLock" => RowExclusive,
        "ExclusiveLock" => RowShare,
        "AccessExclusiveLock" => AccessShare,
        _ => return false,
    };
    wanted >= weakest
}

/// The held modes, as `pg_locks` has them, that keep any of these waiting.
pub(crate) fn modes_against(wanted: impl Iterator<Item = LockMode>) -> Vec<&'static str> {
    let wanted: Vec<LockMode> = wanted.collect();
    HELD.into_iter().filter(|held| wanted.iter().any(|mode| conflicts(held, *mode))).collect()
}

/// A subquery with the `name` and the `oid` of each of these relations; NULL for one that is not there.
/// Nothing is locked. (`to_regclass` alone fails where the role may not use a schema, which is not what
/// is asked.)
pub(crate) fn named_relations(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    format!(
        "(SELECT n AS name, CASE WHEN p[2] IS NULL THEN pg_catalog.to_regclass(n)::pg_catalog.oid ELSE \
         (SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS s \
         ON s.oid OPERATOR(pg_catalog.=) c.relnamespace \
         WHERE s.nspname OPERATOR(pg_catalog.=) p[1]::pg_catalog.name \
         AND c.relname OPERATOR(pg_catalog.=) p[2]::pg_catalog.name) END AS oid \
         FROM (SELECT n, pg_catalog.parse_ident(n) AS p \
         FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.text[]) AS n) AS names)",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_read_as_they_were_packed() {
        let locks: Vec<_> = TableLocks("!8r5:users!40:!5sb9:a.\"1:!8;\"").collect();
        let shown: Vec<_> = locks.iter().map(ToString::to_string).collect();
        let expected = [
            "users ACCESS EXCLUSIVE, rewrite",
            " SHARE UPDATE EXCLUSIVE",
            "a.\"1:!8;\" SHARE, scan, index build",
        ];
        assert_eq!(shown, expected);
        assert!(locks[0].mode.blocks_reads() && !locks[2].mode.blocks_reads());
        assert!(locks[2].mode.blocks_writes() && !locks[1].mode.blocks_writes());
    }

    #[test]
    fn a_relation_is_told_once() {
        let locks = TableLocks("!5b5:users!3:4:a!86:orders!8r5:users");
        let all = together(TableLocks("!5b5:users!86:orders!8r5:users"));
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].to_string(), "users ACCESS EXCLUSIVE, rewrite, index build");
        assert!(locks.count() <= 4, "what cannot be read ends it");
    }

    #[test]
    fn modes_are_ordered_by_strength() {
        let all: Vec<LockMode> = (0..=8).map(LockMode::numbered).collect();
        assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(LockMode::Share.at_most(LockMode::Share));
        assert!(!LockMode::Share.at_most(LockMode::RowExclusive));
        assert_eq!(LockMode::numbered(200), LockMode::AccessExclusive);
    }

    #[test]
    fn modes_conflict_as_the_manual_has_it() {
        // The table of the manual: rows are wanted, columns held, both weakest first.
        let table = [
            "       x", "      xx", "    xxxx", "   xxxxx", "  xx xxx", "  xxxxxx", " xxxxxxx",
            "xxxxxxxx",
        ];
        for (row, wanted) in table.iter().zip(1..) {
            for (mark, held) in row.chars().zip(HELD) {
                let conflict = conflicts(held, LockMode::numbered(wanted));
                assert_eq!(conflict, mark == 'x', "{held} against {}", LockMode::numbered(wanted));
            }
        }
    }
}
