use super::read;
use crate::ddl::{ColumnUse, Output, Select, SourceKind};
fn names(select: &Select) -> Vec<String> {
    let outputs = select.arms.first().map(|arm| arm.outputs.as_slice()).unwrap_or_default();
    outputs
        .iter()
        .map(|output| match output {
            Output::Star => "*".to_owned(),
            Output::TableStar { table, .. } => format!("{table}.*"),
            Output::Column { name, .. } | Output::Expression { name, .. } => name.clone(),
            Output::Unknown => "(unknown)".to_owned(),
        })
        .collect()
}

fn of(sql: &str) -> Select {
    read(sql).unwrap_or_else(|| panic!("not read: {sql}"))
}

fn complete(select: &Select) -> bool {
    let nested = |select: &Select| complete(select);
    select.complete
        && select.with.iter().all(|table| complete(&table.query))
        && select.subqueries.iter().all(nested)
        && select.arms.iter().all(|arm| {
            arm.complete
                && arm.subqueries.iter().all(nested)
                && arm.from.iter().all(|source| match &source.kind {
                    SourceKind::Query(query) => complete(query),
                    _ => true,
                })
        })
}

fn spelt(column: &ColumnUse) -> String {
    let path = [&column.schema, &column.table].into_iter().flatten();
    let path = path.chain([&column.column]).chain(&column.fields);
    path.map(String::as_str).collect::<Vec<_>>().join(".")
}

fn uses(sql: &str) -> Vec<String> {
    let select = of(sql);
    assert!(complete(&select), "{sql}: {select:#?}");
    let mut uses: Vec<String> =
        select.arms.iter().flat_map(|arm| arm.uses.iter()).map(spelt).collect();
    uses.sort();
    uses
}

/// Runs over the scripts of a folder, for a look: `CORPUS=… cargo test -- --ignored --nocapture`.
#[test]
#[ignore = "needs a corpus"]
fn corpus() {
    let Ok(root) = std::env::var("CORPUS") else { return };
    let mut folders = vec![std::path::PathBuf::from(root)];
    let (mut asked, mut none, mut partial) = (0, 0, 0);
    let mut time = std::time::Duration::ZERO;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let script = crate::sql::parse(&text, 0..text.len(), &|_| false);
            for statement in script.statements {
                let sql = &text[statement.range.clone()];
                let Some(query) = query_of(sql) else { continue };
                asked += 1;
                let before = std::time::Instant::now();
                let select = read(query);
                time += before.elapsed();
                match select {
                    None => {
                        none += 1;
                        println!("NONE {}: {query}\n", path.display());
                    }
                    Some(select) if !complete(&select) => {
                        partial += 1;
                        println!("PARTIAL {}: {query}\n", path.display());
                    }
                    Some(_) => {}
                }
            }
        }
    }
    println!("{asked} asked, {none} not read, {partial} in part, {time:?}");
}

fn query_of(sql: &str) -> Option<&str> {
    let tokens = super::ast::tokens(sql);
    let words = super::super::words::Words::new(sql, &tokens);
    if words.is_any(0, &["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE"]) {
        return Some(sql);
    }
    let is_view = words.is(0, "CREATE") && (1..6).any(|at| words.is(at, "VIEW"));
    let is_table_as = words.is(0, "CREATE") && (1..4).any(|at| words.is(at, "TABLE"));
    if !is_view && !is_table_as {
        return None;
    }
    let at = words.find(0, &["AS"])?;
    let at = words.token(at + 1)?;
    let query = sql.get(at.start..)?;
    let query = query.trim_end().trim_end_matches(';').trim_end();
    let lower = query.to_ascii_lowercase();
    let end = ["with no data", "with data", "with check option"]
        .into_iter()
        .find_map(|tail| lower.ends_with(tail).then(|| query.len() - tail.len()));
    query.get(..end.unwrap_or(query.len()))
}
