//! The words around what a rule has found.

use super::restore::indented;
use crate::Direction;
use crate::diagnostic::{Code, Diagnostic, Place, Tier};
use crate::list::CollectVec;
use crate::rules::Found;

/// What a rule has found, with what every hazard tells: what is locked, what to paste, the way out, and the page.
pub(crate) fn hazard(place: Place, found: Found) -> Diagnostic {
    let Found { code, finding, locks, direction, .. } = found;
    let mut diagnostic = Diagnostic::error(code, place, finding.message);
    if !finding.label.is_empty() {
        diagnostic.label = Some(finding.label);
    }
    match locks.as_slice() {
        [] => {}
        [lock] => diagnostic.notes.push(format!("it locks {lock}")),
        locks => {
            let lines: Vec<String> = locks.iter().map(|lock| format!("- {lock}")).collect_vec();
            diagnostic.notes.push(indented("it locks", &lines));
        }
    }
    diagnostic.notes.extend(finding.notes);
    // What is proposed may be the same statement, with the reason above it.
    let is_said = matches!(finding.instead.as_slice(), [one] if one.starts_with("-- migrate: "));
    diagnostic.help.extend(instead(&finding.instead, direction));
    diagnostic.help.extend(finding.help);
    diagnostic.help.push(match is_said {
        true => page(code),
        false => way_out(code),
    });
    diagnostic
}

/// SQL to be pasted, a script a migration, in the order in which they run.
fn instead(scripts: &[String], direction: Direction) -> Option<String> {
    let count = scripts.len();
    let mut lines = Vec::new();
    for (place, script) in scripts.iter().enumerate() {
        match direction {
            _ if count == 1 => {}
            Direction::Up => lines.push(format!("{NUMBER}{}", place + 1)),
            Direction::Down => lines.push(format!("{NUMBER_OF_DOWN}{}", count - place)),
        }
        lines.extend(script.lines().map(str::to_owned));
    }
    let title = match (count, direction) {
        (0, _) => return None,
        (1, _) => ONE.to_owned(),
        (_, Direction::Up) => format!("{SEVERAL}{count} migrations:"),
        (_, Direction::Down) => {
            format!("{SEVERAL}the downs of {count} migrations, of which the last runs first:")
        }
    };
    Some(indented(&title, &lines))
}

/// Stands for the reason that the author has to give.
pub(crate) const WAY_OUT_REASON: &str = "<reason>";

pub(super) const ONE: &str = "write instead:";
pub(super) const SEVERAL: &str = "write it as ";
/// What a migration of several begins with.
pub(super) const NUMBER: &str = "-- migration ";
/// The same of a down.
pub(super) const NUMBER_OF_DOWN: &str = "-- down of migration ";

fn way_out(code: Code) -> String {
    let config = match code.tier() {
        Tier::Allowable | Tier::Optional => ", or lower it for all in `migrate.toml`",
        _ => "",
    };
    format!(
        "if it is meant, say why above the statement: `-- migrate: allow({code}) {WAY_OUT_REASON}`{config}; {}",
        page(code)
    )
}

fn page(code: Code) -> String {
    format!("see docs/rules/{code}.md")
}
