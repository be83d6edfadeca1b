//! What was counted.

use migrate_analysis::Verdict;
use std::collections::BTreeMap;

/// Verdicts of PostgreSQL, by project and number.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<(String, usize), String>);

impl Known {
    /// A table whose first line names the columns `project`, `n` and `class`.
    pub(crate) fn read(path: &str) -> std::io::Result<Known> {
        let text = std::fs::read_to_string(path)?;
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let head = lines.next().unwrap_or_default();
        let at = |name| head.iter().position(|it| *it == name).unwrap_or_default();
        let (project, number, class) = (at("project"), at("n"), at("class"));
        let rows = lines.filter_map(|row| {
            let key = ((*row.get(project)?).to_owned(), row.get(number)?.parse().ok()?);
            Some((key, (*row.get(class)?).to_owned()))
        });
        Ok(Known(rows.collect()))
    }

    pub(crate) fn class(&self, project: &str, number: usize) -> Option<&str> {
        let class = self.0.get(&(project.to_owned(), number))?;
        let judged = ["exact", "order_only", "not_restored", "broken"];
        judged.into_iter().find(|it| it == class)
    }
}

impl Known {
    /// Whether its up ran there.
    pub(crate) fn is_judged(&self, project: &str, number: usize) -> bool {
        let class = self.0.get(&(project.to_owned(), number));
        class.is_some_and(|class| class != "unjudged_up_failed")
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Ups that the server refuses here, and took where the truth was measured.
    pub(crate) needs_more: usize,
    pub(crate) false_errors: usize,
    refused: [usize; 2],
    /// By whether nothing stood in the way: how many, and how many had the server's catalog.
    compared: [[usize; 2]; 2],
    /// By truth and verdict.
    verdicts: BTreeMap<(String, &'static str), usize>,
    inverses: [usize; 2],
}

impl Tally {
    pub(crate) fn up_refused(&mut self, foretold: bool) {
        self.refused[usize::from(foretold)] += 1;
    }

    /// A difference that was there before counts for the migration that brought it.
    pub(crate) fn compared(&mut self, same: bool, agreed: bool, followed: bool) {
        let counts = &mut self.compared[usize::from(followed)];
        counts[0] += 1;
        counts[1] += usize::from(same || !agreed);
    }

    /// Whether the verdict is not the truth.
    pub(crate) fn judged(&mut self, class: &str, verdict: Verdict) -> bool {
        let name = match verdict {
            Verdict::Exact => "exact",
            Verdict::ColumnOrder => "order_only",
            Verdict::Unproven => "unproven",
            Verdict::DoesNotRestore => "not_restored",
            _ => "irreversible",
        };
        *self.verdicts.entry((class.to_owned(), name)).or_default() += 1;
        let good = matches!(class, "exact" | "order_only");
        match verdict {
            Verdict::DoesNotRestore => good,
            Verdict::Exact | Verdict::ColumnOrder => !good,
            _ => true,
        }
    }

    pub(crate) fn add(&mut self, other: Tally) {
        self.false_errors += other.false_errors;
        for place in 0..2 {
            self.refused[place] += other.refused[place];
            self.inverses[place] += other.inverses[place];
            for count in 0..2 {
                self.compared[place][count] += other.compared[place][count];
            }
        }
        for (key, count) in other.verdicts {
            *self.verdicts.entry(key).or_default() += count;
        }
    }

    pub(crate) fn inverse(&mut self, restored: bool) {
        self.inverses[0] += 1;
        self.inverses[1] += usize::from(restored);
    }

    pub(crate) fn print(&self) {
        let [opaque, followed] = self.compared;
        println!(
            "\ncatalog equal: {}/{} with nothing opaque, {}/{} of all",
            followed[1],
            followed[0],
            followed[1] + opaque[1],
            followed[0] + opaque[0]
        );
        println!("false errors in ups that the server takes: {}", self.false_errors);
        println!(
            "ups that the server refuses: {} foretold, {} not",
            self.refused[1], self.refused[0]
        );
        let total: usize = self.verdicts.values().sum();
        for ((class, verdict), count) in &self.verdicts {
            println!("truth {class:<13} verdict {verdict:<13} {count:>5}");
        }
        let of = |classes: &[&str], verdict: &str| -> usize {
            let all = self.verdicts.iter();
            all.filter(|((class, it), _)| {
                classes.contains(&class.as_str()) && (verdict.is_empty() || *it == verdict)
            })
            .map(|it| it.1)
            .sum()
        };
        let (good, bad) = (["exact", "order_only"], ["not_restored", "broken"]);
        println!("false alarms: {}", of(&good, "not_restored"));
        println!(
            "reported: {}/{} of what does not restore",
            of(&bad, "not_restored"),
            of(&bad, "")
        );
        println!("unproven: {}/{total}", of(&good, "unproven") + of(&bad, "unproven"));
        if self.inverses[0] > 0 {
            println!("inverses that restore: {}/{}", self.inverses[1], self.inverses[0]);
        }
    }
}
