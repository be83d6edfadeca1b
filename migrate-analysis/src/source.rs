//! A source: one file (or one inline script) and its text. The only room that reads the disk.

use std::fs;
use std::io;
use std::path::Path;

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
    if stripped.is_none() && !text.contains("\r\n") {
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
        let mut directory = Directory::default();
        directory.read_folder(root, "")?;
        directory.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(directory)
    }

    fn read_folder(&mut self, root: &Path, folder: &str) -> io::Result<()> {
        self.folders.push(folder.to_owned());
        let here = |error: io::Error| match folder {
            "" => error,
            _ => io::Error::new(error.kind(), format!("`{folder}`: {error}")),
        };
        for entry in fs::read_dir(root.join(folder)).map_err(here)? {
            let entry = entry.map_err(here)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            let path = if folder.is_empty() { name.into() } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(here)?;
            // A link counts as what it points to; a dangling one is reported as unreadable.
            let is_link_to_folder = kind.is_symlink() && entry.path().is_dir();
            let is_unicode = entry.file_name().to_str().is_some();
            if kind.is_dir() || is_link_to_folder {
                if !is_unicode {
                    return Err(not_unicode(&path));
                }
                if !is_link_to_folder || !leads_back(root, folder, &entry.path()) {
                    self.read_folder(root, &path)?;
                }
            } else if matters(&path) {
                let contents = match is_unicode {
                    true => fs::read(entry.path()).map_err(|error| error.to_string()),
                    false => Err("its name is not UTF-8".to_owned()),
                };
                self.files.push(File { path, contents });
            }
        }
        Ok(())
    }
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
    let lower = path.to_ascii_lowercase();
    ENDS.iter().any(|end| lower.ends_with(end))
}
