//! From a model to code.
//!
//! # Invariants
//! - The code names nothing but `<outcrop>::__private`, `core` and what the user wrote; its own variables are
//!   hygienic and its items stand in a `const _` block, so that no name can collide. Only methods that take `self` are called with a dot: a trait of the user's may have one
//!   of the same name, but is asked later.
//! - What can be wrong with a type is asked of it once, at the place where the user wrote it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, Lit, Path, ReturnType, spanned::Spanned};

use crate::{
    attr::{Timeout, ToolAttr},
    model::{Function, Kind, Param, Tool, cfgs, marker},
};

/// The function, its marker, and the tool that the marker gives.
pub(crate) fn tool(tool: &Tool, function: &Function) -> TokenStream {
    let ident = &function.sig.ident;
    let made = made(
        tool,
        function,
        &Callee { path: quote!(#ident), receiver: None, shared: TokenStream::new(), keeps_schema: false },
    );
    let marker_struct = marker_struct(&tool.attr, function);
    let marker_impl = marker_impl(
        &tool.attr,
        function,
        &quote! {
            static __OUTCROP_TOOL: __outcrop::OnceLock<__outcrop::Tool> = __outcrop::OnceLock::new();
            ::core::clone::Clone::clone(__outcrop::OnceLock::get_or_init(&__OUTCROP_TOOL, || #made))
        },
    );
    let partial = crate::partial::of_tool(tool, function);
    quote!(#function #marker_struct #marker_impl #partial)
}

/// The type that stands for a function where tools are collected.
pub(crate) fn marker_struct(attr: &ToolAttr, function: &Function) -> TokenStream {
    let (vis, marker, cfgs) = (&function.vis, marker(attr, function), cfgs(&function.attrs));
    let doc = format!("The tool of the function `{}`, for `tools![..]`.", function.sig.ident);
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(non_camel_case_types)]
        #vis struct #marker {}
    }
}

/// The marker's tool, made by `body`.
pub(crate) fn marker_impl(attr: &ToolAttr, function: &Function, body: &TokenStream) -> TokenStream {
    let (marker, cfgs, krate) = (marker(attr, function), cfgs(&function.attrs), krate(attr.krate.as_ref()));
    quote! {
        #(#cfgs)*
        const _: () = {
            use #krate::__private as __outcrop;

            impl __outcrop::ToolSource for #marker {
                #[allow(deprecated)]
                fn tool() -> __outcrop::Tool {
                    #body
                }
            }

            impl ::core::convert::From<#marker> for __outcrop::Tool {
                fn from(_: #marker) -> Self {
                    <#marker as __outcrop::ToolSource>::tool()
                }
            }
        };
    }
}

pub(crate) fn krate(path: Option<&Path>) -> TokenStream {
    path.map_or_else(|| quote!(::outcrop), |path| quote!(#path))
}

/// A variable that the user's code cannot see.
///
/// Hygiene alone would not do: a constant of the same name would be taken for a pattern.
pub(crate) fn variable(name: &str) -> Ident {
    format_ident!("__outcrop_{name}", span = Span::mixed_site())
}

fn local(name: &str, at: usize) -> Ident {
    variable(&format!("{name}{at}"))
}

/// What is called.
pub(crate) struct Callee {
    pub(crate) path: TokenStream,
    /// The first argument, before the parameters.
    pub(crate) receiver: Option<TokenStream>,
    /// Statements that hand on what the receiver is made from: before the tool is made, and in every call.
    pub(crate) shared: TokenStream,
    /// Whether the tool is made again and again, and its schema is always the same.
    pub(crate) keeps_schema: bool,
}

/// An expression that makes the tool.
pub(crate) fn made(tool: &Tool, function: &Function, callee: &Callee) -> TokenStream {
    let Callee { path, receiver, shared, keeps_schema } = callee;
    let Tool { attr, name: (name, _), description, params } = tool;
    let [schema, input, cx, members] = ["schema", "input", "cx", "members"].map(variable);

    let (declared, described): (Vec<_>, Vec<_>) =
        params.iter().enumerate().map(|(at, param)| declare(at, param, &schema)).unzip();
    let made_schema = match params.iter().position(|param| matches!(param.kind, Kind::Args)) {
        Some(at) => {
            let whole = local("param", at);
            quote!(__outcrop::Whole::schema(&#whole))
        }
        None => quote!({
            let mut #schema = __outcrop::ObjectSchema::new();
            #(#described)*
            __outcrop::ObjectSchema::finish(#schema)
        }),
    };

    let made_schema = match keeps_schema {
        true => quote!({
            static __OUTCROP_SCHEMA: __outcrop::OnceLock<__outcrop::RawJson> = __outcrop::OnceLock::new();
            ::core::clone::Clone::clone(__outcrop::OnceLock::get_or_init(&__OUTCROP_SCHEMA, || #made_schema))
        }),
        false => made_schema,
    };

    let values: Vec<_> = (0..params.len()).map(|at| local("value", at)).collect();
    let taken = params.iter().enumerate().map(|(at, param)| take(at, param, &members, &cx));
    let unpacked = match values.is_empty() {
        true => quote!(let _ = #members;),
        false => quote! {
            let (#(::core::option::Option::Some(#values),)*) = (#(#values,)*) else {
                return __outcrop::ready(#members.refuse());
            };
        },
    };
    let passed = params.iter().zip(&values).map(|(param, value)| match param.by_ref {
        true => quote!(&#value),
        false => quote!(#value),
    });
    let passed = receiver.clone().into_iter().chain(passed);
    let called = quote!(#path(#(#passed),*));
    let output = |called| output(attr.redact_errors, &function.sig.output, called);
    let span = function.sig.ident.span();
    let run = if function.sig.asyncness.is_some() {
        let output = output(quote!(#called.await));
        // The span is that of the function, where a future that is not `Send` is told of.
        quote_spanned!(span=> __outcrop::pending(async move { #output }))
    } else {
        let output = output(called);
        quote!(__outcrop::blocking(#cx, move |_| { #output }))
    };

    let mutable = (!params.is_empty()).then(|| quote!(mut));
    let settings = settings(attr);
    let states = params.iter().enumerate().filter(|(_, param)| matches!(param.kind, Kind::State));
    let needs = states.map(|(at, _)| {
        let param = local("param", at);
        quote!(__outcrop::Host::need(&#param))
    });
    quote!({
        #shared
        #(#declared)*
        __outcrop::tool(
            #name,
            #description,
            #made_schema,
            ::std::vec::Vec::from([#(#needs),*]),
            move |#input: __outcrop::ReadyInput, #cx: __outcrop::ToolCx| {
                let #mutable #members = __outcrop::Members::of(#input);
                #(#taken)*
                #unpacked
                #shared
                #run
            },
        )
        #settings
    })
}

/// What is known of a parameter before a call, and its part of the schema.
fn declare(at: usize, Param { kind, ty, .. }: &Param, schema: &Ident) -> (TokenStream, TokenStream) {
    let (param, default_fn) = (local("param", at), local("default", at));
    match kind {
        Kind::Input { name, description, default } => {
            // All of the call has the place of the type, where a type that cannot be a parameter is told of.
            let new = quote_spanned!(ty.span()=> __outcrop::Param::<#ty>::new(#name, #description));
            let Some(default) = default else {
                return (
                    quote!(let #param = #new;),
                    quote!(__outcrop::Param::describe(&#param, &mut #schema, ::core::option::Option::None);),
                );
            };
            let value = default_value(default);
            let json = quote!({
                #[allow(unused_imports)]
                use __outcrop::{UntoldDefault as _, WrittenDefault as _};
                (&&__outcrop::DefaultOf(&#default_fn())).__outcrop_json()
            });
            (
                quote! {
                    let #default_fn: fn() -> #ty = || #value;
                    let #param = __outcrop::Param::or(#new, #default_fn);
                },
                quote!(__outcrop::Param::describe(&#param, &mut #schema, #json);),
            )
        }
        Kind::Args => {
            let new = quote_spanned!(ty.span()=> __outcrop::Whole::<#ty>::new());
            (quote!(let #param = #new;), TokenStream::new())
        }
        Kind::State => {
            let new = quote_spanned!(ty.span()=> __outcrop::Host::<#ty>::new());
            (quote!(let #param = #new;), TokenStream::new())
        }
        Kind::Context => (TokenStream::new(), TokenStream::new()),
    }
}

/// A text stands for whatever is made from one.
fn default_value(default: &Expr) -> TokenStream {
    match default {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => {
            quote_spanned!(default.span()=> __outcrop::FromText::from_text(#default))
        }
        other => quote!(#other),
    }
}

/// Makes the value of a parameter in a call, as an `Option`.
fn take(at: usize, Param { kind, ty, .. }: &Param, members: &Ident, cx: &Ident) -> TokenStream {
    let (param, value) = (local("param", at), local("value", at));
    match kind {
        Kind::Input { .. } => quote!(let #value = __outcrop::Members::take(&mut #members, &#param);),
        Kind::Args => quote!(let #value = __outcrop::Members::take_whole(&mut #members, &#param);),
        Kind::State => quote!(let #value = __outcrop::Members::take_state(&mut #members, &#param, &#cx);),
        Kind::Context => {
            let from = quote_spanned!(ty.span()=> __outcrop::context::<#ty>);
            quote!(let #value = ::core::option::Option::Some(#from(&#cx));)
        }
    }
}

/// From what the function gives to what the model is told.
fn output(redact: bool, output: &ReturnType, called: TokenStream) -> TokenStream {
    let span = match output {
        ReturnType::Default => Span::call_site(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    // What is wrong with a value is told where the value stands: these have the place and the scope of the type, and
    // names that nobody else has.
    let [given, value] = ["__outcrop_given", "__outcrop_value"].map(|name| Ident::new(name, span));
    let [look, failure] = ["look", "failure"].map(variable);
    let apart = quote_spanned!(span=> (&&&#look).__outcrop_part().apart(#given));
    let told = quote_spanned!(span=> (&&&#look).__outcrop_form().output(#value));
    quote! {
        let #given = #called;
        #[allow(unused_imports)]
        use __outcrop::{
            FormJson as _, FormNone as _, FormOwn as _, PartPlain as _, PartTold as _, PartUntold as _,
        };
        let #look = __outcrop::Look::of(&#given);
        match #apart {
            ::core::result::Result::Ok(#value) => {
                let #look = __outcrop::Look::of(&#value);
                #told
            }
            ::core::result::Result::Err(#failure) => __outcrop::Failure::tell(#failure, #redact),
        }
    }
}

fn settings(attr: &ToolAttr) -> TokenStream {
    let read_only = attr.read_only.then(|| quote!(.read_only()));
    let sequential = attr.sequential.then(|| quote!(.sequential()));
    let live = attr.live.then(|| quote!(.live()));
    let strict = attr.strict.then(|| quote!(.strict()));
    let timeout = attr.timeout.as_ref().map(|timeout| match timeout {
        Timeout::Millis(millis) => quote!(.timeout(__outcrop::Duration::from_millis(#millis))),
        Timeout::Expr(expr) => quote!(.timeout(#expr)),
    });
    quote!(#read_only #sequential #live #strict #timeout)
}
