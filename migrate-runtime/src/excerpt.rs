//! Where in a file a statement failed, drawn as the compiler draws it.

use std::fmt::Write as _;

use crate::migration::Script;

/// A statement in its file, with the drawing made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `path:line:col`; `None` for a script that came from the history.
    pub(crate) location: Option<String>,
    pub(crate) statement: Option<String>,
    pub(crate) drawing: String,
    /// Width of the line numbers, so that what follows lines up.
    pub(crate) margin: usize,
}

/// How many lines of a long statement are shown on each side of the caret.
const AROUND: usize = 3;

/// Draws `text` from byte `start` to `end` with a caret at byte `at`; `length` characters wide.
fn draw(text: &str, span: std::ops::Range<usize>, at: usize, origin: &str) -> (String, usize) {
    let (line, column) = line_column(text, at);
    let first = line_column(text, span.start).0;
    let last = line_column(text, span.end.saturating_sub(1).max(span.start)).0;
    let from = first.max(line.saturating_sub(AROUND));
    let to = last.min(line + AROUND);
    let margin = to.to_string().len();
    let mut out = format!("{:margin$}--> {origin}\n{:margin$} |", "", "");
    if from > first {
        let _ = write!(out, "\n{:margin$} | …", "");
    }
    for (n, content) in text.lines().enumerate().skip(from - 1).take(to + 1 - from) {
        let number = n + 1;
        let _ = write!(out, "\n{number:>margin$} | {}", content.trim_end());
        if number == line {
            // Tabs stay tabs, so that the caret stands under its character whatever their width.
            let indent: String =
                content.chars().take(column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
            let _ = write!(out, "\n{:margin$} | {indent}^", "");
        }
    }
    if to < last {
        let _ = write!(out, "\n{:margin$} | …", "");
    }
    let _ = write!(out, "\n{:margin$} |", "");
    (out, margin)
}

/// A statement of an embedded script, with the caret `offset` bytes into it.
pub(crate) fn in_file(script: &Script, step: usize, offset: usize) -> Option<Place> {
    let span = script.steps().nth(step)?.range();
    let statement = script.text().get(span.clone())?;
    let at = floor(script.text(), span.start + offset.min(statement.len()));
    let (line, column) = line_column(script.text(), at);
    let location = format!("{}:{line}:{column}", script.path);
    let (drawing, margin) = draw(script.text(), span, at, &location);
    Some(Place { location: Some(location), statement: Some(statement.to_owned()), drawing, margin })
}

/// A statement of a down script that came from the history.
pub(crate) fn in_history(statement: &str, offset: usize, origin: &str) -> Place {
    let at = floor(statement, offset.min(statement.len()));
    let (drawing, margin) = draw(statement, 0..statement.len(), at, origin);
    Place { location: None, statement: Some(statement.to_owned()), drawing, margin }
}

/// Only the file is known, and perhaps a range of its statements.
pub(crate) fn whole_file(script: &Script) -> Option<Place> {
    let start = script.steps().next()?.range().start;
    let (line, column) = line_column(script.text(), floor(script.text(), start));
    let location = format!("{}:{line}:{column}", script.path);
    let drawing = format!("--> {location}");
    Some(Place { location: Some(location), statement: None, drawing, margin: 0 })
}

/// The byte where a name that the server's message quotes stands in the statement, if it stands
/// there once: `column "nope" does not exist` comes without a position.
pub(crate) fn quoted_name(message: &str, statement: &str) -> Option<usize> {
    let name = message.split('"').nth(1).filter(|name| !name.is_empty())?;
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut found = statement.match_indices(name).filter(|(at, _)| {
        !is_word(statement[..*at].chars().next_back())
            && !is_word(statement[at + name.len()..].chars().next())
    });
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at)
}

/// Line and column, from 1, in characters.
fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// The character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_its_character() {
        let text = "SELECT 1;\n\tSELECT 'é',\n  nope;\n";
        let at = text.find("nope").unwrap();
        let (drawing, margin) = draw(text, 11..text.len() - 2, at, "x.sql:3:3");
        assert_eq!(margin, 1);
        assert_eq!(drawing, " --> x.sql:3:3\n  |\n2 | \tSELECT 'é',\n3 |   nope;\n  |   ^\n  |");
    }

    #[test]
    fn a_long_statement_is_cut() {
        let text = (1..=30).map(|n| format!("line {n}\n")).collect::<String>();
        let at = text.find("line 20").unwrap();
        let (drawing, _) = draw(&text, 0..text.len(), at, "x");
        assert!(drawing.contains("| …\n17 | line 17") && drawing.contains("23 | line 23\n   | …"));
        assert!(!drawing.contains("line 16") && !drawing.contains("line 24"), "{drawing}");
    }

    #[test]
    fn a_name_is_found_when_it_stands_there_once() {
        let message = "column \"nope\" does not exist";
        assert_eq!(quoted_name(message, "CHECK (nope > 0)"), Some(7));
        assert_eq!(quoted_name(message, "CHECK (nope > nope)"), None);
        assert_eq!(quoted_name(message, "CHECK (nopes > 0)"), None);
    }
}
