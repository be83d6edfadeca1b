//! What the rules find in a folder of projects, held against PostgreSQL with rows in the tables:
//!
//! ```text
//! cargo run -p migrate-tests --example hazard_findings -- FOLDER [--draw N] [--seed S] [--only CODE] [--nth I]
//! ```
//!
//! The findings are those that `cargo run -p migrate-analysis --example hazards -- FOLDER --draw N --seed S` draws.
//! For each: the message, and what the server did. The migrations before are replayed, all tables are filled, and
//! in a transaction (where the script runs in one) the statements before are run, and the one in question: what
//! it locks, writes anew, reads, drops or fails with, with 1,000 and with 20,000 rows, and with rows that have
//! NULLs and duplicates. Then what the help says to write instead is run, before the migration and, where that fails,
//! just before the statement. Whether the message is true is for the reader to judge.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "../../migrate-analysis/examples/hazards/chosen.rs"]
mod chosen;
#[path = "hazard_findings/rows.rs"]
mod rows;
#[path = "hazard_findings/watch.rs"]
mod watch;

use chosen::chosen;
use migrate_analysis::cache::Cache;
use migrate_analysis::diagnostic::{Code, Diagnostic};
use migrate_analysis::plan::{PlannedDown, PlannedScript};
use migrate_analysis::render::render;
use migrate_analysis::source::{Directory, File};
use migrate_analysis::{Analysis, analyze, hazards};
use migrate_testing::{Database, Server};
use migrate_tests::extensions;
use migrate_tests::referee::words;
use postgres::{Client, Config, NoTls};
use rows::fill;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use watch::Watch;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

struct Finding {
    /// Its place in the list of projects.
    project: usize,
    diagnostic: Diagnostic,
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first() else { return Err("which folder?".into()) };
    let value = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str| value(name).and_then(|it| it.parse::<u64>().ok());
    let only = value("--only");
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|it| it.path()).collect();
    paths.sort();
    let mut projects: Vec<(PathBuf, Analysis)> = Vec::new();
    let mut findings = Vec::new();
    for path in paths.into_iter().filter(|it| it.is_dir()) {
        let Some(analysis) = read(&path) else { continue };
        let wanted = |code: Code| only.as_deref().is_none_or(|only| only == code.as_str());
        let hazards = analysis.diagnostics.iter().filter(|it| it.code.is_hazard());
        findings.extend(
            hazards.filter(|it| wanted(it.code)).map(|diagnostic| Finding {
                project: projects.len(),
                diagnostic: diagnostic.clone(),
            }),
        );
        projects.push((path, analysis));
    }
    let count = number("--draw").and_then(|it| usize::try_from(it).ok()).unwrap_or(40);
    let drawn = chosen(findings, count, number("--seed").unwrap_or(1));
    let nth = number("--nth").and_then(|it| usize::try_from(it).ok());
    let next = AtomicUsize::new(0);
    let work = || {
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(finding) = drawn.get(at)
        {
            if let Some((path, analysis)) = projects.get(finding.project)
                && nth.is_none_or(|nth| nth == at + 1)
            {
                println!("{}", report(at + 1, path, analysis, &finding.diagnostic));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    Ok(())
}

/// How many findings are looked at side by side, each on a server of its own.
const WORKERS: usize = 3;

fn report(number: usize, path: &Path, analysis: &Analysis, found: &Diagnostic) -> String {
    let mut told = vec![format!("\n#### {number} {}", found.code)];
    told.push(render(found, &analysis.sources, &path.to_string_lossy()));
    if let Err(error) = check(analysis, found, &mut told) {
        told.push(format!("  the check stops: {error}"));
    }
    told.join("\n")
}

/// As the example `hazards` reads it.
fn read(project: &Path) -> Option<Analysis> {
    let mut directory = Directory::read(project).ok()?;
    directory.files.retain(|file| file.path != "migrate.toml");
    let contents = Ok(b"external = [\"*.*\"]\ndeny = []\n".to_vec());
    directory.files.push(File { path: "migrate.toml".to_owned(), contents });
    Some(analyze(Ok(directory), &mut Cache::default()))
}

/// The script of a finding, and how many migrations have to be there before it.
fn script<'a>(analysis: &'a Analysis, found: &Diagnostic) -> Option<(usize, &'a PlannedScript)> {
    let migrations = analysis.plan.migrations.iter().enumerate();
    migrations.into_iter().find_map(|(number, migration)| match &migration.down {
        _ if migration.up.source == found.place.source => Some((number, &migration.up)),
        PlannedDown::Script(down) if down.source == found.place.source => Some((number + 1, down)),
        _ => None,
    })
}

struct Bench {
    server: Server,
    base: Database,
}

impl Bench {
    /// A copy of the database as it was before the script.
    fn copy(&self, name: &str) -> Outcome<Config> {
        let mut control = self.server.config().dbname("postgres").connect(NoTls)?;
        let base = self.base.name();
        control.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {base}"))?;
        let mut config = self.server.config();
        config.dbname(name);
        Ok(config)
    }
}

fn check(analysis: &Analysis, found: &Diagnostic, told: &mut Vec<String>) -> Outcome<()> {
    let (before, script) = script(analysis, found).ok_or("no such script")?;
    let text = analysis.sources.get(script.source.index()).map_or("", |it| it.text());
    let server = Server::start()?;
    let base = server.create_database()?;
    let mut client = base.connect()?;
    client.batch_execute(&extensions(analysis))?;
    for migration in analysis.plan.migrations.iter().take(before) {
        let text = analysis.sources.get(migration.up.source.index()).map_or("", |it| it.text());
        if let Err(why) = apply(&mut client, &migration.up, text) {
            told.push(format!("  replay: {}_{}: {why}", migration.version, migration.name));
        }
    }
    let empty = fill(&mut client, None, 1..=1000)?;
    told.push(format!("  not filled: {empty:?}"));
    drop(client);
    let bench = Bench { server, base };
    let case = Case { found, script, text, touched: touched(script) };
    case.measure(&bench, told)?;
    case.help(&bench, told)
}

/// Runs a script as the runner would.
fn apply(client: &mut Client, script: &PlannedScript, text: &str) -> Result<(), String> {
    let begin = if script.transactional { "BEGIN" } else { "" };
    let mut all = || {
        client.batch_execute(begin)?;
        for step in &script.steps {
            client.batch_execute(text.get(step.range.clone()).unwrap_or_default())?;
        }
        client.batch_execute(if script.transactional { "COMMIT" } else { "" })
    };
    let result = all().map_err(|error| words(&error));
    if result.is_err() {
        let _ = client.batch_execute("ROLLBACK");
    }
    let reset = client.batch_execute("RESET ALL; RESET ROLE");
    result.and(reset.map_err(|error| words(&error)))
}

/// What a script locks of what was there.
fn touched(script: &PlannedScript) -> Vec<String> {
    let locks = script.statements.iter().flat_map(|it| &it.locks);
    let mut names: Vec<String> = locks.map(|it| it.relation.clone()).collect();
    names.sort();
    names.dedup();
    names
}

const FEW: &str = "1,000 rows";

struct Case<'a> {
    found: &'a Diagnostic,
    script: &'a PlannedScript,
    text: &'a str,
    touched: Vec<String>,
}

impl Case<'_> {
    fn measure(&self, bench: &Bench, told: &mut Vec<String>) -> Outcome<()> {
        let config = bench.copy("few")?;
        let mut watch = Watch::new(&config)?;
        self.until(&mut watch, FEW, told)?;
        self.rest(&mut watch, told)?;
        let config = bench.copy("many")?;
        let mut client = config.connect(NoTls)?;
        let closure: Vec<String> =
            client.query(CLOSURE, &[&self.touched])?.into_iter().map(|row| row.get(0)).collect();
        fill(&mut client, Some(&closure), 1001..=20_000)?;
        self.until(&mut Watch::new(&config)?, "20,000 rows", told)?;
        let config = bench.copy("adverse")?;
        self.spoil(&mut config.connect(NoTls)?)?;
        self.until(&mut Watch::new(&config)?, "NULLs and duplicates", told)
    }

    /// The steps before, and the one in question. Where those before refuse rows, they run on empty tables, which are
    /// filled then.
    fn until(&self, watch: &mut Watch, title: &str, told: &mut Vec<String>) -> Outcome<()> {
        if self.script.transactional {
            watch.client.batch_execute("BEGIN")?;
        }
        for step in &self.script.steps {
            let sql = self.text.get(step.range.clone()).unwrap_or_default();
            if step.range.contains(&self.found.place.range.start) {
                if self.found.code == Code::ConcurrentlyIfNotExists && title == FEW {
                    let blocked = watch.blocked(sql, &self.touched)?;
                    told.push(format!("  waiting for a writer: {blocked}"));
                    watch.client.batch_execute(sql)?;
                    let left = watch.client.query(INVALID, &[])?;
                    let left: Vec<String> = left.iter().map(|row| row.get(0)).collect();
                    told.push(format!("  run again without error; still invalid: {left:?}"));
                }
                return watch.run(sql, title, title == FEW, told);
            }
            if let Err(error) = watch.client.batch_execute(sql) {
                let why = words(&error);
                told.push(format!("  {title}: an earlier statement fails: {why}: {sql}"));
                return if title == FEW { self.emptied(watch, told) } else { Ok(()) };
            }
        }
        told.push(format!("  {title}: no step holds the finding"));
        Ok(())
    }

    fn emptied(&self, watch: &mut Watch, told: &mut Vec<String>) -> Outcome<()> {
        watch.client.batch_execute("ROLLBACK")?;
        for table in &self.touched {
            // An index is none, and an empty table is as good.
            let _ = watch.client.batch_execute(&format!("TRUNCATE {table} CASCADE"));
        }
        for step in &self.script.steps {
            let sql = self.text.get(step.range.clone()).unwrap_or_default();
            if step.range.contains(&self.found.place.range.start) {
                let empty = fill(&mut watch.client, Some(&self.touched), 1..=1000)?;
                told.push(format!("  filled again after the earlier statements, but: {empty:?}"));
                watch.client.batch_execute("BEGIN")?;
                return watch.run(sql, FEW, true, told);
            }
            watch.client.batch_execute(sql)?;
        }
        Ok(())
    }

    /// The steps behind, and the foreign keys that the finding could speak of.
    fn rest(&self, watch: &mut Watch, told: &mut Vec<String>) -> Outcome<()> {
        let place = self.found.place.range.start;
        for step in self.script.steps.iter().filter(|it| it.range.start > place) {
            let sql = self.text.get(step.range.clone()).unwrap_or_default();
            if let Err(error) = watch.client.batch_execute(sql) {
                told.push(format!("  a later statement fails: {}: {sql}", words(&error)));
                return Ok(());
            }
        }
        let client = &mut watch.client;
        if self.script.transactional {
            client.batch_execute("COMMIT")?;
        }
        client.batch_execute("RESET ALL; RESET ROLE")?;
        if self.found.code != Code::ForeignKeyWithoutIndex {
            return Ok(());
        }
        for row in client.query(UNINDEXED, &[])? {
            let (name, table, parent): (String, String, String) =
                (row.get(0), row.get(1), row.get(2));
            let is_named = |name: &str| self.found.message.contains(&format!("`{name}`"));
            if !is_named(&table) || !is_named(&parent) {
                continue;
            }
            let rows = fill(client, Some(&[table.clone(), parent.clone()]), 1..=3000)?;
            client.batch_execute("BEGIN")?;
            let deletion =
                format!("DELETE FROM {parent} WHERE ctid = (SELECT max(ctid) FROM {parent})");
            let deleted = client.batch_execute(&deletion).map_err(|error| words(&error));
            let read = match deleted {
                Ok(()) => client.query_one(READ, &[&table])?.get(0),
                Err(_) => String::new(),
            };
            client.batch_execute("ROLLBACK")?;
            told.push(format!(
                "  no index: {name} of {table}; deleting a row of {parent}: {deleted:?}, \
                 {read}; not filled {rows:?}"
            ));
        }
        Ok(())
    }

    /// Half of what may be NULL is, and what need not be unique is not.
    fn spoil(&self, client: &mut Client) -> Outcome<()> {
        client.batch_execute("SET session_replication_role = replica")?;
        for row in client.query(SPOILED, &[&self.touched])? {
            let (table, column, not_null): (String, String, bool) =
                (row.get(0), row.get(1), row.get(2));
            let sql = if not_null {
                format!("UPDATE {table} SET {column} = (SELECT {column} FROM {table} LIMIT 1)")
            } else {
                format!("UPDATE {table} SET {column} = NULL WHERE ctid::text LIKE '%1)'")
            };
            // What a constraint does not allow stays as it is.
            let _ = client.batch_execute(&sql);
        }
        Ok(())
    }

    fn help(&self, bench: &Bench, told: &mut Vec<String>) -> Outcome<()> {
        let scripts = hazards::proposals(self.found);
        if scripts.is_empty() {
            told.push("  help: no SQL".to_owned());
            return Ok(());
        }
        let mut client = bench.copy("help")?.connect(NoTls)?;
        let first = propose(&mut client, &scripts);
        told.push(format!("  help: {} scripts before the migration: {first:?}", scripts.len()));
        if first.is_err() {
            let mut client = bench.copy("help_again")?.connect(NoTls)?;
            for step in &self.script.steps {
                if step.range.contains(&self.found.place.range.start) {
                    break;
                }
                let sql = self.text.get(step.range.clone()).unwrap_or_default();
                client.batch_execute(sql).map_err(|error| words(&error))?;
            }
            let second = propose(&mut client, &scripts);
            told.push(format!("  help: just before the statement: {second:?}"));
        }
        Ok(())
    }
}

/// Runs what the help says, a script a migration.
fn propose(client: &mut Client, scripts: &[String]) -> Result<(), String> {
    for (number, script) in scripts.iter().enumerate() {
        let contents = Ok(format!("-- migrate: irreversible\n{script}").into_bytes());
        let files = vec![File { path: "1_help.up.sql".to_owned(), contents }];
        let directory = Directory { files, folders: vec![String::new()] };
        let analysis = analyze(Ok(directory), &mut Cache::default());
        let migration = analysis.plan.migrations.first().ok_or("it cannot be read")?;
        let text = analysis.sources.get(migration.up.source.index()).map_or("", |it| it.text());
        apply(client, &migration.up, text).map_err(|why| format!("{}: {why}", number + 1))?;
    }
    Ok(())
}

/// The tables of these names, and all that they refer to.
const CLOSURE: &str = "WITH RECURSIVE t AS ( \
        SELECT to_regclass(name)::oid AS oid FROM unnest($1::text[]) name \
        UNION SELECT confrelid FROM t JOIN pg_constraint ON conrelid = t.oid AND contype = 'f') \
    SELECT oid::regclass::text FROM t WHERE oid IS NOT NULL";

/// The columns of these tables that no index and no foreign key speaks of, and those that may be NULL.
const SPOILED: &str = "SELECT attrelid::regclass::text, quote_ident(attname), attnotnull \
    FROM unnest($1::text[]) name JOIN pg_attribute a ON attrelid = to_regclass(name) \
    JOIN pg_class c ON c.oid = attrelid AND c.relkind IN ('r', 'p') \
    WHERE attnum > 0 AND NOT attisdropped AND attgenerated = '' AND (NOT attnotnull OR NOT EXISTS \
        (SELECT FROM pg_index i WHERE i.indrelid = attrelid AND attnum = ANY (i.indkey)))";

/// Foreign keys whose columns no whole, valid index begins with.
const UNINDEXED: &str = "SELECT conname::text, conrelid::regclass::text, confrelid::regclass::text \
    FROM pg_constraint k WHERE contype = 'f' AND NOT EXISTS (SELECT FROM pg_index i \
        WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL \
          AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)";

/// How a table was read, and what could be read instead.
const READ: &str = "SELECT format('%s scans of %s rows, %s of indexes for %s rows of it; it has %s rows and: %s', \
        s.seq_scan, s.seq_tup_read, s.idx_scan, s.idx_tup_fetch, c.reltuples, \
        (SELECT string_agg(pg_get_indexdef(i.indexrelid), '; ') FROM pg_index i WHERE i.indrelid = c.oid)) \
    FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid \
    WHERE c.oid = to_regclass($1)";

const INVALID: &str =
    "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid AND indislive";
