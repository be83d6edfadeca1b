//! What each statement of a set locks on a major version of PostgreSQL, without a server:
//!
//! ```text
//! cargo run -p migrate-analysis --example locks -- DIRECTORY [MAJOR]
//! ```
//!
//! A line `S`, the migration and the statement, then a line for each relation that was there before it: its mode,
//! whether it is written anew and whether its rows are read. `U`: what may be locked beside that.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use migrate_analysis::analyze;
use migrate_analysis::cache::Cache;
use migrate_analysis::hazards::Base;
use migrate_analysis::source::Directory;
use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(directory) = arguments.first() else { return println!("which directory?") };
    let major = arguments.get(1).and_then(|major| major.parse().ok()).unwrap_or(15);
    let read = Directory::read(Path::new(directory)).map_err(|error| error.to_string());
    let analysis = analyze(read, &mut Cache::default());
    let mut base = Base::new("");
    for migration in &analysis.plan.migrations {
        let up = &migration.up;
        let Some(source) = analysis.sources.get(up.source.index()) else { continue };
        let (Some(first), Some(last)) = (up.statements.first(), up.statements.last()) else {
            continue;
        };
        let text = &source.text()[first.range.start..last.range.end];
        let mut locked = base.each(text, major).into_iter().peekable();
        for statement in &up.statements {
            let from = statement.range.start - first.range.start;
            let sql = &source.text()[statement.range.clone()];
            let sql = sql.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
            let known = locked.next_if(|(range, _)| range.start == from);
            println!(
                "S\t{}\t{}\t{sql}",
                migration.version,
                if known.is_some() { "ok" } else { "fails" }
            );
            let Some((_, locked)) = known else { continue };
            for it in &locked.relations {
                let (name, mode) = (&it.relation, it.mode);
                println!("L\t{name}\t{mode}\t{}\t{}\t{}", it.rewritten, it.scanned, it.is_index);
            }
            locked.unknown.iter().for_each(|why| println!("U\t{why}"));
        }
    }
}
