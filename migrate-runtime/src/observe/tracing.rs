//! Events for the `tracing` crate.

use std::sync::Mutex;

use tracing::{Span, debug, error, info, info_span, warn};

use super::{Event, Observer};

/// Hands events on to [`tracing`]: a span `migration` with version, name and direction around what
/// happens in each, and in it an event with the words of [`Event`]; failures are errors, what an operator
/// may want to look at is a warning. Feature `tracing`.
///
/// ```no_run
/// # use migrate_runtime::{Migrator, Tracing};
/// # fn traced(migrator: Migrator) -> Migrator {
/// migrator.observer(Tracing::new())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Tracing {
    /// Of the migration that runs.
    span: Mutex<Option<Span>>,
}

impl Tracing {
    /// For one migrator.
    pub fn new() -> Tracing {
        Tracing::default()
    }
}

impl Observer for Tracing {
    fn event(&self, event: &Event) {
        // A panic of another observer must not silence this one.
        let mut span = self.span.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Event::Started { direction, migration } = event {
            let (version, name) = (migration.version(), migration.name());
            *span = Some(info_span!("migration", version, name, direction = direction.word()));
        }
        let current = span.clone().unwrap_or_else(Span::none);
        current.in_scope(|| log(event));
        if matches!(event, Event::Finished { .. } | Event::Failed { .. } | Event::Done { .. }) {
            *span = None;
        }
    }
}

fn log(event: &Event) {
    let name = event.name();
    match event {
        Event::Failed { .. } => error!(event = name, "{event}"),
        Event::Retrying { .. }
        | Event::Blocked { .. }
        | Event::Running { .. }
        | Event::WatcherFailed { .. }
        | Event::LeaseTaken { .. }
        | Event::Slow { .. }
        | Event::WaitingForRunLock { .. }
        | Event::InvalidIndexDropped { .. }
        | Event::RunLockLost
        | Event::RunLockLeft { .. }
        | Event::StaleEmbed { .. } => warn!(event = name, "{event}"),
        Event::Finished { took, .. } => {
            let took_ms = took.as_secs_f64() * 1000.0;
            info!(event = name, took_ms, "{event}");
        }
        Event::StepDone { .. } | Event::Ahead { .. } => debug!(event = name, "{event}"),
        _ => info!(event = name, "{event}"),
    }
}
