//! Tables: their columns, constraints and settings.

use super::objects::columns_of;
use super::{Differ, Fix, Pair, Phase, Weight, fix};
use crate::catalog::{
    Acl, BaseType, Column, ColumnType, Constraint, ConstraintKind, Id, Object, Ownership, State,
    Table,
};
use crate::ddl::{Persistence, ReplicaIdentity};
use crate::deparse::{self, object_name};
use crate::sql::quoted;
use std::collections::BTreeMap;

/// Columns of one table in both states.
struct Columns<'a> {
    both: Vec<(&'a Column, &'a Column)>,
    missing: Vec<&'a Column>,
    left: Vec<&'a Column>,
}

impl Differ<'_> {
    pub(super) fn tables(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let columns = columns(one, other);
        for column in &columns.left {
            self.left_column(pair, column);
        }
        for column in &columns.missing {
            self.missing_column(pair, one, column);
        }
        for (before, after) in &columns.both {
            self.columns(pair, (one, before), (other, after));
        }
        if !pair.before.1.partial && !pair.after.1.partial {
            self.order(pair, &columns, one, other);
        }
        self.constraints(pair, one, other);
        self.settings(pair, one, other);
        let triggers = (one.triggers.as_slice(), other.triggers.as_slice());
        self.triggers(pair, triggers, (&one.columns, &other.columns));
        self.policies(pair, one, other);
        self.rules(pair, &one.rules, &other.rules);
        self.inheritance(pair, one, other);
    }

    /// A table that nothing in the set made, and of which something is known now.
    pub(super) fn left_in_part(&mut self, id: Id, object: &Object) {
        let Some(table) = object.table() else { return };
        let mut empty = object.clone();
        let nothing = Table { last_number: table.last_number, ..Table::default() };
        empty.kind = crate::catalog::Kind::Table(nothing.clone());
        let pair = Pair { before: (id, &empty), after: (id, object) };
        for column in table.columns.iter().filter(|column| !column.partial) {
            self.left_column(pair, column);
        }
        let known = Table { columns: Vec::new(), ..table.clone() };
        self.constraints(pair, &nothing, &known);
    }

    fn left_column(&mut self, pair: Pair<'_>, column: &Column) {
        if !column.local && column.inherited > 0 {
            return;
        }
        let (id, table) = pair.after;
        let words =
            format!("column {} is left behind", self.titled_column(self.after, table, column));
        let name = object_name(self.after, table);
        let sql = format!("ALTER TABLE {name} DROP COLUMN {}", quoted(&column.name));
        let order = -i64::from(column.number);
        let weight = if pair.before.1.partial && column.partial {
            Weight::Doubtful
        } else {
            Weight::Certain
        };
        self.note(weight, words, vec![fix(Phase::DropColumn, order - age(id), sql)]);
    }

    fn missing_column(&mut self, pair: Pair<'_>, table: &Table, column: &Column) {
        if (!column.local && column.inherited > 0) || column.partial {
            return;
        }
        let (id, object) = pair.before;
        let title = self.titled_column(self.before, object, column);
        let name = object_name(self.before, object);
        let made = deparse::column(self.before, Some(pair.before), column, &table.columns);
        let sql = format!("ALTER TABLE {name} ADD COLUMN {made}");
        let mut fixes = self.sequence_of(pair.before, column);
        fixes.push(fix(Phase::AddColumn, i64::from(column.number), sql));
        fixes.extend(self.column_described(id, object, column));
        let weight = if pair.after.1.partial { Weight::Doubtful } else { Weight::Certain };
        self.note(weight, format!("column {title} is missing"), fixes);
        self.caveat(format!("the values of {title} cannot come back"));
    }

    /// The sequence that a column brings along, where `serial` does not say it.
    fn sequence_of(&self, table: (Id, &Object), column: &Column) -> Vec<Fix> {
        let made = deparse::column(self.before, Some(table), column, &[]);
        let is_serial = made.contains(" serial")
            || made.contains(" bigserial")
            || made.contains(" smallserial");
        let owned = deparse::owned_sequence(self.before, table.0, column).filter(|_| !is_serial);
        let sequence = owned.and_then(|id| Some((id, self.before.get(id)?)));
        let Some((id, object)) = sequence else { return Vec::new() };
        let Some(sequence) = object.sequence() else { return Vec::new() };
        let create = deparse::create_sequence(self.before, object, sequence);
        let (name, table) = (object_name(self.before, object), object_name(self.before, table.1));
        let owned = format!("ALTER SEQUENCE {name} OWNED BY {table}.{}", quoted(&column.name));
        vec![fix(Phase::CreateObject, age(id), create), fix(Phase::Describe, age(id), owned)]
    }

    /// Everything about a table that is made again.
    pub(super) fn rebuilt_table(&self, id: Id, object: &Object) -> Vec<Fix> {
        let Some(table) = object.table() else { return Vec::new() };
        let state = self.before;
        let name = object_name(state, object);
        let mut all = Vec::new();
        for column in &table.columns {
            all.extend(self.sequence_of((id, object), column));
            all.extend(self.column_described(id, object, column));
        }
        let create = deparse::create_table(state, id, object, table);
        all.push(fix(Phase::CreateTable, age(id), create));
        for index in self.indexes_of(id, &table.columns) {
            all.push(fix(Phase::AddConstraint, age(id), index));
        }
        for constraint in table.constraints.iter().filter(|it| it.local) {
            if deparse::is_foreign_key(constraint) {
                all.push(self.add_constraint(&name, constraint, &table.columns));
            }
            all.extend(constraint_comment(&name, constraint));
        }
        for trigger in table.triggers.iter().filter(|it| !it.inherited) {
            let sql = deparse::create_trigger(state, &name, trigger, &table.columns);
            all.push(fix(Phase::CreateTrigger, age(id), sql));
        }
        for policy in &table.policies {
            let sql = deparse::create_policy(state, &name, policy, &table.columns);
            all.push(fix(Phase::CreateTrigger, age(id), sql));
        }
        for rule in &table.rules {
            all.push(fix(Phase::CreateTrigger, age(id), deparse::create_rule(rule)));
        }
        let plain = Table::default();
        all.extend(
            settings(&name, table, &plain)
                .into_iter()
                .map(|(_, sql)| fix(Phase::Describe, age(id), sql)),
        );
        all
    }

    fn column_described(&self, id: Id, object: &Object, column: &Column) -> Vec<Fix> {
        let name = object_name(self.before, object);
        let mut all = Vec::new();
        if let Some(comment) = &column.comment {
            let text = deparse::literal(comment);
            let sql = format!("COMMENT ON COLUMN {name}.{} IS {text}", quoted(&column.name));
            all.push(fix(Phase::Describe, age(id), sql));
        }
        let plain = Column::new(column.number, &column.name, column.column_type.clone());
        for (_, action) in column_settings(column, &plain) {
            let sql = format!("ALTER TABLE {name} ALTER COLUMN {} {action}", quoted(&column.name));
            all.push(fix(Phase::Describe, age(id), sql));
        }
        all
    }

    pub(super) fn titled_column(
        &self,
        state: &State<'_>,
        table: &Object,
        column: &Column,
    ) -> String {
        format!("`{}.{}`", object_name(state, table), quoted(&column.name))
    }

    fn columns(&mut self, pair: Pair<'_>, before: (&Table, &Column), after: (&Table, &Column)) {
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
        // Of a column that a parent brought, the parent tells.
        if one.inherited > 0 && !one.local && other.inherited > 0 {
            return;
        }
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
            differ.note(weight, words, fixes.collect());
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
        if types.0 != types.1 && !unknown && !same {
            let words = format!("{title} is of type `{}`, and was `{}`", types.1, types.0);
            let actions = self.retyped((one_table, one), (other_table, other), &types);
            note(self, words, actions);
        }
        if one.not_null != other.not_null && one.identity.is_none() {
            let (words, action) = match one.not_null {
                true => ("loses NOT NULL", "SET NOT NULL"),
                false => ("is left with NOT NULL", "DROP NOT NULL"),
            };
            note(self, format!("{title} {words}"), vec![action.to_owned()]);
        }
        self.defaults(&title, &alter, (one_table, one), (other_table, other));
        self.identities(&title, &alter, one, other);
        if one.collation != other.collation {
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
    fn retyped(
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
            let default = deparse::expression(self.before, default, &one_table.columns);
            actions.push(format!("SET DEFAULT {default}"));
        }
        actions
    }

    fn defaults(
        &mut self,
        title: &str,
        alter: &str,
        (one_table, one): (&Table, &Column),
        (other_table, other): (&Table, &Column),
    ) {
        let columns = (one_table.columns.as_slice(), other_table.columns.as_slice());
        let weight = self.expressions(
            one.default.as_ref().map(|it| (it, columns.0)),
            other.default.as_ref().map(|it| (it, columns.1)),
        );
        let order = i64::from(one.number) * 8 + 6;
        if let Some(mut weight) = weight {
            let text = |state: &State<'_>, column: &Column, columns: &[Column]| {
                column.default.as_ref().map(|it| deparse::expression(state, it, columns))
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
            self.note(weight, words, fixes.into_iter().collect());
        }
    }

    fn identities(&mut self, title: &str, alter: &str, one: &Column, other: &Column) {
        if one.identity == other.identity {
            return;
        }
        let (words, actions) = match (one.identity, other.identity) {
            (Some(always), None) => {
                let not_null = if other.not_null { None } else { Some("SET NOT NULL".to_owned()) };
                let add = format!("ADD {}", deparse::identity(always));
                ("is no identity column any more", not_null.into_iter().chain([add]).collect())
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
        let order = i64::from(one.number) * 8 + 5;
        let fixes = actions
            .into_iter()
            .map(|action: String| fix(Phase::AlterColumn, order, format!("{alter} {action}")));
        self.certain(format!("{title} {words}"), fixes.collect());
    }

    fn column_comment(&mut self, table: &str, title: &str, one: &Column, other: &Column) {
        if one.comment == other.comment || other.partial || one.partial {
            return;
        }
        let text = comment_text(one.comment.as_deref());
        let sql = format!("COMMENT ON COLUMN {table}.{} IS {text}", quoted(&one.name));
        let words = comment_words(title, one.comment.is_some(), other.comment.is_some());
        self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
    }

    fn column_privileges(&mut self, table: &str, title: &str, one: &Column, other: &Column) {
        if one.acl == other.acl || other.partial || one.partial {
            return;
        }
        let entries = |acl: &Option<Acl>| match acl {
            Some(Acl::Known(entries)) => entries.clone(),
            _ => BTreeMap::new(),
        };
        let column = quoted(&one.name);
        let (then, now) = (entries(&one.acl), entries(&other.acl));
        let mut sql: Vec<String> = now
            .keys()
            .map(|role| format!("REVOKE ALL ({column}) ON {table} FROM {}", deparse::role(role)))
            .collect();
        for (role, privileges) in &then {
            for (privilege, option) in privileges {
                let with = if *option { " WITH GRANT OPTION" } else { "" };
                let role = deparse::role(role);
                sql.push(format!("GRANT {privilege} ({column}) ON {table} TO {role}{with}"));
            }
        }
        let unknown = [&one.acl, &other.acl].contains(&&Some(Acl::Unknown));
        let weight = if unknown { Weight::Doubtful } else { Weight::Certain };
        let fixes = sql.into_iter().map(|sql| fix(Phase::Describe, 0, sql)).collect();
        self.note(weight, format!("{title} has other privileges"), fixes);
    }

    /// The order of the columns that both have.
    fn order(&mut self, pair: Pair<'_>, columns: &Columns<'_>, one: &Table, other: &Table) {
        let then =
            one.columns.iter().filter(|it| columns.both.iter().any(|(b, _)| b.number == it.number));
        let then: Vec<&str> = then
            .filter_map(|it| columns.both.iter().find(|(b, _)| b.number == it.number))
            .map(|(_, after)| after.name.as_str())
            .collect();
        let now: Vec<&str> = other
            .columns
            .iter()
            .filter(|it| columns.both.iter().any(|(_, a)| a.number == it.number))
            .map(|it| it.name.as_str())
            .collect();
        if then != now {
            let name = object_name(self.before, pair.before.1);
            self.note(
                Weight::Order,
                format!("the columns of `{name}` are in another order"),
                Vec::new(),
            );
        }
    }

    fn constraints(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let mut now: Vec<&Constraint> = other.constraints.iter().collect();
        let mut pairs = Vec::new();
        let mut missing = Vec::new();
        for constraint in &one.constraints {
            match now.iter().position(|it| it.name == constraint.name) {
                Some(at) => pairs.push((constraint, now.swap_remove(at))),
                None => missing.push(constraint),
            }
        }
        // The same constraint under another name.
        missing.retain(|constraint| {
            let renamed = now.iter().position(|it| {
                self.constraint_text(self.before, constraint, &one.columns)
                    == self.constraint_text(self.after, it, &other.columns)
            });
            match renamed {
                Some(at) => {
                    pairs.push((constraint, now.swap_remove(at)));
                    false
                }
                None => true,
            }
        });
        for constraint in missing {
            self.missing_constraint(pair, constraint, &one.columns);
        }
        for constraint in now {
            self.left_constraint(pair, constraint);
        }
        for (constraint, after) in pairs {
            self.constraint(pair, (constraint, &one.columns), (after, &other.columns));
        }
    }

    pub(super) fn constraint_text(
        &self,
        state: &State<'_>,
        it: &Constraint,
        columns: &[Column],
    ) -> String {
        deparse::constraint_definition(state, it, columns)
    }

    fn missing_constraint(&mut self, pair: Pair<'_>, constraint: &Constraint, columns: &[Column]) {
        if !constraint.local && constraint.inherited > 0 {
            return;
        }
        let name = object_name(self.before, pair.before.1);
        let mut fixes = vec![self.add_constraint(&name, constraint, columns)];
        fixes.extend(constraint_comment(&name, constraint));
        let words = format!("constraint `{}` on `{name}` is missing", quoted(&constraint.name));
        let weight = if pair.after.1.partial { Weight::Doubtful } else { Weight::Certain };
        self.note(weight, words, fixes);
    }

    pub(super) fn add_constraint(
        &self,
        table: &str,
        constraint: &Constraint,
        columns: &[Column],
    ) -> Fix {
        let made = deparse::named_constraint(self.before, constraint, columns);
        let sql = format!("ALTER TABLE {table} ADD {made}");
        match constraint.kind {
            ConstraintKind::ForeignKey(_) => fix(Phase::AddForeignKey, 0, sql),
            // Before the foreign keys, and before the indexes that may look like it.
            _ => fix(Phase::AddConstraint, -1, sql),
        }
    }

    fn left_constraint(&mut self, pair: Pair<'_>, constraint: &Constraint) {
        if !constraint.local && constraint.inherited > 0 {
            return;
        }
        let name = object_name(self.after, pair.after.1);
        let words = format!("constraint `{}` on `{name}` is left behind", quoted(&constraint.name));
        let drop = self.drop_constraint(&name, constraint);
        self.certain(words, drop);
    }

    fn drop_constraint(&self, table: &str, constraint: &Constraint) -> Vec<Fix> {
        let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {}", quoted(&constraint.name));
        let phase = match constraint.kind {
            ConstraintKind::ForeignKey(_) => Phase::DropForeignKey,
            _ => Phase::DropConstraint,
        };
        vec![fix(phase, 0, sql)]
    }

    fn constraint(
        &mut self,
        pair: Pair<'_>,
        (one, one_columns): (&Constraint, &[Column]),
        (other, other_columns): (&Constraint, &[Column]),
    ) {
        let name = object_name(self.before, pair.before.1);
        let title = format!("constraint `{}` on `{name}`", quoted(&one.name));
        if one.name != other.name {
            let sql = format!(
                "ALTER TABLE {name} RENAME CONSTRAINT {} TO {}",
                quoted(&other.name),
                quoted(&one.name)
            );
            let words = format!("{title} is now called `{}`", quoted(&other.name));
            self.certain(words, vec![fix(Phase::Rename, i64::MAX, sql)]);
        }
        let is_same = pair.before.0 == pair.after.0
            && one.kind == other.kind
            && flags(one) == flags(other)
            && one.kind.index().is_none_or(|it| self.index_is_same(it));
        if one.comment != other.comment && !pair.before.1.partial && !pair.after.1.partial {
            let text = comment_text(one.comment.as_deref());
            let sql = format!("COMMENT ON CONSTRAINT {} ON {name} IS {text}", quoted(&one.name));
            let words = comment_words(&title, one.comment.is_some(), other.comment.is_some());
            self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
        }
        let weight = match (&one.kind, &other.kind) {
            // A column that was renamed is the same.
            _ if is_same => None,
            (ConstraintKind::Check(then), ConstraintKind::Check(now)) => {
                let same = self.expressions(Some((then, one_columns)), Some((now, other_columns)));
                let flags = flags(one) != flags(other);
                if flags { Some(Weight::Certain) } else { same }
            }
            (ConstraintKind::ForeignKey(then), ConstraintKind::ForeignKey(now))
                if then == now && flags(one) == flags(other) =>
            {
                None
            }
            _ => {
                let then = self.constraint_text(self.before, one, one_columns);
                let now = self.constraint_text(self.after, other, other_columns);
                (then != now).then_some(Weight::Certain)
            }
        };
        let Some(mut weight) = weight else { return };
        if pair.before.1.partial
            || pair.after.1.partial
            || self.rests_on_unknown(one)
            || self.rests_on_unknown(other)
        {
            weight = Weight::Doubtful;
        }
        if flags(one) != flags(other) && one.validated && !other.validated {
            let sql = format!("ALTER TABLE {name} VALIDATE CONSTRAINT {}", quoted(&one.name));
            self.note(
                weight,
                format!("{title} is not validated"),
                vec![fix(Phase::Describe, 0, sql)],
            );
            return;
        }
        let after_name = object_name(self.after, pair.after.1);
        let mut fixes = self.drop_constraint(&after_name, other);
        fixes.push(self.add_constraint(&name, one, one_columns));
        self.note(weight, format!("{title} is defined otherwise"), fixes);
    }

    /// Whether an index has the same keys as before, whatever their columns are called.
    fn index_is_same(&self, id: Id) -> bool {
        let index = |state: &State<'_>| state.get(id).and_then(Object::index).cloned();
        index(self.before) == index(self.after)
    }

    /// A foreign key to a table whose key is not known.
    fn rests_on_unknown(&self, constraint: &Constraint) -> bool {
        matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if key.referenced.is_empty())
    }

    fn settings(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let name = object_name(self.before, pair.before.1);
        let doubtful = pair.before.1.partial || pair.after.1.partial;
        let weight = if doubtful { Weight::Doubtful } else { Weight::Certain };
        for (words, sql) in settings(&name, one, other) {
            self.note(
                weight,
                format!("table `{name}` {words}"),
                vec![fix(Phase::Describe, 0, sql)],
            );
        }
        let keys = |state: &State<'_>, table: &Table| {
            table.partition_by.as_ref().map(|key| {
                let keys = key.keys.iter().map(|it| deparse::element(state, it, &table.columns));
                format!("{} ({})", key.strategy, deparse::list(keys))
            })
        };
        if keys(self.before, one) != keys(self.after, other) {
            self.certain(format!("table `{name}` is partitioned otherwise"), Vec::new());
        }
    }

    fn inheritance(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let parents = |state: &State<'_>, table: &Table| -> Vec<String> {
            table.parents.iter().map(|id| deparse::name(state, *id)).collect()
        };
        let (then, now) = (parents(self.before, one), parents(self.after, other));
        if then == now && one.bound == other.bound {
            return;
        }
        let name = object_name(self.before, pair.before.1);
        let mut fixes = Vec::new();
        for parent in &now {
            let sql = match &other.bound {
                Some(_) => format!("ALTER TABLE {parent} DETACH PARTITION {name}"),
                None => format!("ALTER TABLE {name} NO INHERIT {parent}"),
            };
            fixes.push(fix(Phase::DropConstraint, 0, sql));
        }
        for parent in &then {
            let sql = match &one.bound {
                Some(bound) => format!("ALTER TABLE {parent} ATTACH PARTITION {name} {bound}"),
                None => format!("ALTER TABLE {name} INHERIT {parent}"),
            };
            fixes.push(fix(Phase::AddConstraint, 0, sql));
        }
        self.certain(format!("table `{name}` is part of other tables than before"), fixes);
    }
}

/// Whether PostgreSQL has a cast between the two that does not lead through text.
fn is_cast_directly(one: &ColumnType, other: &ColumnType) -> bool {
    const FAMILIES: [&[&str]; 3] = [
        &["smallint", "integer", "bigint", "numeric", "real", "double precision", "money"],
        &["text", "character varying", "character", "name", "json", "jsonb", "xml", "uuid"],
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
    (direct || one_name == other_name) && one.array == other.array
}

fn age(id: Id) -> i64 {
    i64::from(id.number())
}

fn columns<'a>(one: &'a Table, other: &'a Table) -> Columns<'a> {
    let mut left: Vec<&Column> = other.columns.iter().collect();
    let mut missing: Vec<&Column> = one.columns.iter().collect();
    let mut both = Vec::new();
    let tests: [&dyn Fn(&Column, &Column) -> bool; 2] =
        [&|a, b| a.name == b.name, &|a, b| a.number == b.number];
    for test in tests {
        missing.retain(|column| match left.iter().position(|it| test(column, it)) {
            Some(at) => {
                both.push((*column, left.remove(at)));
                false
            }
            None => true,
        });
    }
    both.sort_by_key(|(before, _)| before.number);
    Columns { both, missing, left }
}

fn flags(it: &Constraint) -> (bool, bool, bool, bool, bool) {
    (it.validated, it.deferrable, it.initially_deferred, it.not_enforced, it.no_inherit)
}

fn constraint_comment(table: &str, constraint: &Constraint) -> Option<Fix> {
    let text = deparse::literal(constraint.comment.as_ref()?);
    let name = quoted(&constraint.name);
    let sql = format!("COMMENT ON CONSTRAINT {name} ON {table} IS {text}");
    Some(fix(Phase::Describe, 0, sql))
}

pub(super) fn comment_text(comment: Option<&str>) -> String {
    comment.map_or_else(|| "NULL".to_owned(), deparse::literal)
}

pub(super) fn comment_words(title: &str, then: bool, now: bool) -> String {
    match (then, now) {
        (true, false) => format!("the comment on {title} is lost"),
        (false, true) => format!("a comment on {title} is left behind"),
        _ => format!("the comment on {title} is another"),
    }
}

/// Settings of a column that differ: in words, and the action that mends it.
fn column_settings(one: &Column, other: &Column) -> Vec<(String, String)> {
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
        all.push(("is stored otherwise".to_owned(), "SET STORAGE DEFAULT".to_owned()));
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

/// `SET (…)` and `RESET (…)` that lead from the later options to the earlier ones.
fn options(then: &[(String, String)], now: &[(String, String)]) -> Vec<String> {
    let lost: Vec<(String, String)> = then.iter().filter(|it| !now.contains(it)).cloned().collect();
    let left = now.iter().filter(|it| !then.iter().any(|other| other.0 == it.0));
    let left = deparse::list(left.map(|(name, _)| name.clone()));
    let mut actions = Vec::new();
    if !lost.is_empty() {
        actions.push(format!("SET ({})", deparse::option_list(&lost)));
    }
    if !left.is_empty() {
        actions.push(format!("RESET ({left})"));
    }
    actions
}

/// Settings of a table that differ: in words, and what mends it.
fn settings(name: &str, one: &Table, other: &Table) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |words: &str, action: String| {
        all.push((words.to_owned(), format!("ALTER TABLE {name} {action}")));
    };
    if one.persistence != other.persistence {
        match one.persistence {
            Persistence::Unlogged => add("is logged", "SET UNLOGGED".to_owned()),
            _ => add("is unlogged", "SET LOGGED".to_owned()),
        }
    }
    if one.row_security != other.row_security {
        match one.row_security {
            true => add("loses row security", "ENABLE ROW LEVEL SECURITY".to_owned()),
            false => add("is left with row security", "DISABLE ROW LEVEL SECURITY".to_owned()),
        }
    }
    if one.force_row_security != other.force_row_security {
        match one.force_row_security {
            true => add("does not force row security", "FORCE ROW LEVEL SECURITY".to_owned()),
            false => add("forces row security", "NO FORCE ROW LEVEL SECURITY".to_owned()),
        }
    }
    if one.replica_identity != other.replica_identity {
        let identity = match &one.replica_identity {
            ReplicaIdentity::Default => "DEFAULT".to_owned(),
            ReplicaIdentity::Full => "FULL".to_owned(),
            ReplicaIdentity::Nothing => "NOTHING".to_owned(),
            ReplicaIdentity::Index(index) => format!("USING INDEX {}", quoted(index)),
        };
        add("has another replica identity", format!("REPLICA IDENTITY {identity}"));
    }
    for action in options(&one.options, &other.options) {
        add("has other storage options", action);
    }
    if one.tablespace != other.tablespace {
        let tablespace = one.tablespace.as_deref().unwrap_or("pg_default");
        add("is in another tablespace", format!("SET TABLESPACE {}", quoted(tablespace)));
    }
    all
}

/// Where an owned sequence of the later state hangs.
pub(super) fn owner_name(state: &State<'_>, owner: Ownership) -> Option<String> {
    let table = state.get(owner.table)?;
    let column = columns_of(state, owner.table).iter().find(|it| it.number == owner.column)?;
    Some(format!("{}.{}", object_name(state, table), quoted(&column.name)))
}
