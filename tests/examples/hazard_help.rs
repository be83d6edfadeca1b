//! What the help of each finding says to write, tried on PostgreSQL: whether it runs in place of the statement, and makes
//! the same schema.
//!
//! ```text
//! cargo run -p migrate-tests --example hazard_help -- FOLDER [--only CODE]
//! ```
//!
//! The findings are those of `cargo run -p migrate-analysis --example hazards -- FOLDER`. The tables are empty, and `CONCURRENTLY` is left out, since all is tried in a transaction and taken back. Prints what fails, and what the
//! schema has more (`+`) and less (`-`) than with the script as it is; some rules mean it to differ.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use migrate_analysis::cache::Cache;
use migrate_analysis::diagnostic::{Code, Diagnostic};
use migrate_analysis::plan::{PlannedDown, PlannedScript};
use migrate_analysis::source::{Directory, File};
use migrate_analysis::{Analysis, analyze, hazards};
use migrate_testing::Server;
use migrate_tests::extensions;
use migrate_tests::referee::words;
use postgres::Client;
use std::collections::BTreeSet;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first() else { return Err("which folder?".into()) };
    let only = arguments.iter().position(|it| it == "--only");
    let only = only.and_then(|at| arguments.get(at + 1)).map(String::as_str);
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|it| it.path()).collect();
    paths.sort();
    let server = Server::start()?;
    let (mut tried, mut odd) = (0, 0);
    for path in paths.into_iter().filter(|it| it.is_dir()) {
        let (more, wrong) = project(&server, &path, only)?;
        tried += more;
        odd += wrong;
    }
    println!("{tried} tried, {odd} told of");
    Ok(())
}

/// How many findings were tried, and how many of them fail or differ.
fn project(server: &Server, path: &Path, only: Option<&str>) -> Outcome<(usize, usize)> {
    let mut directory = Directory::read(path)?;
    directory.files.retain(|file| file.path != "migrate.toml");
    let contents = Ok(b"external = [\"*.*\"]\n".to_vec());
    directory.files.push(File { path: "migrate.toml".to_owned(), contents });
    let analysis = analyze(Ok(directory), &mut Cache::default());
    let database = server.create_database()?;
    let mut client = database.connect()?;
    client.batch_execute(&extensions(&analysis))?;
    let (mut tried, mut odd) = (0, 0);
    let mut try_all = |client: &mut Client, planned: &PlannedScript| -> Outcome<()> {
        let script = Script::new(&analysis, planned);
        let wanted = |it: &&Diagnostic| {
            script.is_place_of(it)
                && it.code.is_hazard()
                && only.is_none_or(|only| only == it.code.as_str())
                && !hazards::proposals(it).is_empty()
        };
        for found in analysis.diagnostics.iter().filter(wanted) {
            tried += 1;
            let told = script.try_help(client, found)?;
            odd += usize::from(!told.is_empty());
            for line in told {
                println!("{} {} {}: {line}", path.display(), script.name, found.code);
            }
        }
        Ok(())
    };
    for migration in &analysis.plan.migrations {
        let up = Script::new(&analysis, &migration.up);
        try_all(&mut client, &migration.up)?;
        if let Err(why) = up.apply(&mut client) {
            println!("{} {}: replay: {why}", path.display(), up.name);
        } else if let PlannedDown::Script(down) = &migration.down {
            try_all(&mut client, down)?;
        }
    }
    Ok((tried, odd))
}

struct Script<'a> {
    name: &'a str,
    text: &'a str,
    planned: &'a PlannedScript,
}

impl<'a> Script<'a> {
    fn new(analysis: &'a Analysis, planned: &'a PlannedScript) -> Script<'a> {
        let source = analysis.sources.get(planned.source.index());
        let (name, text) = source.map_or(("", ""), |it| (it.path(), it.text()));
        Script { name, text, planned }
    }

    fn is_place_of(&self, found: &Diagnostic) -> bool {
        let mut steps = self.planned.steps.iter();
        let at = found.place.range.start;
        found.place.source == self.planned.source && steps.any(|it| it.range.contains(&at))
    }

    fn steps(&self) -> impl Iterator<Item = (&std::ops::Range<usize>, &'a str)> {
        let text = self.text;
        self.planned
            .steps
            .iter()
            .map(move |it| (&it.range, text.get(it.range.clone()).unwrap_or_default()))
    }

    fn apply(&self, client: &mut Client) -> Result<(), String> {
        let begin = if self.planned.transactional { "BEGIN" } else { "" };
        let mut result = client.batch_execute(begin);
        for (_, sql) in self.steps() {
            result = result.and_then(|()| client.batch_execute(sql));
        }
        if self.planned.transactional {
            result = result.and_then(|()| client.batch_execute("COMMIT"));
        }
        let result = result.map_err(|error| words(&error));
        let _ = client.batch_execute(if result.is_err() { "ROLLBACK" } else { "" });
        client.batch_execute("RESET ALL; RESET ROLE").map_err(|error| words(&error))?;
        result
    }

    /// What is odd about the help.
    fn try_help(&self, client: &mut Client, found: &Diagnostic) -> Outcome<Vec<String>> {
        let as_it_is: Vec<String> = self.steps().map(|(_, sql)| sql.to_owned()).collect();
        let Ok(wanted) = schema_of(client, &as_it_is)? else {
            return Ok(vec!["the script itself fails on empty tables".to_owned()]);
        };
        let at = found.place.range.start;
        let help = hazards::proposals(found);
        let is_whole = found.code == Code::MixedSchemaAndData;
        let before = self.steps().filter(|(range, _)| !is_whole && range.end <= at);
        let after = self.steps().filter(|(range, _)| !is_whole && range.start > at);
        let mut scripts: Vec<String> = before.map(|(_, sql)| sql.to_owned()).collect();
        scripts.extend(help);
        scripts.extend(after.map(|(_, sql)| sql.to_owned()));
        let got = match schema_of(client, &scripts)? {
            Ok(got) => got,
            Err(why) => return Ok(vec![format!("fails: {why}")]),
        };
        let more = got.difference(&wanted).map(|it| format!("+ {it}"));
        Ok(more.chain(wanted.difference(&got).map(|it| format!("- {it}"))).collect())
    }
}

/// The schema that scripts make, which are then taken back; or why they fail.
fn schema_of(client: &mut Client, scripts: &[String]) -> Outcome<Result<BTreeSet<String>, String>> {
    client.batch_execute("BEGIN")?;
    let mut result = Ok(BTreeSet::new());
    for script in scripts {
        if script.trim().to_ascii_uppercase().starts_with("COMMIT") {
            continue;
        }
        let sql = script.replace(" CONCURRENTLY", "").replace(" concurrently", "");
        if let Err(error) = client.batch_execute(&sql) {
            result = Err(format!("{}: {}", words(&error), script.trim()));
            break;
        }
    }
    if result.is_ok() {
        let rows = client.query(SCHEMA, &[])?;
        result = Ok(rows.iter().map(|row| row.get(0)).collect());
    }
    client.batch_execute("ROLLBACK; RESET ALL; RESET ROLE")?;
    Ok(result)
}

const SCHEMA: &str = "SELECT format('column %s.%I %s%s %s', attrelid::regclass, attname, \
        format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' NOT NULL' END, \
        pg_get_expr(adbin, adrelid)) \
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid \
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
    WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm') \
      AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) \
    UNION ALL SELECT format('constraint %s of %s %s', conname, conrelid::regclass, pg_get_constraintdef(k.oid)) \
    FROM pg_constraint k WHERE conrelid <> 0 AND connamespace <> 'pg_catalog'::regnamespace \
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index \
    WHERE indrelid >= 16384 AND NOT EXISTS (SELECT FROM pg_class WHERE oid = indrelid AND relkind = 't') \
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal";
