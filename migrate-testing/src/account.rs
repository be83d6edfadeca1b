//! Whom the server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;

use crate::Error;

/// The account that a server started by root is handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account to run the server as, or `None` when the current user will do.
    pub(crate) fn for_server() -> Result<Option<Self>, Error> {
        if uid() != Some(0) {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = ["postgres", "_postgres", "nobody"].iter().find_map(|name| find(&passwd, name));
        found.map(Some).ok_or_else(|| {
            Error::new(
                "PostgreSQL refuses to run as root, and /etc/passwd knows neither `postgres` nor \
                 `nobody` to run it as.\nRun the tests as an ordinary user, or add such a user: \
                 `useradd --system postgres`.",
            )
        })
    }

    /// Runs `command` as the account. The standard library drops root's groups on the way.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// The user that the tests run as. The system call for it would be unsafe code.
pub(crate) fn uid() -> Option<u32> {
    static UID: OnceLock<Option<u32>> = OnceLock::new();
    *UID.get_or_init(|| {
        // Whatever PATH is.
        let programs = ["id", "/usr/bin/id", "/bin/id"];
        let output =
            programs.iter().find_map(|program| Command::new(program).arg("-u").output().ok())?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    })
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let (uid, gid) = (number(fields.nth(1)?)?, number(fields.next()?)?);
        (uid != 0).then_some(Account { uid, gid })
    })
}

/// A user's number as it is written; macOS writes `nobody` as -2, which is the last but one.
fn number(text: &str) -> Option<u32> {
    let signed: i64 = text.parse().ok()?;
    u32::try_from(signed).ok().or_else(|| i32::try_from(signed).ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_name() {
        let passwd = "# comment\nroot:x:0:0:root:/root:/bin/sh\n\
                      postgresql:x:5:5::/:/bin/sh\npostgres:x:101:104:,,,:/var/lib:/bin/bash\n\
                      nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n";
        assert_eq!(find(passwd, "postgres"), Some(Account { uid: 101, gid: 104 }));
        let last_but_one = u32::MAX - 1;
        assert_eq!(find(passwd, "nobody"), Some(Account { uid: last_but_one, gid: last_but_one }));
        assert_eq!(find(passwd, "root"), None);
        assert_eq!(find(passwd, "postgre"), None);
    }
}
