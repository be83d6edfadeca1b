//! The set against the simulated schema: which statements PostgreSQL would refuse, and which downs do not
//! restore what their ups changed.

mod index;

pub(crate) use index::Twin;

use crate::catalog::{Catalog, Origin};
use crate::chain::{self, Effect, Replayed};
use crate::config::Config;
use crate::ddl::ObjectKind;
use crate::diagnostic::{Diagnostic, Place};
use crate::diff::{self, Difference};
use crate::inverse::Inverse;
use crate::plan::{Plan, PlannedDown, PlannedMigration, PlannedScript};
use crate::restore::Verdict;
use crate::simulate::{External, Failure, FailureKind};
use crate::source::{Source, SourceId};
use crate::sql;
use crate::wording::{self, Made};
use std::ops::Range;

/// What the replay brought to light, each with the version that it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<(i64, Diagnostic)>,
    /// Downs that are missing and could be computed.
    pub(crate) inverses: Vec<(i64, Inverse)>,
}

/// What is wrong with the set before it is replayed, from which nothing may follow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubts {
    /// Migrations, by their place in the plan, whose down is missing without a reason.
    pub(crate) without_down: Vec<usize>,
    /// Scripts that may be read wrongly, or run in another order.
    pub(crate) sources: Vec<SourceId>,
    /// Whether all scripts and settings could be read.
    pub(crate) complete: bool,
}

/// Replays the set, writes the verdicts into the plan, and tells what is wrong.
pub(crate) fn check(
    plan: &mut Plan,
    sources: &[Source],
    config: &Config,
    doubts: &Doubts,
) -> Findings {
    let links = chain::links(plan, sources, doubts);
    let mut catalog = Catalog::default();
    let external = match doubts.complete {
        true => External::new(&config.external),
        false => External::anything(),
    };
    for source in doubts.sources.iter().filter_map(|source| sources.get(source.index())) {
        let names = sql::names(source.text(), 0..source.text().len());
        catalog.edit_session(|session| session.fog.names.extend(names));
    }
    chain::begin(&mut catalog, &external, &config.baseline_text);
    let mut twins = Vec::new();
    let replayed = chain::replay(&mut catalog, &external, &links, |_, catalog, before| {
        twins.extend(index::twins(catalog, before));
    });
    let mut check = Check { plan, sources, config, findings: Findings::default() };
    for (migration, replayed) in plan.migrations.iter().zip(&replayed) {
        check.migration(migration, replayed);
    }
    for twin in &twins {
        check.twin(twin);
    }
    let findings = check.findings;
    for (migration, replayed) in plan.migrations.iter_mut().zip(replayed) {
        write(migration, replayed);
    }
    findings
}

/// What the replay tells about a migration, into the plan.
fn write(migration: &mut PlannedMigration, replayed: Replayed) {
    migration.verdict = replayed.judgement.verdict;
    migration.destroys = replayed.destroys;
    take_along(&mut migration.up, &replayed.up);
    if let PlannedDown::Script(down) = &mut migration.down {
        take_along(down, &replayed.down);
    }
}

fn take_along(script: &mut PlannedScript, effect: &Effect) {
    for (place, death) in &effect.deaths {
        if let Some(statement) = script.statements.get_mut(*place) {
            statement.takes_along.push(death.what.clone());
        }
    }
}

struct Check<'a> {
    plan: &'a Plan,
    sources: &'a [Source],
    config: &'a Config,
    findings: Findings,
}

impl<'a> Check<'a> {
    fn report(&mut self, version: i64, diagnostic: Diagnostic) {
        self.findings.diagnostics.push((version, diagnostic));
    }

    fn migration(&mut self, migration: &'a PlannedMigration, replayed: &Replayed) {
        self.failures(migration, &migration.up, &replayed.up);
        if let Some(inverse) = &replayed.inverse {
            self.findings.inverses.push((migration.version, inverse.clone()));
        }
        let PlannedDown::Script(down) = &migration.down else { return };
        self.failures(migration, down, &replayed.down);
        let judgement = &replayed.judgement;
        if judgement.verdict == Verdict::DoesNotRestore && !judgement.differences.is_empty() {
            self.does_not_restore(migration, down, &judgement.differences);
        }
    }

    fn failures(&mut self, migration: &PlannedMigration, script: &PlannedScript, effect: &Effect) {
        for (number, failure) in &effect.failures {
            let statement = script.statements.get(*number).map(|it| it.range.clone());
            let statement = statement.unwrap_or_default();
            let text = self.text(script);
            let range = place_of(failure, text, &statement);
            let place = Place { source: script.source, range };
            let sql = text.get(statement).unwrap_or_default();
            let earlier = |origin| self.made(origin, migration.version);
            // Only a script in a Rust file begins elsewhere.
            let source = self.sources.get(script.source.index());
            let inline = source.is_some_and(|source| source.start() != (1, 1));
            let diagnostic = wording::failure(place, &failure.kind, sql, inline, &earlier);
            self.report(migration.version, diagnostic);
        }
    }

    fn does_not_restore(
        &mut self,
        migration: &PlannedMigration,
        down: &PlannedScript,
        differences: &[Difference],
    ) {
        let up = &migration.up;
        let overdone = self.overdone(up, down, differences);
        let place = overdone.clone().or(down.statements.first().map(|it| it.range.clone()));
        let place = self.line(down, place.unwrap_or_default());
        let guilty = differences.iter().find_map(|it| self.naming(up, it, ""));
        let guilty = guilty.filter(|_| overdone.is_none()).map(|it| self.line(up, it));
        let named = overdone.clone().map(|it| sql::names(self.text(down), it)).unwrap_or_default();
        let kept = differences
            .iter()
            .filter(|it| overdone.is_none() || !it.names().iter().all(|name| named.contains(name)));
        let mend = diff::statements(&kept.cloned().collect::<Vec<_>>());
        let overdone = overdone.and_then(|it| self.text(down).get(it));
        let title = (migration.version, migration.name.as_str());
        let diagnostic =
            wording::does_not_restore(title, place, guilty, overdone, differences, &mend);
        self.report(migration.version, diagnostic);
    }

    /// The statement of the down that drops what no statement of the up has to do with.
    fn overdone(
        &self,
        up: &PlannedScript,
        down: &PlannedScript,
        differences: &[Difference],
    ) -> Option<Range<usize>> {
        let missing = differences.iter().filter(|it| it.words.ends_with(" is missing"));
        let mut kept = missing.filter(|it| {
            ["drop", "rename", "set"].iter().all(|word| self.naming(up, it, word).is_none())
        });
        kept.find_map(|it| self.naming(down, it, "drop"))
    }

    /// The first statement that has the word in it, and names what the difference is about.
    fn naming(
        &self,
        script: &PlannedScript,
        difference: &Difference,
        word: &str,
    ) -> Option<Range<usize>> {
        let about = difference.names();
        let mut ranges = script.statements.iter().map(|it| it.range.clone());
        ranges.find(|range| {
            let names = sql::names(self.text(script), range.clone());
            let has_word = word.is_empty() || names.iter().any(|it| it == word);
            let first = names.first().map_or("", String::as_str);
            let is_about_rows = ["update", "insert", "delete", "select", "with"].contains(&first);
            has_word
                && !is_about_rows
                && !about.is_empty()
                && about.iter().all(|it| names.contains(it))
        })
    }

    /// An index that is there twice.
    fn twin(&mut self, twin: &index::Twin) {
        let Origin::Migration { number, .. } = twin.made else { return };
        let Some(version) = self.plan.migrations.get(number).map(|it| it.version) else { return };
        let Some(Made::Here { mut place, .. }) = self.made(twin.made, version) else { return };
        let text = self.sources.get(place.source.index()).map_or("", Source::text);
        let name = twin.name.rsplit('.').next().unwrap_or_default().trim_matches('"');
        if let Some(range) = sql::find_name(text, place.range.clone(), name) {
            place.range = range;
        }
        let other = twin.other_made.and_then(|origin| self.made(origin, version));
        self.report(version, wording::duplicate_index(place, twin, other));
    }

    /// Where the statement stands, as seen from a migration.
    fn made(&self, origin: Origin, from: i64) -> Option<Made> {
        let Origin::Migration { number, down, statement } = origin else {
            let (name, _) = self.config.baseline.as_ref()?;
            return Some(Made::Baseline(name.clone()));
        };
        let migration = self.plan.migrations.get(number)?;
        let script = match &migration.down {
            PlannedDown::Script(script) if down => script,
            _ => &migration.up,
        };
        let range = script.statements.get(statement)?.range.clone();
        let sql = self.text(script).get(range.clone()).unwrap_or_default().to_owned();
        let by = (migration.version, migration.name.clone());
        let by = (migration.version != from).then_some(by);
        Some(Made::Here { place: self.line(script, range), sql, by })
    }

    fn text(&self, script: &PlannedScript) -> &'a str {
        self.sources.get(script.source.index()).map_or("", Source::text)
    }

    /// The first line of a statement.
    fn line(&self, script: &PlannedScript, statement: Range<usize>) -> Place {
        let text = self.text(script).get(statement.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        let end = statement.start + line.len();
        Place { source: script.source, range: statement.start..end }
    }
}

/// The name that a failure is about; where that is not found, what the failure has as its place, or where the
/// statement begins.
fn place_of(failure: &Failure, text: &str, statement: &Range<usize>) -> Range<usize> {
    let at = if failure.at.is_empty() { statement.clone() } else { failure.at.clone() };
    let name = match &failure.kind {
        FailureKind::Unknown { name, .. }
        | FailureKind::Duplicate { name, .. }
        | FailureKind::Dependents { name, .. } => name.rsplit('.').next().unwrap_or(name),
        FailureKind::Wrong { .. } if failure.at.is_empty() => return at.start..at.start,
        FailureKind::Wrong { .. } => return at,
    };
    let is_schema = matches!(failure.kind, FailureKind::Unknown { kind: ObjectKind::Schema, .. });
    let is_name = |written: &str| !written.contains(|c: char| c.is_whitespace() || c == '(');
    if !is_schema && text.get(at.clone()).is_some_and(is_name) {
        return at;
    }
    let found = sql::find_name(text, at.clone(), name);
    found.unwrap_or(if failure.at.is_empty() { at.start..at.start } else { at })
}
