//! What the reader makes of statements: those of `cases.sql`, and its behaviour on broken ones.

use crate::ddl::Command;
use crate::sql::{command, split, stack};

/// Reads each statement of `text`.
fn commands(text: &str) -> Vec<(&str, Command)> {
    let statements = split::split(text, 0..text.len()).statements;
    statements
        .into_iter()
        .map(|span| (&text[span.range.clone()], command(text, span.range)))
        .collect()
}

/// The debug form without places, without fields that say nothing, and without the trees of queries.
fn brief(command: &Command) -> String {
    let written = format!("{command:?}");
    let mut out = String::new();
    let mut rest = written.as_str();
    while let Some(letter) = rest.chars().next() {
        let field = field(rest);
        match field {
            Some(len) => {
                rest = &rest[len..];
                rest = rest.strip_prefix(", ").unwrap_or(rest);
            }
            None => {
                let len = if letter == '"' { literal(rest) } else { letter.len_utf8() };
                out.push_str(&rest[..len]);
                rest = &rest[len..];
            }
        }
    }
    out.replace(",  }", " }").replace(", }", " }").replace(" }", "}").replace("{ ", "{")
}

/// How long the field is that is to be left out here.
fn field(rest: &str) -> Option<usize> {
    let (name, value) = rest.split_once(": ")?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return None;
    }
    let len = value_len(value);
    let silent = ["None", "false", "[]", "Permanent", "Restrict", "In"].contains(&&value[..len]);
    (silent || name == "at" || name == "tree").then_some(name.len() + 2 + len)
}

/// Up to the comma or bracket behind a value.
fn value_len(value: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(letter) = value[at..].chars().next() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => break,
            '"' => {
                at += literal(&value[at..]);
                continue;
            }
            _ => {}
        }
        at += letter.len_utf8();
    }
    value[..at].trim_end().len()
}

/// How long the `"…"` is.
fn literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    text.len()
}

#[test]
fn statements() {
    let mut out = String::new();
    for (sql, command) in commands(include_str!("cases.sql")) {
        out.push_str(&format!("{sql}\n    {}\n", brief(&command)));
    }
    insta::assert_snapshot!(out);
}

/// Cut off anywhere, or with a word left out, doubled or exchanged, a statement may be read as anything,
/// but it is read.
#[test]
fn broken_statements() {
    let text = include_str!("cases.sql");
    let read = || {
        for span in split::split(text, 0..text.len()).statements {
            let sql = &text[span.range];
            let words: Vec<&str> = sql.split_inclusive([' ', '(', ')', ',', '.']).collect();
            for at in 0..words.len() {
                let (before, after) = (words[..at].concat(), words[at + 1..].concat());
                for put in ["", "(", ")", "'", "x.", words[at]] {
                    let broken = [before.as_str(), put, after.as_str()].concat();
                    command(&broken, 0..broken.len());
                }
                command(&before, 0..before.len());
            }
        }
    };
    assert!(stack::on_large_stack(read).is_some());
}

/// Runs over the scripts of a folder, for a look: `CORPUS=… cargo test -- --ignored --nocapture`.
#[test]
#[ignore = "needs a corpus"]
fn corpus() {
    let Ok(root) = std::env::var("CORPUS") else { return };
    let mut folders = vec![std::path::PathBuf::from(root)];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths.retain(|path| path.extension().is_some_and(|it| it == "sql"));
    paths.sort();
    stack::on_large_stack(|| {
        for path in paths {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            for span in split::split(&text, 0..text.len()).statements {
                let sql = &text[span.range.clone()];
                let start = std::time::Instant::now();
                let command = command(&text, span.range);
                let micros = start.elapsed().as_micros();
                let written = format!("{command:?}");
                println!("{micros}\t{}\t{}\t{sql:?}\t{written:?}", sql.len(), path.display());
            }
        }
    });
}
