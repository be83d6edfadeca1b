//! The server that the programs run against, near and far.

use crate::Result;
use crate::bench::Bench;
use crate::cpu::Counter;
use crate::proxy::Proxy;
use crate::tool::Tool;
use migrate_testing::{Database, Server};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How much longer a trip to the far server takes.
const TRIP: Duration = Duration::from_millis(5);

pub(crate) struct Stage {
    server: Server,
    counting: Proxy,
    far: Proxy,
    pub(crate) counter: Counter,
}

/// How a program reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    /// As the server is reached: through its socket.
    Near,
    /// Through a proxy that adds 5 ms to each trip.
    Far,
}

/// A tool's program, and what it is told to do.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    pub(crate) label: &'static str,
    pub(crate) verb: &'static str,
    program: PathBuf,
}

impl Contender {
    pub(crate) fn new(
        bench: &Bench,
        tool: Tool,
        n: usize,
        label: &'static str,
        verb: &'static str,
    ) -> Result<Contender> {
        Ok(Contender { label, verb, program: bench.program(tool, n)? })
    }
}

impl Stage {
    pub(crate) fn new() -> Result<Stage> {
        let server = Server::start()?;
        let config = server.config();
        Ok(Stage {
            counting: Proxy::new(&config, Duration::ZERO)?,
            far: Proxy::new(&config, TRIP)?,
            counter: Counter::find(),
            server,
        })
    }

    /// What was measured against, in a few words.
    pub(crate) fn describe(&self) -> Result<String> {
        let mut client = self.server.config().connect(postgres::NoTls)?;
        let setting = |client: &mut postgres::Client, name: &str| -> Result<String> {
            Ok(client.query_one(&format!("SHOW {name}"), &[])?.get(0))
        };
        let version = setting(&mut client, "server_version")?;
        let fsync = setting(&mut client, "fsync")?;
        Ok(format!("PostgreSQL {version}, fsync {fsync}; instructions: {}", self.counter.name()))
    }

    pub(crate) fn database(&self) -> Result<Database> {
        Ok(self.server.create_database()?)
    }

    pub(crate) fn wall(&self, who: &Contender, to: &Database, distance: Distance) -> Result<Wall> {
        let url = match distance {
            Distance::Near => to.url(),
            Distance::Far => self.far.url(&to.config()),
        };
        run(&who.program, who.verb, &url)
    }

    /// Round trips after those of connecting.
    pub(crate) fn trips(&self, who: &Contender, to: &Database) -> Result<usize> {
        let url = self.counting.url(&to.config());
        self.counting.take_trips();
        run(&who.program, "connect", &url)?;
        let connecting = self.counting.take_trips();
        run(&who.program, who.verb, &url)?;
        Ok(self.counting.take_trips() - connecting)
    }

    /// Millions of instructions, less those of a process that only connects.
    pub(crate) fn instructions(&self, who: &Contender, to: &Database) -> Result<Option<f64>> {
        if self.counter == Counter::None {
            return Ok(None);
        }
        let url = to.url();
        let connecting = self.counter.count(&who.program, "connect", &url)?;
        let all = self.counter.count(&who.program, who.verb, &url)?;
        Ok(Some((all - connecting) / 1e6))
    }
}

/// How long a program took, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wall {
    /// From its start to its end, as a supervisor sees it.
    pub(crate) process: f64,
    /// From being connected to being done.
    pub(crate) connected: f64,
}

/// Runs a program; it prints how many microseconds passed since it was connected.
fn run(program: &Path, verb: &str, url: &str) -> Result<Wall> {
    let begun = Instant::now();
    let output = Command::new(program).arg(verb).env("DATABASE_URL", url).output()?;
    let process = begun.elapsed().as_secs_f64() * 1e6;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} {verb} failed:\n{words}", program.display()).into());
    }
    let words = String::from_utf8(output.stdout)?;
    Ok(Wall { process, connected: words.trim().parse()? })
}
