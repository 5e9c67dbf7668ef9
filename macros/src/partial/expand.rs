//! From a plan to code.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Member, ext::IdentExt};

use super::{
    Made,
    generics::named,
    plan::{Case, Form, Place, Plan, doc},
};
use crate::derive::{
    expand::with_de,
    model::{Field, Style, Tag},
};

pub(super) fn made(plan: &Plan<'_>) -> Made {
    let (container, ident, vis, text) = (plan.container, &plan.ident, plan.vis, plan.doc());
    let own = plan.bounds.of_companion(&container.generics, &plan.krate);
    let decoders = plan.decoders.iter().enumerate().map(|(at, field)| decoder(plan, at, field));
    let decoders = quote!(#(#decoders)*);
    let (beside, within) = match &plan.form {
        Form::Alias(ty) => {
            let (has, arguments) = (has_partial(plan, ty), without_bounds(&container.generics));
            let beside = quote! {
                #[doc = #text]
                #[allow(dead_code, type_alias_bounds)]
                #vis type #ident #arguments = #ty;
            };
            (beside, has)
        }
        Form::Struct(style, places) => {
            let (params, _, clause) = (&own, (), &own.where_clause);
            let fields = places.iter().map(|place| declared(place, true));
            let body = match style {
                Style::Named => quote!(#params #clause { #(#fields,)* }),
                _ => quote!(#params (#(#fields,)*) #clause;),
            };
            (define(plan, &text, &quote!(struct), &body), implemented(plan, &own))
        }
        Form::Enum(_, cases) => {
            let (params, clause) = (&own, &own.where_clause);
            let variants = cases.iter().map(|case| {
                let name = &case.variant.ident;
                let text = doc(&case.variant.doc, &format!("`{}`", name.unraw()));
                let fields = case.places.iter().map(|place| declared(place, false));
                match case.style {
                    Style::Unit => quote!(#text #name),
                    Style::Named => quote!(#text #name { #(#fields,)* }),
                    Style::Tuple | Style::Newtype => quote!(#text #name(#(#fields,)*)),
                }
            });
            let body = quote!(#params #clause { #(#variants,)* });
            (define(plan, &text, &quote!(enum), &body), implemented(plan, &own))
        }
    };
    let of_type = plan.bounds.of_type(&container.generics, &plan.krate);
    let bounds = of_type.where_clause.into_iter().flat_map(|clause| clause.predicates).collect();
    Made { beside, within: quote!(#within #decoders), bounds }
}

/// The definition.
fn define(plan: &Plan<'_>, text: &str, kind: &TokenStream, body: &TokenStream) -> TokenStream {
    let (vis, ident) = (plan.vis, &plan.ident);
    quote! {
        #[doc = #text]
        #[allow(deprecated, dead_code, non_camel_case_types, non_snake_case, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
        #vis #kind #ident #body
    }
}

/// A field of the definition.
fn declared(place: &Place<'_>, with_vis: bool) -> TokenStream {
    let Place { field, ty, .. } = place;
    let vis = with_vis.then_some(&field.vis);
    match &field.member {
        Member::Named(name) => {
            let text = doc(&field.doc, &format!("`{}`, so far.", name.unraw()));
            quote!(#text #vis #name: #ty)
        }
        Member::Unnamed(_) => {
            let text = doc(&field.doc, "So far.");
            quote!(#text #vis #ty)
        }
    }
}

/// A parameter list for an alias, which asks for nothing.
fn without_bounds(generics: &Generics) -> TokenStream {
    let mut generics = generics.clone();
    generics.where_clause = None;
    for param in &mut generics.params {
        if let syn::GenericParam::Type(param) = param {
            param.bounds.clear();
            param.colon_token = None;
        }
    }
    quote!(#generics)
}

fn has_partial(plan: &Plan<'_>, ty: &TokenStream) -> TokenStream {
    let at = plan.span();
    let container = plan.container;
    let (ident, (_, arguments, _)) = (&container.ident, container.generics.split_for_impl());
    let bounded = plan.bounds.of_type(&container.generics, &plan.krate);
    let (params, _, bounds) = bounded.split_for_impl();
    quote_spanned! {at=>
        #[automatically_derived]
        impl #params __outcrop::partial::HasPartial for #ident #arguments #bounds {
            type Partial = #ty;
        }
    }
}

/// A field that functions read.
fn decoder(plan: &Plan<'_>, number: usize, field: &Field) -> TokenStream {
    let at = plan.span();
    let container = plan.container;
    let (params, arguments, bounds) = container.generics.split_for_impl();
    let (ident, ty, read) = (&container.ident, &field.ty, &field.with.read);
    quote_spanned! {at=>
        #[automatically_derived]
        impl #params __outcrop::partial::Decodes<#ty, #number> for #ident #arguments #bounds {
            fn decode<'de, __D: __outcrop::serde::Deserializer<'de>>(
                __d: __D,
            ) -> ::core::result::Result<#ty, __D::Error> {
                #read(__d)
            }
        }
    }
}

/// All that is implemented for a companion of its own.
fn implemented(plan: &Plan<'_>, own: &Generics) -> TokenStream {
    let at = plan.span();
    let ty = named(&plan.ident, own);
    let has = has_partial(plan, &ty);
    let full = plan.bounds.of_implementations(&plan.container.generics, &plan.krate);
    let (params, _, bounds) = full.split_for_impl();
    let handed = handed_on(at, &ty, &full, form_name(&plan.form));
    let (fields, variants) = match &plan.form {
        Form::Alias(_) => (TokenStream::new(), None),
        Form::Struct(style, places) => (fields_of_struct(at, *style, places), None),
        Form::Enum(tag, cases) => (fields_of_enum(at, cases), Some(variants(at, tag, cases))),
    };
    let variants = variants.map(|variants| {
        quote_spanned! {at=>
            #[automatically_derived]
            impl #params __outcrop::partial::Variants for #ty #bounds { #variants }
        }
    });
    let derived = derived(plan, &ty, &full);
    let held = match &plan.form {
        Form::Struct(Style::Named, _) => quote_spanned!(at=> Self),
        _ => quote_spanned!(at=> __outcrop::partial::LeftOut),
    };
    quote_spanned! {at=>
        #has
        #handed

        #[automatically_derived]
        impl #params __outcrop::partial::Fields for #ty #bounds { #fields }

        #[automatically_derived]
        impl #params __outcrop::partial::Flatten for #ty #bounds {
            type Held = #held;
        }

        #variants
        #derived
    }
}

fn form_name(form: &Form<'_>) -> &'static str {
    match form {
        Form::Struct(Style::Named, _) | Form::Alias(_) => "object",
        Form::Struct(..) => "elements",
        Form::Enum(Tag::External | Tag::Untagged, _) => "external",
        Form::Enum(..) => "tagged",
    }
}

/// The implementations that only hand on to the library.
pub(super) fn handed_on(at: Span, ty: &TokenStream, generics: &Generics, form: &str) -> TokenStream {
    let (params, _, bounds) = generics.split_for_impl();
    let reads = with_de(generics);
    let (reads, _, _) = reads.split_for_impl();
    let of = |what: &str| Ident::new(&format!("{what}_{form}"), Span::call_site());
    let [read, update, serialize, deserialize] = ["read", "update", "serialize", "deserialize"].map(of);
    quote_spanned! {at=>
        #[automatically_derived]
        impl #params __outcrop::partial::PartialValue for #ty #bounds {
            fn read(
                node: __outcrop::partial::NodeRef<'_>,
                reading: &mut __outcrop::partial::Reading,
            ) -> ::core::option::Option<Self> {
                __outcrop::partial::#read(node, reading)
            }

            fn update(
                &mut self,
                node: __outcrop::partial::NodeRef<'_>,
                reading: &mut __outcrop::partial::Reading,
            ) -> bool {
                __outcrop::partial::#update(self, node, reading)
            }
        }

        #[automatically_derived]
        impl #params __outcrop::serde::Serialize for #ty #bounds {
            fn serialize<__S: __outcrop::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                __outcrop::partial::#serialize(self, serializer)
            }
        }

        #[automatically_derived]
        impl #reads __outcrop::serde::Deserialize<'de> for #ty #bounds {
            fn deserialize<__D: __outcrop::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                __outcrop::partial::#deserialize(deserializer)
            }
        }
    }
}

/// A place, and how code comes to it.
struct Reached<'p, 'a> {
    place: &'p Place<'a>,
    /// A `&mut` to it.
    by: TokenStream,
}

fn fields_of_struct(at: Span, style: Style, places: &[Place<'_>]) -> TokenStream {
    let reached: Vec<Reached<'_, '_>> = places
        .iter()
        .map(|place| {
            let member = &place.member;
            Reached { place, by: quote_spanned!(place.span=> &mut self.#member) }
        })
        .collect();
    let any = places
        .iter()
        .filter(|place| place.flat)
        .map(|Place { ty, span, .. }| quote_spanned!(*span=> || <#ty as __outcrop::partial::Fields>::ANY));
    let any = quote_spanned!(at=> const ANY: bool = false #(#any)*;);
    let (field, element) = match style {
        Style::Named => (field_fn(at, &by_name(at, &reached)), None),
        _ => (TokenStream::new(), Some(element_fn(at, &by_index(at, &reached)))),
    };
    let puts = places.iter().enumerate().map(|(number, place)| {
        let member = &place.member;
        put(number, place, &quote_spanned!(place.span=> &self.#member))
    });
    let each = each_fn(at, &quote_spanned!(at=> #(#puts)*));
    quote_spanned!(at=> #any #field #element #each)
}

fn fields_of_enum(at: Span, cases: &[Case<'_>]) -> TokenStream {
    let is_of_fields = |case: &&Case<'_>| {
        case.style == Style::Named
            || case.style == Style::Newtype && case.places.iter().any(|place| place.flat)
    };
    let arm = |case: &Case<'_>, by: fn(Span, &[Reached<'_, '_>]) -> TokenStream| {
        let (pattern, bound) = pattern(at, case);
        let reached = case.places.iter().zip(&bound);
        let reached: Vec<_> =
            reached.map(|(place, name)| Reached { place, by: quote_spanned!(at=> #name) }).collect();
        let body = by(at, &reached);
        quote_spanned!(at=> #pattern => #body,)
    };
    let fields = cases.iter().filter(is_of_fields).map(|case| arm(case, by_name));
    let field = field_fn(
        at,
        &quote_spanned!(at=> match self { #(#fields)* _ => ::core::result::Result::Err(visit) }),
    );
    let is_of_elements = |case: &&Case<'_>| !is_of_fields(case) && case.style != Style::Unit;
    let elements = cases.iter().filter(is_of_elements).map(|case| arm(case, by_index));
    let element = element_fn(
        at,
        &quote_spanned!(at=> match self { #(#elements)* _ => ::core::result::Result::Err(visit) }),
    );
    let puts = cases.iter().map(|case| {
        let (pattern, bound) = pattern(at, case);
        let puts = case.places.iter().zip(&bound).enumerate();
        let puts = puts.map(|(number, (place, name))| put(number, place, &quote_spanned!(at=> #name)));
        quote_spanned!(at=> #pattern => { #(#puts)* })
    });
    let each = each_fn(at, &quote_spanned!(at=> match self { #(#puts)* }));
    quote_spanned!(at=> #field #element #each)
}

/// The pattern of a variant, and the names that it binds.
fn pattern(at: Span, case: &Case<'_>) -> (TokenStream, Vec<Ident>) {
    let (name, members) = (&case.variant.ident, case.places.iter().map(|place| &place.member));
    let bound = case.places.iter().enumerate();
    let bound: Vec<Ident> = bound.map(|(at, place)| format_ident!("__at{at}", span = place.span)).collect();
    (quote_spanned!(at=> Self::#name { #(#members: #bound),* }), bound)
}

fn field_fn(at: Span, body: &TokenStream) -> TokenStream {
    quote_spanned! {at=>
        fn field<__V: __outcrop::partial::Visit>(
            &mut self,
            name: &str,
            visit: __V,
        ) -> ::core::result::Result<__V::Out, __V> {
            #body
        }
    }
}

fn element_fn(at: Span, body: &TokenStream) -> TokenStream {
    quote_spanned! {at=>
        fn element<__V: __outcrop::partial::Visit>(
            &mut self,
            index: usize,
            visit: __V,
        ) -> ::core::result::Result<__V::Out, __V> {
            #body
        }
    }
}

fn each_fn(at: Span, body: &TokenStream) -> TokenStream {
    quote_spanned! {at=>
        fn each<__S: __outcrop::partial::Sink>(&self, sink: &mut __S) -> ::core::result::Result<(), __S::Error> {
            #body
            ::core::result::Result::Ok(())
        }
    }
}

/// The place of a name: first those of that name, then what is flattened, and of that first what knows its names.
fn by_name(at: Span, reached: &[Reached<'_, '_>]) -> TokenStream {
    let named = reached.iter().filter(|reached| !reached.place.flat).map(|Reached { place, by }| {
        let names = &place.field.names;
        let (read, aliases) = (&names.read, &names.aliases);
        let visited = visited(place, by);
        quote_spanned!(at=> #read #(| #aliases)* => ::core::result::Result::Ok(#visited),)
    });
    let flat: Vec<(Span, &TokenStream)> = reached
        .iter()
        .filter(|reached| reached.place.flat)
        .map(|reached| (reached.place.span, &reached.by))
        .collect();
    let others = match &flat[..] {
        [] => quote_spanned!(at=> ::core::result::Result::Err(visit)),
        [(span, by)] => quote_spanned!(*span=> __outcrop::partial::Fields::field(#by, name, visit)),
        _ => {
            let tries = [false, true].into_iter().flat_map(|any| {
                flat.iter().map(move |(span, by)| {
                    quote_spanned! {*span=>
                        let visit = match __outcrop::partial::takes_any(&*#by) == #any {
                            true => match __outcrop::partial::Fields::field(#by, name, visit) {
                                ::core::result::Result::Err(visit) => visit,
                                taken => return taken,
                            },
                            false => visit,
                        };
                    }
                })
            });
            quote_spanned!(at=> { #(#tries)* ::core::result::Result::Err(visit) })
        }
    };
    quote_spanned!(at=> match name { #(#named)* _ => #others })
}

fn by_index(at: Span, reached: &[Reached<'_, '_>]) -> TokenStream {
    let arms = reached.iter().enumerate().map(|(number, Reached { place, by })| {
        let visited = visited(place, by);
        quote_spanned!(at=> #number => ::core::result::Result::Ok(#visited),)
    });
    quote_spanned!(at=> match index { #(#arms)* _ => ::core::result::Result::Err(visit) })
}

fn visited(place: &Place<'_>, by: &TokenStream) -> TokenStream {
    quote_spanned!(place.span=> __outcrop::partial::Visit::visit(visit, #by))
}

/// The place with nothing in it.
fn nothing(place: &Place<'_>) -> TokenStream {
    quote_spanned!(place.span=> ::core::default::Default::default())
}

/// Hands a place on.
fn put(number: usize, place: &Place<'_>, by: &TokenStream) -> TokenStream {
    if place.flat {
        return quote_spanned!(place.span=> __outcrop::partial::Fields::each(#by, sink)?;);
    }
    let written = &place.field.names.written;
    match &place.member {
        Member::Named(_) => quote_spanned!(place.span=> __outcrop::partial::Sink::put(sink, #written, #by)?;),
        Member::Unnamed(_) => {
            quote_spanned!(place.span=> __outcrop::partial::Sink::put(sink, &#number, #by)?;)
        }
    }
}

fn variants(at: Span, tag: &Tag, cases: &[Case<'_>]) -> TokenStream {
    let consts = match tag {
        Tag::External | Tag::Untagged => TokenStream::new(),
        Tag::Internal { tag } => {
            let tag = format!("$outcrop_json::tag={tag}");
            quote_spanned!(at=> const TAG: &'static str = #tag;)
        }
        Tag::Adjacent { tag, content } => {
            let tag = format!("$outcrop_json::tag={tag}");
            quote_spanned!(at=> const TAG: &'static str = #tag; const CONTENT: &'static str = #content;)
        }
    };
    let names = cases.iter().map(|case| {
        let shape = match case.style {
            Style::Unit => "Unit",
            Style::Newtype if case.places.iter().any(|place| place.flat) => "Object",
            Style::Newtype => "Newtype",
            Style::Tuple => "Tuple",
            Style::Named => "Object",
        };
        let (written, shape) = (&case.variant.names.written, Ident::new(shape, Span::call_site()));
        quote_spanned!(at=> (#written, __outcrop::partial::Shape::#shape))
    });
    let (mut found, mut other) = (Vec::new(), quote_spanned!(at=> ::core::option::Option::None));
    for (number, case) in cases.iter().enumerate() {
        let names = &case.variant.names;
        let (read, aliases) = (&names.read, &names.aliases);
        found.push(quote_spanned!(at=> #read #(| #aliases)* => ::core::option::Option::Some(#number),));
        if case.variant.other {
            other = quote_spanned!(at=> ::core::option::Option::Some(#number));
        }
    }
    let blank = cases.iter().enumerate().map(|(number, case)| {
        let (name, members) = (&case.variant.ident, case.places.iter().map(|place| &place.member));
        let number =
            if number + 1 == cases.len() { quote_spanned!(at=> _) } else { quote_spanned!(at=> #number) };
        let values = case.places.iter().map(nothing);
        quote_spanned!(at=> #number => Self::#name { #(#members: #values),* },)
    });
    let index = cases.iter().enumerate().map(|(number, case)| {
        let name = &case.variant.ident;
        quote_spanned!(at=> Self::#name { .. } => #number,)
    });
    quote_spanned! {at=>
        #consts
        const NAMES: &'static [(&'static str, __outcrop::partial::Shape)] = &[#(#names),*];

        fn find(name: &str) -> ::core::option::Option<usize> {
            match name { #(#found)* _ => #other }
        }

        fn blank(index: usize) -> Self {
            match index { #(#blank)* }
        }

        fn index(&self) -> usize {
            match self { #(#index)* }
        }
    }
}

/// What the compiler's derives would give, without bounds that are not needed, and with all that concerns a field at the
/// place of its type.
fn derived(plan: &Plan<'_>, ty: &TokenStream, full: &Generics) -> TokenStream {
    let at = plan.span();
    let (params, _, bounds) = full.split_for_impl();
    let whole: Vec<(TokenStream, String, &[Place<'_>])> = match &plan.form {
        Form::Alias(_) => Vec::new(),
        Form::Struct(_, places) => vec![(quote_spanned!(at=> Self), plan.ident.unraw().to_string(), places)],
        Form::Enum(_, cases) => cases
            .iter()
            .map(|case| {
                let name = &case.variant.ident;
                (quote_spanned!(at=> Self::#name), name.unraw().to_string(), &case.places[..])
            })
            .collect(),
    };
    let bound = |prefix: &str, places: &[Place<'_>]| -> Vec<Ident> {
        places
            .iter()
            .enumerate()
            .map(|(at, place)| format_ident!("__{prefix}{at}", span = place.span))
            .collect()
    };
    let (mut clones, mut debugs, mut equals) = (Vec::new(), Vec::new(), Vec::new());
    for (path, name, places) in whole {
        let members: Vec<&Member> = places.iter().map(|place| &place.member).collect();
        let (one, two) = (bound("one", places), bound("two", places));
        let cloned = places
            .iter()
            .zip(&one)
            .map(|(place, one)| quote_spanned!(place.span=> ::core::clone::Clone::clone(#one)));
        clones
            .push(quote_spanned! {at=> #path { #(#members: #one),* } => #path { #(#members: #cloned),* }, });
        let shown = places.iter().zip(&one).map(|(place, one)| match &place.member {
            Member::Named(name) => {
                let label = name.unraw().to_string();
                quote_spanned!(place.span=> shown.field(#label, #one);)
            }
            Member::Unnamed(_) => quote_spanned!(place.span=> shown.field(#one);),
        });
        let form = match places.first().map(|place| &place.member) {
            Some(Member::Unnamed(_)) => "debug_tuple",
            _ => "debug_struct",
        };
        let form = Ident::new(form, at);
        debugs.push(quote_spanned! {at=>
            #path { #(#members: #one),* } => {
                let mut shown = ::core::fmt::Formatter::#form(f, #name);
                #(#shown)*
                shown.finish()
            }
        });
        let equal = places.iter().zip(one.iter().zip(&two)).map(
            |(place, (one, two))| quote_spanned!(place.span=> && ::core::cmp::PartialEq::eq(#one, #two)),
        );
        equals.push(quote_spanned! {at=>
            (#path { #(#members: #one),* }, #path { #(#members: #two),* }) => true #(#equal)*,
        });
    }
    let default = match &plan.form {
        Form::Struct(_, places) => {
            let members = places.iter().map(|place| &place.member);
            let values = places.iter().map(nothing);
            Some(quote_spanned! {at=>
                #[automatically_derived]
                impl #params ::core::default::Default for #ty #bounds {
                    fn default() -> Self {
                        Self { #(#members: #values),* }
                    }
                }
            })
        }
        _ => None,
    };
    quote_spanned! {at=>
        #[automatically_derived]
        impl #params ::core::clone::Clone for #ty #bounds {
            fn clone(&self) -> Self {
                match self { #(#clones)* }
            }
        }

        #[automatically_derived]
        impl #params ::core::fmt::Debug for #ty #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#debugs)* }
            }
        }

        #[automatically_derived]
        impl #params ::core::cmp::PartialEq for #ty #bounds {
            #[allow(unreachable_patterns)]
            fn eq(&self, other: &Self) -> bool {
                match (self, other) { #(#equals)* _ => false }
            }
        }

        #default
    }
}
