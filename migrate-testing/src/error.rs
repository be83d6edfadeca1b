//! What went wrong, in one opaque type whose message says what to do.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Why there is no server, or no database.
///
/// The message says what to do. Tests mostly `unwrap` it or return it with `?`, both of which print
/// the `Debug` form, so that form is the message too, followed by its causes.
///
/// ```no_run
/// if let Err(error) = migrate_testing::Server::shared() {
///     panic!("{error}");
/// }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Error(Arc::new(Inner { message: message.into(), source: None }))
    }

    pub(crate) fn because(
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Error(Arc::new(Inner { message: message.into(), source: Some(source.into()) }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n  because: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn StdError + 'static))
    }
}
