//! Companions: what there is of a value of a type while it is still being written.
//!
//! A plan of the companion is made from what was understood of the type (`plan`), then code from the plan (`expand`,
//! `generics`); those of tools are simpler (`tool`). All that can be is done in the library: what is written here are
//! the places of a companion by name and by position.
//!
//! # Invariants
//! - Names and tags are those by which the type itself is read and written.
//! - What the type reads by other means than its fields (`from`, untagged forms, functions) is read by the type itself,
//!   once it is complete.

mod expand;
mod generics;
mod plan;
mod tool;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, WherePredicate};

use crate::{derive::model::Container, expand::krate};

pub(crate) use tool::of_tool;

/// The code of a companion.
#[derive(Default)]
pub(crate) struct Made {
    /// Beside the type.
    pub(crate) beside: TokenStream,
    /// In the block where `__outcrop` is known.
    pub(crate) within: TokenStream,
    /// What the type must be to have it.
    pub(crate) bounds: Vec<WherePredicate>,
}

/// The companion of a type.
pub(crate) fn of(container: &Container) -> Made {
    let plan = plan::Plan::of(container, &krate(container.attr.krate.as_ref()));
    expand::made(&plan)
}

/// What stands beside an error, so that one mistake gives one message: the type has a companion, whatever it is.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    let (params, arguments, bounds) = input.generics.split_for_impl();
    let ident = &input.ident;
    quote! {
        impl #params __outcrop::partial::HasPartial for #ident #arguments #bounds {
            type Partial = ();
        }
    }
}
