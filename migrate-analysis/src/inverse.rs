//! The down script that would undo an up.

use crate::catalog::{Catalog, Mark};
use crate::diff;

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
/// between that could not be followed.
pub(crate) fn inverse(catalog: &Catalog, before: Mark, obstacles: &[String]) -> Inverse {
    let then = catalog.at(before);
    let touched = catalog.touched(before);
    let differences =
        diff::compare(&then, &catalog.now(), touched.into_keys(), diff::Matching::Identity);
    let mended =
        differences.iter().all(|it| !it.fixes.is_empty() || it.weight == diff::Weight::Order);
    let unmended = differences.iter().filter(|it| it.fixes.is_empty() && it.caveat.is_none());
    let mut caveats: Vec<String> = differences.iter().filter_map(|it| it.caveat.clone()).collect();
    caveats
        .extend(unmended.filter(|it| it.weight != diff::Weight::Order).map(|it| it.words.clone()));
    caveats.extend(obstacles.iter().map(|it| format!("{it} is not undone")));
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
