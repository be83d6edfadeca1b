//! Text to statements. The only room that names a parser.

use crate::statement::Statement;
use std::ops::Range;

/// What a stretch of SQL consists of, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The statements, in order. A statement with a problem is in here too.
    pub statements: Vec<Statement>,
    /// What PostgreSQL would refuse, in order of place.
    pub problems: Vec<Problem>,
}

/// A place in the text that PostgreSQL, or the runner, would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which diagnostic it becomes.
    pub kind: ProblemKind,
    /// Where, in bytes of the whole text.
    pub range: Range<usize>,
    /// One sentence in lower case without a full stop: `expected a column name, found \`,\``.
    pub message: String,
    /// What to write instead, in PostgreSQL's terms.
    pub help: Option<String>,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not PostgreSQL's grammar.
    NotPostgres,
    /// `COPY … FROM STDIN`: the rows would have to travel outside the statement.
    CopyFromStdin,
    /// A backslash command of psql.
    PsqlCommand,
}
