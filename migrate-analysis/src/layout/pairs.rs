//! A pair of files: `0001_create_users.up.sql` and `0001_create_users.down.sql`, as golang-migrate
//! and sqlx have them.

use super::{Layout, Malformed, Named, Part, version_and_name};

/// `None`: the name says neither `.up` nor `.down`.
pub(super) fn read(stem: &str) -> Option<Result<Named, Malformed>> {
    let (stem, part) = match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(stem), _) => (stem, Part::Up),
        (_, Some(stem)) => (stem, Part::Down),
        _ => return None,
    };
    let named = version_and_name(stem).map(|(version, name)| Named {
        version,
        name,
        part,
        layout: Layout::Pair,
    });
    Some(named)
}
