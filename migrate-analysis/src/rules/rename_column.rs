//! A column with another name.

use super::alter::{Altered, is_named_later, later_of};
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{Id, named};
use crate::ddl::{AlterActionKind, AlterTable, Command, ObjectKind};
use crate::diagnostic::Code;
use crate::sql::quoted;

pub(super) const RULE: Rule = Rule {
    code: Code::RenameColumn,
    why: "The statement is quick, but an application that runs knows the column by its old name, and fails from that \
moment on until the new one is deployed everywhere; the new one fails before. (Views, indexes and constraints follow by \
themselves.)",
    instead: "Keep both for a while: add the new column, have a trigger fill it, copy the old rows in batches, deploy \
what uses the new name, and drop the old column. Or leave the column alone, and give it the other name where it is read.",
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, mail text);",
        bad: "ALTER TABLE users RENAME COLUMN mail TO email;",
        good: &[
            "-- migrate: allow(rename-column) nothing but the nightly job reads it, which is stopped\n\
ALTER TABLE users RENAME COLUMN mail TO email;",
        ],
        config: "",
    },
    downs: false,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Rename(rename) = statement.seen.command else { return };
    let (ObjectKind::Column, Some(column)) = (rename.object.kind, &rename.object.part) else {
        return;
    };
    let Some(id) = statement.seen.names.relation(&rename.object.name) else { return };
    let start = statement.script.at_start(statement.seen.after);
    let was_there = start.get(id).is_some_and(|it| named(it.columns(), &column.name).is_some());
    // Who knows the table by an older name does not come as far as the column.
    let is_renamed = start.get(id).map(|it| (it.schema, &it.name))
        != statement.seen.before.get(id).map(|it| (it.schema, &it.name));
    if !statement.is_in_use(id) || !was_there || is_renamed {
        return;
    }
    let (table, old, new) = (statement.name(id), quoted(&column.name), quoted(&rename.to.name));
    if is_taken_again(statement, rename) {
        findings.push(Finding {
            at: column.at.clone(),
            message: format!("`{old}` of `{table}` is another column from now on, which running applications take for this one"),
            label: format!("is `{new}` from then on"),
            help: vec![format!("leave `{old}` alone, and give the new column a name of its own")],
            ..Finding::default()
        });
        return;
    }
    let instead = both_names(statement, rename, id).unwrap_or_default();
    let steps = match instead.as_slice() {
        [] => format!(
            "add `{new}` beside it, have a trigger fill it, copy the old rows in batches, give `{new}` what `{old}` has, deploy what uses `{new}`, and drop `{old}` when nothing rests on it any more; or leave the column alone"
        ),
        _ => format!(
            "between the migrations, copy the old rows in batches, give `{new}` the constraints and indexes of `{old}`, and deploy what uses `{new}`"
        ),
    };
    findings.push(Finding {
        at: column.at.clone(),
        message: format!(
            "`{old}` of `{table}` gets another name, which running applications do not know"
        ),
        label: "known by this name".to_owned(),
        help: vec![steps],
        instead,
        ..Finding::default()
    });
}

/// Whether a later statement gives the name to another column.
fn is_taken_again(statement: &Statement<'_>, rename: &crate::ddl::Rename) -> bool {
    let Some(old) = &rename.object.part else { return false };
    later_of(statement, &rename.object.name.name).into_iter().any(|later| match later {
        Command::Rename(it) => it.to.name == old.name,
        Command::AlterTable(it) => it.actions.iter().any(|it| match &it.kind {
            AlterActionKind::AddColumn { column, .. } => column.name.name == old.name,
            _ => false,
        }),
        _ => false,
    })
}

/// Both columns side by side, each following the other.
fn both_names(
    statement: &Statement<'_>,
    rename: &crate::ddl::Rename,
    id: Id,
) -> Option<Vec<String>> {
    let column = rename.object.part.as_ref()?;
    let own = statement.seen.before.get(id)?.table()?.column(&column.name)?;
    let alter = AlterTable {
        table: rename.object.name.clone(),
        kind: ObjectKind::Table,
        if_exists: false,
        only: false,
        actions: Vec::new(),
    };
    let altered = Altered { statement, alter: &alter, table: id, name: statement.name(id) };
    let is_followed = own.column_type.is_unknown() || is_named_later(statement, id, own);
    if altered.is_irreplaceable(own) || is_followed {
        return None;
    }
    let (old, new) = (quoted(&own.name), quoted(&rename.to.name));
    let add = altered.sql(&[format!("ADD COLUMN {new} {}", altered.type_name(&own.column_type))]);
    let body = [
        "IF TG_OP = 'INSERT' THEN".to_owned(),
        format!("  NEW.{new} := coalesce(NEW.{new}, NEW.{old});"),
        format!("  NEW.{old} := NEW.{new};"),
        format!("ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN"),
        format!("  NEW.{old} := NEW.{new};"),
        "ELSE".to_owned(),
        format!("  NEW.{new} := NEW.{old};"),
        "END IF;".to_owned(),
    ];
    let (start, stop) = altered.trigger(&own.name, &body);
    let drop = altered.sql(&[format!("DROP COLUMN {old}")]);
    let default = altered.hand_over_default(own, &new);
    let drop =
        format!("{stop}\n{default}-- migrate: allow(drop-column) {new} has taken over\n{drop}");
    Some(vec![format!("{add}\n{start}"), drop])
}
