//! Tables that have no rows, or else the script fails and leaves nothing behind.

use super::Statement;
use super::alter::later_of;
use crate::catalog::{Id, Kind};
use crate::ddl::{AlterActionKind, ColumnConstraintKind, ColumnDef, Command};
use crate::lock::Cause;

impl Statement<'_> {
    /// Whether the transaction can only succeed if the table has no rows: it adds a NOT NULL column without a
    /// default, which another rule speaks of.
    pub(super) fn has_to_be_empty(&self, id: Id) -> bool {
        let refuses = |cause| cause == Cause::NotNullColumn;
        let here = self.locks.work.iter().any(|it| it.relation == id && refuses(it.cause));
        self.script.transactional
            && (here || self.script.is_emptied(id) || self.refuses_rows_later(id))
    }

    /// Whether a later statement refuses rows, before any could go.
    fn refuses_rows_later(&self, id: Id) -> bool {
        let Some(object) = self.seen.after.get(id) else { return false };
        for command in later_of(self, &object.name) {
            match command {
                Command::AlterTable(alter) => {
                    let mut added = alter.actions.iter().filter_map(|it| match &it.kind {
                        AlterActionKind::AddColumn { column, if_not_exists: false } => Some(column),
                        _ => None,
                    });
                    if added.any(|column| self.needs_a_value(column)) {
                        return true;
                    }
                }
                Command::CreateIndex(_)
                | Command::Update(_)
                | Command::Insert(_)
                | Command::Rename(_) => {}
                _ => return false,
            }
        }
        false
    }

    /// Whether no row that is there could have the column.
    fn needs_a_value(&self, column: &ColumnDef) -> bool {
        let has = |wanted: fn(&ColumnConstraintKind) -> bool| {
            column.constraints.iter().any(|it| wanted(&it.kind))
        };
        let Some(type_name) = &column.type_name else { return false };
        // A domain may have a default of its own.
        let is_domain = |name: &str| {
            self.seen
                .after
                .all()
                .any(|(_, it)| matches!(it.kind, Kind::Domain(_)) && it.name == name)
        };
        let has_default = has(|it| {
            matches!(
                it,
                ColumnConstraintKind::Default(_)
                    | ColumnConstraintKind::Generated { .. }
                    | ColumnConstraintKind::Identity { .. }
            )
        });
        let is_serial = type_name.name.name.contains("serial");
        has(|it| {
            matches!(it, ColumnConstraintKind::NotNull | ColumnConstraintKind::PrimaryKey { .. })
        }) && !(has_default || is_serial)
            && (type_name.built_in || !is_domain(&type_name.name.name))
    }
}
