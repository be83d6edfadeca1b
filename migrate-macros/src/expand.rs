//! A plan → items.
//!
//! The items of a set are written as text and lexed by the compiler in one go: a call over the
//! macro bridge for each of a hundred thousand tokens would be the slowest part of a build.

use crate::Folder;
use crate::input::Input;
use crate::names;
use migrate_analysis::plan::{PlannedDown, PlannedMigration, PlannedScript};
use migrate_analysis::source::Source;
use migrate_analysis::{Analysis, Step};
use proc_macro2::TokenStream;
use quote::quote;
use std::fmt::Write;

/// The module. It has the same items whether there were errors or not, so that one mistake is one
/// message.
pub(crate) fn module(
    input: &Input,
    analysis: &Analysis,
    folder: Option<&Folder>,
    errors: TokenStream,
) -> TokenStream {
    let Input { runtime, attributes, visibility, name, .. } = input;
    let text = Writer { analysis, folder, text: String::new() }.items();
    let items = lex(&text);
    let has_doc = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    let doc = (!has_doc).then(|| quote!(#[doc = "The migrations of this crate."]));
    quote! {
        #errors
        #(#attributes)*
        #doc
        #[allow(missing_copy_implementations, missing_debug_implementations)]
        #visibility mod #name {
            use #runtime::__private;
            #items
        }
    }
}

/// By the compiler's own lexer: `proc_macro2` would lex it first with its own, at several times
/// the cost.
fn lex(text: &str) -> TokenStream {
    match text.parse::<proc_macro::TokenStream>() {
        Ok(items) => items.into(),
        Err(error) => {
            let message = format!("the generated items cannot be lexed: {error}");
            quote!(::core::compile_error! { #message })
        }
    }
}

struct Writer<'a> {
    analysis: &'a Analysis,
    folder: Option<&'a Folder>,
    text: String,
}

/// Writing to a string cannot fail.
macro_rules! put {
    ($self:ident, $($arg:tt)*) => {
        let _ = write!($self.text, $($arg)*);
    };
}

impl Writer<'_> {
    fn items(mut self) -> String {
        let migrations = &self.analysis.plan.migrations;
        self.set();
        // Every migration after the last irreversible one can be rolled back to, and so can that one.
        let last_irreversible = migrations.iter().rposition(|migration| !migration.is_reversible());
        for (at, (migration, name)) in migrations.iter().zip(names::structs(migrations)).enumerate()
        {
            self.migration(at, migration, &name, last_irreversible.is_none_or(|last| at >= last));
        }
        self.tracked();
        self.text
    }

    fn set(&mut self) {
        let digest = bytes(&self.analysis.plan.digest);
        self.text.push_str("const __MIGRATIONS: &[__private::EmbeddedMigration] = &[");
        for migration in &self.analysis.plan.migrations {
            put!(self, "__private::migration({}, {:?}, ", migration.version, migration.name);
            self.script(&migration.up, migration, "up");
            self.down(migration);
            put!(self, "), ");
        }
        put!(
            self,
            "];\n/// All migrations of this set, in order of version.\n\
             pub const SET: __private::MigrationSet = __private::set(__MIGRATIONS, {digest}, {});\n",
            self.directory()
        );
        self.text.push_str(
            "/// Stands for this set of migrations in types.\n\
             pub enum Set {}\n\
             impl __private::Set for Set { const SET: __private::MigrationSet = SET; }\n\
             /// Runs this set of migrations.\n\
             pub type Migrator = __private::Migrator<Set>;\n\
             /// Makes a [`Migrator`] with the usual options.\n\
             #[must_use] pub fn migrator() -> Migrator { Migrator::new() }\n",
        );
    }

    fn down(&mut self, migration: &PlannedMigration) {
        match &migration.down {
            PlannedDown::Script(script) => {
                put!(self, ", __private::Down::Script(");
                self.script(script, migration, "down");
                put!(self, ")");
            }
            PlannedDown::NoOp(reason) => {
                put!(self, ", __private::Down::NoOp({reason:?})");
            }
            PlannedDown::Irreversible(reason) => {
                put!(self, ", __private::Down::Irreversible({reason:?})");
            }
        }
    }

    fn script(&mut self, script: &PlannedScript, migration: &PlannedMigration, direction: &str) {
        let Some(source) = self.analysis.sources.get(script.source.index()) else {
            return;
        };
        let path = match self.folder {
            Some(folder) => format!("{}/{}", folder.relative.trim_end_matches('/'), source.path()),
            None => format!("{}_{}.{direction} (inline)", migration.version, migration.name),
        };
        put!(self, "__private::script({path:?}, {}, &[", self.embedded(source));
        for step in &script.steps {
            self.step(step);
        }
        put!(self, "], {}, {})", bytes(&script.checksum), script.transactional);
    }

    /// A literal and no call: only then the compiler promotes the list of steps to a static.
    fn step(&mut self, step: &Step) {
        let (start, end) = (step.range.start, step.range.end);
        put!(
            self,
            "__private::Step {{ start: {start}, end: {end}, setting: {}, builds: ",
            step.setting
        );
        match &step.builds_index {
            Some(builds) => {
                put!(
                    self,
                    "__private::Some(__private::ConcurrentIndex {{ table: {:?}, index: ",
                    builds.table
                );
                match &builds.index {
                    Some(index) => {
                        put!(self, "__private::Some({index:?}) }}) }}, ");
                    }
                    None => self.text.push_str("__private::None }) }, "),
                }
            }
            None => self.text.push_str("__private::None }, "),
        }
    }

    /// `include_str!` where the text is the file, so that an edit rebuilds; else the text itself.
    fn embedded(&self, source: &Source) -> String {
        match self.folder.map(|folder| folder.absolute.join(source.path())) {
            Some(path) if source.is_verbatim() && path.to_str().is_some() => {
                format!("::core::include_str!({path:?})")
            }
            _ => format!("{:?}", source.text()),
        }
    }

    fn directory(&self) -> String {
        let Some(path) = self.folder.and_then(|folder| folder.absolute.to_str()) else {
            return "__private::None".to_owned();
        };
        format!(
            "if ::core::cfg!(debug_assertions) {{ __private::Some({path:?}) }} else {{ __private::None }}"
        )
    }

    fn migration(&mut self, at: usize, migration: &PlannedMigration, name: &str, target: bool) {
        put!(self, "#[doc = {:?}] pub struct {name};\n", doc(migration));
        put!(
            self,
            "impl __private::Migration for {name} {{ type Set = Set; const INDEX: usize = {at}; }}\n"
        );
        if migration.is_reversible() {
            put!(self, "impl __private::Reversible for {name} {{}}\n");
        }
        if target {
            put!(self, "impl __private::DownTarget<Set> for {name} {{}}\n");
        }
    }

    /// Files that decide about the set and are not embedded as they are: an edit rebuilds too.
    fn tracked(&mut self) {
        let Some(folder) = self.folder else { return };
        let embedded = |source: &Source| source.is_verbatim() && source.path().ends_with(".sql");
        for source in self.analysis.sources.iter().filter(|source| !embedded(source)) {
            let path = folder.absolute.join(source.path());
            if !source.path().is_empty() && path.to_str().is_some() && path.is_file() {
                put!(self, "const _: &[u8] = ::core::include_bytes!({path:?});\n");
            }
        }
    }
}

/// What hovering a migration shows.
fn doc(migration: &PlannedMigration) -> String {
    const MOST: usize = 12;
    let code = |text: &str| format!("`{}`", text.replace('`', "'"));
    let mut doc = format!("Migration {} {}.\n\n", migration.version, code(&migration.name));
    let mut lines: Vec<String> = Vec::new();
    for action in &migration.up.actions {
        let object = action.object.iter().map(|object| format!(" {}", code(object)));
        lines.push(format!("- {}{}\n", code(&action.command), object.collect::<String>()));
    }
    lines.dedup();
    doc.extend(lines.iter().take(MOST).map(String::as_str));
    if lines.len() > MOST {
        let _ = writeln!(doc, "- … and {} more", lines.len() - MOST);
    }
    if !migration.up.transactional {
        doc.push_str("\nRuns statement by statement, outside a transaction.\n");
    }
    if let PlannedDown::Irreversible(reason) = &migration.down {
        let _ = writeln!(doc, "\nIrreversible: {reason}");
    }
    doc
}

/// Bytes as one token. It runs unoptimised for every migration, hence no formatting.
fn bytes(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(4 * bytes.len() + 4);
    text.push_str("*b\"");
    for byte in bytes {
        text.push_str("\\x");
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text.push('"');
    text
}
