//! What it costs to bring an empty database up to date.

use crate::bench::Bench;
use crate::stage::{Contender, Distance, Stage};
use crate::start::times;
use crate::table::{Table, cell};
use crate::tool::Tool;
use crate::{Findings, Options, Result, note, show};

/// Label, tool and verb; the first is what the others are compared with.
const CONTENDERS: [(&str, Tool, &str); 6] = [
    ("floor, a message each", Tool::Floor, "up-each"),
    ("floor, one message", Tool::Floor, "up"),
    ("ours", Tool::Ours, "up"),
    ("sqlx", Tool::Sqlx, "up"),
    ("refinery", Tool::Refinery, "up"),
    ("refinery, grouped", Tool::Refinery, "up-grouped"),
];

pub(crate) fn measure(
    bench: &Bench,
    stage: &Stage,
    options: &Options,
    findings: &mut Findings,
) -> Result<()> {
    let Some(n) = options.most() else { return Ok(()) };
    let contenders = CONTENDERS
        .into_iter()
        .map(|(label, tool, verb)| Contender::new(bench, tool, n, label, verb))
        .collect::<Result<Vec<_>>>()?;
    let (mut near, mut far) = (vec![Vec::new(); 6], vec![Vec::new(); 6]);
    let rounds = options.rounds(1, 3);
    for round in 1..=rounds {
        note(&format!("applying {n} to an empty database, round {round} of {rounds}"));
        for (at, contender) in contenders.iter().enumerate() {
            near[at].push(stage.wall(contender, &stage.database()?, Distance::Near)?);
            far[at].push(stage.wall(contender, &stage.database()?, Distance::Far)?);
        }
    }
    let heads = [
        "",
        "round trips after connect",
        "wall × message-each floor",
        "× the same at 5 ms a trip",
        "client M instructions",
    ];
    let mut table = Table::new(format!("Applying {n} to an empty database"), &heads);
    for (at, contender) in contenders.iter().enumerate() {
        let from_afar = times(&far[at], &far[0], |wall| wall.connected);
        if contender.label == "ours" {
            findings.apply = Some((n, from_afar));
        }
        table.row([
            contender.label.to_owned(),
            stage.trips(contender, &stage.database()?)?.to_string(),
            cell(Some(times(&near[at], &near[0], |wall| wall.connected)), 2),
            cell(Some(from_afar), 2),
            cell(stage.instructions(contender, &stage.database()?)?, 1),
        ]);
    }
    show(&table);
    Ok(())
}
