//! Comments that say something to us: `-- migrate: …`, and the marks of the peers.
//!
//! Reading one is a pure question about a line of text; where it may stand is decided by
//! [`script`](crate::script).

mod peers;
#[cfg(test)]
mod tests;

use crate::diagnostic::Code;
use crate::list::CollectVec;
use std::ops::Range;

pub(crate) use peers::is_sqlx_no_transaction;

/// What a comment means to us.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    /// The up or the down section starts on the next line.
    Section(Section),
    /// `irreversible <reason>`: there is no down.
    Irreversible(String),
    /// `no-op <reason>`: the down has nothing to undo.
    NoOp(String),
    /// The script runs statement by statement, outside a transaction; goose's and Atlas's marks
    /// speak of the whole file, wherever they stand.
    NoTransaction { whole_file: bool },
    /// `allow(code, …) <reason>`.
    Allow(Vec<Code>),
    /// `opaque <reason>`: the next statement is not analysed.
    Opaque,
    /// A mark of a peer that we do not need: goose's `StatementBegin`.
    Neutral,
}

/// A section mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) direction: Direction,
    /// `transaction:false` (dbmate), `notransaction` (sql-migrate).
    pub(crate) no_transaction: bool,
    /// `-- UP` and `-- DOWN` are ordinary comments in a file that does not hold both.
    pub(crate) plain: bool,
    /// A mark that separates: what stands above it is the up section, without a mark of its own.
    pub(crate) separates: bool,
}

impl Section {
    /// A mark that cannot be anything else.
    fn explicit(direction: Direction) -> Section {
        Section { direction, no_transaction: false, plain: false, separates: false }
    }
}

/// Which way a script goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Applies the migration.
    Up,
    /// Rolls it back.
    Down,
}

/// A comment that means to be a directive and is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: String,
    /// The bad word, in bytes of the comment.
    pub(crate) range: Range<usize>,
}

/// The words that may follow `-- migrate:`.
const WORDS: &[&str] = &[
    "up",
    "down",
    "irreversible",
    "no-op",
    "no-transaction",
    "allow",
    "opaque",
    "backfill",
    "lock-timeout",
    "statement-timeout",
];

/// Reads a comment, `--` or `/*` included. `None`: it says nothing to us.
pub(crate) fn read(comment: &str) -> Option<Result<Directive, Misread>> {
    if comment.starts_with("/*") {
        return in_block_comment(comment).map(Err);
    }
    let body = comment.strip_prefix("--")?;
    let text = body.trim_start();
    let at = comment.len() - text.len();
    let text = text.trim_end();
    if let Some(rest) = text.strip_prefix("migrate:") {
        return Some(ours(rest, at + "migrate:".len()));
    }
    peers::read(text, at).or_else(|| near_miss(text, at).map(Err))
}

/// A directive that was put into `/* … */`, where none is read.
fn in_block_comment(comment: &str) -> Option<Misread> {
    let text = comment.trim_start_matches(['/', '*']).trim_start();
    let directive = text.lines().next()?.trim_end_matches(['/', '*', ' ', '\t']);
    let meant = ["migrate:", "+goose ", "+migrate "].iter().any(|mark| directive.starts_with(mark));
    let at = comment.len() - text.len();
    meant.then(|| Misread {
        code: Code::UnknownDirective,
        message: "a directive is not read in a block comment".to_owned(),
        help: format!("write `-- {directive}`, on a line of its own"),
        range: at..at + directive.len(),
    })
}

/// What follows `migrate:`; `at` is where that stands in the comment.
fn ours(rest: &str, at: usize) -> Result<Directive, Misread> {
    let text = rest.trim_start();
    let at = at + rest.len() - text.len();
    let (word, tail) = split_word(text, |c| c == '(' || c == ':' || c == ',');
    let range = at..at + word.len();
    let section = |direction| {
        let no_transaction = section_option(tail, at + word.len())?;
        Ok(Directive::Section(Section { no_transaction, ..Section::explicit(direction) }))
    };
    match word {
        "up" => section(Direction::Up),
        "down" => section(Direction::Down),
        "irreversible" => reason(word, tail, range).map(Directive::Irreversible),
        "no-op" => reason(word, tail, range).map(Directive::NoOp),
        "no-transaction" => {
            no_arguments(tail, range).map(|()| Directive::NoTransaction { whole_file: false })
        }
        "allow" => allow(tail, range),
        "opaque" => reason(word, tail, range).map(|_| Directive::Opaque),
        "backfill" | "lock-timeout" | "statement-timeout" => Err(Misread {
            code: Code::UnsupportedDirective,
            message: format!("`{word}` is not supported by this version"),
            help: "remove it: a directive that does nothing would be a false promise".into(),
            range,
        }),
        _ => Err(unknown_word(word, range)),
    }
}

/// dbmate's `transaction:false` after a section mark.
fn section_option(tail: &str, at: usize) -> Result<bool, Misread> {
    let option = tail.trim();
    match option {
        "" => Ok(false),
        "transaction:false" => Ok(true),
        "transaction:true" => Ok(false),
        _ if option.starts_with(':') => Ok(false), // `-- migrate: up: create users`
        _ => Err(Misread {
            code: Code::UnknownDirective,
            message: format!("`{option}` is no option of a section mark"),
            help: "the only option is `transaction:false`; a remark may follow after a colon"
                .into(),
            range: at..at + tail.len(),
        }),
    }
}

fn reason(word: &str, tail: &str, range: Range<usize>) -> Result<String, Misread> {
    let reason = tail.trim().trim_start_matches(':').trim();
    if reason.is_empty() {
        return Err(Misread {
            code: Code::MisplacedDirective,
            message: format!("`{word}` needs a reason"),
            help: format!("write why: `-- migrate: {word} <reason>`"),
            range,
        });
    }
    Ok(reason.to_owned())
}

fn no_arguments(tail: &str, range: Range<usize>) -> Result<(), Misread> {
    let extra = tail.trim();
    if extra.is_empty() || extra.starts_with(':') {
        return Ok(());
    }
    Err(Misread {
        code: Code::UnknownDirective,
        message: format!("`no-transaction` takes no arguments, found `{extra}`"),
        help: "put the remark into a comment of its own".into(),
        range,
    })
}

fn allow(tail: &str, range: Range<usize>) -> Result<Directive, Misread> {
    let misread = |code, message: String, help: &str| Misread {
        code,
        message,
        help: help.to_owned(),
        range: range.clone(),
    };
    let list = tail.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let Some((list, tail)) = list else {
        return Err(misread(
            Code::UnknownDirective,
            "`allow` needs a list of codes in parentheses".into(),
            "write `-- migrate: allow(code) <reason>`",
        ));
    };
    reason("allow(…)", tail, range.clone())?;
    let codes = list.split(',').map(|name| allowable(name.trim()));
    match codes.collect::<Result<Vec<_>, _>>() {
        Ok(codes) => Ok(Directive::Allow(codes)),
        Err((message, help)) => Err(misread(Code::UnknownDirective, message, &help)),
    }
}

fn allowable(name: &str) -> Result<Code, (String, String)> {
    match Code::from_name(name) {
        Some(code) if code.tier().allows_directive() => Ok(code),
        Some(_) => Err((
            format!("`{name}` cannot be allowed"),
            "without it the set could not be read, ordered or run".to_owned(),
        )),
        None => {
            let names = Code::ALL.iter().filter(|code| code.tier().allows_directive());
            let names: Vec<_> = names.map(|code| code.as_str()).collect_vec();
            let help = match closest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the codes that can be allowed are: {}", names.join(", ")),
            };
            Err((format!("there is no code `{name}`"), help))
        }
    }
}

fn unknown_word(word: &str, range: Range<usize>) -> Misread {
    let help = match closest(word, WORDS) {
        Some(near) => format!("did you mean `-- migrate: {near}`?"),
        None => format!(
            "the directives are: {}; a remark may begin with any other word than `migrate:`",
            WORDS[..7].join(", ")
        ),
    };
    Misread {
        code: Code::UnknownDirective,
        message: format!("there is no directive `{word}`"),
        help,
        range,
    }
}

/// `-- migrte: down`, `-- migrate irreversible`, `-- no-transaction`: nothing is silently ignored.
/// `-- migrate the data` and `-- Migrate: copy the rows` are prose.
fn near_miss(text: &str, at: usize) -> Option<Misread> {
    let misread = |message: String, help: String, length: usize| Misread {
        code: Code::UnknownDirective,
        message,
        help,
        range: at..at + length,
    };
    let (first, rest) = split_word(text, |c| c == ':');
    if first == "no-transaction" {
        let help =
            "write `-- migrate: no-transaction`; sqlx's own mark counts on the first line only";
        return Some(misread("`no-transaction` stands alone".into(), help.into(), first.len()));
    }
    let spelt = first.eq_ignore_ascii_case("migrate");
    // As nearly every comment: measuring how far its words are from ours takes its time, unoptimised.
    if !spelt && !rest.starts_with(':') {
        return None;
    }
    let (second, tail) = split_word(rest.trim_start_matches([':', ' ']), |c| c == '(' || c == ':');
    let word = closest(second, WORDS);
    let near = spelt || distance(&first.to_ascii_lowercase(), "migrate") <= 2;
    let colon = near && rest.starts_with(':') && word.is_some();
    let unmistakable = match second {
        "up" | "down" => tail.trim().is_empty(),
        "allow" => tail.trim_start().starts_with('('),
        "opaque" | "backfill" => false, // `-- migrate backfill rows` is prose
        _ => WORDS.contains(&second),
    };
    (colon || spelt && unmistakable).then(|| {
        misread(
            format!("`{first}` does not start a directive"),
            format!("did you mean `-- migrate: {}`?", word.unwrap_or("…")),
            first.len(),
        )
    })
}

/// The first word and what follows it; a blank or `also` ends the word.
fn split_word(text: &str, also: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c: char| c.is_whitespace() || also(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// The candidate that was most likely meant, if any is near.
pub(crate) fn closest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let limit = (word.len() / 3).clamp(1, 3);
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, added, left out or swapped (Damerau–Levenshtein, adjacent).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect_vec(), b.chars().collect_vec());
    let mut rows = vec![(0..=b.len()).collect_vec()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitution = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
