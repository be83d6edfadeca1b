//! Programs that make a backup, and look whether one can be read.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use super::conninfo::{self, Parted};

/// The end of a program's output says why it failed.
const OUTPUT_BYTES: usize = 4096;
/// File systems count no finer than that, at worst.
const TICK: Duration = Duration::from_secs(2);

/// Why there is no backup.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) sentence: String,
    /// What the program said.
    pub(super) output: Option<String>,
    pub(super) help: Option<String>,
}

impl Failed {
    pub(super) fn new(sentence: impl Into<String>) -> Failed {
        Failed { sentence: sentence.into(), output: None, help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Failed {
        self.help = Some(help.into());
        self
    }
}

/// A dump by PostgreSQL's own program.
#[derive(Clone)]
pub(super) struct PgDump {
    conninfo: String,
    pub(super) path: PathBuf,
    /// Where the programs are; `None` to have them looked for.
    pub(super) programs: Option<PathBuf>,
    pub(super) arguments: Vec<OsString>,
}

impl PgDump {
    pub(super) fn new(conninfo: String, path: PathBuf) -> PgDump {
        PgDump { conninfo, path, programs: None, arguments: Vec::new() }
    }

    /// Writes the dump beside its place, looks whether it can be read, and moves it there.
    pub(super) fn make(&self) -> Result<(), Failed> {
        let mut partial = self.path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let made = self.dump(&partial).and_then(|()| self.check(&partial)).and_then(|()| {
            fs::rename(&partial, &self.path).map_err(|error| file(&self.path, &error))
        });
        if made.is_err() {
            // It is of no use to anybody; the first error is the one to report.
            let _ = fs::remove_file(&partial);
        } else if let Some(directory) = self.path.parent() {
            // The name is to survive a crash of the machine, where directories can be synced.
            let _ = fs::File::open(directory).and_then(|it| it.sync_all());
        }
        made
    }

    fn dump(&self, partial: &Path) -> Result<(), Failed> {
        let Parted { rest, password } = conninfo::part(&self.conninfo).map_err(|why| {
            Failed::new(why).help("name the connection in a service file: \"service=…\"")
        })?;
        // Of all data of the database, so nobody else is to read it. `pg_dump` keeps what is there.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(partial).map_err(|error| file(partial, &error))?;
        let mut command = self.program("pg_dump");
        command.arg("--format=custom").arg("--no-password").args(&self.arguments);
        command.arg("--dbname").arg(rest).arg("--file").arg(partial);
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
        output(command).map(drop).map_err(|failed| match failed.help {
            None if failed.output.as_ref().is_some_and(|it| it.contains("version mismatch")) => {
                failed.help("pg_dump has to be as new as the server: .programs_in(…) names another")
            }
            _ => failed,
        })
    }

    /// A dump of a database with a history is never empty.
    pub(super) fn check(&self, path: &Path) -> Result<(), Failed> {
        let mut command = self.program("pg_restore");
        command.arg("--list").arg(path);
        let output = output(command)?;
        let listed = String::from_utf8_lossy(&output.stdout);
        let any = listed.lines().any(|line| !line.is_empty() && !line.starts_with(';'));
        match any {
            true => Ok(()),
            false => Err(Failed::new("pg_restore finds nothing in the dump")
                .help("does the connection string name the right database?")),
        }
    }

    fn program(&self, name: &str) -> Command {
        match &self.programs {
            Some(directory) => Command::new(directory.join(name)),
            None => Command::new(name),
        }
    }
}

/// Runs a program with its arguments.
pub(super) fn run(words: &[OsString]) -> Result<Output, Failed> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failed::new("a command without a program"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    output(command)
}

fn output(mut command: Command) -> Result<Output, Failed> {
    let program = name(command.get_program());
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failed::new(format!("the program {program} was not found"))
                .help(where_from(&program)));
        }
        Err(error) => return Err(Failed::new(format!("{program} cannot be run: {error}"))),
    };
    if output.status.success() {
        return Ok(output);
    }
    let said = match output.stderr.is_empty() {
        true => &output.stdout,
        false => &output.stderr,
    };
    let end = said.get(said.len().saturating_sub(OUTPUT_BYTES)..).unwrap_or_default();
    let mut failed = Failed::new(format!("{program} failed, {}", output.status));
    let said = String::from_utf8_lossy(end).trim().to_owned();
    failed.output = Some(said).filter(|it| !it.is_empty());
    Err(failed)
}

fn name(program: &OsStr) -> String {
    Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned()
}

fn where_from(program: &str) -> String {
    match program {
        "pg_dump" | "pg_restore" => format!(
            "install PostgreSQL's client programs, as new as the server (Debian and Ubuntu: \
             postgresql-client, Alpine: postgresql-client, Homebrew: libpq), or say where {program} is: \
             .programs_in(\"…\")"
        ),
        _ => "install it, or name it with its directory".to_owned(),
    }
}

fn file(path: &Path, error: &io::Error) -> Failed {
    Failed::new(format!("{}: {error}", path.display()))
}

/// How long ago a file was written; `None` where it is not there, empty, or of the future.
pub(super) fn age_of(path: &Path) -> Option<Duration> {
    let file = fs::metadata(path).ok().filter(|file| file.is_file() && file.len() > 0)?;
    file.modified().ok()?.elapsed().ok()
}

/// Whether a program has written its file.
pub(super) fn is_new(path: &Path, begun: SystemTime) -> Result<(), Failed> {
    let metadata = fs::metadata(path).map_err(|error| file(path, &error))?;
    let written = metadata.modified().map_err(|error| file(path, &error))?;
    match () {
        () if metadata.len() == 0 => Err(Failed::new(format!("{} is empty", path.display()))),
        () if written + TICK < begun => {
            Err(Failed::new(format!("{} was not written anew", path.display())))
        }
        () => Ok(()),
    }
}
