//! A debug build's look at the directory it was made from: was a file added since?

use std::collections::BTreeSet;

use crate::migration::{EmbeddedMigration, MigrationSet};

/// The directory, if its versions are no longer those of the set. Best effort: a directory that is
/// not there (another machine) says nothing.
pub(crate) fn changed(set: &MigrationSet) -> Option<&'static str> {
    let directory = set.directory?;
    let entries = std::fs::read_dir(directory).ok()?;
    let found: BTreeSet<i64> =
        entries.filter_map(|entry| version(entry.ok()?.file_name().to_str()?)).collect();
    let ours = set.migrations().iter().map(EmbeddedMigration::version);
    (!found.iter().copied().eq(ours)).then_some(directory)
}

/// The version that a file's or a folder's name begins with.
fn version(name: &str) -> Option<i64> {
    let name = name.strip_prefix(['V', 'U']).unwrap_or(name);
    let end = name.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(name.len());
    name[..end].replace('-', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_of_all_layouts() {
        assert_eq!(version("0001_a.up.sql"), Some(1));
        assert_eq!(version("V12__a.sql"), Some(12));
        assert_eq!(version("2024-01-01-000000_a"), Some(20_240_101_000_000));
        assert_eq!(version("migrate.toml"), None);
    }
}
