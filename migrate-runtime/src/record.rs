//! Migrations in a row as bytes, and how a migration is read out of them.
//!
//! For a thousand migrations a list of expressions would be what the compiler spends most of its
//! time on. So the macro embeds bytes, and what stands in them is found when it is asked for, at
//! compile time or at run time; reading allocates nothing.
//!
//! A record has [`SIZE`] bytes, so that the compiler need not walk through them to find the last.
//! Numbers have their lowest byte first. `migrate-analysis/src/embed.rs` writes it, which cannot be
//! called from here.
//!
//! | at | bytes | |
//! |---:|---:|---|
//! | 0 | 8 | version |
//! | 8 | 1 | the way back: 0 a script, 1 a no-op, 2 none |
//! | 9 | 1 | the verdict: 0 unproven, 1 exact, 2 column order, 3 does not restore, 4 irreversible |
//! | 10 | 1 | whether the up destroys data |
//! | 11 | 24 | where its texts begin and end: name, path and steps of the up, path (or the reason) and steps of the down; each begins where the one before ends |
//! | 35 | 42 | the up: where its text begins and ends (4, 4), checksum (32), in one transaction (1), the strongest lock (1), 0 none to 8, and 9 where more may be locked than is known |
//! | 77 | 42 | the down, likewise |

use crate::migration::{Down, EmbeddedMigration, Script};
use crate::table_lock::LockMode;
use crate::verdict::Verdict;

const VERSION: usize = 0;
const WAY_BACK: usize = 8;
const VERDICT: usize = 9;
const DESTROYS: usize = 10;
const TEXTS: usize = 11;
const UP: usize = 35;
const DOWN: usize = 77;
const SIZE: usize = 119;

/// In the place of the strongest lock: what a script locks is not fully known.
const UNKNOWN: u8 = 9;

/// Migrations in a row: those that were not edited lately, or the others, or all. A migration points to
/// the static that holds it, since the compiler would else hash all of it for each.
#[derive(Debug)]
pub struct List {
    /// All scripts in a row. They are UTF-8, and no `str`: the compiler would escape them in a literal,
    /// and then read that.
    pub scripts: &'static [u8],
    /// Names, paths, reasons and steps in a row, likewise.
    pub texts: &'static [u8],
    /// What is where: a record a migration.
    pub records: &'static [u8],
}

impl List {
    /// Of nothing.
    pub const NONE: List = List { scripts: &[], texts: &[], records: &[] };

    /// `text` begins with the scripts, `scripts` bytes of them, and goes on with the texts.
    pub const fn new(text: &'static [u8], scripts: usize, records: &'static [u8]) -> List {
        match text.split_at_checked(scripts) {
            Some((scripts, texts)) => List { scripts, texts, records },
            None => List { records, ..List::NONE },
        }
    }
}

/// The `N` migrations of a set: those of its head, and the others. They are counted by whoever knows,
/// since the compiler would look into both lists again when one of them has changed.
pub const fn migrations<const N: usize>(
    head: &'static List,
    count: usize,
    rest: &'static List,
) -> [EmbeddedMigration; N] {
    let mut migrations = [EmbeddedMigration { list: head, nth: 0 }; N];
    let mut at = 0;
    while at < N {
        migrations[at] = match at < count {
            true => EmbeddedMigration { list: head, nth: at },
            false => EmbeddedMigration { list: rest, nth: at - count },
        };
        at += 1;
    }
    migrations
}

/// A record; what lies outside the list reads as zeros.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    pub(crate) list: &'static List,
    pub(crate) nth: usize,
}

impl Record {
    pub(crate) const fn version(self) -> i64 {
        i64::from_le_bytes(*self.bytes(VERSION))
    }

    pub(crate) const fn name(self) -> &'static str {
        self.text(0)
    }

    pub(crate) const fn up(self) -> Script {
        self.script(UP, 1)
    }

    pub(crate) const fn down(self) -> Down {
        match *self.bytes(WAY_BACK) {
            [0] => Down::Script(self.script(DOWN, 3)),
            [1] => Down::NoOp(self.text(3)),
            _ => Down::Irreversible(self.text(3)),
        }
    }

    pub(crate) const fn verdict(self) -> Verdict {
        match *self.bytes(VERDICT) {
            [1] => Verdict::Exact,
            [2] => Verdict::ColumnOrder,
            [3] => Verdict::DoesNotRestore,
            [4] => Verdict::Irreversible,
            _ => Verdict::Unproven,
        }
    }

    pub(crate) const fn destroys_data(self) -> bool {
        self.bytes::<1>(DESTROYS)[0] != 0
    }

    /// The script that is described at `at`, and whose path is the text with number `path`.
    const fn script(self, at: usize, path: usize) -> Script {
        Script {
            path: self.text(path),
            text: part(self.list.scripts, self.number(at), self.number(at + 4)),
            steps: self.text(path + 1),
            checksum: self.bytes(at + 8),
            transactional: self.bytes::<1>(at + 40)[0] != 0,
            strongest_lock: LockMode::numbered(self.bytes::<1>(at + 41)[0]),
            locks_are_known: self.bytes::<1>(at + 41)[0] < UNKNOWN,
        }
    }

    const fn text(self, nth: usize) -> &'static str {
        let at = TEXTS + 4 * nth;
        utf8(part(self.list.texts, self.number(at), self.number(at + 4)))
    }

    const fn number(self, at: usize) -> usize {
        u32::from_le_bytes(*self.bytes(at)) as usize
    }

    const fn bytes<const N: usize>(self, at: usize) -> &'static [u8; N] {
        let Some((_, rest)) = self.list.records.split_at_checked(self.nth * SIZE + at) else {
            return &[0; N];
        };
        match rest.first_chunk() {
            Some(bytes) => bytes,
            None => &[0; N],
        }
    }
}

const fn part(text: &[u8], start: usize, end: usize) -> &[u8] {
    let Some((head, _)) = text.split_at_checked(end) else { return &[] };
    let Some((_, part)) = head.split_at_checked(start) else { return &[] };
    part
}

/// What was written is UTF-8, and was cut where a text ends. Were it not, to go on with another script
/// would be worse than to stop.
pub(crate) const fn utf8(text: &[u8]) -> &str {
    match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(_) => panic!("what `migrations!` has embedded was damaged: `cargo clean` mends it"),
    }
}

/// A list of one migration, made at run time and never freed: for sets that are made by hand, which
/// nobody has judged. The macro writes the same, for what it cannot call.
pub fn migration(version: i64, name: &str, up: Script, down: Down) -> EmbeddedMigration {
    let (kind, verdict, (path, steps), script) = match down {
        Down::Script(script) => (0, 0, (script.path, script.steps), Some(script)),
        Down::NoOp(reason) => (1, 0, (reason, ""), None),
        Down::Irreversible(reason) => (2, 4, (reason, ""), None),
    };
    let mut record = version.to_le_bytes().to_vec();
    record.extend([kind, verdict, 0]);
    let (mut texts, mut scripts) = (String::new(), Vec::new());
    record.extend(number(0));
    for text in [name, up.path, up.steps, path, steps] {
        texts.push_str(text);
        record.extend(number(texts.len()));
    }
    for script in [Some(up), script] {
        record.extend(number(scripts.len()));
        scripts.extend_from_slice(script.map_or(&[], |script| script.text));
        record.extend(number(scripts.len()));
        record.extend(script.map_or(&[0; 32], |script| script.checksum));
        record.push(script.is_some_and(|script| script.transactional).into());
        record.push(script.map_or(0, |script| match script.locks_are_known {
            true => script.strongest_lock as u8,
            false => UNKNOWN,
        }));
    }
    let list =
        List { scripts: scripts.leak(), texts: texts.into_bytes().leak(), records: record.leak() };
    EmbeddedMigration { list: Box::leak(Box::new(list)), nth: 0 }
}

/// Scripts of 4 GB do not fit into a compiler.
fn number(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(path: &'static str, text: &'static str, transactional: bool) -> Script {
        let checksum = if transactional { &[7; 32] } else { &[255; 32] };
        let strongest_lock = LockMode::Share;
        let locks_are_known = true;
        Script {
            path,
            text: text.as_bytes(),
            steps: "0-1;",
            checksum,
            transactional,
            strongest_lock,
            locks_are_known,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let (up, down) = (script("größe.up.sql", "A; ä", true), script("d", "B", false));
        for down in [Down::Script(down), Down::NoOp("why"), Down::Irreversible("")] {
            let read = migration(i64::MIN + 1, "größe", up, down);
            assert_eq!((read.version(), read.name()), (i64::MIN + 1, "größe"));
            assert_eq!((read.up(), read.down()), (up, down));
            assert_eq!(read.list.records.len(), SIZE);
        }
    }

    #[test]
    fn a_set_made_by_hand_is_not_judged() {
        let judged = |down| {
            let migration = migration(1, "m", script("p", "A", true), down);
            (migration.verdict(), migration.destroys_data())
        };
        assert_eq!(judged(Down::NoOp("why")), (Verdict::Unproven, false));
        assert_eq!(judged(Down::Irreversible("why")), (Verdict::Irreversible, false));
    }

    #[test]
    fn every_verdict_has_its_number() {
        let mut bytes =
            migration(1, "m", script("p", "A", true), Down::NoOp("why")).list.records.to_vec();
        let mut read = |verdict: u8, destroys: u8| {
            bytes[VERDICT..=DESTROYS].copy_from_slice(&[verdict, destroys]);
            let records = bytes.clone().leak();
            let list = Box::leak(Box::new(List { records, ..List::NONE }));
            let [migration] = migrations(list, 1, list);
            (migration.verdict(), migration.destroys_data())
        };
        let all = [
            Verdict::Unproven,
            Verdict::Exact,
            Verdict::ColumnOrder,
            Verdict::DoesNotRestore,
            Verdict::Irreversible,
        ];
        for (number, verdict) in (0..).zip(all) {
            assert_eq!(read(number, number % 2), (verdict, number % 2 == 1));
        }
    }

    #[test]
    fn migrations_are_found_one_behind_the_other() {
        let one = |version| migration(version, "m", script("p", "A", true), Down::NoOp("why"));
        let records = [one(1).list.records, one(2).list.records].concat().leak();
        let list = Box::leak(Box::new(List { records, ..*one(1).list }));
        assert_eq!(migrations(list, 2, &List::NONE), [one(1), one(2)]);
        assert_eq!(migrations(&List::NONE, 0, list), [one(1), one(2)]);
        assert_eq!(migrations(list, 1, one(3).list), [one(1), one(3)]);
    }

    #[test]
    fn scripts_and_texts_stand_in_one_text() {
        let down = Down::Script(script("d", "B", false));
        let List { scripts, texts, records } =
            *migration(1, "größe", script("p", "ä", true), down).list;
        let text: &[u8] = [scripts, texts].concat().leak();
        let list = List::new(text, scripts.len(), records);
        assert_eq!((list.scripts, list.texts), (scripts, texts));
        let list = List::new(text, text.len() + 1, records);
        assert_eq!((list.scripts, list.texts), (&[][..], &[][..]), "there is no such place");
    }

    #[test]
    fn a_list_that_is_cut_off_is_read_without_a_panic() {
        let whole = migration(1, "m", script("p", "A", true), Down::Script(script("p", "B", true)));
        for length in 0..whole.list.records.len() {
            let list = List { records: &whole.list.records[..length], ..*whole.list };
            let [cut] = migrations(Box::leak(Box::new(list)), 1, &List::NONE);
            assert_ne!(cut, whole);
        }
    }
}
