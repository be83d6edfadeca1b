//! The two things the engine asks of a client: send one message, and sleep.
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
