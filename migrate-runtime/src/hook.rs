//! SQL of the application's own, in the transaction of each migration.
//!
//! A hook's SQL is handed to `DO`, which gives it to the server's `EXECUTE`: that runs any number of
//! statements, and refuses every form of transaction control. So a `COMMIT` in a hook cannot part a
//! migration from its row in the history, and nobody has to parse SQL here to know. A comment in front
//! of it comes back in the context of whatever goes wrong in there, and tells the hook from the script.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use postgres::error::ErrorPosition;

use crate::excerpt::{self, Place};
use crate::job::Job;
use crate::migrator::Migrator;
use crate::observe::{Direction, MigrationId};
use crate::quote::literal;
use crate::table_lock::{LockMode, TableLock};

/// What a hook is told: see [`Migrator::before_each`](crate::Migrator::before_each).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookStep {
    /// Applying or rolling back.
    pub direction: Direction,
    /// Which migration.
    pub migration: MigrationId,
    /// The run in the history and its log.
    pub run_id: String,
    /// Its script runs in one transaction, the same as the hook's SQL.
    pub transactional: bool,
    /// An earlier run stopped inside its script, which goes on from there.
    pub resumed: bool,
    /// The strongest lock of its script: see [`Script::strongest_lock`](crate::Script::strongest_lock).
    pub strongest_lock: LockMode,
    /// The strongest lock of its script on each relation, as far as they are known.
    pub locks: Vec<TableLock>,
}

impl HookStep {
    /// The migration's name as an SQL string, quotes and all.
    pub fn name_literal(&self) -> String {
        literal(self.migration.name())
    }
}

/// Hooks.
impl<S> Migrator<S> {
    /// Runs SQL of the application's own before each script, up or down, in the migration's transaction:
    /// what the function returns, which is one statement or several. Where it returns nothing, nothing
    /// is run. Hooks run in the order in which they were given.
    ///
    /// ```no_run
    /// # use migrate_runtime::{Direction, Migrator};
    /// # fn hooked(migrator: Migrator) -> Migrator {
    /// migrator
    ///     // More memory for index builds, until the transaction ends.
    ///     .before_each(|_| Some("SET LOCAL maintenance_work_mem = '2GB'"))
    ///     // A row for the auditors.
    ///     .before_each(|step| {
    ///         Some(format!(
    ///             "INSERT INTO audit.schema_changes (version, name, direction) VALUES ({}, {}, '{}')",
    ///             step.migration.version(),
    ///             step.name_literal(),
    ///             step.direction,
    ///         ))
    ///     })
    ///     // Caches listen; the word goes out when the transaction commits.
    ///     .after_each(|step| {
    ///         let new = step.direction == Direction::Up && !step.locks.is_empty();
    ///         new.then(|| format!("NOTIFY schema_changed, '{}'", step.migration.version()))
    ///     })
    /// # }
    /// ```
    ///
    /// - It stands behind the migration's row in the history and the locks that are taken first, and
    ///   before the script's first statement. What it sets holds for the script (`SET LOCAL` too), and
    ///   not beyond the migration.
    /// - Where it fails, the migration is rolled back, and the error names the hook
    ///   ([`ErrorKind::Hook`](crate::ErrorKind::Hook)).
    /// - It runs in `DO`, in the language `plpgsql`, which refuses transaction control (`COMMIT`,
    ///   `ROLLBACK`, `SAVEPOINT`) and `COPY … FROM STDIN`. Rows that it returns go nowhere.
    /// - For a script that runs statement by statement it runs in the transaction that records the
    ///   beginning; `SET LOCAL` ends there, `SET` holds for the whole script. When the script is resumed, it
    ///   runs again, [`resumed`](HookStep::resumed) being set.
    /// - The function may be asked more than once for a migration (another migrator was faster, say), and
    ///   for one that then is not reached. It must not panic.
    ///
    /// [`baseline`](Self::baseline) runs no scripts, and no hooks.
    #[must_use]
    pub fn before_each<T: Into<Cow<'static, str>>>(
        mut self,
        hook: impl Fn(&HookStep) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        self.options.hooks.push(When::Before, hook);
        self
    }

    /// The same after each script, before its transaction ends. The session is then as the caller had
    /// it, whatever the script has set.
    ///
    /// For a script that runs statement by statement it is in the transaction that records the end, which
    /// is that of the last statement if this one can run in a transaction. Where the hook fails, the
    /// script goes on from there when it is run again.
    #[must_use]
    pub fn after_each<T: Into<Cow<'static, str>>>(
        mut self,
        hook: impl Fn(&HookStep) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        self.options.hooks.push(When::After, hook);
        self
    }
}

type Hook = Arc<dyn Fn(&HookStep) -> Option<Cow<'static, str>> + Send + Sync>;

/// The hooks of a migrator, in the order in which they were given.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    before: Vec<Hook>,
    after: Vec<Hook>,
}

impl Hooks {
    pub(crate) fn push<T: Into<Cow<'static, str>>>(
        &mut self,
        when: When,
        hook: impl Fn(&HookStep) -> Option<T> + Send + Sync + 'static,
    ) {
        let hook = Arc::new(move |step: &HookStep| hook(step).map(Into::into));
        match when {
            When::Before => self.before.push(hook),
            When::After => self.after.push(hook),
        }
    }

    /// Asks all of them what they want to run with a job.
    pub(crate) fn ask(&self, job: &Job, run: &str) -> HookSql {
        if self.before.is_empty() && self.after.is_empty() {
            return HookSql::default();
        }
        let step = HookStep {
            direction: job.direction,
            migration: job.id.clone(),
            run_id: run.to_owned(),
            transactional: job.transactional,
            resumed: job.resume.as_ref().is_some_and(|partly| partly.done > 0),
            strongest_lock: job.strongest_lock,
            locks: job.locks(),
        };
        let ask = |hooks: &[Hook]| hooks.iter().filter_map(|hook| hook(&step)).collect();
        HookSql { before: ask(&self.before), after: ask(&self.after) }
    }
}

/// On which side of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            When::Before => "before",
            When::After => "after",
        })
    }
}

/// What the hooks want to run with one job.
#[derive(Clone, Debug, Default)]
pub(crate) struct HookSql {
    before: Vec<Cow<'static, str>>,
    after: Vec<Cow<'static, str>>,
}

impl HookSql {
    pub(crate) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// How much text it is.
    pub(crate) fn bytes(&self) -> usize {
        self.before.iter().chain(&self.after).map(|sql| sql.len()).sum()
    }

    /// The side on which SQL has a NUL, which no message can hold.
    pub(crate) fn has_nul(&self) -> Option<When> {
        let has_nul = |when: &When| self.of(*when).iter().any(|sql| sql.contains('\0'));
        [When::Before, When::After].into_iter().find(has_nul)
    }

    fn of(&self, when: When) -> &[Cow<'static, str>] {
        match when {
            When::Before => &self.before,
            When::After => &self.after,
        }
    }

    /// The statements that run the hooks of one side, without semicolons.
    pub(crate) fn statements(&self, when: When) -> impl Iterator<Item = String> + '_ {
        self.of(when).iter().enumerate().map(move |(nth, sql)| {
            let body =
                format!("BEGIN EXECUTE {}; END", literal(&format!("{}{sql}", mark(when, nth))));
            format!("DO {}", literal(&body))
        })
    }

    /// What runs the hooks that follow a script: the session is the caller's before and after them,
    /// whatever the script has set, and they wait for locks as long as the script may. Nothing where
    /// there are none.
    pub(crate) fn after_script(&self, limits: &[String], restore: &str) -> Vec<String> {
        if self.after.is_empty() {
            return Vec::new();
        }
        let mut sql = vec![restore.to_owned()];
        sql.extend_from_slice(limits);
        sql.extend(self.statements(When::After));
        sql
    }

    /// The hook that the server's context names.
    pub(crate) fn blamed(&self, error: &postgres::Error, bytes: bool) -> Option<Fault> {
        let db = error.as_db_error()?;
        let (query, position) = match db.position() {
            Some(ErrorPosition::Internal { position, query }) => (query.as_str(), *position),
            _ => ("", 0),
        };
        [When::Before, When::After].into_iter().find_map(|when| {
            (0..self.of(when).len()).find_map(|nth| {
                let mark = mark(when, nth);
                let offset = query.strip_prefix(&mark).map(|sql| {
                    // Counted from 1, and in the same way as in a message.
                    let within =
                        usize::try_from(position).unwrap_or(0).saturating_sub(1 + mark.len());
                    match bytes {
                        true => within,
                        false => sql.char_indices().nth(within).map_or(sql.len(), |(at, _)| at),
                    }
                });
                let named = offset.is_some() || db.where_().is_some_and(|it| it.contains(&mark));
                named.then_some(Fault { when, nth, offset })
            })
        })
    }
}

/// A hook that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) when: When,
    pub(crate) nth: usize,
    /// The byte in its SQL, where the server says it.
    pub(crate) offset: Option<usize>,
}

impl Fault {
    /// Its SQL, drawn.
    pub(crate) fn place(&self, job: &Job, words: &str) -> Option<Place> {
        let sql = job.hooks.of(self.when).get(self.nth)?;
        let offset = self.offset.or_else(|| excerpt::quoted_name(words, sql)).unwrap_or(0);
        Some(excerpt::in_history(sql, offset, &self.name(job)))
    }

    /// `the hook before 3_add_email`.
    pub(crate) fn name(&self, job: &Job) -> String {
        match job.direction {
            Direction::Up => format!("the hook {} {}", self.when, job.id),
            Direction::Down => format!("the hook {} rolling back {}", self.when, job.id),
        }
    }
}

/// What stands before a hook's SQL. The migration is known, and its name could end the comment.
fn mark(when: When, nth: usize) -> String {
    format!("/* migrate: hook {when}, {} */ ", nth + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_of_a_hook_stay_as_they_are() {
        let mut sql = HookSql { before: vec!["SELECT 'it''s'".into()], after: Vec::new() };
        let shown: Vec<_> = sql.statements(When::Before).collect();
        let expected =
            "DO 'BEGIN EXECUTE ''/* migrate: hook before, 1 */ SELECT ''''it''''''''s''''''; END'";
        assert_eq!(shown, [expected]);
        assert!(sql.after_script(&[], "RESET ALL").is_empty());
        sql.after.push("SELECT E'\\n'".into());
        let shown = sql.after_script(&["SET LOCAL lock_timeout TO 1".to_owned()], "RESET ALL");
        assert_eq!(shown[..2], ["RESET ALL", "SET LOCAL lock_timeout TO 1"]);
        assert!(shown[2].starts_with("DO $q1$BEGIN EXECUTE $q$"), "{}", shown[2]);
    }
}
