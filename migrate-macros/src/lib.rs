//! The `migrations!` macro: a thin door. What the scripts mean and what is wrong with them is
//! decided by `migrate-analysis`; this crate reads the call, and writes items and compile errors.
//!
//! It is documented where users meet it: `migrate_runtime::migrations!`.

mod expand;
mod input;
mod names;
mod records;
mod report;

use input::{Contents, Input};
use migrate_analysis::cache::{self, Cache};
use migrate_analysis::source::{Directory, Source};
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
            let mut folder = Folder::new(&path.value());
            let analysis = folder.analyze(&path.value());
            let errors = report::errors(&analysis, &folder.shown, |_| path.span());
            expand::module(input, &analysis, Some(&folder), errors)
        }
        Contents::Inline(migrations) => {
            let analysis = analyze_inline(migrations.iter().map(inline).collect());
            // The sources are the scripts in order: an error points at the literal it is in.
            let spans: Vec<_> = migrations.iter().flat_map(input::Migration::spans).collect();
            let span = |at: usize| spans.get(at).copied().unwrap_or_else(|| input.name.span());
            let errors = report::errors(&analysis, "", span);
            expand::module(input, &analysis, None, errors)
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
    /// Relative to the crate: what the runtime's errors show.
    relative: String,
    /// Relative to the working directory where it lies below it, as rustc shows its own files.
    shown: String,
    /// The file in `OUT_DIR` that holds all scripts in a row, where the build script left it.
    scripts: Option<String>,
}

impl Folder {
    fn new(path: &str) -> Folder {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let absolute = root.join(path);
        let below = std::env::current_dir()
            .ok()
            .and_then(|cwd| absolute.strip_prefix(cwd).ok().map(Path::to_path_buf));
        let shown = below.unwrap_or_else(|| absolute.clone());
        let slashes = |path: &Path| path.to_string_lossy().replace('\\', "/");
        Folder {
            shown: slashes(&shown),
            relative: path.replace('\\', "/"),
            absolute,
            scripts: None,
        }
    }

    /// Uses what `migrate_build::watch` has left, if anything.
    fn analyze(&mut self, path: &str) -> Analysis {
        let out = std::env::var_os("OUT_DIR").map(PathBuf::from);
        let left = |name: String| {
            let path = out.as_ref()?.join(name);
            fs::read(&path).ok().map(|bytes| (path, bytes))
        };
        let kept = left(cache::file_name(path));
        let mut cache = kept.map_or_else(Cache::default, |(_, bytes)| Cache::decode(&bytes));
        let directory = Directory::read(&self.absolute);
        let directory = directory.map_err(|error| format!("{}: {error}", self.shown));
        let analysis = analyze(directory, &mut cache);
        let scripts = cache::scripts(&analysis.sources);
        self.scripts = left(cache::scripts_file_name(path))
            .filter(|(_, bytes)| *bytes == scripts.text.as_bytes())
            .and_then(|(path, _)| Some(path.to_str()?.to_owned()));
        analysis
    }
}
