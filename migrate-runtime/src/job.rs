//! One script to run, and the message it travels in.
//!
//! A message remembers where it put which statement, so that the server's position, which counts
//! characters in the whole message, leads back to a statement. Nothing is sent from here.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use crate::excerpt::{self, Place};
use crate::history::{Half, History, Partly};
use crate::hook::{HookSql, When};
use crate::migration::{Down, EmbeddedMigration, Script, Step};
use crate::observe::{Direction, MigrationId};
use crate::plan::{Back, Up};
use crate::table_lock::{LockMode, TableLock, TableLocks, together};

/// The index that a statement builds concurrently, as SQL text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Builds {
    pub(crate) table: Cow<'static, str>,
    pub(crate) index: Option<Cow<'static, str>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: Cow<'static, str>,
    pub(crate) builds: Option<Builds>,
    /// It only changes the session, so it runs again when a later one is resumed.
    pub(crate) setting: bool,
    /// What it locks: see `TableLocks`.
    pub(crate) locks: &'static str,
}

/// A script to run, in either direction, from the binary or from the history.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: MigrationId,
    pub(crate) direction: Direction,
    pub(crate) statements: Vec<Statement>,
    pub(crate) transactional: bool,
    /// The strongest there is where it is not known.
    pub(crate) strongest_lock: LockMode,
    pub(crate) resume: Option<Partly>,
    /// What the history row of an up is made of.
    pub(crate) migration: Option<&'static EmbeddedMigration>,
    /// Where the text stands; `None` for a down script that came from the history.
    pub(crate) script: Option<Script>,
    /// What hooks want to run with it.
    pub(crate) hooks: HookSql,
}

impl Job {
    pub(crate) fn up(up: &Up) -> Job {
        let script = up.migration.up();
        Job {
            id: up.migration.into(),
            direction: Direction::Up,
            statements: statements(script),
            // What has begun statement by statement ends that way.
            transactional: script.is_transactional() && !begun(up.resume.as_ref()),
            strongest_lock: script.strongest_lock(),
            resume: up.resume.clone(),
            migration: Some(up.migration),
            script: Some(script),
            hooks: HookSql::default(),
        }
    }

    /// `stored` is asked for when the binary does not know the migration.
    pub(crate) fn down(back: &Back, stored: Option<StoredScript>) -> Job {
        let mut job = Job {
            id: back.id.clone(),
            direction: Direction::Down,
            statements: Vec::new(),
            transactional: true,
            strongest_lock: LockMode::AccessExclusive,
            resume: back.resume.clone(),
            migration: back.own,
            script: None,
            hooks: HookSql::default(),
        };
        match (back.own.map(EmbeddedMigration::down), stored) {
            (Some(Down::Script(script)), _) => {
                job.statements = statements(script);
                job.transactional = script.is_transactional();
                job.strongest_lock = script.strongest_lock();
                job.script = Some(script);
            }
            (None, Some(stored)) => {
                job.statements = stored.statements;
                job.transactional = stored.transactional;
            }
            // A no-op has no statements.
            _ => {}
        }
        job.transactional &= !begun(back.resume.as_ref());
        job
    }

    /// What it is, at the beginning of a sentence.
    pub(crate) fn title(&self) -> String {
        match self.direction {
            Direction::Up => format!("migration {}", self.id),
            Direction::Down => format!("the down of {}", self.id),
        }
    }

    pub(crate) fn half(&self) -> Half {
        match self.direction {
            Direction::Up => Half::Up,
            Direction::Down => Half::Down,
        }
    }

    /// The strongest lock on each relation, as far as they are known.
    pub(crate) fn locks(&self) -> Vec<TableLock> {
        together(self.statements.iter().flat_map(|statement| TableLocks(statement.locks)))
    }

    /// A statement drawn in its file, the caret `offset` bytes into it.
    pub(crate) fn place(&self, step: usize, offset: usize) -> Option<Place> {
        match &self.script {
            Some(script) => excerpt::in_file(script, step, offset),
            None => {
                let origin =
                    format!("the stored down script of {}, statement {}", self.id, step + 1);
                Some(excerpt::in_history(&self.statements.get(step)?.text, offset, &origin))
            }
        }
    }
}

fn begun(resume: Option<&Partly>) -> bool {
    resume.is_some_and(|partly| partly.done > 0)
}

/// A down script as the history keeps it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredScript {
    pub(crate) statements: Vec<Statement>,
    pub(crate) transactional: bool,
}

impl StoredScript {
    pub(crate) fn push(&mut self, text: &str, builds: Option<&str>) {
        let builds =
            builds.and_then(|builds| builds.split_once(" ON ")).map(|(index, table)| Builds {
                table: table.to_owned().into(),
                index: (!index.is_empty()).then(|| index.to_owned().into()),
            });
        let setting = is_setting(text);
        self.statements.push(Statement {
            text: text.to_owned().into(),
            builds,
            setting,
            locks: "",
        });
    }
}

fn statements(script: Script) -> Vec<Statement> {
    let builds = |step: Step| {
        step.builds.map(|builds| Builds {
            table: builds.table.into(),
            index: builds.index.map(Into::into),
        })
    };
    let statement = |(text, step): (&'static str, Step)| Statement {
        text: text.into(),
        builds: builds(step),
        setting: step.setting || is_setting(text),
        locks: step.locks,
    };
    script.statements().zip(script.steps()).map(statement).collect()
}

/// Whether a statement only changes the session: `set_config` looks like a query, and a stored
/// script arrives without marks.
fn is_setting(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let is = |word: &str| first.eq_ignore_ascii_case(word);
    is("set") || is("reset") || (is("select") && text.to_ascii_lowercase().contains("set_config("))
}

/// SQL on its way, and which part of it is whose statement.
#[derive(Debug, Default)]
pub(crate) struct Message {
    sql: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    bytes: Range<usize>,
    job: usize,
    step: usize,
}

/// A statement of a message: the job's number, the statement's, and the byte within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) job: usize,
    pub(crate) step: usize,
    pub(crate) offset: usize,
}

impl Message {
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// Begins with a comment.
    pub(crate) fn tagged(tag: String) -> Message {
        Message { sql: tag, parts: Vec::new() }
    }

    /// Something of ours; without its semicolon.
    pub(crate) fn ours(&mut self, sql: &str) {
        self.sql.push_str(sql);
        self.sql.push_str(";\n");
    }

    /// A statement of a script. The semicolon stands on a line of its own: a statement may end in
    /// a comment.
    pub(crate) fn theirs(&mut self, job: usize, step: usize, text: &str) {
        let start = self.sql.len();
        self.sql.push_str(text);
        self.parts.push(Part { bytes: start..self.sql.len(), job, step });
        self.sql.push_str("\n;\n");
    }

    /// The statement that the server's position falls into. It counts from 1, in characters, or in
    /// bytes if it was told no encoding.
    pub(crate) fn spot(&self, position: u32, bytes: bool) -> Option<Spot> {
        let nth = usize::try_from(position).ok()?.checked_sub(1)?;
        let at = match bytes {
            true => nth,
            false => self.sql.char_indices().nth(nth).map_or(self.sql.len(), |(at, _)| at),
        };
        // The first part that ends after it. A complaint about the semicolon that follows a
        // statement is about that statement's end.
        let part = self.parts.iter().find(|part| at <= part.bytes.end + 1)?;
        let offset = at.checked_sub(part.bytes.start)?.min(part.bytes.len());
        Some(Spot { job: part.job, step: part.step, offset })
    }
}

/// What stands around a script in its message.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    pub(crate) run: &'a str,
    /// Puts the session back.
    pub(crate) restore: &'a str,
    /// The same, and what else precedes the bookkeeping.
    pub(crate) close: &'a str,
    /// How long is waited for locks.
    pub(crate) limits: &'a [String],
    /// The same, and the locks that are taken first.
    pub(crate) prologue: &'a [String],
}

/// A transactional script with its bookkeeping: `BEGIN`, history, statements, log, `COMMIT`.
pub(crate) fn transaction(
    message: &mut Message,
    number: usize,
    job: &Job,
    history: &History,
    around: &Around<'_>,
) {
    message.ours("BEGIN");
    before(message, job, history, around.run);
    around.prologue.iter().for_each(|sql| message.ours(sql));
    job.hooks.statements(When::Before).for_each(|sql| message.ours(&sql));
    for (step, statement) in job.statements.iter().enumerate() {
        message.theirs(number, step, &statement.text);
    }
    let hooks = job.hooks.after_script(around.limits, around.restore);
    hooks.iter().for_each(|sql| message.ours(sql));
    message.ours(around.close);
    after(message, job, history, around.run);
    message.ours("COMMIT");
}

/// The bookkeeping without the script, and undone: it fails alike if it was to blame.
pub(crate) fn rehearsal(job: &Job, history: &History, run: &str) -> Message {
    let mut message = Message::default();
    message.ours("BEGIN");
    before(&mut message, job, history, run);
    after(&mut message, job, history, run);
    message.ours("ROLLBACK");
    message
}

fn before(message: &mut Message, job: &Job, history: &History, run: &str) {
    let version = job.id.version();
    match (job.direction, job.migration) {
        (Direction::Up, Some(migration)) => {
            if job.resume.is_some() {
                // Begun by an earlier edition that ran statement by statement, nothing of it done.
                message.ours(&history.delete(version));
            }
            message.ours(&history.insert(migration, run, false));
        }
        _ => message.ours(&history.delete(version)),
    }
}

fn after(message: &mut Message, job: &Job, history: &History, run: &str) {
    let version = job.id.version();
    message.ours(&match job.direction {
        Direction::Up => history.log_up(version, None),
        Direction::Down => history.log_down(version, job.id.name(), run, Duration::ZERO),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_by_their_first_word() {
        assert!(is_setting("SET lock_timeout = 0"));
        assert!(is_setting("reset all"));
        assert!(is_setting("SELECT pg_catalog.set_config('search_path', '', false)"));
        assert!(!is_setting("UPDATE t SET a = 1"));
        assert!(!is_setting("settle"));
    }

    #[test]
    fn a_position_leads_back_to_its_statement() {
        let mut message = Message::default();
        message.ours("BEGIN 'é'");
        message.theirs(0, 0, "SELECT 'ü'");
        message.theirs(1, 0, "SELECT x");
        let position = |needle: &str| {
            let at = message.sql().find(needle).unwrap();
            u32::try_from(message.sql()[..at].chars().count() + 1).unwrap()
        };
        assert_eq!(message.spot(position("'ü'"), false), Some(Spot { job: 0, step: 0, offset: 7 }));
        assert_eq!(message.spot(position("x"), false), Some(Spot { job: 1, step: 0, offset: 7 }));
        assert_eq!(message.spot(1, false), None, "our own part is nobody's statement");
        assert_eq!(message.spot(9999, false), None);
        let bytes = u32::try_from(message.sql().find("x").unwrap() + 1).unwrap();
        assert_eq!(message.spot(bytes, true), Some(Spot { job: 1, step: 0, offset: 7 }));
    }
}
