//! The words about downs: what they do not restore, and what they could be.

use super::migration;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::diff::Difference;
use crate::inverse::Inverse;
use crate::list::CollectVec;

/// How much of a list is shown, and of a script, which is to be pasted.
const ITEMS: usize = 12;
const LINES: usize = 40;

/// How caveats about rows and values end.
const LOST: &str = " cannot come back";

/// `up`: the statement whose effect the down does not undo, where it is known. `overdone`: the statements
/// of the down, the first at `place`, that drop what was there before the up. `mend`: the statements that would
/// make it restore, without semicolons.
pub(crate) fn does_not_restore(
    (version, name): (i64, &str),
    place: Place,
    up: Option<Place>,
    overdone: &[&str],
    differences: &[Difference],
    mend: &[String],
) -> Diagnostic {
    let message =
        format!("the down of {} does not restore what its up changed", migration(version, name));
    let mut diagnostic = Diagnostic::error(Code::DownDoesNotRestore, place, message);
    if let Some(up) = up {
        diagnostic = diagnostic.related(up, "what the up changed");
    }
    let words: Vec<String> = differences.iter().map(|it| it.words.clone()).collect_vec();
    diagnostic = match words.as_slice() {
        [one] => diagnostic.label(format!("after the down, {one}")),
        _ => diagnostic
            .label(format!("after the down, {} things are not as they were", words.len()))
            .note(list("after the down:", &words)),
    };
    let mut caveats: Vec<String> =
        differences.iter().filter_map(|it| it.caveat.clone()).collect_vec();
    caveats.dedup();
    match caveats.as_slice() {
        [] => {}
        [one] => diagnostic = diagnostic.note(one.as_str()),
        many if many.len() > 3 && many.iter().all(|it| it.ends_with(LOST)) => {
            diagnostic = diagnostic.note("no down brings back what the rows held there");
        }
        _ => diagnostic = diagnostic.note(list("whatever the down does:", &caveats)),
    }
    let overdone: Vec<String> = overdone.iter().map(|sql| one_line(sql)).collect_vec();
    diagnostic = match overdone.as_slice() {
        [] => diagnostic,
        [one] => diagnostic.help(format!(
            "{one} drops what was there before the up: take that out of the down script"
        )),
        _ => diagnostic.help(list(
            "these drop what was there before the up: take that out of the down script",
            &overdone,
        )),
    };
    if !mend.is_empty() {
        // Behind others in one transaction it would keep their locks while it reads the table.
        let title = match mend.iter().any(|it| it.contains(" VALIDATE CONSTRAINT ")) {
            true => {
                "add to the end of the down script, and `-- migrate: no-transaction` at its beginning:"
            }
            false => "add to the end of the down script:",
        };
        diagnostic = diagnostic.help(script(title, mend));
    }
    diagnostic.help(
        "or say in the down script why it is meant: `-- migrate: allow(down-does-not-restore) <reason>`",
    )
}

/// A down that is a no-op: `why` the statement at `place` fails when the up is applied again after it, and the
/// statements that would restore the schema.
pub(crate) fn cannot_run_again(
    (version, name): (i64, &str),
    place: Place,
    why: &str,
    restoring: &[String],
) -> Diagnostic {
    let migration = migration(version, name);
    let message = format!("the down of {migration} is `no-op`, and its up cannot be applied again");
    let mut diagnostic = Diagnostic::error(Code::DownDoesNotRestore, place, message)
        .label(format!("after a rollback this fails: {why}"));
    if !restoring.is_empty() {
        diagnostic = diagnostic.help(script("write this down in place of `no-op`:", restoring));
    }
    diagnostic.help("or say above the statement why it is meant: `-- migrate: allow(down-does-not-restore) <reason>`")
}

/// The down that would undo the up, in the help of `missing-down`.
pub(crate) fn proposed_down(diagnostic: &mut Diagnostic, inverse: &Inverse) {
    if inverse.statements.is_empty() {
        return;
    }
    let title = match inverse.complete {
        true => "this down would undo the up:",
        false => "this down would undo a part of the up:",
    };
    diagnostic.help.insert(0, script(title, &inverse.statements));
    for caveat in inverse.caveats.iter().take(ITEMS) {
        diagnostic.notes.push(caveat.clone());
    }
}

/// A statement in backticks, cut where it is long.
fn one_line(sql: &str) -> String {
    const LONG: usize = 80;
    let line = sql.split_whitespace().collect_vec().join(" ");
    match line.char_indices().nth(LONG) {
        Some((at, _)) => format!("`{} …`", line.get(..at).unwrap_or_default().trim_end()),
        None => format!("`{line}`"),
    }
}

pub(super) fn list(title: &str, items: &[String]) -> String {
    // "and 1 more" would be as long as the one.
    let shown = if items.len() > ITEMS + 1 { ITEMS } else { items.len() };
    let mut lines: Vec<String> =
        items.iter().take(shown).map(|item| format!("- {item}")).collect_vec();
    if shown < items.len() {
        lines.push(format!("- … and {} more", items.len() - shown));
    }
    indented(title, &lines)
}

/// Statements without their semicolons, to be pasted; cut between two of them.
pub(super) fn script(title: &str, statements: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        if at > 0 && lines.len() + statement.lines().count() > LINES {
            lines.push(format!("-- … and {} more statements", statements.len() - at));
            break;
        }
        let own: Vec<String> = format!("{statement};").lines().map(str::to_owned).collect_vec();
        let shown = if own.len() > LINES { ITEMS } else { own.len() };
        lines.extend(own.iter().take(shown).cloned());
        if shown < own.len() {
            lines.push(format!("-- … and {} more lines", own.len() - shown));
        }
    }
    indented(title, &lines)
}

pub(super) fn indented(title: &str, lines: &[String]) -> String {
    let mut text = title.to_owned();
    for line in lines {
        text.push_str(&format!("\n  {line}"));
    }
    text
}
