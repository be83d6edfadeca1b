//! What the macro embeds: static data, built at compile time, read without allocating.
//!
//! Nothing here talks to a database, and nothing here parses SQL: a script arrives with the byte
//! ranges of its statements and with its checksum.

use crate::place::Place;
use crate::record::{self, List, Record};
use crate::table_lock::{self, LockMode, TableLock, TableLocks};
use crate::target::DownTarget;
use crate::verdict::Verdict;
use std::fmt;

/// What is sent to the server in one go when a [`Script`] does not run in one transaction: a
/// statement, or a whole `BEGIN … COMMIT` of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its first byte in the text of its script.
    pub start: usize,
    /// The byte behind its last one.
    pub end: usize,
    /// The index it builds while others read and write.
    pub builds: Option<ConcurrentIndex>,
    /// `SET`, `RESET`: has to run again before a later step is resumed.
    pub setting: bool,
    /// What it locks: see `TableLocks`.
    pub locks: &'static str,
}

/// The index that a `CREATE INDEX CONCURRENTLY` step builds: when such a build fails it leaves an
/// INVALID index behind, which has to go before the step can run again.
///
/// Both names are SQL text, quoted and qualified as the script has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConcurrentIndex {
    /// The table.
    pub table: &'static str,
    /// `None` where PostgreSQL picks the name.
    pub index: Option<&'static str>,
}

/// An up or a down script as it was embedded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Script {
    pub(crate) path: &'static str,
    /// UTF-8, which is looked at when somebody asks for it.
    pub(crate) text: &'static [u8],
    /// See `Steps`.
    pub(crate) steps: &'static str,
    pub(crate) checksum: &'static [u8; 32],
    pub(crate) transactional: bool,
    pub(crate) strongest_lock: LockMode,
    pub(crate) locks_are_known: bool,
}

impl Script {
    /// The file the script stands in, relative to the crate's root; of a script written in the
    /// macro call, its name: `1_create_users.up (inline)`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The whole text of that file. A file that holds both directions is the same text in both
    /// scripts; [`statements`](Self::statements) tells them apart.
    ///
    /// It is embedded as bytes, and each call looks whether they are UTF-8: nothing to speak of in a
    /// running program, but in a `const` the compiler interprets it, and a lint of its
    /// (`long_running_const_eval`) refuses that for some hundred thousand bytes.
    pub const fn text(&self) -> &'static str {
        record::utf8(self.text)
    }

    /// The statements in order, without the semicolons and comments between them.
    pub fn statements(&self) -> impl Iterator<Item = &'static str> + use<> {
        let text = self.text();
        self.steps().map(move |step| text.get(step.range()).unwrap_or_default())
    }

    pub(crate) fn steps(&self) -> Steps {
        Steps(self.steps)
    }

    /// SHA-256 over the statements. Comments, blanks outside quotes and line ends do not change
    /// it; a character of SQL does.
    pub const fn checksum(&self) -> &'static [u8; 32] {
        self.checksum
    }

    /// Whether the script runs in one transaction (the rule) or statement by statement.
    pub const fn is_transactional(&self) -> bool {
        self.transactional
    }

    /// The strongest lock that it takes on a relation that was there before its migration:
    /// [`AccessExclusive`](LockMode::AccessExclusive) where that cannot be known, because a
    /// statement could not be followed.
    pub const fn strongest_lock(&self) -> LockMode {
        self.strongest_lock
    }

    /// Whether [`locks`](Self::locks) are all of them: every statement could be followed.
    pub const fn locks_are_known(&self) -> bool {
        self.locks_are_known
    }

    /// The strongest lock on each relation that was there before its migration, strongest first, as
    /// far as they are known.
    pub fn locks(&self) -> Vec<TableLock> {
        table_lock::together(self.steps().flat_map(|step| TableLocks(step.locks)))
    }
}

impl Step {
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

/// Reads the steps of a script out of one string: `0-12;` for a plain step, `s14-20;` for a setting,
/// `c22-60,5:users9:idx_users;` for a concurrent index, its names with their lengths before them. What
/// it locks stands before the semicolon: see `TableLocks`.
#[derive(Clone, Debug)]
pub(crate) struct Steps(&'static str);

impl Iterator for Steps {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let setting = self.skip('s');
        let concurrent = self.skip('c');
        let start = self.number('-')?;
        let end = self.digits()?;
        let builds = match concurrent {
            true => {
                self.skip(',');
                Some(ConcurrentIndex { table: self.name()?, index: self.name() })
            }
            false => None,
        };
        let mut locks = TableLocks(self.0);
        locks.by_ref().for_each(drop);
        let locks = self.0.strip_suffix(locks.0)?;
        self.0 = self.0.get(locks.len()..)?;
        self.skip(';').then_some(Step { start, end, builds, setting, locks })
    }
}

impl Steps {
    fn skip(&mut self, mark: char) -> bool {
        let rest = self.0.strip_prefix(mark);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self, until: char) -> Option<usize> {
        let (digits, rest) = self.0.split_once(until)?;
        self.0 = rest;
        digits.parse().ok()
    }

    fn digits(&mut self) -> Option<usize> {
        let end = self.0.find(|c: char| !c.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        digits.parse().ok()
    }

    fn name(&mut self) -> Option<&'static str> {
        let (digits, rest) = self.0.split_once(':')?;
        let (name, rest) = rest.split_at_checked(digits.parse().ok()?)?;
        self.0 = rest;
        Some(name)
    }
}

/// Writes what `Steps` reads. The macro writes the same, for what it cannot call.
pub fn pack(steps: &[Step]) -> String {
    let mut packed = String::new();
    for Step { start, end, builds, setting, locks } in steps {
        packed.push_str(if *setting { "s" } else { "" });
        match builds {
            None => packed.push_str(&format!("{start}-{end}")),
            Some(ConcurrentIndex { table, index }) => {
                packed.push_str(&format!("c{start}-{end},{}:{table}", table.len()));
                if let Some(index) = index {
                    packed.push_str(&format!("{}:{index}", index.len()));
                }
            }
        }
        packed.push_str(locks);
        packed.push(';');
    }
    packed
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("path", &self.path)
            .field("statements", &self.steps().count())
            .field("transactional", &self.transactional)
            .finish_non_exhaustive()
    }
}

/// The way back of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// A script undoes the up.
    Script(Script),
    /// There is nothing to undo, for the reason given: `-- migrate: no-op <reason>`.
    NoOp(&'static str),
    /// There is no way back, for the reason given: `-- migrate: irreversible <reason>`.
    Irreversible(&'static str),
}

impl Down {
    /// Whether a rollback can cross this migration.
    pub const fn is_reversible(&self) -> bool {
        !matches!(self, Down::Irreversible(_))
    }
}

/// One migration of a set, as data. The macro also makes a type of each: see [`Migration`].
///
/// It points to a record in the [`List`] of its set, which is read when it is asked.
#[derive(Clone, Copy)]
pub struct EmbeddedMigration {
    pub(crate) list: &'static List,
    pub(crate) nth: usize,
}

impl EmbeddedMigration {
    /// The number it is ordered by.
    pub const fn version(&self) -> i64 {
        self.record().version()
    }

    /// The name, from the file: `create_users`.
    pub const fn name(&self) -> &'static str {
        self.record().name()
    }

    /// The script that applies it.
    pub const fn up(&self) -> Script {
        self.record().up()
    }

    /// The way back.
    pub const fn down(&self) -> Down {
        self.record().down()
    }

    /// What becomes of the schema when it is applied and rolled back.
    pub const fn verdict(&self) -> Verdict {
        self.record().verdict()
    }

    /// Whether its up takes tables, columns or rows away that were there before, whatever its down
    /// does: as far as the analysis can tell, which does not look into functions and `DO` blocks.
    pub const fn destroys_data(&self) -> bool {
        self.record().destroys_data()
    }

    const fn record(&self) -> Record {
        Record { list: self.list, nth: self.nth }
    }
}

impl PartialEq for EmbeddedMigration {
    fn eq(&self, other: &EmbeddedMigration) -> bool {
        self.version() == other.version()
            && self.name() == other.name()
            && self.up() == other.up()
            && self.down() == other.down()
            && self.verdict() == other.verdict()
            && self.destroys_data() == other.destroys_data()
    }
}

impl Eq for EmbeddedMigration {}

impl fmt::Debug for EmbeddedMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedMigration")
            .field("version", &self.version())
            .field("name", &self.name())
            .field("up", &self.up())
            .field("down", &self.down())
            .field("verdict", &self.verdict())
            .field("destroys_data", &self.destroys_data())
            .finish()
    }
}

/// All migrations of one [`migrations!`](crate::migrations) call, in order of version.
///
/// It is made when the program is compiled: it allocates nothing and costs nothing at start-up, and a
/// `const` may ask it.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    pub(crate) migrations: &'static [EmbeddedMigration],
    pub(crate) digest: &'static i128,
    pub(crate) directory: Option<&'static str>,
    pub(crate) postgres: Option<u32>,
}

impl MigrationSet {
    /// The migrations, in order of version.
    pub const fn migrations(&self) -> &'static [EmbeddedMigration] {
        self.migrations
    }

    /// A number over versions and up checksums: sets that apply the same SQL have the same, and others
    /// differ in all likelihood (64 bits).
    ///
    /// Of each migration it is the first eight bytes of the SHA-256 over its version, as eight bytes with
    /// the highest first, and its up checksum, read as a signed number; of a set the sum over its
    /// migrations. The history table has the same number in each row, so that a start with nothing pending
    /// asks one short question.
    pub const fn digest(&self) -> i128 {
        *self.digest
    }

    /// The directory the migrations were read from, as an absolute path on the machine that compiled
    /// them. Kept in debug builds only; inline migrations have none.
    pub const fn directory(&self) -> Option<&'static str> {
        self.directory
    }

    /// The oldest server that the set has to run on, as `postgres` in `migrate.toml` declares it, counted
    /// as PostgreSQL's `server_version_num` counts: 150000 for 15, 140002 for 14.2.
    ///
    /// What an older server would do with the scripts nobody has looked at; an
    /// [`Migrator::preflight`](crate::Migrator::preflight) says so.
    pub const fn postgres(&self) -> Option<u32> {
        self.postgres
    }

    /// The same set, which declares its oldest server. The macro calls it.
    #[doc(hidden)]
    #[must_use]
    pub const fn since(self, postgres: u32) -> MigrationSet {
        MigrationSet { postgres: Some(postgres), ..self }
    }

    /// The migration with this version.
    pub fn get(&self, version: i64) -> Option<&'static EmbeddedMigration> {
        let at = self.migrations.binary_search_by_key(&version, EmbeddedMigration::version).ok()?;
        self.migrations.get(at)
    }
}

/// The type that stands for one call of [`migrations!`](crate::migrations), so that a migration of
/// one set is not taken for a migration of another. Only the macro implements it.
pub trait Set: 'static {
    /// The migrations as a value.
    const SET: MigrationSet;
}

/// A migration as a type: `schema::CreateUsers`. Only the macro implements it.
///
/// ```ignore
/// schema::migrator().up_to(&mut client, schema::CreateUsers)?;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a migration",
    label = "expected a migration that `migrations!` made, such as `schema::CreateUsers`"
)]
pub trait Migration {
    /// The set it belongs to.
    type Set: Set;

    #[doc(hidden)]
    const INDEX: usize;

    /// The same migration as data.
    const EMBEDDED: &'static EmbeddedMigration = &<Self::Set as Set>::SET.migrations[Self::INDEX];

    /// The number it is ordered by.
    const VERSION: i64 = Self::EMBEDDED.version();

    /// The name, from the file.
    const NAME: &'static str = Self::EMBEDDED.name();

    /// SHA-256 over the statements of the up script.
    const CHECKSUM: [u8; 32] = *Self::EMBEDDED.up().checksum();

    /// What becomes of the schema when it is applied and rolled back.
    const VERDICT: Verdict = Self::EMBEDDED.verdict();

    /// Whether its up takes tables, columns or rows away: see [`EmbeddedMigration::destroys_data`].
    const DESTROYS_DATA: bool = Self::EMBEDDED.destroys_data();

    /// The strongest lock that its up takes on a relation that was there before: see
    /// [`Script::strongest_lock`].
    const STRONGEST_LOCK: LockMode = Self::EMBEDDED.up().strongest_lock();
}

/// A [`Migration`] that can be rolled back. Only the macro implements it.
#[diagnostic::on_unimplemented(
    message = "migration `{Self}` is irreversible",
    label = "has no way back",
    note = "its script says `-- migrate: irreversible`, with the reason"
)]
pub trait Reversible: Migration {}

/// What nearly every migration is: reversible, as all that come later are. One impl instead of three,
/// with one type and no value in it, is what the compiler saves time on; it would check a bound on that
/// type a thousand times.
#[doc(hidden)]
pub trait Retractable {
    type Place;
}

// An error is to name the trait that was asked for.
#[diagnostic::do_not_recommend]
impl<M: Retractable<Place: Place>> Migration for M {
    type Set = <M::Place as Place>::Set;
    const INDEX: usize = <M::Place as Place>::INDEX;
}

#[diagnostic::do_not_recommend]
impl<M: Retractable<Place: Place>> Reversible for M {}

#[diagnostic::do_not_recommend]
impl<M: Retractable<Place: Place>> DownTarget<<M as Migration>::Set> for M {}

#[cfg(test)]
mod tests {
    use super::{ConcurrentIndex, Step, Steps, pack};

    #[test]
    fn steps_are_read_as_they_were_packed() {
        let plain = |start, end| Step { start, end, builds: None, setting: false, locks: "" };
        let index = |index| Some(ConcurrentIndex { table: "\"a;:7\".users", index });
        let steps = [
            plain(0, 12),
            Step { setting: true, ..plain(14, 20) },
            Step { builds: index(Some("\"1:;\"")), ..plain(22, 60) },
            Step { builds: index(None), ..plain(62, 99) },
            Step { builds: index(None), locks: "!45:users", ..plain(99, 99) },
            Step { locks: "!8rs3:a;b!51:c", ..plain(99, 100) },
            plain(100, 100_000),
        ];
        let packed: &str = pack(&steps).leak();
        assert_eq!(Steps(packed).collect::<Vec<_>>(), steps);
        assert_eq!(Steps("").count(), 0);
    }
}
