//! The workshop: a folder with an application for each tool and number of migrations, and cargo in it.
//!
//! A tool's applications share a workspace, hence a lock file and compiled dependencies; tools
//! share nothing. Our own crates are copied first, so that an edit in this repository meanwhile
//! does not disturb a measurement.

use crate::cpu::children_seconds;
use crate::files::Files;
use crate::tool::Tool;
use crate::{Result, note};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What an application of ours is made of.
const OURS: [&str; 4] = ["migrate-analysis", "migrate-build", "migrate-macros", "migrate-runtime"];

/// What a user has from the registry is never compiled incrementally, and that costs a quarter less. Ours
/// stand in a folder here, which cargo takes for something that is being worked on.
const PROFILE: &str = "[profile.dev.package.\"*\"]\nincremental = false\n";

pub(crate) struct Bench {
    root: PathBuf,
    /// Locked for as long as this value lives.
    _lock: File,
}

impl Bench {
    /// Writes an application for each tool and each number of migrations.
    pub(crate) fn new(counts: &[usize]) -> Result<Bench> {
        // The same folder every time: what was compiled once need not be again.
        let root = std::env::temp_dir().join("migrate-benches");
        let lock = lock(&root)?;
        let bench = Bench { root, _lock: lock };
        bench.copy_ours()?;
        for tool in Tool::ALL {
            let workspace = bench.workspace(tool);
            for n in counts {
                let folder = workspace.join(tool.application(*n));
                tool.write(*n, &folder, &bench.root.join("sources"))?;
            }
            let members: Vec<String> = counts.iter().map(|n| tool.application(*n)).collect();
            let manifest =
                format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n{PROFILE}");
            Files::new(&workspace).write("Cargo.toml", &manifest)?;
            bench.cargo(tool, &["fetch"])?;
        }
        Ok(bench)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn workspace(&self, tool: Tool) -> PathBuf {
        self.root.join(tool.name())
    }

    /// The folder of an application.
    pub(crate) fn folder(&self, tool: Tool, n: usize) -> PathBuf {
        self.workspace(tool).join(tool.application(n))
    }

    fn copy_ours(&self) -> Result<()> {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Files::new(&self.root.join("sources"));
        let mut manifest = fs::read_to_string(ours.join("Cargo.toml"))?;
        for (key, members) in [("members = [", &OURS[..]), ("default-members = [", &[])] {
            let start = manifest.find(key).ok_or("the workspace lists no members")? + key.len();
            let end = start + manifest[start..].find(']').ok_or("a list of members has no end")?;
            let list: Vec<String> = members.iter().map(|member| format!("{member:?}")).collect();
            manifest.replace_range(start..end, &list.join(", "));
        }
        files.write("Cargo.toml", &manifest)?;
        for entry in fs::read_dir(&ours)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if OURS.contains(&name.as_str()) || name.ends_with(".md") {
                files.copy(&path, &name)?;
            }
        }
        files.remove_others("")
    }

    /// Runs cargo in a tool's workspace. Fails when cargo does.
    pub(crate) fn cargo(&self, tool: Tool, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(arguments).current_dir(self.workspace(tool));
        // What the caller's own builds are tuned with would be measured too.
        for name in
            ["CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"]
        {
            command.env_remove(name);
        }
        for name in ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"] {
            command.env(name, "");
        }
        let output = command.output()?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: cargo {arguments:?} failed:\n{words}", tool.name()).into());
        }
        Ok(output)
    }

    /// The same, with the CPU time it took, its own and that of every compiler it ran.
    pub(crate) fn timed(&self, tool: Tool, arguments: &[&str]) -> Result<(Output, f64)> {
        let before = children_seconds();
        let output = self.cargo(tool, arguments)?;
        Ok((output, children_seconds() - before))
    }

    /// The optimised program.
    pub(crate) fn program(&self, tool: Tool, n: usize) -> Result<PathBuf> {
        let name = tool.application(n);
        self.cargo(tool, &["build", "--release", "--package", &name])?;
        Ok(self.workspace(tool).join("target/release").join(name))
    }

    /// The compiler, and how many processors the machine has.
    pub(crate) fn compiler(&self) -> Result<String> {
        let output = Command::new("rustc").arg("--version").output()?;
        let processors = std::thread::available_parallelism()?;
        Ok(format!("{}, {processors} processors", String::from_utf8_lossy(&output.stdout).trim()))
    }

    /// A tool's version, as it was resolved.
    pub(crate) fn version(&self, tool: Tool) -> Result<String> {
        let lock = fs::read_to_string(self.workspace(tool).join("Cargo.lock"))?;
        let entry = format!("name = \"{}\"\nversion = \"", tool.package());
        let version = lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next());
        Ok(version.ok_or("the lock file lacks a tool")?.to_owned())
    }
}

/// Two runs at a time would measure each other, and write to the same files.
fn lock(root: &Path) -> Result<File> {
    fs::create_dir_all(root)?;
    let lock = File::create(root.join("lock"))?;
    if lock.try_lock().is_err() {
        note("another run is under way; waiting for its end");
        lock.lock()?;
    }
    Ok(lock)
}
