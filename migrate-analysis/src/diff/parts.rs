//! Indexes in detail, sequences, enums.

use super::objects::{columns_of, default_privileges, titled};
use super::table::owner_name;
use super::{Differ, Fix, Pair, Phase, Weight, fix, weight};
use crate::catalog::{
    BaseType, Column, Domain, Expr, Index, IndexElement, IndexKey, Kind, Object, Piece, Sequence,
    State, Table, named, numbered,
};
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::sql::quoted;

impl Differ<'_> {
    pub(super) fn index_weight(
        &self,
        (one, one_columns): (&Index, &[Column]),
        (other, other_columns): (&Index, &[Column]),
    ) -> Option<Weight> {
        let same_table = one.table == other.table;
        let bare = |state: &State<'_>, index: &Index, columns: &[Column]| {
            let options: Vec<String> = index.elements.iter().map(element_options).collect_vec();
            (
                (index.unique, index.nulls_not_distinct, index.method.clone()),
                if same_table { String::new() } else { deparse::name(state, index.table) },
                deparse::column_names(columns, &index.include),
                (options, index.options.clone(), index.tablespace.clone()),
            )
        };
        if bare(self.before, one, one_columns) != bare(self.after, other, other_columns) {
            return Some(Weight::Certain);
        }
        let keys = one.elements.iter().zip(&other.elements).map(|(one, other)| {
            match (&one.key, &other.key) {
                // A column that was renamed is the same.
                (one, other) if same_table && one == other => None,
                (IndexKey::Column(one), IndexKey::Column(other)) => {
                    let then = deparse::column_name(one_columns, *one);
                    let now = deparse::column_name(other_columns, *other);
                    (then != now).then_some(Weight::Certain)
                }
                (IndexKey::Expression(one), IndexKey::Expression(other)) => {
                    self.expressions(Some((one, one_columns)), Some((other, other_columns)))
                }
                // `date(day)` of a date is the column itself.
                (IndexKey::Expression(call), IndexKey::Column(column)) => {
                    cast_weight((call, one_columns), *column)
                }
                (IndexKey::Column(column), IndexKey::Expression(call)) => {
                    cast_weight((call, other_columns), *column)
                }
            }
        });
        let predicates = self.expressions(
            one.predicate.as_ref().map(|it| (it, one_columns)),
            other.predicate.as_ref().map(|it| (it, other_columns)),
        );
        keys.max().flatten().max(predicates)
    }

    pub(super) fn sequences(&mut self, pair: Pair<'_>, one: &Sequence, other: &Sequence) {
        let (before, after) = (pair.before.1, pair.after.1);
        let title = titled(self.before, before);
        let name = object_name(self.before, before);
        let options = |it: &Sequence| {
            (it.data_type.clone(), it.start, it.increment, it.min, it.max, it.cache, it.cycle)
        };
        if options(one) != options(other) && !before.partial && !after.partial {
            let sql = format!(
                "ALTER SEQUENCE {name} AS {} INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} \
                 CACHE {} {}",
                one.data_type,
                one.increment,
                one.min,
                one.max,
                one.start,
                one.cache,
                if one.cycle { "CYCLE" } else { "NO CYCLE" }
            );
            self.certain(format!("{title} counts otherwise"), vec![fix(Phase::Describe, 0, sql)]);
        }
        let goes = other.owned_by.is_some_and(|it| self.is_dropped(it.table, it.column));
        if goes && !other.owned_by.is_some_and(|it| it.identity) {
            let now = object_name(self.after, after);
            let sql = format!("ALTER SEQUENCE {now} OWNED BY NONE");
            self.certain(format!("{title} would go along"), vec![fix(Phase::DropTrigger, 0, sql)]);
        }
        let owners = (
            one.owned_by.and_then(|owner| owner_name(self.before, owner)),
            other.owned_by.and_then(|owner| owner_name(self.after, owner)),
        );
        let identity = one.owned_by.or(other.owned_by).is_some_and(|owner| owner.identity);
        if (owners.0 != owners.1 || goes && owners.0.is_some()) && !identity {
            let owner = owners.0.unwrap_or_else(|| "NONE".to_owned());
            let sql = format!("ALTER SEQUENCE {name} OWNED BY {owner}");
            self.certain(
                format!("{title} belongs to another column"),
                vec![fix(Phase::AddConstraint, 0, sql)],
            );
        }
    }

    pub(super) fn enums(&mut self, pair: Pair<'_>, one: &[String], other: &[String]) {
        if one == other || pair.before.1.partial {
            return;
        }
        let name = object_name(self.before, pair.before.1);
        let quote = |labels: Vec<&String>| {
            deparse::list(labels.into_iter().map(|label| deparse::literal(label)))
        };
        let left: Vec<&String> = other.iter().filter(|it| !one.contains(it)).collect_vec();
        let lost: Vec<&String> = one.iter().filter(|it| !other.contains(it)).collect_vec();
        // A value was renamed, and nothing else happened.
        if let ([left], [lost]) = (left.as_slice(), lost.as_slice())
            && one.len() == other.len()
            && one.iter().zip(other).all(|(a, b)| a == b || (a == *lost && b == *left))
        {
            let (from, to) = (deparse::literal(left), deparse::literal(lost));
            let sql = format!("ALTER TYPE {name} RENAME VALUE {from} TO {to}");
            let words = format!("the value {to} of `{name}` is now called {from}");
            return self.certain(words, vec![fix(Phase::Rename, i64::MAX, sql)]);
        }
        let words = match (left.is_empty(), lost.is_empty()) {
            (false, true) => {
                let s = if left.len() == 1 { "" } else { "s" };
                format!("type `{name}` is left with the value{s} {}", quote(left))
            }
            (true, false) => {
                let s = if lost.len() == 1 { "" } else { "s" };
                format!("type `{name}` loses the value{s} {}", quote(lost))
            }
            (true, true) => format!("the values of type `{name}` are in another order"),
            (false, false) => format!("type `{name}` has other values"),
        };
        let (fixes, caveat) = self.remade_enum(pair, one);
        self.certain(words, fixes);
        if let Some(caveat) = caveat {
            self.caveat(caveat);
        }
    }

    /// PostgreSQL takes no value out of an enum: the type is made again, and its columns move over.
    fn remade_enum(&self, pair: Pair<'_>, labels: &[String]) -> (Vec<Fix>, Option<String>) {
        let name = object_name(self.before, pair.before.1);
        let old = quoted(&format!("{}_old", pair.before.1.name));
        let schema =
            name.rsplit_once('.').map_or(String::new(), |(schema, _)| format!("{schema}."));
        let mut sql =
            vec![format!("ALTER TYPE {name} RENAME TO {old}"), deparse::create_enum(&name, labels)];
        for id in self.after.dependents(pair.after.0) {
            let Some(object) = self.after.get(id) else { continue };
            let Kind::Table(table) = &object.kind else {
                let user = titled(self.after, object);
                return (
                    Vec::new(),
                    Some(format!("{user} uses `{name}`, so it cannot be made again")),
                );
            };
            for column in
                table.columns.iter().filter(|it| it.column_type.user_type() == Some(pair.after.0))
            {
                if !self.left.contains(&id) {
                    sql.push(self.moved_column(object, table, column, &name));
                }
            }
        }
        sql.push(format!("DROP TYPE {schema}{old}"));
        // Before what else is to become of its columns.
        let order = i64::from(pair.before.0.number()) * 1000 - (1 << 50);
        let fixes = sql
            .into_iter()
            .zip(order..)
            .map(|(sql, order)| fix(Phase::AlterColumn, order, sql))
            .collect_vec();
        (fixes, Some(format!("`{name}` cannot lose a value while rows hold it")))
    }

    fn moved_column(&self, object: &Object, table: &Table, column: &Column, name: &str) -> String {
        let table_name = object_name(self.after, object);
        let own = quoted(&column.name);
        let (to, through) = match column.column_type.array {
            true => (format!("{name}[]"), "text[]"),
            false => (name.to_owned(), "text"),
        };
        let change = format!("ALTER COLUMN {own} TYPE {to} USING {own}::{through}::{to}");
        let Some(default) = &column.default else {
            return format!("ALTER TABLE {table_name} {change}");
        };
        let plain: String = deparse::expression(self.after, default, &table.columns);
        let literal = plain.split("::").next().unwrap_or(&plain).trim().to_owned();
        format!(
            "ALTER TABLE {table_name} ALTER COLUMN {own} DROP DEFAULT, {change}, \
             ALTER COLUMN {own} SET DEFAULT {literal}"
        )
    }

    /// Kinds whose parts are not told apart: they are dropped and made again.
    pub(super) fn small(&mut self, pair: Pair<'_>) {
        let (before, after) = (pair.before.1, pair.after.1);
        let text = |state: &State<'_>, object: &Object| match &object.kind {
            Kind::Composite(attributes) => Some(deparse::list(attributes.iter().map(|it| {
                format!("{} {}", it.name, deparse::column_type(state, &it.column_type))
            }))),
            Kind::Range { subtype, .. } => Some(deparse::column_type(state, subtype)),
            Kind::Statistics(statistics) => {
                let columns = columns_of(state, statistics.table);
                Some(deparse::create_statistics(state, object, statistics, columns))
            }
            Kind::Other { definition, .. } => definition.clone(),
            _ => None,
        };
        let weight = if let (Kind::Domain(one), Kind::Domain(other)) = (&before.kind, &after.kind) {
            self.domain_weight(one, other)
        } else {
            let (then, now) = (text(self.before, before), text(self.after, after));
            let known = then.is_some() && now.is_some() && !before.partial && !after.partial;
            let doubtful = matches!(before.kind, Kind::Other { .. }) || !known;
            let weight = if doubtful { Weight::Doubtful } else { Weight::Certain };
            // What several statements came to together, one more has changed.
            let is_another =
                then != now || (then.is_none() && default_privileges(before).is_some());
            is_another.then_some(weight)
        };
        let Some(weight) = weight else { return };
        self.note(
            weight,
            format!("{} is defined otherwise", titled(self.before, before)),
            Vec::new(),
        );
        self.caveat("it has to be changed by hand".to_owned());
    }

    /// The order of the checks does not matter: PostgreSQL asks them by name.
    fn domain_weight(&self, one: &Domain, other: &Domain) -> Option<Weight> {
        let head = |state: &State<'_>, it: &Domain| {
            (deparse::column_type(state, &it.base), it.collation.clone(), it.not_null)
        };
        if head(self.before, one) != head(self.after, other)
            || one.checks.len() != other.checks.len()
        {
            return Some(Weight::Certain);
        }
        fn bare(expr: &Expr) -> (&Expr, &[Column]) {
            (expr, &[])
        }
        let default =
            self.expressions(one.default.as_ref().map(bare), other.default.as_ref().map(bare));
        let checks = one.checks.iter().map(|check| {
            let same = named(&other.checks, &check.name);
            match same.filter(|it| (it.validated, &it.comment) == (check.validated, &check.comment))
            {
                Some(it) => weight(self.sameness(bare(&check.expression), bare(&it.expression))),
                None => Some(Weight::Certain),
            }
        });
        checks.chain([default]).flatten().max()
    }
}

/// Whether a call of a column may be a cast to the type that it has.
fn cast_weight((call, columns): (&Expr, &[Column]), column: u32) -> Option<Weight> {
    let type_name = numbered(columns, column).map(|it| &it.column_type.base);
    let is_cast = match (type_name, call.pieces.first()) {
        (Some(BaseType::BuiltIn(name)), Some(Piece::Text(text))) => text.starts_with(name.as_str()),
        _ => false,
    };
    let weight = if is_cast && call.mentions(column) { Weight::Doubtful } else { Weight::Certain };
    Some(weight)
}

fn element_options(it: &IndexElement) -> String {
    format!("{:?} {:?} {} {}", it.collation, it.operator_class, it.descending, it.nulls_first)
}
