//! What a set of migrations means and what is wrong with it.
//!
//! Sources in, a plan and diagnostics out: [`analyze`] for a directory, [`analyze_inline`] for
//! scripts written in the macro call. The macro, the build script and the command all ask here.
//!
//! | room | question |
//! |---|---|
//! | [`source`] | what do the files say? (the only room that reads the disk) |
//! | `layout` | which files are migrations? |
//! | `directive` | what do the comments say to us? |
//! | [`sql`] | which statements are there, and are they PostgreSQL's? (the only room with parsers) |
//! | `transaction` | does the script run in one transaction? |
//! | `script` | what does one file mean? |
//! | `set` | what do they mean together? |
//! | `ddl` | what does a statement say? |
//! | `catalog`, `simulate`, `chain` | which schema does it meet, and what becomes of it? |
//! | `diff`, `deparse`, `restore`, `inverse` | does the down bring it back, and what would? |
//! | `lock` | what does a statement lock, and for how long? |
//! | `rules` | is that dangerous in production? |
//! | `schema` | what of all that is wrong? |
//! | [`plan`] | the checked set |
//! | [`diagnostic`], `wording`, [`render`] | what is wrong, in which words, drawn how |
//! | [`embed`] | how is it embedded? |
//! | [`cache`] | what of all this need not be asked again |
//! | `list`, `ordered` | how are lists made, how are sets and maps kept in order? |
//!
//! This crate knows no proc macro, no database client and no environment variable; it returns data
//! and never prints.

pub mod cache;
mod catalog;
mod chain;
mod checksum;
pub mod config;
mod ddl;
mod deparse;
pub mod diagnostic;
mod diff;
mod directive;
pub mod embed;
#[cfg(feature = "referee")]
#[doc(hidden)]
pub mod fidelity;
#[cfg(feature = "referee")]
#[doc(hidden)]
pub mod hazards;
mod inverse;
mod layout;
mod list;
mod lock;
mod ordered;
pub mod plan;
pub mod render;
mod restore;
mod rules;
mod schema;
mod script;
mod set;
mod simulate;
pub mod source;
pub mod sql;
pub mod statement;
mod transaction;
mod wording;

pub use directive::Direction;
pub use lock::LockMode;
pub use restore::Verdict;
pub use transaction::Step;

use crate::list::CollectVec;
use cache::{Cache, Replay};
use config::Config;
use diagnostic::{Diagnostic, Place, Severity};
use layout::{Entry, Layout, Named, Part};
use ordered::SortedMap;
use plan::Plan;
use set::Candidate;
use source::{Directory, File, Source, SourceId};

/// A checked set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The files, in the order that diagnostics are reported in.
    pub sources: Vec<Source>,
    /// What is to be run. After errors, only what could be read.
    pub plan: Plan,
    /// What is wrong, in order of version and place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// What stops the build.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Checks a directory. `Err` is the reason why it could not be read, which is a diagnostic too.
///
/// `cache` holds what earlier analyses found; afterwards it holds what this one did.
pub fn analyze(directory: Result<Directory, String>, cache: &mut Cache) -> Analysis {
    let mut analysis = Analysis::default();
    match directory {
        Ok(directory) => {
            if let Some(kept) = cache.whole(&directory) {
                return kept;
            }
            analysis = analyze_files(directory, cache);
            cache.keep(&analysis);
        }
        Err(reason) => {
            let place = Place::file(analysis.add(Source::new("", "")));
            analysis.diagnostics.push(wording::missing_directory(place, &reason));
        }
    }
    analysis
}

/// Checks the files with what `cache` holds of each, and of their replay.
pub(crate) fn analyze_files(directory: Directory, cache: &mut Cache) -> Analysis {
    let mut analysis = Analysis::default();
    let candidates = Vec::new();
    Reader { analysis: &mut analysis, cache, candidates, complete: true }.read(directory);
    analysis
}

/// A migration written in the macro call.
#[derive(Clone, Debug)]
pub struct InlineMigration {
    /// The number it is ordered by.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// The script that applies it.
    pub up: Source,
    /// The script that rolls it back.
    pub down: Option<Source>,
    /// Why there is none.
    pub irreversible: Option<String>,
}

/// Checks scripts written in the macro call. The sources of the answer are the scripts in order,
/// each up before its down.
pub fn analyze_inline(migrations: Vec<InlineMigration>) -> Analysis {
    let mut analysis = Analysis::default();
    let mut candidates = Vec::new();
    for migration in migrations {
        let scripts = [(Part::Up, Some(migration.up)), (Part::Down, migration.down)];
        for (part, source) in scripts {
            let Some(source) = source else { continue };
            let id = analysis.add(source);
            let source = &analysis.sources[id.index()];
            let mut file = script::read(id, source.text(), part, None);
            if let (Part::Up, Some(reason)) = (part, &migration.irreversible) {
                file.irreversible = Some((reason.clone(), 0..0));
            }
            candidates.push(Candidate {
                source: id,
                path: source.path().to_owned(),
                version: migration.version,
                file,
                named: Named {
                    version: Some(migration.version),
                    name: migration.name.clone(),
                    part,
                    layout: Layout::Inline,
                },
            });
        }
    }
    analysis.assemble(candidates, &Config::default(), true, &mut Replay::default());
    analysis
}

impl Analysis {
    fn add(&mut self, source: Source) -> SourceId {
        self.sources.push(source);
        SourceId(self.sources.len() - 1)
    }

    fn assemble(
        &mut self,
        candidates: Vec<Candidate>,
        config: &Config,
        complete: bool,
        replay: &mut Replay,
    ) {
        let (plan, diagnostics) =
            set::assemble(candidates, config, &self.sources, complete, replay);
        self.plan = plan;
        self.diagnostics.extend(diagnostics);
        diagnostic::sort(&mut self.diagnostics);
    }
}

struct Reader<'a> {
    analysis: &'a mut Analysis,
    cache: &'a mut Cache,
    candidates: Vec<Candidate>,
    /// Whether every script could be read.
    complete: bool,
}

impl Reader<'_> {
    fn read(mut self, directory: Directory) {
        let mut files: Vec<(Entry, File)> =
            directory.files.into_iter().map(|file| (layout::entry(&file.path), file)).collect_vec();
        files.sort_by_cached_key(|(entry, file)| (order(entry), file.path.clone()));
        let mut config = Config::default();
        let mut reserved: Vec<File> = Vec::new();
        let mut metadata: SortedMap<String, bool> = SortedMap::new();
        for (entry, file) in files {
            match entry {
                Entry::Reserved => reserved.push(file),
                Entry::Config => config = self.config(&file),
                Entry::Metadata { folder } => self.metadata(folder, &file, &mut metadata),
                Entry::Malformed(malformed) => {
                    self.complete = false;
                    let place = Place::file(self.analysis.add(Source::new(&file.path, "")));
                    let diagnostic = wording::malformed_file_name(place, &file.path, &malformed);
                    self.analysis.diagnostics.push(diagnostic);
                }
                Entry::Script(named) => self.script(named, &file, &metadata),
            }
        }
        self.baseline(&mut config, &reserved);
        if self.candidates.is_empty() && self.analysis.diagnostics.is_empty() {
            let place = Place::file(self.analysis.add(Source::new("", "")));
            self.analysis.diagnostics.push(wording::empty_directory(place));
        }
        let newest = self.candidates.iter().map(|candidate| candidate.version).max();
        if let (Some(until), Some(place), Some(newest)) =
            (config.history_until, &config.history_place, newest)
            && (newest < until && until != i64::MAX)
        {
            let diagnostic = wording::history_ahead(place.clone(), until, newest);
            self.analysis.diagnostics.push(diagnostic);
        }
        let replay = self.cache.replay();
        self.analysis.assemble(self.candidates, &config, self.complete, replay);
    }

    /// The file as a source; where it is no text, as an empty one, with the reason reported.
    fn source(&mut self, file: &File) -> SourceId {
        let text = match &file.contents {
            Ok(bytes) => std::str::from_utf8(bytes).map_err(|error| {
                let at = error.valid_up_to();
                (at, bytes.get(at).copied().unwrap_or_default())
            }),
            Err(reason) => {
                let id = self.analysis.add(Source::without_text(&file.path));
                let diagnostic = wording::unreadable_file(Place::file(id), reason);
                self.analysis.diagnostics.push(diagnostic);
                return id;
            }
        };
        match text {
            Ok(text) => self.analysis.add(Source::new(&file.path, text)),
            Err((at, byte)) => {
                let id = self.analysis.add(Source::without_text(&file.path));
                self.analysis.diagnostics.push(wording::not_utf8(Place::file(id), at, byte));
                id
            }
        }
    }

    fn config(&mut self, file: &File) -> Config {
        let reported = self.analysis.diagnostics.len();
        let id = self.source(file);
        if self.analysis.diagnostics.len() > reported {
            return Config::unknown();
        }
        let (config, diagnostics) = Config::read(id, self.analysis.sources[id.index()].text());
        self.complete &= diagnostics.is_empty();
        self.analysis.diagnostics.extend(diagnostics);
        config
    }

    /// Reads the file that makes what exists before the set.
    fn baseline(&mut self, config: &mut Config, reserved: &[File]) {
        let Some((name, place)) = config.baseline.clone().filter(|(name, _)| !name.is_empty())
        else {
            return;
        };
        match reserved.iter().find(|file| file.path == name) {
            Some(file) => {
                let reported = self.analysis.diagnostics.len();
                let id = self.source(file);
                config.baseline_text = self.analysis.sources[id.index()].text().to_owned();
                self.complete &= self.analysis.diagnostics.len() == reported;
            }
            None => {
                self.analysis.diagnostics.push(wording::missing_baseline(place, &name));
                self.complete = false;
            }
        }
    }

    fn metadata(&mut self, folder: String, file: &File, metadata: &mut SortedMap<String, bool>) {
        let id = self.source(file);
        match layout::run_in_transaction(self.analysis.sources[id.index()].text()) {
            Ok(value) => {
                metadata.insert(folder, value);
            }
            Err(reason) => {
                let diagnostic = wording::malformed_metadata(Place::file(id), &reason);
                self.analysis.diagnostics.push(diagnostic);
            }
        }
    }

    fn script(&mut self, named: Named, file: &File, metadata: &SortedMap<String, bool>) {
        let reported = self.analysis.diagnostics.len();
        let id = self.source(file);
        let readable = self.analysis.diagnostics.len() == reported;
        let Some(version) = named.version else {
            let diagnostic = wording::version_too_large(Place::file(id), &file.path);
            self.analysis.diagnostics.push(diagnostic);
            self.complete = false;
            return;
        };
        self.complete &= readable;
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = self.analysis.sources[id.index()].text();
        let transaction = metadata.get(folder).copied();
        let mut script = self.cache.read(id, &file.path, text, named.part, transaction);
        if !readable {
            // It could not be read: that it is empty, and has no second section, follows from that.
            script.diagnostics.clear();
            if named.part == Part::Both {
                script.down.clone_from(&script.up);
            }
        }
        self.candidates.push(Candidate {
            source: id,
            path: file.path.clone(),
            version,
            named,
            file: script,
        });
    }
}

/// Settings first, since they decide about the rest; then by version, each up before its down.
fn order(entry: &Entry) -> (u8, i64, bool) {
    match entry {
        Entry::Config => (0, 0, false),
        Entry::Metadata { .. } => (1, 0, false),
        Entry::Script(named) => (2, named.version.unwrap_or(i64::MAX), named.part == Part::Down),
        Entry::Malformed(_) | Entry::Reserved => (3, 0, false),
    }
}
