//! The companion of a tool's parameters: `Partial<forecast>`.
//!
//! # Invariants
//! - A tool of which a parameter has no companion has none itself, and is a tool all the same: the bounds of the
//!   companion have a `for<'a>`, so that the compiler looks at them when somebody asks for it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Type, WherePredicate, ext::IdentExt, parse_quote};

use super::{expand::handed_on, plan::doc};
use crate::{
    expand::krate,
    model::{Function, Kind, Tool, cfgs, marker},
};

/// The companion of a tool, for its marker.
pub(crate) fn of_tool(tool: &Tool, function: &Function) -> TokenStream {
    let (marker, krate) = (marker(&tool.attr, function), krate(tool.attr.krate.as_ref()));
    let (cfgs, whole) = (cfgs(&function.attrs), whole(tool));
    let (made, ty, asked) = match &whole {
        Some(ty) => (TokenStream::new(), quote!(__outcrop::partial::Partial<#ty>), vec![*ty]),
        None => members(tool, marker),
    };
    let bounds = assumed(&asked);
    quote! {
        #(#cfgs)*
        #[allow(deprecated, non_camel_case_types, non_snake_case, unused_qualifications, clippy::all, clippy::pedantic)]
        const _: () = {
            use #krate::__private::{self as __outcrop, serde};

            #made

            #[automatically_derived]
            impl __outcrop::partial::HasPartial for #marker where #(#bounds),* {
                type Partial = #ty;
            }
        };
    }
}

/// The type of the parameter that is the whole input.
fn whole(tool: &Tool) -> Option<&Type> {
    tool.params.iter().find(|param| matches!(param.kind, Kind::Args)).map(|param| &param.ty)
}

fn assumed(types: &[&Type]) -> Vec<WherePredicate> {
    types.iter().map(|ty| parse_quote!(for<'__outcrop> #ty: __outcrop::partial::Shown<'__outcrop>)).collect()
}

/// A struct of all parameters that the model writes, its name, and the types that it is made of.
fn members<'a>(tool: &'a Tool, marker: &Ident) -> (TokenStream, TokenStream, Vec<&'a Type>) {
    let params: Vec<_> = tool
        .params
        .iter()
        .filter_map(|param| match &param.kind {
            Kind::Input { name, description, .. } => Some((name, description, &param.ty)),
            _ => None,
        })
        .collect();
    let ident = format_ident!("{}Partial", marker.unraw(), span = Span::call_site());
    let types: Vec<&Type> = params.iter().map(|(_, _, ty)| *ty).collect();
    let fields: Vec<Ident> = params.iter().map(|(name, ..)| field(name)).collect();
    let docs = params.iter().map(|(name, description, _)| doc(description, &format!("`{name}`, so far.")));
    let names: Vec<&String> = params.iter().map(|(name, ..)| *name).collect();
    let bounds = assumed(&types);
    let ty = quote!(#ident);
    let generics =
        syn::Generics { where_clause: Some(parse_quote!(where #(#bounds),*)), ..syn::Generics::default() };
    let handed = handed_on(Span::call_site(), &ty, &generics, "object");
    let what = format!("What there is of the input of `{}` while it is still being written.", marker.unraw());
    let made = quote! {
        #[doc = #what]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::default::Default, ::core::cmp::PartialEq)]
        pub struct #ident where #(#bounds),* {
            #(#docs pub #fields: __outcrop::partial::Part<__outcrop::partial::Partial<#types>>,)*
        }

        #handed

        #[automatically_derived]
        impl __outcrop::partial::Fields for #ident where #(#bounds),* {
            fn field<__V: __outcrop::partial::Visit>(
                &mut self,
                name: &str,
                visit: __V,
            ) -> ::core::result::Result<__V::Out, __V> {
                match name {
                    #(#names => ::core::result::Result::Ok(__outcrop::partial::Visit::visit(visit, &mut self.#fields)),)*
                    _ => ::core::result::Result::Err(visit),
                }
            }

            fn each<__S: __outcrop::partial::Sink>(
                &self,
                sink: &mut __S,
            ) -> ::core::result::Result<(), __S::Error> {
                #(__outcrop::partial::Sink::put(sink, #names, &self.#fields)?;)*
                ::core::result::Result::Ok(())
            }
        }
    };
    (made, ty, types)
}

/// The name of a parameter, where it may be a word of Rust's.
fn field(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}
