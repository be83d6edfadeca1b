//! What a replay tells, as diagnostics.

use super::{Set, Twin};
use crate::Direction;
use crate::catalog::Origin;
use crate::chain::{Effect, Replayed};
use crate::ddl::ObjectKind;
use crate::diagnostic::{Diagnostic, Place};
use crate::diff::{self, Difference};
use crate::list::CollectVec;
use crate::ordered::{SortedSet, sort_by_key};
use crate::plan::{EMPTY_DOWN, PlannedDown, PlannedMigration, PlannedScript};
use crate::restore::Verdict;
use crate::rules;
use crate::simulate::{Failure, FailureKind};
use crate::source::Source;
use crate::sql;
use crate::wording::{self, Made};
use std::ops::Range;

impl<'a> Set<'a> {
    pub(super) fn diagnostics(
        &self,
        migration: &PlannedMigration,
        replayed: &Replayed,
        twins: &[Twin],
    ) -> Vec<Diagnostic> {
        let version = migration.version;
        let mut diagnostics = self.failures(version, &migration.up, &replayed.up);
        if let PlannedDown::Script(down) = &migration.down {
            diagnostics.extend(self.failures(version, down, &replayed.down));
            let judgement = &replayed.judgement;
            if judgement.verdict == Verdict::DoesNotRestore && !judgement.differences.is_empty() {
                diagnostics.push(self.does_not_restore(migration, down, &judgement.differences));
            }
        }
        let is_meant = matches!(&migration.down, PlannedDown::NoOp(why) if why != EMPTY_DOWN);
        if let Some((place, failure)) = replayed.again.as_ref().filter(|_| is_meant) {
            let differences = &replayed.judgement.differences;
            diagnostics.extend(self.cannot_run_again(migration, (*place, failure), differences));
        }
        diagnostics.extend(twins.iter().filter_map(|twin| self.twin(version, twin)));
        diagnostics
    }

    /// What the rules have found.
    pub(super) fn hazards(
        &self,
        migration: &PlannedMigration,
        found: Vec<rules::Found>,
    ) -> Vec<Diagnostic> {
        let diagnostics = found.into_iter().filter_map(|found| {
            let script = match (&migration.down, found.direction) {
                (PlannedDown::Script(down), Direction::Down) => down,
                _ => &migration.up,
            };
            let statement = script.statements.get(found.place)?.range.clone();
            let at = Some(found.finding.at.clone()).filter(|at| !at.is_empty());
            let place = match at {
                Some(range) => Place { source: script.source, range },
                None => self.line(script, statement),
            };
            Some(wording::hazard(place, found))
        });
        diagnostics.collect_vec()
    }

    fn failures(&self, version: i64, script: &PlannedScript, effect: &Effect) -> Vec<Diagnostic> {
        let failures = effect.failures.iter().map(|(number, failure)| {
            let statement = script.statements.get(*number).map(|it| it.range.clone());
            let statement = statement.unwrap_or_default();
            let text = self.text(script);
            let range = place_of(failure, text, &statement);
            let place = Place { source: script.source, range };
            let sql = text.get(statement).unwrap_or_default();
            let earlier = |origin| self.made(origin, version);
            // Only a script in a Rust file begins elsewhere.
            let source = self.sources.get(script.source.index());
            let inline = source.is_some_and(|source| source.start() != (1, 1));
            wording::failure(place, &failure.kind, sql, inline, &earlier)
        });
        failures.collect_vec()
    }

    /// The down leaves everything as it is, and the up does not run on what it has made itself.
    fn cannot_run_again(
        &self,
        migration: &PlannedMigration,
        (place, failure): (usize, &Failure),
        differences: &[Difference],
    ) -> Option<Diagnostic> {
        let up = &migration.up;
        let statement = up.statements.get(place)?.range.clone();
        let sql = self.text(up).get(statement.clone()).unwrap_or_default();
        let place = self.line(up, statement);
        let why = wording::failure(place.clone(), &failure.kind, sql, false, &|_| None).message;
        let title = (migration.version, migration.name.as_str());
        let restoring = diff::statements(differences);
        Some(wording::cannot_run_again(title, place, &why, &restoring))
    }

    fn does_not_restore(
        &self,
        migration: &PlannedMigration,
        down: &PlannedScript,
        differences: &[Difference],
    ) -> Diagnostic {
        let up = &migration.up;
        let overdone = self.overdone(up, down, differences);
        let place = overdone.first().or(down.statements.first().map(|it| &it.range));
        let place = self.line(down, place.cloned().unwrap_or_default());
        let guilty = differences.iter().find_map(|it| self.naming(up, it, ""));
        let guilty = guilty.filter(|_| overdone.is_empty()).map(|it| self.line(up, it));
        let named = overdone.iter().flat_map(|it| sql::names(self.text(down), it.clone()));
        let named: SortedSet<String> = named.collect();
        let is_kept = |it: &&Difference| {
            overdone.is_empty() || !it.names().iter().all(|name| named.contains(name))
        };
        let kept: Vec<Difference> = differences.iter().filter(is_kept).cloned().collect_vec();
        let mend = diff::statements(&kept);
        let overdone: Vec<&str> =
            overdone.into_iter().filter_map(|it| self.text(down).get(it)).collect_vec();
        let title = (migration.version, migration.name.as_str());
        wording::does_not_restore(title, place, guilty, &overdone, differences, &mend)
    }

    /// The statements of the down that drop what no statement of the up has to do with.
    fn overdone(
        &self,
        up: &PlannedScript,
        down: &PlannedScript,
        differences: &[Difference],
    ) -> Vec<Range<usize>> {
        let missing = differences.iter().filter(|it| it.words.ends_with(" is missing"));
        let kept = missing.filter(|it| {
            ["drop", "rename", "set"].iter().all(|word| self.naming(up, it, word).is_none())
        });
        let mut found: Vec<Range<usize>> =
            kept.filter_map(|it| self.naming(down, it, "drop")).collect_vec();
        sort_by_key(&mut found, |it| it.start);
        found.dedup();
        found
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
    fn twin(&self, version: i64, twin: &Twin) -> Option<Diagnostic> {
        let Some(Made::Here { mut place, .. }) = self.made(twin.made, version) else {
            return None;
        };
        let text = self.sources.get(place.source.index()).map_or("", Source::text);
        let name = twin.name.rsplit('.').next().unwrap_or_default().trim_matches('"');
        if let Some(range) = sql::find_name(text, place.range.clone(), name) {
            place.range = range;
        }
        let other = twin.other_made.and_then(|origin| self.made(origin, version));
        Some(wording::duplicate_index(place, twin, other))
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
