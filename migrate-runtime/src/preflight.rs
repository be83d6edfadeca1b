//! What stands in the way of a plan, before it is run: the database as it is just now, seen through its
//! catalog and its statistics. No table is locked, and nothing is written.
//!
//! Sizes are what the last `VACUUM` or `ANALYZE` counted: the functions that look at the files would
//! lock the tables.

use std::fmt;

use crate::connection::Connection;
use crate::error::Error;
use crate::observe::MigrationId;
use crate::plan::Up;
use crate::run::Run;
use crate::table_lock::TableLock;

mod questions;
mod seen;

use self::questions::sql;
use self::seen::Seen;

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// It may go wrong, or take long.
    Warning,
    /// It will not work as things stand.
    Error,
}

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A table that is locked, with its size.
    Table,
    /// A transaction that holds what the plan needs, or that a concurrent index build would wait for.
    Transaction,
    /// A transaction that was prepared for two-phase commit and holds its locks until somebody ends it.
    PreparedTransaction,
    /// An index that a failed build has left.
    InvalidIndex,
    /// A replica that is behind.
    ReplicaLag,
    /// The server has hardly a connection left.
    Connections,
    /// The role may not do what the plan does.
    Rights,
    /// The server is older than this library knows, or than the set declares.
    ServerVersion,
    /// What rewrites need beside what is there.
    Disk,
    /// Nobody has approved it: [`Migrator::approval_above`](crate::Migrator::approval_above).
    Approval,
}

/// Something that a [`Preflight`] has found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// The migration that it is about, where it is about one.
    pub migration: Option<MigrationId>,
    /// The table, index, role, … that it is about.
    pub subject: String,
    /// What was found: a sentence without a full stop.
    pub sentence: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: ")?;
        if let Some(migration) = &self.migration {
            write!(f, "{migration}: ")?;
        }
        f.write_str(&self.sentence)?;
        self.remedy.iter().try_for_each(|remedy| write!(f, "\n  = help: {remedy}"))
    }
}

/// What [`Migrator::preflight`](crate::Migrator::preflight) has found, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a preflight says what stands in the way"]
pub struct Preflight {
    findings: Vec<Finding>,
    pending: usize,
}

impl Preflight {
    /// What was found, the worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The worst of it; `None` where nothing was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// How many migrations are pending.
    pub fn pending(&self) -> usize {
        self.pending
    }
}

impl fmt::Display for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        match self.worst() {
            Some(Severity::Error) => f.write_str("not ready"),
            Some(Severity::Warning) => f.write_str("ready, with warnings"),
            _ => f.write_str("ready"),
        }
    }
}

/// What a pending migration does to a relation.
struct Use {
    migration: MigrationId,
    lock: TableLock,
}

impl<C: Connection> Run<'_, C> {
    pub(crate) async fn preflight(&mut self, target: Option<i64>) -> Result<Preflight, Error> {
        let pending = self.plan(target).await?;
        let uses = uses(&pending);
        let concurrent = pending.iter().find(|up| !up.migration.up().is_transactional());
        let answer =
            self.send("looking at the database", &sql(&uses, &self.history.schema)).await?;
        let concurrent = concurrent.map(|up| up.migration.into());
        let mut findings =
            Seen::new(&uses, concurrent, self.set.postgres(), self.options.watcher.is_some())
                .read(&answer);
        findings.extend(self.unapproved(&pending).await?.iter().map(|it| Finding {
            severity: Severity::Error,
            kind: FindingKind::Approval,
            migration: Some(it.migration.clone()),
            subject: it.table.clone(),
            sentence: it.sentence(),
            remedy: Some(it.remedy()),
        }));
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(Preflight { findings, pending: pending.len() })
    }
}

fn uses(pending: &[Up]) -> Vec<Use> {
    let of = |up: &Up| {
        let migration = MigrationId::from(up.migration);
        let locks = up.migration.up().locks().into_iter();
        locks.map(move |lock| Use { migration: migration.clone(), lock }).collect::<Vec<_>>()
    };
    pending.iter().flat_map(of).collect()
}
