//! Whose history is it? Two projects that share a database share the table too, unless one of them
//! says otherwise, and then "was edited" and "is missing" would be true and misleading.

use super::{Entry, Refusal};
use crate::error::ErrorKind;
use crate::migration::EmbeddedMigration;
use crate::observe::MigrationId;

/// The refusal to use instead of another one, if the history was written by another set.
pub(super) fn refusal(entries: &[Entry<'_>]) -> Option<Refusal> {
    let rows = entries.iter().filter(|entry| entry.row.is_some()).count();
    let own = entries.iter().filter(|entry| entry.own.is_some()).count();
    let mut shared = 0;
    let mut strange: Vec<(&'static EmbeddedMigration, MigrationId)> = Vec::new();
    for (own, row) in entries.iter().filter_map(|entry| entry.own.zip(entry.row)) {
        shared += 1;
        if super::is_other(own, row) {
            strange.push((own, row.id()));
        }
    }
    let why = match strange.first() {
        _ if rows == 0 || own == 0 => return None,
        None if shared == 0 && rows == 1 => "its only migration is not in this one".to_owned(),
        None if shared == 0 => format!("none of its {rows} migrations is in this one"),
        // A few of many are edits; most of them are another project.
        Some((own, theirs)) if strange.len() * 2 > shared => {
            format!("{theirs} is there what {} is here", MigrationId::from(*own))
        }
        _ => return None,
    };
    let refusal = Refusal {
        kind: ErrorKind::ForeignHistory,
        migration: strange.first().map(|(_, theirs)| theirs.clone()),
        sentence: format!("the history seems to belong to another set: {why}"),
        help: Vec::new(),
    };
    Some(
        refusal
            .help("if two sets share the database, give each a history of its own: .history_table(\"…\")")
            .help("or connect to this set's own database")
            .help("if this set replaces the other, as after a squash: .history_table(\"…\") and baseline"),
    )
}
