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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Script(Named),
    /// diesel's `metadata.toml` of the migration in this folder.
    Metadata {
        folder: String,
    },
    Config,
    /// Belongs beside the scripts and is none: `*.test.sql`, `schema.sql`, a README.
    Reserved,
    Malformed(Malformed),
}

/// A script's name, read.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) reason: String,
    pub(crate) help: String,
}

impl Malformed {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Malformed {
        Malformed { reason: reason.into(), help: help.into() }
    }
}

/// Reads a path relative to the set's directory.
pub(crate) fn entry(path: &str) -> Entry {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file {
        "migrate.toml" if folder.is_empty() => return Entry::Config,
        "metadata.toml" => return Entry::Metadata { folder: folder.to_owned() },
        "schema.sql" if folder.is_empty() => return Entry::Reserved,
        _ if file.ends_with(".test.sql") => return Entry::Reserved,
        _ if !file.to_ascii_lowercase().ends_with(".sql") => return Entry::Reserved,
        _ => {}
    }
    let named = match folder {
        "" => flat(file),
        _ => directories::read(folder, file),
    };
    named.map_or_else(Entry::Malformed, Entry::Script)
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
    let grouped = !digits.is_empty() && digits.split('-').all(|group| !group.is_empty());
    match rest.strip_prefix('_') {
        _ if !digits.starts_with(|c: char| c.is_ascii_digit()) => Err(Malformed::new(
            "it does not start with a version",
            format!(
                "name it `<version>_{}.sql`, with digits for the version",
                suggested_name(stem)
            ),
        )),
        Some(name) if grouped && name.chars().any(char::is_alphanumeric) => {
            Ok((version(digits), name.to_owned()))
        }
        _ => Err(Malformed::new(
            "its version is not followed by `_` and a name",
            format!("name it `{}_<name>.sql`", digits.trim_end_matches('-')),
        )),
    }
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
