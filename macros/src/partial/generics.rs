//! The parameters of a companion, and what is asked of them.
//!
//! # Invariants
//! - A companion has those parameters of its type that stand in its places.
//! - Bounds are on parameters and on types associated with them, not on types of fields, so that types can be recursive
//!   through each other; but for maps, whose names are asked for more.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, GenericParam, Generics, Ident, PathArguments, Type, WherePredicate, parse_quote};

use crate::derive::bounds::params_in;

/// What the places of a companion ask for.
#[derive(Default)]
pub(super) struct Bounds {
    /// Types that stand in places.
    kept: Vec<Type>,
    /// Types that have companions.
    grown: Vec<Type>,
    /// Types that have companions which are flattened.
    flat: Vec<Type>,
    /// Types that are read whole.
    read: Vec<Type>,
}

impl Bounds {
    pub(super) fn keep(&mut self, ty: &Type) {
        self.kept.push(ty.clone());
    }

    pub(super) fn grow(&mut self, ty: &Type) {
        self.grown.push(ty.clone());
    }

    pub(super) fn flatten(&mut self, ty: &Type) {
        self.flat.push(ty.clone());
    }

    pub(super) fn read(&mut self, ty: Type) {
        self.read.push(ty);
    }

    /// The parameters of the companion, with what its definition asks of them.
    pub(super) fn of_companion(&self, generics: &Generics, krate: &TokenStream) -> Generics {
        let mut own = generics.clone();
        let stands = |name: &Ident| self.kept.iter().any(|ty| mentions(ty, name));
        let (kept, left): (Vec<_>, Vec<_>) = own.params.into_iter().partition(|param| match param {
            GenericParam::Type(param) => stands(&param.ident),
            GenericParam::Const(param) => stands(&param.ident),
            GenericParam::Lifetime(_) => false,
        });
        own.params = kept.into_iter().collect();
        if let Some(clause) = &mut own.where_clause {
            let left: Vec<&Ident> = left.iter().filter_map(name).collect();
            clause.predicates = std::mem::take(&mut clause.predicates)
                .into_iter()
                .filter(|predicate| !left.iter().any(|name| mentions(predicate, name)))
                .collect();
        }
        self.grown_in(generics, &mut own, krate);
        own
    }

    /// The parameters of the type, with what its companion needs of them.
    pub(super) fn of_type(&self, generics: &Generics, krate: &TokenStream) -> Generics {
        let mut own = generics.clone();
        self.grown_in(generics, &mut own, krate);
        self.read_in(generics, &mut own, krate);
        own
    }

    /// The same for implementations for the companion.
    pub(super) fn of_implementations(&self, generics: &Generics, krate: &TokenStream) -> Generics {
        let mut own = self.of_companion(generics, krate);
        self.read_in(generics, &mut own, krate);
        own
    }

    fn grown_in(&self, generics: &Generics, own: &mut Generics, krate: &TokenStream) {
        let (maps, others): (Vec<_>, Vec<_>) = self.grown.iter().partition(|ty| is_map_by(generics, ty));
        let others = params_in(generics, &others);
        let bounded: Vec<TokenStream> =
            others.into_iter().chain(maps.iter().map(|ty| ty.to_token_stream())).collect();
        if !bounded.is_empty() {
            let predicates = &mut own.make_where_clause().predicates;
            predicates.extend(
                bounded.iter().map(|ty| -> WherePredicate {
                    parse_quote!(#ty: #krate::__private::partial::HasPartial)
                }),
            );
        }
    }

    fn read_in(&self, generics: &Generics, own: &mut Generics, krate: &TokenStream) {
        let read = self.read.iter().filter(|ty| params(generics).any(|name| mentions(ty, name)));
        let read = read.map(|ty| -> WherePredicate {
            parse_quote!(#ty: #krate::__private::serde::de::DeserializeOwned)
        });
        let flat = self.flat.iter().filter(|ty| params(generics).any(|name| mentions(ty, name)));
        let flat = flat.map(|ty| -> WherePredicate {
            parse_quote!(#krate::__private::partial::Partial<#ty>: #krate::__private::partial::Flatten)
        });
        let read: Vec<WherePredicate> = read.chain(flat).collect();
        if !read.is_empty() {
            own.make_where_clause().predicates.extend(read);
        }
    }
}

fn name(param: &GenericParam) -> Option<&Ident> {
    match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    }
}

fn params(generics: &Generics) -> impl Iterator<Item = &Ident> {
    generics.params.iter().filter_map(name)
}

/// Whether a type is a map whose names are of a type that is a parameter.
fn is_map_by(generics: &Generics, ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    match arguments.args.iter().collect::<Vec<_>>()[..] {
        [GenericArgument::Type(key), _, ..] => params(generics).any(|name| mentions(key, name)),
        _ => false,
    }
}

/// Whether a type names a parameter.
pub(super) fn depends(generics: &Generics, ty: &Type) -> bool {
    params(generics).any(|name| mentions(ty, name))
}

/// Whether a name stands anywhere in something.
pub(super) fn mentions(something: &impl ToTokens, name: &Ident) -> bool {
    fn any(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == *name,
            TokenTree::Group(group) => any(group.stream(), name),
            _ => false,
        })
    }
    any(something.to_token_stream(), name)
}

/// Arguments for the parameters of a companion, where it is named.
pub(super) fn named(ident: &Ident, generics: &Generics) -> TokenStream {
    let (_, arguments, _) = generics.split_for_impl();
    quote!(#ident #arguments)
}
