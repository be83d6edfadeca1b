//! What the rules say to write instead runs on PostgreSQL: the good examples, and what the help proposes.

use migrate_analysis::cache::Cache;
use migrate_analysis::hazards::{self, Rule};
use migrate_analysis::plan::PlannedScript;
use migrate_analysis::source::{Directory, File};
use migrate_analysis::{Analysis, analyze};
use migrate_testing::Server;
use migrate_tests::referee::words;
use postgres::{Client, NoTls};

fn analysis(rule: &Rule, scripts: &[String]) -> Analysis {
    let file = |path: String, text: &str| File { path, contents: Ok(text.as_bytes().to_vec()) };
    let mut files = vec![file("migrate.toml".to_owned(), rule.config)];
    for (number, script) in scripts.iter().enumerate() {
        let text = format!("-- migrate: irreversible an example\n{script}");
        files.push(file(format!("{}_m.up.sql", number + 1), &text));
    }
    analyze(Ok(Directory { files, folders: vec![String::new()] }), &mut Cache::default())
}

/// Runs the setup and the scripts as the runner would, on a database of their own.
fn run(rule: &Rule, scripts: &[String]) -> Result<(), String> {
    let database = Server::shared().unwrap().create_database().unwrap();
    let mut client = database.connect().unwrap();
    let setup = if rule.setup.is_empty() { "SELECT 1;" } else { rule.setup };
    let all: Vec<String> =
        std::iter::once(setup.to_owned()).chain(scripts.iter().cloned()).collect();
    let analysis = analysis(rule, &all);
    for migration in &analysis.plan.migrations {
        let script = &migration.up;
        let text = analysis.sources[script.source.index()].text();
        run_script(&mut client, script, text).map_err(|why| format!("{why}\n{text}"))?;
    }
    Ok(())
}

fn run_script(client: &mut Client, script: &PlannedScript, text: &str) -> Result<(), String> {
    let mut execute = |sql: &str| client.batch_execute(sql).map_err(|error| words(&error));
    if script.transactional {
        execute("BEGIN")?;
    }
    for step in &script.steps {
        execute(&text[step.range.clone()])?;
    }
    if script.transactional { execute("COMMIT") } else { Ok(()) }
}

/// Whether the server is as new as the example wants it.
fn runs_on(rule: &Rule, major: u32) -> bool {
    let wanted = rule.config.lines().find_map(|line| line.strip_prefix("postgres = "));
    let wanted = wanted.and_then(|it| it.trim_matches('"').split('.').next()?.parse().ok());
    wanted.is_none_or(|wanted: u32| wanted <= major)
}

fn major() -> u32 {
    let mut control = Server::shared().unwrap().config().connect(NoTls).unwrap();
    let sql = "SELECT current_setting('server_version_num')::int / 10000";
    control.query_one(sql, &[]).unwrap().get::<_, i32>(0).try_into().unwrap()
}

/// Those whose examples name what a throwaway server cannot have.
const NOT_HERE: &[&str] = &["set-tablespace"];

fn rules(major: u32) -> impl Iterator<Item = Rule> {
    hazards::rules().filter(move |it| runs_on(it, major) && !NOT_HERE.contains(&it.code.as_str()))
}

#[test]
fn good_examples_run() {
    let major = major();
    let mut wrong = Vec::new();
    for rule in rules(major) {
        let good: Vec<String> = rule.good.iter().map(|it| (*it).to_owned()).collect();
        wrong.extend(run(&rule, &good).err().map(|why| format!("{}: {why}", rule.code)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A migration is bad because it hurts, not because it fails.
#[test]
fn bad_examples_run() {
    let major = major();
    let mut wrong = Vec::new();
    for rule in rules(major) {
        let failed = run(&rule, &[rule.bad.to_owned()]).err();
        let fails = FAILING.contains(&rule.code.as_str())
            || (rule.code.as_str() == "needs-newer-server" && major < 15);
        if fails != failed.is_some() {
            wrong.push(format!("{}: {}", rule.code, failed.unwrap_or("it runs".to_owned())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Those whose examples are about a statement that fails.
const FAILING: &[&str] = &["pending-trigger-events"];

#[test]
fn what_is_proposed_runs() {
    let major = major();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for rule in rules(major) {
        let before = [rule.setup, rule.bad].map(str::to_owned);
        for diagnostic in analysis(&rule, &before).diagnostics {
            let proposed = hazards::proposals(&diagnostic);
            count += usize::from(diagnostic.code == rule.code && !proposed.is_empty());
            if diagnostic.code == rule.code {
                wrong.extend(run(&rule, &proposed).err().map(|it| format!("{}: {it}", rule.code)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count > 0, "there is something to be tried");
}

/// The newest server that lacks it refuses it, and so does the analysis where that server is declared.
#[test]
fn syntax_came_with_the_version_that_we_say() {
    let (major, mut wrong) = (major(), Vec::new());
    for (what, since, example, setup) in hazards::syntax() {
        let database = Server::shared().unwrap().create_database().unwrap();
        let mut client = database.connect().unwrap();
        client.batch_execute(setup).unwrap();
        let ran = client.batch_execute(example).map_err(|error| words(&error));
        if ran.is_ok() != (major >= since) {
            wrong.push(format!("{what} since {since}, on {major}: {ran:?}"));
        }
        for declared in [since - 1, since] {
            let file = |path: &str, text: String| File {
                path: path.to_owned(),
                contents: Ok(text.into_bytes()),
            };
            let files = vec![
                file("migrate.toml", format!("postgres = \"{declared}\"")),
                file("1_a.up.sql", format!("-- migrate: irreversible example\n{setup}")),
                file("2_b.up.sql", format!("-- migrate: irreversible example\n{example};")),
            ];
            let directory = Directory { files, folders: vec![String::new()] };
            let found = analyze(Ok(directory), &mut Cache::default()).diagnostics;
            let told = found.iter().any(|it| it.code.as_str() == "needs-newer-server");
            if told != (declared < since) {
                wrong.push(format!("{what} since {since}, declared {declared}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
