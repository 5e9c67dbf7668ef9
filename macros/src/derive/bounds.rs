//! What the code of a derive asks of types: bounds on type parameters, and which types of fields must be readable,
//! writable and described.
//!
//! Bounds are found as serde finds them, and given to serde's derive and to schemars', so that the implementations
//! of the shadow and those of the type ask the same.
//!
//! # Invariants
//! - A bound names a type parameter or a type associated with one; a type without parameters is a [`Part`].

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    DeriveInput, GenericArgument, Generics, Ident, PathArguments, Token, Type, WherePredicate, parse_quote,
    punctuated::Punctuated,
};

use super::{
    carry::{self, SchemaFrom},
    model::{Container, Default, Field, Shape, Variant},
};

/// The predicates of the three implementations.
pub(crate) struct Predicates {
    pub(crate) read: Vec<WherePredicate>,
    pub(crate) write: Vec<WherePredicate>,
    pub(crate) schema: Vec<WherePredicate>,
    /// The type parameters that have a schema.
    pub(crate) described: Vec<Ident>,
}

/// A type that names no parameter, and what it is asked for.
pub(crate) struct Part {
    pub(crate) ty: Type,
    pub(crate) bound: Bound,
}

/// Two traits of `__private`: one to assume with a lifetime, one to ask.
pub(crate) struct Bound {
    pub(crate) assumed: &'static str,
    pub(crate) asked: &'static str,
}

impl Bound {
    const DEFAULT: Self = Self { assumed: "Defaults", asked: "HasDefault" };
    pub(crate) const EXISTING: Self = Self { assumed: "Existing", asked: "Exists" };
}

/// What a field asks of its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) schema: bool,
}

impl Needs {
    fn or(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
            schema: self.schema || other.schema,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            read: self.read && other.read,
            write: self.write && other.write,
            schema: self.schema && other.schema,
        }
    }

    /// The traits for it all.
    fn bound(self) -> Option<Bound> {
        let (assumed, asked) = match (self.read, self.write, self.schema) {
            (true, true, true) => ("Part", "IsPart"),
            (true, false, false) => ("Read", "IsRead"),
            (false, true, false) => ("Write", "IsWritten"),
            (false, false, true) => ("Described", "IsDescribed"),
            (true, true, false) => ("ReadWrite", "IsReadWritten"),
            (true, false, true) => ("ReadDescribed", "IsReadDescribed"),
            (false, true, true) => ("WriteDescribed", "IsWriteDescribed"),
            (false, false, false) => return None,
        };
        Some(Bound { assumed, asked })
    }
}

/// A field, and the variant that it stands in.
type Placed<'a> = (Option<&'a Variant>, &'a Field);

fn fields(container: &Container) -> Vec<Placed<'_>> {
    match &container.shape {
        Shape::Struct(fields) => fields.list.iter().map(|field| (None, field)).collect(),
        Shape::Enum { variants, .. } => variants
            .iter()
            .flat_map(|variant| variant.fields.list.iter().map(move |field| (Some(variant), field)))
            .collect(),
    }
}

/// What serde and schemars ask of a field.
fn needs((variant, field): Placed<'_>) -> Needs {
    let read = !field.skip.reading
        && field.with.read.is_none()
        && variant.is_none_or(|variant| !variant.skip.reading && variant.with.read.is_none());
    let write = !field.skip.writing
        && field.with.write.is_none()
        && variant.is_none_or(|variant| !variant.skip.writing && variant.with.write.is_none());
    let skipped = |skip: super::model::Sides| skip.reading && skip.writing;
    let schema = !skipped(field.skip)
        && !matches!(field.schema, SchemaFrom::Function)
        && variant.is_none_or(|variant| !skipped(variant.skip) && matches!(variant.schema, SchemaFrom::Type));
    Needs { read, write, schema }
}

/// The predicates for the type's parameters.
pub(crate) fn predicates(container: &Container, input: &DeriveInput) -> Predicates {
    let generics = &container.generics;
    let fields = fields(container);
    let bounds = |of: fn(&super::model::Bounds) -> Option<&Vec<WherePredicate>>| {
        let variants = match &container.shape {
            Shape::Enum { variants, .. } => &variants[..],
            Shape::Struct(_) => &[],
        };
        let of_variants = variants.iter().filter_map(|variant| of(&variant.bounds));
        let of_fields = fields.iter().filter_map(|(_, field)| of(&field.bounds));
        of_variants.chain(of_fields).flatten().cloned().collect::<Vec<_>>()
    };

    let mut read = bounds(|bounds| bounds.read.as_ref());
    match &container.bounds.read {
        Some(given) => read.extend(given.iter().cloned()),
        None => {
            let found = used(generics, &fields, |placed| {
                let own = placed.1.bounds.read.is_some()
                    || placed.0.is_some_and(|variant| variant.bounds.read.is_some());
                (needs(placed).read && !own).then_some(&placed.1.ty)
            });
            read.extend(found.iter().map(|ty| parse_quote!(#ty: __outcrop::serde::Deserialize<'de>)));
            let found = used(generics, &fields, |(_, field)| {
                matches!(field.default, Default::Trait).then_some(&field.ty)
            });
            read.extend(found.iter().map(|ty| parse_quote!(#ty: ::core::default::Default)));
        }
    }
    let mut write = bounds(|bounds| bounds.write.as_ref());
    match &container.bounds.write {
        Some(given) => write.extend(given.iter().cloned()),
        None => {
            let found = used(generics, &fields, |placed| {
                let own = placed.1.bounds.write.is_some()
                    || placed.0.is_some_and(|variant| variant.bounds.write.is_some());
                (needs(placed).write && !own).then_some(&placed.1.ty)
            });
            write.extend(found.iter().map(|ty| parse_quote!(#ty: __outcrop::serde::Serialize)));
        }
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
            schema.extend(found.iter().map(|ty| parse_quote!(#ty: __outcrop::schemars::JsonSchema)));
            described.extend(found.into_iter().filter_map(|found| syn::parse2::<Ident>(found).ok()));
            let found = used(generics, &fields, |(_, field)| {
                matches!(field.default, Default::Trait).then_some(&field.ty)
            });
            schema.extend(found.iter().map(|ty| parse_quote!(#ty: ::core::default::Default)));
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

/// The types that can be asked before anybody names the type's parameters.
pub(crate) fn parts(container: &Container) -> Vec<Part> {
    let mut parts = Parts { container, asked: Vec::new(), defaults: Vec::new() };
    let all = Needs { read: true, write: true, schema: true };
    let (from, into) = (&container.from, &container.into);
    if let Some(from) = from {
        parts.add(&from.ty, Needs { write: false, ..all });
    }
    if let Some(into) = into {
        parts.add(into, Needs { read: false, ..all });
    }
    let of_fields = Needs {
        read: from.is_none(),
        write: into.is_none(),
        schema: (from.is_none() || into.is_none()) && matches!(container.schema, SchemaFrom::Type),
    };
    if matches!(container.default, Default::Trait) {
        parts.add_default(&itself(container));
    }
    for placed in fields(container) {
        let (_, field) = placed;
        if matches!(field.default, Default::Trait) && of_fields.read {
            parts.add_default(&field.ty);
        }
        if container.transparent && !field.transparent {
            continue;
        }
        let needs = needs(placed).and(of_fields);
        match &field.schema {
            SchemaFrom::Other(ty) => {
                parts.add(&field.ty, Needs { schema: false, ..needs });
                parts.add(ty, Needs { read: false, write: false, ..needs });
            }
            _ => parts.add(&field.ty, needs),
        }
    }
    let asked =
        parts.asked.into_iter().filter_map(|(ty, needs)| needs.bound().map(|bound| Part { ty, bound }));
    let defaults = parts.defaults.into_iter().map(|ty| Part { ty, bound: Bound::DEFAULT });
    asked.chain(defaults).collect()
}

fn itself(container: &Container) -> Type {
    let ident = &container.ident;
    let (_, arguments, _) = container.generics.split_for_impl();
    parse_quote!(#ident #arguments)
}

struct Parts<'a> {
    container: &'a Container,
    asked: Vec<(Type, Needs)>,
    defaults: Vec<Type>,
}

impl Parts<'_> {
    /// Takes lists and options apart, so that what is told of is what is wrong.
    fn add(&mut self, ty: &Type, needs: Needs) {
        match ty {
            Type::Group(ty) => self.add(&ty.elem, needs),
            Type::Paren(ty) => self.add(&ty.elem, needs),
            Type::Tuple(ty) => ty.elems.iter().for_each(|ty| self.add(ty, needs)),
            Type::Array(ty) => self.add(&ty.elem, needs),
            _ => match wrapped(ty) {
                Some(inner) => self.add(inner, needs),
                None => self.push(ty, needs),
            },
        }
    }

    fn push(&mut self, ty: &Type, needs: Needs) {
        let own = matches!(ty, Type::Path(path) if path.path.is_ident(&self.container.ident));
        if own || is_plain(ty) || self.depends(ty) {
            return;
        }
        match self.asked.iter_mut().find(|(other, _)| same(other, ty)) {
            Some((_, known)) => *known = known.or(needs),
            None => self.asked.push((ty.clone(), needs)),
        }
    }

    fn add_default(&mut self, ty: &Type) {
        let known = is_plain(ty) || wrapper(ty).is_some_and(|(name, _)| name != "Box") || self.depends(ty);
        if !known && self.defaults.iter().all(|other| !same(other, ty)) {
            self.defaults.push(ty.clone());
        }
    }

    /// Whether a type names a parameter.
    fn depends(&self, ty: &Type) -> bool {
        let Container { generics, .. } = self.container;
        let types = generics.type_params().map(|param| &param.ident);
        let params = types.chain(generics.const_params().map(|param| &param.ident)).collect();
        names(ty.to_token_stream(), &params)
    }
}

fn same(one: &Type, other: &Type) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// The type inside of what is readable, writable and described where its content is.
fn wrapped(ty: &Type) -> Option<&Type> {
    let (name, arguments) = wrapper(ty)?;
    match (&*name.to_string(), &arguments[..]) {
        ("Option" | "Vec" | "Box", [inner]) => Some(inner),
        ("BTreeMap" | "HashMap", [key, inner]) if is_plain(key) => Some(inner),
        _ => None,
    }
}

/// The name of a type of which much is known, and its arguments.
fn wrapper(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let known = ["Option", "Vec", "Box", "BTreeMap", "HashMap"].iter().any(|name| last.ident == name);
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    known.then_some((&last.ident, types.collect::<Option<_>>()?))
}

/// Whether a type is one of Rust's own that nobody has to be asked about.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "String", "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    let Type::Path(path) = ty else { return false };
    if path.path.segments.last().is_some_and(|last| last.ident == "PhantomData") {
        return true;
    }
    path.qself.is_none()
        && path.path.get_ident().is_some_and(|ident| PLAIN.iter().any(|plain| ident == plain))
}

fn names(tokens: TokenStream, params: &BTreeSet<&Ident>) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => params.contains(&ident),
        TokenTree::Group(group) => names(group.stream(), params),
        _ => false,
    })
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
