//! Does this down restore the schema? What differs?

use crate::catalog::{Catalog, Kind, Mark, Object};
use crate::chain::ScriptStatement;
use crate::ddl::Command;
use crate::deparse;
use crate::diff::{self, Difference, Weight};
use crate::ordered::SortedSet;
use crate::sql::quoted;

/// What becomes of the schema when a migration is applied and rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is as it was before.
    Exact,
    /// It is as it was, but for the order of the columns of a table, which PostgreSQL cannot change.
    ColumnOrder,
    /// It is not known: a statement stands in the way that the analysis cannot follow.
    Unproven,
    /// It is not as it was before, or the down fails.
    DoesNotRestore,
    /// There is no down.
    Irreversible,
}

/// A verdict with its reasons.
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// What is not as it was; of [`Verdict::Unproven`] what may not be.
    pub(crate) differences: Vec<Difference>,
    /// Of [`Verdict::Unproven`]: what stands in the way.
    pub(crate) obstacle: Option<String>,
}

impl Judgement {
    pub(crate) fn without_differences(verdict: Verdict) -> Judgement {
        Judgement { verdict, differences: Vec::new(), obstacle: None }
    }
}

/// Judges a pair whose up began at `before`, and whose down has just run. `obstacles` are the statements of
/// both that could not be followed, in words.
pub(crate) fn judge(catalog: &Catalog, before: Mark, obstacles: &[String]) -> Judgement {
    let touched = catalog.touched(before);
    let then = catalog.at(before);
    let mut differences =
        diff::compare(&then, &catalog.now(), touched.into_keys(), diff::Matching::Names);
    let fog = new_fog(catalog, before);
    let is_certain = |it: &Difference| it.weight == Weight::Certain && !fog.hides(&it.words);
    if differences.iter().any(is_certain) {
        differences.retain(|it| is_certain(it));
        return Judgement { verdict: Verdict::DoesNotRestore, differences, obstacle: None };
    }
    let doubt = differences.iter().find(|it| it.weight != Weight::Order);
    let obstacle = obstacles.first().cloned();
    let obstacle =
        obstacle.or_else(|| doubt.map(|it| format!("it cannot be told whether {}", it.words)));
    if obstacle.is_some() {
        return Judgement { verdict: Verdict::Unproven, differences, obstacle };
    }
    let verdict = if differences.is_empty() { Verdict::Exact } else { Verdict::ColumnOrder };
    Judgement { verdict, differences, obstacle: None }
}

/// What a script has taken away that no down brings back: tables, columns and rows that were there before.
pub(crate) fn losses(
    catalog: &Catalog,
    before: Mark,
    script: &[ScriptStatement<'_>],
) -> Vec<String> {
    let then = catalog.at(before);
    let mut lost = Vec::new();
    for (id, object) in catalog.touched(before) {
        let Some(Kind::Table(table)) = object.as_deref().map(|object| &object.kind) else {
            continue;
        };
        let name = deparse::name(&then, id);
        match catalog.get(id).and_then(Object::table) {
            None => lost.push(format!("table `{name}`")),
            Some(now) => {
                let gone = table.columns.iter().filter(|it| now.numbered(it.number).is_none());
                lost.extend(gone.map(|it| format!("column `{name}.{}`", quoted(&it.name))));
            }
        }
    }
    for statement in script {
        let tables = match &statement.command {
            Command::Delete(delete) => std::slice::from_ref(&delete.table),
            Command::Truncate { tables, .. } => tables.as_slice(),
            _ => continue,
        };
        lost.extend(tables.iter().map(|table| format!("rows of `{}`", quoted(&table.name))));
    }
    lost.dedup();
    lost
}

/// What statements since then may have touched unseen.
struct NewFog {
    names: SortedSet<String>,
    /// Anything of the kinds that are named in these words; of any kind where there are none.
    storm: Option<SortedSet<String>>,
}

impl NewFog {
    fn hides(&self, words: &str) -> bool {
        // Most things belong to a table, and any statement about one may change them.
        let kind = words.split(' ').next().filter(|it| ["function", "type", "view"].contains(it));
        let stirred = self
            .storm
            .as_ref()
            .is_some_and(|storm| storm.is_empty() || kind.is_none_or(|kind| storm.contains(kind)));
        stirred || mentions(words, &self.names)
    }
}

fn new_fog(catalog: &Catalog, before: Mark) -> NewFog {
    let now = &catalog.session().fog;
    let then = catalog.session_at(before).fog;
    let new = now.names.iter().filter(|name| !then.names.contains(*name));
    let has_storm = now.everywhere || now.storms > then.storms;
    NewFog {
        names: new.chain(&now.doubted).cloned().collect(),
        storm: has_storm.then(|| now.storm.clone().unwrap_or_default()),
    }
}

/// Whether one of the names stands between the backticks of the words.
fn mentions(words: &str, names: &SortedSet<String>) -> bool {
    let quoted = words.split('`').skip(1).step_by(2);
    let parts = quoted.flat_map(|it| it.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    parts.into_iter().any(|word| names.contains(word))
}
