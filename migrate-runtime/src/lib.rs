//! PostgreSQL migrations that are checked when they are compiled, and run safely when they are
//! deployed.
//!
//! ```no_run
//! migrate_runtime::migrations! {
//!     mod schema;
//!     1 => create_users {
//!         up: "CREATE TABLE users (id bigint PRIMARY KEY)",
//!         down: "DROP TABLE users",
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = postgres::Client::connect("host=/run/postgresql", postgres::NoTls)?;
//! let report = schema::migrator().up(&mut client)?;
//! println!("{report}");
//! println!("{}", schema::migrator().status(&mut client)?);
//! # Ok(())
//! # }
//! ```
//!
//! # What a run promises
//!
//! - **One transaction a migration**, with its row in the history, so a migration is in the database
//!   exactly when the history says so. The row's primary key lets one of two runners through even
//!   where nothing else does.
//! - **One migrator at a time** on a history; the others wait, and say for whom.
//! - **One round trip** when nothing is pending, and no lock. N pending ones cost N and 3, and a
//!   fresh database costs 4 however many there are.
//! - What cannot run in a transaction (`CREATE INDEX CONCURRENTLY`) runs **statement by statement
//!   and is resumed** where it stopped.
//! - A script may set what it likes (`search_path`, roles, timeouts): the **next one does not see
//!   it**, and neither do the history and the caller.
//! - The history keeps the **way back** of every migration, so an older binary can roll back what
//!   a newer one applied.
//! - An [`Error`] says which statement of which file failed, what the server said, and **how the
//!   database stands now**.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod connection;
mod error;
mod excerpt;
mod execute;
mod failure;
mod history;
mod job;
mod lock;
mod look;
mod migration;
mod migrator;
mod observe;
mod plan;
mod policy;
mod quote;
mod report;
mod run;
mod session;
mod stale;
mod status;
mod stepwise;
mod target;

pub use error::{Error, ErrorKind};
pub use migration::{Down, EmbeddedMigration, Migration, MigrationSet, Reversible, Script, Set};
pub use migrator::{Migrator, Plan, PlanStep, Untyped};
pub use observe::{Direction, Event, Holder, MigrationId};
pub use policy::{Ahead, Missing, Modified, OutOfOrder};
pub use report::{Done, Report};
pub use status::{State, Status, StatusRow};
pub use target::{DownTarget, Target};

/// Embeds a set of migrations, checked. See the crate's documentation.
#[macro_export]
macro_rules! migrations {
    ($($input:tt)*) => {
        $crate::__private::migrations! { $crate; $($input)* }
    };
}
