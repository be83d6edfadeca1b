//! Indexes that are there twice: each costs at every write, and one of them helps no query.

use crate::catalog::{Catalog, Constraint, Id, Index, Mark, Object, Origin};
use crate::deparse;
use crate::list::CollectVec;

/// An index that another one makes useless.
pub(crate) struct Twin {
    pub(crate) name: String,
    pub(crate) made: Origin,
    /// Whether it belongs to a constraint.
    pub(crate) constraint: bool,
    /// The other one, which was there before.
    pub(crate) other: String,
    pub(crate) other_made: Option<Origin>,
    pub(crate) other_constraint: bool,
    pub(crate) table: String,
    /// `email`, `lower(email), id DESC`.
    pub(crate) keys: String,
}

/// The indexes made since the mark that others make useless.
pub(crate) fn twins(catalog: &Catalog, before: Mark) -> Vec<Twin> {
    let then = catalog.touched(before);
    let made = then.iter().filter(|(_, object)| object.is_none()).map(|(id, _)| *id);
    made.filter_map(|id| twin(catalog, id)).collect_vec()
}

fn twin(catalog: &Catalog, id: Id) -> Option<Twin> {
    let (object, index) = known(catalog, id)?;
    let others = catalog.dependents(index.table).filter(|other| *other != id);
    let others = others.filter_map(|other| Some((other, known(catalog, other)?)));
    let (_, (other, other_index)) = others
        .filter(|(other, (it, twin))| {
            let older = *other < id || !makes_useless(index, object, twin, it, catalog);
            older && makes_useless(twin, it, index, object, catalog)
        })
        .min_by_key(|(other, _)| *other)?;
    let table = catalog.get(index.table)?;
    let columns = table.columns();
    let state = catalog.now();
    let keys = index.elements.iter().map(|it| deparse::element(&state, it, columns));
    Some(Twin {
        name: deparse::object_name(&state, object),
        made: origin(catalog, object)?,
        constraint: index.constraint,
        other: deparse::object_name(&state, other),
        other_made: origin(catalog, other),
        other_constraint: other_index.constraint,
        table: deparse::object_name(&state, table),
        keys: deparse::list(keys),
    })
}

/// An index that is known for certain to be there as the catalog has it. A part of a partitioned index comes with that.
fn known(catalog: &Catalog, id: Id) -> Option<(&Object, &Index)> {
    let object = catalog.get(id)?;
    let index = object.index()?;
    let table = catalog.get(index.table)?;
    let fog = &catalog.session().fog;
    let in_fog = |name: &String| fog.names.contains(name);
    let doubtful = fog.everywhere || object.partial || table.partial;
    let doubtful = doubtful || in_fog(&object.name) || in_fog(&table.name);
    (!doubtful && index.valid && index.parent.is_none()).then_some((object, index))
}

/// Whether `one` does all that `other` does.
fn makes_useless(
    one: &Index,
    one_object: &Object,
    other: &Index,
    other_object: &Object,
    catalog: &Catalog,
) -> bool {
    let enforces = !other.unique
        || one.unique
            && one.nulls_not_distinct == other.nulls_not_distinct
            && at_once(catalog, one_object, one) == at_once(catalog, other_object, other)
            && (one.primary || !other.primary);
    enforces
        && one.method == other.method
        && one.elements == other.elements
        && one.include == other.include
        && one.predicate == other.predicate
        && one.options == other.options
        && one.tablespace == other.tablespace
}

/// Whether it is checked with each row: not where its constraint can be deferred.
fn at_once(catalog: &Catalog, object: &Object, index: &Index) -> bool {
    let table = catalog.get(index.table).and_then(Object::table);
    let constraint = table.and_then(|table| table.constraint(&object.name));
    !index.constraint || constraint.is_none_or(|it: &Constraint| !it.deferrable)
}

fn origin(catalog: &Catalog, object: &Object) -> Option<Origin> {
    let is_it = |it: Option<&Object>| {
        it.is_some_and(|it| {
            it.index().is_some() && (it.schema, &it.name) == (object.schema, &object.name)
        })
    };
    catalog.last(|before, after| !is_it(before) && is_it(after))
}
