//! Values to bytes and back. Reading never panics, and a value does not say whether it is true: of
//! damaged bytes something is read, and the input knows. It is asked once for all that was read.
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
    fn decode(input: &mut Input<'_>) -> Self;
}

/// Bytes still to be read. Once they turn out to be damaged, none are left, and what is missing is read as zeros.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    damaged: bool,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { bytes, damaged: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// What [`encode_slice`] wrote.
    pub(super) fn slice(&mut self) -> &'a [u8] {
        let length = self.length();
        self.take(length)
    }

    /// The number of what follows, of which each takes a byte at least.
    pub(super) fn length(&mut self) -> usize {
        let length = usize::decode(self);
        if length > self.bytes.len() {
            self.damage();
            return 0;
        }
        length
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((first, rest)) = self.bytes.split_first_chunk() else {
            self.damage();
            return [0; N];
        };
        self.bytes = rest;
        *first
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let Some((head, tail)) = self.bytes.split_at_checked(length) else {
            self.damage();
            return &[];
        };
        self.bytes = tail;
        head
    }

    fn damage(&mut self) {
        *self = Input { bytes: &[], damaged: true };
    }

    /// A value of which no more than zeros can be read.
    fn damaged<T: Decode>(&mut self) -> T {
        self.damage();
        T::decode(self)
    }
}

/// The value at the beginning of the bytes; `None` when they are cut off or damaged.
pub(super) fn decoded<T: Decode>(bytes: &[u8]) -> Option<T> {
    let mut input = Input::new(bytes);
    let value = T::decode(&mut input);
    (!input.damaged).then_some(value)
}

impl Encode for usize {
    fn encode(&self, out: &mut Vec<u8>) {
        // What does not fit cannot be read, and is as good as not kept.
        out.extend_from_slice(&u32::try_from(*self).unwrap_or(u32::MAX).to_le_bytes());
    }
}

impl Decode for usize {
    fn decode(input: &mut Input<'_>) -> usize {
        u32::from_le_bytes(input.array()) as usize
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    fn decode(input: &mut Input<'_>) -> bool {
        match input.byte() {
            0 => false,
            1 => true,
            _ => input.damaged(),
        }
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_slice(self.as_bytes(), out);
    }
}

impl Decode for String {
    fn decode(input: &mut Input<'_>) -> String {
        match std::str::from_utf8(input.slice()) {
            Ok(text) => text.to_owned(),
            Err(_) => input.damaged(),
        }
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
    fn decode(input: &mut Input<'_>) -> [u8; 32] {
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
    fn decode(input: &mut Input<'_>) -> Option<T> {
        match bool::decode(input) {
            true => Some(T::decode(input)),
            false => None,
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
    fn decode(input: &mut Input<'_>) -> Vec<T> {
        let length = input.length();
        // Not `with_capacity`: the length may be damaged.
        let mut items = Vec::new();
        while items.len() < length && !input.damaged {
            items.push(T::decode(input));
        }
        items
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
    fn decode(input: &mut Input<'_>) -> VecDeque<T> {
        VecDeque::from(Vec::decode(input))
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(input: &mut Input<'_>) -> (A, B) {
        (A::decode(input), B::decode(input))
    }
}

impl Encode for Range<usize> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.start.encode(out);
        self.end.encode(out);
    }
}

impl Decode for Range<usize> {
    fn decode(input: &mut Input<'_>) -> Range<usize> {
        usize::decode(input)..usize::decode(input)
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
    fn decode(input: &mut Input<'_>) -> Entry {
        Entry {
            text: Decode::decode(input),
            part: Decode::decode(input),
            run_in_transaction: Decode::decode(input),
            file: input.slice().to_vec(),
        }
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
            fn decode(input: &mut Input<'_>) -> $type {
                $type { $($field: Decode::decode(input)),+ }
            }
        }
    };
}

/// An enum without fields as one byte, of which one is 0.
macro_rules! choice {
    ($type:ident { $($variant:ident = $byte:literal),+ $(,)? }) => {
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.push(match self { $($type::$variant => $byte),+ });
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> $type {
                match input.byte() {
                    $($byte => $type::$variant,)+
                    _ => input.damaged(),
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
    fn decode(input: &mut Input<'_>) -> Code {
        Code::from_name(&String::decode(input)).unwrap_or_else(|| {
            input.damage();
            Code::ALL[0]
        })
    }
}

impl Encode for SourceId {
    fn encode(&self, out: &mut Vec<u8>) {
        self.index().encode(out);
    }
}

impl Decode for SourceId {
    fn decode(input: &mut Input<'_>) -> SourceId {
        SourceId(usize::decode(input))
    }
}

impl Encode for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Decode for i64 {
    fn decode(input: &mut Input<'_>) -> i64 {
        i64::from_le_bytes(input.array())
    }
}

impl Encode for i128 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Decode for i128 {
    fn decode(input: &mut Input<'_>) -> i128 {
        i128::from_le_bytes(input.array())
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
    fn decode(input: &mut Input<'_>) -> PlannedDown {
        match input.byte() {
            0 => PlannedDown::Script(Decode::decode(input)),
            1 => PlannedDown::NoOp(Decode::decode(input)),
            2 => PlannedDown::Irreversible(Decode::decode(input)),
            _ => input.damaged(),
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
    let path = std::str::from_utf8(input.slice()).ok()?;
    let is_ok = bool::decode(input);
    let contents = input.slice();
    (is_ok && !input.damaged).then_some((path, contents))
}

/// Whether these are the directory's bytes. They are not written for that: it is asked of each build.
pub(super) fn is_same(directory: &Directory, bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let mut is_next = |path: &str, is_ok: bool, contents: &[u8]| {
        input.slice() == path.as_bytes()
            && bool::decode(&mut input) == is_ok
            && input.slice() == contents
    };
    let same = directory.files.iter().all(|File { path, contents }| match contents {
        Ok(contents) => is_next(path, true, contents),
        Err(why) => is_next(path, false, why.as_bytes()),
    });
    same && input.is_empty() && !input.damaged
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
record!(ScriptFile { up, down, irreversible, allows, diagnostics, hides_down, near_down });
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
