//! Statements with queries in them.

use super::Generator;
use migrate_analysis::fidelity::Facts;

impl Generator {
    pub(super) fn view(&mut self, facts: &Facts) -> String {
        let kind = self.of(&["VIEW", "VIEW", "MATERIALIZED VIEW"]);
        let lower = kind.to_lowercase();
        match self.below(8) {
            0..=3 => {
                let table = self.table(facts);
                let (columns, from) = self.selected(facts, &table);
                let replace = match kind {
                    "VIEW" => self.perhaps(30, "OR REPLACE "),
                    _ => "",
                };
                let name = self.new_name("v");
                let condition = match self.chance(25) {
                    true => format!(" WHERE {} IS NOT NULL", self.column(facts, &table)),
                    false => String::new(),
                };
                format!("CREATE {replace}{kind} {name} AS SELECT {columns} FROM {from}{condition}")
            }
            4 | 5 => self.drop(facts, &lower, kind, "v"),
            6 => {
                let name = self.some(facts, &lower, "v");
                let column = self.column(facts, &name);
                format!("ALTER {kind} {name} RENAME COLUMN {column} TO {}", self.fresh("c"))
            }
            _ => {
                let name = self.some(facts, &lower, "v");
                format!("ALTER {kind} {name} RENAME TO {}", self.fresh("v"))
            }
        }
    }

    /// What a query selects, and what from.
    fn selected(&mut self, facts: &Facts, table: &str) -> (String, String) {
        let columns = self.columns(facts, table);
        match self.below(24) {
            0 => ("(x).*".to_owned(), format!("{table} AS x")),
            1 => {
                // Not of a view, of which there are none.
                let sampled = self.some(facts, "table", "t");
                (self.columns(facts, &sampled), format!("{sampled} TABLESAMPLE system (50)"))
            }
            2 | 3 => {
                let (first, second) = (self.column_type(facts).0, self.column_type(facts).0);
                let columns = self.of(&["*", "c0, x.c1", "x.*", "c2"]).to_owned();
                (columns, format!("json_to_recordset('[]') AS x(c0 {first}, c1 {second})"))
            }
            4..=7 => ("*".to_owned(), table.to_owned()),
            _ => (columns, table.to_owned()),
        }
    }

    /// Rows that are taken from one table and another.
    pub(super) fn moved(&mut self, facts: &Facts) -> String {
        let (from, beside) = (self.some(facts, "table", "t"), self.some(facts, "table", "t"));
        let (one, other) = (self.column(facts, &from), self.column(facts, &beside));
        let delete =
            format!("DELETE FROM {from} AS x USING {beside} y RETURNING x.{one} AS a, y.{other}");
        match self.below(3) {
            0 => delete,
            1 => format!("WITH m AS ({delete}) SELECT a FROM m"),
            _ => format!("WITH m AS ({delete}) SELECT m.{other} FROM m ORDER BY a"),
        }
    }
}
