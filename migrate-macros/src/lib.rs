//! placeholder

/// placeholder
#[proc_macro]
pub fn migrations(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    proc_macro::TokenStream::new()
}
