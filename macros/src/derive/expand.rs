//! From a model to code: two shadows of the type, under serde's derives and under schemars', and the implementations
//! of the type, which do as the shadows do.
//!
//! # Invariants
//! - A type of a field that cannot be read, written or described is told of once, where it stands: the shadows assume
//!   that it can, under a `for<'a>` that keeps the compiler from asking there; the type asks [`parts`] by name; and
//!   where a shadow has not what the type calls, a trait has it.
//! - Fields name the type, never a shadow, so that recursion goes through the type.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Data, DeriveInput, GenericParam, Generics, Lifetime, LifetimeParam, LitStr, Type, WherePredicate,
    parse_quote, spanned::Spanned,
};

use super::{
    attr::ContainerAttr,
    bounds::{self, Predicates},
    carry,
    model::{Container, Default, Shape},
    nested::Nested,
    parts::{self, Bound},
};

/// The implementations of serde's and schemars' traits.
pub(crate) fn implementations(container: &Container, input: &DeriveInput) -> TokenStream {
    let predicates = bounds::predicates(container, input);
    let parts = parts::of(container);
    let aliases: Vec<Ident> = (0..parts.len()).map(|at| format_ident!("__OutcropPart{at}")).collect();
    let aliased = parts.iter().zip(&aliases).map(|(part, alias)| {
        let ty = &part.ty;
        quote!(type #alias = #ty;)
    });
    let asked = parts.iter().map(|part| asked(&part.ty, &part.bound));
    let assumed: Vec<WherePredicate> = parts
        .iter()
        .zip(&aliases)
        .map(|(part, alias)| {
            let bound = Ident::new(part.bound.assumed, Span::call_site());
            parse_quote!(for<'__outcrop> #alias: __outcrop::#bound<'__outcrop>)
        })
        .collect();
    let shadows = [serde_shadow(container, input, &predicates, &assumed), {
        schemars_shadow(container, input, &predicates, &assumed)
    }];
    let implemented = implemented(container, &predicates);
    let strict = container.generics.type_params().next().map(|_| strict(container, &predicates, &assumed));
    quote! {
        #(#aliased)*
        #(#shadows)*
        #implemented
        #strict
        const _: fn() = || { #(#asked)* };
    }
}

/// A statement that asks a type for a trait of `__private`, at the type's place.
fn asked(ty: &Type, bound: &Bound) -> TokenStream {
    let span = ty.span();
    let bound = Ident::new(bound.asked, span);
    quote_spanned!(span=> let () = <#ty as __outcrop::#bound>::ASKED;)
}

const SERDE_SHADOW: &str = "__OutcropSerde";
const SCHEMARS_SHADOW: &str = "__OutcropSchema";
/// A parameter that keeps the compiler from judging bounds without parameters early.
const MARK: &str = "__OUTCROP";

fn literal(text: &str) -> LitStr {
    LitStr::new(text, Span::call_site())
}

fn serde_shadow(
    container: &Container,
    input: &DeriveInput,
    predicates: &Predicates,
    assumed: &[WherePredicate],
) -> TokenStream {
    let mut shadow = carry::for_serde(input);
    let remote = literal(&container.ident.to_string());
    shadow.ident = Ident::new(SERDE_SHADOW, Span::call_site());
    let with = |own: &[WherePredicate]| literal(&bounds::text(&[own, assumed].concat()));
    let (read, write) = (with(&predicates.read), with(&predicates.write));
    let mut own = vec![
        quote!(crate = "__outcrop::serde"),
        quote!(remote = #remote),
        quote!(bound(deserialize = #read, serialize = #write)),
    ];
    if !has(input, "serde", "rename") {
        let (read, written) = (&container.names.read, &container.names.written);
        own.push(quote!(rename(deserialize = #read, serialize = #written)));
    }
    let own = carry::own("serde", &own);
    quote! {
        #[derive(__outcrop::serde::Deserialize, __outcrop::serde::Serialize)]
        #own
        #shadow
    }
}

fn schemars_shadow(
    container: &Container,
    input: &DeriveInput,
    predicates: &Predicates,
    assumed: &[WherePredicate],
) -> TokenStream {
    let mut shadow = carry::for_schemars(input);
    shadow.ident = Ident::new(SCHEMARS_SHADOW, Span::call_site());
    let mark = Ident::new(MARK, Span::call_site());
    shadow.generics.params.push(parse_quote!(const #mark: bool));
    let bound = literal(&bounds::text(&[&predicates.schema, assumed].concat()));
    let mut own = vec![quote!(crate = "__outcrop::schemars"), quote!(bound = #bound)];
    if !has(input, "schemars", "rename") {
        let name = schema_name(container, &predicates.described);
        own.push(quote!(rename = #name));
    }
    if matches!(container.default, Default::Trait)
        && matches!(&input.data, Data::Struct(_))
        && !has(input, "schemars", "default")
    {
        let (ident, (_, arguments, _)) = (&container.ident, container.generics.split_for_impl());
        let path = quote!(<#ident #arguments as ::core::default::Default>::default).to_string();
        own.push(quote!(default = #path));
    }
    let own = carry::own("schemars", &own);
    quote! {
        #[derive(__outcrop::schemars::JsonSchema)]
        #own
        #shadow
    }
}

/// The name of the schema, with those of its parameters, so that `Page<A>` and `Page<B>` have two.
fn schema_name(container: &Container, described: &[Ident]) -> String {
    let name = container.names.read.replace('{', "{{").replace('}', "}}");
    let params: Vec<String> = container
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident).filter(|param| described.contains(*param)),
            GenericParam::Const(param) => Some(&param.ident),
            GenericParam::Lifetime(_) => None,
        })
        .map(|param| format!("{{{param}}}"))
        .collect();
    match params.is_empty() {
        true => name,
        false => format!("{name}_of_{}", params.join("_and_")),
    }
}

fn has(input: &DeriveInput, attr: &str, key: &str) -> bool {
    carry::entries(&input.attrs, attr).iter().any(|entry| entry.key == key)
}

/// The implementations for the type itself.
fn implemented(container: &Container, predicates: &Predicates) -> TokenStream {
    let Container { ident, generics, .. } = container;
    let (_, arguments, _) = generics.split_for_impl();
    let serde_shadow = Ident::new(SERDE_SHADOW, Span::call_site());
    let turbofish = arguments.as_turbofish();
    let schemars_shadow = schemars_type(generics);

    let read = bounds::with(generics, &predicates.read);
    let read_impl = with_de(&read);
    let (read_impl, _, read_where) = read_impl.split_for_impl();
    let write = bounds::with(generics, &predicates.write);
    let (write_impl, _, write_where) = write.split_for_impl();
    let schema = bounds::with(generics, &predicates.schema);
    let (schema_impl, _, schema_where) = schema.split_for_impl();

    // The schema of a transparent type is that of its field, by name and in being optional.
    let via =
        |what: TokenStream| quote!(use __outcrop::Unmade as _; __outcrop::Via::<#schemars_shadow>::#what());
    let mut schema_id = quote!(::std::borrow::Cow::Borrowed(::core::any::type_name::<Self>()));
    let (mut schema_name, mut inline) = (via(quote!(schema_name)), via(quote!(inline_schema)));
    if container.transparent {
        if holds_itself(container) {
            // Its name would be made of itself.
            let name = &container.names.read;
            schema_name = quote!(::std::borrow::Cow::Borrowed(#name));
            inline = quote!(false);
        } else {
            schema_id = via(quote!(schema_id));
        }
    }
    let optional = container.transparent.then(|| {
        quote! {
            fn _schemars_private_non_optional_json_schema(
                generator: &mut __outcrop::schemars::SchemaGenerator,
            ) -> __outcrop::schemars::Schema {
                use __outcrop::Unmade as _;
                __outcrop::Via::<#schemars_shadow>::required_schema(generator)
            }

            fn _schemars_private_is_option() -> bool {
                use __outcrop::Unmade as _;
                __outcrop::Via::<#schemars_shadow>::is_option()
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #read_impl __outcrop::serde::Deserialize<'de> for #ident #arguments #read_where {
            fn deserialize<__D: __outcrop::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                use __outcrop::Unmade as _;
                #serde_shadow #turbofish::deserialize(deserializer)
            }
        }

        #[automatically_derived]
        impl #write_impl __outcrop::serde::Serialize for #ident #arguments #write_where {
            fn serialize<__S: __outcrop::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                use __outcrop::Unmade as _;
                #serde_shadow #turbofish::serialize(self, serializer)
            }
        }

        #[automatically_derived]
        impl #schema_impl __outcrop::schemars::JsonSchema for #ident #arguments #schema_where {
            fn inline_schema() -> bool {
                #inline
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                #schema_name
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                #schema_id
            }

            fn json_schema(
                generator: &mut __outcrop::schemars::SchemaGenerator,
            ) -> __outcrop::schemars::Schema {
                use __outcrop::Unmade as _;
                __outcrop::Via::<#schemars_shadow>::json_schema(generator)
            }

            #optional
        }
    }
}

/// Whether a transparent type stands in itself.
fn holds_itself(container: &Container) -> bool {
    let Shape::Struct(fields) = &container.shape else { return false };
    let own = BTreeSet::from([&container.ident]);
    fields.list.iter().any(|field| field.transparent && parts::names(field.ty.to_token_stream(), &own))
}

/// What the implementations do, with all that the shadows assume, and nothing to fall back to: so that a bound that the
/// shadows ask and the type does not is no silent mistake of ours.
fn strict(container: &Container, predicates: &Predicates, assumed: &[WherePredicate]) -> TokenStream {
    let Container { ident, generics, .. } = container;
    let (_, arguments, _) = generics.split_for_impl();
    let serde_shadow = Ident::new(SERDE_SHADOW, Span::call_site());
    let turbofish = arguments.as_turbofish();
    let schemars_shadow = schemars_type(generics);
    let mut read = with_de(&bounds::with(generics, &[&predicates.read, assumed].concat()));
    read.params.push(parse_quote!(__D: __outcrop::serde::Deserializer<'de>));
    let mut write = bounds::with(generics, &[&predicates.write, assumed].concat());
    write.params.push(parse_quote!(__S: __outcrop::serde::Serializer));
    let schema = bounds::with(generics, &[&predicates.schema, assumed].concat());
    let (read, _, read_where) = read.split_for_impl();
    let (write, _, write_where) = write.split_for_impl();
    let (schema, _, schema_where) = schema.split_for_impl();
    quote! {
        fn __outcrop_read #read(
            deserializer: __D,
        ) -> ::core::result::Result<#ident #arguments, __D::Error> #read_where {
            #serde_shadow #turbofish::deserialize(deserializer)
        }

        fn __outcrop_write #write(
            value: &#ident #arguments,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> #write_where {
            #serde_shadow #turbofish::serialize(value, serializer)
        }

        fn __outcrop_schema #schema(
            generator: &mut __outcrop::schemars::SchemaGenerator,
        ) -> __outcrop::schemars::Schema #schema_where {
            <#schemars_shadow as __outcrop::schemars::JsonSchema>::json_schema(generator)
        }
    }
}

/// The shadow under schemars' derive, with arguments.
fn schemars_type(generics: &Generics) -> TokenStream {
    let shadow = Ident::new(SCHEMARS_SHADOW, Span::call_site());
    let arguments = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(param.ident.to_token_stream()),
        GenericParam::Const(param) => Some(param.ident.to_token_stream()),
        GenericParam::Lifetime(_) => None,
    });
    quote!(#shadow<#(#arguments,)* true>)
}

/// Generics with the lifetime of what is read from.
pub(crate) fn with_de(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    let de = LifetimeParam::new(Lifetime::new("'de", Span::call_site()));
    generics.params.insert(0, GenericParam::Lifetime(de));
    generics
}

/// That the type can be an output and an input. `shown` is what it must be to have a companion.
pub(crate) fn declared(
    ident: &Ident,
    generics: &Generics,
    attr: &ContainerAttr,
    nested: &Nested<'_>,
    shown: &[WherePredicate],
) -> TokenStream {
    let mut bounded = generics.clone();
    let (_, arguments, _) = generics.split_for_impl();
    let (mut bound, mut asks) = (None, None);
    if !generics.params.is_empty() {
        bound = Some(quote!(#ident #arguments: __outcrop::Complete));
    } else if attr.existing.is_some() {
        let asked = asked(&parse_quote!(#ident), &Bound::EXISTING);
        asks = Some(quote!(const _: fn() = || { #asked };));
        bound = Some(quote!(for<'__outcrop> #ident: __outcrop::Existing<'__outcrop>));
    }
    if let Some(bound) = bound {
        bounded.make_where_clause().predicates.push(parse_quote!(#bound));
    }
    let mut bounded = bounds::with(&bounded, &nested.bounds(generics));
    let partial_check = attr.validate_partial.as_ref().map(|check| {
        bounded = bounds::with(&bounded, shown);
        let asked = quote_spanned!(check.span()=> __outcrop::PartialCheck::of::<Self, _>(#check));
        quote! {
            fn partial_check() -> ::core::option::Option<__outcrop::PartialCheck> {
                ::core::option::Option::Some(#asked)
            }
        }
    });
    let (params, _, bounds) = bounded.split_for_impl();
    let check = nested.check(attr);
    quote! {
        #[automatically_derived]
        impl #params __outcrop::Declared for #ident #arguments #bounds {
            #check
            #partial_check
        }
        #asks
    }
}
