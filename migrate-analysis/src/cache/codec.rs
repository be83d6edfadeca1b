//! Values to bytes and back. Reading never panics: damaged bytes give `None`.
//!
//! It runs unoptimised in a build script, for hundreds of thousands of values at each edit: hence plain
//! loops instead of iterators.

use super::Entry;
use crate::Analysis;
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::embed::Embedded;
use crate::inverse::Inverse;
use crate::layout::Part;
use crate::lock::LockMode;
use crate::plan::{
    Plan, PlannedDown, PlannedLock, PlannedMigration, PlannedScript, PlannedStatement,
};
use crate::restore::Verdict;
use crate::schema::{Effects, Found};
use crate::script::{Allow, Script, ScriptFile};
use crate::source::{Directory, File, Source, SourceId};
use crate::statement::{Action, ConcurrentIndex, EnumValue, Statement, TransactionUse};
use crate::transaction::Step;
use std::collections::VecDeque;
use std::ops::Range;

pub(super) trait Encode {
    fn encode(&self, out: &mut Vec<u8>);
}

pub(super) trait Decode: Sized {
    fn decode(input: &mut Input<'_>) -> Option<Self>;
}

/// Bytes still to be read.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What [`encode_slice`] wrote.
    pub(super) fn slice(&mut self) -> Option<&'a [u8]> {
        let length = usize::decode(self)?;
        self.take(length)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }
}

impl Encode for usize {
    fn encode(&self, out: &mut Vec<u8>) {
        // What does not fit cannot be read, and is as good as not kept.
        out.extend_from_slice(&u32::try_from(*self).unwrap_or(u32::MAX).to_le_bytes());
    }
}

impl Decode for usize {
    fn decode(input: &mut Input<'_>) -> Option<usize> {
        Some(u32::from_le_bytes(input.array()?) as usize)
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    fn decode(input: &mut Input<'_>) -> Option<bool> {
        match input.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_slice(self.as_bytes(), out);
    }
}

impl Decode for String {
    fn decode(input: &mut Input<'_>) -> Option<String> {
        Some(std::str::from_utf8(input.slice()?).ok()?.to_owned())
    }
}

/// Bytes with their number before them.
pub(super) fn encode_slice(bytes: &[u8], out: &mut Vec<u8>) {
    bytes.len().encode(out);
    out.extend_from_slice(bytes);
}

impl Encode for [u8; 32] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Decode for [u8; 32] {
    fn decode(input: &mut Input<'_>) -> Option<[u8; 32]> {
        input.array()
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(input: &mut Input<'_>) -> Option<Option<T>> {
        match bool::decode(input)? {
            true => T::decode(input).map(Some),
            false => Some(None),
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.len().encode(out);
        for item in self {
            item.encode(out);
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(input: &mut Input<'_>) -> Option<Vec<T>> {
        let length = usize::decode(input)?;
        // Not `with_capacity`: the length may be damaged.
        let mut items = Vec::new();
        while items.len() < length {
            items.push(T::decode(input)?);
        }
        Some(items)
    }
}

impl<T: Encode> Encode for VecDeque<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.len().encode(out);
        for item in self {
            item.encode(out);
        }
    }
}

impl<T: Decode> Decode for VecDeque<T> {
    fn decode(input: &mut Input<'_>) -> Option<VecDeque<T>> {
        Vec::decode(input).map(VecDeque::from)
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(input: &mut Input<'_>) -> Option<(A, B)> {
        Some((A::decode(input)?, B::decode(input)?))
    }
}

impl Encode for Range<usize> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.start.encode(out);
        self.end.encode(out);
    }
}

impl Decode for Range<usize> {
    fn decode(input: &mut Input<'_>) -> Option<Range<usize>> {
        Some(usize::decode(input)?..usize::decode(input)?)
    }
}

impl Encode for Entry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.text.encode(out);
        self.part.encode(out);
        self.run_in_transaction.encode(out);
        encode_slice(&self.file, out);
    }
}

impl Decode for Entry {
    fn decode(input: &mut Input<'_>) -> Option<Entry> {
        Some(Entry {
            text: Decode::decode(input)?,
            part: Decode::decode(input)?,
            run_in_transaction: Decode::decode(input)?,
            file: input.slice()?.to_vec(),
        })
    }
}

/// A struct as its fields in order.
macro_rules! record {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$field.encode(out);)+
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> Option<$type> {
                Some($type { $($field: Decode::decode(input)?),+ })
            }
        }
    };
}

/// An enum without fields as one byte.
macro_rules! choice {
    ($type:ident { $($variant:ident = $byte:literal),+ $(,)? }) => {
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.push(match self { $($type::$variant => $byte),+ });
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> Option<$type> {
                match input.byte()? {
                    $($byte => Some($type::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

// Behind the macros, which it uses.
mod catalog;

impl Encode for Code {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().to_owned().encode(out);
    }
}

impl Decode for Code {
    fn decode(input: &mut Input<'_>) -> Option<Code> {
        Code::from_name(&String::decode(input)?)
    }
}

impl Encode for SourceId {
    fn encode(&self, out: &mut Vec<u8>) {
        self.index().encode(out);
    }
}

impl Decode for SourceId {
    fn decode(input: &mut Input<'_>) -> Option<SourceId> {
        usize::decode(input).map(SourceId)
    }
}

impl Encode for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Decode for i64 {
    fn decode(input: &mut Input<'_>) -> Option<i64> {
        Some(i64::from_le_bytes(input.array()?))
    }
}

impl Encode for i128 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Decode for i128 {
    fn decode(input: &mut Input<'_>) -> Option<i128> {
        Some(i128::from_le_bytes(input.array()?))
    }
}

impl Encode for PlannedDown {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            PlannedDown::Script(script) => {
                out.push(0);
                script.encode(out);
            }
            PlannedDown::NoOp(reason) => {
                out.push(1);
                reason.encode(out);
            }
            PlannedDown::Irreversible(reason) => {
                out.push(2);
                reason.encode(out);
            }
        }
    }
}

impl Decode for PlannedDown {
    fn decode(input: &mut Input<'_>) -> Option<PlannedDown> {
        match input.byte()? {
            0 => Decode::decode(input).map(PlannedDown::Script),
            1 => Decode::decode(input).map(PlannedDown::NoOp),
            2 => Decode::decode(input).map(PlannedDown::Irreversible),
            _ => None,
        }
    }
}

/// Only ever compared: no two directories have the same bytes.
impl Encode for Directory {
    fn encode(&self, out: &mut Vec<u8>) {
        for File { path, contents } in &self.files {
            path.encode(out);
            contents.is_ok().encode(out);
            encode_slice(contents.as_deref().unwrap_or_else(|why| why.as_bytes()), out);
        }
    }
}

/// The next of a directory's files: its path and what it holds, or why it could not be read.
pub(super) fn file<'a>(input: &mut Input<'a>) -> Option<(&'a str, &'a [u8])> {
    let path = std::str::from_utf8(input.slice()?).ok()?;
    let is_ok = bool::decode(input)?;
    let contents = input.slice()?;
    Some((path, if is_ok { contents } else { return None }))
}

/// Whether these are the directory's bytes. They are not written for that: it is asked of each build.
pub(super) fn is_same(directory: &Directory, bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let mut is_next = |path: &str, is_ok: bool, contents: &[u8]| {
        input.slice() == Some(path.as_bytes())
            && bool::decode(&mut input) == Some(is_ok)
            && input.slice() == Some(contents)
    };
    let same = directory.files.iter().all(|File { path, contents }| match contents {
        Ok(contents) => is_next(path, true, contents),
        Err(why) => is_next(path, false, why.as_bytes()),
    });
    same && input.is_empty()
}

choice!(Part { Up = 0, Down = 1, Both = 2 });
choice!(Verdict {
    Exact = 0,
    ColumnOrder = 1,
    Unproven = 2,
    DoesNotRestore = 3,
    Irreversible = 4,
});
choice!(LockMode {
    NoLock = 0,
    AccessShare = 1,
    RowShare = 2,
    RowExclusive = 3,
    ShareUpdateExclusive = 4,
    Share = 5,
    ShareRowExclusive = 6,
    Exclusive = 7,
    AccessExclusive = 8,
});
choice!(Severity { Note = 0, Warning = 1, Error = 2 });
choice!(TransactionUse {
    Either = 0,
    Neutral = 1,
    Outside = 2,
    Begin = 3,
    Commit = 4,
    OtherControl = 5,
});

record!(Embedded { version, name, doc, is_reversible });
record!(Found { verdict, destroys, up, down, diagnostics, inverse });
record!(Inverse { statements, caveats, complete });
record!(ScriptFile { up, down, irreversible, allows, diagnostics });
record!(Script { mark, statements, steps, transactional, checksum, no_op });
record!(Allow { code, range, statement, used });
record!(Step { range, builds_index, setting });
record!(Statement { range, action, transaction, builds_index, adds_enum_value });
record!(Action { command, object, opaque });
record!(ConcurrentIndex { table, index });
record!(EnumValue { type_name, value });
record!(Analysis { sources, plan, diagnostics });
record!(Source { path, text, verbatim, start });
record!(Plan { migrations, digest, postgres });
record!(PlannedMigration { version, name, up, down, verdict, destroys });
record!(PlannedStatement { range, action, takes_along, locks, may_lock_more });
record!(PlannedLock { relation, mode, rewrites, scans, builds_index, is_index, is_table });
record!(Effects { takes_along, locks, may_lock_more });
record!(PlannedScript { source, steps, statements, checksum, transactional });
record!(Place { source, range });
record!(Diagnostic { code, severity, message, place, label, related, notes, help });
