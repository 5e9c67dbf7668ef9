//! What was understood of an item: plain data.
//!
//! # Invariants
//! - The function in a model is as the user wrote it, but for what only we read: `#[tool(..)]` and doc comments on
//!   parameters.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, ExprLit, FnArg, GenericArgument, Ident, Lit, Meta, Pat, PatType, PathArguments,
    Signature, Type, TypePath, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_quote,
    spanned::Spanned,
};

use crate::{
    attr::{ParamAttr, ToolAttr},
    check::Mistakes,
};

/// A function whose body is not looked at.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attrs, vis, sig) = (input.call(Attribute::parse_outer)?, input.parse()?, input.parse()?);
        if !input.peek(syn::token::Brace) {
            return Err(input.error("expected the body of the function"));
        }
        Ok(Self { attrs, vis, sig, body: input.parse()? })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, sig, body } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

/// A function that is to be a tool.
pub(crate) struct Tool {
    pub(crate) attr: ToolAttr,
    /// The tool's name, and where it stands.
    pub(crate) name: (String, Span),
    pub(crate) description: Doc,
    pub(crate) params: Vec<Param>,
}

/// A parameter.
pub(crate) struct Param {
    pub(crate) kind: Kind,
    /// The type of the value that is made for it.
    pub(crate) ty: Type,
    /// The function takes it by reference.
    pub(crate) by_ref: bool,
    pub(crate) span: Span,
}

/// Where a parameter comes from.
pub(crate) enum Kind {
    /// A member of the input.
    Input { name: String, description: Doc, default: Option<Box<Expr>> },
    /// The whole input.
    Args,
    /// A value of the host.
    State,
    /// What the call knows about itself.
    Context,
}

impl Tool {
    /// Reads a function, and takes from it what only we understand.
    pub(crate) fn read(attr: ToolAttr, function: &mut Function, mistakes: &mut Mistakes) -> Self {
        let name = attr.name.clone().unwrap_or_else(|| {
            let ident = &function.sig.ident;
            (ident.unraw().to_string(), ident.span())
        });
        let description = Doc::of(&function.attrs);
        let params = function
            .sig
            .inputs
            .iter_mut()
            .filter_map(|input| match input {
                FnArg::Typed(param) => Param::read(param, mistakes),
                FnArg::Receiver(_) => None,
            })
            .collect();
        Self { attr, name, description, params }
    }
}

impl Param {
    fn read(param: &mut PatType, mistakes: &mut Mistakes) -> Option<Self> {
        let mut attr = ParamAttr::default();
        let description = Doc::of(&param.attrs);
        param.attrs.retain(|other| {
            if is_tool(other) {
                match &other.meta {
                    Meta::List(list) => attr.read(list.path.span(), list.tokens.clone(), mistakes),
                    other => attr.read(other.span(), TokenStream::new(), mistakes),
                }
                return false;
            }
            if other.path().is_ident("cfg") || other.path().is_ident("cfg_attr") {
                mistakes.add(
                    other.span(),
                    "a tool has the same parameters everywhere: put `cfg` on the function",
                );
            }
            !other.path().is_ident("doc")
        });
        let span = param.pat.span();
        let (ty, by_ref) = owned(&param.ty, mistakes)?;
        let kinds = [attr.args, attr.state, attr.context];
        if let Some(second) = kinds.iter().flatten().nth(1) {
            mistakes.add(*second, "a parameter is one of `args`, `state` and `context`");
        }
        let kind = if attr.args.is_some() {
            Kind::Args
        } else if attr.state.is_some() || is_state(&ty) {
            Kind::State
        } else if attr.context.is_some() || is_context(&ty) {
            Kind::Context
        } else {
            let default = attr.default.take().map(Box::new);
            Kind::Input { name: name_of(&param.pat, mistakes)?, description, default }
        };
        if let Some(default) = attr.default {
            mistakes.add(default.span(), "only a parameter that the model writes by itself has a default");
        }
        Some(Self { kind, ty, by_ref, span })
    }
}

/// The name of a parameter in the schema.
fn name_of(pattern: &Pat, mistakes: &mut Mistakes) -> Option<String> {
    match pattern {
        Pat::Ident(name) if name.subpat.is_none() => Some(name.ident.unraw().to_string()),
        other => mistakes.none(
            other.span(),
            "a parameter needs a name, which the model sees. Take it apart in the body; or is it `#[tool(args)]`?",
        ),
    }
}

/// The type of what must be made for a parameter of type `ty`, and whether it is lent.
fn owned(ty: &Type, mistakes: &mut Mistakes) -> Option<(Type, bool)> {
    let Type::Reference(reference) = ty else { return Some((ty.clone(), false)) };
    if let Some(token) = &reference.mutability {
        return mistakes
            .none(token.span(), "a parameter cannot be borrowed mutably: nobody would see the change");
    }
    if let Some(lifetime) = &reference.lifetime
        && lifetime.ident == "static"
    {
        return mistakes.none(lifetime.span(), "a parameter lives only as long as the call");
    }
    let inner = &*reference.elem;
    let ty = match inner {
        Type::Path(path) if path.qself.is_none() && path.path.is_ident("str") => {
            let span = inner.span();
            let string = quote::quote_spanned!(span=> ::std::string::String);
            parse_quote!(#string)
        }
        Type::Slice(slice) => {
            let elem = &slice.elem;
            let vec = quote::quote_spanned!(inner.span()=> ::std::vec::Vec<#elem>);
            parse_quote!(#vec)
        }
        other => other.clone(),
    };
    Some((ty, true))
}

/// Whether a type is called `State<T>`.
fn is_state(ty: &Type) -> bool {
    let Type::Path(TypePath { path, .. }) = ty else { return false };
    path.segments.last().is_some_and(|last| match &last.arguments {
        PathArguments::AngleBracketed(args) => {
            last.ident == "State"
                && matches!(args.args.iter().collect::<Vec<_>>()[..], [GenericArgument::Type(_)])
        }
        _ => false,
    })
}

/// Whether a type is called `ToolCx`.
fn is_context(ty: &Type) -> bool {
    let Type::Path(TypePath { path, .. }) = ty else { return false };
    path.segments.last().is_some_and(|last| last.ident == "ToolCx" && last.arguments.is_none())
}

/// Text out of doc comments.
pub(crate) enum Doc {
    Text(String),
    /// Texts of which one is made by a macro, such as `include_str!`.
    Made(Vec<Expr>),
}

impl Doc {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let parts: Vec<&Expr> = attrs
            .iter()
            .filter_map(|attr| match &attr.meta {
                Meta::NameValue(meta) if meta.path.is_ident("doc") => Some(&meta.value),
                _ => None,
            })
            .collect();
        let texts: Option<Vec<String>> = parts
            .iter()
            .map(|part| match part {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(unstar(&text.value())),
                _ => None,
            })
            .collect();
        match texts {
            Some(texts) => Self::Text(unindent(&texts.join("\n")).trim().to_owned()),
            None => Self::Made(parts.into_iter().cloned().collect()),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl ToTokens for Doc {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Text(text) => quote!(#text),
            Self::Made(parts) => quote!(::core::concat!(#(#parts, "\n"),*)),
        });
    }
}

/// Takes away the stars before the lines of a block comment, which comes as one text.
fn unstar(text: &str) -> String {
    let Some((first, rest)) = text.split_once('\n') else { return text.to_owned() };
    let starred = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('*');
    let rest = match rest.lines().all(starred) {
        true => rest.lines().map(|line| line.trim_start().strip_prefix('*').unwrap_or("")).collect(),
        false => rest.lines().collect::<Vec<_>>(),
    };
    format!("{}\n{}", first.trim(), unindent(&rest.join("\n")))
}

/// Takes away the space that stands before every line.
fn unindent(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let common = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let cut = |line: &str| line.get(common..).unwrap_or(line.trim_start()).trim_end().to_owned();
    text.lines().map(cut).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// Whether an attribute is `#[tool]`, by whatever path.
pub(crate) fn is_tool(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "tool")
}

/// The attributes that decide whether an item is there.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<&Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}

/// The name of what was made beside a function.
pub(crate) fn marker<'a>(attr: &'a ToolAttr, function: &'a Function) -> &'a Ident {
    attr.marker.as_ref().unwrap_or(&function.sig.ident)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::Doc;

    fn check(attrs: &[syn::Attribute], expected: &str) {
        let Doc::Text(text) = Doc::of(attrs) else { panic!("made by a macro") };
        assert_eq!(text, expected);
    }

    #[test]
    fn what_stands_before_lines_goes() {
        check(&[parse_quote!(#[doc = " One."])], "One.");
        check(&[parse_quote!(#[doc = " One.\n     * Two.\n     *   Three. "])], "One.\nTwo.\n  Three.");
        check(&[parse_quote!(#[doc = "\n * One.\n *\n * Two.\n "])], "One.\n\nTwo.");
        check(&[parse_quote!(#[doc = "\n    One.\n\n      Two.\n "])], "One.\n\n  Two.");
        check(
            &[parse_quote!(#[doc = " \u{2003}wide"]), parse_quote!(#[doc = " narrow"])],
            "\u{2003}wide\nnarrow".trim(),
        );
        let list: [syn::Attribute; 3] = [
            parse_quote!(#[doc = " Of:"]),
            parse_quote!(#[doc = " * one"]),
            parse_quote!(#[doc = "   * two"]),
        ];
        check(&list, "Of:\n* one\n  * two");
        check(&[parse_quote!(#[doc(hidden)]), parse_quote!(#[must_use])], "");
        check(&[parse_quote!(#[doc = "  "])], "");
    }

    #[test]
    fn what_a_macro_makes_is_no_text_yet() {
        let doc = Doc::of(&[parse_quote!(#[doc = include_str!("a.md")])]);
        assert!(matches!(doc, Doc::Made(_)) && !doc.is_missing());
    }
}
