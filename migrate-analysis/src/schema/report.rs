//! What a replay tells, as diagnostics.

use super::{Set, Twin};
use crate::catalog::Origin;
use crate::chain::{Effect, Replayed};
use crate::diagnostic::{Diagnostic, Place};
use crate::diff::{self, Difference};
use crate::plan::{PlannedDown, PlannedMigration, PlannedScript};
use crate::restore::Verdict;
use crate::simulate::Failure;
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
        diagnostics.extend(twins.iter().filter_map(|twin| self.twin(version, twin)));
        diagnostics
    }

    fn failures(&self, version: i64, script: &PlannedScript, effect: &Effect) -> Vec<Diagnostic> {
        let failures = effect.failures.iter().map(|(number, failure)| {
            let statement = script.statements.get(*number).map(|it| it.range.clone());
            let statement = statement.unwrap_or_default();
            let place = Place { source: script.source, range: place_of(failure, &statement) };
            let sql = self.text(script).get(statement).unwrap_or_default();
            wording::failure(place, &failure.kind, sql, &|origin| self.made(origin, version))
        });
        failures.collect()
    }

    fn does_not_restore(
        &self,
        migration: &PlannedMigration,
        down: &PlannedScript,
        differences: &[Difference],
    ) -> Diagnostic {
        let start = down.statements.first().map_or(0..0, |it| it.range.clone());
        let place = self.line(down, start);
        let up = &migration.up;
        let about: Vec<Vec<String>> = differences.iter().map(|it| it.names()).collect();
        let guilty = up.statements.iter().find(|statement| {
            let names = sql::names(self.text(up), statement.range.clone());
            about.iter().any(|about| !about.is_empty() && about.iter().all(|it| names.contains(it)))
        });
        let related = guilty.map(|it| self.line(up, it.range.clone()));
        let title = (migration.version, migration.name.as_str());
        let mend = diff::statements(differences);
        wording::does_not_restore(title, place, related, differences, &mend)
    }

    /// An index that is there twice.
    fn twin(&self, version: i64, twin: &Twin) -> Option<Diagnostic> {
        let Some(Made::Here { place, .. }) = self.made(twin.made, version) else { return None };
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

/// Where the failure is; where it does not say, at its statement.
fn place_of(failure: &Failure, statement: &Range<usize>) -> Range<usize> {
    match failure.at.is_empty() {
        true => statement.start..statement.start,
        false => failure.at.clone(),
    }
}
