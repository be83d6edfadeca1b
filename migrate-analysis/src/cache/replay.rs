//! What the replay of a set came to, so that an edit replays only what comes behind it.

use super::codec::{Decode, Encode, Input, decoded, encode_slice};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::diagnostic::{Code, Severity};
use crate::lock::Servers;
use crate::plan::{Plan, PlannedDown, PlannedScript};
use crate::schema::{Doubts, Found};
use crate::source::Source;

/// An earlier replay.
///
/// What was found about a migration depends on the settings and on every migration up to it, and on
/// nothing else: it counts for as long as the bytes of all that are the same.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) basis: Basis,
    /// About each migration.
    pub(crate) found: Vec<Found>,
    /// The catalog as it was before a migration, by its place in the set: as bytes, since mostly it
    /// is only copied.
    pub(crate) catalog: Option<(usize, Vec<u8>)>,
    /// The catalog before the first migration, where others come before that.
    pub(crate) start: Option<Vec<u8>>,
    /// Whether nothing is wrong with the set, not even something that the settings allow, and no
    /// file says anything about others.
    pub(crate) settled: bool,
}

/// All that a replay depends on: the settings, and then migration by migration.
#[derive(Debug, Default)]
pub(crate) struct Basis {
    bytes: Vec<u8>,
    /// Where the settings end, and each migration.
    ends: Vec<usize>,
}

impl Basis {
    pub(crate) fn new(plan: &Plan, sources: &[Source], config: &Config, doubts: &Doubts) -> Basis {
        let mut basis = Basis::default();
        basis.settings(sources, config, doubts);
        for (place, migration) in plan.migrations.iter().enumerate() {
            migration.version.encode(&mut basis.bytes);
            migration.name.encode(&mut basis.bytes);
            basis.script(&migration.up, sources);
            match &migration.down {
                PlannedDown::Script(script) => {
                    basis.bytes.push(0);
                    basis.script(script, sources);
                }
                PlannedDown::NoOp(_) => basis.bytes.push(1),
                PlannedDown::Irreversible(_) => basis.bytes.push(2),
            }
            doubts.without_down.contains(&place).encode(&mut basis.bytes);
            basis.end();
        }
        basis
    }

    fn settings(&mut self, sources: &[Source], config: &Config, doubts: &Doubts) {
        config.external.encode(&mut self.bytes);
        config.baseline.is_some().encode(&mut self.bytes);
        config.baseline.iter().for_each(|(name, _)| name.encode(&mut self.bytes));
        config.baseline_text.encode(&mut self.bytes);
        config.small_tables.encode(&mut self.bytes);
        let Servers { oldest, newest, minor, declared } = config.servers;
        declared.encode(&mut self.bytes);
        (i64::from(oldest), i64::from(newest)).encode(&mut self.bytes);
        minor.map(i64::from).encode(&mut self.bytes);
        config.history_until.encode(&mut self.bytes);
        for code in Code::ALL.iter().filter(|code| code.is_hazard()) {
            config.apply(*code, Severity::Error).is_some().encode(&mut self.bytes);
        }
        doubts.complete.encode(&mut self.bytes);
        doubts.sources.encode(&mut self.bytes);
        for source in doubts.sources.iter().filter_map(|source| sources.get(source.index())) {
            encode_slice(source.text().as_bytes(), &mut self.bytes);
        }
        self.end();
    }

    fn script(&mut self, script: &PlannedScript, sources: &[Source]) {
        script.source.encode(&mut self.bytes);
        let text = sources.get(script.source.index()).map_or("", Source::text);
        encode_slice(text.as_bytes(), &mut self.bytes);
        script.statements.len().encode(&mut self.bytes);
        for statement in &script.statements {
            statement.range.encode(&mut self.bytes);
            statement.action.opaque.encode(&mut self.bytes);
        }
    }

    fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// How many migrations, from the first on, are the same in both; none where the settings differ.
    pub(crate) fn common(&self, other: &Basis) -> Option<usize> {
        let mut start = 0;
        let same = self.ends.iter().zip(&other.ends).take_while(|(end, others)| {
            let range = start..**end;
            start = **end;
            end == others && self.bytes.get(range.clone()) == other.bytes.get(range)
        });
        same.count().checked_sub(1)
    }
}

impl Replay {
    /// The catalog that was kept, if it is from before migration `at` or an earlier one.
    pub(crate) fn restored(&self, at: usize) -> Option<(usize, Catalog)> {
        let (place, bytes) = self.catalog.as_ref().filter(|(place, _)| *place <= at)?;
        Some((*place, catalog(bytes)?))
    }

    /// Keeps the catalog as it is before migration `at`.
    pub(crate) fn keep(&mut self, at: usize, catalog: &Catalog) {
        let mut bytes = Vec::new();
        catalog.encode(&mut bytes);
        self.catalog = Some((at, bytes));
    }
}

/// A catalog that was kept.
pub(crate) fn catalog(bytes: &[u8]) -> Option<Catalog> {
    decoded(bytes)
}

impl Encode for Replay {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_slice(&self.basis.bytes, out);
        self.basis.ends.encode(out);
        self.found.encode(out);
        self.catalog.is_some().encode(out);
        if let Some((at, bytes)) = &self.catalog {
            at.encode(out);
            encode_slice(bytes, out);
        }
    }
}

impl Decode for Replay {
    fn decode(input: &mut Input<'_>) -> Replay {
        let basis = Basis { bytes: input.slice().to_vec(), ends: Decode::decode(input) };
        let found = Decode::decode(input);
        let catalog = match bool::decode(input) {
            true => Some((usize::decode(input), input.slice().to_vec())),
            false => None,
        };
        Replay { basis, found, catalog, ..Replay::default() }
    }
}
