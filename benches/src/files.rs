//! Writing the applications. A file that is as it should be is left alone, for cargo builds again
//! what was written again.

use crate::Result;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder, and what was written to it.
pub(crate) struct Files {
    root: PathBuf,
    written: HashSet<PathBuf>,
}

impl Files {
    pub(crate) fn new(root: &Path) -> Files {
        Files { root: root.to_path_buf(), written: HashSet::new() }
    }

    pub(crate) fn folder(&self, path: &str) -> Result<()> {
        Ok(fs::create_dir_all(self.root.join(path))?)
    }

    pub(crate) fn write(&mut self, path: &str, text: &str) -> Result<()> {
        let path = self.root.join(path);
        write(&path, text.as_bytes())?;
        self.written.insert(path);
        Ok(())
    }

    /// Copies a file or a whole folder.
    pub(crate) fn copy(&mut self, from: &Path, to: &str) -> Result<()> {
        if from.is_dir() {
            for entry in fs::read_dir(from)? {
                let entry = entry?;
                let name = entry.file_name();
                self.copy(&entry.path(), &format!("{to}/{}", name.to_string_lossy()))?;
            }
            return Ok(());
        }
        let to = self.root.join(to);
        write(&to, &fs::read(from)?)?;
        self.written.insert(to);
        Ok(())
    }

    /// Removes what an earlier run wrote to a folder and this one did not.
    pub(crate) fn remove_others(&self, folder: &str) -> Result<()> {
        remove_others(&self.root.join(folder), &self.written)
    }
}

fn remove_others(folder: &Path, written: &HashSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, written)?;
        } else if !written.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, bytes)?)
}
