//! What the attributes of the cells name.

use outcrop::{
    Output,
    serde::{Deserialize, Deserializer, Serializer, de::Error as _},
};

pub(crate) use std::{collections::BTreeMap, marker::PhantomData};

pub(crate) fn seven() -> u8 {
    7
}

pub(crate) fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// Numbers as hexadecimal text.
pub(crate) mod hex {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{number:x}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let text = String::deserialize(deserializer)?;
        u8::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}

/// A member of the types in the cells; of both kinds, since serde and schemars read it.
#[derive(Output, Clone, Debug, Default)]
pub(crate) struct Inner {
    pub(crate) x: u8,
    pub(crate) y: Option<bool>,
}

/// In one of two forms.
#[derive(Output, Clone, Debug)]
#[serde(tag = "form")]
pub(crate) enum Form {
    Round { radius: u8 },
    Square { side: u8 },
}

/// What `from`, `try_from` and `into` go through.
#[derive(Output, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wire {
    pub(crate) wire: u8,
}

/// Not known to serde or schemars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unknown;
