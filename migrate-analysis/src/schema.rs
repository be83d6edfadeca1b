//! The set against the simulated schema: which statements PostgreSQL would refuse, and which downs do not
//! restore what their ups changed.

use crate::cache::{Basis, Replay};
use crate::catalog::Catalog;
use crate::chain::{self, Effect, Replayed};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Place};
use crate::diff;
use crate::inverse::Inverse;
use crate::plan::{Plan, PlannedDown, PlannedMigration, PlannedScript};
use crate::restore::Verdict;
use crate::simulate::{External, Failure};
use crate::source::Source;
use crate::sql;
use crate::wording;

/// What the replay brought to light, each with the version that it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<(i64, Diagnostic)>,
    /// Downs that are missing and could be computed.
    pub(crate) inverses: Vec<(i64, Inverse)>,
}

/// What the replay of a migration brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) verdict: Verdict,
    pub(crate) destroys: Vec<String>,
    /// What the statements of the up take along, each with the place of its statement.
    pub(crate) up: Vec<(usize, String)>,
    pub(crate) down: Vec<(usize, String)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) inverse: Option<Inverse>,
}

/// Replays the set, writes the verdicts into the plan, and tells what is wrong. `kept` is an earlier
/// replay, and afterwards this one.
pub(crate) fn check(
    plan: &mut Plan,
    sources: &[Source],
    config: &Config,
    wanted: &[usize],
    kept: &mut Replay,
) -> Findings {
    let basis = Basis::new(plan, sources, config, wanted);
    let set = Set { plan, sources, config, wanted };
    let earlier = std::mem::take(kept);
    // Queries nest, and so do the functions that follow them.
    let replay = sql::on_large_stack(|| set.replay(basis, earlier)).unwrap_or_default();
    let mut findings = Findings::default();
    for (migration, found) in plan.migrations.iter_mut().zip(&replay.found) {
        let Found { verdict, destroys, up, down, diagnostics, inverse } = found.clone();
        migration.verdict = verdict;
        migration.destroys = destroys;
        take_along(&mut migration.up, up);
        if let PlannedDown::Script(script) = &mut migration.down {
            take_along(script, down);
        }
        let version = migration.version;
        findings.diagnostics.extend(diagnostics.into_iter().map(|it| (version, it)));
        findings.inverses.extend(inverse.map(|it| (version, it)));
    }
    *kept = replay;
    findings
}

fn take_along(script: &mut PlannedScript, along: Vec<(usize, String)>) {
    for (place, what) in along {
        if let Some(statement) = script.statements.get_mut(place) {
            statement.takes_along.push(what);
        }
    }
}

/// A set that is replayed.
struct Set<'a> {
    plan: &'a Plan,
    sources: &'a [Source],
    config: &'a Config,
    /// The migrations, by their place, whose down is missing and may be proposed.
    wanted: &'a [usize],
}

impl Set<'_> {
    /// Replays what is not as it was in the earlier replay, and what comes behind it.
    fn replay(&self, basis: Basis, mut earlier: Replay) -> Replay {
        let same = basis.common(&earlier.basis);
        let changed = same.unwrap_or_default();
        // The next edit will be one of the same file, or of the newest.
        let newest = self.plan.migrations.len().saturating_sub(1);
        let keep = if changed == 0 { newest } else { changed.min(newest) };
        if let Some((at, catalog)) = same.and_then(|same| earlier.restored(same)) {
            let mut replay = Replay { basis: basis.clone(), ..Replay::default() };
            earlier.found.truncate(at);
            replay.found = std::mem::take(&mut earlier.found);
            replay.catalog = earlier.catalog.take().filter(|_| at == keep);
            // Who dropped what a failure misses only a catalog knows that saw it.
            if replay.found.len() == at && !self.go_on(catalog, keep, &mut replay) {
                return replay;
            }
        }
        let external = External::new(&self.config.external);
        let mut catalog = Catalog::default();
        chain::begin(&mut catalog, &external, &self.config.baseline_text);
        let mut replay = Replay { basis, ..Replay::default() };
        self.go_on(catalog, keep, &mut replay);
        replay
    }

    /// Replays the migrations about which nothing was found yet, and keeps the catalog from before the
    /// one with the number `keep`. The answer is whether a statement fails.
    fn go_on(&self, mut catalog: Catalog, keep: usize, replay: &mut Replay) -> bool {
        let external = External::new(&self.config.external);
        let first = replay.found.len();
        let mut fails = false;
        for (number, migration) in self.plan.migrations.iter().enumerate().skip(first) {
            if number == keep && replay.catalog.is_none() {
                replay.keep(number, &catalog);
            }
            let link = chain::link(migration, self.sources, self.wanted.contains(&number));
            let replayed = chain::replay(&mut catalog, &external, number, &link);
            fails |= !(replayed.up.failures.is_empty() && replayed.down.failures.is_empty());
            replay.found.push(self.found(migration, replayed));
        }
        fails
    }

    fn found(&self, migration: &PlannedMigration, replayed: Replayed) -> Found {
        Found {
            verdict: replayed.judgement.verdict,
            diagnostics: self.diagnostics(migration, &replayed),
            destroys: replayed.destroys,
            up: deaths(replayed.up),
            down: deaths(replayed.down),
            inverse: replayed.inverse,
        }
    }

    fn diagnostics(&self, migration: &PlannedMigration, replayed: &Replayed) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let mut failures = |script: &PlannedScript, effect: &Effect| {
            for (place, failure) in &effect.failures {
                let statement = script.statements.get(*place).map(|it| it.range.start);
                let place = Place { source: script.source, range: place_of(failure, statement) };
                diagnostics.push(wording::failure(place, &failure.kind, &self.names()));
            }
        };
        failures(&migration.up, &replayed.up);
        let PlannedDown::Script(down) = &migration.down else { return diagnostics };
        failures(down, &replayed.down);
        let verdict = replayed.judgement.verdict;
        if verdict == Verdict::DoesNotRestore && replayed.down.failures.is_empty() {
            let range = down.statements.first().map_or(0..0, |it| it.range.clone());
            let differences = &replayed.judgement.differences;
            diagnostics.push(wording::does_not_restore(
                (migration.version, &migration.name),
                Place { source: down.source, range },
                Place::file(migration.up.source),
                differences,
                &diff::statements(differences),
            ));
        }
        diagnostics
    }

    fn names(&self) -> Vec<(i64, String)> {
        self.plan.migrations.iter().map(|it| (it.version, it.name.clone())).collect()
    }
}

fn deaths(effect: Effect) -> Vec<(usize, String)> {
    effect.deaths.into_iter().map(|(place, death)| (place, death.what)).collect()
}

/// Where the failure is; where it does not say, at its statement.
fn place_of(failure: &Failure, statement: Option<usize>) -> std::ops::Range<usize> {
    match (failure.at.is_empty(), statement) {
        (true, Some(start)) => start..start,
        _ => failure.at.clone(),
    }
}
