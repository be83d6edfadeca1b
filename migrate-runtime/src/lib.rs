//! PostgreSQL migrations that are checked when they are compiled, and run safely when they are
//! deployed.
//!
//! Migrations are plain SQL, up and down, in files or beside the code. [`migrations!`] reads them
//! when the crate is compiled, without a database: names, order, partners, grammar, and how each
//! script has to run. A mistake is a compile error with file, line and column. The same plan then
//! runs on a [`postgres`] client when the program starts.
//!
//! ```no_run
//! migrate_runtime::migrations! {
//!     /// The schema of the shop.
//!     mod schema;
//!
//!     1 => create_users {
//!         up: "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL)",
//!         down: "DROP TABLE users",
//!     }
//!     2 => index_email {
//!         up: "CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)",
//!         down: "DROP INDEX CONCURRENTLY users_email",
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mut client = postgres::Client::connect("host=/run/postgresql", postgres::NoTls)?;
//!     println!("{}", schema::migrator().up(&mut client)?);
//!     println!("{}", schema::migrator().status(&mut client)?);
//!     Ok(())
//! }
//! ```
//!
//! Most projects keep a directory instead. `mod schema = "migrations";` embeds it, and
//! `migrate_build::watch("migrations")` in the build script tells cargo when a file was added; see
//! [`migrations!`] for all that may stand in it.
//!
//! # In an async program
//!
//! With feature `tokio` the same verbs run on a `tokio_postgres::Client`, or on one of a pool:
//!
//! ```ignore
//! let mut client = pool.get().await?;
//! schema::migrator().into_async().up(&mut client).await?;
//! ```
//!
//! It is the same engine, with the same SQL, events and errors. The blocking client must not be used
//! inside an async task; a verb that is called there says so, where the client would panic.
//!
//! # Verbs
//!
//! | [`Migrator`]'s | does |
//! |---|---|
//! | [`up`](Migrator::up), [`up_to`](Migrator::up_to) | applies what is pending, all or up to a migration |
//! | [`down`](Migrator::down), [`down_to`](Migrator::down_to) | rolls back the newest ones, or all that is newer than a migration |
//! | [`redo`](Migrator::redo) | rolls back the newest ones and applies them again, as they are now |
//! | [`status`](Migrator::status) | tells where the database stands, migration by migration |
//! | [`plan`](Migrator::plan), [`plan_to`](Migrator::plan_to) | tells what `up` would do, or why it would refuse |
//! | [`verify`](Migrator::verify) | is an error unless everything is applied: for a program that may not migrate |
//! | [`baseline`](Migrator::baseline) | records migrations as applied without running them |
//!
//! `status`, `plan` and `verify` write nothing, take no lock and run on a replica; the others write. A target is a version (`down_to(&mut client, 7)`) or a migration as a type
//! (`down_to(&mut client, schema::CreateUsers)`); across an irreversible migration, or for one of
//! another set, the latter does not compile.
//!
//! The client is [`postgres::Client`], or `tokio_postgres`'s with feature `tokio`, of the very version that
//! this crate was built with: both crates are re-exported, so that nobody has to guess it
//! (`use migrate_runtime::postgres;`).
//!
//! # Policies
//!
//! A database does not always hold the beginning of the set. What to do then is said once, on the
//! migrator; each refusal names its way out.
//!
//! | in the history | unless told otherwise | option |
//! |---|---|---|
//! | a pending migration is older than an applied one | [`ErrorKind::OutOfOrder`] | [`OutOfOrder::Apply`] |
//! | an applied up script was edited (comments and blanks do not count) | [`ErrorKind::Modified`] | [`Modified::Ignore`] |
//! | another migration has the version of one of the set: two branches took the same number | [`ErrorKind::VersionTaken`] | [`Modified::Ignore`] |
//! | an applied migration is gone from the set | [`ErrorKind::Missing`] | [`Missing::Ignore`] |
//! | there are migrations newer than the whole set: a later binary was here | allowed | [`Ahead::Refuse`] |
//! | another set wrote it | [`ErrorKind::ForeignHistory`] | [`Migrator::history_table`] |
//! | a down script was edited | the edited one counts, [`Event::DownEdited`] | |
//!
//! # Production
//!
//! Options that are off unless asked for:
//!
//! | option | |
//! |---|---|
//! | [`before_each`](Migrator::before_each), [`after_each`](Migrator::after_each) | SQL of your own in the transaction of each migration |
//! | [`backup`](Migrator::backup) | a backup before the first change of a run, and never otherwise |
//! | [`approval_above`](Migrator::approval_above) | what locks or works on a large table needs an [`approve`](Migrator::approve)d script |
//!
//! # What a run promises
//!
//! - **One transaction a migration**, with its row in the history, so a migration is in the database
//!   exactly when the history says so. The row's primary key lets one of two runners through even
//!   where nothing else does.
//! - **One migrator at a time** on a history; the others wait, and say for whom. The lock is asked
//!   for again and again, never waited in, so that it cannot deadlock an index that is built
//!   concurrently.
//! - **One round trip** when nothing is pending, and no lock. N pending ones cost N and 3, and a
//!   fresh database costs 4 however many there are (more where some cannot run in a transaction).
//! - **No table is frozen.** A statement that waits for a lock lets nobody past who comes later, so
//!   no attempt waits for longer than [`lock_timeout`](Migrator::lock_timeout), 1.5 s as servers come.
//!   Then the migration is rolled back and tried again, at growing random intervals, and
//!   [`Event::Retrying`] says who is in the way. A script that locks several tables takes these locks
//!   first, within a tenth of that time more; one that also writes, rewrites or scans tables takes them
//!   where it needs them, each with the whole limit. An autovacuum gives way to an attempt, unless it
//!   prevents wraparound: that one is waited for from attempt to attempt, and named.
//! - What cannot run in a transaction (`CREATE INDEX CONCURRENTLY`) runs **statement by statement
//!   and is resumed** where it stopped. The INVALID index of a build or a `REINDEX` that failed is
//!   dropped first, and a concurrent detach that was interrupted is finished.
//! - A script may set what it likes (`search_path`, roles, timeouts): the **next one does not see
//!   it**, and neither do the history and the caller.
//! - The history keeps the **way back** of every migration, so an older binary can roll back what
//!   a newer one applied.
//! - An [`Error`] says which statement of which file failed, what the server said, and **how the
//!   database stands now**.
//!
//! With a [`watcher`](Migrator::watcher), a connection of its own that lives while there is something to do:
//!
//! - **Who is in the way is told while the run waits** ([`Event::Blocked`]), not only when it has given up, and
//!   a slow statement says how far it is ([`Event::Running`]).
//! - **A lease stands in for the run lock**: a row with a heartbeat, taken over after 30 s without. It holds
//!   behind a pooler in transaction mode, and leaves nothing there. Every transaction that writes the
//!   history makes sure of it before it commits, so one of a run that was taken over never does. It costs
//!   one round trip more, and nothing when nothing is pending.
//!
//! Limits: behind a pooler in transaction mode the run lock of a migrator without a watcher does not hold.
//! Scripts that run in a transaction are still applied once. Others are refused there
//! ([`ErrorKind::Pooled`]), with a watcher too, as soon as two messages are seen to reach different sessions,
//! which a run that is alone may never see: connect directly for these. A script that commits on its
//! own can come through without being recorded if the process dies in that very moment; it is then
//! run again, and should be one that may run twice. Settings that only `current_setting` can name
//! (`SET app.tenant = …`) do not survive a run, unless they came with the connection's options.
//!
//! # The history
//!
//! Two tables, `public.migration_history` and `public.migration_history_log` unless
//! [`history_schema`](Migrator::history_schema) and [`history_table`](Migrator::history_table) say
//! otherwise. The first holds one row for each migration that is in the database:
//!
//! | column | |
//! |---|---|
//! | `version`, `name` | which migration; the version is the primary key |
//! | `applied_at`, `applied_by`, `run_id` | when, by which role, in which run |
//! | `up_checksum` | SHA-256 over the statements of the up script |
//! | `down_kind`, `down_reason` | `script`, `no-op` or `irreversible`; the reason of the latter two |
//! | `down_checksum`, `down_transactional`, `down_steps`, `down_builds` | the down script, statement by statement, so that an older binary can run it |
//! | `digest` | generated from version and up checksum; what the set is compared with |
//! | `steps_done`, `steps_of`, `step_state`, `steps_hash` | all null, except in the middle of a script that runs statement by statement: how far which one came |
//!
//! The second is append-only, for people: `version`, `name`, `direction` (`up`, `down`,
//! `baseline`), `outcome` (`done`, `failed`), `error`, `started_at`, `finished_at`, `duration`,
//! `run_id`, `applied_by`.
//!
//! [`Migrator::approve`] makes a third one when it is called for the first time, `…_approval`: `version`,
//! `up_checksum`, `approved_by`, `approved_at`, `reason`.
//!
//! A role that runs `up` needs `CREATE` on the schema the first time, and then `SELECT`, `INSERT`,
//! `UPDATE`, `DELETE` on the two tables; for `up` with nothing pending, `plan` and `verify`
//! `SELECT` on the history is enough, and `status` reads the log too.
//!
//! Runs with a watcher keep their lease in a third table, `public.migration_history_lease`, which is made by
//! the first of them: one row at most, `run_id`, `who`, `renewed_at`, `expires_at`. They need the same four
//! rights on it, and a run without a watcher needs `SELECT` on it once it is there. Where it may not be made,
//! they take the run lock instead and say so.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod approval;
#[cfg(feature = "tokio")]
mod asynchronous;
mod backup;
mod blocker;
mod connection;
mod error;
mod excerpt;
mod execute;
mod failure;
mod history;
mod hook;
mod interrupted;
mod job;
mod lease;
mod lock;
mod look;
mod migration;
mod migrator;
mod observe;
mod patience;
mod place;
mod plan;
mod policy;
mod pooler;
mod preflight;
mod preview;
mod quote;
mod record;
mod remedy;
mod report;
mod run;
mod session;
mod stale;
mod status;
mod stepwise;
mod table_lock;
mod target;
mod verdict;
mod watch;

/// The client that the verbs take, in the version that they mean.
pub use postgres;
/// The asynchronous client, in the version that [`AsyncMigrator`] means.
#[cfg(feature = "tokio")]
pub use tokio_postgres;

#[cfg(feature = "tokio")]
pub use asynchronous::AsyncMigrator;
pub use backup::Backup;
pub use blocker::Blocker;
pub use error::{Error, ErrorKind};
pub use hook::HookStep;
pub use migration::{Down, EmbeddedMigration, Migration, MigrationSet, Reversible, Script, Set};
pub use migrator::{Migrator, Untyped};
#[cfg(feature = "tracing")]
pub use observe::Tracing;
pub use observe::{Direction, Event, Holder, MigrationId, Observer, Progress};
pub use policy::{Ahead, Missing, Modified, OutOfOrder};
pub use preflight::{Finding, FindingKind, Preflight, Severity};
pub use preview::{Plan, PlanStep};
pub use report::{Done, Report};
pub use status::{FailedAttempt, State, Status, StatusRow};
pub use table_lock::{LockMode, TableLock};
pub use target::{DownTarget, Target};
pub use verdict::Verdict;

/// Embeds a set of migrations, checked.
///
/// # Two forms
///
/// A directory, relative to the folder of the crate's `Cargo.toml`:
///
/// ```ignore
/// migrate_runtime::migrations! {
///     /// The schema of the shop.
///     pub mod schema = "migrations";
/// }
/// ```
///
/// Cargo notices by itself when an embedded file is edited. For one that is added, and to parse
/// only what changed, give the crate a build script:
///
/// ```ignore
/// fn main() {
///     migrate_build::watch("migrations");
/// }
/// ```
///
/// Or the scripts themselves, for a library with a few tables of its own:
///
/// ```
/// migrate_runtime::migrations! {
///     mod schema;
///
///     1 => create_jobs {
///         up: "CREATE TABLE jobs (id bigint PRIMARY KEY, tries integer)",
///         down: "DROP TABLE jobs",
///     }
///     2 => forget_tries {
///         up: "-- migrate: allow(drop-column) nothing reads it any more
///              ALTER TABLE jobs DROP COLUMN tries",
///         irreversible: "how often a job was tried is known nowhere else",
///     }
/// }
///
/// use migrate_runtime::Migration;
/// assert_eq!(schema::SET.migrations().len(), 2);
/// assert_eq!(schema::CreateJobs::VERSION, 1);
/// const _: () = assert!(schema::CreateJobs::VERDICT.restores() && schema::ForgetTries::DESTROYS_DATA);
/// ```
///
/// # What it makes
///
/// A module, with the attributes and the visibility that stand in the call, and in it:
///
/// | item | |
/// |---|---|
/// | `fn migrator() -> Migrator` | what a program calls: `schema::migrator().up(&mut client)?` |
/// | `type Migrator` | [`Migrator<schema::Set>`](crate::Migrator), to name in signatures |
/// | `static SET` | the migrations as data, a [`MigrationSet`](crate::MigrationSet) |
/// | `enum Set` | stands for the set in types; implements [`Set`](crate::Set) |
/// | a struct for each migration | a target, such as `schema::CreateJobs`; implements [`Migration`](crate::Migration), and [`Reversible`](crate::Reversible) unless it is irreversible |
///
/// A struct is called as its migration, in CamelCase. Where two have the same name, or the name of
/// one of the items above, each carries its version: `CreateJobsV7`. A name that begins with a
/// digit gets an `M` in front.
///
/// # Layouts
///
/// Detected file by file; a directory may mix them, and one that was made for another tool is read
/// as it is.
///
/// | layout | example |
/// |---|---|
/// | pair of files | `0001_create_users.up.sql` and `0001_create_users.down.sql` |
/// | sections | `001_create_users.sql` with `-- UP` and `-- DOWN`, or with the marks of dbmate, goose and sql-migrate |
/// | directory | `2024-01-01-000000_create_users/up.sql` and `down.sql` |
/// | V and U files | `V1__create_users.sql` and `U1__create_users.sql` |
///
/// The version is the number in front, without hyphens; it fits into an `i64`, and migrations run in
/// its order. Every migration has its way back, or says why there is none.
///
/// Some files stand beside the scripts and are none: `*.test.sql` (rows for
/// `migrate_testing::verify`), `schema.sql` (reserved for later releases), `migrate.toml`, and
/// whatever does not end in `.sql` and is not named like a script. Any other `.sql` file that fits no
/// layout is an error: nothing is silently left out.
///
/// Line ends and a byte order mark do not count; comments and blanks between words are not part of a
/// checksum.
///
/// # Directives
///
/// SQL comments, on a line of their own. One that is misspelt, misplaced or not supported yet is an
/// error.
///
/// | `-- migrate: …` | |
/// |---|---|
/// | `up`, `down` | begins a section, as `-- UP` and `-- DOWN` do |
/// | `irreversible <reason>` | instead of a down script: rollbacks stop here |
/// | `no-op <reason>` | a down script that has nothing to undo: rollbacks pass |
/// | `no-transaction` | the script runs statement by statement. A script of which no statement can run in a transaction needs no directive; one that mixes both kinds does |
/// | `allow(code, …) <reason>` | lowers a diagnostic, for the next statement, or at the top for the file |
/// | `opaque <reason>` | the next statement is not analysed |
///
/// The peers' marks for the same are understood: goose's `-- +goose NO TRANSACTION`, dbmate's
/// `transaction:false`, sql-migrate's `notransaction`, sqlx's `-- no-transaction` on the first
/// line, and diesel's `metadata.toml`.
///
/// # `migrate.toml`
///
/// Optional, beside the scripts:
///
/// ```toml
/// # For a directory with a past: up to this version only what cannot be read, ordered or run is an
/// # error.
/// history-until = 20240301120000
/// # The oldest server that they have to run on: newer syntax is an error, and so is an older server to
/// # `preflight`.
/// postgres = "15"
/// # Diagnostics that this project does not want, or wants as warnings of `migrate_build::watch`.
/// allow = ["version-gap"]
/// warn = []
/// ```
#[macro_export]
macro_rules! migrations {
    ($($input:tt)*) => {
        $crate::__private::migrations! { $crate; $($input)* }
    };
}
