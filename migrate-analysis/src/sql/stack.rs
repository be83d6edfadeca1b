//! A stack on which the parsers can descend.
//!
//! Both parsers are recursive. Unoptimised, as in a proc macro, `sqlparser` takes up to 280 kB for one
//! sub-select and 140 kB for one `NOT`, `squawk-syntax` up to 5 kB for a token (measured with the forms of
//! `deep_nesting` in `tests/sql.rs`). The 2 MB of a thread, or the 8 MB of a compiler, are gone after a
//! few dozen levels, and an overflow cannot be caught. So a script is read on a thread of its own whose
//! stack is large (reserved, not used, until it is needed), and what would not fit on that is opaque.

use super::lex::Kind;
use super::words::Words;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Of the thread.
const STACK: usize = if usize::BITS < 64 { 48 << 20 } else { 256 << 20 };

/// How deep `sqlparser` may descend: 280 kB each.
pub(super) const SQLPARSER_DEPTH: usize = if usize::BITS < 64 { 100 } else { 400 };

/// What one token can cost `squawk-syntax` where it descends for each: `- - - 1`, `f(f(f(1)))`.
const DESCENT: usize = 6 << 10;

/// What one token costs where it makes a chain, `a || b || …`, whose tree is dropped recursively.
const CHAIN: usize = 700;

/// Nested deeper than this, both parsers take seconds: their time grows with the square of the depth.
const DEEPEST: usize = 500;

thread_local! {
    /// This thread was made by [`on_large_stack`].
    static IS_LARGE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `read` on a large stack; none if no such thread can be had, or if `read` panics. Within another
/// call it runs on the spot, so that who reads many statements needs one thread for all of them.
pub(crate) fn on_large_stack<T: Send>(read: impl FnOnce() -> T + Send) -> Option<T> {
    let mut result = None;
    let mut read = Some(read);
    run(&mut || result = read.take().map(|read| read()));
    result
}

/// What of it is the same for all that is read.
fn run(read: &mut (dyn FnMut() + Send)) {
    if IS_LARGE.get() {
        let _ = catch_unwind(AssertUnwindSafe(read));
        return;
    }
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("sql".to_owned()).stack_size(STACK);
        let read = || {
            IS_LARGE.set(true);
            read();
        };
        let thread = builder.spawn_scoped(scope, read);
        // A panic within leaves no result, and a thread that was joined takes none to its scope.
        let _ = thread.map(|thread| thread.join());
    });
}

/// Whether the large stack is large enough for the statement. It is for every real one.
pub(super) fn suffices(words: Words<'_>) -> bool {
    let mut run = 0usize;
    let mut longest = 0usize;
    let mut chained = 0usize;
    let mut depth = 0usize;
    let mut deepest = 0usize;
    for at in 0..words.len() {
        // No descent goes on behind a comma, unless in brackets.
        run = if words.kind(at) == Some(Kind::Comma) { 0 } else { run + 1 };
        longest = longest.max(run);
        match words.kind(at) {
            Some(Kind::Open | Kind::OpenBracket) => depth += 1,
            Some(Kind::Close | Kind::CloseBracket) => depth = depth.saturating_sub(1),
            Some(Kind::Word | Kind::Operator) => chained += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest <= DEEPEST && (longest + deepest) * DESCENT + chained * CHAIN < STACK / 2
}
