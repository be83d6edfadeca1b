//! What a statement says, as data: the commands that change a schema, clause by clause.
//!
//! `sql/` makes it from the words of a statement; the simulation, the rules and the generator of
//! down scripts read it. It holds what is written and nothing that follows from a catalog: names are
//! folded and cut as PostgreSQL does, but not yet looked up. All places are bytes of the source.

mod block;
mod maintenance;
mod objects;
mod query;
mod table;

pub(crate) use block::*;
pub(crate) use maintenance::*;
pub(crate) use objects::*;
pub(crate) use query::*;
pub(crate) use table::*;

use std::ops::Range;

/// A statement by what it does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    CreateTable(CreateTable),
    CreateTableAs(CreateTableAs),
    AlterTable(AlterTable),
    CreateIndex(CreateIndex),
    /// `ALTER INDEX … ATTACH PARTITION …`.
    AttachIndex {
        index: Name,
        partition: Name,
    },
    CreateView(CreateView),
    CreateSequence(CreateSequence),
    AlterSequence(AlterSequence),
    CreateSchema(CreateSchema),
    CreateType(CreateType),
    AlterType(AlterType),
    CreateDomain(CreateDomain),
    AlterDomain(AlterDomain),
    CreateRoutine(CreateRoutine),
    AlterRoutine(AlterRoutine),
    CreateAggregate(CreateAggregate),
    CreateTrigger(CreateTrigger),
    CreatePolicy(CreatePolicy),
    AlterPolicy(AlterPolicy),
    CreateRule(CreateRule),
    CreateStatistics(CreateStatistics),
    CreateExtension(CreateExtension),
    /// An object whose inside the simulation does not follow: a cast, an operator, a publication, ….
    CreateOther(CreateOther),
    /// A change of such an object, which is then known to exist, and not how.
    AlterOther {
        object: ObjectName,
        /// Those that `ALTER PUBLICATION` names.
        tables: Vec<Name>,
    },
    Drop(Drop),
    /// `DROP OWNED BY`: whatever belongs to the roles.
    DropOwned,
    Rename(Rename),
    /// `ALTER … SET SCHEMA`.
    SetSchema {
        object: ObjectName,
        schema: Ident,
        if_exists: bool,
    },
    /// `ALTER … OWNER TO`.
    SetOwner {
        object: ObjectName,
        owner: String,
        if_exists: bool,
    },
    Comment(Comment),
    Grant(Grant),
    /// `ALTER DEFAULT PRIVILEGES`, as it is written, blanks folded.
    DefaultPrivileges(String),
    /// `SET`, `RESET`, `set_config(…)` of `search_path`.
    SearchPath(SearchPath),
    /// `SET ROLE`, `SET SESSION AUTHORIZATION`; none for `RESET ROLE`.
    SetRole(Option<String>),
    Insert(Dml),
    Update(Dml),
    Delete(Dml),
    /// `MERGE`, whose inside is not followed.
    Merge(Dml),
    Truncate {
        tables: Vec<Name>,
        restart_identity: bool,
        cascade: bool,
    },
    /// `SELECT`, `VALUES`, `TABLE`, with the functions it calls.
    Select(Query),
    /// `REFRESH MATERIALIZED VIEW`.
    Refresh {
        view: Name,
        concurrently: bool,
        with_data: bool,
    },
    /// `CALL name(…)`.
    Call(Name),
    /// `DO`: the body, without its quotes.
    Do {
        language: String,
        body: String,
        at: Range<usize>,
        /// What it runs, where that can be read.
        block: Option<Block>,
    },
    /// `LOCK`, `ANALYZE`, `VACUUM`, `REINDEX`, `SET`, ….
    Maintenance(Maintenance),
    /// Changes no schema and locks nothing that others wait for: `NOTIFY`, `SHOW`, ….
    Nothing,
    /// Nobody could read it.
    Opaque,
}

/// A name in one part, folded to lower case unless quoted and cut to 63 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ident {
    pub(crate) name: String,
    pub(crate) at: Range<usize>,
}

/// A name, perhaps with its schema. (The name of a database before that is dropped: PostgreSQL takes
/// the current one and no other.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) at: Range<usize>,
}

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeName {
    /// A built-in type by the name that `format_type` gives it (`integer`, `character varying`,
    /// `timestamp with time zone`, `"char"`), without a schema; another by the name that is written.
    pub(crate) name: Name,
    /// What stands in brackets behind it, without blanks: `10,2`, `255`; of an interval also its
    /// fields: `day to second(3)`.
    pub(crate) modifiers: Option<String>,
    pub(crate) array: bool,
    pub(crate) set_of: bool,
    /// It is one of PostgreSQL's own types (found by name: the list stands in `sql/`), so that no
    /// catalog has to know it. `serial` and its kin are not.
    pub(crate) built_in: bool,
}

/// An expression as it is written, its words apart, blanks and comments gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) words: Vec<Word>,
    pub(crate) at: Range<usize>,
}

/// A word of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A name that may be a column: not one of PostgreSQL's reserved words, not called as a function,
    /// no type behind `::`, not qualified further. Folded.
    Name(String),
    /// `table.column` and `schema.table.column`: folded, in order.
    Path(Vec<String>),
    /// The name of a function that is called, perhaps with its schema; its bracket is the next word.
    Function { schema: Option<String>, name: String },
    /// The type of a cast, and of `'…'` behind a type's name.
    Type(TypeName),
    /// Anything else, as it is written; keywords in upper case.
    Text(String),
}

/// What happens to what depends on an object that goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Restrict,
    Cascade,
}
