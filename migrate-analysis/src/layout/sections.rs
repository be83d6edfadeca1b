//! One file with sections: `001_create_users.sql` with `-- UP` and `-- DOWN`, or the marks of
//! dbmate, goose and sql-migrate. The marks themselves are read by [`directive`](crate::directive).

use super::{Layout, Malformed, Named, Part, version_and_name};

pub(super) fn read(stem: &str) -> Result<Named, Malformed> {
    let (version, name) = version_and_name(stem)?;
    Ok(Named { version, name, part: Part::Both, layout: Layout::Sections })
}
