//! Columns that both states have.

use super::reach::Reach;
use super::table::{comment_text, comment_words, options};
use super::{Differ, Pair, Phase, Weight, fix};
use crate::catalog::{Acl, BaseType, Column, ColumnType, Expr, State, Table};
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::ordered::SortedMap;
use crate::sql::quoted;

impl Differ<'_> {
    pub(super) fn columns(
        &mut self,
        pair: Pair<'_>,
        before: (&Table, &Column),
        after: (&Table, &Column),
    ) {
        let ((one_table, one), (other_table, other)) = (before, after);
        let name = object_name(self.before, pair.before.1);
        let title = self.titled_column(self.before, pair.before.1, one);
        if one.name != other.name && other.local {
            let sql = format!(
                "ALTER TABLE {name} RENAME COLUMN {} TO {}",
                quoted(&other.name),
                quoted(&one.name)
            );
            let words = format!("column {title} is now called `{}`", quoted(&other.name));
            self.certain(words, vec![fix(Phase::Rename, i64::MAX, sql)]);
        }
        // Of the type of a column that a parent brought, the parent tells.
        let is_parents = one.inherited > 0 && !one.local && other.inherited > 0;
        let alter = format!("ALTER TABLE {name} ALTER COLUMN {}", quoted(&one.name));
        let doubtful = one.partial || other.partial;
        let note = |differ: &mut Self, words: String, actions: Vec<String>| {
            let fixes = actions.into_iter().enumerate().map(|(at, action)| {
                let order = i64::from(one.number) * 8 + i64::try_from(at).unwrap_or(0);
                let retypes = action.starts_with("TYPE");
                let fix = fix(Phase::AlterColumn, order, format!("{alter} {action}"));
                if retypes { fix.stirring(pair.after.0, Some(other.number)) } else { fix }
            });
            let weight = if doubtful { Weight::Doubtful } else { Weight::Certain };
            differ.note(weight, words, fixes.collect_vec());
        };
        if one.partial && !other.partial {
            let words = format!("column {title} is another");
            self.note(Weight::Doubtful, words, Vec::new());
            return;
        }
        let types = (
            deparse::column_type(self.before, &one.column_type),
            deparse::column_type(self.after, &other.column_type),
        );
        let unknown = one.column_type.is_unknown() || other.column_type.is_unknown();
        // A type that was renamed is the same.
        let same = one.column_type == other.column_type;
        if types.0 != types.1 && !unknown && !same && !is_parents {
            let words = format!("{title} is of type `{}`, and was `{}`", types.1, types.0);
            let actions = self.retyped((one_table, one), (other_table, other), &types);
            note(self, words, actions);
        }
        let is_identity = one.identity.is_some() || other.identity.is_some();
        let reach = self.reach(pair, one, other, &|it| it.not_null.then(|| Expr::text("NOT NULL")));
        let inherits = |column: &Column| (column.local, column.inherited);
        if inherits(one) != inherits(other) && one_table.parents == other_table.parents && !doubtful
        {
            self.certain(format!("{title} is inherited otherwise"), Vec::new());
        }
        if one.not_null != other.not_null && !is_identity && reach != Reach::Told {
            let (words, action) = match one.not_null {
                true => ("loses NOT NULL", "SET NOT NULL"),
                false => ("is left with NOT NULL", "DROP NOT NULL"),
            };
            let order = i64::from(one.number) * 8 + 3;
            let fix = fix(Phase::AlterColumn, order, format!("{} {action}", reach.of(&alter)));
            let weight = if doubtful { Weight::Doubtful } else { Weight::Certain };
            self.note(weight, format!("{title} {words}"), vec![fix]);
        }
        let reach = self.reach(pair, one, other, &|it| it.default.clone());
        if !is_parents || reach != Reach::Told {
            let sides =
                ((one_table.columns.as_slice(), one), (other_table.columns.as_slice(), other));
            self.defaults(&title, &reach.of(&alter), sides.0, sides.1);
        }
        self.identities(pair, (&title, &alter), one, other);
        if one.collation != other.collation && !is_parents {
            let words = format!("{title} has another collation");
            let collation = one.collation.clone().unwrap_or_else(|| "\"default\"".to_owned());
            note(self, words, vec![format!("TYPE {} COLLATE {collation}", types.0)]);
        }
        for (words, action) in column_settings(one, other) {
            note(self, format!("{title} {words}"), vec![action]);
        }
        self.column_comment(&name, &title, one, other);
        self.column_privileges(&name, &title, one, other);
    }

    /// A column whose default cannot be cast along loses it first.
    pub(super) fn retyped(
        &self,
        (one_table, one): (&Table, &Column),
        (_, other): (&Table, &Column),
        types: &(String, String),
    ) -> Vec<String> {
        let through =
            if is_cast_directly(&one.column_type, &other.column_type) { "" } else { "::text" };
        let using = format!("TYPE {} USING {}{through}::{}", types.0, quoted(&one.name), types.0);
        let mut actions = Vec::new();
        if other.default.is_some() {
            actions.push("DROP DEFAULT".to_owned());
        }
        actions.push(using);
        if let Some(default) = one.default.as_ref().filter(|_| other.default.is_some()) {
            let of = &one.column_type;
            let default = deparse::default(self.before, default, of, &one_table.columns);
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

    fn identities(
        &mut self,
        pair: Pair<'_>,
        (title, alter): (&str, &str),
        one: &Column,
        other: &Column,
    ) {
        if one.identity == other.identity {
            return;
        }
        let (words, actions) = match (one.identity, other.identity) {
            (Some(always), None) => {
                let not_null = if other.not_null { None } else { Some("SET NOT NULL".to_owned()) };
                let add = deparse::identity(self.before, pair.before, one, always);
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
        let fixes = actions
            .into_iter()
            .map(|action: String| fix(Phase::AlterColumn, order, format!("{alter} {action}")));
        self.certain(format!("{title} {words}"), fixes.collect_vec());
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

    pub(super) fn column_privileges(
        &mut self,
        table: &str,
        title: &str,
        one: &Column,
        other: &Column,
    ) {
        if one.acl == other.acl || other.partial || one.partial {
            return;
        }
        let entries = |acl: &Option<Acl>| match acl {
            Some(Acl::Known(entries)) => entries.clone(),
            _ => SortedMap::new(),
        };
        let column = quoted(&one.name);
        let (then, now) = (entries(&one.acl), entries(&other.acl));
        let mut sql: Vec<String> = now
            .keys()
            .map(|role| format!("REVOKE ALL ({column}) ON {table} FROM {}", deparse::role(role)))
            .collect_vec();
        for (role, privileges) in &then {
            for (privilege, option) in privileges {
                let with = if *option { " WITH GRANT OPTION" } else { "" };
                let role = deparse::role(role);
                sql.push(format!("GRANT {privilege} ({column}) ON {table} TO {role}{with}"));
            }
        }
        let unknown = [&one.acl, &other.acl].contains(&&Some(Acl::Unknown));
        let weight = if unknown { Weight::Doubtful } else { Weight::Certain };
        let fixes = sql.into_iter().map(|sql| fix(Phase::Describe, 0, sql)).collect_vec();
        self.note(weight, format!("{title} has other privileges"), fixes);
    }
}

/// Whether PostgreSQL has a cast between the two that does not lead through text.
pub(super) fn is_cast_directly(one: &ColumnType, other: &ColumnType) -> bool {
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
