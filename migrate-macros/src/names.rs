//! The names of the generated structs.

use migrate_analysis::embed::Embedded;
use std::collections::HashMap;

/// One name a migration, all different: `create_users` → `CreateUsers`, and where two migrations
/// have the same name `CreateUsersV7`.
pub(crate) fn structs(migrations: &[&Embedded]) -> Vec<String> {
    // The module's own types and values: a unit struct is both.
    const TAKEN: [&str; 3] = ["Migrator", "Set", "SET"];
    let mut names = Vec::with_capacity(migrations.len());
    let mut count: HashMap<String, usize> = HashMap::with_capacity(migrations.len());
    for migration in migrations {
        let name = camel_case(&migration.name);
        *count.entry(name.clone()).or_default() += 1;
        names.push(name);
    }
    let is_taken = TAKEN.iter().any(|taken| count.contains_key(*taken));
    // As nearly always: this runs unoptimised for each of thousands.
    if count.len() == names.len() && !is_taken {
        return names;
    }
    for (name, migration) in names.iter_mut().zip(migrations) {
        if count.get(name) != Some(&1) || TAKEN.contains(&name.as_str()) {
            name.push_str(&format!("V{}", migration.version));
        }
    }
    tell_apart(&mut names, migrations);
    names
}

/// `a` twice and `a_v2` once would both give `AV2`: then every one carries its version.
fn tell_apart(names: &mut [String], migrations: &[&Embedded]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, migration) in migrations.iter().enumerate() {
        while seen.contains_key(&names[at]) {
            names[at] = format!("{}V{}", names[at], migration.version);
        }
        seen.insert(names[at].clone(), at);
    }
}

fn camel_case(name: &str) -> String {
    if let Some(plain) = plain_camel_case(name) {
        return plain;
    }
    let usable = |c: char| c.is_alphanumeric();
    let mut camel = String::new();
    for word in name.split(|c: char| !usable(c)).filter(|word| !word.is_empty()) {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.extend(letters);
    }
    let ascii = |camel: &str| camel.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    match camel {
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("M{name}"),
        name if name == "Self" => "SelfMigration".to_owned(),
        name if name.is_ascii() => name,
        name if syn::parse_str::<syn::Ident>(&name).is_ok() => name,
        // A letter that Rust does not take in a name.
        name => match ascii(&name) {
            short if short.starts_with(|c: char| c.is_ascii_uppercase()) => short,
            short => format!("M{short}"),
        },
    }
}

/// The same of a name as nearly all are, of small letters, digits and single underscores, at a fraction
/// of the cost.
fn plain_camel_case(name: &str) -> Option<String> {
    let mut camel = Vec::with_capacity(name.len());
    let mut starts = true;
    for byte in name.as_bytes() {
        match byte {
            b'a'..=b'z' if starts => camel.push(byte - 32),
            b'a'..=b'z' => camel.push(*byte),
            b'0'..=b'9' if !camel.is_empty() => camel.push(*byte),
            b'_' if !starts => {
                starts = true;
                continue;
            }
            _ => return None,
        }
        starts = false;
    }
    let camel = String::from_utf8(camel).ok()?;
    (!camel.is_empty() && camel != "Self").then_some(camel)
}

#[cfg(test)]
mod tests {
    use super::{camel_case, plain_camel_case};

    #[test]
    fn plain_names_are_as_all_others() {
        // In brackets it is not plain, and means the same.
        for name in ["a", "create_users", "a_1", "v2_x", "x_", "ab9c_d"] {
            assert_eq!(plain_camel_case(name), Some(camel_case(&format!("({name})"))), "{name}");
        }
        for name in ["", "self", "1_a", "_a", "a__b", "A", "größe", "a-b"] {
            assert_eq!(plain_camel_case(name), None, "{name}");
        }
    }
}
