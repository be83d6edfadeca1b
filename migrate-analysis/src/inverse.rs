//! The down script that would undo an up.

use crate::catalog::{Catalog, Mark};
use crate::chain::{self, OnFailure, ScriptStatement};
use crate::diff;
use crate::list::CollectVec;
use crate::restore::{Verdict, judge};
use crate::simulate::External;
use crate::sql;

/// The statements that lead back, and what they cannot bring back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inverse {
    /// In order, each without its semicolon.
    pub(crate) statements: Vec<String>,
    /// What cannot come back, or cannot be computed, a sentence each.
    pub(crate) caveats: Vec<String>,
    /// Whether the statements restore the schema, as far as the analysis can tell.
    pub(crate) complete: bool,
}

/// The way back from the catalog as it is to what it was at the mark. `obstacles` are the statements in
/// between that could not be followed. What is said to be complete has been tried on the catalog.
pub(crate) fn inverse(
    catalog: &mut Catalog,
    external: &External,
    before: Mark,
    obstacles: &[String],
) -> Inverse {
    let mut inverse = computed(catalog, before, obstacles);
    if inverse.complete
        && let Some(caveat) = refuted(catalog, external, before, &inverse)
    {
        inverse.complete = false;
        if !inverse.caveats.contains(&caveat) {
            inverse.caveats.push(caveat);
        }
    }
    inverse
}

/// Runs the statements, judges them as any other down, and takes them back. Why they do not restore.
fn refuted(
    catalog: &mut Catalog,
    external: &External,
    before: Mark,
    inverse: &Inverse,
) -> Option<String> {
    let after = catalog.mark();
    let text = inverse.script();
    let ranges = sql::statements(&text);
    let script: Vec<ScriptStatement<'_>> = ranges
        .iter()
        .map(|range| ScriptStatement {
            text: &text,
            range: range.clone(),
            command: sql::command(&text, range.clone()),
        })
        .collect_vec();
    let effect = chain::run(catalog, external, &script, OnFailure::Stop, &mut ());
    let judgement = judge(catalog, before, &effect.obstacles);
    catalog.rollback(after);
    if let Some((place, _)) = effect.failures.first() {
        let title = ranges.get(*place).map(|range| sql::title(&text, range.clone()));
        return Some(format!("`{}` has to be done otherwise", title.unwrap_or_default()));
    }
    match judgement.verdict {
        Verdict::Exact | Verdict::ColumnOrder => None,
        _ => {
            let difference =
                judgement.differences.into_iter().next().map(|it| it.caveat.unwrap_or(it.words));
            Some(difference.or(judgement.obstacle).unwrap_or_default())
        }
    }
}

fn computed(catalog: &Catalog, before: Mark, obstacles: &[String]) -> Inverse {
    let then = catalog.at(before);
    let touched = catalog.touched(before);
    let differences =
        diff::compare(&then, &catalog.now(), touched.into_keys(), diff::Matching::Identity);
    let mended =
        differences.iter().all(|it| !it.fixes.is_empty() || it.weight == diff::Weight::Order);
    let unmended = differences.iter().filter(|it| it.fixes.is_empty() && it.caveat.is_none());
    let mut caveats: Vec<String> =
        differences.iter().filter_map(|it| it.caveat.clone()).collect_vec();
    caveats
        .extend(unmended.filter(|it| it.weight != diff::Weight::Order).map(|it| it.words.clone()));
    for obstacle in obstacles {
        let caveat = format!("{obstacle} is not undone");
        if !caveats.contains(&caveat) {
            caveats.push(caveat);
        }
    }
    Inverse {
        statements: diff::statements(&differences),
        complete: mended && obstacles.is_empty(),
        caveats,
    }
}

impl Inverse {
    /// As a script, with what it cannot do as comments before it.
    pub(crate) fn script(&self) -> String {
        let caveats = self.caveats.iter().map(|caveat| format!("-- {caveat}\n"));
        let statements = self.statements.iter().map(|statement| format!("{statement};\n"));
        caveats.chain(statements).collect()
    }
}
