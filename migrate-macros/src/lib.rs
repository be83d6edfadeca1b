//! The `migrations!` macro: a thin door. What the scripts mean and what is wrong with them is
//! decided by `migrate-analysis`; this crate reads the call, and writes items and compile errors.
//!
//! It is documented where users meet it: `migrate_runtime::migrations!`.

mod expand;
mod input;
mod names;
mod report;

use input::{Contents, Input};
use migrate_analysis::cache::{self, Cache, Prepared};
use migrate_analysis::embed::Embedding;
use migrate_analysis::source::{Directory, Glance, Source, stamp};
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
            if let Some((prepared, [text, records])) = folder.prepared(&path.value()) {
                let contents = expand::Contents::prepared(&prepared, [&text, &records]);
                return expand::module(input, &contents.of(&folder));
            }
            let analysis = folder.analyze(&path.value());
            let errors = report::errors(&analysis, &folder.shown, |_| path.span());
            let embedding = Embedding::new(&analysis, Some(&path.value()));
            let contents =
                expand::Contents::new(&embedding, &expand::scripts(&analysis, Some(&folder)));
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
            let embedding = Embedding::new(&analysis, None);
            let contents = expand::Contents::new(&embedding, &expand::scripts(&analysis, None));
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

    /// What `migrate_build::watch` has made ready, if it is true, and the files with text and records.
    fn prepared(&self, path: &str) -> Option<(Prepared, [String; 2])> {
        let prepared = fs::read(left(cache::prepared_file_name(path))?).ok()?;
        let prepared = Prepared::decode(&prepared)?;
        let text = left(cache::scripts_file_name(path))?;
        let records = left(cache::records_file_name(path))?;
        let stamps = [stamp(&text).ok()?, stamp(&records).ok()?].concat();
        let glance = Glance::new(&self.absolute).ok()?;
        let read = |path: &str| fs::read(self.absolute.join(path)).ok();
        let is_true = prepared.is_true(&glance, &stamps, read);
        is_true.then_some((prepared, [text.to_str()?.to_owned(), records.to_str()?.to_owned()]))
    }

    /// Uses what the build script has kept of each file, if anything.
    fn analyze(&self, path: &str) -> Analysis {
        let kept = left(cache::file_name(path)).and_then(|path| fs::read(path).ok());
        let mut cache = kept.map_or_else(Cache::default, |bytes| Cache::decode(&bytes));
        let directory = Directory::read(&self.absolute);
        analyze(directory.map_err(|error| format!("{}: {error}", self.shown)), &mut cache)
    }
}

/// A file that a build script may have left.
fn left(name: String) -> Option<PathBuf> {
    std::env::var_os("OUT_DIR").map(|out| PathBuf::from(out).join(name))
}
