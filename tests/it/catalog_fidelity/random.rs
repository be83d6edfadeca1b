//! Random statements, valid and not: the server refuses one exactly if we say that it does, and the catalogs
//! are the same after each one that it takes.
//!
//! `CATALOG_SEED=7` runs the chain of that seed, `CATALOG_STATEMENTS=20000` the chains of that many statements,
//! from that seed on. With `CATALOG_INVERSE` the downs are tried that we compute.

mod statement;

use super::connect;
use migrate_analysis::fidelity::{Chain, Facts};
use migrate_analysis::{Analysis, Verdict};
use migrate_testing::Server;
use migrate_tests::referee::{Truth, difference, facts, words};
use postgres::Client;
use statement::Generator;
use std::time::Instant;

/// How many statements a chain tries, all in one transaction.
const LENGTH: usize = 40;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn random_statements() {
    let begun = Instant::now();
    let database = Server::shared().unwrap().create_database().unwrap();
    let mut client = connect(&database);
    let first = number("CATALOG_SEED");
    let statements = number("CATALOG_STATEMENTS").unwrap_or(if first.is_some() { 1 } else { 320 });
    let first = first.unwrap_or(1);
    let seeds = first..first + statements.div_ceil(LENGTH as u64);
    let (mut tried, mut taken, mut inverses, mut broken) = (0, 0, [0; 2], Vec::new());
    for seed in seeds {
        let run = chain(&mut client, seed);
        tried += run.tried;
        for (sum, count) in inverses.iter_mut().zip(run.inverses) {
            *sum += count;
        }
        taken += run.taken.iter().filter(|it| !it.starts_with("--")).count();
        if let Some(wrong) = run.wrong {
            let script = run.taken.join(";\n    ");
            broken.push(format!("seed {seed}: {wrong}\n    {script};"));
        }
    }
    let [computed, complete] = inverses;
    eprintln!(
        "{tried} statements, {taken} taken, {complete} of {computed} downs complete, in {:?}",
        begun.elapsed()
    );
    let count = broken.len();
    assert!(count == 0, "{count} chains break the law\n{}", broken.join("\n"));
}

#[derive(Default)]
struct Run {
    tried: usize,
    /// The statements that the server took, and where those begin that are looked back to.
    taken: Vec<String>,
    wrong: Option<String>,
    /// Of the downs that we compute: how many there were, and how many of them are said to be complete.
    inverses: [usize; 2],
}

fn chain(client: &mut Client, seed: u64) -> Run {
    let analysis = Analysis::default();
    let mut chain = Chain::new(&analysis);
    let mut generator = Generator::new(seed);
    let mut run = Run::default();
    client.batch_execute("BEGIN").unwrap();
    let mut known = facts(client).unwrap();
    let mut before = known.clone();
    while run.tried < LENGTH && run.wrong.is_none() {
        let sql = generator.statement(&known);
        run.tried += 1;
        match step(client, &mut chain, &sql) {
            Ok(Some(after)) => {
                run.wrong = look_back(client, &mut chain, (&before, &after), &mut run.inverses);
                run.taken.push(sql);
                known = after;
                if generator.chance(30) {
                    chain.begin();
                    before.clone_from(&known);
                    run.taken.push("-- from here".to_owned());
                }
            }
            Ok(None) => {}
            Err(wrong) => run.wrong = Some(format!("{wrong}\n  of {sql}")),
        }
    }
    client.batch_execute("ROLLBACK").unwrap();
    run
}

/// Whether the verdict is what the server shows since `before`, and the down that we compute leads back.
fn look_back(
    client: &mut Client,
    chain: &mut Chain<'_>,
    (before, after): (&Facts, &Facts),
    inverses: &mut [usize; 2],
) -> Option<String> {
    let judged = chain.judge();
    let truth = Truth::of(before, after);
    let agrees = match truth {
        Truth::Exact => judged.verdict == Verdict::Exact,
        Truth::OrderOnly => judged.verdict == Verdict::ColumnOrder,
        _ => judged.verdict == Verdict::DoesNotRestore,
    };
    if !agrees {
        let why = difference(before, after).unwrap_or_default();
        return Some(format!("verdict {judged:?}, the server: {truth:?} {why}"));
    }
    if std::env::var("CATALOG_INVERSE").is_err() {
        return None;
    }
    let (script, complete) = chain.inverse();
    inverses[0] += 1;
    if !complete {
        return None;
    }
    inverses[1] += 1;
    client.batch_execute("SAVEPOINT inverse").unwrap();
    let why = match client.batch_execute(&script) {
        Err(error) => Some(words(&error)),
        Ok(()) => difference(before, &facts(client).unwrap()),
    };
    client.batch_execute("ROLLBACK TO inverse").unwrap();
    why.map(|why| format!("inverse: {why}\n  {script}"))
}

/// What the server has after a statement that it takes; an error where the two sides do not agree.
fn step(client: &mut Client, chain: &mut Chain<'_>, sql: &str) -> Result<Option<Facts>, String> {
    let ours = chain.statement(sql);
    client.batch_execute("SAVEPOINT before").unwrap();
    match client.batch_execute(sql) {
        Ok(()) => client.batch_execute("RELEASE before").unwrap(),
        Err(error) => {
            client.batch_execute("ROLLBACK TO before").unwrap();
            return match ours.failures.is_empty() {
                true => Err(format!("we miss a failure: {}", words(&error))),
                false => Ok(None),
            };
        }
    }
    if let Some(failure) = ours.failures.first() {
        return Err(format!("a false error: {failure}"));
    }
    if let Some(obstacle) = ours.obstacles.first() {
        return Err(format!("not followed: {obstacle}"));
    }
    let after = facts(client).unwrap();
    let differences = chain.differences(&after);
    if differences.is_empty() { Ok(Some(after)) } else { Err(differences.join("\n  ")) }
}
