//! The build-script side of [migrate-runtime](https://docs.rs/migrate-runtime).
//!
//! ```no_run
//! # #[expect(clippy::needless_doctest_main, reason = "a build script is a `main`")]
//! // build.rs
//! fn main() {
//!     migrate_build::watch("migrations");
//! }
//! ```
//!
//! A procedural macro sees the files that it embeds, and so a build is repeated when one of them
//! is edited; that a file was *added* only a build script can notice. [`watch`] does that, and
//! leaves the analysis of each file in `OUT_DIR`, so that after an edit only the edited file is
//! read again.
//!
//! It never fails because of what is wrong with a migration: a failing build script would hide
//! everything else from an editor. The macro reports.

use migrate_analysis::analyze;
use migrate_analysis::cache::{self, Cache, Looks, Prepared};
use migrate_analysis::diagnostic::Severity;
use migrate_analysis::embed::Embedding;
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, Glance, stamp};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Rebuilds the crate when anything in `directory` changes, and checks it once for all
/// `migrations!` calls that name it.
///
/// `directory` is written as in the macro: relative to the folder of the crate's `Cargo.toml`.
/// Warnings and notes are shown as cargo warnings; errors are left to the macro.
pub fn watch(directory: &str) {
    say("rerun-if-changed", directory);
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(root), Some(out)) = (variable("CARGO_MANIFEST_DIR"), variable("OUT_DIR")) else {
        say("warning", "migrate_build::watch does nothing outside a build script");
        return;
    };
    let kept = out.join(cache::file_name(directory));
    let own = kept.with_extension("stamp");
    let mut cache = read(&kept, &own);
    let root = root.join(directory);
    // Before it is read: what changes meanwhile looks different afterwards.
    let glance = Glance::new(&root);
    let found = match &glance {
        Ok(glance) => Ok(Directory::read_unknown(&root, glance, &cache.known())),
        Err(_) => Directory::read(&root).map_err(|error| error.to_string()),
    };
    cache.looked(glance.as_ref().unwrap_or(&Glance::default()));
    let looks = glance.ok().and_then(|glance| Looks::new(glance, found.as_ref().ok()?));
    let analysis = analyze(found, &mut cache);
    for diagnostic in analysis.diagnostics.iter().filter(|found| found.severity < Severity::Error) {
        let text = render(diagnostic, &analysis.sources, directory);
        // cargo shows one line a warning and loses what follows.
        text.lines().for_each(|line| say("warning", line));
    }
    if cache.is_changed() {
        write(&kept, &own, &cache.encode());
    }
    let prepared = out.join(cache::prepared_file_name(directory));
    let _ = fs::remove_file(&prepared);
    let scripts = out.join(cache::scripts_file_name(directory));
    replace(&scripts, cache::scripts(&analysis.sources).text.as_bytes());
    if let (Some(looks), None, Ok(stamp)) = (looks, analysis.errors().next(), stamp(&scripts)) {
        let embedding = Embedding::new(&analysis, Some(directory));
        replace(&prepared, &Prepared::new(looks, stamp, embedding).encode());
    }
}

/// What an earlier run of this very build script left. One of another version of the analysis
/// would have found other things, and is not trusted.
fn read(kept: &Path, stamp: &Path) -> Cache {
    let same = fs::read(stamp).is_ok_and(|bytes| Some(bytes) == own_stamp());
    match fs::read(kept) {
        Ok(bytes) if same => Cache::decode(&bytes),
        _ => Cache::default(),
    }
}

/// The cache only saves time: without it the macro reads the files itself.
fn write(kept: &Path, stamp: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(stamp);
    if let (true, Some(own)) = (replace(kept, bytes), own_stamp()) {
        let _ = fs::write(stamp, own);
    }
}

/// Nobody sees half of it.
fn replace(path: &Path, bytes: &[u8]) -> bool {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, path)).is_ok()
}

/// Tells this build of the build script from every other one.
fn own_stamp() -> Option<Vec<u8>> {
    let path = std::env::current_exe().ok()?;
    let metadata = fs::metadata(&path).ok()?;
    let built = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let path: OsString = path.into();
    Some(format!("{} {} {}", built.as_nanos(), metadata.len(), path.display()).into_bytes())
}

/// A line for cargo.
#[expect(clippy::print_stdout, reason = "a build script talks to cargo on its standard output")]
fn say(key: &str, value: &str) {
    println!("cargo::{key}={value}");
}
