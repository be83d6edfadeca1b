//! Columns that both states have.

use super::reach::Reach;
use super::table::{comment_text, comment_words, options};
use super::{Differ, Fix, Pair, Phase, Weight, fix};
use crate::catalog::{BaseType, Column, ColumnType, Expr, State, Table};
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::sql::quoted;

/// A column in both states: its table with it, and how it is called in words and in SQL.
struct Both<'a> {
    pair: Pair<'a>,
    one_table: &'a Table,
    one: &'a Column,
    other_table: &'a Table,
    other: &'a Column,
    /// In words.
    title: String,
    /// The table, for SQL.
    table: String,
    /// The beginning of each statement that changes it.
    alter: String,
}

impl Both<'_> {
    /// How much a difference counts: where a side is known in part, there may be none.
    fn weight(&self) -> Weight {
        match self.one.partial || self.other.partial {
            true => Weight::Doubtful,
            false => Weight::Certain,
        }
    }

    /// Whether a parent brought the column, and tells what becomes of it.
    fn is_parents(&self) -> bool {
        self.one.inherited > 0 && !self.one.local && self.other.inherited > 0
    }

    /// Changes, one after the other.
    fn altered(&self, actions: Vec<String>) -> Vec<Fix> {
        let fixes = actions.into_iter().enumerate().map(|(at, action)| {
            let order = i64::from(self.one.number) * 8 + i64::try_from(at).unwrap_or(0);
            let retypes = action.starts_with("TYPE");
            let fix = fix(Phase::AlterColumn, order, format!("{} {action}", self.alter));
            let stirred = (self.pair.after.0, Some(self.other.number));
            if retypes { fix.stirring(stirred.0, stirred.1) } else { fix }
        });
        fixes.collect_vec()
    }
}

impl Differ<'_> {
    pub(super) fn columns(
        &mut self,
        pair: Pair<'_>,
        (one_table, one): (&Table, &Column),
        (other_table, other): (&Table, &Column),
    ) {
        let table = object_name(self.before, pair.before.1);
        let title = self.titled_column(self.before, pair.before.1, one);
        let alter = format!("ALTER TABLE {table} ALTER COLUMN {}", quoted(&one.name));
        let both = Both { pair, one_table, one, other_table, other, title, table, alter };
        self.column_name(&both);
        if one.partial && !other.partial {
            let words = format!("column {} is another", both.title);
            self.note(Weight::Doubtful, words, Vec::new());
            return;
        }
        self.column_type(&both);
        self.column_inheritance(&both);
        self.column_not_null(&both);
        self.column_default(&both);
        self.identities(&both);
        self.column_collation(&both);
        for (words, action) in column_settings(one, other) {
            let words = format!("{} {words}", both.title);
            self.note(both.weight(), words, both.altered(vec![action]));
        }
        self.column_comment(&both.table, &both.title, one, other);
        self.column_privileges(pair, (&both.table, &both.title), (one, other));
    }

    fn column_name(&mut self, both: &Both<'_>) {
        let (then, now) = (&both.one.name, &both.other.name);
        if then != now && both.other.local {
            let (then, now) = (quoted(then), quoted(now));
            let sql = format!("ALTER TABLE {} RENAME COLUMN {now} TO {then}", both.table);
            let words = format!("column {} is now called `{now}`", both.title);
            self.certain(words, vec![fix(Phase::Rename, i64::MAX, sql)]);
        }
    }

    fn column_type(&mut self, both: &Both<'_>) {
        let (one, other) = (both.one, both.other);
        let then = deparse::column_type(self.before, &one.column_type);
        let now = deparse::column_type(self.after, &other.column_type);
        let unknown = one.column_type.is_unknown() || other.column_type.is_unknown();
        // A type that was renamed is the same.
        let same = one.column_type == other.column_type;
        if then != now && !unknown && !same && !both.is_parents() {
            let words = format!("{} is of type `{now}`, and was `{then}`", both.title);
            let fixes = both.altered(self.retyped(both, &then));
            self.note(both.weight(), words, fixes);
        }
    }

    fn column_inheritance(&mut self, both: &Both<'_>) {
        let inherits = |column: &Column| (column.local, column.inherited);
        if inherits(both.one) != inherits(both.other)
            && both.one_table.parents == both.other_table.parents
            && both.weight() == Weight::Certain
        {
            self.certain(format!("{} is inherited otherwise", both.title), Vec::new());
        }
    }

    fn column_not_null(&mut self, both: &Both<'_>) {
        let (one, other) = (both.one, both.other);
        let is_identity = one.identity.is_some() || other.identity.is_some();
        if one.not_null == other.not_null || is_identity {
            return;
        }
        let facet = |it: &Column| it.not_null.then(|| Expr::text("NOT NULL"));
        let reach = self.reach(both.pair, one, other, &facet);
        if reach != Reach::Told {
            let (words, action) = match one.not_null {
                true => ("loses NOT NULL", "SET NOT NULL"),
                false => ("is left with NOT NULL", "DROP NOT NULL"),
            };
            let order = i64::from(one.number) * 8 + 3;
            let sql = format!("{} {action}", reach.of(&both.alter));
            let words = format!("{} {words}", both.title);
            self.note(both.weight(), words, vec![fix(Phase::AlterColumn, order, sql)]);
        }
    }

    fn column_default(&mut self, both: &Both<'_>) {
        let reach = self.reach(both.pair, both.one, both.other, &|it| it.default.clone());
        if !both.is_parents() || reach != Reach::Told {
            let one = (both.one_table.columns.as_slice(), both.one);
            let other = (both.other_table.columns.as_slice(), both.other);
            self.defaults(&both.title, &reach.of(&both.alter), one, other);
        }
    }

    fn column_collation(&mut self, both: &Both<'_>) {
        if both.one.collation != both.other.collation && !both.is_parents() {
            let of = deparse::column_type(self.before, &both.one.column_type);
            let collation = both.one.collation.as_deref().unwrap_or("\"default\"");
            let fixes = both.altered(vec![format!("TYPE {of} COLLATE {collation}")]);
            self.note(both.weight(), format!("{} has another collation", both.title), fixes);
        }
    }

    /// A column whose default cannot be cast along loses it first.
    fn retyped(&self, both: &Both<'_>, to: &str) -> Vec<String> {
        let (one, other) = (both.one, both.other);
        let through =
            if is_cast_directly(&one.column_type, &other.column_type) { "" } else { "::text" };
        let using = format!("TYPE {to} USING {}{through}::{to}", quoted(&one.name));
        let mut actions = Vec::new();
        if other.default.is_some() {
            actions.push("DROP DEFAULT".to_owned());
        }
        actions.push(using);
        if let Some(default) = one.default.as_ref().filter(|_| other.default.is_some()) {
            let of = &one.column_type;
            let default = deparse::default(self.before, default, of, &both.one_table.columns);
            actions.push(format!("SET DEFAULT {default}"));
        }
        actions
    }

    pub(super) fn defaults(
        &mut self,
        title: &str,
        alter: &str,
        (one_columns, one): (&[Column], &Column),
        (other_columns, other): (&[Column], &Column),
    ) {
        let columns = (one_columns, other_columns);
        let weight = self.expressions(
            one.default.as_ref().map(|it| (it, columns.0)),
            other.default.as_ref().map(|it| (it, columns.1)),
        );
        let order = i64::from(one.number) * 8 + 6;
        if let Some(mut weight) = weight {
            let text = |state: &State<'_>, column: &Column, columns: &[Column]| {
                let of = &column.column_type;
                column.default.as_ref().map(|it| deparse::default(state, it, of, columns))
            };
            let then = text(self.before, one, columns.0);
            let now = text(self.after, other, columns.1);
            let words = match (&then, &now) {
                (Some(then), None) => format!("{title} loses its default `{then}`"),
                (None, Some(now)) => format!("{title} is left with the default `{now}`"),
                (then, now) => format!(
                    "the default of {title} is `{}`, and was `{}`",
                    now.as_deref().unwrap_or_default(),
                    then.as_deref().unwrap_or_default()
                ),
            };
            let action = match then {
                Some(then) => format!("SET DEFAULT {then}"),
                None => "DROP DEFAULT".to_owned(),
            };
            if one.partial || other.partial {
                weight = Weight::Doubtful;
            }
            self.note(
                weight,
                words,
                vec![fix(Phase::AlterColumn, order, format!("{alter} {action}"))],
            );
        }
        let generated = self.expressions(
            one.generated.as_ref().map(|it| (&it.0, columns.0)),
            other.generated.as_ref().map(|it| (&it.0, columns.1)),
        );
        if let Some(weight) = generated {
            let action = match (&one.generated, &other.generated) {
                (None, Some(_)) => Some("DROP EXPRESSION".to_owned()),
                (Some((expr, _)), Some(_)) => {
                    let expr = deparse::expression(self.before, expr, columns.0);
                    Some(format!("SET EXPRESSION AS ({expr})"))
                }
                _ => None,
            };
            let fixes = action.map(|it| fix(Phase::AlterColumn, order, format!("{alter} {it}")));
            let words = format!("{title} is generated otherwise");
            self.note(weight, words, fixes.into_iter().collect_vec());
        }
    }

    fn identities(&mut self, both: &Both<'_>) {
        let (one, other) = (both.one, both.other);
        if one.identity == other.identity {
            return;
        }
        let (words, actions) = match (one.identity, other.identity) {
            (Some(always), None) => {
                let not_null = if other.not_null { None } else { Some("SET NOT NULL".to_owned()) };
                let add = deparse::identity(self.before, both.pair.before, one, always);
                let add = format!("ADD {add}");
                ("is no identity column any more", not_null.into_iter().chain([add]).collect_vec())
            }
            (None, _) => {
                let mut actions = vec!["DROP IDENTITY".to_owned()];
                if !one.not_null {
                    actions.push("DROP NOT NULL".to_owned());
                }
                ("is left an identity column", actions)
            }
            (Some(true), _) => ("is generated by default", vec!["SET GENERATED ALWAYS".to_owned()]),
            (Some(false), _) => {
                ("is generated always", vec!["SET GENERATED BY DEFAULT".to_owned()])
            }
        };
        // Only integers can be one: it comes after the type that it had, and goes before.
        let at = if one.identity.is_some() { 5 } else { -1 };
        let order = i64::from(one.number) * 8 + at;
        let fixes = actions.into_iter().map(|action: String| {
            fix(Phase::AlterColumn, order, format!("{} {action}", both.alter))
        });
        self.certain(format!("{} {words}", both.title), fixes.collect_vec());
    }

    pub(super) fn column_comment(
        &mut self,
        table: &str,
        title: &str,
        one: &Column,
        other: &Column,
    ) {
        if one.comment == other.comment || other.partial || one.partial {
            return;
        }
        let text = comment_text(one.comment.as_deref());
        let sql = format!("COMMENT ON COLUMN {table}.{} IS {text}", quoted(&one.name));
        let words = comment_words(title, one.comment.is_some(), other.comment.is_some());
        self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
    }
}

/// Whether PostgreSQL has a cast between the two that does not lead through text.
fn is_cast_directly(one: &ColumnType, other: &ColumnType) -> bool {
    const STRINGS: [&str; 3] = ["text", "character varying", "character"];
    const FAMILIES: [&[&str]; 3] = [
        &["smallint", "integer", "bigint", "numeric", "real", "double precision", "money"],
        &["json", "jsonb"],
        &[
            "date",
            "timestamp without time zone",
            "timestamp with time zone",
            "time without time zone",
        ],
    ];
    let (BaseType::BuiltIn(one_name), BaseType::BuiltIn(other_name)) = (&one.base, &other.base)
    else {
        return false;
    };
    let family = |names: &&&[&str]| names.contains(&one_name.as_str());
    let direct = FAMILIES.iter().find(family).is_some_and(|it| it.contains(&other_name.as_str()));
    let of_string = [one_name, other_name].iter().any(|it| STRINGS.contains(&it.as_str()));
    (direct || of_string || one_name == other_name) && one.array == other.array
}

/// Settings of a column that differ: in words, and the action that mends it.
pub(super) fn column_settings(one: &Column, other: &Column) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if one.statistics != other.statistics {
        let target = one.statistics.unwrap_or(-1);
        all.push(("has another statistics target".to_owned(), format!("SET STATISTICS {target}")));
    }
    if one.storage != other.storage
        && let Some(storage) = &one.storage
    {
        all.push(("is stored otherwise".to_owned(), format!("SET STORAGE {storage}")));
    } else if one.storage != other.storage {
        let storage = one.column_type.storage().unwrap_or("default").to_uppercase();
        all.push(("is stored otherwise".to_owned(), format!("SET STORAGE {storage}")));
    }
    if one.compression != other.compression {
        let method = one.compression.as_deref().unwrap_or("default");
        all.push(("is compressed otherwise".to_owned(), format!("SET COMPRESSION {method}")));
    }
    if one.options != other.options {
        all.extend(
            options(&one.options, &other.options)
                .into_iter()
                .map(|action| ("has other options".to_owned(), action)),
        );
    }
    all
}
