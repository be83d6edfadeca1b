//! What the tests and the programs beside them share.

pub mod referee;

use migrate_analysis::Analysis;

/// What an administrator is expected to have made before the first migration: SQL.
pub fn extensions(analysis: &Analysis) -> String {
    let contrib =
        ["btree_gin", "btree_gist", "citext", "hstore", "pg_trgm", "pgcrypto", "uuid-ossp"];
    let texts: Vec<String> =
        analysis.sources.iter().map(|source| source.text().to_lowercase()).collect();
    let is_made = |name: &str| {
        texts.iter().any(|text| text.contains("create extension") && text.contains(name))
    };
    let missing = contrib.into_iter().filter(|name| !is_made(name));
    let mut sql: String = missing.map(|name| format!("CREATE EXTENSION \"{name}\";\n")).collect();
    // The tools' own history, which some migrations read.
    let history = ["gopg_migrations", "migrations"];
    for table in history.into_iter().filter(|table| {
        let made = [format!("create table {table}"), format!("not exists {table}")];
        let is_made = |text: &String| made.iter().any(|made| text.contains(made));
        let altered = format!("alter table {table}");
        let is_used = |text: &String| text.contains("gopg_") || text.contains(&altered);
        texts.iter().any(|text| text.contains(table) && is_used(text)) && !texts.iter().any(is_made)
    }) {
        sql.push_str(&format!(
            "CREATE TABLE {table} (id bigserial, version bigint, created_at timestamptz);\n"
        ));
    }
    sql
}
