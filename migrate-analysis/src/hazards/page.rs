//! The page of a rule, and the list of all: Markdown, for `docs/rules/`.

use crate::diagnostic::{Code, Tier};
use crate::rules::{RULES, Rule};
use crate::wording::WAY_OUT_REASON;
use std::fmt::Write;

/// What the rules are about, each with the first code of its group.
const GROUPS: &[(&str, Code)] = &[
    ("Columns", Code::AddColumnVolatileDefault),
    ("Constraints", Code::AddCheckWithoutNotValid),
    ("Indexes", Code::CreateIndexBlocking),
    ("Tables, partitions, storage", Code::DropTable),
    ("Triggers, policies, enums", Code::CreateTrigger),
    ("Transactions, time limits, rows", Code::MissingLockTimeout),
    ("Types, names, versions", Code::IntPrimaryKey),
];

/// The page.
pub(super) fn page(rule: &Rule) -> String {
    let mut page = format!("# `{}`\n\n{}\n\n", rule.code, rule.code.summary());
    let _ = writeln!(page, "| | |\n|---|---|");
    let _ = writeln!(page, "| group | {} |", group(rule.code));
    let _ = writeln!(page, "| severity | {} |", severity(rule.code));
    let downs = if rule.downs { "ups and downs" } else { "ups only" };
    let _ = writeln!(page, "| looks at | {downs} |\n");
    section(&mut page, "Why", rule.why);
    section(&mut page, "Instead", rule.instead);
    example(&mut page, rule);
    section(&mut page, "If it is meant", &way_out(rule.code));
    let _ = writeln!(page, "---\n\nSource: <{}>. [All rules](README.md).", rule.source);
    page
}

/// The list of all rules, by group.
pub(super) fn index() -> String {
    let mut page = "# The rules\n\n\
What PostgreSQL takes, and what hurts in production all the same: a lock that others run into, held for a time that \
grows with a table; rows that are gone; a running application that meets another schema than it knows. A table that \
the same migration makes is in nobody's way, and neither are those that `migrate.toml` calls small.\n\n\
An *error* says what to write instead. If it is meant, say why above the statement: \
`-- migrate: allow(<code>) <reason>`. What is marked with \\* `migrate.toml` can lower for all migrations \
(`allow = [\"<code>\"]`, `warn = [\"<code>\"]`). What is *off* counts where `migrate.toml` has it in `deny` or `warn`.\n"
        .to_owned();
    for (number, (title, first)) in GROUPS.iter().enumerate() {
        let end = GROUPS.get(number + 1).map(|(_, code)| *code);
        let rules =
            RULES.iter().filter(|it| it.code >= *first && end.is_none_or(|end| it.code < end));
        let _ = writeln!(page, "\n## {title}\n\n| rule | | |\n|---|---|---|");
        for rule in rules {
            let (code, usually) = (rule.code, short_severity(rule.code));
            let _ = writeln!(page, "| [`{code}`]({code}.md) | {} | {usually} |", code.summary());
        }
    }
    page
}

fn group(code: Code) -> &'static str {
    GROUPS.iter().rfind(|(_, first)| code >= *first).map_or("", |(title, _)| title)
}

fn severity(code: Code) -> &'static str {
    match code.tier() {
        Tier::Hazard => "an error",
        Tier::Optional => "off, unless `migrate.toml` has it in `deny` or `warn`",
        _ => "an error, which `migrate.toml` can lower",
    }
}

fn short_severity(code: Code) -> &'static str {
    match code.tier() {
        Tier::Hazard => "error",
        Tier::Optional => "off",
        _ => "error\\*",
    }
}

fn example(page: &mut String, rule: &Rule) {
    let example = &rule.example;
    let _ = writeln!(page, "## Example\n");
    if !example.config.is_empty() {
        let _ = writeln!(page, "```toml\n# migrate.toml\n{}\n```\n", example.config.trim());
    }
    if !example.setup.is_empty() {
        let _ = writeln!(page, "Earlier migrations have made:\n\n{}", sql(example.setup));
    }
    let _ = writeln!(page, "Refused:\n\n{}", sql(example.bad));
    match example.good {
        [] => {}
        [good] => {
            let _ = writeln!(page, "Accepted:\n\n{}", sql(good));
        }
        several => {
            let _ = writeln!(page, "Accepted, each as a migration of its own:\n");
            several.iter().for_each(|good| page.push_str(&format!("{}\n", sql(good))));
        }
    }
}

fn way_out(code: Code) -> String {
    let above = format!(
        "Say why above the statement:\n\n```sql\n-- migrate: allow({code}) {WAY_OUT_REASON}\n```"
    );
    match code.tier() {
        Tier::Hazard => above,
        Tier::Optional => format!("{above}\n\nOr leave it off."),
        _ => format!(
            "{above}\n\nOr for all migrations, in `migrate.toml`:\n\n```toml\nallow = [\"{code}\"]\n```"
        ),
    }
}

fn section(page: &mut String, title: &str, text: &str) {
    let _ = writeln!(page, "## {title}\n\n{}\n", text.trim());
}

fn sql(text: &str) -> String {
    format!("```sql\n{}\n```\n", text.trim())
}
