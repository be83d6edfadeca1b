//! The set replayed on the simulated catalog, migration by migration: what fails, what else dies, and
//! whether each down restores what its up changed.

use crate::Direction;
use crate::catalog::{Catalog, Mark, Origin};
use crate::ddl::Command;
use crate::inverse::{Inverse, inverse};
use crate::list::CollectVec;
use crate::lock::Names;
use crate::plan::{Plan, PlannedDown, PlannedScript};
use crate::restore::{Judgement, Verdict, judge, losses};
use crate::schema::Doubts;
use crate::simulate::{self, Death, External, Failure, Outcome};
use crate::source::Source;
use crate::sql;
use std::ops::Range;

/// A migration to be replayed.
pub(crate) struct Link<'a> {
    pub(crate) up: Vec<ScriptStatement<'a>>,
    pub(crate) down: Way<'a>,
}

/// The way back.
pub(crate) enum Way<'a> {
    Script(Vec<ScriptStatement<'a>>),
    /// A down that does nothing, which the author has said.
    NoOp,
    /// None; `wanted` where one should be there, and may be proposed.
    None {
        wanted: bool,
    },
}

/// Whatever the statement names is not known from here on.
fn shroud(catalog: &mut Catalog, statement: &ScriptStatement<'_>) {
    let names = statement.names();
    // It takes back what others did, whose names are not in it.
    let rolls_back = sql::title(statement.text, statement.range.clone()).starts_with("ROLLBACK");
    catalog.edit_session(|session| {
        session.fog.names.extend(names);
        session.fog.everywhere |= rolls_back;
    });
}

/// What exists before the set: the statements of a dump. What cannot be followed is not known.
pub(crate) fn begin(catalog: &mut Catalog, external: &External, baseline: &str) {
    let read = |range: Range<usize>| ScriptStatement {
        text: baseline,
        command: sql::command(baseline, range.clone()),
        range,
    };
    let script: Vec<ScriptStatement<'_>> =
        sql::statements(baseline).into_iter().map(read).collect_vec();
    run(catalog, external, &script, OnFailure::Continue, &mut ());
}

/// A migration of a plan, by its place.
pub(crate) fn link<'a>(
    plan: &Plan,
    number: usize,
    sources: &'a [Source],
    doubts: &Doubts,
) -> Option<Link<'a>> {
    let migration = plan.migrations.get(number)?;
    let down = match &migration.down {
        PlannedDown::Script(script) => Way::Script(statements(script, sources, doubts)),
        PlannedDown::NoOp(_) => Way::NoOp,
        PlannedDown::Irreversible(_) => Way::None { wanted: doubts.without_down.contains(&number) },
    };
    Some(Link { up: statements(&migration.up, sources, doubts), down })
}

fn statements<'a>(
    script: &PlannedScript,
    sources: &'a [Source],
    doubts: &Doubts,
) -> Vec<ScriptStatement<'a>> {
    let doubtful = doubts.sources.contains(&script.source);
    let text = sources.get(script.source.index()).map_or("", Source::text);
    let read = script.statements.iter().map(|statement| {
        let range = statement.range.clone();
        let command = match statement.action.opaque || doubtful {
            true => Command::Opaque,
            false => sql::command(text, range.clone()),
        };
        ScriptStatement { text, command, range }
    });
    read.collect_vec()
}

/// A statement of a script.
pub(crate) struct ScriptStatement<'a> {
    /// Of its source.
    pub(crate) text: &'a str,
    pub(crate) range: Range<usize>,
    pub(crate) command: Command,
}

impl ScriptStatement<'_> {
    /// Every name in it, in case that it cannot be followed.
    fn names(&self) -> Vec<String> {
        sql::names(self.text, self.range.clone())
    }
}

/// What a script came to.
#[derive(Default)]
pub(crate) struct Effect {
    /// Statements that fail, by their place in the script.
    pub(crate) failures: Vec<(usize, Failure)>,
    /// What else went, by the place of the statement that took it along.
    pub(crate) deaths: Vec<(usize, Death)>,
    /// What could not be followed, in words.
    pub(crate) obstacles: Vec<String>,
}

/// What a migration came to.
pub(crate) struct Replayed {
    pub(crate) up: Effect,
    pub(crate) down: Effect,
    pub(crate) judgement: Judgement,
    /// What the up takes away for good, in words.
    pub(crate) destroys: Vec<String>,
    /// Where a down is wanted.
    pub(crate) inverse: Option<Inverse>,
}

/// Looks on while scripts are replayed.
pub(crate) trait Watch {
    /// A script begins.
    fn begin(&mut self, _direction: Direction, _catalog: &Catalog) {}

    /// A statement has run, and did not fail.
    fn statement(&mut self, _ran: &Ran<'_>) {}

    /// The up has run, which began at the mark.
    fn after_up(&mut self, _catalog: &Catalog, _before: Mark) {}
}

/// Nobody looks on.
impl Watch for () {}

/// A statement that has run.
pub(crate) struct Ran<'a> {
    /// In its script.
    pub(crate) place: usize,
    pub(crate) statement: &'a ScriptStatement<'a>,
    pub(crate) outcome: &'a Outcome,
    /// The relations that it names, as they were called before it.
    pub(crate) names: &'a Names,
    pub(crate) before: Mark,
    pub(crate) catalog: &'a Catalog,
}

/// Replays a migration, by its place in the set, on what those before it have made.
pub(crate) fn replay(
    catalog: &mut Catalog,
    external: &External,
    number: usize,
    link: &Link<'_>,
    watch: &mut dyn Watch,
) -> Replayed {
    let before = catalog.begin_migration(number);
    watch.begin(Direction::Up, catalog);
    let up = run(catalog, external, &link.up, OnFailure::Continue, watch);
    watch.after_up(catalog, before);
    back(catalog, external, (number, link), (before, up), watch)
}

/// Runs the down, judges the pair, and takes the down back.
fn back(
    catalog: &mut Catalog,
    external: &External,
    (number, link): (usize, &Link<'_>),
    (before, up): (Mark, Effect),
    watch: &mut dyn Watch,
) -> Replayed {
    let after = catalog.mark();
    let destroys = losses(catalog, before, &link.up);
    let mut down = Effect::default();
    let mut inverse_of_up = None;
    let judgement = match &link.down {
        Way::None { wanted } => {
            if *wanted && up.failures.is_empty() {
                inverse_of_up = Some(inverse(catalog, external, before, &up.obstacles));
            }
            Judgement::without_differences(Verdict::Irreversible)
        }
        Way::NoOp => judge(catalog, before, &up.obstacles),
        Way::Script(script) => {
            catalog.begin(Origin::down(number));
            watch.begin(Direction::Down, catalog);
            down = run(catalog, external, script, OnFailure::Stop, watch);
            if !up.failures.is_empty() {
                let mut judgement = Judgement::without_differences(Verdict::Unproven);
                judgement.obstacle = Some("its up fails".to_owned());
                judgement
            } else if !down.failures.is_empty() {
                Judgement::without_differences(Verdict::DoesNotRestore)
            } else {
                let obstacles: Vec<String> =
                    up.obstacles.iter().chain(&down.obstacles).cloned().collect_vec();
                judge(catalog, before, &obstacles)
            }
        }
    };
    catalog.rollback(after);
    Replayed { up, down, judgement, destroys, inverse: inverse_of_up }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// What a failing statement would have done is not known from then on, so that one mistake is one
    /// error.
    Continue,
    Stop,
}

pub(crate) fn run(
    catalog: &mut Catalog,
    external: &External,
    script: &[ScriptStatement<'_>],
    on_failure: OnFailure,
    watch: &mut dyn Watch,
) -> Effect {
    let mut effect = Effect::default();
    for (place, statement) in script.iter().enumerate() {
        catalog.begin_statement(place);
        if statement.command == Command::Opaque {
            // What it locks is not known either.
            let (names, outcome) = (&Names::default(), &Outcome::opaque());
            let before = catalog.mark();
            watch.statement(&Ran { place, statement, outcome, names, before, catalog });
            shroud(catalog, statement);
            effect
                .obstacles
                .push(format!("`{}`", sql::title(statement.text, statement.range.clone())));
            continue;
        }
        let names = Names::before(catalog, external, &statement.command);
        let before = catalog.mark();
        let outcome = simulate::run(catalog, external, &statement.command);
        if outcome.failure.is_none() {
            let (names, outcome) = (&names, &outcome);
            watch.statement(&Ran { place, statement, outcome, names, before, catalog });
        }
        effect.deaths.extend(outcome.deaths.into_iter().map(|death| (place, death)));
        effect.obstacles.extend(outcome.opaque);
        if outcome.doubted {
            shroud(catalog, statement);
        }
        if let Some(failure) = outcome.failure {
            effect.failures.push((place, failure));
            if on_failure == OnFailure::Stop {
                break;
            }
            shroud(catalog, statement);
        }
    }
    catalog.end_session();
    effect
}
