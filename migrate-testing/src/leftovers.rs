//! On a given server, what a killed test process left behind is dropped by the next one.
//!
//! A process that uses a server holds advisory locks on its control connection: one that stands for
//! the process and thereby for its databases, and one per template it clones. They vanish with the
//! process, so a database whose lock is free belongs to nobody. (A throwaway server takes its
//! databases along.)

use postgres::Client;

/// The first half of our advisory locks, so that nobody else's is taken for one: "migr".
const CLASS: i32 = 0x6d69_6772;

/// A lock that says that a database is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Never negative, so that it reads the same in `pg_locks`.
    key: i32,
}

impl Claim {
    pub(crate) fn new(bits: u64) -> Self {
        let folded = (bits >> 32) ^ bits;
        Claim { key: (folded & 0x7fff_ffff) as i32 }
    }

    /// The name of the process's database with this number.
    pub(crate) fn database_name(self, number: u32) -> String {
        format!("migrate_test_{:08x}_{number}", self.key)
    }

    /// The name of a template whose users hold this claim.
    pub(crate) fn template_name(self, key: u64, program: u64) -> String {
        format!("migrate_template_{:08x}_{key:016x}{program:016x}", self.key)
    }

    /// Holds the claim, together with others, until the connection ends.
    pub(crate) fn take(self, client: &mut Client) -> Result<(), postgres::Error> {
        self.call(client, "pg_advisory_lock_shared")
    }

    pub(crate) fn release(self, client: &mut Client) -> Result<(), postgres::Error> {
        self.call(client, "pg_advisory_unlock_shared")
    }

    /// Holds the claim alone.
    pub(crate) fn take_alone(self, client: &mut Client) -> Result<(), postgres::Error> {
        self.call(client, "pg_advisory_lock")
    }

    pub(crate) fn release_alone(self, client: &mut Client) -> Result<(), postgres::Error> {
        self.call(client, "pg_advisory_unlock")
    }

    fn call(self, client: &mut Client, function: &str) -> Result<(), postgres::Error> {
        client.batch_execute(&format!("SELECT {function}({CLASS}, {})", self.key))
    }

    /// Holds the claim alone if nobody holds it. The lock alone does not tell: advisory locks are
    /// per database, and another process may have been given another database of the server.
    fn try_alone(self, client: &mut Client) -> Result<bool, postgres::Error> {
        let sql = "SELECT pg_try_advisory_lock($1, $2)";
        if !client.query_one(sql, &[&CLASS, &self.key])?.try_get::<_, bool>(0)? {
            return Ok(false);
        }
        let elsewhere = client.query_one(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
                AND classid::int8 = $1::int4 AND objid::int8 = $2::int4
                AND pid <> pg_backend_pid())",
            &[&CLASS, &self.key],
        )?;
        if elsewhere.try_get(0)? {
            self.release_alone(client)?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// Drops the databases of ours that nobody uses. Whatever goes wrong is left for the next time: it
/// concerns an earlier run.
pub(crate) fn sweep(client: &mut Client) {
    let ours = client.query(
        "SELECT datname FROM pg_database WHERE datname ~
            '^(migrate_test_[0-9a-f]{8}_[0-9]+|migrate_template_[0-9a-f]{8}_[0-9a-f]{32})$'",
        &[],
    );
    for row in ours.unwrap_or_default() {
        if let Ok(name) = row.try_get(0) {
            let _ = drop_unused(client, name);
        }
    }
}

fn drop_unused(client: &mut Client, name: &str) -> Result<(), postgres::Error> {
    // `migrate_test_<key>_…`, `migrate_template_<key>_…`
    let key = name.split('_').nth(2).and_then(|key| i32::from_str_radix(key, 16).ok());
    let Some(claim) = key.map(|key| Claim { key }) else { return Ok(()) };
    if !claim.try_alone(client)? {
        return Ok(());
    }
    // Not by force: somebody may be looking at what a crashed test left.
    let dropped = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"));
    claim.release_alone(client)?;
    dropped
}
