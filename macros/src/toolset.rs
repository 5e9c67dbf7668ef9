//! `#[toolset]`: the methods of an `impl` block that are tools, and the trait that gives them.
//!
//! # Invariants
//! - The block stays as the user wrote it, but for the attributes that only we read; generics and bounds are its own.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Generics, ImplItem, ItemImpl, Meta, parse_quote, spanned::Spanned};

use crate::{
    attr::{ToolAttr, ToolsetAttr},
    check::{self, Mistakes, Receives},
    expand::{self, Callee},
    model::{Function, Tool, cfgs, is_tool},
};

/// The block and the trait; what is wrong is told beside them.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let attr = ToolsetAttr::read(attr, &mut mistakes);
    let mut block: ItemImpl = match syn::parse2(item.clone()) {
        Ok(block) => block,
        Err(error) => {
            mistakes.add(error.span(), "`#[toolset]` goes on an `impl` block");
            let told = mistakes.told();
            return quote!(#item #told);
        }
    };
    if let Some((path, _)) = &block.trait_ {
        mistakes.add(path.span(), "`#[toolset]` goes on the `impl` block of a type, not of a trait");
        let told = mistakes.told();
        return quote!(#block #told);
    }
    let prefix = check::prefix(attr.prefix.as_ref(), &mut mistakes);
    let mut tools = Vec::new();
    // A static is one for all types that the block is for.
    let keeps_schemas =
        block.generics.type_params().next().is_none() && block.generics.const_params().next().is_none();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && method.attrs.iter().any(is_tool)
        {
            let mut function = Function {
                attrs: std::mem::take(&mut method.attrs),
                vis: method.vis.clone(),
                sig: method.sig.clone(),
                body: method.block.to_token_stream(),
            };
            tools.push(read(prefix, &mut function, keeps_schemas, &mut mistakes));
            *item = ImplItem::Verbatim(function.to_token_stream());
        }
    }
    if tools.is_empty() {
        mistakes.add(block.self_ty.span(), "a toolset has tools: put `#[tool]` on its methods");
    }
    let told = mistakes.told();
    let body = match told {
        None => {
            let tools_var = expand::variable("tools");
            quote! {
                let mut #tools_var = ::std::vec::Vec::new();
                #(#tools)*
                #tools_var
            }
        }
        // The toolset can still be given to an agent, so that one mistake gives one message.
        Some(_) => quote!(::core::unreachable!()),
    };
    let toolset = toolset(&attr, &block, &body);
    quote!(#told #block #toolset)
}

/// Reads a method, and gives a statement that adds its tool.
fn read(prefix: &str, function: &mut Function, keeps_schema: bool, mistakes: &mut Mistakes) -> TokenStream {
    let mut attr = ToolAttr::default();
    function.attrs.retain(|other| {
        if is_tool(other) {
            let tokens = match &other.meta {
                Meta::List(list) => list.tokens.clone(),
                _ => TokenStream::new(),
            };
            attr = ToolAttr::read(tokens, mistakes);
        }
        !is_tool(other)
    });
    let mut tool = Tool::read(attr, function, mistakes);
    tool.name.0.insert_str(0, prefix);
    check::tool(&tool, function, mistakes);
    check::method(&tool, function, mistakes);

    let ident = &function.sig.ident;
    let this = expand::variable("this");
    let receiver = match function.sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) => Some(match check::receiver_kind(receiver) {
            Some(Receives::Arc) => quote!(#this),
            _ => quote!(&*#this),
        }),
        _ => None,
    };
    let shared = match receiver {
        Some(_) => quote!(let #this = ::std::sync::Arc::clone(&#this);),
        None => TokenStream::new(),
    };
    let made =
        expand::made(&tool, function, &Callee { path: quote!(Self::#ident), receiver, shared, keeps_schema });
    let (cfgs, tools) = (cfgs(&function.attrs), expand::variable("tools"));
    quote! {
        #(#cfgs)*
        let () = ::std::vec::Vec::push(&mut #tools, #made);
    }
}

/// The trait for the block's type.
fn toolset(attr: &ToolsetAttr, block: &ItemImpl, body: &TokenStream) -> TokenStream {
    let krate = expand::krate(attr.krate.as_ref());
    let (cfgs, ty, this) = (cfgs(&block.attrs), &block.self_ty, expand::variable("this"));
    let generics = shared(&block.generics, block);
    let (generics, _, bounds) = generics.split_for_impl();
    quote! {
        #(#cfgs)*
        const _: () = {
            use #krate::__private as __outcrop;

            #[allow(trivial_bounds)]
            impl #generics __outcrop::Toolset for #ty #bounds {
                #[allow(deprecated)]
                fn tools(self: ::std::sync::Arc<Self>) -> ::std::vec::Vec<__outcrop::Tool> {
                    let #this = self;
                    #body
                }
            }
        };
    }
}

/// The generics of the block, and that its type can be shared. That is asked here and nowhere else, so that it is
/// told once where it cannot.
fn shared(generics: &Generics, block: &ItemImpl) -> Generics {
    let mut generics = generics.clone();
    let ty = &block.self_ty;
    let bound = quote_spanned!(ty.span()=> #ty: __outcrop::Shareable);
    generics.make_where_clause().predicates.push(parse_quote!(#bound));
    generics
}
