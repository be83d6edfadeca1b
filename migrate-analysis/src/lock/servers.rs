//! The servers that a set has to run on.

/// Major versions of PostgreSQL, from the oldest that is declared to the newest that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Servers {
    pub(crate) oldest: u32,
    pub(crate) newest: u32,
    /// The second number of the oldest, where it is declared: `14.2`.
    pub(crate) minor: Option<u32>,
    /// `migrate.toml` says which is the oldest.
    pub(crate) declared: bool,
}

impl Servers {
    /// The oldest and the newest that this library knows.
    pub(crate) const ALL: Servers =
        Servers { oldest: 13, newest: 18, minor: None, declared: false };

    /// The oldest as `server_version_num` counts, where it is declared.
    pub(crate) fn declared_oldest(self) -> Option<i64> {
        let number = i64::from(self.oldest) * 10_000 + i64::from(self.minor.unwrap_or_default());
        self.declared.then_some(number)
    }

    /// Whether one of them is older than this.
    pub(crate) fn any_before(self, major: u32) -> bool {
        self.oldest < major
    }

    /// Whether one of them is this one or newer.
    pub(crate) fn any_from(self, major: u32) -> bool {
        self.newest >= major
    }
}

impl Default for Servers {
    fn default() -> Servers {
        Servers::ALL
    }
}
