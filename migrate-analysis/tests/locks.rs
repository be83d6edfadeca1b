//! What the analysis says that statements lock, against what PostgreSQL 15 and 18 were seen to lock.
//!
//! `data/locks.tsv` holds, for each statement and version, a row for every relation that was there before it:
//! its strongest lock, whether it got a new file, and whether its rows were read. The statement ran on the
//! schema in `data/locks_base.sql`, with rows in it, after what stands in `setup_sql`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "the differences are shown with --nocapture")]

use migrate_analysis::LockMode;
use migrate_analysis::hazards::{Base, LockFact, Locked};
use std::collections::BTreeMap;
use std::fmt::Write;

const BASE: &str = include_str!("data/locks_base.sql");

/// A statement on a version, and what was measured.
struct Case {
    id: String,
    major: u32,
    setup: String,
    /// Of the same transaction, before the statement.
    earlier: String,
    statement: String,
    /// `yes`, `no`, `error`, `-`.
    runs: String,
    rows: Vec<Row>,
}

struct Row {
    relation: String,
    kind: String,
    mode: String,
    rewrite: Option<bool>,
    /// Not said of indexes.
    scan: Option<bool>,
    data_can_fail: String,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("data/locks.tsv").lines().skip(1) {
        let fields: Vec<String> = line.split('\t').map(unquoted).collect();
        let [id, major, setup, statement, runs, relation, kind, mode, rewrite, scan, can_fail, _] =
            &fields[..]
        else {
            panic!("{line}")
        };
        let major = major.parse().unwrap();
        if cases.last().is_none_or(|case| (&case.id, case.major) != (id, major)) {
            let (setup, earlier) = match setup.split_once("in tx first:") {
                Some((setup, earlier)) => (setup, earlier),
                None => (setup.as_str(), ""),
            };
            cases.push(Case {
                id: id.clone(),
                major,
                setup: setup.to_owned(),
                earlier: earlier.to_owned(),
                statement: statement.clone(),
                runs: runs.clone(),
                rows: Vec::new(),
            });
        }
        cases.last_mut().unwrap().rows.push(Row {
            relation: relation.clone(),
            kind: kind.clone(),
            mode: mode.clone(),
            rewrite: (rewrite != "-").then(|| rewrite == "true"),
            scan: (!scan.is_empty()).then(|| scan == "true"),
            data_can_fail: can_fail.clone(),
        });
    }
    cases.retain(|case| matches!(case.runs.as_str(), "yes" | "no"));
    cases.retain(|case| case.rows.iter().all(|row| !row.data_can_fail.starts_with("error")));
    cases
}

fn unquoted(field: &str) -> String {
    match field.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => field.to_owned(),
    }
}

impl Case {
    fn locked(&self, base: &Base) -> Locked {
        let mut base = base.clone();
        base.run(&self.setup);
        // As it was in the sessions that were looked at.
        let zone = "SET TimeZone = 'UTC'";
        base.locks(&format!("{zone};\n{};\n{}", self.earlier, self.statement), self.major)
    }

    /// Whether a plan decides if the relation is read: it is the other table of a foreign key.
    fn is_referenced(&self, relation: &str) -> bool {
        let about_keys = [&self.id, &self.setup, &self.statement]
            .iter()
            .any(|text| text.contains("fk") || text.contains("REFERENCES"));
        let mut words = self.statement.split_ascii_whitespace();
        let is_named = words.any(|word| word == relation);
        about_keys && (!is_named || self.statement.contains(&format!("REFERENCES {relation}")))
    }

    /// Whether others would have waited for a time that grows with a table. None: the tables were empty.
    fn blocks(&self) -> Option<bool> {
        let strong = ["SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"];
        let stored = |row: &&Row| !matches!(row.kind.as_str(), "sequence" | "view");
        let rows = self.rows.iter().filter(|row| strong.contains(&row.mode.as_str()));
        let rows: Vec<&Row> = rows.filter(stored).collect();
        let works = |row: &&Row| row.rewrite == Some(true) || row.scan == Some(true);
        let is_unknown = |row: &&Row| row.scan.is_none() && !row.kind.contains("index");
        let works = rows.iter().any(works);
        (works || !rows.iter().any(is_unknown)).then_some(works)
    }
}

fn says_blocks(locked: &Locked) -> bool {
    locked.relations.iter().any(|it| it.mode.blocks_writes() && (it.rewritten || it.scanned))
}

/// The locks of a case that differ, a line each, and the work.
fn differences(case: &Case, locked: &Locked) -> (Vec<String>, Vec<String>) {
    let facts: BTreeMap<&str, &LockFact> =
        locked.relations.iter().map(|fact| (fact.relation.as_str(), fact)).collect();
    let (mut modes, mut work) = (Vec::new(), Vec::new());
    for row in case.rows.iter().filter(|row| row.relation != "-") {
        let name = &row.relation;
        let fact = facts.get(name.as_str());
        let mode = fact.map_or(LockMode::NoLock, |fact| fact.mode);
        // `-`: nothing that conflicts was seen. An index is listed where its lock is a strong one.
        let measured = !matches!(row.mode.as_str(), "-" | "not measured");
        if measured && mode.as_str() != row.mode {
            modes.push(format!("{name}: {}, we say {mode}", row.mode));
        }
        if row.kind == "sequence" || row.kind == "view" {
            continue;
        }
        let (rewritten, scanned) = fact.map_or((false, false), |it| (it.rewritten, it.scanned));
        if let Some(rewrite) = row.rewrite
            && rewrite != rewritten
        {
            work.push(format!("{name}: rewritten {rewrite}, we say {rewritten}"));
        }
        if let Some(scan) = row.scan
            && scan != scanned
            && !case.is_referenced(name)
        {
            work.push(format!("{name}: scanned {scan}, we say {scanned}"));
        }
    }
    for fact in &locked.relations {
        let listed = case.rows.iter().any(|row| row.relation == fact.relation);
        let weak = fact.is_index && fact.mode < LockMode::ShareUpdateExclusive;
        if !listed && !weak {
            modes.push(format!("{}: not locked, we say {}", fact.relation, fact.mode));
        }
    }
    if !locked.failures.is_empty() {
        modes.push(format!("said to fail: {:?}", locked.failures));
    }
    (modes, work)
}

/// Forms that `locks.tsv` has not, and versions that it has not: a row a relation, with the versions it holds for.
fn more_cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("data/locks_more.tsv").lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [majors, setup, statement, relation, kind, mode, rewrite, scan] = fields[..] else {
            panic!("{line}")
        };
        for major in majors.split(',').map(|major| major.parse().unwrap()) {
            let is_it = |case: &Case| {
                (case.major, &*case.setup, &*case.statement) == (major, setup, statement)
            };
            let at = cases.iter().rposition(is_it).unwrap_or_else(|| {
                cases.push(Case {
                    id: String::new(),
                    major,
                    setup: setup.to_owned(),
                    earlier: String::new(),
                    statement: statement.to_owned(),
                    runs: "yes".to_owned(),
                    rows: Vec::new(),
                });
                cases.len() - 1
            });
            cases[at].rows.push(Row {
                relation: relation.to_owned(),
                kind: kind.to_owned(),
                mode: mode.to_owned(),
                rewrite: (rewrite != "-").then(|| rewrite == "true"),
                scan: (!scan.is_empty()).then(|| scan == "true"),
                data_can_fail: String::new(),
            });
        }
    }
    cases
}

/// Rows that were seen to make a statement fail, with which SQLSTATE.
#[test]
fn rows_that_fail() {
    let base = Base::new(BASE);
    let (mut total, mut report) = (0, Vec::new());
    for case in cases() {
        let Some(row) = case.rows.iter().find(|row| !row.data_can_fail.is_empty()) else {
            continue;
        };
        let said = case.locked(&base).depends_on_rows;
        let is_right = match row.data_can_fail.strip_prefix("yes:") {
            Some(sqlstate) => said.contains(sqlstate),
            None => said.is_empty(),
        };
        total += 1;
        if !is_right {
            let (id, major, seen) = (&case.id, case.major, &row.data_can_fail);
            report
                .push(format!("{id} on {major}: {seen}, we say {said:?}\n    {}", case.statement));
        }
    }
    println!("{}\n{} of {total} fail as measured", report.join("\n"), total - report.len());
    assert!(total > 40, "{total}");
    assert_eq!(report.len(), WRONG_ROWS, "more is wrong");
}

#[test]
fn as_measured() {
    compare(&cases(), (WRONG_MODES, WRONG_WORK), (MISSED, ALARMS));
}

#[test]
fn as_measured_on_all_versions() {
    compare(&more_cases(), (MORE_WRONG_MODES, MORE_WRONG_WORK), (MORE_MISSED, MORE_ALARMS));
}

fn compare(
    cases: &[Case],
    (most_wrong_modes, most_wrong_work): (usize, usize),
    (most_missed, most_alarms): (usize, usize),
) {
    let base = Base::new(BASE);
    let (mut wrong_modes, mut wrong_work) = (0, 0);
    let (mut blocking, mut missed, mut alarms) = (0, 0, 0);
    let mut report = String::new();
    for case in cases {
        let locked = case.locked(&base);
        let (modes, work) = differences(case, &locked);
        wrong_modes += usize::from(!modes.is_empty());
        wrong_work += usize::from(!work.is_empty());
        let says = says_blocks(&locked);
        let blocks = case.blocks().unwrap_or(says);
        blocking += usize::from(blocks);
        missed += usize::from(blocks && !says && locked.unknown.is_none());
        alarms += usize::from(!blocks && says);
        let verdict = match (blocks, says) {
            (true, false) if locked.unknown.is_none() => "MISSED",
            (false, true) => "FALSE ALARM",
            _ if modes.is_empty() && work.is_empty() => continue,
            _ => "",
        };
        let _ = writeln!(report, "{} on {} {verdict}\n    {}", case.id, case.major, case.statement);
        modes.iter().chain(&work).for_each(|it| {
            let _ = writeln!(report, "        {it}");
        });
    }
    let total = cases.len();
    println!("{report}");
    println!("locks: {} of {total} as measured", total - wrong_modes);
    println!("work: {} of {total} as measured", total - wrong_work);
    println!("{missed} of {blocking} missed, {alarms} false alarms of {}", total - blocking);
    assert!(total > 300, "{total}");
    assert!(wrong_modes <= most_wrong_modes && wrong_work <= most_wrong_work, "more is wrong");
    assert!(missed <= most_missed && alarms <= most_alarms, "more is wrong");
}

/// How many are wrong: which tables a bare `CLUSTER` is about is not known, which is said.
const WRONG_MODES: usize = 2;
const WRONG_WORK: usize = 2;
const MISSED: usize = 0;
const WRONG_ROWS: usize = 0;
const ALARMS: usize = 0;

/// The same of `locks_more.tsv`, which holds only what differs between versions, and forms that are rare: `ONLY`, what a
/// trigger or function writes, partitions and foreign keys that a statement might reach and did not, and whether an
/// index is used.
const MORE_WRONG_MODES: usize = 96;
const MORE_WRONG_WORK: usize = 36;
const MORE_MISSED: usize = 0;
const MORE_ALARMS: usize = 0;
