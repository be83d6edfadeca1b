//! What is wrong, as data. The functions that word a diagnostic stand in `wording.rs`.

use crate::ordered::sort_by_key;
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

/// Puts them in the order in which they are reported.
pub(crate) fn sort(diagnostics: &mut [Diagnostic]) {
    sort_by_key(diagnostics, |it| (it.place.source, it.place.range.start));
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

            /// The record of each code, in their order.
            const RECORDS: &[Record] = &[$(Record {
                name: $text,
                summary: concat!($($doc),+).trim_ascii(),
                tier: Tier::$tier,
            }),+];
        }
    };
}

/// What there is to know of a [`Code`].
struct Record {
    name: &'static str,
    summary: &'static str,
    tier: Tier,
}

/// What a code protects, and so who may switch it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Without it the set cannot be read, ordered or run: always an error.
    Structure,
    /// A rule for new migrations: no error at or below `history-until`.
    Policy,
    /// A policy that a directive may also allow, with a reason, statement by statement.
    Hazard,
    /// A hazard that `migrate.toml` may also allow, for all migrations.
    Allowable,
    /// Off, unless `migrate.toml` asks for it.
    Optional,
}

impl Tier {
    /// Whether a directive may allow it.
    pub(crate) fn allows_directive(self) -> bool {
        matches!(self, Tier::Hazard | Tier::Allowable | Tier::Optional)
    }

    /// Whether `migrate.toml` may change how severe it is.
    pub(crate) fn is_configurable(self) -> bool {
        matches!(self, Tier::Allowable | Tier::Optional)
    }
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
    /// A column is added whose default is another value for each row.
    AddColumnVolatileDefault = "add-column-volatile-default", Hazard;
    /// A column that numbers its rows is added to a table.
    AddColumnSerialIdentity = "add-column-serial-identity", Hazard;
    /// A stored generated column is added to a table.
    AddColumnStoredGenerated = "add-column-stored-generated", Hazard;
    /// A column is added whose type is a domain with a constraint.
    AddColumnConstrainedDomain = "add-column-constrained-domain", Hazard;
    /// A column without a default is added as NOT NULL.
    AddColumnNotNullNoDefault = "add-column-not-null-no-default", Hazard;
    /// A column is added with a CHECK, for which all rows are read.
    AddColumnInlineCheck = "add-column-inline-check", Hazard;
    /// A column is added with a foreign key.
    AddColumnInlineReferences = "add-column-inline-references", Allowable;
    /// A column is added as UNIQUE or PRIMARY KEY, for which an index is built.
    AddColumnInlineUnique = "add-column-inline-unique", Hazard;
    /// A column of type `json`, which has no equality.
    AddColumnJson = "add-column-json", Optional;
    /// A column goes, with what it holds.
    DropColumn = "drop-column", Hazard;
    /// A column that the running application knows by another name.
    RenameColumn = "rename-column", Hazard;
    /// A change of type for which the table is written anew.
    ChangeColumnTypeRewrite = "change-column-type-rewrite", Hazard;
    /// A change of type for which constraints are checked again.
    ChangeColumnTypeScan = "change-column-type-scan", Hazard;
    /// A change of type for which indexes are built again.
    ChangeColumnTypeReindex = "change-column-type-reindex", Hazard;
    /// A change of columns that breaks prepared statements of open sessions.
    CachedPlanResultType = "cached-plan-result-type", Optional;
    /// All rows are read to prove that a column holds no NULL.
    SetNotNull = "set-not-null", Hazard;
    /// The statement drops the constraint that proves its SET NOT NULL.
    SetNotNullLosesProof = "set-not-null-loses-proof", Hazard;
    /// Readers may meet a NULL.
    DropNotNull = "drop-not-null", Allowable;
    /// Running applications insert another value than before.
    ChangeColumnDefault = "change-column-default", Optional;
    /// A new expression of a stored generated column.
    SetExpressionGenerated = "set-expression-generated", Hazard;
    /// All rows are read to check a new CHECK.
    AddCheckWithoutNotValid = "add-check-without-not-valid", Hazard;
    /// All rows are read to check a new foreign key.
    AddForeignKeyWithoutNotValid = "add-foreign-key-without-not-valid", Hazard;
    /// A new table refers to one that is in use.
    CreateTableForeignKey = "create-table-foreign-key", Optional;
    /// One transaction locks several tables for foreign keys.
    MultipleForeignKeys = "multiple-foreign-keys", Optional;
    /// All rows are read to check a new NOT NULL constraint.
    AddNotNullConstraint = "add-not-null-constraint", Hazard;
    /// A constraint is validated while the lock from adding it is held.
    ValidateInSameTransaction = "validate-in-same-transaction", Hazard;
    /// An index is built for a new UNIQUE constraint.
    AddUniqueConstraint = "add-unique-constraint", Hazard;
    /// An index is built for a new primary key.
    AddPrimaryKey = "add-primary-key", Hazard;
    /// All rows are read to prove that a primary key holds no NULL.
    PrimaryKeyUsingIndexNullable = "primary-key-using-index-nullable", Hazard;
    /// An index is built for a new exclusion constraint.
    AddExclusionConstraint = "add-exclusion-constraint", Hazard;
    /// What a constraint kept true need not be true any more.
    DropConstraint = "drop-constraint", Allowable;
    /// A table loses its primary key.
    DropPrimaryKey = "drop-primary-key", Hazard;
    /// A foreign key whose columns no index begins with.
    ForeignKeyWithoutIndex = "foreign-key-without-index", Allowable;
    /// A foreign key of another type than what it refers to.
    ForeignKeyTypeMismatch = "foreign-key-type-mismatch", Allowable;
    /// All tables that use a domain are read to check a new constraint of it.
    DomainAddConstraint = "domain-add-constraint", Hazard;
    /// A domain with a constraint, which cannot be changed without a lock.
    CreateDomainWithConstraint = "create-domain-with-constraint", Optional;
    /// All rows are read to enforce a foreign key.
    AlterForeignKeyEnforced = "alter-foreign-key-enforced", Hazard;
    /// A constraint without a name of its own.
    UnnamedConstraint = "unnamed-constraint", Optional;
    /// An index is built while writes wait.
    CreateIndexBlocking = "create-index-blocking", Hazard;
    /// An index is built on all partitions while writes wait.
    CreateIndexPartitioned = "create-index-partitioned", Hazard;
    /// A unique index that rows may not allow.
    UniqueIndexDataDependent = "unique-index-data-dependent", Optional;
    /// An invalid index of that name would be taken for the index.
    ConcurrentlyIfNotExists = "concurrently-if-not-exists", Allowable;
    /// An index is dropped while reads and writes wait.
    DropIndexBlocking = "drop-index-blocking", Allowable;
    /// An index is dropped before the one that replaces it is there.
    ReplaceIndexGap = "replace-index-gap", Allowable;
    /// An index is built again while others wait.
    ReindexBlocking = "reindex-blocking", Hazard;
    /// An index is built concurrently on PostgreSQL 14.0 to 14.3, which may corrupt it.
    IndexCorruption14 = "index-corruption-14", Hazard;
    /// An index of more than three columns.
    WideIndex = "wide-index", Optional;
    /// An index that has a column twice.
    DuplicateIndexColumn = "duplicate-index-column", Optional;
    /// A table goes, with its rows.
    DropTable = "drop-table", Hazard;
    /// CASCADE takes along what the script does not name.
    DropCascade = "drop-cascade", Hazard;
    /// A schema goes.
    DropSchema = "drop-schema", Hazard;
    /// A database goes.
    DropDatabase = "drop-database", Hazard;
    /// A relation that the running application knows by another name.
    RenameTable = "rename-table", Hazard;
    /// All rows of a table go.
    Truncate = "truncate", Hazard;
    /// A table is written anew, to be logged or not.
    SetLoggedUnlogged = "set-logged-unlogged", Hazard;
    /// A table is copied to another tablespace.
    SetTablespace = "set-tablespace", Hazard;
    /// A table is written anew for another access method.
    SetAccessMethod = "set-access-method", Hazard;
    /// A table is written anew, in order or without gaps.
    ClusterVacuumFull = "cluster-vacuum-full", Hazard;
    /// All rows are read to prove that they belong to a partition.
    AttachPartitionScan = "attach-partition-scan", Hazard;
    /// A new partition locks its parent.
    CreatePartitionOf = "create-partition-of", Allowable;
    /// A partition is detached while reads and writes wait.
    DetachPartitionBlocking = "detach-partition-blocking", Hazard;
    /// A materialized view is made again while reads wait.
    RefreshMatviewBlocking = "refresh-matview-blocking", Allowable;
    /// A trigger on a table that is in use.
    CreateTrigger = "create-trigger", Optional;
    /// A trigger goes from a table that is in use.
    DropTrigger = "drop-trigger", Optional;
    /// A rule on a table that is in use.
    CreateRule = "create-rule", Optional;
    /// Row security or a policy of a table that is in use.
    AlterRowSecurity = "alter-row-security", Optional;
    /// The replica identity of a table that is in use.
    AlterReplicaIdentity = "alter-replica-identity", Optional;
    /// A table in use gets or loses a parent.
    AlterInheritance = "alter-inheritance", Optional;
    /// A value that the running application knows by another name.
    EnumRenameValue = "enum-rename-value", Allowable;
    /// An enum, from which no value can be removed.
    CreateEnum = "create-enum", Optional;
    /// A new enum value without a place in the order.
    EnumValueOrdering = "enum-value-ordering", Optional;
    /// The script turns the limit for waiting on a lock off.
    MissingLockTimeout = "missing-lock-timeout", Allowable;
    /// Nothing limits how long the script's statements may take.
    MissingStatementTimeout = "missing-statement-timeout", Optional;
    /// Work on many rows while a lock from an earlier statement blocks others.
    StatementAfterAccessExclusive = "statement-after-access-exclusive", Hazard;
    /// Further statements while a lock blocks others.
    LockHeldAcrossStatements = "lock-held-across-statements", Optional;
    /// One transaction locks several tables against reads and writes.
    MultipleAccessExclusive = "multiple-access-exclusive", Optional;
    /// Several ALTER TABLE of one table that could be one.
    CombineAlterTable = "combine-alter-table", Optional;
    /// All rows of a table are changed in one statement.
    UnbatchedDml = "unbatched-dml", Allowable;
    /// One script changes the schema and the rows of tables in use.
    MixedSchemaAndData = "mixed-schema-and-data", Allowable;
    /// A table is altered in the transaction that changed rows with deferred constraints.
    PendingTriggerEvents = "pending-trigger-events", Hazard;
    /// What a statement does, and locks, cannot be known.
    OpaqueSql = "opaque-sql", Hazard;
    /// A statement outside a transaction that cannot run twice.
    NotRetryable = "not-retryable", Optional;
    /// IF NOT EXISTS, where something else of that name exists.
    IfNotExistsHidesDrift = "if-not-exists-hides-drift", Allowable;
    /// Privileges for everyone, or all privileges on all objects.
    OverbroadGrant = "overbroad-grant", Allowable;
    /// Row security without a policy that lets anyone in.
    RestrictivePolicy = "restrictive-policy", Optional;
    /// A primary key of 32 bits or fewer.
    IntPrimaryKey = "int-primary-key", Optional;
    /// A `varchar` with a limit.
    VarcharN = "varchar-n", Optional;
    /// A `char`, which is padded with blanks.
    CharN = "char-n", Optional;
    /// A `timestamp`, which says no moment.
    TimestampWithoutTimeZone = "timestamp-without-time-zone", Optional;
    /// A `serial` column, where an identity column would do.
    Serial = "serial", Optional;
    /// A column of type `money`.
    Money = "money", Optional;
    /// A floating-point column, which rounds.
    Float = "float", Optional;
    /// A name that PostgreSQL cuts to 63 bytes.
    IdentifierTooLong = "identifier-too-long", Optional;
    /// A name without its schema.
    RequireSchema = "require-schema", Optional;
    /// Syntax that the oldest server of the project does not know.
    NeedsNewerServer = "needs-newer-server", Hazard;
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
    /// As it is written in messages, directives and `migrate.toml`.
    pub fn as_str(self) -> &'static str {
        self.record().name
    }

    /// What it is about, in a sentence.
    pub fn summary(self) -> &'static str {
        self.record().summary
    }

    /// Which promise it protects.
    pub fn tier(self) -> Tier {
        self.record().tier
    }

    fn record(self) -> &'static Record {
        &Code::RECORDS[self as usize]
    }

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether a rule finds it: see `rules/`.
    pub fn is_hazard(self) -> bool {
        (Code::AddColumnVolatileDefault..=Code::NeedsNewerServer).contains(&self)
    }

    /// Whether it comes from the replay on the simulated schema.
    pub(crate) fn is_about_schema(self) -> bool {
        (Code::UnknownRelation..=Code::NeedsNewerServer).contains(&self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
