//! `RENAME TO` and `SET SCHEMA` of what the running application knows.

use super::alter::later_of;
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{Id, Kind, Object, numbered};
use crate::ddl::{AlterActionKind, ColumnAction, Command, Ident, ObjectKind, ObjectName};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::sql::quoted;

pub(super) const TABLE: Rule = Rule {
    code: Code::RenameTable,
    why: "While the migration runs, and until the new release is everywhere, the application still uses the old name: \
every query fails that does.",
    instead: "Give the old name to a view of the new one, in the same migration. A simple view can be written to, too. Drop \
it when nobody uses it any more. The rule says nothing about downs, since the application goes back with them.",
    source: "https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "ALTER TABLE users RENAME TO accounts;",
        good: &[
            "ALTER TABLE users RENAME TO accounts;\nCREATE VIEW users AS SELECT * FROM accounts;",
        ],
        config: "",
    },
    downs: false,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let (object, name, schema) = match statement.seen.command {
        Command::Rename(it) if it.object.part.is_none() => (&it.object, Some(&it.to), None),
        Command::SetSchema { object, schema, .. } => (object, None, Some(schema)),
        _ => return,
    };
    if object.kind == ObjectKind::Schema {
        return of_schema(statement, object, name, findings);
    }
    let Some(id) = statement.seen.names.relation(&object.name) else { return };
    if !statement.was_there(id) || is_taken_again(statement, &object.name.name) {
        return;
    }
    let Some(what) = statement.object(id).and_then(title) else { return };
    let old = statement.name(id);
    let new = match (name, schema) {
        (Some(name), _) => statement.beside(id, &quoted(&name.name)),
        (None, Some(schema)) => {
            format!("{}.{}", quoted(&schema.name), quoted(&object.name.name))
        }
        (None, None) => return,
    };
    let instead = with_view(statement, id, &old, &new);
    let help = match instead.is_empty() {
        false => Some("drop the view when nobody uses it any more".to_owned()),
        true if is_read(statement, id) && !is_dropped(statement, &new) => Some(format!(
            "where it is still used, give `{old}` to a view of it at the end of the migration"
        )),
        true => None,
    };
    findings.push(Finding {
        at: object.name.at.clone(),
        message: format!(
            "the running application does not find {what} `{old}`, which is `{new}` from then on"
        ),
        label: "is used until the new release is everywhere".to_owned(),
        help: help.into_iter().collect_vec(),
        instead,
        ..Finding::default()
    });
}

fn title(object: &Object) -> Option<&'static str> {
    match &object.kind {
        Kind::Table(table) if table.server.is_some() => Some("foreign table"),
        Kind::Table(_) => Some("table"),
        Kind::View(view) if view.materialized => Some("materialized view"),
        Kind::View(_) => Some("view"),
        Kind::Sequence(sequence) if sequence.owned_by.is_none() => Some("sequence"),
        _ => None,
    }
}

/// Whether a later statement gives the name to something else: a view, or the table that takes over.
fn is_taken_again(statement: &Statement<'_>, name: &str) -> bool {
    let script = statement.script;
    script.statements.iter().skip(script.place + 1).any(|later| match &later.command {
        Command::CreateView(it) => it.name.name == name,
        Command::CreateTable(it) => it.name.name == name,
        Command::CreateTableAs(it) => it.name.name == name,
        Command::Rename(it) => it.object.part.is_none() && it.to.name == name,
        _ => false,
    })
}

/// The statement, and a view under the old name.
fn with_view(statement: &Statement<'_>, id: Id, old: &str, new: &str) -> Vec<String> {
    let columns = old_columns(statement, id);
    let is_changed = of_new_name(statement, new).into_iter().any(would_fail_under_a_view);
    let again = statement.again().filter(|_| is_read(statement, id) && !is_changed);
    again
        .map(|sql| format!("{sql}\nCREATE VIEW {old} AS SELECT {columns} FROM {new};"))
        .into_iter()
        .collect_vec()
}

/// Whether a view can have its name.
fn is_read(statement: &Statement<'_>, id: Id) -> bool {
    statement.object(id).is_some_and(|it| matches!(it.kind, Kind::Table(_) | Kind::View(_)))
}

/// What later statements do to it. `new`: as it is written in SQL.
fn of_new_name<'a>(statement: &Statement<'a>, new: &str) -> Vec<&'a Command> {
    later_of(statement, new.rsplit('.').next().unwrap_or(new).trim_matches('"'))
}

fn is_dropped(statement: &Statement<'_>, new: &str) -> bool {
    of_new_name(statement, new).into_iter().any(|it| matches!(it, Command::Drop(_)))
}

/// Whether a statement about a table fails where a view reads all of it.
fn would_fail_under_a_view(command: &Command) -> bool {
    match command {
        Command::Drop(_) => true,
        Command::AlterTable(alter) => alter.actions.iter().any(|it| {
            matches!(
                it.kind,
                AlterActionKind::DropColumn { .. }
                    | AlterActionKind::AlterColumn { action: ColumnAction::Type { .. }, .. }
            )
        }),
        _ => false,
    }
}

/// The columns by the names that the running application knows.
fn old_columns(statement: &Statement<'_>, id: Id) -> String {
    let start = statement.script.at_start(statement.seen.after);
    let was = start.get(id).map(|it| it.columns().to_vec()).unwrap_or_default();
    let now = statement.object(id).map(Object::columns).unwrap_or_default();
    let mut columns = Vec::new();
    for column in now {
        let old = numbered(&was, column.number);
        columns.push(match old.filter(|it| it.name != column.name) {
            Some(old) => format!("{} AS {}", quoted(&column.name), quoted(&old.name)),
            None => quoted(&column.name),
        });
    }
    match columns.iter().any(|it| it.contains(" AS ")) {
        true => columns.join(", "),
        false => "*".to_owned(),
    }
}

fn of_schema(
    statement: &Statement<'_>,
    object: &ObjectName,
    name: Option<&Ident>,
    findings: &mut Vec<Finding>,
) {
    let Some(name) = name else { return };
    // What moves is in it, and was there before.
    let id = statement.seen.after.all().find_map(|(id, it)| {
        (matches!(it.kind, Kind::Schema) && it.name == name.name).then_some(id)
    });
    let Some(id) = id.filter(|id| statement.was_there(*id)) else { return };
    let is_used = |id: Id| {
        statement.was_there(id) && statement.object(id).is_some_and(|it| title(it).is_some())
    };
    if !statement.seen.after.dependents(id).any(is_used) {
        return;
    }
    findings.push(Finding {
        at: object.name.at.clone(),
        message: format!(
            "the running application does not find what is in schema `{}`, which is `{}` from then on",
            object.name.name, name.name
        ),
        label: "is used until the new release is everywhere".to_owned(),
        help: vec![
            "make the new schema, move one table after the other into it, and leave a view in its place".to_owned(),
        ],
        ..Finding::default()
    });
}
