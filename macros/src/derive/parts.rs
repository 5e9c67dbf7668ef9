//! The types that stand in fields and name no parameter: what serde and schemars ask of them is asked by us, once and
//! at the place where they stand.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Ident, PathArguments, Type, parse_quote};

use super::{
    bounds::{Needs, fields, needs},
    carry::SchemaFrom,
    model::{Container, Default},
};

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

/// The traits for what a field needs.
fn bound(needs: Needs) -> Option<Bound> {
    let (assumed, asked) = match (needs.read, needs.write, needs.schema) {
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

/// The types that can be asked before anybody names the type's parameters.
pub(crate) fn of(container: &Container) -> Vec<Part> {
    let mut parts = Parts { container, asked: Vec::new(), defaults: Vec::new() };
    let all = Needs { read: true, write: true, schema: true };
    let (from, into) = (&container.from, &container.into);
    if let Some(from) = from {
        parts.add(from, Needs { write: false, ..all });
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
        parts.asked.into_iter().filter_map(|(ty, needs)| bound(needs).map(|bound| Part { ty, bound }));
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

/// Whether a type is one of Rust's own, or a list or an option of one.
pub(crate) fn is_known(ty: &Type) -> bool {
    is_plain(ty) || wrapped(ty).is_some_and(is_known)
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

/// Whether one of the names stands in tokens.
pub(crate) fn names(tokens: TokenStream, params: &BTreeSet<&Ident>) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => params.contains(&ident),
        TokenTree::Group(group) => names(group.stream(), params),
        _ => false,
    })
}
