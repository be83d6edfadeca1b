//! Stands in for `cluster.rs` where there are no unix sockets and no `/bin/sh`.

use std::convert::Infallible;
use std::path::Path;

use postgres::Config;

use crate::Error;

/// Never made.
pub(crate) struct Cluster(Infallible);

impl Cluster {
    pub(crate) fn start() -> Result<Self, Error> {
        Err(Error::new(
            "migrate-testing starts throwaway servers on Linux and macOS only. Here, set \
             MIGRATE_TEST_DATABASE_URL to a running server where the user may create databases.",
        ))
    }

    pub(crate) fn bin(&self) -> &Path {
        match self.0 {}
    }

    pub(crate) fn socket(&self) -> &Path {
        match self.0 {}
    }

    pub(crate) fn config(&self) -> Config {
        match self.0 {}
    }

    pub(crate) fn restart(&self) -> Result<(), Error> {
        match self.0 {}
    }
}
