//! The bounds on type parameters, found as serde finds them, and given to serde's derive and to schemars', so that the
//! implementations of the shadows and those of the type ask the same.
//!
//! # Invariants
//! - A bound that is found names a type parameter or a type associated with one.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    DeriveInput, GenericArgument, Generics, Ident, PathArguments, Token, Type, WherePredicate, parse_quote,
    punctuated::Punctuated,
};

use super::{
    carry::{self, SchemaFrom},
    model::{Bounds, Container, Default, Field, Shape, Sides, Variant},
};

/// The predicates of the three implementations.
pub(crate) struct Predicates {
    pub(crate) read: Vec<WherePredicate>,
    pub(crate) write: Vec<WherePredicate>,
    pub(crate) schema: Vec<WherePredicate>,
    /// The type parameters that have a schema.
    pub(crate) described: Vec<Ident>,
}

/// What a field asks of its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) schema: bool,
}

impl Needs {
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
            schema: self.schema || other.schema,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            read: self.read && other.read,
            write: self.write && other.write,
            schema: self.schema && other.schema,
        }
    }
}

/// A field, and the variant that it stands in.
pub(crate) type Placed<'a> = (Option<&'a Variant>, &'a Field);

/// All fields.
pub(crate) fn fields(container: &Container) -> Vec<Placed<'_>> {
    match &container.shape {
        Shape::Struct(fields) => fields.list.iter().map(|field| (None, field)).collect(),
        Shape::Enum { variants, .. } => variants
            .iter()
            .flat_map(|variant| variant.fields.list.iter().map(move |field| (Some(variant), field)))
            .collect(),
    }
}

/// What serde and schemars ask of a field.
pub(crate) fn needs((variant, field): Placed<'_>) -> Needs {
    let read = !field.skip.reading
        && field.with.read.is_none()
        && variant.is_none_or(|variant| !variant.skip.reading && variant.with.read.is_none());
    let write = !field.skip.writing
        && field.with.write.is_none()
        && variant.is_none_or(|variant| !variant.skip.writing && variant.with.write.is_none());
    let skipped = |skip: Sides| skip.reading && skip.writing;
    let schema = !skipped(field.skip)
        && !matches!(field.schema, SchemaFrom::Function)
        && variant.is_none_or(|variant| !skipped(variant.skip) && matches!(variant.schema, SchemaFrom::Type));
    Needs { read, write, schema }
}

/// The predicates for the type's parameters.
pub(crate) fn predicates(container: &Container, input: &DeriveInput) -> Predicates {
    let generics = &container.generics;
    let fields = fields(container);
    let own = |(variant, field): Placed<'_>, of: fn(&Bounds) -> bool| {
        of(&field.bounds) || variant.is_some_and(|variant| of(&variant.bounds))
    };
    let of_type = |wanted: &dyn Fn(Placed<'_>) -> bool| {
        used(generics, &fields, |placed| wanted(placed).then_some(&placed.1.ty))
    };
    let defaults = || {
        bound(
            &of_type(&|(_, field)| matches!(field.default, Default::Trait)),
            &quote!(::core::default::Default),
        )
    };

    let mut read = given(container, |bounds| bounds.read.as_ref());
    if container.bounds.read.is_none() {
        let found = of_type(&|placed| needs(placed).read && !own(placed, |bounds| bounds.read.is_some()));
        read.extend(bound(&found, &quote!(__outcrop::serde::Deserialize<'de>)));
        read.extend(defaults());
    }
    let mut write = given(container, |bounds| bounds.write.as_ref());
    if container.bounds.write.is_none() {
        let found = of_type(&|placed| needs(placed).write && !own(placed, |bounds| bounds.write.is_some()));
        write.extend(bound(&found, &quote!(__outcrop::serde::Serialize)));
    }
    let (given, mut schema) = carry::schema_bounds(input);
    let mut described = Vec::new();
    match given {
        Some(given) => schema.extend(given),
        None => {
            let found = used(generics, &fields, |placed| match &placed.1.schema {
                SchemaFrom::Other(ty) => Some(&**ty),
                _ => needs(placed).schema.then_some(&placed.1.ty),
            });
            schema.extend(bound(&found, &quote!(__outcrop::schemars::JsonSchema)));
            schema.extend(defaults());
            described.extend(found.into_iter().filter_map(|found| syn::parse2::<Ident>(found).ok()));
        }
    }
    if matches!(container.default, Default::Trait) && !generics.params.is_empty() {
        let (ident, (_, arguments, _)) = (&container.ident, generics.split_for_impl());
        let whole: WherePredicate = parse_quote!(#ident #arguments: ::core::default::Default);
        read.push(whole.clone());
        schema.push(whole);
    }
    Predicates { read, write, schema, described }
}

/// The bounds that stand in serde's attributes on the type, its variants and its fields.
fn given(container: &Container, of: fn(&Bounds) -> Option<&Vec<WherePredicate>>) -> Vec<WherePredicate> {
    let variants = match &container.shape {
        Shape::Enum { variants, .. } => &variants[..],
        Shape::Struct(_) => &[],
    };
    let on_type = of(&container.bounds).into_iter();
    let on_variants = variants.iter().filter_map(|variant| of(&variant.bounds));
    let on_fields = fields(container).into_iter().filter_map(|(_, field)| of(&field.bounds));
    on_type.chain(on_variants).chain(on_fields).flatten().cloned().collect()
}

fn bound(types: &[TokenStream], bound: &TokenStream) -> Vec<WherePredicate> {
    types.iter().map(|ty| parse_quote!(#ty: #bound)).collect()
}

/// The type parameters, and types associated with them, that stand in some fields.
fn used<'a>(
    generics: &Generics,
    fields: &[Placed<'a>],
    of: impl Fn(Placed<'a>) -> Option<&'a Type>,
) -> Vec<TokenStream> {
    let params: BTreeSet<&Ident> = generics.type_params().map(|param| &param.ident).collect();
    let mut found = Used { params, list: Vec::new() };
    if !found.params.is_empty() {
        fields.iter().filter_map(|placed| of(*placed)).for_each(|ty| found.visit(ty));
    }
    found.list
}

/// The same of any types.
pub(crate) fn params_in(generics: &Generics, types: &[&Type]) -> Vec<TokenStream> {
    let params: BTreeSet<&Ident> = generics.type_params().map(|param| &param.ident).collect();
    let mut found = Used { params, list: Vec::new() };
    types.iter().for_each(|ty| found.visit(ty));
    found.list
}

struct Used<'a> {
    params: BTreeSet<&'a Ident>,
    list: Vec<TokenStream>,
}

impl Used<'_> {
    fn visit(&mut self, ty: &Type) {
        match ty {
            Type::Array(ty) => self.visit(&ty.elem),
            Type::Group(ty) => self.visit(&ty.elem),
            Type::Paren(ty) => self.visit(&ty.elem),
            Type::Reference(ty) => self.visit(&ty.elem),
            Type::Slice(ty) => self.visit(&ty.elem),
            Type::Tuple(ty) => ty.elems.iter().for_each(|ty| self.visit(ty)),
            Type::Path(ty) => {
                if let Some(qself) = &ty.qself {
                    self.visit(&qself.ty);
                }
                let path = &ty.path;
                // It is what it is for all types.
                if path.segments.last().is_some_and(|last| last.ident == "PhantomData") {
                    return;
                }
                if ty.qself.is_none()
                    && path.leading_colon.is_none()
                    && let Some(first) = path.segments.first()
                    && self.params.contains(&first.ident)
                {
                    self.add(path.to_token_stream());
                }
                for segment in &path.segments {
                    if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                        arguments.args.iter().for_each(|argument| {
                            if let GenericArgument::Type(ty) = argument {
                                self.visit(ty);
                            }
                        });
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, found: TokenStream) {
        if self.list.iter().all(|known| known.to_string() != found.to_string()) {
            self.list.push(found);
        }
    }
}

/// Predicates out of the text of an attribute.
pub(crate) fn parse(text: &syn::LitStr) -> Vec<WherePredicate> {
    let parsed = text.parse_with(Punctuated::<WherePredicate, Token![,]>::parse_terminated);
    // What cannot be read schemars tells of.
    parsed.map(|list| list.into_iter().collect()).unwrap_or_default()
}

/// The text for an attribute.
pub(crate) fn text(predicates: &[WherePredicate]) -> String {
    quote!(#(#predicates),*).to_string()
}

/// Generics with predicates more.
pub(crate) fn with(generics: &Generics, predicates: &[WherePredicate]) -> Generics {
    let mut generics = generics.clone();
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates.iter().cloned());
    }
    generics
}
