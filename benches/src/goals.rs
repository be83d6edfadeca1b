//! What was promised, and whether it is kept.

use crate::Findings;
use crate::compile::Edit;
use crate::table::{Table, cell};
use crate::tool::Tool;

pub(crate) fn goals(findings: &Findings) -> Table {
    let ours = Tool::Ours.name();
    let start = findings.start.get(&1000);
    let check = |n| {
        let of = |edit| findings.checks.get(&(ours, n, edit)).copied();
        Some(of(Edit::Program)?.max(of(Edit::Migration)?))
    };
    let apply = findings.apply.filter(|(n, _)| *n == 1000).map(|(_, times)| times);
    let mut table = Table::new("Goals", &["", "at most", "measured", "met"]);
    let mut goal = |what: &str, most: f64, measured: Option<f64>, digits| {
        let met = match measured {
            Some(measured) if measured <= most => "yes",
            Some(_) => "**no**",
            None => "–",
        };
        let cells = [cell(Some(most), digits), cell(measured, digits), met.to_owned()];
        table.row([what.to_owned()].into_iter().chain(cells));
    };
    goal("start at N=1000, process × floor at 5 ms a trip", 1.1, start.map(|found| found.0), 2);
    goal("the same, client M instructions", 2.5, start.and_then(|found| found.1), 2);
    goal("applying 1000, × message-each floor at 5 ms a trip", 0.45, apply, 2);
    goal("clean build, × refinery's", 1.0, findings.clean, 2);
    goal("`cargo check` after an edit, ms above N=0, at 100", 70.0, check(100), 0);
    goal("the same at 1000", 150.0, check(1000), 0);
    table
}
