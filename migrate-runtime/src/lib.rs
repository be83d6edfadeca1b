//! PostgreSQL migrations that are checked when they are compiled, and run safely when they are
//! deployed.

mod migration;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use migration::{
    Down, DownTarget, EmbeddedMigration, Migration, MigrationSet, Reversible, Script, Set,
};

/// Embeds a set of migrations, checked. See the crate's documentation.
#[macro_export]
macro_rules! migrations {
    ($($input:tt)*) => {
        $crate::__private::migrations! { $crate; $($input)* }
    };
}
