//! Reading the history: one round trip, and what each way of failing means.

use postgres::error::SqlState;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{History, Look, Rows, Unreadable};
use crate::lease;
use crate::migration::EmbeddedMigration;
use crate::run::{Run, in_transaction};

/// The longest name that PostgreSQL keeps as it is.
pub(crate) const NAME_BYTES: usize = 63;

/// How often the tables are tried to be made while others make the same.
pub(crate) const ATTEMPTS: usize = 5;

/// Whether others were faster: `IF NOT EXISTS` does not see what another transaction is about to commit, a
/// schema that several sets make, or these tables, behind a pooler that shares out the lock.
pub(crate) fn is_made_meanwhile(code: Option<&SqlState>) -> bool {
    let codes = ["23505", "42710", "42P06", "42P07"];
    code.is_some_and(|code| codes.contains(&code.code()))
}

/// Adds what to do about a history that lacks a column.
pub(crate) fn of_another_version(error: Error) -> Error {
    error
        .help("if another version of this library made the table: migrate with that version")
        .help("if it is another table: .history_table(\"…\")")
}

impl<C: Connection> Run<'_, C> {
    /// The second look, under the lock. It makes the tables when they are missing.
    pub(crate) async fn look_locked(&mut self, missing: bool, rows: Rows) -> Result<Look, Error> {
        if !missing {
            return self.look("", rows).await;
        }
        let exists = self.session.as_ref().is_some_and(|session| session.schema_exists);
        let create = self.history.create(exists) + ";\n";
        let mut attempt = 1;
        loop {
            let error = match self.look(&create, rows).await {
                Ok(look) => return Ok(look),
                Err(error) => error,
            };
            match error.sql_state().map(SqlState::code) {
                _ if is_made_meanwhile(error.sql_state()) && attempt < ATTEMPTS => attempt += 1,
                // Made meanwhile, by a role that shares them but owns them alone.
                Some("42501") => {
                    let look = self.look("", rows).await?;
                    return if look.missing_table { Err(error) } else { Ok(look) };
                }
                _ => return Err(error),
            }
        }
    }

    /// One round trip: what does the history say?
    pub(crate) async fn look(&mut self, before: &str, rows: Rows) -> Result<Look, Error> {
        self.check_names()?;
        let digest = self.set.digest();
        let sql = before.to_owned() + &self.history.look(self.newest(), digest, rows);
        let answer = match self.connection.simple_query(&sql).await {
            Ok(answer) => answer,
            Err(error) => return self.look_failed(error, before),
        };
        self.notice_session(&answer);
        let look =
            History::read_look(&answer, digest, rows).map_err(|why| self.unreadable(&why))?;
        self.present = if look.rows.is_empty() && look.up_to_date {
            self.set.migrations().iter().map(EmbeddedMigration::version).collect()
        } else {
            look.rows.iter().filter(|row| row.partly.is_none()).map(|row| row.version).collect()
        };
        Ok(look)
    }

    /// PostgreSQL cuts long names, and then the table and its log would be called the same.
    fn check_names(&self) -> Result<(), Error> {
        let wrong =
            |name: &str, most: usize| name.is_empty() || name.len() > most || name.contains('\0');
        let suffix = if self.options.watcher.is_some() { lease::SUFFIX } else { "_log" };
        let (option, name, most) = if wrong(&self.history.schema, NAME_BYTES) {
            ("history_schema", &self.history.schema, NAME_BYTES)
        } else if wrong(&self.history.table_name, NAME_BYTES - suffix.len()) {
            ("history_table", &self.history.table_name, NAME_BYTES - suffix.len())
        } else {
            return Ok(());
        };
        let sentence = format!(".{option}({name:?}): a name has 1 to {most} bytes, and no NUL");
        Err(Error::new(ErrorKind::History, sentence))
    }

    fn look_failed(&self, error: postgres::Error, before: &str) -> Result<Look, Error> {
        let table = self.history.display();
        let log = format!(".{}_log", self.history.table_name);
        let making = if before.is_empty() { "reading" } else { "making" };
        match error.code().map(SqlState::code) {
            Some("42P01") if crate::error::words(&error).contains(&log) => {
                Err(Error::server(&format!("reading {table}"), error)
                    .note("the history itself is there, so its log was dropped or is out of sight"))
            }
            Some("42P01") if before.is_empty() => {
                Ok(Look { missing_table: true, ..Look::default() })
            }
            Some("25P02") => Err(in_transaction().caused_by(error)),
            Some("42703") => {
                let words = crate::error::words(&error);
                let sentence = format!(
                    "{table} is not a history table of this version of the library: {words}"
                );
                Err(of_another_version(Error::new(ErrorKind::History, sentence).caused_by(error)))
            }
            Some("42501") if before.is_empty() => {
                Err(Error::server(&format!("reading {table}"), error)
                    .help("grant this role SELECT on the history table and its log"))
            }
            Some("42501") => Err(Error::server(&format!("making {table}"), error).help(
                "grant this role CREATE on the schema, or name another: .history_schema(\"…\")",
            )),
            _ => Err(Error::server(&format!("{making} {table}"), error)),
        }
    }

    fn unreadable(&self, why: &Unreadable) -> Error {
        let table = self.history.display();
        match why {
            Unreadable::InTransaction => in_transaction(),
            Unreadable::Layout(layout) => Error::new(
                ErrorKind::History,
                format!("{table} was written by a newer release of this library (layout {layout})"),
            )
            .help("update this application's migration library"),
            Unreadable::Answer => Error::new(
                ErrorKind::History,
                format!("the server's answer about {table} cannot be read"),
            )
            .note("a proxy may have changed it"),
        }
    }
}
