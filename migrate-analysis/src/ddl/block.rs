//! The body of a `DO` block, where it only runs statements that stand in it as they are.

use super::Command;
use std::ops::Range;

/// What a block does, in order. Statements that change no schema and lock little are left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Run(Box<Command>),
    /// A statement that reads and writes rows, perhaps with variables of the block in it: it only locks.
    Rows(Box<Command>),
    /// `RAISE EXCEPTION`: the message as it is written.
    Raise {
        message: String,
        at: Range<usize>,
    },
    /// `BEGIN … EXCEPTION WHEN … THEN NULL; END`: the conditions, folded, or their SQLSTATEs.
    Try {
        steps: Vec<Step>,
        caught: Vec<String>,
    },
    If {
        guard: Guard,
        then: Vec<Step>,
        otherwise: Vec<Step>,
    },
}

/// A condition that asks whether something is in PostgreSQL's own catalog.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    /// `NOT EXISTS`.
    pub(crate) absent: bool,
    /// The names that it asks for: of the object, its table and schema, in no particular order.
    pub(crate) names: Vec<String>,
}
