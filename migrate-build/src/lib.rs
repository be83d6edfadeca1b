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
use migrate_analysis::cache::{self, Cache, Head, Looks, Prepared};
use migrate_analysis::diagnostic::Severity;
use migrate_analysis::embed::Embedding;
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, Glance, stamp};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fs, io};

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
    let root = root.join(directory);
    // Before it is read: what changes meanwhile looks different afterwards.
    let glance = Glance::new(&root);
    let left = Left::new(&out, directory);
    let head = left.head().filter(|_| left.is_own());
    if let (Some(head), Ok(glance)) = (head, &glance)
        && let Some((ready, read)) = head.ready(glance, |path| fs::read(root.join(path)).ok())
        && let Some(looks) = Looks::new(glance.clone(), &read)
    {
        return left.embed(ready.scripts, ready.embedding, Some(looks));
    }
    all(&root, directory, glance, &left);
}

/// Analyses all that may be different.
fn all(root: &Path, directory: &str, glance: io::Result<Glance>, left: &Left) {
    let mut cache = left.cache();
    let found = match &glance {
        Ok(glance) => Ok(Directory::read_unknown(root, glance, &cache.known())),
        Err(_) => Directory::read(root).map_err(|error| error.to_string()),
    };
    cache.looked(glance.as_ref().unwrap_or(&Glance::default()));
    let looks = glance.ok().and_then(|glance| Looks::new(glance, found.as_ref().ok()?));
    let analysis = analyze(found, &mut cache);
    for diagnostic in analysis.diagnostics.iter().filter(|found| found.severity < Severity::Error) {
        let text = render(diagnostic, &analysis.sources, directory);
        // cargo shows one line a warning and loses what follows.
        text.lines().for_each(|line| say("warning", line));
    }
    left.keep(&cache, Head::new(&cache, &analysis, directory));
    let looks = looks.filter(|_| analysis.errors().next().is_none());
    let embedding = Embedding::new(&analysis, Some(directory));
    left.embed(cache::scripts(&analysis.sources).text, embedding, looks);
}

/// What this very build script leaves for its next run, and for the macro.
struct Left {
    /// Tells of which build of the build script it is.
    stamp: PathBuf,
    cache: PathBuf,
    head: PathBuf,
    scripts: PathBuf,
    records: PathBuf,
    prepared: PathBuf,
}

impl Left {
    fn new(out: &Path, directory: &str) -> Left {
        let cache = out.join(cache::file_name(directory));
        Left {
            stamp: cache.with_extension("stamp"),
            cache,
            head: out.join(cache::head_file_name(directory)),
            scripts: out.join(cache::scripts_file_name(directory)),
            records: out.join(cache::records_file_name(directory)),
            prepared: out.join(cache::prepared_file_name(directory)),
        }
    }

    /// Another version of the analysis would have found other things, and is not trusted.
    fn is_own(&self) -> bool {
        fs::read(&self.stamp).is_ok_and(|bytes| Some(bytes) == own_stamp())
    }

    fn head(&self) -> Option<Head> {
        Head::decode(&fs::read(&self.head).ok()?)
    }

    fn cache(&self) -> Cache {
        match fs::read(&self.cache) {
            Ok(bytes) if self.is_own() => Cache::decode(&bytes),
            _ => Cache::default(),
        }
    }

    /// Both only save time: without them everything is read again.
    fn keep(&self, cache: &Cache, head: Option<Head>) {
        let _ = fs::remove_file(&self.head);
        if cache.is_changed() {
            let _ = fs::remove_file(&self.stamp);
            if let (true, Some(own)) = (replace(&self.cache, &cache.encode()), own_stamp()) {
                let _ = fs::write(&self.stamp, own);
            }
        }
        if let Some(head) = head {
            replace(&self.head, &head.encode());
        }
    }

    fn embed(&self, scripts: String, embedding: Embedding, looks: Option<Looks>) {
        let _ = fs::remove_file(&self.prepared);
        let Some(looks) = looks else { return };
        let (length, mut text) = (scripts.len(), scripts);
        text.push_str(&embedding.texts);
        replace(&self.scripts, text.as_bytes());
        replace(&self.records, &embedding.records);
        if let (Ok(text), Ok(records)) = (stamp(&self.scripts), stamp(&self.records)) {
            let prepared = Prepared::new(looks, [text, records].concat(), length, embedding);
            replace(&self.prepared, &prepared.encode());
        }
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
