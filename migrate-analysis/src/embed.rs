//! A checked set as it is embedded: the bytes that the runtime reads, and what the macro writes an
//! item of. What the bytes mean is told in the runtime: `migrate-runtime/src/record.rs`.

use crate::list::CollectVec;
use crate::lock::LockMode;
use crate::ordered::sort_by_key;
use crate::plan::{PlannedDown, PlannedLock, PlannedMigration, PlannedScript, PlannedStatement};
use crate::source::SourceId;
use crate::statement::ConcurrentIndex;
use crate::{Analysis, Step, Verdict};
use std::fmt::Write;
use std::ops::Range;

/// Migrations in a row, as they are embedded.
///
/// Nothing in it depends on what stands before or behind it, so that what has not changed need not be
/// written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// In order of version.
    pub migrations: Vec<Embedded>,
    /// All scripts, one behind the other.
    pub scripts: String,
    /// What the records point into, beside the scripts.
    pub texts: String,
    /// A record a migration.
    pub records: Vec<u8>,
}

/// What an item is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The number it is ordered by.
    pub version: i64,
    /// The name, from the file.
    pub name: String,
    /// What hovering it shows, as a literal: it is written once and read in every build.
    pub doc: String,
    /// Whether a rollback can cross it.
    pub is_reversible: bool,
}

impl Segment {
    /// All of a set. `folder` is the directory as it is written in the macro call; there is none where
    /// the scripts stand in the call.
    pub fn new(analysis: &Analysis, folder: Option<&str>) -> Segment {
        Segment::of(analysis, &analysis.plan.migrations, 0..analysis.sources.len(), folder)
    }

    /// Some migrations, whose scripts are among these sources.
    pub(crate) fn of(
        analysis: &Analysis,
        migrations: &[PlannedMigration],
        sources: Range<usize>,
        folder: Option<&str>,
    ) -> Segment {
        let mut segment = Segment::default();
        let mut offsets = vec![0; sources.start];
        for source in analysis.sources.get(sources).unwrap_or_default() {
            offsets.push(segment.scripts.len());
            if source.is_script() {
                segment.scripts.push_str(source.text());
            }
        }
        let folder = folder.map(|folder| folder.replace('\\', "/"));
        let folder = folder.map(|folder| folder.trim_end_matches('/').to_owned());
        let writer = Writer { analysis, offsets, folder };
        migrations.iter().for_each(|migration| writer.migration(migration, &mut segment));
        segment
    }

    fn text(&mut self, text: &str) {
        self.texts.push_str(text);
        self.number(self.texts.len());
    }

    /// Scripts of 4 GB do not fit into a compiler.
    fn number(&mut self, n: usize) {
        self.records.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
    }
}

struct Writer<'a> {
    analysis: &'a Analysis,
    /// Where each source begins in the row of all scripts.
    offsets: Vec<usize>,
    folder: Option<String>,
}

impl Writer<'_> {
    fn migration(&self, migration: &PlannedMigration, segment: &mut Segment) {
        let up = self.texts(&migration.up, migration, "up");
        let (kind, down, script) = match &migration.down {
            PlannedDown::Script(script) => (0, self.texts(script, migration, "down"), Some(script)),
            PlannedDown::NoOp(reason) => (1, (reason.clone(), String::new()), None),
            PlannedDown::Irreversible(reason) => (2, (reason.clone(), String::new()), None),
        };
        segment.records.extend_from_slice(&migration.version.to_le_bytes());
        segment.records.extend_from_slice(&[
            kind,
            number(migration.verdict),
            u8::from(!migration.destroys.is_empty()),
        ]);
        segment.number(segment.texts.len());
        for text in [&migration.name, &up.0, &up.1, &down.0, &down.1] {
            segment.text(text);
        }
        self.script(Some(&migration.up), segment);
        self.script(script, segment);
        segment.migrations.push(Embedded {
            version: migration.version,
            name: migration.name.clone(),
            doc: literal(&doc(migration)),
            is_reversible: migration.is_reversible(),
        });
    }

    /// Its path and its steps.
    fn texts(
        &self,
        script: &PlannedScript,
        migration: &PlannedMigration,
        direction: &str,
    ) -> (String, String) {
        let source = self.analysis.sources.get(script.source.index());
        let path = match (&self.folder, source) {
            (Some(folder), Some(source)) => [folder, "/", source.path()].concat(),
            _ => format!("{}_{}.{direction} (inline)", migration.version, migration.name),
        };
        (path, pack(script))
    }

    fn script(&self, script: Option<&PlannedScript>, segment: &mut Segment) {
        let range = script.map(|script| self.range(script.source)).unwrap_or_default();
        segment.number(range.start);
        segment.number(range.end);
        segment.records.extend_from_slice(&script.map_or([0; 32], |script| script.checksum));
        segment.records.push(script.is_some_and(|script| script.transactional).into());
        segment.records.push(script.map_or(0, strongest));
    }

    /// Where the text of a source stands in the row of all scripts.
    fn range(&self, source: SourceId) -> Range<usize> {
        let at = source.index();
        let start = self.offsets.get(at).copied().unwrap_or_default();
        start..start + self.analysis.sources.get(at).map_or(0, |source| source.text().len())
    }
}

/// As the runtime's `record.rs` counts them.
fn number(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Unproven => 0,
        Verdict::Exact => 1,
        Verdict::ColumnOrder => 2,
        Verdict::DoesNotRestore => 3,
        Verdict::Irreversible => 4,
    }
}

/// The strongest lock, or that more may be locked than is known.
fn strongest(script: &PlannedScript) -> u8 {
    match script.locks_are_known() {
        true => mode(script.strongest_lock()),
        false => 9,
    }
}

/// As the runtime's `table_lock.rs` counts them.
fn mode(mode: LockMode) -> u8 {
    mode as u8
}

/// The steps as one string: see `Steps` in the runtime's `migration.rs`.
fn pack(script: &PlannedScript) -> String {
    let mut packed = String::new();
    for Step { range, builds_index, setting } in &script.steps {
        packed.push_str(if *setting { "s" } else { "" });
        let _ = match builds_index {
            None => write!(packed, "{}-{}", range.start, range.end),
            Some(ConcurrentIndex { table, index }) => {
                let index = index.iter().map(|name| format!("{}:{name}", name.len()));
                let (length, index) = (table.len(), index.collect::<String>());
                write!(packed, "c{}-{},{length}:{table}{index}", range.start, range.end)
            }
        };
        let is_in =
            |it: &&PlannedStatement| range.start <= it.range.start && it.range.end <= range.end;
        for lock in script.statements.iter().filter(is_in).flat_map(|it| &it.locks) {
            pack_lock(lock, &mut packed);
        }
        packed.push(';');
    }
    packed
}

/// See `TableLocks` in the runtime's `table_lock.rs`.
fn pack_lock(lock: &PlannedLock, packed: &mut String) {
    let PlannedLock { relation, rewrites, scans, builds_index, is_table, .. } = lock;
    let flag = |is: &bool, letter| if *is { letter } else { "" };
    let _ = write!(
        packed,
        "!{}{}{}{}{}{}:{relation}",
        mode(lock.mode),
        flag(rewrites, "r"),
        flag(scans, "s"),
        flag(builds_index, "b"),
        flag(is_table, "t"),
        relation.len()
    );
}

/// Raw where it can be: then the compiler need not look for what is escaped.
fn literal(text: &str) -> String {
    let is_plain = |c: char| matches!(c, '\n' | '"' | '\'' | '\\') || c.escape_debug().len() == 1;
    // So many hashes are nowhere but in a test; Rust takes 255.
    let hashes = (1..9).map(|count| "#".repeat(count));
    let end =
        hashes.map(|hashes| ["\"", &hashes].concat()).find(|end| !text.contains(end.as_str()));
    match end {
        Some(end) if text.chars().all(is_plain) => {
            let hashes = &end[1..];
            ["r", hashes, "\"", text, &end].concat()
        }
        _ => format!("{text:?}"),
    }
}

/// What hovering a migration shows.
fn doc(migration: &PlannedMigration) -> String {
    const MOST: usize = 12;
    let mut doc = format!("Migration {} ", migration.version);
    code(&migration.name, &mut doc);
    doc.push_str(".\n\n");
    let mut lines: Vec<String> = migration.up.statements.iter().map(line).collect_vec();
    lines.dedup();
    doc.extend(lines.iter().take(MOST).map(String::as_str));
    if lines.len() > MOST {
        let _ = writeln!(doc, "- … and {} more", lines.len() - MOST);
    }
    if !migration.up.transactional {
        doc.push_str("\nRuns statement by statement, outside a transaction.\n");
    }
    locks(&migration.up, &mut doc);
    if !migration.destroys.is_empty() {
        let _ = writeln!(doc, "\nDestroys data: {}.", some(&migration.destroys));
    }
    doc.push_str(match migration.verdict {
        Verdict::Exact | Verdict::Irreversible => "",
        Verdict::ColumnOrder => "\nRolled back, it leaves columns in another order.\n",
        Verdict::Unproven => "\nNot known: whether rolling it back restores the schema.\n",
        Verdict::DoesNotRestore => "\nRolling it back does not restore the schema.\n",
    });
    if let PlannedDown::Irreversible(reason) = &migration.down {
        let _ = writeln!(doc, "\nIrreversible: {reason}");
    }
    doc
}

/// What it locks of what was there before: a line for each relation.
fn locks(script: &PlannedScript, doc: &mut String) {
    let unknown = !script.locks_are_known();
    let mut all: Vec<PlannedLock> = Vec::new();
    for lock in script.statements.iter().flat_map(|it| &it.locks) {
        match all.iter_mut().find(|own| own.relation == lock.relation) {
            Some(own) => own.add(lock),
            None => all.push(lock.clone()),
        }
    }
    // An index is locked with its table; what nobody waits for is not worth a line.
    all.retain(|lock| lock.mode.blocks_writes() && !lock.is_index);
    sort_by_key(&mut all, |lock| std::cmp::Reverse(lock.mode));
    if all.is_empty() && !unknown {
        return;
    }
    doc.push_str("\nLocks:\n");
    for lock in &all {
        doc.push_str("- ");
        code(&lock.relation, doc);
        let _ = write!(doc, " {}, which {}", lock.mode, lock.mode.blocks());
        let work = [
            (lock.rewrites, "while the table is written anew"),
            (lock.builds_index && !lock.rewrites, "while an index is built"),
            (lock.scans && !lock.rewrites, "while all rows are read"),
        ];
        let work: Vec<&str> =
            work.iter().filter(|(is, _)| *is).map(|(_, words)| *words).collect_vec();
        if !work.is_empty() {
            let _ = write!(doc, " {}", work.join(" and "));
        }
        doc.push('\n');
    }
    if unknown {
        doc.push_str("- perhaps more: a statement of it cannot be followed\n");
    }
}

/// What a statement does, and what goes with what it drops.
fn line(statement: &PlannedStatement) -> String {
    let PlannedStatement { action, takes_along, .. } = statement;
    let mut line = "- ".to_owned();
    code(&action.command, &mut line);
    if let Some(object) = &action.object {
        line.push(' ');
        code(object, &mut line);
    }
    if !takes_along.is_empty() {
        let _ = write!(line, ", and with it {}", some(takes_along));
    }
    line.push('\n');
    line
}

/// Without `format!`, as all that is done for each of thousands of statements, unoptimised.
fn code(text: &str, doc: &mut String) {
    doc.push('`');
    match text.contains('`') {
        true => doc.push_str(&text.replace('`', "'")),
        false => doc.push_str(text),
    }
    doc.push('`');
}

/// The first of them, which have their backticks: every word is one for the compiler to read.
fn some(items: &[String]) -> String {
    const MOST: usize = 4;
    let shown = items.iter().take(MOST).map(String::as_str).collect_vec().join(", ");
    match items.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn literals() {
        for (text, raw) in [
            ("", r###"r#""#"###),
            ("a `b` \\n\n- 'c'\n", "r#\"a `b` \\n\n- 'c'\n\"#"),
            ("a \"b\"# c", "r##\"a \"b\"# c\"##"),
            ("ä", "r#\"ä\"#"),
        ] {
            assert_eq!(literal(text), raw);
        }
        // rustc takes no lone CR and no character that changes the direction, nor 256 hashes.
        let hashes = format!("\"{}", "#".repeat(300));
        for text in ["a\rb", "\u{202e}", "\0", &hashes] {
            assert_eq!(literal(text), format!("{text:?}"));
        }
    }
}
