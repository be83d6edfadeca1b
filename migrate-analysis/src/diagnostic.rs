//! What is wrong, as data. The functions that word a diagnostic stand in `wording.rs`.

use crate::source::SourceId;
use std::fmt;
use std::ops::Range;

/// Something that is wrong with a migration set, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which problem it is.
    pub code: Code,
    /// Whether it stops the build.
    pub severity: Severity,
    /// A sentence that stands alone: lower case, no full stop, names in backticks.
    pub message: String,
    /// The place it speaks of.
    pub place: Place,
    /// What is to be seen at that place.
    pub label: Option<String>,
    /// Other places that belong to it, each with what is to be seen there.
    pub related: Vec<(Place, String)>,
    /// Why we believe it.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

/// A stretch of a source; an empty range at 0 stands for the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which source.
    pub source: SourceId,
    /// Which bytes of its text.
    pub range: Range<usize>,
}

impl Place {
    /// The whole of a source.
    pub fn file(source: SourceId) -> Place {
        Place { source, range: 0..0 }
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; shown by the build script only.
    Note,
    /// Shown by the build script and by the command.
    Warning,
    /// Does not compile.
    Error,
}

impl Diagnostic {
    pub(crate) fn error(code: Code, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            place,
            label: None,
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn related(mut self, place: Place, label: impl Into<String>) -> Diagnostic {
        self.related.push((place, label.into()));
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $tier:ident;)+) => {
        /// The name of a problem: kebab case, names the bad pattern, reads well after "allow".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// As it is written in messages, directives and `migrate.toml`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }

            /// Which promise it protects.
            pub fn tier(self) -> Tier {
                match self { $(Code::$name => Tier::$tier),+ }
            }
        }
    };
}

/// What a code protects, and so who may switch it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Without it the set cannot be read, ordered or run: always an error.
    Structure,
    /// A rule for new migrations: no error at or below `history-until`.
    Policy,
    /// A policy that `migrate.toml` or a directive may also allow.
    Allowable,
}

codes! {
    /// The directory given to the macro does not exist or cannot be read.
    MissingDirectory = "missing-directory", Structure;
    /// The directory holds no migration. A note, never an error.
    EmptyDirectory = "empty-directory", Policy;
    /// A file of the directory cannot be read.
    UnreadableFile = "unreadable-file", Structure;
    /// A script is not UTF-8.
    NotUtf8 = "not-utf8", Structure;
    /// A `.sql` file whose name fits no layout.
    MalformedFileName = "malformed-file-name", Structure;
    /// `migrate.toml` or `metadata.toml` says something we do not understand.
    MalformedConfig = "malformed-config", Structure;
    /// A section mark is missing, repeated, or stands after statements.
    MalformedSections = "malformed-sections", Structure;
    /// The version does not fit into 64 bits.
    VersionTooLarge = "version-too-large", Structure;
    /// Two migrations have the same version.
    DuplicateVersion = "duplicate-version", Structure;
    /// A number is left out of a set that counts 1, 2, 3, ….
    VersionGap = "version-gap", Allowable;
    /// A migration has no up script.
    MissingUp = "missing-up", Structure;
    /// A migration has no down script.
    MissingDown = "missing-down", Policy;
    /// A script without a statement.
    EmptyScript = "empty-script", Policy;
    /// The text is not PostgreSQL's SQL.
    NotPostgres = "not-postgres", Structure;
    /// `COPY … FROM STDIN` in a script.
    CopyFromStdin = "copy-from-stdin", Structure;
    /// A backslash command of psql in a script.
    PsqlCommand = "psql-command", Structure;
    /// Statements that must run outside a transaction stand beside others.
    MixedTransactionMode = "mixed-transaction-mode", Structure;
    /// `BEGIN` or `COMMIT` inside a script.
    TransactionControl = "transaction-control", Structure;
    /// A new enum value is used in the transaction that adds it.
    EnumValueUsedInTransaction = "enum-value-used-in-transaction", Allowable;
    /// A statement names a table, view, index or sequence that does not exist when it runs.
    UnknownRelation = "unknown-relation", Allowable;
    /// A statement names a column that its table does not have when it runs.
    UnknownColumn = "unknown-column", Allowable;
    /// A statement names a constraint that its table does not have when it runs.
    UnknownConstraint = "unknown-constraint", Allowable;
    /// A statement names a type that does not exist when it runs.
    UnknownType = "unknown-type", Allowable;
    /// A statement names a function, procedure or aggregate that does not exist when it runs.
    UnknownFunction = "unknown-function", Allowable;
    /// A statement names a schema that does not exist when it runs.
    UnknownSchema = "unknown-schema", Allowable;
    /// A statement names a trigger, policy, rule, … that does not exist when it runs.
    UnknownObject = "unknown-object", Allowable;
    /// A table, view, index or sequence of that name exists already.
    DuplicateRelation = "duplicate-relation", Allowable;
    /// The table has a column of that name already.
    DuplicateColumn = "duplicate-column", Allowable;
    /// The table has a constraint of that name already.
    DuplicateConstraint = "duplicate-constraint", Allowable;
    /// A type of that name exists already.
    DuplicateType = "duplicate-type", Allowable;
    /// A function with that name and those arguments exists already.
    DuplicateFunction = "duplicate-function", Allowable;
    /// A schema of that name exists already.
    DuplicateSchema = "duplicate-schema", Allowable;
    /// A trigger, policy, rule, … of that name exists already.
    DuplicateObject = "duplicate-object", Allowable;
    /// An index with the keys of another one of its table.
    DuplicateIndex = "duplicate-index", Allowable;
    /// Other objects depend on what is dropped or changed, and CASCADE is not said.
    DependentObjects = "dependent-objects", Allowable;
    /// PostgreSQL refuses the statement for another reason, which the message tells.
    StatementFails = "statement-fails", Allowable;
    /// After the down the schema is not what it was before the up.
    DownDoesNotRestore = "down-does-not-restore", Allowable;
    /// A comment that looks like a directive but is none.
    UnknownDirective = "unknown-directive", Structure;
    /// A directive without its reason, in the wrong place, or against another one.
    MisplacedDirective = "misplaced-directive", Structure;
    /// A directive for a feature that this version does not have yet.
    UnsupportedDirective = "unsupported-directive", Structure;
    /// An `allow` that allows nothing.
    UnusedAllow = "unused-allow", Policy;
}

impl Code {
    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether it comes from the replay on the simulated schema.
    pub(crate) fn is_about_schema(self) -> bool {
        (Code::UnknownRelation..=Code::DownDoesNotRestore).contains(&self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
