//! What is not known once a statement has failed: what it would have changed, were it not for the mistake in
//! it, and the name that is missing.
//!
//! So one mistake is one error, and does not hide another. A statement that changes no schema leaves
//! nothing else unknown; one that makes something, that.

use super::{External, Failure, FailureKind, Simulator};
use crate::catalog::Catalog;
use crate::ddl::{AlterActionKind, Command, CreateTable, Name, ObjectKind, Query, TableElement};

/// What a statement would have changed.
enum Reach<'a> {
    /// No schema.
    Rows,
    /// What it makes or replaces, by name.
    Made(Vec<&'a str>),
    /// Parts of this table, which are named in it, or follow from what is.
    Parts(&'a Name),
    /// Anything that is named in it.
    Named,
}

/// Takes a failed statement for one that will be corrected. `names` are all that stand in it.
pub(crate) fn pass_over(
    catalog: &mut Catalog,
    external: &External,
    command: &Command,
    failure: &Failure,
    names: Vec<String>,
) {
    let mut simulator = Simulator { catalog, external, deaths: Vec::new(), opaque: None };
    if let Some(name) = missing(failure) {
        simulator.shroud(name);
    }
    if lacks_only_what_it_uses(command, failure) {
        let outcome = super::run(simulator.catalog, external, command);
        if outcome.failure.is_none() && outcome.doubted.is_none() {
            return;
        }
    }
    match simulator.reach(command, failure) {
        Reach::Rows => {}
        Reach::Made(names) => names.into_iter().for_each(|name| simulator.shroud(name)),
        Reach::Parts(table) => simulator.catalog.edit_session(|session| {
            let parts = names.into_iter().filter(|name| *name != table.name);
            session.fog.names.extend(parts);
            session.fog.changed.insert(table.name.clone());
        }),
        Reach::Named => {
            simulator.catalog.edit_session(|session| session.fog.names.extend(names));
        }
    }
}

/// The name of what does not exist.
fn missing(failure: &Failure) -> Option<&str> {
    match &failure.kind {
        FailureKind::Unknown { name, .. } => Some(name.rsplit('.').next().unwrap_or(name)),
        _ => None,
    }
}

/// Whether what the statement makes is what it says, once the type, function or table is there that it
/// uses. With another column, or another table to be changed, it would make something else.
fn lacks_only_what_it_uses(command: &Command, failure: &Failure) -> bool {
    let FailureKind::Unknown { kind, .. } = &failure.kind else { return false };
    if matches!(kind, ObjectKind::Column | ObjectKind::Schema) {
        return false;
    }
    match command {
        Command::CreateTable(it) => {
            let is_like = |it: &TableElement| matches!(it, TableElement::Like(_));
            it.inherits.is_empty()
                && it.partition_of.is_none()
                && it.of_type.is_none()
                && !it.elements.iter().any(is_like)
        }
        Command::AlterTable(it) => {
            let adds = |kind: &AlterActionKind| {
                use AlterActionKind::{AddColumn, AddConstraint};
                matches!(kind, AddColumn { .. } | AddConstraint(_))
            };
            it.actions.iter().all(|action| adds(&action.kind)) && failure.at != it.table.at
        }
        _ => false,
    }
}

impl Simulator<'_> {
    fn reach<'a>(&self, command: &'a Command, failure: &Failure) -> Reach<'a> {
        let parts = |table: &'a Name| match failure.at == table.at {
            true => Reach::Named,
            false => Reach::Parts(table),
        };
        let rows = |query: &Query| match self.may_change_schema(query) {
            true => Reach::Named,
            false => Reach::Rows,
        };
        match command {
            Command::Select(query) => rows(query),
            Command::Insert(it)
            | Command::Update(it)
            | Command::Delete(it)
            | Command::Merge(it) => rows(&it.query),
            Command::Truncate { .. }
            | Command::Refresh { .. }
            | Command::Comment(_)
            | Command::Maintenance(_) => Reach::Rows,
            Command::CreateTable(it) => Reach::Made(made(it)),
            Command::CreateTableAs(it) => Reach::Made(vec![&it.name.name]),
            Command::CreateView(it) => Reach::Made(vec![&it.name.name]),
            Command::CreateRoutine(it) => Reach::Made(vec![&it.name.name]),
            Command::CreateIndex(it) => match &it.name {
                Some(name) => Reach::Made(vec![&name.name]),
                None => parts(&it.table),
            },
            Command::CreateTrigger(it) => parts(&it.table),
            Command::CreatePolicy(it) => parts(&it.table),
            Command::AlterPolicy(it) => parts(&it.table),
            Command::AlterTable(it) if it.actions.iter().all(|it| is_of_one_table(&it.kind)) => {
                parts(&it.table)
            }
            Command::Rename(it) if it.object.part.is_some() => parts(&it.object.name),
            _ => Reach::Named,
        }
    }
}

fn is_of_one_table(action: &AlterActionKind) -> bool {
    use AlterActionKind::{AttachPartition, DetachPartition, Inherit, NoInherit, OfType};
    !matches!(
        action,
        AttachPartition { .. } | DetachPartition { .. } | Inherit(_) | NoInherit(_) | OfType(_)
    )
}

/// The table, and what of it has a name of its own.
fn made(create: &CreateTable) -> Vec<&str> {
    let mut names = vec![create.name.name.as_str()];
    for element in &create.elements {
        match element {
            TableElement::Column(column) => {
                let named = column.constraints.iter().filter_map(|it| it.name.as_ref());
                names.extend(named.map(|it| it.name.as_str()));
            }
            TableElement::Constraint(it) => names.extend(it.name.iter().map(|it| it.name.as_str())),
            TableElement::Like(_) => {}
        }
    }
    names
}
