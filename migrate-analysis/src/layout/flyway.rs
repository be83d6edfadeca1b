//! `V1__create_users.sql` and `U1__create_users.sql`, as Flyway has them (refinery has the `V`).

use super::{Layout, Malformed, Named, Part, version};

/// `None`: the name does not look like one of these.
pub(super) fn read(stem: &str) -> Option<Result<Named, Malformed>> {
    if stem.starts_with("R__") {
        return Some(Err(Malformed::new(
            "repeatable migrations are not supported",
            "give it a version: each change of the object is a migration of its own",
        )));
    }
    let (prefix, rest) = stem.split_at_checked(1)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, name) = rest.split_at(digits);
    if number.is_empty() || !name.starts_with('_') {
        return None;
    }
    match prefix {
        "V" | "U" => Some(versioned(prefix, number, name)),
        "v" | "u" => Some(Err(Malformed::new(
            format!("it starts with `{prefix}` in lower case"),
            format!("name it `{}{rest}.sql`", prefix.to_ascii_uppercase()),
        ))),
        "B" => Some(Err(Malformed::new(
            "baseline migrations are not supported",
            "make it the first versioned migration",
        ))),
        _ => None,
    }
}

fn versioned(prefix: &str, number: &str, name: &str) -> Result<Named, Malformed> {
    if number.contains('.') {
        return Err(Malformed::new(
            "its version has a dot",
            "versions are whole numbers: renumber the migrations, for example by date and time",
        ));
    }
    let Some(name) = name.strip_prefix("__").filter(|name| name.chars().any(char::is_alphanumeric))
    else {
        return Err(Malformed::new(
            "two underscores and a name have to follow its version",
            format!("name it `{prefix}{number}__<name>.sql`"),
        ));
    };
    let part = if prefix == "V" { Part::Up } else { Part::Down };
    Ok(Named { version: version(number), name: name.to_owned(), part, layout: Layout::Flyway })
}
