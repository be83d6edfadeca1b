//! Diagnostics → compile errors.
//!
//! A stable macro cannot point into a SQL file, so each error stands at the literal that names the
//! directory, and its second line says `--> path:line:col`, which editors and CI read.

use migrate_analysis::Analysis;
use migrate_analysis::render::render;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// More than one would read in a go.
const MOST: usize = 20;

/// One `compile_error!` a diagnostic; `span` tells where the source with that number is named.
pub(crate) fn errors(analysis: &Analysis, root: &str, span: impl Fn(usize) -> Span) -> TokenStream {
    let errors: Vec<_> = analysis.errors().collect();
    let mut tokens = TokenStream::new();
    for error in errors.iter().take(MOST) {
        let text = render(error, &analysis.sources, root);
        tokens.extend(compile_error(&text, span(error.place.source.index())));
    }
    if errors.len() > MOST {
        let text = format!("{} more problems are not shown", errors.len() - MOST);
        tokens.extend(compile_error(&text, span(0)));
    }
    tokens
}

fn compile_error(text: &str, span: Span) -> TokenStream {
    quote_spanned!(span=> ::core::compile_error! { #text })
}
