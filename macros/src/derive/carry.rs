//! The user's attributes, carried over to the shadows of a type.
//!
//! # Invariants
//! - serde and schemars see what the user wrote, but for what we answer for: `crate` and `bound`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Field, LitStr, Meta, Type, WherePredicate};

use super::bounds;

/// One entry of `#[serde(..)]` or `#[schemars(..)]`.
pub(crate) struct Entry {
    /// Its key; schemars' `!key` has none.
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) tokens: TokenStream,
}

impl Entry {
    /// The text after `=`.
    fn text(&self) -> Option<LitStr> {
        let last = self.tokens.clone().into_iter().last()?;
        syn::parse2(TokenStream::from(last)).ok()
    }
}

/// The entries of all attributes called `name`.
pub(crate) fn entries(attrs: &[Attribute], name: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        let Meta::List(list) = &attr.meta else { continue };
        let mut tokens = TokenStream::new();
        let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for token in list.tokens.clone() {
            if comma(&token) {
                entries.extend(entry(std::mem::take(&mut tokens)));
            } else {
                tokens.extend([token]);
            }
        }
        entries.extend(entry(tokens));
    }
    entries
}

fn entry(tokens: TokenStream) -> Option<Entry> {
    let first = tokens.clone().into_iter().next()?;
    if let TokenTree::Group(group) = &first
        && group.delimiter() == Delimiter::None
    {
        // A macro of the user's has put it here.
        return entry(group.stream());
    }
    let key = match &first {
        TokenTree::Ident(key) => key.to_string(),
        _ => String::new(),
    };
    Some(Entry { key, span: first.span(), tokens })
}

/// Where schemars takes the schema of a place from.
pub(crate) enum SchemaFrom {
    /// The type that stands there.
    Type,
    /// Another type.
    Other(Box<Type>),
    /// A function.
    Function,
}

impl SchemaFrom {
    /// What schemars understands; `with` of serde's is a type to it too.
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let (schemars, serde) = (entries(attrs, "schemars"), entries(attrs, "serde"));
        if schemars.iter().any(|entry| entry.key == "schema_with") {
            return Self::Function;
        }
        let with = schemars.iter().chain(&serde).find(|entry| entry.key == "with");
        match with.and_then(Entry::text).map(|text| text.parse::<Type>()) {
            Some(Ok(ty)) => Self::Other(Box::new(ty)),
            Some(Err(_)) => Self::Function,
            None => Self::Type,
        }
    }
}

/// The bounds that the user gives for the schema: of the type, and of its fields.
pub(crate) fn schema_bounds(input: &DeriveInput) -> (Option<Vec<WherePredicate>>, Vec<WherePredicate>) {
    let of = |attrs: &[Attribute]| {
        let found = entries(attrs, "schemars").into_iter().find(|entry| entry.key == "bound");
        found.and_then(|entry| entry.text()).map(|text| bounds::parse(&text))
    };
    let fields = each_field(input).into_iter().filter_map(|field| of(&field.attrs)).flatten();
    (of(&input.attrs), fields.collect())
}

fn each_field(input: &DeriveInput) -> Vec<&Field> {
    match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|variant| &variant.fields).collect(),
        Data::Union(data) => data.fields.named.iter().collect(),
    }
}

/// The type for serde's derives.
pub(crate) fn for_serde(input: &DeriveInput) -> DeriveInput {
    let kept = |attr: &Attribute| attr.path().is_ident("serde") || attr.path().is_ident("deprecated");
    let mut shadow = shadow(input, kept);
    let packed = input.attrs.iter().filter(|attr| attr.path().is_ident("repr"));
    if let Data::Struct(_) = shadow.data {
        shadow.attrs.extend(packed.cloned());
    }
    shadow
}

/// The type for schemars' derive.
pub(crate) fn for_schemars(input: &DeriveInput) -> DeriveInput {
    // Also those of other crates that schemars reads.
    const READ: &[&str] = &["doc", "serde", "schemars", "validate", "garde", "deprecated"];
    shadow(input, |attr| READ.iter().any(|name| attr.path().is_ident(name)))
}

fn shadow(input: &DeriveInput, kept: impl Fn(&Attribute) -> bool) -> DeriveInput {
    let mut shadow = input.clone();
    shadow.vis = syn::Visibility::Inherited;
    for name in ["serde", "schemars"] {
        let carried = entries(&shadow.attrs, name);
        let carried = carried.into_iter().filter(|entry| entry.key != "crate" && entry.key != "bound");
        let carried: Vec<_> = carried.map(|entry| entry.tokens).collect();
        shadow.attrs.retain(|attr| !attr.path().is_ident(name));
        if !carried.is_empty() {
            let name = syn::Ident::new(name, Span::call_site());
            shadow.attrs.push(syn::parse_quote!(#[#name(#(#carried),*)]));
        }
    }
    let keep = |attrs: &mut Vec<Attribute>| attrs.retain(&kept);
    keep(&mut shadow.attrs);
    let fields: Vec<&mut Field> = match &mut shadow.data {
        Data::Struct(data) => data.fields.iter_mut().collect(),
        Data::Enum(data) => {
            let mut fields = Vec::new();
            for variant in &mut data.variants {
                keep(&mut variant.attrs);
                variant.discriminant = None;
                fields.extend(variant.fields.iter_mut());
            }
            fields
        }
        Data::Union(data) => data.fields.named.iter_mut().collect(),
    };
    for field in fields {
        keep(&mut field.attrs);
        field.vis = syn::Visibility::Inherited;
    }
    shadow.generics.params.iter_mut().for_each(|param| match param {
        syn::GenericParam::Type(param) => param.default = None,
        syn::GenericParam::Const(param) => param.default = None,
        syn::GenericParam::Lifetime(_) => {}
    });
    shadow
}

/// An attribute with our own entries.
pub(crate) fn own(name: &str, entries: &[TokenStream]) -> TokenStream {
    let name = syn::Ident::new(name, Span::call_site());
    quote!(#[#name(#(#entries),*)])
}
