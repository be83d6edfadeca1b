//! Whether a script runs in one transaction, and which statements travel together.
//!
//! A transactional script runs between our own `BEGIN` and `COMMIT`; any other runs step by step.
//! One plain outer `BEGIN … COMMIT` is what the runner does anyway, so it is dropped.

use crate::list::CollectVec;
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
pub(crate) struct Mode {
    pub(crate) transactional: bool,
    pub(crate) steps: Vec<Step>,
    /// The `BEGIN` and the `COMMIT` of an outer pair, which are dropped.
    pub(crate) dropped: Option<(usize, usize)>,
    pub(crate) problem: Option<Problem>,
}

/// Why the runner could not run it. The numbers are indices of statements.
pub(crate) enum Problem {
    /// The first must run outside a transaction, the second does not have to.
    Mixed { outside: usize, other: usize },
    /// It must run outside a transaction and stands between `BEGIN` and `COMMIT`.
    OutsideInBlock { outside: usize },
    /// A transaction command that the runner cannot follow.
    Control { at: usize, unbalanced: bool },
}

impl Mode {
    /// The statements that count: all but a dropped outer pair.
    pub(crate) fn kept<'a>(
        &self,
        statements: &'a [Statement],
    ) -> impl Iterator<Item = &'a Statement> {
        kept(statements, self.dropped).map(|(_, statement)| statement)
    }
}

fn kept(
    statements: &[Statement],
    dropped: Option<(usize, usize)>,
) -> impl Iterator<Item = (usize, &Statement)> {
    let is_dropped =
        move |at: usize| dropped.is_some_and(|(begin, commit)| at == begin || at == commit);
    statements.iter().enumerate().filter(move |(at, _)| !is_dropped(*at))
}

/// `declared`: the script says `no-transaction`.
pub(crate) fn mode(text: &str, statements: &[Statement], declared: bool) -> Mode {
    let dropped = outer_pair(text, statements);
    if dropped.is_some() {
        let mut inner = kept(statements, dropped);
        let outside = inner.find(|(_, s)| s.transaction == TransactionUse::Outside);
        let problem = outside.map(|(at, _)| Problem::OutsideInBlock { outside: at });
        let steps = kept(statements, dropped).map(|(_, statement)| step(statement)).collect_vec();
        return Mode { transactional: true, steps, dropped, problem };
    }
    let single_steps = || statements.iter().map(step).collect_vec();
    if declared {
        return match blocks(text, statements) {
            Ok(steps) => Mode { transactional: false, steps, dropped, problem: None },
            Err(problem) => {
                let problem = Some(problem);
                Mode { transactional: false, steps: single_steps(), dropped, problem }
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
    Mode { transactional: outside.is_none(), steps: single_steps(), dropped, problem }
}

/// The first plain `BEGIN` and the last plain `COMMIT`, if that is all the transaction control there is
/// and nothing but settings stands around them.
fn outer_pair(text: &str, statements: &[Statement]) -> Option<(usize, usize)> {
    let is_setting = |s: &Statement| s.transaction == TransactionUse::Neutral;
    let begin = statements.iter().position(|s| !is_setting(s))?;
    let commit = statements.iter().rposition(|s| !is_setting(s))?;
    let (first, last) = (&statements[begin], &statements[commit]);
    let pair = first.transaction == TransactionUse::Begin
        && last.transaction == TransactionUse::Commit
        && is_plain(text, first)
        && is_plain(text, last);
    let alone = pair && !statements[begin + 1..commit].iter().any(|s| is_control(text, s));
    alone.then_some((begin, commit))
}

/// Without a mode or `AND CHAIN`, dropping the command loses nothing.
fn is_plain(text: &str, statement: &Statement) -> bool {
    let words = words(text, statement);
    matches!(
        words.iter().map(String::as_str).collect_vec()[..],
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

fn sets_transaction(text: &str, statement: &Statement) -> bool {
    words(text, statement).first().is_some_and(|word| word == "SET")
}

fn words(text: &str, statement: &Statement) -> Vec<String> {
    let sql = text.get(statement.range.clone()).unwrap_or_default();
    sql.split_whitespace().take(6).map(str::to_ascii_uppercase).collect_vec()
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
            (Some(begin), TransactionUse::OtherControl)
                if at == begin + 1 && sets_transaction(text, statement) => {}
            // A savepoint needs a block as much as any other command needs none.
            (None, TransactionUse::OtherControl) => {
                return Err(Problem::Control { at, unbalanced: true });
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
