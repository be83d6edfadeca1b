//! A plan → items.
//!
//! The items of a set are written as text and lexed by the compiler in one go: a call over the
//! macro bridge for each of a hundred thousand tokens would be the slowest part of a build.

use crate::Folder;
use crate::input::Input;
use crate::names;
use migrate_analysis::plan::{PlannedDown, PlannedMigration, PlannedScript};
use migrate_analysis::source::{Source, SourceId};
use migrate_analysis::statement::ConcurrentIndex;
use migrate_analysis::{Analysis, Step};
use proc_macro2::TokenStream;
use quote::quote;
use std::fmt::Write;

/// The module. It has the same items whether there were errors or not, so that one mistake is one
/// message. The errors stand in it, so that a `#[cfg]` on it holds for them too.
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
        #(#attributes)*
        #doc
        #[allow(missing_copy_implementations, missing_debug_implementations)]
        #visibility mod #name {
            #errors
            use #runtime::__private as __p;
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
        if let Some((path, _)) = self.folder.and_then(|folder| folder.scripts.as_ref()) {
            put!(self, "static __SCRIPTS: &str = ::core::include_str!({path:?});\n");
        }
        let digest = bytes(&self.analysis.plan.digest);
        // A static: the compiler hashes the value of a const with all it points to, over and over.
        let migrations = &self.analysis.plan.migrations;
        put!(self, "static __MIGRATIONS: [__p::EmbeddedMigration; {}] = [", migrations.len());
        for migration in migrations {
            put!(
                self,
                "__p::EmbeddedMigration {{ version: {}, name: {:?}, up: ",
                migration.version,
                migration.name
            );
            self.script(&migration.up, migration, "up");
            self.text.push_str(", down: ");
            self.down(migration);
            self.text.push_str(" }, ");
        }
        put!(
            self,
            "];\n/// All migrations of this set, in order of version.\n\
             pub const SET: __p::MigrationSet = __p::set(&__MIGRATIONS, {digest}, {});\n",
            self.directory()
        );
        self.text.push_str(
            "/// Stands for this set of migrations in types.\n\
             pub enum Set {}\n\
             impl __p::Set for Set { const SET: __p::MigrationSet = SET; }\n\
             /// Runs this set of migrations.\n\
             pub type Migrator = __p::Migrator<Set>;\n\
             /// Makes a [`Migrator`] with the usual options.\n\
             #[must_use] pub fn migrator() -> Migrator { Migrator::new() }\n",
        );
    }

    fn down(&mut self, migration: &PlannedMigration) {
        match &migration.down {
            PlannedDown::Script(script) => {
                self.text.push_str("__p::Down::Script(");
                self.script(script, migration, "down");
                put!(self, ")");
            }
            PlannedDown::NoOp(reason) => {
                put!(self, "__p::Down::NoOp({reason:?})");
            }
            PlannedDown::Irreversible(reason) => {
                put!(self, "__p::Down::Irreversible({reason:?})");
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
        put!(self, "__p::Script {{ path: {path:?}, ");
        self.embedded(script.source, source);
        let (steps, checksum) = (pack(&script.steps), bytes(&script.checksum));
        put!(
            self,
            "steps: {steps:?}, checksum: {checksum}, transactional: {} }}",
            script.transactional
        );
    }

    /// The text of a source: a stretch of all scripts in a row where the build script left those;
    /// `include_str!` where the text is the file, so that an edit rebuilds; else the text itself.
    fn embedded(&mut self, id: SourceId, source: &Source) {
        let length = source.text().len();
        if let Some((_, offsets)) = self.folder.and_then(|folder| folder.scripts.as_ref()) {
            let start = offsets.get(id.index()).copied().unwrap_or_default();
            put!(self, "scripts: &__SCRIPTS, range: ({start}, {}), ", start + length);
            return;
        }
        match self.folder.map(|folder| folder.absolute.join(source.path())) {
            Some(path) if source.is_verbatim() && path.to_str().is_some() => {
                put!(self, "scripts: &::core::include_str!({path:?}), ");
            }
            _ => {
                put!(self, "scripts: &{:?}, ", source.text());
            }
        }
        put!(self, "range: (0, {length}), ");
    }

    fn directory(&self) -> String {
        let Some(path) = self.folder.and_then(|folder| folder.absolute.to_str()) else {
            return "__p::None".to_owned();
        };
        format!("if ::core::cfg!(debug_assertions) {{ __p::Some({path:?}) }} else {{ __p::None }}")
    }

    fn migration(&mut self, at: usize, migration: &PlannedMigration, name: &str, target: bool) {
        put!(self, "#[doc = {:?}] pub struct {name};\n", doc(migration));
        put!(
            self,
            "impl __p::Migration for {name} {{ type Set = Set; const INDEX: usize = {at}; }}\n"
        );
        if migration.is_reversible() {
            put!(self, "impl __p::Reversible for {name} {{}}\n");
        }
        if target {
            put!(self, "impl __p::DownTarget<Set> for {name} {{}}\n");
        }
    }

    /// Files that decide about the set and are not embedded as they are: an edit rebuilds too.
    fn tracked(&mut self) {
        // The build script sees every change, and what did not compile is compiled again.
        let Some(folder) = self.folder.filter(|folder| folder.scripts.is_none()) else { return };
        if self.analysis.errors().next().is_some() {
            return;
        }
        let embedded = |source: &Source| source.is_verbatim() && source.path().ends_with(".sql");
        for source in self.analysis.sources.iter().filter(|source| !embedded(source)) {
            let path = folder.absolute.join(source.path());
            if !source.path().is_empty() && path.to_str().is_some() && path.is_file() {
                put!(self, "const _: &[u8] = ::core::include_bytes!({path:?});\n");
            }
        }
    }
}

/// The steps as one string, which the runtime reads: see `Steps` in its `migration.rs`.
fn pack(steps: &[Step]) -> String {
    let mut packed = String::new();
    for Step { range, builds_index, setting } in steps {
        packed.push_str(if *setting { "s" } else { "" });
        let _ = match builds_index {
            None => write!(packed, "{}-{};", range.start, range.end),
            Some(ConcurrentIndex { table, index }) => {
                let index = index.iter().map(|name| format!("{}:{name}", name.len()));
                let (length, index) = (table.len(), index.collect::<String>());
                write!(packed, "c{}-{},{length}:{table}{index};", range.start, range.end)
            }
        };
    }
    packed
}

/// What hovering a migration shows.
fn doc(migration: &PlannedMigration) -> String {
    const MOST: usize = 12;
    let code = |text: &str| format!("`{}`", text.replace('`', "'"));
    let mut doc = format!("Migration {} {}.\n\n", migration.version, code(&migration.name));
    let mut lines: Vec<String> = Vec::new();
    for action in migration.up.statements.iter().map(|it| &it.action) {
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
