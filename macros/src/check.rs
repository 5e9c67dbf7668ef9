//! Mistakes: gathered while an item is read and checked, told all at once; and the rules of a tool.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericParam, Receiver, ReceiverKind, Safety, Type, spanned::Spanned};

use crate::model::{Function, Kind, Param, Tool};

/// What is wrong with an item.
#[derive(Default)]
pub(crate) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    pub(crate) fn add(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds a mistake in place of a value.
    pub(crate) fn none<T>(&mut self, span: Span, message: impl std::fmt::Display) -> Option<T> {
        self.add(span, message);
        None
    }

    /// `compile_error!` for each mistake; `None` where there is none.
    pub(crate) fn told(&self) -> Option<TokenStream> {
        self.0.as_ref().map(syn::Error::to_compile_error)
    }
}

/// The rules that hold for every function under `#[tool]`.
pub(crate) fn tool(tool: &Tool, function: &Function, mistakes: &mut Mistakes) {
    signature(function, mistakes);
    let (name, span) = &tool.name;
    if !is_name(name) {
        let what =
            format!("`{name}` is no name for a tool: 1 to 64 of the letters a-z, A-Z, 0-9, `_` and `-`");
        mistakes.add(*span, what);
    }
    if tool.description.is_missing() {
        mistakes.add(
            function.sig.ident.span(),
            "a tool needs a description: write a doc comment that tells the model what it does and when to call it",
        );
    }
    params(&tool.params, mistakes);
}

/// The rules that hold for a method in a toolset beside those of a tool.
pub(crate) fn method(tool: &Tool, function: &Function, mistakes: &mut Mistakes) {
    if let Some(span) = tool.attr.not_on_a_method {
        mistakes.add(
            span,
            "not on a method: it is collected with its toolset, and `crate` stands on `#[toolset]`",
        );
    }
    if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first()
        && receiver_kind(receiver).is_none()
    {
        mistakes.add(
            receiver.self_token.span(),
            "calls run side by side and share the toolset: take `&self`, and keep what changes behind a lock",
        );
    }
}

/// How a method takes its toolset, where a tool can.
pub(crate) enum Receives {
    Reference,
    Arc,
}

pub(crate) fn receiver_kind(receiver: &Receiver) -> Option<Receives> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Some(Receives::Reference),
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Arc") => {
                Some(Receives::Arc)
            }
            _ => None,
        },
        _ => None,
    }
}

fn signature(function: &Function, mistakes: &mut Mistakes) {
    let sig = &function.sig;
    if let Safety::Unsafe(token) = &sig.safety {
        mistakes.add(token.span(), "a tool cannot be `unsafe`: a model calls it");
    }
    if let Some(abi) = &sig.abi {
        mistakes.add(abi.span(), "a tool is a Rust function, without `extern`");
    }
    for param in &sig.generics.params {
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(_) | GenericParam::Const(_) => mistakes.add(
                param.span(),
                "a tool cannot be generic: its schema is made once. Write a function for each type, with this one inside",
            ),
        }
    }
    for arg in &sig.inputs {
        if let FnArg::Typed(arg) = arg
            && let Type::ImplTrait(ty) = &*arg.ty
        {
            mistakes.add(ty.span(), "a tool cannot be generic: name the parameter's type");
        }
    }
}

fn params(params: &[Param], mistakes: &mut Mistakes) {
    let of = |wanted: fn(&Kind) -> bool| params.iter().filter(move |param| wanted(&param.kind));
    for param in of(|kind| matches!(kind, Kind::Args)).skip(1) {
        mistakes.add(param.span, "only one parameter can be the whole input");
    }
    if of(|kind| matches!(kind, Kind::Args)).next().is_some() {
        for param in of(|kind| matches!(kind, Kind::Input { .. })) {
            mistakes.add(
                param.span,
                "another parameter is the whole input under `#[tool(args)]`: make this a field of it",
            );
        }
    }
    for param in params {
        let mistake = match &param.kind {
            Kind::Input { .. } | Kind::Args => borrowed(param.ty.to_token_stream()).map(|span| {
                (span, "a tool owns what its parameters hold; only `&str`, `&[T]` or `&T` as a whole can be borrowed")
            }),
            _ => None,
        };
        if let Some((span, message)) = mistake {
            mistakes.add(span, message);
        }
    }
}

/// Where a reference or a lifetime with a name stands in a type.
pub(crate) fn borrowed(tokens: TokenStream) -> Option<Span> {
    let mut after_quote = false;
    tokens.into_iter().find_map(|token| {
        let quoted = std::mem::take(&mut after_quote);
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => Some(punct.span()),
            TokenTree::Punct(punct) => {
                after_quote = punct.as_char() == '\'';
                None
            }
            TokenTree::Ident(name) => (quoted && name != "static" && name != "_").then(|| name.span()),
            TokenTree::Group(group) => borrowed(group.stream()),
            TokenTree::Literal(_) => None,
        }
    })
}

/// The prefix of a toolset; none where it cannot stand in a name.
pub(crate) fn prefix<'a>(prefix: Option<&'a (String, Span)>, mistakes: &mut Mistakes) -> &'a str {
    match prefix {
        Some((prefix, _)) if is_name(prefix) => prefix,
        Some((prefix, span)) => {
            let what = "cannot stand before the name of a tool: letters a-z, A-Z, 0-9, `_` and `-`, 64 with the name";
            mistakes.add(*span, format!("`{prefix}` {what}"));
            ""
        }
        None => "",
    }
}

/// What the service takes as the name of a tool (R14).
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
