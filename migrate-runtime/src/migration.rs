//! What the macro embeds: static data, built at compile time, read without allocating.
//!
//! Nothing here talks to a database, and nothing here parses SQL: a script arrives with the byte
//! ranges of its statements and with its checksum.

use std::fmt;

/// What is sent to the server in one go when a [`Script`] does not run in one transaction: a
/// statement, or a whole `BEGIN … COMMIT` of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last one.
    pub end: u32,
    /// The index it builds while others read and write.
    pub builds: Option<ConcurrentIndex>,
    /// `SET`, `RESET`: has to run again before a later step is resumed.
    pub setting: bool,
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
    pub(crate) text: &'static str,
    pub(crate) steps: &'static [Step],
    pub(crate) checksum: [u8; 32],
    pub(crate) transactional: bool,
}

impl Script {
    /// The file the script stands in, relative to the crate's root; of a script written in the
    /// macro call, its name: `1_create_users.up (inline)`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The whole text of that file. A file that holds both directions is the same text in both
    /// scripts; [`statements`](Self::statements) tells them apart.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The statements in order, without the semicolons and comments between them.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = &'static str> + use<> {
        let text = self.text;
        self.steps.iter().map(move |step| text.get(step.range()).unwrap_or_default())
    }

    /// SHA-256 over the statements. Comments, blanks outside quotes and line ends do not change
    /// it; a character of SQL does.
    pub const fn checksum(&self) -> &[u8; 32] {
        &self.checksum
    }

    /// Whether the script runs in one transaction (the rule) or statement by statement.
    pub const fn is_transactional(&self) -> bool {
        self.transactional
    }
}

impl Step {
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("path", &self.path)
            .field("statements", &self.steps.len())
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedMigration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) up: Script,
    pub(crate) down: Down,
}

impl EmbeddedMigration {
    /// The number it is ordered by.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The name, from the file: `create_users`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The script that applies it.
    pub const fn up(&self) -> &Script {
        &self.up
    }

    /// The way back.
    pub const fn down(&self) -> &Down {
        &self.down
    }
}

/// All migrations of one [`migrations!`](crate::migrations) call, in order of version.
///
/// It is a `const` value: it allocates nothing and costs nothing at start-up.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    pub(crate) migrations: &'static [EmbeddedMigration],
    pub(crate) digest: [u8; 32],
    pub(crate) directory: Option<&'static str>,
}

impl MigrationSet {
    /// The migrations, in order of version.
    pub const fn migrations(&self) -> &'static [EmbeddedMigration] {
        self.migrations
    }

    /// SHA-256 over versions and up checksums: two sets with the same digest apply the same SQL.
    ///
    /// It is taken over UTF-8 text of one line a migration, in ascending order of version, each
    /// `<version>:<lowercase hex of the up checksum>\n`. The server computes the same over the
    /// history, so that a start with nothing pending asks one short question.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The migration with this version.
    pub fn get(&self, version: i64) -> Option<&'static EmbeddedMigration> {
        let at = self.migrations.binary_search_by_key(&version, |m| m.version).ok()?;
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
/// schema::migrator().up_to(schema::CreateUsers)?;
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
    const VERSION: i64 = Self::EMBEDDED.version;

    /// The name, from the file.
    const NAME: &'static str = Self::EMBEDDED.name;

    /// SHA-256 over the statements of the up script.
    const CHECKSUM: [u8; 32] = Self::EMBEDDED.up.checksum;
}

/// A [`Migration`] that can be rolled back. Only the macro implements it.
#[diagnostic::on_unimplemented(
    message = "migration `{Self}` is irreversible",
    label = "has no way back",
    note = "its script says `-- migrate: irreversible`, with the reason"
)]
pub trait Reversible: Migration {}
