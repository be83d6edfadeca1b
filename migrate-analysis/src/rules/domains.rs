//! Domains with constraints.

use super::recipe::of_column;
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{BaseType, Id, Kind};
use crate::ddl::{Command, DomainAction};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::Cause;
use crate::sql::quoted;

const ALTER: &str = "https://www.postgresql.org/docs/current/sql-alterdomain.html";

pub(super) const ADD: Rule = Rule {
    code: Code::DomainAddConstraint,
    why: "PostgreSQL reads all rows of every table that has a column of the domain, and writes to all these tables wait \
meanwhile (`SHARE`). `NOT VALID` only puts it off: `VALIDATE CONSTRAINT` of a domain takes the same locks, which that of \
a table does not.",
    instead: "Give the tables the constraint instead of the domain: a CHECK that is `NOT VALID`, validated in the next \
migration, while others read and write.",
    source: ALTER,
    example: Example {
        setup: "CREATE DOMAIN email AS text;\nCREATE TABLE users (id bigint PRIMARY KEY, address email);",
        bad: "ALTER DOMAIN email ADD CONSTRAINT email_check CHECK (VALUE LIKE '%@%');",
        good: &[
            "ALTER TABLE users ADD CONSTRAINT users_address_check CHECK (address LIKE '%@%') NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_address_check;",
        ],
        config: "",
    },
    downs: true,
    check: add,
};

pub(super) const CREATE: Rule = Rule {
    code: Code::CreateDomainWithConstraint,
    why: "A column of a domain with a constraint cannot be added to a table without writing all of it anew, and another \
constraint of the domain locks all tables that use it while they are read.",
    instead: "Give the tables CHECKs, which can be `NOT VALID` first.",
    source: ALTER,
    example: Example {
        setup: "",
        bad: "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');",
        good: &["CREATE DOMAIN email AS text;"],
        config: "deny = [\"create-domain-with-constraint\"]",
    },
    downs: true,
    check: create,
};

fn add(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterDomain(alter) = statement.seen.command else { return };
    let tables: Vec<Id> =
        statement.work(Cause::DomainConstraint).map(|it| it.relation).collect_vec();
    if tables.is_empty() {
        return;
    }
    let Some(domain) = statement.seen.names.data_type(&alter.name) else { return };
    let names: Vec<String> =
        tables.iter().map(|it| format!("`{}`", statement.name(*it))).collect_vec();
    findings.push(Finding {
        at: alter.name.at.clone(),
        message: format!(
            "a constraint of the domain `{}` reads all of {} while writes wait",
            statement.name(domain),
            names.join(", ")
        ),
        label: "every table that uses it is locked and read".to_owned(),
        instead: checks(statement, domain, &tables),
        ..Finding::default()
    });
}

/// The same as CHECKs of the tables.
fn checks(statement: &Statement<'_>, domain: Id, tables: &[Id]) -> Vec<String> {
    let Command::AlterDomain(alter) = statement.seen.command else { return Vec::new() };
    let now = statement.seen.after.now();
    let text = match &alter.action {
        DomainAction::SetNotNull => "VALUE IS NOT NULL".to_owned(),
        DomainAction::AddCheck { .. } => {
            let Some(Kind::Domain(it)) = now.kind(domain) else {
                return Vec::new();
            };
            let Some(check) = it.checks.last() else { return Vec::new() };
            deparse::expression(&now, &check.expression, &[])
        }
        _ => return Vec::new(),
    };
    let (mut add, mut validate) = (Vec::new(), Vec::new());
    for id in tables {
        let Some(object) = now.get(*id) else { continue };
        let columns = object.table().map_or(&[][..], |it| &it.columns);
        for column in columns.iter().filter(|it| it.column_type.base == BaseType::User(domain)) {
            let table = statement.name(*id);
            let label = if text.ends_with("IS NOT NULL") { "is_not_null" } else { "check" };
            let name = quoted(&format!("{}_{}_{label}", object.name, column.name));
            let check = of_column(&text, &quoted(&column.name));
            add.push(format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({check}) NOT VALID;"
            ));
            validate.push(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"));
        }
    }
    match add.len() {
        0 => Vec::new(),
        _ => vec![add.join("\n"), validate.join("\n")],
    }
}

fn create(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::CreateDomain(create) = statement.seen.command else { return };
    if create.checks.is_empty() && !create.not_null {
        return;
    }
    findings.push(Finding {
        at: create.name.at.clone(),
        message: format!("the domain `{}` has a constraint", create.name.name),
        label: "cannot be changed without locks".to_owned(),
        ..Finding::default()
    });
}
