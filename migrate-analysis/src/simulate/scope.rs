//! What an expression of a query can name: the sources of `FROM` and their columns.

use crate::catalog::{Column, ColumnType, Id, Named, named};
use crate::ddl::{Merge, Name, Source};
use crate::list::CollectVec;

/// A column that comes out of a query, or out of something in `FROM`.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) column_type: ColumnType,
    pub(super) collation: Option<String>,
    /// Its name is a column's, and not one that PostgreSQL makes up for an expression.
    pub(super) named: bool,
    /// What is read where it is named. A column of a subquery was read in there.
    pub(super) origins: Vec<(Id, u32)>,
}

impl Named for Field {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Field {
    pub(super) fn new(name: &str, column_type: ColumnType) -> Field {
        let name = name.to_owned();
        Field { name, column_type, collation: None, named: true, origins: Vec::new() }
    }

    pub(super) fn unknown(name: &str) -> Field {
        Field::new(name, ColumnType::UNKNOWN)
    }

    pub(super) fn of(relation: Id, column: &Column) -> Field {
        Field {
            collation: column.collation.clone(),
            origins: vec![(relation, column.number)],
            ..Field::new(&column.name, column.column_type.clone())
        }
    }
}

/// Something in `FROM`, looked up.
#[derive(Clone, Default)]
pub(super) struct Bound {
    /// What its columns are qualified by.
    pub(super) name: Option<String>,
    pub(super) relation: Option<Id>,
    pub(super) fields: Vec<Field>,
    /// It has no other columns.
    pub(super) complete: bool,
    /// Whatever other columns it has, none of them is a column of the set.
    pub(super) foreign: bool,
    pub(super) qualified_only: bool,
}

impl Bound {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        named(&self.fields, name)
    }
}

/// What an expression can name.
pub(super) struct Scope<'o> {
    /// The columns of each common table; none where they are not all known.
    pub(super) tables: Vec<(String, Option<Vec<Field>>)>,
    pub(super) sources: Vec<Bound>,
    /// What `*` stands for.
    pub(super) star: Option<Vec<Field>>,
    /// It was not understood: there may be more, and less.
    pub(super) open: bool,
    pub(super) outer: Option<&'o Scope<'o>>,
}

impl<'o> Scope<'o> {
    pub(super) fn new(outer: Option<&'o Scope<'o>>, open: bool) -> Scope<'o> {
        let star = (!open).then(Vec::new);
        Scope { tables: Vec::new(), sources: Vec::new(), star, open, outer }
    }

    /// From the inside out.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Scope<'o>> {
        std::iter::successors(Some(self), |scope| scope.outer)
    }

    pub(super) fn common_table(&self, name: &Name) -> Option<&Option<Vec<Field>>> {
        if name.schema.is_some() {
            return None;
        }
        let mut tables = self.chain().flat_map(|scope| scope.tables.iter().rev());
        tables.find(|(table, _)| *table == name.name).map(|(_, fields)| fields)
    }

    pub(super) fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Bound> {
        self.sources.iter().filter(move |source| source.name.as_deref() == Some(name))
    }

    /// The columns of the source that has the name, where they are all known.
    pub(super) fn fields_of(&self, name: &str) -> Option<Vec<Field>> {
        let source = self.chain().find_map(|scope| scope.named(name).next())?;
        source.complete.then(|| source.fields.clone())
    }

    /// Whether every column that can be named without its table is known.
    pub(super) fn is_complete(&self) -> bool {
        !self.open && self.sources.iter().all(|it| it.complete || it.qualified_only)
    }

    /// Whether a column that is not known here can only be a function's.
    pub(super) fn is_followed(&self) -> bool {
        !self.open && self.sources.iter().all(|it| it.complete || it.foreign || it.qualified_only)
    }

    /// Adds sources that are joined to those there are; `star` is what they show of themselves. Gives
    /// the columns that the join merges, of either side.
    pub(super) fn join(
        &mut self,
        sources: Vec<Bound>,
        star: Option<Vec<Field>>,
        merge: &Merge,
    ) -> Vec<Field> {
        let left = self.star.take();
        let names: Vec<String> = match (merge, &left, &star) {
            (Merge::Using(names), ..) => names.clone(),
            (Merge::Natural, Some(left), Some(right)) => {
                let shared = |field: &&Field| named(right, &field.name).is_some();
                left.iter().filter(shared).map(|field| field.name.clone()).collect_vec()
            }
            _ => Vec::new(),
        };
        let sides = self.sources.iter().chain(&sources).filter(|side| !side.qualified_only);
        let merged = sides.flat_map(|side| names.iter().filter_map(|name| side.field(name)));
        let merged = merged.cloned().collect_vec();
        self.star = match (left, star) {
            (Some(left), Some(right)) => joined(left, &right, &names),
            _ => None,
        };
        self.sources.extend(sources);
        merged
    }
}

/// The columns of a join: first those that become one, then those of either side.
fn joined(left: Vec<Field>, right: &[Field], using: &[String]) -> Option<Vec<Field>> {
    let mut all = Vec::new();
    for name in using {
        let mut mine = left.iter().filter(|field| field.name == *name);
        let (mine, None) = (mine.next()?, mine.next()) else { return None };
        let yours = named(right, name)?;
        all.push(merge(mine, yours));
    }
    let rest = left.into_iter().chain(right.iter().cloned());
    all.extend(rest.filter(|field| !using.contains(&field.name)));
    Some(all)
}

/// Two columns that become one.
pub(super) fn merge(left: &Field, right: &Field) -> Field {
    let same = left.column_type == right.column_type;
    let origins = left.origins.iter().chain(&right.origins).copied().collect_vec();
    Field {
        column_type: if same { left.column_type.clone() } else { ColumnType::UNKNOWN },
        collation: left.collation.clone().filter(|it| right.collation.as_ref() == Some(it)),
        origins,
        ..left.clone()
    }
}

/// A source as its alias has it, and what `*` shows of it. `fields` are all that it has.
pub(super) fn shown(
    source: &Source,
    mut bound: Bound,
    fields: Option<Vec<Field>>,
) -> (Vec<Bound>, Option<Vec<Field>>) {
    bound.complete = fields.is_some();
    if let Some(fields) = fields {
        bound.fields = renamed(fields, &source.columns);
    } else if !source.columns.is_empty() {
        bound.fields = source.columns.iter().map(|name| Field::unknown(name)).collect_vec();
    }
    if source.alias.is_some() {
        bound.name.clone_from(&source.alias);
    }
    bound.qualified_only = source.qualified_only;
    let star = match (source.qualified_only, bound.complete) {
        (true, _) => Some(Vec::new()),
        (false, true) => Some(bound.fields.clone()),
        (false, false) => None,
    };
    (vec![bound], star)
}

/// With other names for the first of them.
pub(super) fn renamed(mut fields: Vec<Field>, names: &[String]) -> Vec<Field> {
    for (field, name) in fields.iter_mut().zip(names) {
        field.name.clone_from(name);
        field.named = true;
    }
    fields
}
