//! PostgreSQL migrations that are checked when they are compiled, and run safely when they are
//! deployed.

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
