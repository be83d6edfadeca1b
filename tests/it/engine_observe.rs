//! What a run tells while it goes: in words, as JSON, and to `tracing`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use migrate_runtime::{Event, Tracing};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};

use crate::engine_fixture::{ask, database, migrator, pair, stepwise, tables};

#[test]
fn every_event_is_json_on_one_line() {
    let database = database();
    let mut client = database.connect().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let mut migrations = tables(2);
    migrations.push(stepwise(3, "steps", "SELECT 1;;SELECT 2", "SELECT 3"));
    migrations.push(pair(4, "broken", "SELECT 'a\"b\\c';;SELECT\n  nope", "SELECT 1"));
    let error = migrator(&migrations)
        .slow_after(Duration::ZERO)
        .on_event(move |event: &Event| log.lock().unwrap().push(event.to_json()))
        .up(&mut client)
        .unwrap_err();
    let lines = lines.lock().unwrap();
    let names: Vec<String> = lines
        .iter()
        .map(|line| {
            assert!(!line.contains('\n'), "{line}");
            ask(&mut client, &format!("SELECT $j${line}$j$::json ->> 'event'"))
        })
        .collect();
    for name in ["planned", "started", "finished", "slow", "step_done"] {
        assert!(names.iter().any(|it| it == name), "{name}: {names:?}");
    }
    assert_eq!(names.last().unwrap(), "failed");
    let told =
        ask(&mut client, &format!("SELECT $j${}$j$::json ->> 'error'", lines.last().unwrap()));
    assert_eq!(told, error.to_string());
}

#[test]
fn the_last_event_says_how_it_ended() {
    let database = database();
    let mut client = database.connect().unwrap();
    let last = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&last);
    let migrator =
        migrator(&tables(2)).on_event(move |event| *log.lock().unwrap() = event.to_string());
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(*last.lock().unwrap(), "done: 2 migrations applied");
    let _ = migrator.redo(&mut client, 1).unwrap();
    assert_eq!(*last.lock().unwrap(), "done: 1 migration rolled back, 1 applied");
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(*last.lock().unwrap(), "nothing to do");
}

/// Writes down spans and the events in them.
#[derive(Default)]
struct Recorder {
    log: Arc<Mutex<Vec<String>>>,
    spans: Mutex<Vec<String>>,
    inside: Mutex<Vec<u64>>,
    next: AtomicU64,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        self.spans.lock().unwrap().push(fields.0);
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let inside = self.inside.lock().unwrap().last().copied();
        let span = inside.map_or(String::new(), |id| {
            self.spans.lock().unwrap()[usize::try_from(id).unwrap() - 1].clone()
        });
        let level = *event.metadata().level();
        self.log.lock().unwrap().push(format!("{level} [{span}]{}", fields.0));
    }

    fn enter(&self, id: &Id) {
        self.inside.lock().unwrap().push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.inside.lock().unwrap().pop();
    }
}

#[test]
fn tracing_gets_a_span_for_each_migration() {
    let database = database();
    let mut client = database.connect().unwrap();
    let recorder = Recorder::default();
    let log = Arc::clone(&recorder.log);
    let migrations =
        [pair(1, "fine", "CREATE TABLE t ()", "DROP TABLE t"), pair(2, "bad", "x", "x")];
    tracing::subscriber::with_default(recorder, || {
        let migrator = migrator(&migrations).observer(Tracing::new());
        let _ = migrator.up(&mut client).unwrap_err();
    });
    let log = log.lock().unwrap();
    let span = "[migration version=1 name=\"fine\" direction=\"up\"]";
    let finished = format!("{} {span}", Level::INFO);
    assert!(
        log.iter().any(|line| line.starts_with(&finished) && line.contains("took_ms=")),
        "{log:?}"
    );
    let failed = format!("{} [migration version=2", Level::ERROR);
    assert!(log.last().unwrap().starts_with(&failed), "{log:?}");
}
