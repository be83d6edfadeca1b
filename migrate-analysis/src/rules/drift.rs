//! `IF NOT EXISTS`, where something else of that name exists.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::{BaseType, ColumnType, Id, IndexKey, Kind};
use crate::ddl::{
    self, AlterActionKind, Command, CreateIndex, CreateTable, Name, TableElement, TypeName,
};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;

pub(super) const RULE: Rule = Rule {
    code: Code::IfNotExistsHidesDrift,
    why: "`IF NOT EXISTS` asks for the name alone. Where something else has it, the statement does nothing, and whatever \
comes later meets another table, column or index than the script says.",
    instead: "Leave `IF NOT EXISTS` out: the schema at that point is known. To change what is there, alter it.",
    source: "https://www.postgresql.org/docs/current/sql-createtable.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, name text);",
        bad: "CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY, email text);",
        good: &["ALTER TABLE users ADD COLUMN email text;"],
        config: "",
    },
    downs: true,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    match statement.seen.command {
        Command::CreateTable(create) if create.if_not_exists => table(statement, create, findings),
        Command::CreateIndex(create) if create.if_not_exists => index(statement, create, findings),
        Command::CreateView(create) if create.if_not_exists => {
            let what = if create.materialized { "materialized view" } else { "view" };
            other(statement, &create.name, what, findings);
        }
        Command::CreateSequence(create) if create.if_not_exists => {
            other(statement, &create.name, "sequence", findings);
        }
        Command::AlterTable(alter) => {
            for action in &alter.actions {
                if let AlterActionKind::AddColumn { column, if_not_exists: true } = &action.kind {
                    added_column(statement, &alter.table, column, findings);
                }
            }
        }
        _ => {}
    }
}

fn title(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Table(_) => Some("table"),
        Kind::View(view) if view.materialized => Some("materialized view"),
        Kind::View(_) => Some("view"),
        Kind::Sequence(_) => Some("sequence"),
        Kind::Index(_) => Some("index"),
        Kind::Composite(_) => Some("type"),
        _ => None,
    }
}

/// Something of another kind has the name.
fn other(
    statement: &Statement<'_>,
    name: &Name,
    wanted: &str,
    findings: &mut Vec<Finding>,
) -> bool {
    let Some(id) = statement.seen.names.relation(name) else { return false };
    let Some(object) = statement.seen.before.get(id).filter(|it| !it.partial) else { return false };
    let Some(what) = title(&object.kind).filter(|what| *what != wanted) else { return false };
    findings.push(Finding {
        at: name.at.clone(),
        message: format!(
            "nothing is made, since `{}` is the name of a {what} already",
            object.name
        ),
        label: format!("a {what}, not a {wanted}"),
        help: vec!["give it another name, and leave IF NOT EXISTS out".to_owned()],
        ..Finding::default()
    });
    true
}

fn table(statement: &Statement<'_>, create: &CreateTable, findings: &mut Vec<Finding>) {
    if other(statement, &create.name, "table", findings) {
        return;
    }
    let Some(id) = statement.seen.names.relation(&create.name) else { return };
    let Some(object) = statement.seen.before.get(id).filter(|it| !it.partial) else { return };
    let Some(table) = object.table() else { return };
    let columns: Vec<&ddl::ColumnDef> = create
        .elements
        .iter()
        .filter_map(|element| match element {
            TableElement::Column(column) => Some(column),
            _ => None,
        })
        .collect_vec();
    let plain = create.inherits.is_empty()
        && create.partition_of.is_none()
        && create.of_type.is_none()
        && !create.elements.iter().any(|it| matches!(it, TableElement::Like(_)));
    if !plain || table.columns.iter().any(|column| column.partial) {
        return;
    }
    let mut differences = Vec::new();
    for column in &columns {
        match table.column(&column.name.name) {
            None => differences.push(format!("it has no column `{}`", column.name.name)),
            Some(own) => differences.extend(type_differs(statement, column, &own.column_type)),
        }
    }
    for own in &table.columns {
        if columns.iter().all(|column| column.name.name != own.name) {
            differences.push(format!("it has a column `{}` beside", own.name));
        }
    }
    let Some(first) = differences.first() else { return };
    findings.push(Finding {
        at: create.name.at.clone(),
        message: format!(
            "nothing is made, since another table `{}` is there: {first}",
            statement.name(id)
        ),
        label: "exists, and is another one".to_owned(),
        notes: differences.iter().skip(1).cloned().collect_vec(),
        help: vec![
            "change the table that is there with ALTER TABLE, or give this one another name"
                .to_owned(),
        ],
        ..Finding::default()
    });
}

fn added_column(
    statement: &Statement<'_>,
    table: &Name,
    column: &ddl::ColumnDef,
    findings: &mut Vec<Finding>,
) {
    let Some(id) = statement.seen.names.relation(table) else { return };
    let Some(own) = statement.seen.before.get(id).and_then(|it| it.table()) else { return };
    let Some(own) = own.column(&column.name.name).filter(|it| !it.partial) else { return };
    let Some(difference) = type_differs(statement, column, &own.column_type) else { return };
    findings.push(Finding {
        at: column.name.at.clone(),
        message: format!("nothing is added to `{}`: {difference}", statement.name(id)),
        label: "exists, and is another one".to_owned(),
        help: vec![
            "leave IF NOT EXISTS out; to change the column that is there, alter it".to_owned(),
        ],
        ..Finding::default()
    });
}

fn type_differs(
    statement: &Statement<'_>,
    column: &ddl::ColumnDef,
    own: &ColumnType,
) -> Option<String> {
    let written = column.type_name.as_ref()?;
    if is_same(written, own)? {
        return None;
    }
    let is = deparse::column_type(&statement.seen.before, own);
    Some(format!("column `{}` is {is}", column.name.name))
}

/// None where that cannot be told.
fn is_same(written: &TypeName, own: &ColumnType) -> Option<bool> {
    let BaseType::BuiltIn(name) = &own.base else { return None };
    if !written.built_in {
        return None;
    }
    let modifiers = |text: &Option<String>| text.clone().unwrap_or_default();
    // `char` is `char(1)`, and intervals have words there.
    let comparable = !["character", "interval", "bit"].contains(&name.as_str());
    let same = written.name.name == *name && written.array == own.array;
    let lengths = modifiers(&written.modifiers) == modifiers(&own.modifiers);
    Some(same && (lengths || !comparable))
}

fn index(statement: &Statement<'_>, create: &CreateIndex, findings: &mut Vec<Finding>) {
    let (Some(name), Some(id)) = (&create.name, statement.existing_index(create)) else { return };
    let Some(object) = statement.seen.before.get(id).filter(|it| !it.partial) else { return };
    let Some(what) = title(&object.kind) else { return };
    let difference = match object.index() {
        None => Some(format!("`{}` is the name of a {what} already", name.name)),
        Some(index) if statement.seen.names.relation(&create.table) != Some(index.table) => {
            Some(format!("`{}` is an index of `{}`", name.name, statement.name(index.table)))
        }
        Some(index) if index.unique != create.unique => {
            let is = if index.unique { "is unique" } else { "is not unique" };
            Some(format!("`{}` is there and {is}", name.name))
        }
        Some(_) if differs(statement, create, id) == Some(true) => {
            Some(format!("`{}` is there and has other columns", name.name))
        }
        Some(_) => None,
    };
    let Some(difference) = difference else { return };
    findings.push(Finding {
        at: name.at.clone(),
        message: format!("no index is made, since {difference}"),
        label: "exists, and is another one".to_owned(),
        help: vec!["give it another name, and leave IF NOT EXISTS out".to_owned()],
        ..Finding::default()
    });
}

/// Whether its columns are others; none where a key is an expression.
fn differs(statement: &Statement<'_>, create: &CreateIndex, id: Id) -> Option<bool> {
    let index = statement.seen.before.get(id)?.index()?;
    let table = statement.seen.before.get(index.table)?.table()?;
    let mut written = Vec::new();
    for element in &create.elements {
        let ddl::IndexKey::Column(ident) = &element.key else { return None };
        written.push(table.column(&ident.name)?.number);
    }
    let mut own = Vec::new();
    for element in &index.elements {
        let IndexKey::Column(number) = element.key else { return None };
        own.push(number);
    }
    Some(written != own)
}
