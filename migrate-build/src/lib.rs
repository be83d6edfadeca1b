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
    let rest = glance.as_ref().ok().and_then(|glance| behind_head(&root, glance, &left));
    if rest.is_none() {
        all(&root, directory, glance, &left);
    }
}

/// Analyses what is behind the head, if nothing else may be different.
fn behind_head(root: &Path, glance: &Glance, left: &Left) -> Option<()> {
    let head = left.head()?;
    let first = head.written.clone();
    let (ready, read) = head.ready(glance, |path| fs::read(root.join(path)).ok())?;
    let Ready { rest, digest, postgres } = ready;
    let looks = Looks::new(glance, &read)?;
    let _ = fs::remove_file(left.0.prepared());
    left.prepare(looks, [Some(first), left.rest(&rest)], digest, postgres);
    Some(())
}

/// Analyses all that may be different.
fn all(root: &Path, directory: &str, glance: io::Result<Glance>, left: &Left) {
    let mut cache = left.cache();
    let found = match &glance {
        Ok(glance) => Ok(Directory::read_unknown(root, glance, &cache.known())),
        Err(_) => Directory::read(root).map_err(|error| error.to_string()),
    };
    let glance = glance.unwrap_or_default();
    cache.looked(&glance);
    let looks = found.as_ref().ok().and_then(|found| Looks::new(&glance, found));
    let analysis = analyze(found, &mut cache);
    for diagnostic in analysis.diagnostics.iter().filter(|found| found.severity < Severity::Error) {
        let text = render(diagnostic, &analysis.sources, directory);
        // cargo shows one line a warning and loses what follows.
        text.lines().for_each(|line| say("warning", line));
    }
    left.forget();
    left.keep(&cache);
    let Some(looks) = looks.filter(|_| analysis.errors().next().is_none()) else { return };
    let segments = match Head::new(&cache, &analysis, &glance, directory) {
        Some((head, segments)) => left.split(head, &segments),
        None => [None, left.rest(&Segment::new(&analysis, Some(directory)))],
    };
    left.prepare(looks, segments, analysis.plan.digest, analysis.plan.postgres);
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

    /// Leaves the head, and what is behind it.
    fn split(&self, mut head: Head, [first, rest]: &[Segment; 2]) -> [Option<Written>; 2] {
        let [files, _] = self.0.segments();
        let Some(written) = write(&files, first) else { return [None, None] };
        head.written = written.clone();
        replace(&self.0.head(), &head.encode());
        [Some(written), self.rest(rest)]
    }

    fn rest(&self, rest: &Segment) -> Option<Written> {
        let [_, files] = self.0.segments();
        write(&files, rest)
    }

    /// For the macro; unless a segment could not be written.
    fn prepare(
        &self,
        looks: Looks,
        segments: [Option<Written>; 2],
        digest: i128,
        postgres: Option<i64>,
    ) {
        if segments[1].is_some() {
            let prepared = Prepared::new(looks, segments, digest, postgres);
            replace(&self.0.prepared(), &prepared.encode());
        }
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
