//! The set replayed on the simulated catalog, migration by migration: what fails, what else dies, and
//! whether each down restores what its up changed.

use crate::catalog::{Catalog, Mark, Origin};
use crate::ddl::Command;
use crate::inverse::{Inverse, inverse};
use crate::restore::{Judgement, Verdict, judge};
use crate::simulate::{self, Death, External, Failure};
use std::ops::Range;

/// A migration to be replayed.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) up: Vec<ScriptStatement>,
    pub(crate) down: Way,
}

/// The way back.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Script(Vec<ScriptStatement>),
    /// A down that does nothing, which the author has said.
    NoOp,
    /// None; `wanted` where one should be there, and may be proposed.
    None {
        wanted: bool,
    },
}

/// A statement of a script.
#[derive(Clone, Debug)]
pub(crate) struct ScriptStatement {
    pub(crate) range: Range<usize>,
    pub(crate) command: Command,
    /// Every name in it, in case that it cannot be followed.
    pub(crate) names: Vec<String>,
}

/// What a script came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effect {
    /// Statements that fail, by their place in the script.
    pub(crate) failures: Vec<(usize, Failure)>,
    /// What else went, by the place of the statement that took it along.
    pub(crate) deaths: Vec<(usize, Death)>,
    /// What could not be followed, in words.
    pub(crate) obstacles: Vec<String>,
}

/// What a migration came to.
#[derive(Clone, Debug)]
pub(crate) struct Replayed {
    pub(crate) up: Effect,
    pub(crate) down: Effect,
    pub(crate) judgement: Judgement,
    /// Where a down is wanted.
    pub(crate) inverse: Option<Inverse>,
}

/// Replays a set from what exists before it on. `each` sees the catalog after each up, for tests and tools.
pub(crate) fn replay(
    catalog: &mut Catalog,
    external: &External,
    links: &[Link],
    mut each: impl FnMut(usize, &Catalog, Mark),
) -> Vec<Replayed> {
    let mut replayed = Vec::with_capacity(links.len());
    for (number, link) in links.iter().enumerate() {
        let before = catalog.begin(Origin::Migration(number));
        let up = run(catalog, external, &link.up, OnFailure::Continue);
        each(number, catalog, before);
        replayed.push(back(catalog, external, link, before, up));
    }
    replayed
}

/// Runs the down, judges the pair, and takes the down back.
fn back(
    catalog: &mut Catalog,
    external: &External,
    link: &Link,
    before: Mark,
    up: Effect,
) -> Replayed {
    let after = catalog.mark();
    let mut down = Effect::default();
    let mut inverse_of_up = None;
    let judgement = match &link.down {
        Way::None { wanted } => {
            if *wanted && up.failures.is_empty() {
                inverse_of_up = Some(inverse(catalog, before, &up.obstacles));
            }
            Judgement::without_differences(Verdict::Irreversible)
        }
        Way::NoOp => judge(catalog, before, &up.obstacles),
        Way::Script(script) => {
            catalog.reset_session();
            down = run(catalog, external, script, OnFailure::Stop);
            if !up.failures.is_empty() {
                let mut judgement = Judgement::without_differences(Verdict::Unproven);
                judgement.obstacle = Some("its up fails".to_owned());
                judgement
            } else if !down.failures.is_empty() {
                Judgement::without_differences(Verdict::DoesNotRestore)
            } else {
                let obstacles: Vec<String> =
                    up.obstacles.iter().chain(&down.obstacles).cloned().collect();
                judge(catalog, before, &obstacles)
            }
        }
    };
    catalog.rollback(after);
    catalog.reset_session();
    Replayed { up, down, judgement, inverse: inverse_of_up }
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
    script: &[ScriptStatement],
    on_failure: OnFailure,
) -> Effect {
    let mut effect = Effect::default();
    for (place, statement) in script.iter().enumerate() {
        let outcome = simulate::run(catalog, external, &statement.command);
        effect.deaths.extend(outcome.deaths.into_iter().map(|death| (place, death)));
        effect.obstacles.extend(outcome.opaque);
        if let Some(failure) = outcome.failure {
            effect.failures.push((place, failure));
            if on_failure == OnFailure::Stop {
                break;
            }
            let names = statement.names.iter().cloned();
            catalog.edit_session(|session| session.fog.names.extend(names));
        }
    }
    effect
}
