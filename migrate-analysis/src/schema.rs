//! The set against the simulated schema: which statements PostgreSQL would refuse, and which downs do not
//! restore what their ups changed.

use crate::catalog::Catalog;
use crate::chain::{self, Replayed};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Place};
use crate::diff;
use crate::inverse::Inverse;
use crate::plan::{Plan, PlannedDown, PlannedMigration, PlannedScript};
use crate::restore::Verdict;
use crate::simulate::{External, Failure};
use crate::source::Source;
use crate::wording;

/// What the replay brought to light, each with the version that it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<(i64, Diagnostic)>,
    /// Downs that are missing and could be computed.
    pub(crate) inverses: Vec<(i64, Inverse)>,
}

/// Replays the set, writes the verdicts into the plan, and tells what is wrong.
pub(crate) fn check(
    plan: &mut Plan,
    sources: &[Source],
    config: &Config,
    without_down: &[usize],
) -> Findings {
    let links = chain::links(plan, sources, without_down);
    let mut catalog = Catalog::default();
    let external = External::new(&config.external);
    chain::begin(&mut catalog, &external, &config.baseline_text);
    let replayed = chain::replay(&mut catalog, &external, &links, |_, _, _| {});
    let mut findings = Findings::default();
    let names: Vec<(i64, String)> =
        plan.migrations.iter().map(|it| (it.version, it.name.clone())).collect();
    for (migration, replayed) in plan.migrations.iter_mut().zip(replayed) {
        judge(migration, &replayed, &names, &mut findings);
        if let Some(inverse) = replayed.inverse {
            findings.inverses.push((migration.version, inverse));
        }
    }
    findings
}

fn judge(
    migration: &mut PlannedMigration,
    replayed: &Replayed,
    names: &[(i64, String)],
    findings: &mut Findings,
) {
    migration.verdict = replayed.judgement.verdict;
    migration.destroys.clone_from(&replayed.destroys);
    let mut report = |diagnostic| findings.diagnostics.push((migration.version, diagnostic));
    for (place, failure) in &replayed.up.failures {
        let statement = migration.up.statements.get(*place).map(|it| it.range.start);
        let place = Place { source: migration.up.source, range: place_of(failure, statement) };
        report(wording::failure(place, &failure.kind, names));
    }
    take_along(&mut migration.up, &replayed.up);
    let PlannedDown::Script(down) = &mut migration.down else { return };
    for (place, failure) in &replayed.down.failures {
        let statement = down.statements.get(*place).map(|it| it.range.start);
        let place = Place { source: down.source, range: place_of(failure, statement) };
        report(wording::failure(place, &failure.kind, names));
    }
    take_along(down, &replayed.down);
    if replayed.judgement.verdict == Verdict::DoesNotRestore && replayed.down.failures.is_empty() {
        let start = down.statements.first().map_or(0, |it| it.range.start);
        let end = down.statements.first().map_or(0, |it| it.range.end);
        let place = Place { source: down.source, range: start..end };
        let differences = &replayed.judgement.differences;
        let mend = diff::statements(differences);
        let up = Place::file(migration.up.source);
        report(wording::does_not_restore(
            (migration.version, &migration.name),
            place,
            up,
            differences,
            &mend,
        ));
    }
}

/// Where the failure is; where it does not say, at its statement.
fn place_of(failure: &Failure, statement: Option<usize>) -> std::ops::Range<usize> {
    match (failure.at.is_empty(), statement) {
        (true, Some(start)) => start..start,
        _ => failure.at.clone(),
    }
}

fn take_along(script: &mut PlannedScript, effect: &chain::Effect) {
    for (place, death) in &effect.deaths {
        if let Some(statement) = script.statements.get_mut(*place) {
            statement.takes_along.push(death.what.clone());
        }
    }
}
