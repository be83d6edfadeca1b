//! A difference in one line.

use std::fmt;

use super::{Change, Difference};

/// How much of a long definition is shown: enough to recognise it by.
const SHOWN: usize = 60;
/// How much of what is the same in both stands before what differs.
const BEFORE: usize = 20;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { kind, name, change } = self;
        match change {
            Change::Missing => write!(f, "{kind} `{name}` is missing"),
            Change::Left => write!(f, "{kind} `{name}` is left behind"),
            Change::Attribute { attribute, before, after } => {
                write!(f, "{kind} `{name}`: ")?;
                write_attribute(f, attribute, before.as_deref(), after.as_deref())
            }
            Change::Order { before, after } => {
                let members = if kind == "enum" { "values" } else { "columns" };
                write!(
                    f,
                    "the {members} of `{name}` are in another order: {}, and before {}",
                    after.join(", "),
                    before.join(", ")
                )
            }
        }
    }
}

fn write_attribute(
    f: &mut fmt::Formatter<'_>,
    attribute: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> fmt::Result {
    let attribute = if attribute == "not null" { "NOT NULL" } else { attribute };
    let value = |value: &str| match value {
        "yes" => String::new(),
        _ => format!(" `{}`", shown(&one_line(value), 0)),
    };
    match (before, after) {
        (Some(before), Some(after)) => {
            let (before, after) = (one_line(before), one_line(after));
            if before == after {
                return write!(f, "{attribute} changed, in blanks and line ends only");
            }
            let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
            let long = before.chars().count().max(after.chars().count()) > SHOWN;
            let skip = if long { same.saturating_sub(BEFORE) } else { 0 };
            let (before, after) = (shown(&before, skip), shown(&after, skip));
            write!(f, "{attribute} changed from `{before}` to `{after}`")
        }
        (before, after) => {
            let what = if after.is_none() { "was lost" } else { "is left behind" };
            let told = value(before.or(after).unwrap_or_default());
            write!(f, "{attribute}{told} {what}")
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A part of a text that is short enough, with marks where something was left out.
fn shown(text: &str, skip: usize) -> String {
    let part: String = text.chars().skip(skip).take(SHOWN).collect();
    let start = if skip > 0 { "…" } else { "" };
    let end = if text.chars().count() > skip + SHOWN { "…" } else { "" };
    format!("{start}{part}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(attribute: &str, before: Option<&str>, after: Option<&str>) -> String {
        let change = Change::Attribute {
            attribute: attribute.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        Difference { kind: "column".to_owned(), name: "t.a".to_owned(), change }.to_string()
    }

    #[test]
    fn attributes_are_told_in_words() {
        assert_eq!(told("not null", Some("yes"), None), "column `t.a`: NOT NULL was lost");
        assert_eq!(told("not null", None, Some("yes")), "column `t.a`: NOT NULL is left behind");
        assert_eq!(told("default", Some("1"), None), "column `t.a`: default `1` was lost");
        let changed = "column `t.a`: default changed from `1` to `2`";
        assert_eq!(told("default", Some("1"), Some("2")), changed);
    }

    #[test]
    fn of_something_long_the_part_that_differs_is_shown() {
        let (a, b) = (format!("{}x y", "a ".repeat(100)), format!("{}x\nz", "a\n".repeat(100)));
        let changed = "column `t.a`: definition changed from `…a a a a a a a a a x y` to \
                       `…a a a a a a a a a x z`";
        assert_eq!(told("definition", Some(&a), Some(&b)), changed);
        assert!(told("definition", Some("a b"), Some("a\nb")).ends_with("line ends only"));
        let lost = told("definition", Some(&"ü".repeat(100)), None);
        assert_eq!(lost, format!("column `t.a`: definition `{}…` was lost", "ü".repeat(60)));
    }
}
