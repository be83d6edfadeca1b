//! A throwaway cluster: its directory, the process that keeps it, and the wait until it answers.
//!
//! The server is not a child of the test process but of a small shell script, the supervisor, which
//! blocks on a pipe from the test process. Whichever way that process ends, the pipe closes, and the
//! supervisor stops the server and removes the directory. So nothing here has to run at exit, and
//! a cluster may live in a `static`.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Config, NoTls};

use crate::Error;
use crate::account::Account;
use crate::binaries;

const SUPERVISOR: &str = include_str!("supervisor.sh");
/// A start takes a second on an idle machine and half a minute on a very busy one.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(10);
/// What `sun_path` holds on macOS; Linux has four more.
const LONGEST_SOCKET: usize = 103;

/// No TCP port, and nothing that only matters after a power cut. But `synchronous_commit` stays on:
/// a commit that is still in the server's memory would be lost in a restart, and without `fsync` it
/// costs next to nothing.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "shared_buffers=32MB",
    "max_connections=200",
    "max_prepared_transactions=8",
];

/// A running cluster. Dropping it stops the server and removes its directory.
pub(crate) struct Cluster {
    dir: PathBuf,
    bin: PathBuf,
    /// `None` once the supervisor has been told to stop.
    orders: Mutex<Option<ChildStdin>>,
    supervisor: Mutex<Child>,
}

impl Cluster {
    /// With `settings` of the caller's, which come after ours and so win.
    pub(crate) fn start(settings: &[&str]) -> Result<Self, Error> {
        let bin = binaries::locate()?;
        let account = Account::for_server()?;
        let mut refusals = Vec::new();
        for parent in [PathBuf::from("/tmp"), env::temp_dir()] {
            let dir = free_name(&parent);
            if dir.join(".s.PGSQL.5432.lock").as_os_str().len() > LONGEST_SOCKET {
                refusals.push(format!("{}: too long for the path of a socket", dir.display()));
                continue;
            }
            match Cluster::start_in(dir, bin.clone(), account, settings)? {
                Ok(cluster) => return Ok(cluster),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Err(Error::new(format!(
            "no directory for a throwaway PostgreSQL. Make /tmp writable, or set TMPDIR to a short \
             path.\n  {}",
            refusals.join("\n  ")
        )))
    }

    /// The inner error says why the directory cannot be made.
    fn start_in(
        dir: PathBuf,
        bin: PathBuf,
        account: Option<Account>,
        settings: &[&str],
    ) -> Result<Result<Self, String>, Error> {
        let failed = |source| Error::because("the supervisor of the server did not start", source);
        let mut supervisor = supervise(&dir, &bin, account, settings).spawn().map_err(failed)?;
        let orders = supervisor.stdin.take();
        let stdout = supervisor.stdout.take();
        let cluster =
            Cluster { dir, bin, orders: Mutex::new(orders), supervisor: Mutex::new(supervisor) };
        // It ends when the supervisor begins to write to the log.
        let mut said = String::new();
        stdout.map(|mut stdout| stdout.read_to_string(&mut said)).transpose().map_err(failed)?;
        if said.trim() != "made" {
            return Ok(Err(said.trim().to_owned()));
        }
        cluster.wait_until_it_answers()?;
        Ok(Ok(cluster))
    }

    /// Where the server's programs are.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    /// The directory of the socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        config.host_path(&self.dir).user("postgres").dbname("postgres");
        config.connect_timeout(Duration::from_secs(10));
        config
    }

    /// Stops the server as a crash would, and starts it again.
    pub(crate) fn restart(&self) -> Result<(), Error> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let restarted = self.dir.join("restarted");
        let _ = fs::remove_file(&restarted);
        if let Some(Err(source)) = orders.as_mut().map(|orders| orders.write_all(b"restart\n")) {
            return Err(Error::because("the supervisor of the server is gone", source));
        }
        self.wait_until(|| restarted.exists(), || false)?;
        self.wait_until_it_answers()
    }

    fn wait_until_it_answers(&self) -> Result<(), Error> {
        self.wait_until(|| self.answers(), || self.dir.join("ended").exists())
    }

    fn answers(&self) -> bool {
        // Looking for the socket first saves most attempts to connect.
        self.dir.join(".s.PGSQL.5432").exists() && self.config().connect(NoTls).is_ok()
    }

    fn wait_until(&self, done: impl Fn() -> bool, in_vain: impl Fn() -> bool) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        while !done() {
            if in_vain() || self.is_abandoned() {
                return Err(self.failure("could not be started"));
            }
            if Instant::now() > deadline {
                let waited = format!("did not answer within {} s", PATIENCE.as_secs());
                return Err(self.failure(&waited));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Whether the supervisor is gone.
    fn is_abandoned(&self) -> bool {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(supervisor.try_wait(), Ok(None))
    }

    fn failure(&self, what: &str) -> Error {
        let log = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n  ");
        Error::new(format!(
            "the throwaway PostgreSQL of {} {what}. Its log ends:\n  {tail}\n\
             Set {} to the programs of another server, or MIGRATE_TEST_DATABASE_URL to one that \
             runs already.",
            self.bin.display(),
            binaries::BIN,
        ))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its standard input is the supervisor's order to clean up.
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).wait();
    }
}

/// A path that is not in use, with a short name: that of a socket may have a hundred bytes.
fn free_name(parent: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = parent.join(format!("migrate-testing.{}.{number}", std::process::id()));
        // Left behind by an earlier process of the same number, after a power cut.
        if fs::symlink_metadata(&dir).is_err() {
            return dir;
        }
    }
}

fn supervise(dir: &Path, bin: &Path, account: Option<Account>, settings: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SUPERVISOR, "migrate-testing"])
        .args([dir, bin])
        .args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]))
        .args(["-k".as_ref(), dir.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Its own group: Ctrl-C is for the tests, and the supervisor signals the whole group.
        .process_group(0)
        .current_dir("/")
        // The same on every machine; on macOS the server does not start under some locales.
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
        command.env_remove(name);
    }
    if let Some(account) = account {
        account.run(&mut command);
    }
    command
}
