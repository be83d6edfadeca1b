//! Events as JSON, a line each, for logs that machines read.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::{Direction, Event, Holder, MigrationId, Progress};
use crate::blocker::Blocker;

impl Event {
    /// The event as one JSON object on one line: `event` says which, in snake case; durations end in
    /// `_ms` and are milliseconds with a fraction. Fields may be added in later versions.
    ///
    /// ```
    /// # use migrate_runtime::{Direction, Event};
    /// let event = Event::Planned { direction: Direction::Up, migrations: 2 };
    /// assert_eq!(event.to_json(), r#"{"event":"planned","direction":"up","migrations":2}"#);
    /// ```
    pub fn to_json(&self) -> String {
        let mut object = Object::new("event", self.name());
        self.fields(&mut object);
        object.end()
    }

    /// Which event it is, in snake case.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Planned { .. } => "planned",
            Event::WaitingForRunLock { .. } => "waiting_for_run_lock",
            Event::Approved { .. } => "approved",
            Event::BackupStarted { .. } => "backup_started",
            Event::BackupDone { .. } => "backup_done",
            Event::Started { .. } => "started",
            Event::StepDone { .. } => "step_done",
            Event::Finished { .. } => "finished",
            Event::Slow { .. } => "slow",
            Event::Blocked { .. } => "blocked",
            Event::Running { .. } => "running",
            Event::WatcherFailed { .. } => "watcher_failed",
            Event::LeaseTaken { .. } => "lease_taken",
            Event::Retrying { .. } => "retrying",
            Event::DoneElsewhere { .. } => "done_elsewhere",
            Event::Resumed { .. } => "resumed",
            Event::InvalidIndexDropped { .. } => "invalid_index_dropped",
            Event::DownEdited { .. } => "down_edited",
            Event::Ahead { .. } => "ahead",
            Event::RunLockLost => "run_lock_lost",
            Event::RunLockLeft { .. } => "run_lock_left",
            Event::StaleEmbed { .. } => "stale_embed",
            Event::Failed { .. } => "failed",
            Event::Done { .. } => "done",
        }
    }

    fn fields<'o>(&self, object: &'o mut Object) -> &'o mut Object {
        match self {
            Event::Planned { direction, migrations } => {
                object.direction(*direction).number("migrations", *migrations)
            }
            Event::WaitingForRunLock { holder, at_most } => object
                .millis("at_most_ms", *at_most)
                .if_some(holder.as_ref(), |it, holder| it.raw("holder", &self::holder(holder))),
            Event::Approved { migration, reason } => {
                object.migration(migration).text("reason", reason)
            }
            Event::BackupStarted { path } => object.path(path.as_deref()),
            Event::BackupDone { path, bytes, took, age } => object
                .path(path.as_deref())
                .if_some(*bytes, |it, bytes| it.number("bytes", bytes))
                .millis("took_ms", *took)
                .if_some(*age, |it, age| it.millis("age_ms", age)),
            Event::Started { direction, migration } => {
                object.direction(*direction).migration(migration)
            }
            Event::StepDone { direction, migration, step, of } => {
                object.direction(*direction).migration(migration).step(*step, *of)
            }
            Event::Finished { direction, migration, took }
            | Event::Slow { direction, migration, took } => {
                object.direction(*direction).migration(migration).millis("took_ms", *took)
            }
            Event::Retrying { migration, why, blockers, attempt, of, pause } => object
                .migration(migration)
                .text("why", why)
                .number("attempt", *attempt)
                .number("of", *of)
                .millis("pause_ms", *pause)
                .blockers(blockers),
            Event::Blocked { migration, blockers, waited } => {
                object.migration(migration).millis("waited_ms", *waited).blockers(blockers)
            }
            Event::Running { direction, migration, step, of, took, progress } => object
                .direction(*direction)
                .migration(migration)
                .if_some(*step, |it, step| it.step(step, *of))
                .millis("took_ms", *took)
                .if_some(progress.as_ref(), |it, at| it.raw("progress", &self::progress(at))),
            Event::WatcherFailed { why } => object.text("why", why),
            Event::LeaseTaken { from } => object.raw("from", &holder(from)),
            Event::Resumed { migration, done, of } => {
                object.migration(migration).number("done", *done).number("of", *of)
            }
            Event::InvalidIndexDropped { migration, index } => {
                object.migration(migration).text("index", index)
            }
            Event::DoneElsewhere { migration } | Event::DownEdited { migration } => {
                object.migration(migration)
            }
            Event::Ahead { migrations } => object.number("migrations", *migrations),
            Event::RunLockLost => object,
            Event::RunLockLeft { pid } => object.number("pid", *pid),
            Event::StaleEmbed { directory } => object.text("directory", directory),
            Event::Failed { migration, kind, sql_state, error } => object
                .if_some(migration.as_ref(), Object::migration)
                .text("kind", &format!("{kind:?}"))
                .if_some(sql_state.as_ref(), |it, state| it.text("sqlstate", state))
                .text("error", error),
            Event::Done { applied, rolled_back, run_id } => object
                .number("applied", *applied)
                .number("rolled_back", *rolled_back)
                .text("run_id", run_id),
        }
    }
}

fn holder(holder: &Holder) -> String {
    let mut object = Object::default();
    if !holder.lease.is_empty() {
        object.text("lease", &holder.lease).number("pid", holder.pid);
        object.millis("since_ms", holder.since);
        return object.end();
    }
    object.number("pid", holder.pid).text("application_name", &holder.application_name);
    object.text("user", &holder.user).text("client", &holder.client);
    object.text("state", &holder.state).millis("since_ms", holder.since);
    object.end()
}

fn progress(progress: &Progress) -> String {
    let mut object = Object::default();
    object
        .text("command", &progress.command)
        .text("phase", &progress.phase)
        .if_some(progress.percent, |it, percent| it.number("percent", percent));
    object.end()
}

fn blocker(blocker: &Blocker) -> String {
    let mut object = Object::default();
    object
        .number("pid", blocker.pid)
        .if_some(blocker.prepared.as_ref(), |it, name| it.text("prepared", name))
        .text("relation", &blocker.relation)
        .text("mode", &blocker.mode)
        .text("application_name", &blocker.application_name)
        .text("user", &blocker.user)
        .text("state", &blocker.state)
        .if_some(blocker.age, |it, age| it.millis("age_ms", age))
        .text("query", &blocker.query);
    object.end()
}

/// An object under construction.
#[derive(Default)]
struct Object(String);

impl Object {
    fn new(key: &str, value: &str) -> Object {
        let mut object = Object::default();
        object.text(key, value);
        object
    }

    /// A value that is JSON already.
    fn raw(&mut self, key: &str, value: &str) -> &mut Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        let _ = write!(self.0, "\"{key}\":{value}");
        self
    }

    fn number(&mut self, key: &str, value: impl ToString) -> &mut Object {
        self.raw(key, &value.to_string())
    }

    fn millis(&mut self, key: &str, value: Duration) -> &mut Object {
        self.raw(key, &format!("{:.3}", value.as_secs_f64() * 1000.0))
    }

    fn text(&mut self, key: &str, value: &str) -> &mut Object {
        self.raw(key, &quoted(value))
    }

    fn direction(&mut self, direction: Direction) -> &mut Object {
        self.text("direction", direction.word())
    }

    fn migration(&mut self, migration: &MigrationId) -> &mut Object {
        self.number("version", migration.version()).text("name", migration.name())
    }

    fn step(&mut self, step: usize, of: usize) -> &mut Object {
        self.number("step", step).number("of", of)
    }

    fn path(&mut self, path: Option<&Path>) -> &mut Object {
        self.if_some(path, |it, path| it.text("path", &path.to_string_lossy()))
    }

    /// Adds what there is; a field that has no value is left out.
    fn if_some<T>(
        &mut self,
        value: Option<T>,
        add: impl FnOnce(&mut Object, T) -> &mut Object,
    ) -> &mut Object {
        if let Some(value) = value {
            add(self, value);
        }
        self
    }

    fn blockers(&mut self, blockers: &[Blocker]) -> &mut Object {
        let blockers: Vec<String> = blockers.iter().map(blocker).collect();
        self.raw("blockers", &format!("[{}]", blockers.join(",")))
    }

    fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// As RFC 8259 has strings, section 7.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_escaped() {
        let migration = MigrationId::new(-1, "a\"b\\c\n\u{1}ü");
        let json = Event::DoneElsewhere { migration }.to_json();
        let expected = r#"{"event":"done_elsewhere","version":-1,"name":"a\"b\\c\n\u0001ü"}"#;
        assert_eq!(json, expected);
        assert_eq!(Event::RunLockLost.to_json(), r#"{"event":"run_lock_lost"}"#);
    }

    #[test]
    fn what_the_watcher_tells_is_told() {
        let mut event = Event::Running {
            direction: Direction::Up,
            migration: MigrationId::new(1, "m"),
            step: Some(2),
            of: 3,
            took: Duration::from_secs(12),
            progress: Some(Progress {
                command: "VACUUM".to_owned(),
                phase: "scanning heap".to_owned(),
                percent: Some(43),
            }),
        };
        let words =
            "1_m: statement 2 of 3 has been running for 12.0 s; VACUUM: scanning heap, 43 %";
        assert_eq!(event.to_string(), words);
        let json = r#"{"event":"running","direction":"up","version":1,"name":"m","step":2,"of":3,"took_ms":12000.000,"progress":{"command":"VACUUM","phase":"scanning heap","percent":43}}"#;
        assert_eq!(event.to_json(), json);
        let lease = "run 0a (role x)".to_owned();
        let since = Duration::from_secs(31);
        event = Event::LeaseTaken { from: Holder { lease, since, ..Holder::default() } };
        let words = "taking over from run 0a (role x), which renewed its lease 31.0 s ago";
        assert_eq!(event.to_string(), words);
        let json = r#"{"event":"lease_taken","from":{"lease":"run 0a (role x)","pid":0,"since_ms":31000.000}}"#;
        assert_eq!(event.to_json(), json);
    }

    #[test]
    fn objects_nest() {
        let blockers = vec![Blocker { pid: 7, ..Blocker::default() }; 2];
        let json = Event::Retrying {
            migration: MigrationId::new(1, "m"),
            why: "no".to_owned(),
            blockers,
            attempt: 2,
            of: 30,
            pause: Duration::from_micros(1500),
        }
        .to_json();
        assert!(json.contains(r#""pause_ms":1.500,"blockers":[{"pid":7,"#), "{json}");
        assert!(json.ends_with("}]}") && json.matches('{').count() == 3, "{json}");
    }
}
