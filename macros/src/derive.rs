//! `#[derive(Output)]` and `#[derive(ToolInput)]`: parse (`attr`, `model`) → rules (`check`) → code (`expand`, or
//! `fallback` beside an error).
//!
//! The user has neither serde nor schemars. Their derives go on shadows of the type, in a block of its own, which has
//! them by the names that outcrop gives them (`carry`, `bounds`).
//!
//! # Invariants
//! - Both make the same of a type, so that a type of one can be a field of the other. One of them goes on a type.

mod attr;
mod bounds;
mod carry;
mod check;
mod expand;
mod fallback;
#[allow(dead_code)] // What is understood is more than what these implementations need.
pub(crate) mod model;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_derive_internals::replace_receiver;
use syn::{DeriveInput, ext::IdentExt};

use crate::{check::Mistakes, expand::krate};

/// What is made beside the type; `helper` is the name of the derive's own attribute.
pub(crate) fn expand(helper: &str, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    // `Self` is another type in a shadow.
    replace_receiver(&mut input);
    let understood = match check::item(&input, &mut mistakes) {
        true => model::Container::read(&input, helper, &mut mistakes),
        false => None,
    };
    let attr = match understood {
        // Even then it matters where outcrop is.
        None => attr::ContainerAttr::read(helper, &input.attrs, &mut Mistakes::default()),
        Some(_) => attr::ContainerAttr::default(),
    };
    let attr = understood.as_ref().map_or(&attr, |container| &container.attr);
    let existing = attr.existing.is_some();
    if let Some(container) = &understood
        && !existing
    {
        check::container(container, &input, &mut mistakes);
    }

    let told = mistakes.told();
    let made = match &understood {
        _ if existing => TokenStream::new(),
        Some(container) if told.is_none() => expand::implementations(container, &input),
        _ => fallback::implementations(&input),
    };
    let declared = expand::declared(&input.ident, &input.generics, existing);
    let krate = krate(attr.krate.as_ref());
    let once = format_ident!("__derive_Output_or_ToolInput_not_both_on_{}", input.ident.unraw());
    quote! {
        #told

        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #once: () = ();

        #[allow(deprecated, dead_code, non_camel_case_types, non_snake_case, unused_qualifications, clippy::all, clippy::pedantic)]
        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::{self as __outcrop, Unmade as _, serde};

            #made
            #declared
        };
    }
}
