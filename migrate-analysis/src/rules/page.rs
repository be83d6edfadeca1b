//! The page of a rule: Markdown, for `docs/rules/`.

use super::Rule;
use crate::diagnostic::Tier;
use std::fmt::Write;

/// The page.
pub(crate) fn page(rule: &Rule) -> String {
    let mut page = format!("# `{}`\n\n{}\n\n", rule.code, rule.code.summary());
    let usually = match rule.code.tier() {
        Tier::Hazard => "an error",
        Tier::Optional => "off, unless `migrate.toml` has it in `deny` or `warn`",
        _ => "an error that `migrate.toml` can lower",
    };
    let downs = if rule.downs { "ups and downs" } else { "ups" };
    let _ = writeln!(page, "Usually {usually}. Holds for {downs}.\n");
    section(&mut page, "Why", rule.why);
    section(&mut page, "Instead", rule.instead);
    let _ = writeln!(page, "## Example\n");
    if !rule.example.config.is_empty() {
        let _ = writeln!(page, "```toml\n# migrate.toml\n{}\n```\n", rule.example.config.trim());
    }
    let _ =
        writeln!(page, "Refused, on a table that was there before:\n\n{}", sql(rule.example.bad));
    let several = rule.example.good.len() > 1;
    if !rule.example.good.is_empty() {
        let title = if several { "Accepted, as migrations of their own:" } else { "Accepted:" };
        let _ = writeln!(page, "{title}\n");
        rule.example.good.iter().for_each(|good| page.push_str(&format!("{}\n", sql(good))));
    }
    let _ = write!(page, "Source: <{}>\n", rule.source);
    page
}

fn section(page: &mut String, title: &str, text: &str) {
    let _ = writeln!(page, "## {title}\n\n{}\n", text.trim());
}

fn sql(text: &str) -> String {
    format!("```sql\n{}\n```\n", text.trim())
}
