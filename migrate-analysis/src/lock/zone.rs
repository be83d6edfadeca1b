//! The time zone of the session.

use crate::ddl::{Command, Maintenance};

/// Whether the session is known to be in UTC, where `timestamp` and `timestamptz` have the same bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Of the server, the role or the connection.
    #[default]
    Unknown,
    Utc,
}

impl Zone {
    /// After a command.
    pub(crate) fn after(self, command: &Command) -> Zone {
        let Command::Maintenance(Maintenance::Set { name, value, .. }) = command else {
            return self;
        };
        let value = value.as_deref().unwrap_or_default();
        match name.as_str() {
            "timezone"
                if ["utc", "etc/utc", "gmt"].iter().any(|it| value.eq_ignore_ascii_case(it)) =>
            {
                Zone::Utc
            }
            "timezone" | "all" => Zone::Unknown,
            _ => self,
        }
    }
}
