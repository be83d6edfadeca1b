//! What went wrong, where, and how the database stands now.

use std::fmt::{self, Write as _};

use postgres::error::{DbError, Severity, SqlState};

use crate::excerpt::Place;
use crate::observe::MigrationId;
use crate::plan::Refusal;
use crate::remedy::out_of_means;
use crate::report::Report;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The connection failed, or the server closed it.
    Connection,
    /// The blocking client was used where async tasks run.
    Async,
    /// The client is inside a transaction; migrations have transactions of their own.
    InTransaction,
    /// The session's `client_encoding` was changed, so the server would misread a script.
    Encoding,
    /// Another migrator held the run lock for longer than the wait, or took it over.
    RunLock,
    /// The connection goes through a pooler that gives every transaction another session, and what is to be
    /// done needs one of its own.
    Pooled,
    /// Other sessions were in the way of a migration, attempt after attempt: they held its locks, or it came
    /// to a deadlock or a serialization failure. [`Error::sql_state`] tells which.
    Blocked,
    /// A statement of a migration failed.
    Script,
    /// A pending migration stops or works on a large table, and nobody has approved it:
    /// [`Migrator::approval_above`](crate::Migrator::approval_above).
    Unapproved,
    /// There is to be a backup before the first change, and it could not be made:
    /// [`Migrator::backup`](crate::Migrator::backup).
    Backup,
    /// The SQL of a hook failed: [`Migrator::before_each`](crate::Migrator::before_each).
    Hook,
    /// The history tables could not be read or written.
    History,
    /// Something is to be written, and this server or this session only reads.
    ReadOnly,
    /// A pending migration is older than an applied one.
    OutOfOrder,
    /// An applied migration was edited.
    Modified,
    /// Another migration of the same version is applied: two branches took the same number.
    VersionTaken,
    /// An applied migration is not in the set, and is older than its newest.
    Missing,
    /// The history was written by another set: two projects share a database, and the table.
    ForeignHistory,
    /// The database holds migrations newer than the set, and that was to be refused.
    Ahead,
    /// A migration that runs statement by statement stopped in the middle and is in the way.
    PartlyApplied,
    /// A rollback would have to cross a migration that has no way back.
    Irreversible,
    /// The target is not a migration of the set (or, for a rollback, of the history).
    UnknownVersion,
    /// A baseline contradicts the history.
    Conflict,
    /// `verify` found migrations that are not applied.
    Pending,
}

/// Why a verb failed. `Display` and `Debug` both show the whole story, over several lines: what,
/// where in which file, the server's words, how the database stands now, and the ways out.
///
/// The client's error is part of that story, so `source()` is `None`: what prints a chain of causes
/// would say it twice. [`postgres_error`](Error::postgres_error) has it. For a log of fields, where a
/// drawing is out of place, take [`kind`](Error::kind), [`migration`](Error::migration),
/// [`location`](Error::location), [`statement`](Error::statement) and [`sql_state`](Error::sql_state), or an
/// observer, which is told the same ([`Event::Failed`](crate::Event::Failed)).
pub struct Error(Box<Inner>);

pub(crate) struct Inner {
    kind: ErrorKind,
    sentence: String,
    migration: Option<MigrationId>,
    place: Option<Place>,
    source: Option<postgres::Error>,
    notes: Vec<String>,
    now: Option<String>,
    help: Vec<String>,
    pub(crate) report: Report,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, sentence: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            sentence: sentence.into(),
            migration: None,
            place: None,
            source: None,
            notes: Vec::new(),
            now: None,
            help: Vec::new(),
            report: Report::default(),
        }))
    }

    /// An error of the client or the server while we did something of our own.
    pub(crate) fn server(doing: &str, source: postgres::Error) -> Error {
        let kind = match source.as_db_error() {
            Some(db) if is_disconnect(db) => ErrorKind::Connection,
            Some(_) => ErrorKind::History,
            None => ErrorKind::Connection,
        };
        let remedy = source.code().and_then(|state| out_of_means(state.code()));
        let error = Error::new(kind, format!("{doing}: {}", words(&source))).caused_by(source);
        remedy.into_iter().fold(error, Error::help)
    }

    pub(crate) fn caused_by(mut self, source: postgres::Error) -> Error {
        self.0.source = Some(source);
        self
    }

    pub(crate) fn of(mut self, migration: MigrationId) -> Error {
        self.0.migration = Some(migration);
        self
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Error {
        self.0.place = place;
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Error {
        self.0.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Error {
        self.0.help.push(help.into());
        self
    }

    pub(crate) fn now(mut self, now: impl Into<String>) -> Error {
        self.0.now = Some(now.into());
        self
    }

    pub(crate) fn with_report(mut self, report: Report) -> Error {
        self.0.report = report;
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was done before it went wrong. It stays done.
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The migration that failed, or the first one that stands in the way.
    pub fn migration(&self) -> Option<&MigrationId> {
        self.0.migration.as_ref()
    }

    /// Where in which file: `migrations/003_add_email.sql:12:5`, 1-based, counted in characters.
    /// A down script that came from the history has no file.
    pub fn location(&self) -> Option<&str> {
        self.0.place.as_ref().and_then(|place| place.location.as_deref())
    }

    /// The statement that failed, where it is known.
    pub fn statement(&self) -> Option<&str> {
        self.0.place.as_ref().and_then(|place| place.statement.as_deref())
    }

    /// The client's own error, if there is one behind this. The message has said what it says.
    pub fn postgres_error(&self) -> Option<&postgres::Error> {
        self.0.source.as_ref()
    }

    /// The server's code, if it was the server that complained.
    pub fn sql_state(&self) -> Option<&SqlState> {
        self.0.source.as_ref().and_then(postgres::Error::code)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        let mut error = Error::new(refusal.kind, refusal.sentence);
        error.0.migration = refusal.migration;
        error.0.help = refusal.help;
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.sentence)?;
        let mut margin = 0;
        if let Some(place) = &inner.place {
            margin = place.margin;
            write!(f, "\n{}", place.drawing)?;
        }
        let mut tail = String::new();
        let mut line = |label: &str, text: &str| {
            let indent = " ".repeat(margin);
            // What follows the first line of a text stands under it.
            let text = text.trim_end().replace('\n', &format!("\n{indent}     "));
            let _ = write!(tail, "\n{indent} = {label}: {text}");
        };
        if let Some(db) = inner.source.as_ref().and_then(postgres::Error::as_db_error) {
            line("sqlstate", db.code().code());
            db.detail().inspect(|detail| line("detail", detail));
            db.hint().inspect(|hint| line("hint", hint));
            db.where_().inspect(|context| line("context", context));
        }
        inner.notes.iter().for_each(|note| line("note", note));
        inner.now.iter().for_each(|now| line("now", now));
        inner.help.iter().for_each(|help| line("help", help));
        f.write_str(&tail)
    }
}

/// The same text as `Display`, so that `unwrap` and `fn main() -> Result<(), Error>` read well.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// No `source`: `Display` has told it already.
impl std::error::Error for Error {}

/// What the server or the client said. `postgres::Error` itself only says "db error".
pub(crate) fn words(error: &postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return db.message().to_owned();
    }
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// The server ended the session: shutdown, crash, an administrator, or a timeout of the session.
pub(crate) fn is_disconnect(db: &DbError) -> bool {
    matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || matches!(db.code().code(), "57P01" | "57P02" | "57P03" | "57P05")
        || db.code().code().starts_with("08")
}
