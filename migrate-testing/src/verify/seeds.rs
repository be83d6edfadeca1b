//! The rows that are put in after a migration: `*.test.sql` beside the scripts, and a callback.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use migrate_runtime::MigrationSet;
use postgres::Client;

use crate::Database;

pub(super) type Failure = Box<dyn StdError + Send + Sync>;
pub(super) type Callback<'a> = Box<dyn FnMut(&mut Client, i64) -> Result<(), Failure> + Send + 'a>;

/// All that is known of where the rows come from.
#[derive(Default)]
pub(super) struct Seeds<'a> {
    files: BTreeMap<i64, Vec<PathBuf>>,
    pub(super) callback: Option<Callback<'a>>,
    /// Why no file was looked for, if so.
    pub(super) note: Option<String>,
    /// Files that belong to no migration.
    pub(super) strays: Vec<PathBuf>,
}

/// What has been run; a callback may have done nothing.
pub(super) enum Put {
    Nothing,
    ByCallback,
    FromFile,
}

impl Seeds<'_> {
    /// Looks for the files beside the scripts.
    pub(super) fn find(&mut self, set: &MigrationSet) -> io::Result<()> {
        let Some(directory) = set.directory() else {
            let mut paths = set.migrations().iter().map(|migration| migration.up().path());
            if paths.any(|path| !path.ends_with("(inline)")) {
                self.note = Some(
                    "no *.test.sql was looked for: only a debug build knows its directory".into(),
                );
            }
            return Ok(());
        };
        if !Path::new(directory).is_dir() {
            self.note = Some(format!("no *.test.sql was run: {directory} is not on this machine"));
            return Ok(());
        }
        for (version, path) in files(Path::new(directory))? {
            match version.filter(|version| set.get(*version).is_some()) {
                Some(version) => self.files.entry(version).or_default().push(path),
                None => self.strays.push(path),
            }
        }
        Ok(())
    }

    /// Puts in the rows of one migration. Each source has a connection of its own, so that its
    /// settings end with it.
    pub(super) fn put(&mut self, database: &Database, version: i64) -> Result<Put, String> {
        let files = self.files.get(&version).map(Vec::as_slice).unwrap_or_default();
        for path in files {
            let told = |why: String| format!("{}: {why}", path.display());
            let text = fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
            let mut client = database.connect().map_err(|error| told(error.to_string()))?;
            let text = text.trim_start_matches('\u{feff}');
            client.batch_execute(text).map_err(|error| told(words(&error)))?;
        }
        if let Some(callback) = &mut self.callback {
            let mut client = database.connect().map_err(|error| error.to_string())?;
            callback(&mut client, version).map_err(|error| told(&*error))?;
        }
        Ok(match (files.is_empty(), &self.callback) {
            (false, _) => Put::FromFile,
            (true, Some(_)) => Put::ByCallback,
            (true, None) => Put::Nothing,
        })
    }
}

/// The files and the versions that they begin with; in the folder of a migration, that it begins
/// with. In order.
fn files(directory: &Path) -> io::Result<Vec<(Option<i64>, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        let version = version(&path);
        if !path.is_dir() {
            found.push((version, path));
            continue;
        }
        for entry in fs::read_dir(&path)? {
            found.push((version, entry?.path()));
        }
    }
    found.retain(|(_, path)| is_seed(path));
    found.sort();
    Ok(found)
}

fn is_seed(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with('.') && name.to_ascii_lowercase().ends_with(".test.sql") && path.is_file()
}

/// The version at the beginning of a name, as the layouts read it: digits, with hyphens in between.
fn version(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_prefix(['V', 'U']).unwrap_or(name);
    let end = name.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(name.len());
    name.get(..end)?.replace('-', "").parse().ok()
}

/// What an error and its causes say. That of the client itself says "db error" and no more.
pub(super) fn told(error: &(dyn StdError + 'static)) -> String {
    if let Some(error) = error.downcast_ref::<postgres::Error>() {
        return words(error);
    }
    match error.source() {
        Some(cause) => format!("{error}: {}", told(cause)),
        None => error.to_string(),
    }
}

fn words(error: &postgres::Error) -> String {
    let Some(db) = error.as_db_error() else {
        return match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
    };
    let detail = db.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{detail}", db.message())
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrate_runtime::__private::set;

    #[test]
    fn a_directory_that_is_not_there_is_said_to_be_missing() {
        let mut seeds = Seeds::default();
        seeds.find(&set(&[], &0, Some("/nonexistent/migrations"))).unwrap();
        let note = "no *.test.sql was run: /nonexistent/migrations is not on this machine";
        assert_eq!(seeds.note.as_deref(), Some(note));
    }

    #[test]
    fn the_version_is_read_in_every_layout() {
        let read = |path: &str| version(Path::new(path));
        assert_eq!(read("migrations/0003_a.test.sql"), Some(3));
        assert_eq!(read("migrations/V12__a.test.sql"), Some(12));
        assert_eq!(read("migrations/2024-01-01-000000_a"), Some(20_240_101_000_000));
        assert_eq!(read("migrations/a.test.sql"), None);
    }
}
