//! A folder a migration: `2024-01-01-000000_create_users/up.sql` and `down.sql`, as diesel has them.

use super::{Layout, Malformed, Named, Part, version_and_name};

pub(super) fn read(folder: &str, file: &str) -> Result<Named, Malformed> {
    let part = match file {
        "up.sql" => Part::Up,
        "down.sql" => Part::Down,
        "migration.sql" => {
            return Err(Malformed::new(
                "in a folder, only `up.sql` and `down.sql` are migrations",
                "rename it to `up.sql`, and write the `down.sql` beside it",
            ));
        }
        _ => {
            return Err(Malformed::new(
                "it stands in a folder, where only `up.sql` and `down.sql` are migrations",
                "move it beside the other migrations, or out of this directory",
            ));
        }
    };
    if folder.contains('/') {
        return Err(Malformed::new(
            "it stands more than one folder deep",
            "the folders of migrations stand directly in the migrations directory",
        ));
    }
    let (version, name) = version_and_name(folder).map_err(|malformed| Malformed {
        reason: malformed.reason.replacen("it", "its folder", 1),
        help: malformed.help.replace(".sql`", "/`"),
        ..malformed
    })?;
    Ok(Named { version, name, part, layout: Layout::Directory })
}

/// What diesel's `metadata.toml` says.
///
/// # Errors
///
/// When it does not say it: diesel then switches the transaction off without a word.
pub(crate) fn run_in_transaction(text: &str) -> Result<bool, String> {
    let table = toml::de::DeTable::parse(text).map_err(|error| error.message().to_owned())?;
    match table.get_ref().get("run_in_transaction").map(|value| value.get_ref().as_bool()) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err("`run_in_transaction` is neither `true` nor `false`".to_owned()),
        None => Err("it does not say `run_in_transaction`".to_owned()),
    }
}
