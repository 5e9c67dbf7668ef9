//! What stands beside an error, so that one mistake gives one message: the type has all that the derive would give.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::expand::with_de;

/// Implementations that never run.
pub(crate) fn implementations(input: &DeriveInput) -> TokenStream {
    let DeriveInput { ident, generics, .. } = input;
    let read = with_de(generics);
    let (read, _, _) = read.split_for_impl();
    let (params, arguments, bounds) = generics.split_for_impl();
    quote! {
        impl #read __outcrop::serde::Deserialize<'de> for #ident #arguments #bounds {
            fn deserialize<__D: __outcrop::serde::Deserializer<'de>>(
                _: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                ::core::unreachable!()
            }
        }

        impl #params __outcrop::serde::Serialize for #ident #arguments #bounds {
            fn serialize<__S: __outcrop::serde::Serializer>(
                &self,
                _: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                ::core::unreachable!()
            }
        }

        impl #params __outcrop::schemars::JsonSchema for #ident #arguments #bounds {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::core::unreachable!()
            }

            fn json_schema(_: &mut __outcrop::schemars::SchemaGenerator) -> __outcrop::schemars::Schema {
                ::core::unreachable!()
            }
        }
    }
}
