//! Types to be read: all that serde has, in the forms in which people use it.
//!
//! Some variants have names of which one begins another. They are written under names of which none does, so that a
//! variant is never taken for a beginning of another one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Order {
    pub(crate) name: String,
    pub(crate) count: u32,
    pub(crate) price: Option<f64>,
    pub(crate) gift: Option<bool>,
    pub(crate) switch: Option<Switch>,
    pub(crate) tags: Vec<String>,
    pub(crate) lines: Option<Vec<Line>>,
    pub(crate) to: Option<Box<Order>>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Line {
    #[serde(rename = "type")]
    pub(crate) kind: char,
    pub(crate) at: (i8, i8),
    pub(crate) note: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum Switch {
    #[serde(rename(serialize = "1"))]
    On,
    #[serde(rename(serialize = "2"))]
    Once,
    #[serde(rename(serialize = "3", deserialize = "OnceMore"), alias = "Twice")]
    More,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Numbers {
    a: i128,
    b: u128,
    c: i64,
    d: u64,
    e: i8,
    f: f32,
    g: f64,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Places {
    by_name: BTreeMap<String, i32>,
    by_number: BTreeMap<i64, String>,
    by_wide: BTreeMap<u128, bool>,
    by_switch: BTreeMap<Switch, u8>,
    by_newtype: BTreeMap<Newtype, Option<u8>>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum External {
    #[serde(rename(serialize = "1"))]
    On,
    #[serde(rename(serialize = "2"))]
    Once,
    Number(u8),
    Tuple(u8, String),
    Struct {
        a: u8,
        b: Option<String>,
    },
    Nested(Box<External>),
    Maybe(Option<bool>),
    Nothing(()),
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "t")]
pub(crate) enum Internal {
    #[serde(rename(serialize = "1"))]
    On,
    #[serde(rename(serialize = "2"))]
    Once,
    Line(Line),
    Struct {
        a: u8,
        b: Option<String>,
    },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "t", content = "c", rename_all = "snake_case")]
pub(crate) enum Adjacent {
    #[serde(rename(serialize = "1", deserialize = "on"))]
    On,
    #[serde(rename(serialize = "2", deserialize = "once"))]
    Once,
    TwoNumbers(i8, i8),
    Text(String),
    Struct {
        a: u8,
        b: Option<String>,
    },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Truth(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Untagged>),
    Map(BTreeMap<String, Untagged>),
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
    Named(String),
    Points((i8, i8), (i8, i8)),
}

/// Whether there is a line shows at the end only: what does not fit one is no error.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Flat {
    id: u8,
    #[serde(flatten)]
    line: Option<Line>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct FlatMap {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct FlatEnum {
    id: u8,
    #[serde(flatten)]
    what: Internal,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Strict {
    id: u8,
    #[serde(alias = "nom", alias = "nombre")]
    name: Option<String>,
    ends: (),
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Unit;

#[derive(Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Newtype(u16);

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct NewtypeList {
    items: Vec<Option<Newtype>>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Pair(u8, Option<String>);

/// A map whose names are numbers that need not be whole.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct FloatKey(Vec<(String, u8)>);

impl<'de> Deserialize<'de> for FloatKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = FloatKey;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map with numbers for names")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<FloatKey, A::Error> {
                let mut members = Vec::new();
                while let Some((name, member)) = map.next_entry::<f64, u8>()? {
                    members.push((format!("{name:e}"), member));
                }
                Ok(FloatKey(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Only what is left out is made up.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Defaults {
    pub(crate) name: String,
    pub(crate) count: u32,
    pub(crate) on: bool,
    #[serde(skip)]
    pub(crate) skipped: u8,
    pub(crate) list: Vec<u8>,
    pub(crate) switch: Switch,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { name: "no name".into(), count: 7, on: true, skipped: 1, list: vec![1], switch: Switch::Once }
    }
}
