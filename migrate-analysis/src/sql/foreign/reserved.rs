//! Reserved words as the names of columns and constraints, where the parser lets any word pass.

use super::super::lex::Kind;
use super::super::reader::keyword::{Class, class};
use super::super::words::Words;
use super::{Form, altered_table};

/// `ADD COLUMN user text`, `RENAME COLUMN a TO order`, `DROP CONSTRAINT check`.
pub(super) fn name_in_alter(words: Words<'_>) -> Option<Form> {
    let at = actions(words).into_iter().find_map(|at| {
        if !words.is_any(at + 1, &["COLUMN", "CONSTRAINT"]) {
            return None;
        }
        let names = match words.text(at).to_ascii_uppercase().as_str() {
            "ADD" | "DROP" => [words.skip_if_exists(at + 2); 2],
            "RENAME" => [at + 2, words.skip(at + 3, &["TO"])],
            _ => return None,
        };
        names.into_iter().find(|&it| is_reserved(words, it))
    })?;
    let name = words.text(at);
    let quoted = name.to_ascii_lowercase();
    Form::new(at, format!("`{name}` is a reserved word: quote it as a name, `\"{quoted}\"`"))
}

/// The first token of each action of an `ALTER TABLE`.
fn actions(words: Words<'_>) -> Vec<usize> {
    let Some((_, mut at)) = altered_table(words) else { return Vec::new() };
    let mut actions = vec![at];
    while at < words.len() {
        match words.kind(at) {
            Some(Kind::Open) => at = words.behind_parens(at),
            Some(Kind::Comma) => {
                at += 1;
                actions.push(at);
            }
            _ => at += 1,
        }
    }
    actions
}

/// Whether the word is never the name of a column or constraint, in any version.
fn is_reserved(words: Words<'_>, at: usize) -> bool {
    words.kind(at) == Some(Kind::Word)
        && matches!(class(words.text(at)), Some(Class::Reserved | Class::Function))
        && !words.is(at, "SYSTEM_USER")
}
