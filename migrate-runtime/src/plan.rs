//! Set × history → what to do, or why not. No I/O: every question of gaps, order and drift is
//! answered here and tested without a server.

use crate::error::ErrorKind;
use crate::history::{Half, Partly, Row, StoredDown, fnv};
use crate::migration::{Down, EmbeddedMigration, MigrationSet, Script};
use crate::observe::MigrationId;
use crate::policy::{Ahead, Missing, Modified, OutOfOrder, Policies};
use crate::quote::hex;
use crate::status::{State, StatusRow};

mod foreign;
#[cfg(test)]
mod tests;

/// A migration to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Up {
    pub(crate) migration: &'static EmbeddedMigration,
    pub(crate) resume: Option<Partly>,
}

/// What `up` would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UpPlan {
    pub(crate) pending: Vec<Up>,
    /// Migrations of the set that are applied.
    pub(crate) already: usize,
    pub(crate) ahead: usize,
    pub(crate) down_edited: Vec<MigrationId>,
}

/// A migration to roll back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    pub(crate) id: MigrationId,
    /// The binary's own, whose down wins over the stored one.
    pub(crate) own: Option<&'static EmbeddedMigration>,
    pub(crate) stored: StoredDown,
    pub(crate) resume: Option<Partly>,
    pub(crate) edited: bool,
}

/// How far to roll back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    Last(usize),
    /// As the user says it: the version has to exist.
    DownTo(i64),
    /// Everything newer than a row that was once there; of `None`, everything.
    Above(Option<i64>),
}

/// Why nothing will be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    pub(crate) migration: Option<MigrationId>,
    pub(crate) sentence: String,
    pub(crate) help: Vec<String>,
}

/// A version of the set, of the history, or of both.
struct Entry<'a> {
    own: Option<&'static EmbeddedMigration>,
    row: Option<&'a Row>,
}

/// Both lists as one, in order of version.
fn compare<'a>(set: &MigrationSet, rows: &'a [Row]) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(set.migrations().len().max(rows.len()));
    let mut own = set.migrations().iter().peekable();
    let mut rows = rows.iter().peekable();
    loop {
        let entry = match (own.peek(), rows.peek()) {
            (None, None) => return entries,
            (Some(o), Some(r)) if o.version() == r.version => {
                Entry { own: own.next(), row: rows.next() }
            }
            (Some(o), Some(r)) if o.version() > r.version => Entry { own: None, row: rows.next() },
            (Some(_), _) => Entry { own: own.next(), row: None },
            (None, Some(_)) => Entry { own: None, row: rows.next() },
        };
        entries.push(entry);
    }
}

/// How every migration stands.
pub(crate) fn status(set: &MigrationSet, rows: &[Row]) -> Vec<StatusRow> {
    let newest_own = set.migrations().last().map(EmbeddedMigration::version);
    let newest_row = rows.last().map(|row| row.version);
    let state = |entry: &Entry<'_>| match (entry.own, entry.row) {
        (own, Some(Row { partly: Some(partly), .. })) => State::PartlyApplied {
            done: partly.done,
            of: own.and_then(|own| length(own, partly.half)),
            rolling_back: partly.half == Half::Down,
        },
        (Some(own), Some(row)) if is_other(own, row) => State::VersionTaken { by: row.id() },
        (Some(own), Some(row)) if up_edited(own, row) => State::Modified,
        (Some(_), Some(_)) => State::Applied,
        (Some(own), None) if newest_row.is_some_and(|newest| own.version() < newest) => {
            State::OutOfOrder
        }
        (Some(_), None) => State::Pending,
        (None, row) if row.map(|row| row.version) > newest_own => State::Ahead,
        (None, _) => State::Missing,
    };
    let line = |entry: &Entry<'_>| {
        let id = entry.own.map(MigrationId::from).or_else(|| entry.row.map(Row::id))?;
        Some(StatusRow {
            migration: id,
            state: state(entry),
            down_edited: is_down_edited(entry),
            applied_at: entry.row.map(|row| row.applied_at),
            applied_by: entry.row.map(|row| row.applied_by.clone()),
            took: entry.row.and_then(|row| row.duration),
            run_id: entry.row.map(|row| row.run_id.clone()),
            last_failure: None,
        })
    };
    compare(set, rows).iter().filter_map(line).collect()
}

/// What `up` has to do, up to `target` if there is one.
pub(crate) fn up(
    set: &MigrationSet,
    rows: &[Row],
    target: Option<i64>,
    policies: Policies,
) -> Result<UpPlan, Refusal> {
    let states = status(set, rows);
    let entries = compare(set, rows);
    let or_foreign = |refusal| foreign::refusal(&entries).unwrap_or(refusal);
    refuse_states(set, &states, policies).map_err(or_foreign)?;
    let mut plan = UpPlan::default();
    for (entry, line) in entries.iter().zip(&states) {
        if line.down_edited {
            plan.down_edited.push(line.migration.clone());
        }
        let Some(own) = entry.own else {
            plan.ahead += usize::from(is_newer(set, line));
            continue;
        };
        let partly = entry.row.and_then(|row| row.partly.clone());
        if entry.row.is_some() && partly.is_none() {
            plan.already += 1;
            continue;
        }
        if target.is_some_and(|target| own.version() > target) {
            continue;
        }
        if line.state == State::OutOfOrder && policies.out_of_order == OutOfOrder::Refuse {
            return Err(or_foreign(out_of_order(line, rows)));
        }
        if let (Some(partly), Some(row)) = (&partly, entry.row) {
            check_resume(own, row, partly)?;
        }
        plan.pending.push(Up { migration: own, resume: partly });
    }
    Ok(plan)
}

/// Refuses what is wrong whatever the target is.
fn refuse_states(
    set: &MigrationSet,
    states: &[StatusRow],
    policies: Policies,
) -> Result<(), Refusal> {
    fn those(states: &[StatusRow], are: impl Fn(&StatusRow) -> bool) -> Vec<&MigrationId> {
        states.iter().filter(|line| are(line)).map(|line| &line.migration).collect()
    }
    let modified = those(states, |line| line.state == State::Modified);
    let taken = |line: &StatusRow| match &line.state {
        State::VersionTaken { by } => Some(version_taken(&line.migration, by)),
        _ => None,
    };
    // By the lists, not by the state: a half-applied one may be unknown as well.
    let unknown = |line: &StatusRow| set.get(line.migration.version()).is_none();
    let missing = those(states, |line| unknown(line) && !is_newer(set, line));
    let ahead = those(states, |line| unknown(line) && is_newer(set, line));
    if policies.missing == Missing::Refuse && !missing.is_empty() {
        return Err(refusal(ErrorKind::Missing, &missing, |names, are| {
            format!("{names} {are} applied, but not in this binary's set")
        })
        .help("restore the file, or deploy the branch that has it")
        .help("to take it out of the database: down_to the version before; its way back is stored")
        .help("to leave it alone: .missing(Missing::Ignore)"));
    }
    if policies.modified == Modified::Refuse
        && let Some(refusal) = states.iter().find_map(taken)
    {
        return Err(refusal);
    }
    if policies.modified == Modified::Refuse && !modified.is_empty() {
        return Err(refusal(ErrorKind::Modified, &modified, |names, are| {
            let was = if are == "is" { "was" } else { "were" };
            format!("{names} {was} edited after being applied")
        })
        .help("undo the edit and write a new migration for the change")
        .help("on a development database: redo it, which runs the edited script")
        .help("to keep the edit without running it: .modified(Modified::Ignore)"));
    }
    if policies.ahead == Ahead::Refuse && !ahead.is_empty() {
        return Err(refusal(ErrorKind::Ahead, &ahead, |names, are| {
            format!("{names} {are} applied and newer than everything in this binary's set")
        })
        .help("deploy a binary that has it")
        .help("to take it out of the database: down_to the newest version of this binary")
        .help("to let an older binary start: .ahead(Ahead::Allow), the default"));
    }
    Ok(())
}

fn version_taken(own: &MigrationId, theirs: &MigrationId) -> Refusal {
    let version = own.version();
    refusal(ErrorKind::VersionTaken, &[own], |name, _| {
        format!("version {version} is {theirs} in the database, and {name} in this binary's set")
    })
    .help(&format!(
        "if two branches took the same number: renumber {own}, above the applied ones, and bring {theirs} \
         into the set"
    ))
    .help(&format!("if {own} is {theirs}, renamed and edited: undo the edit"))
    .help("to let it count as applied, without running it: .modified(Modified::Ignore)")
}

/// Newer than all of the set.
fn is_newer(set: &MigrationSet, line: &StatusRow) -> bool {
    let newest = set.migrations().last().map(EmbeddedMigration::version);
    Some(line.migration.version()) > newest
}

fn out_of_order(line: &StatusRow, rows: &[Row]) -> Refusal {
    let newest = rows.last().map(|row| row.id().to_string()).unwrap_or_default();
    refusal(ErrorKind::OutOfOrder, &[&line.migration], |name, _| {
        format!("{name} is pending, but the later {newest} is already applied")
    })
    .help("give it a version above the applied ones (rename the file)")
    .help("to apply it late: .out_of_order(OutOfOrder::Apply)")
}

/// A stopped script goes on only if what has run is still what stands there.
fn check_resume(own: &EmbeddedMigration, row: &Row, partly: &Partly) -> Result<(), Refusal> {
    let id = MigrationId::from(own);
    if partly.half == Half::Down {
        return Err(refusal(ErrorKind::PartlyApplied, &[&id], |name, _| {
            format!("{name} is partly rolled back: {} statements of its down are done", partly.done)
        })
        .help("finish the rollback first: down(1)"));
    }
    if hex(own.up().checksum()) == row.up_checksum {
        return Ok(());
    }
    if prefix_hash(&own.up(), partly.done).as_ref() == Some(&partly.hash) {
        return Ok(());
    }
    Err(refusal(ErrorKind::PartlyApplied, &[&id], |name, _| {
        format!(
            "{name} is partly applied, and one of its first {} statements was edited since they ran",
            partly.done
        )
    })
    .help("undo that edit; what has not run yet may be changed freely"))
}

/// Over the statements that are done. `None` when the script is shorter than that.
pub(crate) fn prefix_hash(script: &Script, done: usize) -> Option<String> {
    (done <= script.statements().count()).then(|| statements_hash(script.statements().take(done)))
}

/// The statements in order, each closed by a byte that no text holds.
pub(crate) fn statements_hash<'a>(statements: impl Iterator<Item = &'a str>) -> String {
    let mut bytes = Vec::new();
    for statement in statements {
        bytes.extend_from_slice(statement.as_bytes());
        bytes.push(0);
    }
    format!("{:016x}", fnv(&bytes))
}

/// What a rollback has to do, the newest first.
pub(crate) fn down(set: &MigrationSet, rows: &[Row], depth: Depth) -> Result<Vec<Back>, Refusal> {
    if let Depth::DownTo(version) = depth {
        known(set, rows, version)?;
    }
    let take = match depth {
        Depth::Last(n) => n.min(rows.len()),
        Depth::DownTo(version) => rows.iter().filter(|row| row.version > version).count(),
        Depth::Above(version) => rows.iter().filter(|row| Some(row.version) > version).count(),
    };
    let entries = compare(set, rows);
    let applied = entries.iter().rev().filter_map(|entry| Some((entry.own, entry.row?))).take(take);
    let mut backs = Vec::new();
    for (own, row) in applied {
        // What is applied is undone by its own way back, not by that of its namesake.
        let own = own.filter(|own| !is_other(own, row));
        backs.push(back(&Entry { own, row: Some(row) }, row)?);
    }
    Ok(backs)
}

fn back(entry: &Entry<'_>, row: &Row) -> Result<Back, Refusal> {
    let id = entry.own.map_or_else(|| row.id(), MigrationId::from);
    if let Some(partly) = &row.partly
        && partly.half == Half::Up
    {
        return Err(partly_applied(&id, partly));
    }
    let irreversible = match (entry.own.map(EmbeddedMigration::down), &row.down) {
        (Some(Down::Irreversible(reason)), _) => Some((*reason).to_owned()),
        (None, StoredDown::Irreversible(reason)) => Some(reason.clone()),
        _ => None,
    };
    if let Some(reason) = irreversible {
        return Err(refusal(ErrorKind::Irreversible, &[&id], |name, _| {
            format!("{name} is irreversible: {reason}")
        })
        .help("nothing was rolled back; a new migration can change what it did"));
    }
    check_resume_down(&id, entry.own, row)?;
    Ok(Back {
        id,
        own: entry.own,
        stored: row.down.clone(),
        resume: row.partly.clone(),
        edited: is_down_edited(entry),
    })
}

/// The way back is for the whole of a script.
fn partly_applied(id: &MigrationId, partly: &Partly) -> Refusal {
    let row = "delete its row from the history";
    let (stands, rest, undo) = match (partly.done, partly.failed) {
        (0, true) => (
            "is not applied, but its first statement failed and may have left an INVALID index"
                .to_owned(),
            "apply it with up, which drops that index first",
            format!("or drop that index by hand, and {row}"),
        ),
        (0, false) => (
            "was begun, and whether its first statement came through is not known".to_owned(),
            "finish it first with up, which finds out",
            format!("or undo by hand what is there, and {row}"),
        ),
        (done, _) => (
            format!(
                "is partly applied ({done} {} done)",
                if done == 1 { "statement is" } else { "statements are" }
            ),
            "finish it first with up; the statements that have not run may be edited",
            format!("or undo by hand what is done, and {row}"),
        ),
    };
    refusal(ErrorKind::PartlyApplied, &[id], |name, _| format!("{name} {stands}"))
        .help(rest)
        .help(&undo)
}

/// A stopped rollback, too, goes on only if what has run is still what stands there. The stored
/// script does not change.
fn check_resume_down(
    id: &MigrationId,
    own: Option<&EmbeddedMigration>,
    row: &Row,
) -> Result<(), Refusal> {
    let (Some(own), Some(partly)) = (own, &row.partly) else { return Ok(()) };
    let hash = match own.down() {
        Down::Script(script) => prefix_hash(&script, partly.done),
        Down::NoOp(_) | Down::Irreversible(_) => None,
    };
    if partly.done == 0 || hash.as_ref() == Some(&partly.hash) {
        return Ok(());
    }
    Err(refusal(ErrorKind::PartlyApplied, &[id], |name, _| {
        format!(
            "{name} is partly rolled back, and one of the first {} statements of its down was \
             edited since they ran",
            partly.done
        )
    })
    .help("undo that edit; what has not run yet may be changed freely"))
}

/// Versions to record for a baseline.
pub(crate) fn baseline(
    set: &MigrationSet,
    rows: &[Row],
    version: i64,
) -> Result<Vec<&'static EmbeddedMigration>, Refusal> {
    in_set(set, version)?;
    let mut missing = Vec::new();
    for entry in compare(set, rows) {
        match (entry.own, entry.row) {
            (Some(own), None) if own.version() <= version => missing.push(own),
            (Some(own), Some(row))
                if own.version() <= version && row.partly.is_none() && !up_edited(own, row) => {}
            (_, Some(row)) => {
                return Err(refusal(ErrorKind::Conflict, &[&row.id()], |name, are| {
                    format!("{name} {are} in the history already, and not as this baseline has it")
                })
                .help("a baseline is for a database without a history; look at its status"));
            }
            _ => {}
        }
    }
    Ok(missing)
}

/// A target has to exist: a typing error must not apply everything below it.
pub(crate) fn in_set(set: &MigrationSet, version: i64) -> Result<(), Refusal> {
    if set.get(version).is_some() {
        return Ok(());
    }
    Err(unknown(version, "in this set", set.migrations().iter().map(MigrationId::from)))
}

/// A version to roll back to: of the set, of the history, or 0 for the empty database.
fn known(set: &MigrationSet, rows: &[Row], version: i64) -> Result<(), Refusal> {
    if version == 0 || set.get(version).is_some() || rows.iter().any(|r| r.version == version) {
        return Ok(());
    }
    Err(unknown(version, "in this set nor in the history", rows.iter().map(Row::id))
        .help("0 rolls everything back"))
}

fn unknown(version: i64, place: &str, all: impl Iterator<Item = MigrationId>) -> Refusal {
    let all: Vec<MigrationId> = all.collect();
    let at = all.partition_point(|id| id.version() < version);
    let near: Vec<String> = all[at.saturating_sub(2)..(at + 2).min(all.len())]
        .iter()
        .map(ToString::to_string)
        .collect();
    let refusal = Refusal {
        kind: ErrorKind::UnknownVersion,
        migration: None,
        sentence: format!("there is no migration {version} {place}"),
        help: Vec::new(),
    };
    if near.is_empty() { refusal } else { refusal.help(&format!("near it: {}", near.join(", "))) }
}

fn refusal(
    kind: ErrorKind,
    which: &[&MigrationId],
    sentence: impl FnOnce(&str, &str) -> String,
) -> Refusal {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = which.iter().take(SHOWN).map(ToString::to_string).collect();
    if which.len() > SHOWN {
        names.push(format!("{} more", which.len() - SHOWN));
    }
    let are = if which.len() == 1 { "is" } else { "are" };
    Refusal {
        kind,
        migration: which.first().map(|id| (*id).clone()),
        sentence: sentence(&names.join(", "), are),
        help: Vec::new(),
    }
}

impl Refusal {
    fn help(mut self, line: &str) -> Refusal {
        self.help.push(line.to_owned());
        self
    }
}

fn up_edited(own: &EmbeddedMigration, row: &Row) -> bool {
    hex(own.up().checksum()) != row.up_checksum
}

/// Whether a row is of another migration than the one of the set with its version. The same script under
/// another name was renamed, and another one under the same name was edited.
fn is_other(own: &EmbeddedMigration, row: &Row) -> bool {
    own.name() != row.name && up_edited(own, row)
}

fn is_down_edited(entry: &Entry<'_>) -> bool {
    let (Some(own), Some(row)) = (entry.own, entry.row) else { return false };
    if is_other(own, row) {
        return false;
    }
    match (own.down(), &row.down) {
        (Down::Script(script), StoredDown::Script) => {
            Some(hex(script.checksum())) != row.down_checksum
        }
        // A reason is not SQL.
        (Down::NoOp(_), StoredDown::NoOp(_))
        | (Down::Irreversible(_), StoredDown::Irreversible(_)) => false,
        _ => true,
    }
}

fn length(own: &EmbeddedMigration, half: Half) -> Option<usize> {
    match (half, own.down()) {
        (Half::Up, _) => Some(own.up().statements().count()),
        (Half::Down, Down::Script(script)) => Some(script.statements().count()),
        (Half::Down, _) => None,
    }
}
