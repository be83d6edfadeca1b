//! The words of every diagnostic, in one place: call sites pass facts.

mod hazard;
#[cfg(feature = "referee")]
mod proposals;
mod restore;
mod schema;

pub(crate) use hazard::{WAY_OUT_REASON, hazard};
#[cfg(feature = "referee")]
pub(crate) use proposals::proposals;
pub(crate) use restore::{cannot_run_again, does_not_restore, proposed_down};
pub(crate) use schema::{Made, duplicate_index, failure};

use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::directive::{Direction, Misread};
use crate::layout::Malformed;
use crate::sql;
use std::ops::Range;

impl Direction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

/// `migration 4 `add_orders``: number and name at first mention.
pub(crate) fn migration(version: i64, name: &str) -> String {
    format!("migration {version} `{name}`")
}

// ---- the directory and its files

pub(crate) fn missing_directory(place: Place, reason: &str) -> Diagnostic {
    Diagnostic::error(Code::MissingDirectory, place, "the migrations directory cannot be read")
        .note(reason)
        .help("the path in `migrations!` is relative to the folder of the crate's Cargo.toml")
}

pub(crate) fn empty_directory(place: Place) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        Code::EmptyDirectory,
        place,
        "the migrations directory holds no migration",
    )
    .help("the first one could be `001_<name>.sql`, with the sections `-- UP` and `-- DOWN`");
    diagnostic.severity = Severity::Note;
    diagnostic
}

pub(crate) fn unreadable_file(place: Place, reason: &str) -> Diagnostic {
    Diagnostic::error(Code::UnreadableFile, place, "the file cannot be read")
        .note(reason)
        .help("make it readable, or remove it from the migrations directory")
}

pub(crate) fn not_utf8(place: Place, offset: usize, byte: u8) -> Diagnostic {
    Diagnostic::error(Code::NotUtf8, place, "the file is not UTF-8")
        .note(format!("byte {} is 0x{byte:02x}, which does not continue a character", offset + 1))
        .help("save the file as UTF-8; PostgreSQL would take its bytes for other characters")
}

pub(crate) fn malformed_file_name(place: Place, path: &str, malformed: &Malformed) -> Diagnostic {
    let message = format!("`{path}` {}: {}", malformed.verdict, malformed.reason);
    let diagnostic =
        Diagnostic::error(Code::MalformedFileName, place, message).help(malformed.help.as_str());
    match path.to_ascii_lowercase().ends_with(".sql") {
        true => diagnostic.note(
            "every `.sql` file here has to be a migration, so that none is silently left out",
        ),
        false => diagnostic,
    }
}

pub(crate) fn version_too_large(place: Place, path: &str) -> Diagnostic {
    let message = format!("the version of `{path}` does not fit into 64 bits");
    Diagnostic::error(Code::VersionTooLarge, place, message)
        .note(format!("the largest version is {}", i64::MAX))
        .help("a date and time to the second (`20260328120000`) has 14 digits")
}

pub(crate) fn malformed_config(place: Place, message: &str) -> Diagnostic {
    Diagnostic::error(Code::MalformedConfig, place, message)
}

pub(crate) fn malformed_metadata(place: Place, reason: &str) -> Diagnostic {
    Diagnostic::error(Code::MalformedConfig, place, format!("diesel's `metadata.toml`: {reason}"))
        .help("write `run_in_transaction = true` or `run_in_transaction = false`")
        .note("diesel takes a file without that key for `false`")
}

// ---- the set

pub(crate) fn duplicate_version(
    version: i64,
    second: Place,
    first: Place,
    free: i64,
) -> Diagnostic {
    let message = format!("two migrations have version {version}");
    Diagnostic::error(Code::DuplicateVersion, second, message)
        .related(first, "the other one")
        .help(format!("renumber one of them; the next free version is {free}"))
}

/// `stamp`: the name with its date and time as one number, where underscores cut them apart.
pub(crate) fn one_stamp(diagnostic: Diagnostic, version: i64, stamp: &str) -> Diagnostic {
    diagnostic
        .note(format!("the version ends at the first underscore: it is {version}"))
        .help(format!("write date and time as one number: `{stamp}`"))
}

pub(crate) fn misordered_folder(
    folder: &str,
    place: Place,
    later: Place,
    mended: &str,
) -> Diagnostic {
    let message = format!("`{folder}` is dated later than a migration that would run after it");
    Diagnostic::error(Code::MalformedFileName, place, message)
        .related(later, "runs later, since its version has more digits")
        .note("diesel compares versions as text, we compare them as numbers")
        .help(format!("name it `{mended}`"))
}

pub(crate) fn version_gap(place: Place, missing: Range<i64>, inline: bool) -> Diagnostic {
    let what = match missing.end - missing.start {
        1 => format!("version {} is left out", missing.start),
        _ => format!("versions {} to {} are left out", missing.start, missing.end - 1),
    };
    let diagnostic = Diagnostic::error(Code::VersionGap, place, what)
        .note("the other versions count from 1 without a gap, so a migration may be missing")
        .help("renumber the migrations that were never applied, or add the missing one");
    diagnostic.help(match inline {
        true => {
            "if the gap is meant, begin the script with `-- migrate: allow(version-gap) <reason>`"
        }
        false => "if the gap is meant, write `allow = [\"version-gap\"]` in migrate.toml",
    })
}

pub(crate) fn missing_up(version: i64, name: &str, place: Place, expected: &str) -> Diagnostic {
    let message = format!("{} has no up script", migration(version, name));
    Diagnostic::error(Code::MissingUp, place, message)
        .help(format!("write it, expected {expected}, or remove the down script"))
}

/// `named`: a down script of the same version under another name.
pub(crate) fn missing_down(
    version: i64,
    name: &str,
    place: Place,
    expected: &str,
    inline: bool,
    named: Option<(Place, String)>,
) -> Diagnostic {
    let way_out = match inline {
        true => "write it, or say why there is none: `irreversible: \"<reason>\"`",
        false => {
            "write it, or say in the up script why there is none: `-- migrate: irreversible <reason>`"
        }
    };
    let message = format!("{} has no down script", migration(version, name));
    let diagnostic = Diagnostic::error(Code::MissingDown, place, message)
        .note(format!("every migration needs a way back; expected {expected}"))
        .help(way_out);
    match named {
        Some((place, other)) => diagnostic
            .note(format!(
                "a down script of version {version} is called `{other}`: rename one of them"
            ))
            .related(place, "has another name"),
        None => diagnostic,
    }
}

/// Above the newest version it would excuse migrations that nobody has written yet.
pub(crate) fn history_ahead(place: Place, until: i64, newest: i64) -> Diagnostic {
    let message = format!("`history-until` is {until}, and the newest migration is {newest}");
    Diagnostic::error(Code::MalformedConfig, place, message)
        .note("what is written from now on would not be checked either")
        .help(format!("write `history-until = {newest}`"))
}

pub(crate) fn adoption(newest: i64) -> String {
    format!(
        "to adopt these migrations as they are, write `history-until = {newest}` in migrate.toml: \
         up to there only what cannot be read, ordered or run is an error"
    )
}

// ---- a script

pub(crate) fn sql_problem(place: Place, problem: &sql::Problem) -> Diagnostic {
    let code = match problem.kind {
        sql::ProblemKind::NotPostgres => Code::NotPostgres,
        sql::ProblemKind::CopyFromStdin => Code::CopyFromStdin,
        sql::ProblemKind::PsqlCommand => Code::PsqlCommand,
    };
    let message = match code {
        Code::NotPostgres => format!("syntax error: {}", problem.message),
        _ => problem.message.clone(),
    };
    let mut diagnostic = Diagnostic::error(code, place, message);
    if let Some(help) = &problem.help {
        diagnostic = diagnostic.help(help.as_str());
    }
    diagnostic
}

pub(crate) fn empty_script(direction: Direction, place: Place) -> Diagnostic {
    let message = format!("the {} script has no statement", direction.word());
    let diagnostic = Diagnostic::error(Code::EmptyScript, place, message);
    match direction {
        Direction::Up => diagnostic.help("write what the migration does, or remove it"),
        Direction::Down => diagnostic
            .help("if there is nothing to undo, write `-- migrate: no-op <reason>`")
            .help("if there is no way back, write `-- migrate: irreversible <reason>`"),
    }
}

pub(crate) fn statement_before_sections(place: Place) -> Diagnostic {
    Diagnostic::error(
        Code::MalformedSections,
        place,
        "a statement stands before the first section mark",
    )
    .label("belongs to no section")
    .help("move it below `-- UP`")
}

pub(crate) fn repeated_section(direction: Direction, second: Place, first: Place) -> Diagnostic {
    let message = format!("the {} section starts twice", direction.word());
    Diagnostic::error(Code::MalformedSections, second, message)
        .label("second time")
        .related(first, "first time")
        .help("make it one section, or two migrations")
}

pub(crate) fn section_in_single(direction: Direction, place: Place, file: Direction) -> Diagnostic {
    let message = format!(
        "a section mark for {} in a file that is the {} script",
        direction.word(),
        file.word()
    );
    Diagnostic::error(Code::MalformedSections, place, message)
        .help("the file's name says which script it is: remove the mark")
}

pub(crate) fn sections_in_single(place: Place, file: Direction) -> Diagnostic {
    let message = format!(
        "the file is the {} script by its name, and has marks for both sections",
        file.word()
    );
    Diagnostic::error(Code::MalformedSections, place, message)
        .label("what follows would run with the rest")
        .help(
            "move each section into the file of its name, or name the file `<version>_<name>.sql`",
        )
}

pub(crate) fn mark_behind_statement(place: Place) -> Diagnostic {
    Diagnostic::error(
        Code::MalformedSections,
        place,
        "a section mark stands behind a statement, where it marks nothing",
    )
    .help("put it on a line of its own")
}

pub(crate) fn missing_up_section(place: Place) -> Diagnostic {
    Diagnostic::error(
        Code::MalformedSections,
        place,
        "the file has a down section and no up section",
    )
    .help("write `-- UP` above the statements that apply the migration")
}

pub(crate) fn misread(place: Place, misread: &Misread) -> Diagnostic {
    Diagnostic::error(misread.code, place, misread.message.as_str()).help(misread.help.as_str())
}

pub(crate) fn directive_inside_statement(place: Place) -> Diagnostic {
    Diagnostic::error(Code::MisplacedDirective, place, "a directive stands inside a statement")
        .help("put it above the statement, or check the semicolon before it")
}

pub(crate) fn directive_behind_statement(place: Place, word: &str) -> Diagnostic {
    let message = format!("`{word}` stands behind a statement, and speaks of the next one");
    Diagnostic::error(Code::MisplacedDirective, place, message)
        .help("put it on a line of its own, above the statement that it is about")
}

pub(crate) fn directive_without_statement(place: Place, word: &str) -> Diagnostic {
    let message = format!("no statement follows `{word}`");
    Diagnostic::error(Code::MisplacedDirective, place, message)
        .help("it speaks of the next statement: put it above that one, or remove it")
}

pub(crate) fn down_beside(word: &str, place: Place, down: Place) -> Diagnostic {
    let message = format!("the migration says `{word}` and has a down script all the same");
    Diagnostic::error(Code::MisplacedDirective, place, message)
        .related(down, "the down script")
        .help("remove one of them")
}

pub(crate) fn no_op_in_up(place: Place) -> Diagnostic {
    Diagnostic::error(Code::MisplacedDirective, place, "`no-op` speaks of a down script")
        .help("put it into the down section or the down file")
}

pub(crate) fn mixed(
    outside: Place,
    command: &str,
    other: Place,
    direction: Direction,
) -> Diagnostic {
    let message =
        format!("`{command}` cannot run in the transaction that the other statements run in");
    let word = direction.word();
    Diagnostic::error(Code::MixedTransactionMode, outside, message)
        .label("must run outside a transaction")
        .related(other, "runs in a transaction")
        .help(format!("move `{command}` into a migration of its own: its {word} script then needs no directive"))
        .help("or give up the transaction for the whole script: `-- migrate: no-transaction` on its first line")
}

pub(crate) fn outside_in_block(place: Place, command: &str) -> Diagnostic {
    let message = format!("`{command}` cannot run between `BEGIN` and `COMMIT`");
    Diagnostic::error(Code::MixedTransactionMode, place, message)
        .label("must run outside a transaction")
        .note("PostgreSQL refuses it there: SQLSTATE 25001")
        .help("remove `BEGIN` and `COMMIT`, or move it into a migration of its own")
}

pub(crate) fn transaction_control(place: Place, command: &str, unbalanced: bool) -> Diagnostic {
    const WHY: &str = "each script runs in a transaction that also records it in the history";
    let error = |message: &str| {
        let message = format!("`{command}` {message}");
        Diagnostic::error(Code::TransactionControl, place, message)
    };
    if command == "SET TRANSACTION" {
        return error("comes too late: the migration's transaction has begun")
            .note(WHY)
            .help("write the block yourself, `BEGIN; SET TRANSACTION …; … COMMIT;`, with `-- migrate: no-transaction` on the first line");
    }
    if unbalanced {
        let inner = ["SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT"].contains(&command);
        return error(match inner {
            true => "stands outside a `BEGIN … COMMIT` block",
            false => "opens or ends no block of its own",
        })
        .note("a script that says `no-transaction` may hold whole `BEGIN … COMMIT` blocks only")
        .help("write both ends of the block, or remove it");
    }
    error("inside a migration, which runs in a transaction")
        .label("would end or split the migration's transaction")
        .note(WHY)
        .help("remove it: what belongs together already stands in one script")
        .help("or run the statements one by one: `-- migrate: no-transaction` on the first line")
}

pub(crate) fn enum_value_used(used: Place, added: Place, value: &str) -> Diagnostic {
    let message = format!("the new enum value '{value}' is used in the transaction that adds it");
    Diagnostic::error(Code::EnumValueUsedInTransaction, used, message)
        .label("used here")
        .related(added, "added here")
        .note("PostgreSQL refuses a new value until its transaction is committed: SQLSTATE 55P04")
        .help("add the value in a migration of its own, before this one")
        .help(format!(
            "if this '{value}' is another text, write `-- migrate: allow({}) <reason>` above the statement",
            Code::EnumValueUsedInTransaction
        ))
}

pub(crate) fn unused_allow(place: Place, code: Code) -> Diagnostic {
    let message = format!("`allow({code})` allows nothing");
    Diagnostic::error(Code::UnusedAllow, place, message).help("remove it")
}

pub(crate) fn missing_baseline(place: Place, name: &str) -> Diagnostic {
    let message = format!("the baseline `{name}` is not in the migrations directory");
    Diagnostic::error(Code::MalformedConfig, place, message)
        .note("it holds the statements that make what exists before the first migration")
        .help("write it: `pg_dump --schema-only > migrations/schema.sql`, and `baseline = \"schema.sql\"`")
}
