//! The same without the harm, as SQL made of the author's own names: a script a migration.

use super::alter::Altered;
use crate::Direction;
use crate::catalog::{
    Column, ColumnType, Constraint, ConstraintKind, Expr, ForeignKey, Id, IndexKey, Kind, Object,
    Piece, State, named,
};
use crate::deparse;
use crate::list::CollectVec;
use crate::lock::Servers;
use crate::simulate::object_name;
use crate::sql::quoted;

/// A column that another one replaces.
pub(super) struct Replaced {
    /// Adds the new one beside it.
    pub(super) add: String,
    /// Swaps their names.
    pub(super) swap: String,
    /// What the old one is then called.
    pub(super) gone: String,
}

impl<'a> Altered<'_, 'a> {
    fn now(&self) -> State<'a> {
        self.statement.seen.after.now()
    }

    fn servers(&self) -> Servers {
        self.statement.seen.servers
    }

    pub(super) fn type_name(&self, column_type: &ColumnType) -> String {
        deparse::column_type(&self.now(), column_type)
    }

    /// `ALTER TABLE` with these actions.
    pub(super) fn sql(&self, actions: &[impl AsRef<str>]) -> String {
        let actions: Vec<&str> = actions.iter().map(AsRef::as_ref).collect_vec();
        match actions.as_slice() {
            [one] if !one.contains('\n') && one.len() < 60 => {
                format!("ALTER TABLE {} {one};", self.name)
            }
            several => format!("ALTER TABLE {}\n  {};", self.name, several.join(",\n  ")),
        }
    }

    /// The name of something that goes with the table: `users_email_sync`.
    pub(super) fn name_for(&self, column: &str, label: &str) -> String {
        let table = self.statement.object(self.table).map_or("", |it| it.name.as_str());
        quoted(&object_name(table, column, label))
    }

    /// The same in the schema of the table.
    pub(super) fn sibling(&self, column: &str, label: &str) -> String {
        let name = self.name_for(column, label);
        let schema = self.statement.object(self.table).and_then(|it| it.schema);
        match schema.filter(|it| *it != Id::PUBLIC).and_then(|it| self.statement.seen.after.get(it))
        {
            Some(schema) => format!("{}.{name}", quoted(&schema.name)),
            None => name,
        }
    }

    /// Makes columns NOT NULL: the proof first, which others do not wait for.
    pub(super) fn make_not_null(&self, columns: &[&str]) -> Vec<String> {
        let names: Vec<(String, String)> =
            columns.iter().map(|it| (quoted(it), self.name_for(it, "is_not_null"))).collect_vec();
        let each = |action: &dyn Fn(&str, &str) -> String| -> Vec<String> {
            names.iter().map(|(column, name)| action(column, name)).collect_vec()
        };
        let validate = self.sql(&each(&|_, name| format!("VALIDATE CONSTRAINT {name}")));
        if self.servers().oldest >= 18 {
            let add =
                each(&|column, name| format!("ADD CONSTRAINT {name} NOT NULL {column} NOT VALID"));
            return vec![self.sql(&add), validate];
        }
        let add = each(&|column, name| {
            format!("ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID")
        });
        let set = self.sql(&each(&|column, _| format!("ALTER COLUMN {column} SET NOT NULL")));
        let drop = self.sql(&each(&|_, name| format!("DROP CONSTRAINT {name}")));
        vec![self.sql(&add), validate, format!("{set}\n{drop}")]
    }

    /// Adds a constraint that others do not wait for; none where there is no such way.
    pub(super) fn add_constraint(&self, constraint: &Constraint) -> Option<Vec<String>> {
        match &constraint.kind {
            ConstraintKind::Check(_) => Some(self.add_unchecked(constraint)),
            ConstraintKind::ForeignKey(key) => {
                if self.is_partitioned() && self.servers().any_before(18) {
                    return None;
                }
                let mut scripts: Vec<String> = self.index_of(key).into_iter().collect_vec();
                scripts.extend(self.add_unchecked(constraint));
                Some(scripts)
            }
            ConstraintKind::Unique { index } | ConstraintKind::PrimaryKey { index } => {
                (!self.is_partitioned()).then(|| self.add_key(constraint, *index))
            }
            ConstraintKind::Exclude { .. } => None,
        }
    }

    /// Adds a constraint for new rows, and then looks at the old ones.
    fn add_unchecked(&self, constraint: &Constraint) -> Vec<String> {
        let new = Constraint { validated: false, not_enforced: false, ..constraint.clone() };
        let definition = deparse::named_constraint(&self.now(), &new, self.columns());
        let name = quoted(&constraint.name);
        vec![
            self.sql(&[format!("ADD {definition}")]),
            self.sql(&[format!("VALIDATE CONSTRAINT {name}")]),
        ]
    }

    /// The same constraint, for new rows, and then for the old ones.
    pub(super) fn replace_constraint(&self, constraint: &Constraint) -> Vec<String> {
        let drop = format!("DROP CONSTRAINT {}", quoted(&constraint.name));
        let new = Constraint { validated: false, not_enforced: false, ..constraint.clone() };
        let definition = deparse::named_constraint(&self.now(), &new, self.columns());
        let validate = format!("VALIDATE CONSTRAINT {}", quoted(&constraint.name));
        vec![self.sql(&[drop, format!("ADD {definition}")]), self.sql(&[validate])]
    }

    /// The index first, which others do not wait for.
    fn add_key(&self, constraint: &Constraint, index: Id) -> Vec<String> {
        let now = self.now();
        let name = quoted(&constraint.name);
        let mut scripts = Vec::new();
        if let Some(object) = now.get(index)
            && let Some(own) = object.index()
        {
            let create = deparse::create_index(&now, object, own, self.columns());
            scripts.push(concurrently(&create));
            if matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }) {
                let nullable = self.nullable(&own.columns().unwrap_or_default());
                let nullable: Vec<&str> = nullable.iter().map(String::as_str).collect_vec();
                if !nullable.is_empty() {
                    scripts.extend(self.make_not_null(&nullable));
                }
            }
        }
        let kind = match constraint.kind {
            ConstraintKind::PrimaryKey { .. } => "PRIMARY KEY",
            _ => "UNIQUE",
        };
        let deferrable = if constraint.deferrable { " DEFERRABLE" } else { "" };
        let deferred = if constraint.initially_deferred { " INITIALLY DEFERRED" } else { "" };
        scripts.push(self.sql(&[format!(
            "ADD CONSTRAINT {name} {kind} USING INDEX {name}{deferrable}{deferred}"
        )]));
        scripts
    }

    /// Which of the columns could hold NULL before.
    pub(super) fn nullable(&self, columns: &[u32]) -> Vec<String> {
        let was_not_null = |number: u32| {
            self.before().and_then(|it| it.numbered(number)).is_some_and(|it| it.not_null)
        };
        let nullable = columns.iter().filter(|number| !was_not_null(**number));
        nullable.filter_map(|it| Some(self.after()?.numbered(*it)?.name.clone())).collect_vec()
    }

    /// An index for a foreign key that has none. (A down puts back what was there.)
    fn index_of(&self, key: &ForeignKey) -> Option<String> {
        if self.statement.script.direction == Direction::Down {
            return None;
        }
        super::foreign_key_index::is_missing(self.statement, self.table, key).then(|| {
            let columns = deparse::column_names(self.columns(), &key.columns);
            let names: Vec<&str> = self
                .columns()
                .iter()
                .filter(|it| key.columns.contains(&it.number))
                .map(|it| it.name.as_str())
                .collect_vec();
            let table = self.statement.object(self.table).map_or("", |it| it.name.as_str());
            let index = super::foreign_key_index::free_name(
                self.statement,
                self.table,
                table,
                &names.join("_"),
            );
            let index = quoted(&index);
            format!("CREATE INDEX CONCURRENTLY {index} ON {} ({columns});", self.name)
        })
    }

    /// A column that has another name, another type or other values: both live side by side, until nobody needs the
    /// old one. `value`: what the new one holds, over the columns of a row.
    pub(super) fn replace_column(
        &self,
        old: &Column,
        wanted: &Column,
        value: &str,
    ) -> Option<Replaced> {
        if self.is_irreplaceable(old) {
            return None;
        }
        let (own, new) = (quoted(&old.name), quoted(&self.free_name(&old.name, "new")));
        let gone = quoted(&self.free_name(&old.name, "old"));
        let type_name = self.type_name(&wanted.column_type);
        let collation = wanted.collation.as_ref().map(|it| format!(" COLLATE {it}"));
        let add = format!("ADD COLUMN {new} {type_name}{}", collation.unwrap_or_default());
        let add = self.sql(&[add]);
        let (start, stop) = self.trigger(&old.name, &[format!("NEW.{new} := {value};")]);
        let mut swap = format!(
            "-- The rows were copied in batches, and {new} has what {own} has: NOT NULL, CHECKs, indexes, keys.\n{stop}\n"
        );
        if old.not_null {
            swap.push_str(&format!(
                "-- migrate: allow(drop-not-null) {new} takes over\n{}\n",
                self.sql(&[format!("ALTER COLUMN {own} DROP NOT NULL")])
            ));
        }
        swap.push_str(&self.hand_over_default(old, &new));
        for (from, to) in [(&own, &gone), (&new, &own)] {
            swap.push_str(&format!(
                "-- migrate: allow(rename-column) {new} takes over\nALTER TABLE {} RENAME COLUMN {from} TO {to};\n",
                self.name
            ));
        }
        let (add, swap) = (format!("{add}\n{start}"), swap.trim_end().to_owned());
        Some(Replaced { add, swap, gone })
    }

    /// A name for a column beside another one, which none has yet.
    pub(super) fn free_name(&self, column: &str, label: &str) -> String {
        let is_taken = |name: &String| named(self.columns(), name).is_some();
        let numbered = (2..).map(|number| format!("{column}_{label}{number}"));
        let mut names = std::iter::once(format!("{column}_{label}")).chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or_default()
    }

    /// The new column takes over the default of the old one, and the sequence that it owns.
    pub(super) fn hand_over_default(&self, old: &Column, new: &str) -> String {
        let Some(default) = &old.default else { return String::new() };
        let then = &self.statement.seen.before;
        let value = deparse::expression(then, default, &[]);
        let mut sql = self.sql(&[format!("ALTER COLUMN {new} SET DEFAULT {value}")]);
        let sequence = deparse::owned_sequence(then, self.table, old).and_then(|it| then.get(it));
        if let Some(sequence) = sequence {
            let drop = self.sql(&[format!("ALTER COLUMN {} DROP DEFAULT", quoted(&old.name))]);
            let sequence = deparse::object_name(then, sequence);
            sql = format!("{sql}\n{drop}\nALTER SEQUENCE {sequence} OWNED BY {}.{new};", self.name);
        }
        format!("{sql}\n")
    }

    /// Whether something would stand in the way when the column is dropped.
    fn is_rested_on(&self, column: &Column) -> bool {
        let (number, table) = (column.number, self.table);
        let before = &self.statement.seen.before;
        let own = self.before().is_some_and(|it| {
            let mut generated = it.columns.iter().filter_map(|it| it.generated.as_ref());
            let mut whens = it.triggers.iter();
            let mut policies = it.policies.iter().flat_map(|it| it.using.iter().chain(&it.check));
            generated.any(|(value, _)| value.mentions(number))
                || policies.any(|it| it.mentions(number))
                || whens.any(|it| {
                    it.events.iter().any(|(_, columns)| columns.contains(&number))
                        || it.when.as_ref().is_some_and(|it| it.mentions(number))
                })
        });
        let is_key = |it: &Constraint| match &it.kind {
            ConstraintKind::ForeignKey(key) => {
                key.table == table && key.referenced.contains(&number)
            }
            _ => false,
        };
        own || before.dependents(table).into_iter().filter_map(|it| before.get(it)).any(|it| {
            match &it.kind {
                Kind::View(view) => !view.followed || view.reads.contains(&(table, Some(number))),
                Kind::Table(other) => other.constraints.iter().any(is_key),
                _ => false,
            }
        })
    }

    /// Whether too much rests on the column.
    pub(super) fn is_irreplaceable(&self, column: &Column) -> bool {
        let in_key = |constraint: &Constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey { index } => {
                let index = self.statement.object(*index).and_then(Object::index);
                index.is_some_and(|it| it.mentions(column.number))
            }
            _ => false,
        };
        let in_bound = |it: &IndexKey| it.mentions(column.number);
        column.identity.is_some()
            || column.generated.is_some()
            || self.is_rested_on(column)
            || self.before().is_none_or(|table| {
                table.constraints.iter().any(in_key)
                    || table.partition_by.iter().flat_map(|it| &it.keys).any(|it| in_bound(&it.key))
            })
    }

    /// A trigger that computes something for each row that is written, and the end of it.
    pub(super) fn trigger(&self, column: &str, body: &[String]) -> (String, String) {
        let (name, function) = (self.name_for(column, "sync"), self.sibling(column, "sync"));
        let body = body.join("\n  ");
        let table = &self.name;
        let start = format!(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  {body}\n  RETURN NEW;\nEND\n$$;\n\
CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table}\n  FOR EACH ROW EXECUTE FUNCTION {function}();"
        );
        (start, format!("DROP TRIGGER {name} ON {table};\nDROP FUNCTION {function}();"))
    }

    /// An expression over the columns of the row that a trigger sees.
    pub(super) fn of_new_row(&self, expr: &Expr) -> String {
        let (now, columns) = (self.now(), self.columns());
        let piece = |piece: &Piece| {
            let text = deparse::expression(&now, &Expr { pieces: vec![piece.clone()] }, columns);
            match piece {
                Piece::Column(_) => format!("NEW.{text}"),
                _ => text,
            }
        };
        expr.pieces.iter().map(piece).collect()
    }
}

/// `CREATE INDEX CONCURRENTLY`.
pub(super) fn concurrently(create: &str) -> String {
    let create = create.trim_end().trim_end_matches(';');
    format!("{};", create.replacen("INDEX ", "INDEX CONCURRENTLY ", 1))
}

/// A CHECK of a domain, about a column.
pub(super) fn of_column(check: &str, column: &str) -> String {
    let mut text = String::new();
    let mut rest = check;
    while let Some(at) = rest.to_ascii_lowercase().find("value") {
        let (before, found) = rest.split_at(at);
        let (word, behind) = found.split_at("value".len());
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '.');
        let whole = !before.ends_with(is_name) && !behind.starts_with(is_name);
        let quotes = text.matches('\'').count() + before.matches('\'').count();
        let is_value = whole && quotes.is_multiple_of(2);
        text.push_str(before);
        text.push_str(if is_value { column } else { word });
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_of_a_domain_is_about_a_column() {
        assert_eq!(of_column("VALUE > 0", "age"), "age > 0");
        assert_eq!(
            of_column("value ~ '^value' AND value_of(VALUE)", "\"Age\""),
            "\"Age\" ~ '^value' AND value_of(\"Age\")"
        );
    }

    #[test]
    fn an_index_is_built_concurrently() {
        assert_eq!(
            concurrently("CREATE UNIQUE INDEX i ON t (a)"),
            "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);"
        );
    }
}
