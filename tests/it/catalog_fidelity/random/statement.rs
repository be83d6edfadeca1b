//! The statements. Most are about what is there, so that the server takes about two in three.

mod query;

use migrate_analysis::fidelity::Facts;

/// A generator of random statements: the same for the same seed and the same schema.
pub(super) struct Generator {
    state: u64,
}

/// Types of columns, each with a default.
const TYPES: &[(&str, &str)] = &[
    ("int", "1"),
    ("int", "2 + 3"),
    ("bigint", "0"),
    ("text", "'x'"),
    ("varchar(10)", "'y'"),
    ("numeric(8, 2)", "1.5"),
    ("boolean", "true"),
    ("timestamptz", "now()"),
    ("date", "'2020-01-01'"),
    ("uuid", "gen_random_uuid()"),
    ("jsonb", "'{}'"),
    ("int[]", "'{}'"),
];

impl Generator {
    pub(super) fn new(seed: u64) -> Generator {
        let mut generator = Generator { state: seed };
        // Neighbours are to have nothing in common.
        generator.state = u64::try_from(generator.below(usize::MAX)).unwrap();
        generator
    }

    /// `splitmix64`, below a limit.
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit.max(1) as u64).unwrap()
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    /// Words that are said with some chance.
    fn perhaps(&mut self, percent: usize, words: &'static str) -> &'static str {
        if self.chance(percent) { words } else { "" }
    }

    /// A name from a small pool: free, or taken.
    fn fresh(&mut self, letter: &str) -> String {
        format!("{letter}{}", self.below(5))
    }

    /// The full name of something of a kind that is there; now and then of something that may not be.
    fn some(&mut self, facts: &Facts, kind: &str, letter: &str) -> String {
        let names: Vec<&str> =
            facts.keys().filter(|(it, _)| it == kind).map(|(_, name)| name.as_str()).collect();
        if names.is_empty() || self.chance(6) {
            return self.fresh(letter);
        }
        self.of(&names).to_owned()
    }

    /// As it may be written: without the schema that is on the path.
    fn spelt(&mut self, name: &str) -> String {
        match name.strip_prefix("public.") {
            Some(bare) if self.chance(85) => bare.to_owned(),
            _ => name.to_owned(),
        }
    }

    fn table(&mut self, facts: &Facts) -> String {
        let name = match self.below(20) {
            0 => self.some(facts, "view", "t"),
            _ => self.some(facts, "table", "t"),
        };
        self.spelt(&name)
    }

    fn parts(&self, facts: &Facts, kind: &str, of: &str) -> Vec<String> {
        let of = if of.contains('.') { of.to_owned() } else { format!("public.{of}") };
        let own = facts.keys().filter(|(it, _)| it == kind).filter_map(|(_, name)| {
            let (parent, part) = name.rsplit_once('.')?;
            (parent == of).then(|| part.to_owned())
        });
        own.collect()
    }

    /// A column, constraint, trigger of a table.
    fn part(&mut self, facts: &Facts, kind: &str, of: &str, letter: &str) -> String {
        let names = self.parts(facts, kind, of);
        if names.is_empty() || self.chance(6) {
            return self.fresh(letter);
        }
        let at = self.below(names.len());
        names[at].clone()
    }

    fn column(&mut self, facts: &Facts, table: &str) -> String {
        self.part(facts, "column", table, "c")
    }

    fn columns(&mut self, facts: &Facts, table: &str) -> String {
        let first = self.column(facts, table);
        if self.chance(60) {
            return first;
        }
        let second = self.column(facts, table);
        if second == first { first } else { format!("{first}, {second}") }
    }

    /// A type and a default for it.
    fn column_type(&mut self, facts: &Facts) -> (String, String) {
        if self.chance(12) {
            let name = self.some(facts, "enum", "e");
            let labels = self.parts(facts, "enum value", &name);
            let label = labels.into_iter().find(|it| it.starts_with("'v"));
            return (self.spelt(&name), label.unwrap_or_else(|| "NULL".to_owned()));
        }
        if self.chance(6) {
            let name = self.some(facts, "domain", "d");
            return (self.spelt(&name), "5".to_owned());
        }
        let (name, default) = TYPES[self.below(TYPES.len())];
        (name.to_owned(), default.to_owned())
    }

    fn reference(&mut self, facts: &Facts) -> String {
        let table = self.table(facts);
        let column = if self.chance(40) {
            format!(" ({})", self.column(facts, &table))
        } else {
            String::new()
        };
        let action = self.of(&["", "", " ON DELETE CASCADE", " ON DELETE SET NULL"]);
        let late = self.perhaps(10, " DEFERRABLE INITIALLY DEFERRED");
        format!("REFERENCES {table}{column}{action}{late}")
    }

    fn column_definition(&mut self, facts: &Facts, name: &str) -> String {
        if self.chance(8) {
            let kind = self.of(&["serial", "bigserial", "int GENERATED ALWAYS AS IDENTITY"]);
            return format!("{name} {kind}{}", self.perhaps(30, " PRIMARY KEY"));
        }
        let (type_name, default) = self.column_type(facts);
        let mut text = format!("{name} {type_name}");
        if self.chance(35) {
            text.push_str(" NOT NULL");
        }
        if self.chance(35) {
            text.push_str(&format!(" DEFAULT {default}"));
        }
        text.push_str(self.perhaps(12, " UNIQUE"));
        if self.chance(12) {
            text.push_str(&format!(" CHECK ({name} IS NOT NULL)"));
        }
        if self.chance(12) {
            text.push_str(&format!(" {}", self.reference(facts)));
        }
        text
    }

    fn create_table(&mut self, facts: &Facts) -> String {
        let name = self.new_name("t");
        let mut elements = Vec::new();
        for number in 0..1 + self.below(4) {
            let column = if self.chance(95) { format!("c{number}") } else { self.fresh("c") };
            elements.push(self.column_definition(facts, &column));
        }
        if self.chance(40) {
            elements.push("PRIMARY KEY (c0)".to_owned());
        }
        if self.chance(15) {
            elements.push("UNIQUE (c0, c1)".to_owned());
        }
        if self.chance(15) {
            elements.push("CONSTRAINT k0 CHECK (c0 IS NOT NULL)".to_owned());
        }
        if self.chance(6) {
            let like = self.table(facts);
            elements.push(format!("LIKE {like}{}", self.perhaps(70, " INCLUDING ALL")));
        }
        let parent = if self.chance(5) {
            format!(" INHERITS ({})", self.table(facts))
        } else {
            String::new()
        };
        let guard = self.perhaps(10, "IF NOT EXISTS ");
        format!("CREATE TABLE {guard}{name} ({}){parent}", elements.join(", "))
    }

    /// In a schema, now and then.
    fn new_name(&mut self, letter: &str) -> String {
        let name = self.fresh(letter);
        match self.below(12) {
            0 => format!("s0.{name}"),
            _ => name,
        }
    }

    pub(super) fn statement(&mut self, facts: &Facts) -> String {
        let tables = facts.keys().filter(|(kind, _)| kind == "table").count();
        if tables < 2 || self.chance(8) {
            return self.create_table(facts);
        }
        match self.below(100) {
            0..=44 => self.alter_table(facts),
            45..=52 => self.index(facts),
            53..=60 => self.type_statement(facts),
            61..=67 => self.view(facts),
            68 => self.moved(facts),
            69..=73 => self.sequence(facts),
            74..=79 => self.comment(facts),
            80..=85 => self.trigger(facts),
            86..=90 => self.drop(facts, "table", "TABLE", "t"),
            91..=94 => self.schema(facts),
            _ => self.policy(facts),
        }
    }

    fn drop(&mut self, facts: &Facts, kind: &str, words: &str, letter: &str) -> String {
        let name = self.some(facts, kind, letter);
        let name = self.spelt(&name);
        let guard = self.perhaps(25, "IF EXISTS ");
        format!("DROP {words} {guard}{name}{}", self.perhaps(35, " CASCADE"))
    }

    fn alter_table(&mut self, facts: &Facts) -> String {
        let table = self.table(facts);
        if self.chance(20) {
            return self.rename(facts, &table);
        }
        let mut actions = vec![self.action(facts, &table)];
        if self.chance(20) {
            actions.push(self.action(facts, &table));
        }
        let guard = self.perhaps(5, "IF EXISTS ");
        format!("ALTER TABLE {guard}{table} {}", actions.join(", "))
    }

    fn rename(&mut self, facts: &Facts, table: &str) -> String {
        let alter = format!("ALTER TABLE {table} RENAME");
        match self.below(3) {
            0 => format!("{alter} TO {}", self.fresh("t")),
            1 => format!("{alter} COLUMN {} TO {}", self.column(facts, table), self.fresh("c")),
            _ => {
                let constraint = self.part(facts, "constraint", table, "k");
                format!("{alter} CONSTRAINT {constraint} TO {}", self.fresh("k"))
            }
        }
    }

    fn action(&mut self, facts: &Facts, table: &str) -> String {
        let column = self.column(facts, table);
        match self.below(16) {
            0..=2 => {
                let name = self.fresh("c");
                let guard = self.perhaps(15, "IF NOT EXISTS ");
                format!("ADD COLUMN {guard}{}", self.column_definition(facts, &name))
            }
            3 | 4 => {
                let guard = self.perhaps(15, "IF EXISTS ");
                format!("DROP COLUMN {guard}{column}{}", self.perhaps(35, " CASCADE"))
            }
            5 => format!("ALTER COLUMN {column} SET NOT NULL"),
            6 => format!("ALTER COLUMN {column} DROP NOT NULL"),
            7 => format!("ALTER COLUMN {column} DROP DEFAULT"),
            8 => format!("ALTER COLUMN {column} SET DEFAULT NULL"),
            9 | 10 => {
                let (type_name, _) = self.column_type(facts);
                let using = self.perhaps(70, " USING NULL");
                format!("ALTER COLUMN {column} TYPE {type_name}{using}")
            }
            11 => {
                let name = self.fresh("k");
                let valid = self.perhaps(20, " NOT VALID");
                format!("ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL){valid}")
            }
            12 => {
                let name = if self.chance(50) {
                    format!("CONSTRAINT {} ", self.fresh("k"))
                } else {
                    String::new()
                };
                let kind = self.of(&["UNIQUE", "UNIQUE", "PRIMARY KEY"]);
                format!("ADD {name}{kind} ({})", self.columns(facts, table))
            }
            13 => format!("ADD FOREIGN KEY ({column}) {}", self.reference(facts)),
            14 => {
                let constraint = self.part(facts, "constraint", table, "k");
                let guard = self.perhaps(15, "IF EXISTS ");
                format!("DROP CONSTRAINT {guard}{constraint}{}", self.perhaps(35, " CASCADE"))
            }
            _ => {
                let constraint = self.part(facts, "constraint", table, "k");
                format!("VALIDATE CONSTRAINT {constraint}")
            }
        }
    }

    fn index(&mut self, facts: &Facts) -> String {
        match self.below(4) {
            0 | 1 => {
                let table = self.table(facts);
                let name = if self.chance(60) { self.fresh("i") } else { String::new() };
                let guard = if name.is_empty() { "" } else { self.perhaps(10, "IF NOT EXISTS ") };
                let unique = self.perhaps(30, "UNIQUE ");
                let keys = self.columns(facts, &table);
                let column = self.column(facts, &table);
                let part = match self.chance(20) {
                    true => format!(" WHERE {column} IS NOT NULL"),
                    false => String::new(),
                };
                format!("CREATE {unique}INDEX {guard}{name} ON {table} ({keys}){part}")
            }
            2 => {
                let name = self.some(facts, "index", "i");
                let name = without_table(&name);
                let guard = self.perhaps(25, "IF EXISTS ");
                format!("DROP INDEX {guard}{name}{}", self.perhaps(35, " CASCADE"))
            }
            _ => {
                let name = self.some(facts, "index", "i");
                format!("ALTER INDEX {} RENAME TO {}", without_table(&name), self.fresh("i"))
            }
        }
    }

    fn type_statement(&mut self, facts: &Facts) -> String {
        let name = self.some(facts, "enum", "e");
        let spelt = self.spelt(&name);
        match self.below(9) {
            0..=2 => {
                let labels = self.of(&["'v0'", "'v0', 'v1'", "'v0', 'v1', 'v2'"]);
                format!("CREATE TYPE {} AS ENUM ({labels})", self.new_name("e"))
            }
            3 => {
                let guard = self.perhaps(25, "IF NOT EXISTS ");
                let place = self.of(&["", " BEFORE 'v0'", " AFTER 'v1'"]);
                format!("ALTER TYPE {spelt} ADD VALUE {guard}'{}'{place}", self.fresh("w"))
            }
            4 => {
                let from = self.part(facts, "enum value", &name, "v");
                let from = from.trim_matches('\'').to_owned();
                let letter = if from.starts_with('w') { "w" } else { "v" };
                format!("ALTER TYPE {spelt} RENAME VALUE '{from}' TO '{}'", self.fresh(letter))
            }
            5 => format!("ALTER TYPE {spelt} RENAME TO {}", self.fresh("e")),
            6 => self.drop(facts, "enum", "TYPE", "e"),
            7 => format!("CREATE DOMAIN {} AS int CHECK (VALUE > 0)", self.new_name("d")),
            _ => self.drop(facts, "domain", "DOMAIN", "d"),
        }
    }

    fn sequence(&mut self, facts: &Facts) -> String {
        let name = self.some(facts, "sequence", "q");
        let name = self.spelt(&name);
        match self.below(6) {
            0 | 1 => {
                let guard = self.perhaps(15, "IF NOT EXISTS ");
                let options = self.of(&["", " INCREMENT BY 5", " AS int MAXVALUE 100 CYCLE"]);
                format!("CREATE SEQUENCE {guard}{}{options}", self.new_name("q"))
            }
            2 => format!("ALTER SEQUENCE {name} INCREMENT BY {}", 1 + self.below(5)),
            3 => {
                let table = self.table(facts);
                let column = self.column(facts, &table);
                format!("ALTER SEQUENCE {name} OWNED BY {table}.{column}")
            }
            4 => self.drop(facts, "sequence", "SEQUENCE", "q"),
            _ => format!("ALTER SEQUENCE {name} RENAME TO {}", self.fresh("q")),
        }
    }

    fn comment(&mut self, facts: &Facts) -> String {
        let table = self.table(facts);
        let on = match self.below(11) {
            0 => format!("TABLE {table}"),
            1 | 2 => format!("COLUMN {table}.{}", self.column(facts, &table)),
            3 => format!("INDEX {}", without_table(&self.some(facts, "index", "i"))),
            4 => {
                let constraint = self.part(facts, "constraint", &table, "k");
                format!("CONSTRAINT {constraint} ON {table}")
            }
            5 => format!("TRIGGER {} ON {table}", self.part(facts, "trigger", &table, "g")),
            6 => format!("POLICY {} ON {table}", self.part(facts, "policy", &table, "p")),
            7 => format!("VIEW {}", self.some(facts, "view", "v")),
            8 => format!("SEQUENCE {}", self.some(facts, "sequence", "q")),
            9 => {
                let function = self.some(facts, "function", "f");
                format!("FUNCTION {}", function.split('(').next().unwrap_or_default())
            }
            _ => format!("TYPE {}", self.some(facts, "enum", "e")),
        };
        format!("COMMENT ON {on} IS {}", self.of(&["'one'", "'two'", "NULL"]))
    }

    fn trigger(&mut self, facts: &Facts) -> String {
        let table = self.table(facts);
        let function = self.some(facts, "function", "f");
        let function = function.split('(').next().unwrap_or_default().to_owned();
        let function = self.spelt(&function);
        match self.below(8) {
            0 | 1 => {
                let replace = self.perhaps(30, "OR REPLACE ");
                let body = self.of(&["RETURN NEW", "RETURN NULL"]);
                format!(
                    "CREATE {replace}FUNCTION {}() RETURNS trigger LANGUAGE plpgsql \
                     AS 'BEGIN {body}; END'",
                    self.new_name("f")
                )
            }
            2 | 3 => {
                let replace = self.perhaps(20, "OR REPLACE ");
                let column = self.column(facts, &table);
                let event = match self.below(3) {
                    0 => format!("UPDATE OF {column}"),
                    1 => "INSERT OR DELETE".to_owned(),
                    _ => "UPDATE".to_owned(),
                };
                format!(
                    "CREATE {replace}TRIGGER {} BEFORE {event} ON {table} \
                     FOR EACH ROW EXECUTE FUNCTION {function}()",
                    self.fresh("g")
                )
            }
            4 => {
                let trigger = self.part(facts, "trigger", &table, "g");
                format!("DROP TRIGGER {}{trigger} ON {table}", self.perhaps(25, "IF EXISTS "))
            }
            5 => {
                let trigger = self.part(facts, "trigger", &table, "g");
                format!("ALTER TRIGGER {trigger} ON {table} RENAME TO {}", self.fresh("g"))
            }
            6 => format!("DROP FUNCTION {function}{}", self.perhaps(35, "() CASCADE")),
            _ => format!("ALTER FUNCTION {function} RENAME TO {}", self.fresh("f")),
        }
    }

    fn schema(&mut self, facts: &Facts) -> String {
        match self.below(5) {
            0 | 1 => {
                format!("CREATE SCHEMA {}", self.perhaps(30, "IF NOT EXISTS ").to_owned() + "s0")
            }
            2 => {
                let table = self.table(facts);
                format!("ALTER TABLE {table} SET SCHEMA {}", self.of(&["s0", "public"]))
            }
            3 => {
                let name = self.some(facts, "enum", "e");
                format!("ALTER TYPE {name} SET SCHEMA {}", self.of(&["s0", "public"]))
            }
            _ => format!("DROP SCHEMA s0{}", self.perhaps(50, " CASCADE")),
        }
    }

    fn policy(&mut self, facts: &Facts) -> String {
        let table = self.table(facts);
        let policy = self.part(facts, "policy", &table, "p");
        let column = self.column(facts, &table);
        match self.below(4) {
            0 | 1 => {
                let name = self.fresh("p");
                format!("CREATE POLICY {name} ON {table} USING ({column} IS NOT NULL)")
            }
            2 => format!("DROP POLICY {policy} ON {table}"),
            _ => format!("ALTER POLICY {policy} ON {table} RENAME TO {}", self.fresh("p")),
        }
    }
}

/// An index is called by its schema and name, and listed by its table.
fn without_table(name: &str) -> String {
    match name.split('.').collect::<Vec<_>>().as_slice() {
        [schema, _, index] => format!("{schema}.{index}"),
        _ => name.to_owned(),
    }
}
