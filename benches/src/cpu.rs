//! What processes cost: CPU time, and instructions where they can be counted.

use crate::Result;
use std::path::Path;
use std::process::Command;

/// User and system time of all processes that this one has started and waited for, and theirs.
#[expect(unsafe_code, reason = "getrusage has no safe door")]
pub(crate) fn children_seconds() -> f64 {
    // SAFETY: all-zero bytes are a valid `rusage`, which is plain integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live `rusage` of ours.
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) };
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a few hours")]
fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

/// What counts the instructions of a process here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    Perf,
    Valgrind,
    None,
}

impl Counter {
    /// Virtual machines often hide the hardware's counters; valgrind counts by itself.
    pub(crate) fn find() -> Counter {
        [Counter::Perf, Counter::Valgrind]
            .into_iter()
            .find(|counter| counter.count(Path::new("true"), "", "").is_ok())
            .unwrap_or(Counter::None)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Counter::Perf => "perf stat -e instructions:u",
            Counter::Valgrind => "valgrind --tool=cachegrind",
            Counter::None => "not measured: neither perf nor valgrind counts them here",
        }
    }

    /// Instructions in user space of a whole process.
    pub(crate) fn count(self, program: &Path, verb: &str, url: &str) -> Result<f64> {
        let mut command = match self {
            Counter::Perf => {
                let mut command = Command::new("perf");
                command.args(["stat", "-x", ",", "-e", "instructions:u"]);
                command
            }
            Counter::Valgrind => {
                let mut command = Command::new("valgrind");
                command.args(["--tool=cachegrind", "--cache-sim=no"]);
                command.arg("--cachegrind-out-file=/dev/null");
                command
            }
            Counter::None => return Err("nothing counts instructions here".into()),
        };
        let output = command.arg(program).arg(verb).env("DATABASE_URL", url).output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{} {verb} failed:\n{words}", program.display()).into());
        }
        let number = match self {
            Counter::Perf => words.lines().find_map(|line| line.split(',').next()?.parse().ok()),
            _ => words.lines().find_map(refs),
        };
        Ok(number.ok_or("no number of instructions was told")?)
    }
}

/// `==17== I   refs:      1,234,567`
fn refs(line: &str) -> Option<f64> {
    let (before, number) = line.split_once("refs:")?;
    before.trim_end().ends_with('I').then(|| number.trim().replace(',', "").parse().ok())?
}
