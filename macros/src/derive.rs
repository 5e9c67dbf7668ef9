//! `#[derive(Output)]` and `#[derive(ToolInput)]`: parse (`attr`, `model`) → rules → code.
//!
//! # Invariants
//! - Both make the same of a type, so that a type of one can be a field of the other.

mod attr;
pub(crate) mod model;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::check::Mistakes;

/// What is made beside the type; `helper` is the name of the derive's own attribute.
pub(crate) fn expand(helper: &str, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let _container = model::Container::read(&input, helper, &mut mistakes);
    mistakes.told().unwrap_or_default()
}
