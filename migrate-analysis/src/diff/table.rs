//! Tables: their columns, constraints and settings.

use super::column::column_settings;
use super::objects::columns_of;
use super::trigger::create_rule;
use super::{Differ, Fix, Matching, Pair, Phase, Weight, age, fix};
use crate::catalog::{Column, Id, IndexKey, Object, Ownership, State, Table, numbered};
use crate::ddl::{Persistence, ReplicaIdentity};
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::ordered::sort_by_key;
use crate::sql::{compare, quoted};

/// Columns of one table in both states.
struct Columns<'a> {
    both: Vec<(&'a Column, &'a Column)>,
    missing: Vec<&'a Column>,
    left: Vec<&'a Column>,
}

impl Differ<'_> {
    pub(super) fn tables(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let columns = self.columns_of_both(pair, one, other);
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
        let is_new = |id| self.missing.contains(&id);
        let made = deparse::column(self.before, pair.before, column, &table.columns, &is_new);
        let sql = format!("ALTER TABLE {name} ADD COLUMN {made}");
        let mut fixes = vec![fix(Phase::AddColumn, i64::from(column.number), sql)];
        fixes.extend(self.column_described(id, object, column));
        let weight = if pair.after.1.partial { Weight::Doubtful } else { Weight::Certain };
        self.note(weight, format!("column {title} is missing"), fixes);
        self.caveat(format!("the values of {title} cannot come back"));
    }

    /// Everything about a table that is made again.
    pub(super) fn rebuilt_table(&self, id: Id, object: &Object) -> Vec<Fix> {
        let Some(table) = object.table() else { return Vec::new() };
        let state = self.before;
        let name = object_name(state, object);
        let mut all = Vec::new();
        for column in &table.columns {
            all.extend(self.column_described(id, object, column));
        }
        let is_new = |id| self.missing.contains(&id);
        let create = deparse::create_table(state, (id, object), table, &is_new);
        all.push(fix(Phase::CreateTable, age(id), create));
        for index in self.indexes_of(id, &table.columns) {
            all.push(fix(Phase::AddConstraint, age(id), index));
        }
        let inline = deparse::inline_constraints(state, table);
        for constraint in table.constraints.iter().filter(|it| it.local) {
            if !inline.contains(&constraint) {
                all.push(self.add_constraint(&name, constraint, &table.columns));
            }
            all.extend(self.constraint_described(&name, constraint));
        }
        for trigger in table.triggers.iter().filter(|it| !it.inherited) {
            all.extend(self.create_trigger(&name, trigger, &table.columns));
        }
        for policy in &table.policies {
            all.extend(self.create_policy(&name, policy, &table.columns));
        }
        for rule in &table.rules {
            all.extend(create_rule(&name, rule));
        }
        if let Some(index) = table.clustered_on.and_then(|id| state.get(id)) {
            let sql = format!("ALTER TABLE {name} CLUSTER ON {}", quoted(&index.name));
            all.push(fix(Phase::Describe, age(id), sql));
        }
        let plain = Table::default();
        all.extend(
            settings(&name, table, &plain)
                .into_iter()
                .map(|(_, sql)| fix(Phase::Describe, age(id), sql)),
        );
        all
    }

    pub(super) fn column_described(&self, id: Id, object: &Object, column: &Column) -> Vec<Fix> {
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

    /// The order of the columns that both have.
    fn order(&mut self, pair: Pair<'_>, columns: &Columns<'_>, one: &Table, other: &Table) {
        let then =
            one.columns.iter().filter(|it| columns.both.iter().any(|(b, _)| b.number == it.number));
        let then: Vec<&str> = then
            .filter_map(|it| columns.both.iter().find(|(b, _)| b.number == it.number))
            .map(|(_, after)| after.name.as_str())
            .collect_vec();
        let now: Vec<&str> = other
            .columns
            .iter()
            .filter(|it| columns.both.iter().any(|(_, a)| a.number == it.number))
            .map(|it| it.name.as_str())
            .collect_vec();
        if then != now {
            let name = object_name(self.before, pair.before.1);
            self.note(
                Weight::Order,
                format!("the columns of `{name}` are in another order"),
                Vec::new(),
            );
        }
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
        let clustered = one.clustered_on.and_then(|id| self.both.get(&id).copied().or(Some(id)));
        if clustered != other.clustered_on {
            let index = one.clustered_on.and_then(|id| self.before.get(id));
            let action = match index {
                Some(index) => format!("CLUSTER ON {}", quoted(&index.name)),
                None => "SET WITHOUT CLUSTER".to_owned(),
            };
            let fix = fix(Phase::Describe, 0, format!("ALTER TABLE {name} {action}"));
            self.note(weight, format!("table `{name}` is clustered otherwise"), vec![fix]);
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
            table.parents.iter().map(|id| deparse::name(state, *id)).collect_vec()
        };
        let (then, now) = (parents(self.before, one), parents(self.after, other));
        let weight = match (&one.bound, &other.bound) {
            (Some(bound), Some(other_bound)) if then == now => {
                super::weight(compare::bounds(bound, other_bound, &self.key_types(one)))
            }
            _ if then == now && one.bound == other.bound => None,
            _ => Some(Weight::Certain),
        };
        let Some(weight) = weight else { return };
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
        self.note(weight, format!("table `{name}` is part of other tables than before"), fixes);
    }

    /// The types of the columns by which the table that a partition belongs to is divided.
    fn key_types(&self, partition: &Table) -> Vec<String> {
        let whole = partition.parents.first().and_then(|id| self.before.get(*id)?.table());
        let Some((whole, key)) = whole.and_then(|it| Some((it, it.partition_by.as_ref()?))) else {
            return Vec::new();
        };
        let types = key.keys.iter().map_while(|element| match &element.key {
            IndexKey::Column(number) => {
                Some(deparse::column_type(self.before, &whole.numbered(*number)?.column_type))
            }
            IndexKey::Expression(_) => None,
        });
        types.collect_vec()
    }
}

impl Differ<'_> {
    /// Whether the column is made again, with its table or alone.
    pub(super) fn is_rebuilt(&self, table: Id, number: u32) -> bool {
        let Some(after) = self.both.get(&table) else { return self.missing.contains(&table) };
        let (before, after) = ((table, self.before.get(table)), (*after, self.after.get(*after)));
        let ((id, Some(one)), (other_id, Some(other))) = (before, after) else { return false };
        let (Some(then), Some(now)) = (one.table(), other.table()) else { return false };
        let pair = Pair { before: (id, one), after: (other_id, other) };
        let columns = self.columns_of_both(pair, then, now);
        columns.missing.iter().any(|column| column.number == number)
    }

    /// Whether the later state's column is to go, with its table or alone.
    pub(super) fn is_dropped(&self, table: Id, number: u32) -> bool {
        if self.left.contains(&table) {
            return true;
        }
        let before = self.both.iter().find(|(_, after)| **after == table).map(|(id, _)| *id);
        let Some(before) = before else { return false };
        let (Some(one), Some(other)) = (self.before.get(before), self.after.get(table)) else {
            return false;
        };
        let (Some(then), Some(now)) = (one.table(), other.table()) else { return false };
        let pair = Pair { before: (before, one), after: (table, other) };
        let columns = self.columns_of_both(pair, then, now);
        columns.left.iter().any(|column| column.number == number)
    }

    fn columns_of_both<'a>(&self, pair: Pair<'_>, one: &'a Table, other: &'a Table) -> Columns<'a> {
        let mut left: Vec<&Column> = other.columns.iter().collect_vec();
        let mut missing: Vec<&Column> = one.columns.iter().collect_vec();
        let mut both = Vec::new();
        type Test<'t> = &'t dyn Fn(&Column, &Column) -> bool;
        let same_name: Test<'_> = &|a, b| a.name == b.name;
        let same_number: Test<'_> = &|a, b| a.number == b.number;
        let is_same_table = pair.before.0 == pair.after.0;
        let tests = match self.matching {
            Matching::Identity if is_same_table => [same_number, same_name],
            _ => [same_name, same_number],
        };
        for test in tests {
            missing.retain(|column| match left.iter().position(|it| test(column, it)) {
                Some(at) => {
                    both.push((*column, left.remove(at)));
                    false
                }
                None => true,
            });
        }
        sort_by_key(&mut both, |(before, _)| before.number);
        Columns { both, missing, left }
    }
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

/// `SET (…)` and `RESET (…)` that lead from the later options to the earlier ones.
pub(super) fn options(then: &[(String, String)], now: &[(String, String)]) -> Vec<String> {
    let lost: Vec<(String, String)> =
        then.iter().filter(|it| !now.contains(it)).cloned().collect_vec();
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
    let column = numbered(columns_of(state, owner.table), owner.column)?;
    Some(format!("{}.{}", object_name(state, table), quoted(&column.name)))
}
