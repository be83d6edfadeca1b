//! The migrations that everything is measured with: always the same ones, in the proportions of
//! real projects. Tables with 8 to 12 columns, foreign keys and indexes; added columns; PL/pgSQL
//! functions with their triggers; views; small seeds. About half a kilobyte each.
//!
//! A set of `n` is the first `n` of them.

use std::fmt::Write;

/// One migration, as text.
pub(crate) struct Migration {
    pub(crate) version: usize,
    pub(crate) name: String,
    pub(crate) up: String,
    pub(crate) down: String,
}

/// What a table is named after; with a number behind it from the second round on.
const NOUNS: [&str; 24] = [
    "account",
    "invoice",
    "shipment",
    "product",
    "customer",
    "payment",
    "warehouse",
    "ticket",
    "campaign",
    "contract",
    "employee",
    "vehicle",
    "document",
    "session",
    "device",
    "review",
    "booking",
    "supplier",
    "region",
    "voucher",
    "channel",
    "message",
    "project",
    "subscription",
];

/// Columns that any table may have.
const COLUMNS: [&str; 20] = [
    "title text NOT NULL",
    "description text",
    "status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'archived'))",
    "amount_cents bigint NOT NULL DEFAULT 0 CHECK (amount_cents >= 0)",
    "currency char(3) NOT NULL DEFAULT 'EUR'",
    "email varchar(255)",
    "phone varchar(32)",
    "position integer NOT NULL DEFAULT 0",
    "is_public boolean NOT NULL DEFAULT false",
    "settings jsonb NOT NULL DEFAULT '{}'::jsonb",
    "tags text[] NOT NULL DEFAULT '{}'",
    "starts_at timestamptz",
    "ends_at timestamptz",
    "external_id uuid",
    "weight numeric(12, 3)",
    "ip inet",
    "locale text NOT NULL DEFAULT 'en'",
    "notes text",
    "attempts smallint NOT NULL DEFAULT 0",
    "due_on date",
];

/// The first `n` migrations.
pub(crate) fn migrations(n: usize) -> Vec<Migration> {
    (1..=n).map(migration).collect()
}

/// Ten migrations make a round: three tables, and what is done to them.
fn migration(version: usize) -> Migration {
    let (round, step) = ((version - 1) / 10, (version - 1) % 10);
    let table = |nth: usize| table_name(3 * round + nth);
    let (name, up, down) = match step {
        0 => create_table(3 * round),
        1 => create_table(3 * round + 1),
        2 => add_column(&table(0), "archived_at", "timestamptz"),
        3 => seed(&table(0), round),
        4 => touch_trigger(&table(0)),
        5 => create_table(3 * round + 2),
        6 => add_column(&table(1), "created_by", "bigint"),
        7 => total_function(&table(2)),
        8 => view(&table(1), &table(2)),
        _ => backfill(&table(1)),
    };
    Migration { version, name, up, down }
}

fn table_name(number: usize) -> String {
    let noun = NOUNS[number % NOUNS.len()];
    match number / NOUNS.len() {
        0 => format!("{noun}s"),
        again => format!("{noun}s_{again}"),
    }
}

fn create_table(number: usize) -> (String, String, String) {
    let table = table_name(number);
    let mut up = format!(
        "-- Holds one row for each of the {table}, whatever their state.\n\
         CREATE TABLE {table} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
    );
    // `status` and `amount_cents` are in every table; a step of 7 visits all columns.
    for column in ["title", "status", "amount_cents"] {
        put(&mut up, COLUMNS.iter().find(|text| text.starts_with(column)).copied());
    }
    let others = (0..1 + number % 5).map(|nth| COLUMNS[4 + (number + 7 * nth) % 16]);
    others.for_each(|column| put(&mut up, Some(column)));
    if number > 0 {
        let parent = table_name(number - 1 - number % 3 / 2);
        let _ = writeln!(up, "    parent_id bigint REFERENCES {parent} (id) ON DELETE CASCADE,");
    }
    let _ = write!(
        up,
        "    created_at timestamptz NOT NULL DEFAULT now(),\n    \
             updated_at timestamptz NOT NULL DEFAULT now()\n);\n\
         CREATE INDEX {table}_status_idx ON {table} (status, created_at DESC);\n"
    );
    if number > 0 {
        let _ = writeln!(up, "CREATE INDEX {table}_parent_id_idx ON {table} (parent_id);");
    }
    (format!("create_{table}"), up, format!("DROP TABLE {table};\n"))
}

fn put(sql: &mut String, column: Option<&str>) {
    if let Some(column) = column {
        let _ = writeln!(sql, "    {column},");
    }
}

fn add_column(table: &str, column: &str, kind: &str) -> (String, String, String) {
    (
        format!("add_{column}_to_{table}"),
        format!(
            "ALTER TABLE {table} ADD COLUMN {column} {kind};\n\
             COMMENT ON COLUMN {table}.{column} IS 'Filled by the application; null for old rows.';\n"
        ),
        format!("ALTER TABLE {table} DROP COLUMN {column};\n"),
    )
}

fn seed(table: &str, round: usize) -> (String, String, String) {
    let mut up = format!("INSERT INTO {table} (title, status, amount_cents) VALUES\n");
    for row in 1..=5 {
        let end = if row == 5 { ";" } else { "," };
        let cents = 100 * row + round;
        let _ =
            writeln!(up, "    ('Default no. {row}; it''s shown first', 'active', {cents}){end}");
    }
    let down = format!("DELETE FROM {table} WHERE title LIKE 'Default no. %';\n");
    (format!("seed_{table}"), up, down)
}

fn touch_trigger(table: &str) -> (String, String, String) {
    let up = format!(
        "CREATE FUNCTION touch_{table}() RETURNS trigger LANGUAGE plpgsql AS $body$\n\
         BEGIN\n    \
             -- Only a real change counts; a no-op update keeps its time.\n    \
             IF NEW IS DISTINCT FROM OLD THEN\n        \
                 NEW.updated_at := clock_timestamp();\n    \
             END IF;\n    \
             RETURN NEW;\n\
         END;\n\
         $body$;\n\
         CREATE TRIGGER {table}_touch BEFORE UPDATE ON {table}\n    \
             FOR EACH ROW EXECUTE FUNCTION touch_{table}();\n"
    );
    let down = format!("DROP TRIGGER {table}_touch ON {table};\nDROP FUNCTION touch_{table}();\n");
    (format!("touch_{table}"), up, down)
}

fn total_function(table: &str) -> (String, String, String) {
    let up = format!(
        "CREATE FUNCTION {table}_total(since timestamptz, wanted text DEFAULT 'active')\n\
         RETURNS bigint LANGUAGE plpgsql STABLE AS $$\n\
         DECLARE\n    total bigint := 0;\n    one record;\n\
         BEGIN\n    \
             FOR one IN SELECT amount_cents FROM {table}\n        \
                 WHERE created_at >= since AND status = wanted\n    \
             LOOP\n        total := total + one.amount_cents;\n    END LOOP;\n    \
             IF total < 0 THEN\n        RAISE EXCEPTION 'negative total: %', total;\n    END IF;\n    \
             RETURN total;\n\
         END\n\
         $$;\n"
    );
    (format!("total_of_{table}"), up, format!("DROP FUNCTION {table}_total(timestamptz, text);\n"))
}

fn view(first: &str, second: &str) -> (String, String, String) {
    let up = format!(
        "CREATE VIEW {first}_overview AS\n\
         SELECT f.id, f.title, f.status, f.created_at, s.title AS second_title,\n       \
             COALESCE(s.amount_cents, 0) + f.amount_cents AS cents\n\
         FROM {first} AS f\n\
         LEFT JOIN {second} AS s ON s.parent_id = f.id AND s.status <> 'archived'\n\
         WHERE f.status IN ('draft', 'active');\n"
    );
    (format!("overview_of_{first}"), up, format!("DROP VIEW {first}_overview;\n"))
}

fn backfill(table: &str) -> (String, String, String) {
    let up = format!(
        "UPDATE {table} SET created_by = 1\n\
         WHERE created_by IS NULL AND created_at < now() - interval '1 day';\n"
    );
    let down = format!("UPDATE {table} SET created_by = NULL WHERE created_by = 1;\n");
    (format!("fill_created_by_of_{table}"), up, down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_are_about_half_a_megabyte() {
        let bytes: usize = migrations(1000).iter().map(|m| m.up.len() + m.down.len()).sum();
        assert!((400_000..600_000).contains(&bytes), "{bytes}");
    }
}
