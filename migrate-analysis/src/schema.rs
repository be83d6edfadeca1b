//! The set against the simulated schema: which statements PostgreSQL would refuse, and which downs do not
//! restore what their ups changed.

mod index;
mod report;

pub(crate) use index::Twin;

use crate::Direction;
use crate::cache::{self, Basis, Replay};
use crate::catalog::{Catalog, Mark};
use crate::chain::{self, Effect, Link, Ran, Replayed, Watch};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::inverse::Inverse;
use crate::list::CollectVec;
use crate::plan::{Plan, PlannedDown, PlannedLock, PlannedScript};
use crate::restore::Verdict;
use crate::rules;
use crate::simulate::External;
use crate::source::{Source, SourceId};
use crate::sql;

/// What the replay brought to light, each with the version that it is about.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<(i64, Diagnostic)>,
    /// Downs that are missing and could be computed.
    pub(crate) inverses: Vec<(i64, Inverse)>,
    /// Whether every migration was replayed.
    pub(crate) complete: bool,
}

/// What is wrong with the set before it is replayed, from which nothing may follow.
#[derive(Default)]
pub(crate) struct Doubts {
    /// Migrations, by their place in the plan, whose down is missing without a reason.
    pub(crate) without_down: Vec<usize>,
    /// Scripts that may be read wrongly, or run in another order.
    pub(crate) sources: Vec<SourceId>,
    /// Whether all scripts and settings could be read.
    pub(crate) complete: bool,
}

/// What the replay of a migration brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) verdict: Verdict,
    pub(crate) destroys: Vec<String>,
    pub(crate) up: Effects,
    pub(crate) down: Effects,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) inverse: Option<Inverse>,
}

/// What the statements of a script do beside what they say, each with the place of its statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    pub(crate) takes_along: Vec<(usize, String)>,
    pub(crate) locks: Vec<(usize, PlannedLock)>,
    /// Statements that may lock more.
    pub(crate) may_lock_more: Vec<usize>,
}

/// Replays the set, writes the verdicts into the plan, and tells what is wrong. `kept` is an earlier
/// replay, and afterwards this one.
pub(crate) fn check(
    plan: &mut Plan,
    sources: &[Source],
    config: &Config,
    doubts: &Doubts,
    kept: &mut Replay,
) -> Findings {
    let basis = Basis::new(plan, sources, config, doubts);
    let set = Set { plan, sources, config, doubts };
    let earlier = std::mem::take(kept);
    // Queries nest; one thread with room for that is enough for all of them.
    *kept = sql::on_large_stack(|| set.replay(basis, earlier)).unwrap_or_default();
    let complete = kept.found.len() == plan.migrations.len();
    let mut findings = Findings { complete, ..Findings::default() };
    for (migration, found) in plan.migrations.iter_mut().zip(&kept.found) {
        let Found { verdict, destroys, up, down, diagnostics, inverse } = found.clone();
        let version = migration.version;
        migration.verdict = verdict;
        migration.destroys = destroys;
        tell(&mut migration.up, up);
        if let PlannedDown::Script(script) = &mut migration.down {
            tell(script, down);
        }
        findings.diagnostics.extend(diagnostics.into_iter().map(|it| (version, it)));
        findings.inverses.extend(inverse.map(|it| (version, it)));
    }
    findings
}

fn tell(script: &mut PlannedScript, effects: Effects) {
    let statements = &mut script.statements;
    for (place, what) in effects.takes_along {
        if let Some(statement) = statements.get_mut(place) {
            statement.takes_along.push(what);
        }
    }
    for (place, lock) in effects.locks {
        if let Some(statement) = statements.get_mut(place) {
            statement.locks.push(lock);
        }
    }
    for place in effects.may_lock_more {
        if let Some(statement) = statements.get_mut(place) {
            statement.may_lock_more = true;
        }
    }
}

/// A set to be replayed.
#[derive(Clone, Copy)]
struct Set<'a> {
    plan: &'a Plan,
    sources: &'a [Source],
    config: &'a Config,
    doubts: &'a Doubts,
}

impl Set<'_> {
    /// Replays the migrations that are not as they were in the earlier replay, and all behind them.
    fn replay(&self, basis: Basis, mut earlier: Replay) -> Replay {
        if let Some(start) = &earlier.start {
            return self.replay_end(start);
        }
        let same = basis.common(&earlier.basis);
        // The next edit will be one of the same file, or of the newest.
        let newest = self.plan.migrations.len().saturating_sub(1);
        let keep = same.filter(|same| *same > 0).map_or(newest, |same| same.min(newest));
        let mut replay = Replay { basis, ..Replay::default() };
        if let Some((at, catalog)) = same.and_then(|same| earlier.restored(same)) {
            replay.found = earlier.found.drain(..at.min(earlier.found.len())).collect_vec();
            replay.catalog = earlier.catalog.filter(|_| at == keep);
            if replay.found.len() == at && self.go_on(catalog, keep, &mut replay) {
                return replay;
            }
        }
        let mut replay = Replay { basis: replay.basis, ..Replay::default() };
        self.go_on(self.begin(), keep, &mut replay);
        replay
    }

    /// Replays the end of a longer set. Nothing is found where its beginning is asked for.
    fn replay_end(&self, start: &[u8]) -> Replay {
        let mut replay = Replay::default();
        let catalog = cache::catalog(start);
        let done = catalog.is_some_and(|catalog| self.go_on(catalog, usize::MAX, &mut replay));
        if done { replay } else { Replay::default() }
    }

    /// The catalog before the first migration.
    fn begin(&self) -> Catalog {
        let mut catalog = Catalog::of_server(self.config.servers.oldest);
        let doubtful = self.doubts.sources.iter();
        for source in doubtful.filter_map(|source| self.sources.get(source.index())) {
            let names = sql::names(source.text(), 0..source.text().len());
            catalog.edit_session(|session| session.fog.names.extend(names));
        }
        chain::begin(&mut catalog, &self.external(), &self.config.baseline_text);
        catalog
    }

    fn external(&self) -> External {
        match self.doubts.complete {
            true => External::new(&self.config.external),
            false => External::anything(),
        }
    }

    /// Replays the migrations about which nothing was found yet, and keeps the catalog from before the
    /// one with the number `keep`. Not all is found where a diagnostic should tell what the catalog has
    /// forgotten.
    fn go_on(&self, mut catalog: Catalog, keep: usize, replay: &mut Replay) -> bool {
        let external = self.external();
        let first = replay.found.len();
        for number in first..self.plan.migrations.len() {
            if number == keep && replay.catalog.is_none() {
                replay.keep(number, &catalog);
            }
            let Some(link) = chain::link(self.plan, number, self.sources, self.doubts) else {
                break;
            };
            let mut watcher = self.watcher(number, &link);
            let replayed = chain::replay(&mut catalog, &external, number, &link, &mut watcher);
            replay.found.extend(self.found(number, replayed, watcher));
        }
        let mut found = replay.found.iter().skip(first);
        !catalog.was_asked_for_forgotten() || found.all(|it| it.diagnostics.is_empty())
    }

    fn watcher<'a>(&self, number: usize, link: &'a Link<'a>) -> Watcher<'a> {
        let migration = self.plan.migrations.get(number);
        let is_history = migration.is_none_or(|it| self.config.is_history(it.version));
        let down = migration.map(|it| &it.down);
        let transactional = [
            migration.is_some_and(|it| it.up.transactional),
            matches!(down, Some(PlannedDown::Script(script)) if script.transactional),
        ];
        let session = rules::Session::new(link, transactional, self.config, is_history);
        Watcher {
            session,
            up: Effects::default(),
            down: Effects::default(),
            twins: Vec::new(),
            goes_down: false,
        }
    }

    fn found(&self, number: usize, replayed: Replayed, watcher: Watcher<'_>) -> Option<Found> {
        let migration = self.plan.migrations.get(number)?;
        let mut diagnostics = self.diagnostics(migration, &replayed, &watcher.twins);
        diagnostics.extend(self.hazards(migration, watcher.session.found));
        Some(Found {
            verdict: replayed.judgement.verdict,
            diagnostics,
            destroys: replayed.destroys,
            up: Effects { takes_along: deaths(replayed.up), ..watcher.up },
            down: Effects { takes_along: deaths(replayed.down), ..watcher.down },
            inverse: replayed.inverse,
        })
    }
}

fn deaths(effect: Effect) -> Vec<(usize, String)> {
    effect.deaths.into_iter().map(|(place, death)| (place, death.what)).collect_vec()
}

/// Sees what the statements of a migration lock, and what is wrong with that.
struct Watcher<'a> {
    session: rules::Session<'a>,
    up: Effects,
    down: Effects,
    twins: Vec<Twin>,
    goes_down: bool,
}

impl Watch for Watcher<'_> {
    fn begin(&mut self, direction: Direction, catalog: &Catalog) {
        self.goes_down = direction == Direction::Down;
        self.session.begin(direction, catalog);
    }

    fn statement(&mut self, ran: &Ran<'_>) {
        let locks = self.session.statement(ran);
        let effects = if self.goes_down { &mut self.down } else { &mut self.up };
        let planned = self.session.planned(ran, &locks);
        effects.locks.extend(planned.into_iter().map(|lock| (ran.place, lock)));
        effects.may_lock_more.extend(locks.unknown.map(|_| ran.place));
    }

    fn after_up(&mut self, catalog: &Catalog, before: Mark) {
        self.twins = index::twins(catalog, before);
    }
}
