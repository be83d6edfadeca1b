//! Types that a project may not want: off unless `migrate.toml` asks for them.

use super::{Example, Finding, Rule, Statement};
use crate::ddl::{
    AlterActionKind, ColumnAction, ColumnConstraintKind, ColumnDef, Command, Ident,
    TableConstraintKind, TableElement, TypeName,
};
use crate::diagnostic::Code;
use crate::list::CollectVec;

const NUMBERS: &str = "https://www.postgresql.org/docs/current/datatype-numeric.html";
const TEXTS: &str = "https://www.postgresql.org/docs/current/datatype-character.html";

pub(super) const INT_PRIMARY_KEY: Rule = Rule {
    code: Code::IntPrimaryKey,
    why: "An `integer` key ends at 2,147,483,647. To make it larger later means to write the table and all tables that \
refer to it anew.",
    instead: "`bigint`: four bytes more a row.",
    source: NUMBERS,
    example: Example {
        setup: "",
        bad: "CREATE TABLE users (id integer PRIMARY KEY);",
        good: &["CREATE TABLE users (id bigint PRIMARY KEY);"],
        config: "deny = [\"int-primary-key\"]",
    },
    downs: false,
    check: int_primary_key,
};

fn int_primary_key(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    const SMALL: &[&str] = &["integer", "smallint", "serial", "smallserial", "serial4", "serial2"];
    let keys: Vec<&str> = match statement.seen.command {
        Command::CreateTable(create) => create
            .elements
            .iter()
            .filter_map(|element| match element {
                TableElement::Constraint(it) => match &it.kind {
                    TableConstraintKind::PrimaryKey { columns, .. } => match columns.as_slice() {
                        [one] => Some(one.name.as_str()),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            })
            .collect_vec(),
        _ => Vec::new(),
    };
    for (column, written) in columns(statement) {
        let inline = column
            .constraints
            .iter()
            .any(|it| matches!(it.kind, ColumnConstraintKind::PrimaryKey { .. }));
        let name = &column.name.name;
        if SMALL.contains(&written.name.name.as_str())
            && !written.array
            && (inline || keys.contains(&name.as_str()))
        {
            let serial = written.name.name.contains("serial");
            let large = if serial { "bigserial" } else { "bigint" };
            report(
                statement,
                &column.name,
                written,
                "ends at 2,147,483,647 or before",
                large,
                findings,
            );
        }
    }
}

pub(super) const VARCHAR_N: Rule = Rule {
    code: Code::VarcharN,
    why: "A limit of a `varchar` makes nothing smaller or faster, and what it should be is seldom known. To lower it later \
means to write the table anew.",
    instead: "`text`, with a `CHECK` where the length matters.",
    source: TEXTS,
    example: Example {
        setup: "",
        bad: "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));",
        good: &[
            "CREATE TABLE users (id bigint PRIMARY KEY, email text CHECK (length(email) <= 255));",
        ],
        config: "deny = [\"varchar-n\"]",
    },
    downs: false,
    check: varchar_n,
};

fn varchar_n(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    by_type(statement, findings, "has a limit that is hard to change", "text", &|written| {
        written.name.name == "character varying" && written.modifiers.is_some()
    });
}

pub(super) const CHAR_N: Rule = Rule {
    code: Code::CharN,
    why: "A `char` is padded with blanks, which some functions see and others do not. It is never faster than `text`.",
    instead: "`text`, with a `CHECK` where the length matters.",
    source: TEXTS,
    example: Example {
        setup: "",
        bad: "CREATE TABLE countries (code char(2) PRIMARY KEY);",
        good: &["CREATE TABLE countries (code text PRIMARY KEY CHECK (length(code) = 2));"],
        config: "deny = [\"char-n\"]",
    },
    downs: false,
    check: char_n,
};

fn char_n(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    by_type(statement, findings, "is padded with blanks", "text", &|written| {
        written.name.name == "character"
    });
}

pub(super) const TIMESTAMP: Rule = Rule {
    code: Code::TimestampWithoutTimeZone,
    why: "A `timestamp` is a date and a time on some clock on some wall: which moment it means depends on who reads it.",
    instead: "`timestamptz`, which is a moment, and takes the same room.",
    source: "https://www.postgresql.org/docs/current/datatype-datetime.html",
    example: Example {
        setup: "",
        bad: "CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);",
        good: &["CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz);"],
        config: "deny = [\"timestamp-without-time-zone\"]",
    },
    downs: false,
    check: timestamp,
};

fn timestamp(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    by_type(statement, findings, "says no moment", "timestamptz", &|written| {
        written.name.name == "timestamp without time zone"
    });
}

pub(super) const SERIAL: Rule = Rule {
    code: Code::Serial,
    why: "A `serial` column is an integer with a sequence beside it that has privileges of its own, and that any `INSERT` \
may bypass.",
    instead: "An identity column: `bigint GENERATED ALWAYS AS IDENTITY`.",
    source: "https://www.postgresql.org/docs/current/ddl-identity-columns.html",
    example: Example {
        setup: "",
        bad: "CREATE TABLE users (id bigserial PRIMARY KEY);",
        good: &["CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);"],
        config: "deny = [\"serial\"]",
    },
    downs: false,
    check: serial,
};

fn serial(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    const IDENTITY: &str = "bigint GENERATED ALWAYS AS IDENTITY";
    by_type(statement, findings, "leaves a sequence beside the table", IDENTITY, &|written| {
        const NAMES: &[&str] =
            &["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"];
        written.name.schema.is_none() && NAMES.contains(&written.name.name.as_str())
    });
}

pub(super) const MONEY: Rule = Rule {
    code: Code::Money,
    why: "What a `money` value means depends on a setting of the server: the same bytes are 1.00 euro here and 100 yen \
there.",
    instead: "`numeric`, with the currency beside it.",
    source: "https://www.postgresql.org/docs/current/datatype-money.html",
    example: Example {
        setup: "",
        bad: "CREATE TABLE orders (id bigint PRIMARY KEY, total money);",
        good: &["CREATE TABLE orders (id bigint PRIMARY KEY, total numeric, currency text);"],
        config: "deny = [\"money\"]",
    },
    downs: false,
    check: money,
};

fn money(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    by_type(statement, findings, "depends on a setting of the server", "numeric", &|written| {
        written.name.name == "money"
    });
}

pub(super) const FLOAT: Rule = Rule {
    code: Code::Float,
    why: "A floating-point number rounds: 0.1 + 0.2 is not 0.3, and sums depend on the order of the rows.",
    instead: "`numeric` for what is counted or paid. Floating point is right for what is measured.",
    source: NUMBERS,
    example: Example {
        setup: "",
        bad: "CREATE TABLE orders (id bigint PRIMARY KEY, total double precision);",
        good: &["CREATE TABLE orders (id bigint PRIMARY KEY, total numeric);"],
        config: "deny = [\"float\"]",
    },
    downs: false,
    check: float,
};

fn float(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    by_type(statement, findings, "rounds", "numeric", &|written| {
        matches!(written.name.name.as_str(), "real" | "double precision")
    });
}

/// The columns that a statement makes, with their types.
fn columns<'a>(statement: &Statement<'a>) -> Vec<(&'a ColumnDef, &'a TypeName)> {
    let all: Vec<&ColumnDef> = match statement.seen.command {
        Command::CreateTable(create) => {
            let columns = create.elements.iter().filter_map(|element| match element {
                TableElement::Column(column) => Some(column),
                _ => None,
            });
            columns.collect_vec()
        }
        Command::AlterTable(alter) => {
            let columns = alter.actions.iter().filter_map(|action| match &action.kind {
                AlterActionKind::AddColumn { column, .. } => Some(&**column),
                _ => None,
            });
            columns.collect_vec()
        }
        _ => Vec::new(),
    };
    all.into_iter().filter_map(|column| Some((column, column.type_name.as_ref()?))).collect_vec()
}

/// Reports columns that are made with, or changed to, such a type.
fn by_type(
    statement: &Statement<'_>,
    findings: &mut Vec<Finding>,
    why: &str,
    instead: &str,
    is_it: &dyn Fn(&TypeName) -> bool,
) {
    for (column, written) in columns(statement) {
        if is_it(written) {
            report(statement, &column.name, written, why, instead, findings);
        }
    }
    let Command::AlterTable(alter) = statement.seen.command else { return };
    for action in &alter.actions {
        if let AlterActionKind::AlterColumn { column, action: ColumnAction::Type { type_name, .. } } =
            &action.kind
            && is_it(type_name)
        {
            report(statement, column, type_name, why, instead, findings);
        }
    }
}

fn report(
    statement: &Statement<'_>,
    column: &Ident,
    written: &TypeName,
    why: &str,
    instead: &str,
    findings: &mut Vec<Finding>,
) {
    let table = match statement.seen.command {
        Command::CreateTable(create) => &create.name,
        Command::AlterTable(alter) => &alter.table,
        _ => return,
    };
    let at = written.name.at.clone();
    let (table, is) = (statement.written(table), statement.part(&at));
    findings.push(Finding {
        message: format!("column `{}` of `{table}` is `{is}`, which {why}", column.name),
        label: format!("`{instead}` would do"),
        at,
        ..Finding::default()
    });
}
