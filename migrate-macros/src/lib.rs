//! The `migrations!` macro: a thin door. What the scripts mean and what is wrong with them is
//! decided by `migrate-analysis`; this crate reads the call, and writes items and compile errors.
//!
//! It is documented where users meet it: `migrate_runtime::migrations!`.

mod expand;
mod input;
mod names;
mod report;

use expand::Row;
use input::{Contents, Input};
use migrate_analysis::cache::{Cache, Names, Prepared};
use migrate_analysis::embed::Segment;
use migrate_analysis::source::{Directory, Glance, Source};
use migrate_analysis::{Analysis, InlineMigration, analyze, analyze_inline};
use proc_macro2::TokenStream;
use std::fs;
use std::path::{Path, PathBuf};

/// See `migrate_runtime::migrations!`, which passes its own crate as the first token.
#[proc_macro]
pub fn migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let tokens = match syn::parse::<Input>(input) {
        Ok(input) => embed(&input),
        Err(error) => error.to_compile_error(),
    };
    tokens.into()
}

fn embed(input: &Input) -> TokenStream {
    match &input.contents {
        Contents::Directory(path) => {
            let folder = Folder::new(&path.value());
            if let Some(contents) = folder.prepared(&path.value()) {
                return expand::module(input, &contents.of(&folder));
            }
            let analysis = folder.analyze(&path.value());
            let errors = report::errors(&analysis, &folder.shown, |_| path.span());
            let segment = Segment::new(&analysis, Some(&path.value()));
            let scripts = expand::scripts(&analysis, Some(&folder));
            let contents = expand::Contents::of_all(&analysis, segment, &scripts);
            let tracked =
                if errors.is_empty() { expand::tracked(&analysis, &folder) } else { errors };
            expand::module(input, &contents.of(&folder).with(tracked))
        }
        Contents::Inline(migrations) => {
            let analysis = analyze_inline(migrations.iter().map(inline).collect());
            // The sources are the scripts in order: an error points at the literal it is in.
            let spans: Vec<_> = migrations.iter().flat_map(input::Migration::spans).collect();
            let span = |at: usize| spans.get(at).copied().unwrap_or_else(|| input.name.span());
            let errors = report::errors(&analysis, "", span);
            let segment = Segment::new(&analysis, None);
            let scripts = expand::scripts(&analysis, None);
            let contents = expand::Contents::of_all(&analysis, segment, &scripts);
            expand::module(input, &contents.with(errors))
        }
    }
}

fn inline(migration: &input::Migration) -> InlineMigration {
    let source = |literal: &syn::LitStr| {
        let start = literal.span().unwrap().start();
        let written = literal.token().to_string();
        let quote = written.find('"').unwrap_or(0) + 1;
        let path = literal.span().unwrap().file();
        Source::inline(path, literal.value(), start.line(), start.column() + quote)
    };
    InlineMigration {
        version: migration.version,
        name: migration.name.clone(),
        up: source(&migration.up),
        down: migration.down.as_ref().map(source),
        irreversible: migration.irreversible.as_ref().map(syn::LitStr::value),
    }
}

/// The migrations directory, as the compiler and as people see it.
struct Folder {
    absolute: PathBuf,
    /// Relative to the working directory where it lies below it, as rustc shows its own files.
    shown: String,
}

impl Folder {
    fn new(path: &str) -> Folder {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let absolute = root.join(path);
        let below = std::env::current_dir()
            .ok()
            .and_then(|cwd| absolute.strip_prefix(cwd).ok().map(Path::to_path_buf));
        let shown = below.unwrap_or_else(|| absolute.clone());
        Folder { shown: shown.to_string_lossy().replace('\\', "/"), absolute }
    }

    /// What `migrate_build::watch` has made ready, if it is true.
    fn prepared(&self, path: &str) -> Option<expand::Contents<'_>> {
        let left = left(path)?;
        let prepared = Prepared::decode(&fs::read(left.prepared()).ok()?)?;
        let read = |path: &str| fs::read(self.absolute.join(path)).ok();
        if !prepared.is_true(&Glance::new(&self.absolute).ok()?, read) {
            return None;
        }
        let [head, rest] = left.segments();
        let head = match &prepared.head {
            Some(written) => Row::left(&head, written)?,
            None => Row::none(),
        };
        let rows = [head, Row::left(&rest, &prepared.rest)?];
        Some(expand::Contents::new(rows, prepared.digest, prepared.postgres))
    }

    /// Uses what the build script has kept of each file, if anything.
    fn analyze(&self, path: &str) -> Analysis {
        let kept = left(path).and_then(|left| fs::read(left.cache()).ok());
        let mut cache = kept.map_or_else(Cache::default, |bytes| Cache::decode(&bytes));
        let directory = Directory::read(&self.absolute);
        analyze(directory.map_err(|error| format!("{}: {error}", self.shown)), &mut cache)
    }
}

/// What a build script may have left.
fn left(directory: &str) -> Option<Names> {
    std::env::var_os("OUT_DIR").map(|out| Names::new(Path::new(&out), directory))
}
