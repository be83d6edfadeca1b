//! The schema of a live database as facts, and what differs between two of them.

mod difference;
mod queries;
mod wording;

use std::collections::{BTreeMap, BTreeSet};

use postgres::{Client, SimpleQueryMessage};

pub use difference::{Change, Difference};

/// The attribute by which columns and enum values are ordered among their siblings. It has no
/// meaning but that.
const POSITION: &str = "position";

/// The schema of a database at one moment: everything that a user made, and nothing that came with
/// the server or with an extension.
///
/// ```no_run
/// use migrate_testing::Snapshot;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = migrate_testing::empty_database()?;
/// let mut client = database.connect()?;
/// client.batch_execute("CREATE TABLE users (email text NOT NULL)")?;
/// let before = Snapshot::read(&mut client)?;
/// client.batch_execute("ALTER TABLE users ALTER email DROP NOT NULL")?;
/// let after = Snapshot::read(&mut client)?;
///
/// let differences = before.differences(&after);
/// assert_eq!(differences[0].to_string(), "column `public.users.email`: NOT NULL was lost");
/// # Ok(())
/// # }
/// ```
///
/// It holds names and definitions, no OIDs, so that what was dropped and made again is the same. It
/// knows PostgreSQL 13 to 18. Roles, tablespaces and subscriptions belong to the server or reach
/// beyond it, and large objects are data: they are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    objects: BTreeMap<Id, Object>,
}

/// By the name first, so that what belongs to a table stands below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    name: String,
    kind: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Object {
    /// The name of what it goes away with: the table of a column, the schema of a table.
    parent: String,
    attributes: BTreeMap<String, String>,
}

/// One thing that is so in a [`Snapshot`]: the type of column `public.users.email` is `text`.
///
/// What is as it is by default (a column that may be null, grants that nobody changed) is no fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Fact<'a> {
    /// The kind of object: `table`, `column`, `enum value`, `materialized view`.
    pub kind: &'a str,
    /// Its name as SQL, qualified, and quoted where SQL needs it: `public.users."order"`.
    pub name: &'a str,
    /// What is told of it: `type`, `definition`, `owner`.
    pub attribute: &'a str,
    /// As the server writes it; `yes` where there is no more to say.
    pub value: &'a str,
}

impl Snapshot {
    /// Reads the schema, in two round trips.
    ///
    /// The session stays as it is. Inside a transaction, the snapshot shows what that has done.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or the client's transaction has failed before.
    pub fn read(client: &mut Client) -> Result<Snapshot, postgres::Error> {
        let here = client.simple_query(
            "SELECT pg_catalog.current_setting('server_version_num'), \
             pg_catalog.quote_literal(pg_catalog.current_setting('search_path'))",
        )?;
        let here = here.iter().find_map(row);
        let text = |at| here.and_then(|row| row.get(at)).unwrap_or_default();
        let version = text(0).parse().unwrap_or_default();
        // For this message, or for the transaction that it is part of: there it is set back.
        let set =
            |path: &str| format!("SELECT pg_catalog.set_config('search_path', {path}, true);\n");
        let mut sql = set("'pg_catalog, pg_temp'");
        sql.extend(queries::QUERIES.iter().map(|query| query.sql(version)));
        sql.push_str(&set(text(1)));
        let mut snapshot = Snapshot::default();
        for row in client.simple_query(&sql)?.iter().filter_map(row).filter(|row| row.len() == 5) {
            let text = |at| row.get(at).unwrap_or_default().to_owned();
            let object = snapshot.objects.entry(Id { name: text(1), kind: text(0) }).or_default();
            object.parent = text(2);
            object.attributes.insert(text(3), text(4));
        }
        Ok(snapshot)
    }

    /// All facts, those of an object together.
    pub fn facts(&self) -> impl Iterator<Item = Fact<'_>> {
        self.objects.iter().flat_map(|(Id { name, kind }, object)| {
            object.attributes.iter().map(move |(attribute, value)| Fact {
                kind,
                name,
                attribute,
                value,
            })
        })
    }

    /// The same without a relation, and without what belongs to it: its columns, indexes, …
    ///
    /// Names are as they are stored: `without("public", "Orders")`, with no quotes.
    #[must_use]
    pub fn without(mut self, schema: &str, relation: &str) -> Snapshot {
        let mut gone: BTreeSet<String> = spellings(schema)
            .iter()
            .flat_map(|schema| spellings(relation).map(|relation| format!("{schema}.{relation}")))
            .collect();
        loop {
            let before = gone.len();
            for (id, object) in &self.objects {
                if gone.contains(&object.parent) {
                    gone.insert(id.name.clone());
                }
            }
            if gone.len() == before {
                break;
            }
        }
        self.objects.retain(|id, _| !gone.contains(&id.name));
        self
    }

    /// The same without a schema as such; what stands in it stays.
    pub(crate) fn without_schema(mut self, schema: &str) -> Snapshot {
        let names = spellings(schema);
        self.objects.retain(|id, _| id.kind != "schema" || !names.contains(&id.name));
        self
    }
}

/// How the server may write a name: whether it puts quotes depends on its list of keywords.
fn spellings(name: &str) -> [String; 2] {
    [name.to_owned(), format!("\"{}\"", name.replace('"', "\"\""))]
}

fn row(message: &SimpleQueryMessage) -> Option<&postgres::SimpleQueryRow> {
    match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    }
}
