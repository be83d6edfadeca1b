//! A plan → items.
//!
//! The items of a set are written as text and lexed by the compiler in one go: a call over the
//! macro bridge for each of a hundred thousand tokens would be the slowest part of a build.

use crate::Folder;
use crate::input::Input;
use crate::names;
use migrate_analysis::Analysis;
use migrate_analysis::cache::{self, SegmentFiles, Written};
use migrate_analysis::embed::{Embedded, Segment};
use migrate_analysis::source::Source;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use std::fs;
use std::path::Path;

/// What the module is made of.
pub(crate) struct Contents<'a> {
    /// The head of the set, and the rest.
    rows: [Row; 2],
    digest: i128,
    postgres: Option<i64>,
    folder: Option<&'a Folder>,
    /// Errors, and what else is to stand in it.
    more: TokenStream,
}

/// Migrations in a row.
pub(crate) struct Row {
    migrations: Vec<Embedded>,
    /// The runtime's `List`.
    list: TokenStream,
}

impl Row {
    pub(crate) fn none() -> Row {
        Row { migrations: Vec::new(), list: quote!(__p::List::NONE) }
    }

    /// What the build script has left in files, if they are as it left them.
    pub(crate) fn left(files: &SegmentFiles, written: &Written) -> Option<Row> {
        if files.stamps()? != written.stamps {
            return None;
        }
        let migrations = cache::migrations(&fs::read(&files.items).ok()?)?;
        let scripts = Literal::usize_unsuffixed(written.scripts);
        let (text, records) = (files.text.to_str()?, files.records.to_str()?);
        let list = quote!(__p::List::new(
            ::core::include_bytes!(#text),
            #scripts,
            ::core::include_bytes!(#records),
        ));
        Some(Row { migrations, list })
    }
}

impl<'a> Contents<'a> {
    pub(crate) fn new(rows: [Row; 2], digest: i128, postgres: Option<i64>) -> Contents<'a> {
        Contents { rows, digest, postgres, folder: None, more: TokenStream::new() }
    }

    /// Long literals are tokens, to be lexed by nobody.
    pub(crate) fn of_all(
        analysis: &Analysis,
        segment: Segment,
        scripts: &TokenStream,
    ) -> Contents<'a> {
        let Segment { migrations, texts, records, .. } = segment;
        let texts = Literal::byte_string(texts.as_bytes());
        let records = Literal::byte_string(&records);
        let list = quote!(__p::List { scripts: #scripts, texts: #texts, records: #records });
        let rows = [Row::none(), Row { migrations, list }];
        Contents::new(rows, analysis.plan.digest, analysis.plan.postgres)
    }

    fn migrations(&self) -> Vec<&Embedded> {
        self.rows.iter().flat_map(|row| &row.migrations).collect()
    }

    pub(crate) fn of(self, folder: &'a Folder) -> Contents<'a> {
        Contents { folder: Some(folder), ..self }
    }

    pub(crate) fn with(self, more: TokenStream) -> Contents<'a> {
        Contents { more, ..self }
    }
}

/// The module. It has the same items whether there were errors or not, so that one mistake is one
/// message. The errors stand in it, so that a `#[cfg]` on it holds for them too.
pub(crate) fn module(input: &Input, contents: &Contents<'_>) -> TokenStream {
    let Input { runtime, attributes, visibility, name, .. } = input;
    let items = lex(&Writer { contents, text: String::new() }.items());
    let lists = lists(contents);
    let has_doc = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    let doc = (!has_doc).then(|| quote!(#[doc = "The migrations of this crate."]));
    let more = &contents.more;
    quote! {
        #(#attributes)*
        #doc
        #[allow(missing_copy_implementations, missing_debug_implementations)]
        #visibility mod #name {
            #more
            use #runtime::__private as __p;
            #lists
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
/// a const with all it points to, over and over.
fn lists(contents: &Contents<'_>) -> TokenStream {
    let [head, rest] = contents.rows.each_ref().map(|row| &row.list);
    let [in_head, in_rest] = contents.rows.each_ref().map(|row| row.migrations.len());
    let count = Literal::usize_unsuffixed(in_head + in_rest);
    let in_head = Literal::usize_unsuffixed(in_head);
    let digest = Literal::i128_unsuffixed(contents.digest);
    quote! {
        mod __list {
            use super::__p;
            static HEAD: __p::List = #head;
            static REST: __p::List = #rest;
            pub(super) static MIGRATIONS: [__p::EmbeddedMigration; #count] =
                __p::migrations(&HEAD, #in_head, &REST);
            pub(super) static DIGEST: ::core::primitive::i128 = #digest;
        }
    }
}

/// All scripts in a row where no build script left them in a file: by `include_str!` where the text
/// is the file, so that an edit rebuilds.
pub(crate) fn scripts(analysis: &Analysis, folder: Option<&Folder>) -> TokenStream {
    let scripts = analysis.sources.iter().filter(|source| source.is_script());
    let scripts = scripts.map(|source| {
        let path = folder.map(|folder| folder.absolute.join(source.path()));
        match path.as_deref().and_then(Path::to_str) {
            Some(path) if is_whole_file(source) => quote!(::core::include_str!(#path)),
            _ => Literal::string(source.text()).into_token_stream(),
        }
    });
    quote!(::core::concat!(#(#scripts),*).as_bytes())
}

fn is_whole_file(source: &Source) -> bool {
    source.is_script() && source.is_verbatim() && !source.text().is_empty()
}

/// Files that decide about the set and are not embedded as they are: an edit rebuilds too. What did
/// not compile is compiled again anyway.
pub(crate) fn tracked(analysis: &Analysis, folder: &Folder) -> TokenStream {
    let others = analysis.sources.iter().filter(|source| !is_whole_file(source));
    let tracked = others.filter_map(|source| {
        let path = folder.absolute.join(source.path());
        let path = path.to_str().filter(|_| !source.path().is_empty() && path.is_file())?;
        Some(quote!(
            const _: &[::core::primitive::u8] = ::core::include_bytes!(#path);
        ))
    });
    tracked.collect()
}

struct Writer<'a> {
    contents: &'a Contents<'a>,
    text: String,
}

impl Writer<'_> {
    fn items(mut self) -> String {
        let migrations = self.contents.migrations();
        self.set();
        // Every migration after the last irreversible one can be rolled back to, and so can that one.
        let last_irreversible = migrations.iter().rposition(|migration| !migration.is_reversible);
        if migrations.last().is_some_and(|newest| newest.is_reversible) {
            self.put(&["use __p::digits::*; use __p::Retractable as __R;\n"]);
            (1..migrations.len().div_ceil(BLOCK)).for_each(|number| self.block(number));
        }
        let digits: Vec<String> = (0..BLOCK).map(|digit| format!("__{digit}")).collect();
        let names = names::structs(&migrations);
        let blocks = migrations.chunks(BLOCK).zip(names.chunks(BLOCK));
        for (number, (few, names)) in blocks.enumerate() {
            let block = block(number);
            for (digit, (migration, name)) in few.iter().zip(names).enumerate() {
                let at = number * BLOCK + digit;
                let target = last_irreversible.is_none_or(|last| at >= last);
                self.put(&["#[doc = ", &migration.doc, "] pub struct ", name, ";\n"]);
                match target && migration.is_reversible {
                    true => self.retractable(name, &block, &digits[digit]),
                    false => self.migration(at, name, migration.is_reversible, target),
                }
            }
        }
        self.text
    }

    fn set(&mut self) {
        let since = self.contents.postgres.map(|it| format!(".since({it})")).unwrap_or_default();
        let directory = self.directory();
        self.put(&[
            "/// All migrations of this set, in order of version.\n\
             pub static SET: __p::MigrationSet = __p::set(&__list::MIGRATIONS, &__list::DIGEST, ",
            &directory,
            ")",
            &since,
            ";\n\
             /// Stands for this set of migrations in types.\n\
             pub enum Set {}\n\
             impl __p::Set for Set { const SET: __p::MigrationSet = SET; }\n\
             /// Runs this set of migrations.\n\
             pub type Migrator = __p::Migrator<Set>;\n\
             /// Makes a [`Migrator`] with the usual options.\n\
             #[must_use] pub fn migrator() -> Migrator { Migrator::new() }\n",
        ]);
    }

    fn directory(&self) -> String {
        let Some(path) = self.contents.folder.and_then(|folder| folder.absolute.to_str()) else {
            return "__p::None".to_owned();
        };
        format!("if ::core::cfg!(debug_assertions) {{ __p::Some({path:?}) }} else {{ __p::None }}")
    }

    /// Nearly all are such that a rollback can end there and can cross them.
    fn retractable(&mut self, name: &str, block: &str, digit: &str) {
        self.put(&["impl __R for ", name, " { type Place = (", block, ", ", digit, "); }\n"]);
    }

    fn migration(&mut self, at: usize, name: &str, reversible: bool, target: bool) {
        let index = at.to_string();
        self.put(&["impl __p::Migration for ", name, " { type Set = Set; const INDEX: usize = "]);
        self.put(&[&index, "; }\n"]);
        match (reversible, target) {
            (true, false) => self.put(&["impl __p::Reversible for ", name, " {}\n"]),
            (false, true) => self.put(&[
                // An error is not to show it in place of what is wrong.
                "#[diagnostic::do_not_recommend] impl __p::DownTarget<Set> for ",
                name,
                " {}\n",
            ]),
            _ => {}
        }
    }

    fn block(&mut self, number: usize) {
        let digit = (number % BLOCK).to_string();
        let outer = block(number / BLOCK);
        self.put(&["type ", &block(number), " = (", &outer, ", __", &digit, ");\n"]);
    }

    /// Without `format!`, as all that runs for each of thousands of migrations, unoptimised.
    fn put(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.text.push_str(part));
    }
}

/// So many migrations have places that begin alike: see the runtime's `place.rs`.
const BLOCK: usize = 32;

/// What these places begin with.
fn block(number: usize) -> String {
    match number {
        0 => "Set".to_owned(),
        number => format!("__B{number}"),
    }
}
