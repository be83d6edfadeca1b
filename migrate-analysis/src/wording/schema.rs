//! The words about the schema that the statements meet.

use super::migration;
use crate::catalog::Origin;
use crate::ddl::ObjectKind;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::diff::Difference;
use crate::inverse::Inverse;
use crate::schema::Twin;
use crate::simulate::FailureKind;
use crate::sql::quoted;

/// Lines of a list or of a script that are shown; a script to be pasted is shown longer.
const LINES: usize = 12;
const PASTED_LINES: usize = 40;

/// An earlier statement that has to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// The file of what exists before the set.
    Baseline(String),
    /// `by`: version and name of its migration, where that is another one.
    Here { place: Place, sql: String, by: Option<(i64, String)> },
}

/// A statement, `sql`, that PostgreSQL would refuse. `earlier` finds the statement that an origin stands for.
pub(crate) fn failure(
    place: Place,
    kind: &FailureKind,
    sql: &str,
    earlier: &dyn Fn(Origin) -> Option<Made>,
) -> Diagnostic {
    match kind {
        FailureKind::Unknown { kind, name, of, near, dropped } => {
            let subject = Subject { kind: *kind, name, of: of.as_deref() };
            unknown(place, &subject, near.as_deref(), sql, dropped.and_then(earlier))
        }
        FailureKind::Duplicate { kind, name, of, made } => {
            let subject = Subject { kind: *kind, name, of: of.as_deref() };
            duplicate(place, &subject, made.and_then(earlier))
        }
        FailureKind::Dependents { kind, name, of, dependents } => {
            let subject = Subject { kind: *kind, name, of: of.as_deref() };
            dependents_of(place, &subject, sql, dependents)
        }
        FailureKind::Wrong { message, sqlstate } => {
            let message = format!("PostgreSQL refuses this: {message}");
            Diagnostic::error(Code::StatementFails, place, message)
                .label("fails here")
                .note(format!("the server would answer with SQLSTATE {sqlstate}"))
                .help("if it does run, say above the statement that the analysis is to leave it out: `-- migrate: opaque <reason>`")
        }
    }
}

/// What a failure is about.
struct Subject<'a> {
    kind: ObjectKind,
    name: &'a str,
    of: Option<&'a str>,
}

impl Subject<'_> {
    /// `` table `users` ``, `` column `users.email` ``, `` trigger `touch` of `users` ``.
    fn title(&self) -> String {
        let (kind, name) = (self.kind.words(), self.name());
        match self.of.map(spelt) {
            Some(of) if self.kind == ObjectKind::Column => format!("column `{of}.{name}`"),
            Some(of) => format!("{kind} `{name}` of `{of}`"),
            None => format!("{kind} `{name}`"),
        }
    }

    fn name(&self) -> String {
        match self.kind {
            ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Routine
            | ObjectKind::Aggregate => self.name.to_owned(),
            _ => spelt(self.name),
        }
    }
}

/// A name, with its schema or without, quoted where it has to be.
fn spelt(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(quoted).collect();
    parts.join(".")
}

fn unknown(
    place: Place,
    subject: &Subject<'_>,
    near: Option<&str>,
    sql: &str,
    gone: Option<Made>,
) -> Diagnostic {
    let code = unknown_code(subject.kind);
    let title = subject.title();
    let message = match gone {
        Some(_) => format!("{title} does not exist any more"),
        None => format!("{title} does not exist"),
    };
    let mut diagnostic = Diagnostic::error(code, place, message);
    match (gone, near) {
        (Some(Made::Here { place, sql, by }), _) => {
            let verb = verb_of_loss(&sql);
            let words = match by {
                Some((version, name)) => format!("{} {verb} it", migration(version, &name)),
                None => format!("{verb} it"),
            };
            diagnostic = diagnostic.label("gone by now").related(place, words);
        }
        (Some(Made::Baseline(file)), _) => {
            diagnostic = diagnostic.label("gone by now").note(format!("`{file}` drops it"));
        }
        (None, Some(near)) => {
            diagnostic = diagnostic.label(format!("did you mean `{}`?", spelt(near)))
        }
        (None, None) => diagnostic = diagnostic.label("nothing before this statement makes it"),
    }
    if let Some(help) = if_exists(subject, sql) {
        diagnostic = diagnostic.help(help);
    }
    diagnostic.help(outside(subject, code))
}

/// What an earlier statement did to what is gone.
fn verb_of_loss(sql: &str) -> &'static str {
    let has = |word: &str| sql.split_whitespace().any(|it| it.eq_ignore_ascii_case(word));
    match (has("rename"), has("drop")) {
        (true, _) => "renames",
        (_, true) => "drops",
        _ if has("schema") => "moves",
        _ => "removes",
    }
}

/// `DROP … IF EXISTS`, where that is what is written without it.
fn if_exists(subject: &Subject<'_>, sql: &str) -> Option<String> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|it| it.eq_ignore_ascii_case(word));
    if !is(0, "drop") || subject.of.is_some() {
        return None;
    }
    let kind = subject.kind.words().to_uppercase();
    Some(format!("if it may be missing, say so: `DROP {kind} IF EXISTS {}`", subject.name()))
}

/// What to say where something outside the set makes it.
fn outside(subject: &Subject<'_>, code: Code) -> String {
    let what = subject.of.unwrap_or(subject.name);
    let name = if what.contains('.') { what.to_owned() } else { format!("public.{what}") };
    match subject.kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::ForeignTable
        | ObjectKind::Type
        | ObjectKind::Domain
        | ObjectKind::Sequence => {
            format!(
                "if something outside this set makes it, say so in migrate.toml: `external = [\"{name}\"]`"
            )
        }
        ObjectKind::Schema => {
            format!(
                "if something outside this set makes it, say so in migrate.toml: `external = [\"{what}.*\"]`"
            )
        }
        _ => format!(
            "if something outside this set makes it, say so above the statement: `-- migrate: allow({code}) <reason>`"
        ),
    }
}

fn duplicate(place: Place, subject: &Subject<'_>, made: Option<Made>) -> Diagnostic {
    let message = format!("{} exists already", subject.title());
    let mut diagnostic =
        Diagnostic::error(duplicate_code(subject.kind), place, message).label("made a second time");
    match made {
        Some(Made::Here { place, by, .. }) => {
            let words = match by {
                Some((version, name)) => format!("{} makes it", migration(version, &name)),
                None => "made here".to_owned(),
            };
            diagnostic = diagnostic.related(place, words);
        }
        Some(Made::Baseline(file)) => diagnostic = diagnostic.note(format!("`{file}` makes it")),
        None => {}
    }
    diagnostic.help("give it another name, or drop the first one before")
}

fn dependents_of(
    place: Place,
    subject: &Subject<'_>,
    sql: &str,
    dependents: &[String],
) -> Diagnostic {
    let drops = sql.split_whitespace().any(|it| it.eq_ignore_ascii_case("drop"));
    let verb = if drops { "dropped" } else { "changed" };
    let dependents: Vec<String> = dependents.iter().map(|it| ticked(it)).collect();
    let message = match dependents.as_slice() {
        [one] => format!("{} cannot be {verb}: {one} depends on it", subject.title()),
        _ => format!(
            "{} cannot be {verb}: {} others depend on it",
            subject.title(),
            dependents.len()
        ),
    };
    let mut diagnostic = Diagnostic::error(Code::DependentObjects, place, message);
    diagnostic = match dependents.as_slice() {
        [_] => diagnostic.label("still in use"),
        _ => diagnostic.label("still in use").note(list("these depend on it:", &dependents)),
    };
    let (them, it) = if dependents.len() == 1 { ("it", "it") } else { ("them", "they") };
    let before = format!("drop {them} in a statement before this one");
    match drops {
        true => diagnostic
            .help(before)
            .help(format!("or say CASCADE, if {it} may go too: the down has to make {them} again")),
        false => diagnostic.help(format!("{before}, and make {them} again after it")),
    }
}

/// `view active_users` with the names in backticks.
fn ticked(words: &str) -> String {
    const KINDS: [&str; 20] = [
        "default value for column",
        "materialized view",
        "statistics object",
        "composite type",
        "foreign table",
        "constraint",
        "extension",
        "procedure",
        "function",
        "relation",
        "sequence",
        "trigger",
        "column",
        "schema",
        "policy",
        "index",
        "table",
        "view",
        "type",
        "rule",
    ];
    let kind = KINDS.iter().find_map(|kind| {
        let name = words.strip_prefix(kind)?.strip_prefix(' ')?;
        Some((*kind, name))
    });
    let Some((kind, name)) = kind else { return words.to_owned() };
    let cut = [" on ", " of "].iter().find_map(|joint| {
        let (name, rest) = name.split_once(joint)?;
        Some((name, *joint, rest))
    });
    match cut {
        Some((name, joint, rest)) => format!("{kind} `{name}`{joint}{}", ticked(rest)),
        None => format!("{kind} `{name}`"),
    }
}

fn unknown_code(kind: ObjectKind) -> Code {
    match kind {
        ObjectKind::Table
        | ObjectKind::ForeignTable
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Index
        | ObjectKind::Sequence => Code::UnknownRelation,
        ObjectKind::Column => Code::UnknownColumn,
        ObjectKind::Constraint | ObjectKind::DomainConstraint => Code::UnknownConstraint,
        ObjectKind::Type | ObjectKind::Domain => Code::UnknownType,
        ObjectKind::Function
        | ObjectKind::Procedure
        | ObjectKind::Routine
        | ObjectKind::Aggregate => Code::UnknownFunction,
        ObjectKind::Schema => Code::UnknownSchema,
        _ => Code::UnknownObject,
    }
}

fn duplicate_code(kind: ObjectKind) -> Code {
    match unknown_code(kind) {
        Code::UnknownRelation => Code::DuplicateRelation,
        Code::UnknownColumn => Code::DuplicateColumn,
        Code::UnknownConstraint => Code::DuplicateConstraint,
        Code::UnknownType => Code::DuplicateType,
        Code::UnknownFunction => Code::DuplicateFunction,
        Code::UnknownSchema => Code::DuplicateSchema,
        _ => Code::DuplicateObject,
    }
}

/// An index that another one makes useless.
pub(crate) fn duplicate_index(place: Place, twin: &Twin, other: Option<Made>) -> Diagnostic {
    let Twin { name, table, keys, other: first, .. } = twin;
    let message = format!("index `{name}` is a second one on `{table} ({keys})`, beside `{first}`");
    let mut diagnostic =
        Diagnostic::error(Code::DuplicateIndex, place, message).label("the second one");
    match other {
        Some(Made::Here { place, by, .. }) => {
            let words = match by {
                Some((version, name)) => format!("{} makes `{first}`", migration(version, &name)),
                None => format!("makes `{first}`"),
            };
            diagnostic = diagnostic.related(place, words);
        }
        Some(Made::Baseline(file)) => {
            diagnostic = diagnostic.note(format!("`{file}` makes `{first}`"));
        }
        None => {}
    }
    if twin.other_constraint && !twin.constraint {
        diagnostic = diagnostic
            .note(format!("`{first}` is the index of a constraint, and serves queries as well"));
    }
    let help = match twin.constraint {
        true => "remove the constraint: it promises nothing that is not promised already",
        false => "remove the statement: the index costs at every write, and helps no query",
    };
    diagnostic.help(help).help(
        "or say why it is meant, above the statement: `-- migrate: allow(duplicate-index) <reason>`",
    )
}

/// `up`: the statement whose effect the down does not undo, where it is known. `mend`: the statements that would make it restore,
/// without semicolons.
pub(crate) fn does_not_restore(
    (version, name): (i64, &str),
    place: Place,
    up: Option<Place>,
    differences: &[Difference],
    mend: &[String],
) -> Diagnostic {
    let message =
        format!("the down of {} does not restore what its up changed", migration(version, name));
    let mut diagnostic = Diagnostic::error(Code::DownDoesNotRestore, place, message);
    if let Some(up) = up {
        diagnostic = diagnostic.related(up, "what the up changed");
    }
    let words: Vec<String> = differences.iter().map(|it| it.words.clone()).collect();
    diagnostic = match words.as_slice() {
        [one] => diagnostic.label(format!("after the down, {one}")),
        _ => diagnostic
            .label(format!("after the down, {} things are not as they were", words.len()))
            .note(list("after the down:", &words)),
    };
    for caveat in differences.iter().filter_map(|it| it.caveat.as_deref()) {
        diagnostic = diagnostic.note(caveat);
    }
    if !mend.is_empty() {
        diagnostic = diagnostic.help(script("add to the end of the down script:", mend, LINES));
    }
    diagnostic.help(
        "or say in the down script why it is meant: `-- migrate: allow(down-does-not-restore) <reason>`",
    )
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
    diagnostic.help.insert(0, script(title, &inverse.statements, PASTED_LINES));
    for caveat in inverse.caveats.iter().take(LINES) {
        diagnostic.notes.push(caveat.clone());
    }
}

fn list(title: &str, items: &[String]) -> String {
    let lines = items.iter().map(|item| format!("- {item}")).collect();
    indented(title, lines, LINES)
}

/// Statements without their semicolons, to be pasted.
fn script(title: &str, statements: &[String], limit: usize) -> String {
    let script: String = statements.iter().map(|it| format!("{it};\n")).collect();
    indented(title, script.lines().map(str::to_owned).collect(), limit)
}

/// Lines below their title; what is beyond the limit is counted.
fn indented(title: &str, lines: Vec<String>, limit: usize) -> String {
    let count = lines.len();
    let shown = if count > limit + 1 { limit } else { count };
    let mut text = title.to_owned();
    for line in lines.iter().take(shown) {
        text.push_str(&format!("\n  {line}"));
    }
    if count > shown {
        text.push_str(&format!("\n  … and {} more", count - shown));
    }
    text
}
