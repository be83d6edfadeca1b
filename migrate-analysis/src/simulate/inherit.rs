//! Inheritance: what a table has from its parents.

use super::{Failure, Result, Simulator};
use crate::catalog::{Column, Constraint, ConstraintKind, Id, Table, named, named_mut};
use crate::ddl::{Ident, Name};
use crate::list::CollectVec;
use crate::ordered::SortedMap;

impl Simulator<'_> {
    /// The partitions of a table.
    pub(super) fn partitions(&self, table: Id) -> Vec<Id> {
        let mut children = self.child_tables(table);
        children.retain(|id| self.table_of(*id).is_some_and(Table::is_partition));
        children
    }

    /// The numbers of a table's columns in another table, by their names.
    pub(super) fn column_map(&self, from: Id, to: Id) -> SortedMap<u32, u32> {
        let columns = self.columns(to);
        let same = |column: &Column| {
            let other = named(columns, &column.name)?;
            Some((column.number, other.number))
        };
        self.columns(from).iter().filter_map(same).collect()
    }

    /// The columns of the parents, merged, numbered from one on.
    pub(super) fn inherited_columns(
        &self,
        parents: &[Id],
        at: &std::ops::Range<usize>,
    ) -> Result<Vec<Column>> {
        let mut columns: Vec<Column> = Vec::new();
        for parent in parents {
            for column in self.columns(*parent) {
                match named_mut(&mut columns, &column.name) {
                    Some(own) => merge(own, column, at, "inherited column")?,
                    None => {
                        let number = u32::try_from(columns.len()).unwrap_or(u32::MAX) + 1;
                        columns.push(inherited(column, number));
                    }
                }
            }
        }
        // Expressions are about the numbers of the parent, which are not those of the child.
        for parent in parents {
            for column in self.columns(*parent) {
                let Some((expression, stored)) = &column.generated else { continue };
                let number = |number: u32| {
                    let name = self.name_of_column(*parent, number);
                    named(&columns, &name).map_or(number, |it| it.number)
                };
                let expression = expression.renumbered(number);
                if let Some(own) = named_mut(&mut columns, &column.name) {
                    own.generated = Some((expression, *stored));
                }
            }
        }
        Ok(columns)
    }

    /// The checks of the parents.
    pub(super) fn inherit_checks(&mut self, table: Id, parents: &[Id]) {
        for parent in parents {
            let is_check =
                |it: &&Constraint| matches!(it.kind, ConstraintKind::Check(_)) && !it.no_inherit;
            let constraints = self.table_of(*parent).map(|it| it.constraints.as_slice());
            let checks: Vec<Constraint> =
                constraints.unwrap_or_default().iter().filter(is_check).cloned().collect_vec();
            for check in &checks {
                self.inherit_check(*parent, table, check);
            }
        }
    }

    /// `ALTER TABLE … INHERIT`, and the part of it that attaching a partition has.
    pub(super) fn inherit(&mut self, table: Id, parent: Id, name: &Name) -> Result {
        let has = self.table_of(table).is_some_and(|it| it.parents.contains(&parent));
        if has {
            let message =
                format!("relation \"{}\" would be inherited from more than once", name.name);
            return Err(Failure::wrong(name.at.clone(), "42P07", message));
        }
        let wanted: Vec<Column> = self.columns(parent).to_vec();
        for column in &wanted {
            let own = named(self.columns(table), &column.name);
            match own {
                Some(own) => {
                    let number = own.number;
                    check_same_type(own, column, &name.at, "child table")?;
                    self.edit_column(table, number, |own| own.inherited += 1);
                }
                None if self.columns_for_certain(table).is_some() && !column.partial => {
                    let column = &column.name;
                    let message = format!("child table is missing column \"{column}\"");
                    return Err(Failure::wrong(name.at.clone(), "42804", message));
                }
                None => {
                    let column = Ident { name: column.name.clone(), at: name.at.clone() };
                    let number = self.column_number(table, &column)?;
                    self.edit_column(table, number, |own| own.inherited += 1);
                }
            }
        }
        self.inherit_matching_checks(table, parent, name)?;
        self.edit_table(table, |table| table.parents.push(parent));
        Ok(())
    }

    /// The child has to have the checks of its new parent.
    fn inherit_matching_checks(&mut self, table: Id, parent: Id, name: &Name) -> Result {
        let constraints = self.table_of(parent).map(|it| it.constraints.clone());
        for check in constraints.unwrap_or_default() {
            if !matches!(check.kind, ConstraintKind::Check(_)) || check.no_inherit {
                continue;
            }
            let has = self.table_of(table).is_some_and(|it| it.constraint(&check.name).is_some());
            if !has && !self.is_partial(table) {
                let check = &check.name;
                let message = format!("child table is missing constraint \"{check}\"");
                return Err(Failure::wrong(name.at.clone(), "42804", message));
            }
            self.edit_table(table, |table| {
                if let Some(own) = named_mut(&mut table.constraints, &check.name) {
                    own.inherited += 1;
                }
            });
        }
        Ok(())
    }

    /// `NO INHERIT`, and the part of it that detaching a partition has.
    pub(super) fn disinherit(&mut self, table: Id, parent: Id) {
        let names: Vec<String> =
            self.columns(parent).iter().map(|it| it.name.clone()).collect_vec();
        let checks: Vec<String> = self
            .table_of(parent)
            .into_iter()
            .flat_map(|it| &it.constraints)
            .filter(|it| matches!(it.kind, ConstraintKind::Check(_)) && !it.no_inherit)
            .map(|it| it.name.clone())
            .collect_vec();
        self.edit_table(table, |table| {
            table.parents.retain(|it| *it != parent);
            for column in table.columns.iter_mut().filter(|it| names.contains(&it.name)) {
                column.inherited = column.inherited.saturating_sub(1);
                column.local |= column.inherited == 0;
            }
            for check in table.constraints.iter_mut().filter(|it| checks.contains(&it.name)) {
                check.inherited = check.inherited.saturating_sub(1);
                check.local |= check.inherited == 0;
            }
        });
    }
}

/// A column of a parent as the child has it.
fn inherited(column: &Column, number: u32) -> Column {
    Column {
        number,
        identity: None,
        comment: None,
        acl: None,
        local: false,
        inherited: 1,
        statistics: None,
        options: Vec::new(),
        ..column.clone()
    }
}

/// The same column of another parent.
fn merge(own: &mut Column, other: &Column, at: &std::ops::Range<usize>, what: &str) -> Result {
    check_same_type(own, other, at, what)?;
    own.not_null |= other.not_null;
    own.inherited += 1;
    if own.default.is_none() {
        own.default.clone_from(&other.default);
    }
    Ok(())
}

/// Fails where two columns that are to be one certainly have different types.
pub(super) fn check_same_type(
    own: &Column,
    other: &Column,
    at: &std::ops::Range<usize>,
    what: &str,
) -> Result {
    let (one, two) = (&own.column_type, &other.column_type);
    if one == two || one.is_unknown() || two.is_unknown() {
        return Ok(());
    }
    let name = &own.name;
    let message = match what {
        "child table" => format!("child table has different type for column \"{name}\""),
        _ => format!("{what} \"{name}\" has a type conflict"),
    };
    Err(Failure::wrong(at.clone(), "42804", message))
}
