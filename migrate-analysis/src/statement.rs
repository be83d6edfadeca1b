//! Our own short description of a statement: what the rest of the crate knows of the SQL.
//!
//! `sql/` makes it, from whichever parser could read the statement; no other room sees a parser.

use std::ops::Range;

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Where it stands in the text of its source, in bytes: from its first word to its last, without
    /// the semicolon and without the comments around it.
    pub range: Range<usize>,
    /// What it does to what.
    pub action: Action,
    /// Whether it can run inside a transaction block.
    pub transaction: TransactionUse,
    /// The index that a `CREATE INDEX CONCURRENTLY` builds.
    pub builds_index: Option<ConcurrentIndex>,
    /// The value that an `ALTER TYPE … ADD VALUE` adds.
    pub adds_enum_value: Option<EnumValue>,
}

/// What a statement does to what, for people: `CREATE TABLE` `public.users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The command in upper case, as the PostgreSQL manual titles it: `CREATE INDEX`.
    pub command: String,
    /// The object it names first, as the script spells it; none for `SELECT`, `DO`, ….
    pub object: Option<String>,
    /// Neither `sqlparser` nor the bridge could read it: PostgreSQL will, the analysis cannot.
    pub opaque: bool,
}

/// A statement's relation to transaction blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionUse {
    /// Runs inside a transaction block and outside.
    Either,
    /// `SET`, `RESET`, `SHOW`: says nothing about the transaction mode of its script.
    Neutral,
    /// PostgreSQL refuses it inside a transaction block (SQLSTATE 25001).
    Outside,
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`, `SAVEPOINT`, `RELEASE`, `PREPARE TRANSACTION`, `COMMIT AND CHAIN`, …: every
    /// other transaction command.
    OtherControl,
}

/// The names in a `CREATE INDEX CONCURRENTLY`, as SQL text: quoted and qualified as in the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrentIndex {
    /// The table, possibly with its schema.
    pub table: String,
    /// The index; none where PostgreSQL picks the name.
    pub index: Option<String>,
}

/// `ALTER TYPE type ADD VALUE 'value'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValue {
    /// The type, folded to lower case unless quoted.
    pub type_name: String,
    /// The value, without quotes.
    pub value: String,
}
