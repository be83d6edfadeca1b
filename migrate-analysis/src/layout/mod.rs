//! Which files are migrations, and what their names say. One file a layout.
//!
//! A layout is detected per entry, so a directory may mix them, and a directory made for another
//! tool is adopted as it is. Whatever fits none is an error: nothing is silently left out.

mod directories;
mod flyway;
mod pairs;
mod sections;

pub(crate) use directories::run_in_transaction;

/// What a path means.
#[derive(Debug)]
pub(crate) enum Entry {
    Script(Named),
    /// diesel's `metadata.toml` of the migration in this folder.
    Metadata {
        folder: String,
    },
    Config,
    /// Belongs beside the scripts and is none: `*.test.sql`, `schema.sql`, `mod.rs`.
    Reserved,
    Malformed(Malformed),
}

/// A script's name, read.
#[derive(Debug)]
pub(crate) struct Named {
    /// `None` when the digits do not fit into 64 bits.
    pub(crate) version: Option<i64>,
    pub(crate) name: String,
    pub(crate) part: Part,
    pub(crate) layout: Layout,
}

/// Which scripts a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Up,
    Down,
    /// Both, told apart by section marks.
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Pair,
    Sections,
    Directory,
    Flyway,
    /// Written in the macro call.
    Inline,
}

/// Why a name fits no layout, and what to call the file instead.
#[derive(Debug)]
pub(crate) struct Malformed {
    /// `is not named like a migration`.
    pub(crate) verdict: &'static str,
    pub(crate) reason: String,
    pub(crate) help: String,
}

impl Malformed {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Malformed {
        let verdict = "is not named like a migration";
        Malformed { verdict, reason: reason.into(), help: help.into() }
    }

    /// A file that says something which nobody would hear.
    fn unread(reason: impl Into<String>, help: impl Into<String>) -> Malformed {
        Malformed { verdict: "is not read", ..Malformed::new(reason, help) }
    }
}

/// Reads a path relative to the set's directory.
pub(crate) fn entry(path: &str) -> Entry {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = file.to_ascii_lowercase();
    match (folder, file) {
        ("", "migrate.toml") => return Entry::Config,
        ("", "schema.sql") => return Entry::Reserved,
        (_, "metadata.toml") if !folder.is_empty() && !folder.contains('/') => {
            return Entry::Metadata { folder: folder.to_owned() };
        }
        _ if lower.ends_with(".test.sql") => return Entry::Reserved,
        _ if lower.ends_with(".sql") => {}
        _ => return overlooked(folder, file, &lower).map_or(Entry::Reserved, Entry::Malformed),
    }
    let named = match folder {
        "" => flat(file),
        _ => directories::read(folder, file),
    };
    named.map_or_else(Entry::Malformed, Entry::Script)
}

/// Why a file that is no script must not be passed over in silence, if so.
fn overlooked(folder: &str, file: &str, lower: &str) -> Option<Malformed> {
    let (stem, extension) = file.rsplit_once('.')?;
    let looks_like_a_script = || folder.is_empty() && flat(&format!("{stem}.sql")).is_ok();
    match lower {
        "migrate.toml" if !folder.is_empty() => {
            Some(Malformed::unread("it stands in a folder", "move it beside the migrations"))
        }
        "migrate.toml" | "migrations.toml" | "migration.toml" if folder.is_empty() => {
            Some(Malformed::unread("the settings are in `migrate.toml`", "rename it"))
        }
        "metadata.toml" => Some(Malformed::unread(
            "it speaks of the migration in its folder, and there is none",
            "move it beside the `up.sql` that it speaks of, or remove it",
        )),
        _ if lower.ends_with(".sql.conf") => Some(Malformed::unread(
            "settings of a script stand in the script",
            "write `-- migrate: no-transaction` for `executeInTransaction=false`, and remove it",
        )),
        _ if lower.ends_with("sql") && looks_like_a_script() => Some(Malformed::new(
            format!("its extension is `.{extension}`"),
            format!("name it `{stem}.sql`"),
        )),
        _ if (lower.ends_with(".rs") || lower.ends_with(".go") && !lower.ends_with("_test.go"))
            && looks_like_a_script() =>
        {
            Some(Malformed::unread(
                "it is a migration that is not SQL",
                "write it as SQL, or move it out of this directory",
            ))
        }
        _ => None,
    }
}

fn flat(file: &str) -> Result<Named, Malformed> {
    let Some(stem) = file.strip_suffix(".sql") else {
        return Err(Malformed::new(
            "its extension is not `.sql` in lower case",
            "rename it: file systems and tools differ in what they make of the other spelling",
        ));
    };
    if let Some(named) = flyway::read(stem) {
        return named;
    }
    if let Some(named) = pairs::read(stem) {
        return named;
    }
    sections::read(stem)
}

/// `001_create_users` → version and name. The digits may be grouped by hyphens, as diesel does.
fn version_and_name(stem: &str) -> Result<(Option<i64>, String), Malformed> {
    let end = stem.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(stem.len());
    let (digits, rest) = stem.split_at(end);
    let hyphens = digits.contains('-');
    let grouped =
        !digits.is_empty() && (!hyphens || digits.split('-').all(|group| !group.is_empty()));
    match rest.strip_prefix('_') {
        _ if !digits.starts_with(|c: char| c.is_ascii_digit()) => Err(Malformed::new(
            "it does not start with a version",
            format!(
                "name it `<version>_{}.sql`, with digits for the version, or move it out of this \
                 directory if it is no migration",
                suggested_name(stem)
            ),
        )),
        // Without the hyphens `1-10` would come after `2-1`.
        Some(_)
            if hyphens
                && grouped
                && digits.split('-').skip(1).any(|group| group.len() % 2 == 1) =>
        {
            Err(Malformed::new(
                format!("its version `{digits}` has a number of one digit"),
                "write the numbers of a version with two digits or more: `2024-01-05`",
            ))
        }
        Some(name) if grouped && name.chars().any(char::is_alphanumeric) => {
            Ok((version(digits), name.to_owned()))
        }
        _ => Err(Malformed::new(
            "its version is not followed by `_` and a name",
            format!("name it `{}.sql`", mended(digits.trim_end_matches('-'), rest)),
        )),
    }
}

/// `001` and `create` to `001_create`, `20240101` and `T120000_x` to `20240101120000_x`.
fn mended(digits: &str, rest: &str) -> String {
    let time = rest.strip_prefix(['T', 't']).unwrap_or_default();
    let end = time.find(|c: char| !c.is_ascii_digit()).unwrap_or(time.len());
    let (time, name) = match end {
        4 | 6 => time.split_at(end),
        _ => ("", rest),
    };
    let name = match suggested_name(name) {
        "name" => "<name>",
        name => name,
    };
    format!("{digits}{time}_{name}")
}

fn version(digits: &str) -> Option<i64> {
    digits.replace('-', "").parse().ok()
}

fn suggested_name(stem: &str) -> &str {
    match stem.trim_matches(['_', '-', '.', ' ']) {
        "" => "name",
        name => name,
    }
}
