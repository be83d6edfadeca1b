//! Whether a script runs in one transaction, and which statements travel together.
//!
//! A transactional script runs between our own `BEGIN` and `COMMIT`; any other runs step by step.
//! One plain outer `BEGIN … COMMIT` is what the runner does anyway, so it is dropped.

use crate::statement::{ConcurrentIndex, Statement, TransactionUse};
use std::ops::Range;

/// What is sent to the server in one go when the script does not run in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The statement, or a whole `BEGIN … COMMIT` of a script that says `no-transaction`.
    pub range: Range<usize>,
    /// The index that a `CREATE INDEX CONCURRENTLY` builds.
    pub builds_index: Option<ConcurrentIndex>,
    /// `SET`, `RESET`: has to run again before a later step is resumed.
    pub setting: bool,
}

/// How a script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) transactional: bool,
    pub(crate) steps: Vec<Step>,
    /// The statements that count: all but a dropped outer pair.
    pub(crate) kept: Range<usize>,
    pub(crate) problem: Option<Problem>,
}

/// Why the runner could not run it. The numbers are indices of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The first must run outside a transaction, the second does not have to.
    Mixed { outside: usize, other: usize },
    /// It must run outside a transaction and stands between `BEGIN` and `COMMIT`.
    OutsideInBlock { outside: usize },
    /// A transaction command that the runner cannot follow.
    Control { at: usize, unbalanced: bool },
}

/// `declared`: the script says `no-transaction`.
pub(crate) fn mode(text: &str, statements: &[Statement], declared: bool) -> Mode {
    if let Some(kept) = outer_pair(text, statements) {
        let inner = &statements[kept.clone()];
        let outside = inner.iter().position(|s| s.transaction == TransactionUse::Outside);
        let problem = outside.map(|at| Problem::OutsideInBlock { outside: at + kept.start });
        return Mode { transactional: true, steps: single_steps(inner), kept, problem };
    }
    let kept = 0..statements.len();
    if declared {
        return match blocks(text, statements) {
            Ok(steps) => Mode { transactional: false, steps, kept, problem: None },
            Err(problem) => {
                let steps = single_steps(statements);
                Mode { transactional: false, steps, kept, problem: Some(problem) }
            }
        };
    }
    let control = statements.iter().position(|s| is_control(text, s));
    let outside = statements.iter().position(|s| s.transaction == TransactionUse::Outside);
    let other = statements.iter().position(|s| s.transaction == TransactionUse::Either);
    let problem = match (control, outside, other) {
        (Some(at), _, _) => Some(Problem::Control { at, unbalanced: false }),
        (None, Some(outside), Some(other)) => Some(Problem::Mixed { outside, other }),
        _ => None,
    };
    Mode { transactional: outside.is_none(), steps: single_steps(statements), kept, problem }
}

/// The statements between a first plain `BEGIN` and a last plain `COMMIT`, if that is all the
/// transaction control there is.
fn outer_pair(text: &str, statements: &[Statement]) -> Option<Range<usize>> {
    let (first, last) = (statements.first()?, statements.last()?);
    let pair = statements.len() >= 2
        && first.transaction == TransactionUse::Begin
        && last.transaction == TransactionUse::Commit
        && is_plain(text, first)
        && is_plain(text, last);
    let inner = 1..statements.len() - 1;
    let alone = pair && !statements[inner.clone()].iter().any(|s| is_control(text, s));
    alone.then_some(inner)
}

/// Without a mode or `AND CHAIN`, dropping the command loses nothing.
fn is_plain(text: &str, statement: &Statement) -> bool {
    let words = words(text, statement);
    matches!(
        words.iter().map(String::as_str).collect::<Vec<_>>()[..],
        ["BEGIN" | "COMMIT" | "END"]
            | ["BEGIN" | "COMMIT" | "END", "TRANSACTION" | "WORK"]
            | ["START", "TRANSACTION"]
    )
}

/// A savepoint lives inside the transaction that the runner opens; every other command ends it.
fn is_control(text: &str, statement: &Statement) -> bool {
    match statement.transaction {
        TransactionUse::Begin | TransactionUse::Commit => true,
        TransactionUse::OtherControl => {
            let words = words(text, statement);
            let first = words.first().map(String::as_str);
            let savepoint = matches!(first, Some("SAVEPOINT" | "RELEASE"))
                || (first == Some("ROLLBACK") && words.iter().any(|word| word == "TO"));
            !savepoint
        }
        TransactionUse::Either | TransactionUse::Neutral | TransactionUse::Outside => false,
    }
}

fn words(text: &str, statement: &Statement) -> Vec<String> {
    let sql = text.get(statement.range.clone()).unwrap_or_default();
    sql.split_whitespace().take(6).map(str::to_ascii_uppercase).collect()
}

fn single_steps(statements: &[Statement]) -> Vec<Step> {
    statements.iter().map(step).collect()
}

fn step(statement: &Statement) -> Step {
    Step {
        range: statement.range.clone(),
        builds_index: statement.builds_index.clone(),
        setting: statement.transaction == TransactionUse::Neutral,
    }
}

/// The steps of a script that says `no-transaction`: a `BEGIN … COMMIT` of its own is one step,
/// since it happens as a whole or not at all.
fn blocks(text: &str, statements: &[Statement]) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    let mut open: Option<usize> = None;
    for (at, statement) in statements.iter().enumerate() {
        match (open, statement.transaction) {
            (None, TransactionUse::Begin) => open = Some(at),
            (Some(begin), TransactionUse::Commit) => {
                let range = statements[begin].range.start..statement.range.end;
                steps.push(Step { range, builds_index: None, setting: false });
                open = None;
            }
            (Some(_), TransactionUse::Outside) => {
                return Err(Problem::OutsideInBlock { outside: at });
            }
            _ if is_control(text, statement) => {
                return Err(Problem::Control { at, unbalanced: true });
            }
            (Some(_), _) => {}
            (None, _) => steps.push(step(statement)),
        }
    }
    match open {
        Some(at) => Err(Problem::Control { at, unbalanced: true }),
        None => Ok(steps),
    }
}
