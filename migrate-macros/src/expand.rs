//! A plan → items.
//!
//! The items of a set are written as text and lexed by the compiler in one go: a call over the
//! macro bridge for each of a hundred thousand tokens would be the slowest part of a build.

use crate::Folder;
use crate::input::Input;
use crate::names;
use crate::records::Records;
use migrate_analysis::Analysis;
use migrate_analysis::cache;
use migrate_analysis::plan::{PlannedDown, PlannedMigration};
use migrate_analysis::source::Source;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use std::fmt::Write;
use std::path::Path;

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
    let list = list(analysis, folder);
    let has_doc = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    let doc = (!has_doc).then(|| quote!(#[doc = "The migrations of this crate."]));
    quote! {
        #(#attributes)*
        #doc
        #[allow(missing_copy_implementations, missing_debug_implementations)]
        #visibility mod #name {
            #errors
            use #runtime::__private as __p;
            #list
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

/// What an edit of a script changes. It stands in a module of its own, since the compiler lints a
/// whole module again when something in it has changed; and in statics, since it hashes the value of
/// a const with all it points to, over and over. Long literals are tokens, to be lexed by nobody.
fn list(analysis: &Analysis, folder: Option<&Folder>) -> TokenStream {
    let offsets = cache::scripts(&analysis.sources).offsets;
    let records = Records::new(analysis, &offsets, folder.map(|folder| folder.relative.as_str()));
    let count = Literal::usize_unsuffixed(analysis.plan.migrations.len());
    let texts = Literal::string(&records.texts);
    let bytes = Literal::byte_string(&records.bytes);
    let digest = Literal::byte_string(&analysis.plan.digest);
    let scripts = scripts(analysis, folder);
    quote! {
        mod __list {
            use super::__p;
            static LIST: __p::List =
                __p::List { scripts: #scripts, texts: #texts, records: #bytes };
            pub(super) static MIGRATIONS: [__p::EmbeddedMigration; #count] = LIST.migrations();
            pub(super) static DIGEST: [::core::primitive::u8; 32] = *#digest;
        }
    }
}

/// All scripts in a row: the file that the build script left; else one behind the other, by
/// `include_str!` where the text is the file, so that an edit rebuilds.
fn scripts(analysis: &Analysis, folder: Option<&Folder>) -> TokenStream {
    if let Some(path) = folder.and_then(|folder| folder.scripts.as_ref()) {
        return quote!(::core::include_str!(#path));
    }
    let scripts = analysis.sources.iter().filter(|source| source.is_script());
    let scripts = scripts.map(|source| {
        let path = folder.map(|folder| folder.absolute.join(source.path()));
        match path.as_deref().and_then(Path::to_str) {
            Some(path) if source.is_verbatim() => quote!(::core::include_str!(#path)),
            _ => Literal::string(source.text()).into_token_stream(),
        }
    });
    quote!(::core::concat!(#(#scripts),*))
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
        put!(
            self,
            "/// All migrations of this set, in order of version.\n\
             pub const SET: __p::MigrationSet = \
             __p::set(&__list::MIGRATIONS, &__list::DIGEST, {});\n",
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

    fn directory(&self) -> String {
        let Some(path) = self.folder.and_then(|folder| folder.absolute.to_str()) else {
            return "__p::None".to_owned();
        };
        format!("if ::core::cfg!(debug_assertions) {{ __p::Some({path:?}) }} else {{ __p::None }}")
    }

    fn migration(&mut self, at: usize, migration: &PlannedMigration, name: &str, target: bool) {
        put!(self, "#[doc = {:?}] pub struct {name};\n", doc(migration));
        let reversible = migration.is_reversible();
        let way = if reversible && target { "Retractable" } else { "Migration" };
        put!(self, "impl __p::{way} for {name} {{ type Set = Set; const INDEX: usize = {at}; }}\n");
        match (reversible, target) {
            (true, false) => {
                put!(self, "impl __p::Reversible for {name} {{}}\n");
            }
            (false, true) => {
                put!(self, "impl __p::DownTarget<Set> for {name} {{}}\n");
            }
            _ => {}
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
