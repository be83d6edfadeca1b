//! Views: what of them differs, and how they are made again.

use super::objects::{columns_of, kind_name, titled};
use super::trigger::create_rule;
use super::{Differ, Fix, Pair, Phase, Weight, age, fix};
use crate::catalog::{Column, Id, Kind, Object, State, View, numbered};
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use crate::sql::compare::{self, Relation};
use crate::sql::quoted;

impl Differ<'_> {
    /// Everything about a view that is made again, but for what any object has.
    pub(super) fn rebuilt_view(&self, id: Id, object: &Object, view: &View) -> Vec<Fix> {
        let name = object_name(self.before, object);
        let create = deparse::create_view(self.before, object, view);
        let mut all = vec![fix(Phase::CreateView, age(id), create)];
        let indexes = self.indexes_of(id, &view.columns);
        all.extend(indexes.into_iter().map(|sql| fix(Phase::CreateView, age(id), sql)));
        for column in &view.columns {
            all.extend(self.column_described(id, object, column));
            if let Some(default) = &column.default {
                let of = &column.column_type;
                let default = deparse::default(self.before, default, of, &view.columns);
                let column = quoted(&column.name);
                let sql = format!("ALTER VIEW {name} ALTER COLUMN {column} SET DEFAULT {default}");
                all.push(fix(Phase::Describe, age(id), sql));
            }
        }
        for trigger in &view.triggers {
            all.extend(self.create_trigger(&name, trigger, &view.columns));
        }
        all.extend(view.rules.iter().flat_map(|rule| create_rule(&name, rule)));
        all
    }

    pub(super) fn views(&mut self, pair: Pair<'_>, one: &View, other: &View) {
        let (then, now) = (names(&one.columns), names(&other.columns));
        let weight = self.weight_of_views(one, other);
        if weight == Some(Weight::Certain) && is_renamed(pair, one, other) {
            self.renamed_columns(pair, &then, &now);
        } else if let Some(weight) = weight {
            self.redefined_view(pair, weight, one, other);
        } else if one.materialized && one.populated != other.populated {
            self.populated(pair, one);
        }
        self.columns_of_views(pair, one, other);
        let triggers = (one.triggers.as_slice(), other.triggers.as_slice());
        self.triggers(pair, triggers, (&one.columns, &other.columns));
        self.rules(pair, &one.rules, &other.rules);
    }

    /// How much it counts in what the two differ as views: query, columns, options.
    fn weight_of_views(&self, one: &View, other: &View) -> Option<Weight> {
        let (then, now) = (names(&one.columns), names(&other.columns));
        if then != now && one.followed && other.followed {
            let only_order = is_starred(one, other) && is_permutation(&then, &now);
            return Some(if only_order { Weight::Order } else { Weight::Certain });
        }
        let weight = match self.weight_of_queries(one, other) {
            Some(Weight::Certain) if one.outdated || other.outdated => Some(Weight::Doubtful),
            weight => weight,
        };
        let differ = || has_other_options(one, other) || self.has_other_types(one, other);
        weight.or_else(|| differ().then_some(Weight::Certain))
    }

    /// How much the two queries differ, `*` and what their columns are called apart.
    fn weight_of_queries(&self, one: &View, other: &View) -> Option<Weight> {
        let weight = compared(one, other)?;
        let (then, now) = (relations(self.before, one), relations(self.after, other));
        if !one.followed || !other.followed {
            // The names in brackets may be those that the other has in its query.
            return Some(if one.listed == other.listed { weight } else { Weight::Doubtful });
        }
        super::weight(compare::views((&one.query, &then), (&other.query, &now)))
    }

    /// Columns have other names, and nothing else differs.
    fn renamed_columns(&mut self, pair: Pair<'_>, then: &[String], now: &[String]) {
        let before = pair.before.1;
        let (kind, name) = (kind_name(before).to_uppercase(), object_name(self.before, before));
        let renamed = then.iter().zip(now).filter(|(then, now)| then != now);
        let fixes = renamed.map(|(then, now)| {
            let (then, now) = (quoted(then), quoted(now));
            let sql = format!("ALTER {kind} {name} RENAME COLUMN {now} TO {then}");
            fix(Phase::Rename, i64::MAX, sql)
        });
        let fixes = fixes.collect_vec();
        let words = columns_in_words(&titled(self.before, before), then, now);
        self.note(Weight::Certain, words, fixes);
    }

    /// It is dropped and made again, where that can help.
    fn redefined_view(&mut self, pair: Pair<'_>, weight: Weight, one: &View, other: &View) {
        let ((id, before), (now_id, after)) = (pair.before, pair.after);
        let title = titled(self.before, before);
        let (then, now) = (names(&one.columns), names(&other.columns));
        let words = match then != now {
            true => columns_in_words(&title, &then, &now),
            false => format!("{title} is defined otherwise"),
        };
        let starred = is_starred(one, other);
        let hopeless = (starred && self.reads_the_same(other)) || one.outdated;
        let mut fixes = Vec::new();
        if !hopeless && weight != Weight::Order {
            let kind = kind_name(after).to_uppercase();
            let drop = format!("DROP {kind} {}", object_name(self.after, after));
            fixes.push(fix(Phase::DropView, -age(now_id), drop).stirring(now_id, None));
            fixes.extend(self.rebuilt_view(id, before, one));
            fixes.extend(self.described(id, before));
        }
        self.note(weight, words, fixes);
        if hopeless && starred {
            self.caveat(format!("a `*` in the query of {title} stands for other columns now"));
        }
    }

    fn populated(&mut self, pair: Pair<'_>, one: &View) {
        let (not, with) = if one.populated { ("not ", "DATA") } else { ("", "NO DATA") };
        let words = format!("{} is {not}populated", titled(self.before, pair.before.1));
        let name = object_name(self.before, pair.before.1);
        let sql = format!("REFRESH MATERIALIZED VIEW {name} WITH {with}");
        self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
    }

    /// What the columns have beside their names and types.
    fn columns_of_views(&mut self, pair: Pair<'_>, one: &View, other: &View) {
        let before = pair.before.1;
        let name = object_name(self.before, before);
        for column in &one.columns {
            let Some(now) = numbered(&other.columns, column.number) else { continue };
            let title = self.titled_column(self.before, before, column);
            self.column_comment(&name, &title, column, now);
            let alter = format!("ALTER VIEW {name} ALTER COLUMN {}", quoted(&column.name));
            let sides = ((one.columns.as_slice(), column), (other.columns.as_slice(), now));
            self.defaults(&title, &alter, sides.0, sides.1);
        }
    }

    /// Whether a column of the same name certainly has another type.
    fn has_other_types(&self, one: &View, other: &View) -> bool {
        let differ = |one: &Column, other: &Column| {
            let (then, now) = (&one.column_type, &other.column_type);
            one.name == other.name
                && !then.is_unknown()
                && !now.is_unknown()
                && deparse::column_type(self.before, then) != deparse::column_type(self.after, now)
        };
        let both = one.followed && other.followed;
        both && one.columns.iter().zip(&other.columns).any(|(one, other)| differ(one, other))
    }

    /// Whether what it reads has the same columns in both states.
    fn reads_the_same(&self, view: &View) -> bool {
        let of = |state: &State<'_>, id: Id| names(columns_of(state, id));
        view.reads.iter().all(|(id, _)| of(self.before, *id) == of(self.after, *id))
    }

    /// Views that stay, and functions over their rows, that need what is dropped and made again: they are dropped before that and made again
    /// after it.
    pub(super) fn views_in_the_way(&mut self) {
        let fixes = self.found.iter().flat_map(|it| &it.fixes);
        let mut waiting: Vec<(Id, Option<u32>)> = fixes.filter_map(|fix| fix.stirs).collect_vec();
        let mut done: SortedSet<Id> = waiting.iter().map(|(id, _)| *id).collect();
        while let Some((id, column)) = waiting.pop() {
            for view in self.after.dependents(id) {
                let reads = self.after.get(view).and_then(Object::view).is_some_and(|it| {
                    let of_it = |read: &&(Id, Option<u32>)| read.0 == id;
                    it.reads.iter().filter(of_it).any(|read| column.is_none() || read.1 == column)
                });
                let is_routine = column.is_none()
                    && self.after.get(view).is_some_and(|it| matches!(it.kind, Kind::Routine(_)));
                if (reads || is_routine) && !self.left.contains(&view) && done.insert(view) {
                    waiting.push((view, None));
                    match is_routine {
                        true => self.remake_routine(view),
                        false => self.remake_view(view),
                    }
                }
            }
        }
    }

    /// The same of a function over the rows of a view.
    fn remake_routine(&mut self, id: Id) {
        let (Some(now), Some(then)) = (self.after.get(id), self.before.get(id)) else { return };
        let Kind::Routine(routine) = &then.kind else { return };
        let Some(create) = deparse::create_routine(self.before, then, routine) else { return };
        let drop = format!("DROP ROUTINE {}", deparse::routine_name(self.after, now));
        let age = age(id);
        if let Some(last) = self.found.last_mut() {
            last.fixes.push(fix(Phase::DropView, -age, drop));
            last.fixes.push(fix(Phase::CreateView, age, create));
        }
    }

    /// Adds to the last difference that the view is dropped and made again.
    fn remake_view(&mut self, id: Id) {
        let (Some(now), Some(then)) = (self.after.get(id), self.before.get(id)) else { return };
        let Some(view) = then.view().filter(|view| !view.outdated) else { return };
        let kind = if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
        let drop = format!("DROP {kind} {}", deparse::object_name(self.after, now));
        let mut fixes = vec![fix(Phase::DropView, -age(id), drop)];
        fixes.extend(self.rebuilt_view(id, then, view));
        fixes.extend(self.described(id, then));
        if let Some(last) = self.found.last_mut() {
            last.fixes.extend(fixes);
        }
    }
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect_vec()
}

/// What a view reads, each with the columns that there were when it was made: those that came later are none
/// that it reads.
fn relations(state: &State<'_>, view: &View) -> Vec<Relation> {
    let whole = view.reads.iter().filter(|(_, column)| column.is_none());
    let relation = |(id, _): &(Id, Option<u32>)| {
        let object = state.get(*id)?;
        let schema = object.schema.and_then(|it| state.get(it)).map(|it| it.name.clone());
        let schema = schema.filter(|it| it != "public");
        let columns = columns_of(state, *id).iter();
        let columns = columns.filter(|it| view.reads.contains(&(*id, Some(it.number))));
        Some(Relation {
            path: schema.into_iter().chain([object.name.clone()]).collect_vec(),
            columns: columns.map(|it| it.name.clone()).collect_vec(),
        })
    };
    whole.filter_map(relation).collect_vec()
}

/// How much the two queries differ as they are written.
fn compared(one: &View, other: &View) -> Option<Weight> {
    match one.query == other.query {
        true => None,
        false => super::weight(compare::queries(&one.query, &other.query)),
    }
}

/// The same query, and a `*` in it that does not stand for the same.
fn is_starred(one: &View, other: &View) -> bool {
    names(&one.columns) != names(&other.columns)
        && one.query.contains('*')
        && compared(one, other).is_none()
}

fn has_other_options(one: &View, other: &View) -> bool {
    one.options != other.options || one.check_option != other.check_option
}

/// Whether `ALTER VIEW … RENAME COLUMN` is all that happened to the view.
fn is_renamed(pair: Pair<'_>, one: &View, other: &View) -> bool {
    pair.before.0 == pair.after.0
        && one.query == other.query
        && one.columns.len() == other.columns.len()
        && names(&one.columns) != names(&other.columns)
        && !has_other_options(one, other)
}

fn is_permutation(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}

/// How the columns of a view differ.
fn columns_in_words(title: &str, then: &[String], now: &[String]) -> String {
    let beyond = |some: &[String], others: &[String]| {
        let names = some.iter().filter(|name| !others.contains(name));
        deparse::list(names.map(|name| format!("`{}`", quoted(name))))
    };
    let (left, lost) = (beyond(now, then), beyond(then, now));
    match (left.is_empty(), lost.is_empty()) {
        (false, true) => format!("{title} is left with {left}"),
        (true, false) => format!("{title} loses {lost}"),
        (false, false) => format!("{title} is left with {left} and loses {lost}"),
        (true, true) => format!("{title} has its columns in another order"),
    }
}
