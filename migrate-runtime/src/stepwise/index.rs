//! The index that a statement builds concurrently, and what an earlier build of it has left.

use std::time::{Duration, Instant};

use postgres::SimpleQueryMessage;

use crate::blocker::HERE;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{optional, rows_of};
use crate::interrupted::{indexes, left_by_reindex};
use crate::job::{Builds, Job};
use crate::observe::Event;
use crate::quote::literal;
use crate::run::Run;

use super::died_here;

/// What a statement that failed has left behind.
#[derive(Debug)]
pub(super) enum Left {
    Nothing,
    /// An INVALID index, qualified and quoted.
    Index(String),
    /// Nobody knows; what may be.
    Perhaps(String),
}

impl Left {
    /// The end of the sentence that says how the database stands.
    pub(super) fn standing(&self, job: &Job) -> String {
        match self {
            Left::Index(index) => {
                format!(
                    "; it left the INVALID index {index}, which the next {} drops",
                    job.direction
                )
            }
            Left::Nothing | Left::Perhaps(_) => String::new(),
        }
    }
}

/// The index that a statement is about to build, if one of that name is there already.
#[derive(Debug)]
struct Found {
    name: String,
    valid: bool,
    /// Somebody holds the lock on its table that a build takes.
    busy: bool,
}

impl<C: Connection> Run<'_, C> {
    /// Whether a statement is done already or has nothing to do: an index that an earlier run
    /// built but did not live to record. An INVALID one is dropped instead.
    pub(super) async fn is_skipped(
        &mut self,
        job: &Job,
        step: usize,
        answer: &[SimpleQueryMessage],
    ) -> Result<bool, Error> {
        let Some(mut found) = found_index(answer) else { return Ok(false) };
        if found.valid {
            return Ok(died_here(job, step));
        }
        let begun = Instant::now();
        while found.busy {
            // A build by somebody else looks just like a failed one. Autovacuum holds the same
            // lock, so this is worth waiting for.
            if begun.elapsed() >= self.options.lock_wait {
                let sentence = format!(
                    "{} builds the index {}, which another session seems to be building",
                    job.title(),
                    found.name
                );
                return Err(Error::new(ErrorKind::Script, sentence).of(job.id.clone()));
            }
            self.connection.sleep(Duration::from_millis(500)).await;
            let sql = self.index_sql(job, step);
            let answer = self.send("looking for an INVALID index", &sql).await?;
            match found_index(&answer) {
                Some(again) if !again.valid => found = again,
                _ => return Ok(false),
            }
        }
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {}", found.name);
        self.send("dropping an INVALID index", &sql).await?;
        self.emit(Event::InvalidIndexDropped { migration: job.id.clone(), index: found.name });
        Ok(false)
    }

    /// What a statement has left that failed just now.
    pub(super) async fn left_behind(&mut self, job: &Job, step: usize) -> Left {
        let Some(statement) = job.statements.get(step) else { return Left::Nothing };
        let Some(Builds { table, index }) = &statement.builds else {
            let Some(sql) = left_by_reindex(&statement.text) else { return Left::Nothing };
            let answer = self.connection.simple_query(&sql).await.unwrap_or_default();
            let left = indexes(&answer);
            return if left.is_empty() { Left::Nothing } else { Left::Index(left.join(", ")) };
        };
        let Some(index) = index else {
            return Left::Perhaps(format!(
                "an INVALID index may be left on {table}; without a name in the script it cannot be \
                 told from others: drop it by hand, and give the index a name"
            ));
        };
        match self.connection.simple_query(&self.index_sql(job, step)).await.as_deref() {
            Ok(answer) => match found_index(answer) {
                Some(found) if !found.valid && !found.busy => Left::Index(found.name),
                Some(found) if !found.valid => Left::Perhaps(format!(
                    "{} is INVALID; it or another is being built",
                    found.name
                )),
                _ => Left::Nothing,
            },
            Err(_) => Left::Perhaps(format!("an INVALID index {index} may be left on {table}")),
        }
    }

    /// Looks for the index that a statement builds, with the script's own `search_path`.
    pub(super) fn index_sql(&self, job: &Job, step: usize) -> String {
        let builds = job.statements.get(step).and_then(|statement| statement.builds.as_ref());
        let Some(Builds { table, index: Some(index) }) = builds else { return "SELECT 0".into() };
        let name = format!("pg_catalog.parse_ident({})", literal(index));
        format!(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS migrate_index, i.indisvalid AS valid, \
             EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.relation OPERATOR(pg_catalog.=) i.indrelid \
             AND l.mode OPERATOR(pg_catalog.=) 'ShareUpdateExclusiveLock' AND l.granted \
             AND l.database OPERATOR(pg_catalog.=) {HERE} \
             AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) AS busy \
             FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({table}) \
             AND c.relname OPERATOR(pg_catalog.=) ({name})[pg_catalog.array_upper({name}, 1)]::pg_catalog.name",
            table = literal(table),
        )
    }
}

fn found_index(answer: &[SimpleQueryMessage]) -> Option<Found> {
    let row = rows_of(answer)
        .find(|row| row.columns().first().is_some_and(|column| column.name() == "migrate_index"))?;
    Some(Found {
        name: optional(row, "migrate_index")?.to_owned(),
        valid: optional(row, "valid") == Some("t"),
        busy: optional(row, "busy") == Some("t"),
    })
}
