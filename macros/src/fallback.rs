//! What stands beside an error, so that one mistake gives one message: the function can still be called, and its
//! marker can still be collected.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    attr::ToolAttr,
    expand::{marker_impl, marker_struct},
    model::Function,
};

/// The function and a marker whose tool is never made.
pub(crate) fn tool(attr: &ToolAttr, function: &Function) -> TokenStream {
    let marker_struct = marker_struct(attr, function);
    let marker_impl = marker_impl(attr, function, &quote!(::core::unreachable!()));
    quote!(#function #marker_struct #marker_impl)
}
