//! What is not a table: views, sequences, types, routines, triggers, …, and the commands that every
//! kind of object has.

use super::{Behavior, Expression, Ident, Name, Persistence, Query, TypeName};
use std::ops::Range;

/// The kinds of object that can be dropped, renamed, commented on, ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ObjectKind {
    Schema,
    Table,
    ForeignTable,
    View,
    MaterializedView,
    Index,
    Sequence,
    Type,
    Domain,
    Function,
    Procedure,
    /// `ROUTINE`: a function, procedure or aggregate.
    Routine,
    Aggregate,
    Extension,
    Statistics,
    Collation,
    Conversion,
    TextSearchConfiguration,
    TextSearchDictionary,
    TextSearchParser,
    TextSearchTemplate,
    ForeignDataWrapper,
    Server,
    UserMapping,
    Language,
    Operator,
    OperatorClass,
    OperatorFamily,
    Cast,
    Transform,
    AccessMethod,
    EventTrigger,
    Publication,
    Subscription,
    Role,
    Database,
    Tablespace,
    LargeObject,
    /// All that `ALTER DEFAULT PRIVILEGES` has set.
    DefaultPrivileges,
    /// Of a table.
    Trigger,
    Rule,
    Policy,
    Column,
    Constraint,
    /// Of a domain.
    DomainConstraint,
}

/// An object in a command that every kind of object has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectName {
    pub(crate) kind: ObjectKind,
    /// Of a trigger, rule, policy, column or constraint: its table, view or domain. Of an object whose
    /// name is no name (a cast, a user mapping): its words in `name`, blanks folded.
    pub(crate) name: Name,
    /// The trigger, rule, policy, column or constraint.
    pub(crate) part: Option<Ident>,
    /// Of a routine, aggregate or operator, where they are written.
    pub(crate) arguments: Option<Vec<TypeName>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drop {
    pub(crate) objects: Vec<ObjectName>,
    pub(crate) if_exists: bool,
    pub(crate) behavior: Behavior,
    pub(crate) concurrently: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rename {
    /// A column, constraint, attribute of a composite type, … is a `part`.
    pub(crate) object: ObjectName,
    pub(crate) to: Ident,
    pub(crate) if_exists: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) object: ObjectName,
    /// None for `IS NULL` and `''`.
    pub(crate) text: Option<String>,
}

/// `GRANT` and `REVOKE` of privileges. (Membership of roles changes no schema of this database and is
/// [`Command::Nothing`](super::Command::Nothing).)
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) revoke: bool,
    /// In upper case; empty: `ALL`. With the columns they are limited to.
    pub(crate) privileges: Vec<(String, Vec<Ident>)>,
    pub(crate) on: GrantTarget,
    /// Folded; `public` for `PUBLIC`.
    pub(crate) roles: Vec<String>,
    pub(crate) grant_option: bool,
    pub(crate) behavior: Behavior,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GrantTarget {
    Objects(Vec<ObjectName>),
    /// `ALL TABLES IN SCHEMA …`: the kind and the schemas.
    AllInSchema(ObjectKind, Vec<Ident>),
    /// A database, tablespace, language, parameter, ….
    Other,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SearchPath {
    /// Schemas as they are written, folded; empty for `''`.
    Set {
        schemas: Vec<String>,
        local: bool,
    },
    Reset,
    /// It comes out of an expression.
    Unknown,
}

/// A view or materialized view.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateView {
    pub(crate) name: Name,
    pub(crate) materialized: bool,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    pub(crate) recursive: bool,
    pub(crate) persistence: Persistence,
    pub(crate) columns: Vec<Ident>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) query: Query,
    /// `local`, `cascaded`.
    pub(crate) check_option: Option<String>,
    pub(crate) with_data: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateSequence {
    pub(crate) name: Name,
    pub(crate) if_not_exists: bool,
    pub(crate) persistence: Persistence,
    pub(crate) options: SequenceOptions,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterSequence {
    pub(crate) name: Name,
    pub(crate) if_exists: bool,
    pub(crate) options: SequenceOptions,
    pub(crate) set_logged: Option<bool>,
}

/// Only what is written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SequenceOptions {
    /// Of an identity column.
    pub(crate) name: Option<Name>,
    pub(crate) type_name: Option<TypeName>,
    pub(crate) increment: Option<i64>,
    /// `Some(None)`: `NO MINVALUE`.
    pub(crate) min: Option<Option<i64>>,
    pub(crate) max: Option<Option<i64>>,
    pub(crate) start: Option<i64>,
    pub(crate) cache: Option<i64>,
    pub(crate) cycle: Option<bool>,
    pub(crate) owned_by: Option<OwnedBy>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OwnedBy {
    None,
    Column { table: Name, column: Ident },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateSchema {
    /// None: the name of the role.
    pub(crate) name: Option<Ident>,
    pub(crate) if_not_exists: bool,
    pub(crate) owner: Option<String>,
    /// Commands inside the statement.
    pub(crate) elements: Vec<super::Command>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateType {
    pub(crate) name: Name,
    pub(crate) kind: NewType,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NewType {
    Enum(Vec<String>),
    Composite(Vec<Attribute>),
    /// The subtype, and the name of the multirange type where it is written.
    Range {
        subtype: TypeName,
        multirange: Option<Name>,
        options: Vec<(String, String)>,
    },
    /// A type of C functions, or a shell.
    Base,
    Shell,
}

/// A column of a composite type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: Ident,
    pub(crate) type_name: TypeName,
    pub(crate) collation: Option<Name>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterType {
    pub(crate) name: Name,
    pub(crate) action: TypeAction,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TypeAction {
    AddValue {
        value: String,
        if_not_exists: bool,
        place: Option<EnumPlace>,
        at: Range<usize>,
    },
    RenameValue {
        from: String,
        to: String,
        at: Range<usize>,
    },
    Attributes(Vec<AttributeAction>),
    /// Options of a base type.
    Set,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EnumPlace {
    Before(String),
    After(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AttributeAction {
    Add { attribute: Attribute, behavior: Behavior },
    Drop { attribute: Ident, if_exists: bool, behavior: Behavior },
    Type { attribute: Attribute, behavior: Behavior },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateDomain {
    pub(crate) name: Name,
    pub(crate) base: TypeName,
    pub(crate) collation: Option<Name>,
    pub(crate) default: Option<Expression>,
    pub(crate) not_null: bool,
    /// Names, where they are written, and checks.
    pub(crate) checks: Vec<(Option<Ident>, Expression)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterDomain {
    pub(crate) name: Name,
    pub(crate) action: DomainAction,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DomainAction {
    SetDefault(Expression),
    DropDefault,
    SetNotNull,
    DropNotNull,
    AddCheck { name: Option<Ident>, expression: Expression, not_valid: bool },
    DropConstraint { constraint: Ident, if_exists: bool, behavior: Behavior },
    ValidateConstraint(Ident),
}

/// A function or procedure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateRoutine {
    pub(crate) procedure: bool,
    pub(crate) or_replace: bool,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Option<Returns>,
    pub(crate) options: RoutineOptions,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) mode: ArgumentMode,
    pub(crate) name: Option<Ident>,
    pub(crate) type_name: TypeName,
    pub(crate) default: Option<Expression>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ArgumentMode {
    #[default]
    In,
    Out,
    InOut,
    Variadic,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    Type(TypeName),
    /// `RETURNS TABLE (…)`.
    Table(Vec<Attribute>),
}

/// Only what is written. Also of `ALTER FUNCTION`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RoutineOptions {
    pub(crate) language: Option<String>,
    /// `immutable`, `stable`, `volatile`.
    pub(crate) volatility: Option<String>,
    pub(crate) strict: Option<bool>,
    pub(crate) security_definer: Option<bool>,
    pub(crate) leakproof: Option<bool>,
    /// `safe`, `restricted`, `unsafe`.
    pub(crate) parallel: Option<String>,
    pub(crate) cost: Option<String>,
    pub(crate) rows: Option<String>,
    pub(crate) support: Option<String>,
    pub(crate) window: bool,
    /// `SET name = value`, as they are written; `None` for `RESET name`.
    pub(crate) settings: Vec<(String, Option<String>)>,
    pub(crate) body: Option<Body>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Between quotes: what they hold.
    Text { text: String, at: Range<usize> },
    /// `RETURN …` and `BEGIN ATOMIC … END`, as written, blanks folded.
    Sql { text: String, at: Range<usize> },
    /// The library and symbol of a C function.
    Library(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterRoutine {
    pub(crate) routine: ObjectName,
    pub(crate) options: RoutineOptions,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateAggregate {
    pub(crate) or_replace: bool,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Argument>,
    /// As they are written.
    pub(crate) options: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateTrigger {
    pub(crate) name: Ident,
    pub(crate) or_replace: bool,
    pub(crate) constraint: bool,
    pub(crate) table: Name,
    /// `before`, `after`, `instead of`.
    pub(crate) timing: String,
    /// `insert`, `update`, `delete`, `truncate`; with the columns of `UPDATE OF`.
    pub(crate) events: Vec<(String, Vec<Ident>)>,
    pub(crate) from: Option<Name>,
    pub(crate) deferrable: bool,
    pub(crate) initially_deferred: bool,
    /// `OLD TABLE AS`, `NEW TABLE AS`, as they are written.
    pub(crate) referencing: Option<String>,
    pub(crate) for_each_row: bool,
    pub(crate) when: Option<Expression>,
    pub(crate) function: Name,
    /// As they are written.
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreatePolicy {
    pub(crate) name: Ident,
    pub(crate) table: Name,
    pub(crate) permissive: bool,
    /// `all`, `select`, `insert`, `update`, `delete`.
    pub(crate) command: String,
    /// Folded; empty: `public`.
    pub(crate) roles: Vec<String>,
    pub(crate) using: Option<Expression>,
    pub(crate) check: Option<Expression>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlterPolicy {
    pub(crate) name: Ident,
    pub(crate) table: Name,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) using: Option<Expression>,
    pub(crate) check: Option<Expression>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateRule {
    pub(crate) name: Ident,
    pub(crate) or_replace: bool,
    pub(crate) table: Name,
    /// Everything behind `AS`, blanks folded.
    pub(crate) definition: String,
    /// Behind `DO`, where that is one statement.
    pub(crate) action: Option<Box<super::Command>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateStatistics {
    pub(crate) name: Option<Name>,
    pub(crate) if_not_exists: bool,
    /// `ndistinct`, …; empty: all.
    pub(crate) kinds: Vec<String>,
    pub(crate) columns: Vec<super::IndexKey>,
    pub(crate) table: Name,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateExtension {
    pub(crate) name: Ident,
    pub(crate) if_not_exists: bool,
    pub(crate) schema: Option<Ident>,
    pub(crate) version: Option<String>,
    pub(crate) cascade: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateOther {
    pub(crate) object: ObjectName,
    pub(crate) or_replace: bool,
    pub(crate) if_not_exists: bool,
    /// The statement, blanks folded.
    pub(crate) definition: String,
    /// Those that `CREATE PUBLICATION` names.
    pub(crate) tables: Vec<Name>,
}

/// `INSERT`, `UPDATE`, `DELETE`, `MERGE`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dml {
    pub(crate) table: Name,
    /// The columns that are written.
    pub(crate) columns: Vec<Ident>,
    /// It has a `WHERE`.
    pub(crate) filtered: bool,
    /// The rest of the statement, for what it reads and calls.
    pub(crate) query: Query,
}
