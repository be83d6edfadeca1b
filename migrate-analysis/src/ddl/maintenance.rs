//! What changes no schema, and locks tables all the same.

use super::{Ident, Name};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Maintenance {
    /// `LOCK TABLE`: the mode in upper case, `ACCESS EXCLUSIVE` where none is written.
    Lock {
        tables: Vec<Name>,
        mode: String,
    },
    /// `VACUUM`; no table: all of them.
    Vacuum {
        tables: Vec<Name>,
        full: bool,
    },
    /// `ANALYZE`; no table: all of them.
    Analyze(Vec<Name>),
    /// `CLUSTER`; no table: all that were clustered before.
    Cluster(Option<Name>),
    Reindex {
        target: Reindexed,
        concurrently: bool,
    },
    /// `COPY table FROM`.
    CopyFrom(Name),
    /// `COPY table TO`.
    CopyTo(Name),
    /// `SET`, and without a value `RESET` and `SET … TO DEFAULT`: names folded, values without quotes. Not those that change how
    /// names are looked up.
    Set {
        name: String,
        value: Option<String>,
        local: bool,
    },
    DropDatabase(Ident),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reindexed {
    Index(Name),
    Table(Name),
    Schema(Ident),
    /// `DATABASE`, `SYSTEM`.
    Database,
}
