//! Our catalog against PostgreSQL's own, for tests: a set replayed step by step, and the simulated catalog
//! compared with what a server says of itself.

mod facts;
mod same;

use crate::Analysis;
use crate::catalog::{Catalog, Mark};
use crate::chain::{self, Link, OnFailure, ScriptStatement, Way};
use crate::inverse;
use crate::restore::{self, Verdict};
use crate::schema::Doubts;
use crate::simulate::External;
use std::collections::BTreeMap;

/// What a server says of its schema: kind, name and attribute of an object, and the value; as
/// `migrate_testing::Snapshot` has them.
pub type Facts = BTreeMap<(String, String), BTreeMap<String, String>>;

/// A set at some migration.
pub struct Chain<'a> {
    links: Vec<Link<'a>>,
    catalog: Catalog,
    external: External,
    before: Mark,
    after: Mark,
    obstacles: Vec<String>,
}

/// What a script came to.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What PostgreSQL is said to refuse, a line each.
    pub failures: Vec<String>,
    /// What could not be followed.
    pub obstacles: Vec<String>,
}

/// The verdict on a pair.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Why the down fails, the differences, or what stands in the way.
    pub reasons: Vec<String>,
}

impl<'a> Chain<'a> {
    /// The set of an analysis, before its first migration.
    pub fn new(analysis: &'a Analysis) -> Chain<'a> {
        let catalog = Catalog::default();
        let mark = catalog.mark();
        let Analysis { plan, sources, .. } = analysis;
        let link = |number| chain::link(plan, number, sources, &Doubts::default());
        Chain {
            links: (0..plan.migrations.len()).filter_map(link).collect(),
            catalog,
            external: External::default(),
            before: mark,
            after: mark,
            obstacles: Vec::new(),
        }
    }

    /// The same where anything may exist beside what the set makes, after these statements.
    #[must_use]
    pub fn beside(mut self, baseline: &str, everything: bool) -> Chain<'a> {
        if everything {
            self.external = External::anything();
        }
        chain::begin(&mut self.catalog, &self.external, baseline);
        self
    }

    /// Applies migration `number`, counted from 0.
    pub fn up(&mut self, number: usize) -> Step {
        self.before = self.catalog.begin_migration(number);
        let Some(link) = self.links.get(number) else { return Step::default() };
        let effect =
            chain::run(&mut self.catalog, &self.external, &link.up, OnFailure::Continue, &mut ());
        self.after = self.catalog.mark();
        self.obstacles = effect.obstacles.clone();
        step(&effect)
    }

    /// Rolls it back, and judges the pair.
    pub fn down(&mut self, number: usize) -> (Step, Judged) {
        let script = match self.links.get(number).map(|link| &link.down) {
            Some(Way::Script(script)) => script.as_slice(),
            Some(Way::NoOp) => &[],
            _ => {
                let verdict = Verdict::Irreversible;
                return (Step::default(), Judged { verdict, reasons: Vec::new() });
            }
        };
        let effect =
            chain::run(&mut self.catalog, &self.external, script, OnFailure::Stop, &mut ());
        let step = step(&effect);
        if !effect.failures.is_empty() {
            let reasons = step.failures.clone();
            return (step, Judged { verdict: Verdict::DoesNotRestore, reasons });
        }
        let obstacles: Vec<String> =
            self.obstacles.iter().chain(&effect.obstacles).cloned().collect();
        let judgement = restore::judge(&self.catalog, self.before, &obstacles);
        let mut reasons: Vec<String> = judgement.obstacle.into_iter().collect();
        reasons.extend(judgement.differences.into_iter().map(|it| it.words));
        (step, Judged { verdict: judgement.verdict, reasons })
    }

    /// What is not known, in words.
    pub fn fog(&self) -> String {
        let partial = self.catalog.all().filter(|(_, object)| object.partial);
        let partial: Vec<&str> = partial.map(|(_, object)| object.name.as_str()).collect();
        format!("{:?}, known in part: {partial:?}", self.catalog.session().fog)
    }

    /// Runs one statement, wherever the set is. One that fails changes nothing.
    pub fn statement(&mut self, sql: &str) -> Step {
        let range = 0..sql.len();
        let command = crate::sql::command(sql, range.clone());
        let statement = ScriptStatement { text: sql, range, command };
        step(&chain::run(&mut self.catalog, &self.external, &[statement], OnFailure::Stop, &mut ()))
    }

    /// From here on [`Chain::judge`] and [`Chain::inverse`] look back to this place.
    pub fn begin(&mut self) {
        self.before = self.catalog.begin_migration(0);
        self.obstacles.clear();
    }

    /// The verdict, had a down just led here.
    pub fn judge(&self) -> Judged {
        let judgement = restore::judge(&self.catalog, self.before, &self.obstacles);
        let mut reasons: Vec<String> = judgement.obstacle.into_iter().collect();
        reasons.extend(judgement.differences.into_iter().map(|it| it.words));
        Judged { verdict: judgement.verdict, reasons }
    }

    /// Takes the up back, which the server refused.
    pub fn undo_up(&mut self) {
        self.catalog.rollback(self.before);
    }

    /// Takes the down back, so that the next migration can follow.
    pub fn take_back(&mut self) {
        self.catalog.rollback(self.after);
    }

    /// The script that would undo the up, and whether it is said to restore everything.
    pub fn inverse(&mut self) -> (String, bool) {
        let obstacles = &self.obstacles;
        let inverse = inverse::inverse(&mut self.catalog, &self.external, self.before, obstacles);
        (inverse.script(), inverse.complete)
    }

    /// What differs between our catalog and the server's, a line each.
    pub fn differences(&self, server: &Facts) -> Vec<String> {
        facts::differences(&self.catalog.now(), &self.catalog, server)
    }
}

fn step(effect: &chain::Effect) -> Step {
    let failures = effect.failures.iter();
    Step {
        failures: failures
            .map(|(at, failure)| format!("statement {}: {:?}", at + 1, failure.kind))
            .collect(),
        obstacles: effect.obstacles.clone(),
    }
}
