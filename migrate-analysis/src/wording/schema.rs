//! The words about the schema that the statements meet.

use super::migration;
use super::restore::{list, script};
use crate::catalog::Origin;
use crate::ddl::ObjectKind;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::list::CollectVec;
use crate::schema::Twin;
use crate::simulate::FailureKind;
use crate::sql::quoted;

/// An earlier statement that has to do with it.
pub(crate) enum Made {
    /// The file of what exists before the set.
    Baseline(String),
    /// `by`: version and name of its migration, where that is another one.
    Here { place: Place, sql: String, by: Option<(i64, String)> },
}

/// A statement, `sql`, that PostgreSQL would refuse. `inline`: it stands in a Rust file. `earlier` finds the statement that an origin stands for.
pub(crate) fn failure(
    place: Place,
    kind: &FailureKind,
    sql: &str,
    inline: bool,
    earlier: &dyn Fn(Origin) -> Option<Made>,
) -> Diagnostic {
    match kind {
        FailureKind::Unknown { kind, name, of, near, among, dropped } => {
            let kind = relation_kind(*kind, sql);
            let subject = Subject { kind, name, of: of.as_deref(), inline };
            let mut diagnostic =
                unknown(place, &subject, near.as_deref(), sql, dropped.and_then(earlier));
            if let (None, None, Some(of)) = (near, dropped, of) {
                diagnostic.notes.extend(listed(subject.kind, of, among));
            }
            diagnostic
        }
        FailureKind::Duplicate { kind, name, of, made } => {
            let subject = Subject { kind: *kind, name, of: of.as_deref(), inline };
            duplicate(place, &subject, made.and_then(earlier))
        }
        FailureKind::Dependents { kind, name, of, dependents } => {
            let subject = Subject { kind: *kind, name, of: of.as_deref(), inline };
            dependents_of(place, &subject, sql, dependents)
        }
        FailureKind::Wrong { message, sqlstate: "P0001" } => {
            let message = format!("this always fails: it raises `{message}`");
            Diagnostic::error(Code::StatementFails, place, message).help(
                "if this is a down that nobody may run, say so instead: `-- migrate: irreversible <reason>`",
            )
        }
        FailureKind::Wrong { message, sqlstate } if message.starts_with(RETYPED) => {
            let what = message.get(RETYPED.len()..).unwrap_or_default();
            let message = format!("PostgreSQL refuses this: {message}");
            Diagnostic::error(Code::StatementFails, place, message)
                .label("something rests on its type")
                .note(format!("the server would answer with SQLSTATE {sqlstate}"))
                .help(retyped(what))
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

/// What PostgreSQL says where it does not make again what rests on the type of a column.
const RETYPED: &str = "cannot alter type of a column used ";

fn retyped(by: &str) -> String {
    let what = match by {
        _ if by.starts_with("by a view") => match by.split_once(": ") {
            Some((_, view)) => view.replace('"', "`"),
            None => "the view".to_owned(),
        },
        _ if by.starts_with("in a policy") => "the policy".to_owned(),
        _ if by.starts_with("in a trigger") => "the trigger".to_owned(),
        _ => "the generated column".to_owned(),
    };
    format!(
        "drop {what} before this statement, and make it again behind it: both in this script, so that nobody misses it"
    )
}

/// What the statement calls a relation: `ALTER SEQUENCE` asks for a sequence.
fn relation_kind(kind: ObjectKind, sql: &str) -> ObjectKind {
    let mut words = sql.split_whitespace().map(str::to_ascii_lowercase);
    let (first, second) = (words.next(), words.next());
    match (kind, first.as_deref(), second.as_deref()) {
        (ObjectKind::Table, Some("alter"), Some("sequence")) => ObjectKind::Sequence,
        (ObjectKind::Table, Some("alter"), Some("index")) => ObjectKind::Index,
        (ObjectKind::Table, Some("alter"), Some("view")) => ObjectKind::View,
        (ObjectKind::Table, Some("alter" | "refresh"), Some("materialized")) => {
            ObjectKind::MaterializedView
        }
        _ => kind,
    }
}

/// What a failure is about.
struct Subject<'a> {
    kind: ObjectKind,
    name: &'a str,
    of: Option<&'a str>,
    inline: bool,
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
    let parts: Vec<String> = name.split('.').map(quoted).collect_vec();
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
    let is_gone = gone.is_some();
    match (gone, near) {
        (Some(Made::Here { place, sql, by }), _) => {
            let verb = verb_of_loss(&sql);
            if verb == "renames" {
                diagnostic = diagnostic.help("write the name that it has now");
            }
            let words = match by {
                Some((version, name)) => format!("{} {verb} it", migration(version, &name)),
                None => format!("{verb} it"),
            };
            diagnostic = diagnostic.label("gone by now").related(place, words);
        }
        (Some(Made::Baseline(file)), _) => {
            diagnostic = diagnostic.label("gone by now").note(format!("`{file}` drops it"));
        }
        (None, Some(near)) if subject.name.rsplit('.').next() == Some(near) => {
            diagnostic = diagnostic
                .label("the one of this name is of another kind or takes other arguments");
        }
        (None, Some(near)) => {
            diagnostic = diagnostic.label(format!("did you mean `{}`?", spelt(near)))
        }
        (None, None) => diagnostic = diagnostic.label("nothing before this statement makes it"),
    }
    if let Some(help) = if_exists(subject, sql) {
        diagnostic = diagnostic.help(help);
    }
    if !is_gone {
        diagnostic = diagnostic.help(outside(subject, code));
    } else if diagnostic.help.is_empty() {
        diagnostic = diagnostic.help("take the statement out, or keep what is gone by then");
    }
    diagnostic
}

/// What there is to choose from, where it is few.
fn listed(kind: ObjectKind, of: &str, among: &[String]) -> Option<String> {
    const FEW: usize = 12;
    if among.len() > FEW {
        return None;
    }
    let names: Vec<String> = among.iter().map(|name| format!("`{}`", quoted(name))).collect_vec();
    let kinds = format!("{}s", kind.words());
    Some(match names.split_last() {
        None => return None,
        Some((one, [])) => format!("the only {} of `{}` is {one}", kind.words(), spelt(of)),
        Some((last, others)) => {
            format!("the {kinds} of `{}` are {} and {last}", spelt(of), others.join(", "))
        }
    })
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
    let words: Vec<&str> = sql.split_whitespace().collect_vec();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|it| it.eq_ignore_ascii_case(word));
    if !is(0, "drop") || subject.of.is_some() {
        return None;
    }
    let kind = subject.kind.words().to_uppercase();
    Some(format!("if it may be missing, say so: `DROP {kind} IF EXISTS {}`", subject.name()))
}

/// What to say where something outside the set makes it.
fn outside(subject: &Subject<'_>, code: Code) -> String {
    let external = match subject.kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::ForeignTable
        | ObjectKind::Type
        | ObjectKind::Domain
        | ObjectKind::Sequence => match subject.name.contains('.') {
            true => Some(subject.name.to_owned()),
            false => Some(format!("public.{}", subject.name)),
        },
        ObjectKind::Schema => Some(format!("{}.*", subject.name)),
        _ => None,
    };
    let way = match external.filter(|_| !subject.inline) {
        Some(name) => format!("in migrate.toml: `external = [\"{name}\"]`"),
        None => format!("above the statement: `-- migrate: allow({code}) <reason>`"),
    };
    format!("if something outside this set makes it, say so {way}")
}

fn duplicate(place: Place, subject: &Subject<'_>, made: Option<Made>) -> Diagnostic {
    let message = format!("{} exists already", subject.title());
    let mut diagnostic =
        Diagnostic::error(duplicate_code(subject.kind), place, message).label("this name is taken");
    match made {
        Some(Made::Here { place, by, .. }) => {
            let words = match by {
                Some((version, name)) => format!("{} makes it", migration(version, &name)),
                None => "made here".to_owned(),
            };
            diagnostic = diagnostic.related(place, words);
        }
        Some(Made::Baseline(file)) => diagnostic = diagnostic.note(format!("`{file}` makes it")),
        None if subject.kind == ObjectKind::Schema && subject.name == "public" => {
            diagnostic = diagnostic.note("every database has it from the beginning");
        }
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
    let statements: Option<Vec<String>> =
        dependents.iter().map(|it| drop_statement(it)).collect_all();
    let statements = statements.unwrap_or_default();
    let dependents: Vec<String> = dependents.iter().map(|it| ticked(it)).collect_vec();
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
    let again = if drops { "" } else { ", and make again after it" };
    let before = match statements.is_empty() {
        true => format!("drop {them} in a statement before this one{again}"),
        false => script(&format!("drop before this statement{again}:"), &statements),
    };
    diagnostic = diagnostic.help(before);
    if drops {
        let cascade =
            format!("or say CASCADE, if {it} may go too; the down has to make {them} again");
        diagnostic = diagnostic.help(cascade);
    }
    diagnostic
}

/// What drops it, given in PostgreSQL's words.
fn drop_statement(words: &str) -> Option<String> {
    let (kind, name) = kind_and_name(words)?;
    let part = [" on table ", " of table "].iter().find_map(|joint| name.split_once(joint));
    let spelt = |name: &str| if name.contains('(') { name.to_owned() } else { spelt(name) };
    Some(match (kind, part) {
        ("constraint", Some((name, table))) => {
            format!("ALTER TABLE {} DROP CONSTRAINT {}", spelt(table), quoted(name))
        }
        ("default value for column", Some((name, table))) => {
            format!("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", spelt(table), quoted(name))
        }
        ("trigger" | "policy", Some((name, table))) => {
            format!("DROP {} {} ON {}", kind.to_uppercase(), quoted(name), spelt(table))
        }
        ("view" | "materialized view" | "index" | "function" | "procedure" | "sequence", None) => {
            format!("DROP {} {}", kind.to_uppercase(), spelt(name))
        }
        // The rows of tables and columns are worth a thought.
        _ => return None,
    })
}

/// `view active_users` in two.
fn kind_and_name(words: &str) -> Option<(&'static str, &str)> {
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
    KINDS.iter().find_map(|kind| {
        let name = words.strip_prefix(kind)?.strip_prefix(' ')?;
        Some((*kind, name))
    })
}

/// `view active_users` with the names in backticks.
fn ticked(words: &str) -> String {
    let Some((kind, name)) = kind_and_name(words) else { return words.to_owned() };
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
    // One expression has its brackets already.
    let has_brackets = keys.starts_with('(') && !keys.contains(", ");
    let keys = if has_brackets { keys.clone() } else { format!("({keys})") };
    let message = format!("index `{name}` is a second one on `{table} {keys}`, beside `{first}`");
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
