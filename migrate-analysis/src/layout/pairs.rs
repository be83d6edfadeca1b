//! A pair of files: `0001_create_users.up.sql` and `0001_create_users.down.sql`, as golang-migrate
//! and sqlx have them.

use super::{Layout, Malformed, Named, Part, version_and_name};

/// `None`: the name says neither `.up` nor `.down`.
pub(super) fn read(stem: &str) -> Option<Result<Named, Malformed>> {
    let (stem, suffix) = stem.rsplit_once('.')?;
    let part = match suffix {
        "up" => Part::Up,
        "down" => Part::Down,
        _ => return misspelt(stem, suffix).map(Err),
    };
    let named = version_and_name(stem).map(|(version, name)| Named {
        version,
        name,
        part,
        layout: Layout::Pair,
    });
    Some(named.map_err(|malformed| Malformed {
        help: malformed.help.replace(".sql`", &format!(".{suffix}.sql`")),
        ..malformed
    }))
}

/// What would otherwise be the up script of a migration of its own.
fn misspelt(stem: &str, suffix: &str) -> Option<Malformed> {
    let meant = match suffix.to_ascii_lowercase().as_str() {
        "up" => "up",
        "down" | "undo" | "rollback" | "revert" => "down",
        _ => return None,
    };
    let reason = match meant {
        "up" => "an up script",
        _ => "a down script",
    };
    let reason = format!("it ends in `.{suffix}`, and {reason} ends in `.{meant}`");
    Some(Malformed::new(reason, format!("name it `{stem}.{meant}.sql`")))
}
