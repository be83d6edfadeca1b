//! Tables, their columns, constraints and indexes.

use super::{Behavior, Expression, Ident, Name, Query, SequenceOptions, TypeName};
use std::ops::Range;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateTable {
    pub(crate) name: Name,
    pub(crate) if_not_exists: bool,
    pub(crate) persistence: Persistence,
    /// `CREATE FOREIGN TABLE`: the server.
    pub(crate) server: Option<String>,
    /// `OF type`.
    pub(crate) of_type: Option<Name>,
    pub(crate) elements: Vec<TableElement>,
    pub(crate) inherits: Vec<Name>,
    pub(crate) partition_of: Option<(Name, Bound)>,
    pub(crate) partition_by: Option<PartitionBy>,
    /// `WITH (…)`, names folded, values as they are written without quotes.
    pub(crate) options: Vec<(String, String)>,
    pub(crate) access_method: Option<String>,
    pub(crate) tablespace: Option<String>,
    /// `ON COMMIT DROP`.
    pub(crate) on_commit_drop: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Persistence {
    #[default]
    Permanent,
    Unlogged,
    Temporary,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TableElement {
    Column(ColumnDef),
    Constraint(TableConstraint),
    /// `LIKE table INCLUDING …`.
    Like(Like),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ColumnDef {
    pub(crate) name: Ident,
    /// None in `OF type` and `PARTITION OF`, where a column may be given more constraints.
    pub(crate) type_name: Option<TypeName>,
    pub(crate) collation: Option<Name>,
    pub(crate) storage: Option<String>,
    pub(crate) compression: Option<String>,
    pub(crate) constraints: Vec<ColumnConstraint>,
}

/// With the attributes that followed it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ColumnConstraint {
    pub(crate) name: Option<Ident>,
    pub(crate) kind: ColumnConstraintKind,
    pub(crate) attributes: ConstraintAttributes,
    pub(crate) at: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ColumnConstraintKind {
    NotNull,
    Null,
    Default(Expression),
    Generated { expression: Expression, stored: bool },
    Identity { always: bool, options: SequenceOptions },
    Check { expression: Expression, no_inherit: bool },
    Unique { nulls_not_distinct: bool, index: IndexParameters },
    PrimaryKey { index: IndexParameters },
    References(References),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConstraintAttributes {
    pub(crate) deferrable: bool,
    pub(crate) initially_deferred: bool,
    pub(crate) not_valid: bool,
    pub(crate) not_enforced: bool,
    pub(crate) no_inherit: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableConstraint {
    pub(crate) name: Option<Ident>,
    pub(crate) kind: TableConstraintKind,
    pub(crate) attributes: ConstraintAttributes,
    pub(crate) at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TableConstraintKind {
    Check(Expression),
    /// `CONSTRAINT name NOT NULL column`, from PostgreSQL 18 on.
    NotNull(Ident),
    Unique {
        columns: Vec<Ident>,
        nulls_not_distinct: bool,
        index: IndexParameters,
    },
    PrimaryKey {
        columns: Vec<Ident>,
        index: IndexParameters,
    },
    /// `UNIQUE USING INDEX`, `PRIMARY KEY USING INDEX`.
    UsingIndex {
        primary: bool,
        index: Ident,
    },
    ForeignKey {
        columns: Vec<Ident>,
        references: References,
    },
    Exclude {
        method: Option<String>,
        /// Each element with its operator, as it is written.
        elements: Vec<(IndexElement, String)>,
        index: IndexParameters,
        predicate: Option<Expression>,
    },
}

/// What a unique or primary key says about its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexParameters {
    pub(crate) include: Vec<Ident>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) tablespace: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct References {
    pub(crate) table: Name,
    /// Empty: the primary key.
    pub(crate) columns: Vec<Ident>,
    pub(crate) full_match: bool,
    pub(crate) on_delete: Action,
    pub(crate) on_update: Action,
}

/// What a foreign key does when the row that it points at changes or goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "`NO ACTION` is what the manual calls it")]
pub(crate) enum Action {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    /// With the columns, where not all of them are set.
    SetNull(Vec<Ident>),
    SetDefault(Vec<Ident>),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Like {
    pub(crate) table: Name,
    pub(crate) including: Including,
}

/// What `LIKE` copies beside names, types and NOT NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Including {
    pub(crate) comments: bool,
    pub(crate) compression: bool,
    pub(crate) constraints: bool,
    pub(crate) defaults: bool,
    pub(crate) generated: bool,
    pub(crate) identity: bool,
    pub(crate) indexes: bool,
    pub(crate) statistics: bool,
    pub(crate) storage: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PartitionBy {
    /// `range`, `list`, `hash`.
    pub(crate) strategy: String,
    pub(crate) elements: Vec<IndexElement>,
}

/// The bound of a partition, as it is written, blanks folded: `FOR VALUES FROM (1) TO (10)`, `DEFAULT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound(pub(crate) String);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateTableAs {
    pub(crate) name: Name,
    pub(crate) if_not_exists: bool,
    pub(crate) persistence: Persistence,
    pub(crate) columns: Vec<Ident>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) with_data: bool,
}

/// `ALTER TABLE`, and those of `ALTER INDEX`, `ALTER VIEW`, `ALTER MATERIALIZED VIEW` and
/// `ALTER FOREIGN TABLE` that have actions. Renaming, `SET SCHEMA` and `OWNER TO` are commands of
/// their own where they stand alone, as the grammar has it (`OWNER TO` may stand among others).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterTable {
    pub(crate) table: Name,
    /// What the command calls it: `TABLE`, `INDEX`, `VIEW`, `MATERIALIZED VIEW`, `FOREIGN TABLE`.
    pub(crate) kind: super::ObjectKind,
    pub(crate) if_exists: bool,
    pub(crate) only: bool,
    pub(crate) actions: Vec<AlterAction>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterAction {
    pub(crate) kind: AlterActionKind,
    pub(crate) at: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum AlterActionKind {
    AddColumn {
        column: Box<ColumnDef>,
        if_not_exists: bool,
    },
    DropColumn {
        column: Ident,
        if_exists: bool,
        behavior: Behavior,
    },
    AlterColumn {
        column: Ident,
        action: ColumnAction,
    },
    AddConstraint(Box<TableConstraint>),
    DropConstraint {
        constraint: Ident,
        if_exists: bool,
        behavior: Behavior,
    },
    ValidateConstraint(Ident),
    AlterConstraint {
        constraint: Ident,
        attributes: ConstraintAttributes,
    },
    AttachPartition {
        partition: Name,
        bound: Bound,
    },
    DetachPartition {
        partition: Name,
        concurrently: bool,
        finalize: bool,
    },
    Inherit(Name),
    NoInherit(Name),
    OwnerTo(String),
    SetLogged(bool),
    SetOptions(Vec<(String, String)>),
    ResetOptions(Vec<String>),
    SetTablespace(String),
    SetAccessMethod(String),
    ClusterOn(Ident),
    SetWithoutCluster,
    /// `DEFAULT`, `FULL`, `NOTHING`, or the index of `USING INDEX`.
    ReplicaIdentity(ReplicaIdentity),
    RowSecurity(RowSecurity),
    /// Triggers by name, or `ALL` and `USER`; the letter of `pg_trigger.tgenabled`.
    EnableTrigger {
        trigger: TriggerChoice,
        enabled: Enabled,
    },
    EnableRule {
        rule: Ident,
        enabled: Enabled,
    },
    OfType(Name),
    NotOf,
    /// Options of a foreign table.
    Options(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ColumnAction {
    Type { type_name: TypeName, collation: Option<Name>, using: Option<Expression> },
    SetDefault(Expression),
    DropDefault,
    SetNotNull,
    DropNotNull,
    SetExpression(Expression),
    DropExpression { if_exists: bool },
    AddIdentity { always: bool, options: SequenceOptions },
    SetIdentity { always: Option<bool>, options: SequenceOptions, restart: bool },
    DropIdentity { if_exists: bool },
    SetStatistics(i32),
    SetOptions(Vec<(String, String)>),
    ResetOptions(Vec<String>),
    SetStorage(String),
    SetCompression(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReplicaIdentity {
    #[default]
    Default,
    Full,
    Nothing,
    Index(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowSecurity {
    Enable,
    Disable,
    Force,
    NoForce,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TriggerChoice {
    Named(Ident),
    All,
    User,
}

/// When a trigger or rule fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Enabled {
    #[default]
    Origin,
    Disabled,
    Replica,
    Always,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateIndex {
    pub(crate) name: Option<Ident>,
    pub(crate) table: Name,
    pub(crate) only: bool,
    pub(crate) unique: bool,
    pub(crate) concurrently: bool,
    pub(crate) if_not_exists: bool,
    /// Folded; none: `btree`.
    pub(crate) method: Option<String>,
    pub(crate) elements: Vec<IndexElement>,
    pub(crate) include: Vec<Ident>,
    pub(crate) nulls_not_distinct: bool,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) tablespace: Option<String>,
    pub(crate) predicate: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexElement {
    pub(crate) key: IndexKey,
    pub(crate) collation: Option<Name>,
    /// With its parameters, as it is written.
    pub(crate) operator_class: Option<(Name, Option<String>)>,
    pub(crate) descending: bool,
    /// As it is written; none: last, and first where it is descending.
    pub(crate) nulls_first: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IndexKey {
    Column(Ident),
    /// Without the brackets around it.
    Expression(Expression),
}
