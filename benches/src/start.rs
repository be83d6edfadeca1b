//! What a start costs when nothing is pending, which is nearly every start.

use crate::bench::Bench;
use crate::stage::{Contender, Distance, Stage, Wall};
use crate::table::{Table, cell, median};
use crate::tool::Tool;
use crate::{Findings, Options, Result, note, show};
use migrate_testing::Database;

/// What was measured of one contender.
#[derive(Default)]
struct Measured {
    trips: usize,
    near: Vec<Wall>,
    far: Vec<Wall>,
    instructions: Option<f64>,
}

pub(crate) fn measure(
    bench: &Bench,
    stage: &Stage,
    options: &Options,
    findings: &mut Findings,
) -> Result<()> {
    for n in options.without_zero() {
        show(&start(bench, stage, options, findings, n)?);
    }
    Ok(())
}

fn start(
    bench: &Bench,
    stage: &Stage,
    options: &Options,
    findings: &mut Findings,
    n: usize,
) -> Result<Table> {
    note(&format!("start with nothing pending, N={n}"));
    let mut all: Vec<(Contender, Database, Measured)> = Vec::new();
    for tool in Tool::ALL {
        let contender = Contender::new(bench, tool, n, tool.name(), "up")?;
        let database = stage.database()?;
        stage.wall(&contender, &database, Distance::Near)?;
        let measured = Measured {
            trips: stage.trips(&contender, &database)?,
            instructions: stage.instructions(&contender, &database)?,
            ..Measured::default()
        };
        all.push((contender, database, measured));
    }
    for _ in 0..options.rounds(5, 25) {
        for (contender, database, measured) in &mut all {
            measured.near.push(stage.wall(contender, database, Distance::Near)?);
            measured.far.push(stage.wall(contender, database, Distance::Far)?);
        }
    }
    let title = format!("Start with nothing pending, N={n}");
    let heads = [
        "",
        "round trips after connect",
        "process × floor",
        "at 5 ms a trip",
        "since connected × floor",
        "at 5 ms a trip",
        "client M instructions",
    ];
    let mut table = Table::new(title, &heads);
    let floor = (all[0].2.near.clone(), all[0].2.far.clone());
    for (contender, _, measured) in &all {
        let process = |walls: &[Wall], floor: &[Wall]| times(walls, floor, |wall| wall.process);
        let connected = |walls: &[Wall], floor: &[Wall]| times(walls, floor, |wall| wall.connected);
        let far = process(&measured.far, &floor.1);
        if contender.label == Tool::Ours.name() {
            findings.start.insert(n, (far, measured.instructions));
        }
        table.row([
            contender.label.to_owned(),
            measured.trips.to_string(),
            cell(Some(process(&measured.near, &floor.0)), 2),
            cell(Some(far), 2),
            cell(Some(connected(&measured.near, &floor.0)), 2),
            cell(Some(connected(&measured.far, &floor.1)), 2),
            cell(measured.instructions, 2),
        ]);
    }
    Ok(table)
}

/// How many times the floor, round by round; the middle one.
pub(crate) fn times(walls: &[Wall], floor: &[Wall], of: impl Fn(&Wall) -> f64) -> f64 {
    let rounds = walls.iter().zip(floor);
    median(&rounds.map(|(wall, floor)| of(wall) / of(floor)).collect::<Vec<_>>())
}
