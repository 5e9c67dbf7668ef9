//! `#[derive(Output)]` and `#[derive(ToolInput)]`: parse (`attr`, `model`) → rules (`check`) → code (`expand`, or
//! `fallback` beside an error).
//!
//! The user has neither serde nor schemars. Their derives go on shadows of the type, in a block of its own, which has
//! them by the names that outcrop gives them (`carry`, `bounds`, `parts`).
//!
//! # Invariants
//! - Both make the same of a type, so that a type of one can be a field of the other. One of them goes on a type.

mod attr;
pub(crate) mod bounds;
mod carry;
mod check;
pub(crate) mod expand;
mod fallback;
pub(crate) mod model;
mod nested;
pub(crate) mod parts;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_derive_internals::replace_receiver;
use syn::{DeriveInput, ext::IdentExt};

use self::{attr::ContainerAttr, model::Container, nested::Nested};
use crate::{check::Mistakes, expand::krate, partial};

/// What is made beside the type; `helper` is the name of the derive's own attribute.
pub(crate) fn expand(helper: &str, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    // `Self` is another type in a shadow.
    replace_receiver(&mut input);
    let attr = ContainerAttr::read(helper, &input.attrs, &mut mistakes);
    let container = check::item(&input, &mut mistakes)
        .then(|| Container::read(&input, attr.clone(), helper, &mut mistakes))
        .flatten();
    let existing = attr.existing.is_some();
    if let Some(container) = &container
        && !existing
    {
        check::container(container, &input, &mut mistakes);
    }

    let told = mistakes.told();
    let made = match &container {
        _ if existing => TokenStream::new(),
        Some(container) if told.is_none() => expand::implementations(container, &input),
        _ => fallback::implementations(&input),
    };
    let partial = match &container {
        Some(container) if told.is_none() => partial::of(container),
        _ => partial::Made { within: partial::fallback(&input), ..partial::Made::default() },
    };
    let (beside, within) = (&partial.beside, &partial.within);
    let nested = match &container {
        Some(container) if told.is_none() => Nested::of(container, &input.attrs),
        _ => Nested::default(),
    };
    let declared = expand::declared(&input.ident, &input.generics, &attr, &nested, &partial.bounds);
    let krate = krate(attr.krate.as_ref());
    let once = format_ident!("__derive_Output_or_ToolInput_not_both_on_{}", input.ident.unraw());
    quote! {
        #told

        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #once: () = ();

        #beside

        #[allow(
            deprecated, dead_code, non_camel_case_types, non_snake_case, unused_imports, unused_qualifications,
            clippy::all, clippy::pedantic
        )]
        const _: () = {
            use #krate::__private::{self as __outcrop, serde};

            #made
            #declared
            #within
        };
    }
}
