//! The rules and the lock table opened up, for the tests that hold them against a server, and for the pages in `docs/rules/`.
//!
//! Nothing here is meant for users.

mod locks;
mod page;

pub use locks::{Base, LockFact, Locked};

use crate::diagnostic::{Code, Diagnostic};
use crate::rules::newer::{SETUP, SYNTAX, Syntax};
use crate::rules::{self, RULES};
use crate::wording;

/// A rule, for its tests and its page.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its code.
    pub code: Code,
    /// What earlier migrations have made.
    pub setup: &'static str,
    /// A migration that it refuses.
    pub bad: &'static str,
    /// Migrations that it has nothing against.
    pub good: &'static [&'static str],
    /// What `migrate.toml` has to say for it to speak up.
    pub config: &'static str,
    rule: &'static rules::Rule,
}

/// Every rule.
pub fn rules() -> impl Iterator<Item = Rule> {
    RULES.iter().map(|rule| {
        let rules::Example { setup, bad, good, config } = rule.example;
        Rule { code: rule.code, setup, bad, good, config, rule }
    })
}

/// The list of all rules, for `docs/rules/`: Markdown.
pub fn index() -> String {
    page::index()
}

/// What every server knows from a major version on: its name, the version, an example, and what the example needs.
pub fn syntax() -> impl Iterator<Item = (&'static str, u32, &'static str, &'static str)> {
    SYNTAX.iter().map(|it: &Syntax| (it.what, it.since, it.example, SETUP))
}

/// The SQL that the help of a hazard says to write instead, as the user reads it: a script a migration.
pub fn proposals(diagnostic: &Diagnostic) -> Vec<String> {
    wording::proposals(diagnostic)
}

impl Rule {
    /// Its page in `docs/rules/`: Markdown.
    pub fn page(&self) -> String {
        page::page(self.rule)
    }
}
