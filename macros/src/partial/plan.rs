//! What a companion looks like: plain data.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Index, Member, Visibility, ext::IdentExt, spanned::Spanned};

use super::generics::{Bounds, depends, mentions};
use crate::{
    derive::{
        model::{Container, Field, Fields, Shape, Style, Tag, Variant},
        parts::is_known,
    },
    model::Doc,
};

/// A companion of a type.
pub(super) struct Plan<'a> {
    pub(super) container: &'a Container,
    /// Its name.
    pub(super) ident: Ident,
    pub(super) vis: &'a Visibility,
    pub(super) form: Form<'a>,
    pub(super) bounds: Bounds,
    /// The fields that functions read.
    pub(super) decoders: Vec<&'a Field>,
    /// Where outcrop is.
    pub(super) krate: TokenStream,
}

/// The form of a companion.
pub(super) enum Form<'a> {
    /// Another type is the companion.
    Alias(TokenStream),
    /// A struct, in JSON an object or an array.
    Struct(Style, Vec<Place<'a>>),
    /// An enum, with what tells the variant in JSON.
    Enum(&'a Tag, Vec<Case<'a>>),
}

/// A variant of a companion.
pub(super) struct Case<'a> {
    pub(super) variant: &'a Variant,
    /// As it is written in Rust.
    pub(super) style: Style,
    pub(super) places: Vec<Place<'a>>,
}

/// A place in a companion.
pub(super) struct Place<'a> {
    pub(super) field: &'a Field,
    /// In the companion, where those that are left out are not counted.
    pub(super) member: Member,
    /// Its members stand in the object around it.
    pub(super) flat: bool,
    pub(super) ty: TokenStream,
    /// Of the field's type: all that can be wrong with it is told there, and so once.
    pub(super) span: Span,
}

/// Makes the places, and gathers what they ask for.
struct Planner<'a> {
    container: &'a Container,
    krate: TokenStream,
    bounds: Bounds,
    decoders: Vec<&'a Field>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(container: &'a Container, krate: &TokenStream) -> Self {
        let mut planner =
            Planner { container, krate: krate.clone(), bounds: Bounds::default(), decoders: Vec::new() };
        let form = planner.form();
        let Planner { bounds, decoders, .. } = planner;
        let ident = format_ident!("{}Partial", container.ident.unraw(), span = container.ident.span());
        Self { container, ident, vis: &container.vis, form, bounds, decoders, krate: krate.clone() }
    }

    /// Where what concerns the whole is told of: there too the compiler looks at the types of all fields.
    pub(super) fn span(&self) -> Span {
        let (of_struct, of_enum) = match &self.form {
            Form::Alias(_) => (None, None),
            Form::Struct(_, places) => (Some(places), None),
            Form::Enum(_, cases) => (None, Some(cases)),
        };
        let places = of_struct
            .into_iter()
            .flatten()
            .chain(of_enum.into_iter().flatten().flat_map(|case| &case.places));
        let generics = &self.container.generics;
        let is_asked =
            |field: &Field| !is_whole(field) && !is_known(&field.ty) && !depends(generics, &field.ty);
        let mut asked = places.filter(|place| is_asked(place.field));
        asked.next().map_or_else(Span::call_site, |place| place.span)
    }

    pub(super) fn doc(&self) -> String {
        format!("What there is of a `{}` while it is still being written.", self.container.ident.unraw())
    }
}

impl<'a> Planner<'a> {
    fn form(&mut self) -> Form<'a> {
        let container = self.container;
        if container.from.is_some() || container.attr.done.is_some() {
            return self.whole();
        }
        match &container.shape {
            Shape::Struct(fields) if container.transparent => {
                match fields.list.iter().find(|field| field.transparent) {
                    Some(field) => self.alias(field),
                    None => self.whole(),
                }
            }
            Shape::Struct(fields) => match (fields.style, &fields.list[..]) {
                (Style::Unit, _) => self.whole(),
                (Style::Newtype, [field]) => self.alias(field),
                (style, _) => Form::Struct(style, self.places(fields)),
            },
            Shape::Enum { tag, variants } => self.form_of_enum(tag, variants),
        }
    }

    fn form_of_enum(&mut self, tag: &'a Tag, variants: &'a [Variant]) -> Form<'a> {
        let read = || variants.iter().filter(|variant| !variant.skip.reading);
        let only_names = read().all(|variant| variant.fields.style == Style::Unit);
        let by_itself = read().any(|variant| variant.untagged || variant.with.read.is_some());
        if only_names || by_itself || matches!(tag, Tag::Untagged) {
            return self.whole();
        }
        let internal = matches!(tag, Tag::Internal { .. });
        Form::Enum(tag, read().map(|variant| self.case(variant, internal)).collect())
    }

    fn case(&mut self, variant: &'a Variant, internal: bool) -> Case<'a> {
        let fields = &variant.fields;
        if fields.style != Style::Newtype {
            return Case { variant, style: fields.style, places: self.places(fields) };
        }
        // Within the object that has the tag, the content is as if it were flattened.
        let place = fields.list.iter().find_map(|field| self.place(field, 0, internal));
        let style = if place.is_some() { Style::Newtype } else { Style::Unit };
        Case { variant, style, places: place.into_iter().collect() }
    }

    /// It is held back until it is complete.
    fn whole(&mut self) -> Form<'a> {
        let (krate, ident) = (self.krate.clone(), &self.container.ident);
        let (_, arguments, _) = self.container.generics.split_for_impl();
        self.bounds.read(syn::parse_quote!(#ident #arguments));
        Form::Alias(quote!(#krate::__private::partial::Done<#ident #arguments>))
    }

    /// It is as its one field.
    fn alias(&mut self, field: &'a Field) -> Form<'a> {
        // A companion cannot be an alias of what holds it, nor of what fewer can see.
        let (vis, seen_by) = (&self.container.vis, &field.vis);
        let seen = matches!(vis, Visibility::Inherited)
            || is_known(&field.ty)
            || vis.to_token_stream().to_string() == seen_by.to_token_stream().to_string();
        if field.skip.reading || !seen || mentions(&field.ty, &self.container.ident) {
            return self.whole();
        }
        Form::Alias(self.content(field))
    }

    fn places(&mut self, fields: &'a Fields) -> Vec<Place<'a>> {
        let mut places: Vec<Place<'a>> = Vec::new();
        for field in &fields.list {
            places.extend(self.place(field, places.len(), field.flatten));
        }
        places
    }

    /// The place of a field that is `at` in the companion, if it has one.
    fn place(&mut self, field: &'a Field, at: usize, flat: bool) -> Option<Place<'a>> {
        let krate = respanned(self.krate.clone(), span_of(field));
        if field.skip.reading || flat && is_whole(field) {
            return None;
        }
        let span = span_of(field);
        let member = match field.member.clone() {
            Member::Named(mut name) => {
                name.set_span(span);
                Member::Named(name)
            }
            Member::Unnamed(_) => Member::Unnamed(Index { index: at as u32, span }),
        };
        let content = self.content(field);
        if flat {
            self.bounds.flatten(&field.ty);
        }
        let ty = match flat {
            true => quote_spanned!(span=> #krate::__private::partial::Flat<#content>),
            false => quote_spanned!(span=> #krate::__private::partial::Part<#content>),
        };
        Some(Place { field, member, flat, ty, span })
    }

    /// The type of what there is of a field.
    fn content(&mut self, field: &'a Field) -> TokenStream {
        let (ty, span) = (&field.ty, span_of(field));
        let krate = respanned(self.krate.clone(), span);
        if field.with.read.is_some() {
            let (ident, at) = (&self.container.ident, self.decoders.len());
            let (_, arguments, _) = self.container.generics.split_for_impl();
            self.decoders.push(field);
            self.bounds.keep(&syn::parse_quote!(#ident #arguments));
            return quote!(#krate::__private::partial::Done<#ty, #krate::__private::partial::By<#ident #arguments, #at>>);
        }
        if field.attr.done.is_some() {
            self.bounds.keep(ty);
            self.bounds.read(ty.clone());
            return quote!(#krate::__private::partial::Done<#ty>);
        }
        self.bounds.keep(ty);
        self.bounds.grow(ty);
        // All of it has the place of the type, where a type without a companion is told of.
        quote_spanned!(span=> #krate::__private::partial::Partial<#ty>)
    }
}

/// The place of a field's type, of what the derive has written.
fn span_of(field: &Field) -> Span {
    Span::call_site().located_at(field.ty.span())
}

/// Whether a field is shown only whole.
fn is_whole(field: &Field) -> bool {
    field.attr.done.is_some() || field.with.read.is_some()
}

/// The documentation of a place: that of the field.
pub(super) fn doc(doc: &Doc, otherwise: &str) -> TokenStream {
    if doc.is_missing() { quote!(#[doc = #otherwise]) } else { quote!(#[doc = #doc]) }
}

/// The same tokens at another place.
fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let at = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    tokens.into_iter().map(at).collect()
}
