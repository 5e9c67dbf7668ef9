//! The rules of a type that a model writes, beside those of serde.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, spanned::Spanned};

use super::{
    carry::{self, SchemaFrom},
    model::{Container, Shape},
};
use crate::check::{Mistakes, borrowed};

const OWNS: &str = "what is read from a model's answer owns what it holds: it outlives the answer's text";

/// The rules that hold for the item, before serde reads it. `false` where nothing more can be said.
pub(crate) fn item(input: &DeriveInput, mistakes: &mut Mistakes) -> bool {
    if let Data::Union(data) = &input.data {
        let what = "a union does not say which of its fields it holds: write a struct or an enum";
        mistakes.add(data.union_token.span, what);
        return false;
    }
    for param in input.generics.lifetimes() {
        mistakes.add(param.lifetime.span(), OWNS);
    }
    true
}

/// The rules that hold for a type whose implementations we make.
pub(crate) fn container(container: &Container, input: &DeriveInput, mistakes: &mut Mistakes) {
    if let Shape::Enum { variants, .. } = &container.shape
        && variants.is_empty()
        && container.from.is_none()
    {
        mistakes
            .add(container.ident.span(), "an enum without variants has no value that a model could write");
    }
    on_type(&input.attrs, mistakes);
    match &input.data {
        Data::Struct(data) => data.fields.iter().for_each(|field| on_field(&field.attrs, mistakes)),
        Data::Enum(data) => {
            for variant in &data.variants {
                with(&variant.attrs, mistakes);
                variant.fields.iter().for_each(|field| on_field(&field.attrs, mistakes));
            }
        }
        Data::Union(_) => {}
    }
    if container.generics.lifetimes().next().is_some() {
        // It was told where the lifetime is declared.
        return;
    }
    let fields = match &container.shape {
        Shape::Struct(fields) => vec![fields],
        Shape::Enum { variants, .. } => variants.iter().map(|variant| &variant.fields).collect(),
    };
    for field in fields.into_iter().flat_map(|fields| &fields.list) {
        if !field.skip.reading
            && field.with.read.is_none()
            && container.from.is_none()
            && let Some(span) = borrowed(field.ty.to_token_stream())
        {
            mistakes.add(span, OWNS);
        }
    }
}

fn on_type(attrs: &[Attribute], mistakes: &mut Mistakes) {
    for entry in carry::entries(attrs, "serde") {
        match &*entry.key {
            "crate" => not_ours(entry.span, mistakes),
            "remote" => mistakes
                .add(entry.span, "a derive is for the type that it stands on: write the type's own fields"),
            "field_identifier" | "variant_identifier" => {
                mistakes.add(entry.span, format!("`{}` is for code that reads by hand", entry.key));
            }
            _ => {}
        }
    }
    for entry in carry::entries(attrs, "schemars") {
        if entry.key == "crate" {
            not_ours(entry.span, mistakes);
        }
    }
}

fn not_ours(span: Span, mistakes: &mut Mistakes) {
    mistakes.add(span, "leave this out: serde and schemars come with outcrop");
}

fn on_field(attrs: &[Attribute], mistakes: &mut Mistakes) {
    if let Some(entry) = carry::entries(attrs, "serde").into_iter().find(|entry| entry.key == "borrow") {
        mistakes.add(entry.span, OWNS);
    }
    with(attrs, mistakes);
}

/// A module of functions says nothing of the schema.
fn with(attrs: &[Attribute], mistakes: &mut Mistakes) {
    let told = carry::entries(attrs, "schemars");
    if told.iter().any(|entry| entry.key == "with" || entry.key == "schema_with") {
        return;
    }
    let serde = carry::entries(attrs, "serde");
    let Some(entry) = serde.iter().find(|entry| entry.key == "with") else { return };
    if let SchemaFrom::Other(ty) = SchemaFrom::read(attrs)
        && let syn::Type::Path(ty) = *ty
        && let Some(last) = ty.path.segments.last()
        && last.ident.to_string().starts_with(char::is_lowercase)
    {
        mistakes.add(
            entry.tokens.span(),
            "functions do not say what they read: add `#[schemars(with = \"Type\")]`, a type of the same JSON, or `#[schemars(schema_with = \"function\")]`",
        );
    }
}
