//! What rules about ALTER TABLE share.

use super::Statement;
use crate::catalog::{Column, Constraint, ConstraintKind, Id, Object, Table};
use crate::ddl::{AlterAction, AlterActionKind, AlterTable, ColumnDef, Command};
use crate::list::CollectVec;
use crate::lock::{Cause, Work};
use std::ops::Range;

/// An ALTER TABLE of a relation that others may be using.
pub(super) struct Altered<'s, 'a> {
    pub(super) statement: &'s Statement<'a>,
    pub(super) alter: &'a AlterTable,
    pub(super) table: Id,
    /// In SQL.
    pub(super) name: String,
}

pub(super) fn altered<'s, 'a>(statement: &'s Statement<'a>) -> Option<Altered<'s, 'a>> {
    let Command::AlterTable(alter) = statement.seen.command else { return None };
    let table = statement.seen.names.relation(&alter.table)?;
    let name = statement.name(table);
    statement.is_in_use(table).then_some(Altered { statement, alter, table, name })
}

/// What there is to do for a cause, each clause once, whatever the number of partitions.
pub(super) fn clauses<'s>(statement: &'s Statement<'_>, cause: Cause) -> Vec<&'s Work> {
    let mut found: Vec<&Work> = Vec::new();
    for work in statement.work(cause) {
        if !found.iter().any(|it| it.at == work.at && it.column == work.column) {
            found.push(work);
        }
    }
    found
}

/// The same where nobody need wait.
pub(super) fn quiet_clauses<'s>(statement: &'s Statement<'_>, cause: Cause) -> Vec<&'s Work> {
    let mut found: Vec<&Work> = Vec::new();
    for work in statement.locks.work.iter().filter(|it| it.cause == cause) {
        let is_new = !found.iter().any(|it| it.at == work.at);
        if is_new && statement.is_in_use(work.relation) {
            found.push(work);
        }
    }
    found
}

impl<'a> Altered<'_, 'a> {
    pub(super) fn before(&self) -> Option<&Table> {
        self.statement.seen.before.get(self.table).and_then(Object::table)
    }

    pub(super) fn after(&self) -> Option<&'a Table> {
        self.statement.seen.after.get(self.table).and_then(Object::table)
    }

    pub(super) fn column(&self, name: &str) -> Option<&'a Column> {
        self.after()?.column(name)
    }

    /// The columns of the table now.
    pub(super) fn columns(&self) -> &'a [Column] {
        self.after().map_or(&[], |table| &table.columns)
    }

    /// The constraints that the statement adds.
    pub(super) fn new_constraints(&self) -> impl Iterator<Item = &'a Constraint> {
        let before: Vec<String> = self
            .before()
            .map(|it| it.constraints.iter().map(|it| it.name.clone()).collect_vec())
            .unwrap_or_default();
        let after = self.after().map_or(&[][..], |table| &table.constraints);
        after.iter().filter(move |it| !before.contains(&it.name))
    }

    /// The action that a clause is, or is a part of.
    pub(super) fn action(&self, at: &Range<usize>) -> Option<&'a AlterAction> {
        let around = |action: &&AlterAction| action.at.start <= at.start && at.end <= action.at.end;
        self.alter.actions.iter().find(around)
    }

    /// The column that an action adds.
    pub(super) fn added(action: &'a AlterAction) -> Option<&'a ColumnDef> {
        match &action.kind {
            AlterActionKind::AddColumn { column, .. } => Some(column),
            _ => None,
        }
    }

    /// Whether there is work to do for the action while others wait.
    pub(super) fn takes_long(&self, action: &AlterAction) -> bool {
        let is_part = |at: &Range<usize>| action.at.start <= at.start && at.end <= action.at.end;
        self.statement.locks.work.iter().any(|work| is_part(&work.at))
    }

    /// The actions for which others wait, and the rest as it is written.
    pub(super) fn split(&self) -> (Vec<&'a AlterAction>, Vec<&'a str>) {
        let (long, short): (Vec<_>, Vec<_>) =
            self.alter.actions.iter().partition(|action| self.takes_long(action));
        (long, short.into_iter().map(|it| self.statement.part(&it.at)).collect_vec())
    }

    pub(super) fn is_partitioned(&self) -> bool {
        self.after().is_some_and(|table| table.partition_by.is_some())
    }
}

/// What other commands of the script come after the statement.
pub(super) fn later<'a>(statement: &Statement<'a>) -> impl Iterator<Item = &'a Command> {
    let after = statement.script.place + 1;
    let others = statement.script.statements.get(after..).unwrap_or_default();
    let others = others.iter().flat_map(|it| super::commands(&it.command));
    in_block(statement).into_iter().chain(others)
}

/// What follows in the same `DO` block.
fn in_block<'a>(statement: &Statement<'a>) -> Vec<&'a Command> {
    let own = statement.script.statements.get(statement.script.place);
    let mut commands = own.map(|it| super::commands(&it.command)).unwrap_or_default();
    match commands.iter().position(|it| std::ptr::eq(*it, statement.seen.command)) {
        Some(at) => commands.split_off(at + 1),
        None => Vec::new(),
    }
}

/// What later commands do to a table or its rows, whatever it is called by then; as far as that can be followed.
pub(super) fn later_of<'a>(statement: &Statement<'a>, table: &str) -> Vec<&'a Command> {
    let mut name = table.to_owned();
    let mut found = Vec::new();
    for command in later(statement) {
        let is_of = match command {
            Command::AlterTable(it) => it.table.name == name,
            Command::CreateIndex(it) => it.table.name == name,
            Command::Insert(it) | Command::Update(it) | Command::Delete(it) => {
                it.table.name == name
            }
            Command::Truncate { tables, cascade, .. } => {
                *cascade || tables.iter().any(|it| it.name == name)
            }
            Command::Drop(it) => it.objects.iter().any(|it| it.name.name == name),
            Command::Rename(it) if it.object.part.is_none() && it.object.name.name == name => {
                name.clone_from(&it.to.name);
                false
            }
            Command::Rename(it) => it.object.part.is_some() && it.object.name.name == name,
            // What this does nobody can see.
            Command::Do { .. } | Command::Call(_) => true,
            _ => false,
        };
        if is_of {
            found.push(command);
        }
    }
    found
}

/// Whether a later statement names an index or a constraint that goes with the column.
pub(super) fn is_named_later(statement: &Statement<'_>, table: Id, column: &Column) -> bool {
    let before = &statement.seen.before;
    let Some(own) = before.get(table).and_then(Object::table) else { return false };
    let is_part = |it: &&Constraint| match &it.kind {
        ConstraintKind::Check(expr) => expr.mentions(column.number),
        ConstraintKind::ForeignKey(key) => key.columns.contains(&column.number),
        _ => false,
    };
    let constraints = own.constraints.iter().filter(is_part).map(|it| it.name.clone());
    let indexes = before.dependents(table).into_iter().filter_map(|it| before.get(it));
    let is_part = |it: &&Object| it.index().is_some_and(|it| it.mentions(column.number));
    let indexes = indexes.filter(is_part).map(|it| it.name.clone());
    let rest = statement.text.get(statement.range.end..).unwrap_or_default();
    constraints.chain(indexes).any(|name| rest.contains(&name))
}
