//! Enums: their values cannot be removed, and the application knows them by name.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Kind;
use crate::ddl::{Command, NewType, TypeAction};
use crate::deparse::literal;
use crate::diagnostic::Code;
use crate::list::CollectVec;

const SOURCE: &str = "https://www.postgresql.org/docs/current/datatype-enum.html";

const SETUP: &str = "CREATE TYPE mood AS ENUM ('sad', 'happy');\nCREATE TABLE people (id bigint PRIMARY KEY, mood mood);";

pub(super) const RENAME_VALUE: Rule = Rule {
    code: Code::EnumRenameValue,
    why: "From the moment of the rename, whatever the running application writes with the old value fails, and it reads a \
value that it does not know.",
    instead: "Add the new value, release an application that knows both and writes the new one, change the rows in \
batches, and leave the old value where it is.",
    source: SOURCE,
    example: Example {
        setup: SETUP,
        bad: "ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';",
        good: &["ALTER TYPE mood ADD VALUE 'glad' AFTER 'happy';"],
        config: "",
    },
    downs: false,
    check: rename_value,
};

fn rename_value(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterType(alter) = statement.seen.command else { return };
    let TypeAction::RenameValue { from, to, at } = &alter.action else { return };
    let Some(id) = statement.seen.names.data_type(&alter.name) else { return };
    if !statement.was_there(id) {
        return;
    }
    let name = statement.name(id);
    let (from, to) = (literal(from), literal(to));
    findings.push(Finding {
        at: at.clone(),
        message: format!("the running application knows {from} of enum `{name}` and does not know {to}"),
        label: "is used until the new release is everywhere".to_owned(),
        instead: vec![format!("ALTER TYPE {name} ADD VALUE {to} AFTER {from};")],
        help: vec![format!(
            "then release an application that knows both and writes {to}, and change the rows in batches"
        )],
        ..Finding::default()
    });
}

pub(super) const CREATE: Rule = Rule {
    code: Code::CreateEnum,
    why: "No value can ever be removed from an enum, their order cannot be changed, and a new one cannot be used in the \
transaction that adds it.",
    instead: "A table of values with a foreign key to it, or a `text` column with a `CHECK`.",
    source: SOURCE,
    example: Example {
        setup: "",
        bad: "CREATE TYPE mood AS ENUM ('sad', 'happy');",
        good: &[
            "CREATE TABLE moods (name text PRIMARY KEY);\nINSERT INTO moods VALUES ('sad'), ('happy');",
        ],
        config: "deny = [\"create-enum\"]",
    },
    downs: false,
    check: create,
};

fn create(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateType(create) = statement.seen.command else { return };
    if !matches!(create.kind, NewType::Enum(_)) {
        return;
    }
    findings.push(Finding {
        at: create.name.at.clone(),
        message: format!("no value can ever be removed from enum `{}`", create.name.name),
        label: "an enum".to_owned(),
        help: vec![
            "make a table of the values, and a foreign key to it; or a `text` column with a CHECK"
                .to_owned(),
        ],
        ..Finding::default()
    });
}

pub(super) const ORDERING: Rule = Rule {
    code: Code::EnumValueOrdering,
    why: "`ORDER BY`, `<` and `max()` go by the order of the values. Without `BEFORE` or `AFTER` a new value comes last, \
and that can never be changed.",
    instead: "Say where it belongs.",
    source: "https://www.postgresql.org/docs/current/sql-altertype.html",
    example: Example {
        setup: SETUP,
        bad: "ALTER TYPE mood ADD VALUE 'content';",
        good: &["ALTER TYPE mood ADD VALUE 'content' AFTER 'sad';"],
        config: "deny = [\"enum-value-ordering\"]",
    },
    downs: false,
    check: ordering,
};

fn ordering(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterType(alter) = statement.seen.command else { return };
    let TypeAction::AddValue { value, place: None, at, .. } = &alter.action else { return };
    let known = statement.seen.names.data_type(&alter.name);
    let values = known.and_then(|id| statement.seen.before.get(id)).map(|it| it.kind.clone());
    let last = match values {
        Some(Kind::Enum(values)) if values.contains(value) => return,
        Some(Kind::Enum(values)) => values.last().cloned(),
        _ => None,
    };
    let name = &alter.name.name;
    let after = last.and_then(|last| {
        let own = statement.own()?;
        Some(format!("{own} AFTER {};", literal(&last)))
    });
    findings.push(Finding {
        at: at.clone(),
        message: format!("{} becomes the last value of enum `{name}`, for good", literal(value)),
        label: "neither BEFORE nor AFTER".to_owned(),
        instead: after.into_iter().collect_vec(),
        ..Finding::default()
    });
}
