//! What the engine asks of a client: send one message, sleep, and wait for what blocks.
//!
//! The engine is written once, as `async fn`s over [`Connection`]. The blocking door answers with
//! futures that are ready at once, so [`block`] polls a verb to its end without a runtime; an
//! asynchronous door is one more implementation of this trait and nothing else.
//!
//! Only the simple protocol is used: many statements travel in one message, results come back as
//! text, and no prepared statement or portal is left behind that would hold a snapshot.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use postgres::SimpleQueryMessage;

/// What the engine needs of a client.
pub(crate) trait Connection {
    /// Sends one message and waits for its whole answer: one round trip.
    async fn simple_query(&mut self, sql: &str)
    -> Result<Vec<SimpleQueryMessage>, postgres::Error>;

    /// Waits between two attempts.
    async fn sleep(&mut self, duration: Duration);

    /// Runs what blocks, where it may. `None` when that is nowhere any more: the runtime shuts down.
    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T>;

    /// Whether the connection is known to be gone, so that tidying up would be in vain.
    fn is_closed(&self) -> bool;
}

/// The blocking door.
pub(crate) struct Blocking<'a>(pub(crate) &'a mut postgres::Client);

impl Connection for Blocking<'_> {
    async fn simple_query(
        &mut self,
        sql: &str,
    ) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        self.0.simple_query(sql)
    }

    async fn sleep(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }

    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        Some(work())
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// Whether this thread is running an async task right now, so that it must not block. (A thread of
/// `spawn_blocking` belongs to a runtime too, and may.)
///
/// tokio does not say so; but it gives a task a budget of operations, after which they pretend not to
/// be ready, and code that may block has none.
pub(crate) fn in_async_task() -> bool {
    /// More than a task may have.
    const OPERATIONS: usize = 1024;
    let mut context = Context::from_waker(Waker::noop());
    tokio::runtime::Handle::try_current().is_ok()
        && (0..OPERATIONS)
            .any(|_| pin!(tokio::task::consume_budget()).poll(&mut context).is_pending())
}

/// The asynchronous door.
#[cfg(feature = "tokio")]
pub(crate) struct Asynchronous<'a>(pub(crate) &'a mut tokio_postgres::Client);

#[cfg(feature = "tokio")]
impl Connection for Asynchronous<'_> {
    async fn simple_query(
        &mut self,
        sql: &str,
    ) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        self.0.simple_query(sql).await
    }

    async fn sleep(&mut self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => Some(done),
            // A panic of the caller's own goes on, as it does on his own thread.
            Err(error) => error.try_into_panic().ok().map(|panic| std::panic::resume_unwind(panic)),
        }
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// Runs a future whose every `await` is ready at once, as those of [`Blocking`] are. It never
/// parks: the first poll is the last.
pub(crate) fn block<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // Not reached with `Blocking`; a wrong implementation spins here instead of hanging.
        std::thread::yield_now();
    }
}
