//! COMMENT ON.

use super::cursor::Reader;
use crate::ddl::{Command, Comment};

/// Behind `COMMENT`.
pub(super) fn comment(reader: &mut Reader<'_>) -> Option<Command> {
    reader.expect("ON")?;
    let kind = reader.object_kind()?;
    let object = reader.object_name(kind)?;
    reader.expect("IS")?;
    let text = if reader.accept("NULL") {
        None
    } else {
        Some(reader.string()?).filter(|text| !text.is_empty())
    };
    Some(Command::Comment(Comment { object, text }))
}
