//! The check of a value: what is said of its parts, each with its place in the JSON, and then of the whole.
//!
//! # Invariants
//! - A place is that by which the part is read.
//! - All is looked into that the type reads itself: what functions or other types read (`with`, `from`) is not, since
//!   what the model wrote there is gone.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Generics, Ident, Member, Type, WherePredicate, parse_quote, spanned::Spanned};

use super::{
    attr::ContainerAttr,
    bounds::params_in,
    carry,
    model::{Container, Field, Fields, Shape, Style, Tag, Variant},
    parts::is_known,
};

/// What is said of the parts.
#[derive(Default)]
pub(crate) struct Nested<'a> {
    statements: TokenStream,
    /// The types of the parts.
    types: Vec<&'a Type>,
}

impl<'a> Nested<'a> {
    pub(crate) fn of(container: &'a Container, attrs: &[Attribute]) -> Self {
        let mut nested = Self::default();
        if container.from.is_some() {
            return nested;
        }
        match &container.shape {
            Shape::Struct(fields) => {
                let packed =
                    carry::entries(attrs, "repr").iter().any(|entry| entry.key.starts_with("packed"));
                let parts = match container.transparent {
                    true => fields.list.iter().filter(|field| field.transparent).map(at_the_top).collect(),
                    false => parts(fields, ""),
                };
                for Part { field, place } in parts {
                    let member = &field.member;
                    // What is packed cannot be lent; serde copies it likewise.
                    let lent = if packed { quote!(&{ self.#member }) } else { quote!(&self.#member) };
                    nested.look(field, &place, &lent);
                }
            }
            Shape::Enum { tag, variants } => nested.variants(tag, variants),
        }
        nested
    }

    fn variants(&mut self, tag: &Tag, variants: &'a [Variant]) {
        let mut arms = TokenStream::new();
        let known = self.types.len();
        for variant in variants {
            let (name, mut within) = (&variant.ident, Self::default());
            let read = !variant.skip.reading && variant.with.read.is_none();
            let parts = if read { parts(&variant.fields, &above(tag, variant)) } else { Vec::new() };
            let (mut members, mut bound): (Vec<&Member>, Vec<Ident>) = (Vec::new(), Vec::new());
            for (at, Part { field, place }) in parts.into_iter().enumerate() {
                let lent = format_ident!("__at{at}");
                if within.look(field, &place, &quote!(#lent)) {
                    members.push(&field.member);
                    bound.push(lent);
                }
            }
            let statements = &within.statements;
            arms.extend(quote!(Self::#name { #(#members: #bound,)* .. } => { #statements }));
            self.types.extend(within.types);
        }
        if self.types.len() > known {
            self.statements = quote!(match self { #arms });
        }
    }

    /// Looks into a part, unless nothing can be in it; gives whether it does.
    fn look(&mut self, field: &'a Field, place: &str, lent: &TokenStream) -> bool {
        if is_known(&field.ty) {
            return false;
        }
        self.types.push(&field.ty);
        let checked = quote!((&__outcrop::Nested(#lent)).__outcrop_check());
        self.statements.extend(quote!(__checking.at(#place, #checked);));
        true
    }

    /// What is asked of the parameters of the type, so that what they stand for is looked into.
    pub(crate) fn bounds(&self, generics: &Generics) -> Vec<WherePredicate> {
        let params = params_in(generics, &self.types);
        params.iter().map(|param| parse_quote!(#param: __outcrop::Declared)).collect()
    }

    /// The method, where there is something to say.
    pub(crate) fn check(&self, attr: &ContainerAttr) -> Option<TokenStream> {
        let own = attr.validate.as_ref().map(|check| {
            // All of the call has the place of the function, where one that does not fit is told of.
            quote_spanned!(check.span()=> __outcrop::check_by(self, #check))
        });
        let body = match (self.statements.is_empty(), own) {
            (true, own) => own?,
            (false, own) => {
                let statements = &self.statements;
                let own = own.map(|own| quote!(__checking.at("", #own);));
                quote! {
                    use __outcrop::{NestedDeclared as _, NestedOther as _};
                    let mut __checking = <__outcrop::Checking as ::core::default::Default>::default();
                    #statements
                    #own
                    __checking.end()
                }
            }
        };
        Some(quote! {
            fn check(&self) -> ::core::result::Result<(), __outcrop::Problems> {
                #body
            }
        })
    }
}

/// A field and its place below the value.
struct Part<'a> {
    field: &'a Field,
    place: String,
}

fn at_the_top(field: &Field) -> Part<'_> {
    Part { field, place: String::new() }
}

/// The fields that are read, where the object or array of them is at a place.
fn parts<'a>(fields: &'a Fields, above: &str) -> Vec<Part<'a>> {
    let read = fields.list.iter().filter(|field| !field.skip.reading).enumerate();
    let read = read.filter(|(_, field)| field.with.read.is_none());
    read.map(|(at, field)| {
        let place = match fields.style {
            _ if field.flatten => above.to_owned(),
            Style::Named => format!("{above}{}", step(&field.names.read)),
            Style::Tuple => format!("{above}/{at}"),
            Style::Newtype | Style::Unit => above.to_owned(),
        };
        Part { field, place }
    })
    .collect()
}

/// Where the content of a variant is.
fn above(tag: &Tag, variant: &Variant) -> String {
    match tag {
        _ if variant.untagged => String::new(),
        Tag::External => step(&variant.names.read),
        Tag::Adjacent { content, .. } => step(content),
        Tag::Internal { .. } | Tag::Untagged => String::new(),
    }
}

/// A name as a step of a JSON Pointer (RFC 6901).
fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
