//! What a query reads and which columns come out of it.
//!
//! A name that is not found is a failure only where everything that it could come from is known to
//! the last column. Anything less, and the query is merely not followed.

use super::scope::{Bound, Field, Scope, merge, renamed, shown};
use super::{Failure, Found, Result, Simulator};
use crate::catalog::{self, Column, ColumnType, Id, Kind, Object};
use crate::ddl::{Arm, ColumnUse, CommonTable, Name, ObjectKind, Output, Query, Select};
use crate::ddl::{Source, SourceKind, TypeName};
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use std::ops::Range;

/// What comes out of a query, and what goes in.
#[derive(Default)]
pub(super) struct Rows {
    /// None where it is not known how many there are.
    pub(super) fields: Option<Vec<Field>>,
    /// Each relation as a whole, and its columns that are named.
    pub(super) reads: SortedSet<(Id, Option<u32>)>,
    /// Functions and types.
    pub(super) uses: SortedSet<Id>,
    /// Nothing is missing in `fields` and `reads`.
    pub(super) followed: bool,
}

impl Simulator<'_> {
    /// Looks up what a query names.
    pub(super) fn rows(&mut self, query: &Query) -> Result<Rows> {
        self.rows_of(query, query.tree.as_deref())
    }

    /// The same where another tree stands for the query.
    pub(super) fn rows_of(&mut self, query: &Query, tree: Option<&Select>) -> Result<Rows> {
        let uses = query.functions.iter().filter_map(|name| self.called(name)).collect();
        let mut rows = Rows { uses, followed: tree.is_some(), ..Rows::default() };
        if let Some(tree) = tree {
            let mut resolver = Resolver { simulator: self, at: &query.at, rows: &mut rows };
            rows.fields = resolver.select(tree, None)?;
        }
        rows.followed &= rows.fields.is_some();
        Ok(rows)
    }

    /// The columns that are known of a relation, and whether these are all.
    fn fields_of(&self, id: Id) -> (Vec<Field>, bool) {
        let Some(object) = self.catalog.get(id) else { return (Vec::new(), false) };
        let certain = self.is_certain(object);
        let fields = |columns: &[Column]| columns.iter().map(|it| Field::of(id, it)).collect_vec();
        match &object.kind {
            Kind::Table(table) => (fields(&table.columns), certain),
            Kind::View(view) => (fields(&view.columns), certain && view.followed),
            Kind::Sequence(_) => {
                let columns =
                    [("last_value", "bigint"), ("log_cnt", "bigint"), ("is_called", "boolean")];
                let field = |(name, it): (&str, &str)| Field::new(name, ColumnType::built_in(it));
                (columns.into_iter().map(field).collect_vec(), certain)
            }
            _ => (Vec::new(), false),
        }
    }

    /// Whether all of it is known: the set made it, and nothing that could not be followed may have
    /// changed it since.
    pub(super) fn is_certain(&self, object: &Object) -> bool {
        !object.partial && !self.is_shrouded(&object.name)
    }
}

/// A query at work.
struct Resolver<'r, 'a, 'c> {
    simulator: &'r mut Simulator<'c>,
    at: &'a Range<usize>,
    rows: &'r mut Rows,
}

impl Resolver<'_, '_, '_> {
    fn select(&mut self, select: &Select, outer: Option<&Scope>) -> Result<Option<Vec<Field>>> {
        let mut scope = Scope::new(outer, false);
        let named = select.with.iter().filter(|table| table.recursive);
        // Each of them may name any other.
        let names: Vec<_> =
            named.filter_map(|table| Some((table.name.clone()?, None))).collect_vec();
        scope.tables.extend(names);
        for table in &select.with {
            let fields = self.common_table(table, &mut scope)?;
            scope.tables.extend(table.name.clone().map(|name| (name, fields)));
        }
        self.rows.followed &= select.complete;
        if let [arm] = select.arms.as_slice() {
            return self.only_arm(select, arm, &scope);
        }
        let mut all: Option<Option<Vec<Field>>> = None;
        for arm in &select.arms {
            let inside = self.from(arm, &scope)?;
            let fields = self.arm(arm, &inside)?;
            all = Some(match (all, fields) {
                (None, fields) => fields,
                (Some(Some(first)), Some(fields)) if first.len() == fields.len() => Some(
                    first.iter().zip(&fields).map(|(one, other)| merge(one, other)).collect_vec(),
                ),
                _ => None,
            });
        }
        self.selects(&select.subqueries, &scope)?;
        Ok(all.flatten())
    }

    fn only_arm(
        &mut self,
        select: &Select,
        arm: &Arm,
        scope: &Scope,
    ) -> Result<Option<Vec<Field>>> {
        let mut inside = self.from(arm, scope)?;
        let fields = self.arm(arm, &inside)?;
        inside.open |= !select.complete;
        let names = names(&arm.outputs);
        let order = select.order.iter().chain(&arm.distinct);
        for name in order.filter(|name| !names.contains(&name.as_str())) {
            self.bare(name, &inside, &fields.as_deref().map(catalog::names).unwrap_or_default())?;
        }
        self.selects(&select.subqueries, &inside)?;
        Ok(fields)
    }

    fn selects(&mut self, selects: &[Select], scope: &Scope) -> Result {
        for select in selects {
            self.select(select, Some(scope))?;
        }
        Ok(())
    }

    fn common_table(
        &mut self,
        table: &CommonTable,
        scope: &mut Scope,
    ) -> Result<Option<Vec<Field>>> {
        let renamed = |fields: Option<Vec<Field>>| fields.map(|it| renamed(it, &table.columns));
        if let Some(name) = &table.name
            && table.recursive
            && table.query.with.is_empty()
            && let [first, _, ..] = table.query.arms.as_slice()
        {
            let inside = self.from(first, scope)?;
            let fields = self.arm(first, &inside)?;
            scope.tables.push((name.clone(), renamed(fields)));
        }
        Ok(renamed(self.select(&table.query, Some(scope))?))
    }

    /// What the arm can name.
    fn from<'o>(&mut self, arm: &Arm, outer: &'o Scope<'o>) -> Result<Scope<'o>> {
        let mut scope = Scope::new(Some(outer), !arm.complete);
        self.rows.followed &= arm.complete;
        self.sources(&arm.from, &mut scope)?;
        Ok(scope)
    }

    fn sources(&mut self, sources: &[Source], scope: &mut Scope) -> Result {
        for source in sources {
            let (bound, star) = match &source.kind {
                SourceKind::Join(inner) => {
                    let mut inside = Scope::new(Some(scope), scope.open);
                    self.sources(inner, &mut inside)?;
                    let (bound, star) = (inside.sources, inside.star);
                    match &source.alias {
                        None => (bound, star),
                        Some(_) => shown(source, Bound::default(), star),
                    }
                }
                SourceKind::Query(select) => {
                    let fields = self.select(select, Some(scope))?;
                    shown(source, Bound::default(), fields)
                }
                _ => {
                    let bound = self.source(source, scope)?;
                    let fields = bound.complete.then(|| bound.fields.clone());
                    shown(source, bound, fields)
                }
            };
            let merged = scope.join(bound, star, &source.merge);
            self.read(&merged);
        }
        Ok(())
    }

    /// A relation or function in `FROM`.
    fn source(&mut self, source: &Source, scope: &Scope) -> Result<Bound> {
        match &source.kind {
            SourceKind::Relation(name) => self.relation(name, scope),
            SourceKind::Function { name, ordinality, types } => {
                let mut fields: Vec<Field> =
                    source.columns.iter().map(|name| Field::unknown(name)).collect_vec();
                for (field, written) in fields.iter_mut().zip(types) {
                    field.column_type = self.written_type(written.as_ref())?;
                }
                fields.extend(ordinality.then(|| Field::unknown("ordinality")));
                let name = Some(name.name.clone());
                let complete = !types.is_empty();
                Ok(Bound { name, fields, complete, foreign: true, ..Bound::default() })
            }
            _ => {
                self.rows.followed = false;
                Ok(Bound::default())
            }
        }
    }

    fn relation(&mut self, name: &Name, scope: &Scope) -> Result<Bound> {
        let bound = Bound { name: Some(name.name.clone()), ..Bound::default() };
        if let Some(fields) = scope.common_table(name) {
            let (fields, complete) = (fields.clone().unwrap_or_default(), fields.is_some());
            return Ok(Bound { fields, complete, ..bound });
        }
        let id = match self.simulator.find_relation(name) {
            Found::Known(id) => id,
            Found::Perhaps if is_system(name) => return Ok(Bound { foreign: true, ..bound }),
            Found::Perhaps => self.simulator.assume(name, Kind::Relation)?,
            Found::Missing if scope.chain().any(|scope| scope.open) => return Ok(bound),
            Found::Missing => {
                let mut failure = self.simulator.unknown_relation(name);
                if failure.at.is_empty() {
                    failure.at = self.at.clone();
                }
                return Err(failure);
            }
        };
        self.rows.reads.insert((id, None));
        let (fields, complete) = self.simulator.fields_of(id);
        Ok(Bound { relation: Some(id), fields, complete, ..bound })
    }

    /// The columns that come out, with everything else that the arm names.
    fn arm(&mut self, arm: &Arm, scope: &Scope) -> Result<Option<Vec<Field>>> {
        for column in &arm.uses {
            self.column(column, scope)?;
        }
        self.selects(&arm.subqueries, scope)?;
        if let Some(count) = arm.values {
            let field = |at| Field::unknown(&format!("column{at}"));
            return Ok(Some((1..=count).map(field).collect_vec()));
        }
        let mut fields = arm.complete.then(Vec::new);
        for output in &arm.outputs {
            match (&mut fields, self.output(output, scope)?) {
                (Some(fields), Some(more)) => fields.extend(more),
                _ => fields = None,
            }
        }
        let mut outputs = names(&arm.outputs);
        outputs.extend(fields.as_deref().map(catalog::names).unwrap_or_default());
        for name in &arm.grouping {
            self.bare(name, scope, &outputs)?;
        }
        Ok(fields)
    }

    fn output(&mut self, output: &Output, scope: &Scope) -> Result<Option<Vec<Field>>> {
        let fields = match output {
            Output::Star => scope.star.clone(),
            Output::TableStar { table, .. } => scope.fields_of(table),
            Output::Fields(ColumnUse { schema: None, table: None, column, fields })
                if fields.is_empty() && self.is_row(column, scope) =>
            {
                scope.fields_of(column)
            }
            Output::Column { column, name } => {
                let field = self.column(column, scope)?;
                let field = field.unwrap_or_else(|| Field::unknown(name));
                return Ok(Some(vec![Field { name: name.clone(), origins: Vec::new(), ..field }]));
            }
            Output::Expression { name, type_name } => {
                let column_type = self.written_type(type_name.as_ref())?;
                let field = Field { named: false, ..Field::new(name, column_type) };
                return Ok(Some(vec![field]));
            }
            Output::Fields(_) | Output::Unknown => None,
        };
        match &fields {
            Some(fields) => self.read(fields),
            None => self.rows.followed = false,
        }
        let forget = |field| Field { origins: Vec::new(), ..field };
        Ok(fields.map(|fields| fields.into_iter().map(forget).collect_vec()))
    }

    fn written_type(&mut self, written: Option<&TypeName>) -> Result<ColumnType> {
        let Some(written) = written else { return Ok(ColumnType::UNKNOWN) };
        let column_type = self.simulator.column_type(written)?;
        self.rows.uses.extend(column_type.user_type());
        Ok(column_type)
    }

    fn read(&mut self, fields: &[Field]) {
        let origins = fields.iter().flat_map(|field| &field.origins);
        self.rows.reads.extend(origins.map(|(relation, column)| (*relation, Some(*column))));
    }

    /// A column that is named; none where it is no column, or not known.
    fn column(&mut self, column: &ColumnUse, scope: &Scope) -> Result<Option<Field>> {
        let name = &column.column;
        let field = match (&column.table, column.fields.first()) {
            (Some(table), _) => self.qualified(table, name, scope)?,
            (None, Some(field)) if self.is_row(name, scope) => {
                return self.qualified(name, field, scope);
            }
            (None, _) => self.bare(name, scope, &[])?,
        };
        Ok(field.filter(|_| column.fields.is_empty()))
    }

    /// Whether it is a source, and no column.
    fn is_row(&self, name: &str, scope: &Scope) -> bool {
        let mut found = scope.chain().filter_map(|scope| {
            let is_column = scope.sources.iter().any(|source| source.field(name).is_some());
            let is_source = scope.named(name).next().is_some();
            (is_column || is_source || !scope.is_complete()).then_some(is_source && !is_column)
        });
        found.next().unwrap_or(false)
    }

    fn qualified(&mut self, table: &str, column: &str, scope: &Scope) -> Result<Option<Field>> {
        for scope in scope.chain() {
            if let Some(field) = scope.named(table).find_map(|source| source.field(column)) {
                self.read(std::slice::from_ref(field));
                return Ok(Some(field.clone()));
            }
            let Some(source) = scope.named(table).next() else {
                if scope.open || scope.sources.iter().any(|source| source.name.is_none()) {
                    self.rows.followed = false;
                    return Ok(None);
                }
                continue;
            };
            if column == "*" || is_system_column(column) {
                return Ok(None);
            }
            if scope.open || !scope.named(table).all(|source| source.complete) {
                self.rows.followed &= !scope.open && scope.named(table).all(|it| it.foreign);
                return Ok(None);
            }
            if self.simulator.takes_a_row(column) {
                return Ok(None);
            }
            return Err(self.unknown_column(source.relation, column));
        }
        if matches!(table, "excluded" | "old" | "new") {
            return Ok(None);
        }
        let has_alias = |source: &Bound| {
            let object = source.relation.and_then(|id| self.simulator.catalog.get(id));
            object.is_some_and(|object| object.name == table)
        };
        let what = match scope.chain().flat_map(|scope| &scope.sources).any(has_alias) {
            true => "invalid reference to",
            false => "missing",
        };
        let message = format!("{what} FROM-clause entry for table \"{table}\"");
        Err(Failure::wrong(self.at.clone(), "42P01", message))
    }

    /// `outputs` are names that are no failure.
    fn bare(&mut self, column: &str, scope: &Scope, outputs: &[&str]) -> Result<Option<Field>> {
        for scope in scope.chain() {
            let visible = scope.sources.iter().filter(|source| !source.qualified_only);
            let hits: Vec<Field> =
                visible.filter_map(|source| source.field(column)).cloned().collect_vec();
            self.read(&hits);
            if let Some(field) = hits.into_iter().reduce(|one, other| merge(&one, &other)) {
                return Ok(Some(field));
            }
            if scope.named(column).next().is_some() || outputs.contains(&column) {
                return Ok(None);
            }
            if !scope.is_complete() {
                self.rows.followed &= scope.is_followed();
                return Ok(None);
            }
        }
        if is_system_column(column) || is_word(column) {
            return Ok(None);
        }
        let relations: Vec<_> = scope.sources.iter().map(|source| source.relation).collect_vec();
        let only = relations.first().copied().flatten().filter(|_| relations.len() == 1);
        Err(self.unknown_column(only, column))
    }

    fn unknown_column(&self, relation: Option<Id>, column: &str) -> Failure {
        let at = self.at.clone();
        match relation {
            Some(id) => self.simulator.unknown_column(id, column, at),
            None => self.simulator.unknown(ObjectKind::Column, column, None, at, &|_| false),
        }
    }
}

/// The names that come out, as far as they are written.
fn names(outputs: &[Output]) -> Vec<&str> {
    let mut names = Vec::with_capacity(outputs.len());
    for output in outputs {
        match output {
            Output::Column { name, .. } | Output::Expression { name, .. } => {
                names.push(name.as_str());
            }
            Output::Star | Output::TableStar { .. } | Output::Fields(_) | Output::Unknown => {}
        }
    }
    names
}

/// PostgreSQL's own relations, which are nobody's to depend on.
fn is_system(name: &Name) -> bool {
    name.schema.as_deref().is_some_and(super::lookup::is_system_schema)
        || name.name.starts_with("pg_")
}

fn is_system_column(name: &str) -> bool {
    matches!(name, "ctid" | "xmin" | "xmax" | "cmin" | "cmax" | "tableoid")
}

/// Words that stand for a value, and cannot be a column's name without quotes.
fn is_word(name: &str) -> bool {
    matches!(
        name,
        "current_catalog"
            | "current_date"
            | "current_role"
            | "current_schema"
            | "current_time"
            | "current_timestamp"
            | "current_user"
            | "default"
            | "false"
            | "localtime"
            | "localtimestamp"
            | "null"
            | "session_user"
            | "system_user"
            | "true"
            | "user"
    )
}
