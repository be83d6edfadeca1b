//! Migrations on PostgreSQL and on our simulated catalog, side by side.

use migrate_analysis::Analysis;
use migrate_analysis::fidelity::{Chain, Facts, Judged, Step};
use migrate_analysis::plan::{PlannedDown, PlannedMigration, PlannedScript};
use migrate_testing::Snapshot;
use postgres::Client;

/// A set at some migration, on both sides.
pub struct Referee<'a> {
    analysis: &'a Analysis,
    chain: Chain<'a>,
    inverse: bool,
    /// What the server said last, before anything else ran.
    known: Option<Facts>,
}

/// What a migration came to.
#[derive(Debug)]
pub struct Replayed {
    /// The server's words where it refuses the up. Then there is no more to say but `up`.
    pub refused: Option<String>,
    /// What our catalog says of the up.
    pub up: Step,
    /// What differs after the up.
    pub differences: Vec<String>,
    /// The script down, where there is one.
    pub down: Option<Down>,
    /// The down that we compute.
    pub inverse: Option<Inverse>,
}

/// A down that we compute, tried.
#[derive(Debug)]
pub struct Inverse {
    /// Its statements.
    pub script: String,
    /// Whether it is said to restore the schema.
    pub complete: bool,
    /// The server's words where it refuses, or what is not as it was.
    pub why: Option<String>,
}

/// What a down came to.
#[derive(Debug)]
pub struct Down {
    /// What the server shows; none where it could not be asked.
    pub truth: Option<Truth>,
    /// The server's words where it refuses, or what is not as it was.
    pub why: Option<String>,
    /// What our catalog says of the down.
    pub step: Step,
    /// The verdict on the pair.
    pub judged: Judged,
    /// What differs after the down, where both sides take it.
    pub differences: Vec<String>,
}

/// What a server shows of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// The schema is as it was.
    Exact,
    /// It is, but for the order of columns.
    OrderOnly,
    /// It is not.
    NotRestored,
    /// The down fails.
    Fails,
}

impl<'a> Referee<'a> {
    /// A set before its first migration. `inverse`: the down that we compute is tried too.
    pub fn new(analysis: &'a Analysis, chain: Chain<'a>, inverse: bool) -> Referee<'a> {
        Referee { analysis, chain, inverse, known: None }
    }

    /// Applies migration `number`, counted from 0, and tries its down. Both sides end after the up.
    pub fn replay(
        &mut self,
        client: &mut Client,
        number: usize,
        migration: &PlannedMigration,
    ) -> Result<Replayed, postgres::Error> {
        let before = match self.known.take() {
            Some(known) => known,
            None => facts(client)?,
        };
        let up = self.chain.up(number);
        let outside = runs_outside(&migration.up)
            || matches!(&migration.down, PlannedDown::Script(down) if runs_outside(down));
        if !outside {
            client.batch_execute("BEGIN")?;
        }
        let mut replayed =
            Replayed { refused: None, up, differences: Vec::new(), down: None, inverse: None };
        if let Err(words) = self.run(client, &migration.up) {
            client.batch_execute("ROLLBACK; RESET ALL; RESET ROLE")?;
            replayed.refused = Some(words);
            // Nothing of it happened, as far as the server can tell.
            self.chain.undo_up();
            self.known = (!outside).then_some(before);
            return Ok(replayed);
        }
        if outside {
            // A script may leave its own transaction open.
            client.batch_execute("COMMIT")?;
        }
        let after = facts(client)?;
        replayed.differences = self.chain.differences(&after);
        if !outside {
            client.batch_execute("RESET ALL; RESET ROLE; SAVEPOINT before_down")?;
            if self.inverse {
                replayed.inverse = Some(self.try_inverse(client, &before)?);
            }
        }
        if let PlannedDown::Script(script) = &migration.down {
            replayed.down = Some(self.down(client, number, script, &before, outside)?);
        }
        client.batch_execute("RESET ALL; RESET ROLE")?;
        if outside && replayed.down.as_ref().is_some_and(|down| down.truth.is_some()) {
            let _ = self.run(client, &migration.up);
        }
        if !outside {
            client.batch_execute("COMMIT")?;
            self.known = Some(after);
        }
        Ok(replayed)
    }

    /// Outside a transaction there is no way back but the up again, so only a good down is tried.
    fn down(
        &mut self,
        client: &mut Client,
        number: usize,
        script: &PlannedScript,
        before: &Facts,
        outside: bool,
    ) -> Result<Down, postgres::Error> {
        use migrate_analysis::Verdict::{ColumnOrder, Exact};
        let (step, judged) = self.chain.down(number);
        let mut down = Down { truth: None, why: None, step, judged, differences: Vec::new() };
        if outside && !matches!(down.judged.verdict, Exact | ColumnOrder) {
            self.chain.take_back();
            return Ok(down);
        }
        down.why = self.run(client, script).err();
        if outside {
            client.batch_execute("COMMIT")?;
        }
        if down.why.is_some() {
            down.truth = Some(Truth::Fails);
        } else {
            let after = facts(client)?;
            down.truth = Some(Truth::of(before, &after));
            down.why = difference(before, &after);
            if down.step.failures.is_empty() {
                down.differences = self.chain.differences(&after);
            }
        }
        if !outside {
            client.batch_execute("ROLLBACK TO before_down")?;
        }
        self.chain.take_back();
        Ok(down)
    }

    /// Runs a script; the server's words where it refuses.
    fn run(&self, client: &mut Client, script: &PlannedScript) -> Result<(), String> {
        let text = self.analysis.sources.get(script.source.index()).map_or("", |it| it.text());
        for step in &script.steps {
            let sql = text.get(step.range.clone()).unwrap_or_default();
            client.batch_execute(sql).map_err(|error| words(&error))?;
        }
        Ok(())
    }

    fn try_inverse(
        &mut self,
        client: &mut Client,
        before: &Facts,
    ) -> Result<Inverse, postgres::Error> {
        let (script, complete) = self.chain.inverse();
        let why = match client.batch_execute(&script) {
            Err(error) => Some(words(&error)),
            Ok(()) => difference(before, &facts(client)?),
        };
        client.batch_execute("ROLLBACK TO before_down")?;
        Ok(Inverse { script, complete, why })
    }
}

/// Whether a script cannot run inside a transaction of ours.
fn runs_outside(script: &PlannedScript) -> bool {
    let ends = |command: &str| ["COMMIT", "END", "ROLLBACK", "ABORT"].contains(&command);
    let is_run = |range: &std::ops::Range<usize>| {
        script
            .steps
            .iter()
            .any(|step| step.range.start <= range.start && range.end <= step.range.end)
    };
    let mut statements = script.statements.iter();
    !script.transactional || statements.any(|it| ends(&it.action.command) && is_run(&it.range))
}

impl Truth {
    /// What two states of a server say.
    pub fn of(before: &Facts, after: &Facts) -> Truth {
        if before == after {
            Truth::Exact
        } else if difference(before, after).is_none() {
            Truth::OrderOnly
        } else {
            Truth::NotRestored
        }
    }
}

/// The server's schema.
pub fn facts(client: &mut Client) -> Result<Facts, postgres::Error> {
    let snapshot = Snapshot::read(client)?;
    let mut facts = Facts::new();
    for fact in snapshot.facts() {
        let key = (fact.kind.to_owned(), fact.name.to_owned());
        facts.entry(key).or_default().insert(fact.attribute.to_owned(), fact.value.to_owned());
    }
    Ok(facts)
}

/// What the server says of an error.
pub fn words(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} {}", error.code().code(), error.message()),
        None => error.to_string(),
    }
}

/// The first thing that differs, other than the order of columns.
pub fn difference(before: &Facts, after: &Facts) -> Option<String> {
    for (key, attributes) in before {
        let title = format!("{} {}", key.0, key.1);
        let Some(now) = after.get(key) else { return Some(format!("{title} is missing")) };
        let is_order = |name: &str| key.0 == "column" && name == "position";
        let mut names = attributes.keys().chain(now.keys()).filter(|name| !is_order(name));
        let differs = |name: &&String| attributes.get(*name) != now.get(*name);
        if let Some(name) = names.find(differs) {
            let (then, now) = (attributes.get(name), now.get(name));
            return Some(format!("{title}: {name}: {then:?}, now {now:?}"));
        }
    }
    let left = after.keys().find(|key| !before.contains_key(*key))?;
    Some(format!("{} {} is left", left.0, left.1))
}
