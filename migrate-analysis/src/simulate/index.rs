//! Indexes.

use super::lookup::spelt;
use super::names::{self, IndexPurpose};
use super::{Failure, FailureKind, Found, Result, Simulator};
use crate::catalog::{
    Constraint, ConstraintKind, Id, Index, IndexElement, IndexKey, Kind, Object, named,
};
use crate::ddl::{self, ConstraintAttributes, Ident, Name, ObjectKind};
use crate::list::CollectVec;
use crate::ordered::sort;
use std::ops::Range;

/// An index that is to be made, alone or for a constraint.
#[derive(Clone)]
pub(super) struct NewIndex {
    pub(super) index: Index,
    /// Of its columns: an index without a name is named after them.
    pub(super) names: Vec<String>,
    pub(super) purpose: IndexPurpose,
    pub(super) attributes: ConstraintAttributes,
    pub(super) at: Range<usize>,
}

impl Simulator<'_> {
    pub(super) fn create_index(&mut self, create: &ddl::CreateIndex) -> Result {
        let table = self.table(&create.table)?;
        let schema = self.schema_of(table);
        if let Some(name) = &create.name
            && create.if_not_exists
            && self.relation_in(schema, &name.name).is_some()
        {
            return Ok(());
        }
        self.check_indexable(table, create)?;
        let (elements, mut names) = self.index_elements(table, &create.elements)?;
        let include = self.column_numbers(table, &create.include)?;
        names.extend(create.include.iter().map(|column| column.name.clone()));
        if let Some(predicate) = &create.predicate {
            self.check_columns(predicate, table)?;
        }
        let predicate = create.predicate.as_ref().map(|it| self.bind_of(it, table));
        let index = Index {
            table,
            unique: create.unique,
            primary: false,
            constraint: false,
            method: create.method.clone().unwrap_or_else(|| "btree".to_owned()),
            elements,
            include,
            predicate,
            nulls_not_distinct: create.nulls_not_distinct,
            options: sorted(&create.options),
            tablespace: create.tablespace.clone(),
            valid: true,
            parent: None,
            column_names: Vec::new(),
        };
        let new = NewIndex {
            index,
            names: names::distinct(names.into_iter()),
            purpose: IndexPurpose::Plain,
            attributes: ConstraintAttributes::default(),
            at: create.table.at.clone(),
        };
        let id = self.add_index(&new, create.name.as_ref(), create.only)?;
        let is_partitioned = self.table_of(table).is_some_and(|it| it.partition_by.is_some());
        if is_partitioned && create.only && !self.partitions(table).is_empty() {
            self.edit_index(id, |index| index.valid = false);
        }
        Ok(())
    }

    fn check_indexable(&self, table: Id, create: &ddl::CreateIndex) -> Result {
        let name = &create.table;
        match self.catalog.kind(table) {
            Some(Kind::Table(it)) if it.partition_by.is_some() && create.concurrently => {
                let name = &name.name;
                let message =
                    format!("cannot create index on partitioned table \"{name}\" concurrently");
                Err(Failure::wrong(create.table.at.clone(), "0A000", message))
            }
            Some(Kind::Table(it)) if it.server.is_none() => Ok(()),
            Some(Kind::View(view)) if view.materialized => Ok(()),
            Some(Kind::Relation) | None => Ok(()),
            Some(_) if self.is_partial(table) => Ok(()),
            Some(_) => {
                let message = format!("cannot create index on relation \"{}\"", name.name);
                Err(Failure::wrong(name.at.clone(), "42809", message))
            }
        }
    }

    /// The keys of an index, and what its columns are called.
    pub(super) fn index_elements(
        &mut self,
        table: Id,
        elements: &[ddl::IndexElement],
    ) -> Result<(Vec<IndexElement>, Vec<String>)> {
        let (mut keys, mut names) = (Vec::new(), Vec::new());
        for element in elements {
            let key = match &element.key {
                ddl::IndexKey::Column(column) => {
                    names.push(column.name.clone());
                    match self.is_system_column(table, &column.name) {
                        true => IndexKey::Expression(crate::catalog::Expr::text(&column.name)),
                        false => IndexKey::Column(self.column_number(table, column)?),
                    }
                }
                ddl::IndexKey::Expression(expression) => {
                    names.push(names::expression_name(expression));
                    self.check_columns(expression, table)?;
                    self.index_key(table, expression)
                }
            };
            let class = element.operator_class.as_ref().map(|(name, parameters)| {
                let parameters = parameters.as_deref().map(|it| format!("({it})"));
                format!("{}{}", spelt(name), parameters.unwrap_or_default())
            });
            keys.push(IndexElement {
                key,
                collation: element.collation.as_ref().and_then(super::column::collation_name),
                operator_class: class,
                operator: None,
                descending: element.descending,
                nulls_first: element.nulls_first.unwrap_or(element.descending),
            });
        }
        Ok((keys, names))
    }

    /// An expression that is no more than a column is that column.
    fn index_key(&mut self, table: Id, expression: &ddl::Expression) -> IndexKey {
        let expression = self.bind_of(expression, table);
        match expression.pieces.as_slice() {
            [crate::catalog::Piece::Column(number)] => IndexKey::Column(*number),
            _ => IndexKey::Expression(expression),
        }
    }

    fn is_system_column(&self, table: Id, name: &str) -> bool {
        name == "tableoid" && named(self.columns(table), name).is_none()
    }

    /// Makes an index, and of a partitioned table those of its partitions.
    pub(super) fn add_index(
        &mut self,
        new: &NewIndex,
        name: Option<&Ident>,
        only: bool,
    ) -> Result<Id> {
        let id = self.add_one_index(new, name)?;
        if !only {
            for partition in self.partitions(new.index.table) {
                self.index_partition(id, new, partition)?;
            }
        }
        Ok(id)
    }

    fn add_one_index(&mut self, new: &NewIndex, name: Option<&Ident>) -> Result<Id> {
        let table = new.index.table;
        let schema = self.schema_of(table);
        let name = match name {
            Some(name) => {
                let at = name.at.clone();
                let qualified = Name { schema: None, name: name.name.clone(), at };
                if new.purpose != IndexPurpose::Plain {
                    self.check_constraint_name(table, name)?;
                }
                self.claim_relation(schema, &qualified, false)?;
                name.name.clone()
            }
            None => {
                let table = self.relation_name_of(table);
                self.choose_index_name(schema, &table, &new.names, new.purpose)
            }
        };
        let id = {
            let index = Index { column_names: new.names.clone(), ..new.index.clone() };
            let object = self.made(Some(schema), &name, Kind::Index(index));
            self.catalog.add(object)
        };
        let kind = match new.purpose {
            IndexPurpose::Plain => return Ok(id),
            IndexPurpose::Primary => ConstraintKind::PrimaryKey { index: id },
            IndexPurpose::Unique => ConstraintKind::Unique { index: id },
            IndexPurpose::Exclude => ConstraintKind::Exclude { index: id },
        };
        let mut constraint = super::constraint::new(&name, kind, &new.attributes);
        constraint.no_inherit = false;
        self.edit_table(table, |table| table.constraints.push(constraint));
        Ok(id)
    }

    /// The part of an index that a partition has: one that is there and fits, or a new one.
    pub(super) fn index_partition(&mut self, parent: Id, new: &NewIndex, partition: Id) -> Result {
        let numbers = self.column_map(new.index.table, partition);
        let mut index = renumbered(&new.index, |number| numbers.get(&number).copied());
        index.table = partition;
        (index.parent, index.valid) = (Some(parent), true);
        if let Some(existing) = self.fitting_index(&index, new.purpose) {
            self.edit_index(existing, |it| it.parent = Some(parent));
            self.inherit_index_constraint(partition, existing);
            return Ok(());
        }
        if new.purpose == IndexPurpose::Primary {
            for number in index.columns().unwrap_or_default() {
                self.edit_column(partition, number, |column| column.not_null = true);
            }
        }
        let id = self.add_index(&NewIndex { index, ..new.clone() }, None, false)?;
        self.inherit_index_constraint(partition, id);
        Ok(())
    }

    fn inherit_index_constraint(&mut self, table: Id, index: Id) {
        self.edit_table(table, |table| {
            let of_index = |it: &&mut Constraint| it.kind.index() == Some(index);
            if let Some(constraint) = table.constraints.iter_mut().find(of_index) {
                constraint.inherited = 1;
                constraint.local = false;
            }
        });
    }

    /// An index of the table that is the same, and no part of another one yet.
    fn fitting_index(&self, wanted: &Index, purpose: IndexPurpose) -> Option<Id> {
        self.indexes(wanted.table).into_iter().find(|id| {
            let Some(index) = self.catalog.get(*id).and_then(Object::index) else { return false };
            index.parent.is_none() && fits(index, wanted) && {
                purpose == IndexPurpose::Plain
                    || (index.constraint && index.primary == wanted.primary)
            }
        })
    }

    /// The indexes of a table, oldest first.
    pub(super) fn indexes(&self, table: Id) -> Vec<Id> {
        let is_of = |id: &Id| {
            self.catalog.get(*id).and_then(Object::index).is_some_and(|it| it.table == table)
        };
        self.catalog.dependents(table).filter(is_of).collect_vec()
    }

    pub(super) fn edit_index(&mut self, id: Id, change: impl FnOnce(&mut Index)) {
        self.catalog.edit(id, |object| {
            if let Kind::Index(index) = &mut object.kind {
                change(index);
            }
        });
    }

    pub(super) fn attach_index(&mut self, index: &Name, partition: &Name) -> Result {
        let parent = self.index_named(index)?;
        let mut child_name = partition.clone();
        if child_name.schema.is_none() {
            child_name.schema.clone_from(&index.schema);
        }
        let child = match self.find_relation(&child_name) {
            Found::Known(_) => self.index_named(&child_name)?,
            _ => self.index_named(partition)?,
        };
        let Some((parent, child)) = parent.zip(child) else { return Ok(()) };
        self.edit_index(child, |index| index.parent = Some(parent));
        if let Some(table) = self.catalog.get(child).and_then(Object::index).map(|it| it.table) {
            self.inherit_index_constraint(table, child);
        }
        self.validate_parent_index(parent);
        Ok(())
    }

    /// The index of a partitioned table becomes valid with the last of its parts.
    fn validate_parent_index(&mut self, parent: Id) {
        let Some(index) = self.catalog.get(parent).and_then(Object::index) else { return };
        let partitions = self.partitions(index.table);
        let is_part = |id: &Id| {
            let index = self.catalog.get(*id).and_then(Object::index);
            index.is_some_and(|index| index.parent == Some(parent) && index.valid)
        };
        let parts = self.catalog.dependents(parent).filter(is_part).count();
        if parts == partitions.len() && !index.valid {
            self.edit_index(parent, |index| index.valid = true);
            if let Some(above) = self.catalog.get(parent).and_then(|it| it.index()?.parent) {
                self.validate_parent_index(above);
            }
        }
    }

    /// An index that has to exist; none where nothing is known of it.
    pub(super) fn index_named(&mut self, name: &Name) -> Result<Option<Id>> {
        let id = match self.find_relation(name) {
            Found::Known(id) => id,
            Found::Perhaps => return Ok(None),
            Found::Missing => {
                let mut failure = self.unknown_relation(name);
                if let FailureKind::Unknown { kind, .. } = &mut failure.kind {
                    *kind = ObjectKind::Index;
                }
                return Err(failure);
            }
        };
        match self.catalog.get(id) {
            Some(Object { kind: Kind::Index(_), .. }) => Ok(Some(id)),
            Some(object) if object.partial => Ok(None),
            _ => {
                let message = format!("\"{}\" is not an index", name.name);
                Err(Failure::wrong(name.at.clone(), "42809", message))
            }
        }
    }

    pub(super) fn schema_of(&self, id: Id) -> Id {
        self.catalog.get(id).and_then(|object| object.schema).unwrap_or(Id::PUBLIC)
    }

    pub(super) fn relation_name_of(&self, id: Id) -> String {
        self.catalog.get(id).map(|object| object.name.clone()).unwrap_or_default()
    }

    pub(super) fn relation_in(&self, schema: Id, name: &str) -> Option<Id> {
        let space = crate::catalog::Space::Relation;
        self.catalog.find(&crate::catalog::Key::new(space, Some(schema), name))
    }
}

/// The same index over columns with other numbers.
pub(super) fn renumbered(index: &Index, number: impl Fn(u32) -> Option<u32>) -> Index {
    let number = |column: u32| number(column).unwrap_or(column);
    let mut index = index.clone();
    for element in &mut index.elements {
        element.key = match &element.key {
            IndexKey::Column(column) => IndexKey::Column(number(*column)),
            IndexKey::Expression(it) => IndexKey::Expression(it.renumbered(number)),
        };
    }
    for column in &mut index.include {
        *column = number(*column);
    }
    index.predicate = index.predicate.map(|predicate| predicate.renumbered(number));
    index
}

fn fits(index: &Index, wanted: &Index) -> bool {
    (index.unique, &index.method, &index.elements, &index.include, &index.predicate)
        == (wanted.unique, &wanted.method, &wanted.elements, &wanted.include, &wanted.predicate)
        && index.nulls_not_distinct == wanted.nulls_not_distinct
}

pub(super) fn sorted(options: &[(String, String)]) -> Vec<(String, String)> {
    let mut options = options.to_vec();
    sort(&mut options);
    options
}
