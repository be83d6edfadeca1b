//! Runs the room `sql` over a corpus of migrations, laid out as `CORPUS/<project>/NNNN_name/{up,down}.sql`.
//!
//! ```text
//! cargo run -p migrate-analysis --example corpus_syntax -- CORPUS [--statements] [--opaque] [--times]
//! ```
//!
//! Prints what is refused (where, why, and the help), how many statements are opaque, by their command,
//! and how long it took. `--statements` prints one line a file with the byte of its first problem
//! (or -1) and the spans of its statements, for comparison with another parser, `--opaque` each opaque statement.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program, not the library")]

use migrate_analysis::sql;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Totals {
    files: usize,
    bytes: usize,
    statements: usize,
    refused_files: usize,
    refused: usize,
    opaque: BTreeMap<String, usize>,
    splitting: Duration,
    parsing: Duration,
    gate: Duration,
    tree: Duration,
}

#[derive(Default)]
struct Wanted {
    statements: bool,
    opaque: bool,
    times: bool,
}

fn main() -> io::Result<()> {
    let mut corpus = None;
    let mut wanted = Wanted::default();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--statements" => wanted.statements = true,
            "--opaque" => wanted.opaque = true,
            "--times" => wanted.times = true,
            _ => corpus = Some(PathBuf::from(argument)),
        }
    }
    let Some(corpus) = corpus else {
        eprintln!("usage: corpus_syntax CORPUS [--statements] [--opaque] [--times]");
        std::process::exit(2);
    };
    let mut files = Vec::new();
    collect(&corpus, &mut files)?;
    files.sort();
    let mut totals = Totals::default();
    for file in &files {
        read(file, &mut totals, &wanted)?;
    }
    summary(&totals);
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path, totals: &mut Totals, wanted: &Wanted) -> io::Result<()> {
    let text = String::from_utf8_lossy(&std::fs::read(file)?).replace("\r\n", "\n");
    let begun = Instant::now();
    sql::comments(&text, 0..text.len());
    let split = begun.elapsed();
    let script = sql::parse(&text, 0..text.len(), &|_| false);
    totals.splitting += split;
    totals.parsing += begun.elapsed() - split;
    totals.files += 1;
    totals.bytes += text.len();
    totals.statements += script.statements.len();
    totals.refused += script.problems.len();
    totals.refused_files += usize::from(!script.problems.is_empty());
    for problem in &script.problems {
        let (line, column) = place(&text, problem.range.start);
        println!("{}:{line}:{column}: {}", file.display(), problem.message);
        println!("    {}", text.lines().nth(line - 1).unwrap_or("").trim());
        if let Some(help) = &problem.help {
            println!("    help: {help}");
        }
    }
    for statement in script.statements.iter().filter(|statement| statement.action.opaque) {
        *totals.opaque.entry(statement.action.command.clone()).or_default() += 1;
        if wanted.opaque {
            let (line, _) = place(&text, statement.range.start);
            let sql = &text[statement.range.clone()];
            println!("opaque {}:{line}: {}", file.display(), sql.lines().next().unwrap_or(""));
        }
    }
    if wanted.times {
        times(&text, &script, totals);
    }
    if wanted.statements {
        let spans: Vec<String> = script
            .statements
            .iter()
            .map(|it| format!("{}-{}", it.range.start, it.range.end))
            .collect();
        let refused = script.problems.first().map_or(-1, |problem| problem.range.start as i64);
        println!("statements\t{}\t{refused}\t{}", file.display(), spans.join(" "));
    }
    Ok(())
}

/// The two parsers alone, on the same statements.
fn times(text: &str, script: &sql::Script, totals: &mut Totals) {
    for statement in &script.statements {
        let sql = &text[statement.range.clone()];
        let begun = Instant::now();
        let errors = squawk_syntax::SourceFile::parse(sql).errors();
        let gate = begun.elapsed();
        let dialect = sqlparser::dialect::PostgreSqlDialect {};
        let tree = sqlparser::parser::Parser::parse_sql(&dialect, sql);
        totals.tree += begun.elapsed() - gate;
        totals.gate += gate;
        drop((errors, tree));
    }
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

fn summary(totals: &Totals) {
    let opaque: usize = totals.opaque.values().sum();
    println!("files {} bytes {} statements {}", totals.files, totals.bytes, totals.statements);
    println!("refused {} problems in {} files", totals.refused, totals.refused_files);
    println!("opaque {opaque}: {:?}", totals.opaque);
    println!("splitting {:?}, all of parse() {:?}", totals.splitting, totals.parsing);
    if !totals.gate.is_zero() {
        println!("of it squawk-syntax {:?}, sqlparser {:?}", totals.gate, totals.tree);
    }
}
