//! The script that a statement stands in: what came before it, and what is still locked.

use super::{Finding, RULES, Rule, Statement};
use crate::Direction;
use crate::catalog::{Catalog, Id, Mark, Object, State};
use crate::chain::{Link, Ran, ScriptStatement, Way};
use crate::config::Config;
use crate::ddl::{Block, Command, Step};
use crate::deparse;
use crate::diagnostic::{Code, Severity};
use crate::list::CollectVec;
use crate::lock::{self, Cause, LockMode, Locks, Seen, Servers, Work, WorkKind, Zone};
use crate::plan::PlannedLock;
use crate::simulate::External;
use std::rc::Rc;

/// The script of a statement.
pub(crate) struct Script<'a> {
    pub(crate) direction: Direction,
    /// Whether it runs in one transaction.
    pub(crate) transactional: bool,
    pub(crate) statements: &'a [ScriptStatement<'a>],
    /// Of the statement.
    pub(crate) place: usize,
    /// What has run before it, and did not fail.
    pub(crate) earlier: Vec<Earlier>,
    /// Where the script began.
    start: Mark,
    pub(super) small_tables: External,
}

/// A statement that has run.
pub(crate) struct Earlier {
    pub(crate) place: usize,
    pub(crate) locks: Locks,
}

impl Script<'_> {
    /// Whether it was made by this very script.
    pub(crate) fn is_new(&self, id: Id, catalog: &Catalog) -> bool {
        !catalog.was_there(id, self.start)
    }

    /// Whether an earlier statement of the transaction has emptied the table, so that no work on it takes long.
    pub(crate) fn is_emptied(&self, id: Id) -> bool {
        // A NOT NULL column without a default can only be added to an empty table.
        let empties = |cause| matches!(cause, Cause::Truncate | Cause::NotNullColumn);
        let is_empty = |work: &Work| work.relation == id && empties(work.cause);
        self.transactional && self.earlier.iter().any(|it| it.locks.work.iter().any(is_empty))
    }

    /// What there was when the script began.
    pub(crate) fn at_start<'c>(&self, catalog: &'c Catalog) -> State<'c> {
        catalog.at(self.start)
    }

    /// What the script has dropped so far, as it was when the script began.
    pub(crate) fn gone(&self, catalog: &Catalog) -> Vec<Rc<Object>> {
        let touched = catalog.touched(self.start).into_iter();
        touched.filter(|(id, _)| catalog.get(*id).is_none()).filter_map(|(_, it)| it).collect_vec()
    }

    /// The earlier statements whose locks the transaction still holds.
    pub(crate) fn held_since(&self) -> impl Iterator<Item = &Earlier> {
        self.earlier.iter().filter(|_| self.transactional)
    }

    /// The strongest lock on a relation that the transaction holds already, and which statement took it.
    pub(crate) fn held(&self, id: Id) -> Option<(LockMode, &Earlier)> {
        let held = self.earlier.iter().filter(|_| self.transactional);
        let held = held.map(|earlier| (earlier.locks.mode(id), earlier));
        held.filter(|(mode, _)| *mode != LockMode::NoLock).max_by_key(|(mode, _)| *mode)
    }
}

/// What the rules have found in a statement.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) direction: Direction,
    pub(crate) place: usize,
    pub(crate) code: Code,
    pub(crate) finding: Finding,
    /// What the statement locks, in words.
    pub(crate) locks: Vec<String>,
}

impl Found {
    /// Whether it tells the same.
    fn is_same(&self, other: &Found) -> bool {
        (self.direction, self.place, self.code) == (other.direction, other.place, other.code)
            && self.finding == other.finding
    }
}

/// Rules at work on a migration.
pub(crate) struct Session<'a> {
    link: &'a Link<'a>,
    transactional: [bool; 2],
    script: Script<'a>,
    servers: Servers,
    zone: Zone,
    /// Those that count.
    rules: Vec<&'static Rule>,
    pub(crate) found: Vec<Found>,
}

impl<'a> Session<'a> {
    /// `transactional`: the up and the down. A migration that is history is not judged.
    pub(crate) fn new(
        link: &'a Link<'a>,
        transactional: [bool; 2],
        config: &Config,
        is_history: bool,
    ) -> Session<'a> {
        let counts =
            |rule: &&&Rule| !is_history && config.apply(rule.code, Severity::Error).is_some();
        Session {
            link,
            transactional,
            script: Script {
                direction: Direction::Up,
                transactional: false,
                statements: &[],
                place: 0,
                earlier: Vec::new(),
                start: Mark::default(),
                small_tables: External::new(&config.small_tables),
            },
            servers: config.servers,
            zone: Zone::default(),
            rules: RULES.iter().filter(counts).copied().collect_vec(),
            found: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self, direction: Direction, catalog: &Catalog) {
        let script = &mut self.script;
        script.direction = direction;
        script.transactional = self.transactional[usize::from(direction == Direction::Down)];
        script.statements = match (direction, &self.link.down) {
            (Direction::Up, _) => &self.link.up,
            (Direction::Down, Way::Script(down)) => down,
            (Direction::Down, _) => &[],
        };
        script.earlier.clear();
        self.zone = Zone::default();
        script.start = catalog.mark();
    }

    /// What the statement locks; what the rules have against it is found beside.
    pub(crate) fn statement(&mut self, ran: &Ran<'_>) -> Locks {
        let mut all = Locks { unknown: ran.outcome.opaque.clone(), ..Locks::default() };
        self.script.place = ran.place;
        for command in commands(&ran.statement.command) {
            let seen = Seen {
                before: ran.catalog.at(ran.before),
                after: ran.catalog,
                names: ran.names,
                command,
                servers: self.servers,
                zone: self.zone,
            };
            let locks = lock::of(&seen);
            self.judge(ran, &seen, &locks);
            self.zone = self.zone.after(command);
            all.add(locks);
        }
        self.script.earlier.push(Earlier { place: ran.place, locks: all.clone() });
        all
    }

    /// The locks on what was there before the migration.
    pub(crate) fn planned(&self, ran: &Ran<'_>, locks: &Locks) -> Vec<PlannedLock> {
        let before = ran.catalog.at(ran.before);
        let old =
            locks.relations.iter().filter(|lock| !self.script.is_new(lock.relation, ran.catalog));
        let planned = old.filter_map(|lock| {
            let object = before.get(lock.relation)?;
            Some(PlannedLock {
                relation: deparse::object_name(&before, object),
                mode: lock.mode,
                rewrites: locks.has_work(lock.relation, WorkKind::Rewrite),
                scans: locks.has_work(lock.relation, WorkKind::Scan),
                builds_index: locks.has_work(lock.relation, WorkKind::IndexBuild),
                is_index: object.index().is_some(),
                is_table: object.table().is_some_and(|table| table.server.is_none()),
            })
        });
        planned.collect_vec()
    }

    fn judge(&mut self, ran: &Ran<'_>, seen: &Seen<'_>, locks: &Locks) {
        let (text, range) = (ran.statement.text, ran.statement.range.clone());
        let (outcome, script) = (ran.outcome, &self.script);
        let statement = Statement { seen, outcome, locks, text, range, script };
        let (direction, place) = (script.direction, ran.place);
        let mut words = None;
        for rule in &self.rules {
            if direction == Direction::Down && !rule.downs {
                continue;
            }
            let mut findings = Vec::new();
            (rule.check)(&statement, &mut findings);
            findings.iter_mut().for_each(|it| {
                apart(it, script);
                number(it);
                if !statement.is_whole() {
                    out_of_block(it);
                }
                if direction == Direction::Down {
                    of_down(it);
                }
            });
            for finding in findings {
                let locks = words.get_or_insert_with(|| statement.lock_words()).clone();
                let found = Found { direction, place, code: rule.code, finding, locks };
                // The commands of a block are one statement.
                if self.found.last().is_none_or(|last| !last.is_same(&found)) {
                    self.found.push(found);
                }
            }
        }
    }
}

/// What cannot run in a transaction cannot stand where the statement stood.
fn apart(finding: &mut Finding, script: &Script<'_>) {
    let outside = |sql: &String| sql.contains("CONCURRENTLY") && !sql.starts_with("REFRESH");
    if finding.instead.len() == 1
        && script.transactional
        && script.statements.len() > 1
        && finding.instead.iter().any(outside)
    {
        let or = match script.statements.iter().any(needs_transaction) {
            true => "",
            false => ", or `-- migrate: no-transaction` on the first line of the script",
        };
        finding.help.insert(0, format!("CONCURRENTLY needs a migration of its own{or}"));
    }
}

/// Whether the statement fails, or says nothing, outside a transaction.
fn needs_transaction(statement: &ScriptStatement<'_>) -> bool {
    let text = statement.text.get(statement.range.clone()).unwrap_or_default();
    let mut words = text.split_whitespace().map(str::to_ascii_uppercase);
    match words.next().as_deref() {
        Some("LOCK" | "SAVEPOINT" | "RELEASE" | "ROLLBACK" | "DECLARE") => true,
        Some("SET") => words.next().is_some_and(|it| it == "LOCAL" || it == "CONSTRAINTS"),
        _ => false,
    }
}

/// The steps of a `DO` block are one statement: nothing of it can wait for another migration.
fn out_of_block(finding: &mut Finding) {
    if !finding.instead.is_empty() {
        finding.help.insert(
            0,
            "the steps of a `DO` block are one transaction, so this one has to leave it: what comes before it in the block goes before it, and what follows it after it"
                .to_owned(),
        );
    }
}

/// Where there is no first migration, the help does not speak of one.
fn number(finding: &mut Finding) {
    let step = match finding.instead.len() {
        0 => "in a step of its own",
        1 => "after this migration",
        _ => return,
    };
    for help in &mut finding.help {
        *help = help.replace(
            "fill the old rows after the first migration",
            &format!("fill the old rows {step}"),
        );
    }
}

/// The same as the downs of several migrations, the last of which runs first: what says nothing in a down needs no
/// permission there.
fn of_down(finding: &mut Finding) {
    let is_silent = |line: &str| {
        let codes = RULES.iter().filter(|it| !it.downs).map(|it| it.code);
        line.strip_prefix("-- migrate: allow(").is_some_and(|allowed| {
            let mut codes = codes.into_iter();
            codes.any(|it| allowed.split_once(')').is_some_and(|(code, _)| code == it.as_str()))
        })
    };
    for script in &mut finding.instead {
        let lines: Vec<&str> = script.lines().filter(|line| !is_silent(line)).collect_vec();
        *script = lines.join("\n");
    }
    for help in &mut finding.help {
        for (up, down) in IN_A_DOWN {
            *help = help.replace(up, down);
        }
    }
}

/// What the help says of an up, and of a down.
const IN_A_DOWN: &[(&str, &str)] = &[
    ("after the first migration", "after the first of these downs"),
    ("before the second migration", "before the second of these downs"),
    ("before the third migration", "before the third of these downs"),
    ("between the migrations", "between these downs"),
    ("after this migration", "after this down"),
    ("needs a migration of its own", "needs the down of a migration of its own"),
    ("in a migration of its own", "in the down of a migration of its own"),
];

/// The commands of a statement: those in it, where it is a `DO` block that can be followed.
pub(crate) fn commands(command: &Command) -> Vec<&Command> {
    match command {
        Command::Do { block: Some(block), .. } => {
            let mut commands = Vec::new();
            collect(block, &mut commands);
            commands
        }
        _ => vec![command],
    }
}

fn collect<'a>(block: &'a Block, commands: &mut Vec<&'a Command>) {
    fn walk<'a>(steps: &'a [Step], commands: &mut Vec<&'a Command>) {
        for step in steps {
            match step {
                Step::Run(command) | Step::Rows(command) => commands.push(command),
                Step::Raise { .. } => {}
                Step::Try { steps, .. } => walk(steps, commands),
                Step::If { then, otherwise, .. } => {
                    walk(then, commands);
                    walk(otherwise, commands);
                }
            }
        }
    }
    walk(&block.steps, commands);
}
