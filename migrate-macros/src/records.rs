//! The list of all migrations as bytes. What they mean is told in the runtime, which reads them:
//! `migrate-runtime/src/record.rs`.

use migrate_analysis::plan::{PlannedDown, PlannedMigration, PlannedScript};
use migrate_analysis::statement::ConcurrentIndex;
use migrate_analysis::{Analysis, Step};
use std::fmt::Write;

/// What stands in the runtime's `List` beside the scripts.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) texts: String,
    pub(crate) bytes: Vec<u8>,
}

impl Records {
    /// `offsets` says where each source begins in the row of scripts; `folder` is the directory as the runtime's errors show it; there is none where the scripts
    /// stand in the call.
    pub(crate) fn new(analysis: &Analysis, offsets: &[usize], folder: Option<&str>) -> Records {
        let mut records = Records::default();
        let writer = Writer { analysis, offsets, folder };
        let migrations = &analysis.plan.migrations;
        migrations.iter().for_each(|migration| writer.migration(migration, &mut records));
        records
    }

    fn text(&mut self, text: &str) {
        self.texts.push_str(text);
        self.number(self.texts.len());
    }

    /// Scripts of 4 GB do not fit into a compiler.
    fn number(&mut self, n: usize) {
        self.bytes.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
    }
}

struct Writer<'a> {
    analysis: &'a Analysis,
    offsets: &'a [usize],
    folder: Option<&'a str>,
}

impl Writer<'_> {
    fn migration(&self, migration: &PlannedMigration, records: &mut Records) {
        let up = self.texts(&migration.up, migration, "up");
        let (kind, down, script) = match &migration.down {
            PlannedDown::Script(script) => (0, self.texts(script, migration, "down"), Some(script)),
            PlannedDown::NoOp(reason) => (1, (reason.clone(), String::new()), None),
            PlannedDown::Irreversible(reason) => (2, (reason.clone(), String::new()), None),
        };
        records.bytes.extend(migration.version.to_le_bytes());
        records.bytes.push(kind);
        records.number(records.texts.len());
        for text in [&migration.name, &up.0, &up.1, &down.0, &down.1] {
            records.text(text);
        }
        self.script(Some(&migration.up), records);
        self.script(script, records);
    }

    /// Its path and its steps.
    fn texts(
        &self,
        script: &PlannedScript,
        migration: &PlannedMigration,
        direction: &str,
    ) -> (String, String) {
        let source = self.analysis.sources.get(script.source.index());
        let path = match (self.folder, source) {
            (Some(folder), Some(source)) => {
                format!("{}/{}", folder.trim_end_matches('/'), source.path())
            }
            _ => format!("{}_{}.{direction} (inline)", migration.version, migration.name),
        };
        (path, pack(&script.steps))
    }

    fn script(&self, script: Option<&PlannedScript>, records: &mut Records) {
        let at = script.map_or(0, |script| script.source.index());
        let start = self.offsets.get(at).copied().unwrap_or_default();
        let length = self.analysis.sources.get(at).map_or(0, |source| source.text().len());
        records.number(start);
        records.number(start + length);
        records.bytes.extend(script.map_or([0; 32], |script| script.checksum));
        records.bytes.push(script.is_some_and(|script| script.transactional).into());
    }
}

/// The steps as one string: see `Steps` in the runtime's `migration.rs`.
fn pack(steps: &[Step]) -> String {
    let mut packed = String::new();
    for Step { range, builds_index, setting } in steps {
        packed.push_str(if *setting { "s" } else { "" });
        let _ = match builds_index {
            None => write!(packed, "{}-{};", range.start, range.end),
            Some(ConcurrentIndex { table, index }) => {
                let index = index.iter().map(|name| format!("{}:{name}", name.len()));
                let (length, index) = (table.len(), index.collect::<String>());
                write!(packed, "c{}-{},{length}:{table}{index};", range.start, range.end)
            }
        };
    }
    packed
}
