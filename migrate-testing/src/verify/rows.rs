//! What stands in the tables, and what of it a way up and down has lost.

use std::collections::BTreeMap;

use postgres::{Client, SimpleQueryMessage};

/// The tables of the history, which are not the user's.
pub(super) struct History {
    pub(super) schema: String,
    pub(super) tables: [String; 2],
}

/// A value as the server writes it.
type Value = Option<String>;

/// The rows of all tables, by the tables' names as SQL.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<String, Table>);

#[derive(Default)]
struct Table {
    /// Empty where there are no rows.
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Each table, and whether it may have rows. Partitions hold the rows of what they are parts of.
const TABLES: &str =
    "SELECT n.nspname, c.relname, pg_catalog.format('%I.%I', n.nspname, c.relname),
    pg_catalog.pg_relation_size(c.oid) > 0
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.objid = c.oid
        AND x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.deptype = 'e')";

impl Rows {
    /// All rows, in at most two round trips.
    pub(super) fn read(client: &mut Client, history: &History) -> Result<Rows, postgres::Error> {
        let mut rows = Rows::default();
        let mut filled = Vec::new();
        for message in client.simple_query(TABLES)? {
            let SimpleQueryMessage::Row(row) = message else { continue };
            let text = |at| row.get(at).unwrap_or_default();
            if text(0) == history.schema && history.tables.iter().any(|table| table == text(1)) {
                continue;
            }
            rows.0.insert(text(2).to_owned(), Table::default());
            if text(3) == "t" {
                filled.push(text(2).to_owned());
            }
        }
        if filled.is_empty() {
            return Ok(rows);
        }
        let sql: String =
            filled.iter().map(|name| format!("SELECT * FROM ONLY {name};\n")).collect();
        let mut names = filled.iter();
        let mut table = Table::default();
        for message in client.simple_query(&sql)? {
            match message {
                SimpleQueryMessage::Row(row) => table.push(&row),
                SimpleQueryMessage::CommandComplete(_) => {
                    let table = std::mem::take(&mut table);
                    rows.0.extend(names.next().map(|name| (name.clone(), table)));
                }
                _ => {}
            }
        }
        Ok(rows)
    }

    /// What is not as it was, in words. Tables and columns that are on one side only are left to
    /// the comparison of the schemas.
    pub(super) fn changes(&self, after: &Rows) -> Vec<String> {
        let both =
            self.0.iter().filter_map(|(name, table)| Some((name, table, after.0.get(name)?)));
        both.flat_map(|(name, before, after)| before.changes(name, after)).collect()
    }
}

impl Table {
    fn push(&mut self, row: &postgres::SimpleQueryRow) {
        if self.columns.is_empty() {
            self.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
        }
        self.rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
    }

    fn changes(&self, name: &str, after: &Table) -> Vec<String> {
        let (was, is) = (self.rows.len(), after.rows.len());
        if was != is {
            return vec![format!("rows of `{name}`: {was} before, {is} after the down")];
        }
        let columns = self.columns.iter().filter(|column| after.columns.contains(column));
        let columns: Vec<&str> = columns.map(String::as_str).collect();
        if self.only(&columns) == after.only(&columns) {
            return Vec::new();
        }
        let changed = |column: &&str| {
            let (before, after) = (self.only(&[column]), after.only(&[column]));
            (before != after).then(|| column_changed(name, column, before, after))
        };
        let changes: Vec<String> = columns.iter().filter_map(changed).collect();
        if changes.is_empty() {
            // Each column holds the same values, and together they are not the same rows.
            return vec![format!("`{name}`: values stand in other rows than before")];
        }
        changes
    }

    /// The rows with these columns alone, in an order that depends on nothing else.
    fn only(&self, columns: &[&str]) -> Vec<Vec<&Value>> {
        let at = |column: &&str| self.columns.iter().position(|ours| ours == column);
        let places: Vec<usize> = columns.iter().filter_map(at).collect();
        let mut rows: Vec<Vec<&Value>> = self
            .rows
            .iter()
            .map(|row| places.iter().filter_map(|place| row.get(*place)).collect())
            .collect();
        rows.sort_unstable();
        rows
    }
}

/// The values of one column, in order, before and after.
fn column_changed(
    table: &str,
    column: &str,
    before: Vec<Vec<&Value>>,
    after: Vec<Vec<&Value>>,
) -> String {
    let values = |rows: Vec<Vec<&Value>>| rows.into_iter().flatten().cloned().collect::<Vec<_>>();
    let (before, after) = (values(before), values(after));
    if after.iter().all(Option::is_none) {
        return format!("column `{table}.{column}` lost its values");
    }
    // One that was there oftener than it is now.
    let count = |of: &[Value], value: &Value| of.iter().filter(|other| *other == value).count();
    let fewer = |a: &[Value], b: &[Value]| {
        let value = a.iter().find(|value| count(a, value) > count(b, value));
        value.map(shown).unwrap_or_default()
    };
    let (was, is) = (fewer(&before, &after), fewer(&after, &before));
    format!("column `{table}.{column}`: {was} before, {is} after the down")
}

fn shown(value: &Value) -> String {
    match value {
        None => "NULL".to_owned(),
        Some(value) if value.chars().count() > 60 => {
            format!("`{}…`", value.chars().take(60).collect::<String>())
        }
        Some(value) => format!("`{value}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&str], rows: &[&[Option<&str>]]) -> Table {
        let value = |value: &Option<&str>| value.map(str::to_owned);
        Table {
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: rows.iter().map(|row| row.iter().map(value).collect()).collect(),
        }
    }

    #[test]
    fn rows_and_columns_are_told_apart() {
        let before = table(&["a", "b"], &[&[Some("1"), Some("x")], &[Some("2"), None]]);
        let check = |after: Table, told: &[&str]| assert_eq!(before.changes("t", &after), told);
        check(table(&["b", "a"], &[&[None, Some("2")], &[Some("x"), Some("1")]]), &[]);
        check(table(&[], &[]), &["rows of `t`: 2 before, 0 after the down"]);
        check(
            table(&["a", "b"], &[&[Some("1"), None], &[Some("2"), None]]),
            &["column `t.b` lost its values"],
        );
        check(
            table(&["a", "b"], &[&[Some("1"), Some("x")], &[Some("3"), None]]),
            &["column `t.a`: `2` before, `3` after the down"],
        );
        check(
            table(&["a", "b"], &[&[Some("1"), None], &[Some("2"), Some("x")]]),
            &["`t`: values stand in other rows than before"],
        );
        check(table(&["a"], &[&[Some("1")], &[Some("2")]]), &[]);
    }
}
