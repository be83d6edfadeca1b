//! What stands in the brackets.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, LitInt, LitStr, Token, Visibility, braced};

/// A whole call.
pub(crate) struct Input {
    /// `$crate` of the runtime.
    pub(crate) runtime: TokenStream,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) contents: Contents,
}

pub(crate) enum Contents {
    /// `= "migrations";`
    Directory(LitStr),
    /// `; 1 => create_users { up: "…", down: "…" }`
    Inline(Vec<Migration>),
}

/// A migration written in the call.
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) up: LitStr,
    pub(crate) down: Option<LitStr>,
    pub(crate) irreversible: Option<LitStr>,
}

impl Migration {
    /// The places of its scripts, in the order that the analysis numbers them.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        std::iter::once(self.up.span()).chain(self.down.as_ref().map(LitStr::span))
    }
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Input> {
        let runtime: TokenTree = input.parse()?;
        input.parse::<Token![;]>()?;
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let usage = "expected `pub mod schema = \"migrations\";`";
        let _: Token![mod] = input.parse().map_err(|error| syn::Error::new(error.span(), usage))?;
        let name = input.parse()?;
        let contents = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let path = input.parse()?;
            input.parse::<Option<Token![;]>>()?;
            if !input.is_empty() {
                return Err(input.error("nothing follows the directory: one call, one set"));
            }
            Contents::Directory(path)
        } else {
            input.parse::<Token![;]>().map_err(|error| syn::Error::new(error.span(), usage))?;
            let mut migrations = Vec::new();
            while !input.is_empty() {
                migrations.push(input.parse()?);
                input.parse::<Option<Token![,]>>()?;
            }
            Contents::Inline(migrations)
        };
        Ok(Input { runtime: quote!(#runtime), attributes, visibility, name, contents })
    }
}

impl Parse for Migration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Migration> {
        let usage = "expected a migration: `1 => create_users { up: \"…\", down: \"…\" }`";
        let expected = |error: syn::Error| syn::Error::new(error.span(), usage);
        let version: LitInt = input.parse().map_err(expected)?;
        input.parse::<Token![=>]>().map_err(expected)?;
        let name = input.call(Ident::parse_any)?;
        let body;
        braced!(body in input);
        let (mut up, mut down, mut irreversible) = (None, None, None);
        while !body.is_empty() {
            let key = body.call(Ident::parse_any)?;
            body.parse::<Token![:]>()?;
            let slot = match key.to_string().as_str() {
                "up" => &mut up,
                "down" => &mut down,
                "irreversible" => &mut irreversible,
                _ => {
                    return Err(syn::Error::new(
                        key.span(),
                        "expected `up`, `down` or `irreversible`",
                    ));
                }
            };
            if slot.is_some() {
                return Err(syn::Error::new(key.span(), format!("`{key}` is given twice")));
            }
            let usage = "expected a string; scripts in files are named as a directory: \
                         `mod schema = \"migrations\";`";
            let literal = body.parse::<LitStr>();
            *slot = Some(literal.map_err(|error| syn::Error::new(error.span(), usage))?);
            body.parse::<Option<Token![,]>>()?;
        }
        let up = up.ok_or_else(|| syn::Error::new(name.span(), format!("`{name}` has no `up`")))?;
        Ok(Migration {
            version: version.base10_parse()?,
            name: name.unraw().to_string(),
            up,
            down,
            irreversible,
        })
    }
}
