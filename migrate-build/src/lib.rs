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
use migrate_analysis::cache::{
    self, Cache, Head, Looks, Names, Prepared, Ready, SegmentFiles, Written,
};
use migrate_analysis::diagnostic::Severity;
use migrate_analysis::embed::Segment;
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, Glance};
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
    let left = Left(Names::new(&out, directory));
    if !glance.as_ref().is_ok_and(|glance| is_behind_head(&root, glance, &left)) {
        all(&root, directory, glance, &left);
    }
}

/// Analyses what is behind the head, if nothing else may be different.
fn is_behind_head(root: &Path, glance: &Glance, left: &Left) -> bool {
    let ready = left.head().and_then(|head| {
        let written = head.written.clone();
        let (ready, read) = head.ready(glance, |path| fs::read(root.join(path)).ok())?;
        Some((written, ready, Looks::new(glance, &read)?))
    });
    let Some((head, Ready { rest, digest, postgres }, looks)) = ready else { return false };
    let _ = fs::remove_file(left.0.prepared());
    let Some(rest) = left.rest(&rest) else { return false };
    left.prepare(&Prepared { looks, head: Some(head), rest, digest, postgres });
    true
}

/// Analyses all that may be different.
fn all(root: &Path, directory: &str, glance: io::Result<Glance>, left: &Left) {
    let mut cache = left.cache();
    let found = match &glance {
        Ok(glance) => Ok(Directory::read_unknown(root, glance, &cache.known())),
        Err(_) => Directory::read(root).map_err(|error| error.to_string()),
    };
    cache.looked(glance.as_ref().unwrap_or(&Glance::default()));
    let looks = match (&glance, &found) {
        (Ok(glance), Ok(found)) => Looks::new(glance, found),
        _ => None,
    };
    let analysis = analyze(found, &mut cache);
    for diagnostic in analysis.diagnostics.iter().filter(|found| found.severity < Severity::Error) {
        let text = render(diagnostic, &analysis.sources, directory);
        // cargo shows one line a warning and loses what follows.
        text.lines().for_each(|line| say("warning", line));
    }
    left.forget();
    left.keep(&cache);
    let is_right = analysis.errors().next().is_none();
    let (Ok(glance), Some(looks), true) = (glance, looks, is_right) else { return };
    let (head, rest) = match Head::new(&cache, &analysis, &glance, directory) {
        Some((head, [first, rest])) => match left.keep_head(head, &first) {
            None => return,
            head => (head, rest),
        },
        None => (None, Segment::new(&analysis, Some(directory))),
    };
    let (digest, postgres) = (analysis.plan.digest, analysis.plan.postgres);
    if let Some(rest) = left.rest(&rest) {
        left.prepare(&Prepared { looks, head, rest, digest, postgres });
    }
}

/// What this very build script leaves for its next run, and for the macro.
struct Left(Names);

impl Left {
    /// Another version of the analysis would have found other things, and is not trusted.
    fn is_own(&self) -> bool {
        fs::read(self.0.stamp()).is_ok_and(|bytes| Some(bytes) == own_stamp())
    }

    fn cache(&self) -> Cache {
        match fs::read(self.0.cache()) {
            Ok(bytes) if self.is_own() => Cache::decode(&bytes),
            _ => Cache::default(),
        }
    }

    /// The head, if what is embedded of it is still there.
    fn head(&self) -> Option<Head> {
        let head = Head::decode(&fs::read(self.0.head()).ok()?)?;
        let [files, _] = self.0.segments();
        (self.is_own() && files.stamps()? == head.written.stamps).then_some(head)
    }

    /// Nothing counts that depends on what is about to be written.
    fn forget(&self) {
        let _ = fs::remove_file(self.0.prepared());
        let _ = fs::remove_file(self.0.head());
    }

    /// It only saves time: without it everything is read again.
    fn keep(&self, cache: &Cache) {
        if cache.is_changed() {
            let _ = fs::remove_file(self.0.stamp());
            if let (true, Some(own)) = (replace(&self.0.cache(), &cache.encode()), own_stamp()) {
                let _ = fs::write(self.0.stamp(), own);
            }
        }
    }

    fn keep_head(&self, mut head: Head, segment: &Segment) -> Option<Written> {
        let [files, _] = self.0.segments();
        head.written = write(&files, segment)?;
        replace(&self.0.head(), &head.encode());
        Some(head.written)
    }

    fn rest(&self, segment: &Segment) -> Option<Written> {
        let [_, files] = self.0.segments();
        write(&files, segment)
    }

    fn prepare(&self, prepared: &Prepared) {
        replace(&self.0.prepared(), &prepared.encode());
    }
}

fn write(files: &SegmentFiles, segment: &Segment) -> Option<Written> {
    let text = [segment.scripts.as_str(), &segment.texts].concat();
    let whole = replace(&files.text, text.as_bytes())
        && replace(&files.records, &segment.records)
        && replace(&files.items, &cache::items(segment));
    let stamps = files.stamps().filter(|_| whole)?;
    Some(Written { scripts: segment.scripts.len(), stamps })
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
