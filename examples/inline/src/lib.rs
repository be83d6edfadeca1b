//! A job queue in the application's database: a library that brings its own tables.
//!
//! Its migrations stand in the macro, so the crate needs no files beside its code. They have a
//! history table of their own: whatever else the application migrates stays out of their way.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = postgres::Client::connect("postgresql://localhost/shop", postgres::NoTls)?;
//! let _ = inline::migrator().up(&mut client)?;
//! inline::push(&mut client, "send the newsletter")?;
//! # Ok(())
//! # }
//! ```

use migrate_runtime::{Migrator, Set, migrations};
use postgres::{Client, Error};

migrations! {
    /// The tables of the queue.
    pub mod schema;

    1 => create_jobs {
        up: "CREATE TABLE queue_jobs (
                 id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                 payload text NOT NULL,
                 tries   integer NOT NULL DEFAULT 0
             )",
        down: "DROP TABLE queue_jobs",
    }
    2 => forget_tries {
        up: "-- migrate: allow(drop-column) nothing has read it since 0.3
             ALTER TABLE queue_jobs DROP COLUMN tries",
        irreversible: "how often a job was tried is known nowhere else",
    }
    3 => add_priority {
        up: "ALTER TABLE queue_jobs ADD COLUMN priority integer NOT NULL DEFAULT 0",
        down: "ALTER TABLE queue_jobs DROP COLUMN priority",
    }
    4 => index_priority {
        up: "CREATE INDEX CONCURRENTLY queue_jobs_next ON queue_jobs (priority DESC, id)",
        down: "DROP INDEX CONCURRENTLY queue_jobs_next",
    }
}

/// Sets the queue up, with its `up`, and tells where it stands.
pub fn migrator() -> Migrator<impl Set> {
    schema::migrator().history_table("queue_history")
}

/// Puts a job into the queue.
///
/// # Errors
/// When the server cannot be reached, or the queue is not set up.
pub fn push(client: &mut Client, payload: &str) -> Result<(), Error> {
    client.execute("INSERT INTO queue_jobs (payload) VALUES ($1)", &[&payload]).map(drop)
}

/// Takes the next job out of the queue. No other worker gets the same one.
///
/// # Errors
/// As [`push`].
pub fn pop(client: &mut Client) -> Result<Option<String>, Error> {
    const NEXT: &str = "
        DELETE FROM queue_jobs WHERE id = (
            SELECT id FROM queue_jobs ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING payload";
    client.query_opt(NEXT, &[])?.map(|row| row.try_get(0)).transpose()
}
