//! Views, materialized views and CREATE TABLE AS.

use super::lookup::spelt;
use super::query::Rows;
use super::scope::{Field, renamed};
use super::{Failure, Result, Simulator};
use crate::catalog::{Column, ColumnType, Id, Key, Kind, Space, Table, View};
use crate::ddl::{self, Arm, ColumnUse, CommonTable, Ident, Output, Select, Source, SourceKind};
use crate::list::CollectVec;
use crate::ordered::sort;
use std::ops::Range;

const TOO_MANY: &str = "too many column names were specified";

impl Simulator<'_> {
    pub(super) fn create_view(&mut self, create: &ddl::CreateView) -> Result {
        let schema = self.new_relation_schema(&create.name, create.persistence)?;
        let rows = if create.recursive {
            self.rows_of(&create.query, recursive(create).as_ref())?
        } else {
            self.rows(&create.query)?
        };
        let too_many = match create.materialized {
            true => TOO_MANY,
            false => "CREATE VIEW specifies more column names than columns",
        };
        let place = (&create.query.at, too_many);
        let columns = self.output_columns(&rows, &create.columns, place)?;
        let mut view = View {
            materialized: create.materialized,
            persistence: create.persistence,
            columns,
            query: create.query.sql.clone(),
            reads: rows.reads,
            uses: rows.uses,
            followed: rows.followed,
            options: sorted(&create.options),
            check_option: create.check_option.clone(),
            listed: create.columns.len(),
            outdated: false,
            populated: create.materialized && create.with_data,
            triggers: Vec::new(),
            rules: Vec::new(),
        };
        if create.or_replace
            && let Some(id) = self.replaced_view(schema, &create.name)?
        {
            self.replace_columns(id, &mut view, &create.query.at)?;
            self.catalog.edit(id, |object| {
                object.partial = false;
                object.kind = Kind::View(view);
            });
            return Ok(());
        }
        if self.claim_relation(schema, &create.name, create.if_not_exists)? {
            let object = self.made(Some(schema), &create.name.name, Kind::View(view));
            self.catalog.add(object);
        }
        Ok(())
    }

    /// The view that OR REPLACE replaces.
    fn replaced_view(&mut self, schema: Id, name: &ddl::Name) -> Result<Option<Id>> {
        let key = Key::new(Space::Relation, Some(schema), &name.name);
        let Some(id) = self.catalog.find(&key) else { return Ok(None) };
        let Some(object) = self.catalog.get(id) else { return Ok(None) };
        let is_view = matches!(&object.kind, Kind::View(view) if !view.materialized);
        if is_view || object.kind == Kind::Relation {
            return Ok(Some(id));
        }
        if !self.is_certain(object) {
            return Ok(None);
        }
        let message = format!("\"{}\" is not a view", name.name);
        Err(Failure::wrong(name.at.clone(), "42809", message))
    }

    /// Carries over what stays of a view: its columns may not change, and more may follow.
    fn replace_columns(&self, id: Id, new: &mut View, at: &Range<usize>) -> Result {
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let Some(old) = object.view() else { return Ok(()) };
        if self.is_certain(object) && old.followed && new.followed {
            self.check_replaced(&old.columns, &new.columns, at)?;
        }
        for (column, old) in new.columns.iter_mut().zip(&old.columns) {
            let column_type = column.column_type.clone();
            let collation = column.collation.take();
            *column = Column { column_type, collation, name: column.name.clone(), ..old.clone() };
        }
        new.triggers.clone_from(&old.triggers);
        new.rules.clone_from(&old.rules);
        Ok(())
    }

    fn check_replaced(&self, old: &[Column], new: &[Column], at: &Range<usize>) -> Result {
        let wrong = |message: String| Err(Failure::wrong(at.clone(), "42P16", message));
        if new.len() < old.len() {
            return wrong("cannot drop columns from view".to_owned());
        }
        for (old, new) in old.iter().zip(new) {
            if old.name != new.name {
                let names = format!("\"{}\" to \"{}\"", old.name, new.name);
                return wrong(format!("cannot change name of view column {names}"));
            }
            if differ(&old.column_type, &new.column_type) {
                return wrong(format!("cannot change data type of view column \"{}\"", old.name));
            }
        }
        Ok(())
    }

    pub(super) fn create_table_as(&mut self, create: &ddl::CreateTableAs) -> Result {
        let schema = self.new_relation_schema(&create.name, create.persistence)?;
        let rows = self.rows(&create.query)?;
        let place = (&create.query.at, TOO_MANY);
        let columns = self.output_columns(&rows, &create.columns, place)?;
        if !self.claim_relation(schema, &create.name, create.if_not_exists)? {
            return Ok(());
        }
        if create.with_data {
            self.calls(&create.query)?;
        }
        let table = Table {
            persistence: create.persistence,
            last_number: u32::try_from(columns.len()).unwrap_or(u32::MAX),
            columns,
            options: sorted(&create.options),
            ..Table::default()
        };
        let mut object = self.made(Some(schema), &create.name.name, Kind::Table(table));
        object.partial = rows.fields.is_none();
        self.catalog.add(object);
        Ok(())
    }

    pub(super) fn refresh(&mut self, name: &ddl::Name, with_data: bool) -> Result {
        let id = self.relation(name)?;
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let is_view = matches!(&object.kind, Kind::View(view) if view.materialized);
        if !is_view && self.is_certain(object) {
            let message = format!("\"{}\" is not a materialized view", spelt(name));
            let is_table = matches!(object.kind, Kind::Table(_));
            let sqlstate = if is_table { "0A000" } else { "42809" };
            return Err(Failure::wrong(name.at.clone(), sqlstate, message));
        }
        self.catalog.edit(id, |object| {
            if let Kind::View(view) = &mut object.kind {
                view.populated = with_data;
            }
        });
        Ok(())
    }

    /// The columns of a new relation. Where not all are known, those that have names.
    fn output_columns(
        &self,
        rows: &Rows,
        names: &[Ident],
        (at, too_many): (&Range<usize>, &str),
    ) -> Result<Vec<Column>> {
        let written: Vec<String> = names.iter().map(|name| name.name.clone()).collect_vec();
        let Some(fields) = &rows.fields else {
            let column =
                |(name, number): (&String, u32)| Column::new(number, name, ColumnType::UNKNOWN);
            return Ok(written.iter().zip(1..).map(column).collect_vec());
        };
        if let Some(name) = names.get(fields.len())
            && rows.followed
        {
            return Err(Failure::wrong(name.at.clone(), "42601", too_many.to_owned()));
        }
        let fields = renamed(fields.clone(), &written);
        if rows.followed
            && let Some((place, name)) = duplicate(&fields)
        {
            let at = names.get(place).map_or(at, |name| &name.at);
            let message = format!("column \"{name}\" specified more than once");
            return Err(Failure::wrong(at.clone(), "42701", message));
        }
        let column = |(field, number): (&Field, u32)| {
            let mut column = Column::new(number, &field.name, field.column_type.clone());
            column.collation.clone_from(&field.collation);
            column
        };
        Ok(fields.iter().zip(1..).map(column).collect_vec())
    }
}

/// The name of two columns, and the second of them. Names that PostgreSQL makes up do not count.
fn duplicate(fields: &[Field]) -> Option<(usize, &str)> {
    let mut named = fields.iter().enumerate().filter(|(_, field)| field.named);
    let is_second = |(at, field): &(usize, &Field)| {
        fields.iter().take(*at).any(|other| other.named && other.name == field.name)
    };
    named.find(is_second).map(|(at, field)| (at, field.name.as_str()))
}

/// `CREATE RECURSIVE VIEW v (a) AS …` is `WITH RECURSIVE v (a) AS (…) SELECT a FROM v`.
fn recursive(create: &ddl::CreateView) -> Option<Select> {
    let columns: Vec<String> =
        create.columns.iter().map(|column| column.name.clone()).collect_vec();
    let name = ddl::Name { schema: None, ..create.name.clone() };
    let output = |column: &String| Output::Column {
        column: ColumnUse { column: column.clone(), ..ColumnUse::default() },
        name: column.clone(),
    };
    let source = Source {
        kind: SourceKind::Relation(name.clone()),
        alias: None,
        columns: Vec::new(),
        merge: ddl::Merge::None,
        lateral: false,
        qualified_only: false,
    };
    let arm = Arm {
        from: vec![source],
        outputs: columns.iter().map(output).collect_vec(),
        complete: true,
        ..Arm::default()
    };
    let table = CommonTable {
        name: Some(name.name),
        columns,
        recursive: true,
        query: create.query.tree.as_deref()?.clone(),
    };
    Some(Select { with: vec![table], arms: vec![arm], complete: true, ..Select::default() })
}

/// Whether two types are different for certain.
pub(super) fn differ(one: &ColumnType, other: &ColumnType) -> bool {
    use crate::catalog::BaseType::{BuiltIn, Foreign, Unknown, User};
    match (&one.base, &other.base) {
        (Unknown, _) | (_, Unknown) | (Foreign { .. }, _) | (_, Foreign { .. }) => false,
        (User(one_id), User(other_id)) => one_id != other_id || one.array != other.array,
        (BuiltIn(name), BuiltIn(other_name)) if name == other_name && one.array == other.array => {
            // Elsewhere the same thing can be written in several ways.
            name == "character varying" && one.modifiers != other.modifiers
        }
        _ => true,
    }
}

pub(super) fn sorted(options: &[(String, String)]) -> Vec<(String, String)> {
    let mut options = options.to_vec();
    sort(&mut options);
    options
}
