//! The help of a hazard, read back.

use super::hazard::{NUMBER, NUMBER_OF_DOWN, ONE, SEVERAL};
use crate::diagnostic::Diagnostic;

/// What the help proposes, read back from it.
pub(crate) fn proposals(diagnostic: &Diagnostic) -> Vec<String> {
    let is_proposal = |help: &&String| help.starts_with(ONE) || help.starts_with(SEVERAL);
    let Some(help) = diagnostic.help.iter().find(is_proposal) else { return Vec::new() };
    let mut scripts = vec![String::new()];
    for line in help.lines().skip(1) {
        let line = line.strip_prefix("  ").unwrap_or(line);
        match scripts.last_mut() {
            Some(script) if is_number(line) && script.is_empty() => {}
            _ if is_number(line) => scripts.push(String::new()),
            Some(script) => script.push_str(&format!("{line}\n")),
            None => {}
        }
    }
    scripts
}

fn is_number(line: &str) -> bool {
    line.starts_with(NUMBER) || line.starts_with(NUMBER_OF_DOWN)
}
