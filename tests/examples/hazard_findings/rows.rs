//! Rows for the tables of a stranger, as far as their constraints allow it.
//!
//! A value follows from its type and the number of its row alone, so that foreign keys between columns of one type
//! hold without being looked at.

use migrate_tests::referee::words;
use postgres::Client;

/// Fills tables, all if none are named, with the rows of these numbers; what could not be filled.
pub(crate) fn fill(
    client: &mut Client,
    tables: Option<&[String]>,
    rows: std::ops::RangeInclusive<i32>,
) -> Result<Vec<String>, postgres::Error> {
    let mut empty = Vec::new();
    client.batch_execute("SET session_replication_role = replica")?;
    for row in client.query(TABLES, &[])? {
        let (table, name): (u32, String) = (row.get(0), row.get(1));
        if tables.is_none_or(|tables| tables.contains(&name)) {
            empty.extend(fill_one(client, table, &name, &rows)?);
        }
    }
    client.batch_execute(SEQUENCES)?;
    client.batch_execute("RESET session_replication_role; ANALYZE")?;
    Ok(empty)
}

const TABLES: &str = "SELECT oid, oid::regclass::text FROM pg_class \
    WHERE relkind IN ('r', 'p') AND NOT relispartition \
      AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) \
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')";

/// So that the next value of none is one that was filled in.
const SEQUENCES: &str =
    "SELECT setval(seqrelid::regclass, least(seqmax, 2000000)) FROM pg_sequence";

const COLUMNS: &str = "SELECT quote_ident(a.attname), format_type(b.oid, m.typmod), b.typname, \
        b.typtype::text, b.typcategory::text, m.typmod, \
        a.attnotnull OR t.typnotnull, a.atthasdef, \
        (SELECT string_agg(pg_get_constraintdef(c.oid), ' ') FROM pg_constraint c \
         WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.conkey = ARRAY[a.attnum]) \
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
    JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END \
    CROSS JOIN LATERAL (SELECT CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m \
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped \
      AND a.attgenerated = '' AND a.attidentity <> 'a' ORDER BY a.attnum";

struct Column {
    name: String,
    value: Option<String>,
    not_null: bool,
    has_default: bool,
}

fn fill_one(
    client: &mut Client,
    table: u32,
    name: &str,
    rows: &std::ops::RangeInclusive<i32>,
) -> Result<Option<String>, postgres::Error> {
    let mut columns = Vec::new();
    for row in client.query(COLUMNS, &[&table])? {
        columns.push(Column {
            name: row.get(0),
            value: value(&row),
            not_null: row.get(6),
            has_default: row.get(7),
        });
    }
    let mut why = String::new();
    // From all that can be given to only what has to be.
    let wanted: [fn(&Column) -> bool; 3] =
        [|_| true, |it| it.not_null, |it| it.not_null && !it.has_default];
    for wanted in wanted {
        for conflict in ["ON CONFLICT DO NOTHING", ""] {
            let given = columns.iter().filter(|it| wanted(it));
            let (names, values): (Vec<&str>, Vec<&str>) =
                given.filter_map(|it| Some((&*it.name, it.value.as_deref()?))).unzip();
            let (from, to) = (rows.start(), rows.end());
            let series = format!("FROM generate_series({from}, {to}) g {conflict}");
            let sql = if names.is_empty() {
                format!("INSERT INTO {name} DEFAULT VALUES")
            } else {
                let (names, values) = (names.join(", "), values.join(", "));
                format!("INSERT INTO {name} ({names}) SELECT {values} {series}")
            };
            match client.batch_execute(&sql) {
                Ok(()) => return Ok(None),
                Err(error) => why = words(&error),
            }
        }
    }
    Ok(Some(format!("{name}: {why}")))
}

/// The value of a column in row `g`.
fn value(row: &postgres::Row) -> Option<String> {
    let (full, name): (String, String) = (row.get(1), row.get(2));
    let (kind, category, typmod): (String, String, i32) = (row.get(3), row.get(4), row.get(5));
    let check: Option<String> = row.get(8);
    let check = check.unwrap_or_default();
    let length = check.contains("length(").then(|| number(&check)).flatten();
    let limit = if typmod > 4 { typmod - 4 } else { 8 };
    let width = length.unwrap_or(limit.min(8));
    let value = match &*name {
        "int2" => "(g % 32000)::int2".to_owned(),
        "int4" | "int8" | "float4" | "float8" | "oid" | "money" => format!("g::{full}"),
        "numeric" => numeric(typmod),
        "bool" => "g % 2 = 0".to_owned(),
        "text" | "varchar" | "bpchar" | "citext" | "name" => match literal(&check) {
            Some(literal) => format!("{literal}::{full}"),
            None => format!("lpad(g::text, {width}, '0')::{full}"),
        },
        "uuid" => "lpad(to_hex(g), 32, '0')::uuid".to_owned(),
        "bytea" => format!("decode(lpad(to_hex(g), {}, '0'), 'hex')", 2 * width),
        "json" | "jsonb" => format!("json_build_object('g', g)::{full}"),
        "date" => "date '2000-01-01' + g % 20000".to_owned(),
        "timestamp" | "timestamptz" => {
            format!("(timestamp '2020-01-01' + g * interval '1 minute')::{full}")
        }
        "time" | "timetz" => format!("(time '00:00' + g * interval '1 s')::{full}"),
        "interval" => "g * interval '1 s'".to_owned(),
        "inet" | "cidr" => "('10.0.' || g / 256 % 256 || '.' || g % 256)::inet::cidr".to_owned(),
        "int4range" | "int8range" => format!("{full}(g, g + 1)"),
        "tsvector" => "to_tsvector(g::text)".to_owned(),
        "xml" => "'<a/>'::xml".to_owned(),
        "bit" | "varbit" => return None,
        _ if kind == "e" => {
            let all = format!("enum_range(NULL::{full})");
            format!("({all})[1 + g % cardinality({all})]")
        }
        _ if category == "A" => format!("'{{}}'::{full}"),
        _ => return None,
    };
    Some(value)
}

/// As many digits before the point as there may be.
fn numeric(typmod: i32) -> String {
    if typmod < 4 {
        return "g::numeric".to_owned();
    }
    let (precision, scale) = ((typmod - 4) >> 16, (typmod - 4) & 0x7ff);
    let digits = (precision - scale).clamp(0, 9);
    format!("(g % {})::numeric", 10_i64.pow(digits.unsigned_abs()))
}

/// The first string in a CHECK is most often one that it allows.
fn literal(check: &str) -> Option<String> {
    if check.contains("length(") || check.contains('~') {
        return None;
    }
    let text = check.split('\'').nth(1).filter(|it| !it.is_empty())?;
    Some(format!("'{text}'"))
}

fn number(check: &str) -> Option<i32> {
    let digits = check.split(|it: char| !it.is_ascii_digit()).find(|it| !it.is_empty())?;
    digits.parse().ok()
}
