//! Statement × catalog → catalog: what PostgreSQL would do, or the error it would answer with.
//!
//! One statement family a file. A statement either happens as a whole or fails and changes nothing
//! ([`run`] sees to that). What PostgreSQL would refuse for certain is a [`Failure`]; where the catalog
//! does not know enough to tell, the statement is taken to succeed, and what it touched is marked as
//! known in part only. So a doubt never becomes an error.

#![allow(clippy::result_large_err, reason = "a failure is the end of a statement, and rare")]

mod alter_column;
mod alter_table;
mod bind;
mod built_in_functions;
mod cast;
mod column;
mod comment;
mod constraint;
mod create_table;
mod default;
mod dml;
mod doubt;
mod extension_types;
mod failure;
mod foreign_key;
mod index;
mod inherit;
mod like;
mod lookup;
mod names;
mod object;
mod opaque;
mod partition;
mod policy;
mod privileges;
mod query;
mod remove;
mod rename;
mod routine;
mod schema;
mod scope;
mod sequence;
mod statistics;
mod syntax;
mod trigger;
mod types;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use built_in_functions::is_built_in as is_built_in_function;
pub(crate) use column::serial_type;
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use lookup::{External, Found};
pub(crate) use remove::{Death, Target};

use crate::catalog::{Catalog, Id, Space};
use crate::ddl::{Command, Name};

/// What a statement came to.
#[derive(Default)]
pub(crate) struct Outcome {
    /// It fails for certain; nothing of it happened.
    pub(crate) failure: Option<Failure>,
    /// What else went, beside what the statement names.
    pub(crate) deaths: Vec<Death>,
    /// Why its effect is not known: `a DO block`, `a call of refresh_all()`.
    pub(crate) opaque: Option<String>,
    /// It may have failed, and what it would have done is not known.
    pub(crate) doubted: bool,
}

impl Outcome {
    /// Of a statement that nobody could read.
    pub(crate) fn opaque() -> Outcome {
        let opaque = Some("a statement that is not analysed".to_owned());
        Outcome { opaque, ..Outcome::default() }
    }
}

type Result<T = ()> = std::result::Result<T, Failure>;

/// A statement at work on the catalog.
pub(crate) struct Simulator<'a> {
    pub(crate) catalog: &'a mut Catalog,
    /// What exists beside what the set makes.
    pub(crate) external: &'a External,
    deaths: Vec<Death>,
    opaque: Option<String>,
}

/// The object of that name in a name space, where the catalog has it.
pub(crate) fn lookup(
    catalog: &mut Catalog,
    external: &External,
    space: Space,
    name: &Name,
) -> Option<Id> {
    let simulator = Simulator { catalog, external, deaths: Vec::new(), opaque: None };
    match simulator.find(space, name) {
        Found::Known(id) => Some(id),
        Found::Perhaps | Found::Missing => None,
    }
}

/// What PostgreSQL calls the NOT NULL constraint of a column, from version 18 on.
pub(crate) fn not_null_constraint_name(table: &str, column: &str) -> String {
    object_name(table, column, "not_null")
}

/// A name as PostgreSQL makes them up: `users_email_key`, cut so that it fits.
pub(crate) fn object_name(table: &str, column: &str, label: &str) -> String {
    names::join(table, Some(column), label)
}

/// Runs one statement.
pub(crate) fn run(catalog: &mut Catalog, external: &External, command: &Command) -> Outcome {
    let mark = catalog.mark();
    let mut simulator = Simulator { catalog, external, deaths: Vec::new(), opaque: None };
    let failure = simulator.command(command).err();
    simulator.settle(mark);
    let (deaths, opaque) = (simulator.deaths, simulator.opaque);
    if let Some(failure) = failure {
        catalog.rollback(mark);
        return doubt::judge(catalog, external, failure);
    }
    Outcome { deaths, opaque, ..Outcome::default() }
}

impl Simulator<'_> {
    fn command(&mut self, command: &Command) -> Result {
        match command {
            Command::CreateTable(it) => self.create_table(it),
            Command::CreateTableAs(it) => self.create_table_as(it),
            Command::AlterTable(it) => self.alter_table(it),
            Command::CreateIndex(it) => self.create_index(it),
            Command::AttachIndex { index, partition } => self.attach_index(index, partition),
            Command::CreateView(it) => self.create_view(it),
            Command::CreateSequence(it) => self.create_sequence(it),
            Command::AlterSequence(it) => self.alter_sequence(it),
            Command::CreateSchema(it) => self.create_schema(it),
            Command::CreateType(it) => self.create_type(it),
            Command::AlterType(it) => self.alter_type(it),
            Command::CreateDomain(it) => self.create_domain(it),
            Command::AlterDomain(it) => self.alter_domain(it),
            Command::CreateRoutine(it) => self.create_routine(it),
            Command::AlterRoutine(it) => self.alter_routine(it),
            Command::CreateAggregate(it) => self.create_aggregate(it),
            Command::CreateTrigger(it) => self.create_trigger(it),
            Command::CreatePolicy(it) => self.create_policy(it),
            Command::AlterPolicy(it) => self.alter_policy(it),
            Command::CreateRule(it) => self.create_rule(it),
            Command::CreateStatistics(it) => self.create_statistics(it),
            Command::CreateExtension(it) => self.create_extension(it),
            Command::CreateOther(it) => self.create_other(it),
            Command::AlterOther { object, .. } => self.alter_other(object),
            Command::Drop(it) => self.drop(it),
            Command::DropOwned => self.drop_owned(),
            Command::Rename(it) => self.rename(it),
            Command::SetSchema { object, schema, if_exists } => {
                self.set_schema(object, schema, *if_exists)
            }
            Command::SetOwner { object, owner, if_exists } => {
                self.set_owner(object, owner, *if_exists)
            }
            Command::Comment(it) => self.comment(it),
            Command::Grant(it) => self.grant(it),
            Command::DefaultPrivileges(text) => self.default_privileges(text),
            Command::SearchPath(it) => self.set_search_path(it),
            Command::SetRole(role) => {
                self.catalog.edit_session(|session| session.role.clone_from(role));
                Ok(())
            }
            Command::Insert(it) => self.insert(it),
            Command::Update(it) => self.update(it),
            Command::Delete(it) | Command::Merge(it) => self.delete(it),
            Command::Truncate { tables, cascade, .. } => self.truncate(tables, *cascade),
            Command::Select(query) => self.select(query),
            Command::Refresh { view, with_data, .. } => self.refresh(view, *with_data),
            Command::Call(routine) => self.call(routine),
            Command::Do { language, body, block, .. } => {
                self.run_block(language, body, block.as_ref())
            }
            Command::Maintenance(_) | Command::Nothing => Ok(()),
            Command::Opaque => self.run_opaque(),
        }
    }
}
