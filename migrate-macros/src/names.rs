//! The names of the generated structs.

use migrate_analysis::embed::Embedded;
use std::collections::HashMap;

/// One name a migration, all different: `create_users` → `CreateUsers`, and where two migrations
/// have the same name `CreateUsersV7`.
pub(crate) fn structs(migrations: &[Embedded]) -> Vec<String> {
    // The module's own types and values: a unit struct is both.
    const TAKEN: [&str; 3] = ["Migrator", "Set", "SET"];
    let names: Vec<String> =
        migrations.iter().map(|migration| camel_case(&migration.name)).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for name in &names {
        *count.entry(name).or_default() += 1;
    }
    let versioned = names.iter().zip(migrations).map(|(name, migration)| {
        let alone = count.get(name.as_str()) == Some(&1) && !TAKEN.contains(&name.as_str());
        if alone { name.clone() } else { format!("{name}V{}", migration.version) }
    });
    let mut versioned: Vec<String> = versioned.collect();
    tell_apart(&mut versioned, migrations);
    versioned
}

/// `a` twice and `a_v2` once would both give `AV2`: then every one carries its version.
fn tell_apart(names: &mut [String], migrations: &[Embedded]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, migration) in migrations.iter().enumerate() {
        while seen.contains_key(&names[at]) {
            names[at] = format!("{}V{}", names[at], migration.version);
        }
        seen.insert(names[at].clone(), at);
    }
}

fn camel_case(name: &str) -> String {
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
