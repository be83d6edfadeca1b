//! Constraints of tables.

use super::index::NewIndex;
use super::names::{self, IndexPurpose};
use super::{Failure, Result, Simulator};
use crate::catalog::{
    Constraint, ConstraintKind, Expr, Id, Index, IndexElement, IndexKey, Object, named, named_mut,
};
use crate::ddl::{
    ConstraintAttributes, Expression, Ident, IndexParameters, ObjectKind, TableConstraint,
    TableConstraintKind,
};
use crate::list::CollectVec;
use crate::ordered::sort;

impl Simulator<'_> {
    /// Adds a constraint to a table, and to its children as far as they inherit it.
    pub(super) fn add_constraint(
        &mut self,
        table: Id,
        constraint: &TableConstraint,
        only: bool,
    ) -> Result {
        match &constraint.kind {
            TableConstraintKind::Check(expression) => {
                self.add_check(table, constraint, expression, only)
            }
            TableConstraintKind::NotNull(column) => {
                let number = self.column_number(table, column)?;
                self.set_not_null(table, number);
                let name = constraint.name.as_ref().map(|it| it.name.clone());
                self.edit_column(table, number, |column| column.not_null_name = name);
                Ok(())
            }
            TableConstraintKind::Unique { columns, nulls_not_distinct, index } => {
                let mut new = self.key(table, constraint, columns, index, IndexPurpose::Unique)?;
                new.index.nulls_not_distinct = *nulls_not_distinct;
                self.check_partition_key(&new)?;
                self.add_index(&new, constraint.name.as_ref(), only).map(|_| ())
            }
            TableConstraintKind::PrimaryKey { columns, index } => {
                self.check_no_primary_key(table, &constraint.at)?;
                let new = self.key(table, constraint, columns, index, IndexPurpose::Primary)?;
                self.check_partition_key(&new)?;
                for number in new.index.columns().unwrap_or_default() {
                    self.set_not_null(table, number);
                }
                self.add_index(&new, constraint.name.as_ref(), only).map(|_| ())
            }
            TableConstraintKind::UsingIndex { primary, index } => {
                self.add_using_index(table, constraint, *primary, index)
            }
            TableConstraintKind::ForeignKey { columns, references } => {
                self.add_foreign_key(table, constraint, columns, references)
            }
            TableConstraintKind::Exclude { method, elements, index, predicate } => {
                let new =
                    self.exclusion(table, constraint, (method, elements, predicate), index)?;
                self.add_index(&new, constraint.name.as_ref(), only).map(|_| ())
            }
        }
    }

    /// Makes a column NOT NULL, in the children too.
    pub(super) fn set_not_null(&mut self, table: Id, number: u32) {
        let name = self.name_of_column(table, number);
        self.edit_column(table, number, |column| column.not_null = true);
        for child in self.child_tables(table) {
            let column = named(self.columns(child), &name);
            if let Some(number) = column.map(|column| column.number) {
                self.set_not_null(child, number);
            }
        }
    }

    fn add_check(
        &mut self,
        table: Id,
        constraint: &TableConstraint,
        expression: &Expression,
        only: bool,
    ) -> Result {
        self.check_columns(expression, table)?;
        let check = self.bind_of(expression, table);
        let name = match &constraint.name {
            Some(name) => {
                self.check_constraint_name(table, name)?;
                name.name.clone()
            }
            None => self.check_name(table, &check),
        };
        let added = new(&name, ConstraintKind::Check(check), &constraint.attributes);
        let inherits = !added.no_inherit;
        if let Some(written) = constraint.name.as_ref().filter(|_| inherits && !only) {
            for child in self.child_tables(table) {
                let own = self.table_of(child).and_then(|it| it.constraint(&name));
                if own.is_some_and(|it| !matches!(it.kind, ConstraintKind::Check(_))) {
                    self.check_constraint_name(child, written)?;
                }
            }
        }
        self.edit_table(table, |table| table.constraints.push(added.clone()));
        if inherits && !only {
            for child in self.child_tables(table) {
                self.inherit_check(table, child, &added);
            }
        }
        Ok(())
    }

    /// `t_column_check` where it is about one column.
    fn check_name(&self, table: Id, check: &Expr) -> String {
        let mut columns: Vec<u32> = check.columns().collect_vec();
        sort(&mut columns);
        columns.dedup();
        let column = match columns.as_slice() {
            [number] => Some(self.name_of_column(table, *number)),
            _ => None,
        };
        let name = self.relation_name_of(table);
        let parts = (name.as_str(), column.as_deref(), "check");
        self.choose_constraint_name(self.schema_of(table), parts)
    }

    /// A check of the parent in a child: merged with its own of that name.
    pub(super) fn inherit_check(&mut self, parent: Id, child: Id, check: &Constraint) {
        let numbers = self.column_map(parent, child);
        let mut inherited = check.clone();
        if let ConstraintKind::Check(expression) = &check.kind {
            let number = |column: u32| numbers.get(&column).copied().unwrap_or(column);
            inherited.kind = ConstraintKind::Check(expression.renumbered(number));
        }
        (inherited.local, inherited.inherited, inherited.comment) = (false, 1, None);
        let passed_on = inherited.clone();
        self.edit_table(child, |table| match named_mut(&mut table.constraints, &check.name) {
            Some(own) => own.inherited += 1,
            None => table.constraints.push(inherited),
        });
        for grandchild in self.child_tables(child) {
            self.inherit_check(child, grandchild, &passed_on);
        }
    }

    /// Fails where the table has a constraint of that name.
    pub(super) fn check_constraint_name(&self, table: Id, name: &Ident) -> Result {
        let exists = self.table_of(table).is_some_and(|it| it.constraint(&name.name).is_some());
        if !exists || self.is_partial(table) || self.is_shrouded(&name.name) {
            return Ok(());
        }
        let is_it =
            |object: &Object| object.table().is_some_and(|it| it.constraint(&name.name).is_some());
        let at = name.at.clone();
        Err(self.duplicate_part(ObjectKind::Constraint, &name.name, table, at, &is_it))
    }

    pub(super) fn check_no_primary_key(&self, table: Id, at: &std::ops::Range<usize>) -> Result {
        let is_key = |it: &Constraint| matches!(it.kind, ConstraintKind::PrimaryKey { .. });
        let has = self.table_of(table).is_some_and(|it| it.constraints.iter().any(is_key));
        if !has || self.is_partial(table) {
            return Ok(());
        }
        let name = self.relation_name_of(table);
        let message = format!("multiple primary keys for table \"{name}\" are not allowed");
        Err(Failure::wrong(at.clone(), "42P16", message))
    }

    /// The index of a unique or primary key.
    fn key(
        &mut self,
        table: Id,
        constraint: &TableConstraint,
        columns: &[Ident],
        parameters: &IndexParameters,
        purpose: IndexPurpose,
    ) -> Result<NewIndex> {
        let what = if purpose == IndexPurpose::Primary { "primary key" } else { "unique" };
        for (at, column) in columns.iter().enumerate() {
            if columns.iter().take(at).any(|other| other.name == column.name) {
                let name = &column.name;
                let message = format!("column \"{name}\" appears twice in {what} constraint");
                return Err(Failure::wrong(column.at.clone(), "42701", message));
            }
        }
        let numbers = self.column_numbers(table, columns)?;
        let elements = numbers.iter().map(|number| plain_element(IndexKey::Column(*number)));
        let mut index = Index {
            table,
            unique: true,
            primary: purpose == IndexPurpose::Primary,
            ..key_index(table, elements.collect_vec())
        };
        let names = columns.iter().chain(&parameters.include).map(|it| it.name.clone());
        let names = names::distinct(names);
        self.set_parameters(&mut index, parameters)?;
        let (attributes, at) = (constraint.attributes.clone(), constraint.at.clone());
        Ok(NewIndex { index, names, purpose, attributes, at })
    }

    fn set_parameters(&mut self, index: &mut Index, parameters: &IndexParameters) -> Result {
        index.include = self.column_numbers(index.table, &parameters.include)?;
        index.options = super::index::sorted(&parameters.options);
        index.tablespace.clone_from(&parameters.tablespace);
        Ok(())
    }

    fn exclusion(
        &mut self,
        table: Id,
        constraint: &TableConstraint,
        (method, elements, predicate): (
            &Option<String>,
            &[(crate::ddl::IndexElement, String)],
            &Option<Expression>,
        ),
        parameters: &IndexParameters,
    ) -> Result<NewIndex> {
        let keys: Vec<_> = elements.iter().map(|(element, _)| element.clone()).collect_vec();
        let (mut keys, mut names) = self.index_elements(table, &keys)?;
        for (key, (_, operator)) in keys.iter_mut().zip(elements) {
            key.operator = Some(operator.clone());
        }
        let mut index = key_index(table, keys);
        index.method = method.clone().unwrap_or_else(|| "btree".to_owned());
        if let Some(predicate) = predicate {
            self.check_columns(predicate, table)?;
            index.predicate = Some(self.bind_of(predicate, table));
        }
        self.set_parameters(&mut index, parameters)?;
        names.extend(parameters.include.iter().map(|column| column.name.clone()));
        let names = names::distinct(names.into_iter());
        let (attributes, at) = (constraint.attributes.clone(), constraint.at.clone());
        Ok(NewIndex { index, names, purpose: IndexPurpose::Exclude, attributes, at })
    }

    /// A key of a partitioned table has to have all columns that it is partitioned by.
    fn check_partition_key(&self, new: &NewIndex) -> Result {
        let Some(key) = self.table_of(new.index.table).and_then(|it| it.partition_by.as_ref())
        else {
            return Ok(());
        };
        let has = |element: &IndexElement| match element.key {
            IndexKey::Column(number) => new.index.mentions(number),
            IndexKey::Expression(_) => true,
        };
        if key.keys.iter().all(has) || self.is_partial(new.index.table) {
            return Ok(());
        }
        let message =
            "unique constraint on partitioned table must include all partitioning columns";
        Err(Failure::wrong(new.at.clone(), "0A000", message.to_owned()))
    }

    /// `ADD CONSTRAINT … USING INDEX`: the index takes the name of the constraint.
    fn add_using_index(
        &mut self,
        table: Id,
        constraint: &TableConstraint,
        primary: bool,
        name: &Ident,
    ) -> Result {
        if primary {
            self.check_no_primary_key(table, &constraint.at)?;
        }
        let schema = self.schema_of(table);
        let Some(id) = self.relation_in(schema, &name.name) else {
            if self.is_partial(table) || self.is_shrouded(&name.name) {
                return Ok(());
            }
            let is_it = |object: &Object| object.name == name.name && object.index().is_some();
            return Err(self.unknown(ObjectKind::Index, &name.name, None, name.at.clone(), &is_it));
        };
        let Some(index) = self.catalog.get(id).and_then(Object::index).cloned() else {
            return Ok(());
        };
        self.check_usable(table, &index, name)?;
        let new_name = constraint.name.as_ref().unwrap_or(name);
        self.check_constraint_name(table, new_name)?;
        if new_name.name != name.name {
            let taken = crate::ddl::Name {
                schema: None,
                name: new_name.name.clone(),
                at: new_name.at.clone(),
            };
            self.claim_relation(schema, &taken, false)?;
        }
        self.catalog.edit(id, |object| object.name.clone_from(&new_name.name));
        self.edit_index(id, |index| (index.constraint, index.primary) = (true, primary));
        let kind = if primary {
            for number in index.columns().unwrap_or_default() {
                self.set_not_null(table, number);
            }
            ConstraintKind::PrimaryKey { index: id }
        } else {
            ConstraintKind::Unique { index: id }
        };
        let added = new(&new_name.name, kind, &constraint.attributes);
        self.edit_table(table, |table| table.constraints.push(added));
        Ok(())
    }

    fn check_usable(&self, table: Id, index: &Index, name: &Ident) -> Result {
        let of = &name.name;
        let (sqlstate, message) = if index.constraint {
            ("55000", format!("index \"{of}\" is already associated with a constraint"))
        } else if index.table != table {
            ("55000", format!("index \"{of}\" does not belong to table"))
        } else if !index.unique {
            ("42809", format!("\"{of}\" is not a unique index"))
        } else if index.columns().is_none() {
            ("42809", format!("index \"{of}\" contains expressions"))
        } else if index.predicate.is_some() {
            ("42809", format!("\"{of}\" is a partial index"))
        } else {
            return Ok(());
        };
        Err(Failure::wrong(name.at.clone(), sqlstate, message))
    }
}

/// A constraint as it is made.
pub(super) fn new(
    name: &str,
    kind: ConstraintKind,
    attributes: &ConstraintAttributes,
) -> Constraint {
    Constraint {
        name: name.to_owned(),
        kind,
        validated: !attributes.not_valid,
        deferrable: attributes.deferrable || attributes.initially_deferred,
        initially_deferred: attributes.initially_deferred,
        not_enforced: attributes.not_enforced,
        no_inherit: attributes.no_inherit,
        comment: None,
        local: true,
        inherited: 0,
    }
}

fn key_index(table: Id, elements: Vec<IndexElement>) -> Index {
    Index {
        table,
        unique: false,
        primary: false,
        constraint: true,
        method: "btree".to_owned(),
        elements,
        include: Vec::new(),
        predicate: None,
        nulls_not_distinct: false,
        options: Vec::new(),
        tablespace: None,
        valid: true,
        parent: None,
        column_names: Vec::new(),
    }
}

pub(super) fn plain_element(key: IndexKey) -> IndexElement {
    IndexElement {
        key,
        collation: None,
        operator_class: None,
        operator: None,
        descending: false,
        nulls_first: false,
    }
}
