//! `ALTER COLUMN … TYPE`.

use super::alter::{Altered, altered, is_named_later};
use super::{Example, Finding, Rule, Statement};
use crate::catalog::{BaseType, Column, ConstraintKind};
use crate::ddl::{AlterActionKind, ColumnAction, Command, ObjectKind};
use crate::deparse;
use crate::diagnostic::Code;
use crate::list::CollectVec;
use crate::lock::{Cause, Work, WorkKind};
use crate::sql::quoted;

const SOURCE: &str =
    "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DATA-TYPE";

pub(super) const REWRITE: Rule = Rule {
    code: Code::ChangeColumnTypeRewrite,
    why: "The value has other bytes in the new type, or has to be looked at: PostgreSQL writes the whole table and all \
its indexes anew, under an `ACCESS EXCLUSIVE` lock. What keeps the rows as they are: a wider or no limit of `varchar`, \
`varbit` and times, a higher precision of `numeric` with the same scale, `varchar` to `text` and back, `cidr` to `inet`, \
a domain without constraints. An integer of another size is not among them, and between `timestamp` and `timestamptz` \
only a session in UTC keeps the rows. Foreign keys of the column are checked again, with both tables locked.",
    instead: "Keep both for a while: add a column of the new type, have a trigger fill it, copy the old rows in batches, \
and let it take the name of the old one, which is dropped later.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, visits int NOT NULL DEFAULT 0);",
        bad: "ALTER TABLE users ALTER COLUMN visits TYPE bigint;",
        good: &[
            "ALTER TABLE users ADD COLUMN visits_new bigint;\n\
CREATE FUNCTION users_visits_sync() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  NEW.visits_new := NEW.visits;\n  \
RETURN NEW;\nEND\n$$;\n\
CREATE TRIGGER users_visits_sync BEFORE INSERT OR UPDATE ON users\n  FOR EACH ROW EXECUTE FUNCTION users_visits_sync();",
            "-- The rows were copied in batches.\n\
DROP TRIGGER users_visits_sync ON users;\nDROP FUNCTION users_visits_sync();\n\
-- migrate: allow(drop-not-null) visits_new takes over\nALTER TABLE users ALTER COLUMN visits DROP NOT NULL;\n\
-- migrate: allow(rename-column) visits_new takes over\nALTER TABLE users RENAME COLUMN visits TO visits_old;\n\
-- migrate: allow(rename-column) visits_new takes over\nALTER TABLE users RENAME COLUMN visits_new TO visits;",
            "-- migrate: allow(drop-column) nothing reads it any more\nALTER TABLE users DROP COLUMN visits_old;",
        ],
        config: "",
    },
    downs: true,
    check: rewrite,
};

pub(super) const SCAN: Rule = Rule {
    code: Code::ChangeColumnTypeScan,
    why: "The rows stay as they are, but a CHECK names the column: PostgreSQL makes it again, and reads all rows to see \
whether they satisfy it, under an `ACCESS EXCLUSIVE` lock.",
    instead: "Drop the CHECK, change the type, and add the CHECK again as `NOT VALID`, all in one statement. Validate it \
in the next migration, while others read and write.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20)\n  CONSTRAINT users_name_check CHECK (name <> ''));",
        bad: "ALTER TABLE users ALTER COLUMN name TYPE varchar(40);",
        good: &[
            "ALTER TABLE users\n  DROP CONSTRAINT users_name_check,\n  ALTER COLUMN name TYPE varchar(40),\n  \
ADD CONSTRAINT users_name_check CHECK (name <> '') NOT VALID;",
            "ALTER TABLE users VALIDATE CONSTRAINT users_name_check;",
        ],
        config: "",
    },
    downs: true,
    check: scan,
};

pub(super) const REINDEX: Rule = Rule {
    code: Code::ChangeColumnTypeReindex,
    why: "The rows stay as they are, but an index of the column has to be built again, under an `ACCESS EXCLUSIVE` lock: \
it orders the values of the new type in another way, it is partial or has an expression in it, or it belongs to a \
partition.",
    instead: "Keep both for a while: add a column of the new type, have a trigger fill it, copy the old rows in batches, \
build the index with `CREATE INDEX CONCURRENTLY`, and let the column take the name of the old one.",
    source: SOURCE,
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20));\nCREATE INDEX users_name_idx ON users (lower(name));",
        bad: "ALTER TABLE users ALTER COLUMN name TYPE varchar(40);",
        good: &[],
        config: "",
    },
    downs: true,
    check: reindex,
};

pub(super) const CACHED_PLAN: Rule = Rule {
    code: Code::CachedPlanResultType,
    why: "An open session keeps the plans of its prepared statements. If `SELECT *` gives other columns or types than \
before, its next run fails: `cached plan must not change result type`. Drivers that prepare behind the scenes (sqlx, \
tokio-postgres, JDBC) run into it.",
    instead: "Name the columns in queries instead of `*`, so that a new column changes nothing, and have the pool open new \
connections after the migration.",
    source: "https://www.postgresql.org/docs/current/sql-prepare.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20));",
        bad: "ALTER TABLE users ADD COLUMN email text;",
        good: &[],
        config: "deny = [\"cached-plan-result-type\"]",
    },
    downs: true,
    check: cached_plan,
};

/// What there is to do for a change of type, with the kind that is the worst of its clause.
fn worst<'s>(statement: &'s Statement<'_>, kind: WorkKind) -> Vec<&'s Work> {
    let mut works: Vec<&Work> = Vec::new();
    for work in statement.work(Cause::Retype) {
        let worse = |it: &&Work| it.at == work.at && it.kind > work.kind;
        let is_worst = !statement.work(Cause::Retype).any(|it| worse(&it));
        let is_new = !works.iter().any(|it| it.at == work.at);
        if work.kind == kind && is_worst && is_new {
            works.push(work);
        }
    }
    works
}

/// How many scripts replace columns: add, swap and drop.
const SIDE_BY_SIDE: usize = 3;

/// Columns of the new types beside the old ones.
fn side_by_side(altered: &Altered<'_, '_>) -> Vec<String> {
    let (long, rest) = altered.split();
    let mut replaced = Vec::new();
    for action in long {
        let AlterActionKind::AlterColumn { column, action: ColumnAction::Type { using, .. } } =
            &action.kind
        else {
            return Vec::new();
        };
        let old = altered.before().and_then(|it| it.column(&column.name));
        let (Some(old), Some(new)) = (old, altered.column(&column.name)) else { return Vec::new() };
        if is_named_later(altered.statement, altered.table, old) {
            return Vec::new();
        }
        let value = match using {
            Some(using) => of_row(altered, using),
            None => format!("NEW.{}", quoted(&column.name)),
        };
        let Some(it) = altered.replace_column(old, new, &value) else { return Vec::new() };
        replaced.push(it);
    }
    if replaced.is_empty() {
        return Vec::new();
    }
    let add: Vec<&str> = replaced.iter().map(|it| it.add.as_str()).collect_vec();
    let swap: Vec<&str> = replaced.iter().map(|it| it.swap.as_str()).collect_vec();
    let drop: Vec<String> =
        replaced.iter().map(|it| format!("DROP COLUMN {}", it.gone)).collect_vec();
    let drop = altered.sql(&drop);
    let mut scripts = vec![
        add.join("\n"),
        swap.join("\n"),
        format!("-- migrate: allow(drop-column) nothing reads it any more\n{drop}"),
    ];
    if !rest.is_empty() {
        scripts.insert(0, altered.sql(&rest));
    }
    scripts
}

/// `USING`, over the row that a trigger sees.
fn of_row(altered: &Altered<'_, '_>, using: &crate::ddl::Expression) -> String {
    let written = altered.statement.part(&using.at);
    let mut text = String::new();
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match c {
            '\'' => rest.get(1..).and_then(|it| it.find('\'')).map_or(rest.len(), |it| it + 2),
            c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let folded = word.to_ascii_lowercase();
        let is_column = altered.before().is_some_and(|it| it.column(&folded).is_some());
        if is_column && !text.ends_with("::") && !behind.trim_start().starts_with('(') {
            text.push_str("NEW.");
        }
        text.push_str(word);
        rest = behind;
    }
    text
}

fn finding(altered: &Altered<'_, '_>, work: &Work, message: &str, label: &str) -> Finding {
    let name = work.column.as_deref().unwrap_or_default();
    let old = altered.before().and_then(|it| it.column(name));
    let from = old.map(|it| altered.type_name(&it.column_type)).unwrap_or_default();
    let to = altered.column(name).map(|it| altered.type_name(&it.column_type)).unwrap_or_default();
    let words = |text: &str| {
        text.replace("{column}", &quoted(name))
            .replace("{table}", &altered.name)
            .replace("{from}", &from)
            .replace("{to}", &to)
    };
    Finding {
        at: work.at.clone(),
        message: words(message),
        label: words(label),
        ..Finding::default()
    }
}

/// `scripts`: those that replace the column. What else the statement does comes before them.
fn copy(altered: &Altered<'_, '_>, work: &Work, scripts: usize) -> String {
    let name = work.column.as_deref().unwrap_or_default();
    let swap = if scripts > SIDE_BY_SIDE { "third" } else { "second" };
    let new = quoted(&altered.free_name(name, "new"));
    format!(
        "before the {swap} migration, copy the old rows in batches that commit one by one (`UPDATE {} SET {new} = … WHERE …`), and give `{new}` the CHECKs, indexes and keys of `{}`",
        altered.name,
        quoted(name)
    )
}

fn rewrite(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in worst(statement, WorkKind::Rewrite) {
        let message = "changing `{column}` to `{to}` writes all of `{table}` anew";
        let mut finding = finding(&altered, work, message, "it was `{from}`");
        finding.instead = side_by_side(&altered);
        if !finding.instead.is_empty() {
            finding.help.push(copy(&altered, work, finding.instead.len()));
        }
        finding.help.extend(in_utc(&altered, work));
        findings.push(finding);
    }
}

/// What keeps the rows as they are between the two kinds of `timestamp`.
fn in_utc(altered: &Altered<'_, '_>, work: &Work) -> Option<String> {
    let name = work.column.as_deref()?;
    let is_moment = |column: Option<&Column>| match column.map(|it| &it.column_type.base) {
        Some(BaseType::BuiltIn(name)) => name.starts_with("timestamp"),
        _ => false,
    };
    let old = altered.before().and_then(|it| it.column(name));
    let both = is_moment(old) && is_moment(altered.column(name));
    let action = altered.action(&work.at).map(|it| &it.kind);
    let plain = matches!(
        action,
        Some(AlterActionKind::AlterColumn { action: ColumnAction::Type { using: None, .. }, .. })
    );
    (both && plain).then(|| {
        "if the values are in UTC, `SET LOCAL timezone = 'UTC';` before it keeps the rows as they are; only indexes of the column are built again".to_owned()
    })
}

fn scan(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in worst(statement, WorkKind::Scan) {
        let message = "changing `{column}` to `{to}` checks all of `{table}` again";
        let mut finding = finding(&altered, work, message, "a CHECK names the column");
        finding.instead = without_checks(&altered, work);
        findings.push(finding);
    }
}

/// The CHECKs of the column are dropped and added again, which are then to be validated.
fn without_checks(altered: &Altered<'_, '_>, work: &Work) -> Vec<String> {
    let name = work.column.as_deref().unwrap_or_default();
    let Some(before) = altered.before() else { return Vec::new() };
    let Some(column) = before.column(name) else { return Vec::new() };
    let checks: Vec<_> = before
        .constraints
        .iter()
        .filter(|it| it.validated && it.inherited == 0)
        .filter(
            |it| matches!(&it.kind, ConstraintKind::Check(expr) if expr.mentions(column.number)),
        )
        .collect_vec();
    let names: Vec<String> = checks.iter().map(|it| quoted(&it.name)).collect_vec();
    let actions = altered.alter.actions.iter().map(|it| altered.statement.part(&it.at).to_owned());
    let mut all: Vec<String> = names.iter().map(|it| format!("DROP CONSTRAINT {it}")).collect_vec();
    all.extend(actions);
    all.extend(checks.iter().map(|it| {
        let new = crate::catalog::Constraint { validated: false, ..(*it).clone() };
        let state = &altered.statement.seen.before;
        format!("ADD {}", deparse::named_constraint(state, &new, &before.columns))
    }));
    let validate: Vec<String> =
        names.iter().map(|it| format!("VALIDATE CONSTRAINT {it}")).collect_vec();
    vec![altered.sql(&all), altered.sql(&validate)]
}

fn reindex(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(altered) = altered(statement) else { return };
    for work in worst(statement, WorkKind::IndexBuild) {
        let message =
            "changing `{column}` to `{to}` builds an index of `{table}` again while others wait";
        let mut finding =
            finding(&altered, work, message, "an index of it does not fit the new type");
        finding.instead = side_by_side(&altered);
        if !finding.instead.is_empty() {
            finding.help.push(copy(&altered, work, finding.instead.len()));
        }
        findings.push(finding);
    }
}

fn cached_plan(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let mut push = |at: std::ops::Range<usize>, table: &str| {
        findings.push(Finding {
            at,
            message: format!(
                "prepared `SELECT *` from `{table}` fails in open sessions from now on"
            ),
            label: "it gives other columns than before".to_owned(),
            ..Finding::default()
        });
    };
    if let Command::Rename(rename) = statement.seen.command
        && rename.object.kind == ObjectKind::Column
        && let Some(id) = statement.seen.names.relation(&rename.object.name)
        && statement.is_in_use(id)
    {
        push(rename.to.at.clone(), &statement.name(id));
    }
    let Some(altered) = altered(statement) else { return };
    for action in &altered.alter.actions {
        let changes = matches!(
            action.kind,
            AlterActionKind::AddColumn { .. }
                | AlterActionKind::DropColumn { .. }
                | AlterActionKind::AlterColumn { action: ColumnAction::Type { .. }, .. }
        );
        if changes {
            push(action.at.clone(), &altered.name);
            return;
        }
    }
}
