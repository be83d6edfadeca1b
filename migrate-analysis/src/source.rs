//! A source: one file (or one inline script) and its text. The only room that reads the disk.

use crate::list::CollectVec;
use crate::ordered::sort_by;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Stands for a [`Source`] of one analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(crate) usize);

impl SourceId {
    /// Its place in [`Analysis::sources`](crate::Analysis::sources).
    pub fn index(self) -> usize {
        self.0
    }
}

/// A file's text as PostgreSQL will get it: without a byte order mark, every line ending in LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) verbatim: bool,
    pub(crate) start: (usize, usize),
}

impl Source {
    /// Takes a text as it is. `path` is relative to the set's directory, with forward slashes.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Source {
        let text = text.into();
        let normalized = normalize(&text);
        let verbatim = normalized.is_none();
        Source { path: path.into(), text: normalized.unwrap_or(text), verbatim, start: (1, 1) }
    }

    /// Stands for a file whose text could not be had.
    pub(crate) fn without_text(path: impl Into<String>) -> Source {
        Source { verbatim: false, ..Source::new(path, "") }
    }

    /// A script written in a Rust file: it starts at `line` and `column` of `path`, from 1.
    pub fn inline(
        path: impl Into<String>,
        text: impl Into<String>,
        line: usize,
        column: usize,
    ) -> Source {
        Source { start: (line.max(1), column.max(1)), ..Source::new(path, text) }
    }

    /// Line and column of its first character, from 1: more than 1 only in a Rust file.
    pub fn start(&self) -> (usize, usize) {
        self.start
    }

    /// Where it was read: relative to the set's directory, with forward slashes; empty for the
    /// directory itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text. Every byte range of a statement or diagnostic is a range of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is a script, and no settings.
    pub fn is_script(&self) -> bool {
        !self.path.ends_with(".toml")
    }

    /// Whether the text equals the file's bytes, so that `include_str!` may embed it.
    pub fn is_verbatim(&self) -> bool {
        self.verbatim
    }
}

/// The text without byte order mark and carriage returns at line ends, if that changes it.
fn normalize(text: &str) -> Option<String> {
    let stripped = text.strip_prefix('\u{feff}');
    // A single byte is found at a fraction of the cost of two, unoptimised.
    if stripped.is_none() && !(text.contains('\r') && text.contains("\r\n")) {
        return None;
    }
    Some(stripped.unwrap_or(text).replace("\r\n", "\n"))
}

/// A file as it was found, before anyone asked whether it is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the set's directory, with forward slashes.
    pub path: String,
    /// What it holds, or why it could not be read.
    pub contents: Result<Vec<u8>, String>,
}

/// All files of a migrations directory that can matter, in order of path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Scripts, settings, and what other tools would take for a migration.
    pub files: Vec<File>,
    /// Every folder looked into, relative to the set's directory; `""` is the directory itself.
    pub folders: Vec<String>,
}

impl Directory {
    /// Reads `root` and the folders in it. Hidden entries are left out.
    ///
    /// # Errors
    ///
    /// When a folder cannot be listed. A file that cannot be read is no error here: it is in the
    /// answer, with the reason.
    pub fn read(root: &Path) -> io::Result<Directory> {
        let mut files = Vec::new();
        let folders = walk(root, |Found { path, entry, is_unicode, .. }| {
            let contents = match is_unicode {
                true => fs::read(entry.path()).map_err(|error| error.to_string()),
                false => Err("its name is not UTF-8".to_owned()),
            };
            files.push(File { path, contents });
        })?;
        sort_by(&mut files, |a, b| a.path.cmp(&b.path));
        Ok(Directory { files, folders })
    }

    /// The same after a glance, without reading the files that look as they did.
    pub fn read_unknown(root: &Path, glance: &Glance, known: &[Known<'_>]) -> Directory {
        let files = glance.sorted().into_iter().map(|look| {
            let at = known.binary_search_by(|known| known.path.cmp(look.path.as_str())).ok();
            let known = at.and_then(|at| known.get(at)).filter(|known| look.is_as(known.stamp));
            let contents = match known {
                Some(known) => Ok(known.contents.to_vec()),
                None => fs::read(root.join(&look.path)).map_err(|error| error.to_string()),
            };
            File { path: look.path.clone(), contents }
        });
        Directory { files: files.collect_vec(), folders: glance.folders.clone() }
    }
}

/// A file as it was read earlier.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub(crate) path: &'a str,
    /// Empty where its looks may deceive.
    pub(crate) stamp: &'a [u8],
    pub(crate) contents: &'a [u8],
}

/// A file that can matter.
struct Found<'a> {
    path: String,
    entry: &'a DirEntry,
    is_unicode: bool,
    is_link: bool,
}

/// Tells of every file in a folder and below it that can matter, and answers with the folders.
fn walk(root: &Path, file: impl FnMut(Found<'_>)) -> io::Result<Vec<String>> {
    let mut walk = Walk { root, folders: Vec::new(), file };
    walk.folder("")?;
    Ok(walk.folders)
}

struct Walk<'a, F> {
    root: &'a Path,
    folders: Vec<String>,
    file: F,
}

impl<F: FnMut(Found<'_>)> Walk<'_, F> {
    fn folder(&mut self, folder: &str) -> io::Result<()> {
        self.folders.push(folder.to_owned());
        let here = |error: io::Error| match folder {
            "" => error,
            _ => io::Error::new(error.kind(), format!("`{folder}`: {error}")),
        };
        for entry in fs::read_dir(self.root.join(folder)).map_err(here)? {
            let entry = entry.map_err(here)?;
            let name = entry.file_name().into_string();
            let is_unicode = name.is_ok();
            let name = name.unwrap_or_else(|name| name.to_string_lossy().into_owned());
            if name.as_bytes().first() == Some(&b'.') {
                continue;
            }
            let path = if folder.is_empty() { name } else { [folder, "/", &name].concat() };
            let kind = entry.file_type().map_err(here)?;
            // A link counts as what it points to; a dangling one is reported as unreadable.
            let is_link_to_folder = kind.is_symlink() && entry.path().is_dir();
            if kind.is_dir() || is_link_to_folder {
                if !is_unicode {
                    return Err(not_unicode(&path));
                }
                if !is_link_to_folder || !leads_back(self.root, folder, &entry.path()) {
                    self.folder(&path)?;
                }
            } else if matters(&path) {
                let is_link = kind.is_symlink();
                (self.file)(Found { path, entry: &entry, is_unicode, is_link });
            }
        }
        Ok(())
    }
}

/// What a file system tells about a file that is not read: where it tells the same again, the file is
/// the same, unless it was written twice in a moment.
///
/// # Errors
/// When there is no such file.
pub fn stamp(path: &Path) -> io::Result<Vec<u8>> {
    let mut stamp = Vec::new();
    put_stamp(&fs::metadata(path)?, &mut stamp);
    Ok(stamp)
}

/// Length and times, in one piece: this runs unoptimised for each of thousands of files.
fn put_stamp(metadata: &Metadata, out: &mut Vec<u8>) {
    let [modified, changed] = times(metadata);
    let stamp = [
        metadata.len().to_le_bytes(),
        modified.0.to_le_bytes(),
        modified.1.to_le_bytes(),
        changed.0.to_le_bytes(),
        changed.1.to_le_bytes(),
    ];
    out.extend_from_slice(stamp.as_flattened());
}

/// A directory from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// The stamps of the files that [`Directory::read`] reads.
    pub stamps: Vec<u8>,
    /// Those files which were written so recently that they could be written again and look the
    /// same.
    pub young: Vec<String>,
    /// In the order of the stamps, which is that of the file system: mostly it stays while no file comes
    /// or goes, and sorting would take as long as looking.
    pub(crate) files: Vec<Look>,
    folders: Vec<String>,
}

/// What a file looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) path: String,
    /// Empty where its looks may deceive.
    pub(crate) stamp: Vec<u8>,
}

impl Look {
    pub(crate) fn is_as(&self, stamp: &[u8]) -> bool {
        // A file that is young now was not when that stamp was taken: it has changed since.
        !stamp.is_empty() && self.stamp == stamp
    }
}

impl Glance {
    /// Looks at what [`Directory::read`] reads.
    ///
    /// # Errors
    /// When a folder cannot be listed, or a file cannot be looked at.
    pub fn new(root: &Path) -> io::Result<Glance> {
        // Some file systems count in steps of two seconds.
        const YOUNG: Duration = Duration::from_secs(3);
        let past = since_1970(SystemTime::now().checked_sub(YOUNG));
        let (mut glance, mut failed) = (Glance::default(), None);
        let folders = walk(root, |found| match look(&found) {
            Ok(metadata) => {
                let mut stamp = Vec::new();
                put_stamp(&metadata, &mut stamp);
                let path = found.path;
                glance.stamps.extend_from_slice(path.as_bytes());
                glance.stamps.push(0);
                glance.stamps.extend_from_slice(&stamp);
                let [modified, changed] = times(&metadata);
                if modified >= past || changed >= past {
                    glance.young.push(path.clone());
                    stamp.clear();
                }
                glance.files.push(Look { path, stamp });
            }
            Err(error) => failed = Some(error),
        })?;
        glance.folders = folders;
        failed.map_or(Ok(glance), Err)
    }

    /// In order of path.
    pub(crate) fn sorted(&self) -> Vec<&Look> {
        let mut files: Vec<&Look> = self.files.iter().collect_vec();
        sort_by(&mut files, |a, b| a.path.cmp(&b.path));
        files
    }
}

fn look(found: &Found<'_>) -> io::Result<Metadata> {
    match found.is_unicode {
        // Without another walk along its path, but only on Unix what the file itself tells.
        true if cfg!(unix) && !found.is_link => found.entry.metadata(),
        true => fs::metadata(found.entry.path()),
        // It could not be read by the name that is told.
        false => Err(io::ErrorKind::InvalidFilename.into()),
    }
}

/// When it was modified, and when the file system last noticed a change, which nobody can set: in
/// seconds, and nanoseconds beside them.
#[cfg(unix)]
fn times(metadata: &Metadata) -> [(i64, i64); 2] {
    use std::os::unix::fs::MetadataExt;
    [(metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec())]
}

#[cfg(not(unix))]
fn times(metadata: &Metadata) -> [(i64, i64); 2] {
    [since_1970(metadata.modified().ok()), (0, 0)]
}

fn since_1970(time: Option<SystemTime>) -> (i64, i64) {
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos().into())
}

fn not_unicode(folder: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{folder}`: its name is not UTF-8"))
}

/// Whether a link in `folder` points to that folder or to one above it: following it would never end,
/// and finds nothing new.
fn leads_back(root: &Path, folder: &str, link: &Path) -> bool {
    let Ok(target) = link.canonicalize() else { return false };
    let mut above =
        Path::new(folder).ancestors().filter_map(|it| root.join(it).canonicalize().ok());
    above.any(|folder| folder.starts_with(&target))
}

/// Settings, scripts, and migrations that are not SQL: those are refused, not overlooked.
fn matters(path: &str) -> bool {
    const ENDS: [&str; 7] = [".sql", ".toml", ".sql.conf", ".psql", ".pgsql", ".rs", ".go"];
    // What nearly every file is, at once: this runs unoptimised for each of them.
    if path.ends_with(".sql") {
        return true;
    }
    let lower = path.to_ascii_lowercase();
    ENDS.iter().any(|end| lower.ends_with(end))
}
