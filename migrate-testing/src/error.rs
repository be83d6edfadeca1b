//! What went wrong, in one opaque type whose message says what to do.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Why there is no server, or no database.
///
/// The message says what to do, and below it what was behind it, cause by cause. Tests mostly
/// `unwrap` it or return it with `?`, both of which print the `Debug` form, so that form is the
/// same. `source()` is `None`: all is said.
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
        f.write_str(&self.0.message)?;
        let mut cause = self.0.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(error) = cause {
            // What follows the first line of a text stands under it.
            write!(f, "\n  because: {}", error.to_string().replace('\n', "\n  "))?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// No `source`: `Display` has told it already.
impl StdError for Error {}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn every_cause_is_told_once() {
        let inner = Error::because("no socket", std::io::Error::other("no such file"));
        let error = Error::because("no server", inner);
        let told = "no server\n  because: no socket\n    because: no such file";
        assert_eq!(error.to_string(), told);
        assert!(std::error::Error::source(&error).is_none());
    }
}
