//! Syntax that the oldest server of the project does not know.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Kind;
use crate::ddl::{
    Action, AlterActionKind, ArgumentMode, Body, ColumnAction, ColumnConstraintKind, ColumnDef,
    Command, IndexKey, NewType, Persistence, Query, TableConstraint, TableConstraintKind,
    TableElement, TypeName, Word,
};
use crate::diagnostic::Code;
use crate::list::CollectVec;
use std::ops::Range;

pub(super) const RULE: Rule = Rule {
    code: Code::NeedsNewerServer,
    why: "`migrate.toml` says which server is the oldest that the migrations have to run on. There, this is a syntax \
error.",
    instead: "Write it in a way that the oldest server knows, or raise `postgres` in `migrate.toml`.",
    source: "https://www.postgresql.org/docs/release/",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email) NULLS NOT DISTINCT;",
        good: &["CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (coalesce(email, ''));"],
        config: "postgres = \"14\"",
    },
    downs: true,
    check,
};

fn check(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let servers = statement.seen.servers;
    if !servers.declared {
        return;
    }
    for syntax in SYNTAX.iter().filter(|it| servers.any_before(it.since)) {
        let Some(at) = (syntax.find)(statement) else { continue };
        findings.push(Finding {
            at,
            message: format!(
                "PostgreSQL {} does not know {}, which came with {}",
                servers.oldest, syntax.what, syntax.since
            ),
            label: format!("from PostgreSQL {} on", syntax.since),
            help: vec![format!(
                "write it otherwise; or, if every server is newer, write `postgres = \"{}\"` in migrate.toml",
                syntax.since
            )],
            ..Finding::default()
        });
    }
}

/// Something that came with a major version.
#[cfg_attr(not(feature = "referee"), expect(dead_code, reason = "the example is for a test"))]
pub(crate) struct Syntax {
    pub(crate) what: &'static str,
    pub(crate) since: u32,
    /// A statement with it, which runs on [`SETUP`] from that version on, and fails before.
    pub(crate) example: &'static str,
    /// Where it stands; an empty range where only the statement is known.
    find: fn(&Statement<'_>) -> Option<Range<usize>>,
}

/// What the examples need.
#[cfg(feature = "referee")]
pub(crate) const SETUP: &str = "\
CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE users (id bigint PRIMARY KEY, email text, n bigint, g bigint GENERATED ALWAYS AS (n + 1) STORED);
CREATE TABLE pairs (id bigint PRIMARY KEY, a bigint, b bigint, UNIQUE (a, b));
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";

macro_rules! syntax {
    ($($since:literal $what:literal $example:literal $find:expr;)+) => {
        &[$(Syntax { what: $what, since: $since, example: $example, find: $find }),+]
    };
}

/// Each was tried on the version before and the version itself.
pub(crate) const SYNTAX: &[Syntax] = syntax! {
    14 "`DETACH PARTITION … CONCURRENTLY`"
        "ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY"
        |it| action(it, |kind| matches!(kind, AlterActionKind::DetachPartition { concurrently: true, .. }));
    14 "`CREATE OR REPLACE TRIGGER`"
        "CREATE OR REPLACE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note()"
        |it| whole(matches!(it.seen.command, Command::CreateTrigger(it) if it.or_replace));
    14 "`SET COMPRESSION`"
        "ALTER TABLE users ALTER COLUMN email SET COMPRESSION pglz"
        |it| action(it, |kind| matches!(
            kind,
            AlterActionKind::AlterColumn { action: ColumnAction::SetCompression(_), .. }
        ));
    14 "`COMPRESSION` of a column"
        "CREATE TABLE x (a text COMPRESSION pglz)"
        |it| column(it, |column| column.compression.is_some());
    14 "function bodies that are SQL without quotes"
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1"
        |it| whole(matches!(
            it.seen.command,
            Command::CreateRoutine(it) if matches!(it.options.body, Some(Body::Sql { .. }))
        ));
    14 "`OUT` arguments of procedures"
        "CREATE PROCEDURE q(OUT a int) LANGUAGE plpgsql AS 'BEGIN a := 1; END'"
        |it| whole(matches!(
            it.seen.command,
            Command::CreateRoutine(it)
                if it.procedure && it.arguments.iter().any(|it| it.mode == ArgumentMode::Out)
        ));
    14 "statistics of expressions"
        "CREATE STATISTICS s ON lower(email), n FROM users"
        |it| whole(matches!(
            it.seen.command,
            Command::CreateStatistics(it)
                if it.columns.iter().any(|it| matches!(it, IndexKey::Expression(_)))
        ));
    14 "multiranges"
        "CREATE TABLE x (a int4multirange)"
        |it| {
            let own = matches!(
                it.seen.command,
                Command::CreateType(it)
                    if matches!(it.kind, NewType::Range { multirange: Some(_), .. })
            );
            let is_multi = |it: &TypeName| it.built_in && it.name.name.ends_with("multirange");
            whole(own).or_else(|| column(it, |it| it.type_name.as_ref().is_some_and(is_multi)))
        };
    14 "`date_bin`" "SELECT date_bin('1 day', now(), now())" |it| function(it, "date_bin");
    14 "`string_to_table`" "SELECT string_to_table('a,b', ',')" |it| function(it, "string_to_table");
    15 "`NULLS NOT DISTINCT`"
        "CREATE UNIQUE INDEX ON users (email) NULLS NOT DISTINCT"
        nulls_not_distinct;
    15 "`MERGE`"
        "MERGE INTO pairs USING users ON pairs.id = users.id WHEN MATCHED THEN DELETE"
        |it| whole(matches!(it.seen.command, Command::Merge(_)));
    15 "`security_invoker` of a view"
        "CREATE VIEW v WITH (security_invoker = true) AS SELECT 1"
        |it| whole(matches!(
            it.seen.command,
            Command::CreateView(it) if it.options.iter().any(|(name, _)| name == "security_invoker")
        ));
    15 "`SET ACCESS METHOD`"
        "ALTER TABLE users SET ACCESS METHOD heap"
        |it| action(it, |kind| matches!(kind, AlterActionKind::SetAccessMethod(_)));
    15 "`ON DELETE SET NULL` with columns"
        "CREATE TABLE x (a bigint, b bigint, FOREIGN KEY (a, b) REFERENCES pairs (a, b) ON DELETE SET NULL (b))"
        |it| constraint(it, |it| matches!(
            &it.kind,
            TableConstraintKind::ForeignKey { references, .. } if matches!(
                &references.on_delete,
                Action::SetNull(columns) | Action::SetDefault(columns) if !columns.is_empty()
            )
        ));
    15 "unlogged sequences"
        "CREATE UNLOGGED SEQUENCE s"
        |it| whole(matches!(
            it.seen.command,
            Command::CreateSequence(it) if it.persistence == Persistence::Unlogged
        ));
    16 "statistics without a name"
        "CREATE STATISTICS ON email, n FROM users"
        |it| whole(matches!(it.seen.command, Command::CreateStatistics(it) if it.name.is_none()));
    16 "`STORAGE` of a new column"
        "CREATE TABLE x (a text STORAGE EXTERNAL)"
        |it| column(it, |column| column.storage.is_some());
    16 "`any_value`" "SELECT any_value(n) FROM users" |it| function(it, "any_value");
    16 "`array_shuffle`" "SELECT array_shuffle(ARRAY[1])" |it| function(it, "array_shuffle");
    17 "`SET EXPRESSION`"
        "ALTER TABLE users ALTER COLUMN g SET EXPRESSION AS (n + 2)"
        |it| action(it, |kind| matches!(
            kind,
            AlterActionKind::AlterColumn { action: ColumnAction::SetExpression(_), .. }
        ));
    17 "the privilege `MAINTAIN`"
        "GRANT MAINTAIN ON users TO pg_monitor"
        |it| whole(matches!(
            it.seen.command,
            Command::Grant(it) if it.privileges.iter().any(|(name, _)| name == "MAINTAIN")
        ));
    18 "virtual generated columns"
        "CREATE TABLE x (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL)"
        |it| column(it, |column| column.constraints.iter().any(|it| {
            matches!(it.kind, ColumnConstraintKind::Generated { stored: false, .. })
        }));
    18 "`NOT ENFORCED`"
        "ALTER TABLE users ADD CONSTRAINT c CHECK (n > 0) NOT ENFORCED"
        |it| {
            let in_column = |column: &ColumnDef| {
                column.constraints.iter().any(|it| it.attributes.not_enforced)
            };
            constraint(it, |it| it.attributes.not_enforced).or_else(|| column(it, in_column))
        };
    18 "`NOT NULL` as a constraint of a table"
        "ALTER TABLE users ADD CONSTRAINT c NOT NULL n"
        |it| constraint(it, |it| matches!(it.kind, TableConstraintKind::NotNull(_)));
    18 "`uuidv7`" "SELECT uuidv7()" |it| function(it, "uuidv7");
    18 "`uuidv4`" "SELECT uuidv4()" |it| function(it, "uuidv4");
    18 "`casefold`" "SELECT casefold('A')" |it| function(it, "casefold");
};

fn whole(found: bool) -> Option<Range<usize>> {
    found.then_some(0..0)
}

fn action(
    statement: &Statement<'_>,
    is_it: impl Fn(&AlterActionKind) -> bool,
) -> Option<Range<usize>> {
    let Command::AlterTable(alter) = statement.seen.command else { return None };
    alter.actions.iter().find(|it| is_it(&it.kind)).map(|it| it.at.clone())
}

/// The columns that a statement makes.
fn columns<'a>(statement: &Statement<'a>) -> Vec<&'a ColumnDef> {
    match statement.seen.command {
        Command::CreateTable(create) => {
            let columns = create.elements.iter().filter_map(|it| match it {
                TableElement::Column(column) => Some(column),
                _ => None,
            });
            columns.collect_vec()
        }
        Command::AlterTable(alter) => {
            let columns = alter.actions.iter().filter_map(|it| match &it.kind {
                AlterActionKind::AddColumn { column, .. } => Some(&**column),
                _ => None,
            });
            columns.collect_vec()
        }
        _ => Vec::new(),
    }
}

fn column(statement: &Statement<'_>, is_it: impl Fn(&ColumnDef) -> bool) -> Option<Range<usize>> {
    columns(statement).into_iter().find(|it| is_it(it)).map(|it| it.name.at.clone())
}

fn constraint(
    statement: &Statement<'_>,
    is_it: impl Fn(&TableConstraint) -> bool,
) -> Option<Range<usize>> {
    let all: Vec<&TableConstraint> = match statement.seen.command {
        Command::CreateTable(create) => {
            let constraints = create.elements.iter().filter_map(|it| match it {
                TableElement::Constraint(constraint) => Some(constraint),
                _ => None,
            });
            constraints.collect_vec()
        }
        Command::AlterTable(alter) => {
            let constraints = alter.actions.iter().filter_map(|it| match &it.kind {
                AlterActionKind::AddConstraint(constraint) => Some(&**constraint),
                _ => None,
            });
            constraints.collect_vec()
        }
        _ => return None,
    };
    all.into_iter().find(|it| is_it(it)).map(|it| it.at.clone())
}

fn nulls_not_distinct(statement: &Statement<'_>) -> Option<Range<usize>> {
    if let Command::CreateIndex(create) = statement.seen.command {
        return whole(create.nulls_not_distinct);
    }
    let of_table = |it: &TableConstraint| {
        matches!(it.kind, TableConstraintKind::Unique { nulls_not_distinct: true, .. })
    };
    let of_column = |column: &ColumnDef| {
        column.constraints.iter().any(|it| {
            matches!(it.kind, ColumnConstraintKind::Unique { nulls_not_distinct: true, .. })
        })
    };
    constraint(statement, of_table).or_else(|| column(statement, of_column))
}

/// A function of PostgreSQL's own that is called in a query or a default; not one of that name that the set made.
fn function(statement: &Statement<'_>, wanted: &str) -> Option<Range<usize>> {
    let in_query = |query: &Query| {
        let mut functions = query.functions.iter();
        let found = functions.find(|it| it.schema.is_none() && it.name == wanted);
        found.map(|it| it.at.clone())
    };
    let found = match statement.seen.command {
        Command::Select(query) => in_query(query),
        Command::CreateView(it) => in_query(&it.query),
        Command::CreateTableAs(it) => in_query(&it.query),
        Command::Insert(it) | Command::Update(it) | Command::Delete(it) => in_query(&it.query),
        Command::AlterTable(alter) => alter.actions.iter().find_map(|it| match &it.kind {
            AlterActionKind::AlterColumn { action: ColumnAction::SetDefault(it), .. } => {
                calls(&it.words, wanted).then(|| it.at.clone())
            }
            _ => None,
        }),
        _ => None,
    };
    let found = found.or_else(|| {
        column(statement, |column| {
            column.constraints.iter().any(|it| match &it.kind {
                ColumnConstraintKind::Default(it) => calls(&it.words, wanted),
                _ => false,
            })
        })
    });
    let is_own = || {
        statement
            .seen
            .after
            .all()
            .any(|(_, it)| it.name == wanted && matches!(it.kind, Kind::Routine(_)))
    };
    found.filter(|_| !statement.seen.before.is_foggy() && !is_own())
}

fn calls(words: &[Word], wanted: &str) -> bool {
    words.iter().any(|it| matches!(it, Word::Function { schema: None, name } if name == wanted))
}
