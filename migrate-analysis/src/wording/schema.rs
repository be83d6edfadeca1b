//! The words about the schema that the statements meet.

use super::migration;
use crate::catalog::Origin;
use crate::ddl::ObjectKind;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::diff::Difference;
use crate::inverse::Inverse;
use crate::simulate::FailureKind;

/// A statement that PostgreSQL would refuse. `names`: version and name of every migration of the set.
pub(crate) fn failure(place: Place, kind: &FailureKind, names: &[(i64, String)]) -> Diagnostic {
    match kind {
        FailureKind::Unknown { kind, name, of, near, dropped } => {
            let message = format!("{} does not exist", titled(*kind, name, of.as_deref()));
            let mut diagnostic = Diagnostic::error(unknown(*kind), place, message);
            if let Some(by) = by(*dropped, names) {
                diagnostic =
                    diagnostic.note(format!("it was there until {by} dropped or renamed it"));
            }
            if let Some(near) = near {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            diagnostic.help(way_out(*kind, name))
        }
        FailureKind::Duplicate { kind, name, of, made } => {
            let message = format!("{} exists already", titled(*kind, name, of.as_deref()));
            let diagnostic = Diagnostic::error(duplicate(*kind), place, message);
            let diagnostic = match by(*made, names) {
                Some(by) => diagnostic.note(format!("{by} made it")),
                None => diagnostic,
            };
            diagnostic.help("give it another name, or drop the other one first")
        }
        FailureKind::Dependents { kind, name, of, dependents } => {
            let title = titled(*kind, name, of.as_deref());
            let message = format!("{title} cannot be dropped or changed: others depend on it");
            let mut diagnostic = Diagnostic::error(Code::DependentObjects, place, message);
            for dependent in dependents {
                diagnostic = diagnostic.note(format!("{dependent} depends on it"));
            }
            diagnostic
                .help("drop those first and make them again after, or say CASCADE to drop them too")
        }
        FailureKind::Wrong { message, sqlstate } => {
            let message = format!("PostgreSQL refuses this: {message}");
            Diagnostic::error(Code::StatementFails, place, message)
                .note(format!("it would answer with SQLSTATE {sqlstate}"))
                .help("if it does run, take it out of the analysis: `-- migrate: opaque <reason>`")
        }
    }
}

/// `` table `users` ``, `` column `users.email` ``.
fn titled(kind: ObjectKind, name: &str, of: Option<&str>) -> String {
    match of {
        Some(of) if kind == ObjectKind::Column => format!("column `{of}.{name}`"),
        Some(of) => format!("{} `{name}` of `{of}`", kind.words()),
        None => format!("{} `{name}`", kind.words()),
    }
}

fn by(origin: Option<Origin>, names: &[(i64, String)]) -> Option<String> {
    match origin? {
        Origin::Before => None,
        Origin::Migration(place) => {
            let (version, name) = names.get(place)?;
            Some(migration(*version, name))
        }
    }
}

fn way_out(kind: ObjectKind, name: &str) -> String {
    match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::Type | ObjectKind::Sequence => {
            let name = if name.contains('.') { name.to_owned() } else { format!("public.{name}") };
            format!("if something else makes it, say so in migrate.toml: `external = [\"{name}\"]`")
        }
        _ => {
            "if something else makes it, take the statement out of the analysis: `-- migrate: opaque \
             <reason>`"
                .to_owned()
        }
    }
}

fn unknown(kind: ObjectKind) -> Code {
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

fn duplicate(kind: ObjectKind) -> Code {
    match unknown(kind) {
        Code::UnknownRelation => Code::DuplicateRelation,
        Code::UnknownColumn => Code::DuplicateColumn,
        Code::UnknownConstraint => Code::DuplicateConstraint,
        Code::UnknownType => Code::DuplicateType,
        Code::UnknownFunction => Code::DuplicateFunction,
        Code::UnknownSchema => Code::DuplicateSchema,
        _ => Code::DuplicateObject,
    }
}

/// `mend`: the statements that would make it restore, without semicolons.
pub(crate) fn does_not_restore(
    (version, name): (i64, &str),
    place: Place,
    up: Place,
    differences: &[Difference],
    mend: &[String],
) -> Diagnostic {
    let message =
        format!("the down of {} does not restore what its up changed", migration(version, name));
    let mut diagnostic =
        Diagnostic::error(Code::DownDoesNotRestore, place, message).related(up, "the up");
    for difference in differences {
        diagnostic = diagnostic.note(difference.words.as_str());
    }
    if !mend.is_empty() {
        let script: Vec<String> = mend.iter().map(|it| format!("{it};")).collect();
        diagnostic = diagnostic.help(format!("add to the down script:\n{}", script.join("\n")));
    }
    diagnostic.help(
        "or say why it is meant, in the down script: `-- migrate: allow(down-does-not-restore) <reason>`",
    )
}

/// The down that would undo the up, in the help of `missing-down`.
pub(crate) fn proposed_down(diagnostic: &mut Diagnostic, inverse: &Inverse) {
    if inverse.statements.is_empty() {
        return;
    }
    let script = inverse.script();
    let title =
        if inverse.complete { "this would undo it:" } else { "this would undo a part of it:" };
    diagnostic.help.insert(0, format!("{title}\n{}", script.trim_end()));
}
