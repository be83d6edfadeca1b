//! `RENAME TO` and `SET SCHEMA` of what the running application knows.

use super::alter::later_of;
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{Id, Kind, Object};
use crate::ddl::{Command, Ident, ObjectKind, ObjectName};
use crate::diagnostic::Code;
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
    let help = "drop the view when nobody uses it any more; what changes columns of the table has to come before it";
    findings.push(Finding {
        at: object.name.at.clone(),
        message: format!(
            "the running application does not find {what} `{old}`, which is `{new}` from then on"
        ),
        label: "is used until the new release is everywhere".to_owned(),
        help: instead.iter().map(|_| help.to_owned()).collect(),
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
    let is_table =
        statement.object(id).is_some_and(|it| matches!(it.kind, Kind::Table(_) | Kind::View(_)));
    let columns = old_columns(statement, id);
    // A view would stand in the way of dropping it.
    let goes = later_of(statement, new.rsplit('.').next().unwrap_or(new).trim_matches('"'))
        .into_iter()
        .any(|it| matches!(it, Command::Drop(_)));
    let again = statement.again().filter(|_| is_table && !goes);
    again
        .map(|sql| format!("{sql}\nCREATE VIEW {old} AS SELECT {columns} FROM {new};"))
        .into_iter()
        .collect()
}

/// The columns by the names that the running application knows.
fn old_columns(statement: &Statement<'_>, id: Id) -> String {
    let start = statement.script.at_start(statement.seen.after);
    let was = start.get(id).map(|it| it.columns().to_vec()).unwrap_or_default();
    let now = statement.object(id).map(Object::columns).unwrap_or_default();
    let mut columns = Vec::new();
    for column in now {
        let old = was.iter().find(|it| it.number == column.number);
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
