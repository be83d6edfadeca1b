//! The files together: pairing up with down, order, duplicates, gaps.

use crate::cache::Replay;
use crate::checksum;
use crate::config::Config;
use crate::diagnostic::{Code, Diagnostic, Place, Severity, Tier};
use crate::layout::{Layout, Named, Part};
use crate::list::CollectVec;
use crate::ordered::{SortedMap, SortedSet, sort_by_key};
use crate::plan::{
    EMPTY_DOWN, Plan, PlannedDown, PlannedMigration, PlannedScript, PlannedStatement,
};
use crate::restore::Verdict;
use crate::schema::{self, Doubts};
use crate::script::{Script, ScriptFile};
use crate::source::{Source, SourceId};
use crate::statement::Statement;
use crate::wording;

/// A file that could be read, with the version its name gives.
pub(crate) struct Candidate {
    pub(crate) source: SourceId,
    pub(crate) path: String,
    pub(crate) version: i64,
    pub(crate) named: Named,
    pub(crate) file: ScriptFile,
}

/// Makes the plan, and says what is wrong with it. `complete`: no script is missing among the candidates because it
/// could not be read.
pub(crate) fn assemble(
    candidates: Vec<Candidate>,
    config: &Config,
    sources: &[Source],
    complete: bool,
    replay: &mut Replay,
) -> (Plan, Vec<Diagnostic>) {
    let mut versions: SortedMap<i64, Vec<Candidate>> = SortedMap::new();
    for candidate in candidates {
        versions.get_or_insert_with(candidate.version, Vec::new).push(candidate);
    }
    let numbers: Vec<i64> = versions.keys().copied().collect_vec();
    let free = numbers.last().map_or(1, |newest| newest.saturating_add(1));
    let mut set = Set {
        config,
        free,
        plan: Plan::default(),
        diagnostics: Vec::new(),
        files: Vec::new(),
        doubts: Doubts { complete, ..Doubts::default() },
    };
    set.gaps(&mut versions, &numbers);
    set.misordered_folders(&versions);
    for (version, group) in versions {
        set.version(version, group);
    }
    set.plan.digest = checksum::set(&set.plan.migrations);
    set.plan.postgres = config.servers.declared_oldest();
    set.schema(sources, replay);
    for (version, candidate) in std::mem::take(&mut set.files) {
        set.finish(version, candidate);
    }
    set.propose_adoption();
    (set.plan, set.diagnostics)
}

struct Set<'a> {
    config: &'a Config,
    /// The next version that nobody has.
    free: i64,
    plan: Plan,
    diagnostics: Vec<Diagnostic>,
    /// What was planned already, by version.
    files: Vec<(i64, Candidate)>,
    doubts: Doubts,
}

impl Set<'_> {
    /// Reports what the configuration and the version's age leave of a diagnostic.
    fn report(&mut self, version: i64, mut diagnostic: Diagnostic) {
        if diagnostic.code.tier() != Tier::Structure && self.config.is_history(version) {
            return;
        }
        if let Some(severity) = self.config.apply(diagnostic.code, diagnostic.severity) {
            diagnostic.severity = severity;
            self.diagnostics.push(diagnostic);
        }
    }

    fn version(&mut self, version: i64, group: Vec<Candidate>) {
        let (ups, mut downs): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|candidate| candidate.named.part != Part::Down);
        let mut pairs: Vec<(Candidate, Option<Candidate>)> = Vec::new();
        for up in ups {
            let same_name = downs.iter().position(|down| down.named.name == up.named.name);
            pairs.push((up, same_name.map(|at| downs.remove(at))));
        }
        if pairs.len() > 1 {
            let both = pairs.iter().flat_map(|(up, down)| std::iter::once(up).chain(down));
            self.doubts.sources.extend(both.map(|candidate| candidate.source));
        }
        let mut first: Option<Place> = None;
        for (mut up, mut down) in pairs {
            let place = Place::file(up.source);
            let strays = if down.is_none() { std::mem::take(&mut downs) } else { Vec::new() };
            if let Some(first) = first.clone() {
                let mut diagnostic = wording::duplicate_version(version, place, first, self.free);
                if let Some(stamp) = cut_stamp(&up) {
                    diagnostic.help.clear();
                    diagnostic = wording::one_stamp(diagnostic, version, &stamp);
                }
                self.report(version, diagnostic);
            } else {
                first = Some(place);
            }
            // A migration that is wrong is planned all the same: its name is there, and nothing
            // follows from its being wrong.
            let planned = self.migration(version, &mut up, down.as_mut(), &strays);
            self.plan.migrations.push(planned);
            let files = strays.into_iter().chain([up]).chain(down);
            self.files.extend(files.map(|file| (version, file)));
        }
        for stray in downs {
            self.doubts.sources.push(stray.source);
            let expected = expected_up(&stray);
            let place = Place::file(stray.source);
            let diagnostic = wording::missing_up(version, &stray.named.name, place, &expected);
            self.report(version, diagnostic);
            let (name, up) = (stray.named.name.clone(), nothing(stray.source));
            let down = PlannedDown::Script(nothing(stray.source));
            self.plan.migrations.push(not_judged(version, name, up, down));
            self.files.push((version, stray));
        }
    }

    /// Replays the set on the simulated schema.
    fn schema(&mut self, sources: &[Source], replay: &mut Replay) {
        let misread = self.files.iter().filter(|(_, file)| file.file.is_misread());
        self.doubts.sources.extend(misread.map(|(_, file)| file.source));
        let found = schema::check(&mut self.plan, sources, self.config, &self.doubts, replay);
        let known = self.doubts.complete
            && self.doubts.sources.is_empty()
            && self.files.iter().all(|(_, file)| file.file.diagnostics.is_empty());
        let reported = self.diagnostics.len();
        for (version, diagnostic) in found.diagnostics {
            if !self.allowed(&diagnostic) {
                self.report(version, diagnostic);
            }
        }
        let known = known && self.diagnostics.len() == reported;
        self.excuse_allows(known);
        replay.settled = known && found.complete && !self.has_gaps_allowed();
        for (version, inverse) in found.inverses {
            let missing = self.diagnostics.iter_mut().find(|diagnostic| {
                diagnostic.code == Code::MissingDown
                    && self.files.iter().any(|(other, file)| {
                        *other == version && file.source == diagnostic.place.source
                    })
            });
            if let Some(diagnostic) = missing {
                wording::proposed_down(diagnostic, &inverse);
            }
        }
    }

    /// A gap is between two migrations: the one does not know whether there is another.
    fn has_gaps_allowed(&self) -> bool {
        let mut allows = self.files.iter().flat_map(|(_, file)| &file.file.allows);
        allows.any(|allow| allow.code == Code::VersionGap)
    }

    /// What could not be told, an `allow` may allow all the same. `known`: the replay met nothing wrong that
    /// could hide something else.
    fn excuse_allows(&mut self, known: bool) {
        let unproven = self.plan.migrations.iter().filter(|it| it.verdict == Verdict::Unproven);
        let unproven: SortedSet<i64> = unproven.map(|it| it.version).collect();
        for (version, file) in &mut self.files {
            for allow in file.file.allows.iter_mut().filter(|it| it.code.is_about_schema()) {
                let is_pair = allow.code == Code::DownDoesNotRestore;
                allow.used |= !known || is_pair && unproven.contains(version);
            }
        }
    }

    /// Whether an `allow` covers it; it is then used.
    fn allowed(&mut self, diagnostic: &Diagnostic) -> bool {
        let Place { source, range } = &diagnostic.place;
        let own = self.files.iter_mut().filter(|(_, file)| file.source == *source);
        let mut allows = own.flat_map(|(_, file)| &mut file.file.allows);
        let covers = |allow: &&mut crate::script::Allow| {
            let place = allow.statement.as_ref();
            allow.code == diagnostic.code
                && place.is_none_or(|it| it.start <= range.start && range.start <= it.end)
        };
        match allows.find(covers) {
            Some(allow) => {
                allow.used = true;
                true
            }
            None => false,
        }
    }

    /// Reports what was found in the file itself.
    fn finish(&mut self, version: i64, candidate: Candidate) {
        for diagnostic in candidate.file.diagnostics {
            self.report(version, diagnostic);
        }
        for allow in candidate.file.allows.into_iter().filter(|allow| !allow.used) {
            let place = Place { source: candidate.source, range: allow.range };
            self.report(version, wording::unused_allow(place, allow.code));
        }
    }

    fn migration(
        &mut self,
        version: i64,
        up: &mut Candidate,
        down: Option<&mut Candidate>,
        strays: &[Candidate],
    ) -> PlannedMigration {
        let down = self.down(version, up, down, strays);
        let script = up.file.up.as_ref().map(|script| planned(up.source, script));
        let name = up.named.name.clone();
        not_judged(version, name, script.unwrap_or_else(|| nothing(up.source)), down)
    }

    fn down(
        &mut self,
        version: i64,
        up: &mut Candidate,
        mut down: Option<&mut Candidate>,
        strays: &[Candidate],
    ) -> PlannedDown {
        let irreversible = up.file.irreversible.clone().map(|found| (up.source, found));
        let irreversible = irreversible.or_else(|| {
            let down = down.as_ref()?;
            down.file.irreversible.clone().map(|found| (down.source, found))
        });
        if irreversible.is_some()
            && let Some(down) = &mut down
        {
            // The up script has said why there is nothing in it.
            down.file.diagnostics.retain(|diagnostic| diagnostic.code != Code::EmptyScript);
        }
        let own = up.file.down.as_ref().map(|script| (up.source, script));
        let other =
            down.as_ref().and_then(|d| d.file.down.as_ref().map(|script| (d.source, script)));
        let both = own.is_some() && other.is_some();
        if let (true, Some(down)) = (both, &down) {
            let first =
                Place { source: up.source, range: own.map_or(0..0, |(_, s)| s.mark.clone()) };
            let mut diagnostic =
                wording::duplicate_version(version, Place::file(down.source), first, self.free);
            diagnostic.message = format!("migration {version} has two down scripts");
            diagnostic.help = vec!["remove the section or the file".to_owned()];
            self.report(version, diagnostic);
        }
        match (own.or(other), irreversible) {
            (Some((source, script)), Some((said, (reason, range)))) => {
                if !script.steps.is_empty() {
                    let place = Place { source: said, range };
                    let down = Place { source, range: script.mark.clone() };
                    self.report(version, wording::down_beside("irreversible", place, down));
                }
                PlannedDown::Irreversible(reason)
            }
            (None, Some((_, (reason, _)))) => PlannedDown::Irreversible(reason),
            (Some((source, script)), None) => planned_down(source, script),
            (None, None) => {
                self.missing_down(version, up, strays);
                self.doubts.without_down.push(self.plan.migrations.len());
                PlannedDown::Irreversible("it has no down script".to_owned())
            }
        }
    }

    fn missing_down(&mut self, version: i64, up: &Candidate, strays: &[Candidate]) {
        // The mark of its section may be what was misread, or `irreversible` without a reason.
        if up.file.is_misread() || up.file.hides_down {
            return;
        }
        let named =
            strays.first().map(|stray| (Place::file(stray.source), stray.named.name.clone()));
        let diagnostic = wording::missing_down(
            version,
            &up.named.name,
            Place::file(up.source),
            &expected_down(up),
            up.named.layout == Layout::Inline,
            named,
        );
        let near = up.file.near_down.clone();
        let diagnostic = match near.map(|range| Place { source: up.source, range }) {
            Some(near) => diagnostic.related(near, "is this meant as `-- DOWN`?"),
            None => diagnostic,
        };
        self.report(version, diagnostic);
    }

    /// Numbers left out of a set that counts from 1: more than half of them have to be there,
    /// or it is a set that was numbered otherwise.
    fn gaps(&mut self, versions: &mut SortedMap<i64, Vec<Candidate>>, numbers: &[i64]) {
        let (Some(1), Some(newest)) = (numbers.first(), numbers.last()) else { return };
        let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        if *newest >= count.saturating_mul(2) {
            return;
        }
        for pair in numbers.windows(2) {
            let [before, after] = *pair else { continue };
            if after == before + 1 {
                continue;
            }
            let Some(candidate) = versions.get_mut(&after).and_then(|group| group.first_mut())
            else {
                continue;
            };
            let mut allows = candidate.file.allows.iter_mut();
            if let Some(allow) = allows.find(|allow| allow.code == Code::VersionGap) {
                allow.used = true;
                continue;
            }
            let inline = candidate.named.layout == Layout::Inline;
            let place = Place::file(candidate.source);
            // The gap belongs to the newest number that is missing.
            self.report(after - 1, wording::version_gap(place, before + 1..after, inline));
        }
    }

    /// diesel's versions are text: `2026-05-05-180007-0000` (18 digits) comes before
    /// `2026-05-27-120000` (14 digits), and as numbers it would come after it.
    fn misordered_folders(&mut self, versions: &SortedMap<i64, Vec<Candidate>>) {
        let dated: Vec<(&Candidate, String)> = versions
            .values()
            .flatten()
            .filter(|it| it.named.layout == Layout::Directory && it.named.part == Part::Up)
            .map(|it| (it, it.path.split('_').next().unwrap_or_default().replace('-', "")))
            .filter(|(_, digits)| digits.len() >= 8 && digits.starts_with(['1', '2']))
            .collect_vec();
        for (folder, digits) in &dated {
            let later = dated.iter().find(|(later, other)| {
                other.len() > digits.len() && other < digits && later.version > folder.version
            });
            let Some((later, longer)) = later else { continue };
            let path = folder.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let missing = longer.len() - digits.len();
            let number = (0..100).find(|number| {
                let padded = format!("{digits}{number:0missing$}").parse();
                padded.is_ok_and(|padded: i64| !versions.contains_key(&padded))
            });
            let mended = match (path.split_once('_'), number) {
                (Some((date, name)), Some(number)) => format!("{date}-{number:0missing$}_{name}"),
                _ => continue,
            };
            let (place, later) = (Place::file(folder.source), Place::file(later.source));
            let diagnostic = wording::misordered_folder(path, place, later, &mended);
            self.report(folder.version, diagnostic);
        }
    }

    /// A directory with many old migrations needs one line, not many repairs.
    fn propose_adoption(&mut self) {
        const MANY: usize = 5;
        let newest = self.plan.migrations.last().map(|migration| migration.version);
        let policies = self.diagnostics.iter_mut().filter(|diagnostic| {
            diagnostic.severity == Severity::Error && diagnostic.code.tier() != Tier::Structure
        });
        let mut policies: Vec<&mut Diagnostic> = policies.collect_vec();
        // The first that is shown.
        sort_by_key(&mut policies, |it| (it.place.source, it.place.range.start));
        let many = policies.len() >= MANY;
        if let (Some(first), Some(newest)) = (policies.first_mut().filter(|_| many), newest) {
            first.help.push(wording::adoption(newest));
        }
    }
}

/// `2024_01_02_000000_b` (Laravel) and `20240102_120000_b` with their date and time as one number.
fn cut_stamp(up: &Candidate) -> Option<String> {
    let is_number = |word: &str| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = up.named.name.split('_').collect_vec();
    let count = words.iter().take_while(|word| is_number(word)).count();
    let (stamp, name) = words.split_at_checked(count).filter(|(_, name)| !name.is_empty())?;
    let stamp = format!("{}{}", up.version, stamp.concat());
    matches!(stamp.len(), 8 | 12 | 14).then(|| format!("{stamp}_{}", name.join("_")))
}

/// Stands for a script that is not there.
fn nothing(source: SourceId) -> PlannedScript {
    let (steps, statements) = (Vec::new(), Vec::new());
    PlannedScript { source, steps, statements, checksum: [0; 32], transactional: true }
}

fn not_judged(
    version: i64,
    name: String,
    up: PlannedScript,
    down: PlannedDown,
) -> PlannedMigration {
    let (verdict, destroys) = (Verdict::Unproven, Vec::new());
    PlannedMigration { version, name, up, down, verdict, destroys }
}

fn planned(source: SourceId, script: &Script) -> PlannedScript {
    PlannedScript {
        source,
        steps: script.steps.clone(),
        statements: script.statements.iter().map(planned_statement).collect_vec(),
        checksum: script.checksum,
        transactional: script.transactional,
    }
}

fn planned_statement(statement: &Statement) -> PlannedStatement {
    let (range, action) = (statement.range.clone(), statement.action.clone());
    PlannedStatement {
        range,
        action,
        takes_along: Vec::new(),
        locks: Vec::new(),
        may_lock_more: false,
    }
}

fn planned_down(source: SourceId, script: &Script) -> PlannedDown {
    match &script.no_op {
        Some(reason) => PlannedDown::NoOp(reason.clone()),
        None if script.steps.is_empty() => PlannedDown::NoOp(EMPTY_DOWN.to_owned()),
        None => PlannedDown::Script(planned(source, script)),
    }
}

fn expected_down(up: &Candidate) -> String {
    match up.named.layout {
        Layout::Pair => format!("`{}`", up.path.replacen(".up.sql", ".down.sql", 1)),
        Layout::Directory => format!("`{}`", up.path.replacen("/up.sql", "/down.sql", 1)),
        Layout::Flyway => format!("`U{}`", up.path.strip_prefix('V').unwrap_or(&up.path)),
        Layout::Sections => format!("a section `-- DOWN` in `{}`", up.path),
        Layout::Inline => "`down: \"…\"` beside `up`".to_owned(),
    }
}

fn expected_up(down: &Candidate) -> String {
    match down.named.layout {
        Layout::Pair => format!("`{}`", down.path.replacen(".down.sql", ".up.sql", 1)),
        Layout::Directory => format!("`{}`", down.path.replacen("/down.sql", "/up.sql", 1)),
        Layout::Flyway => format!("`V{}`", down.path.strip_prefix('U').unwrap_or(&down.path)),
        Layout::Sections | Layout::Inline => "an up script".to_owned(),
    }
}
